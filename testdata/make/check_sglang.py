"""Holds adapters against SGLang itself, on the CPU: its config check, its loader, its wrapped modules, its memory pool.

    python sglang_adapters.py FOLDER             first: makes bases and adapters
    python check_sglang.py truth FOLDER OUT      one JSON line for each base: what SGLang does with each adapter
    python check_sglang.py facts FOLDER OUT      one JSON line for each model class: what it wraps, its slots
    python check_sglang.py fixture FOLDER OUT --truth TRUTH     packs the truth for the tests
    python check_sglang.py layouts FOLDER FACTS  writes slots/sglang_layouts.json for the tests
    python check_sglang.py images FOLDER OUT --tool TOOL     fills slots and compares them with `pack --engine sglang`;
                                                 OUT is slots/sglang_images.json for the tests

Needs sglang 0.5.23 (0.5.22 and 0.5.21 work too), unpacked and on PYTHONPATH, with torch 2.14.0, transformers 5.19.0 and
what it imports; neither a GPU nor its kernels. No forward pass is run. SGLang is asked twice:
  paths   `--lora-paths ADAPTER`: module names and rank come from the adapter
  all     `--lora-target-modules all --max-lora-rank 16`, the adapter is loaded while the server runs
An adapter is applied if what lies in the slots of each wrapped module, times the scale that SGLang keeps apart, is what
PEFT adds to that module's weight. Where each row of a weight lies is left to the class itself: the deltas go through its
own load_weights as if they were a checkpoint. What was not placed, or only in modules without a slot, is not applied.
Effects: `start` the server does not start; `load` the adapter is refused; `batch` the first batch with it raises, which
nothing catches; `silent` it is served, but not as trained.
"""

import argparse
import json
import logging
import math
import os
import re
import subprocess
import sys
import tempfile
import time
import warnings
import zlib
from pathlib import Path
from unittest import mock

os.environ.setdefault("HF_HUB_OFFLINE", "1")
warnings.simplefilter("ignore")
# A kernel that rotary embeddings import where there is no GPU; nothing calls it.
for name in ("vllm", "vllm._custom_ops"):
    sys.modules[name] = mock.MagicMock(__spec__=None)

import torch
import transformers.models.deberta.modeling_deberta  # these compile functions that call torch.tensor
import transformers.models.deberta_v2.modeling_deberta_v2

torch.set_num_threads(1)
plain_tensor = torch.tensor
torch.tensor = lambda *values, pin_memory=False, **named: plain_tensor(*values, **named)
torch.Tensor.pin_memory = lambda self, *_: self
logging.disable(logging.ERROR)

from safetensors.torch import load_file, save_file
from sglang.srt import utils

# What a server with a GPU takes; the modules below take it along when they are imported.
utils.get_device = utils.common.get_device = lambda *_: "cpu"

from sglang.srt import runtime_context
from sglang.srt.arg_groups import mamba_hook
from sglang.srt.layers import rotary_embedding
from sglang.srt.configs.load_config import LoadConfig
from sglang.srt.configs.model_config import ModelConfig
from sglang.srt.distributed import bootstrap
from sglang.srt.layers.moe.fused_moe_triton.layer import FusedMoE
from sglang.srt.lora.layers import (
    BaseLayerWithLoRA, FusedMoEWithLoRA, ParallelLMHeadWithLoRA, VocabParallelEmbeddingWithLoRA)
from sglang.srt.lora.lora_manager import LoRAManager
from sglang.srt.lora.lora_registry import LoRARef
from sglang.srt.lora.utils import auto_detect_lora_target_modules
from sglang.srt.model_loader.loader import _initialize_model
from sglang.srt.server_args import ServerArgs

mamba_hook._platform_supports_mamba_cache_extra_buffer = lambda: True
for place in (rotary_embedding, rotary_embedding.factory):
    place.get_rope_wrapper = lambda *values, device=None, **named: rotary_embedding.get_rope(*values, **named)

from files import ROOT, write_rows

LIMIT = 16
started = False


# The engine


