public import Diagnostics
public import JSON
public import Safetensors
import TensorCore

/// How an adapter names its tensors.
public enum AdapterFormat: String, Sendable, CaseIterable {
  case peft
  case kohya
  case diffusers
  case mlx
  case torchtune
  case unknown
}

/// An adapter as it was found: its file, its config, and what its tensors are.
///
/// Nothing is judged here beyond reading: ranks that disagree, missing halves and unknown names are all kept, so that
/// `inspect` can show them and `validate` can name them.
public struct Adapter: Sendable {
  /// The path as the user gave it (a folder or a file).
  public var path: String
  /// Path of the weights file; the folder itself when there is none.
  public var weightsPath: String
  /// The weights, when their header could be read.
  public var file: SafetensorsFile?
  /// The typed config, when there is one that could be read.
  public var config: AdapterConfig?
  /// The members of the config as written, also when it could not be typed.
  public var rawConfig: JSONObject?
  /// The naming of its tensors.
  public var format: AdapterFormat
  /// The adapted modules in natural order of their names.
  public var modules: [AdapterModule] { didSet { knownKinds = nil } }
  /// The kinds of their names, where these have not changed since they were found.
  var knownKinds: ModuleKinds?
  /// Tensors that replace tensors of the base, in natural order.
  public var replacements: [Replacement]
  /// Names that break the grammar of exports but whose meaning is clear, with the right name.
  public var misnamed: [MisnamedTensor]
  /// Tensors whose names say nothing that the format knows.
  public var unknown: [TensorInfo]
  /// Tensors that say nothing about the adapter: old numbers of the base, and second copies of replacements.
  public var leftovers: [TensorInfo] = []
  /// How many tensors a training variant keeps beside the factors of each module, by the part of their names that says
  /// which: `lora_diag`, `lora_velora_embed`, `lora_monteclora_sampler`.
  package var variantParts: [String: [String: Int]] = [:]
  /// Another adapter method that the tensor names belong to (`LOHA`, `IA3`, …), or nil.
  public var foreignMethod: String?
  /// The trainer whose own names the tensors have, where that is none of the formats.
  public var trainer: OtherTrainer?
  /// What reading the file, its header and the config already found.
  public var findings: [Finding]

  /// The modules of which something holds, in their order; the chosen ones alone are copied.
  package func modules(where isChosen: (borrowing AdapterModule) -> Bool) -> [AdapterModule] {
    modules(at: modules.indices, where: isChosen)
  }

  /// The same among the modules at these places.
  package func modules(at places: some Sequence<Int>, where isChosen: (borrowing AdapterModule) -> Bool)
    -> [AdapterModule]
  {
    unsafe modules.withUnsafeBufferPointer { modules in
      var chosen: [AdapterModule] = []
      for place in places where unsafe modules.look(at: place, isChosen) { unsafe chosen.append(modules[place]) }
      return chosen
    }
  }

  /// Where the modules lie of which something holds.
  package func places(where isChosen: (borrowing AdapterModule) -> Bool) -> [Int] {
    var places: [Int] = []
    forEachModule { place, module in
      if isChosen(module) { places.append(place) }
    }
    return places
  }

  /// What `value` says of the modules at these places, in their order and without copies of them.
  package func values<Value>(of places: [Int], _ value: (borrowing AdapterModule) -> Value) -> [Value] {
    unsafe modules.withUnsafeBufferPointer { modules in
      places.map { place in unsafe modules.look(at: place, value) }
    }
  }

  /// Calls `body` with each module and its place, in their order and without copies of them.
  package func forEachModule(_ body: (Int, borrowing AdapterModule) -> Void) {
    forEachModule(at: modules.indices, body)
  }

  /// Calls `body` with each of the modules at these places.
  package func forEachModule(at places: some Sequence<Int>, _ body: (Int, borrowing AdapterModule) -> Void) {
    unsafe modules.withUnsafeBufferPointer { modules in
      for place in places { unsafe modules.look(at: place) { body(place, $0) } }
    }
  }

  /// The kinds that the names of the modules are of, by their places.
  package var moduleKinds: ModuleKinds { knownKinds ?? ModuleKinds(modules.lazy.map(\.name)) }

  /// Where a problem of the config is reported.
  public var configPath: String { config?.path ?? weightsPath }

  /// The first error that says that a file of the adapter's is missing or broken; what does not fit a model or an engine
  /// is another matter.
  public var brokenFile: Finding? {
    findings.first { $0.severity == .error && RuleID.aboutFiles.contains($0.rule) }
  }

  /// The same without its open file, for those who describe many adapters and read no values.
  public var closed: Adapter {
    var result = self
    result.file = file?.closed
    return result
  }
}

/// What kind of base weight a module adapts.
public enum ModuleKind: String, Sendable {
  case linear
  case embedding
  case conv1d
  case conv2d
  case parameter
}

/// Where a module's scale came from.
public enum ScaleSource: String, Sendable {
  /// alpha / r.
  case alphaOverRank = "alpha/r"
  /// alpha / sqrt(r).
  case alphaOverRootRank = "alpha/sqrt(r)"
  /// A number in the file: a kohya `.alpha` tensor or an MLX `scale`.
  case file
  /// Nothing says it; 1 is what readers take.
  case assumed
}

