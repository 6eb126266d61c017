import JSON
import LoRAModel
import TensorCore

import struct BaseCatalogue.TextSection

/// The arithmetic of one module.
///
/// W has `out` rows and `in` columns; LoRA adds s·B·A with A `[r, in]` and B `[out, r]` (Hu et al. 2021, section 4.1).
extension LoRAModel.BaseModule {
  /// Elements of A for each unit of rank: the columns of W, times the kernel of a convolution.
  private var columns: UInt128 {
    guard kind == .conv1d || kind == .conv2d, let elements = shape.elementCount, outFeatures > 0 else {
      return UInt128(inFeatures)
    }
    return UInt128(elements / outFeatures)
  }

  /// Parameters of A and B for each unit of rank: in + out, for every expert of a stack.
  var parametersPerRank: UInt128 { (columns + UInt128(outFeatures)) * UInt128(experts) }

  /// Operations of B(A·x) for each unit of rank and one token: a multiplication and an addition for each parameter.
  ///
  /// Looking up a row of an embedding's A costs nothing, and of a stack only the active experts work.
  func deltaOperationsPerRank(activeShare: Double) -> Double {
    switch kind {
    case .embedding: 2 * Double(outFeatures)
    default: 2 * Double(parametersPerRank) * (isExpert ? activeShare : 1)
    }
  }

  /// Operations of W·x for one token: 2·in·out, none for an embedding, active experts only.
  func baseOperations(activeShare: Double) -> Double {
    guard kind != .embedding else { return 0 }
    return 2 * Double(columns) * Double(outFeatures) * Double(experts) * (isExpert ? activeShare : 1)
  }

  /// Whether it is one of many experts of which few work on a token.
  private var isExpert: Bool { experts > 1 || name.mentions(".experts.") }
}

extension BaseModel {
  /// The share of routed experts that work on a token: `num_experts_per_tok` of all; 1 for dense models.
  var activeExpertShare: Double {
    guard let config else { return 1 }
    let section = TextSection(config).config
    let active = ["num_experts_per_tok", "moe_top_k", "num_selected_experts", "top_k"].firstValue { section[$0]?.int64 }
    let all = ["num_local_experts", "num_experts", "n_routed_experts", "moe_num_experts"]
      .firstValue { section[$0]?.int64 }
    guard let active, let all, active > 0, all >= active else { return 1 }
    return Double(active) / Double(all)
  }
}

extension Array where Element == String {
  /// The first answer that is not nil.
  func firstValue<Value>(_ answer: (String) -> Value?) -> Value? {
    for element in self { if let value = answer(element) { return value } }
    return nil
  }
}
