import JSON
import LoRADeltas
import LoRAIO
import LoRATestSupport
import Testing

@testable import LoRASurgery

/// What a format cannot say is named and never dropped.
@Suite struct ConversionRefusalTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let words: String
    /// What the refusal says, among other things.
    let says: String
    var testDescription: String { words }
  }

  static let cases = [
    Case(words: "adapters/llama-dora --to gguf --base models/llama-bf16-sharded", says: "magnitudes of DoRA"),
    Case(words: "adapters/llama-dora --to trtllm", says: "magnitudes of DoRA"),
    Case(words: "adapters/lora-bias --to mlx", says: "the bias of B"),
    Case(words: "adapters/save-head --to mlx", says: "whole tensors"),
    Case(words: "adapters/save-norms --to gguf --base models/llama-bf16-sharded", says: "whole tensors"),
    Case(words: "adapters/tokens --to torchtune --base models/llama-bf16-sharded", says: "whole tensors"),
    Case(words: "adapters/llama-embedding --to torchtune --base models/llama-f16", says: "the factors of an embedding"),
    Case(words: "adapters/llama-embedding --to mlx", says: "name the base with its weights"),
    Case(words: "adapters/qwen3_moe-experts --to kohya --prefix lora_te_", says: "a stack of experts"),
    Case(words: "adapters/qwen3_moe-experts --to trtllm", says: "a stack of experts"),
    Case(words: "adapters/qwen3_moe-experts --to mlx", says: "depends on the base"),
    Case(words: "adapters/mixtral-experts-peft-0.18 --to mlx --base models/mixtral-bf16", says: "since 0.19"),
    Case(words: "adapters/resnet-conv --to mlx", says: "the factors of a convolution"),
    Case(words: "adapters/llama-all-linear --to gguf", says: "name the base's config.json with --base"),
    Case(words: "adapters/llama-all-linear --to torchtune", says: "which the adapter does not tell"),
    Case(words: "adapters/llama-all-linear --to kohya", says: "--prefix"),
    Case(words: "adapters/llama-all-linear --to diffusers", says: "--prefix"),
    Case(words: "adapters/t5-ends --to gguf --base models/t5-f32", says: "the model type t5 are not known"),
    Case(words: "adapters/llama-alora --to mlx", says: "alora_invocation_tokens"),
    Case(words: "adapters/llama-layer-replication --to mlx", says: "layer_replication"),
    Case(words: "formats/kohya-tucker --to peft", says: "LYCORIS_TUCKER"),
    Case(words: "formats/kohya-loha --to peft", says: "LOHA"),
    Case(words: "formats/torchtune --to peft --base models/llama-bf16-sharded", says: "nothing says its alpha"),
    Case(words: "adapters/llama-all-linear --to peft --fuse qkv_proj", says: "the order of the rows"),
    Case(
      words: "adapters/llama-all-linear --to peft --unfuse --base models/llama-bf16-sharded", says: "no fused module"),
    Case(
      words: "adapters/llama-all-linear --to peft --fuse c_proj --base models/llama-bf16-sharded",
      says: "how a module c_proj is fused is not known"),
    Case(words: "formats/diffusers-metadata --to peft", says: "choose one with --part"),
    Case(
      words: "adapters/tied-head --to gguf --base models/llama-tied-bf16",
      says: "the base's output head is its embedding"),
  ]

  /// PEFT fills a third factor that the file lacks with random numbers.
  @Test(arguments: ["kasa_config", "velora_config", "monteclora_config"])
  func whatAVariantKeepsBesideTheFactorsIsNotDropped(variant: String) throws {
    let folder = try TemporaryFolder()
    let source = "adapters/llama-nano/"
    var config = try #require(try Fixtures.json(source + "adapter_config.json").object)
    config[variant] = [:]
    try folder.write("in/adapter_config.json", JSONValue.object(config).text())
    let weights = try InputFile.contents(of: Fixtures.path(source + "adapter_model.safetensors"), limit: 1 << 24)
    try folder.write("in/adapter_model.safetensors", weights)
    #expect {
      _ = try Conversion("\(folder.path("in")) --to peft").plan()
    } throws: { error in
      "\(error)".contains(variant)
    }
  }

  @Test(arguments: cases) func whatCannotBeSaidIsRefusedByName(_ refused: Case) {
    do {
      _ = try Conversion(refused.words).plan()
      Issue.record("it was planned")
    } catch let SurgeryError.refused(refusals) {
      let text = refusals.map(\.description).joined(separator: "\n")
      #expect(text.contains(refused.says), "\(text)")
    } catch {
      Issue.record("\(error)")
    }
  }
}
