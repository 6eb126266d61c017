"""Times merging into big quantised bases: `bench_quantised.py FOLDER TOOL [--format nf4 fp8] [--rounds 3]`.

Writes, once, bases of TinyLlama-1.1B's shapes to FOLDER, in NF4 of bitsandbytes, in FP8 with blocks of 128 x 128 and in
GPTQ with 4 bits, and an adapter of rank 16 on every linear layer: 2.2 GB of merged bf16 weights each. The codes are seeded noise; speed
does not depend on what they say. Then, round by round, on the same files:

- copy: `cp` of a merged folder, which no merge can beat by much
- merge: `TOOL merge --dequantize`
- requantize: `TOOL merge --requantize`, for FP8
- reference: transformers' dequantised model, PEFT's merge, `save_pretrained` (with this Python; `--no-reference` skips;
  none for GPTQ)

Prints seconds (median of the rounds, all of them) and the peak resident memory of each as one JSON document. Needs
about 8 GB of disk; the first round reads what the page cache does not hold yet.
"""

import argparse
import json
import os
import pathlib
import shutil
import statistics
import struct
import subprocess
import sys
import time

import numpy

from bench_model import CONFIG, linears

SIZES = {"BF16": 2, "F16": 2, "F32": 4, "I32": 4, "U8": 1, "F8_E4M3": 1}
NF4 = (
    [-1.0, -0.6961928, -0.52507305, -0.3949175, -0.28444138, -0.18477343, -0.09105004, 0.0]
    + [0.0795803, 0.1609302, 0.2461123, 0.33791524, 0.44070983, 0.562617, 0.72295684, 1.0]
)  # fmt: skip
BLOCK = 64


def nearest_fp8(values):
    """Codes of F8_E4M3 nearest to some numbers, as weights in blocks whose largest is 448 have them."""
    magnitudes = numpy.array([(code & 7) / 512 for code in range(8)])
    magnitudes = numpy.append(
        magnitudes, [(1 + (code & 7) / 8) * 2.0 ** ((code >> 3) - 7) for code in range(8, 127)]
    )
    middles = (magnitudes[1:] + magnitudes[:-1]) / 2
    codes = numpy.searchsorted(middles, numpy.abs(values)).astype(numpy.uint8)
    return codes | numpy.where(values < 0, 128, 0).astype(numpy.uint8)


class Noise:
    """Endless seeded bytes of each kind, from one buffer of 16 million draws."""

    def __init__(self):
        random = numpy.random.default_rng(0)
        self.codes = random.integers(0, 256, 1 << 24, dtype=numpy.uint8)
        self.fp8 = nearest_fp8(random.standard_normal(1 << 24) * 100)
        wide = (random.standard_normal(1 << 24).astype(numpy.float32) * 0.02).view(numpy.uint32)
        self.bf16 = ((wide + 0x8000) >> 16).astype(numpy.uint16)
        self.random = random

    def write(self, file, buffer, count):
        while count > 0:
            piece = buffer[:count]
            file.write(piece.tobytes())
            count -= len(piece)


def write_file(path, tensors):
    """A safetensors file of (name, dtype, shape, write), each written as the file grows."""
    header, end = {"__metadata__": {"format": "pt"}}, 0
    for name, dtype, shape, _ in tensors:
        begin, end = end, end + int(numpy.prod(shape)) * SIZES[dtype]
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for _, _, _, write in tensors:
            write(file)


def raw(array):
    return lambda file: file.write(array.tobytes())


