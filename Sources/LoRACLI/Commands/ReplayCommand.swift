import ArgumentParser
import JSON
import LoRAIO
import LoRATraffic
import TensorCore

/// `lora-tool replay`.
struct ReplayCommand: ToolCommand {
  static let configuration = CommandConfiguration(
    commandName: "replay",
    abstract: "Run requests for adapters through the slot cache of a serving engine.",
    discussion: """
      The requests come from a recorded trace (JSON lines with "time" in seconds and "adapter") or are made up from a \
      seed. The cache has vLLM's two levels: slots on the device inside adapters in host memory, both LRU. The same \
      options give the same output, byte for byte.
      """)

  @OptionGroup var traffic: TrafficArguments

  @Option(help: ArgumentHelp("Slots on the device.", valueName: "number"))
  var maxLoras: Int

  @Option(help: ArgumentHelp("Adapters that host memory holds; as many as slots if not given.", valueName: "number"))
  var maxCpuLoras: Int?

  @Option(
    help: "What to run it on: model (costs), or host or cuda[:N] (real loads; give --base and --adapter).",
    completion: .list(["model", "host", "cuda"]))
  var device = "model"

  @Option(help: "Base model of the adapters, for --device host or cuda.", completion: .file())
  var base: String?

  @Option(
    help: "Adapters, or folders of them, for --device host or cuda; a trace names them by their folders.",
    completion: .file())
  var adapter: [String] = []

  @Option(
    help: ArgumentHelp("Rank of the slots on a device; the largest of the adapters if not given.", valueName: "number"))
  var maxLoraRank: UInt64?

  @Option(
    help: "Who makes room: lru, lfu, size-aware, popularity-pinned or optimal.",
    completion: .list(CachePolicy.allCases.map(\.rawValue)), transform: Self.policy)
  var policy: CachePolicy = .lru

  @Flag(help: "Compare all policies.")
  var policies = false

  @Option(
    help: ArgumentHelp(
      "Adapters that popularity-pinned keeps in their slots; half of the slots if not given.", valueName: "number"))
  var pinned: Int?

  @Option(help: "Numbers to try: max-loras=4..32, max-cpu-loras=8,64; can be given for both.")
  var sweep: [String] = []

  @Option(help: "Time from host memory to a slot: 40ms, or 30ms-50ms.")
  var swapCost: String?

  @Option(help: "Time from storage to host memory: 100ms.")
  var loadCost: String?

  @Option(help: "Size of an adapter, or several sizes in turn: 32MiB,128MiB.")
  var adapterBytes: String?

  @Option(help: "Bytes per second from host memory to a slot, such as 25GB, in place of --swap-cost.")
  var busBandwidth: String?

  @Option(help: "Bytes per second from storage to host memory, such as 2GB, in place of --load-cost.")
  var diskBandwidth: String?

  @Option(help: "How long a request keeps its adapter's slot: 2s, or 1s-4s; 0 lets all leave at once.")
  var serviceTime = "0"

  @Flag(help: "Loads hold up only those who wait for the adapter, not the engine's step.")
  var overlap = false

  @Option(help: "Length of the windows in which adapters are counted: 60s.")
  var window = "60s"

  @Option(help: "Write charts to this SVG file.", completion: .file())
  var plot: String?

  @Option(help: "Output format: text or json.")
  var format: ReportFormat = .text

  @OptionGroup var report: ReportOptions

  @OptionGroup var terminal: TerminalOptions

  func run() throws {
    let options = try replayOptions()
    let points = try sweepPoints(options)
    guard device == "model" else {
      return try write(try DeviceReplay(self, options).run())
    }
    let trace = try traffic.requests()
    guard trace.count > 0 else { throw Failure("the traffic has no request; raise --rate or --duration") }
    try write(ReplayReport(trace, options, sweep: points, policies: policies))
  }

  private func write(_ result: ReplayReport) throws {
    if let plot { try writeFile(result.svg, to: plot) }
    switch format {
    case .text: try report.write(terminal, text: result.text)
    case .json: try report.write(terminal, document: result.json(toolVersion: Version.text))
    }
  }

