"""The adapters beyond plain linear layers: variants, whole tensors, embeddings, experts, convolutions."""

import functools

import torch
from safetensors.torch import load_file, save_file

from adapter_table import Adapter, lora
from models import tokenizer


def resized(rows, model):
    model.resize_token_embeddings(rows, mean_resizing=False)
    return model


def save_tokenizer(rows, folder):
    tokenizer(rows).save_pretrained(folder)


def without_prefix(folder):
    """As transformers' own `save_pretrained(save_peft_format=False)` leaves an injected adapter."""
    path = folder / "adapter_model.safetensors"
    tensors = {name.removeprefix("base_model.model."): tensor for name, tensor in load_file(path).items()}
    save_file(tensors, path, {"format": "pt"})


def restack(folder, experts, convert):
    """Rewrites every expert pair (A (E·r, in), B (out, r·E), experts fastest in B) into another layout."""
    path = folder / "adapter_model.safetensors"
    tensors = load_file(path)
    for name in [name for name in tensors if name.endswith("lora_A.weight")]:
        partner = name.replace("lora_A", "lora_B")
        a, b = tensors[name], tensors[partner]
        rank = a.shape[0] // experts
        a, b = a.reshape(experts, rank, -1), b.reshape(-1, rank, experts).permute(2, 0, 1)
        tensors[name], tensors[partner] = (tensor.contiguous() for tensor in convert(a, b))
    save_file(tensors, path, {"format": "pt"})


def unsloth(a, b):
    """Unsloth until September 2026: B's columns expert by expert."""
    return a.flatten(0, 1), b.permute(1, 0, 2).flatten(1)


def peft_0_18(a, b):
    """PEFT up to 0.18 took the stack's dimension 1 for `in`: both factors transposed and swapped."""
    return b.transpose(1, 2).flatten(0, 1), a.permute(2, 1, 0).flatten(1)


EXPERTS = dict(r=2, lora_alpha=4, target_modules=[])
IMAGE = dict(r=2, lora_alpha=4, task_type=None)

