extension TensorRTLLMClass {
  /// The classes of `tensorrt_llm/models`, from which engines are built, by `model_type`.
  ///
  /// `MODEL_MAP` (tensorrt_llm/models/__init__.py 02267d3d) says which class runs which type, and `use_lora` of the class
  /// which names its adapters may have and where they go.
  static let built: [String: TensorRTLLMClass] =
    classesWithAdapters
    .merging(withoutAdapters) { first, _ in first }
    .merging(withoutClass) { first, _ in first }

  private static let qkvo: Set<String> = ["q_proj", "k_proj", "v_proj", "o_proj"]
  private static let expertNames: Set<String> = [
    "mlp.experts.gate_proj", "mlp.experts.up_proj", "mlp.experts.down_proj",
  ]

  private static let classesWithAdapters: [String: TensorRTLLMClass] = {
    let llama = dense(source: "models/llama/model.py 2340c776")
    let qwen = dense(source: "models/qwen/model.py 04a2cacb")
    let gemma = dense(source: "models/gemma/model.py 5dedf53b")
    // Its names are c_fc and c_proj for all; the attention's c_proj of GPT-2 would take the place of the MLP's.
    let gpt = TensorRTLLMClass(
      attention: .held, mlp: .unread, others: .unread, except: ["c_fc": .held, "c_proj": .held],
      names: qkvo.union(["c_fc", "c_proj"]), source: "models/gpt/model.py")
    let gpt2 = TensorRTLLMClass(
      attention: .held, mlp: .unread, others: .unread, except: ["c_fc": .held], names: qkvo.union(["c_fc", "c_proj"]),
      source: "models/gpt/model.py")
    return [
      "llama": llama, "mistral": llama, "granite": llama,
      // Its experts come from w1, w2 and w3, which were not followed further.
      "mixtral": TensorRTLLMClass(
        attention: .held, mlp: .unread, others: .unread, source: "models/llama/model.py 2340c776"),
      "qwen2": qwen, "qwen3": qwen, "gemma": gemma, "gemma2": gemma, "gemma3_text": gemma,
      "qwen2_moe": TensorRTLLMClass(
        attention: .held, mlp: .unread, others: .unread,
        names: qkvo.union(expertNames).union([
          "gate", "mlp.shared_expert.gate_proj", "mlp.shared_expert.up_proj", "mlp.shared_expert.down_proj",
          "mlp.shared_expert_gate",
        ]), isSparseThroughout: true, source: "models/qwen/model.py 04a2cacb"),
      "qwen3_moe": TensorRTLLMClass(
        attention: .held, mlp: .unread, others: .unread,
        names: qkvo.union(expertNames).union(["gate", "gate_proj", "up_proj", "down_proj", "gate_up_proj"]),
        isSparseThroughout: true, source: "models/qwen/model.py 04a2cacb"),
      "gpt2": gpt2, "gpt_bigcode": gpt2, "starcoder2": gpt, "nemotron": gpt,
      "phi": TensorRTLLMClass(
        attention: .held, mlp: .dropped, others: .unread, names: ["q_proj", "k_proj", "v_proj"],
        source: "models/phi/model.py 03dd9bb8"),
      // How wide the C++ runtime takes gate_up_proj's B was not followed.
      "phi3": TensorRTLLMClass(
        attention: .held, mlp: .unread, others: .unread, except: ["query_key_value": .held, "dense": .held],
        names: ["qkv_proj", "query_key_value", "o_proj", "dense", "gate_up_proj", "up_proj", "down_proj"],
        source: "models/phi3/model.py 1479eaf5"),
    ]
  }()

  /// Every module of attention and MLP gets its factors, and nothing asks for a router's.
  private static func dense(source: String) -> TensorRTLLMClass {
    TensorRTLLMClass(attention: .held, mlp: .held, others: .unread, except: ["gate": .dropped], source: source)
  }

  /// Classes that inherit a `use_lora` which raises NotImplementedError, as issue 2606 says of one.
  private static let withoutAdapters: [String: TensorRTLLMClass] = [
    "cohere": "models/commandr/model.py 42a7b092", "deepseek_v2": "models/deepseek_v2/model.py 0fccc5b9",
    "opt": "models/opt/model.py d5b22359",
  ].mapValues { TensorRTLLMClass(.atStart("its class can't be built with adapters"), source: $0) }

  /// Types without a class in `MODEL_MAP`.
  private static let withoutClass = Dictionary(
    uniqueKeysWithValues: [
      "cohere2", "stablelm", "olmo", "olmo2", "exaone4", "seed_oss", "smollm3", "glm4", "ernie4_5", "gpt_oss",
    ].map {
      (
        $0,
        TensorRTLLMClass(.atStart("it builds no engine of this type"), source: "models/__init__.py 02267d3d")
      )
    })
}
