import LoRAIO
public import TensorCore

/// The files under `testdata/`, which the reference libraries made.
public enum Fixtures {
  /// Path of the `testdata` folder.
  public static let root: String = {
    // Tests/LoRATestSupport/Fixtures.swift lies three levels below the package.
    var path = Folder.resolved(#filePath) ?? #filePath
    for _ in 0..<3 { path = Folder.parent(path) }
    return Folder.join(path, "testdata")
  }()

  /// Path of a file or folder below `testdata`.
  public static func path(_ name: String) -> String { Folder.join(root, name) }

  /// A JSON file below `testdata`.
  public static func json(_ name: String) throws -> JSONValue {
    try JSONValue(parsing: try InputFile.contents(of: path(name), limit: 64 << 20), dialect: .python)
  }

  /// Bytes of a file below `testdata`.
  public static func bytes(_ name: String) throws -> [UInt8] {
    try InputFile.contents(of: path(name), limit: 64 << 20)
  }
}
