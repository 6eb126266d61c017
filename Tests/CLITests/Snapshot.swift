import Foundation
import LoRATestSupport
import Testing

/// Text that is kept in the repository and compared with what the program says.
enum Snapshot {
  /// The folder of the package.
  static let repository = URL(fileURLWithPath: Fixtures.root).deletingLastPathComponent().path

  /// Compares text with a file of the repository, or writes the file when `LORA_TOOL_UPDATE_SNAPSHOTS` is set.
  static func check(_ text: String, _ name: String, source: SourceLocation = #_sourceLocation) throws {
    let file = URL(fileURLWithPath: "\(repository)/\(name)")
    if let wanted = ProcessInfo.processInfo.environment["LORA_TOOL_UPDATE_SNAPSHOTS"], !wanted.isEmpty {
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      return try Data(text.utf8).write(to: file)
    }
    let kept = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
    guard kept != text else { return }
    let old = kept.components(separatedBy: "\n")
    let new = text.components(separatedBy: "\n")
    let first = zip(old, new).enumerated().first { $0.element.0 != $0.element.1 }?.offset ?? min(old.count, new.count)
    Issue.record(
      """
      \(name) line \(first + 1) is
        \(first < old.count ? old[first] : "(missing)")
      but should be
        \(first < new.count ? new[first] : "(nothing)")
      LORA_TOOL_UPDATE_SNAPSHOTS=1 swift test --filter CLITests writes it again.
      """, sourceLocation: source)
  }
}
