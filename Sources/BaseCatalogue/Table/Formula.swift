/// A size or a condition over the fields of a configuration, as the table of types writes it.
///
/// Operators and their order are Python's where the table was learned from: `//` rounds down, `**` is a power, `a ? b :
/// c` chooses, `field has x` looks a number up in a list, `null(field)` is true for one without a value and
/// `list(field)` for one with a list.
indirect enum Formula: Sendable {
  case number(Int64)
  case real(Double)
  case text(String)
  case missing
  case field(String)
  /// Number of the layer in the list at this depth, the outermost first.
  case index(Int)
  case element(String, Formula)
  case length(String)
  case isNull(String)
  case isList(String)
  case not(Formula)
  case rounded(Rounding, Formula)
  case binary(Operator, Formula, Formula)
  case choice(Formula, Formula, Formula)
  /// A list of a length, its elements as a formula of the outermost index.
  case list(Formula, Formula)

  /// How a number loses its fraction.
  enum Rounding: Sendable {
    case down
    case up
    case nearest
  }

  /// What stands between two formulas.
  enum Operator: String, Sendable {
    case add = "+"
    case subtract = "-"
    case multiply = "*"
    case divideDown = "//"
    case divide = "/"
    case remainder = "%"
    case power = "**"
    case equal = "=="
    case lessOrEqual = "<="
    case less = "<"
    case has = "has"
    case and = "&"
    case or = "|"
  }
}

/// What a formula comes to.
enum FieldValue: Sendable, Equatable {
  /// Nothing usable: a negative size, a division by zero, an index outside a list.
  case invalid
  case null
  case number(Int64)
  case real(Double)
  case text(String)
  case list([FieldValue])

  /// As Python takes it for a condition.
  var isTrue: Bool {
    switch self {
    case .invalid, .null: false
    case .number(let number): number != 0
    case .real(let number): number != 0
    case .text(let text): !text.isEmpty
    case .list(let elements): !elements.isEmpty
    }
  }

  fileprivate var isList: Bool {
    if case .list = self { true } else { false }
  }

  var size: Size {
    if case .number(let number) = self { Size(exactly: UInt64(exactly: number)) } else { .invalid }
  }

  fileprivate var asReal: Double? {
    switch self {
    case .number(let number): Double(number)
    case .real(let number): number
    default: nil
    }
  }
}

/// Where formulas find the values of fields.
protocol FieldSource {
  func value(_ name: String) -> FieldValue
}

extension Formula {
  /// Whether it asks for the number of a layer around it.
  var hasIndex: Bool {
    switch self {
    case .index: true
    case .element(_, let inner), .not(let inner), .rounded(_, let inner): inner.hasIndex
    case .binary(_, let left, let right): left.hasIndex || right.hasIndex
    case .choice(let condition, let yes, let no): condition.hasIndex || yes.hasIndex || no.hasIndex
    // Its elements are numbered by themselves.
    case .list(let count, _): count.hasIndex
    case .number, .real, .text, .missing, .field, .length, .isNull, .isList: false
    }
  }

  /// The value; `indices` are the numbers of the layers around it.
  func value(_ fields: some FieldSource, _ indices: [Int] = []) -> FieldValue {
    switch self {
    case .number(let number): .number(number)
    case .real(let number): .real(number)
    case .text(let text): .text(text)
    case .missing: .null
    case .field(let name): fields.value(name)
    case .index(let depth): indices.indices.contains(depth) ? .number(Int64(indices[depth])) : .invalid
    case .element(let name, let position): element(of: fields.value(name), position.value(fields, indices))
    case .length(let name):
      if case .list(let list) = fields.value(name) { .number(Int64(list.count)) } else { .invalid }
    case .isNull(let name): .number(fields.value(name) == .null ? 1 : 0)
    case .isList(let name): .number(fields.value(name).isList ? 1 : 0)
    case .not(let inner): .number(inner.value(fields, indices).isTrue ? 0 : 1)
    case .rounded(let rounding, let inner): rounded(inner.value(fields, indices), rounding)
    case .binary(let operation, let left, let right): binary(operation, left, right, fields, indices)
    case .choice(let condition, let yes, let no):
      (condition.value(fields, indices).isTrue ? yes : no).value(fields, indices)
    case .list(let count, let formula): list(count.value(fields, indices), formula, fields)
    }
  }

