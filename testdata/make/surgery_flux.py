"""A LoRA of all modules of Flux in its authors' names, converted by the program and by diffusers 0.42.1's own function,
and one in diffusers' names that the program converts for sd-scripts and diffusers' function back.

    python surgery_flux.py PROGRAM

Every delta must be the same but that of `norm_out.linear`: diffusers exchanges the halves of its A, which are ranks, with
those of the rows of B, so that its delta is another one; the program moves the rows alone.
"""

import pathlib
import subprocess
import sys
import tempfile

import torch
from diffusers.loaders.lora_conversion_utils import (
    _convert_bfl_flux_control_lora_to_diffusers, _convert_kohya_flux_lora_to_diffusers,
)  # fmt: skip
from safetensors.torch import load_file, save_file

OUTER = [("time_in.in_layer", 4, 8), ("time_in.out_layer", 8, 8), ("vector_in.in_layer", 6, 8), ("vector_in.out_layer", 8, 8),
         ("guidance_in.in_layer", 4, 8), ("guidance_in.out_layer", 8, 8), ("txt_in", 10, 8), ("img_in", 12, 8),
         ("final_layer.linear", 8, 12), ("final_layer.adaLN_modulation.1", 8, 16)]  # fmt: skip
DOUBLE = [("mod.lin", 8, 48), ("attn.qkv", 8, 24), ("attn.proj", 8, 8), ("mlp.0", 8, 32), ("mlp.2", 32, 8)]
# diffusers takes the width of single blocks to be Flux's own.
SINGLE = [("modulation.lin", 8, 24), ("linear1", 8, 21504), ("linear2", 40, 8)]


def deltas(state):
    state = {key.removeprefix("transformer."): value.double() for key, value in state.items()}
    return {key.removesuffix(".lora_A.weight"): state[key.replace("lora_A", "lora_B")] @ value
            for key, value in state.items() if key.endswith(".lora_A.weight")}  # fmt: skip


def convert(folder, source, *words):
    subprocess.run([pathlib.Path(sys.argv[1]).resolve(), "convert", source, *words], check=True, capture_output=True, cwd=folder)


def to_kohya(folder, modules):
    """Modules of the blocks, each part with a rank of its own, some parts missing; the base tells the authors' names."""
    parts = {"img_attn.qkv": ["attn.to_q", "attn.to_k", "attn.to_v"], "img_attn.proj": ["attn.to_out.0"],
             "txt_attn.qkv": ["attn.add_q_proj", "attn.add_k_proj", "attn.add_v_proj"], "txt_attn.proj": ["attn.to_add_out"],
             "img_mlp.0": ["ff.net.0.proj"], "img_mlp.2": ["ff.net.2"], "txt_mlp.0": ["ff_context.net.0.proj"],
             "txt_mlp.2": ["ff_context.net.2"], "img_mod.lin": ["norm1.linear"], "txt_mod.lin": ["norm1_context.linear"],
             "linear1": ["attn.to_q", "attn.to_k", "attn.to_v", "proj_mlp"], "linear2": ["proj_out"],
             "modulation.lin": ["norm.linear"]}  # fmt: skip
    tensors, base = {}, {}
    for name, into, out in modules:
        if "_blocks" not in name:
            continue
        kind, block, own = name.split(".", 2)
        base[name + ".weight"] = torch.zeros(out, into, dtype=torch.bfloat16)
        owner = {"double_blocks": "transformer_blocks", "single_blocks": "single_transformer_blocks"}[kind] + f".{block}."
        for index, part in enumerate(parts[own]):
            rows = out if len(parts[own]) == 1 else out // 3 if len(parts[own]) == 3 else 12288 if index == 3 else 3072
            rank = 1 + (int(block) + index) % 3
            if (int(block) + index) % 7 == 6 and len(parts[own]) > 1:
                continue
            key = f"transformer.{owner}{part}"
            tensors[key + ".lora_A.weight"], tensors[key + ".lora_B.weight"] = torch.randn(rank, into), torch.randn(rows, rank)
    save_file(tensors, folder / "diffusers.safetensors")
    save_file(base, folder / "flux1.safetensors")
    convert(folder, "diffusers.safetensors", "--to", "kohya", "--base", "flux1.safetensors", "--output", "kohya.safetensors")
    truth, found = deltas(tensors), deltas(_convert_kohya_flux_lora_to_diffusers(load_file(folder / "kohya.safetensors")))
    worst = max(float((found[name] - delta).norm() / delta.norm()) for name, delta in truth.items())
    others = [delta for name, delta in found.items() if name not in truth]
    assert all(not delta.any() for delta in others)
    print(f"for sd-scripts: {len(truth)} modules, at most {worst:.1e} apart; {len(others)} that were not adapted are zero")


def main():
    torch.manual_seed(0)
    modules = OUTER + [(f"double_blocks.{block}.{stream}_{name}", into, out)
                       for block in range(19) for stream in ("img", "txt") for name, into, out in DOUBLE]  # fmt: skip
    modules += [(f"single_blocks.{block}.{name}", into, out) for block in range(38) for name, into, out in SINGLE]
    tensors = {}
    for name, into, out in modules:
        tensors[name + ".lora_A.weight"], tensors[name + ".lora_B.weight"] = torch.randn(2, into), torch.randn(out, 2)
    # Its function wants the scales of norms, which are no LoRA.
    norms = {f"double_blocks.{block}.{stream}_attn.norm.{kind}_norm.scale": torch.ones(2)
             for block in range(19) for stream in ("img", "txt") for kind in ("query", "key")}  # fmt: skip
    norms |= {f"single_blocks.{block}.norm.{kind}_norm.scale": torch.ones(2) for block in range(38) for kind in ("query", "key")}
    truth = deltas(_convert_bfl_flux_control_lora_to_diffusers({key: value.clone() for key, value in (tensors | norms).items()}))
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        save_file(tensors, folder / "flux.safetensors")
        convert(folder, "flux.safetensors", "--to", "diffusers", "--output", "out")
        found = deltas(load_file(folder / "out" / "pytorch_lora_weights.safetensors"))
        assert found.keys() == truth.keys()
        others = [name for name in truth if not torch.equal(found[name], truth[name])]
        assert others == ["norm_out.linear"], others
        print(f"{len(truth) - 1} of {len(truth)} modules the same; {others[0]} is moved by its rows alone")
        to_kohya(folder, modules)


if __name__ == "__main__":
    main()
