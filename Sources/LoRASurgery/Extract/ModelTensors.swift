import LoRADeltas
import LoRAModel
import Safetensors
import TensorCore

/// The tensors of a model by name, whether they lie in its files or are one with another that does.
struct ModelTensors: Sendable {
  let model: BaseModel
  private let checkpoint: Checkpoint
  /// Where tensors lie that the files do not hold under their own names.
  private let aliases: [String: Checkpoint.Entry]

  /// - Parameter role: what the model is called in messages.
  init(_ model: BaseModel, role: String) throws(SurgeryError) {
    guard let checkpoint = model.checkpoint else {
      throw .refused(
        model.path, "the \(role) is a config without weights", hint: "name the folder that holds its safetensors files")
    }
    guard model.refusals.isEmpty else { throw .refused(model.refusals) }
    if let module = model.modules.values.filter(\.isQuantized).map(\.name).min() {
      throw .refused(
        model.path, subject: module, "the \(role)'s weight is stored quantised, so differences of it are not numbers",
        hint: "make a plain bf16 or f32 copy of the model first")
    }
    (self.model, self.checkpoint) = (model, checkpoint)
    aliases = Dictionary(
      model.tiedTensors.filter { checkpoint.tensors[$0.name] == nil }.map { ($0.name, $0.entry) }
    ) { first, _ in first }
  }

  /// Names in the files.
  var names: Dictionary<String, Checkpoint.Entry>.Keys { checkpoint.tensors.keys }

  /// Where a tensor lies.
  subscript(name: String) -> TensorSource? {
    guard let entry = checkpoint.tensors[name] ?? aliases[name] else { return nil }
    return TensorSource(info: entry.info, file: checkpoint.files[entry.file])
  }

  /// Whether two tensors of these names are one.
  func ties(_ name: String, to source: String) -> Bool {
    aliases[name] != nil && model.tiedTensors.contains { $0.name == name && $0.source == source }
  }

  /// The names that are one with a tensor of the files.
  func aliases(of source: String) -> [String] {
    model.tiedTensors.filter { $0.source == source && aliases[$0.name] != nil }.map(\.name).ordered()
  }
}
