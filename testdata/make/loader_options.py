"""`lora_pool_options` of lora_loader.h."""

import ctypes


class Options(ctypes.Structure):
    _fields_ = (
        [(name, ctypes.c_char_p) for name in ("base", "layout", "dtype", "device", "target_modules")]
        + [(name, ctypes.c_uint64) for name in (
            "max_loras", "max_lora_rank", "max_cpu_loras", "adapter_bytes", "tensor_parallel", "tensor_rank")]
        + [("fully_sharded", ctypes.c_int32), ("threads", ctypes.c_int32)])
