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

  /// What is written of one module, or of one matrix of any expert.
  private struct Layout {
    /// What stands before the number, or everything.
    var before: [UInt8]
    /// Behind the number: the rest of the name.
    var name: [UInt8] = []
    /// Bytes that the longest number takes in a table; 0 where no blanks make up for shorter ones.
    var width = 0
    var after: [UInt8] = []

    func write(to text: inout [UInt8], expert: UInt64) {
      text += before
      let start = text.count
      text += String(expert).utf8
      let digits = text.count - start
      text += name
      if digits < width { text += repeatElement(UInt8(ascii: " "), count: width - digits) }
      text += after
    }
  }

  /// A table with its heading, a line for each module.
  var table: String {
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
    let list = list(separator: "\n", { _ in rows.popFirst() ?? [] }, layout)
    return String(decoding: heading + "\n".utf8 + list, as: UTF8.self)
  }

  /// A document of JSON whose last member is the list.
  func document(_ members: JSONObject) -> String {
    var members = members
    members["modules"] = .array([])
    let text = JSONValue.document("bases", toolVersion: Version.text, members).text(pretty: true)
    let ending = "]\n}"
    guard !listed.isEmpty, text.hasSuffix("[" + ending) else { return text }
    func layout(_ kind: ListedModules.Kind) -> Layout {
      func first(_ expert: UInt64) -> [UInt8] {
        element(kind.name.name(of: expert), ModuleKind.linear.rawValue, kind.inFeatures, kind.outFeatures)
      }
      // The texts of two experts differ in the number.
      let (zero, one) = (first(0), first(1))
      let start = zip(zero, one).prefix { $0 == $1 }.count
      return Layout(before: Array(zero[..<start]), after: Array(zero[(start + 1)...]))
    }
    let list = list(separator: ",\n    ", { element($0.name, $0.kindName, $0.inFeatures, $0.outFeatures) }, layout)
    return text.dropLast(ending.count) + "\n    " + String(decoding: list, as: UTF8.self) + "\n  " + ending
  }

  private func element(_ name: String, _ kind: String, _ input: UInt64, _ output: UInt64) -> [UInt8] {
    let object: JSONValue = [
      "name": .string(name), "kind": .string(kind), "in": JSONValue(input), "out": JSONValue(output),
    ]
    return Array(object.text(pretty: true, indent: 2).utf8)
  }

  /// The modules in their order, as one text.
  private func list(
    separator: String, _ text: (LoRAModel.BaseModule) -> [UInt8], _ layout: (ListedModules.Kind) -> Layout
  ) -> [UInt8] {
    var list: [UInt8] = []
    for modules in listed {
      switch modules {
      case .one(let module):
        list += text(module)
        list += separator.utf8
      case .experts(let experts):
        let layouts = experts.kinds.map(layout)
        experts.visit { expert, place in
          layouts[place].write(to: &list, expert: expert)
          list += separator.utf8
        }
      }
    }
    list.removeLast(min(list.count, separator.utf8.count))
    return list
  }
}
