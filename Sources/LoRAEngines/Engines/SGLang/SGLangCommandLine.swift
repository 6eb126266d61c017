import JSON

extension ServerTarget {
  /// SGLang's server: `python -m sglang.launch_server`, which is asked for `BASE:ADAPTER`.
  package static let sgLang = ServerTarget(
    name: "sglang",
    endpoint: Endpoint(defaultURL: "http://localhost:30000") { base, adapter in
      adapter.map { "\(base):\($0.name)" } ?? base
    },
    lines: { fleet in fleet.remarks.map { "# \($0)" } + command(fleet).lines },
    document: { fleet in ["options": command(fleet).json] })

  private static func command(_ fleet: ServedFleet) -> ShellCommand {
    // Requests for the base take a place in the batch's adapters, too.
    let slots = fleet.slots + 1
    var options: [ShellCommand.Option] = [
      ("--enable-lora", []), ("--max-loras-per-batch", ["\(slots)"]), ("--max-lora-rank", ["\(fleet.rank)"]),
      ("--max-loaded-loras", ["\(max(slots, UInt64(fleet.adapters.count)))"]),
    ]
    if let targets = fleet.targetModules { options.append(("--lora-target-modules", targets)) }
    if fleet.tensorParallel > 1 { options.append(("--tp-size", ["\(fleet.tensorParallel)"])) }
    if fleet.memoryUtilization != ServedFleet.defaultUtilization {
      options.append(("--mem-fraction-static", ["\(fleet.memoryUtilization)"]))
    }
    if fleet.usesFP8Cache { options.append(("--kv-cache-dtype", ["fp8_e4m3"])) }
    if fleet.blockSize != ServedFleet.defaultBlockSize { options.append(("--page-size", ["\(fleet.blockSize)"])) }
    return ShellCommand(
      words: ["python", "-m", "sglang.launch_server", "--model-path", fleet.base], options: options,
      list: ("--lora-paths", fleet.adapters.map { "\($0.name)=\($0.path)" }))
  }
}
