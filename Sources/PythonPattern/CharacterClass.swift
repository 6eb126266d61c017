/// A set of Unicode scalars: `[a-z_]`, `\d`, or a letter under `(?i)`.
struct CharacterClass: Hashable, Sendable {
  /// `\d`, `\s`, `\w` and their complements.
  enum Category: UInt8, CaseIterable, Sendable {
    case digit
    case notDigit
    case space
    case notSpace
    case word
    case notWord
  }

  private let ranges: [ClosedRange<UInt32>]
  private let categories: [Category]
  private let isNegated: Bool
  private let ignoresCase: Bool
  private let asciiOnly: Bool
  /// The answers for scalars 0...63 and 64...127, case and negation included.
  private var low: UInt64 = 0
  private var high: UInt64 = 0

  init(
    ranges: [ClosedRange<UInt32>], categories: Set<Category> = [], isNegated: Bool = false, ignoresCase: Bool = false,
    asciiOnly: Bool = false
  ) {
    var merged: [ClosedRange<UInt32>] = []
    for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if let last = merged.last, range.lowerBound <= last.upperBound {
        merged[merged.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
      } else {
        merged.append(range)
      }
    }
    self.ranges = merged
    self.categories = categories.sorted { $0.rawValue < $1.rawValue }
    self.isNegated = isNegated
    self.ignoresCase = ignoresCase
    self.asciiOnly = asciiOnly
    for scalar in 0..<128 as Range<UInt32> where compute(scalar) {
      if scalar < 64 { low |= 1 << UInt64(scalar) } else { high |= 1 << UInt64(scalar - 64) }
    }
  }

  func contains(_ scalar: UInt32) -> Bool {
    if scalar < 64 { return low >> UInt64(scalar) & 1 != 0 }
    if scalar < 128 { return high >> UInt64(scalar - 64) & 1 != 0 }
    return compute(scalar)
  }

  private func compute(_ scalar: UInt32) -> Bool {
    let candidates = ignoresCase ? CaseFolding.equals(of: scalar, asciiOnly: asciiOnly) : [scalar]
    let isMember =
      candidates.contains(where: isInRanges) || categories.contains { $0.contains(scalar, asciiOnly: asciiOnly) }
    return isMember != isNegated
  }

  /// By bisection, so that a class of very many ranges costs little.
  private func isInRanges(_ scalar: UInt32) -> Bool {
    var (start, end) = (0, ranges.count)
    while start < end {
      let middle = (start + end) / 2
      if ranges[middle].upperBound < scalar { start = middle + 1 } else { end = middle }
    }
    return start < ranges.count && ranges[start].contains(scalar)
  }
}

extension CharacterClass.Category {
  /// Membership as `str.isdecimal`, `str.isspace` and `str.isalnum` decide it, or their ASCII parts under `(?a)`.
  func contains(_ scalar: UInt32, asciiOnly: Bool) -> Bool {
    switch self {
    case .digit: Self.isDigit(scalar, asciiOnly: asciiOnly)
    case .notDigit: !Self.isDigit(scalar, asciiOnly: asciiOnly)
    case .space: Self.isSpace(scalar, asciiOnly: asciiOnly)
    case .notSpace: !Self.isSpace(scalar, asciiOnly: asciiOnly)
    case .word: Self.isWord(scalar, asciiOnly: asciiOnly)
    case .notWord: !Self.isWord(scalar, asciiOnly: asciiOnly)
    }
  }

  private static func isDigit(_ scalar: UInt32, asciiOnly: Bool) -> Bool {
    if scalar < 128 || asciiOnly { return (0x30...0x39).contains(scalar) }
    return Unicode.Scalar(scalar)?.properties.numericType == .decimal
  }

  /// Unicode's spaces and, unlike `White_Space`, the four ASCII separators, but those not under `(?a)`.
  private static func isSpace(_ scalar: UInt32, asciiOnly: Bool) -> Bool {
    switch scalar {
    case 0x09...0x0D, 0x20: true
    case 0x1C...0x1F, 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000: !asciiOnly
    default: false
    }
  }

  static func isWord(_ scalar: UInt32, asciiOnly: Bool) -> Bool {
    switch scalar {
    case 0x30...0x39, 0x41...0x5A, 0x5F, 0x61...0x7A: return true
    case 0..<128: return false
    default:
      guard !asciiOnly, let properties = Unicode.Scalar(scalar)?.properties else { return false }
      switch properties.generalCategory {
      case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: return true
      default: return properties.numericType != nil
      }
    }
  }
}
