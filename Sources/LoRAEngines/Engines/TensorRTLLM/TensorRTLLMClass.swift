/// What a model class of TensorRT-LLM does with the adapters that the loader put into its memory.
///
/// The loader knows no classes: it fills a place for every module that its map names, and the class's `forward` decides
/// which modules ever look there. Each entry names the file and commit that was read; the classes were not run.
struct TensorRTLLMClass: Sendable {
  /// What becomes of the adapter's factors for a part of each layer.
  enum Handing: Sendable {
    /// They are handed to the part, which adds them.
    case held
    /// They are loaded, and the part never gets them.
    case dropped
    /// That was not read.
    case unread
  }

  /// The attention.
  let attention: Handing
  /// The layer's one MLP.
  let mlp: Handing
  /// Why a batch with any adapter fails; nil when it does not.
  var failure: String?
  /// The file and commit that say so.
  let source: String

  init(attention: Handing, mlp: Handing, source: String) {
    self.attention = attention
    self.mlp = mlp
    self.source = source
  }

  /// A class in which every batch with an adapter fails.
  init(failure: String, source: String) {
    attention = .dropped
    mlp = .dropped
    self.failure = failure
    self.source = source
  }

  /// What becomes of the factors of a module by its name in the map.
  func handing(of name: String) -> Handing {
    switch name {
    case "q_proj", "k_proj", "v_proj", "o_proj", "qkv_proj": attention
    case "gate_proj", "up_proj", "down_proj", "gate_up_proj": mlp
    default: attention == .dropped && mlp == .dropped ? .dropped : .unread
    }
  }
}

extension TensorRTLLMClass {
  /// The classes of `tensorrt_llm/models`, from which engines are built, by `model_type`.
  ///
  /// `MODEL_MAP` (tensorrt_llm/models/__init__.py 02267d3d) says which class runs which type.
  static let built: [String: TensorRTLLMClass] = {
    let llama = TensorRTLLMClass(attention: .held, mlp: .held, source: "models/llama/model.py 2340c776")
    let qwen = TensorRTLLMClass(attention: .held, mlp: .held, source: "models/qwen/model.py 04a2cacb")
    let gemma = TensorRTLLMClass(attention: .held, mlp: .held, source: "models/gemma/model.py 5dedf53b")
    return [
      "llama": llama, "mistral": llama, "granite": llama,
      // Its experts come from w1, w2 and w3, which were not followed further.
      "mixtral": TensorRTLLMClass(attention: .held, mlp: .unread, source: "models/llama/model.py 2340c776"),
      "qwen2": qwen, "qwen3": qwen, "gemma": gemma, "gemma2": gemma, "gemma3_text": gemma,
      "cohere": TensorRTLLMClass(attention: .dropped, mlp: .dropped, source: "models/commandr/model.py 42a7b092"),
    ]
  }()

  /// The classes of `tensorrt_llm/_torch/models`, by `model_type`.
  ///
  /// Attention adds q, k, v and qkv (`_torch/modules/attention.py`) and the gated MLP gate, up and down
  /// (`_torch/modules/gated_mlp.py` 01503f55), when they are called with `lora_params`.
  static let torch: [String: TensorRTLLMClass] = [
    "llama": TensorRTLLMClass(attention: .held, mlp: .held, source: "_torch/models/modeling_llama.py 3a5901cd"),
    "gemma3_text": TensorRTLLMClass(attention: .held, mlp: .held, source: "_torch/models/modeling_gemma3.py 00e7d103"),
    // Its MLP got none at 000a01de and gets them at bd6f83f8; the loader swaps the halves of gate_up_proj's B, and whether
    // the layer wants them so was not held.
    "phi3": TensorRTLLMClass(attention: .held, mlp: .unread, source: "_torch/models/modeling_phi3.py bd6f83f8"),
    // `self.mlp(hidden_states)`, as issue 12617 says too.
    "mistral": TensorRTLLMClass(attention: .held, mlp: .dropped, source: "_torch/models/modeling_mistral.py 002f3cc3"),
    "starcoder2": TensorRTLLMClass(
      attention: .held, mlp: .dropped, source: "_torch/models/modeling_starcoder2.py 08c952c0"),
    // The model calls its layers without what it got for them.
    "mixtral": TensorRTLLMClass(
      attention: .dropped, mlp: .dropped, source: "_torch/models/modeling_mixtral.py 000a01de"),
    "nemotron": TensorRTLLMClass(
      attention: .dropped, mlp: .dropped, source: "_torch/models/modeling_nemotron.py 000a01de"),
    "seed_oss": TensorRTLLMClass(
      attention: .dropped, mlp: .dropped, source: "_torch/models/modeling_seedoss.py 22de8b34"),
    "cohere2": TensorRTLLMClass(
      attention: .dropped, mlp: .dropped, source: "_torch/models/modeling_cohere2.py 231ddefa"),
    // The MLP is built without `layer_idx` and called with the adapters: its `forward_lora` asserts that it has one.
    "qwen2": TensorRTLLMClass(
      failure: "its MLP is called with adapters and was given no layer number",
      source: "_torch/models/modeling_qwen.py 047098b7"),
    "exaone4": TensorRTLLMClass(
      failure: "its attention asserts that there are none", source: "_torch/models/modeling_exaone4.py 17eae74d"),
    // Handed on to nothing at 010bb95f and 5dedf53b; later to an MLP without `layer_idx`, as in qwen2.
    "qwen3": TensorRTLLMClass(
      attention: .dropped, mlp: .dropped, source: "_torch/models/modeling_qwen3.py 010bb95f, 5dedf53b"),
  ]
}