def publish(folder):
    """The server's arguments; groups of one process, once."""
    global started
    # The others that a GPU would have refuse models whose first layer is no attention, or a sliding window.
    backend = "torch_native" if "lfm2" in folder.name.lower() else "triton"
    options = ServerArgs(
        model_path=str(folder), device="cpu", skip_tokenizer_init=True, dtype="float32", disable_cuda_graph=True,
        attention_backend=backend, enable_lora=True, max_lora_rank=LIMIT, lora_target_modules=["all"])
    runtime_context.publish(options, role="scheduler", ranks=runtime_context.SpawnRanks(
        world_rank=0, gpu_id=0, dp_rank=None))
    if not started:
        bootstrap._bind_threads_if_cpu = bootstrap._init_cpu_threads_env = lambda **_: None
        bootstrap.init_parallel_runtime(server_args=options, device="cpu", dist_port=20000 + os.getpid() % 20000)
        started = True
    return options


class Base:
    """A model of SGLang's with weights of zero, and how to take LoRA layers off it again."""

    def __init__(self, folder):
        self.options = publish(folder)
        self.config = ModelConfig.from_server_args(self.options)
        torch.set_default_dtype(torch.float32)
        self.model = _initialize_model(self.config, LoadConfig(), None)
        self.slots = [(parent, name, child) for parent in self.model.modules()
                      for name, child in parent._modules.items()]
        self.clear()

    def clear(self):
        with torch.no_grad():
            for parameter in self.model.parameters():
                parameter.zero_()

    def restore(self):
        for parent, name, child in self.slots:
            parent._modules[name] = child

    def manager(self, **options):
        return LoRAManager(
            base_model=self.model, base_hf_config=self.config.hf_config, max_loras_per_batch=2,
            load_config=LoadConfig(), dtype=torch.float32, server_args=self.options, lora_backend="csgmv", **options)


class Refusal(Exception):
    """What the engine raised, and when."""


def reason(error):
    return f"{type(error).__name__}: {error}".replace("\n", " ")[:300]


def serve(base, adapter, mode):
    """A manager with the adapter in slot 1, or Refusal(effect, reason)."""
    reference = LoRARef(lora_id="adapter", lora_name="adapter", lora_path=str(adapter), pinned=False)
    step = "start"
    try:
        if mode == "paths":
            loaded = []

            def load(self, lora_ref, plain=LoRAManager._load_lora_adapter):
                loaded.append(plain(self, lora_ref))
                return loaded[-1]

            with mock.patch.object(LoRAManager, "_load_lora_adapter", load):
                try:
                    manager = base.manager(lora_paths=[reference])
                finally:
                    step = "load" if loaded and not loaded[-1].success else "start"
        else:
            manager = base.manager(target_modules={"all"}, max_lora_rank=LIMIT)
            step = "load"
            result = manager.load_lora_adapter(reference)
            if not result.success:
                raise RuntimeError(result.error_message)
        step = "batch"
        manager.fetch_new_loras({"adapter"})
        return manager
    except Exception as error:
        raise Refusal(step, reason(error)) from error


# What lies in the slots


def product(a, b, rank, offsets):
    """B·A slice by slice: slice k has rows offsets[k] ..< offsets[k + 1] of B and ranks k·rank ..< (k + 1)·rank of A."""
    return torch.cat([b[start:end, :rank] @ a[index * rank: (index + 1) * rank]
                      for index, (start, end) in enumerate(zip(offsets, offsets[1:]))])


def experts(layer, slot, most, shared):
    """w13 and w2 of the experts as LoRA changes them. Scales are in B already; A's parts lie `most` ranks apart."""
    a13, b13 = layer.gate_up_lora_a_weights[slot], layer.gate_up_lora_b_weights[slot]
    a2, b2 = layer.down_lora_a_weights[slot], layer.down_lora_b_weights[slot]
    count = max(a13.shape[0], b13.shape[0], a2.shape[0], b2.shape[0])
    a13, b13, a2, b2 = (tensor.expand(count, -1, -1) for tensor in (a13, b13, a2, b2))
    down = b2 @ a2
    if a13.shape[1] == most:
        return b13 @ a13, down
    gate_a, up_a = a13[:, :most], a13[:, most:]
    if layer._uses_interleaved_gate_up:
        pairs = torch.stack([b13[:, 0::2] @ gate_a, b13[:, 1::2] @ up_a], dim=2)
        return pairs.reshape(count, -1, a13.shape[2]), down
    half = b13.shape[1] // 2
    return torch.cat([b13[:, :half] @ gate_a, b13[:, half:] @ up_a], dim=1), down


