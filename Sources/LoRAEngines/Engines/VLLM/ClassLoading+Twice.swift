import Diagnostics
import JSON
import LoRAModel
import Safetensors
import TensorCore

/// Tensors whose names are different and mean one place.
extension ClassLoading {
  /// Two spellings of one module, of which the engine takes one.
  mutating func repeated(_ all: [Kind]) {
    // Kinds that lead to one place; names of one kind never do.
    var places: [String: [Kind]] = [:]
    for kind in all {
      if let place = place(of: kind) { places[place, default: []].append(kind) }
    }
    let contested = places.filter { $0.value.count > 1 }
    guard !contested.isEmpty else { return }
    var owners: [String: String] = [:]
    for (place, kinds) in contested {
      for kind in kinds { owners[Self.template(of: kind.tensor).template] = place }
    }
    var taken: [String: String] = [:]
    for name in names {
      guard let place = owners[Self.template(of: name).template] else { continue }
      let numbers = name.split(separator: ".").filter { $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }
      let key = ([place] + numbers.map(String.init)).joined(separator: " ")
      if let first = taken[key] {
        return add(
          .ignored,
          "one of two spellings of the same factor: \(escaped(first, limit: 160)) and \(escaped(name, limit: 160))",
          tensor: name, found: escaped(name), hint: "keep the one that was trained and drop the other")
      }
      taken[key] = name
    }
  }

  /// Where a kind of factor lands, numbers aside; nil for what lands nowhere.
  private func place(of kind: Kind) -> String? {
    guard case .factor(_, let isA) = read(kind.tensor) else { return nil }
    switch kind.outcome {
    case .placed(let module, let part): return "\(module.name) \(part ?? "") \(isA)"
    case .expert(let form): return "\(form) \(isA)"
    default: return nil
    }
  }
}
