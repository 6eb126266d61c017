/// Values that live as long as the process, whose memory the system takes back at once: to give a hundred thousand
/// names back one by one is a twentieth of what `inspect` does with them.
enum UntilExit {
  /// Keeps a value of which nothing has to be closed or finished.
  static func keep<Value>(_ value: Value) {
    _ = unsafe Unmanaged.passRetained(Box(value))
  }

  private final class Box<Value> {
    let value: Value
    init(_ value: Value) { self.value = value }
  }
}
