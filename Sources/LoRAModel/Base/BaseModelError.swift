import JSON
public import LoRAIO
public import Safetensors

/// Why nothing could be read of a base model.
public enum BaseModelError: Error, Sendable, CustomStringConvertible {
  /// There is nothing at the path, and it cannot be the id of a repository either.
  case notFound(path: String)
  /// The repository is not, or not whole, in the local Hugging Face cache.
  case notCached(repository: String, reason: String)
  /// A file or folder could not be read.
  case unreadable(IOError)
  /// The config is not usable; the offset is in bytes.
  case config(path: String, reason: String, offset: Int?)
  /// The weights cannot be read at all, and there is no config to go by.
  case weights(SafetensorsError)

  /// One sentence: what, where, and what to do.
  public var description: String {
    switch self {
    case .notFound(let path):
      "there is no base model at \(escaped(path)): expected a config.json, a model folder, a .safetensors file, an "
        + "*.index.json or the id of a repository in the Hugging Face cache"
    case .notCached(let repository, let reason):
      "there is no file or folder \(escaped(repository)), and \(reason)"
    case .unreadable(let error): error.description
    case .config(let path, let reason, let offset):
      "the base's config \(escaped(path)) cannot be used: \(reason)" + (offset.map { " (byte \($0))" } ?? "")
    case .weights(let error): error.description
    }
  }
}
