"""LoRAX's own classes and adapter loader in a process without a GPU, for lorax_odd.py.

Needs a checkout of predibase/lorax at a7394ba386ec (its folder `server`) and, in front of what torch needs,
transformers 4.49.0, tokenizers 0.21.4, huggingface_hub 0.30.2 and peft 0.4.0, the versions that it pins. Its model
classes are built from a checkpoint and load adapters with their own code, and its layers add them with their own
`forward`. What can't be had here stands in: modules of CUDA alone are empty, and the four functions of its extension
`punica_kernels` multiply what lies at the pointers that they are given, by sizes of their own, as `punica_ops.cc`,
`sgmv_cutlass.cuh` and `bgmv_impl.cuh` do, for the sizes that `bgmv_config.h` and `sgmv_config.h` list.
"""

import importlib
import importlib.abc
import importlib.machinery
import json
import re
import sys
import types
from collections import defaultdict
from unittest.mock import MagicMock

ABSENT = set("""
    loguru opentelemetry flash_attn flash_attn_2 flash_attn_2_cuda vllm dropout_layer_norm rotary_emb grpc grpc_status
    grpc_reflection punica_kernels prometheus_client hqq megablocks flashinfer outlines google accelerate boto3 botocore
    triton einops awq_inference_engine exllama_kernels exllamav2_kernels custom_kernels eetq EETQ stk qwen_vl_utils
    """.split())
ABSENT_PARTS = tuple(f"lorax_server.{part}" for part in (
    "pb", "utils.ops", "utils.flash_attn", "utils.flash_attn_triton", "utils.paged_attention"))
CLASSES = dict(
    llama="flash_llama.FlashLlama", mistral="flash_mistral.FlashMistral", qwen2="flash_qwen2.FlashQwen2",
    granite="flash_granite.FlashGranite", gemma="flash_gemma.FlashGemma", gemma2="flash_gemma2.FlashGemma2",
    mixtral="flash_mixtral.FlashMixtral", cohere="flash_cohere.FlashCohere", phi="flash_phi.FlashPhi",
    phi3="flash_phi3.FlashPhi3", gpt2="flash_gpt2.FlashGPT2")


