"""The adapters, one row each: its base, the LoraConfig it was trained with, and what it is there to show."""

import dataclasses
import pathlib
import typing

import torch
import zstandard

ATTENTION = ["q_proj", "k_proj", "v_proj", "o_proj"]


@dataclasses.dataclass
class Adapter:
    name: str
    base: str
    kinds: list[str]
    note: str
    config: dict
    dtype: torch.dtype | str = "auto"  # that the base was loaded in for training
    cast: torch.dtype | None = None  # dtype that a trainer's upload step cast the weights to
    edit: dict | None = None  # fields of adapter_config.json changed by hand after the export
    before: typing.Callable | None = None  # changes the base model before PEFT wraps it
    after: typing.Callable[[pathlib.Path], None] | None = None  # changes the exported folder
    rows: int | None = None  # of the embedding after `before`, where it was resized
    mergeable: bool = True
    convert: bool = False  # saved as plain LoRA over the unchanged base, by the factors that training began with
    same_as: str | None = None  # trained exactly as this one, stored in another layout


def lora(rank=4, alpha=8, targets=("q_proj", "v_proj"), **more):
    targets = targets if targets is None or isinstance(targets, str) else list(targets)
    return dict(r=rank, lora_alpha=alpha, target_modules=targets) | more


def compress(folder):
    """The weights as `adapter_model.safetensors.zst`, one zstd frame with size and checksum."""
    path = folder / "adapter_model.safetensors"
    frame = zstandard.ZstdCompressor(write_checksum=True).compress(path.read_bytes())
    (folder / (path.name + ".zst")).write_bytes(frame)
    path.unlink()


