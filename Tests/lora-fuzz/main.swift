import Glibc
import LoRAFuzzing
import LoRATestSupport

// `lora-fuzz TARGET [libFuzzer's options and folders]`: coverage-guided runs of one target.
// `lora-fuzz --targets` prints their names, `lora-fuzz TARGET --seeds FOLDER` writes the inputs to begin with.

typealias TestOneInput = @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt

/// libFuzzer as a function.
@_silgen_name("LLVMFuzzerRunDriver")
func runDriver(
  _ count: UnsafeMutablePointer<CInt>,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>, _ test: TestOneInput
) -> CInt

/// libFuzzer's own mutations.
@_silgen_name("LLVMFuzzerMutate")
func mutateBlindly(_ data: UnsafeMutablePointer<UInt8>?, _ size: Int, _ limit: Int) -> Int

/// The target of this run; set once, before anything runs.
nonisolated(unsafe) var target: any FuzzTarget = FuzzTargets.all[0]

/// Runs one input; a promise that is not kept ends the process, for libFuzzer to keep the input.
func testOneInput(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
  let input = unsafe Array(UnsafeBufferPointer(start: data, count: size))
  do throws(Violation) {
    try unsafe target.run(input)
  } catch {
    say("violation: \(error)")
    abort()
  }
  return 0
}

/// What libFuzzer calls to change an input: mostly its structure, sometimes its bytes by what comparisons have taught.
@_cdecl("LLVMFuzzerCustomMutator")
func mutate(_ data: UnsafeMutablePointer<UInt8>?, _ size: Int, _ limit: Int, _ seed: CUnsignedInt) -> Int {
  var random = SeededGenerator(seed: UInt64(seed))
  guard random.next() % 4 != 0 else { return unsafe mutateBlindly(data, size, limit) }
  var input = unsafe Array(UnsafeBufferPointer(start: data, count: size))
  unsafe target.mutate(&input, &random)
  let count = min(input.count, limit)
  for index in 0..<count { unsafe data?[index] = input[index] }
  return count
}

func say(_ text: String) {
  let line = Array((text + "\n").utf8)
  _ = unsafe Glibc.write(STDERR_FILENO, line, line.count)
}

func write(_ bytes: [UInt8], to path: String) {
  guard let file = unsafe fopen(path, "w") else { return say("cannot write \(path)") }
  _ = unsafe fwrite(bytes, 1, bytes.count, file)
  unsafe fclose(file)
}

var arguments = CommandLine.arguments
if arguments.dropFirst() == ["--targets"] {
  for target in FuzzTargets.all { say(target.name) }
  exit(0)
}
guard arguments.count > 1, let chosen = FuzzTargets.target(named: arguments.remove(at: 1)) else {
  say("usage: lora-fuzz TARGET [-max_total_time=SECONDS] [CORPUS...]; --targets prints the targets")
  exit(64)
}
unsafe target = chosen
if arguments.count == 3, arguments[1] == "--seeds" {
  for (number, seed) in chosen.seeds().enumerated() { write(seed, to: "\(arguments[2])/seed-\(number)") }
  exit(0)
}
var count = CInt(arguments.count)
var pointers = unsafe arguments.map { unsafe strdup($0) } + [nil]
exit(
  unsafe pointers.withUnsafeMutableBufferPointer { buffer in
    guard var start = buffer.baseAddress else { return 1 }
    return unsafe runDriver(&count, &start, { unsafe testOneInput($0, $1) })
  })
