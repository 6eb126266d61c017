package import JSON
import LoRADeltas
import LoRAInspect
import LoRAModel
import Safetensors
import TensorCore

extension AdapterDiff {
  /// The whole document of `diff`.
  package func document(toolVersion: String) -> JSONValue {
    .document(
      "diff", toolVersion: toolVersion,
      [
        "status": .string(status.rawValue), "tolerance": .real(tolerance),
        "reasons": .array(reasons.map { .string($0) }), "a": Self.summary(a), "b": Self.summary(b),
        "total": .object(total.json), "structure": structure,
        "config": .array(config.map { ["field": .string($0.name), "a": $0.a, "b": $0.b] }),
        "modules": .array(modules.map { .object($0.json) }), "full_tensors": .array(tensors.map { .object($0.json) }),
      ])
  }

  private static func summary(_ adapter: Adapter) -> JSONValue {
    let inspection = Inspection(adapter)
    return [
      "path": .string(adapter.path), "format": .string(adapter.format.rawValue),
      "base_model": JSONValue(inspection.baseModelName), "modules": JSONValue(adapter.modules.count),
      "full_tensors": JSONValue(adapter.replacements.count), "parameters": JSONValue(inspection.parameters),
      "dtypes": .object(JSONObject(inspection.dtypes.map { ($0.name, JSONValue($0.count)) })),
      "rank": ["min": JSONValue(inspection.ranks.map(\.min)), "max": JSONValue(inspection.ranks.map(\.max))],
      "scale": ["min": JSONValue(inspection.scales?.min), "max": JSONValue(inspection.scales?.max)],
    ]
  }

  private var structure: JSONValue {
    func names(_ side: DiffSide) -> JSONValue { .array(modules.filter { $0.onlyIn == side }.map { .string($0.name) }) }
    func tensorNames(_ side: DiffSide) -> JSONValue {
      .array(tensors.filter { $0.onlyIn == side }.map { .string($0.name) })
    }
    let common = modules.filter { $0.onlyIn == nil }
    func differing<Value: Equatable>(_ value: (AdapterModule) -> Value) -> JSONValue {
      JSONValue(common.count { $0.a.map(value) != $0.b.map(value) })
    }
    return [
      "modules_common": JSONValue(common.count), "modules_only_in_a": names(.a), "modules_only_in_b": names(.b),
      "full_tensors_only_in_a": tensorNames(.a), "full_tensors_only_in_b": tensorNames(.b),
      "ranks_differ": differing(\.rank), "scales_differ": differing(\.scale),
      "dtypes_differ": differing { [$0.a?.dtype.name, $0.b?.dtype.name] },
      "kinds_differ": differing(\.kind.rawValue),
      "identical_tensors": JSONValue(identicalTensors),
    ]
  }

  /// Tensors that both files hold byte by byte.
  var identicalTensors: Int {
    modules.reduce(0) { sum, module in
      sum + (module.comparison.hasSameDown ? 1 : 0) + (module.comparison.hasSameUp ? 1 : 0)
        + [module.magnitude, module.bias].count { $0?.isIdentical ?? false }
    } + tensors.count { $0.comparison?.isIdentical ?? false }
  }
}

extension JSONValue {
  fileprivate init(_ value: UInt64?) { self = value.map { JSONValue($0) } ?? .null }
}

extension DeltaComparison {
  /// The members that a module and the total have.
  var json: JSONObject {
    [
      "distance": .real(distance), "relative": .real(relative), "cosine": JSONValue(cosine), "norm_a": .real(normA),
      "norm_b": .real(normB), "overlap_left": JSONValue(left?.overlap), "overlap_right": JSONValue(right?.overlap),
      "random_left": JSONValue(left?.random), "random_right": JSONValue(right?.random),
      "energy_left": JSONValue(left?.energy), "energy_right": JSONValue(right?.energy),
    ]
  }
}

extension ValueComparison {
  var json: JSONObject {
    [
      "distance": .real(distance), "relative": .real(relative), "norm_a": .real(normA), "norm_b": .real(normB),
      "identical": .bool(isIdentical),
    ]
  }
}

extension ModuleDiff {
  var json: JSONObject {
    var object: JSONObject = ["name": .string(name)]
    for (key, value) in comparison.json.members { object[key] = value }
    object["share"] = .real(share)
    object["compared"] = .string(subject.rawValue)
    object["only_in"] = JSONValue(onlyIn?.rawValue)
    object["identical"] = .bool(comparison.hasSameDown && comparison.hasSameUp)
    object["a"] = Self.facts(a)
    object["b"] = Self.facts(b)
    if let relativeToBase { object["relative_base"] = .real(relativeToBase) }
    if let experts {
      object["experts"] = [
        "count": JSONValue(experts.count), "relative_max": .real(experts.largest),
        "relative_mean": .real(experts.mean), "worst": JSONValue(experts.worst),
      ]
    }
    if let magnitude { object["magnitude"] = .object(magnitude.json) }
    if let bias { object["bias"] = .object(bias.json) }
    return object
  }

  private static func facts(_ module: AdapterModule?) -> JSONValue {
    guard let module else { return .null }
    return [
      "name": .string(module.name), "kind": .string(module.kind.rawValue), "rank": JSONValue(module.rank),
      "in": JSONValue(module.inFeatures), "out": JSONValue(module.outFeatures), "scale": .real(module.scale),
      "dtype": JSONValue((module.a ?? module.b)?.dtype.name),
    ]
  }
}

extension TensorDiff {
  var json: JSONObject {
    var object: JSONObject = ["name": .string(name), "only_in": JSONValue(onlyIn?.rawValue)]
    if let comparison {
      for (key, value) in comparison.json.members { object[key] = value }
    } else if onlyIn == nil {
      object["note"] = "the two replace other rows"
    }
    return object
  }
}
