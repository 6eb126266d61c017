"""A LoRA of all modules of Flux in its authors' names, converted by the program and by diffusers 0.42.1's own function.

    python surgery_flux.py PROGRAM

Every delta must be the same but that of `norm_out.linear`: diffusers exchanges the halves of its A, which are ranks, with
those of the rows of B, so that its delta is another one; the program moves the rows alone.
"""

import pathlib
import subprocess
import sys
import tempfile

import torch
from diffusers.loaders.lora_conversion_utils import _convert_bfl_flux_control_lora_to_diffusers
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
        subprocess.run([sys.argv[1], "convert", folder / "flux.safetensors", "--to", "diffusers", "--output", folder / "out"],
                       check=True, capture_output=True)  # fmt: skip
        found = deltas(load_file(folder / "out" / "pytorch_lora_weights.safetensors"))
    assert found.keys() == truth.keys()
    others = [name for name in truth if not torch.equal(found[name], truth[name])]
    assert others == ["norm_out.linear"], others
    print(f"{len(truth) - 1} of {len(truth)} modules the same; {others[0]} is moved by its rows alone")


if __name__ == "__main__":
    main()
