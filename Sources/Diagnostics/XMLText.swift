import JSON

/// Text for XML 1.0, in elements and in attributes between quotation marks.
///
/// XML has no way to write most control characters; they become U+FFFD. What a terminal would obey or hide is escaped.
package func xmlText(_ value: String) -> String {
  value.unicodeScalars.reduce(into: "") { result, scalar in
    switch scalar {
    case "&": result += "&amp;"
    case "<": result += "&lt;"
    case ">": result += "&gt;"
    case "\"": result += "&quot;"
    case "\n", "\t": result.unicodeScalars.append(scalar)
    case _ where scalar.value < 0x20 || scalar.value == 0xFFFE || scalar.value == 0xFFFF: result += "\u{FFFD}"
    case _ where scalar.isASCII && scalar.value < 0x7F: result.unicodeScalars.append(scalar)
    default: result += escaped(String(scalar))
    }
  }
}
