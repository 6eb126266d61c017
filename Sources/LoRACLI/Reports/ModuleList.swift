import BaseCatalogue
import Diagnostics
import JSON
import LoRAModel

/// The modules of a base in the reports of `bases`.
///
/// What is written of an expert is laid out once for a layer and repeated with other numbers: a model of tens of
/// thousands of modules is listed nearly as fast as one of a thousand.
struct ModuleList {
  private let listed: [ListedModules]

  init(_ base: BaseModel) { listed = base.listedModules }

  /// What is written of one matrix of any expert.
  private struct Layout {
    /// What stands before the number.
    var before: [UInt8]
    /// Behind the number: the rest of the name.
    var name: [UInt8] = []
    /// Bytes that the longest number takes in a table; 0 where no blanks make up for shorter ones.
    var width = 0
    var after: [UInt8] = []
  }

  /// What is written of all matrices of one expert.
  private struct Block {
    private(set) var text: [UInt8] = []
    /// Behind the last digit of each number.
    private var ends: [Int] = []

    init(_ layouts: [Layout], first expert: UInt64, separator: [UInt8]) {
      let digits = Array(String(expert).utf8)
      for layout in layouts {
        text += separator
        text += layout.before
        text += digits
        ends.append(text.count)
        text += layout.name
        text += repeatElement(UInt8(ascii: " "), count: max(0, layout.width - digits.count))
        text += layout.after
      }
    }

    /// Goes on to the next number, which has as many digits.
    mutating func advance() {
      for end in ends {
        var place = end - 1
        while text[place] == UInt8(ascii: "9") {
          text[place] = UInt8(ascii: "0")
          place -= 1
        }
        text[place] += 1
      }
    }
  }

  /// The widths of the table's columns.
  private struct Columns {
    private var name = 0
    private var kind = 0
    private var input = 0
    private var output = 0

    /// Makes room for the cells of a line.
    mutating func fit(_ name: String, _ kind: String, _ input: String, _ output: String) {
      self.name = max(self.name, Self.length(name))
      self.kind = max(self.kind, kind.utf8.count)
      self.input = max(self.input, input.utf8.count)
      self.output = max(self.output, output.utf8.count)
    }

    /// A line: names and kinds on the left of their columns, numbers on the right.
    func line(_ name: String, _ kind: String, _ input: String, _ output: String) -> [UInt8] {
      var line: [UInt8] = []
      line.reserveCapacity(name.utf8.count + self.name + self.kind + self.input + self.output + 6)
      func add(_ blanks: Int, _ cell: String) {
        line.append(contentsOf: repeatElement(UInt8(ascii: " "), count: blanks))
        line.append(contentsOf: cell.utf8)
      }
      add(0, name)
      add(self.name - Self.length(name) + 2, kind)
      add(self.kind - kind.utf8.count + 2 + self.input - input.utf8.count, input)
      add(2 + self.output - output.utf8.count, output)
      return line
    }

    /// The number of characters; bytes of printable ASCII are one each.
    private static func length(_ text: String) -> Int { text.isPrintableASCII ? text.utf8.count : text.count }
  }

  /// Writes a table with its heading, a line for each module, the last without its end.
  func writeTable(to stream: inout ReportStream) throws(Failure) {
    let heading = ("module", "kind", "in", "out")
    var columns = Columns()
    columns.fit(heading.0, heading.1, heading.2, heading.3)
    for modules in listed {
      switch modules {
      case .one(let module):
        columns.fit(escaped(module.name), module.kindName, String(module.inFeatures), String(module.outFeatures))
      case .experts(let experts):
        for kind in experts.kinds {
          columns.fit(
            Self.longest(kind), ModuleKind.linear.rawValue, String(kind.inFeatures), String(kind.outFeatures))
        }
      }
    }
    func layout(_ kind: ListedModules.Kind) -> Layout {
      let row = columns.line(
        Self.longest(kind), ModuleKind.linear.rawValue, String(kind.inFeatures), String(kind.outFeatures))
      let (start, width) = (kind.name.before.utf8.count, String(kind.count - 1).utf8.count)
      let name = Array(kind.name.after.utf8)
      return Layout(
        before: Array(row[..<start]), name: name, width: width, after: Array(row[(start + width + name.count)...]))
    }
    try stream.write(columns.line(heading.0, heading.1, heading.2, heading.3))
    try write(
      to: &stream, separator: Array("\n".utf8),
      { columns.line(escaped($0.name), $0.kindName, String($0.inFeatures), String($0.outFeatures)) }, layout)
  }