def buffers(layer):
    """A and B of all slots of a linear layer; releases before 0.5.23 have no common name for them."""
    if hasattr(layer, "lora_a"):
        return layer.lora_a, layer.lora_b
    if hasattr(layer, "A_buffer_qkv"):
        return layer.A_buffer_qkv, layer.B_buffer_qkv
    return layer.A_buffer, layer.B_buffer


def offsets(layer):
    for name in ("lora_offsets", "_output_offset", "output_offset"):
        if getattr(layer, name, None) is not None:
            return [int(value) for value in getattr(layer, name)]
    return [0, buffers(layer)[1].shape[1]]


def held(manager):
    """What the slot adds to each parameter: {name of the parameter: delta}."""
    adapter = manager.loras["adapter"]
    slot = manager.memory_pool.get_buffer_id("adapter")
    rank, scale, most = adapter.config.r, adapter.scaling, manager.memory_pool.max_lora_rank
    found = {}
    for name, layer in manager.base_model.named_modules():
        if not isinstance(layer, BaseLayerWithLoRA):
            continue
        if isinstance(layer, FusedMoEWithLoRA):
            w13, w2 = experts(layer, slot, most, False)
            found[f"{name}.w13_weight"], found[f"{name}.w2_weight"] = w13, w2
        elif isinstance(layer, VocabParallelEmbeddingWithLoRA):
            a, b = layer.embedding_A_buffer[slot], layer.embedding_B_buffer[slot]
            found[f"{name}.weight"] = scale * (b[:, :rank] @ a[:rank]).T
        elif isinstance(layer, ParallelLMHeadWithLoRA):
            a, b = layer.lm_head_A_buffer[slot], layer.lm_head_B_buffer[slot]
            found[f"{name}.weight"] = scale * (b[:, :rank] @ a[:rank])
        else:
            a, b = buffers(layer)
            found[f"{name}.weight"] = scale * product(a[slot], b[slot], rank, offsets(layer))
    return found


def expected(base, delta):
    """The deltas where the class's own loader puts them, and what it did not take."""
    base.clear()
    # A tied head has no weight in the checkpoint: its delta stands for itself.
    head = {name: value for name, value in delta.items() if re.search(r"(^|\.)(lm_head|embed_out)\.weight$", name)}
    rest = {name: value for name, value in delta.items() if name not in head}
    lost = None
    try:
        with torch.no_grad():
            base.model.load_weights(iter(rest.items()))
    except Exception as error:
        raise Refusal("start", "the class does not load this base: " + reason(error)) from error
    placed = {name: parameter.detach().clone() for name, parameter in base.model.named_parameters()
              if torch.count_nonzero(parameter)}
    # Where a class copies the embedding into a tied head, the head has no delta of its own.
    placed = {name: value for name, value in placed.items() if not name.endswith(("lm_head.weight", "proj_out.weight"))}
    if head:
        name = next((name for name, module in base.model.named_modules() if name.endswith("lm_head")), "lm_head")
        placed[f"{name}.weight"] = next(iter(head.values()))
    total = sum(value.double().square().sum().item() for value in delta.values())
    got = sum(value.double().square().sum().item() for value in placed.values())
    base.clear()
    if lost is None and abs(got - total) > 1e-4 * max(total, 1e-30):
        lost = f"the class takes {got / total if total else 0:.3f} of the deltas"
    return placed, lost


def pattern(name):
    return re.sub(r"\.\d+(?=\.|$)", ".#", name.removesuffix(".weight"))


def same(found, wanted):
    rows = min(found.shape[-2], wanted.shape[-2])
    return found.shape[-1] == wanted.shape[-1] and torch.allclose(
        found[..., :rows, :], wanted[..., :rows, :], rtol=1e-3, atol=1e-4) and not any(
        torch.count_nonzero(rest[..., rows:, :]) for rest in (found, wanted))


