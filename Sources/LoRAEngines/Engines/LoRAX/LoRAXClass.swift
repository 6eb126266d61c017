import TensorCore

/// What LoRAX's class of a `model_type` looks for in an adapter (`models/flash_*.py`, `adapter_target_to_layer`).
struct LoRAXClass: Sendable {
  /// The name of the list of layers.
  let layers: String
  /// Names below a layer, in the order in which they are loaded, which decides their scale.
  let modules: [String]
  /// Whether the output head is looked for, as the last one.
  var hasHead = false
  /// Whether factors of the output head make loading fail.
  var failsOnHead = false
  /// Modules of which it takes only as many outputs as they have inputs (`out_size` of flash_phi_modeling.py).
  var cutToInputs: Set<String> = []
  /// What it wants of a base to start with it.
  var needs: Set<Need> = []
  /// Whether it keeps memory for adapters that come at run time.
  var reservesMemory = true
  /// Whether the loader was run on adapters that PEFT made for this very type.
  var isHeld = true

  /// The class of a model type, or nil when it takes no adapters or is not known here.
  static func named(_ modelType: String) -> LoRAXClass? { all[modelType] }

  /// The types that take adapters, sorted.
  static var names: [String] { all.keys.ordered() }

  /// Types that are served without adapters (`supports_adapter_loading`).
  static let withoutAdapters: Set<String> = [
    "bert", "distilbert", "gpt_bigcode", "mpt", "gpt_neox", "RefinedWeb", "RefinedWebModel", "falcon", "llava",
    "llava_next", "opt", "t5",
  ]

  /// Types whose class does not start, and why.
  static let withoutStart = [
    "gpt2": "its class calls load_multi with fan_in_fan_out, which that does not take"
  ]

  /// Types whose adapters were not compared: its names are those of an old transformers, and two kinds of layers share
  /// one list.
  static let uncompared: Set<String> = ["mllama"]

  private static let attention = ["q_proj", "k_proj", "v_proj", "o_proj"].map { "self_attn.\($0)" }
  private static let gated = ["gate_proj", "up_proj", "down_proj"].map { "mlp.\($0)" }

  private static let all: [String: LoRAXClass] = [
    "llama": withHead(attention + gated, needs: [.sharedWidth]),
    "mistral": withHead(attention + gated),
    "qwen2": withHead(attention + gated, needs: [.sharedWidth]),
    "granite": withHead(attention + gated, needs: [.sharedWidth]),
    "gemma": LoRAXClass(layers: "model.layers", modules: attention + gated),
    "gemma2": LoRAXClass(
      layers: "model.layers", modules: attention + gated, needs: [.activationName, .tiedHead]),
    "solar": LoRAXClass(layers: "model.layers", modules: attention + gated, isHeld: false),
    "mixtral": LoRAXClass(layers: "model.layers", modules: attention, needs: [.sharedWidth]),
    // It looks for gate and up under the name of both together.
    "cohere": withHead(attention + ["mlp.down_proj"], needs: [.sharedWidth]),
    "phi": phi(isHeld: true), "phi-msft": phi(isHeld: false),
    "phi3": LoRAXClass(
      layers: "model.layers",
      modules: ["self_attn.qkv_proj", "self_attn.o_proj", "mlp.gate_up_proj", "mlp.down_proj"]),
    "qwen": LoRAXClass(
      layers: "transformer.h", modules: ["attn.c_attn", "attn.c_proj", "mlp.w1", "mlp.w2", "mlp.c_proj"],
      hasHead: true, isHeld: false),
    // It looks for Wqkv as q_proj, a name that no adapter has.
    "dbrx": LoRAXClass(
      layers: "transformer.blocks", modules: ["norm_attn_norm.attn.out_proj"], failsOnHead: true, isHeld: false),
    "bloom": LoRAXClass(
      layers: "transformer.h",
      modules: [
        "self_attention.query_key_value", "self_attention.dense", "mlp.dense_h_to_4h", "mlp.dense_4h_to_h",
      ], reservesMemory: false),
    "xlm-roberta": LoRAXClass(
      layers: "roberta.encoder.layer",
      modules: ["attention.self.query", "attention.self.value", "attention.self.key"], reservesMemory: false),
  ]

  private static func phi(isHeld: Bool) -> LoRAXClass {
    LoRAXClass(
      layers: "model.layers", modules: attention.dropLast() + ["self_attn.dense", "mlp.fc1", "mlp.fc2"], hasHead: true,
      cutToInputs: ["mlp.fc1"], needs: [.sharedWidth, .ungroupedHeads], isHeld: isHeld)
  }

  private static func withHead(_ modules: [String], needs: Set<Need> = []) -> LoRAXClass {
    LoRAXClass(layers: "model.layers", modules: modules, hasHead: true, needs: needs)
  }
}
