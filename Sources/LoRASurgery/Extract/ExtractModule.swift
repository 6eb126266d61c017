import LoRADeltas
import LoRAModel
import TensorCore

/// A module of the base that LoRA can target, with its difference in the tuned model: one matrix, or one for each expert.
struct ExtractModule: Sendable {
  /// Its name in memory.
  let name: String
  let kind: ModuleKind
  let matrices: [DeltaMatrix]
  /// Whether the rows of the matrices are inputs and their columns outputs.
  let rowsAreInputs: Bool
  /// What stands behind the rank in A's shape: `[in]`, of a convolution `[in, k…]`.
  let inputShape: [UInt64]
  /// Dimensions of size one behind the rank in B's shape.
  let kernelDimensions: Int
  /// Type of the tuned model's weight.
  let dtype: DType
  /// Place among the stacks of its owner, in the order of their registration.
  var place = 0

  init(
    _ name: String, _ kind: ModuleKind, _ matrices: [DeltaMatrix], dtype: DType, rowsAreInputs: Bool = false,
    inputShape: [UInt64]? = nil
  ) {
    (self.name, self.kind, self.matrices) = (name, kind, matrices)
    (self.dtype, self.rowsAreInputs) = (dtype, rowsAreInputs)
    let first = matrices.first
    let inputs = UInt64((rowsAreInputs ? first?.rows : first?.columns) ?? 0)
    self.inputShape = inputShape ?? [inputs]
    kernelDimensions = (inputShape?.count ?? 1) - 1
  }

  var inputs: Int { (rowsAreInputs ? matrices.first?.rows : matrices.first?.columns) ?? 0 }
  var outputs: Int { (rowsAreInputs ? matrices.first?.columns : matrices.first?.rows) ?? 0 }
  var experts: Int { matrices.count }
  /// Singular values that a matrix can have.
  var limit: Int { matrices.first?.limit ?? 0 }
  /// The module that owns a parameter.
  var owner: String { name.lastIndex(of: ".").map { String(name[..<$0]) } ?? name }
  var inputBytes: UInt64 { matrices.reduce(0) { $0 &+ $1.inputBytes } }
}

/// A tensor of the tuned model that is saved as it is when it changed.
struct WholeTensor: Sendable {
  /// Its name in the tuned model.
  let stored: String
  /// Its name in memory.
  let name: String
  let tuned: TensorSource
  /// The difference in pieces; nil where the base has no such tensor or one of another shape.
  let matrices: [DeltaMatrix]?
  /// Other names in memory of the same tensor, under which it is saved too.
  var aliases: [String] = []
  /// Whether it goes by the name of a parameter and not by that of a module that PEFT can replace.
  var isBare = false
}
