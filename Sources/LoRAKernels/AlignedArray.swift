/// A fixed-size array of numbers whose first element starts a cache line, so that vector loads never straddle two.
struct AlignedArray<Element: BitwiseCopyable & Sendable>: Sendable {
  private var storage: [Element]
  private let start: Int
  let count: Int

  init(repeating value: Element, count: Int) {
    self.count = count
    storage = [Element](repeating: value, count: count + Self.spare)
    // A copy made by a later write may lose the alignment, never the contents.
    start = unsafe storage.withUnsafeBufferPointer { unsafe Self.start($0.baseAddress) }
  }

  /// An array whose every element `fill` writes.
  init(count: Int, fill: (UnsafeMutableBufferPointer<Element>) -> Void) {
    self.count = count
    var first = 0
    storage = unsafe [Element](unsafeUninitializedCapacity: count + Self.spare) { elements, made in
      made = count + Self.spare
      first = unsafe Self.start(UnsafePointer(elements.baseAddress))
      unsafe fill(UnsafeMutableBufferPointer(rebasing: elements[first..<first + count]))
    }
    start = first
  }

  private static var line: Int { 64 }
  /// Elements of a cache line.
  private static var spare: Int { line / MemoryLayout<Element>.stride }

  /// Elements before the first cache line that begins in some memory.
  private static func start(_ memory: UnsafePointer<Element>?) -> Int {
    let misplaced = Int(bitPattern: memory) % line
    return misplaced == 0 ? 0 : (line - misplaced) / MemoryLayout<Element>.stride
  }

  func withPointer<Result>(_ body: (UnsafePointer<Element>) -> Result) -> Result {
    unsafe storage.withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress else { preconditionFailure("an aligned array is never empty") }
      return unsafe body(base + start)
    }
  }

  mutating func withMutable<Result>(_ body: (UnsafeMutablePointer<Element>) -> Result) -> Result {
    let start = start
    return unsafe storage.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress else { preconditionFailure("an aligned array is never empty") }
      return unsafe body(base + start)
    }
  }
}