/// The factors of one adapted module: the base weight W gets + scale · B · A.
///
/// For a linear module A is `[rank, in]` and B `[out, rank]`; for an embedding `lora_embedding_A` is `[rank, rows]` and
/// `lora_embedding_B` `[width, rank]`; for a convolution A is `[rank, in, k…]` and B `[out, rank, 1…]`.
public struct AdapterModule: Sendable {
  /// Name of the module in the base model, such as `model.layers.0.self_attn.q_proj`.
  public var name: String
  /// What it adapts.
  public var kind: ModuleKind
  /// The down projection.
  public var a: TensorInfo?
  /// The up projection.
  public var b: TensorInfo?
  /// The tensors besides the factors, of which most modules have none.
  private var others = ModuleTensors.none
  /// Whether A is stored `[in, rank]` and B `[rank, out]` (MLX).
  public var isTransposed: Bool = false
  /// Rank that the tensors have: the rows of A, or the columns of B when there is no A.
  public var rank: UInt64
  /// Input size: columns of A (rows of the embedding); 0 without A.
  public var inFeatures: UInt64
  /// Output size: rows of B; 0 without B.
  public var outFeatures: UInt64
  /// Number of experts whose factors are stacked in A and B (`parameter` modules), else 1: A has experts x rank rows,
  /// expert by expert, and B experts x rank columns, rank by rank with the expert running fastest.
  public var experts: UInt64 = 1
  /// Rank that a config gives the module, with `rank_pattern`; nil where no config says it.
  public var declaredRank: Int?
  /// Alpha that the config or file gives the module; nil when nothing says it.
  public var alpha: Double?
  /// The factor of B·A, computed as PEFT does from the declared rank.
  public var scale: Double
  /// Where the scale came from.
  public var scaleSource: ScaleSource

  /// A module without tensors.
  init(
    name: String, kind: ModuleKind, rank: UInt64, inFeatures: UInt64, outFeatures: UInt64, scale: Double,
    scaleSource: ScaleSource
  ) {
    self.name = name
    self.kind = kind
    self.rank = rank
    self.inFeatures = inFeatures
    self.outFeatures = outFeatures
    self.scale = scale
    self.scaleSource = scaleSource
  }

  /// `lora_B.bias`, `[out]`.
  public var bBias: TensorInfo? {
    get { others.bBias }
    set { others = ModuleTensors(bBias: newValue, magnitude: magnitude, alpha: alphaTensor) }
  }

  /// DoRA's `lora_magnitude_vector`, `[out]`.
  public var magnitude: TensorInfo? {
    get { others.magnitude }
    set { others = ModuleTensors(bBias: bBias, magnitude: newValue, alpha: alphaTensor) }
  }

  /// The number that holds the module's alpha, in formats that keep it among the tensors (kohya).
  public var alphaTensor: TensorInfo? {
    get { others.alpha }
    set { others = ModuleTensors(bBias: bBias, magnitude: magnitude, alpha: newValue) }
  }

  /// Whether it has neither bias nor magnitude nor an alpha of its own.
  package var hasFactorsAlone: Bool { others === ModuleTensors.none }

  /// Its factors, bias and magnitude, as far as they are present.
  public var tensors: [TensorInfo] { [a, b, bBias, magnitude].compactMap { $0 } }

  /// Calls `body` with the same tensors, without a list of them.
  package func forEachTensor(_ body: (TensorInfo) -> Void) {
    if let a { body(a) }
    if let b { body(b) }
    if hasFactorsAlone { return }
    if let bBias { body(bBias) }
    if let magnitude { body(magnitude) }
  }

  /// The sum of something over the same tensors.
  package func total(_ value: (TensorInfo) -> UInt64) -> UInt64 {
    var sum: UInt64 = 0
    forEachTensor { sum &+= value($0) }
    return sum
  }

  /// Elements of its factors, bias and magnitude.
  public var parameters: UInt64 { total(\.elementCount) }
}

/// The tensors of a module besides its factors, in memory of their own: inline they would make every module twice as
/// large, and the largest adapters have fifty thousand.
private final class ModuleTensors: Sendable {
  static let none = ModuleTensors(bBias: nil, magnitude: nil, alpha: nil)

  let bBias: TensorInfo?
  let magnitude: TensorInfo?
  let alpha: TensorInfo?

  init(bBias: TensorInfo?, magnitude: TensorInfo?, alpha: TensorInfo?) {
    self.bBias = bBias
    self.magnitude = magnitude
    self.alpha = alpha
  }
}

/// A tensor in an adapter that replaces one of the base.
public struct Replacement: Sendable {
  /// What it is.
  public enum Role: Sendable, Equatable {
    /// A whole new tensor: `modules_to_save`, trained biases, resized embeddings.
    case full
    /// The base's own weight of an adapted embedding (`base_layer.weight`): W is taken from here.
    case adaptedBase
    /// New rows of an embedding (`trainable_tokens_delta`, which holds absolute rows), in the order of the indices.
    case rows
  }

  /// Name of the base tensor that it replaces, such as `lm_head.weight`.
  public var name: String
  /// What it is.
  public var role: Role
  /// The tensor in the adapter's file.
  public var tensor: TensorInfo
}

/// A tensor name that no loader expects although its meaning is clear.
public struct MisnamedTensor: Sendable {
  /// What is wrong with it.
  public enum Problem: Sendable, Equatable {
    /// The adapter's name is still in it: `.default.`
    case adapterName(String)
    /// A wrapper of a training framework is still in it: `_orig_mod.`, `module.`
    case wrapper(String)
    /// The `base_model.model.` prefix is missing.
    case missingPrefix
    /// The `base_model.model.` prefix is there twice.
    case doubledPrefix
  }

  /// The tensor.
  public var tensor: TensorInfo
  /// What is wrong with it.
  public var problem: Problem
  /// The name that loaders expect.
  public var rightName: String
}
