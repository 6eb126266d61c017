"""What TensorRT-LLM's model classes do with adapters that its loader took, for loader_truth.py.

Read in the classes' sources, as they stand in public copies of single files; none was run, and no checkout of the whole
repository was at hand to go through all of them by a script. Sources/LoRAEngines/Engines/TensorRTLLM names the file and
commit of each row. Keys are those of `model_type`; values of a row:

    names   the class's own map of names, where it replaces the loader's
    held    names whose factors reach the layer
    swapped names whose B arrives with its halves exchanged
    missing names for which the layers have no place: with CUDA graphs the first tokens fail (1.4)
    dropped names whose factors are never handed on
    fails   why no adapter serves
Whatever a row does not name was not read.
"""

ATTENTION = {"q_proj", "k_proj", "v_proj", "o_proj", "qkv_proj"}
MLP = {"gate_proj", "up_proj", "down_proj", "gate_up_proj"}
SHARED = {f"shared_expert.{leaf}_proj" for leaf in ("gate", "up", "down")}
EXPERTS = {"w1", "w2", "w3"}
OTHERS = SHARED | EXPERTS | {"gate", "in_proj", "out_proj", "fc1_latent_proj", "fc2_latent_proj"}
QKVO = ATTENTION - {"qkv_proj"}
OWN_EXPERTS = {f"mlp.experts.{leaf}_proj" for leaf in ("gate", "up", "down")}


def fails(why, kinds):
    return {kind: dict(fails=why) for kind in kinds.split()}


# Engines are built from tensorrt_llm/models.
BUILT = {
    **{kind: dict(held=ATTENTION | MLP, dropped={"gate"})
       for kind in "llama mistral granite qwen2 qwen3 gemma gemma2 gemma3_text".split()},
    "mixtral": dict(held=ATTENTION),
    "qwen2_moe": dict(held=ATTENTION, names=QKVO | OWN_EXPERTS | {f"mlp.{name}" for name in SHARED} | {
        "gate", "mlp.shared_expert_gate"}),
    "qwen3_moe": dict(held=ATTENTION, names=QKVO | OWN_EXPERTS | MLP | {"gate"}),
    **{kind: dict(held=QKVO | {"c_fc", "c_proj"}, names=QKVO | {"c_fc", "c_proj"}) for kind in ("starcoder2", "nemotron")},
    **{kind: dict(held=QKVO | {"c_fc"}, names=QKVO | {"c_fc", "c_proj"}) for kind in ("gpt2", "gpt_bigcode")},
    "phi": dict(held=ATTENTION, names=QKVO - {"o_proj"}),
    "phi3": dict(held=ATTENTION | {"query_key_value", "dense"}, names={
        "qkv_proj", "query_key_value", "o_proj", "dense", "gate_up_proj", "up_proj", "down_proj"}),
    **fails("use_lora is not implemented", "cohere deepseek_v2 opt"),
    **fails("not in MODEL_MAP", "cohere2 stablelm olmo olmo2 exaone4 seed_oss smollm3 glm4 ernie4_5 gpt_oss"),
}

# tensorrt_llm/_torch/models.
TORCH = {
    **{kind: dict(held=ATTENTION | MLP, missing=OTHERS) for kind in ("llama", "gemma3_text", "qwen3")},
    "phi3": dict(held=ATTENTION | MLP - {"gate_up_proj"}, swapped={"gate_up_proj"}, missing=OTHERS),
    "mistral": dict(held=ATTENTION, dropped=MLP, missing=OTHERS),
    "starcoder2": dict(held=ATTENTION, dropped=MLP - {"up_proj"}, missing=OTHERS | {"up_proj"}),
    "mixtral": dict(dropped=ATTENTION | EXPERTS, missing=MLP | OTHERS - EXPERTS),
    "nemotron": dict(dropped=ATTENTION | MLP - {"up_proj"}, missing=OTHERS | {"up_proj"}),
    "seed_oss": dict(dropped=ATTENTION | MLP, missing=OTHERS),
    "cohere2": dict(dropped=ATTENTION, missing=MLP | OTHERS),
    "qwen2_moe": dict(held=ATTENTION | SHARED, missing=MLP | OTHERS - SHARED - EXPERTS),
    "qwen3_moe": dict(held=ATTENTION, missing=MLP | OTHERS - EXPERTS),
    "gpt_oss": dict(held=ATTENTION, missing=MLP | OTHERS),
    **fails("its MLP has no layer number", "qwen2"),
    **fails("its attention asserts that there are no adapters", "exaone4"),
    **fails("no such architecture", """gemma gemma2 phi cohere granite gpt2 bloom opt falcon gpt_neox stablelm olmo olmo2
            smollm3 glm4 ernie4_5 deepseek_v2 gptj gpt_bigcode"""),
}


def handing(row, name):
    """What becomes of a name: one of the words above, or "unread"."""
    return next((word for word in ("swapped", "missing", "dropped", "held") if name in row.get(word, ())), "unread")
