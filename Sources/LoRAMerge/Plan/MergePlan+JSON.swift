public import JSON
import TensorCore

extension MergePlan {
  /// The plan as a document of schema `lora-tool/merge/1`, for `--dry-run`: the keys of a summary with nothing
  /// written, and `shards` and `files` with every byte of the output accounted for.
  public func json(toolVersion: String, output: String) -> JSONValue {
    .document(
      "merge", toolVersion: toolVersion,
      [
        "dry_run": true,
        "output": .string(output), "tensors_total": JSONValue(tensorCount),
        "tensors_merged": JSONValue(mergedTensors.count), "tensors_replaced": JSONValue(replacedTensors.count),
        "bytes_written": 0, "bytes_planned": JSONValue(outputBytes), "untied": .bool(unties),
        "adapters": .array(adapters.map(\.json)), "warnings": .array(warnings.map { .string($0) }),
        "shards": .array(shards.map(\.json)), "files": .array(files.map(\.json)),
        "skipped": .array(skipped.map { .string($0) }),
      ])
  }
}

extension PlannedAdapter {
  /// `path`, `weight` and the number of `modules`.
  public var json: JSONValue { ["path": .string(path), "weight": .real(weight), "modules": JSONValue(modules)] }
}

extension ShardPlan {
  /// `file`, `bytes`, `tensors`, how many bytes are copied as they are, and the `updates` of matrices.
  var json: JSONValue {
    var copied: UInt64 = 0
    var updates: [JSONValue] = []
    for step in steps {
      if case .copy = step.work { copied += step.count }
      updates += step.updates.map(\.json)
    }
    return [
      "file": .string(name), "bytes": JSONValue(size), "tensors": JSONValue(tensors.count),
      "bytes_copied": JSONValue(copied), "updates": .array(updates),
    ]
  }
}

extension MatrixUpdate {
  var json: JSONValue {
    [
      "tensor": .string(tensor), "first_row": JSONValue(firstRow), "rows": JSONValue(rows),
      "columns": JSONValue(columns), "dtype": .string(outputDType.name),
      "deltas": .array(
        deltas.map {
          [
            "module": .string($0.module), "adapter": JSONValue($0.adapter), "rank": JSONValue($0.rank),
            "scale": .real($0.scale),
          ]
        }),
    ]
  }
}

extension SideFile {
  var json: JSONValue {
    var object: JSONObject = ["file": .string(name), "bytes": JSONValue(size)]
    if case .copied(let path) = contents { object["from"] = .string(path) }
    return .object(object)
  }
}
