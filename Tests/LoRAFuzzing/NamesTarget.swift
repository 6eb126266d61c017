import Diagnostics
import LoRAModel
import LoRATestSupport
import Safetensors
import TensorCore

/// Names of tensors, one in each line with its shape before it: `8x64 name`.
struct NamesTarget: FuzzTarget {
  let name = "names"
  private let scratch = Scratch()

  private static let words = [
    "base_model.model.", "model.layers.0.", "self_attn.q_proj", ".lora_A.weight", ".lora_B.weight",
    ".lora_A.default.weight",
    ".lora_magnitude_vector", ".lora_embedding_A", ".lora_B.bias", "lora_unet_", "lora_te1_", ".lora_down.weight",
    ".lora_up.weight", ".alpha", ".lora_a", ".lora_b", "transformer.", "unet.", "text_encoder.", ".lora.down.weight",
    "_orig_mod.",
    ".base_layer.weight", ".modules_to_save.", "experts.3.", ".token_adapter.trainable_tokens_delta", "hada_w1_a", "..",
    ".",
    "8x64 ", "64x8 ", "\n", "18446744073709551615x1 ", "é", "\u{1B}[31m", "\u{202E}", "1 ", " ",
  ]

  func seeds() -> [[UInt8]] {
    [
      "8x64 base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight\n64x8 base_model.model.model.layers.0.self_attn.q_proj.lora_B.weight",
      "8x64 lora_unet_down_blocks_0_attentions_0_proj_in.lora_down.weight\n64x8 lora_unet_down_blocks_0_attentions_0_proj_in.lora_up.weight\n lora_unet_down_blocks_0_attentions_0_proj_in.alpha",
      "64x8 model.layers.3.self_attn.q_proj.lora_a\n8x64 model.layers.3.self_attn.q_proj.lora_b",
      "8x64 transformer.blocks.0.attn.to_q.lora_A.weight\n64x8 transformer.blocks.0.attn.to_q.lora_B.weight",
      "8x64 unet.up.0.attn.to_q.lora.down.weight\n64x8 unet.up.0.attn.to_q.lora.up.weight",
      "16x100 base_model.model.model.embed_tokens.lora_embedding_A\n64x16 base_model.model.model.embed_tokens.lora_embedding_B",
    ].map { Array($0.utf8) }
  }

  func mutate(_ input: inout [UInt8], _ random: inout SeededGenerator) {
    guard random.once(in: 2), let word = random.pick(Self.words) else {
      return ByteMutation.mutate(&input, &random)
    }
    input.insert(contentsOf: word.utf8, at: random.below(input.count + 1))
  }

  func run(_ input: [UInt8]) throws(Violation) {
    var tensors: [TensorInfo] = []
    var names: Set<String> = ["__metadata__"]
    var edge: UInt64 = 0
    for line in String(decoding: input.prefix(1 << 14), as: UTF8.self).split(separator: "\n").prefix(64) {
      let parts = line.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
      let shape = Shape(parts[0].split(separator: "x").prefix(6).compactMap { UInt64($0) })
      let name = String(parts.count > 1 ? parts[1] : parts[0])
      guard let size = HeaderWriter.size(.f32, shape), size < 1 << 16, names.insert(name).inserted else { continue }
      tensors.append(TensorInfo(name: name, dtype: .f32, shape: shape, begin: edge, end: edge + size))
      edge += size
    }
    guard let header = try? HeaderWriter.bytes(of: tensors) else { throw Violation("the header cannot be written") }
    let path = try scratch.write(header + [UInt8](repeating: 0, count: Int(edge)), as: "adapter_model.safetensors")
    let adapter = Adapter.load(path)
    let known =
      adapter.modules.flatMap { $0.tensors + [$0.alphaTensor].compactMap(\.self) }.map(\.name)
      + adapter.replacements.map(\.tensor.name) + adapter.misnamed.map(\.tensor.name) + adapter.unknown.map(\.name)
    try Violation.unless(Set(known).isSubset(of: names), "the adapter has tensors that the file does not have")
    for scheme in NamingSchemes.all { for tensor in tensors { _ = scheme.read(tensor.name) } }
    for finding in adapter.findings { try Terminal.check(finding.message, "a finding") }
  }
}
