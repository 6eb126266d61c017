import JSON
import LoRAIO
public import LoRAValidate

extension Policy {
  /// Largest policy file that is read, in bytes.
  ///
  /// A policy is a page of text; the bound keeps the YAML library's work on hostile files in the milliseconds.
  public static let fileLimit: UInt64 = 64 << 10

  /// Reads a policy file.
  ///
  /// - Throws: `PolicyError` with every mistake in it, each with its line and column.
  public init(file path: String) throws(PolicyError) {
    let bytes: [UInt8]
    do throws(IOError) {
      bytes = try InputFile.contents(of: path, limit: Self.fileLimit)
    } catch {
      throw PolicyError(
        escaped(path), [.init(line: nil, column: nil, message: "the policy file cannot be read: \(error.cause)")])
    }
    try self.init(yaml: bytes, path: path)
  }

  /// Reads the text of a policy file; `path` is for messages.
  ///
  /// - Throws: `PolicyError` with every mistake in it, each with its line and column.
  public init(yaml bytes: [UInt8], path: String) throws(PolicyError) {
    let path = escaped(path)
    let root: YAMLNode
    do throws(YAMLProblem) {
      root = try YAMLNode(parsing: bytes)
    } catch {
      throw PolicyError(path, [.init(line: error.line, column: error.column, message: error.message)])
    }
    var reader = PolicyReader(path: path)
    reader.read(root)
    guard reader.problems.isEmpty else { throw PolicyError(path, reader.problems) }
    self = reader.policy
  }
}
