import Diagnostics
public import JSON
import LoRAModel
import Safetensors
import TensorCore

extension Inspection {
  /// The adapter's entry in the `adapters` list of `lora-tool/inspect/1`; `tensors` adds every tensor.
  public func json(tensors: Bool = false) -> JSONValue {
    let file = adapter.file
    let groups = adapter.groups
    var object: JSONObject = [
      "path": .string(adapter.path), "format": .string(adapter.format.rawValue),
      "file_bytes": JSONValue(file?.fileBytes ?? 0), "tensor_bytes": JSONValue(file?.header.dataBytes ?? 0),
      "tensor_count": JSONValue(file?.header.tensors.count ?? 0), "parameters": JSONValue(parameters),
      "dtypes": .object(JSONObject(dtypes.map { ($0.name, JSONValue($0.count)) })), "peft_type": JSONValue(peftType),
      "base_model": JSONValue(baseModelName), "rank": rankJSON, "alpha": JSONValue(alpha),
      "scale": scaleJSON, "use_rslora": .bool(usesRankStabilizedScale),
      "use_dora": .bool(usesDoRA),
      "targets": .array(Set(groups.map(\.target)).sorted().map { .string($0) }),
      "layers": .array(layers.map { JSONValue($0) }),
      "modules": .array(adapter.modules.indices.map { moduleJSON($0) }),
      "full_tensors": .array(adapter.replacements.map { .string($0.name) }),
      "metadata": .object(JSONObject((file?.header.metadata ?? []).map { ($0.key, .string($0.value)) })),
      "minimum_reader": JSONValue(file?.header.minimumReader),
    ]
    if let statistics {
      object["sha256"] = .string(statistics.sha256)
      object["outliers"] = .array(outliers.map(\.json))
    }
    object["parts"] = .array(
      groups.parts.map { part in
        [
          "name": .string(part.name), "modules": JSONValue(part.modules), "parameters": JSONValue(part.parameters),
          "bytes": JSONValue(part.bytes),
        ]
      })
    if let trainer = adapter.trainer { object["trainer"] = .string(trainer.name) }
    if let method = adapter.foreignMethod { object["method"] = .string(method) }
    if !adapter.unknown.isEmpty { object["unknown_tensors"] = .array(adapter.unknown.map { .string($0.name) }) }
    if let base {
      object["base"] = [
        "model_type": JSONValue(base.modelType), "parameters": base.parameters.map { JSONValue($0) } ?? .null,
        "quantization": base.quantizationJSON ?? .null,
      ]
      object["shrink_ratio"] = JSONValue(shrinkRatio)
    }
    if tensors { object["tensors"] = .array((file?.header.tensors ?? []).map { Self.json($0) }) }
    object["findings"] = .array(findings.map(\.json))
    return .object(object)
  }

  private var rankJSON: JSONValue {
    [
      "config": declaredRank.map { JSONValue($0) } ?? .null, "min": ranks.map { JSONValue($0.min) } ?? .null,
      "max": ranks.map { JSONValue($0.max) } ?? .null, "uniform": .bool(ranks.map { $0.min == $0.max } ?? true),
    ]
  }

  private var scaleJSON: JSONValue {
    [
      "min": JSONValue(scales?.min), "max": JSONValue(scales?.max),
      "source": JSONValue(adapter.modules.first?.scaleSource.rawValue),
    ]
  }

  private func moduleJSON(_ index: Int) -> JSONValue {
    let module = adapter.modules[index]
    var object: JSONObject = [
      "name": .string(module.name), "kind": .string(kindName(of: module)), "rank": JSONValue(module.rank),
      "in": JSONValue(module.inFeatures), "out": JSONValue(module.outFeatures), "alpha": JSONValue(module.alpha),
      "scale": .real(module.scale), "dtype": JSONValue((module.a ?? module.b)?.dtype.name),
      "parameters": JSONValue(module.parameters),
    ]
    if let statistics = statistics?.modules[index] {
      object["delta_frobenius"] = JSONValue(statistics.deltaFrobenius)
      object["delta_spectral"] = JSONValue(statistics.deltaSpectral)
      object["effective_rank"] = statistics.effectiveRank.map { JSONValue($0) } ?? .null
      object["relative_delta"] = JSONValue(statistics.relativeDelta)
      object["nan"] = JSONValue(statistics.nan)
      object["inf"] = JSONValue(statistics.infinite)
      object["zero"] = JSONValue(statistics.zero)
    }
    return .object(object)
  }

  private static func json(_ tensor: TensorInfo) -> JSONValue {
    [
      "name": .string(tensor.name), "dtype": .string(tensor.dtype.name),
      "shape": .array(tensor.shape.dimensions.map { JSONValue($0) }),
      "data_offsets": [JSONValue(tensor.begin), JSONValue(tensor.end)],
    ]
  }
}

/// The whole document of `inspect`.
public func inspectDocument(_ inspections: [Inspection], tensors: Bool, toolVersion: String) -> JSONValue {
  .document(
    "inspect", toolVersion: toolVersion,
    [
      "adapters": .array(inspections.map { $0.json(tensors: tensors) })
    ])
}