def seekable(data, frame_bytes):
    """zstd's seekable format 0.1.0: independent frames, then the table of their sizes in a skippable frame."""
    frames, table = b"", b""
    for start in range(0, len(data), frame_bytes):
        piece = data[start : start + frame_bytes]
        packed = zstandard.ZstdCompressor().compress(piece)
        frames += packed
        table += len(packed).to_bytes(4, "little") + len(piece).to_bytes(4, "little")
    table += (len(table) // 8).to_bytes(4, "little") + b"\x00" + (0x8F92EAB1).to_bytes(4, "little")
    return frames + (0x184D2A5E).to_bytes(4, "little") + len(table).to_bytes(4, "little") + table


def compress_seekable(folder):
    """The weights as `adapter_model.safetensors.zst` in seekable zstd, 1 KiB a frame."""
    path = folder / "adapter_model.safetensors"
    (folder / (path.name + ".zst")).write_bytes(seekable(path.read_bytes(), 1024))
    path.unlink()


LINEAR = [
    Adapter(
        "llama-all-linear",
        "llama-bf16-sharded",
        ["linear"],
        "The main job: rank 8 on every linear layer but the head, float32 over bfloat16 shards.",
        lora(8, 16, "all-linear"),
    ),
    Adapter(
        "llama-second",
        "llama-bf16-sharded",
        ["linear"],
        "A second tenant of the same base with another rank and fewer targets, for sums.",
        lora(3, 7, ["q_proj", "o_proj", "down_proj"]),
    ),
    Adapter(
        "llama-attention-bf16",
        "llama-bf16-sharded",
        ["linear"],
        "Attention only, cast to bfloat16 after training.",
        lora(4, 8, ATTENTION),
        cast=torch.bfloat16,
    ),
    Adapter(
        "llama-attention-f16",
        "llama-f16",
        ["linear"],
        "Attention only, cast to float16 after training.",
        lora(4, 8, ATTENTION),
        cast=torch.float16,
    ),
    Adapter(
        "llama-f64",
        "llama-f32",
        ["linear"],
        "Factors in float64; every attention matrix of the base is square.",
        lora(4, 8, ATTENTION),
        cast=torch.float64,
    ),
    Adapter(
        "llama-rslora",
        "llama-bf16-sharded",
        ["linear", "rslora"],
        "Scale is alpha / sqrt(r).",
        lora(8, 16, use_rslora=True),
    ),
    Adapter(
        "llama-rslora-patterns",
        "llama-f16",
        ["linear", "rslora", "patterns"],
        "rsLoRA with a pattern: each module's own r and alpha enter the square root.",
        lora(4, 8, use_rslora=True, rank_pattern={"v_proj": 2}, alpha_pattern={"q_proj": 5}),
    ),
    Adapter(
        "llama-patterns",
        "llama-bf16-sharded",
        ["linear", "patterns"],
        "Ranks and alphas by regular expressions; a rank pattern alone changes the scale.",
        lora(
            4,
            8,
            ATTENTION + ["up_proj"],
            rank_pattern={r"layers\.0\.self_attn\.q_proj": 2, r"k_proj|o_proj": 6},
            alpha_pattern={r"layers\.[12]\.mlp\.up_proj": 12, "v_proj": 3},
        ),
    ),
    Adapter(
        "llama-layers",
        "llama-bf16-sharded",
        ["linear", "layers"],
        "Layers 0 and 2 only, by layers_to_transform.",
        lora(layers_to_transform=[0, 2], layers_pattern="layers"),
    ),
    Adapter(
        "llama-regex",
        "llama-bf16-sharded",
        ["linear", "regex"],
        "target_modules is a regular expression over the whole path.",
        lora(targets=r".*\.layers\.[02]\..*(q|v|down)_proj"),
    ),
    Adapter(
        "llama-fractional-alpha",
        "llama-bf16-sharded",
        ["linear"],
        "lora_alpha is no whole number.",
        lora(4, 5.65685424949238),
    ),
    Adapter(
        "llama-exclude",
        "llama-bf16-sharded",
        ["linear", "exclude"],
        "exclude_modules takes layer 1 and one matrix of layer 2 out of the targets.",
        lora(targets=ATTENTION, exclude_modules=r".*\.layers\.(1\..*|2\.self_attn\.k_proj)"),
    ),
    Adapter(
        "llama-fan-in-fan-out",
        "llama-f32",
        ["linear", "fan_in_fan_out"],
        "fan_in_fan_out true by hand on a square base: PEFT resets it from the layer's class, so it means nothing.",
        lora(targets=ATTENTION),
        edit={"fan_in_fan_out": True},
    ),
    Adapter(
        "llama-zstd",
        "llama-bf16-sharded",
        ["linear", "zstd"],
        "Weights compressed as one plain zstd frame.",
        lora(),
        after=compress,
    ),
    Adapter(
        "llama-zstd-seekable",
        "llama-bf16-sharded",
        ["linear", "zstd"],
        "Weights in seekable zstd, 1 KiB a frame.",
        lora(),
        after=compress_seekable,
    ),
    Adapter("llama-tied", "llama-tied-bf16", ["linear"], "Tied base, embeddings untouched.", lora(4, 8, "all-linear")),
    Adapter(
        "llama-nano", "llama-nano-bf16", ["linear"], "The smallest one, from which the broken ones are cut.", lora(2, 4)
    ),
    Adapter("mistral-all-linear", "mistral-bf16", ["linear"], "Mistral.", lora(4, 8, "all-linear")),
    Adapter("qwen2-all-linear", "qwen2-bf16", ["linear"], "Qwen2: q, k, v with bias, tied.", lora(4, 8, "all-linear")),
    Adapter("qwen3-all-linear", "qwen3-f16", ["linear"], "Qwen3: q and k norms.", lora(4, 8, "all-linear")),
    Adapter("gemma-all-linear", "gemma-bf16", ["linear"], "Gemma, tied.", lora(4, 8, "all-linear")),
    Adapter("gemma2-all-linear", "gemma2-bf16", ["linear"], "Gemma 2, tied.", lora(4, 8, "all-linear")),
    Adapter(
        "gpt2",
        "gpt2-f32",
        ["conv1d"],
        "Conv1D: the base stores (in, out); attn.c_proj is square.",
        lora(4, 8, ["c_attn", "c_proj", "c_fc"]),
    ),
    Adapter(
        "gpt2-bf16",
        "gpt2-bf16",
        ["conv1d", "fan_in_fan_out"],
        "Conv1D with fan_in_fan_out false by hand, as some trainers leave it.",
        lora(4, 8, ["c_attn", "c_proj", "c_fc"]),
        edit={"fan_in_fan_out": False},
    ),
    Adapter(
        "gpt2-hub",
        "gpt2-hub-f32",
        ["conv1d"],
        "Module paths begin with `transformer.`, the base's tensor names do not.",
        lora(4, 8, ["c_attn", "c_fc"]),
    ),
]
