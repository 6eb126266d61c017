"""Writes what docs/benchmarks.md measures with: a base model of TinyLlama-1.1B's shapes, adapters, a long header.

    python bench_model.py FOLDER          (2.2 GB of base weights, adapters of rank 16, 64 and 128, a DoRA of rank 16)

The weights are seeded noise: speed does not depend on what they say. Nothing of this is committed.
"""

import json
import pathlib
import struct
import sys

import numpy as np

CONFIG = pathlib.Path(__file__).parent.parent / "bases" / "tinyllama-1.1b.json"


def write(path, tensors, dtype, data):
    """Writes a safetensors file; `data(file, name, count)` writes the bytes of each tensor."""
    size = {"BF16": 2, "F32": 4}[dtype]
    header, end = {"__metadata__": {"format": "pt"}}, 0
    for name, shape in tensors:
        begin, end = end, end + int(np.prod(shape)) * size
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for name, shape in tensors:
            data(file, name, int(np.prod(shape)))


def linears(config):
    hidden, inner = config["hidden_size"], config["intermediate_size"]
    cached = config["num_key_value_heads"] * (hidden // config["num_attention_heads"])
    return [
        ("self_attn.q_proj", hidden, hidden),
        ("self_attn.k_proj", cached, hidden),
        ("self_attn.v_proj", cached, hidden),
        ("self_attn.o_proj", hidden, hidden),
        ("mlp.gate_proj", inner, hidden),
        ("mlp.up_proj", inner, hidden),
        ("mlp.down_proj", hidden, inner),
    ]


def main():
    folder = pathlib.Path(sys.argv[1])
    config = json.loads(CONFIG.read_text())
    layers = [f"model.layers.{index}" for index in range(config["num_hidden_layers"])]
    hidden, rows = config["hidden_size"], config["vocab_size"]
    random = np.random.default_rng(0)
    noise = (random.standard_normal(1 << 24).astype(np.float32) * 0.02).view(np.uint32)
    noise = ((noise + 0x8000) >> 16).astype(np.uint16)

    def base_data(file, name, count):
        while count > 0:
            piece = noise[: min(count, len(noise))]
            file.write(piece.tobytes())
            count -= len(piece)

    def factor_data(file, name, count):
        if "magnitude" in name:  # about the norm of a row of the base
            return file.write((0.9 + random.random(count) * 0.2).astype(np.float32).tobytes())
        scale = 0.02 if "lora_A" in name else 0.002
        file.write((random.standard_normal(count) * scale).astype(np.float32).tobytes())

    tensors = [("lm_head.weight", [rows, hidden]), ("model.embed_tokens.weight", [rows, hidden])]
    for layer in layers:
        tensors += [(f"{layer}.{name}.weight", [outputs, inputs]) for name, outputs, inputs in linears(config)]
        tensors += [(f"{layer}.{norm}.weight", [hidden]) for norm in ("input_layernorm", "post_attention_layernorm")]
    tensors.append(("model.norm.weight", [hidden]))
    write(folder / "base" / "model.safetensors", tensors, "BF16", base_data)
    (folder / "base" / "config.json").write_text(json.dumps(config, indent=2))

    for rank, dora in ((16, False), (64, False), (128, False), (16, True)):
        factors = []
        for layer in layers:
            for name, outputs, inputs in linears(config):
                stem = f"base_model.model.{layer}.{name}"
                factors += [(f"{stem}.lora_A.weight", [rank, inputs]), (f"{stem}.lora_B.weight", [outputs, rank])]
                factors += [(f"{stem}.lora_magnitude_vector", [outputs])] if dora else []
        adapter = folder / (f"adapter-dora-r{rank}" if dora else f"adapter-r{rank}")
        write(adapter / "adapter_model.safetensors", factors, "F32", factor_data)
        targets = [name.split(".")[1] for name, _, _ in linears(config)]
        settings = {"peft_type": "LORA", "r": rank, "lora_alpha": 2 * rank, "target_modules": targets, "bias": "none"}
        settings |= {"use_dora": True} if dora else {}
        (adapter / "adapter_config.json").write_text(json.dumps(settings, indent=2))

    many = [(f"base_model.model.model.layers.{index}.self_attn.q_proj.lora_A.weight", [1, 1]) for index in range(100_000)]
    write(folder / "header-100k.safetensors", many, "BF16", lambda file, name, count: file.write(bytes(2 * count)))


if __name__ == "__main__":
    main()
