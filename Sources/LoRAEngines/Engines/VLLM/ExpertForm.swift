/// How the matrices of single experts are called below the module that holds them: `experts.#.up_proj`.
struct ExpertForm {
  /// Number of its components.
  private let depth: Int
  /// What comes before the number of the expert.
  private let stack: String

  init(_ form: String) {
    depth = form.utf8.count { $0 == UInt8(ascii: ".") } + 1
    stack = form.split(separator: ".").prefix { $0 != "#" }.joined(separator: ".")
  }

  /// The stack that the matrix of this name belongs to.
  func owner(of name: String) -> String {
    var left = depth
    let dot = name.utf8.lastIndex { byte in
      if byte == UInt8(ascii: ".") { left -= 1 }
      return left == 0
    }
    guard let dot else { return stack }
    return stack.isEmpty ? String(name[..<dot]) : name[..<dot] + "." + stack
  }
}
