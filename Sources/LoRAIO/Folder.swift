import CLoRAShims
import Glibc

/// Names and paths of folders; paths are plain strings joined with `/`.
package enum Folder {
  /// Names in the folder without `.` and `..`, sorted by bytes.
  ///
  /// One that is not UTF-8 is an error: as text it would name nothing, and the file would be passed over unseen.
  package static func names(in path: String) throws(IOError) -> [String] {
    if let store = RemotePath.store(for: path) { return try store.names(in: path) }
    guard let stream = unsafe opendir(path) else { throw IOError("list", path, .system(lora_errno())) }
    defer { unsafe closedir(stream) }
    var names: [String] = []
    while true {
      // Nothing tells the end from a failure but this number.
      errno = 0
      guard let entry = unsafe readdir(stream) else {
        guard lora_errno() == 0 else { throw IOError("list", path, .system(lora_errno())) }
        break
      }
      let name = unsafe name(of: entry)
      guard unsafe isUTF8(entry) else {
        throw IOError("list", path, .damaged("the name \(name) in it is not UTF-8; rename it"))
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// Whether the folder has an entry with one of these names; false when it cannot be listed.
  ///
  /// One listing costs less than asking for each name, but grows with the folder: past `limit` entries each is asked for.
  package static func holds(anyOf names: Set<String>, in path: String, limit: Int = 64) -> Bool {
    if RemotePath.isRemote(path) { return (try? self.names(in: path))?.contains { names.contains($0) } ?? false }
    guard let stream = unsafe opendir(path) else { return false }
    defer { unsafe closedir(stream) }
    for _ in 0..<limit {
      guard let entry = unsafe readdir(stream) else { return false }
      if names.contains(unsafe name(of: entry)) { return true }
    }
    return names.contains { FileKind(path: join(path, $0)) != nil }
  }

  private static func name(of entry: UnsafeMutablePointer<dirent>) -> String {
    unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
      unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
    }
  }

  private static func isUTF8(_ entry: UnsafeMutablePointer<dirent>) -> Bool {
    unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
      unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(validatingCString: $0) != nil }
    }
  }

  /// The paths that a shell pattern (`*`, `?`, `[…]`) stands for, sorted by bytes; empty when it matches nothing.
  ///
  /// As in a shell, `*` matches neither separators nor names that begin with a dot.
  package static func paths(matching pattern: String) -> [String] {
    var found = unsafe glob_t()
    defer { unsafe globfree(&found) }
    guard unsafe glob(pattern, GLOB_NOSORT, nil, &found) == 0 else { return [] }
    var paths: [String] = []
    for index in 0..<Int(unsafe found.gl_pathc) {
      if let path = unsafe found.gl_pathv[index] { paths.append(unsafe String(cString: path)) }
    }
    return paths.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// Makes one folder.
  package static func create(_ path: String) throws(IOError) {
    try SystemCalls.check(unsafe SystemCalls.fault(.folder, path) ?? mkdir(path, 0o777), "create", path)
  }

  /// Removes a folder and everything in it; symbolic links are removed, not followed.
  package static func remove(_ path: String) throws(IOError) {
    for name in try names(in: path) {
      let child = join(path, name)
      var status = stat()
      guard unsafe lstat(child, &status) == 0 else { continue }
      if status.st_mode & S_IFMT == S_IFDIR {
        try remove(child)
      } else {
        try removeFile(child)
      }
    }
    try removeEmpty(path)
  }

  /// Removes a folder that has nothing in it.
  package static func removeEmpty(_ path: String) throws(IOError) {
    try SystemCalls.check(unsafe SystemCalls.fault(.remove, path) ?? rmdir(path), "remove", path)
  }

  /// Removes one file, or a link itself.
  package static func removeFile(_ path: String) throws(IOError) {
    try SystemCalls.check(unsafe SystemCalls.fault(.remove, path) ?? unlink(path), "remove", path)
  }

  /// Gives a file or folder another name; a file of the new name is replaced.
  package static func rename(_ path: String, to other: String) throws(IOError) {
    try SystemCalls.check(unsafe SystemCalls.fault(.rename, path) ?? Glibc.rename(path, other), "rename to", other)
  }

  /// Whether the path itself is a folder, and not a link to one.
  package static func isPlain(_ path: String) -> Bool {
    var status = stat()
    return unsafe lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// Writes the folder's own entries to the device, so that a rename survives a power loss.
  package static func synchronize(_ path: String) throws(IOError) {
    let descriptor = try SystemCalls.open(path, flags: O_RDONLY | O_DIRECTORY)
    defer { close(descriptor) }
    try SystemCalls.fsync(descriptor, path: path)
  }

  /// Gives a finished folder its final name in one step, or fails with `.exists`.
  package static func publish(_ staged: String, as path: String) throws(IOError) {
    if (unsafe SystemCalls.fault(.rename, staged) ?? lora_rename_new(staged, path)) == 0 { return }
    let number = lora_errno()
    // File systems without the flag get the check and the rename in two steps.
    guard number == EINVAL || number == ENOSYS else {
      throw IOError("rename to", path, number == EEXIST ? .exists : .system(number))
    }
    guard FileKind(path: path) == nil else { throw IOError("rename to", path, .exists) }
    try rename(staged, to: path)
  }

  /// Swaps a finished folder with the one at `path`, so that at every moment one of the two is there whole.
  package static func exchange(_ staged: String, with path: String) throws(IOError) {
    try SystemCalls.check(
      unsafe SystemCalls.fault(.rename, staged) ?? lora_rename_exchange(staged, path), "replace", path)
  }

  /// `folder/name`, without doubling the separator.
  package static func join(_ folder: String, _ name: String) -> String {
    folder.isEmpty ? name : folder.hasSuffix("/") ? folder + name : folder + "/" + name
  }

  /// The last component, without trailing separators.
  package static func lastComponent(_ path: String) -> String {
    let parts = path.split(separator: "/")
    return parts.last.map { String($0) } ?? path
  }

  /// Everything before the last component: `.` for a plain name.
  package static func parent(_ path: String) -> String {
    var bytes = Array(path.utf8)
    while bytes.count > 1, bytes.last == UInt8(ascii: "/") { bytes.removeLast() }
    guard let slash = bytes.lastIndex(of: UInt8(ascii: "/")) else { return "." }
    return slash == 0 ? "/" : String(decoding: bytes[..<slash], as: UTF8.self)
  }

  /// The path with symbolic links resolved, or nil when it does not exist.
  package static func resolved(_ path: String) -> String? {
    guard let real = unsafe realpath(path, nil) else { return nil }
    defer { unsafe free(real) }
    return unsafe String(cString: real)
  }
}
