import Diagnostics
import JSON
import LoRADeltas
import LoRAInspect
import LoRAModel
import TensorCore

extension AdapterDiff {
  /// Rows of the table of modules unless told otherwise.
  package static let usualModules = 20

  /// The comparison as lines for a reader.
  ///
  /// - Parameter limit: most modules in the table, those that contribute most first.
  package func text(modules limit: Int = usualModules) -> [String] {
    var lines = ["A  \(Self.summary(a))", "B  \(Self.summary(b))", "", verdict]
    lines += reasons.map { "  \($0)" }
    if !modules.isEmpty {
      lines += [""] + totalTable.lines(indent: "  ")
      lines += [""] + moduleTable(limit).lines(indent: "  ") + rest(limit).map { "  \($0)" }
    }
    if !tensors.isEmpty { lines += [""] + tensorTable.lines(indent: "  ") }
    lines += notes.map { "  \($0)" }.leadingEmptyLine
    if !config.isEmpty { lines += [""] + configTable.lines(indent: "  ") }
    return lines
  }

  /// The comparison as Markdown, for a pull request.
  package func markdown(modules limit: Int = usualModules) -> [String] {
    var lines = ["## \(verdict)", "", "- **A**: \(Self.summary(a))", "- **B**: \(Self.summary(b))"]
    lines += reasons.map { "- \($0)" }
    if !modules.isEmpty {
      lines += [""] + totalTable.markdown + ["", "### Modules, largest contribution first", ""]
      lines += moduleTable(limit).markdown + rest(limit).leadingEmptyLine
    }
    if !tensors.isEmpty { lines += ["", "### Replaced tensors", ""] + tensorTable.markdown }
    lines += notes.map { "- \($0)" }.leadingEmptyLine
    if !config.isEmpty { lines += ["", "### Config", ""] + configTable.markdown }
    return lines + [""]
  }

  /// One line: the status and how far the two are apart.
  package var verdict: String {
    let tolerated = "tolerance \(short(tolerance))"
    let worst = modules.max { $0.comparison.relative < $1.comparison.relative }
    var distance = "relative distance \(short(total.relative))"
    if let worst, worst.comparison.relative > 0 {
      distance += ", largest \(short(worst.comparison.relative)) in \(escaped(worst.name, limit: 120))"
    }
    let replaced = tensors.count { !$0.isWithin(tolerance) }
    if replaced > 0 { distance += ", \(counted(replaced, "replaced tensor")) of other values" }
    switch status {
    case .equal: return "equal: \(distance) (\(tolerated))"
    case .different: return "different: \(distance) (\(tolerated))"
    case .notComparable: return "not comparable"
    }
  }

  private static func summary(_ adapter: Adapter) -> String {
    let inspection = Inspection(adapter)
    var facts = [adapter.format.rawValue]
    if !adapter.modules.isEmpty { facts.append(counted(adapter.modules.count, "module")) }
    if let ranks = inspection.ranks {
      facts.append("rank " + (ranks.min == ranks.max ? "\(ranks.min)" : "\(ranks.min) to \(ranks.max)"))
    }
    if let scales = inspection.scales {
      let (low, high) = (Inspection.number(scales.min), Inspection.number(scales.max))
      facts.append("scale " + (low == high ? low : "\(low) to \(high)"))
    }
    facts += inspection.dtypes.prefix(3).map(\.name)
    if inspection.usesDoRA { facts.append("DoRA") }
    if !adapter.replacements.isEmpty { facts.append(counted(adapter.replacements.count, "replaced tensor")) }
    return "\(escaped(adapter.path)): \(facts.joined(separator: ", "))"
  }

  // MARK: Tables

  private var totalTable: TextTable {
    var table = TextTable([
      ("all modules", .left), ("‖A−B‖", .right), ("‖A‖", .right), ("‖B‖", .right), ("relative", .right),
      ("cosine", .right), ("outputs in common", .right), ("inputs in common", .right),
    ])
    table.add(
      ["Δ", short(total.distance), short(total.normA), short(total.normB), short(total.relative)]
        + [Self.cosine(total), Self.overlap(total.left), Self.overlap(total.right)])
    return table
  }

