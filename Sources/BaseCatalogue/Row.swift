/// One line of an architecture: a module, a tensor, or a group of rows under a common path.
enum Row {
  /// A module that LoRA can target.
  case module(ModuleRow)
  /// A stack of expert matrices in memory that the checkpoint holds expert by expert.
  case split(StackRow)
  /// A linear layer in memory that the checkpoint holds, from its first row on, in a matrix of that many rows.
  case fused(ModuleRow, firstRow: Size, rows: Size, isReordered: Bool)
  /// The embedding of the vocabulary, whose rows the checkpoint holds as several tensors.
  case tables(ModuleRow, parts: [(name: Path, rows: Size)])
  /// A parameter that no LoRA module owns.
  case tensor(Path, [Size])
  /// Something that is stored but no parameter.
  case buffer(Path, [Size])
  /// Rows below a path.
  case scope(Path, [Row])
  /// Rows below `path.0`, `path.1`, …; `isLayers` when these are layers of the model.
  case repeated(Path, Size, isLayers: Bool, (Int) -> [Row])
}

/// A relative path, with its name in memory where that is another one than in the checkpoint.
struct Path: ExpressibleByStringInterpolation, Sendable {
  let disk: String
  private let other: String?

  init(_ disk: String, memory: String?) {
    self.disk = disk
    self.other = memory
  }

  init(stringLiteral value: String) { self.init(value, memory: nil) }

  var memory: String { other ?? disk }

  /// Whether both names are the same.
  var isPlain: Bool { other == nil }

  /// The path of something below this one; empty parts leave no dot.
  static func / (left: Path, right: Path) -> Path {
    let disk = joined(left.disk, right.disk)
    return Path(disk, memory: left.isPlain && right.isPlain ? nil : joined(left.memory, right.memory))
  }

  /// One path behind the other; empty ones leave no dot.
  static func joined(_ left: String, _ right: String) -> String {
    if left.isEmpty { return right }
    if right.isEmpty { return left }
    var whole = left
    whole.reserveCapacity(left.utf8.count + right.utf8.count + 1)
    whole += "."
    whole += right
    return whole
  }
}

/// The facts of a module row.
struct ModuleRow {
  var path: Path
  var kind: BaseModule.Kind
  var inFeatures: Size
  var outFeatures: Size
  var shape: [Size]
  var hasBias = false
  var isTransposed = false
  /// Whether it shares the weight of the token embedding, which must come before it.
  var isTied = false
  /// Name in the checkpoint, from the body's path on, of another weight that it shares instead of the token embedding's.
  var tiedTo: String?
  /// Whether this is the token embedding.
  var isTokens = false
  /// Whether it is a router's bare matrix: reachable as a target parameter only.
  var isRouter = false
}

/// The facts of an expert stack that is split on disk.
struct StackRow {
  var memory: String
  /// Paths of one expert's matrices, `{e}` for its number; their rows follow each other in memory.
  var parts: [String]
  var experts: Size
  var inFeatures: Size
  /// Output features of each part.
  var outFeatures: Size
}

/// Collects rows; `if`, `for` and `switch` may be used among them.
@resultBuilder
enum RowBuilder {
  static func buildExpression(_ row: Row) -> [Row] { [row] }
  static func buildExpression(_ rows: [Row]) -> [Row] { rows }
  static func buildBlock(_ groups: [Row]...) -> [Row] { Array(groups.joined()) }
  static func buildOptional(_ rows: [Row]?) -> [Row] { rows ?? [] }
  static func buildEither(first rows: [Row]) -> [Row] { rows }
  static func buildEither(second rows: [Row]) -> [Row] { rows }
  static func buildArray(_ groups: [[Row]]) -> [Row] { Array(groups.joined()) }
}

/// A linear layer, weight (out, in); a tied one shares the weight of the token embedding.
func linear(_ path: Path, _ input: Size, _ output: Size, bias: Bool = false, tied: Bool = false) -> Row {
  .module(
    ModuleRow(
      path: path, kind: .linear, inFeatures: input, outFeatures: output, shape: [output, input], hasBias: bias,
      isTied: tied))
}

/// A linear layer that is stored as (in, out), as GPT-2 does; always with a bias.
func transposedLinear(_ path: Path, _ input: Size, _ output: Size) -> Row {
  .module(
    ModuleRow(
      path: path, kind: .linear, inFeatures: input, outFeatures: output, shape: [input, output], hasBias: true,
      isTransposed: true))
}

/// A table of `count` rows of `width` elements; a tied one shares the weight of the token embedding.
func embedding(_ path: Path, _ count: Size, _ width: Size, tied: Bool = false) -> Row {
  .module(
    ModuleRow(
      path: path, kind: .embedding, inFeatures: count, outFeatures: width, shape: [count, width], isTied: tied))
}

