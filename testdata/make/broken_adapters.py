"""Configs that are wrong, tensors that do not fit their config, each other, or PEFT's names."""

import peft
import torch
from safetensors.torch import load, save

from adapters import load_base, train
from broken import CONFIG, WEIGHTS, Case
from files import read_json, seed, write_json

LAYER = "base_model.model.model.layers.{}.self_attn."
Q0, Q1, V1 = LAYER.format(0) + "q_proj.", LAYER.format(1) + "q_proj.", LAYER.format(1) + "v_proj."
A, B = "lora_A.weight", "lora_B.weight"


def renamed(change):
    return lambda tensors: {change(name): tensor for name, tensor in tensors.items()}


def without(*parts):
    return lambda tensors: {name: tensor for name, tensor in tensors.items() if not any(part in name for part in parts)}


def with_tensors(more):
    return lambda tensors: tensors | more


def trained(config, base="llama-nano-bf16", move=True):
    """A folder as PEFT exports it, from this config."""

    def build(folder):
        seed(folder.name)
        model = peft.get_peft_model(load_base(base), config)
        (train(model) if move else model).save_pretrained(folder)
        (folder / "README.md").unlink()

    return build


def lora(**fields):
    return peft.LoraConfig(
        **(dict(r=2, lora_alpha=4, target_modules=["q_proj", "v_proj"], task_type="CAUSAL_LM") | fields)
    )


INVALID_CONFIGS = {
    "not-json": ("Cut in the middle.", b'{"peft_type": "LORA", "r": 2,'),
    "empty": ("No byte.", b""),
    "array": ("An array at the top.", b"[]"),
    "deep": ("20,000 brackets deep.", b'{"peft_type": "LORA", "x": ' + b"[" * 20000),
    "rank-zero": ("r is 0.", {"r": 0}),
    "rank-negative": ("r is -4.", {"r": -4}),
    "rank-string": ("r is text.", {"r": "2"}),
    "rank-fraction": ("r is 2.5.", {"r": 2.5}),
    "rank-huge": ("r is 2^64.", {"r": 2**64}),
    "alpha-null": ("lora_alpha is null: early versions of PEFT gave it another meaning.", {"lora_alpha": None}),
    "alpha-string": ("lora_alpha is text.", {"lora_alpha": "sixteen"}),
    "alpha-nan": ("lora_alpha is NaN, as Python's json writes it.", {"lora_alpha": float("nan")}),
    "pattern-zero": ("A rank pattern of 0.", {"rank_pattern": {"q_proj": 0}}),
    "pattern-regex": ("A rank pattern that is no regular expression.", {"rank_pattern": {"q_proj(": 2}}),
    "target-type": ("target_modules is a number.", {"target_modules": 7}),
    "target-regex": ("target_modules is no regular expression.", {"target_modules": "*.q_proj("}),
    "layers-with-regex": (
        "layers_to_transform beside a regular expression.",
        {"target_modules": ".*q_proj|.*v_proj", "layers_to_transform": [0, 1]},
    ),
    "two-variants": ("DoRA and aLoRA at once.", {"use_dora": True, "alora_invocation_tokens": [4, 5]}),
    "bias-word": ("bias is a word that PEFT does not know.", {"bias": "some"}),
}


def no_alpha(folder):
    trained(lora())(folder)
    config = read_json(folder / CONFIG)
    del config["lora_alpha"]
    write_json(folder / CONFIG, config)


def huge_alpha(folder):
    trained(lora())(folder)
    text = (folder / CONFIG).read_text()
    (folder / CONFIG).write_text(text.replace('"lora_alpha": 4', '"lora_alpha": 1e999'))


OTHER_METHODS = {
    "adalora": (
        "AdaLoRA, whose tensors look like LoRA's.",
        peft.AdaLoraConfig(
            init_r=3, target_r=2, lora_alpha=4, total_step=10, target_modules=["q_proj"], task_type="CAUSAL_LM"
        ),
    ),
    "loha": ("LoHa.", peft.LoHaConfig(r=2, alpha=4, target_modules=["q_proj"], task_type="CAUSAL_LM")),
    "lokr": ("LoKr.", peft.LoKrConfig(r=2, alpha=4, target_modules=["q_proj"], task_type="CAUSAL_LM")),
    "ia3": ("IA3.", peft.IA3Config(target_modules=["q_proj"], feedforward_modules=[], task_type="CAUSAL_LM")),
    "prompt": (
        "Prompt tuning: no tensor belongs to a layer.",
        peft.PromptTuningConfig(num_virtual_tokens=2, task_type="CAUSAL_LM"),
    ),
}

