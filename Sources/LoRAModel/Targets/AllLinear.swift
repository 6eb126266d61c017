/// Modules that PEFT's `all-linear` stands for.
extension BaseModule {
  /// The last components of the names of output heads.
  private static let heads: Set<Substring> = [
    "lm_head", "embed_out", "score", "classifier", "qa_outputs", "proj_out", "output_projection", "generator_lm_head",
    "vocab_projector",
  ]

  /// Ends of names of output heads, and of torch's MultiheadAttention in the head of SigLIP and in Aria's projector.
  private static let others = ["predictions.decoder", "lm_head.decoder", "head.attention", "multihead_attn"]

  /// Whether `all-linear` takes the module: `_maybe_include_all_linear_layers` of PEFT 0.21 adapts `Linear` and GPT-2's
  /// `Conv1D`, but not what `get_output_embeddings` gives, nor the head of a classifier.
  package var isAllLinear: Bool {
    kind == .linear && tiedTo == nil && !Self.heads.contains(name.lastComponent)
      && !Self.others.contains { name.hasSuffix($0) }
  }
}
