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

  /// What is written of all matrices of one expert, its number left to be put in.
  private struct Block {
    private(set) var text: [UInt8] = []
    /// Behind the last digit of each number.
    private var ends: [Int] = []

    init(_ layouts: [Layout], digits: Int, separator: [UInt8]) {
      for layout in layouts {
        text += separator
        text += layout.before
        text += repeatElement(UInt8(ascii: "0"), count: digits)
        ends.append(text.count)
        text += layout.name
        text += repeatElement(UInt8(ascii: " "), count: max(0, layout.width - digits))
        text += layout.after
      }
    }

    /// Puts in the number of an expert, which has as many digits as there is room for.
    mutating func set(_ expert: UInt64) {
      for end in ends {
        var (rest, place) = (expert, end)
        repeat {
          place -= 1
          text[place] = UInt8(ascii: "0") + UInt8(rest % 10)
          rest /= 10
        } while rest > 0
      }
    }
  }

  /// Writes a table with its heading, a line for each module, the last without its end.
  func writeTable(to stream: inout ReportStream) throws(Failure) {
    var table = TextTable([("module", .left), ("kind", .left), ("in", .right), ("out", .right)])
    for modules in listed {
      switch modules {
      case .one(let module):
        table.add([escaped(module.name), module.kindName, String(module.inFeatures), String(module.outFeatures)])
      case .experts(let experts):
        for kind in experts.kinds {
          // The longest of the names stands for all.
          table.add([
            kind.name.name(of: kind.count - 1), ModuleKind.linear.rawValue, String(kind.inFeatures),
            String(kind.outFeatures),
          ])
        }
      }
    }
    var rows = table.lines().map { Array($0.utf8) }[...]
    let heading = rows.popFirst() ?? []
    func layout(_ kind: ListedModules.Kind) -> Layout {
      let row = rows.popFirst() ?? []
      let (start, width) = (kind.name.before.utf8.count, String(kind.count - 1).utf8.count)
      let name = Array(kind.name.after.utf8)
      return Layout(
        before: Array(row[..<start]), name: name, width: width, after: Array(row[(start + width + name.count)...]))
    }
    try stream.write(heading)
    try write(to: &stream, separator: Array("\n".utf8), { _ in rows.popFirst() ?? [] }, layout)
  }

  /// Writes a document of JSON whose last member is the list.
  func writeDocument(_ members: JSONObject, to stream: inout ReportStream) throws(Failure) {
    var members = members
    members["modules"] = .array([])
    let text = JSONValue.document("bases", toolVersion: Version.text, members).text(pretty: true)
    let ending = "]\n}"
    guard !listed.isEmpty, text.hasSuffix("[" + ending) else { return try stream.write(Array(text.utf8)) }
    func layout(_ kind: ListedModules.Kind) -> Layout {
      func first(_ expert: UInt64) -> [UInt8] {
        element(kind.name.name(of: expert), ModuleKind.linear.rawValue, kind.inFeatures, kind.outFeatures)
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
      { element($0.name, $0.kindName, $0.inFeatures, $0.outFeatures) }, layout)
    try stream.write(Array(("\n  " + ending).utf8))
  }

  private func element(_ name: String, _ kind: String, _ input: UInt64, _ output: UInt64) -> [UInt8] {
    let object: JSONValue = [
      "name": .string(name), "kind": .string(kind), "in": JSONValue(input), "out": JSONValue(output),
    ]
    return Array(object.text(pretty: true, indent: 2).utf8)
  }

  /// Writes the modules in their order, each behind the separator.
  private func write(
    to stream: inout ReportStream, separator: [UInt8], _ text: (LoRAModel.BaseModule) -> [UInt8],
    _ layout: (ListedModules.Kind) -> Layout
  ) throws(Failure) {
    for modules in listed {
      switch modules {
      case .one(let module): try stream.write(separator + text(module))
      case .experts(let experts):
        let layouts = experts.kinds.map { (count: $0.count, layout: layout($0)) }
        for range in experts.ranges {
          var block = Block(
            layouts.filter { $0.count > range.lowerBound }.map(\.layout), digits: String(range.lowerBound).utf8.count,
            separator: separator)
          for expert in range {
            block.set(expert)
            try stream.write(block.text)
          }
        }
      }
    }
  }
}
