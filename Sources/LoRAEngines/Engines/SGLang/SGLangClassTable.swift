import BaseCatalogue
import JSON
import LoRAModel
import Synchronization
import TensorCore

/// The model classes of a release, one JSON object a line, as `testdata/make/sglang_table.py` writes them.
///
/// Lines are found by their key, the architecture, and read when a class is asked for.
final class SGLangClassTable: Sendable {
  let lines: ClassLines
  private let known = Mutex<[String: SGLangClass]>([:])

  init(_ text: String) { lines = ClassLines(text) }

  /// The class of this architecture, or nil.
  func row(_ key: String) -> SGLangClass? {
    if let found = known.withLock({ $0[key] }) { return found }
    guard let line = lines.line(of: key) else { return nil }
    let row = SGLangClass(line: line)
    known.withLock { $0[key] = row }
    return row
  }

  /// What is known of each class.
  var evidence: [ModelClassEvidence] {
    lines.keys.ordered().compactMap { key in
      row(key).map { ModelClassEvidence(name: key, takesLoRA: $0.takesLoRA, moduleKinds: $0.modules.count) }
    }
  }

  /// The class that runs a base: by the architecture that its config names, else by the catalogue's class of the type.
  func row(for base: BaseModel) -> (key: String, row: SGLangClass?)? {
    guard let config = base.config else { return nil }
    let named = config["architectures"]?.array?.first?.string
    guard let architecture = named ?? base.description?.className else { return nil }
    return (architecture, row(architecture))
  }
}
