import LoRAModel
import Safetensors
import TensorCore

/// One read of a file and the tensors in it.
struct Reading: Sendable {
  /// Largest read in bytes: it stays in the cache of one core from the read to the scan, and is a multiple of 3 bytes
  /// and of 8, so that no element of any type is cut.
  static let size = 3 << 16

  /// The part of a tensor that a read holds.
  struct Part: Sendable {
    let tensor: TensorInfo
    /// Where the part begins, in bytes from the start of the data section.
    let start: UInt64
    /// Where it lies in the read.
    let range: Range<Int>
  }

  let file: Int
  let offset: UInt64
  private(set) var count = 0
  private(set) var parts: [Part] = []

  private init(file: Int, offset: UInt64) {
    self.file = file
    self.offset = offset
  }

  /// Whether the same bytes would say the same about the tensors in both.
  func isLike(_ other: Reading) -> Bool {
    offset == other.offset && count == other.count && parts.count == other.parts.count
      && zip(parts, other.parts).allSatisfy { $0.range == $1.range && $0.tensor.dtype == $1.tensor.dtype }
  }

  /// The reads that cover all floating-point tensors of a sound file in the order of their data, neighbours together;
  /// `isWhole` adds its header before them, and the tensors of other types.
  static func all(of file: SafetensorsFile, at position: Int, isWhole: Bool) -> [Reading] {
    var readings: [Reading] = []
    for offset in stride(from: 0, to: isWhole ? file.header.dataStart : 0, by: size) {
      var reading = Reading(file: position, offset: offset)
      reading.count = Int(min(UInt64(size), file.header.dataStart - offset))
      readings.append(reading)
    }
    var current = Reading(file: position, offset: file.header.dataStart)
    for tensor in file.header.tensors where isWhole || tensor.dtype.isFloat {
      var start = tensor.begin
      while start < tensor.end {
        let offset = file.header.dataStart + start
        if current.count == size || current.offset + UInt64(current.count) != offset {
          if current.count > 0 { readings.append(current) }
          current = Reading(file: position, offset: offset)
        }
        // A tensor that does not fit is cut only where a read of its own begins, which keeps packed elements whole.
        let rest = tensor.end - start
        if current.count > 0 && rest > UInt64(size - current.count) {
          readings.append(current)
          current = Reading(file: position, offset: offset)
        }
        let taken = Int(min(rest, UInt64(size)))
        if tensor.dtype.isFloat {
          let range = current.count..<current.count + taken
          current.parts.append(Part(tensor: tensor, start: start, range: range))
        }
        current.count += taken
        start += UInt64(taken)
      }
    }
    if current.count > 0 { readings.append(current) }
    return readings
  }
}
