import BaseCatalogue
import JSON
import LoRAModel
import Synchronization
import TensorCore

/// The model classes of a release, one JSON object a line, as `testdata/make/vllm_classes.py` writes them.
///
/// Lines are found by their key and read when a class is asked for, so that a program that asks for one class, or none,
/// does not read the others.
final class VLLMClassTable: Sendable {
  let lines: ClassLines
  private let later: VLLMClassTable?
  private let known = Mutex<[String: VLLMClass?]>([:])

  /// - Parameters:
  ///   - text: the lines of the classes that differ from those of a later release.
  ///   - later: the release that has all the others.
  init(_ text: String, changing later: VLLMClassTable? = nil) {
    lines = ClassLines(text)
    self.later = later
  }

  /// The class of this key, or nil.
  func row(_ key: String) -> VLLMClass? {
    if let found = known.withLock({ $0[key] }) { return found }
    let line = lines.line(of: key)
    // A line that only says that the class is gone hides the later release's.
    let row = line.map { VLLMClass(line: $0) } ?? later?.row(key)
    let usable = row.flatMap { $0.isAbsent ? nil : $0 }
    known.withLock { $0[key] = .some(usable) }
    return usable
  }

  /// All keys, sorted.
  var keys: [String] {
    Set(lines.keys + (later?.keys ?? [])).ordered()
  }

  /// What is known of each class.
  var evidence: [ModelClassEvidence] {
    keys.compactMap { key in
      row(key).flatMap { $0.isUnheld ? nil : $0 }.map {
        ModelClassEvidence(name: key, takesLoRA: $0.takesLoRA, moduleKinds: $0.modules.count)
      }
    }
  }
}

extension VLLMClassTable {
  /// The class that runs a base: by the architecture that its config names, with the type of its text model where the
  /// class wraps several; where the config names none, by the catalogue's class of the type.
  ///
  /// - Parameter pools: whether the model is served for pooling; nil for what the class is made for.
  func row(for base: BaseModel, pools: Bool? = nil) -> (key: String, row: VLLMClass?)? {
    guard let config = base.config else { return nil }
    let named = config["architectures"]?.array?.first?.string
    guard let architecture = named ?? base.description?.className ?? classOfType(base.modelType) else { return nil }
    let section = TextSection(config)
    let keys = (section.modelType.map { ["\(architecture)/\($0)"] } ?? []) + [architecture]
    for key in keys {
      guard let row = row(key) else { continue }
      return (key, pools == true && !row.pools ? row.pooled.first ?? row : row)
    }
    return (keys[0], nil)
  }

  /// The one causal class of a model type.
  private func classOfType(_ modelType: String?) -> String? {
    guard let modelType else { return nil }
    let classes = keys.filter { $0.hasSuffix("ForCausalLM") && row($0)?.modelType == modelType }
    return classes.count == 1 ? classes[0] : nil
  }
}
