extension Engine {
  /// Every known release, the newest of an engine first.
  public static let releases: [Engine] =
    [vLLM(.release33), vLLM(.release32), vLLM(.release31)]
    + [sgLang(.release23), sgLang(.release22), sgLang(.release21)] + [lorax]
    + [tensorRTLLM(.torch), tensorRTLLM(.manager)]

  /// The newest known release of every engine.
  public static let all: [Engine] = releases.filter { $0.isFirst(in: releases) }

  /// The newest release of vLLM that is known.
  public static var vLLM: Engine { vLLM(.release33) }

  /// The engine of this name, or nil: `vllm`, or with a release as in `vllm@0.32` and `vllm@0.32.1`.
  public init?(named name: String) {
    let parts = name.lowercased().split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
    let candidates = Self.releases.filter { $0.name == parts[0] }
    guard parts.count == 2 else {
      guard let newest = candidates.first else { return nil }
      self = newest
      return
    }
    let wanted = parts[1].drop { $0 == "v" }
    // A patch release differs in no verdict from its minor release.
    guard let found = candidates.first(where: { wanted == $0.version || wanted.hasPrefix($0.version + ".") }) else {
      return nil
    }
    self = found
  }

  private func isFirst(in releases: [Engine]) -> Bool {
    releases.first { $0.name == name }?.version == version
  }
}
