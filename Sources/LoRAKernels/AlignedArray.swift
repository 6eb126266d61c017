/// A fixed-size array of numbers whose first element starts a cache line, so that vector loads never straddle two.
struct AlignedArray<Element: BitwiseCopyable & Sendable>: Sendable {
  private var storage: [Element]
  private let start: Int
  let count: Int

  init(repeating value: Element, count: Int) {
    let line = 64
    let size = MemoryLayout<Element>.stride
    self.count = count
    storage = [Element](repeating: value, count: count + line / size)
    // A copy made by a later write may lose the alignment, never the contents.
    start = unsafe storage.withUnsafeBufferPointer {
      let misplaced = Int(bitPattern: $0.baseAddress) % line
      return misplaced == 0 ? 0 : (line - misplaced) / size
    }
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
