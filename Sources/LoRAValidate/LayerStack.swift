import JSON
import LoRAModel
import TensorCore

/// The order in which `layer_replication` stacks the base's layers: the adapter counts the new stack
/// (peft 0.21, `tuners_utils.py: replicate_layers`).
struct LayerStack {
  /// What keeps PEFT from stacking the layers.
  enum Problem {
    /// The model has no list of layers where PEFT looks for one.
    case noList
    /// A range goes beyond the base's layers.
    case beyond(layers: UInt64)
  }

  /// The path of the list of layers with a dot at its end, such as `model.layers.`; nil without a base.
  private let list: String?
  /// Why PEFT refuses the stack.
  let problem: Problem?
  /// The base's layer at each place of the new stack.
  private let layers: [UInt64]

  /// Longest stack that is followed; the deepest models have a few hundred layers.
  private static let limit = 1 << 14

  /// The stack of a config, by the base's layers where it is there.
  init(_ config: AdapterConfig?, _ base: BaseModel?) {
    let pairs = (config?.raw["layer_replication"]?.array ?? []).compactMap { pair -> (first: Int64, end: Int64)? in
      guard let ends = pair.array, ends.count == 2, let first = ends[0].int64, let end = ends[1].int64 else {
        return nil
      }
      return (first, end)
    }
    let lists = pairs.isEmpty || base?.isKnown != true ? nil : base.map { Self.lists(of: $0) }
    let found = lists?.min { ($0.key.utf8.count, $0.key) < ($1.key.utf8.count, $1.key) }
    list = found.map { $0.key + "." }
    var layers: [UInt64] = []
    var isBeyond = false
    for (first, end) in pairs where first < end {
      for place in first..<end {
        // Python counts negative indices from the end of the list.
        let count = Int64(clamping: found?.value ?? 0)
        let index = place < 0 && found != nil ? place + count : place
        guard index >= 0, found == nil || index < count, layers.count < Self.limit else {
          isBeyond = true
          break
        }
        layers.append(UInt64(index))
      }
    }
    self.layers = layers
    if let found {
      problem = isBeyond ? .beyond(layers: found.value) : nil
    } else {
      problem = lists == nil ? nil : .noList
    }
  }

  /// The lists that PEFT finds in memory, with the numbers of their layers.
  private static func lists(of base: BaseModel) -> [String: UInt64] {
    let names = LoadedNames(base)
    let paths = Set(base.modules.keys.compactMap { names.name(of: $0).layer.map { String($0.before.dropLast()) } })
    return base.layerCounts.filter { isStacked($0.key) && paths.contains($0.key) }
  }

  /// Whether PEFT finds the list: below any number of `model`, as `layers`, BERT's `encoder.layer` or `h`.
  private static func isStacked(_ path: String) -> Bool {
    let rest = path.dottedComponents.drop { $0 == "model" }.joined(separator: ".")
    return ["layers", "encoder.layer", "bert.encoder.layer", "h"].contains(rest)
  }

  /// The name of the base's module that the adapter's module is a copy of.
  func baseName(of name: String) -> String {
    guard !layers.isEmpty, let (index, before, after) = name.layer, list == nil || before == list ?? "",
      let place = Int(exactly: index), layers.indices.contains(place)
    else { return name }
    return "\(before)\(layers[place])\(after)"
  }

  /// The names of the copies of one of the base's modules; its own name for modules outside the stack.
  func copies(of name: String) -> [String] {
    guard !layers.isEmpty, let (index, before, after) = name.layer, before == list ?? "" else { return [name] }
    return layers.indices.filter { layers[$0] == index }.map { "\(before)\($0)\(after)" }
  }
}
