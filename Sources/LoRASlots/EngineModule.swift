/// A module as a serving engine runs it: one or several modules of the base side by side, each slice with an A and a B
/// of its own.
struct EngineModule: Sendable {
  /// What kind of layer it is, as far as slots depend on it.
  enum Kind: Sendable, Equatable {
    case linear
    /// The token embedding: A has one row per token.
    case embedding
    /// The output head, which every device keeps whole.
    case head
    /// A stack of this many experts.
    case experts(UInt64)
  }

  /// The engine's name.
  let name: String
  let kind: Kind
  let slices: [EngineSlice]
  /// The layer that it lies in, or nil.
  let layer: UInt64?

  /// Whether it is a stack of experts.
  var isStack: Bool { if case .experts = kind { true } else { false } }

  /// Number of matrices that each factor has.
  var experts: UInt64 { if case .experts(let count) = kind { count } else { 1 } }
}

/// One of the matrices that an engine's module fuses.
struct EngineSlice: Sendable {
  /// How devices share the matrix.
  enum Sharing: Sendable {
    /// Every device has all of it.
    case replicated
    /// Every device has some of the outputs.
    case column
    /// Every device has some of the inputs.
    case row
  }

  /// Input features.
  let input: UInt64
  /// The outputs in their order; each piece is shared by itself.
  let pieces: [EnginePiece]
  let sharing: Sharing

  /// Output features.
  var output: UInt64 { pieces.reduce(0) { $0 &+ $1.rows } }

  init(input: UInt64, pieces: [EnginePiece], sharing: Sharing) {
    self.input = input
    self.pieces = pieces
    self.sharing = sharing
  }

  init(input: UInt64, output: UInt64, sharing: Sharing) {
    self.init(input: input, pieces: [EnginePiece(rows: output)], sharing: sharing)
  }
}

/// A run of outputs that are shared evenly.
struct EnginePiece: Sendable {
  /// Number of outputs.
  let rows: UInt64
  /// Number of heads that they are made of, where a head can be on several devices but not in parts; nil when any cut
  /// will do.
  let heads: UInt64?

  init(rows: UInt64, heads: UInt64? = nil) {
    self.rows = rows
    self.heads = heads
  }
}

/// Where the factors of a module of the base go.
struct EnginePlace: Sendable {
  /// Position of the engine's module.
  let module: Int
  /// The slices that it fills, and the row of B from which each one is taken.
  let targets: [(slice: Int, firstRow: UInt64)]
  /// The expert that it is; nil for a stack of all experts, and for what has no experts.
  let expert: UInt64?
}
