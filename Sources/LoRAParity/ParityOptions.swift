import JSON
public import LoRAModel
public import TensorCore

/// How parity is measured.
public struct ParityOptions: Sendable {
  /// Number of activations for each module.
  public var tokens = 16
  /// Seed of the activations.
  public var seed: UInt64 = 0
  /// Type that the engine computes in: F32, F16 or BF16; nil for the base's own.
  public var servingDType: DType?
  /// How factors of experts are laid out; nil when the file is to tell.
  public var expertLayout: ExpertLayout?
  /// Modules that are measured at the same time, each by a thread that takes up to 200 MB; the device of the served
  /// path must be able to work for all of them.
  public var workers = 1
  /// The largest drift of a module that passes; nil reports only.
  public var maxDrift: Double?

  /// The defaults.
  public init() {}
}

/// Why parity could not be measured.
public enum ParityError: Error, Sendable, Equatable, CustomStringConvertible {
  /// A file cannot be read.
  case io(String)
  /// The base has no weights.
  case noWeights(String)
  /// The adapter cannot be merged into the base, so that there is nothing to compare.
  case refused(String)
  /// The adapter cannot be used.
  case adapter(String, reason: String)
  /// The merged model is not one of this base.
  case merged(String, reason: String)
  /// The device cannot be used.
  case device(String)
  /// No module of the adapter can be compared.
  case nothingToCompare(String, reason: String)

  /// One sentence.
  public var description: String {
    switch self {
    case .io(let reason), .refused(let reason): reason
    case .noWeights(let path):
      "\(escaped(path)) has no weights; parity needs a model folder or safetensors file, not a config alone"
    case .adapter(let path, let reason): "\(escaped(path)): \(reason)"
    case .device(let reason): reason
    case .merged(let path, let reason): "\(escaped(path)): \(reason)"
    case .nothingToCompare(let path, let reason): "\(escaped(path)): no module can be compared: \(reason)"
    }
  }
}

/// How far the two ways of serving one module are from each other and from the truth.
public struct ModuleParity: Sendable, Equatable {
  /// The figures of serving it beside its base.
  public struct Served: Sendable, Equatable {
    /// Largest difference between merged and unmerged outputs.
    public let maxAbs: Double
    /// Root mean square of that difference.
    public let rms: Double
    /// The same relative to the true output: `rms / rms(truth)`.
    public let drift: Double
    /// Cosine between merged and unmerged outputs.
    public let cosine: Double
    /// Root mean square error of the unmerged output, relative to the true output.
    public let unmergedError: Double
    /// Whether a slot of a larger rank gives exactly the same numbers.
    public let paddedIsExact: Bool
    /// Whether a batch with other adapters in it gives exactly the same numbers.
    public let groupedIsExact: Bool
  }

  /// The module's name in the base.
  public let name: String
  /// Root mean square error of the merged output, relative to the true output.
  public let mergedError: Double
  /// Root mean square of what the adapter adds, relative to the true output.
  public let deltaShare: Double
  /// The served path; nil where no engine has one.
  public let served: Served?
  /// Why no engine has one.
  public let reason: String?

  /// What the limit is for: the drift between the two paths, or where there is only one its error.
  public var deviation: Double { served?.drift ?? mergedError }

  /// Whether all paths of serving it unmerged give the same numbers.
  var isExact: Bool { served.map { $0.paddedIsExact && $0.groupedIsExact } ?? true }
}

/// What a measurement found.
public struct ParityReport: Sendable {
  /// Type that the engine computes in.
  public let servingDType: DType
  /// How it was measured.
  public let options: ParityOptions
  /// What the served path was computed on.
  public let device: String
  /// The modules, the one with the largest deviation first.
  public let modules: [ModuleParity]
  /// Tensors that were not compared, and why.
  public let skipped: [(name: String, reason: String)]

  /// The largest deviation.
  public var maxDrift: Double { modules.first?.deviation ?? 0 }

  /// Whether the paths of one adapter agree exactly and no deviation is above the limit.
  public var isPassed: Bool {
    modules.allSatisfy { module in
      module.isExact && module.deviation.isFinite && options.maxDrift.map { module.deviation <= $0 } ?? true
    }
  }
}
