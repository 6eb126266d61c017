/// Text from a file made safe for a terminal and for one line: control, format and line-separator characters become
/// `\n`-style or `\u{…}` escapes, and very long names are cut in the middle.
///
/// Nothing that comes from an input file may reach a terminal except through here or a JSON string. Escaping twice
/// changes nothing more, so what has been escaped where a message is made may be escaped again where it is shown.
package func escaped(_ text: String, limit: Int = 300) -> String {
  if text.utf8.count <= limit, text.isPrintableASCII { return text }
  var result = ""
  var count = 0
  for scalar in text.unicodeScalars {
    count += 1
    if count > limit {
      result += "…"
      break
    }
    switch scalar {
    case "\n": result += "\\n"
    case "\r": result += "\\r"
    case "\t": result += "\\t"
    default:
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned:
        result += "\\u{" + String(scalar.value, radix: 16, uppercase: true) + "}"
      default: result.unicodeScalars.append(scalar)
      }
    }
  }
  return result
}

extension String {
  /// Whether every character is one of the printable ones of ASCII, which are shown as they are.
  package var isPrintableASCII: Bool {
    let bytes = utf8Span.span
    var index = 0
    while index < bytes.count {
      if bytes[index] &- 0x20 > 0x5E { return false }
      index += 1
    }
    return true
  }
}