def compare(found, wanted):
    """Patterns of modules by what became of them."""
    result = {"right": set(), "dropped": set(), "wrong": set(), "extra": set()}
    for name, value in wanted.items():
        if name not in found or not torch.count_nonzero(found[name]):
            result["dropped"].add(pattern(name))
        else:
            result["right" if same(found[name], value) else "wrong"].add(pattern(name))
    for name, value in found.items():
        if name not in wanted and torch.count_nonzero(value):
            result["extra"].add(pattern(name))
    return {key: sorted(value) for key, value in result.items()}


# What is left out of the comparison of factors: the config says so, SGLang does not look.


def untold(settings, tensors):
    found = []
    for key in ("alora_invocation_tokens", "layer_replication", "trainable_token_indices"):
        if settings.get(key):
            found.append(f"{key} is not read")
    if settings.get("init_lora_weights") in ("pissa", "olora", "loftq", "corda"):
        found.append("the base's weights are not changed as the initialisation asks")
    whole = [name for name in tensors if "lora_" not in name and ".base_layer." not in name]
    if whole:
        found.append(f"whole tensors are not read: {pattern(whole[0])}")
    biases = [name for name in tensors if re.search(r"lora_[AB]\.bias$", name)]
    if biases:
        found.append("biases of factors are not read")
    return found


def verdict(base, adapter, mode):
    settings = json.loads((adapter / "adapter_config.json").read_text())
    base.restore()
    try:
        manager = serve(base, adapter, mode)
        found = held(manager)
    except Refusal as refusal:
        effect, why = refusal.args
        return dict(verdict="refused", effect=effect, why=why)
    finally:
        base.restore()
    tensors = [name for path in adapter.glob("*.safetensors") for name in load_file(path)]
    silent = untold(settings, tensors)
    if not (adapter / "delta.safetensors_").exists():
        if not silent:
            return dict(verdict="unknown", effect=None, why="no delta of PEFT to compare with")
        return dict(verdict="partly", effect="silent", why="; ".join(silent))
    try:
        wanted, lost = expected(base, load_file(adapter / "delta.safetensors_"))
    except Refusal as refusal:
        effect, why = refusal.args
        return dict(verdict="refused", effect=effect, why=why)
    parts = compare(found, wanted)
    problems = [f"{key}: {', '.join(parts[key])}" for key in ("dropped", "wrong", "extra") if parts[key]]
    problems += [lost] if lost else []
    problems += silent
    if not problems:
        return dict(verdict="applied", effect=None, why="", right=parts["right"])
    whole = not parts["right"] and not parts["wrong"] and not parts["extra"]
    return dict(verdict="ignored" if whole else "partly", effect="silent", why="; ".join(problems), **parts)


def shapes(adapter):
    found = {}
    for path in sorted(adapter.glob("*.safetensors")):
        found |= {name: list(value.shape) for name, value in load_file(path).items()}
    return found


def truth(folder, output, only):
    done = set()
    if output.exists():
        done = {json.loads(line)["key"] for line in output.read_text().splitlines()}
    with output.open("a") as file:
        for path in sorted(folder.iterdir()):
            if path.name in done or only and not re.fullmatch(only, path.name):
                continue
            began = time.time()
            row = dict(key=path.name, config=json.loads((path / "config.json").read_text()), adapters=[])
            adapters = sorted(entry for entry in path.iterdir() if entry.is_dir())
            try:
                base = Base(path)
                row["class"] = type(base.model).__name__
            except (Exception, SystemExit) as error:
                row["class"], row["error"] = None, reason(error)
            for adapter in adapters:
                entry = dict(
                    name=adapter.name, config=read_config(adapter),
                    tensors=shapes(adapter),
                    files=sorted(entry.name for entry in adapter.iterdir() if entry.suffix != ".safetensors_"))
                for mode in ("paths", "all"):
                    if row["class"] is None:
                        entry[mode] = dict(verdict="refused", effect="start", why="no such model: " + row["error"])
                        continue
                    try:
                        entry[mode] = verdict(base, adapter, mode)
                    except Exception as error:
                        entry[mode] = dict(verdict="unknown", effect=None, why="the check failed: " + reason(error))
                row["adapters"].append(entry)
            file.write(json.dumps(row) + "\n")
            file.flush()
            counts = {}
            for entry in row["adapters"]:
                key = f"{entry['paths']['verdict']}/{entry['paths']['effect']}"
                counts[key] = counts.get(key, 0) + 1
            print(path.name, row["class"], row.get("error", ""), counts, f"{time.time() - began:.0f} s", flush=True)


