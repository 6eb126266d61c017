import ArgumentParser
import Diagnostics
import JSON
import LoRACapacity
import LoRAEngines
import LoRAIO
import LoRAModel
import LoRAValidate
import Safetensors
import TensorCore

extension ServerTarget: ExpressibleByArgument {
  package init?(argument: String) { self.init(named: argument) }

  package static var allValueStrings: [String] { all.map(\.name) }
}

/// `lora-tool plan --emit`.
extension PlanCommand {
  /// Refuses options that say nothing without each other.
  func validateEmission() throws {
    guard let emit else {
      guard servedModel == nil, server == nil, serverURL == nil else {
        throw ValidationError("--served-model, --server and --server-url are for --emit")
      }
      return
    }
    guard emit.endpoint == nil || (server == nil && serverURL == nil) else {
      throw ValidationError("--server and --server-url are for a gateway: --emit litellm or --emit bifrost")
    }
    guard server.map({ $0.endpoint != nil }) ?? true else {
      throw ValidationError("--server wants \(ServerTarget.servers.map(\.name).joined(separator: ", "))")
    }
    guard serverURL.map(Self.isURL) ?? true else { throw ValidationError("--server-url wants http://HOST:PORT") }
    guard servedModel != "" else { throw ValidationError("--served-model wants a name") }
  }

  /// A scheme and a host, with nothing that would end a line or a string.
  private static func isURL(_ text: String) -> Bool {
    guard let scheme = ["http://", "https://"].first(where: text.hasPrefix), text.count > scheme.count else {
      return false
    }
    return text.utf8.allSatisfy { (0x21...0x7E).contains($0) && !"\"\\<>^`{|}".utf8.contains($0) }
  }

  /// Writes what a server is started with for the adapters that its engine would serve as trained.
  func write(_ target: ServerTarget, for request: CapacityRequest) throws {
    guard case .real(let adapters) = request.adapters else { return }
    let server = target.endpoint == nil ? self.server ?? .vLLM : target
    guard let endpoint = server.endpoint, let engine = Engine(named: server.name) else { return }
    if let maxLoraRank, !engine.accepts(limit: maxLoraRank) {
      throw Failure(
        "\(engine.title) has no max_lora_rank \(maxLoraRank); it takes "
          + engine.legalRankLimits.map { "\($0)" }.joined(separator: ", "))
    }
    let validation = validate(adapters, for: request, engine)
    let results = zip(adapters, validation.adapters)
    let served = results.filter { !Self.isLeftOut($1) }
    let omissions = validation.adapters.filter(Self.isLeftOut).map(Self.omission)
    for omission in omissions { StandardError.write("lora-tool: \(omission.remark)\n") }
    let faults = (validation.base?.findings ?? []).filter { $0.severity == .error }
    guard !served.isEmpty, faults.isEmpty else {
      for fault in faults { StandardError.write("lora-tool: \(escaped(request.base.path)): \(fault.message)\n") }
      StandardError.write(
        "lora-tool: nothing is printed: \(engine.title) would serve none of the adapters as trained; "
          + "see 'lora-tool validate'\n")
      throw ExitStatus.findings
    }
    var fleet = try fleet(request, served.map(\.0), server.name, engine, endpoint)
    fleet.omissions = omissions
    fleet.unjudged = zip(fleet.adapters, served).filter { $1.1.serving?.verdict == .unjudged }.map(\.0.name)
    if let remark = fleet.unjudgedRemark { StandardError.write("lora-tool: \(remark)\n") }
    switch format {
    case .text: try report.write(terminal, target.lines(fleet))
    case .json: try report.write(terminal, document: target.json(fleet, toolVersion: Version.text))
    }
    // What is printed can be used, but it is not all that was asked for.
    if !fleet.omissions.isEmpty { throw ExitStatus.findings }
  }

  private static func largestRank(_ adapters: [Adapter]) -> UInt64 {
    adapters.flatMap { $0.modules.map(\.rank) }.max() ?? 1
  }

