import JSON
import LoRATestSupport
import Testing

/// `lora-tool plan` as a user runs it.
@Suite struct PlanCommandTests {
  private let llama = ["plan", "--base", "bases/llama-2-7b.json", "--rank", "16", "--targets", "attention"]

  @Test func theDocumentHasTheKeysOfTheContract() throws {
    let card = ["--tenants", "100", "--max-loras", "8", "--gpu-memory", "80GiB", "--gpu-hourly-cost", "2.5"]
    let document = try Program.run(llama + card + ["--format", "json"]).json()
    #expect(document["schema"] == .string("lora-tool/plan/1"))
    for key in [
      "tool_version", "parameters_per_layer", "adapter_parameters", "adapter_bytes", "adapters_per_gib",
      "base_parameters", "base_bytes", "shrink_ratio", "slot_bytes", "slot_reservation_bytes", "kv_bytes_per_token",
      "kv_block_bytes", "kv_blocks_displaced", "kv_blocks_available", "delta_flops_per_token", "base_flops_per_token",
      "delta_flops_ratio", "gpus_dedicated", "gpus_shared", "gpus_saved", "monthly_cost", "padding_waste_ratio",
    ] { #expect(document[key].map { !$0.isNull } == true, "\(key)") }
    #expect(document["adapter_parameters"] == .integer(16_777_216))
    #expect(document["adapter_bytes"] == .integer(33_554_432))
    #expect(document["gpus_saved"] == .integer(87))
    #expect(document["monthly_cost"]?["dedicated"]?.double == 182_500)
    #expect(document["monthly_cost"]?["shared"]?.double == 23_725)
  }

  @Test func textSaysUnitsAndAssumptions() throws {
    let result = try Program.run(llama + ["--sweep", "rank=8,16,32,64", "--sweep", "max-loras=4,8"])
    #expect(result.code == 0)
    #expect(result.output.contains("33,554,432 B (32.0 MiB)"))
    #expect(result.output.contains("assumptions:") && result.output.contains("powers of 1024"))
    let document = try Program.run(llama + ["--sweep", "rank=8,16,32,64", "--format", "json"]).json()
    let sweep = try #require(document["sweep"]?.array)
    #expect(sweep.compactMap { $0["adapter_parameters"]?.int64 } == [8, 16, 32, 64].map { $0 * 1_048_576 })
  }

  @Test func severalGPUsShareTheModel() throws {
    let base = ["plan", "--base", "bases/llama-3.1-8b.json", "--rank", "16", "--targets", "all-linear"]
    let one = try Program.run(base + ["--format", "json"]).json()
    let document = try Program.run(
      base + ["--tensor-parallel", "4", "--sweep", "tensor-parallel=1,2,16", "--format", "json"]
    ).json()
    #expect(document["kv_bytes_per_token"]?.int64 == (one["kv_bytes_per_token"]?.int64 ?? 0) / 4)
    #expect(document["base_bytes"] == one["base_bytes"] && document["adapter_bytes"] == one["adapter_bytes"])
    let sweep = try #require(document["sweep"]?.array)
    #expect(sweep.map { $0["tensor_parallel"]?.int64 } == [1, 2, 16])
    #expect(sweep[0]["slot_bytes"] == one["slot_bytes"])
    // 8 key-value heads on 16 GPUs: every one has a head.
    #expect(sweep[2]["kv_bytes_per_token"]?.int64 == (one["kv_bytes_per_token"]?.int64 ?? 0) / 8)
    let text = try Program.run(base + ["--tensor-parallel", "2", "--gpu-memory", "24GiB"])
    #expect(text.code == 0 && text.output.contains("on each GPU"))
    let refused = try Program.run(base + ["--tensor-parallel", "5"])
    #expect(refused.code == 2 && refused.errors.contains("cannot be shared by 5"))
  }

  @Test func aModelWithoutACacheHasAPlan() throws {
    let result = try Program.run(
      ["plan", "--base", "models/vit-f32", "--rank", "8", "--targets", "all-linear", "--gpu-memory", "24GiB"])
    #expect(result.code == 0 && result.output.contains("no key-value cache"), "\(result.errors)")
    let real = try Program.run(
      ["plan", "--base", "models/vit-f32", "--adapter", "adapters/vit", "--format", "json"]
    ).json()
    #expect(real["kv_cache"] == "none" && real["kv_bytes_per_token"] == .null && real["adapter_bytes"]?.int64 != nil)
  }

  @Test func serverOptionsForSeveralGPUs() throws {
    let arguments = [
      "plan", "--base", "models/llama-bf16-sharded", "--adapter", "adapters/llama-all-linear", "--emit", "vllm",
      "--tensor-parallel", "2", "--kv-dtype", "fp8", "--block-size", "32", "--gpu-memory-utilization", "0.8",
    ]
    let result = try Program.run(
      arguments + ["--target-modules", "q_proj,k_proj,v_proj,o_proj,gate_proj,up_proj,down_proj"])
    #expect(result.code == 0, "\(result.errors)")
    // What the server would pass over in silence is no plan.
    #expect(try Program.run(arguments + ["--target-modules", "q_proj,v_proj"]).code == 1)
    for option in [
      "--tensor-parallel-size 2", "--lora-target-modules q_proj k_proj v_proj o_proj", "--kv-cache-dtype fp8",
      "--block-size 32",
      "--gpu-memory-utilization 0.8",
    ] { #expect(result.output.contains(option), "\(option)") }
  }

  @Test func serverOptionsForValidAdapters() throws {
    let base = ["plan", "--base", "models/llama-bf16-sharded"]
    let result = try Program.run(base + ["--adapter", "adapters/llama-all-linear", "--emit", "vllm"])
    #expect(result.code == 0, "\(result.errors)")
    #expect(result.output.contains("--enable-lora") && result.output.contains("--max-lora-rank 8"))
    #expect(result.output.contains("llama-all-linear=/"))
    let folder = try TemporaryFolder()
    let script = try folder.write("serve.sh", result.output)
    #expect(try Program.shell("bash -n '\(script)'").code == 0)
    let json = try Program.run(
      base + ["--adapter", "adapters/llama-all-linear", "--emit", "vllm", "--format", "json"]
    ).json()
    #expect(json["lora_modules"]?.array?.count == 1)
    let broken = try Program.run(base + ["--adapter", "broken/rank-global", "--emit", "vllm"])
    #expect(broken.code == 1 && broken.output.isEmpty && !broken.errors.isEmpty)
  }

  @Test(arguments: [
    ["plan"], ["plan", "--base", "bases/gpt2.json"], ["plan", "--base", "bases/gpt2.json", "--rank", "8"],
    ["plan", "--base", "bases/gpt2.json", "--rank", "0", "--targets", "attention"],
    ["plan", "--base", "bases/gpt2.json", "--rank", "8", "--targets", "a,,b"],
    ["plan", "--base", "bases/gpt2.json", "--rank", "8", "--targets", "attention", "--adapter", "x"],
    ["plan", "--base", "bases/gpt2.json", "--rank", "8", "--targets", "attention", "--dtype", "int8"],
    ["plan", "--base", "bases/gpt2.json", "--rank", "8", "--targets", "attention", "--max-loras", "0"],
    ["plan", "--base", "bases/gpt2.json", "--rank", "8", "--targets", "attention", "--sweep", "alpha=1,2"],
    ["plan", "--base", "bases/gpt2.json", "--rank", "8", "--targets", "attention", "--gpu-memory", "many"],
    ["plan", "--base", "bases/gpt2.json", "--rank", "8", "--targets", "attention", "--gpu-memory-utilization", "2"],
    ["plan", "--base", "bases/gpt2.json", "--rank", "8", "--targets", "attention", "--emit", "vllm"],
  ])
  func wrongUsageIsExit64(_ arguments: [String]) throws {
    let result = try Program.run(arguments)
    #expect(result.code == 64, "\(arguments): \(result.errors)")
    #expect(result.output.isEmpty && !result.errors.isEmpty)
  }

  @Test func whatCannotBePlannedIsExitTwo() throws {
    for arguments in [
      ["--base", "no/such", "--rank", "8", "--targets", "attention"],
      ["--base", "bases/llama-2-7b.json", "--rank", "8", "--targets", "c_attn"],
      ["--base", "bases/llama-2-7b.json", "--adapter", "no/such"],
      ["--base", "models/llama-bf16-sharded", "--adapter", "adapters/gpt2"],
    ] {
      let result = try Program.run(["plan"] + arguments)
      #expect(result.code == 2, "\(arguments): \(result.output)\(result.errors)")
      #expect(result.output.isEmpty && result.errors.hasPrefix("lora-tool: "))
    }
  }
}
