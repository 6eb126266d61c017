import Glibc

/// One subcommand.
struct Benchmark: Sendable {
  let name: String
  let summary: String
  let run: @Sendable (Options) throws -> Void
}

/// Why a benchmark could not be run.
struct BenchmarkFailure: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}

/// Writes a line to standard error.
func complain(_ message: String) {
  let line = Array((message + "\n").utf8)
  _ = unsafe write(STDERR_FILENO, line, line.count)
}

/// `key=value` arguments.
struct Options {
  private var values: [Substring: Substring] = [:]

  init(_ arguments: ArraySlice<String>) {
    for argument in arguments {
      let parts = argument.split(separator: "=", maxSplits: 1)
      if parts.count == 2 { values[parts[0]] = parts[1] }
    }
  }

  /// The comma-separated values of a key.
  func list(_ key: Substring) -> [String]? { values[key]?.split(separator: ",").map(String.init) }

  /// The integers of a key.
  func integers(_ key: Substring, default fallback: [Int]) -> [Int] {
    list(key)?.compactMap { Int($0) } ?? fallback
  }
}

/// Seconds that a body takes.
func seconds(_ body: () -> Void) -> Double {
  let elapsed = ContinuousClock().measure(body).components
  return Double(elapsed.seconds) + Double(elapsed.attoseconds) * 1e-18
}

/// Seconds of the fastest of several runs, after one that warms up.
func fastest(of runs: Int, _ body: () -> Void) -> Double {
  body()
  return (0..<max(runs, 1)).reduce(Double.infinity) { best, _ in min(best, seconds(body)) }
}

/// Seconds for all pieces of a sweep, each at its fastest of several sweeps.
///
/// A sweep larger than the caches meets every piece cold; taking each piece by itself keeps out whatever interrupts.
func fastestSweep(of sweeps: Int, pieces: Int, _ body: (Int) -> Void) -> Double {
  var best = [Double](repeating: .infinity, count: pieces)
  for _ in 0...max(sweeps, 1) {
    for piece in 0..<pieces { best[piece] = min(best[piece], seconds { body(piece) }) }
  }
  return best.reduce(0, +)
}

/// A number with this many digits after the point.
func fixed(_ value: Double, _ digits: Int) -> String {
  var scale = 1.0
  for _ in 0..<digits { scale *= 10 }
  let units = UInt64((value.magnitude * scale).rounded())
  let fraction = String(units % UInt64(scale))
  let sign = value < 0 ? "-" : ""
  guard digits > 0 else { return "\(sign)\(units)" }
  return "\(sign)\(units / UInt64(scale)).\(String(repeating: "0", count: digits - fraction.count))\(fraction)"
}

/// Text padded on the left to a column.
func column(_ text: String, _ width: Int) -> String {
  String(repeating: " ", count: max(0, width - text.count)) + text
}

/// Memory for a benchmark.
@safe struct Bytes: ~Copyable {
  let buffer: UnsafeMutableRawBufferPointer

  init(count: Int) {
    unsafe buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 64)
    fill(high: 0x3C)
  }

  /// Fills every odd byte with `high` and the others with all values of some bits: numbers near 0.01 in BF16, F32 and
  /// F64 for 0x3C, in F16 for 0x24.
  func fill(high: UInt8, low: UInt8 = 0xFF) {
    for index in unsafe buffer.indices {
      unsafe buffer[index] = index % 2 == 0 ? UInt8(truncatingIfNeeded: index / 2) & low : high
    }
  }

  deinit { unsafe buffer.deallocate() }
}

/// Such memory for several closures.
final class SharedBytes {
  let bytes: Bytes

  init(count: Int) { bytes = Bytes(count: count) }

  /// Copies what other memory of the same size holds.
  func copy(_ other: SharedBytes) {
    unsafe bytes.buffer.copyMemory(from: UnsafeRawBufferPointer(other.bytes.buffer))
  }
}