# What each class wraps


NAMES = ["qkv_proj", "o_proj", "gate_up_proj", "down_proj", "gate_up_proj_moe", "down_proj_moe", "embed_tokens", "lm_head",
         "fused_qkv_a_proj_with_mqa", "q_b_proj", "kv_b_proj", "up_proj", "out_proj", "in_proj", "in_proj_qkvz"]


def kind_of(module):
    """The engine's kind of layer, without the name of the class that LoRA wraps it in."""
    return type(getattr(module, "base_layer", module)).__name__


def linear(module):
    weight = getattr(module, "weight", None)
    return isinstance(module, FusedMoE) or isinstance(weight, torch.Tensor) and weight.ndim == 2


def placements(base, path):
    """Where the class's loader puts each weight that PEFT reaches: [parameter, first row, rows]."""
    found = {}
    deltas = {}
    for adapter in path.glob("*/delta.safetensors_"):
        for name, value in load_file(adapter).items():
            deltas.setdefault(name, value)
    first = {}
    for name in sorted(deltas):
        first.setdefault(pattern(name), name)
    for short, name in first.items():
        base.clear()
        try:
            with torch.no_grad():
                base.model.load_weights(iter([(name, torch.ones_like(deltas[name]))]))
        except Exception as error:
            found[short] = reason(error)[:120]
            continue
        places = []
        for parameter, value in base.model.named_parameters():
            if torch.count_nonzero(value):
                rows = value.reshape(-1, value.shape[-1]).any(dim=1).nonzero().flatten()
                places.append([pattern(parameter), int(rows[0]), len(rows)])
        found[short] = places
    base.clear()
    return found


def facts_of(path):
    config = json.loads((path / "config.json").read_text())
    row = dict(key=path.name, architecture=config["architectures"][0], model_type=config["model_type"])
    try:
        base = Base(path)
    except (Exception, SystemExit) as error:
        return {**row, "class": None, "lora": "no such model: " + reason(error)}
    model = base.model
    row["class"] = type(model).__name__
    row["own"] = [name for name in ("get_hidden_dim", "get_stacked_multiply", "should_apply_lora",
                                    "supported_lora_modules") if hasattr(model, name)]
    row["config"] = {key: getattr(base.config.hf_config.get_text_config(), key, None) for key in (
        "hidden_size", "vocab_size", "num_hidden_layers", "num_attention_heads", "num_key_value_heads", "head_dim",
        "intermediate_size", "moe_intermediate_size", "n_shared_experts", "shared_expert_intermediate_size")}
    every = {pattern(name): kind_of(module) for name, module in model.named_modules() if linear(module)}
    row["modules"] = every
    row["placed"] = placements(base, path)
    leaves = {name.rsplit(".", 1)[-1] for name in every if re.search(r"layers\.#\.", name)}
    row["targets"] = {leaf: serving(base, {leaf}) for leaf in sorted({*NAMES, *leaves})}
    if any(kind == "FusedMoE" or "experts" in name for name, kind in every.items()):
        row["experts"] = serving(base, {"gate_up_proj", "down_proj"})
    row["all_linear"] = sorted(auto_detect_lora_target_modules(model))
    base.restore()
    try:
        manager = base.manager(target_modules={"all"}, max_lora_rank=LIMIT)
        row["lora"] = True
        row["slots"] = slots(manager)
    except Exception as error:
        row["lora"] = reason(error)
        row["slots"] = {}
        # What can be served at all.
        for leaf, wrapped in row["targets"].items():
            if isinstance(wrapped, list) and wrapped:
                base.restore()
                row["slots"] |= slots(base.manager(target_modules={leaf}, max_lora_rank=LIMIT))
    base.restore()
    return row


