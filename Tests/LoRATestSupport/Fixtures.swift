import Compression
public import Foundation
public import JSON
import LoRAIO

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

  /// Bytes that a JSON file holds in base64.
  public static func bytes(base64 text: JSONValue?) throws -> [UInt8] {
    guard let encoded = text?.string, let data = Data(base64Encoded: encoded) else {
      throw CocoaError(.coderInvalidValue)
    }
    return Array(data)
  }

  /// Everything below a folder by its path: what files hold, nothing for folders.
  public static func contents(of folder: String) throws -> [String: Data] {
    let names = try FileManager.default.subpathsOfDirectory(atPath: folder)
    return names.reduce(into: [:]) { $0[$1] = FileManager.default.contents(atPath: Folder.join(folder, $1)) ?? Data() }
  }

  /// The lines of a zstd file below `testdata`.
  public static func compressedLines(_ name: String) throws -> [[UInt8]] {
    try decompressed(bytes(name)).split(separator: UInt8(ascii: "\n")).map { Array($0) }
  }

  /// The content of a zstd file.
  private static func decompressed(_ bytes: [UInt8]) throws -> [UInt8] {
    var decoder = try ZstdDecoder()
    var rest = bytes[...]
    var content: [UInt8] = []
    let step = 1 << 20
    while true {
      var part = [UInt8](repeating: 0, count: step)
      let count = try unsafe part.withUnsafeMutableBytes { output in
        unsafe try decoder.read(into: output) { (target: UnsafeMutableRawBufferPointer) throws(Never) in
          let taken = min(target.count, rest.count)
          unsafe target.copyBytes(from: rest.prefix(taken))
          rest = rest.dropFirst(taken)
          return taken
        }
      }
      content += part[..<count]
      if count < step { return content }
    }
  }
}
