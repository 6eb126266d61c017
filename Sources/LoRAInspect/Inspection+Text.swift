public import Diagnostics
import JSON
import LoRAModel
import Safetensors
import TensorCore

extension Inspection {
  /// The facts of one adapter as lines for a reader; `tensors` adds a table of every tensor.
  public func text(tensors: Bool = false) -> [String] {
    var lines = [heading]
    let groups = adapter.groups
    for (label, value) in facts(groups) { lines.append(label.padded(to: 11) + value) }
    if !adapter.modules.isEmpty {
      lines += [""] + targetTable(groups).lines(indent: "  ")
    }
    lines += outlierLines(indent: "  ")
    if tensors, let header = adapter.file?.header {
      lines += [""] + Self.tensorTable(header).lines(indent: "  ")
    }
    if !findings.isEmpty {
      lines.append("")
      for finding in findings { lines += finding.text(indent: "  ") }
    }
    return lines
  }

  /// The facts of one adapter as a Markdown section.
  public func markdown(tensors: Bool = false) -> [String] {
    var lines = ["## " + escaped(adapter.path), ""]
    let groups = adapter.groups
    for (label, value) in facts(groups) { lines.append("- **\(label)**: \(value)") }
    if !adapter.modules.isEmpty { lines += [""] + targetTable(groups).markdown }
    lines += outlierLines(indent: "- ")
    if tensors, let header = adapter.file?.header { lines += [""] + Self.tensorTable(header).markdown }
    if !findings.isEmpty {
      lines.append("")
      for finding in findings {
        lines.append("- **\(finding.severity.rawValue)** `\(finding.rule.rawValue)`: \(finding.message)")
      }
    }
    return lines + [""]
  }

  private var heading: String {
    if let trainer = adapter.trainer { return "\(escaped(adapter.path)): a LoRA of \(trainer.name)" }
    if let method = adapter.foreignMethod {
      return "\(escaped(adapter.path)): an adapter of type \(ForeignMethods.title(of: method))"
    }
    let kind =
      switch adapter.format {
      case .peft: "a PEFT LoRA adapter"
      case .kohya: "a LoRA in kohya's naming"
      case .diffusers: "a LoRA in diffusers' naming"
      case .mlx: "an MLX LoRA adapter"
      case .torchtune: "a torchtune LoRA adapter"
      case .unknown: adapter.file == nil ? "not readable" : "no LoRA adapter"
      }
    return "\(escaped(adapter.path)): \(kind)"
  }

