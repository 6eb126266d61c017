/// What a buffer is made of: which slices of which module, and which part of them this device has.
struct SlotLayoutInput: Sendable {
  /// Position of the module in `EngineModules.modules`.
  let module: Int
  /// The slices whose factors lie in the buffer; several where the engine keeps them in one tensor.
  let slices: Range<Int>
  /// Number of matrices: experts, else 1.
  let matrices: UInt64
  /// Rows of each matrix.
  let rows: UInt64
  /// Columns of each matrix.
  let columns: UInt64
  /// Ranks that this device has of A, counted from the adapter's first; all in most cases.
  let ranks: Range<UInt64>
  /// Inputs that this device has of A.
  let inputs: Range<UInt64>
  /// For each slice, the outputs that this device has of B, in runs.
  let outputs: [[Range<UInt64>]]
  /// Whether A is stored with a row per input.
  let isTransposed: Bool
}
