import SHA2

/// Style and script of the page, and the policy that allows these two and nothing else.
enum PageAssets {
  static let style = Markup(stringLiteral: "\n" + styleText)
  static let script = Markup(stringLiteral: "\n" + scriptText)

  /// The content security policy: the page may load nothing; style and script are allowed by their hashes.
  static let policy =
    "default-src 'none'; style-src '\(hash(style))'; script-src '\(hash(script))'; base-uri 'none'; form-action 'none'"

  private static func hash(_ text: Markup) -> String {
    "sha256-" + base64(Array(SHA256.hash(data: Array(text.html.utf8))))
  }

  private static func base64(_ bytes: [UInt8]) -> String {
    let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
    var text = ""
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let group = bytes[start..<min(start + 3, bytes.count)]
      let bits = group.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - group.count))
      for place in 0..<4 { text.append(place <= group.count ? digits[bits >> (18 - 6 * place) & 63] : "=") }
    }
    return text
  }
}