  /// Label and value of every line above the tables.
  private func facts(_ groups: [ModuleGroup]) -> [(label: String, value: String)] {
    var facts: [(String, String)] = []
    if let name = baseModelName { facts.append(("base", escaped(name))) }
    if let base {
      let parameters =
        (base.parameters.map { ", \(grouped($0)) parameters" } ?? "")
        + (base.quantizationText.map { ", quantised as \($0)" } ?? "")
      let ratio = shrinkRatio.map { ", \(fixed($0, 0)) times the adapter" } ?? ""
      facts.append(
        ("compared", "\(escaped(base.path)): \(base.modelType ?? "unknown architecture")\(parameters)\(ratio)"))
    }
    if let ranks {
      let spread = ranks.min == ranks.max ? "\(ranks.min)" : "\(ranks.min) to \(ranks.max)"
      let declared = declaredRank.map { UInt64($0) == ranks.max ? "" : " (config says \($0))" } ?? ""
      facts.append(("rank", spread + declared))
    }
    if let scales {
      let source = Set(groups.flatMap(\.scaleSources)).map(\.rawValue).sorted().joined(separator: " and ")
      let spread =
        scales.min == scales.max ? Self.number(scales.min) : "\(Self.number(scales.min)) to \(Self.number(scales.max))"
      let alpha = alpha.map { ", alpha \(Self.number($0))" } ?? ""
      facts.append(("scale", "\(spread) (\(source)\(alpha))"))
    }
    var variants: [String] = []
    if usesRankStabilizedScale { variants.append("rsLoRA") }
    if usesDoRA { variants.append("DoRA") }
    if !variants.isEmpty { facts.append(("variants", variants.joined(separator: ", "))) }
    if !adapter.modules.isEmpty {
      facts.append(("modules", "\(adapter.modules.count) in \(Self.layerText(layers))"))
    }
    let parts = groups.parts
    if parts.count > 1 {
      let sizes = parts.map { part in
        "\(part.name) \(part.modules) modules, \(grouped(part.parameters)) parameters, \(ByteCount(part.bytes))"
      }
      facts.append(("parts", sizes.joined(separator: "; ")))
    }
    if !adapter.replacements.isEmpty {
      let shown = adapter.replacements.prefix(4).map { escaped($0.name, limit: 80) }.joined(separator: ", ")
      let more = adapter.replacements.count > 4 ? " and \(adapter.replacements.count - 4) more" : ""
      facts.append(("replaces", shown + more))
    }
    if let file = adapter.file {
      let types = dtypes.map { "\($0.count) \($0.name)" }.joined(separator: ", ")
      facts.append(
        (
          "tensors",
          "\(grouped(UInt64(file.header.tensors.count))) (\(types)), \(grouped(parameters)) parameters, "
            + "\(ByteCount(file.header.dataBytes))"
        ))
      let compressed = file.isCompressed ? ", zstd-compressed" : ""
      facts.append(
        (
          "file",
          "\(ByteCount(file.fileBytes))\(compressed), readable by safetensors \(file.header.minimumReader) or later"
        ))
      if let statistics {
        facts.append(("sha256", statistics.sha256))
        let bad = statistics.modules.reduce(0 as UInt64) { $0 + $1.nan + $1.infinite }
        if bad > 0 { facts.append(("values", "\(grouped(bad)) are NaN or infinite")) }
      }
      for (key, value) in file.header.metadata.prefix(12) {
        facts.append(("metadata", "\(escaped(key, limit: 80)) = \(escaped(value, limit: 120))"))
      }
    }
    return facts
  }

  /// One row per target: how many modules, their sizes, ranks, scales and parameters.
  private func targetTable(_ groups: [ModuleGroup]) -> TextTable {
    let isDivided = groups.parts.count > 1
    var columns: [(String, TextTable.Alignment)] = isDivided ? [("part", .left)] : []
    columns += [
      ("target", .left), ("kind", .left), ("modules", .right), ("in", .right), ("out", .right), ("rank", .right),
      ("scale", .right), ("dtype", .left), ("parameters", .right),
    ]
    if statistics != nil { columns += [("‖ΔW‖", .right), ("effective rank", .right)] }
    if hasRelativeDeltas { columns.append(("‖ΔW‖/‖W‖", .right)) }
    var table = TextTable(columns)
    func spread<Value: Comparable>(_ values: [Value], _ show: (Value) -> String) -> String {
      var spread = Spread<Value>()
      for value in values { spread.take(value) }
      return spread.text(show)
    }
    for group in groups {
      var row = isDivided ? [group.part] : []
      row += [
        escaped(group.target, limit: 60), kindName(of: adapter.modules[group.places[0]]), "\(group.places.count)",
        group.inFeatures.text { "\($0)" }, group.outFeatures.text { "\($0)" }, group.ranks.text { "\($0)" },
        group.scales.text { Self.number($0) }, group.types.map(\.name).sorted().joined(separator: " "),
        grouped(group.parameters),
      ]
      if let statistics {
        let values = group.places.map { statistics.modules[$0] }
        row.append(spread(values.compactMap(\.deltaFrobenius)) { Self.rounded($0) })
        row.append(spread(values.compactMap(\.effectiveRank)) { "\($0)" })
        if hasRelativeDeltas { row.append(spread(values.compactMap(\.relativeDelta)) { Self.rounded($0) }) }
      }
      table.add(row)
    }
    return table
  }

  /// The modules that stand far out, one line each, behind an empty line; nothing when there is none.
  private func outlierLines(indent: String, limit: Int = 12) -> [String] {
    let outliers = outliers
    guard !outliers.isEmpty else { return [] }
    let more = outliers.count > limit ? ["\(indent)\(outliers.count - limit) more modules stand far out"] : []
    return [""] + outliers.prefix(limit).map { "\(indent)outlier  \($0.sentence)" } + more
  }

