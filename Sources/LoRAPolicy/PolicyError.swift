/// Why a policy file cannot be used: everything that is wrong with it, in the order of the file.
public struct PolicyError: Error, Sendable, Equatable, CustomStringConvertible {
  /// One mistake and its place.
  public struct Problem: Sendable, Equatable, CustomStringConvertible {
    /// Line, from 1; nil when it is about the file as a whole.
    public let line: Int?
    /// Column in characters, from 1; nil when it is about the line or file as a whole.
    public let column: Int?
    /// One sentence: what is wrong, and what would be right.
    public let message: String

    /// The place and the sentence, `3:5: unknown key …`.
    public var description: String {
      [line.map { "\($0):" }, column.map { "\($0):" }, " \(message)"].compactMap { $0 }.joined()
    }
  }

  /// The policy file, escaped for messages.
  public let path: String
  /// What is wrong; never empty.
  public let problems: [Problem]

  /// One line for each problem, `lora-policy.yml:3:5: unknown key …`.
  public var description: String { problems.map { "\(path):\($0)" }.joined(separator: "\n") }

  init(_ path: String, _ problems: [Problem]) {
    self.path = path
    self.problems = problems
  }
}