  private static func policy(_ text: String) throws -> CachePolicy {
    guard let policy = CachePolicy(rawValue: text) else {
      throw ValidationError("expected one of \(CachePolicy.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    return policy
  }

  private func replayOptions() throws -> ReplayOptions {
    guard (1...1 << 24).contains(maxLoras) else {
      throw ValidationError("--max-loras wants a number from 1 to \(1 << 24), not \(maxLoras)")
    }
    let host = maxCpuLoras ?? maxLoras
    guard host <= 1 << 24 else {
      throw ValidationError("--max-cpu-loras wants a number up to \(1 << 24), not \(host)")
    }
    guard host >= maxLoras else {
      throw ValidationError("--max-cpu-loras must be at least --max-loras, as in vLLM")
    }
    var options = ReplayOptions(maxLoRAs: maxLoras, maxCPULoRAs: host)
    options.policy = policy
    options.pinned = pinned ?? maxLoras / 2
    guard (0..<maxLoras).contains(options.pinned) || policy != .popularityPinned else {
      throw ValidationError("--pinned must be less than --max-loras: one adapter must be able to move")
    }
    if let adapterBytes {
      let sizes = adapterBytes.split(separator: ",").map { ByteCount(parsing: String($0))?.bytes }
      guard !sizes.isEmpty, sizes.allSatisfy({ ($0 ?? 0) > 0 }) else {
        throw ValidationError("--adapter-bytes wants sizes such as 32MiB,128MiB")
      }
      options.adapterBytes = sizes.compactMap(\.self)
    }
    options.swapCost = try cost(swapCost, busBandwidth, "swap-cost", "bus-bandwidth") ?? options.swapCost
    options.loadCost = try cost(loadCost, diskBandwidth, "load-cost", "disk-bandwidth") ?? options.loadCost
    guard let service = secondsRange(parsing: serviceTime) else {
      throw ValidationError("--service-time wants a time such as 2s or 1s-4s")
    }
    options.serviceTime = CostRange(service.low, service.high)
    guard let window = seconds(parsing: window), window > 0 else {
      throw ValidationError("--window wants a time such as 60s")
    }
    options.window = window
    options.blocksEngine = !overlap
    options.seed = traffic.seed
    return options
  }

  private func cost(_ time: String?, _ bandwidth: String?, _ timeName: String, _ bandwidthName: String) throws
    -> MovingCost?
  {
    if let time {
      guard bandwidth == nil else { throw ValidationError("give --\(timeName) or --\(bandwidthName), not both") }
      guard let range = secondsRange(parsing: time) else {
        throw ValidationError("--\(timeName) wants a time such as 40ms or 30ms-50ms")
      }
      return .time(CostRange(range.low, range.high))
    }
    guard let bandwidth else { return nil }
    guard let bytes = ByteCount(parsing: bandwidth)?.bytes, bytes > 0 else {
      throw ValidationError("--\(bandwidthName) wants bytes per second, such as 25GB")
    }
    return .bandwidth(Double(bytes))
  }

  private func sweepPoints(_ options: ReplayOptions) throws -> (slots: [Int], host: [Int])? {
    guard !sweep.isEmpty else {
      guard plot != nil else { return nil }
      // A plot without a sweep shows the neighbourhood of what was asked for.
      return (Array(1...min(32, max(8, 2 * options.maxLoRAs))), [options.maxCPULoRAs])
    }
    var points = (slots: [options.maxLoRAs], host: [options.maxCPULoRAs])
    for text in sweep {
      let parts = text.split(separator: "=", maxSplits: 1)
      guard parts.count == 2, let values = sweepValues(parsing: parts[1]) else {
        throw ValidationError("--sweep wants max-loras=4..32, max-loras=4,8,16 or max-cpu-loras=16..256/16")
      }
      switch parts[0] {
      case "max-loras": points.slots = values
      case "max-cpu-loras": points.host = values
      default: throw ValidationError("--sweep knows max-loras and max-cpu-loras, not '\(escaped(String(parts[0])))'")
      }
    }
    return points
  }
}