VARIANTS = [
    Adapter(
        "llama-no-prefix",
        "llama-f16",
        ["linear", "no-prefix"],
        "Keys without `base_model.model.`, as transformers writes an injected adapter.",
        lora(),
        after=without_prefix,
    ),
    Adapter(
        "llama-dora",
        "llama-bf16-sharded",
        ["linear", "dora"],
        "DoRA: a magnitude per output row.",
        lora(2, 4, ["q_proj", "down_proj"], use_dora=True),
    ),
    Adapter(
        "gpt2-dora",
        "gpt2-bf16",
        ["conv1d", "dora"],
        "DoRA over Conv1D: the norm runs over the base's columns.",
        lora(2, 4, ["c_attn", "c_proj"], use_dora=True, fan_in_fan_out=True),
    ),
    Adapter(
        "llama-embedding",
        "llama-f16",
        ["linear", "embedding"],
        "lora_embedding_A and _B; the file also carries the untouched base embedding and head.",
        lora(2, 4, ["q_proj", "embed_tokens"]),
    ),
    Adapter(
        "llama-embedding-dora",
        "llama-nano-bf16",
        ["embedding", "dora"],
        "DoRA over an embedding: a magnitude per dimension.",
        lora(2, 4, ["embed_tokens"], use_dora=True),
    ),
    Adapter(
        "llama-head",
        "llama-f16",
        ["linear", "head"],
        "LoRA on the head of an untied base.",
        lora(2, 4, ["q_proj", "lm_head"]),
    ),
    Adapter(
        "tied-embedding",
        "llama-tied-bf16",
        ["embedding", "tied"],
        "LoRA on the embedding of a tied base: the head must keep the old rows.",
        lora(2, 4, ["embed_tokens"]),
    ),
    Adapter(
        "tied-head",
        "llama-tied-bf16",
        ["linear", "head", "tied"],
        "LoRA on the head of a tied base: the embedding must keep the old rows.",
        lora(2, 4, ["lm_head"]),
    ),
    Adapter(
        "tied-both",
        "llama-tied-bf16",
        ["linear", "embedding", "head", "tied"],
        "Both with factors of their own: two different matrices come out.",
        lora(2, 4, ["embed_tokens", "lm_head"]),
    ),
    Adapter(
        "tied-ensured",
        "llama-tied-bf16",
        ["linear", "embedding", "head", "tied"],
        "ensure_weight_tying: the two pairs are the same delta, and the base stays tied.",
        lora(2, 4, ["embed_tokens", "lm_head"], ensure_weight_tying=True),
        dtype=torch.float32,
    ),
    Adapter(
        "tied-ensured-apart",
        "llama-tied-bf16",
        ["linear", "embedding", "head", "tied"],
        "ensure_weight_tying over a half-precision base: PEFT's upcast of the factors cuts the tie, so the pairs "
        "differ, and what PEFT computes depends on the dtype it loads the base in.",
        lora(2, 4, ["embed_tokens", "lm_head"], ensure_weight_tying=True),
        mergeable=False,
    ),
    Adapter(
        "save-head",
        "llama-f16",
        ["linear", "full"],
        "A whole head trained by modules_to_save.",
        lora(2, 4, ["q_proj"], modules_to_save=["lm_head"]),
    ),
    Adapter(
        "save-embedding",
        "llama-f16",
        ["linear", "full"],
        "A whole embedding trained by modules_to_save.",
        lora(2, 4, ["q_proj"], modules_to_save=["embed_tokens"]),
    ),
    Adapter(
        "save-head-tied",
        "qwen2-bf16",
        ["linear", "full", "tied"],
        "A whole head on a tied base: it unties.",
        lora(2, 4, ["q_proj"], modules_to_save=["lm_head"]),
    ),
    Adapter(
        "save-norms",
        "llama-f16",
        ["linear", "full"],
        "modules_to_save `norm` matches by ending alone and takes every layer norm with it.",
        lora(2, 4, ["q_proj"], modules_to_save=["norm"]),
    ),
    Adapter(
        "bias-all",
        "qwen2-bf16",
        ["linear", "bias"],
        "bias=all: every bias was trained and replaces the base's.",
        lora(2, 4, ["q_proj"], bias="all"),
    ),
    Adapter(
        "bias-lora-only",
        "qwen2-bf16",
        ["linear", "bias"],
        "bias=lora_only: those of adapted layers.",
        lora(2, 4, ["q_proj"], bias="lora_only"),
    ),
    Adapter(
        "bias-all-gpt2",
        "gpt2-bf16",
        ["conv1d", "bias"],
        "bias=all reaches the layer norms' biases too.",
        lora(2, 4, ["c_attn"], bias="all", fan_in_fan_out=True),
    ),
    Adapter(
        "lora-bias",
        "qwen2-bf16",
        ["linear", "lora_bias"],
        "lora_B has a bias: b' = b + scale × b_B.",
        lora(2, 4, ["q_proj", "v_proj"], lora_bias=True),
    ),
    Adapter(
        "tokens",
        "llama-f16",
        ["linear", "tokens"],
        "trainable_token_indices: rows of the embedding replaced.",
        lora(2, 4, ["q_proj"], trainable_token_indices=[5, 70, 9]),
    ),
    Adapter(
        "tokens-tied",
        "llama-tied-bf16",
        ["linear", "tokens", "tied"],
        "Rows replaced on a tied base: the head follows and stays tied.",
        lora(2, 4, ["q_proj"], trainable_token_indices=[5, 70, 9]),
    ),
    Adapter(
        "resized",
        "llama-f16",
        ["linear", "full", "resized"],
        "Three tokens were added: whole embedding and head in the file though modules_to_save is null; own tokenizer.",
        lora(2, 4, ["q_proj"]),
        before=functools.partial(resized, 75),
        after=functools.partial(save_tokenizer, 75),
        rows=75,
    ),
    Adapter(
        "resized-embedding",
        "llama-f16",
        ["linear", "embedding", "resized"],
        "Three tokens added and LoRA on embedding and head: their resized base rows are the file's base_layer.weight.",
        lora(2, 4, ["embed_tokens", "lm_head"]),
        before=functools.partial(resized, 75),
        after=functools.partial(save_tokenizer, 75),
        rows=75,
    ),
    Adapter(
        "resized-saved",
        "llama-f16",
        ["linear", "full", "resized"],
        "Three tokens added, embedding and head trained as a whole: PEFT writes both three times, old numbers included.",
        lora(2, 4, ["q_proj"], modules_to_save=["embed_tokens", "lm_head"]),
        before=functools.partial(resized, 75),
        after=functools.partial(save_tokenizer, 75),
        rows=75,
    ),
    Adapter(
        "mixtral-experts",
        "mixtral-bf16",
        ["parameter", "moe"],
        "Both expert stacks of Mixtral, fused in memory and one matrix per expert on disk.",
        EXPERTS | dict(target_parameters=["mlp.experts.gate_up_proj", "mlp.experts.down_proj"]),
    ),
    Adapter(
        "mixtral-experts-unsloth",
        "mixtral-bf16",
        ["parameter", "moe", "unsloth"],
        "The same adapter with B's columns expert by expert, as Unsloth stored them.",
        EXPERTS | dict(target_parameters=["mlp.experts.gate_up_proj", "mlp.experts.down_proj"]),
        after=functools.partial(restack, experts=4, convert=unsloth),
        same_as="mixtral-experts",
    ),
    Adapter(
        "mixtral-experts-peft-0.18",
        "mixtral-bf16",
        ["parameter", "moe", "peft-0.18"],
        "The same adapter in the layout of PEFT 0.18, factors transposed.",
        EXPERTS | dict(target_parameters=["mlp.experts.gate_up_proj", "mlp.experts.down_proj"]),
        edit={"peft_version": "0.18.1"},
        after=functools.partial(restack, experts=4, convert=peft_0_18),
        same_as="mixtral-experts",
    ),
    Adapter(
        "qwen3_moe-experts",
        "qwen3_moe-bf16",
        ["linear", "parameter", "moe"],
        "One expert stack next to attention: a single target is always the outer key.",
        lora(2, 4, ["q_proj"], target_parameters=["mlp.experts.down_proj"]),
    ),
    Adapter(
        "gpt_oss-experts",
        "gpt_oss-bf16",
        ["parameter", "moe"],
        "Stacks stored (E, in, out), fused on disk.",
        EXPERTS | dict(target_parameters=["mlp.experts.gate_up_proj", "mlp.experts.down_proj"]),
    ),
    Adapter(
        "resnet-conv",
        "resnet-f32",
        ["conv2d"],
        "3×3 and 1×1 convolutions.",
        IMAGE | dict(target_modules=r".*encoder.*\.convolution"),
    ),
    Adapter(
        "resnet-conv-dora",
        "resnet-f32",
        ["conv2d", "dora"],
        "DoRA over a convolution: magnitude (1, out, 1, 1).",
        IMAGE | dict(target_modules=r".*stages\.0.*\.layer\.0\.convolution", use_dora=True),
    ),
    Adapter(
        "vit",
        "vit-f32",
        ["linear", "conv2d", "renamed"],
        "Patch convolution and attention; the checkpoint's names are older than the model's.",
        IMAGE | dict(target_modules=["projection", "q_proj", "v_proj"]),
    ),
    Adapter(
        "vit-bias",
        "vit-f32",
        ["linear", "bias", "renamed"],
        "bias=all where the norms, too, have other names on disk than in memory.",
        IMAGE | dict(target_modules=["q_proj"], bias="all"),
    ),
    Adapter(
        "t5-tokens",
        "t5-f32",
        ["linear", "tokens", "tied"],
        "Rows of a matrix that encoder, decoder and head share: all follow.",
        lora(2, 4, ["q", "v"], task_type="SEQ_2_SEQ_LM", trainable_token_indices=[3, 20]),
    ),
    Adapter(
        "t5-ends",
        "t5-f32",
        ["linear", "embedding", "shared"],
        "The decoder's embedding and the head learn, the encoder's embedding does not: three matrices out of one.",
        lora(2, 4, ["q", "decoder.embed_tokens", "lm_head"], task_type="SEQ_2_SEQ_LM"),
    ),
    Adapter(
        "t5-shared",
        "t5-f32",
        ["embedding", "shared"],
        "Only the matrix that no forward pass reads learns: encoder, decoder and head keep the old one.",
        lora(2, 4, ["shared"], task_type="SEQ_2_SEQ_LM"),
    ),
    Adapter(
        "bert-head",
        "bert-f32",
        ["linear", "bias", "shared"],
        "A tied decoder learns with its bias, which the base stores under another name.",
        lora(2, 4, ["query", "decoder"], task_type="FEATURE_EXTRACTION", bias="lora_only"),
    ),
    Adapter(
        "bert-lora-bias",
        "bert-f32",
        ["linear", "lora_bias", "shared"],
        "lora_bias on a decoder whose bias is tied.",
        lora(2, 4, ["decoder"], task_type="FEATURE_EXTRACTION", lora_bias=True),
    ),
    Adapter(
        "bert-bias-all",
        "bert-f32",
        ["linear", "bias", "tied"],
        "Every bias learned; the two names of the decoder's hold equal numbers and stay one.",
        lora(2, 4, ["query"], task_type="FEATURE_EXTRACTION", bias="all"),
    ),
    Adapter(
        "llama-alora",
        "llama-nano-bf16",
        ["linear", "alora"],
        "Activated LoRA works from its invocation tokens on: no merge can express it.",
        lora(2, 4, alora_invocation_tokens=[4, 5]),
        mergeable=False,
    ),
    Adapter(
        "llama-layer-replication",
        "llama-nano-bf16",
        ["linear", "layer_replication"],
        "The model was restacked to three layers first: indices are the new stack's, not the base's.",
        lora(2, 4, layer_replication=[[0, 2], [1, 2]]),
        mergeable=False,
    ),
    Adapter(
        "pissa-converted",
        "llama-f32",
        ["linear", "converted"],
        "PiSSA, saved with `path_initial_model_for_weight_conversion`: plain LoRA of twice the rank.",
        lora(init_lora_weights="pissa"),
        convert=True,
    ),
    Adapter(
        "olora-converted",
        "llama-f32",
        ["linear", "converted"],
        "OLoRA with rsLoRA's scale, converted likewise.",
        lora(init_lora_weights="olora", use_rslora=True),
        convert=True,
    ),
]
