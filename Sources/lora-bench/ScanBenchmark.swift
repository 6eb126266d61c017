import LoRAKernels
import TensorCore

/// The validator's value scan on one core.
let scanBenchmark = Benchmark(name: "scan", summary: "value scan [level=...] [kib=512,131072]") { options in
  let levels = options.list("level")?.compactMap { KernelLevel(name: $0) } ?? KernelLevel.available.reversed()
  for size in options.integers("kib", default: [512, 131072]) {
    let bytes = Bytes(count: size << 10)
    let buffer = unsafe UnsafeRawBufferPointer(bytes.buffer)
    let repeats = max(1, (64 << 20) / buffer.count)
    for level in levels {
      for dtype in [DType.f16, .bf16, .f32, .f64, .f8e4m3, .f8e5m2, .f8e4m3fnuz, .f8e8m0, .f4] {
        var found = ValueScan()
        let seconds = fastest(of: 5) {
          for _ in 0..<repeats { found = unsafe Kernels.scan(buffer, dtype: dtype, level: level) }
        }
        let rate = Double(buffer.count * repeats) / seconds / 1e9
        print(
          "\(column(String(size), 7)) KiB \(column(level.name, 6)) \(column(dtype.name, 11))",
          "\(column(fixed(rate, 2), 7)) GB/s (\(found.nanCount) NaN)")
      }
    }
  }
}
