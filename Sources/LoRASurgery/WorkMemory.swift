/// Memory that computations of modules may take together.
enum WorkMemory {
  private static let limit: UInt64 = 4 << 30

  /// Threads for modules of which the largest takes so many bytes; one at least.
  static func workers(_ wanted: Int, largest bytes: UInt64) -> Int {
    bytes > 0 ? max(1, min(wanted, Int(limit / bytes))) : wanted
  }
}