  private var hasRelativeDeltas: Bool { statistics?.modules.contains { $0.relativeDelta != nil } ?? false }

  private static func tensorTable(_ header: SafetensorsHeader) -> TextTable {
    var table = TextTable([("tensor", .left), ("dtype", .left), ("shape", .left), ("bytes", .right)])
    for tensor in header.tensors {
      table.add([
        escaped(tensor.name), tensor.dtype.name, tensor.shape.description, grouped(tensor.byteCount),
      ])
    }
    return table
  }

  /// A number without needless digits: `2`, `0.5`, `5.657`.
  public static func number(_ value: Double) -> String {
    if value == value.rounded(), abs(value) < 1e15 { return fixed(value, 0) }
    guard abs(value) >= 0.001, abs(value) < 1e6 else { return "\(value)" }
    var text = fixed(value, 4)
    while text.hasSuffix("0") { text.removeLast() }
    return text
  }

  /// A measured number with about four digits: `0.01234`, `12.34`.
  public static func rounded(_ value: Double) -> String {
    guard value > 0, value < 1e6 else { return value == 0 ? "0" : "\(value)" }
    return value < 1e-4 ? "\(value)" : fixed(value, max(0, min(8, 3 - Int(value.exponent) * 3 / 10)))
  }

  /// Layer indices with runs drawn together: `layers 0-31`.
  public static func layerText(_ layers: [UInt64]) -> String {
    guard let first = layers.first else { return "no numbered layer" }
    var runs: [ClosedRange<UInt64>] = [first...first]
    for layer in layers.dropFirst() {
      if let last = runs.last, last.upperBound + 1 == layer {
        runs[runs.count - 1] = last.lowerBound...layer
      } else {
        runs.append(layer...layer)
      }
    }
    let shown = runs.prefix(8).map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
    return "layers " + shown.joined(separator: ", ") + (runs.count > 8 ? ", …" : "")
  }
}

/// A table with one row per adapter, for folders of many.
public func inspectTable(_ inspections: [Inspection]) -> TextTable {
  var table = TextTable([
    ("adapter", .left), ("format", .left), ("rank", .right), ("scale", .right), ("modules", .right), ("dtype", .left),
    ("parameters", .right), ("size", .right), ("problems", .left),
  ])
  for inspection in inspections {
    let ranks = inspection.ranks.map { $0.min == $0.max ? "\($0.min)" : "\($0.min)-\($0.max)" } ?? "-"
    let scales =
      inspection.scales.map {
        $0.min == $0.max ? Inspection.number($0.min) : "\(Inspection.number($0.min))-\(Inspection.number($0.max))"
      } ?? "-"
    let errors = inspection.findings.filter { $0.severity == .error }
    table.add([
      escaped(inspection.adapter.path), inspection.adapter.format.rawValue, ranks, scales,
      "\(inspection.adapter.modules.count)", inspection.dtypes.map(\.name).joined(separator: " "),
      grouped(inspection.parameters), ByteCount(inspection.adapter.file?.fileBytes ?? 0).human,
      Set(errors.map(\.rule.rawValue)).sorted().joined(separator: " "),
    ])
  }
  return table
}

extension Finding {
  /// The finding as indented lines: severity, rule and sentence, then expected, found and hint.
  public func text(indent: String = "") -> [String] {
    func shown(_ text: String) -> String { escaped(text, limit: 2_000) }
    var lines = ["\(indent)\(severity.rawValue)  \(rule.rawValue): \(shown(message))"]
    if let expected { lines.append("\(indent)    expected  \(shown(expected))") }
    if let found { lines.append("\(indent)    found     \(shown(found))") }
    if let byteOffset { lines.append("\(indent)    at byte   \(byteOffset)") }
    if let hint { lines.append("\(indent)    hint      \(shown(hint))") }
    return lines
  }
}

extension String {
  fileprivate func padded(to width: Int) -> String {
    self + String(repeating: " ", count: max(1, width - count))
  }
}
