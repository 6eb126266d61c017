// Benchmarks of the tool's parts. Each prints one line per measurement, and says what the machine can do at best in
// the same run. A new benchmark is a file and a row here.

let benchmarks = [
  compressionBenchmark, copyBenchmark, cudaBenchmark, headerBenchmark, kernelsBenchmark, packBenchmark,
  replayBenchmark, scanBenchmark,
]

let arguments = CommandLine.arguments.dropFirst()
if let name = arguments.first, let benchmark = benchmarks.first(where: { $0.name == name }) {
  benchmark.run(Options(arguments.dropFirst()))
} else {
  print("usage: lora-bench <benchmark> [key=value ...]")
  for benchmark in benchmarks { print("  \(benchmark.name): \(benchmark.summary)") }
}
