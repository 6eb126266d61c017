import Diagnostics
import JSON
import LoRADeltas
import LoRAIO
import LoRAKernels
import LoRAModel
import LoRASurgery
import LoRATestSupport
import LoRAValidate
import Safetensors
import TensorCore
import Testing

/// Whole adapters at other ranks, against numpy's singular values of the full deltas and against the full products.
@Suite struct ResizeTests {
  private struct Resized {
    let input: Adapter
    let output: Adapter
    let outcome: ResizeOutcome
    let folder: TemporaryFolder
  }

  private func resize(_ path: String, _ options: ResizeOptions, workers: Int = 2) throws -> Resized {
    let folder = try TemporaryFolder()
    let plan = try ResizePlan(Adapter.load(path), options, workers: workers)
    let (draft, results) = plan.folder(toolVersion: "test")
    try DraftWriter(workers: workers).write(try draft.draft(), folder: folder.path("out"), overwrites: false)
    return Resized(
      input: plan.adapter, output: Adapter.load(folder.path("out")), outcome: results.outcome, folder: folder)
  }

  /// The full deltas of a module, expert by expert.
  private func deltas(_ adapter: Adapter, _ module: AdapterModule) throws -> [ColumnMatrix] {
    let pair = try adapter.pair(of: module)
    let file = try #require(adapter.file)
    return try (0..<pair.experts).map { expert in
      LowRankTests.full(
        pair.scale, try pair.values(pair.b, expert: expert, from: file),
        try pair.values(pair.a, expert: expert, from: file))
    }
  }

  /// The singular values that numpy found, by adapter, module and expert.
  private static let spectra: [(adapter: String, modules: JSONObject)] = {
    let listed = try? Fixtures.json("surgery/resize/spectra.json").object?["adapters"]?.object
    return (listed?.members ?? []).compactMap { name, modules in modules.object.map { (name, $0) } }
  }()

  private static func squares(_ values: some Sequence<Double>) -> Double { values.reduce(0) { $0 + $1 * $1 } }

  @Test(arguments: [1, 2, 4] as [UInt64])
  func everyModuleIsAsCloseAsItsRankCanBe(_ rank: UInt64) throws {
    #expect(Self.spectra.count == 14)
    for (name, spectra) in Self.spectra {
      let path = Fixtures.path(name)
      let resized = try resize(path, ResizeOptions(.rank(rank)))
      let place = Comment(rawValue: "\(name) at rank \(rank)")
      #expect(resized.output.findings.isEmpty, place)
      #expect(resized.output.modules.map(\.name) == resized.input.modules.map(\.name), place)
      #expect(resized.output.replacements.count == resized.input.replacements.count, place)
      let isWide = resized.input.modules.first?.a?.dtype == .f32
      for (index, module) in resized.output.modules.enumerated() {
        let outcome = resized.outcome.modules[index]
        let before = resized.input.modules[index]
        let values = try #require(spectra[module.name]?.array).map { ($0.array ?? []).compactMap(\.double) }
        #expect(module.rank == min(rank, before.rank) && outcome.rank == module.rank, place)
        #expect(module.declaredRank.map { UInt64($0) } == module.rank && module.scale == 1, place)
        #expect(values.count == Int(module.experts), place)
        let total = Self.squares(values.flatMap { $0 })
        let tail = Self.squares(values.flatMap { $0.dropFirst(Int(rank)) })
        #expect(abs(outcome.delta.frobenius - total.squareRoot()) <= 1e-6 * total.squareRoot(), place)
        #expect(abs(outcome.energy - (total > 0 ? 1 - tail / total : 1)) <= 1e-6, place)
        // No rank can do better, and rounding costs next to nothing.
        let best = total > 0 ? (tail / total).squareRoot() : 0
        #expect(outcome.error >= best - 1e-7 && outcome.error <= best + (isWide ? 1e-6 : 0.004), place)
        // What was measured is what a full product of the written factors gives.
        let (old, new) = (try deltas(resized.input, before), try deltas(resized.output, module))
        let norms = zip(old, new).map { LowRankTests.norms($0, minus: $1) }
        let error = Self.squares(norms.map(\.frobenius)).squareRoot()
        let size = max(total.squareRoot(), 1e-300)
        #expect(abs(error / size - outcome.error) <= 1e-12, place)
        let spectral = (norms.map(\.spectral).max() ?? 0) / max(outcome.delta.spectral, 1e-300)
        #expect(abs(spectral - outcome.spectralError) <= 1e-9, place)
      }
    }
  }

