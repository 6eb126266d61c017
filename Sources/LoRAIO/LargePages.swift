import Glibc

/// Memory in pages of 2 MiB, where the system has them: small pages of a large buffer cost more to set up than to fill.
package enum LargePages {
  /// Bytes of one page.
  private static let size: UInt = 2 << 20

  /// Asks for large pages inside memory that is not written yet; memory without room for one stays as it is.
  static func advise(_ bytes: UnsafeMutableRawBufferPointer) {
    guard let start = bytes.baseAddress, bytes.count >= 2 * Int(size) else { return }
    let (first, end) = (UInt(bitPattern: start), UInt(bitPattern: start) + UInt(bytes.count))
    let aligned = (first + size - 1) / size * size
    let pages = (end - aligned) / size * size
    _ = unsafe madvise(UnsafeMutableRawPointer(bitPattern: aligned), Int(pages), MADV_HUGEPAGE)
  }

  /// Asks for large pages in the room that an array has reserved.
  package static func advise<Element>(roomOf array: inout [Element]) {
    let capacity = array.capacity
    unsafe array.withUnsafeMutableBufferPointer { elements in
      let room = unsafe UnsafeMutableBufferPointer(start: elements.baseAddress, count: capacity)
      unsafe advise(UnsafeMutableRawBufferPointer(room))
    }
  }
}
