import Foundation
import LoRAIO

/// The files of this repository.
public enum Repository {
  /// Path of its folder.
  public static let root = Folder.parent(Fixtures.root)

  /// Path of a file or folder in it.
  public static func path(_ name: String) -> String { Folder.join(root, name) }

  /// A text file in it.
  public static func text(_ name: String) throws -> String {
    try String(contentsOfFile: path(name), encoding: .utf8)
  }

  /// Paths, from the repository's folder, of the files below a folder whose names end in one of these.
  public static func files(below folder: String, _ endings: String...) throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: path(folder)).sorted().filter { name in
      endings.contains { name.hasSuffix($0) }
    }.map { "\(folder)/\($0)" }
  }
}

/// Text that is kept in the repository and compared with what the program says.
public enum Snapshot {
  /// A text that is not the one that is kept.
  public struct Mismatch: Error, CustomStringConvertible {
    /// The first line that differs, and what to do.
    public let description: String
  }

  /// Compares text with a file of the repository, or writes the file when `LORA_TOOL_UPDATE_SNAPSHOTS` is set.
  ///
  /// - Throws: `Mismatch`.
  public static func check(_ text: String, _ name: String) throws {
    let file = URL(fileURLWithPath: Repository.path(name))
    if let wanted = ProcessInfo.processInfo.environment["LORA_TOOL_UPDATE_SNAPSHOTS"], !wanted.isEmpty {
      try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      return try Data(text.utf8).write(to: file)
    }
    let kept = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
    guard kept != text else { return }
    let old = kept.components(separatedBy: "\n")
    let new = text.components(separatedBy: "\n")
    let first = zip(old, new).enumerated().first { $0.element.0 != $0.element.1 }?.offset ?? min(old.count, new.count)
    throw Mismatch(
      description: """
        \(name) line \(first + 1) is
          \(first < old.count ? old[first] : "(missing)")
        but should be
          \(first < new.count ? new[first] : "(nothing)")
        '.ci/dev snapshots' writes it again.
        """)
  }
}
