/// What differs between releases of SGLang as far as adapters go.
struct SGLangRelease: Sendable {
  /// The release.
  let version: String
  /// Its model classes.
  let classes: SGLangClassTable

  /// The release of November 2026.
  static let release23 = SGLangRelease(version: "0.5.23", classes: .release23)
}