def serving(base, targets):
    """The modules that a server with these targets wraps, or why it does not start."""
    base.restore()
    try:
        base.manager(target_modules=targets, max_lora_rank=LIMIT)
    except Exception as error:
        return reason(error)
    finally:
        found = [(pattern(name), kind_of(layer), fits(layer)) for name, layer in base.model.named_modules()
                 if isinstance(layer, BaseLayerWithLoRA)]
        base.restore()
    return sorted(set(found))


def fits(layer):
    """Whether the slots are as wide as the module, so that factors for it can be loaded."""
    if isinstance(layer, FusedMoEWithLoRA) or not layer.set_lora:
        return True
    if isinstance(layer, VocabParallelEmbeddingWithLoRA):
        return layer.embedding_A_buffer.shape[-1] == layer.vocab_size
    if isinstance(layer, ParallelLMHeadWithLoRA):
        return layer.lm_head_B_buffer.shape[-2] == layer.vocab_size
    a, b = buffers(layer)
    return list(layer.base_layer.weight.shape) == [b.shape[-2], a.shape[-1]]


def slots(manager):
    """Shapes of one slot of each wrapped module, as `pack` names them, experts' gate and up before down."""
    found = {}
    for name, layer in manager.base_model.named_modules():
        if isinstance(layer, FusedMoEWithLoRA):
            pairs = [(layer.gate_up_lora_a_weights, layer.gate_up_lora_b_weights),
                     (layer.down_lora_a_weights, layer.down_lora_b_weights)]
        elif isinstance(layer, VocabParallelEmbeddingWithLoRA):
            pairs = [(layer.embedding_A_buffer, layer.embedding_B_buffer)]
        elif isinstance(layer, ParallelLMHeadWithLoRA):
            pairs = [(layer.lm_head_A_buffer, layer.lm_head_B_buffer)]
        elif isinstance(layer, BaseLayerWithLoRA) and layer.set_lora:
            pairs = [buffers(layer)]
        else:
            continue
        for index, (a, b) in enumerate(pairs):
            found[f"{name}.lora_a_stacked.{index}"] = list(a.shape[1:])
            found[f"{name}.lora_b_stacked.{index}"] = list(b.shape[1:])
    return found


# What the slots hold, byte by byte


# Adapters that fill slots in different ways, where the base has them.
FILLED = ("all", "attention", "mlp", "first-layer", "without-k", "only-q_proj", "only-o_proj", "only-gate_proj",
          "only-down_proj", "only-qkv_proj", "only-gate_up_proj", "pair-q_proj-v_proj", "rslora", "apart", "apart-all",
          "apart-layer-1", "apart-expert-1", "apart-without-up_proj")


def written(name, shape):
    """Values that every type holds exactly and that a test in another language makes again from name and shape."""
    count = math.prod(shape)
    places = (torch.arange(count, dtype=torch.int64) * 2654435761 + zlib.crc32(name.encode())) % 255
    return ((places.double() - 127) / 64).float().reshape(shape)


def filled(manager):
    """The bytes of one slot of each layer's module, by the names that `pack` gives them."""
    slot = manager.memory_pool.get_buffer_id("adapter")
    found = {}
    for name, layer in manager.base_model.named_modules():
        if isinstance(layer, FusedMoEWithLoRA):
            pairs = [(layer.gate_up_lora_a_weights, layer.gate_up_lora_b_weights),
                     (layer.down_lora_a_weights, layer.down_lora_b_weights)]
        elif isinstance(layer, BaseLayerWithLoRA) and ".layers." in name and layer.set_lora:
            pairs = [buffers(layer)]
        else:
            continue
        for index, (a, b) in enumerate(pairs):
            found[f"{name}.lora_a_stacked.{index}"] = a[slot].contiguous()
            found[f"{name}.lora_b_stacked.{index}"] = b[slot].contiguous()
    return found