  private func validate(_ adapters: [Adapter], for request: CapacityRequest, _ engine: Engine) -> ValidationReport {
    var options = ValidationOptions()
    options.engine = engine
    // An adapter above the engine's largest rank is refused; the others still have a server.
    let rank = Self.largestRank(adapters)
    options.serving.maxLoRARank = maxLoraRank ?? engine.smallestLimit(for: rank) ?? engine.legalRankLimits.last
    options.serving.servingDType = dtype
    options.serving.tensorParallel = request.tensorParallel
    options.serving.targetModules = request.slotTargets
    return Validation.run(adapters.map(\.path), base: request.base, options: options)
  }

  /// Whether the server would refuse an adapter, pass over a part of it or apply it at another strength.
  private static func isLeftOut(_ adapter: AdapterResult) -> Bool {
    adapter.status == .fail || adapter.serving?.verdict == .refused || adapter.serving?.verdict == .partly
  }

  private static func omission(_ adapter: AdapterResult) -> ServedFleet.Omission {
    let errors = adapter.findings.filter { $0.severity == .error }.map(\.message)
    let reasons = errors.isEmpty ? adapter.serving?.reasons ?? [] : errors
    let more = reasons.count > 1 ? " (and \(reasons.count - 1) more)" : ""
    return ServedFleet.Omission(path: adapter.path, reason: (reasons.first ?? "it is not served") + more)
  }

  private func fleet(
    _ request: CapacityRequest, _ adapters: [Adapter], _ server: String, _ engine: Engine,
    _ endpoint: ServerTarget.Endpoint
  ) throws -> ServedFleet {
    let base = try servedBase(request.base, adapters)
    let folders = adapters.map { adapter in
      let folder = FileKind(path: adapter.path) == .folder ? adapter.path : Folder.parent(adapter.path)
      return Folder.resolved(folder) ?? folder
    }
    let names = ServedFleet.names(for: folders.map { Folder.lastComponent($0) }, besides: base)
    let served = zip(names, folders).map { name, folder in
      var adapter = ServedFleet.Adapter(name: name, path: folder, requestName: name)
      adapter.requestName = endpoint.requestName(base, adapter)
      return adapter
    }
    var fleet = ServedFleet(
      base: base, baseRequestName: endpoint.requestName(base, nil), adapters: served, slots: request.maxLoRAs,
      rank: maxLoraRank ?? engine.smallestLimit(for: Self.largestRank(adapters)) ?? 1, dtype: request.dtype,
      server: server, serverTitle: engine.title, serverURL: serverURL ?? endpoint.defaultURL)
    while fleet.serverURL.hasSuffix("/") { fleet.serverURL.removeLast() }
    fleet.largestAdapter = adapters.map { $0.file?.fileBytes ?? 0 }.max() ?? 0
    fleet.targetModules = request.slotTargets
    fleet.tensorParallel = request.tensorParallel
    fleet.memory = request.gpuMemory
    fleet.memoryUtilization = request.gpuMemoryUtilization
    fleet.usesFP8Cache = request.kvType == .fp8
    fleet.blockSize = request.blockSize
    return fleet
  }

  /// What the server loads: weights that the base has, else the model that the adapters were trained on.
  private func servedBase(_ base: BaseModel, _ adapters: [Adapter]) throws -> String {
    if let servedModel { return servedModel }
    if base.checkpoint != nil {
      // A server takes a folder or a repository, not a file of it.
      return FileKind(path: base.path) == .regular ? Folder.parent(base.path) : base.path
    }
    let trainedOn = Set(adapters.compactMap { $0.rawConfig?["base_model_name_or_path"]?.string }.filter { !$0.isEmpty })
    let shown = escaped(base.path)
    if trainedOn.count > 1 {
      let names = trainedOn.ordered().prefix(3).map { "'\(escaped($0, limit: 100))'" }.joined(separator: ", ")
      throw Failure(
        "\(shown) has no weights to serve, and the adapters name different base models (\(names)); choose one with "
          + "--served-model NAME")
    }
    guard let name = trainedOn.first ?? base.name else {
      throw Failure(
        "\(shown) has no weights to serve, and neither it nor the adapters name the model; give --served-model NAME")
    }
    return name
  }
}