def nf4_linear(noise, name, rows, columns):
    count = rows * columns
    scales = noise.random.uniform(0.02, 0.08, -(-count // BLOCK)).astype(numpy.float32)
    state = {"quant_type": "nf4", "blocksize": BLOCK, "dtype": "bfloat16", "shape": [rows, columns]}
    text = numpy.frombuffer(json.dumps(state).encode(), numpy.uint8)
    return [
        (f"{name}.weight.absmax", "F32", [len(scales)], raw(scales)),
        (f"{name}.weight.quant_map", "F32", [16], raw(numpy.array(NF4, numpy.float32))),
        (f"{name}.weight", "U8", [count // 2, 1], lambda file: noise.write(file, noise.codes, count // 2)),
        (f"{name}.weight.quant_state.bitsandbytes__nf4", "U8", [len(text)], raw(text)),
    ]


def fp8_linear(noise, name, rows, columns):
    grid = [-(-rows // 128), -(-columns // 128)]
    scales = noise.random.uniform(1e-4, 3e-4, grid).astype(numpy.float32)
    return [
        (f"{name}.weight_scale_inv", "F32", grid, raw(scales)),
        (f"{name}.weight", "F8_E4M3", [rows, columns], lambda file: noise.write(file, noise.fp8, rows * columns)),
    ]


def gptq_linear(noise, name, rows, columns):
    groups = -(-columns // 128)
    scales = noise.random.uniform(0.001, 0.004, [groups, rows]).astype(numpy.float16)
    order = (numpy.arange(columns) // 128).astype(numpy.int32)
    return [
        (f"{name}.qweight", "I32", [columns // 8, rows], lambda file: noise.write(file, noise.codes, columns * rows // 2)),
        (f"{name}.qzeros", "I32", [groups, rows // 8], lambda file: noise.write(file, noise.codes, groups * rows // 2)),
        (f"{name}.scales", "F16", [groups, rows], raw(scales)),
        (f"{name}.g_idx", "I32", [columns], raw(order)),
    ]


FORMATS = {
    "nf4": (
        nf4_linear,
        {
            "quant_method": "bitsandbytes",
            "load_in_4bit": True,
            "load_in_8bit": False,
            "bnb_4bit_quant_type": "nf4",
            "bnb_4bit_compute_dtype": "bfloat16",
            "bnb_4bit_quant_storage": "uint8",
            "bnb_4bit_use_double_quant": False,
        },
    ),
    "fp8": (
        fp8_linear,
        {
            "quant_method": "fp8",
            "activation_scheme": "dynamic",
            "fmt": "e4m3",
            "weight_block_size": [128, 128],
            "modules_to_not_convert": ["lm_head"],
        },
    ),
    "gptq": (
        gptq_linear,
        {"quant_method": "gptq", "bits": 4, "group_size": 128, "desc_act": False, "sym": False},
    ),
}


def make_base(folder, kind):
    config, noise = json.loads(CONFIG.read_text()), Noise()
    linear, settings = FORMATS[kind]
    hidden, rows = config["hidden_size"], config["vocab_size"]

    def plain(name, *shape):
        return name, "BF16", list(shape), lambda file: noise.write(file, noise.bf16, int(numpy.prod(shape)))

    tensors = [plain("lm_head.weight", rows, hidden), plain("model.embed_tokens.weight", rows, hidden)]
    for index in range(config["num_hidden_layers"]):
        layer = f"model.layers.{index}"
        for name, outputs, inputs in linears(config):
            tensors += linear(noise, f"{layer}.{name}", outputs, inputs)
        tensors += [plain(f"{layer}.{norm}.weight", hidden) for norm in ("input_layernorm", "post_attention_layernorm")]
    tensors.append(plain("model.norm.weight", hidden))
    tensors.sort(key=lambda row: -SIZES[row[1]])  # as the library does, so that every tensor is aligned
    folder = pathlib.Path(folder)
    write_file(folder / "model.safetensors", tensors)
    dtype = {"torch_dtype": "bfloat16", "architectures": ["LlamaForCausalLM"]}
    (folder / "config.json").write_text(json.dumps(config | dtype | {"quantization_config": settings}, indent=2))


def make_adapter(folder, rank=16):
    config, random, tensors = json.loads(CONFIG.read_text()), numpy.random.default_rng(1), []
    for index in range(config["num_hidden_layers"]):
        for name, outputs, inputs in linears(config):
            stem = f"base_model.model.model.layers.{index}.{name}"
            for leaf, shape, scale in (("A", [rank, inputs], 0.02), ("B", [outputs, rank], 0.002)):
                factor = (random.standard_normal(shape) * scale).astype(numpy.float32)
                tensors.append((f"{stem}.lora_{leaf}.weight", "F32", shape, raw(factor)))
    folder = pathlib.Path(folder)
    write_file(folder / "adapter_model.safetensors", tensors)
    targets = [name.split(".")[1] for name, _, _ in linears(config)]
    settings = {"peft_type": "LORA", "task_type": "CAUSAL_LM", "r": rank, "lora_alpha": 2 * rank, "bias": "none"}
    (folder / "adapter_config.json").write_text(json.dumps(settings | {"target_modules": targets}, indent=2))


def reference(base, adapter, output):
    """What a user does today: the model dequantised by transformers, PEFT's merge, and a save."""
    import peft
    import torch
    import transformers

    transformers.utils.logging.disable_progress_bar()
    with torch.inference_mode():
        model = transformers.AutoModelForCausalLM.from_pretrained(base, dtype=torch.bfloat16, device_map="cpu")
        if getattr(model, "is_loaded_in_4bit", False):
            model = model.dequantize()
        peft.PeftModel.from_pretrained(model, adapter).merge_and_unload().save_pretrained(output)
    if "quantization_config" in json.loads((pathlib.Path(output) / "config.json").read_text()):
        sys.exit("the reference left quantization_config in config.json")


def apart(*arguments):
    """Another step of this script in a process of its own.

    Linux counts what a process held before it started a command into the peak of that command; so this one stays small.
    """
    subprocess.run([sys.executable, __file__, *arguments], check=True)


def timed(command, output):
    """Seconds and peak resident bytes of a command that writes `output`, which is removed first."""
    shutil.rmtree(output, ignore_errors=True)
    start = time.monotonic()
    child = subprocess.Popen([str(part) for part in command], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    seconds = time.monotonic() - start
    if status != 0:
        sys.exit(f"{command[0]} ended with status {os.waitstatus_to_exitcode(status)}")
    return seconds, usage.ru_maxrss * 1024


def size(folder):
    return sum(path.stat().st_size for path in folder.iterdir())


def measure(folder, kind, tool, rounds, with_reference):
    base, adapter = folder / kind, folder / "adapter"
    merged, copied, theirs = (folder / name for name in ("merged", "copied", "reference"))
    with_reference = with_reference and kind != "gptq"
    ours = [tool, "merge", "--base", base, "--adapter", adapter, "--quiet", "--output"]
    commands = {"merge": ([*ours, merged, "--dequantize"], merged), "copy": (["cp", "-r", merged, copied], copied)}
    if kind == "fp8":
        commands["requantize"] = ([*ours, theirs, "--requantize"], theirs)
    if with_reference:
        commands["reference"] = ([sys.executable, __file__, "--reference", base, adapter, theirs], theirs)
    found = {name: [] for name in commands}
    for _ in range(rounds):
        for name, (command, output) in commands.items():
            found[name].append(timed(command, output))
    result = {"base_bytes": size(base), "merged_bytes": size(merged)}
    for name, runs in found.items():
        seconds = [round(run[0], 3) for run in runs]
        peak = max(run[1] for run in runs)
        result[name] = {"seconds": round(statistics.median(seconds), 3), "all": seconds, "peak_rss_bytes": peak}
    copy = result["copy"]["seconds"]
    result["merge_over_copy"] = round(result["merge"]["seconds"] / copy, 2)
    if with_reference:
        result["reference_over_merge"] = round(result["reference"]["seconds"] / result["merge"]["seconds"], 2)
    for path in (merged, copied, theirs):
        shutil.rmtree(path, ignore_errors=True)
    return result


def main():
    steps = {"--reference": reference, "--make-base": make_base, "--make-adapter": make_adapter}
    if sys.argv[1:2] and sys.argv[1] in steps:
        return steps[sys.argv[1]](*sys.argv[2:])
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("tool", type=pathlib.Path)
    parser.add_argument("--format", nargs="+", choices=FORMATS, default=list(FORMATS))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--no-reference", action="store_true", help="leave transformers and PEFT out")
    arguments = parser.parse_args()
    os.environ |= {"HF_HUB_OFFLINE": "1", "CUDA_VISIBLE_DEVICES": ""}
    if not (arguments.folder / "adapter/adapter_config.json").exists():
        apart("--make-adapter", arguments.folder / "adapter")
    results = {}
    for kind in arguments.format:
        if not (arguments.folder / kind / "config.json").exists():
            apart("--make-base", arguments.folder / kind, kind)
        results[kind] = measure(
            arguments.folder, kind, arguments.tool.resolve(), arguments.rounds, not arguments.no_reference
        )
    print(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
