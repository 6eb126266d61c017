import BaseCatalogue
import TensorCore

/// What a weight is and how it is laid out, where no catalogue says it: from names and shapes alone.
///
/// - A matrix is an embedding when its module is called like one (`embed_tokens`, `wte`, `…embeddings`), else linear.
/// - A matrix of GPT-2's kind is stored `[in, out]`: modules `c_attn`, `c_fc`, `c_proj`, `q_attn` of the model types that
///   use Conv1D, or, without a model type, where `c_attn` is three times as wide as high. gpt_bigcode has the names but
///   ordinary linear layers.
/// - Weights of three dimensions are a stack of experts when the name says so or the last dimension is too large for a
///   kernel, else a convolution; of four and five they are convolutions, both
///   called `conv2d`.
/// - A stack is stored `[experts, in, out]` in the model types known for it; elsewhere, when exactly one of the two
///   dimensions is the hidden size, that one is the input of a gate or up projection and the output of a down
///   projection.
struct BaseModuleShape {
  /// Whether modules with Conv1D names are stored `[in, out]`.
  let usesConv1D: Bool
  /// Size of the hidden state, when known.
  let hiddenSize: UInt64?
  private let modelType: String?

  init(modelType: String?, hiddenSize: UInt64?, shapeOfAttention: Shape?) {
    self.modelType = modelType
    self.hiddenSize = hiddenSize
    if let modelType {
      usesConv1D = Self.conv1DTypes.contains(modelType)
    } else if let shape = shapeOfAttention, shape.rank == 2 {
      usesConv1D = shape[0] < shape[1]
    } else {
      usesConv1D = false
    }
  }

  private static let conv1DTypes: Set<String> = [
    "gpt2", "openai-gpt", "imagegpt", "decision_transformer", "clvp", "clvp_decoder", "ctrl", "tapex",
  ]

  private static let conv1DNames: Set<Substring> = ["c_attn", "c_fc", "c_proj", "q_attn"]

  private static let embeddingNames: Set<Substring> = [
    "embed_tokens", "wte", "wpe", "tok_embeddings", "embed_in", "shared", "embed_positions", "token_embedding",
    "position_embedding", "relative_attention_bias", "embed_tokens_per_layer", "tokens_embed", "positions_embed",
  ]

  private static let transposedStackTypes: Set<String> = ["gpt_oss", "llama4", "llama4_text"]

  /// The kind of the weight of a module, or nil for a shape that LoRA cannot adapt, such as a norm's.
  func kind(ofModule name: String, _ shape: Shape) -> ModuleKind? {
    let leaf = Self.leaf(name)
    switch shape.rank {
    case 2: return Self.isEmbedding(leaf) ? .embedding : .linear
    case 3: return Self.isStack(name, shape) ? .parameter : .conv1d
    case 4, 5: return .conv2d
    default: return nil
    }
  }

  /// Whether the weight of a module is stored with its input first.
  func isTransposed(_ name: String, _ kind: ModuleKind, _ shape: Shape) -> Bool {
    switch kind {
    case .linear: usesConv1D && Self.conv1DNames.contains(Self.leaf(name))
    case .parameter: shape.rank == 3 && isTransposedStack(name, shape)
    default: false
    }
  }

  private func isTransposedStack(_ name: String, _ shape: Shape) -> Bool {
    if let modelType, Self.transposedStackTypes.contains(modelType) { return true }
    guard let hiddenSize, shape[1] != shape[2], (shape[1] == hiddenSize) != (shape[2] == hiddenSize) else {
      return false
    }
    let leaf = Self.leaf(name)
    let isDown = leaf.contains("down") || leaf.contains("output") || leaf == "w2"
    return isDown ? shape[2] == hiddenSize : shape[1] == hiddenSize
  }

  static func isEmbedding(_ leaf: Substring) -> Bool {
    // Patches of an image are no tokens that are looked up: a matrix or a convolution embeds them.
    if leaf.hasPrefix("patch_") { return false }
    return embeddingNames.contains(leaf) || leaf.hasSuffix("embeddings") || leaf.hasSuffix("_embedding")
  }

  /// Whether this is the embedding of the vocabulary.
  static func isTokenEmbedding(_ leaf: Substring) -> Bool { tokenEmbeddingNames.contains(leaf) }

  private static let tokenEmbeddingNames: Set<Substring> = [
    "embed_tokens", "wte", "word_embeddings", "tok_embeddings", "embed_in", "shared", "tokens_embed",
    "word_embedding",
  ]

  private static func isStack(_ name: String, _ shape: Shape) -> Bool {
    if name.contains("expert") || name.contains("moe") { return true }
    return !name.contains("conv") && shape[2] > 64
  }

  static func leaf(_ name: String) -> Substring {
    let bytes = name.utf8
    return name[(bytes.lastIndex(of: UInt8(ascii: ".")).map { bytes.index(after: $0) } ?? name.startIndex)...]
  }

  /// Input and output size of a weight that is stored as it is.
  static func features(_ kind: ModuleKind, _ shape: Shape, isTransposed: Bool) -> (input: UInt64, output: UInt64) {
    switch kind {
    case .embedding: (shape[0], shape[1])
    case .linear: isTransposed ? (shape[0], shape[1]) : (shape[1], shape[0])
    case .conv1d, .conv2d: (shape[1], shape[0])
    case .parameter:
      isTransposed
        ? (shape[shape.rank - 2], shape[shape.rank - 1]) : (shape[shape.rank - 1], shape[shape.rank - 2])
    }
  }

  /// Number of dimensions that a weight of this kind may have.
  static func ranks(_ kind: ModuleKind) -> ClosedRange<Int> {
    switch kind {
    case .linear, .embedding: 2...2
    case .conv1d: 3...3
    case .conv2d: 4...5
    case .parameter: 2...3
    }
  }
}

extension ModuleKind {
  /// The kind of a module in the catalogue.
  ///
  /// A matrix that picks experts counts as the linear layer that older libraries have in its place; A and B are shaped
  /// the same for both.
  init(of module: BaseCatalogue.BaseModule) {
    switch module.kind {
    case .linear: self = .linear
    case .embedding: self = .embedding
    case .conv1d: self = .conv1d
    case .conv2d, .conv3d: self = .conv2d
    case .parameter: self = module.isRouter ? .linear : .parameter
    }
  }
}

extension BaseCatalogue.BaseModule {
  /// Whether it is the matrix of a module that is called like one: `….gate.weight`.
  var isRouter: Bool { kind == .parameter && shape.rank == 2 && name.hasSuffix(".weight") }
}
