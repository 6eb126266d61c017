import LoRAIO
import Safetensors

/// Reading, parsing and checking a header, from the page cache.
let headerBenchmark = Benchmark(
  name: "header", summary: "open a safetensors file and check its header: file=PATH[,PATH...] runs=9"
) { options in
  let runs = options.integers("runs", default: [9]).first ?? 9
  for path in options.list("file") ?? [] {
    var tensors = 0
    let best = fastest(of: runs) { tensors = SafetensorsFile.examine(path).file?.header.tensors.count ?? 0 }
    print("\(column(fixed(best * 1000, 2), 10)) ms  \(tensors) tensors  \(path)")
  }
}
