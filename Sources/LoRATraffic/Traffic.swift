import Glibc

/// Made-up traffic: how often requests come, and for which adapters.
public struct Traffic: Sendable {
  /// When requests come.
  public enum ArrivalProcess: Sendable, Equatable {
    /// At random, at the same rate all the time.
    case poisson
    /// In equal steps.
    case regular
    /// At random, in turns of a burst of `length` seconds every `period` seconds in which the rate is `factor` times
    /// that between bursts; the mean rate stays the one given.
    case bursts(factor: Double, length: Double, period: Double)
    /// At random, at a rate that rises to `factor` times the given one around second `peak`, in a bell of this width.
    case spike(factor: Double, peak: Double, width: Double)
  }

  /// How requests spread over adapters.
  public enum Popularity: Sendable, Equatable {
    /// All the same.
    case uniform
    /// The k-th most popular adapter gets a share in proportion to 1/k^exponent.
    case zipf(Double)
    /// Given shares, one for each adapter.
    case weights([Double])
  }

  /// The adapters' names.
  public var names: [String]
  /// Requests in a second.
  public var rate: Double
  /// Seconds from the first instant to the last.
  public var duration: Double
  /// When requests come.
  public var arrivals = ArrivalProcess.poisson
  /// How requests spread over adapters.
  public var popularity = Popularity.zipf(1.1)
  /// The seed; the same traffic comes from the same seed.
  public var seed: UInt64 = 0

  /// Traffic for adapters of these names.
  public init(names: [String], rate: Double, duration: Double) {
    self.names = names
    self.rate = rate
    self.duration = duration
  }

  /// Names for `count` adapters, such as `adapter-00`, `adapter-01` and so on.
  public static func names(_ count: Int) -> [String] {
    let width = String(max(count - 1, 0)).count
    return (0..<count).map { number in
      let digits = String(number)
      return "adapter-" + String(repeating: "0", count: width - digits.count) + digits
    }
  }

  /// The requests.
  ///
  /// - Throws: `TrafficError.tooMany` when there would be more than a replay can hold.
  public func trace() throws(TrafficError) -> Trace {
    let expected = expectedRequests
    guard expected <= Double(Trace.limit) else { throw .tooMany(expected: expected, limit: Trace.limit) }
    var trace = Trace(names: names)
    var arriving = Randomness(seed: seed, .arrivals)
    var choosing = Randomness(seed: seed, .popularity)
    let choice = WeightedChoice(weights)
    let peak = peakRate
    var time = 0.0
    let isRegular = arrivals == .regular
    // Thinning (Lewis and Shedler, 1979): a process of the highest rate, of which a share in proportion is kept.
    let isThinned = !isRegular && arrivals != .poisson
    trace.reserve(Int(expected))
    while trace.count < Trace.limit {
      time = isRegular ? Double(trace.count) / rate : time + arriving.interval(rate: peak)
      guard time < duration else { break }
      if isThinned, arriving.unit() * peak >= rate(at: time) { continue }
      trace.append(time, choice.draw(&choosing))
    }
    return trace
  }

  /// Shares of the adapters, not normalised.
  private var weights: [Double] {
    switch popularity {
    case .uniform: names.map { _ in 1 }
    case .zipf(let exponent): names.indices.map { pow(Double($0 + 1), -exponent) }
    case .weights(let weights): weights
    }
  }

  private var peakRate: Double {
    switch arrivals {
    case .poisson, .regular: rate
    case .bursts(let factor, _, _): max(1, factor) * quietRate
    case .spike(let factor, _, _): max(1, factor) * rate
    }
  }

  /// The rate between bursts, so that the mean is the given rate.
  private var quietRate: Double {
    guard case .bursts(let factor, let length, let period) = arrivals else { return rate }
    return rate / (1 + (factor - 1) * min(length / period, 1))
  }

  private func rate(at time: Double) -> Double {
    switch arrivals {
    case .poisson, .regular: return rate
    case .bursts(let factor, let length, let period):
      return fmod(time, period) < length ? factor * quietRate : quietRate
    case .spike(let factor, let peak, let width):
      let distance = (time - peak) / width
      return rate * (1 + (factor - 1) * exp(-distance * distance / 2))
    }
  }

  private var expectedRequests: Double {
    guard case .spike(let factor, _, let width) = arrivals else { return rate * duration }
    return rate * (duration + max(0, factor - 1) * min(duration, width * (2 * Double.pi).squareRoot()))
  }
}