  /// What has no rank is copied: magnitudes, whole tensors, rows of tokens; a bias of B takes the scale along.
  @Test(arguments: ["llama-dora", "lora-bias", "tokens", "save-head", "bias-all", "llama-embedding", "save-norms"])
  func whatHasNoRankGoesAlong(_ name: String) throws {
    let resized = try resize(Fixtures.path("adapters/\(name)"), ResizeOptions(.rank(1)))
    let (old, new) = (try #require(resized.input.file), try #require(resized.output.file))
    for (before, after) in zip(resized.input.modules, resized.output.modules) {
      if let magnitude = before.magnitude {
        #expect(try old.bytes(of: magnitude) == new.bytes(of: try #require(after.magnitude)))
      }
      if let bias = before.bBias {
        let scaled = try old.bytes(of: bias, times: before.scale, as: bias.dtype)
        #expect(try scaled == new.bytes(of: try #require(after.bBias)))
      }
    }
    #expect(resized.input.replacements.map(\.name) == resized.output.replacements.map(\.name))
    for (before, after) in zip(resized.input.replacements, resized.output.replacements) {
      #expect(try old.bytes(of: before.tensor) == new.bytes(of: after.tensor))
    }
  }

  @Test func aRankThatIsLargeEnoughChangesNoByte() throws {
    var options = ResizeOptions(.rank(999))
    options.keepsScale = true
    for name in ["llama-all-linear", "llama-attention-bf16", "mixtral-experts", "resnet-conv", "llama-f64", "gpt2"] {
      let resized = try resize(Fixtures.path("adapters/\(name)"), options)
      let (old, new) = (try #require(resized.input.file), try #require(resized.output.file))
      for (before, after) in zip(old.header.tensors, new.header.tensors) {
        #expect(before.name == after.name && before.shape == after.shape)
        #expect(try old.bytes(of: before) == new.bytes(of: after))
      }
      for (before, after) in zip(resized.input.modules, resized.output.modules) { #expect(before.scale == after.scale) }
      #expect(resized.outcome.error == 0 && resized.outcome.energy == 1)
    }
  }

  @Test func theRulesGiveTheRanksOfTheWorkedExample() {
    let values = [9.287, 6.520, 4.531, 2.483, 1.218, 0.596, 0.3715, 0.2599]
    func rank(_ rule: RankRule) -> UInt64 { rule.rank(of: values, own: 8) }
    #expect([0.90, 0.95, 0.99, 1].map { rank(.energy($0)) } == [3, 4, 5, 8])
    #expect([2, 5, 20, 50].map { rank(.ratio($0)) } == [2, 4, 6, 8])
    #expect([0.7, 0.5, 0.12, 0.04, 0].map { rank(.error($0)) } == [1, 2, 4, 6, 8])
    #expect(rank(.rank(3)) == 3 && rank(.rank(30)) == 8)
    // Exactly on the threshold, which rounding must not miss.
    #expect(RankRule.energy(5.0 / 7).rank(of: [2, 1, 1, 1], own: 4) == 2)
    #expect(RankRule.error((2.0 / 7).squareRoot()).rank(of: [2, 1, 1, 1], own: 4) == 2)
    for rule in [RankRule.energy(1), .ratio(2), .error(0)] { #expect(rule.rank(of: [0, 0], own: 2) == 1) }
  }

  @Test func unequalRanksHavePatternsThatHitTheirModuleAlone() throws {
    let resized = try resize(Fixtures.path("surgery/resize/wide"), ResizeOptions(.error(0.01)))
    #expect(Set(resized.outcome.modules.map(\.rank)).count > 2)
    #expect(resized.outcome.error <= 0.02)
    // The delta of zeros keeps one rank, and no number is lost on the way.
    let zero = try #require(resized.outcome.modules.first { $0.name == "model.layers.0.self_attn.q_proj" })
    #expect(zero.rank == 1 && zero.error == 0 && zero.energy == 1)
    for module in resized.output.modules {
      #expect(module.declaredRank.map { UInt64($0) } == module.rank && module.scale == 1)
    }
    var config = PEFTConfigEdit(resized.input)
    let names = ["layers.0.q", "model.layers.0.q", "layers.0xq", "a(b)", "q"]
    config.set(
      names.enumerated().map { index, name in
        PEFTConfigEdit.Strength(module: name, rank: UInt64(index + 1), alpha: Double(index + 1) / 2)
      })
    let folder = try TemporaryFolder()
    try folder.write("adapter_config.json", JSONValue.object(config.members).text())
    let matching = TargetMatching(try #require(AdapterConfig.read(folder.path("adapter_config.json")).config))
    #expect(matching.problems.isEmpty)
    for (index, name) in names.enumerated() {
      #expect(matching.rank(of: name) == index + 1 && matching.scale(of: name) == 0.5)
    }
  }

  @Test func oneRankForAll() throws {
    var options = ResizeOptions(.energy(0.9))
    let path = Fixtures.path("surgery/resize/wide")
    let single = try resize(path, options)
    options.isUniform = true
    let uniform = try resize(path, options)
    #expect(Set(uniform.output.modules.map(\.rank)) == [single.outcome.rank])
    #expect(uniform.outcome.error <= single.outcome.error)
    options = ResizeOptions(.rank(8))
    options.pads = true
    let padded = try resize(path, options)
    #expect(Set(padded.output.modules.map(\.rank)) == [8])
    let plain = try resize(path, ResizeOptions(.rank(8)))
    #expect(padded.outcome.error == plain.outcome.error && padded.outcome.rank == 8)
    #expect(try #require(padded.output.rawConfig)["rank_pattern"]?.object?.members.isEmpty == true)
    let experts = try resize(Fixtures.path("adapters/mixtral-experts"), options)
    #expect(Set(experts.output.modules.map(\.rank)) == [8] && experts.outcome.error < 1e-6)
  }

  @Test func theScaleMayStay() throws {
    for name in ["adapters/llama-rslora-patterns", "adapters/llama-fractional-alpha", "surgery/resize/experts"] {
      var options = ResizeOptions(.rank(2))
      let plain = try resize(Fixtures.path(name), options)
      options.keepsScale = true
      let kept = try resize(Fixtures.path(name), options)
      for (before, after) in zip(kept.input.modules, kept.output.modules) {
        #expect(abs(after.scale - before.scale) <= 1e-15 * before.scale)
      }
      #expect(abs(kept.outcome.error - plain.outcome.error) < 1e-6)
    }
  }

  @Test func formatsOfOthersBecomePEFT() throws {
    let names = [
      "kohya", "mlx-lora", "mlx-dora", "mlx-embedding", "diffusers-new", "diffusers-alphas", "torchtune",
      "torchtune-dora",
    ]
    for name in names {
      let path = Fixtures.path("formats/\(name)")
      let resized = try resize(path, ResizeOptions(.rank(64)))
      let place = Comment(rawValue: name)
      #expect(resized.output.format == .peft && resized.output.findings.isEmpty, place)
      #expect(resized.output.modules.map(\.name) == resized.input.modules.map(\.name), place)
      #expect(resized.output.config?.usesDoRA == resized.input.modules.contains { $0.magnitude != nil }, place)
      for (before, after) in zip(resized.input.modules, resized.output.modules) {
        #expect(before.kind == after.kind, place)
        for (old, new) in zip(try deltas(resized.input, before), try deltas(resized.output, after)) {
          let error = LowRankTests.norms(old, minus: new).frobenius
          #expect(error <= 0.005 * Self.squares(old.elements).squareRoot(), place)
        }
      }
    }
  }

  @Test func theBytesDoNotDependOnTheThreads() throws {
    let path = Fixtures.path("surgery/resize/wide")
    let bytes = try [1, 2, 5].map { workers throws in
      let resized = try resize(path, ResizeOptions(.energy(0.95)), workers: workers)
      return try Fixtures.contents(of: resized.folder.path("out"))
    }
    #expect(bytes[0] == bytes[1] && bytes[1] == bytes[2])
  }

  private func reasons(_ path: String, _ options: ResizeOptions = ResizeOptions(.rank(1))) -> String {
    do throws(SurgeryError) {
      _ = try ResizePlan(Adapter.load(path), options, workers: 1)
      return ""
    } catch { return "\(error)" }
  }

  @Test func whatHasNoAnswerIsRefused() throws {
    #expect(reasons(Fixtures.path("formats/kohya-loha")).contains("LOHA"))
    #expect(reasons(Fixtures.path("formats/mlx-experts")).contains("dimension for the experts"))
    #expect(reasons(Fixtures.path("formats/mlx-no-config")).contains("no adapter_config.json"))
    let folder = try TemporaryFolder()
    for (field, value, word) in [
      ("init_lora_weights", "\"pissa\"", "pissa"), ("init_lora_weights", "\"olora\"", "olora"),
      ("use_qalora", "true", "QALoRA"), ("r", "5", "rank"),
    ] as [(String, String, String)] {
      let name = "\(word)"
      let config = try Fixtures.json("adapters/llama-f64/adapter_config.json").object
      var members = try #require(config)
      members[field] = try JSONValue(parsing: Array(value.utf8))
      try folder.write("\(name)/adapter_config.json", JSONValue.object(members).text())
      try folder.write(
        "\(name)/adapter_model.safetensors", Fixtures.bytes("adapters/llama-f64/adapter_model.safetensors"))
      #expect(reasons(folder.path(name)).contains(word))
    }
  }

  /// Numbers that are not finite are found while the factors are read, and nothing is left behind then.
  @Test func numbersThatAreNotFiniteAreRefused() throws {
    let folder = try TemporaryFolder()
    var file = SafetensorsBuilder()
    file.add("base_model.model.q.lora_A.weight", .f32, [2, 3], values: [1, 2, 3, 4, .nan, 6])
    file.add("base_model.model.q.lora_B.weight", .f32, [3, 2], values: [1, 2, 3, 4, 5, 6])
    try folder.write("in/adapter_model.safetensors", file)
    try folder.write(
      "in/adapter_config.json", #"{"peft_type": "LORA", "r": 2, "lora_alpha": 2, "target_modules": ["q"]}"#)
    let plan = try ResizePlan(Adapter.load(folder.path("in")), ResizeOptions(.rank(1)), workers: 1)
    let draft = try plan.folder(toolVersion: "test").folder.draft()
    #expect(throws: SurgeryError.self) {
      try DraftWriter(workers: 1).write(draft, folder: folder.path("out"), overwrites: false)
    }
    #expect(try Folder.names(in: folder.path("")) == ["in"])
  }
}
