/// A module as a serving engine runs it: one or several modules of the base side by side, each slice with an A and a B
/// of its own.
package struct EngineModule: Sendable {
  /// What kind of layer it is, as far as slots depend on it.
  package enum Kind: Sendable, Equatable {
    case linear
    /// The token embedding: A has one row per token.
    case embedding
    /// The output head, which every device keeps whole.
    case head
    /// A stack of this many experts.
    case experts(UInt64)
  }

  /// The engine's name.
  package let name: String
  package let kind: Kind
  package let slices: [EngineSlice]
  /// The layer that it lies in, or nil.
  package let layer: UInt64?

  /// Whether it is a stack of experts.
  package var isStack: Bool { if case .experts = kind { true } else { false } }

  /// Number of matrices that each factor has.
  package var experts: UInt64 { if case .experts(let count) = kind { count } else { 1 } }
}

/// One of the matrices that an engine's module fuses.
package struct EngineSlice: Sendable {
  /// How devices share the matrix.
  package enum Sharing: Sendable {
    /// Every device has all of it.
    case replicated
    /// Every device has some of the outputs.
    case column
    /// Every device has some of the inputs.
    case row
  }

  /// Input features.
  package let input: UInt64
  /// The outputs in their order; each piece is shared by itself.
  package let pieces: [FusedSlice]
  package let sharing: Sharing

  /// Output features.
  package var output: UInt64 { pieces.reduce(0) { $0 &+ $1.rows } }

  package init(input: UInt64, pieces: [FusedSlice], sharing: Sharing) {
    self.input = input
    self.pieces = pieces
    self.sharing = sharing
  }

  package init(input: UInt64, output: UInt64, sharing: Sharing) {
    self.init(input: input, pieces: [FusedSlice(rows: output)], sharing: sharing)
  }
}

/// A run of outputs that are shared evenly.
package struct FusedSlice: Sendable {
  /// Number of outputs.
  package let rows: UInt64
  /// Number of heads that they are made of, where a head can be on several devices but not in parts; nil when any cut
  /// will do.
  package let heads: UInt64?

  package init(rows: UInt64, heads: UInt64? = nil) {
    self.rows = rows
    self.heads = heads
  }
}

/// Where the factors of a module of the base go.
package struct EnginePlace: Sendable {
  /// Position of the engine's module.
  package let module: Int
  /// The slices that it fills, and the row of B from which each one is taken.
  package let targets: [(slice: Int, firstRow: UInt64)]
  /// The expert that it is; nil for a stack of all experts, and for what has no experts.
  package let expert: UInt64?

  package init(module: Int, targets: [(slice: Int, firstRow: UInt64)], expert: UInt64?) {
    self.module = module
    self.targets = targets
    self.expert = expert
  }
}
