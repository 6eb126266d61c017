import JSON
import TensorCore

extension ServerTarget {
  /// LoRAX's launcher, which has no list of adapters: every request names the folder of its own.
  package static let lorax = ServerTarget(
    name: "lorax",
    endpoint: Endpoint(defaultURL: "http://localhost:3000") { base, adapter in adapter?.path ?? base },
    lines: { fleet in
      fleet.remarks.map { "# \($0)" } + command(fleet).lines
        + ["# A request names its adapter as \"model\" (or \"adapter_id\" of /generate):"]
        + fleet.adapters.map { "#   \($0.name): \(escaped($0.path, limit: 1000))" }
    },
    document: { fleet in ["options": command(fleet).json] })

  private static func command(_ fleet: ServedFleet) -> ShellCommand {
    var options: [ShellCommand.Option] = [
      ("--default-adapter-source", ["local"]), ("--max-active-adapters", ["\(fleet.slots)"]),
      ("--cuda-memory-fraction", ["\(fleet.memoryUtilization)"]),
    ]
    if let share = adapterMemoryShare(fleet) { options.append(("--adapter-memory-fraction", [share])) }
    // The launcher takes all devices unless told.
    options.append(("--num-shard", ["\(fleet.tensorParallel)"]))
    if fleet.dtype == .bf16 { options.append(("--dtype", ["bfloat16"])) }
    if fleet.dtype == .f16 { options.append(("--dtype", ["float16"])) }
    return ShellCommand(words: ["lorax-launcher", "--model-id", fleet.base], options: options, list: nil)
  }

  /// The part of a device's memory that all slots' adapters take when they are as large as the largest, in thousandths
  /// rounded up; nil when LoRAX's own tenth is enough or the memory is not known.
  private static func adapterMemoryShare(_ fleet: ServedFleet) -> String? {
    guard let memory = fleet.memory, memory > 0 else { return nil }
    let share = Double(fleet.largestAdapter) * Double(fleet.slots) / Double(memory)
    let thousandths = (share * 1000).rounded(.up)
    return thousandths > 100 && thousandths < 1000 ? fixed(thousandths / 1000, 3) : nil
  }
}
