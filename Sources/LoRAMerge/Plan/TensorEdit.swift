import LoRAKernels
import Safetensors
import TensorCore

/// What one adapter does to one tensor of the output.
struct Change: Sendable {
  /// The ways to change a tensor.
  enum Action: Sendable {
    /// Adds a delta to rows of the tensor, seen as a matrix of `columns` columns.
    case add(LowRankDelta, firstRow: UInt64, rows: UInt64, columns: UInt64)
    /// Takes the whole tensor from the adapter.
    case replace(StoredTensor)
    /// Takes W from the adapter before anything is added to it.
    case rebase(StoredTensor)
    /// Takes single rows from the adapter: row i of the stored tensor becomes row `indices[i]`.
    case replaceRows([UInt64], StoredTensor)
  }

  /// Name of the tensor in the base, or of the output head where a tied base has none of its own.
  var tensor: String
  /// Position of the adapter.
  var adapter: Int
  /// What it does.
  var action: Action
}

/// What all adapters together do to one tensor.
struct TensorEdit: Sendable {
  /// Rows with a delta of one adapter.
  struct Addition: Sendable {
    var rows: Range<UInt64>
    var delta: LowRankDelta
  }

  /// W, where an adapter brings it along.
  private(set) var origin: StoredTensor?
  /// Whether `origin` replaces the tensor as a whole and nothing may be added.
  private(set) var isReplaced = false
  /// The deltas in the order of the adapters.
  private(set) var additions: [Addition] = []
  /// Columns of the matrix that the deltas see; nil without deltas.
  private(set) var columns: UInt64?
  /// Rows that an adapter brings along, in the order of their numbers.
  private(set) var replacedRows: [(row: UInt64, from: StoredTensor)] = []

  /// Whether only single rows are replaced.
  var isOnlyRows: Bool { origin == nil && additions.isEmpty && !replacedRows.isEmpty }

  /// Takes in a change; returns why it cannot go together with those before it, or nil.
  mutating func add(_ change: Change) -> String? {
    if !replacedRows.isEmpty { return "single rows of the tensor are replaced and something else is done to it" }
    switch change.action {
    case .add(let delta, let firstRow, let rows, let columns):
      if isReplaced { return "one adapter replaces the tensor and another adds to it" }
      if let known = self.columns, known != columns { return "two deltas see the tensor as matrices of unlike widths" }
      let isDecomposed = delta.magnitude != nil || additions.contains { $0.delta.magnitude != nil }
      if isDecomposed, additions.contains(where: { $0.rows != firstRow..<firstRow + rows }) {
        return "a DoRA and an adapter of other rows of the tensor cannot be combined"
      }
      self.columns = columns
      additions.append(Addition(rows: firstRow..<firstRow + rows, delta: delta))
    case .replace(let tensor):
      if isReplaced { return "two adapters replace the tensor" }
      if origin != nil || !additions.isEmpty { return "one adapter replaces the tensor and another adds to it" }
      isReplaced = true
      origin = tensor
    case .rebase(let tensor):
      if origin != nil { return "two adapters bring along their own version of the tensor" }
      origin = tensor
    case .replaceRows(let indices, let tensor):
      if origin != nil || !additions.isEmpty {
        return "single rows of the tensor are replaced and something else is done to it"
      }
      for (position, row) in indices.enumerated() { replacedRows.append((row, tensor.row(UInt64(position)))) }
      replacedRows.sort { $0.row < $1.row }
    }
    return nil
  }

  /// The rows cut into ranges over which the set of deltas does not change, each with its deltas; `rows` is the
  /// number of rows of the whole tensor.
  func blocks(rows: UInt64) -> [(rows: Range<UInt64>, deltas: [LowRankDelta])] {
    var edges: Set<UInt64> = [0, rows]
    for addition in additions { edges.formUnion([addition.rows.lowerBound, addition.rows.upperBound]) }
    let sorted = edges.ordered()
    // Stacks of experts have many additions side by side; each is met once as the ranges advance.
    let ordered = additions.enumerated().ordered {
      ($0.element.rows.lowerBound, $0.offset) < ($1.element.rows.lowerBound, $1.offset)
    }
    var next = ordered.startIndex
    var open: [(offset: Int, element: Addition)] = []
    var result: [(rows: Range<UInt64>, deltas: [LowRankDelta])] = []
    for (begin, end) in zip(sorted, sorted.dropFirst()) {
      open.removeAll { $0.element.rows.upperBound <= begin }
      while next < ordered.endIndex, ordered[next].element.rows.lowerBound <= begin {
        open.append(ordered[next])
        next += 1
      }
      let deltas = open.ordered { $0.offset < $1.offset }.map { open in
        open.element.delta.dropping(rows: begin - open.element.rows.lowerBound)
      }
      result.append((begin..<end, deltas))
    }
    return result
  }
}

extension LowRankDelta {
  /// The same delta for a matrix that starts `rows` rows further down.
  func dropping(rows: UInt64) -> LowRankDelta {
    guard rows > 0 else { return self }
    var delta = self
    delta.left?.layout = left?.layout.dropping(first: Int(rows)) ?? FactorLayout(stride: 0, rankStride: 0)
    return delta
  }
}