class StandIns(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Modules of which every member is a mock."""

    def find_spec(self, name, path, target=None):
        if name.split(".")[0] in ABSENT or name.startswith(ABSENT_PARTS):
            return importlib.machinery.ModuleSpec(name, self, is_package=True)
        return None

    def create_module(self, spec):
        module = types.ModuleType(spec.name)
        module.__path__ = []

        def member(name):
            if name.startswith("__"):
                raise AttributeError(name)
            return MagicMock(name=name)

        module.__getattr__ = member
        return module

    def exec_module(self, module):
        pass


class Kernels:
    """`punica_kernels` over the memory of the weights that a model holds."""

    def __init__(self, server, torch):
        folder = server / "punica_kernels" / "punica_kernels"
        text = (folder / "bgmv" / "bgmv_config.h").read_text()
        self.wide = {int(size) for size in re.findall(r"f\(T, narrow, (\d+)\)", text)}
        self.narrow = {int(size) for size in re.findall(r"FOR_BGMV_WIDE\(f, T, (\d+)\)", text)}
        text = (folder / "sgmv_flashinfer" / "sgmv_config.h").read_text()
        self.shrinks = {int(size) for size in re.findall(r"f\(T, (\d+)\)", text)}
        self.torch = torch
        self.model = None

    def weight(self, pointer, layer, rows, columns):
        """What a kernel finds for a layer when it takes all layers for matrices of this size."""
        for kind in self.model.layer_to_adapter_weights.values():
            for weights in kind.adapter_weights.values():
                for tensor in (weights._weights_a, weights._weights_b):
                    if tensor.data_ptr() == pointer and tensor.numel():
                        flat = tensor.view(-1)
                        start = layer * rows * columns
                        part = flat[start:start + rows * columns]
                        # Beyond its end lies what happens to lie there.
                        return self.torch.nn.functional.pad(
                            part, (0, rows * columns - part.numel()), value=float("nan")).view(rows, columns)
        raise RuntimeError("illegal memory access")

    def sgmv_cutlass_tmp_size(self, count):
        return 60 * count

    def sgmv_cutlass(self, y, x, pointers, start, end, tmp, layer):
        if x.shape[1] % 8 or y.shape[1] % 8:
            raise RuntimeError("sgmv_cutlass gemm.run failed")
        for pointer, first, last in zip(pointers.tolist(), start.tolist(), end.tolist()):
            y[first:last] += x[first:last] @ self.weight(pointer, layer, x.shape[1], y.shape[1])

    def sgmv_shrink(self, y, x, pointers, start, end, tmp, layer):
        if y.shape[1] not in self.shrinks:
            raise RuntimeError(f"No suitable kernel. d_out={y.shape[1]}")
        for pointer, first, last in zip(pointers.tolist(), start.tolist(), end.tolist()):
            y[first:last] += x[first:last] @ self.weight(pointer, layer, y.shape[1], x.shape[1]).T

    def dispatch_bgmv(self, y, x, pointers, indices, layer, scale):
        sizes = {x.shape[1], y.shape[1]}
        if not (sizes & self.wide and sizes & self.narrow and len(sizes) == 2 and max(sizes) < 65536):
            raise RuntimeError(f"No suitable kernel. h_in={x.shape[1]} h_out={y.shape[1]}")
        for row, index in enumerate(indices.tolist()):
            if index >= 0:
                y[row] += scale * self.weight(pointers[index].item(), layer, y.shape[1], x.shape[1]) @ x[row]


class Engine:
    """A model class of LoRAX with a base of random weights."""

    def __init__(self, server, config, place):
        if not any(isinstance(finder, StandIns) for finder in sys.meta_path):
            sys.meta_path.insert(0, StandIns())
            sys.path.insert(0, str(server))
        import torch
        self.torch = torch
        from lorax_server.adapters.weights import AdapterBatchData, AdapterBatchMetadata
        from lorax_server.models import flash_causal_lm
        from lorax_server.models.model import LayerAdapterWeights
        from lorax_server.utils import punica
        from lorax_server.utils.dist import FakeGroup
        from lorax_server.utils.weights import Weights
        self.data, self.meta = AdapterBatchData, AdapterBatchMetadata
        punica._kernels = self.kernels = Kernels(server, torch)
        assert punica.has_sgmv()
        # As `FlashCausalLM` starts it, without its tokenizer, memory and devices.
        module, name = CLASSES[config["model_type"]].split(".")
        class_ = getattr(importlib.import_module(f"lorax_server.models.{module}"), name)
        group = FakeGroup(0, 1)
        (place / "config.json").write_text(json.dumps(config))
        self.checkpoint = self.write_checkpoint(place)

        def start(model, model_id, model_cls, dtype, config_cls=flash_causal_lm.AutoConfig, **_):
            own = config_cls.from_pretrained(model_id)
            own.quantize = None
            weights = Weights([place / "model.safetensors"], torch.device("cpu"), torch.float32, process_group=group)
            weights._set_config(model_id, own)
            model.model = model_cls("", own, weights)
            model.model_id, model.dtype, model.process_group, model.world_size = model_id, torch.float32, group, 1
            model.trust_remote_code, model.dynamic_adapter_loading_enabled = False, True
            model.loaded_adapters, model.preloaded_adapter_indices = set(), set()
            model.layer_to_adapter_weights, model.layer_to_lora_weights = defaultdict(LayerAdapterWeights), {}
            model.tokenizers = MagicMock()
            model.target_to_layer = model.adapter_target_to_layer()

        flash_causal_lm.FlashCausalLM.__init__ = start
        self.model = class_(str(place), "", "local", compile=False)
        self.kernels.model = self.model

    def write_checkpoint(self, place):
        """Random weights under the names that published checkpoints have; the sizes of modules by name."""
        from safetensors.torch import save_file
        from transformers import AutoConfig, AutoModelForCausalLM
        self.torch.manual_seed(0)
        model = AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(place))
        sizes = {}
        for name, module in model.named_modules():
            if getattr(module, "weight", None) is not None and module.weight.ndim == 2:
                rows, columns = module.weight.shape
                sizes[name] = (rows, columns) if type(module).__name__ == "Conv1D" else (columns, rows)
        save_file({re.sub("^transformer\\.", "", name): value.clone() for name, value in model.state_dict().items()},
                  place / "model.safetensors")
        return sizes

    def load(self, place):
        """What becomes of a request for the adapter, up to its tokens."""
        from lorax_server.adapters.utils import download_adapter_weights
        download_adapter_weights(str(place), "local")
        self.model.load_adapter(types.SimpleNamespace(adapter_ids=[str(place)]), "local", 1, None)

    def offload(self, place):
        self.model.offload_adapter(types.SimpleNamespace(adapter_ids=[str(place)]), "local", 1)

    def forget(self):
        from lorax_server.utils import adapter
        adapter.load_module_map.cache_clear()
        self.model.loaded_adapters.clear()
        self.model.layer_to_adapter_weights.clear()

    def added(self, prefill):
        """What the layers add to their outputs for the loaded adapter, and for which inputs, by the module's name."""
        torch, count, found, done = self.torch, 3, {}, set()
        meta = self.meta(
            adapter_indices=torch.ones(count, dtype=torch.int64), adapter_list=[1], adapter_set={1},
            adapter_segments=torch.tensor([0, count], dtype=torch.int32), segment_indices=[1])
        data = self.data.from_meta(
            meta, self.model.layer_to_adapter_weights, {}, None, prefill,
            torch.tensor([count - 1]) if prefill else None)
        targets = self.model.target_to_layer
        for (index, kind), (_, layer) in targets.items():
            if id(layer) in done:
                continue
            done.add(id(layer))
            width = layer.base_layer.linear.weight.shape[1]
            inputs = torch.randn(1 if prefill and kind == "lm_head" else count, width)
            outputs = layer(inputs, data)
            outputs = outputs[0] if isinstance(outputs, tuple) else outputs
            base = layer.base_layer(inputs)
            change, offset = (outputs - (base[0] if isinstance(base, tuple) else base)).detach(), 0
            for part in getattr(layer, "layer_names", [kind]):
                name = targets[(index, part)][0]
                if name in self.checkpoint:
                    # Where the module's own rows lie.
                    size = self.checkpoint[name][1]
                    found[name] = (inputs, change[:, offset:offset + size])
                    offset += size
        return found
