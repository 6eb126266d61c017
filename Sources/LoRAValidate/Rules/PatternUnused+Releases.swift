import Diagnostics
import JSON
import LoRAModel

extension ValidationContext {
  /// Keys of `alpha_pattern` that older releases of PEFT passed over, in a config that such a release wrote.
  ///
  /// A key that names a module from its first letter on, or begins with `^`, matches since PEFT 0.15
  /// (`get_pattern_key`); before, a dot had to stand in front. Of the ranks the tensors tell, of an alpha nothing does.
  var keysOfLaterReleases: [Finding] {
    guard let config = adapter.config, !config.alphaPattern.isEmpty, !config.isOfRelease15 else { return [] }
    let modules = Set(names)
    let keys = config.alphaPattern.filter { entry in
      entry.alpha != config.alpha && (modules.contains(entry.pattern) || entry.pattern.hasPrefix("^"))
    }.map(\.pattern)
    guard let first = keys.first, names.contains(where: { name in hits(name, among: keys) }) else { return [] }
    return [
      Finding(
        .patternUnused, severity: .note,
        "alpha_pattern names whole modules (\(listing(keys))), which PEFT matches since 0.15 alone; none of that release's "
          + "fields is in the config, and an older one trained these modules with lora_alpha", file: config.path,
        expected: "a config of PEFT 0.15 or later", found: escaped(first, limit: 120),
        hint: "if PEFT was older than 0.15 in the training, drop the entries")
    ]
  }

  private func hits(_ name: String, among keys: [String]) -> Bool {
    matching?.alphaPatterns(hitting: name).contains { keys.contains($0.pattern) } ?? false
  }
}

extension AdapterConfig {
  /// Whether PEFT 0.15 or a later release wrote the config, which puts all of its fields there.
  fileprivate var isOfRelease15: Bool {
    ["trainable_token_indices", "corda_config", "peft_version"].contains { raw[$0] != nil }
  }
}
