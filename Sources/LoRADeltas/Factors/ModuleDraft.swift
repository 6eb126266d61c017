package import LoRAModel
package import Safetensors
package import TensorCore

/// One adapted module of the output: the base weight gets + scale · B · A.
package struct ModuleDraft: Sendable {
  /// Name in the base model, as PEFT knows it.
  package var name: String
  package var kind: ModuleKind
  package var a: FactorDraft
  package var b: FactorDraft
  package var scale: Double
  /// What stands behind the rank in A's shape: `[in]`, of a convolution `[in, k…]`.
  package var inputShape: [UInt64]
  /// DoRA's magnitudes, one for each output.
  package var magnitude: VectorDraft?
  /// The bias of B, one number for each output.
  package var bias: VectorDraft?
  /// The name under which PEFT wrapped it, where that is not its own: a stack of experts goes by its owner's.
  package var peftKey: String?

  package init(
    name: String, kind: ModuleKind, a: FactorDraft, b: FactorDraft, scale: Double, inputShape: [UInt64]? = nil
  ) {
    (self.name, self.kind, self.a, self.b, self.scale) = (name, kind, a, b, scale)
    self.inputShape = inputShape ?? [a.count]
  }

  package var rank: UInt64 { a.rank }
  package var experts: UInt64 { a.experts }
  /// The alpha with which a reader of alpha / rank gets the scale.
  package var alpha: Double { scale * Double(rank) }

  /// Gives the module another scale and the same delta: the ratio goes into B, or into A where that alone is F32.
  ///
  /// - Returns: what the factor was multiplied by, or nil when nothing changed.
  package mutating func fold(to target: Double) -> Double? {
    guard scale != target else { return nil }
    let ratio = scale / target
    if a.isF32, !b.isF32 { a.multiply(by: ratio) } else { b.multiply(by: ratio) }
    scale = target
    return ratio
  }

  /// Gives the module more ranks, which are zero; false when it has as many.
  package mutating func pad(to rank: UInt64) -> Bool {
    guard rank > self.rank else { return false }
    a.rank = rank
    b.rank = rank
    return true
  }

  /// Moves outputs: output i becomes `targets[i]`, or is left out where that is negative.
  package mutating func moveOutputs(to targets: [Int], count: UInt64) {
    b.move(to: targets, count: count)
    magnitude?.move(to: targets, count: count)
    bias?.move(to: targets, count: count)
  }
}

extension FactorDraft {
  fileprivate var isF32: Bool { blocks.allSatisfy { $0.factor.tensor.dtype == .f32 } }
}

/// A vector with one number for each output: one of the input, or several that stand beside each other.
package struct VectorDraft: Sendable {
  /// A vector of the input.
  package struct Part: Sendable {
    package let tensor: TensorInfo
    package let file: SafetensorsFile
    /// Where each element goes, negative for those that are left out; nil when all stay.
    package fileprivate(set) var rows: [Int]?
  }

  package private(set) var parts: [Part]
  package private(set) var count: UInt64

  package init(_ tensor: TensorInfo, of file: SafetensorsFile) {
    (parts, count) = ([Part(tensor: tensor, file: file)], tensor.elementCount)
  }

  /// The vector of the input that it is as it lies there.
  package var copied: Part? { parts.count == 1 && parts[0].rows == nil ? parts[0] : nil }

  /// The type that all parts have; F32 where they have several.
  package var dtype: DType {
    let types = Set(parts.map(\.tensor.dtype))
    return types.count == 1 ? types.first ?? .f32 : .f32
  }

  package mutating func move(to targets: [Int], count: UInt64) {
    for index in parts.indices {
      parts[index].rows = parts[index].rows.map { $0.map { $0 < 0 ? $0 : targets[$0] } } ?? targets
    }
    self.count = count
  }

  /// Adds the elements of a vector of the same outputs, of which it has others.
  package mutating func add(_ other: VectorDraft) { parts += other.parts }
}
