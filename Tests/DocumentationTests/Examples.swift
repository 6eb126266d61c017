import Diagnostics
import JSON
import LoRACapacity
import LoRAEngines
import LoRAEvalGate
import LoRAInspect
import LoRAMerge
import LoRAModel
import LoRAPolicy
import LoRAReport
import LoRASlots
import LoRATraffic
import LoRAValidate
import Safetensors
import TensorCore

/// The code of the libraries' articles, between `// example: name` and `// end`, compiled and run here.
enum Examples {
  static func model(_ adapterPath: String, _ basePath: String) throws -> [String] {
    var lines: [String] = []
    // example: model
    let adapter = Adapter.load(adapterPath)
    let base = try BaseModel.open(basePath)
    for module in adapter.modules {
      let place = base.match(module.name)?.module
      lines.append(
        "\(module.name): rank \(module.rank), scale \(module.scale), \(place?.shape.description ?? "no such module")")
    }
    // end
    return lines
  }

  static func tensors(_ path: String) throws -> [String] {
    var lines: [String] = []
    // example: tensors
    let checkpoint = try Checkpoint.open(path)
    let entries = checkpoint.tensors.values.sorted { $0.info.name < $1.info.name }
    for entry in entries where entry.info.dtype == .bf16 {
      let first = try checkpoint.files[entry.file].bytes(of: entry.info).prefix(2)
      lines.append("\(entry.info.name) \(entry.info.shape): \(first.count) of \(entry.info.byteCount) bytes")
    }
    // end
    return lines
  }

  static func inspect(_ adapterPath: String) -> String {
    // example: inspect
    let inspection = Inspection(Adapter.load(adapterPath))
    let ranks = inspection.ranks.map { "\($0.min) to \($0.max)" } ?? "none"
    let summary = "ranks \(ranks), targets \(inspection.targets.joined(separator: ", "))"
    let document = inspection.json().text(pretty: true)
    // end
    return summary + "\n" + document
  }

  static func validate(_ paths: [String], _ basePath: String) throws -> (report: ValidationReport, errors: [String]) {
    // example: validate
    var options = ValidationOptions()
    options.engine = Engine(named: "vllm")
    options.serving.maxLoRARank = 16
    let report = Validation.run(paths, base: try BaseModel.open(basePath), options: options)
    let errors = report.adapters.flatMap(\.findings).filter { $0.severity == .error }
      .map { "\($0.rule.rawValue): \($0.message)" }
    // end
    return (report, errors)
  }

  static func engines(_ adapterPath: String, _ basePath: String) throws -> ServingVerdict {
    // example: engines
    let base = try BaseModel.open(basePath)
    let adapter = Adapter.load(adapterPath)
    let matches = adapter.modules.map { base.match($0.name) }
    let question = ServingQuestion(adapter, base: base, options: EngineOptions(), matches: matches)
    let engine = Engine(named: "vllm@0.33") ?? Engine.vLLM
    let reasons = engine.reasons(for: question)
    let verdict = ServingVerdict(reasons)
    // end
    return verdict
  }

  static func policy(_ paths: [String], _ policyPath: String) throws -> Int32 {
    // example: policy
    var options = ValidationOptions()
    options.policy = try Policy(file: policyPath)
    let report = Validation.run(paths, base: nil, options: options)
    let exitCode = report.exitCode
    // end
    return exitCode
  }

  static func report(_ paths: [String]) -> String {
    // example: report
    let report = Report(paths, options: ValidationOptions())
    let page = report.page(toolVersion: "1.0")
    // end
    return page
  }

  static func merge(_ adapterPath: String, _ basePath: String, _ output: String) throws -> UInt64 {
    // example: merge
    let base = try BaseModel.open(basePath)
    let adapter = WeightedAdapter(Adapter.load(adapterPath), weight: 0.7)
    let plan = try MergePlan.make(base: base, adapters: [adapter])
    let outcome = try MergeExecutor(plan).run(to: output)
    let isSound = try MergeVerifier(plan).run(on: output).isSound
    // end
    return isSound ? outcome.bytesWritten : 0
  }

  static func slots(_ paths: [String], _ basePath: String) throws -> [UInt64] {
    // example: slots
    let base = try BaseModel.open(basePath)
    var options = SlotOptions()
    options.slots = paths.count
    options.rank = 8
    let layout = try SlotLayout(of: base, options)
    let items = try paths.map { try SlotPacking.Item($0, base: base, layout: layout) }
    let packing = try SlotPacking(items, layout: layout, device: HostDevice(workers: 2))
    let padding = packing.slots.map { layout.slotBytes - $0.bytes }
    // end
    return padding
  }

  static func gate(_ before: String, _ after: String) throws -> Bool {
    // example: gate
    var options = GateOptions()
    options.maxRegression = Share(parsing: "1%") ?? .halfPercent
    let report = try Gate.run(baseline: before, candidate: after, options: options)
    let isPassed = report.isPassed
    // end
    return isPassed
  }

  static func traffic() throws -> Int {
    // example: traffic
    var traffic = Traffic(names: Traffic.names(100), rate: 20, duration: 600)
    traffic.popularity = .zipf(1.1)
    let trace = try traffic.trace()
    let report = ReplayReport(trace, ReplayOptions(maxLoRAs: 8, maxCPULoRAs: 64))
    let recommended = report.recommendedSlots
    // end
    return recommended
  }

  static func capacity(_ config: String) throws -> UInt64? {
    // example: capacity
    let base = try BaseModel.open(config)
    var request = CapacityRequest(base: base, adapters: .uniform(rank: 16, targets: .attention))
    request.maxLoRAs = 8
    request.gpuMemory = 80 << 30
    let plan = try CapacityPlan(request)
    let blocks = plan.kvBlocksAvailable
    // end
    return blocks
  }
}
