"""Writes an adapter of as many tensors as DeepSeek-V3 gives: every routed and shared expert and the attention.

    python bench_experts.py FOLDER        (FOLDER/experts: 90,000 tensors of rank 8, a sparse file of the real sizes)

docs/benchmarks.md measures with it what a long header costs. Nothing of this is committed.
"""

import json
import pathlib
import struct
import sys

LAYERS, DENSE, EXPERTS, RANK = 61, 3, 256, 8
HIDDEN, INNER, EXPERT, Q_RANK, KV_RANK, HEADS = 7168, 18432, 2048, 1536, 512, 128
ATTENTION = {
    "q_a_proj": (HIDDEN, Q_RANK),
    "q_b_proj": (Q_RANK, HEADS * 192),
    "kv_a_proj_with_mqa": (HIDDEN, KV_RANK + 64),
    "kv_b_proj": (KV_RANK, HEADS * 256),
    "o_proj": (HEADS * 128, HIDDEN),
}


def modules():
    """Names of the modules with their input and output sizes."""
    for layer in range(LAYERS):
        stem = f"model.layers.{layer}"
        for name, sizes in ATTENTION.items():
            yield f"{stem}.self_attn.{name}", *sizes
        blocks = {"mlp": INNER} if layer < DENSE else {"mlp.shared_experts": EXPERT}
        if layer >= DENSE:
            blocks |= {f"mlp.experts.{expert}": EXPERT for expert in range(EXPERTS)}
        for block, inner in blocks.items():
            yield f"{stem}.{block}.gate_proj", HIDDEN, inner
            yield f"{stem}.{block}.up_proj", HIDDEN, inner
            yield f"{stem}.{block}.down_proj", inner, HIDDEN


def main():
    folder = pathlib.Path(sys.argv[1]) / "experts"
    folder.mkdir(parents=True, exist_ok=True)
    shapes = {}
    for name, inputs, outputs in modules():
        shapes[f"base_model.model.{name}.lora_A.weight"] = [RANK, inputs]
        shapes[f"base_model.model.{name}.lora_B.weight"] = [outputs, RANK]
    header, end = {"__metadata__": {"format": "pt"}}, 0
    for name in sorted(shapes):
        begin, end = end, end + 2 * shapes[name][0] * shapes[name][1]
        header[name] = {"dtype": "BF16", "shape": shapes[name], "data_offsets": [begin, end]}
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(folder / "adapter_model.safetensors", "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.truncate(8 + len(text) + end)
    targets = sorted({name.rsplit(".", 1)[1] for name, _, _ in modules()})
    config = {"peft_type": "LORA", "r": RANK, "lora_alpha": 16, "target_modules": targets, "bias": "none"}
    config |= {"base_model_name_or_path": "deepseek-ai/DeepSeek-V3", "task_type": "CAUSAL_LM"}
    (folder / "adapter_config.json").write_text(json.dumps(config, indent=2))
    print(f"{len(shapes)} tensors, a header of {len(text)} bytes")


if __name__ == "__main__":
    main()
