/// Which scalars are the same letter under `(?i)`.
///
/// Python takes two scalars for the same when their lowercase is, or when the uppercase of their lowercase is, so that
/// `s`, `S` and `ſ` (long s) are one. Under `(?a)` only the ASCII letters have case.
enum CaseFolding {
  /// Whether more than one scalar matches this one.
  static func isCased(_ scalar: UInt32, asciiOnly: Bool) -> Bool {
    equals(of: scalar, asciiOnly: asciiOnly).count > 1
  }

  /// All scalars that are the same as this one, itself first.
  static func equals(of scalar: UInt32, asciiOnly: Bool) -> [UInt32] {
    if asciiOnly {
      switch scalar {
      case 0x41...0x5A, 0x61...0x7A: return [scalar, scalar ^ 0x20]
      default: return [scalar]
      }
    }
    guard let original = Unicode.Scalar(scalar) else { return [scalar] }
    var found = [scalar]
    func add(_ mapping: String.UnicodeScalarView) {
      guard mapping.count == 1, let only = mapping.first, !found.contains(only.value) else { return }
      found.append(only.value)
    }
    let lower = original.properties.lowercaseMapping.unicodeScalars.first ?? original
    for form in [original, lower] {
      add(String(form).unicodeScalars)
      add(form.properties.uppercaseMapping.unicodeScalars)
      add(form.properties.titlecaseMapping.unicodeScalars)
    }
    for letter in found {
      guard let more = others[letter] else { continue }
      for other in more where !found.contains(other) { found.append(other) }
    }
    return found
  }

  /// The sets of equal letters that the mappings of a single one do not reach, each in full; Unicode 14.
  private static let unusual = [
    "Kk\u{212A}", "Ss\u{17F}", "Ii\u{130}\u{131}", "Åå\u{212B}", "ß\u{1E9E}", "\u{B5}Μμ", "Ṡṡ\u{1E9B}",
    "\u{FB05}\u{FB06}",
    "Ββ\u{3D0}", "Εε\u{3F5}", "Θθ\u{3D1}\u{3F4}", "\u{345}Ιι\u{1FBE}", "Κκ\u{3F0}", "Ππ\u{3D6}", "Ρρ\u{3F1}", "Σςσ",
    "Φφ\u{3D5}", "Ωω\u{2126}", "\u{390}\u{1FD3}", "\u{3B0}\u{1FE3}", "Вв\u{1C80}", "Дд\u{1C81}", "Оо\u{1C82}",
    "Сс\u{1C83}", "Тт\u{1C84}\u{1C85}", "Ъъ\u{1C86}", "Ѣѣ\u{1C87}", "Ꙋꙋ\u{1C88}",
  ]

  private static let others: [UInt32: [UInt32]] = {
    var table: [UInt32: [UInt32]] = [:]
    for set in unusual {
      let letters = set.unicodeScalars.map(\.value)
      for letter in letters { table[letter] = letters }
    }
    return table
  }()
}
