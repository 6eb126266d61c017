/// What differs between releases of vLLM as far as adapters go.
///
/// A new release is one more value here and, where its model classes changed, one more table of classes.
struct VLLMRelease: Sendable {
  /// Major and minor number.
  let version: String
  /// Whether `rank_pattern` and `alpha_pattern` decide rank and scale of a module; before, `r` and `lora_alpha` did for
  /// all.
  let readsPatterns: Bool
  /// Whether fields of variants (`lora_bias`, `init_lora_weights`, aLoRA, …) are read and refused; before, they were
  /// passed over.
  let readsVariants: Bool
  /// Whether a multimodal class finds names of its text model alone (`_get_text_lora_names`).
  let findsTextNames: Bool
  /// Whether whole expert stacks are refused by classes that keep experts apart, with a message that says so.
  let checksExpertFormat: Bool
  /// Whether a classification head can be replaced for every task; before, only where the model scores pairs.
  let replacesHeads: Bool
  /// Whether gate and up of GPT-OSS that were split for both formats of experts get their alternating rows back
  /// (`lora_experts_mixin.py`); before, they were added to the halves.
  let alternatesSplitExperts: Bool
  /// Its model classes.
  let classes: VLLMClassTable
  /// Which quantised bases it was seen to apply adapters on; nil where none was tried.
  var quantisation: VLLMQuantisation?

  /// The release of November 2026.
  static let release33 = VLLMRelease(
    version: "0.33", readsPatterns: true, readsVariants: true, findsTextNames: true, checksExpertFormat: true,
    replacesHeads: true, alternatesSplitExperts: true, classes: .release33,
    quantisation: .release33)

  /// The one before: text adapters on multimodal classes are not found yet.
  static let release32 = VLLMRelease(
    version: "0.32", readsPatterns: true, readsVariants: true, findsTextNames: false, checksExpertFormat: true,
    replacesHeads: false, alternatesSplitExperts: true, classes: .release32)

  /// Neither patterns nor variants are read.
  static let release31 = VLLMRelease(
    version: "0.31", readsPatterns: false, readsVariants: false, findsTextNames: false, checksExpertFormat: false,
    replacesHeads: false, alternatesSplitExperts: false, classes: .release31)
}
