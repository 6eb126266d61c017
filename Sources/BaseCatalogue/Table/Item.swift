/// One line of a type's rows: a module, a tensor, or rows below a path, and when they are there.
struct Item: Sendable {
  /// Last component of the path.
  let name: String
  /// Present when this is true; nil for always.
  let condition: Formula?
  let content: Content

  /// What an item holds.
  enum Content: Sendable {
    case leaf(Leaf)
    /// Rows below the path; with a count once for each number; reading a section of the configuration if one is named.
    case scope(count: Formula?, section: String?, rows: ItemList)
    /// A model of the type that a section names, built as this automatic class does.
    case model(automaticClass: String, section: String)
  }

  /// A module or tensor.
  final class Leaf: Sendable {
    let kind: Kind
    let sizes: [Formula]
    /// Whether the sizes are the same in every layer.
    let isSameInLayers: Bool
    /// Names of the matrices of one expert.
    let parts: [String]
    /// Shapes of what a checkpoint holds instead.
    let stored: [[Formula]]
    let isTokens: Bool
    /// Path whose weight it shares, empty for the token embedding.
    let tiedTo: String?

    init(
      kind: Kind, sizes: [Formula], parts: [String], stored: [[Formula]], isTokens: Bool, tiedTo: String?
    ) {
      self.kind = kind
      self.sizes = sizes
      isSameInLayers = !sizes.contains { $0.hasIndex }
      self.parts = parts
      self.stored = stored
      self.isTokens = isTokens
      self.tiedTo = tiedTo
    }
  }

  /// The letter of a leaf, and what its sizes are.
  enum Kind: Character, Sendable {
    /// In, out and whether there is a bias.
    case linear = "L"
    /// The same, stored as (in, out).
    case transposedLinear = "G"
    /// Rows and their width.
    case embedding = "E"
    /// In, out, bias, then the shape after its first dimension.
    case convolution = "C"
    /// A stack of matrices (experts, out, in).
    case stack = "P"
    /// A stack of matrices (experts, in, out).
    case transposedStack = "Q"
    /// A stack of matrices (experts, out, in) that is stored expert by expert.
    case splitStack = "S"
    /// In and out.
    case router = "R"
    /// Its width, and whether there is a bias.
    case norm = "N"
    case tensor = "T"
    case buffer = "B"
    /// A linear layer that is stored otherwise.
    case storedLinear = "M"
    /// A convolution that is stored otherwise; the first of the shapes is its own after its first dimension.
    case storedConvolution = "D"
    /// A linear layer that is stored as rows of a larger one: in, out, bias, the first row, and the rows of that one.
    case fusedLinear = "F"
    /// A tensor that is stored otherwise.
    case storedTensor = "W"
  }
}

/// Rows, or the name of a block that several types share.
final class ItemList: Sendable {
  let items: [Item]
  let block: String?

  init(_ items: [Item], block: String? = nil) {
    self.items = items
    self.block = block
  }
}

extension TableReader {
  /// Items up to the end or a closing brace.
  mutating func items() -> [Item]? {
    var items: [Item] = []
    while true {
      guard let item = item() else { return nil }
      items.append(item)
      if !takes(";") { return items }
    }
  }

  private mutating func item() -> Item? {
    var condition: Formula?
    if takes("?") {
      guard let formula = formula(1), takes(" ") else { return nil }
      condition = formula
    }
    let name = componentName()
    if takes(":") {
      guard let content = leaf() else { return nil }
      return Item(name: name, condition: condition, content: content)
    }
    var count: Formula?
    if takes("*") {
      guard let formula = formula(5) else { return nil }
      count = formula
    }
    let section = takes("@") ? word() : nil
    if takes("=") {
      let rows = ItemList([], block: word())
      return Item(name: name, condition: condition, content: .scope(count: count, section: section, rows: rows))
    }
    guard takes("{"), let rows = items(), takes("}") else { return nil }
    return Item(name: name, condition: condition, content: .scope(count: count, section: section, rows: ItemList(rows)))
  }

  /// A component of a path, which may hold hyphens.
  private mutating func componentName() -> String {
    var name = word()
    while takes("-") { name += "-" + word() }
    return name
  }

  private mutating func leaf() -> Item.Content? {
    guard let letter = next else { return nil }
    position += 1
    guard takes("(") else { return nil }
    if letter == UInt8(ascii: "A") {
      let name = word()
      guard takes(",") else { return nil }
      let section = word()
      return takes(")") ? .model(automaticClass: name, section: section) : nil
    }
    guard let kind = Item.Kind(rawValue: Character(Unicode.Scalar(letter))), let first = sizes() else { return nil }
    var parts: [String] = []
    var stored: [[Formula]] = []
    while takes("|") {
      if kind == .splitStack {
        repeat { parts.append(word()) } while takes(",")
      } else {
        guard let more = sizes() else { return nil }
        stored.append(more)
      }
    }
    guard takes(")") else { return nil }
    let isTokens = takes("!")
    return .leaf(
      Item.Leaf(
        kind: kind, sizes: first, parts: parts, stored: stored, isTokens: isTokens,
        tiedTo: takes("~") ? componentName() : nil))
  }

  private mutating func sizes() -> [Formula]? {
    var sizes: [Formula] = []
    if next == UInt8(ascii: ")") || next == UInt8(ascii: "|") { return [] }
    repeat {
      guard let size = argument() else { return nil }
      sizes.append(size)
    } while takes(",")
    return sizes
  }

  /// A formula among others; a bar ends it, so one that is an alternative stands in parentheses.
  private mutating func argument() -> Formula? {
    guard let left = formula(2) else { return nil }
    guard takes("?") else { return left }
    guard let yes = argument(), takes(":"), let no = argument() else { return nil }
    return .choice(left, yes, no)
  }
}
