import Diagnostics
import JSON
import LoRAKernels
import LoRAModel
import Safetensors
import TensorCore

/// A module one of whose factors is all zeros.
struct ZeroFactor {
  let module: String
  /// `A` or `B`.
  let factor: String
  let tensor: String
}

extension ValidationContext {
  /// The modules whose product is zero because A or B is, B first as LoRA starts it at zero.
  var zeroFactors: [ZeroFactor] {
    guard let values else { return [] }
    return adapter.modules.compactMap { module in
      for (factor, tensor) in [("B", module.b), ("A", module.a)] {
        if let tensor, let found = values[tensor.name], !found.hasNonzero, tensor.elementCount > 0 {
          return ZeroFactor(module: module.name, factor: factor, tensor: tensor.name)
        }
      }
      return nil
    }
  }

  /// One finding for all tensors with elements of a kind: the first by name, index and offset, the others by count.
  func nonFinite(_ rule: RuleID, _ kind: String, _ hint: String, _ find: (ValueScan) -> (count: UInt64, first: UInt64?))
    -> [Finding]
  {
    guard let values, let file = adapter.file else { return [] }
    var places: [(tensor: TensorInfo, count: UInt64, first: UInt64)] = []
    for tensor in file.header.tensors {
      if let found = values[tensor.name].map(find), let first = found.first {
        places.append((tensor, found.count, first))
      }
    }
    guard let (tensor, count, first) = places.first else { return [] }
    let more =
      places.count > 1 ? "; \(counted(places.count - 1, "more tensor")) do\(places.count == 2 ? "es" : "") too" : ""
    return [
      Finding(
        rule,
        "\(escaped(tensor.name)) holds \(kind) in \(grouped(count)) of \(grouped(tensor.elementCount)) elements, first at "
          + "index \(grouped(first))\(more)",
        file: adapter.weightsPath, tensor: tensor.name,
        module: adapter.modules.first { $0.tensors.contains { $0.name == tensor.name } }?.name,
        expected: "finite values", found: "\(kind) at index \(first)", hint: hint,
        byteOffset: file.offset(of: tensor) + first * tensor.dtype.bits / 8)
    ]
  }
}
