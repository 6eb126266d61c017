public import TensorCore

/// How parity is measured.
public struct ParityOptions: Sendable {
  /// Number of activations for each module.
  public var tokens = 16
  /// Seed of the activations.
  public var seed: UInt64 = 0
  /// Type that the engine computes in: F32, F16 or BF16; nil for the base's own.
  public var servingDType: DType?
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
  /// The adapter cannot be used.
  case adapter(String, reason: String)
  /// The merged model is not one of this base.
  case merged(String, reason: String)
  /// No module of the adapter can be compared.
  case nothingToCompare(String, reason: String)

  /// One sentence.
  public var description: String {
    switch self {
    case .io(let reason): reason
    case .noWeights(let path):
      "\(escaped(path)) has no weights; parity needs a model folder or safetensors file, not a config alone"
    case .adapter(let path, let reason): "\(escaped(path)): \(reason)"
    case .merged(let path, let reason): "\(escaped(path)): \(reason)"
    case .nothingToCompare(let path, let reason): "\(escaped(path)): no module can be compared: \(reason)"
    }
  }
}

/// How far the two ways of serving one module are from each other and from the truth.
public struct ModuleParity: Sendable, Equatable {
  /// The module's name in the base.
  public let name: String
  /// Largest difference between merged and unmerged outputs.
  public let maxAbs: Double
  /// Root mean square of that difference.
  public let rms: Double
  /// The same relative to the true output: `rms / rms(truth)`.
  public let drift: Double
  /// Cosine between merged and unmerged outputs.
  public let cosine: Double
  /// Root mean square error of the merged output, relative to the true output.
  public let mergedError: Double
  /// Root mean square error of the unmerged output, relative to the true output.
  public let unmergedError: Double
  /// Root mean square of what the adapter adds, relative to the true output.
  public let deltaShare: Double
  /// Whether a slot of a larger rank gives exactly the same numbers.
  public let paddedIsExact: Bool
  /// Whether a batch with other adapters in it gives exactly the same numbers.
  public let groupedIsExact: Bool
}

/// What a measurement found.
public struct ParityReport: Sendable {
  /// Type that the engine computes in.
  public let servingDType: DType
  /// How it was measured.
  public let options: ParityOptions
  /// The modules, the one with the largest drift first.
  public let modules: [ModuleParity]
  /// Modules that were not compared, and why.
  public let skipped: [(name: String, reason: String)]

  /// The largest drift.
  public var maxDrift: Double { modules.first?.drift ?? 0 }

  /// Whether the paths of one adapter agree exactly and no drift is above the limit.
  public var isPassed: Bool {
    modules.allSatisfy { module in
      module.paddedIsExact && module.groupedIsExact && module.drift.isFinite
        && options.maxDrift.map { module.drift <= $0 } ?? true
    }
  }
}
