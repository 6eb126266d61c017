import LoRAInspect
import LoRAModel
import TensorCore

/// The modules of an adapter laid out by layer and by their place in the layer.
///
/// A stack is what shares the name before the first number: `model.layers`. Its columns are the names behind that
/// number, further numbers left open: experts that are modules of their own share a cell.
struct LayerMap {
  /// One stack of layers.
  struct Stack {
    /// What the layers' names begin with; nil for the modules outside of layers, which have a row each.
    let name: String?
    /// Names of the places in a layer, as short as they can be and still differ.
    var columns: [String]
    /// The layers, and for each column the modules there, as indices into the adapter's modules.
    var rows: [(label: String, cells: [[Int]])]
    /// Modules that found no place within the limits.
    var leftOut = 0
  }

  static let stackLimit = 4
  static let columnLimit = 20
  static let rowLimit = 256

  /// The stacks with most modules.
  private(set) var stacks: [Stack] = []
  /// Modules in none of them.
  private(set) var leftOut = 0

  init(_ modules: [AdapterModule]) {
    var stacks: [String: [(layer: UInt64, place: String, index: Int)]] = [:]
    var others: [Int] = []
    for (index, module) in modules.enumerated() {
      guard let (stack, layer, place) = Self.split(module.name) else {
        others.append(index)
        continue
      }
      stacks[stack, default: []].append((layer, place, index))
    }
    let sorted = stacks.ordered { ($1.value.count, $0.key) < ($0.value.count, $1.key) }
    self.stacks = sorted.prefix(Self.stackLimit).map { Self.stack($0.key, $0.value) }
    leftOut = sorted.dropFirst(Self.stackLimit).reduce(0) { $0 + $1.value.count }
    if !others.isEmpty {
      let rows = others.prefix(Self.rowLimit).map { (label: modules[$0].name, cells: [[$0]]) }
      self.stacks.append(
        Stack(name: nil, columns: ["value"], rows: rows, leftOut: others.count - rows.count))
    }
  }

  /// A name as what comes before its first number, that number, and what follows.
  private static func split(_ name: String) -> (stack: String, layer: UInt64, place: String)? {
    let parts = name.dottedComponents
    guard let index = parts.firstIndex(where: { UInt64($0) != nil }), let layer = UInt64(parts[index]) else {
      return nil
    }
    let place = parts[(index + 1)...].map { UInt64($0) == nil ? String($0) : "*" }
    return (parts[..<index].joined(separator: "."), layer, place.joined(separator: "."))
  }

  private static func stack(_ name: String, _ entries: [(layer: UInt64, place: String, index: Int)]) -> Stack {
    var places: [String] = []
    var columns: [String: Int] = [:]
    var rows: [UInt64: [Int: [Int]]] = [:]
    var leftOut = 0
    for entry in entries {
      if columns[entry.place] == nil, places.count < columnLimit {
        columns[entry.place] = places.count
        places.append(entry.place)
      }
      guard let column = columns[entry.place], rows[entry.layer] != nil || rows.count < rowLimit else {
        leftOut += 1
        continue
      }
      rows[entry.layer, default: [:]][column, default: []].append(entry.index)
    }
    let sorted = rows.ordered { $0.key < $1.key }.map { layer, cells in
      (label: "\(layer)", cells: places.indices.map { cells[$0] ?? [] })
    }
    return Stack(name: name, columns: shortened(places), rows: sorted, leftOut: leftOut)
  }

  /// The last component of each name, with as many before it as tell it from the others.
  private static func shortened(_ names: [String]) -> [String] {
    names.map { name in
      let parts = name.dottedComponents
      for count in 1..<max(2, parts.count) {
        let end = parts.suffix(count).joined(separator: ".")
        if names.count(where: { $0 == end || $0.hasSuffix("." + end) }) == 1 { return end }
      }
      return name
    }
  }
}
