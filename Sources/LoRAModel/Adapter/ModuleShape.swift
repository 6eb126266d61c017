package import Safetensors
import TensorCore

extension AdapterModule {
  /// Numbers of dimensions that A and B may have.
  private var dimensions: ClosedRange<Int> {
    switch kind {
    case .linear, .embedding: 2...2
    case .parameter, .conv1d: 2...3
    default: 3...5
    }
  }

  /// Whether a factor has as many dimensions as its kind calls for and none of them is zero.
  package func isUsable(_ factor: TensorInfo) -> Bool {
    dimensions.contains(factor.shape.rank) && !factor.shape.isEmpty
  }

  /// Whether A and B are both there; without copying them, as a comparison with nil does.
  package var isPair: Bool {
    if case .some = a, case .some = b { true } else { false }
  }

  /// Whether every factor that is there can be compared with others.
  package var isUsable: Bool { (a.map { isUsable($0) } ?? true) && (b.map { isUsable($0) } ?? true) }

  /// The rank that A has, or nil without a usable A.
  package var rankOfA: UInt64? {
    guard let a, isUsable(a) else { return nil }
    return a.shape[isTransposed || isStack(a) ? 1 : 0]
  }

  /// The rank that B has, or nil without a usable B.
  package var rankOfB: UInt64? {
    guard let b, isUsable(b) else { return nil }
    return b.shape[isTransposed ? 0 : isStack(b) ? 2 : 1]
  }

  /// Whether a factor is a stack with a dimension for the experts, `[experts, rank, in]` or `[experts, out, rank]`, as
  /// MLX stores them.
  private func isStack(_ factor: TensorInfo) -> Bool { kind == .parameter && factor.shape.rank == 3 }

  /// Whether A and B have the same rank, or B's divides A's where groups or blocks share it (grouped convolutions).
  package var ranksAgree: Bool {
    guard let down = rankOfA, let up = rankOfB else { return true }
    return down == up || (kind == .conv1d || kind == .conv2d) && down % up == 0
  }

  /// Whether its tensors are what nearly all modules have and no rule has a word for, without a base: two matrices of
  /// real numbers with one rank, the declared one, a scale, and nothing beside them.
  package var isPlain: Bool {
    guard kind == .linear, scale != 0, hasFactorsAlone, let a, let b else { return false }
    return isUsable(a) && isUsable(b) && a.dtype.isFloat && b.dtype.isFloat && ranksAgree
      && declaredRank.map { UInt64(exactly: $0) == rank } ?? true
  }

  /// The last component of the name: `q_proj`.
  package var lastComponent: String { String(name.lastComponent) }
}

extension AdapterModule {
  /// Whether the sizes of its factors are those of the base's module.
  ///
  /// Sizes that a quantised base does not tell always fit. PEFT before 0.19 stored the factors of expert stacks for the transposed parameter, so there both orders are
  /// right.
  package func sizesFit(_ base: BaseModule) -> Bool {
    func fits(_ input: UInt64, _ output: UInt64) -> Bool {
      (a == nil || input == 0 || inFeatures == input) && (b == nil || output == 0 || outFeatures == output)
    }
    return fits(base.inFeatures, base.outFeatures) || kind == .parameter && fits(base.outFeatures, base.inFeatures)
  }

  /// Whether its factors have the names and the numbers of dimensions that PEFT gives those of the base's module.
  ///
  /// A base that no catalogue knows tells a convolution by its weight, but an embedding by its name alone.
  package func kindFits(_ base: BaseModule, isCatalogued: Bool) -> Bool {
    if kind == base.kind || kind == .parameter || base.kind == .parameter { return true }
    return !isCatalogued && ![kind, base.kind].contains { $0 == .conv1d || $0 == .conv2d }
  }
}

extension Array where Element: Hashable {
  /// The elements without repeats, in order of first appearance.
  package var uniqued: [Element] {
    var seen: Set<Element> = []
    return filter { seen.insert($0).inserted }
  }
}
