import LoRAKernels
import TensorCore

/// The validator's value scan on one core: clean data, and data in which every block has a NaN (8-bit types only).
let scanBenchmark = Benchmark(name: "scan", summary: "value scan [level=...] [kib=512,131072]") { options in
  let levels = options.list("level")?.compactMap { KernelLevel(name: $0) } ?? KernelLevel.available.reversed()
  let clean: [DType] = [.f16, .bf16, .f32, .f64, .f8e4m3, .f8e5m2, .f8e4m3fnuz, .f8e8m0, .f4]
  for size in options.integers("kib", default: [512, 131072]) {
    let bytes = Bytes(count: size << 10)
    for level in levels {
      bytes.fill(high: 0x3C, low: 0x3F)
      for dtype in clean { print(measure(bytes, dtype, level)) }
      bytes.fill(high: 0x3C)
      for dtype in [DType.f8e4m3, .f8e5m2, .f8e4m3fnuz] { print(measure(bytes, dtype, level)) }
    }
  }
}

private func measure(_ bytes: borrowing Bytes, _ dtype: DType, _ level: KernelLevel) -> String {
  let buffer = unsafe UnsafeRawBufferPointer(bytes.buffer)
  let repeats = max(1, (64 << 20) / buffer.count)
  var found = ValueScan()
  let seconds = fastest(of: 5) {
    for _ in 0..<repeats { found = unsafe Kernels.scan(buffer, dtype: dtype, level: level) }
  }
  let rate = Double(buffer.count * repeats) / seconds / 1e9
  return """
    \(column(String(buffer.count >> 10), 7)) KiB \(column(level.name, 6)) \(column(dtype.name, 11)) \
    \(column(fixed(rate, 2), 7)) GB/s (\(found.nanCount) NaN)
    """
}
