public import TensorCore

/// One module of a base model that LoRA can target.
public struct BaseModule: Sendable, Hashable {
  /// What kind of module it is, which settles the shapes of A and B.
  public enum Kind: String, Sendable, CaseIterable {
    /// A matrix: A is (r, in), B is (out, r).
    case linear
    /// A table of `inFeatures` rows of `outFeatures` elements: A is (r, in), B is (out, r).
    case embedding
    /// A convolution over one, two or three axes: A is (r, in, kernel…), B is (out, r, 1…).
    case conv1d
    case conv2d
    case conv3d
    /// A raw parameter: a stack of expert matrices, A is (experts·r, in), B is (out, r·experts); or one matrix.
    case parameter
  }

  /// Dotted path as in the checkpoint: of the module, or for a `parameter` of the tensor itself.
  public let name: String
  /// Kind of module.
  public let kind: Kind
  /// Input features; rows of an embedding; input channels of a convolution.
  public let inFeatures: UInt64
  /// Output features; elements in a row of an embedding; output channels of a convolution.
  public let outFeatures: UInt64
  /// Shape of the weight tensor as stored, outermost dimension first.
  public let shape: Shape
  /// Whether a `bias` of `outFeatures` elements is stored beside the weight.
  public let hasBias: Bool
  /// Whether the matrix is stored as (in, out), as GPT-2 and some expert stacks do, instead of (out, in).
  public let isTransposed: Bool
  /// Name of the other tensor that this module shares, when it is tied and has no weight of its own on disk.
  public let tiedTo: String?

  /// Name of the weight tensor in the checkpoint.
  public var tensor: String {
    if let tiedTo { tiedTo } else if kind == .parameter { name } else { name + ".weight" }
  }

  /// Number of experts in a stack, 1 for everything else.
  public var experts: UInt64 { kind == .parameter && shape.rank == 3 ? shape[0] : 1 }
}

/// A module that the library names or stores otherwise in memory than in the checkpoint.
///
/// Adapters that were trained with that library carry the names in memory.
public struct RuntimeModule: Sendable, Hashable {
  /// The module as it is in memory; name and shape are those in memory.
  public let module: BaseModule
  /// Names of the modules in the checkpoint that hold it.
  ///
  /// For a stack of experts these are the patterns of the matrices of one expert, in the order in which their rows
  /// follow each other in memory; `{e}` stands for the number of the expert.
  public let parts: [String]
  /// Where the checkpoint holds it with others as one matrix, `parts` being that one: its first row there.
  public let firstRow: UInt64?
  /// Whether its rows are there in another order than in memory.
  public let isReordered: Bool

  /// A stack `[experts, rows, columns]` of which a checkpoint holds the matrices of each expert, their rows following
  /// each other; `parts` are the patterns of their names.
  public init(stack name: String, experts: UInt64, rows: UInt64, columns: UInt64, parts: [String]) {
    module = BaseModule(
      name: name, kind: .parameter, inFeatures: columns, outFeatures: rows, shape: [experts, rows, columns],
      hasBias: false, isTransposed: false, tiedTo: nil)
    self.parts = parts
    firstRow = nil
    isReordered = false
  }

  init(module: BaseModule, parts: [String], firstRow: UInt64? = nil, isReordered: Bool = false) {
    self.module = module
    self.parts = parts
    self.firstRow = firstRow
    self.isReordered = isReordered
  }

  /// Whether the checkpoint stores the experts of this stack one by one.
  public var isSplitByExpert: Bool {
    module.kind == .parameter && parts.contains { $0.contains(ExpertName.placeholder) }
  }

  /// Names of the modules in the checkpoint that hold expert `index`, in the order of their rows.
  public func parts(ofExpert index: UInt64) -> [String] {
    guard isSplitByExpert else { return parts }
    return parts.map { ExpertName($0).name(of: index) }
  }
}

/// A tensor in the checkpoint that no LoRA module owns: a norm, a table of positions, a buffer.
public struct BaseTensor: Sendable, Hashable {
  /// Full name in the checkpoint.
  public let name: String
  /// Shape, outermost dimension first.
  public let shape: Shape
}
