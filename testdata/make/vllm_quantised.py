"""What vLLM itself does with adapters on quantised bases, as a fixture for the tests.

    python vllm_quantised.py truth [OUTPUT [NAME ...]]      writes ../engines/vllm-0.33-quantised.json
    python vllm_quantised.py table                          writes from it what the program carries

Needs what vllm_engine.py needs. The descriptions of quantisation are those of the bases of ../quantised, which the
formats' own libraries wrote, and the same with other sizes of groups; every base is a small model of the class with
tensors of the names, types and shapes that the format has (held against those bases) and codes of zero. For each: does
the engine take the config, make the layers, load the checkpoint, turn the weights into what its kernels want, wrap the
layers for adapters, load an adapter, and is B·A·x in the output of every wrapped layer?

The engine's own code chooses among its CUDA kernels for GPUs of three generations, in a process without a GPU:

- operators of its extension are stood in for: those that say what a GPU supports say yes, others give back the tensor
  that they are given, so that repacking leaves attributes as on a GPU and weights as they are;
- CUTLASS, Triton, FlashInfer, DeepGEMM and Humming are not there, so that another kernel may be chosen than on a GPU.
  The wrapper asks of a layer that it still has a weight under one of its names, which Humming's code asks too;
- the product of the quantised layer itself (`quant_method.apply`) is a fixed random matrix's.

Experts are not tried: the kernels that vLLM chooses among for them need Triton or a GPU.
"""

import contextlib
import json
import re
import sys
import tempfile
import traceback
from pathlib import Path
from unittest import mock

import torch
import transformers
from safetensors import safe_open
from safetensors.torch import load_file, save_file

import vllm.utils.import_utils

# Before anything asks: Humming's own preparation of weights needs a GPU.
vllm.utils.import_utils.has_humming = lambda: False

import vllm_engine
from files import ROOT, write_rows
from vllm_classes import limited
from vllm_engine import Engine
from vllm_truth import DEFAULTS, PREFIX

from vllm.config import set_current_vllm_config
from vllm.lora.layers import LoRAMapping
from vllm.model_executor.layers.linear import LinearBase
from vllm.model_executor.model_loader.utils import process_weights_after_loading
from vllm.platforms.cpu import CpuPlatform
from vllm.platforms.interface import DeviceCapability, PlatformEnum

GENERATIONS = [(8, 0), (9, 0), (10, 0)]
# Sizes that every format's groups, blocks and words divide, and the kernels' tiles.
SIZES = dict(
    vocab_size=64, hidden_size=256, intermediate_size=512, num_hidden_layers=1, num_attention_heads=4,
    num_key_value_heads=2, head_dim=64, max_position_embeddings=32, tie_word_embeddings=False, dtype="bfloat16",
    pad_token_id=0, bos_token_id=1, eos_token_id=2)
CLASSES = {
    "LlamaForCausalLM": "llama", "MistralForCausalLM": "mistral", "Qwen2ForCausalLM": "qwen2", "Qwen3ForCausalLM": "qwen3",
    "Gemma3ForCausalLM": "gemma3_text", "Phi3ForCausalLM": "phi3", "GraniteForCausalLM": "granite"}
# What the engine says when it does not want a quantisation; any other failure may be that of this process.
REFUSALS = re.compile(
    r"Unknown quantization method|Unsupported quantization config|is deprecated and will be removed|is no longer supported")
I32, U8, F8, E8, F32, BF16, F16 = (
    torch.int32, torch.uint8, torch.float8_e4m3fn, torch.float8_e8m0fnu, torch.float32, torch.bfloat16, torch.float16)


# ----------------------------------------------------------------------------------------------------------- checkpoints

