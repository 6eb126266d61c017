extension TensorRTLLMClass {
  /// The classes of `tensorrt_llm/_torch/models`, by `model_type`.
  ///
  /// Attention adds q, k, v, o and qkv (`_torch/modules/attention.py`), the gated MLP gate, up, down and gate_up
  /// (`_torch/modules/gated_mlp.py` 90f3bec1), the plain MLP two of them (`_torch/modules/mlp.py`), when they are called
  /// with `lora_params`. With CUDA graphs, which are on by default, every loaded module is looked up among the layers
  /// that can add one (`_torch/peft/lora/cuda_graph_lora_params.py` 03441af1), and a module that is not there is a
  /// KeyError; pull request 13869 describes it.
  static let torch: [String: TensorRTLLMClass] = classesWithAdapters.merging(withoutClass) { first, _ in first }

  private static let classesWithAdapters: [String: TensorRTLLMClass] = [
    "llama": row(.held, .held, source: "modeling_llama.py 3a5901cd"),
    "gemma3_text": row(.held, .held, source: "modeling_gemma3.py 00e7d103"),
    // Handed on to nothing at 010bb95f; attention and MLP are given layer numbers and adapters since.
    "qwen3": row(.held, .held, source: "modeling_qwen3.py 712d98c5"),
    // The loader exchanges the halves of gate_up_proj's B by default (manager.py 1630fc37, config.py 04b4c030), and
    // the gated MLP takes gate first, as the checkpoint has it.
    "phi3": row(.held, .held, except: ["gate_up_proj": .swapped], source: "modeling_phi3.py bd6f83f8"),
    // `self.mlp(hidden_states)`, as issue 12617 says too; pull request 12771 was open.
    "mistral": row(.held, .dropped, source: "modeling_mistral.py 002f3cc3"),
    "starcoder2": row(.held, .dropped, except: ["up_proj": .placeless], source: "modeling_starcoder2.py 08c952c0"),
    // These models call their layers without what they got for them.
    "mixtral": row(
      .dropped, .placeless, except: ["w1": .dropped, "w2": .dropped, "w3": .dropped],
      source: "modeling_mixtral.py b35ac1b6"),
    "nemotron": row(.dropped, .dropped, except: ["up_proj": .placeless], source: "modeling_nemotron.py 000a01de"),
    "seed_oss": row(.dropped, .dropped, source: "modeling_seedoss.py 22de8b34"),
    // Its MLP has no layers that could add factors.
    "cohere2": row(.dropped, .placeless, source: "modeling_cohere2.py 231ddefa"),
    "qwen2_moe": row(
      .held, .placeless,
      except: [
        "shared_expert.gate_proj": .held, "shared_expert.up_proj": .held, "shared_expert.down_proj": .held,
        "w1": .unread, "w2": .unread, "w3": .unread,
      ], isSparseThroughout: true, source: "modeling_qwen_moe.py, pull request 11760"),
    "qwen3_moe": row(
      .held, .placeless, except: ["w1": .unread, "w2": .unread, "w3": .unread], isSparseThroughout: true,
      source: "modeling_qwen3_moe.py 03441af1"),
    "gpt_oss": row(.held, .placeless, source: "modeling_gpt_oss.py, pull request 8253"),
    // The MLP is built without `layer_idx` and called with the adapters: its `forward_lora` asserts that it has one.
    "qwen2": TensorRTLLMClass(
      .inBatch("its MLP is called with adapters and was given no layer number"),
      source: "_torch/models/modeling_qwen.py 047098b7"),
    "exaone4": TensorRTLLMClass(
      .inBatch("its attention asserts that there are none"), source: "_torch/models/modeling_exaone4.py 17eae74d"),
  ]

  /// A class in which what is neither attention nor MLP has no place.
  private static func row(
    _ attention: Handing, _ mlp: Handing, except exceptions: [String: Handing] = [:], isSparseThroughout: Bool = false,
    source: String
  ) -> TensorRTLLMClass {
    TensorRTLLMClass(
      attention: attention, mlp: mlp, others: .placeless, except: exceptions, isSparseThroughout: isSparseThroughout,
      source: "_torch/models/\(source)")
  }

  /// Types whose architectures `AutoModelForCausalLM` does not know (`modeling_auto.py` 01bffee1), as engines built
  /// from `tensorrt_llm/models` are gone.
  private static let withoutClass = Dictionary(
    uniqueKeysWithValues: [
      "gemma", "gemma2", "phi", "cohere", "granite", "gpt2", "bloom", "opt", "falcon", "gpt_neox", "stablelm", "olmo",
      "olmo2", "smollm3", "glm4", "ernie4_5", "deepseek_v2", "gptj", "gpt_bigcode",
    ].map {
      (
        $0,
        TensorRTLLMClass(.atStart("it has no class for it"), source: "_torch/models/_arch_index.py 065ff9e9")
      )
    })
}
