"""vLLM without a GPU: its own configuration, model classes, adapter manager and loader, run on the CPU.

Needs vllm 0.33.0 (0.32.0 and 0.31.0 work too) and transformers 5.20.2. Whatever only a GPU can do is replaced by nothing:
slot buffers are made and filled before any kernel runs.
"""

import inspect
import json
import os
import sys
import types
from pathlib import Path
from unittest import mock

os.environ.setdefault("VLLM_LOGGING_LEVEL", "ERROR")
os.environ.setdefault("HF_HUB_OFFLINE", "1")

import torch
import vllm.platforms
from vllm.platforms.cpu import CpuPlatform

vllm.platforms._current_platform = vllm.platforms.current_platform = CpuPlatform()

import vllm.lora.layers.fused_moe as fused_moe
from vllm.config import (
    DeviceConfig, LoRAConfig, ModelConfig, ParallelConfig, SchedulerConfig, VllmConfig, set_current_vllm_config)
from vllm.distributed import init_distributed_environment, initialize_model_parallel
from vllm.distributed import parallel_state
from vllm.lora.request import LoRARequest
from vllm.lora.worker_manager import LRUCacheWorkerLoRAManager
from vllm.model_executor.layers.fused_moe.modular_kernel import FusedMoEKernelModularImpl
from vllm.model_executor.model_loader.utils import initialize_model
from vllm.model_executor.models import registry

RANK = 64


class Kernel:
    """Stands where the kernel for experts would be; slots do not depend on it."""

    impl = object.__new__(FusedMoEKernelModularImpl)
    fused_experts = mock.MagicMock()

    def supports_lora(self):
        return True


def run_experts_without_kernel():
    made = fused_moe.FusedMoEWithLoRA.__init__

    def init(self, base, *rest, **named):
        method = base.routed_experts.quant_method
        type(method).supports_internal_mk, type(method).is_monolithic = True, False
        method.moe_kernel = Kernel()
        base._replace_quant_method = lambda _: None
        made(self, base, *rest, **named)

    fused_moe.FusedMoEWithLoRA.__init__ = init
    fused_moe.FusedMoEModularMethod = lambda method, _: method
    for kind in (fused_moe.FusedMoEWithLoRA, fused_moe.FusedMoE3DWithLoRA):
        kind.set_mapping = lambda self, _: None


def look_into_classes_in_this_process():
    """The registry asks a process of its own for each class, which takes most of a minute."""
    lazy = registry._LazyRegisteredModel
    lazy.inspect_model_cls = lambda self: registry._ModelInfo.from_model_cls(self.load_model_cls())


def leave_out_what_needs_a_gpu():
    """Operators, attention kernels and checks that construction of a model touches."""
    import vllm.model_executor.layers.fused_moe.config as moe_config

    space, found = type(torch.ops._C), type(torch.ops._C).__getattr__

    def operator(self, name):
        try:
            return found(self, name)
        except AttributeError:
            if self.name not in ("_C", "_moe_C", "_C_cache_ops") or name.startswith("__"):
                raise
            return lambda *_, **__: None

    space.__getattr__ = operator
    chosen = CpuPlatform.get_attn_backend_cls.__func__

    def backend(cls, selected_backend, attn_selector_config, *rest, **named):
        return chosen(cls, selected_backend, attn_selector_config._replace(use_sparse=False), *rest, **named)

    CpuPlatform.get_attn_backend_cls = classmethod(backend)
    checked = moe_config.FusedMoEConfig.__post_init__

    def check(self):
        with mock.patch.object(type(vllm.platforms.current_platform), "is_xpu", lambda _: True):
            checked(self)

    moe_config.FusedMoEConfig.__post_init__ = check
    import vllm.triton_utils

    if not hasattr(vllm.triton_utils.triton, "set_allocator"):
        vllm.triton_utils.triton.set_allocator = lambda _: None
    if not hasattr(vllm.triton_utils.tl, "extra"):
        vllm.triton_utils.tl.extra = mock.MagicMock()
    VllmConfig._validate_v1_model_runner = lambda self: None
    import vllm.v1.attention.backends.cpu_attn as cpu_attention

    made = cpu_attention.CPUAttentionBackendImpl.__init__
    known = set(inspect.signature(made).parameters)
    cpu_attention.CPUAttentionBackendImpl.__init__ = lambda self, *rest, **named: made(
        self, *rest, **{key: value for key, value in named.items() if key in known})
    os.environ["INKLING_MULTIMEM_AR"] = "0"
    import vllm.lora.lora_model, vllm.lora.lora_weights, vllm.lora.model_manager

    for part in (vllm.lora.lora_model, vllm.lora.lora_weights, vllm.lora.model_manager):
        part.PIN_MEMORY = False