  private func moduleTable(_ limit: Int) -> TextTable {
    let hasBase = modules.contains { $0.relativeToBase != nil }
    let columns: [(String, TextTable.Alignment)] = [
      ("module", .left), ("share", .right), ("relative", .right), ("cosine", .right), ("‖A‖", .right), ("‖B‖", .right),
      ("outputs in common", .right), ("inputs in common", .right),
    ]
    var table = TextTable(columns + (hasBase ? [("of ‖W‖", .right)] : []) + [("", .left)])
    for module in modules.prefix(limit) {
      let comparison = module.comparison
      table.add(
        [
          escaped(module.name, limit: 120), "\(fixed(100 * module.share, 1)) %", short(comparison.relative),
          Self.cosine(comparison), short(comparison.normA), short(comparison.normB),
          Self.overlap(comparison.left), Self.overlap(comparison.right),
        ] + (hasBase ? [module.relativeToBase.map { short($0) } ?? ""] : []) + [module.remark])
    }
    return table
  }

  /// What the table of modules leaves out.
  private func rest(_ limit: Int) -> [String] {
    let left = modules.dropFirst(limit)
    guard !left.isEmpty else { return [] }
    let share = left.reduce(0) { $0 + $1.share }
    return ["\(counted(left.count, "more module")) with \(fixed(100 * share, 1)) % of the squared distance"]
  }

  private var tensorTable: TextTable {
    var table = TextTable([
      ("replaced tensor", .left), ("‖A−B‖", .right), ("‖A‖", .right), ("‖B‖", .right), ("relative", .right),
      ("", .left),
    ])
    for tensor in tensors {
      let name = escaped(tensor.name, limit: 120)
      guard let comparison = tensor.comparison else {
        let remark = tensor.onlyIn.map { "only in \($0.rawValue.uppercased())" } ?? "other rows"
        table.add([name, "", "", "", "", remark])
        continue
      }
      table.add([
        name, short(comparison.distance), short(comparison.normA), short(comparison.normB), short(comparison.relative),
        comparison.isIdentical ? "identical" : "",
      ])
    }
    return table
  }

  private var configTable: TextTable {
    var table = TextTable([("config", .left), ("A", .left), ("B", .left)])
    for field in config {
      table.add([
        escaped(field.name, limit: 80), escaped(field.a.text(), limit: 60), escaped(field.b.text(), limit: 60),
      ])
    }
    return table
  }

  /// Sentences about the structure.
  private var notes: [String] {
    var notes: [String] = []
    for side in [DiffSide.a, .b] {
      let only = modules.filter { $0.onlyIn == side }
      guard !only.isEmpty else { continue }
      let names = only.prefix(3).map { escaped($0.name, limit: 120) }.joined(separator: ", ")
      let more = only.count > 3 ? " and \(only.count - 3) more" : ""
      notes.append("only in \(side.rawValue.uppercased()): \(names)\(more); a missing module counts as a delta of zero")
    }
    let same = identicalTensors
    if same > 0 { notes.append("\(counted(same, "tensor")) with the same bytes in both") }
    if modules.contains(where: { $0.subject == .direction }) {
      notes.append(
        "DoRA: directions (W + s·B·A) and magnitudes were compared apart; --base with weights compares the merged "
          + "weights")
    }
    if modules.contains(where: { $0.subject == .merged }) {
      notes.append("DoRA: the merged weights were compared; norms are those of their changes W' − W")
    }
    return notes
  }

  private static func cosine(_ comparison: DeltaComparison) -> String { comparison.cosine.map { fixed($0, 6) } ?? "–" }

  private static func overlap(_ spaces: SpaceComparison?) -> String {
    spaces.map { "\(fixed($0.overlap, 3)) (random \(short($0.random)))" } ?? "–"
  }
}

extension ModuleDiff {
  /// What the figures do not say.
  fileprivate var remark: String {
    var remarks: [String] = []
    if let onlyIn { remarks.append("only in \(onlyIn.rawValue.uppercased())") }
    if let a, let b, a.rank != b.rank { remarks.append("ranks \(a.rank) and \(b.rank)") }
    if let a, let b, a.scale != b.scale {
      remarks.append("scales \(Inspection.number(a.scale)) and \(Inspection.number(b.scale))")
    }
    if let experts {
      remarks.append(
        "\(experts.count) experts: relative at most \(short(experts.largest)) (number \(experts.worst)), mean "
          + short(experts.mean))
    }
    if let magnitude { remarks.append("magnitudes: relative \(short(magnitude.relative))") }
    if let bias { remarks.append("bias: relative \(short(bias.relative))") }
    if comparison.hasSameDown, comparison.hasSameUp, comparison.distance == 0 { remarks.append("identical") }
    return remarks.joined(separator: "; ")
  }
}

extension [String] {
  /// The lines with an empty one before them; nothing for none.
  fileprivate var leadingEmptyLine: [String] { isEmpty ? [] : [""] + self }
}
