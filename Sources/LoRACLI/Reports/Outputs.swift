import Glibc
import JSON
import LoRAIO

/// Refuses an output that the command reads, or has written, under whatever name.
func checkUnused(_ path: String) throws(Failure) {
  guard UsedFiles.contains(path) else { return }
  throw Failure("cannot write \(escaped(path)): it is a file that this command reads or has written; name another file")
}

/// Says before the work begins that an output cannot be written where it should go.
func checkPlace(_ path: String, overwrite: Bool) throws(Failure) {
  guard let kind = FileKind(path: path) else {
    guard FileKind(path: Folder.parent(path)) == .folder else {
      throw outputFailure(IOError("write", path, .system(ENOENT)), path)
    }
    return
  }
  guard kind == .regular else { throw Failure("cannot write \(escaped(path)): it is \(kind.rawValue)") }
  guard overwrite else { throw outputFailure(IOError("write", path, .exists), path) }
}

/// Writes a file that a command line names: whole or not at all.
func writeFile(_ text: String, to path: String) throws(Failure) { try writeFile(Array(text.utf8), to: path) }

/// Writes a file that a command line names: whole or not at all.
func writeFile(_ bytes: [UInt8], to path: String) throws(Failure) {
  try checkUnused(path)
  do throws(IOError) {
    try WholeFile.write(bytes, to: path)
    UsedFiles.insert(path)
  } catch {
    throw outputFailure(error, path)
  }
}

/// Why an output of the command line could not be written, and what to do.
func outputFailure(_ error: IOError, _ path: String) -> Failure {
  let folder = Folder.parent(path)
  let hint =
    switch error.reason {
    case .exists: "it exists already; name another file, or replace it with --overwrite"
    case .system(ENOENT): "there is no folder \(escaped(folder)) to write it in\(suggestion(forPath: folder))"
    case .system(EISDIR): "it is a folder; name a file"
    case .system(ENOSPC): "\(error.cause); free some, or name a file on another device"
    default: error.cause
    }
  return Failure("cannot write \(escaped(path)): \(hint)")
}