def stored(section, rows, columns):
    """What a matrix is stored as: names, types and shapes, by the description of the quantisation."""
    if section is None:
        return dict(weight=(BF16, rows, columns))
    method = section["quant_method"]
    if method in ("gptq", "awq"):
        bits, group = section["bits"], section["group_size"]
        groups = 1 if group == -1 else columns // group
        scales = dict(qzeros=(I32, groups, rows * bits // 32), scales=(F16, groups, rows))
        if method == "awq":
            return dict(qweight=(I32, columns, rows // 8), **scales)
        return dict(qweight=(I32, columns * bits // 32, rows), g_idx=(I32, columns), **scales)
    if method == "fp8":
        block = section.get("weight_block_size")
        if block is None:
            scales = dict(weight_scale=(F32,)) | (
                dict(input_scale=(F32,)) if section["activation_scheme"] == "static" else {})
            return dict(weight=(F8, rows, columns), **scales)
        kind = E8 if section.get("scale_fmt") == "ue8m0" else F32
        return dict(weight=(F8, rows, columns), weight_scale_inv=(kind, -(-rows // block[0]), -(-columns // block[1])))
    if method == "fbgemm_fp8":
        return dict(weight=(F8, rows, columns), weight_scale=(F32, rows, 1), input_scale_ub=(F32, 1))
    if method == "modelopt":
        if section["quant_algo"] == "FP8":
            return dict(weight=(F8, rows, columns), weight_scale=(F32,), input_scale=(F32,))
        return dict(
            weight=(U8, rows, columns // 2), weight_scale=(F8, rows, columns // 16), weight_scale_2=(F32,),
            input_scale=(F32,))
    if method == "compressed-tensors":
        return stored_compressed(section, rows, columns)
    return dict(weight=(BF16, rows, columns))  # what is refused before a tensor is read


def stored_compressed(section, rows, columns):
    group = section["config_groups"]["group_0"]
    weights, bits = group["weights"], group["weights"]["num_bits"]
    columns_of = dict(tensor=None, channel=1, block=None)
    across = columns // weights["group_size"] if weights.get("group_size") else columns_of.get(weights["strategy"])
    match section["format"]:
        case "pack-quantized":
            made = dict(
                weight_packed=(I32, rows, columns * bits // 32),
                weight_scale=(BF16 if weights["strategy"] == "group" else F32, rows, across),
                weight_shape=(torch.int64, 2))
            if not weights["symmetric"]:
                made["weight_zero_point"] = (I32, rows * bits // 32, across)
            if weights.get("actorder") == "group":
                made["weight_g_idx"] = (I32, columns)
            return made
        case "nvfp4-pack-quantized":
            return dict(
                weight_packed=(U8, rows, columns // 2), weight_scale=(F8, rows, columns // 16),
                weight_global_scale=(F32, 1), input_global_scale=(F32, 1))
        case "mxfp4-pack-quantized":
            return dict(weight_packed=(U8, rows, columns // 2), weight_scale=(U8, rows, columns // 32))
    codes = (F8 if weights["type"] == "float" else torch.int8, rows, columns)
    match weights["strategy"]:
        case "tensor":
            return dict(weight=codes, weight_scale=(F32, 1), input_scale=(BF16, 1))
        case "block":
            height, width = weights["block_structure"]
            return dict(weight=codes, weight_scale=(BF16, -(-rows // height), -(-columns // width)))
        case _:
            return dict(weight=codes, weight_scale=(BF16, rows, 1))


def linear_shapes(config):
    """Names and shapes of all linear layers of transformers' model but its head, and those of all other tensors."""
    kind = getattr(transformers, config["architectures"][0])
    with torch.device("meta"):
        model = kind(kind.config_class.from_dict(dict(config)))
    linear = {
        name: tuple(part.weight.shape) for name, part in model.named_modules()
        if isinstance(part, torch.nn.Linear) and "lm_head" not in name}
    owned = {name + ".weight" for name in linear}
    return linear, {name: tuple(value.shape) for name, value in model.named_parameters() if name not in owned}


def plain_layers(section):
    section = section or {}
    names = (section.get("modules_to_not_convert") or []) + (section.get("ignore") or [])
    return [name.removeprefix("re:.*") for name in names]


def tensor(kind, *shape):
    if kind in (F32, BF16, F16):
        return torch.ones(shape, dtype=kind)
    if kind is E8:
        return torch.full(shape, 127, dtype=U8).view(E8)
    return torch.zeros(shape, dtype=U8).to(kind) if kind is F8 else torch.zeros(shape, dtype=kind)


def write_base(folder, config, section):
    linear, others = linear_shapes(config)
    skipped, tensors = plain_layers(section), {}
    for name, shape in linear.items():
        parts = dict(weight=(BF16, *shape)) if any(part in name for part in skipped) else stored(section, *shape)
        tensors |= {f"{name}.{leaf}": tensor(*what) for leaf, what in parts.items()}
        if f"{name}.weight_shape" in tensors:
            tensors[f"{name}.weight_shape"] = torch.tensor(shape)
        if f"{name}.g_idx" in tensors and section["group_size"] > 0:
            tensors[f"{name}.g_idx"] = (torch.arange(shape[1]) // section["group_size"]).int()
    tensors |= {name: torch.ones(shape, dtype=BF16) for name, shape in others.items()}
    save_file(tensors, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(config))
    return list(linear)


def check_against_library(base, section):
    """The tensors that this program writes for a layer are those that the format's library wrote."""
    path = next(iter(sorted(base.glob("*.safetensors"))))
    found = {}
    for path in base.glob("*.safetensors"):
        with safe_open(path, "pt") as file:
            for name in file.keys():
                if ".q_proj." in name:
                    value = file.get_tensor(name)
                    found[name.partition(".q_proj.")[2]] = (value.dtype, value.dim())
    ours = {leaf: (kind, len(shape)) for leaf, (kind, *shape) in stored(section, 256, 256).items()}
    found.setdefault("g_idx", ours["g_idx"]) if "g_idx" in ours else None
    assert found == ours, (base.parent.name, found, ours)


def sections():
    """(name, description) of the quantised bases of this repository, and the same with other groups."""
    for folder in sorted((ROOT / "quantised").glob("*/base")):
        config = json.loads((folder / "config.json").read_text())
        if config["architectures"] != ["LlamaForCausalLM"] or folder.parent.name == "bnb-nf4-dora":
            continue
        section = config.get("quantization_config")
        if "quantization" in config:  # MLX, which the engine does not know
            continue
        if section["quant_method"] in ("fp8", "fbgemm_fp8", "gptq", "awq", "modelopt", "compressed-tensors"):
            check_against_library(folder, section)
        yield folder.parent.name, section
        yield from with_other_sizes(folder.parent.name, section)
    for scheme in ("static", "dynamic"):
        yield f"fp8-tensor-{scheme}", dict(quant_method="fp8", activation_scheme=scheme)
    for method in ("quanto", "eetq", "aqlm", "vptq", "higgs", "spqr", "bitnet", "fp_quant", "sinq"):
        yield method, dict(quant_method=method)


def with_other_sizes(name, section):
    def changed(**fields):
        return json.loads(json.dumps(section)) | fields

    if name == "fp8-block-ue8m0":
        yield name + "-128", changed(weight_block_size=[128, 128])
    if section["quant_method"] in ("gptq", "awq") and section["bits"] in (4, 8):
        for size in (64, 128) + ((-1,) if section["quant_method"] == "gptq" else ()):
            yield f"{name}-groups-{size}", changed(group_size=size)
    if name in ("gptq", "gptq-8bit"):
        yield name + "-desc-act", changed(desc_act=True)
    if name in ("modelopt-fp8", "modelopt-nvfp4"):
        yield name + "-cache", changed(kv_cache_scheme=dict(dynamic=False, num_bits=8, type="float"))
    if section["quant_method"] == "compressed-tensors":
        yield from other_compressed(name, changed)


def other_compressed(name, changed):
    """Other sizes, activations in 8 bits, and the descriptions of releases that named no format in a group."""
    byte = dict(num_bits=8, symmetric=True, dynamic=True)
    makes = {"": {}}
    if name in ("ct-int4", "ct-int4-asymmetric"):
        makes |= {f"-groups-{size}": dict(weights=dict(group_size=size)) for size in (64, 128)}
        makes |= {f"-groups-128-{order}": dict(weights=dict(group_size=128, actorder=order)) for order in ("static", "weight")}
    if name == "ct-int4":
        makes |= {"-8-bit-groups-128": dict(weights=dict(num_bits=8, group_size=128))}
    if name == "ct-int8":
        makes |= {"-activations": dict(input_activations=dict(byte, type="int", strategy="token"))}
    if name == "ct-fp8-block":
        makes |= {"-128": dict(weights=dict(block_structure=[128, 128])),
                  "-128-activations": dict(
                      weights=dict(block_structure=[128, 128]),
                      input_activations=dict(byte, type="float", strategy="group", group_size=128))}
    for ending, fields in makes.items():
        for older in (False, True):
            other = changed()
            group = other["config_groups"]["group_0"]
            group["weights"] |= fields.get("weights", {})
            if "input_activations" in fields:
                group["input_activations"] = fields["input_activations"]
            if older:
                del group["format"]
                for part in (group["weights"], group["input_activations"] or {}):
                    part.pop("scale_dtype", None)
            if ending or older:
                yield name + ending + "-older" * older, other


# --------------------------------------------------------------------------------------------------------------- engine

def pretend(capability):
    CpuPlatform._enum = PlatformEnum.CUDA
    CpuPlatform.supported_quantization = []
    CpuPlatform.get_device_capability = classmethod(lambda cls, device_id=0: DeviceCapability(*capability))


def stand_in_for_operators():
    torch.cuda.device = lambda *_: contextlib.nullcontext()
    torch.cuda.current_device = lambda: 0
    torch.Tensor.cuda = lambda self, *_, **__: self
    space, found = type(torch.ops._C), type(torch.ops._C).__getattr__

    def operator(self, name):
        if self.name not in ("_C", "_moe_C", "_C_cache_ops") or name.startswith("__"):
            return found(self, name)
        if "support" in name:
            return lambda *_, **__: True
        return lambda *given, **named: next(
            (value for value in (*given, *named.values()) if isinstance(value, torch.Tensor)), None)

    space.__getattr__ = operator


def where(error):
    frame = next((frame for frame in reversed(traceback.extract_tb(error.__traceback__))
                  if "/vllm/" in frame.filename), traceback.extract_tb(error.__traceback__)[-1])
    text = str(error).replace("\n", " ")
    for noise in ("1 validation error for ModelConfig", "1 validation error for VllmConfig", "Value error,"):
        text = text.replace(noise, "")
    return f"{type(error).__name__}: {text.strip()[:180]} ({Path(frame.filename).name})"


class Stopped(Exception):
    def __init__(self, stage, error):
        super().__init__(stage, where(error))


def step(stage, action):
    try:
        return action()
    except Exception as error:
        raise Stopped(stage, error) from error


def try_one(folder, config, section):
    """(outcome, stage or None, why or None, names of kernels and layers)"""
    layers = write_base(folder, config, section)
    seen = {}
    try:
        engine = step("config", lambda: Engine(folder, rank=8))
        with set_current_vllm_config(engine.vllm_config):
            tensors = load_file(folder / "model.safetensors")
            step("load", lambda: load(engine, tensors))
            seen["methods"] = kinds(engine)
            step("process", lambda: process_weights_after_loading(engine.module, engine.model_config, torch.device("cpu")))
        manager = step("wrap", engine.manage)
        step("adapter", lambda: engine.load(write_adapter(folder / "adapter", layers, tensors, config)))
        wrong = step("forward", lambda: check_outputs(engine, manager, folder / "adapter"))
    except Stopped as stopped:
        stage, why = stopped.args
        return ("refused" if REFUSALS.search(why) else "unknown"), stage, why, seen
    return ("applied", None, None, seen) if not wrong else ("partly", "forward", f"no B·A·x in {wrong}", seen)


def load(engine, tensors):
    loaded = engine.module.load_weights(iter(tensors.items()))
    missing = [name for name, value in engine.module.named_parameters()
               if name not in loaded and not name.endswith(("_scale", "_zero_point", "prob_scale", "g_idx"))]
    if missing:
        raise KeyError(f"never loaded: {missing[:2]}")


def kinds(engine):
    found = set()
    for part in engine.module.modules():
        if not isinstance(part, LinearBase):
            continue
        method = part.quant_method
        scheme = getattr(part, "scheme", None)
        kernel = next((value for owner in (method, scheme) if owner is not None for key, value in vars(owner).items()
                       if "kernel" in key or key == "fp8_linear"), None)
        found.add(" ".join(type(value).__name__ for value in (method, scheme, kernel) if value is not None))
    return sorted(found)


def write_adapter(folder, layers, tensors, config):
    shapes, _ = linear_shapes(config)
    folder.mkdir(exist_ok=True)
    factors = {}
    for number, name in enumerate(layers):
        torch.manual_seed(number)
        out, inside = shapes[name]
        factors[f"{PREFIX}{name}.lora_A.weight"] = torch.randn(4, inside).to(BF16)
        factors[f"{PREFIX}{name}.lora_B.weight"] = torch.randn(out, 4).to(BF16)
    save_file(factors, folder / "adapter_model.safetensors")
    targets = sorted({name.rpartition(".")[2] for name in layers})
    (folder / "adapter_config.json").write_text(json.dumps({**DEFAULTS, "target_modules": targets}))
    return folder


def check_outputs(engine, manager, adapter):
    """Names of wrapped layers whose output is not that of the layer beneath plus what the adapter adds."""
    factors = load_file(adapter / "adapter_model.safetensors")
    packed = manager.packed_modules_mapping
    wrong, seen = [], 0
    with set_current_vllm_config(engine.vllm_config):
        engine.manager.set_adapter_mapping(LoRAMapping((1,) * 3, (1,), is_prefill=True))
        for name, layer in manager.modules.items():
            base = getattr(layer, "base_layer", None)
            if not isinstance(base, LinearBase):
                continue
            torch.manual_seed(7)
            x = torch.randn(3, layer.input_size).to(BF16)
            # What the layer gives, and the same when the adapter is not asked for.
            width = base.output_size
            below = torch.randn(3, width).to(BF16)
            with mock.patch.object(type(base.quant_method), "apply", lambda *_, **__: below.clone()):
                got = layer(x)
            got = got[0] if isinstance(got, tuple) else got
            owner, leaf = name.rpartition(".")[::2]
            names = [f"{owner}.{part}" for part in packed.get(leaf, [leaf])]
            added = [3.0 * (x.float() @ factors[f"{PREFIX}{part}.lora_A.weight"].float().T)
                     @ factors[f"{PREFIX}{part}.lora_B.weight"].float().T for part in names]
            expected = torch.cat(added, 1)
            difference = (got - below).float() - expected
            if difference.norm() > 0.02 * expected.norm():
                wrong.append(name)
            seen += len(names)
    if seen != len(factors) // 2:
        wrong.append(f"{len(factors) // 2 - seen} layers that are not wrapped")
    return wrong


def run(output, wanted):
    pretend(GENERATIONS[0])
    vllm_engine.start()
    stand_in_for_operators()
    rows = []
    for name, section in [("plain", None), *sections()]:
        if wanted and name not in wanted and section is not None:
            continue
        row = dict(name=name, config=section, outcomes={})
        for architecture, model_type in CLASSES.items():
            config = dict(SIZES, architectures=[architecture], model_type=model_type)
            if section is not None:
                config["quantization_config"] = section
            found = []
            # The choice of kernels is one of layers, not of classes.
            for capability in GENERATIONS if architecture == "LlamaForCausalLM" else GENERATIONS[1:2]:
                pretend(capability)
                with tempfile.TemporaryDirectory() as folder:
                    limited(120)
                    found.append(try_one(Path(folder), config, section))
            outcomes = {outcome for outcome, *_ in found}
            last = next((result for result in found if result[0] != "applied"), found[-1])
            row["outcomes"][architecture] = last[0] if len(outcomes) == 1 else "unknown"
            if architecture == "LlamaForCausalLM":
                row |= {key: value for key, value in (("stage", last[1]), ("why", last[2])) if value}
                row["layers"] = sorted({kind for *_, seen in found for kind in seen.get("methods", [])})
            if last[0] == "refused" and last[1] == "config":
                break
        print(json.dumps({key: value for key, value in row.items() if key != "config"}), flush=True)
        if section is None:  # a class that cannot be tried plain says nothing about formats
            for architecture in [key for key, outcome in row["outcomes"].items() if outcome != "applied"]:
                del CLASSES[architecture]
        else:
            rows.append(row)
        write_rows(Path(output), rows)


# ---------------------------------------------------------------------------------------------------------------- table

TRUTH = ROOT / "engines" / "vllm-0.33-quantised.json"
TABLE = ROOT.parent / "Sources" / "LoRAEngines" / "Engines" / "VLLM" / "VLLMQuantisation33.swift"


def write_table():
    """A line for every description that has one outcome on all classes, and one for the classes."""
    rows = json.loads(TRUTH.read_text())
    classes = sorted({architecture for row in rows for architecture in row["outcomes"]})
    lines = []
    for row in rows:
        outcomes = set(row["outcomes"].values())
        if outcomes == {"refused"} or outcomes == {"applied"} and sorted(row["outcomes"]) == classes:
            text = json.dumps(row["config"], separators=(",", ":"))
            lines.append(f"    {outcomes.pop()} {text}\n")
    TABLE.write_text(
        "// Made by testdata/make/vllm_quantised.py from vllm 0.33.0; do not edit.\n\n"
        "extension VLLMQuantisation {\n"
        "  /// What vLLM 0.33 does with descriptions of quantisation.\n"
        '  static let release33 = VLLMQuantisation(\n    #"""\n'
        f"    classes {' '.join(classes)}\n{''.join(sorted(set(lines)))}"
        '    """#)\n}\n')


def main():
    match sys.argv[1:]:
        case ["truth"]: run(TRUTH, [])
        case ["truth", output, *names]: run(output, names)
        case ["table"]: write_table()
        case _: sys.exit(__doc__)


if __name__ == "__main__":
    main()
