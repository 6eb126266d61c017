import TensorCore

/// The linear layers of a stack of experts that a checkpoint holds one by one: a model has tens of thousands of them,
/// whose names differ in two numbers alone, so that they are kept as one and written out when they are asked for.
package struct ExpertLayers: Sendable, Hashable {
  /// Names of the matrices of one expert, in the order of their rows in memory.
  package let parts: [ExpertName]
  /// Number of experts.
  package let count: UInt64
  /// Input features of each matrix.
  package let inFeatures: UInt64
  /// Output features of each matrix.
  package let outFeatures: UInt64

  /// One matrix of one expert.
  func layer(part: Int, expert: UInt64) -> BaseModule {
    BaseModule(
      name: parts[part].name(of: expert), kind: .linear, inFeatures: inFeatures, outFeatures: outFeatures,
      shape: [outFeatures, inFeatures], hasBias: false, isTransposed: false, tiedTo: nil)
  }

  /// All of them, expert by expert.
  var layers: [BaseModule] {
    (0..<count).flatMap { expert in parts.indices.map { layer(part: $0, expert: expert) } }
  }
}

/// A name with a place for the number of an expert.
package struct ExpertName: Sendable, Hashable {
  /// What stands for the number.
  static let placeholder = "{e}"

  /// What stands before the number.
  package let before: String
  /// What stands after the number.
  package let after: String

  /// The name that a pattern such as `experts.{e}.w1` means; one without the place ends in the number.
  init(_ pattern: String) {
    let text = pattern.utf8
    guard let start = text.firstIndex(of: UInt8(ascii: "{")), text[start...].starts(with: Self.placeholder.utf8) else {
      (before, after) = (pattern, "")
      return
    }
    before = String(pattern[..<start])
    after = String(pattern[text.index(start, offsetBy: Self.placeholder.utf8.count)...])
  }

  /// The name with the place in it.
  var pattern: String { before + Self.placeholder + after }

  /// The name for one expert.
  package func name(of expert: UInt64) -> String {
    var name = before
    name.reserveCapacity(before.utf8.count + 6 + after.utf8.count)
    name += String(expert)
    name += after
    return name
  }

  /// The patterns that a name may be of, with the number that stands at their place; the last number comes first.
  static func patterns(of name: String) -> [(pattern: String, expert: UInt64)] {
    var found: [(String, UInt64)] = []
    let components = name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    for component in components.reversed() {
      // As the library writes numbers, and short enough for one.
      guard component.count < 10, component.allSatisfy({ 0x30...0x39 ~= $0 }),
        let number = UInt64(Substring(component)),
        component.count == 1 || component.first != 0x30
      else { continue }
      found.append((String(name[..<component.startIndex]) + placeholder + name[component.endIndex...], number))
    }
    return found
  }
}