def images(folder, tool, output, only):
    """One line for each adapter that is served: its tensors, and a checksum of each buffer of its slot."""
    lines, counts = [], {}
    with tempfile.TemporaryDirectory() as place:
        for path in sorted(folder.iterdir()):
            if only and not re.fullmatch(only, path.name):
                continue
            try:
                base = Base(path)
            except (Exception, SystemExit):
                continue
            for name in FILLED:
                if (path / name / "adapter_model.safetensors").exists():
                    line, said = image(base, path, path / name, tool, Path(place))
                    counts[said] = counts.get(said, 0) + 1
                    if said not in ("equal", "not served"):
                        print(path.name, name, said, flush=True)
                    if line:
                        lines.append(line)
            print(path.name, counts, flush=True)
    write_rows(output, [line for line in lines if KEPT.fullmatch(f"{line['key']} {line['name']}")])


def read_config(adapter):
    """The adapter's config; where its base lay when it was made is nothing to keep."""
    config = json.loads((adapter / "adapter_config.json").read_text())
    if isinstance(base := config.get("base_model_name_or_path"), str):
        config["base_model_name_or_path"] = "bases/" + Path(base).name
    return config


def image(base, path, adapter, tool, place):
    settings = read_config(adapter)
    shapes = {name: list(value.shape) for name, value in load_file(adapter / "adapter_model.safetensors").items()}
    save_file({name: written(name, shape) for name, shape in shapes.items()}, place / "adapter_model.safetensors")
    (place / "adapter_config.json").write_text(json.dumps(settings))
    base.restore()
    try:
        slots = filled(serve(base, place, "all"))
    except Refusal as refusal:
        return None, "not served"
    finally:
        base.restore()
    packed = subprocess.run(
        [tool, "pack", "--engine", "sglang", "--base", path / "config.json", "--max-lora-rank", str(LIMIT), "--dtype",
         "f32", "--max-loras", "1", "--output", place / "slots.out", "--overwrite", "--quiet",
         "--skip-validation", place],
        capture_output=True, text=True)
    said, _ = differing(settings)
    line = dict(key=path.name, config=finite(json.loads((path / "config.json").read_text())), name=adapter.name,
                settings=said, tensors=shapes,
                buffers={name: zlib.crc32(value.numpy().tobytes()) for name, value in sorted(slots.items())})
    if packed.returncode:
        return None, "not packed: " + (packed.stderr or packed.stdout).strip()[:160].replace("\n", " ")
    ours = {name: value[0] for name, value in load_file(place / "slots.out").items()}
    return line, difference(ours, slots)


def difference(ours, theirs):
    if ours.keys() != theirs.keys():
        return f"other buffers: {sorted(ours.keys() ^ theirs.keys())[:2]}"
    for name, value in ours.items():
        if value.shape != theirs[name].shape:
            return f"other shapes: {name}"
        if not torch.equal(value.view(torch.uint8), theirs[name].view(torch.uint8)):
            return f"other bytes: {pattern(name)}"
    return "equal"


# Of each kind of base and adapter, a few are enough for the tests.
KEPT = re.compile(r"(Llama|Qwen2|Qwen3|Phi3|Gemma2|Granite|Cohere|Exaone4|Glm4|Mistral|Mixtral|Qwen3Moe|Qwen2Moe|DeepseekV2|"
                  r"DeepseekV3|GptOss)ForCausalLM (all|without-k|only-q_proj|attention|apart|apart-expert-1)")


def facts(folder, output, only):
    with output.open("w") as file:
        for path in sorted(folder.iterdir()):
            if only and not re.fullmatch(only, path.name):
                continue
            row = facts_of(path)
            file.write(json.dumps(row) + "\n")
            file.flush()
            print(row["key"], row["class"], row["lora"], len(row.get("slots", {})), flush=True)


# Fixtures


# What a server says that has no class for a model.
UNSERVED = ("has no SGlang implementation", "Unsupported TP style", "no attribute 'vocab_size'")


def differing(settings):
    """What a config says beside PEFT's defaults, and which of its members are missing."""
    from peft import LoraConfig

    defaults = json.loads(json.dumps(LoraConfig().to_dict(), default=str))
    always = {"target_modules", "r", "lora_alpha"}
    said = {key: value for key, value in settings.items()
            if key in always or key != "peft_version" and value != defaults.get(key)}
    return said, sorted({*always, "peft_type"} - set(settings))