  private func element(of list: FieldValue, _ position: FieldValue) -> FieldValue {
    guard case .list(let elements) = list, case .number(let number) = position, let index = Int(exactly: number),
      elements.indices.contains(index)
    else { return .invalid }
    return elements[index]
  }

  private func list(_ count: FieldValue, _ formula: Formula, _ fields: some FieldSource) -> FieldValue {
    guard case .number(let number) = count, number >= 0, number <= BaseDescription.moduleLimit else { return .invalid }
    return .list((0..<Int(number)).map { formula.value(fields, [$0]) })
  }

  private func rounded(_ value: FieldValue, _ rounding: Rounding) -> FieldValue {
    guard case .real(let number) = value else { return value }
    let whole =
      switch rounding {
      case .down: number.rounded(.towardZero)
      case .up: number.rounded(.up)
      case .nearest: number.rounded(.toNearestOrEven)
      }
    return Int64(exactly: whole).map { .number($0) } ?? .invalid
  }

  private func binary(
    _ operation: Operator, _ left: Formula, _ right: Formula, _ fields: some FieldSource, _ indices: [Int]
  ) -> FieldValue {
    let first = left.value(fields, indices)
    switch operation {
    case .and: return first.isTrue ? right.value(fields, indices) : .number(0)
    case .or: return first.isTrue ? .number(1) : right.value(fields, indices)
    default: break
    }
    let second = right.value(fields, indices)
    switch operation {
    case .equal: return .number(areEqual(first, second) ? 1 : 0)
    case .has:
      guard case .list(let elements) = first else { return .number(0) }
      return .number(elements.contains { areEqual($0, second) } ? 1 : 0)
    case .less, .lessOrEqual:
      guard let low = first.asReal, let high = second.asReal else { return .number(0) }
      return .number((operation == .less ? low < high : low <= high) ? 1 : 0)
    default:
      if case .number(let one) = first, case .number(let other) = second, operation != .divide {
        return whole(operation, one, other)
      }
      guard let one = first.asReal, let other = second.asReal else { return .invalid }
      return real(operation, one, other)
    }
  }

  private func areEqual(_ left: FieldValue, _ right: FieldValue) -> Bool {
    if let one = left.asReal, let other = right.asReal { return one == other }
    return left == right
  }

  private func whole(_ operation: Operator, _ left: Int64, _ right: Int64) -> FieldValue {
    let result: (partialValue: Int64, overflow: Bool)
    switch operation {
    case .add: result = left.addingReportingOverflow(right)
    case .subtract: result = left.subtractingReportingOverflow(right)
    case .multiply: result = left.multipliedReportingOverflow(by: right)
    case .divideDown, .remainder:
      guard left >= 0, right > 0 else { return .invalid }
      return .number(operation == .remainder ? left % right : left / right)
    case .power: result = power(left, right)
    default: return .invalid
    }
    return result.overflow ? .invalid : .number(result.partialValue)
  }

  private func power(_ base: Int64, _ exponent: Int64) -> (partialValue: Int64, overflow: Bool) {
    guard (0...62).contains(exponent) else { return (0, true) }
    var product: Int64 = 1
    for _ in 0..<exponent {
      let next = product.multipliedReportingOverflow(by: base)
      if next.overflow { return next }
      product = next.partialValue
    }
    return (product, false)
  }

  private func real(_ operation: Operator, _ left: Double, _ right: Double) -> FieldValue {
    switch operation {
    case .add: .real(left + right)
    case .subtract: .real(left - right)
    case .multiply: .real(left * right)
    case .divide: right == 0 ? .invalid : .real(left / right)
    default: .invalid
    }
  }
}