/// The embedding of the vocabulary: it tells the heads the vocabulary and the hidden size, and tied rows share it.
func tokens(_ path: Path, _ vocabulary: Size, _ hidden: Size) -> Row {
  .module(
    ModuleRow(
      path: path, kind: .embedding, inFeatures: vocabulary, outFeatures: hidden, shape: [vocabulary, hidden],
      isTokens: true))
}

/// Linear layers, by their names in memory, whose rows follow each other in one matrix of the checkpoint; the rows of
/// `reordered` ones are in another order there.
func fused(
  _ stored: String, _ input: Size, _ parts: [(memory: String, output: Size)], bias: Bool = false,
  reordered: Set<String> = []
) -> [Row] {
  let rows = parts.reduce(0) { $0 + $1.output }
  var firstRow: Size = 0
  return parts.map { part in
    defer { firstRow = firstRow + part.output }
    let row = ModuleRow(
      path: Path(stored, memory: part.memory), kind: .linear, inFeatures: input, outFeatures: part.output,
      shape: [part.output, input], hasBias: bias)
    return .fused(row, firstRow: firstRow, rows: rows, isReordered: reordered.contains(part.memory))
  }
}

/// The embedding of the vocabulary, by its name in memory, whose rows the checkpoint holds as tensors of those names.
func tokens(_ memory: Path, from parts: [(name: Path, rows: Size)], _ hidden: Size) -> Row {
  let rows = parts.reduce(0) { $0 + $1.rows }
  return .tables(
    ModuleRow(
      path: memory, kind: .embedding, inFeatures: rows, outFeatures: hidden, shape: [rows, hidden], isTokens: true),
    parts: parts)
}

/// A convolution with a kernel of one to three axes, weight (out, in, kernel…).
func convolution(_ path: Path, _ input: Size, _ output: Size, kernel: [Size], bias: Bool) -> Row {
  let kind: BaseModule.Kind = kernel.count == 1 ? .conv1d : kernel.count == 2 ? .conv2d : .conv3d
  return .module(
    ModuleRow(
      path: path, kind: kind, inFeatures: input, outFeatures: output, shape: [output, input] + kernel, hasBias: bias))
}

/// A convolution over time of every channel alone, weight (channels, 1, width).
func depthwise(_ path: Path, _ channels: Size, width: Size, bias: Bool) -> Row {
  .module(
    ModuleRow(
      path: path, kind: .conv1d, inFeatures: channels, outFeatures: channels, shape: [channels, 1, width], hasBias: bias
    ))
}

/// A stack of expert matrices that is stored whole: (experts, out, in), or (experts, in, out) when transposed.
func stack(_ path: Path, _ experts: Size, _ input: Size, _ output: Size, transposed: Bool = false) -> Row {
  .module(
    ModuleRow(
      path: path, kind: .parameter, inFeatures: input, outFeatures: output,
      shape: transposed ? [experts, input, output] : [experts, output, input], isTransposed: transposed))
}

/// A stack of expert matrices (experts, parts · out, in) in memory whose parts are stored one by one, each (out, in).
func stack(_ memory: String, from parts: [String], _ experts: Size, _ input: Size, _ output: Size) -> Row {
  .split(StackRow(memory: memory, parts: parts, experts: experts, inFeatures: input, outFeatures: output))
}

/// The matrix (experts, hidden) that picks experts, kept as a bare parameter `weight`.
func router(_ path: Path, _ hidden: Size, _ experts: Size) -> Row {
  .module(
    ModuleRow(
      path: path, kind: .parameter, inFeatures: hidden, outFeatures: experts, shape: [experts, hidden], isRouter: true))
}

/// A norm: `weight`, and `bias` when asked for, of `size` elements.
func norm(_ path: Path, _ size: Size, bias: Bool = false) -> [Row] {
  [.scope(path, [.tensor("weight", [size])] + (bias ? [.tensor("bias", [size])] : []))]
}

/// A parameter of its own that LoRA does not reach.
func tensor(_ path: Path, _ shape: Size...) -> Row { .tensor(path, shape) }

/// A stored tensor that is no parameter.
func buffer(_ path: Path, _ shape: Size...) -> Row { .buffer(path, shape) }

/// Rows below a path.
func scope(_ path: Path, @RowBuilder _ rows: () -> [Row]) -> Row { .scope(path, rows()) }

/// Rows for each layer, below `path.0` to `path.(count - 1)`.
func layers(_ path: Path, _ count: Size, @RowBuilder _ rows: @escaping (Int) -> [Row]) -> Row {
  .repeated(path, count, isLayers: true, rows)
}

/// Rows for each of several equal parts of a layer, below `path.0` to `path.(count - 1)`.
func copies(_ path: Path, _ count: Size, @RowBuilder _ rows: @escaping (Int) -> [Row]) -> Row {
  .repeated(path, count, isLayers: false, rows)
}
