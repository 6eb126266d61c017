import BaseCatalogue
import Diagnostics
import LoRACapacity
import LoRAModel
import LoRATestSupport

/// Texts of a base model's `config.json`: through the catalogue to modules, and the arithmetic of a deployment.
struct BaseTarget: FuzzTarget {
  let name = "base"
  private let scratch = Scratch()

  static let mutation = JSONMutation(
    vocabulary: [
      "model_type", "hidden_size", "num_hidden_layers", "num_attention_heads", "num_key_value_heads",
      "intermediate_size", "vocab_size", "head_dim", "num_experts", "num_local_experts", "tie_word_embeddings",
      "quantization_config", "text_config", "layer_types", "architectures", "n_layer", "n_embd",
      "moe_intermediate_size",
      "first_k_dense_replace", "mlp_only_layers", "decoder_sparse_step",
    ] + Catalogue.all.map(\.modelType))

  static let text = #"""
    {"model_type":"llama","hidden_size":16,"num_hidden_layers":2,"num_attention_heads":4,"num_key_value_heads":2,
    "intermediate_size":32,"vocab_size":64,"head_dim":4,"tie_word_embeddings":false,"architectures":["LlamaForCausalLM"]}
    """#

  func seeds() -> [[UInt8]] {
    // One text that holds what any architecture may ask for, so that a change of its type leads to another one.
    let general = #"""
      "hidden_size":16,"num_hidden_layers":2,"num_attention_heads":4,"num_key_value_heads":2,"intermediate_size":32,
      "vocab_size":64,"head_dim":4,"num_experts":4,"num_local_experts":4,"num_experts_per_tok":2,"n_embd":16,"n_layer":2,
      "n_head":4,"moe_intermediate_size":8,"n_routed_experts":4,"n_shared_experts":1,"q_lora_rank":4,"kv_lora_rank":4,
      "qk_nope_head_dim":4,"qk_rope_head_dim":4,"v_head_dim":4,"d_model":16,"n_positions":32,"max_position_embeddings":32
      """#
    return [Array(Self.text.utf8)]
      + Catalogue.all.map { Array("{\"model_type\":\"\($0.modelType)\",\(general)}".utf8) }
  }

  func mutate(_ input: inout [UInt8], _ random: inout SeededGenerator) { Self.mutation.mutate(&input, &random) }

  func run(_ input: [UInt8]) throws(Violation) {
    let path = try scratch.write(input, as: "base.json")
    guard let base = try Terminal.answer({ () throws(BaseModelError) in try BaseModel.open(path) }) else { return }
    for finding in base.findings { try Terminal.check(finding.message, "a finding") }
    for name in ["model.layers.0.self_attn.q_proj", "layers.1.mlp.down_proj", "lm_head", ""] { _ = base.match(name) }
    var request = CapacityRequest(base: base, adapters: .uniform(rank: 16, targets: .allLinear))
    request.gpuMemory = 80 << 30
    request.tenants = 1000
    let report = try Terminal.answer { () throws(CapacityError) in try CapacityReport(request) }
    if let report { try Terminal.check(document: report.json(toolVersion: "0"), "the plan") }
  }
}