  /// The longest of the names of experts, which stands for all.
  private static func longest(_ kind: ListedModules.Kind) -> String { kind.name.name(of: kind.count - 1) }

  /// The text around the values of a module in a document of JSON.
  private struct Element {
    private var pieces: [[UInt8]] = []

    init() {
      let empty: JSONValue = ["name": "", "kind": "", "in": 0, "out": 0]
      var rest = Array(empty.text(pretty: true, indent: 2).utf8)[...]
      for value in ["\"\"", "\"\"", "0", "0"].map({ Array($0.utf8) }) {
        let start = rest.indices.first { rest[$0...].starts(with: value) } ?? rest.endIndex
        pieces.append(Array(rest[..<start]))
        rest = rest[start...].dropFirst(value.count)
      }
      pieces.append(Array(rest))
    }

    func text(_ name: String, _ kind: String, _ input: UInt64, _ output: UInt64) -> [UInt8] {
      var text: [UInt8] = []
      text.reserveCapacity(128 + name.utf8.count)
      for (piece, value) in zip(pieces, [Self.quoted(name), Self.quoted(kind), String(input), String(output)]) {
        text += piece
        text.append(contentsOf: value.utf8)
      }
      return text + (pieces.last ?? [])
    }

    private static func quoted(_ text: String) -> String {
      let isPlain =
        text.isPrintableASCII && !text.utf8.contains { $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") }
      return isPlain ? "\"\(text)\"" : JSONValue.string(text).text()
    }
  }

  /// Writes a document of JSON whose last member is the list.
  func writeDocument(_ members: JSONObject, to stream: inout ReportStream) throws(Failure) {
    var members = members
    members["modules"] = .array([])
    let text = JSONValue.document("bases", toolVersion: Version.text, members).text(pretty: true)
    let ending = "]\n}"
    guard !listed.isEmpty, text.hasSuffix("[" + ending) else { return try stream.write(Array(text.utf8)) }
    let element = Element()
    func layout(_ kind: ListedModules.Kind) -> Layout {
      func first(_ expert: UInt64) -> [UInt8] {
        element.text(kind.name.name(of: expert), ModuleKind.linear.rawValue, kind.inFeatures, kind.outFeatures)
      }
      // The texts of two experts differ in the number.
      let (zero, one) = (first(0), first(1))
      let start = zip(zero, one).prefix { $0 == $1 }.count
      return Layout(before: Array(zero[..<start]), after: Array(zero[(start + 1)...]))
    }
    // What stands before every element but the first begins with the comma.
    try stream.write(Array(text.utf8.dropLast(ending.utf8.count)))
    stream.skip(1)
    try write(
      to: &stream, separator: Array(",\n    ".utf8),
      { element.text($0.name, $0.kindName, $0.inFeatures, $0.outFeatures) }, layout)
    try stream.write(Array(("\n  " + ending).utf8))
  }

  /// Writes the modules in their order, each behind the separator.
  private func write(
    to stream: inout ReportStream, separator: [UInt8], _ text: (ListedModules.Module) -> [UInt8],
    _ layout: (ListedModules.Kind) -> Layout
  ) throws(Failure) {
    for modules in listed {
      switch modules {
      case .one(let module): try stream.write(separator + text(module))
      case .experts(let experts):
        let layouts = experts.kinds.map { (count: $0.count, layout: layout($0)) }
        for range in experts.ranges {
          var block = Block(
            layouts.filter { $0.count > range.lowerBound }.map(\.layout), first: range.lowerBound, separator: separator)
          for expert in range {
            if expert > range.lowerBound { block.advance() }
            try stream.write(block.text)
          }
        }
      }
    }
  }
}
