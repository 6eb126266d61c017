import Safetensors
import TensorCore

/// One way in which files hold weights as codes: which tensors it is made of, and what they mean.
///
/// A format is one file in Formats and one line in `all`.
struct QuantizedFormat: Sendable {
  /// What the names of tensors with codes end in: `.weight`, `.qweight`; empty for bare parameters.
  let endings: [String]
  /// The weight whose codes `parts` names; nil when it is of another format or not quantised at all.
  let weight: @Sendable (QuantizedParts) throws(QuantizationError) -> QuantizedWeight?

  /// Every format, the surest signs first.
  static let all: [QuantizedFormat] = [
    .bitsAndBytes4, .bitsAndBytes8, .compressedIntegers, .fourBitFloats, .gptq, .awq, .hqq, .transposedExperts, .mlx,
    .torchAO,
    .unreadable, .wholeIntegers, .fp8,
  ]
}

/// A tensor that may hold codes, with what lies beside it.
struct QuantizedParts {
  /// Name of the tensor with codes.
  let name: String
  /// Name of what owns it: the module, or the parameter itself.
  let owner: String
  let codes: StoredPart
  let config: QuantizationConfig?
  let cache: PackedMatrixCache
  fileprivate let checkpoint: Checkpoint

  init?(
    _ name: String, ending: String, in checkpoint: Checkpoint, _ config: QuantizationConfig?, _ cache: PackedMatrixCache
  ) {
    guard let entry = checkpoint.tensors[name] else { return nil }
    self.name = name
    owner = String(name.dropLast(ending.count))
    codes = StoredPart(file: checkpoint.files[entry.file], info: entry.info)
    self.checkpoint = checkpoint
    self.config = config
    self.cache = cache
  }

  /// The tensor of this name.
  func tensor(_ name: String) -> StoredPart? {
    checkpoint.tensors[name].map { StoredPart(file: checkpoint.files[$0.file], info: $0.info) }
  }

  /// The tensor of the owner that ends in this: `.scales`, `_scale_inv`.
  func beside(_ ending: String) -> StoredPart? { tensor(owner + ending) }

  /// The first of them that is there.
  func beside(anyOf endings: [String]) -> StoredPart? { endings.lazy.compactMap { beside($0) }.first }

  /// The tensor of the owner, which must be there.
  func needed(_ ending: String) throws(QuantizationError) -> StoredPart {
    guard let part = beside(ending) else {
      throw .invalid(
        name, "\"\(owner + ending)\", which its codes need, is missing", hint: "finish the download")
    }
    return part
  }

  /// The weight with these numbers.
  ///
  /// - Parameters:
  ///   - parts: what it is made of, the codes first.
  ///   - unused: endings of tensors that belong to it and are no part of its numbers, such as scales of activations.
  func weight(
    _ shape: Shape, named name: String? = nil, format: String, parts: [StoredPart?], unused: [String] = [],
    grid: FP8Grid? = nil, _ values: any QuantizedValues
  ) throws(QuantizationError) -> QuantizedWeight {
    guard let count = shape.elementCount, count < 1 << 48, count > 0 else {
      throw .invalid(self.name, "its codes stand for a tensor of shape \(shape)")
    }
    let all = parts.compactMap { $0 } + unused.compactMap { beside($0) }
    guard let codes = all.first, let entry = checkpoint.tensors[codes.name] else {
      throw .invalid(self.name, "it is missing")
    }
    return QuantizedWeight(
      name: name ?? owner + ".weight", shape: shape, format: format, codes: entry, parts: all.map(\.name),
      storedBytes: all.reduce(0) { $0 &+ $1.info.byteCount }, grid: grid, values: values)
  }

  /// Endings of tensors for activations that lie beside a weight.
  static let activations = [
    ".input_scale", ".input_global_scale", ".input_scale_ub", ".activation_scale", ".output_scale", ".input_zero_point",
    ".act_scale", ".output_zero_point",
  ]
}
