import Glibc
import LoRAIO
import LoRATestSupport
import Synchronization

/// A folder in memory where possible, in which a target lays its input out as files, again and again.
final class Scratch: Sendable {
  /// Path of the folder.
  let path: String
  /// For targets that read what they wrote more than once; tests run at the same time.
  private let turn = Mutex<Void>(())
  private static let counter = Atomic<Int>(0)
  private static let prefix = "lora-fuzz-"

  /// The one folder of this process, which goes when the process ends.
  ///
  /// libFuzzer leaves without a goodbye when it is interrupted or has found something, so what ended processes left is
  /// removed here as well.
  private static let root: String = {
    let parent = FileKind(path: "/dev/shm") == .folder ? "/dev/shm" : "/tmp"
    for name in (try? Folder.names(in: parent)) ?? [] where isAbandoned(name) {
      try? Folder.remove(Folder.join(parent, name))
    }
    let path = Folder.join(parent, prefix + "\(getpid())")
    try? Folder.create(path)
    atexit { Scratch.removeAll() }
    return path
  }()

  /// A new folder.
  init() {
    let number = Self.counter.wrappingAdd(1, ordering: .relaxed).oldValue
    path = Folder.join(Self.root, "\(number)")
    try? Folder.create(path)
  }

  deinit { try? Folder.remove(path) }

  private static func removeAll() { try? Folder.remove(root) }

  /// Whether the name is that of a folder whose process has ended.
  private static func isAbandoned(_ name: String) -> Bool {
    guard name.hasPrefix(prefix), let process = Int32(name.dropFirst(prefix.count).prefix { $0 != "-" }) else {
      return false
    }
    return kill(process, 0) != 0 && errno == ESRCH
  }

  /// Runs `body` while no other that asked for the same writes here.
  func alone(_ body: () throws(Violation) -> Void) throws(Violation) {
    try turn.withLock { _ throws(Violation) in try body() }
  }

  /// Writes a file and returns its path.
  @discardableResult
  func write(_ bytes: [UInt8], as name: String) throws(Violation) -> String {
    let file = Folder.join(path, name)
    let descriptor = unsafe open(file, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    defer { close(descriptor) }
    let count = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
    guard count == bytes.count else { throw Violation("the scratch file \(file) cannot be written") }
    return file
  }
}

/// Inputs that are several files: each after its length, as four little-endian bytes.
enum Parts {
  /// As many parts as asked for; what is missing is empty, the last takes what is left.
  static func split(_ input: [UInt8], count: Int) -> [[UInt8]] {
    var rest = input[...]
    var parts: [[UInt8]] = []
    for _ in 1..<count {
      let length = rest.prefix(4).enumerated().reduce(0) { $0 | Int($1.element) << (8 * $1.offset) }
      rest = rest.dropFirst(4)
      parts.append(Array(rest.prefix(length)))
      rest = rest.dropFirst(length)
    }
    return parts + [Array(rest)]
  }

  static func joined(_ parts: [[UInt8]]) -> [UInt8] {
    var bytes: [UInt8] = []
    for part in parts.dropLast() {
      for shift in [0, 8, 16, 24] { bytes.append(UInt8(truncatingIfNeeded: part.count >> shift)) }
      bytes += part
    }
    return bytes + (parts.last ?? [])
  }

  /// Changes one of the parts, each in its own way.
  static func mutate(
    _ input: inout [UInt8], _ random: inout SeededGenerator,
    _ mutations: [(inout [UInt8], inout SeededGenerator) -> Void]
  ) {
    var parts = split(input, count: mutations.count)
    let chosen = random.below(mutations.count)
    mutations[chosen](&parts[chosen], &random)
    input = joined(parts)
  }
}
