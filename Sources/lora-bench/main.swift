import Glibc

// Benchmarks of the tool's parts. Each prints one line per measurement, and says what the machine can do at best in
// the same run. A new benchmark is a file and a row here.
//
// Exit code: 0 measured, 1 something got slower than a comparison allows, 2 it could not be measured, 64 wrong usage.

let benchmarks = [
  compressionBenchmark, copyBenchmark, cudaBenchmark, headerBenchmark, kernelsBenchmark, packBenchmark,
  programBenchmark, ratiosBenchmark, replayBenchmark, scanBenchmark,
]

let arguments = CommandLine.arguments.dropFirst()
guard let name = arguments.first, let benchmark = benchmarks.first(where: { $0.name == name }) else {
  print("usage: lora-bench <benchmark> [key=value ...]")
  for benchmark in benchmarks { print("  \(benchmark.name): \(benchmark.summary)") }
  exit(64)
}
do { try benchmark.run(Options(arguments.dropFirst())) } catch {
  if error is BenchmarkSlower { exit(1) }
  complain("lora-bench: \(name): \(error)")
  exit(2)
}
