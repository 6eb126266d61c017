import LoRAInspect
import LoRAModel
import Safetensors
import TensorCore

extension Inspection {
  private static let moduleLimit = 1_000

  /// Every module with its figures, folded away.
  func moduleSection(_ id: String) -> Markup {
    guard !adapter.modules.isEmpty, isReadable else { return "" }
    let rows: [Markup] = adapter.modules.indices.prefix(Self.moduleLimit).map { row($0) }
    let left = adapter.modules.count - rows.count
    let note = left > 0 ? " The first \(grouped(UInt64(Self.moduleLimit))); lora-tool inspect --stats lists all." : ""
    let values: Markup =
      statistics == nil
      ? ""
      : """
      <th scope="col" class="n">‖ΔW‖</th><th scope="col" class="n">Largest σ</th>\
      <th scope="col" class="n">Effective rank</th><th scope="col" class="n">‖ΔW‖/‖W‖</th>
      """
    let table: Markup = """
      <table class="sortable">
      <caption>\(counted(adapter.modules.count, "module")).\(note)</caption>
      <thead><tr><th scope="col">Module</th><th scope="col">Kind</th><th scope="col">Type</th>\
      <th scope="col" class="n">In</th><th scope="col" class="n">Out</th><th scope="col" class="n">Rank</th>\
      <th scope="col" class="n">Scale</th>\(values)</tr></thead>
      <tbody>
      \(rows)</tbody>
      </table>

      """
    return """
      <h3>All modules</h3>
      <details><summary>Figures of \(counted(adapter.modules.count, "module"))</summary>
      \(scrolling("\(id)-modules", "All modules", table))</details>

      """
  }

  private func row(_ index: Int) -> Markup {
    let module = adapter.modules[index]
    func count(_ value: UInt64) -> Markup { cell(grouped(value), sortedBy: Double(value)) }
    var values: Markup = ""
    if let numbers = statistics?.modules[index] {
      func number(_ value: Double?) -> Markup { cell(value.map { short($0) }, sortedBy: value) }
      values = """
        \(number(numbers.deltaFrobenius))\(number(numbers.deltaSpectral))\
        \(cell(numbers.effectiveRank.map { "\($0)" }, sortedBy: numbers.effectiveRank.map { Double($0) }))\
        \(number(numbers.relativeDelta))
        """
    }
    return """
      <tr><th scope="row" class="name">\(module.name)</th><td>\(kindName(of: module))</td>\
      <td>\((module.a ?? module.b)?.dtype.name ?? "–")</td>\(count(module.inFeatures))\(count(module.outFeatures))\
      \(count(module.rank))\(cell(Inspection.number(module.scale), sortedBy: module.scale))\(values)</tr>

      """
  }
}
