package import JSON

/// What transformers writes of layers that are not like the others, `per_layer_config`, where these have one shape.
package struct LayerOverrides: Sendable {
  /// Fields that the layers in question have instead of the model's.
  private let fields: JSONObject
  /// Number of the layers in question.
  package let count: Int

  /// Whether nothing is said of any layer.
  package static func isEmpty(_ value: JSONValue) -> Bool { value.isNull || value.object?.members.isEmpty == true }

  /// nil where there is no object, or the layers in it differ among themselves.
  package init?(_ value: JSONValue) {
    guard let layers = value.object?.members.map(\.value.object), let first = layers.first, let first,
      layers.allSatisfy({ $0 == first })
    else { return nil }
    (fields, count) = (first, layers.count)
  }

  /// A size that these layers have, `missing` where they have the model's; nil for what is no size.
  package func size(_ name: String, _ missing: UInt64?) -> UInt64? {
    guard let value = fields[name] else { return missing }
    return value.int64.flatMap { 1..<1 << 31 ~= $0 ? UInt64($0) : nil }
  }
}
