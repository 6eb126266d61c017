import JSON
import LoRATestSupport
import Testing

/// The benchmarks' logic; their times say nothing here.
@Suite struct BenchmarkTests {
  private func bench(_ arguments: String, _ environment: String = "") throws -> Program.Result {
    let folder = try TemporaryFolder()
    let program = Program.built("lora-bench")
    return try Program.shell(
      """
      \(environment) \(program) \(arguments) folder=\(folder.path); code=$?
      ls -A \(folder.path)
      exit $code
      """)
  }

  private let fake = "LORA_TOOL_LIBCUDA=\(Program.fakeCUDA)"

  /// The columns of the lines behind one that begins with a word.
  private func rows(_ output: String, after word: String) -> [[Substring]] {
    let lines = output.split(separator: "\n")
    guard let head = lines.firstIndex(where: { $0.split(separator: " ").first == Substring(word) }) else { return [] }
    return lines[(head + 1)...].map { $0.split(separator: " ") }
  }

  @Test(arguments: ["eager", "lazy"]) func swapsOnAGPUKeepTheLimitOfCommands(_ policy: String) throws {
    let result = try bench(
      "cuda base=models/llama-bf16-sharded ranks=8,16 slots=8,16,64 runs=2", "\(fake) FAKE_CUDA_POLICY=\(policy)")
    #expect(result.code == 0, "\(result.output)")
    let rows = rows(result.output, after: "rank")
    #expect(rows.map { "\($0[0]) \($0[1])" } == ["8 8", "8 16", "8 64", "16 16", "16 64"], "\(result.output)")
    for row in rows {
      #expect(row.count == 13)
      let commands = try #require(Int(row[8]))
      #expect((1...16).contains(commands), "\(row)")
      // Not a number of zeros and infinities: something was measured.
      #expect(row[3..<8].allSatisfy { (Double($0) ?? 0) > 0 }, "\(row)")
    }
  }

  @Test func aMachineWithoutAGPUIsToldWhichDriverCallSaysSo() throws {
    let missing = try bench("cuda", "LORA_TOOL_LIBCUDA=/nowhere/libcuda.so.1")
    #expect(missing.code == 2 && missing.output.contains("dlopen"), "\(missing.output)")
    let empty = try bench("cuda", "\(fake) FAKE_CUDA_DEVICES=0")
    #expect(empty.code == 2 && empty.output.contains("CUDA_ERROR_NO_DEVICE (cuInit, 100)"), "\(empty.output)")
  }

  @Test func packingAndCompressionMeasureWhatTheySay() throws {
    let base = "base=models/llama-bf16-sharded"
    let packing = try bench("pack \(base) ranks=8 runs=1 jobs=1,2")
    #expect(packing.code == 0, "\(packing.output)")
    #expect(rows(packing.output, after: "rank").count(where: { $0.first == "8" }) == 16, "\(packing.output)")
    let compression = try bench("compression \(base) rank=64 runs=1 jobs=1")
    #expect(compression.code == 0, "\(compression.output)")
    let rows = rows(compression.output, after: "format").prefix(5)
    #expect(rows.count == 5 && rows.allSatisfy { $0.last == "yes" }, "\(compression.output)")
    // Bytes sorted by significance are what makes numbers smaller.
    let sizes = rows.compactMap { Double($0[3]) }
    #expect(sizes.count == 5 && sizes[4] < 75 && sizes[4] < sizes[0], "\(compression.output)")
  }

  // MARK: Comparisons

  private let load = "ratios base=models/llama-bf16-sharded only=load"

  @Test func ratiosAreOneDocument() throws {
    let result = try bench("\(load) format=json")
    #expect(result.code == 0, "\(result.output)")
    let document = try result.json()
    #expect(document["schema"]?.string == "lora-bench/ratios/1")
    #expect((document["ratios"]?["load of an adapter"]?.double ?? 0) > 0, "\(result.output)")
  }

  @Test(arguments: [(1e9, 0, "none slower"), (1e-9, 1, "slower by more than 25 %: load of an adapter")])
  func aRatioAboveTheKeptOneIsNamed(_ kept: Double, _ code: Int32, _ says: String) throws {
    let baseline = try TemporaryFolder()
    let document = "{\"schema\":\"lora-bench/ratios/1\",\"ratios\":{\"load of an adapter\":\(kept),\"other\":1}}"
    let path = try baseline.write("baseline.json", document)
    let result = try bench("\(load) baseline=\(path)")
    #expect(result.code == code && result.output.contains(says), "\(result.output)")
    #expect(result.output.contains("1 of 2 ratios compared"), "\(result.output)")
  }

  @Test func aBaselineThatCannotServeIsAnError() throws {
    let baseline = try TemporaryFolder()
    let broken = try bench("\(load) baseline=\(try baseline.write("broken.json", "{}"))")
    #expect(broken.code == 2 && broken.output.contains("is no lora-bench/ratios/1"), "\(broken.output)")
    let other = try baseline.write("other.json", #"{"schema":"lora-bench/ratios/1","ratios":{"other":1}}"#)
    let nothing = try bench("\(load) baseline=\(other)")
    #expect(nothing.code == 2 && nothing.output.contains("none of the ratios"), "\(nothing.output)")
  }

  @Test func theKeptRatiosAreABaseline() throws {
    let document = try Fixtures.json("benchmarks/baseline.json")
    #expect(document["schema"]?.string == "lora-bench/ratios/1")
    let ratios = try #require(document["ratios"]?.object)
    #expect(ratios.members.count >= 10 && ratios["load of an adapter"] != nil)
    #expect(ratios.members.allSatisfy { ($0.value.double ?? 0) > 0 })
  }

  @Test func programsAreComparedByTurns() throws {
    let line = "program base=models/llama-bf16-sharded pairs=1 only=--version program=$TOOL"
    let same = try bench("\(line) against=$TOOL tolerance=100000")
    #expect(same.code == 0 && same.output.contains("1 commands compared, none slower"), "\(same.output)")
    // A limit that every time is above: on a busy machine even /bin/true may take longer.
    let fast = try bench("\(line) against=/bin/true tolerance=-100")
    #expect(fast.code == 1 && fast.output.contains("slower by more than -100 %: --version"), "\(fast.output)")
    let missing = try bench("\(line) against=/nowhere/lora-tool")
    #expect(missing.code == 2 && missing.output.contains("cannot start /nowhere/lora-tool"), "\(missing.output)")
  }
}
