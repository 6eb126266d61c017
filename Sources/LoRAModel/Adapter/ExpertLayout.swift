/// How the factors of a stack of experts are laid out, which files do not always tell.
public enum ExpertLayout: String, Sendable, CaseIterable {
  /// PEFT since 0.19.1: A is over the input, B's columns run rank by rank with the expert fastest.
  case peft
  /// PEFT up to 0.18, which took the dimension after the experts for the input: for stacks `[experts, out, in]` A is
  /// over the output and B over the input.
  case peft018 = "peft-0.18"
  /// Unsloth before unsloth-zoo of September 2026: as PEFT, but B's columns run expert by expert.
  case unsloth
}
