"""Times `resize` beside the ways of sd-scripts and PEFT, for docs/benchmarks.md.

    python bench_resize.py PROGRAM FOLDER      336 MB are written into FOLDER, and kept

An adapter of Llama 3.1 8B's shapes, rank 64 to 16 in bf16. sd-scripts forms each product in float32 and takes all of
its singular values (`networks/resize_lora.py`, before its random low-rank variant); PEFT does the same for two adapters
with the weights 1 and 0. Both are timed on one module of a shape and multiplied by how many there are.
"""

import json
import os
import pathlib
import resource
import subprocess
import sys
import time

import peft
import torch
from safetensors import safe_open
from safetensors.torch import save_file

HIDDEN, CACHED, INNER, LAYERS, RANK, NEW = 4096, 1024, 14336, 32, 64, 16
SHAPES = {
    "self_attn.q_proj": (HIDDEN, HIDDEN), "self_attn.k_proj": (CACHED, HIDDEN), "self_attn.v_proj": (CACHED, HIDDEN),
    "self_attn.o_proj": (HIDDEN, HIDDEN), "mlp.gate_proj": (INNER, HIDDEN), "mlp.up_proj": (INNER, HIDDEN),
    "mlp.down_proj": (HIDDEN, INNER),
}
KINDS = {(CACHED, HIDDEN): 64, (HIDDEN, HIDDEN): 64, (INNER, HIDDEN): 96}


def write(folder):
    torch.manual_seed(0)
    falling = 10.0 ** -torch.linspace(0, 2, RANK)
    tensors = {}
    for layer in range(LAYERS):
        for name, (out, inputs) in SHAPES.items():
            prefix = f"base_model.model.model.layers.{layer}.{name}"
            tensors[prefix + ".lora_A.weight"] = (torch.randn(RANK, inputs) * 0.02).bfloat16()
            tensors[prefix + ".lora_B.weight"] = (torch.randn(out, RANK) * 0.02 * falling).bfloat16()
    folder.mkdir(parents=True)
    save_file(tensors, folder / "adapter_model.safetensors", metadata={"format": "pt"})
    targets = [name.split(".")[1] for name in SHAPES]
    config = {"peft_type": "LORA", "task_type": "CAUSAL_LM", "base_model_name_or_path": "meta-llama/Llama-3.1-8B",
              "r": RANK, "lora_alpha": 2 * RANK, "target_modules": targets, "lora_dropout": 0.0, "bias": "none"}
    (folder / "adapter_config.json").write_text(json.dumps(config))


def program(path, adapter, output):
    subprocess.run(["rm", "-rf", output], check=True)
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([path, "resize", adapter, "--rank", str(NEW), "--output", output, "--quiet"], check=True)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, after.ru_maxrss / 1024


def sd_scripts(down, up):
    """`merge_linear` and `extract_linear`: the product, all its values, the first of them."""
    start = time.perf_counter()
    u, s, vh = torch.linalg.svd(up.float() @ down.float())
    _ = u[:, :NEW] @ torch.diag(s[:NEW]), vh[:NEW]
    return time.perf_counter() - start


def by_peft(down, up):
    model = torch.nn.Sequential(torch.nn.Linear(down.shape[1], up.shape[0], bias=False))
    wrapped = peft.get_peft_model(model, peft.LoraConfig(r=RANK, lora_alpha=2 * RANK, target_modules=["0"]))
    wrapped.add_adapter("other", peft.LoraConfig(r=RANK, lora_alpha=2 * RANK, target_modules=["0"]))
    layer = wrapped.base_model.model[0]
    layer.lora_A["default"].weight.data, layer.lora_B["default"].weight.data = down.float(), up.float()
    start = time.perf_counter()
    wrapped.add_weighted_adapter(["default", "other"], [1.0, 0.0], "cut", "svd", svd_rank=NEW)
    return time.perf_counter() - start


def main():
    path, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    if not (folder / "r64").exists():
        write(folder / "r64")
    times = [program(path, folder / "r64", folder / "out") for _ in range(5)]
    print("lora-tool, wall seconds:", " ".join(f"{t[0]:.2f}" for t in times),
          "processor seconds:", " ".join(f"{t[1]:.2f}" for t in times), f"memory {max(t[2] for t in times):.0f} MiB")
    print(f"load {os.getloadavg()[0]:.1f}, torch {torch.__version__}, {torch.get_num_threads()} threads")
    weights = safe_open(folder / "r64" / "adapter_model.safetensors", "pt")
    for name, method in [("sd-scripts", sd_scripts), ("PEFT", by_peft)]:
        total = 0.0
        for (out, inputs), count in KINDS.items():
            module = next(key for key, shape in SHAPES.items() if shape == (out, inputs))
            prefix = f"base_model.model.model.layers.0.{module}"
            down, up = (weights.get_tensor(f"{prefix}.lora_{part}.weight") for part in "AB")
            seconds = method(down, up)
            total += count * seconds
            print(f"{name} {out} x {inputs}: {seconds:.2f} s, {count} of them", flush=True)
        print(f"{name}, all 224 modules by these: {total:.0f} s", flush=True)


if __name__ == "__main__":
    main()
