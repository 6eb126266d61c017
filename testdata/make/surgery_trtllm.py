"""`convert --to trtllm` beside TensorRT-LLM's own `examples/hf_lora_convert.py`, row by row.

    python surgery_trtllm.py TENSORRT_LLM PROGRAM      a checkout of theirs; nothing of it is installed

Their script runs as it is, with what it imports from the library in its place: names of types, loading of a file, and the
numbers of modules, which are read from `tensorrt_llm/lora_manager.py`. It knows one rank and one alpha, takes the smaller
size for the rank, and rounds the scale to F32 before B is multiplied: with rsLoRA the last bit may differ.
"""

import ast
import json
import pathlib
import runpy
import subprocess
import sys
import tempfile
import types

import numpy as np
import torch
from safetensors.torch import load_file, save_file

THEIRS, PROGRAM = (pathlib.Path(path).resolve() for path in sys.argv[1:3])
SHAPES = {"self_attn.q_proj": (32, 32), "self_attn.k_proj": (16, 32), "self_attn.v_proj": (16, 32),
          "self_attn.o_proj": (32, 32), "mlp.gate_proj": (64, 32), "mlp.up_proj": (64, 32), "mlp.down_proj": (32, 64)}  # fmt: skip


def library():
    """What their script imports."""
    tree = ast.parse((THEIRS / "tensorrt_llm" / "lora_manager.py").read_text())
    numbers = next(ast.literal_eval(node.value) for node in ast.walk(tree)
                   if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "LORA_MODULE_IDS")  # fmt: skip
    dtypes = {"float16": torch.float16, "float32": torch.float32}
    members = {
        "tensorrt_llm": {}, "tensorrt_llm.models": {},
        "tensorrt_llm._utils": {"str_dtype_to_torch": dtypes.get, "torch_to_numpy": lambda tensor: tensor.numpy()},
        "tensorrt_llm.lora_manager": {"LoraManager": types.SimpleNamespace(LORA_MODULE_IDS=numbers)},
        "tensorrt_llm.models.convert_utils": {
            "get_model_path": lambda folder, name: f"{folder}/{name}.safetensors", "load_state_dict": load_file},
    }  # fmt: skip
    for name, content in members.items():
        sys.modules[name] = types.ModuleType(name)
        vars(sys.modules[name]).update(content)


def rows(folder):
    """The row of each module and layer, with its rank."""
    weights, config = (np.load(folder / f"model.lora_{part}.npy") for part in ("weights", "config"))
    assert weights.shape[:2] == config.shape[:2] == (1, config.shape[1]) and config.shape[2] == 3
    return {tuple(key[:2]): (key[2], row) for key, row in zip(config[0].tolist(), weights[0])}


def main():
    library()
    theirs = runpy.run_path(str(THEIRS / "examples" / "hf_lora_convert.py"))["convert_hf_model"]
    torch.manual_seed(0)
    for rank, alpha, stabilized, dtype in [(4, 8, False, "float16"), (4, 6, False, "float32"), (8, 5, True, "float32")]:
        tensors = {}
        for layer in range(3):
            for name, (out, into) in SHAPES.items():
                prefix = f"base_model.model.model.layers.{layer}.{name}"
                tensors[prefix + ".lora_A.weight"] = torch.randn(rank, into)
                tensors[prefix + ".lora_B.weight"] = torch.randn(out, rank)
        config = {"peft_type": "LORA", "r": rank, "lora_alpha": alpha, "use_rslora": stabilized,
                  "target_modules": [name.split(".")[1] for name in SHAPES]}  # fmt: skip
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            (folder / "adapter").mkdir()
            save_file(tensors, folder / "adapter" / "adapter_model.safetensors")
            (folder / "adapter" / "adapter_config.json").write_text(json.dumps(config))
            theirs(folder / "adapter", dtype, folder / "theirs")
            short = {"float16": "f16", "float32": "f32"}[dtype]
            subprocess.run([PROGRAM, "convert", folder / "adapter", "--to", "trtllm", "--dtype", short, "--output",
                            folder / "own"], check=True, capture_output=True)  # fmt: skip
            wanted, found = rows(folder / "theirs"), rows(folder / "own")
        assert wanted.keys() == found.keys() and all(wanted[key][0] == found[key][0] for key in wanted)
        pairs = [(wanted[key][1], found[key][1]) for key in wanted]
        same = sum(np.array_equal(one, other) for one, other in pairs)
        worst = max(np.abs(one.astype(float) / other - 1)[other != 0].max() for one, other in pairs)
        print(f"rank {rank}, alpha {alpha}, rsLoRA {stabilized}, {dtype}: {same} of {len(pairs)} rows the same, "
              f"others within {worst:.1e}")  # fmt: skip
        assert same == len(pairs) or stabilized and worst < 2**-22


if __name__ == "__main__":
    main()
