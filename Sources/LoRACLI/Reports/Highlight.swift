/// A line of a text report with its verdict in colour: a word such as `fail` or `error` at its start, before a colon or
/// two blanks.
///
/// Only escape sequences are added, so that taking them out gives the plain report again.
func highlighted(_ line: String) -> String {
  let indent = line.prefix { $0 == " " }
  let rest = line.dropFirst(indent.count)
  let word = rest.prefix { $0.isLetter }
  let after = rest.dropFirst(word.count)
  guard after.isEmpty || after.hasPrefix(":") || after.hasPrefix("  "), let code = colours[String(word)] else {
    return line
  }
  return "\(indent)\u{1B}[\(code)m\(word)\u{1B}[0m\(after)"
}

/// Codes of SGR colours: green, yellow, red and cyan.
private let colours = [
  "pass": 32, "verified": 32, "warn": 33, "warning": 33, "skip": 33, "fail": 31, "error": 31, "differs": 31, "note": 36,
]
