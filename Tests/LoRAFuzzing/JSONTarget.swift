import JSON
import LoRATestSupport

/// JSON texts: the reader agrees with itself on all its ways through a text, and with the writer.
struct JSONTarget: FuzzTarget {
  let name = "json"

  func seeds() -> [[UInt8]] {
    [
      #"{"a":[1,-2.5e3,true,null,"x\u00e9\ud83d\ude00\n"],"b":{"c":{},"d":[]},"":18446744073709551615}"#,
      #"[NaN,Infinity,-Infinity,0.1,1e22,123456789012345678901234567890,-0]"#, "[[[[[[]]]]]]", "\"plain text only\"",
    ].map { Array($0.utf8) }
  }

  func mutate(_ input: inout [UInt8], _ random: inout SeededGenerator) { JSONMutation().mutate(&input, &random) }

  func run(_ input: [UInt8]) throws(Violation) {
    let strict = Self.parsed(input, .strict)
    let python = Self.parsed(input, .python)
    let skips = Self.skips(input, .python)
    if let strict {
      try Violation.unless(python == strict, "Python's dialect refuses or changes what the standard takes")
      try Self.checkWritten(strict, .strict)
    }
    if let python {
      try Violation.unless(skips, "a value can be read but not skipped")
      try Self.checkWritten(python, .python)
    }
  }

  private static func parsed(_ text: [UInt8], _ dialect: JSONReader.Dialect) -> JSONValue? {
    try? JSONValue(parsing: text, dialect: dialect)
  }

  private static func skips(_ text: [UInt8], _ dialect: JSONReader.Dialect) -> Bool {
    do throws(JSONError) {
      var reader = JSONReader(text.span, dialect: dialect)
      try reader.skipValue()
      try reader.finish()
      return true
    } catch {
      return false
    }
  }

  /// What is written is read again as the same value; texts are compared because NaN is not equal to itself.
  private static func checkWritten(_ value: JSONValue, _ dialect: JSONReader.Dialect) throws(Violation) {
    let text = value.text(dialect: dialect)
    for pretty in [false, true] {
      let again = parsed(Array(value.text(pretty: pretty, dialect: dialect).utf8), dialect)
      try Violation.unless(again?.text(dialect: dialect) == text, "a value changes when it is written and read again")
    }
    try Terminal.check(text, "a JSON text")
  }
}
