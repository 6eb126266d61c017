import TensorCore

/// Where TensorRT-LLM puts a tensor, by its name alone (`HF_LORA_PATTERN`, `iterate_hf_lora`).
enum TensorRTLLMKey: Hashable {
  /// A factor or magnitude of a layer's module, by the name that the map knows.
  case module(layer: UInt64, name: String, isExpert: Bool)
  /// A module that the map does not know.
  case unmapped(String)
  /// An input embedding or output head, which it steps over.
  case head
  /// A name that the pattern does not fit, with which loading fails.
  case unknown

  init(_ key: String, map: TensorRTLLMMap) {
    guard let place = Self.place(key) else {
      self = key.contains("lm_head") || key.contains("embed_tokens") ? .head : .unknown
      return
    }
    let last = place.module.last ?? ""
    // One of an expert's own is known by its last name, another by both or by what follows the parent.
    let isExpert = place.module.count == 3
    let own = isExpert ? last : place.module.joined(separator: ".")
    let full = "\(place.parent)." + (isExpert ? "\(place.module[0]).\(last)" : own)
    var name = map.names.contains(full) ? full : own
    if !map.names.contains(name), map.skipsUnmapped, place.module.count == 2,
      !["shared_expert", "shared_experts"].contains(place.module[0])
    {
      name = last
    }
    self =
      map.names.contains(name)
      ? .module(layer: place.layer, name: name, isExpert: isExpert) : .unmapped(name)
  }

  /// The last number that a parent and one, two or three more parts follow, then the factor's name; of three parts the
  /// second is an expert's number.
  private static func place(_ key: String) -> (layer: UInt64, parent: String, module: [String])? {
    let parts = key.split(separator: ".", omittingEmptySubsequences: false).map { String($0) }
    let endings = [
      ["lora_A", "weight"], ["lora_B", "weight"], ["lora_magnitude_vector"], ["weight_m_wdecomp", "weight"],
    ]
    guard let ending = endings.first(where: { parts.suffix($0.count).elementsEqual($0) }) else { return nil }
    let end = parts.count - ending.count
    for index in stride(from: end - 3, through: 1, by: -1) {
      let module = parts[(index + 2)..<end]
      guard module.count <= 3 else { return nil }
      guard let layer = UInt64(parts[index]), module.count < 3 || UInt64(parts[index + 3]) != nil else { continue }
      return (layer, parts[index + 1], Array(module))
    }
    return nil
  }
}
