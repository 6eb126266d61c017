import LoRAIO

/// What a merge cannot be faster than: its input read and its output written piece by piece, and nothing else done.
let copyBenchmark = Benchmark(
  name: "copy", summary: "read and write a file in pieces of 1 MiB: from=PATH to=PATH threads=1,2 outputs=1,2 runs=3"
) { options in
  guard let from = options.list("from")?.first, let to = options.list("to")?.first else { return }
  let runs = options.integers("runs", default: [3]).first ?? 3
  for outputs in options.integers("outputs", default: [1, 2]) where outputs > 0 {
    for threads in options.integers("threads", default: [1, 2]) where threads >= outputs {
      let paths = (0..<outputs).map { "\(to).\($0)" }
      var best = Double.infinity
      for _ in 0..<max(1, runs) {
        do {
          let elapsed = try secondsOfCopy(from, to: paths, threads: threads)
          best = min(best, elapsed)
        } catch {
          print("\(error)")
        }
        for path in paths { try? Folder.removeFile(path) }
      }
      print("\(column(fixed(best, 3), 10)) s  \(threads) threads, \(outputs) files")
    }
  }
}

private func secondsOfCopy(_ path: String, to paths: [String], threads: Int) throws -> Double {
  let input = try InputFile(path: path)
  var outputs: [OutputFile] = []
  for path in paths {
    let output = try OutputFile(creating: path)
    try output.resize(to: input.size)
    outputs.append(output)
  }
  let piece: UInt64 = 1 << 20
  let (count, files) = (Int(input.size / piece), outputs)
  let start = CurrentProcess.monotonicSeconds
  try Workers.forEach(count: threads, workers: threads) { worker throws(IOError) in
    let buffer = IOBuffer(count: Int(piece))
    for index in stride(from: worker, to: count, by: threads) {
      unsafe try input.read(into: buffer.bytes, at: UInt64(index) * piece)
      unsafe try files[worker % files.count].write(UnsafeRawBufferPointer(buffer.bytes), at: UInt64(index) * piece)
    }
  }
  return CurrentProcess.monotonicSeconds - start
}
