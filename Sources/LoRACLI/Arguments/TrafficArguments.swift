import ArgumentParser
import LoRATraffic

/// Where requests come from: a recorded trace, or traffic made up from a seed.
struct TrafficArguments: ParsableArguments {
  @Option(
    help: "A recorded trace: JSON lines with \"time\" in seconds and \"adapter\"; - is standard input.",
    completion: .file())
  var trace: String?

  @Option(help: ArgumentHelp("Number of adapters of made-up traffic.", valueName: "number"))
  var adapters: Int?

  @Option(help: "Requests per second; also 600/min.")
  var rate: String?

  @Option(help: "How long the traffic lasts: seconds, or 10m, 24h.")
  var duration: String?

  @Option(help: "Who is asked for: zipf:1.1, uniform or weights:FILE (a JSON object of names and numbers).")
  var popularity = "zipf:1.1"

  @Option(
    help: "When requests come: poisson, regular, bursts or spike.",
    completion: .list(["poisson", "regular", "bursts", "spike"]))
  var arrivals = "poisson"

  @Option(help: ArgumentHelp("How much higher the rate is in a burst or at the top of the spike.", valueName: "number"))
  var peakFactor = 5.0

  @Option(help: "Length of a burst.")
  var burstLength = "10s"

  @Option(help: "Time from burst to burst.")
  var burstEvery = "2m"

  @Option(help: "When the spike is highest; 9 hours of 24 into the duration if not given.")
  var spikeAt: String?

  @Option(help: "Width of the spike (standard deviation); half an hour of 24 if not given.")
  var spikeWidth: String?

  @Option(help: ArgumentHelp("Seed of everything that is random.", valueName: "number"))
  var seed: UInt64 = 0

  func validate() throws {
    guard trace == nil else {
      guard adapters == nil, rate == nil, duration == nil else {
        throw ValidationError("give --trace, or --adapters, --rate and --duration, not both")
      }
      return
    }
    guard rate != nil, duration != nil, adapters != nil || popularity.hasPrefix("weights:") else {
      throw ValidationError("give --trace FILE, or --adapters, --rate and --duration")
    }
    _ = try numbers()
  }

  /// Reads or makes the requests; made-up traffic is for adapters of these names, if they are given.
  func requests(named known: [String]? = nil) throws(Failure) -> Trace {
    let recorded = try trace.map { (path) throws(Failure) in try openInput(path) }
    do throws(TrafficError) {
      if let recorded { return try Trace(reading: recorded) }
      return try madeUp(named: known)
    } catch {
      throw Failure("\(error)")
    }
  }

  private func madeUp(named known: [String]?) throws(TrafficError) -> Trace {
    guard let numbers = try? numbers() else { return try Traffic(names: [], rate: 1, duration: 0).trace() }
    var names = known.map { Array($0.prefix(adapters ?? $0.count)) } ?? Traffic.names(adapters ?? 1)
    var popularity = numbers.popularity
    if self.popularity.hasPrefix("weights:") {
      let file = try Traffic.weights(from: String(self.popularity.dropFirst(8)))
      (names, popularity) = (file.names, .weights(file.weights))
    }
    var traffic = Traffic(names: names, rate: numbers.rate, duration: numbers.duration)
    traffic.popularity = popularity
    traffic.arrivals = numbers.arrivals
    traffic.seed = seed
    return try traffic.trace()
  }

  private struct Numbers {
    var rate: Double
    var duration: Double
    var popularity: Traffic.Popularity
    var arrivals: Traffic.ArrivalProcess
  }

  private func numbers() throws -> Numbers {
    if let adapters, !(1...10_000_000).contains(adapters) {
      throw ValidationError("--adapters wants a number from 1 to 10000000")
    }
    guard let rate = LoRACLI.rate(parsing: rate ?? "") else {
      throw ValidationError("--rate wants requests per second, or per minute as 600/min")
    }
    guard let duration = seconds(parsing: duration ?? ""), duration > 0 else {
      throw ValidationError("--duration wants a time such as 600 (seconds), 10m or 24h")
    }
    return Numbers(rate: rate, duration: duration, popularity: try spread(), arrivals: try shape(duration))
  }

  private func spread() throws -> Traffic.Popularity {
    if popularity == "uniform" || popularity.hasPrefix("weights:") { return .uniform }
    guard popularity.hasPrefix("zipf:"), let exponent = Double(popularity.dropFirst(5)), (0...20).contains(exponent)
    else { throw ValidationError("--popularity wants zipf:S with S from 0 to 20, uniform or weights:FILE") }
    return .zipf(exponent)
  }

  private func shape(_ duration: Double) throws -> Traffic.ArrivalProcess {
    guard peakFactor >= 1, peakFactor <= 1000 else {
      throw ValidationError("--peak-factor wants a number from 1 to 1000")
    }
    switch arrivals {
    case "poisson": return .poisson
    case "regular": return .regular
    case "bursts":
      guard let length = seconds(parsing: burstLength), let period = seconds(parsing: burstEvery), length > 0,
        period >= length
      else { throw ValidationError("--burst-length and --burst-every want times, the second not shorter") }
      return .bursts(factor: peakFactor, length: length, period: period)
    case "spike":
      guard let peak = spikeAt.map({ seconds(parsing: $0) }) ?? duration * 9 / 24,
        let width = spikeWidth.map({ seconds(parsing: $0) }) ?? duration / 48, width > 0
      else { throw ValidationError("--spike-at and --spike-width want times such as 9h and 30m") }
      return .spike(factor: peakFactor, peak: peak, width: width)
    default: throw ValidationError("--arrivals wants poisson, regular, bursts or spike")
    }
  }
}
