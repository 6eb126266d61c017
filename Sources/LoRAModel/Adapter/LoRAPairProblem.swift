import JSON
package import Safetensors
import TensorCore

/// Why the factors of a module have no product, or none with a known scale.
package enum LoRAPairProblem: Error, Sendable {
  /// One of the two is missing.
  case half(isA: Bool)
  /// A factor is empty or not of a floating-point type.
  case notNumbers(TensorInfo)
  case noMatrices(TensorInfo, TensorInfo)
  case differentRanks(TensorInfo, TensorInfo)
  case noConvolution(TensorInfo, TensorInfo)
  /// B is narrower than A has ranks.
  case groups(TensorInfo, TensorInfo)
  case noStack(TensorInfo, TensorInfo, experts: UInt64, rank: UInt64)
  /// The config declares another rank than the tensors have.
  case otherRank(found: UInt64, declared: Int)
  case scaleNotFinite
  /// Neither config nor file gives alpha.
  case scaleUnknown
}

extension LoRAPairProblem: CustomStringConvertible {
  /// A clause about the module.
  package var description: String {
    switch self {
    case .half(let isA): "it has \(isA ? "A without B" : "B without A")"
    case .notNumbers(let factor):
      "the factor \"\(escaped(factor.name))\" is \(factor.dtype.name) \(factor.shape), not numbers"
    case .noMatrices(let a, let b): "its factors \(a.shape) and \(b.shape) are no matrices"
    case .differentRanks(let a, let b): "its factors \(a.shape) and \(b.shape) have different ranks"
    case .noConvolution(let a, let b): "its factors \(a.shape) and \(b.shape) are not those of a convolution"
    case .groups(let a, let b):
      "its B \(b.shape) belongs to a convolution in groups, or to another rank than A \(a.shape)"
    case .noStack(let a, let b, let experts, let rank):
      "its factors \(a.shape) and \(b.shape) are not those of \(experts) experts of rank \(rank)"
    case .otherRank(let found, let declared):
      "its tensors have rank \(found) but the config says \(declared), so its scale is unknown"
    case .scaleNotFinite: "its scale is not a finite number"
    case .scaleUnknown: "nothing says its alpha, so its scale is unknown"
    }
  }

  /// What helps.
  package var hint: String? {
    switch self {
    case .groups: "PEFT cannot merge into a convolution in groups either"
    case .otherRank: "correct r or rank_pattern in adapter_config.json"
    case .scaleUnknown: "put adapter_config.json beside it"
    default: nil
    }
  }
}
