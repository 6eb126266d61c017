import BaseCatalogue
import Glibc
import JSON
import LoRAIO
package import LoRAModel
import TensorCore

/// Opens a file of a command line; `-` is standard input.
func openInput(_ path: String) throws(Failure) -> InputFile {
  do throws(IOError) {
    return try path == "-" ? InputFile.standardInput() : InputFile(path: path)
  } catch {
    throw Failure(sentence(error))
  }
}

/// What went wrong with a file of a command line; for one that does not exist, with the name that was probably meant.
func sentence(_ error: IOError) -> String {
  // A name that a pattern found comes from the disk and may hold anything.
  let text = escaped("\(error)", limit: 5_000)
  guard error.reason == .system(ENOENT) else { return text }
  let meant = suggestion(forPath: error.path)
  return text + (meant.isEmpty ? "; check the path" : meant)
}

/// Opens the base model of a command line, or says in one sentence why it cannot be used.
///
/// `-` is a config.json on standard input.
package func openBase(_ path: String, _ terminal: TerminalOptions) throws(Failure) -> BaseModel {
  let base: BaseModel
  let config: [UInt8]? = path == "-" ? try contents(of: path, limit: 64 << 20) : nil
  do throws(BaseModelError) {
    if let config {
      base = try BaseModel.described(by: config, path: "standard input")
    } else {
      base = try BaseModel.open(path)
    }
  } catch {
    throw Failure(sentence(error, path))
  }
  terminal.note("base \(base.summary)")
  return base
}

/// Refuses a base whose modules are not known: a config alone, of an architecture that is not in the catalogue.
func checkKnown(_ base: BaseModel) throws(Failure) {
  guard !base.isKnown else { return }
  let type = base.modelType
  if let type, Catalogue.modelTypes.contains(type) {
    throw Failure(
      "\(escaped(base.path)) has values for which the catalogue has no rows of \(escaped(type)), and there are no weights "
        + "to read names and shapes from; name a folder with the model's safetensors files")
  }
  throw Failure(
    "the architecture \(escaped(type ?? "(no model_type)")) of \(escaped(base.path)) is not in the catalogue, and there "
      + "are no weights to read names and shapes from; name a folder with the model's safetensors files"
      + suggestion(for: type ?? "", among: Catalogue.modelTypes))
}

/// The whole of a small file of a command line; `-` is standard input.
func contents(of path: String, limit: UInt64) throws(Failure) -> [UInt8] {
  let input = try openInput(path)
  do throws(IOError) { return try input.contents(limit: limit) } catch { throw Failure(sentence(error)) }
}

private func sentence(_ error: BaseModelError, _ path: String) -> String {
  switch error {
  case .notFound: "\(error)\(suggestion(forPath: path))"
  case .notCached:
    // What has a path's form is more likely one that was mistyped than a repository.
    "\(error); name a config.json, a model folder or a safetensors file, or download the repository first"
      + (suggestion(forPath: path).isEmpty
        ? suggestion(for: path, among: BaseModel.cachedRepositories) : suggestion(forPath: path))
  case .unreadable(let cause): LoRACLI.sentence(cause)
  case .config: "\(error); name the config.json that came with the model"
  case .weights: "\(error)"
  }
}

extension BaseModel {
  /// What was found, in a line.
  fileprivate var summary: String {
    let size = parameters.map { ", \(grouped($0)) parameters" } ?? ""
    let source = checkpoint == nil ? "a config alone" : "with weights"
    return "\(escaped(path)): \(escaped(modelType ?? "no model_type")), \(source)\(size)"
  }
}