def sample(folder, entry):
    """A line's adapter: `paths` decides; `all` is said where it differs."""
    said, absent = differing(entry["config"])
    found, other = entry["paths"], entry["all"]
    row = dict(name=entry["name"], config=said, tensors=entry["tensors"])
    if absent:
        row["absent"] = absent
    more = [name for name in entry["files"] if name not in ("adapter_config.json", "adapter_model.safetensors")]
    weights = [name for name in entry["files"] if name.endswith(".safetensors")]
    if weights and "adapter_model.safetensors" not in weights:
        row["weights"] = weights[0]
    row |= {key: value for key, value in dict(
        copies=[name for name in more if name.endswith(".safetensors") and name != row.get("weights")],
        files={name: (folder / name).read_text() if name.endswith(".json") else "" for name in more
               if not name.endswith(".safetensors")}).items() if value}
    # An adapter that is ignored as a whole is the utmost of one that is served in part.
    verdict = {"ignored": "partly"}.get(found["verdict"], found["verdict"])
    row |= dict(verdict=verdict, effect=found["effect"], why=re.sub(r"'base_model[^']*'", "…", found["why"])[:100])
    if (other["verdict"], other["effect"]) != (found["verdict"], found["effect"]):
        row["all"] = "/".join(filter(None, (other["verdict"], other["effect"])))
    return row


def layouts(folder, found):
    """Shapes of the slots of layers, of the catalogue's model types, for the tests of layouts."""
    known = {path.stem for path in (ROOT / "catalogue").glob("*.json")}
    rows = []
    for line in found.read_text().splitlines():
        row = json.loads(line)
        buffers = {name: shape for name, shape in row.get("slots", {}).items() if ".layers." in name}
        # Of the Transformers backend, dense models alone: its experts have names of its own.
        own = not (row["class"] or "").startswith("TransformersMoE")
        if own and row["lora"] is True and row["model_type"] in known and buffers and ".tied" not in row["key"]:
            config = json.loads((folder / row["key"] / "config.json").read_text())
            rows.append(dict(name=row["key"], config=finite(config), buffers=dict(sorted(buffers.items()))))
    write_rows(ROOT / "slots" / "sglang_layouts.json", rows)


def finite(value):
    """The same without numbers that JSON has no words for."""
    if isinstance(value, dict):
        return {key: finite(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [finite(entry) for entry in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def fixture(folder, truths, output):
    """The truth without what does not depend on SGLang, packed."""
    import zstandard

    lines = []
    for line in truths.read_text().splitlines():
        row = json.loads(line)
        # What the environment decided, or names of a checkpoint that the class does not know, says nothing about LoRA.
        adapters = [sample(folder / row["key"] / entry["name"], entry) for entry in row["adapters"]
                    if entry["paths"]["verdict"] != "unknown" and "adapter_model.bin" not in entry["files"]
                    and "does not load this base" not in entry["paths"]["why"]
                    and "the class takes" not in entry["paths"]["why"]]
        if row["class"] is None and not any(text in row["error"] for text in UNSERVED):
            continue
        if row["class"] is None:
            # No model, no adapters; one sample says it.
            adapters = adapters[:1]
        lines.append(json.dumps(dict(key=row["key"], config=finite(row["config"]), adapters=adapters),
                                separators=(",", ":"), ensure_ascii=False, allow_nan=False))
    text = "\n".join(lines) + "\n"
    output.write_bytes(zstandard.ZstdCompressor(level=22).compress(text.encode()))
    print(len(lines), "bases", len(text), "characters", output.stat().st_size, "bytes")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("command", choices=["truth", "facts", "fixture", "layouts", "images"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--only")
    parser.add_argument("--truth", type=Path)
    parser.add_argument("--tool")
    chosen = parser.parse_args()
    if chosen.command == "layouts":
        layouts(chosen.folder, chosen.output)
    elif chosen.command == "images":
        images(chosen.folder, chosen.tool, chosen.output, chosen.only)
    elif chosen.command == "fixture":
        fixture(chosen.folder, chosen.truth, chosen.output)
    elif chosen.command == "truth":
        truth(chosen.folder, chosen.output, chosen.only)
    else:
        facts(chosen.folder, chosen.output, chosen.only)


if __name__ == "__main__":
    main()
