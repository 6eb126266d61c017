"""Tensors of other libraries as memory, through DLPack: torch, NumPy, CuPy and whatever else speaks it."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from typing import Any, Protocol


class DLPackTensor(Protocol):
    """A tensor that can be exchanged: `torch.Tensor`, `numpy.ndarray` and others."""

    def __dlpack__(self) -> Any: ...


class _Device(ctypes.Structure):
    _fields_ = [("kind", ctypes.c_int32), ("index", ctypes.c_int32)]


class _Type(ctypes.Structure):
    _fields_ = [("code", ctypes.c_uint8), ("bits", ctypes.c_uint8), ("lanes", ctypes.c_uint16)]


class _Tensor(ctypes.Structure):
    # DLTensor, with which DLManagedTensor begins.
    _fields_ = [
        ("data", ctypes.c_void_p),
        ("device", _Device),
        ("ndim", ctypes.c_int32),
        ("dtype", _Type),
        ("shape", ctypes.POINTER(ctypes.c_int64)),
        ("strides", ctypes.POINTER(ctypes.c_int64)),
        ("byte_offset", ctypes.c_uint64),
    ]


_DTYPES = {(4, 16): "bf16", (2, 16): "f16", (2, 32): "f32"}
_DEVICES = {1: "cpu", 2: "cuda", 3: "cpu"}  # 3: host memory that is pinned

_pointer = ctypes.pythonapi.PyCapsule_GetPointer
_pointer.restype, _pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]


@dataclass(frozen=True)
class Memory:
    """Where a tensor's elements lie. `owner` keeps them there."""

    address: int
    device: str  #: "cpu" or "cuda:N"
    dtype: str  #: "bf16", "f16", "f32" or a name for what slots cannot be
    item_bytes: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]  #: in elements
    owner: Any

    @property
    def rows_are_contiguous(self) -> bool:
        """Whether what lies at one index of the first dimension is one piece of memory."""
        expected = 1
        for size, stride in zip(reversed(self.shape[1:]), reversed(self.strides[1:])):
            if size != 1 and stride != expected:
                return False
            expected *= size
        return True


def memory(tensor: DLPackTensor) -> Memory:
    """The memory of a tensor; nothing is copied."""
    capsule = tensor.__dlpack__()
    view = _Tensor.from_address(_pointer(capsule, b"dltensor"))
    shape = tuple(view.shape[index] for index in range(view.ndim))
    if view.strides:
        strides = tuple(view.strides[index] for index in range(view.ndim))
    else:
        strides = _contiguous(shape)
    device = _DEVICES.get(view.device.kind, f"device type {view.device.kind}")
    code = (view.dtype.code, view.dtype.bits)
    return Memory(
        address=(view.data or 0) + view.byte_offset,
        device=f"cuda:{view.device.index}" if device == "cuda" else device,
        dtype=_DTYPES.get(code, f"DLPack type {code[0]} of {code[1]} bits") if view.dtype.lanes == 1 else "vectors",
        item_bytes=view.dtype.bits // 8,
        shape=shape,
        strides=strides,
        # Not consumed: the capsule frees its own copy of the description, and the tensor keeps the memory.
        owner=(tensor, capsule),
    )


def _contiguous(shape: tuple[int, ...]) -> tuple[int, ...]:
    strides, count = [], 1
    for size in reversed(shape):
        strides.append(count)
        count *= size
    return tuple(reversed(strides))
