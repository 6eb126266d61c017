/// What differs between releases of SGLang as far as adapters go.
///
/// `lora.py` and `lora_config.py`, which read adapters, are the same in all of them.
struct SGLangRelease: Sendable {
  /// The release.
  let version: String
  /// Its model classes.
  let classes: SGLangClassTable
  /// Architectures that it does not have yet.
  var absent: Set<String> = []
  /// Whether single shared experts are refused; before, they took the place of the experts of the same number.
  var refusesSingleSharedExperts = true

  /// The release of November 2026.
  static let release23 = SGLangRelease(version: "0.5.23", classes: .release23)

  /// The one before.
  static let release22 = SGLangRelease(
    version: "0.5.22", classes: .release23, absent: ["BeamForCausalLM", "MiniCPMV4_7ForConditionalGeneration"],
    refusesSingleSharedExperts: false)

  /// The one before that.
  static let release21 = SGLangRelease(
    version: "0.5.21", classes: .release23,
    absent: release22.absent.union(["EmbeddingGemma2Model", "ExaoneMoeForCausalLM"]), refusesSingleSharedExperts: false)
}