def take_the_classes_of_a_gpu():
    """Some models have a class of their own for NVIDIA, and a general one for processors."""
    import importlib

    for package, names in (("deepseek_v32", ("DeepseekV32ForCausalLM", "GlmMoeDsaForCausalLM")),):
        try:
            general = importlib.import_module(f"vllm.models.{package}")
            own = importlib.import_module(f"vllm.models.{package}.nvidia.model")
        except ImportError:  # releases before it
            continue
        for name in names:
            setattr(general, name, own.DeepseekV32ForCausalLM)


def start(port=29611, parts=1, part=0):
    """Once for each process; with more parts than one, one process for each."""
    leave_out_what_needs_a_gpu()
    run_experts_without_kernel()
    look_into_classes_in_this_process()
    take_the_classes_of_a_gpu()
    # Processes of one machine would share memory under this name.
    os.environ.setdefault("VLLM_DIST_IDENT", str(port))
    init_distributed_environment(parts, part, f"tcp://127.0.0.1:{port}", part, "gloo")


class Engine:
    """One base model in the engine: its module and its adapter manager, by default with one slot."""

    def __init__(self, folder, runner="auto", towers=False, targets=None, mixed=False, rank=RANK, parts=1, loras=1,
                 residents=1, **model_options):
        folder = str(folder)
        self.model_config = ModelConfig(
            model=folder, tokenizer=folder, skip_tokenizer_init=True, dtype="bfloat16", enforce_eager=True,
            max_model_len=16, runner=runner, **model_options)
        options = dict(max_lora_rank=rank, max_loras=loras, max_cpu_loras=residents, lora_dtype=torch.bfloat16)
        if towers:
            options["enable_tower_connector_lora"] = True
        if targets:
            options["target_modules"] = targets
        if mixed:
            options["enable_mixed_moe_lora_format"] = True
        self.vllm_config = VllmConfig(
            model_config=self.model_config, device_config=DeviceConfig(device="cpu"),
            lora_config=LoRAConfig(**options), parallel_config=ParallelConfig(
                tensor_parallel_size=parts, distributed_executor_backend="external_launcher" if parts > 1 else None))
        torch.set_default_dtype(torch.bfloat16)
        with set_current_vllm_config(self.vllm_config):
            if parallel_state._TP is None:
                initialize_model_parallel(parts, 1)
            if parallel_state._EP is None:
                parallel_state._EP = parallel_state._TP
            if getattr(parallel_state, "_EPLB", 0) is None:
                parallel_state._EPLB = parallel_state._TP
            self.module = initialize_model(vllm_config=self.vllm_config)

    def manage(self, worker=LRUCacheWorkerLoRAManager):
        """Wraps the modules as the engine does when it starts with adapters enabled."""
        with set_current_vllm_config(self.vllm_config):
            self.worker = worker(
                self.vllm_config, torch.device("cpu"), getattr(self.module, "embedding_modules", {}))
            self.worker.create_lora_manager(self.module, self.vllm_config)
        self.manager = self.worker._adapter_manager
        return self.manager

    def load(self, adapter, number=1, is_3d=False):
        with set_current_vllm_config(self.vllm_config):
            self.worker.remove_all_adapters()
            self.manager.lora_index_to_id = [None] * len(self.manager.lora_index_to_id)
            self.worker.add_adapter(LoRARequest("adapter", number, str(adapter), is_3d_lora_weight=is_3d))


def write_config(folder, config):
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config))
    return folder
