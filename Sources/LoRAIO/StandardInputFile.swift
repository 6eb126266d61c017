import CLoRAShims
import Glibc

extension InputFile {
  /// Everything that comes on standard input, copied to a nameless temporary file that can be read at any offset.
  package static func standardInput() throws(IOError) -> InputFile {
    let name = "standard input"
    let output = try OutputFile.temporary()
    let buffer = IOBuffer(count: 1 << 20)
    var size: UInt64 = 0
    var status = stat()
    if unsafe fstat(STDIN_FILENO, &status) == 0 { UsedFiles.insert(status) }
    while true {
      let count = unsafe Glibc.read(STDIN_FILENO, buffer.bytes.baseAddress, buffer.count)
      if count == 0 { break }
      guard count > 0 else {
        if lora_errno() == EINTR { continue }
        throw IOError("read", name, offset: size, .system(lora_errno()))
      }
      unsafe try output.write(UnsafeRawBufferPointer(rebasing: buffer.bytes[..<count]), at: size)
      size += UInt64(count)
    }
    return try output.reopened(size: size, path: name)
  }
}

extension OutputFile {
  /// Opens a nameless file in the folder for temporary files (`TMPDIR`, else `/tmp`).
  package static func temporary() throws(IOError) -> OutputFile {
    try unnamed(in: unsafe getenv("TMPDIR").map { unsafe String(cString: $0) } ?? "/tmp")
  }
}
