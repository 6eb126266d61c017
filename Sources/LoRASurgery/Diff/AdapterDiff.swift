package import JSON
package import LoRADeltas
package import LoRAModel

/// What differs between two adapters, and by how much.
package struct AdapterDiff: Sendable {
  /// What the whole comparison says.
  package enum Status: String, Sendable {
    case equal
    case different
    case notComparable = "not_comparable"
  }

  package let a: Adapter
  package let b: Adapter
  /// The relative distance up to which two deltas count as equal; 0 allows for the rounding of this computation alone.
  package let tolerance: Double
  /// Why the two cannot be compared, or not in all parts; empty when they can.
  package let reasons: [String]
  /// What the two adapters are said to do, where it is not the same: scale and rank rather than alpha and r.
  package let config: [FieldDifference]
  /// All modules together.
  package let total: DeltaComparison
  /// Every module of either, those that contribute most to the total distance first.
  package let modules: [ModuleDiff]
  /// Tensors that replace tensors of the base, in either.
  package let tensors: [TensorDiff]

  package var status: Status {
    if !reasons.isEmpty { return .notComparable }
    let isEqual =
      total.isWithin(tolerance) && modules.allSatisfy { $0.isWithin(tolerance) }
      && tensors.allSatisfy { $0.isWithin(tolerance) }
    return isEqual ? .equal : .different
  }
}

/// A property with the values that the two adapters give it.
package struct FieldDifference: Sendable {
  package let name: String
  package let a: JSONValue
  package let b: JSONValue
}

/// Which of two adapters has something that the other has not.
package enum DiffSide: String, Sendable {
  case a
  case b
}

/// One module of two adapters.
package struct ModuleDiff: Sendable {
  /// What was compared.
  package enum Subject: String, Sendable {
    /// The deltas s·B·A.
    case delta
    /// DoRA without the base's weights: the deltas of the direction V = W + s·B·A, and the magnitudes apart.
    case direction
    /// DoRA with the base's weights: the merged weights, whose norms are those of their changes W' − W.
    case merged
  }

  /// The distances of single experts of a stack.
  package struct Experts: Sendable {
    package let count: Int
    /// Relative distances.
    package let largest: Double
    package let mean: Double
    /// The expert with the largest.
    package let worst: Int
  }

  /// Its name in A, or where only B has it in B.
  package let name: String
  package let a: AdapterModule?
  package let b: AdapterModule?
  package let subject: Subject
  package let comparison: DeltaComparison
  /// Set for stacks of experts.
  package var experts: Experts?
  /// DoRA's magnitudes, where one of the two has them and the merged weights were not compared.
  package var magnitude: ValueComparison?
  /// The bias of B times the scale, where one of the two has it.
  package var bias: ValueComparison?
  /// ‖Δ_A − Δ_B‖ / ‖W‖, where the base's weights are at hand.
  package var relativeToBase: Double?
  /// Its part of the squared total distance.
  package var share = 0.0

  /// Set where only one adapter has the module.
  package var onlyIn: DiffSide? { a == nil ? .b : b == nil ? .a : nil }

  func isWithin(_ tolerance: Double) -> Bool {
    comparison.isWithin(tolerance) && [magnitude, bias].allSatisfy { $0?.isWithin(tolerance) ?? true }
  }
}

/// A tensor that replaces one of the base, in two adapters.
package struct TensorDiff: Sendable {
  /// Name of the base's tensor.
  package let name: String
  package let a: Replacement?
  package let b: Replacement?
  /// Nil where one is missing or other rows are replaced.
  package let comparison: ValueComparison?

  package var onlyIn: DiffSide? { a == nil ? .b : b == nil ? .a : nil }

  func isWithin(_ tolerance: Double) -> Bool { comparison?.isWithin(tolerance) ?? false }
}
