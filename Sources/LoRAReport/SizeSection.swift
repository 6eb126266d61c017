import LoRAInspect
import LoRAModel
import Safetensors
import TensorCore

extension Inspection {
  private static let targetLimit = 40

  /// Where the bytes are: by type and by module name.
  func sizeSection(_ id: String) -> Markup {
    guard let header = adapter.file?.header, isReadable, header.dataBytes > 0 else { return "" }
    var types: [String: Size] = [:]
    for tensor in header.tensors { types[tensor.dtype.name, default: Size()].add(tensor) }
    var targets: [String: Size] = [:]
    for module in adapter.modules {
      var size = Size()
      for tensor in module.tensors { size.add(tensor) }
      size.count = 1
      targets[Self.target(of: module.name), default: Size()].add(size)
    }
    var rest = Size()
    rest.bytes = header.dataBytes &- targets.values.reduce(0) { $0 &+ $1.bytes }
    rest.elements = parameters &- targets.values.reduce(0) { $0 &+ $1.elements }
    rest.count = header.tensors.count - adapter.modules.reduce(0) { $0 + $1.tensors.count }
    let byTarget = Self.sorted(targets)
    let left = byTarget.count - Self.targetLimit
    let note = left > 0 ? "The largest \(Self.targetLimit) of \(byTarget.count) names. " : ""
    let others: [(String, Size)] = rest.count > 0 && rest.bytes > 0 ? [("other tensors", rest)] : []
    let first = Self.table(
      Self.sorted(types), total: header.dataBytes, heading: "Type", counts: "Tensors",
      caption: "\(ByteCount(header.dataBytes)) of values by type")
    let second = Self.table(
      byTarget.prefix(Self.targetLimit) + others, total: header.dataBytes, heading: "Module name", counts: "Modules",
      caption: "\(note)The same bytes by what they belong to")
    return """
      <h3>Types and sizes</h3>
      \(scrolling("\(id)-types", "Sizes by type", first))\(scrolling("\(id)-targets", "Sizes by module name", second))
      """
  }

  /// Tensors or modules together.
  private struct Size {
    var count = 0
    var elements: UInt64 = 0
    var bytes: UInt64 = 0

    mutating func add(_ tensor: TensorInfo) {
      count += 1
      elements &+= tensor.elementCount
      bytes &+= tensor.byteCount
    }

    mutating func add(_ other: Size) {
      count += other.count
      elements &+= other.elements
      bytes &+= other.bytes
    }
  }

  private static func sorted(_ sizes: [String: Size]) -> [(String, Size)] {
    sizes.map { ($0.key, $0.value) }.ordered { ($1.1.bytes, $0.0) < ($0.1.bytes, $1.0) }
  }

  private static func table(
    _ rows: some Sequence<(String, Size)>, total: UInt64, heading: String, counts: String, caption: String
  ) -> Markup {
    let lines: [Markup] = rows.map { name, size -> Markup in
      let share = Double(size.bytes) / Double(total)
      return """
        <tr><th scope="row">\(name)</th><td class="n">\(grouped(UInt64(max(0, size.count))))</td>\
        <td class="n">\(size.elements)</td><td class="n">\(size.bytes)</td><td class="n">\(percent(share))</td>\
        <td class="wide-cell"><svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">\
        <rect class="all" width="100" height="8"/><rect class="part" width="\(fixed(100 * share, 2))" height="8"/></svg></td></tr>

        """
    }
    return """
      <table>
      <caption>\(caption)</caption>
      <thead><tr><th scope="col">\(heading)</th><th scope="col" class="n">\(counts)</th>\
      <th scope="col" class="n">Elements</th><th scope="col" class="n">Bytes</th><th scope="col" class="n">Share</th>\
      <td class="wide-cell"></td></tr></thead>
      <tbody>
      \(lines)</tbody>
      </table>

      """
  }
}
