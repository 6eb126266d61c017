import Diagnostics
import JSON
import LoRAModel
import Safetensors
import TensorCore

extension CapacityPlan {
  /// An adapter's size, and how it spreads.
  struct Measured {
    var size: AdapterSize
    /// Parameters by layer, of all modules that are in one.
    var byLayer: [String: UInt64]
    /// Operations for a token.
    var operations: Double
  }

  static func sizes(_ request: CapacityRequest) throws(CapacityError) -> [Measured] {
    switch request.adapters {
    case .uniform(let rank, let targets):
      let modules = targets.modules(of: request.base)
      guard !modules.isEmpty else { throw .noTargets("\(targets)", base: request.base.path) }
      if let unknown = modules.first(where: { $0.inFeatures == 0 || $0.outFeatures == 0 }) {
        throw .unknownSizes(base: request.base.path, reason: "the weight of \(escaped(unknown.name)) is packed")
      }
      return [try measured(modules.map { ($0, rank) }, path: nil, request)]
    case .real(let adapters):
      var result: [Measured] = []
      for adapter in adapters { result.append(try measured(adapter, request)) }
      return result
    }
  }

  private static func measured(_ adapter: Adapter, _ request: CapacityRequest) throws(CapacityError) -> Measured {
    if let finding = adapter.findings.first(where: { $0.severity == .error }) {
      throw .adapter(path: adapter.path, reason: finding.message)
    }
    guard !adapter.modules.isEmpty else { throw .adapter(path: adapter.path, reason: "it has no LoRA modules") }
    var parameters: UInt128 = 0
    var byLayer: [String: UInt128] = [:]
    var operations = 0.0
    let share = request.base.activeExpertShare
    for module in adapter.modules {
      guard let match = request.base.match(module.name) else {
        throw .adapter(path: adapter.path, reason: "the base has no module \(escaped(module.name)); validate it first")
      }
      var elements: UInt128 = 0
      for tensor in [module.a, module.b] {
        guard let count = tensor?.shape.elementCount else {
          throw .adapter(path: adapter.path, reason: "\(escaped(module.name)) has no A or no B; validate it first")
        }
        elements += UInt128(count)
      }
      parameters += elements
      if let layer = layer(of: match.module.name) { byLayer[layer, default: 0] += elements }
      operations += match.module.deltaOperationsPerRank(activeShare: share) * Double(module.rank)
    }
    return try measured(
      path: adapter.path, rank: adapter.modules.map(\.rank).max() ?? 0, modules: adapter.modules.count, parameters,
      byLayer, operations, request)
  }

  private static func measured(
    _ modules: [(BaseModule, rank: UInt64)], path: String?, _ request: CapacityRequest
  ) throws(CapacityError) -> Measured {
    var parameters: UInt128 = 0
    var byLayer: [String: UInt128] = [:]
    var operations = 0.0
    let share = request.base.activeExpertShare
    for (module, rank) in modules {
      let (elements, overflow) = module.parametersPerRank.multipliedReportingOverflow(by: UInt128(rank))
      if overflow { throw .tooLarge("the size of an adapter") }
      parameters += min(elements, 1 << 100)
      if let layer = layer(of: module.name) { byLayer[layer, default: 0] += min(elements, 1 << 100) }
      operations += module.deltaOperationsPerRank(activeShare: share) * Double(rank)
    }
    return try measured(
      path: path, rank: modules.map(\.rank).max() ?? 0, modules: modules.count, parameters, byLayer, operations, request
    )
  }

  private static func measured(
    path: String?, rank: UInt64, modules: Int, _ parameters: UInt128, _ byLayer: [String: UInt128],
    _ operations: Double, _ request: CapacityRequest
  ) throws(CapacityError) -> Measured {
    let total = try exact(parameters, "the size of an adapter")
    let bytes = try exact(UInt128(total) * UInt128(request.dtype.bits / 8), "the size of an adapter")
    return Measured(
      size: AdapterSize(path: path, rank: rank, modules: modules, parameters: total, bytes: bytes),
      byLayer: byLayer.mapValues { UInt64(truncatingIfNeeded: $0) }, operations: operations)
  }

  /// The path down to the first number in it, such as `model.layers.7`; nil for a module outside lists.
  private static func layer(of name: String) -> String? {
    let bytes = name.utf8
    var start = bytes.startIndex
    while true {
      let end = bytes[start...].firstIndex(of: UInt8(ascii: ".")) ?? bytes.endIndex
      if start < end, bytes[start..<end].allSatisfy({ $0 &- UInt8(ascii: "0") < 10 }) { return String(name[..<end]) }
      guard end < bytes.endIndex else { return nil }
      start = bytes.index(after: end)
    }
  }
}
