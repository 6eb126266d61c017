import ArgumentParser
import JSON
import LoRAEngines
import LoRAIO
import LoRAModel
import LoRASlots
import LoRATraffic
import Safetensors
import TensorCore

/// A replay through real slots, filled with real adapters.
struct DeviceReplay {
  private let command: ReplayCommand
  private let options: ReplayOptions

  init(_ command: ReplayCommand, _ options: ReplayOptions) throws {
    self.command = command
    self.options = options
    guard isSlotDevice(command.device) else {
      throw ValidationError("--device wants model, host, cuda or cuda:N, not '\(escaped(command.device))'")
    }
    guard command.sweep.isEmpty, !command.policies, command.plot == nil, command.policy == .lru else {
      throw ValidationError("--sweep, --policies, --policy and --plot are for --device model")
    }
    guard !command.adapter.isEmpty else {
      throw ValidationError("--device \(command.device) wants --base and --adapter")
    }
  }

  func run() throws -> ReplayReport {
    guard let path = command.base else { throw ValidationError("--device \(command.device) wants --base") }
    let base = try openBase(path, command.terminal)
    let folders = try adapterFolders()
    let trace = try trace(of: folders)
    let paths = try trace.names.map { name in
      guard let path = folders.first(where: { $0.name == name })?.path else {
        throw Failure("the trace asks for '\(escaped(name))', which is none of the adapters given with --adapter")
      }
      return path
    }
    let pool = try pool(base, paths)
    let bar = command.terminal.bar(total: UInt64(trace.count), unit: .items)
    defer { bar.finish() }
    do throws(AdapterPoolError) {
      _ = try pool.memory()
      for path in paths { _ = try pool.register(path) }
      let result = try Replay.run(trace, options, on: pool) { bar.advance(by: 1) }
      return ReplayReport(trace, result, device: pool.device.title)
    } catch {
      throw Failure("\(error)")
    }
  }

  /// The adapters by the names of their folders.
  private func adapterFolders() throws -> [(name: String, path: String)] {
    var arguments = AdapterArguments()
    arguments.adapters = command.adapter
    let found = arguments.find(command.terminal)
    for problem in found.problems { StandardError.write("lora-tool: \(problem)\n") }
    if !found.problems.isEmpty || found.paths.isEmpty { throw ExitStatus.failed }
    var seen: Set<String> = []
    return try found.paths.map { path in
      let name = Folder.lastComponent(Folder.resolved(path) ?? path)
      guard seen.insert(name).inserted else {
        throw Failure("two adapters are called '\(escaped(name))'; a trace could not tell them apart")
      }
      return (name, path)
    }
  }

  private func trace(of folders: [(name: String, path: String)]) throws -> Trace {
    if let count = command.traffic.adapters, count > folders.count {
      throw Failure("--adapters asks for \(count) adapters, but --adapter gives \(folders.count)")
    }
    return try command.traffic.requests(named: folders.map(\.name))
  }

  private func pool(_ base: BaseModel, _ paths: [String]) throws -> AdapterPool {
    let adapters = paths.map { Adapter.load($0) }
    var layout = SlotOptions()
    layout.slots = options.maxLoRAs
    layout.rank = command.maxLoraRank ?? adapters.flatMap { $0.modules.map(\.rank) }.max() ?? 1
    let device = try openSlotDevice(command.device, jobs: nil, command.terminal)
    let largest =
      adapters.map { adapter in
        adapter.file.map { $0.contents.size - $0.header.dataStart } ?? 0
      }.max() ?? 0
    let buffers: SlotLayout
    do throws(SlotLayoutError) {
      buffers = try SlotLayout(of: base, layout)
    } catch {
      throw Failure("\(error)")
    }
    do throws(SlotDeviceError) {
      // More places than adapters would never be filled.
      let places = max(options.maxLoRAs, min(options.maxCPULoRAs, paths.count))
      return try AdapterPool(
        base: base, layout: buffers, device: device, hostCapacity: places, adapterBytes: max(largest, 1),
        workers: Workers.processorCount)
    } catch {
      throw Failure("\(error)")
    }
  }
}
