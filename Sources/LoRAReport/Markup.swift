import JSON
import TensorCore

/// A piece of HTML, written as a Swift string.
///
/// Only the literal parts of the string are markup. What is interpolated is escaped, in text and in quoted attributes
/// alike, unless it is markup itself, so that nothing from a file can ever become markup by accident.
struct Markup: ExpressibleByStringInterpolation, Sendable {
  private(set) var html: String

  init(stringLiteral value: String) { html = value }
  init(stringInterpolation: Interpolation) { html = stringInterpolation.html }

  static func += (left: inout Markup, right: Markup) { left.html += right.html }

  struct Interpolation: StringInterpolationProtocol {
    fileprivate var html = ""

    init(literalCapacity: Int, interpolationCount: Int) { html.reserveCapacity(literalCapacity * 2) }
    mutating func appendLiteral(_ literal: String) { html += literal }
    mutating func appendInterpolation(_ text: String) { html += htmlText(text) }
    mutating func appendInterpolation(_ markup: Markup) { html += markup.html }
    mutating func appendInterpolation(_ markup: Markup?) { html += markup?.html ?? "" }
    mutating func appendInterpolation(_ markup: [Markup]) { for one in markup { html += one.html } }
    mutating func appendInterpolation(_ number: Int) { html += String(number) }
    mutating func appendInterpolation(_ number: UInt64) { html += grouped(number) }
  }
}

/// Text for HTML, in elements and in quoted attributes.
///
/// Control and format characters, such as those that turn the direction of writing, become visible escapes first.
func htmlText(_ text: String) -> String {
  escaped(text, limit: 4_000).unicodeScalars.reduce(into: "") { result, scalar in
    switch scalar {
    case "&": result += "&amp;"
    case "<": result += "&lt;"
    case ">": result += "&gt;"
    case "\"": result += "&quot;"
    case "'": result += "&#39;"
    default: result.unicodeScalars.append(scalar)
    }
  }
}

/// Text of a rule: paragraphs, with code between backticks.
func prose(_ text: String) -> Markup {
  let parts = text.split(separator: "`", omittingEmptySubsequences: false)
  var markup: Markup = ""
  for (index, part) in parts.enumerated() {
    // An odd backtick without partner is one.
    if index % 2 == 0 {
      markup += "\(String(part))"
    } else if index + 1 < parts.count {
      markup += "<code>\(String(part))</code>"
    } else {
      markup += "`\(String(part))"
    }
  }
  return markup
}
