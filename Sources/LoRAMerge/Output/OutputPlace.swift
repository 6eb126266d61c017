import JSON
import LoRAIO
import Safetensors
import TensorCore

/// The path where an output is to appear, checked before anything is written.
struct OutputPlace {
  private let path: String
  private let overwrites: Bool

  init(_ path: String, overwrites: Bool) {
    self.path = path
    self.overwrites = overwrites
  }

  /// Refuses places that exist, that would change the base, or whose replacement would remove an input.
  func check(against plan: MergePlan) throws(MergeError) {
    let name = Folder.lastComponent(path)
    guard !name.isEmpty, name != ".", name != "..", name != "/" else { throw refused("it is no name for a new folder") }
    let parent = Folder.parent(path)
    guard FileKind(path: parent) == .folder, let realParent = Folder.resolved(parent) else {
      throw refused("there is no folder \(parent) to create it in")
    }
    let real = Folder.join(realParent, name)
    if let base = Folder.resolved(plan.baseFolder) {
      if real == base { throw refused("it is the base, which is never written to") }
      if real.hasPrefix(base + "/") { throw refused("it lies inside the base, which is never written to") }
    }
    guard Folder.resolved(path) != nil || FileKind(path: path) != nil else { return }
    guard overwrites else {
      throw refused("it exists already; choose another name, or allow it to be replaced with --overwrite")
    }
    guard Folder.resolved(path) == real else { throw refused("it is a symbolic link, which is not replaced") }
    guard FileKind(path: path) == .folder else { throw refused("it is no folder") }
    try checkReplacement(real, plan)
  }

  private func checkReplacement(_ real: String, _ plan: MergePlan) throws(MergeError) {
    for input in [plan.baseFolder] + plan.sources.map(\.path) + plan.adapters.map(\.path) {
      guard let input = Folder.resolved(input) else { continue }
      if input == real || input.hasPrefix(real + "/") { throw refused("replacing it would remove the input \(input)") }
    }
    let names = try MergeError.catching { () throws(IOError) in try Folder.names(in: path) }
    let isModel = names.contains { $0 == "config.json" || $0.hasSuffix(".safetensors") }
    guard names.isEmpty || isModel else {
      throw refused("it holds no model, so it is not replaced; remove it by hand if nothing in it is needed")
    }
  }

  /// Whether the output is there already, whole and made by this very plan.
  func holds(_ plan: MergePlan) -> Bool {
    guard FileKind(path: path) == .folder,
      let text = try? InputFile.contents(of: Folder.join(path, MergeRecord.fileName), limit: 256 << 20),
      let record = try? JSONValue(parsing: text),
      record["fingerprint"]?.string == plan.identity.fingerprint
    else { return false }
    return plan.shards.allSatisfy { (try? InputFile(path: Folder.join(path, $0.name)).size) == $0.size }
      && plan.files.allSatisfy { FileKind(path: Folder.join(path, $0.name)) == .regular }
  }

  private func refused(_ reason: String) -> MergeError { .output(path: path, reason: reason) }
}
