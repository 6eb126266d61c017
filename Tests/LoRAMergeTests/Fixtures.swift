import Foundation
import JSON
import LoRAMerge
import LoRAModel
import LoRATestSupport
import Safetensors

/// The reference data: models by transformers, adapters by PEFT, and PEFT's merge in float64 rounded once.
extension Fixtures {
  struct Merged: Sendable, CustomStringConvertible {
    let adapter: String
    let base: String
    let isUntied: Bool
    let tensors: [String]
    let kinds: [String]
    var description: String { adapter }
  }

  static func adapter(_ name: String) -> Adapter { Adapter.load(path("adapters/" + name)) }

  static func base(_ name: String) throws -> BaseModel { try BaseModel.open(path(name)) }

  private static func list(_ name: String) -> [JSONValue]? { try? json(name).array }

  /// Every merge that PEFT was asked for.
  static let merged: [Merged] = {
    guard let rows = list("merged/merged.json"), let adapters = list("adapters/adapters.json") else { return [] }
    let kinds = adapters.reduce(into: [String: [String]]()) { kinds, row in
      kinds[row["name"]?.string ?? ""] = row["kinds"]?.array?.compactMap(\.string)
    }
    return rows.compactMap { row in
      guard let adapter = row["adapter"]?.string, let base = row["base"]?.string, let untied = row["untied"]?.bool,
        let tensors = row["tensors"]?.array, let kinds = kinds[adapter]
      else { return nil }
      return Merged(adapter: adapter, base: base, isUntied: untied, tensors: tensors.compactMap(\.string), kinds: kinds)
    }
  }()
}