RANKS = [
    Case(
        "rank-global", ["rank-mismatch"], "The config says r = 4 everywhere, every tensor has rank 2.", config={"r": 4}
    ),
    Case(
        "rank-pattern",
        ["rank-mismatch"],
        "A pattern gives the q_proj of both layers rank 3, the tensors have 2.",
        config={"rank_pattern": {"q_proj": 3}},
    ),
    Case(
        "rank-module",
        ["rank-mismatch"],
        "One module has rank 3, the config says 2.",
        tensors=with_tensors({Q1 + A: torch.full((3, 16), 0.01), Q1 + B: torch.full((24, 3), 0.01)}),
    ),
    Case(
        "pair-ranks",
        ["pair-rank-disagree"],
        "A has rank 3, B has rank 2.",
        may=("rank-mismatch",),
        tensors=with_tensors({Q1 + A: torch.full((3, 16), 0.01)}),
    ),
    Case("pair-no-b", ["pair-incomplete"], "An A without its B.", tensors=without(Q1 + B)),
    Case("pair-no-a", ["pair-incomplete"], "A B without its A.", tensors=without(V1 + A)),
    Case("pair-no-magnitude", ["pair-incomplete"], "use_dora without a magnitude vector.", config={"use_dora": True}),
]

TENSORS = [
    Case(
        "tensor-lora-c",
        ["tensor-unknown"],
        "A leaf that no version of PEFT writes.",
        tensors=with_tensors({Q0 + "lora_C.weight": torch.ones(2, 2)}),
    ),
    Case(
        "tensor-stray",
        ["tensor-unknown"],
        "A tensor that belongs to nothing.",
        tensors=with_tensors({"optimizer.step": torch.ones(1)}),
    ),
    Case(
        "tensor-zero3",
        ["tensor-empty"],
        "Every factor is empty, as DeepSpeed ZeRO-3 leaves ungathered shards.",
        may=("value-zero-delta", "rank-mismatch", "base-shape-mismatch"),
        tensors=lambda tensors: {name: torch.zeros(0) for name in tensors},
    ),
    Case(
        "tensor-zero-rows",
        ["tensor-empty"],
        "One B has no rows.",
        may=("base-shape-mismatch", "value-zero-module"),
        tensors=with_tensors({Q0 + B: torch.zeros(0, 2)}),
    ),
    Case(
        "tensor-flat",
        ["tensor-empty"],
        "One A is flat.",
        may=("rank-mismatch", "base-shape-mismatch", "pair-rank-disagree"),
        tensors=lambda tensors: tensors | {Q0 + A: tensors[Q0 + A].flatten()},
    ),
    Case(
        "naming-default",
        ["export-naming"],
        "The adapter's name was left in every key.",
        tensors=renamed(lambda name: name.replace(".weight", ".default.weight")),
    ),
    Case(
        "naming-compiled",
        ["export-naming"],
        "Saved through torch.compile.",
        tensors=renamed(lambda name: name.replace("base_model.model.", "base_model.model._orig_mod.")),
    ),
    Case(
        "naming-doubled", ["export-naming"], "Wrapped twice.", tensors=renamed(lambda name: "base_model.model." + name)
    ),
    Case(
        "naming-distributed",
        ["export-naming"],
        "Saved through DistributedDataParallel.",
        tensors=renamed(lambda name: "module." + name),
    ),
    Case(
        "naming-half",
        ["export-naming"],
        "Layer 1 lacks the prefix that layer 0 has.",
        tensors=renamed(lambda name: name.removeprefix("base_model.model.") if ".1." in name else name),
    ),
    Case(
        "naming-inner-model",
        ["base-module-missing"],
        "Trained on the model without its head: one `model.` is missing.",
        may=("export-naming", "target-missing"),
        tensors=renamed(lambda name: name.replace(".model.model.", ".model.", 1)),
    ),
    Case("target-layer", ["target-missing"], "Layer 1 has no v_proj although v_proj is declared.", tensors=without(V1)),
    Case(
        "target-module",
        ["target-missing"],
        "k_proj is declared and nowhere in the file.",
        config={"target_modules": ["q_proj", "k_proj", "v_proj"]},
    ),
    Case(
        "target-layers",
        ["target-missing"],
        "layers_to_transform names both layers, the file holds the first.",
        config={"layers_to_transform": [0, 1]},
        tensors=without(".1."),
    ),
    Case(
        "target-extra",
        ["target-undeclared"],
        "v_proj is in the file and not declared.",
        severity="warning",
        config={"target_modules": ["q_proj"]},
    ),
    Case(
        "pattern-alpha",
        ["pattern-ambiguous"],
        "Two patterns give one module different alphas.",
        severity="warning",
        config={"alpha_pattern": {"layers.0.self_attn.q_proj": 8, "q_proj": 6}},
    ),
    Case(
        "pattern-rank",
        ["pattern-ambiguous", "rank-mismatch"],
        "Exported by PEFT, which sorts the patterns on saving: trained with rank 4, reloaded with 2 in layer 0.",
        build=trained(lora(target_modules=["q_proj"], rank_pattern={"q_proj": 4, "layers.0.self_attn.q_proj": 2})),
    ),
]


def more_tokens(folder):
    """LoRA on the embedding with six tokens more than the base has, and no base rows for them."""
    trained(lora(target_modules=["embed_tokens"]))(folder)
    tensors = load((folder / WEIGHTS).read_bytes())
    del tensors["base_model.model.model.embed_tokens.base_layer.weight"]
    name = "base_model.model.model.embed_tokens.lora_embedding_A"
    tensors[name] = torch.cat([tensors[name], torch.full((2, 6), 0.01)], dim=1)
    (folder / WEIGHTS).write_bytes(save(tensors, {"format": "pt"}))


