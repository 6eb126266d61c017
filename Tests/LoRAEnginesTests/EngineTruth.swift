import JSON
import LoRAEngines
import LoRAIO
import LoRAModel
import LoRATestSupport
import LoRAValidate
import TensorCore
import Testing

/// What an engine's own code did with adapters on one base: a line of `testdata/engines/ENGINE-RELEASE.jsonl.zst`, which
/// `testdata/make/check_vllm.py` and `check_sglang.py` write.
struct EngineTruth: Sendable, CustomTestStringConvertible {
  /// One adapter: the names and shapes of its tensors, what its config says beside the defaults, and what became of it.
  struct Sample: Sendable {
    let name: String
    let config: JSONObject
    let tensors: [(name: String, shape: [UInt64])]
    /// Members that the config lacks.
    let absent: [String]
    /// The name of the weights file.
    let weights: String
    /// Weights files with the same names in them.
    let copies: [String]
    /// Weights files with other tensors, by name.
    let beside: [(name: String, tensors: [(name: String, shape: [UInt64])])]
    /// The type of the tensors.
    let type: DType
    /// Other files of the folder, by name.
    let files: [(name: String, text: String)]
    let verdict: ServingVerdict
    /// The verdict of a server with slots for all modules.
    let verdictForAll: ServingVerdict
    let why: String
  }

  let engine: String
  let key: String
  let config: JSONObject
  let samples: [Sample]
  /// What the engine was started with, as `testdata/make/vllm_options.py` names it.
  var options = JSONObject()

  var testDescription: String { "\(engine): \(key)" }

  /// The lines of a fixture; `kind` is what its name ends in, such as `-options`.
  static func all(_ engine: String, _ kind: String = "") throws -> [EngineTruth] {
    let name = "engines/\(engine.replacing("@", with: "-"))\(kind).jsonl.zst"
    return try Fixtures.compressedLines(name).map { line in
      let row = try JSONValue(parsing: line).object ?? JSONObject()
      return EngineTruth(
        engine: engine, key: row["key"]?.string ?? "", config: row["config"]?.object ?? JSONObject(),
        samples: row["adapters"]?.array?.compactMap { $0.object.flatMap { Sample($0) } } ?? [],
        options: row["options"]?.object ?? JSONObject())
    }
  }

  /// What the program makes of every adapter on the base, in their order.
  func verdicts(_ folder: TemporaryFolder, rankLimit: UInt64 = 64) throws -> [(
    sample: Sample, verdict: ServingVerdict, reasons: [String]
  )] {
    let base = try BaseModel.open(try folder.write("base/config.json", JSONValue.object(config).text()))
    var options = ValidationOptions()
    options.engine = Engine(named: engine)
    // LoRAX has no such option.
    if engine != "lorax" { options.serving.maxLoRARank = rankLimit }
    options.headerOnly = true
    options.serving.targetModules = self.options["targets"]?.array?.compactMap(\.string)
    options.serving.adaptsTowers = self.options["towers"]?.bool ?? false
    options.serving.mixesExpertFormats = self.options["mixed"]?.bool ?? false
    options.serving.pools = self.options["runner"] == nil ? nil : true
    let paths = try samples.enumerated().map { try $1.write("\($0)", in: folder) }
    let report = Validation.run(paths, base: base, options: options)
    return zip(samples, report.adapters).map { sample, result in
      (sample, result.serving?.verdict ?? .unjudged, result.serving?.reasons ?? [])
    }
  }
}

extension EngineTruth.Sample {
  /// The adapter with a `rank_pattern` for every module whose rank is not `r`; nil where there is none.
  var withItsRanks: EngineTruth.Sample? {
    let rank = UInt64(config["r"]?.int64 ?? 4)
    var ranks = JSONObject()
    for (name, shape) in tensors where shape.count == 2 && shape[0] != rank {
      for ending in [".lora_A.weight", ".lora_embedding_A"] where name.hasSuffix(ending) {
        let module = name.dropFirst("base_model.model.".count).dropLast(ending.count)
        ranks[module.replacing(".", with: #"\."#)] = JSONValue(shape[0])
      }
    }
    guard !ranks.members.isEmpty else { return nil }
    var config = config
    config["rank_pattern"] = .object(ranks)
    return EngineTruth.Sample(
      name: name, config: config, tensors: tensors, absent: absent, weights: weights, copies: copies, beside: beside,
      type: type, files: files, verdict: verdict, verdictForAll: verdictForAll, why: why)
  }

  init?(_ row: JSONObject) {
    // Where nothing of an adapter takes effect the fixtures say so; for a verdict that is a part as well.
    let word = row["verdict"]?.string == "ignored" ? "partly" : row["verdict"]?.string
    guard let verdict = word.flatMap({ ServingVerdict(rawValue: $0) }), let name = row["name"]?.string else {
      return nil
    }
    self.name = name
    self.verdict = verdict
    let all = row["all"]?.string?.split(separator: "/").first.map { $0 == "ignored" ? "partly" : String($0) }
    verdictForAll = all.flatMap { ServingVerdict(rawValue: $0) } ?? verdict
    why = row["why"]?.string ?? ""
    config = row["config"]?.object ?? JSONObject()
    tensors = Self.shapes(row["tensors"])
    beside = row["beside"]?.object?.members.map { ($0.key, Self.shapes($0.value)) } ?? []
    type = row["type"]?.string.flatMap { DType(name: $0) } ?? .bf16
    absent = row["absent"]?.array?.compactMap(\.string) ?? []
    weights = row["weights"]?.string ?? "adapter_model.safetensors"
    copies = row["copies"]?.array?.compactMap(\.string) ?? []
    files = row["files"]?.object?.members.map { ($0.key, $0.value.string ?? $0.value.text()) } ?? []
  }

  private static func shapes(_ tensors: JSONValue?) -> [(name: String, shape: [UInt64])] {
    tensors?.object?.members.map { name, shape in
      (name, shape.array?.compactMap { $0.int64.flatMap { UInt64(exactly: $0) } } ?? [])
    } ?? []
  }

  /// Writes the adapter as PEFT would.
  fileprivate func write(_ name: String, in folder: TemporaryFolder) throws -> String {
    var file = SafetensorsBuilder()
    for tensor in tensors { file.add(tensor.name, type, tensor.shape) }
    for copy in [weights] + copies { _ = try folder.write("\(name)/\(copy)", file) }
    for other in beside {
      var file = SafetensorsBuilder()
      for tensor in other.tensors { file.add(tensor.name, type, tensor.shape) }
      _ = try folder.write("\(name)/\(other.name)", file)
    }
    var members: JSONObject = [
      "peft_type": "LORA", "r": 4, "lora_alpha": 12, "bias": "none", "task_type": "CAUSAL_LM",
      "base_model_name_or_path": "tiny", "target_modules": "all-linear",
    ]
    for (key, value) in config.members { members[key] = value }
    for key in absent { members[key] = nil }
    _ = try folder.write("\(name)/adapter_config.json", JSONValue.object(members).text())
    for (file, text) in files { _ = try folder.write("\(name)/\(file)", text) }
    return folder.path(name)
  }
}
