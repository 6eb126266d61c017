"""The C interface of libLoRALoader.so (`lora_loader.h`) as ctypes sees it: structures, signatures, statuses."""

from __future__ import annotations

import ctypes
import enum
import functools
from ctypes import POINTER, c_char, c_char_p, c_int32, c_int64, c_uint32, c_uint64, c_void_p

from .errors import PoolError
from .program import library_path


class Status(enum.IntEnum):
    """What a call of the library returns."""

    DEGRADED = 1
    OK = 0
    INVALID = -1
    UNREADABLE = -2
    UNSUPPORTED = -3
    UNAVAILABLE = -4
    NO_MEMORY = -5
    DEVICE = -6
    GONE = -7
    BUSY = -8
    CAPTURING = -9
    FORKED = -10


class OptionsStruct(ctypes.Structure):
    _fields_ = [
        ("base", c_char_p),
        ("layout", c_char_p),
        ("dtype", c_char_p),
        ("device", c_char_p),
        ("target_modules", c_char_p),
        ("max_loras", c_uint64),
        ("max_lora_rank", c_uint64),
        ("max_cpu_loras", c_uint64),
        ("adapter_bytes", c_uint64),
        ("tensor_parallel", c_uint64),
        ("tensor_rank", c_uint64),
        ("fully_sharded", c_int32),
        ("threads", c_int32),
    ]


class BufferStruct(ctypes.Structure):
    _fields_ = [
        ("name", c_char * 256),
        ("module", c_char * 224),
        ("factor", c_char),
        ("slice", c_uint32),
        ("dimensions", c_uint32),
        ("shape", c_uint64 * 4),
        ("slot_bytes", c_uint64),
    ]


class SlotStruct(ctypes.Structure):
    _fields_ = [("adapter", c_int64), ("generation", c_uint64), ("is_ready", c_int32)]


_POOL = c_void_p
_SIGNATURES: dict[str, tuple[object, list[object]]] = {
    "lora_pool_open": (c_int32, [POINTER(OptionsStruct), POINTER(_POOL)]),
    "lora_pool_notice": (c_char_p, [_POOL]),
    "lora_pool_close": (None, [_POOL]),
    "lora_pool_buffer_count": (c_uint64, [_POOL]),
    "lora_pool_describe": (c_int32, [_POOL, c_uint64, POINTER(BufferStruct)]),
    "lora_pool_bind": (c_int32, [_POOL, c_uint64, c_void_p, c_uint64]),
    "lora_pool_add": (c_int64, [_POOL, c_char_p]),
    "lora_pool_remove": (c_int32, [_POOL, c_int64]),
    "lora_pool_pin": (c_int32, [_POOL, c_int64]),
    "lora_pool_unpin": (c_int32, [_POOL, c_int64]),
    "lora_pool_load": (c_int32, [_POOL, c_int64, c_uint64, c_void_p]),
    "lora_pool_load_many": (c_int32, [_POOL, POINTER(c_int64), POINTER(c_uint64), c_uint64, c_void_p]),
    "lora_pool_evict": (c_int32, [_POOL, c_uint64, c_void_p]),
    "lora_pool_acquire": (
        c_int32,
        [_POOL, POINTER(c_int64), c_uint64, c_void_p, POINTER(c_uint64), POINTER(c_uint64)],
    ),
    "lora_pool_release": (c_int32, [_POOL, c_uint64, c_uint64, c_void_p]),
    "lora_pool_wait": (c_int32, [_POOL, c_uint64]),
    "lora_pool_query": (c_int32, [_POOL, c_uint64, POINTER(SlotStruct)]),
    "lora_pool_read": (c_int32, [_POOL, c_uint64, c_uint64, c_void_p, c_uint64]),
    "lora_last_error": (c_char_p, []),
}


@functools.cache
def library() -> ctypes.CDLL:
    """The library, opened once in a process."""
    loaded = ctypes.CDLL(str(library_path()))
    for name, (result, arguments) in _SIGNATURES.items():
        function = getattr(loaded, name)
        function.restype, function.argtypes = result, arguments
    return loaded


def text(value: bytes | None) -> str:
    return (value or b"").decode(errors="replace")


def checked(result: int) -> int:
    """The result of a call, or `PoolError` with the library's own sentence."""
    if result < 0:
        raise PoolError(text(library().lora_last_error()), result)
    return result