FIT = [
    Case(
        "base-other-module",
        ["base-module-missing"],
        "query_proj, where the base has q_proj.",
        may=("target-missing",),
        config={"target_modules": ["query_proj", "v_proj"]},
        tensors=renamed(lambda name: name.replace("q_proj", "query_proj")),
    ),
    Case(
        "base-other-path",
        ["base-module-missing"],
        "q_proj below mlp: the last name is right, the path is not.",
        may=("target-missing",),
        tensors=renamed(lambda name: name.replace("self_attn.q_proj", "mlp.q_proj")),
    ),
    Case(
        "base-layer-7",
        ["base-layer-range"],
        "Layer 7 of a base with two.",
        may=("base-module-missing", "target-missing"),
        tensors=renamed(lambda name: name.replace("layers.1.", "layers.7.")),
    ),
    Case(
        "base-other-size",
        ["base-shape-mismatch"],
        "An honest adapter of a larger base.",
        path="adapters/llama-attention-f16",
        may=("base-name-mismatch",),
    ),
    Case(
        "base-one-size",
        ["base-shape-mismatch"],
        "One A has 17 columns, the base takes 16.",
        tensors=with_tensors({Q0 + A: torch.full((2, 17), 0.01)}),
    ),
    Case(
        "base-transposed",
        ["base-transposed"],
        "in and out of every q_proj are swapped.",
        tensors=lambda tensors: (
            tensors
            | {
                prefix + leaf: other.T.contiguous()
                for prefix in (Q0, Q1)
                for leaf, other in ((A, tensors[prefix + B]), (B, tensors[prefix + A]))
            }
        ),
    ),
    Case(
        "base-vocabulary",
        ["base-vocab-mismatch"],
        "An embedding of 30 rows, the base has 24.",
        may=("base-shape-mismatch",),
        build=more_tokens,
    ),
    Case(
        "base-head-rows",
        ["base-vocab-mismatch"],
        "A whole head of 30 rows, the base has 24.",
        may=("base-shape-mismatch",),
        config={"modules_to_save": ["lm_head"]},
        tensors=with_tensors({"base_model.model.lm_head.weight": torch.full((30, 16), 0.01)}),
    ),
    Case(
        "init-pissa",
        ["base-mutated-init"],
        "PiSSA took its first factors out of the base's weights.",
        build=trained(lora(init_lora_weights="pissa")),
    ),
    Case(
        "init-pissa-niter",
        ["base-mutated-init"],
        "PiSSA by a random SVD.",
        build=trained(lora(init_lora_weights="pissa_niter_4")),
    ),
    Case("init-olora", ["base-mutated-init"], "OLoRA, by QR.", build=trained(lora(init_lora_weights="olora"))),
    *(
        Case(
            "init-" + name.replace("_", "-"),
            ["base-mutated-init"],
            "The field alone.",
            config={"init_lora_weights": name},
        )
        for name in ("corda", "lora_ga", "loftq")
    ),
    Case(
        "init-gaussian",
        [],
        "An initialisation that leaves the base alone.",
        build=trained(lora(init_lora_weights="gaussian")),
    ),
]


ENGINE = [
    Case(
        "engine-rank-24",
        ["engine-rank"],
        "Rank 24, beyond vLLM's default limit of 16; 32 is the next that is legal.",
        engine="vllm",
        build=trained(lora(r=24, lora_alpha=24, target_modules=["q_proj"])),
    ),
    *(
        Case(
            "engine-" + name,
            ["engine-unsupported"],
            note,
            engine="vllm",
            base=f"models/{base}",
            path=f"adapters/{name}",
        )
        for name, base, note in (
            ("llama-dora", "llama-bf16-sharded", "vLLM has no DoRA."),
            ("save-head", "llama-f16", "vLLM takes no modules_to_save."),
            ("bias-all", "qwen2-bf16", "vLLM takes no trained biases."),
        )
    ),
]


def cases():
    yield Case("config-missing", ["config-missing"], "PEFT's names and no adapter_config.json.", without=(CONFIG,))
    for name, (note, config) in INVALID_CONFIGS.items():
        yield Case(
            "config-" + name,
            ["config-invalid"],
            note,
            config=config,
            may=("pair-incomplete",) if name == "two-variants" else (),
        )
    yield Case("config-alpha-missing", ["config-invalid"], "No lora_alpha.", build=no_alpha)
    yield Case("config-alpha-huge", ["config-invalid"], "lora_alpha is 1e999.", build=huge_alpha)
    for name, (note, config) in OTHER_METHODS.items():
        yield Case("config-" + name, ["config-unsupported-type"], note, build=trained(config))
    yield Case(
        "config-unknown-type",
        ["config-unsupported-type"],
        "A method that does not exist yet.",
        config={"peft_type": "SOMELORA"},
    )
    yield Case(
        "config-future-field",
        ["config-unknown-field"],
        "A field of a later version.",
        severity="note",
        config={"use_future_lora": False},
    )
    yield from RANKS + TENSORS + FIT + ENGINE
