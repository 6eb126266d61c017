import JSON
import LoRAInspect
import LoRAModel
import LoRAValidate
import Safetensors
import TensorCore

extension ReportedAdapter {
  /// Rank, scale, targets and sizes of one adapter, and what its deltas are like as a whole.
  func factsSection(_ id: String) -> Markup {
    guard let inspection else { return "" }
    let adapter = inspection.adapter
    var cards: [Markup] = []
    if let rank = figures.rank {
      let declared = inspection.declaredRank.map { "config says \($0)" }
      cards.append(
        fact("Rank", rank.least == rank.most ? "\(rank.most)" : "\(rank.least) to \(rank.most)", note: declared))
    }
    if let scale = figures.scale {
      let least = Inspection.number(scale.least)
      let sources = Set(adapter.modules.map(\.scaleSource.rawValue)).ordered().joined(separator: ", ")
      let alpha = inspection.alpha.map { ", alpha \(Inspection.number($0))" } ?? ""
      cards.append(
        fact(
          "Scale", scale.least == scale.most ? least : "\(least) to \(Inspection.number(scale.most))",
          note: sources + alpha))
    }
    if figures.modules > 0 {
      cards.append(
        fact("Modules", grouped(UInt64(figures.modules)), note: Inspection.layerText(inspection.layers)))
    }
    if let file = adapter.file {
      let compressed = file.isCompressed ? ", zstd-compressed" : ""
      cards.append(fact("File", ByteCount(file.fileBytes).human, note: "\(grouped(file.fileBytes)) B\(compressed)"))
      cards.append(
        fact(
          "Parameters", grouped(inspection.parameters),
          note: inspection.shrinkRatio.map { "1/\(fixed($0, 0)) of the base" }))
      let types = inspection.dtypes.prefix(6).map { "\(grouped(UInt64($0.count))) \($0.name)" }
      cards.append(fact("Tensors", grouped(UInt64(file.header.tensors.count)), note: types.joined(separator: ", ")))
    }
    if let norm = figures.deltaNorm {
      let relative = figures.relativeDelta.map { "median ‖ΔW‖/‖W‖ \(short($0))" }
      cards.append(fact("‖ΔW‖ of all modules", short(norm), note: relative))
    }
    if let used = figures.usedRank {
      cards.append(fact("Rank in use", percent(used), note: "median effective rank over rank"))
    }
    if inspection.statistics != nil {
      cards.append(fact("Outliers", grouped(UInt64(figures.outliers)), note: "modules that stand far out"))
      if figures.brokenValues > 0 {
        cards.append(fact("NaN or infinite", grouped(figures.brokenValues), note: "values"))
      }
    }
    var variants: [String] = []
    if inspection.usesRankStabilizedScale { variants.append("rsLoRA") }
    if inspection.usesDoRA { variants.append("DoRA") }
    if !variants.isEmpty { cards.append(fact("Variant", variants.joined(separator: ", "))) }
    let targets = inspection.targets
    if !targets.isEmpty {
      let more = targets.count > 40 ? " and \(targets.count - 40) more" : ""
      cards.append(
        fact(
          "Targets", targets.prefix(40).map { escaped($0, limit: 80) }.joined(separator: ", ") + more, isWide: true))
    }
    if let name = figures.baseName { cards.append(fact("Base that the config names", name, isWide: true)) }
    cards.append(fact("Path", result.path, isWide: true))
    if let statistics = inspection.statistics { cards.append(fact("SHA-256", statistics.sha256, isWide: true)) }
    let serving: Markup = result.serving.map { serving -> Markup in "<p>\(serving.sentence).</p>\n" } ?? ""
    return """
      \(serving)<dl class="facts">
      \(cards)</dl>

      """
  }
}
