import Foundation
import Glibc
import LoRATestSupport
import Testing

/// What ends a program from outside leaves nothing behind, and soon.
@Suite struct SignalTests {
  /// Two factors of 64 GiB that are one hole: whatever reads them to their end takes half a minute or more.
  private static func largeAdapter(_ folder: TemporaryFolder) throws {
    let (rank, inputs, outputs) = (64, 1 << 20, 1 << 28)
    let prefix = "base_model.model.model.layers.0.self_attn.q_proj.lora_"
    let (a, b) = (4 * rank * inputs, 4 * rank * outputs)
    let header = """
      {"\(prefix)A.weight":{"dtype":"F32","shape":[\(rank),\(inputs)],"data_offsets":[0,\(a)]},\
      "\(prefix)B.weight":{"dtype":"F32","shape":[\(outputs),\(rank)],"data_offsets":[\(a),\(a + b)]}}
      """
    let frame = SafetensorsBuilder.frame(header, data: [])
    let path = try folder.write("large/adapter_model.safetensors", frame)
    try FileHandle(forWritingTo: URL(fileURLWithPath: path)).truncate(atOffset: UInt64(frame.count + a + b))
    try folder.write(
      "large/adapter_config.json",
      #"{"peft_type":"LORA","r":\#(rank),"lora_alpha":8,"target_modules":["q_proj"],"task_type":"CAUSAL_LM"}"#)
  }

  @Test(arguments: [
    "repair large --output out", "convert large --to peft --output out",
    "merge --base \(Fixtures.path("models/llama-f32")) --adapter large --output out",
  ])
  func theReadingOfALargeFileIsGivenUp(_ command: String) throws {
    signal(SIGTERM, SIG_DFL)
    let folder = try TemporaryFolder()
    try Self.largeAdapter(folder)
    let run = try Program.start(command.split(separator: " ").map(String.init), in: folder.path)
    // A merge looks at the adapter's values before it writes anything.
    for _ in 0..<100 where try names(folder).count == 1 { usleep(10_000) }
    let begin = Date()
    kill(run.id, SIGTERM)
    #expect(run.wait().code == -SIGTERM)
    #expect(Date().timeIntervalSince(begin) < 15)
    #expect(try names(folder) == ["large"])
  }

  private func names(_ folder: TemporaryFolder) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path)
  }

  @Test(arguments: [
    "resize adapters/llama-all-linear --rank 2",
    "merge --base models/llama-bf16-sharded --adapter adapters/llama-all-linear --jobs 1",
    "report adapters/llama-all-linear",
  ])
  func aLimitOfFileSizesIsAnErrorAsAFullDiskIs(_ command: String) throws {
    let folder = try TemporaryFolder()
    let result = try Program.shell("ulimit -f 4; \"$TOOL\" \(command) --output '\(folder.path("out"))'")
    #expect(result.code == 2 && result.output.contains("larger than the file system or 'ulimit -f' allows"))
    #expect(try names(folder).isEmpty)
  }
}
