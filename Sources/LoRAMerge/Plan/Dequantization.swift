import JSON
package import LoRAModel
import QuantizedWeights
import TensorCore

extension BaseModel {
  /// Why its quantised weights cannot be read; empty when they can, or when there are none.
  package var dequantizationRefusals: [Refusal] { Dequantization(self).refusals }
}

/// What is to be known before a quantised base becomes a plain model.
struct Dequantization {
  /// Why it cannot; empty when it can.
  private(set) var refusals: [Refusal] = []
  /// Sentences about what is lost or may surprise, without paths.
  private(set) var warnings: [String] = []

  /// Files beside the weights that describe a quantisation, which would be untrue.
  static let sideFiles = Set(QuantizationConfig.sideFiles.map(\.name)).union(["quant_log.csv", "recipe.yaml"])

  /// One reason for every kind of problem: what is wrong with one weight is as a rule wrong with all.
  private static func refusals(_ problems: [QuantizedCheckpoint.Problem], _ path: String) -> [Refusal] {
    var kinds: [String: Int] = [:]
    for problem in problems { kinds[problem.reason, default: 0] += 1 }
    var seen: Set<String> = []
    return problems.filter { seen.insert($0.reason).inserted }.prefix(10).map { problem in
      let others = (kinds[problem.reason] ?? 1) - 1
      let more = others == 0 ? "" : " (and so with \(others) more)"
      return Refusal(path, subject: problem.tensor, problem.reason + more, hint: problem.hint)
    }
  }

  /// Looks at a base as it is stored.
  init(_ base: BaseModel) {
    guard let quantized = base.quantizedWeights(), !(quantized.weights.isEmpty && quantized.problems.isEmpty) else {
      if let method = base.quantization {
        refusals = [
          Refusal(
            base.path,
            "its config says that it is quantised (\(escaped(method, limit: 40))), but no weight is stored in "
              + "a form that is known here")
        ]
      } else {
        warnings = ["no weight of the base is quantised, so --dequantize changes nothing"]
      }
      return
    }
    refusals = Self.refusals(quantized.problems, base.path)
    let unknown = base.modules.values.filter { module in
      module.isQuantized && quantized.weights[module.name + ".weight"] == nil && quantized.weights[module.name] == nil
    }
    if refusals.isEmpty, let first = unknown.map(\.name).min() {
      refusals = [
        Refusal(
          base.path, subject: first, "its weight is stored quantised in a form that is not known here",
          hint: "merge into the 16-bit original of the base")
      ]
    }
    if !quantized.cacheScales.isEmpty {
      warnings.append(
        "\(quantized.cacheScales.count) scales of a quantised cache are left out, \(escaped(quantized.cacheScales[0])) "
          + "among them")
    }
    if quantized.formats.contains(where: { $0.name.hasPrefix("awq") }) {
      warnings.append(
        "AWQ scales the layers before the quantised ones, so an adapter that was trained on the unquantised model does "
          + "not fit; one that was trained on this base does")
    }
  }
}
