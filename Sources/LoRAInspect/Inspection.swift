public import Diagnostics
import JSON
public import LoRAModel
import Safetensors
import TensorCore

/// What an adapter's file and config say about it, and with statistics also its values.
public struct Inspection: Sendable {
  /// The adapter.
  public var adapter: Adapter
  /// Problems to show beside the facts.
  public var findings: [Finding]
  /// The base that the adapter is compared with, when one was given.
  public var base: BaseModel?
  /// What its values are like, when they were read.
  public var statistics: AdapterStatistics?

  /// Describes an adapter; `findings` replaces those of reading it when more is known.
  public init(
    _ adapter: Adapter, findings: [Finding]? = nil, base: BaseModel? = nil, statistics: AdapterStatistics? = nil
  ) {
    self.adapter = adapter
    self.findings = findings ?? adapter.findings
    self.base = base
    self.statistics = statistics
  }

  /// Whether the file could be read and is well-formed.
  public var isReadable: Bool {
    adapter.file != nil && !adapter.findings.contains { Self.readingRules.contains($0.rule) && $0.severity == .error }
  }

  /// The rules whose errors mean that the file itself cannot be relied on.
  private static let readingRules: Set<RuleID> = [
    .fileUnreadable, .fileNotSafetensors, .pickleWeights, .headerInvalid, .headerDuplicateKey, .compressedCorrupt,
  ]

  // MARK: Facts

  /// Number of tensors by the name of their type, most frequent first.
  public var dtypes: [(name: String, count: Int)] {
    let counts = adapter.file?.header.dtypes ?? [:]
    return counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { ($0.key.name, $0.value) }
  }

  /// Elements of all tensors.
  public var parameters: UInt64 { adapter.file?.header.parameters ?? 0 }

  /// Smallest and largest rank among the modules; nil without modules.
  public var ranks: (min: UInt64, max: UInt64)? {
    var ranks = Spread<UInt64>()
    adapter.forEachModule { _, module in ranks.take(module.rank) }
    return ranks.range.map { ($0.low, $0.high) }
  }

  /// Smallest and largest scale among the modules; nil without modules.
  public var scales: (min: Double, max: Double)? {
    var scales = Spread<Double>()
    adapter.forEachModule { _, module in scales.take(module.scale) }
    return scales.range.map { ($0.low, $0.high) }
  }

  /// What the modules are called as targets, sorted, each once.
  public var targets: [String] { Set(adapter.groups.map(\.target)).sorted() }

  /// Layer indices of the modules, sorted, each once.
  public var layers: [UInt64] {
    var layers: Set<UInt64> = []
    // What the names of the last layer begin with, for the modules of a layer stand together.
    var latest = ""
    adapter.forEachModule { _, module in
      let known = module.name.utf8Span.span.commonPrefix(with: latest.utf8Span.span)
      guard latest.isEmpty || known < latest.utf8.count, let place = Self.layerPlace(in: module.name) else { return }
      layers.insert(place.layer)
      let start = module.name.utf8.prefix(place.end + 1)
      latest = start.last == UInt8(ascii: ".") ? String(decoding: start, as: UTF8.self) : ""
    }
    return layers.sorted()
  }

  /// `peft_type` as the config writes it.
  public var peftType: String? { adapter.config?.peftType ?? adapter.rawConfig?["peft_type"]?.string }

  /// The base model that the config names; MLX keeps its path under `model`.
  public var baseModelName: String? {
    adapter.config?.baseModel ?? adapter.rawConfig?["base_model_name_or_path"]?.string
      ?? (adapter.format == .mlx ? adapter.rawConfig?["model"]?.string : nil)
  }

  /// The rank that a config gives: PEFT's `r`, or what all modules have in common where the format says it otherwise.
  public var declaredRank: Int? { adapter.config?.rank ?? common(\.declaredRank) }

  /// The alpha that a config gives, or what all modules have in common where the file keeps one for each.
  public var alpha: Double? { adapter.config?.alpha ?? common(\.alpha) }

  /// Whether scales are alpha/sqrt(r).
  public var usesRankStabilizedScale: Bool {
    adapter.config?.usesRankStabilizedScale ?? adapter.modules.contains { $0.scaleSource == .alphaOverRootRank }
  }

  /// Whether modules have DoRA's magnitude.
  public var usesDoRA: Bool { adapter.config?.usesDoRA ?? adapter.modules.contains { $0.magnitude != nil } }

  private func common<Value: Equatable>(_ value: (AdapterModule) -> Value?) -> Value? {
    guard let first = adapter.modules.first.flatMap(value) else { return nil }
    return adapter.modules.allSatisfy { value($0) == first } ? first : nil
  }

  /// Base parameters over adapter parameters, when both are known.
  public var shrinkRatio: Double? {
    guard let whole = base?.parameters, parameters > 0 else { return nil }
    return Double(whole) / Double(parameters)
  }

  /// The kind of a module in reports, as the base knows it.
  ///
  /// Factors of GPT-2's `Conv1D` look like those of any linear layer; without a base, the names of its layers together
  /// with the config's `fan_in_fan_out` tell.
  public func kindName(of module: AdapterModule) -> String {
    if let match = base?.match(module.name) { return match.module.kindName }
    let isConv1D =
      module.kind == .linear && adapter.config?.fanInFanOut == true
      && ["c_attn", "c_proj", "c_fc", "q_attn"].contains(Self.target(of: module.name))
    return isConv1D ? ModuleKind.conv1d.rawValue : module.kind.rawValue
  }

  /// What a module is called as a target: the last component of its name, `q_proj`, and what stands before it where that
  /// is a number, `to_out.0`.
  public static func target(of module: String) -> String {
    let last = module.lastComponent
    if UInt64(last) == nil { return String(last) }
    let components = module.dottedComponents
    guard let named = components.lastIndex(where: { UInt64($0) == nil }) else { return module }
    return components[named...].joined(separator: ".")
  }

  /// The first number among the components of a module's name.
  public static func layer(of module: String) -> UInt64? { layerPlace(in: module)?.layer }

  /// The same with the offset of the byte behind the number.
  private static func layerPlace(in module: String) -> (layer: UInt64, end: Int)? {
    let bytes = module.utf8Span.span
    var start = 0
    while start < bytes.count {
      let end = bytes.endOfComponent(from: start)
      if let index = bytes.number(in: start..<end) { return (index, end) }
      // Longer ones, and those with a sign, are numbers for Swift alone.
      if end > start, bytes[start] == UInt8(ascii: "+") || bytes[start] &- UInt8(ascii: "0") < 10,
        let index = UInt64(String(decoding: module.utf8.dropFirst(start).prefix(end - start), as: UTF8.self))
      {
        return (index, end)
      }
      start = end + 1
    }
    return nil
  }
}
