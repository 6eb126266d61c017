"""Adapters in the slots of an engine in this process."""

from __future__ import annotations

import ctypes
import os
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Protocol

from .loader import BufferStruct, OptionsStruct, SlotStruct, Status, checked, library, text
from .memory import DLPackTensor, Memory, memory


class CUDAStream(Protocol):
    """A stream as torch has it."""

    @property
    def cuda_stream(self) -> int: ...


@dataclass(frozen=True)
class Buffer:
    """One of the engine's tensors: a factor of a slice of a module, for all slots."""

    index: int
    name: str
    module: str  #: the engine's name of the module
    factor: str  #: "a" or "b"
    slice: int
    shape: tuple[int, ...]  #: of one slot, without the number of slots in front
    slot_bytes: int


@dataclass(frozen=True)
class Slot:
    """What a slot holds: no adapter is 0."""

    adapter: int
    generation: int
    is_ready: bool


class Lease:
    """Slots that the pool has chosen and holds for adapters, in their order, until released."""

    def __init__(self, pool: Pool, slots: tuple[int, ...], generations: tuple[int, ...], stream: int | None) -> None:
        self.slots = slots
        self.generations = generations
        self._pool: Pool | None = pool
        self._stream = stream

    def release(self, stream: int | CUDAStream | None = None) -> None:
        """Gives the slots back: what is queued on `stream` (that of the acquire, by default) still reads them."""
        pool, self._pool = self._pool, None
        if pool is None:
            return
        queue = self._stream if stream is None else _stream(stream)
        pointer = pool._pointer
        results = [
            library().lora_pool_release(pointer, slot, generation, queue)
            for slot, generation in zip(self.slots, self.generations)
        ]
        for result in results:
            checked(result)

    def __enter__(self) -> Lease:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.release()


class Pool:
    """Keeps adapters in host memory and fills slots with them: cast, scaled, padded, bit for bit as the engine does.

    The slots are the engine's tensors (`bind`, `bind_all`) or the pool's own. The first call that changes a slot decides
    who assigns slots: the caller with `load` and `evict`, or the pool with `acquire`. `docs/integration-vllm.md` has the
    rules. Sizes are in bytes; a zero or None takes the library's default.
    """

    def __init__(
        self,
        base: str | os.PathLike[str],
        *,
        max_loras: int = 1,
        max_lora_rank: int = 16,
        max_cpu_loras: int = 0,
        dtype: str = "bf16",
        device: str = "cpu",
        layout: str = "vllm",
        target_modules: Sequence[str] = (),
        adapter_bytes: int = 0,
        tensor_parallel: int = 1,
        tensor_rank: int = 0,
        fully_sharded: bool = False,
        threads: int = 0,
    ) -> None:
        self.dtype = dtype
        self.device = device if device != "cuda" else "cuda:0"
        self.max_loras = max_loras
        options = OptionsStruct(
            base=os.fsencode(base),
            layout=layout.encode(),
            dtype=dtype.encode(),
            device=b"host" if device in ("cpu", "host") else self.device.encode(),
            target_modules=",".join(target_modules).encode() or None,
            max_loras=_whole("max_loras", max_loras),
            max_lora_rank=_whole("max_lora_rank", max_lora_rank),
            max_cpu_loras=_whole("max_cpu_loras", max_cpu_loras),
            adapter_bytes=_whole("adapter_bytes", adapter_bytes),
            tensor_parallel=_whole("tensor_parallel", tensor_parallel),
            tensor_rank=_whole("tensor_rank", tensor_rank),
            fully_sharded=int(fully_sharded),
            threads=threads,
        )
        pointer = ctypes.c_void_p()
        status = checked(library().lora_pool_open(ctypes.byref(options), ctypes.byref(pointer)))
        self._address: int | None = pointer.value
        self._finish = weakref.finalize(self, library().lora_pool_close, pointer.value)
        #: Why loads are slower than they should be; empty when they are not.
        self.notice = text(library().lora_pool_notice(pointer)) if status == Status.DEGRADED else ""
        #: The engine's tensors, in the order of the model.
        self.buffers = tuple(self._describe(index) for index in range(library().lora_pool_buffer_count(pointer)))
        self._by_name = {buffer.name: buffer for buffer in self.buffers}
        self._bound: dict[int, Any] = {}

    @property
    def _pointer(self) -> int:
        if self._address is None:
            raise ValueError("the pool is closed")
        return self._address

    def close(self) -> None:
        """Waits for loads in flight and closes; the engine's tensors stay as they are."""
        self._address = None
        self._finish()
        self._bound.clear()

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def bind(self, buffer: Buffer | str, tensor: DLPackTensor) -> None:
        """Names the engine's tensor for a buffer: `[max_loras, …shape of a slot…]`, dimensions of 1 apart.

        The pool keeps the tensor alive. Bind all buffers or none, before the first load.
        """
        place = self._by_name[buffer] if isinstance(buffer, str) else buffer
        found = memory(tensor)
        self._check(place, found)
        stride = found.strides[0] * found.item_bytes if self.max_loras > 1 else place.slot_bytes
        checked(library().lora_pool_bind(self._pointer, place.index, found.address, stride))
        self._bound[place.index] = found.owner

    def bind_all(self, tensors: Mapping[str, DLPackTensor]) -> None:
        """Binds every buffer to the tensor of its name."""
        missing = [buffer.name for buffer in self.buffers if buffer.name not in tensors]
        if missing:
            raise ValueError(f"{len(missing)} of {len(self.buffers)} buffers have no tensor, the first is {missing[0]}")
        for buffer in self.buffers:
            self.bind(buffer, tensors[buffer.name])

    def allocate(self) -> dict[str, Any]:
        """Makes zeroed torch tensors for all buffers on the pool's device, binds and returns them."""
        import torch

        dtype = {"bf16": torch.bfloat16, "f16": torch.float16, "f32": torch.float32}[self.dtype]
        place = "cpu" if self.device == "host" else self.device
        tensors = {
            buffer.name: torch.zeros((self.max_loras, *buffer.shape), dtype=dtype, device=place)
            for buffer in self.buffers
        }
        self.bind_all(tensors)
        return tensors

    def add(self, path: str | os.PathLike[str]) -> int:
        """Reads an adapter into host memory and checks it; the number stands for these very bytes."""
        return checked(library().lora_pool_add(self._pointer, os.fsencode(path)))

    def remove(self, adapter: int) -> None:
        """Forgets an adapter in host memory."""
        checked(library().lora_pool_remove(self._pointer, adapter))

    def pin(self, adapter: int) -> None:
        """Keeps an adapter in host memory until unpinned."""
        checked(library().lora_pool_pin(self._pointer, adapter))

    def unpin(self, adapter: int) -> None:
        checked(library().lora_pool_unpin(self._pointer, adapter))

    def load(self, adapter: int, slot: int, stream: int | CUDAStream | None = None) -> None:
        """Fills a slot, ordered by the stream: what is queued on it before still reads the old contents."""
        checked(library().lora_pool_load(self._pointer, adapter, _whole("slot", slot), _stream(stream)))

    def load_many(self, slots: Mapping[int, int], stream: int | CUDAStream | None = None) -> None:
        """Fills several slots in one transfer: slot to adapter."""
        count = len(slots)
        places = (ctypes.c_uint64 * count)(*(_whole("slot", slot) for slot in slots))
        adapters = (ctypes.c_int64 * count)(*slots.values())
        checked(library().lora_pool_load_many(self._pointer, adapters, places, count, _stream(stream)))

    def evict(self, slot: int, stream: int | CUDAStream | None = None) -> None:
        """Makes a slot all zero, in the same order."""
        checked(library().lora_pool_evict(self._pointer, _whole("slot", slot), _stream(stream)))

    def acquire(self, adapters: Sequence[int], stream: int | CUDAStream | None = None) -> Lease:
        """Gives each adapter a slot of the pool's choice and holds it there until the lease is released."""
        count = len(adapters)
        slots, generations = (ctypes.c_uint64 * count)(), (ctypes.c_uint64 * count)()
        queue = _stream(stream)
        wanted = (ctypes.c_int64 * count)(*adapters)
        checked(library().lora_pool_acquire(self._pointer, wanted, count, queue, slots, generations))
        return Lease(self, tuple(slots), tuple(generations), queue)

    def wait(self, slot: int) -> None:
        """Blocks until a slot's last load or eviction has ended."""
        checked(library().lora_pool_wait(self._pointer, _whole("slot", slot)))

    def query(self, slot: int) -> Slot:
        """What a slot holds."""
        state = SlotStruct()
        checked(library().lora_pool_query(self._pointer, _whole("slot", slot), ctypes.byref(state)))
        return Slot(state.adapter, state.generation, bool(state.is_ready))

    def read(self, buffer: Buffer | str, slot: int) -> bytes:
        """What a slot has in a buffer, as bytes in host memory."""
        place = self._by_name[buffer] if isinstance(buffer, str) else buffer
        output = ctypes.create_string_buffer(place.slot_bytes)
        checked(
            library().lora_pool_read(self._pointer, place.index, _whole("slot", slot), output, place.slot_bytes)
        )
        return output.raw

    def _describe(self, index: int) -> Buffer:
        found = BufferStruct()
        checked(library().lora_pool_describe(self._pointer, index, ctypes.byref(found)))
        return Buffer(
            index,
            text(found.name),
            text(found.module),
            text(found.factor),
            found.slice,
            tuple(found.shape[: found.dimensions]),
            found.slot_bytes,
        )

    def _check(self, buffer: Buffer, found: Memory) -> None:
        """The library cannot see what a tensor is: a wrong address would be written to."""
        expected = (self.max_loras, *buffer.shape)
        device = "cpu" if self.device == "host" else self.device
        plain = [size for size in found.shape[1:] if size != 1]
        if found.shape[:1] != expected[:1] or plain != [size for size in expected[1:] if size != 1]:
            raise ValueError(f"{buffer.name}: expected a tensor of shape {expected}, found {found.shape}")
        if found.dtype != self.dtype:
            raise ValueError(f"{buffer.name}: expected {self.dtype}, found {found.dtype}")
        if found.device != device:
            raise ValueError(f"{buffer.name}: expected a tensor on {device}, found one on {found.device}")
        if not found.rows_are_contiguous:
            raise ValueError(f"{buffer.name}: expected contiguous slots, found strides {found.strides}")


def _stream(stream: int | CUDAStream | None) -> int | None:
    return stream if stream is None or isinstance(stream, int) else stream.cuda_stream


def _whole(name: str, value: int) -> int:
    """ctypes would wrap a negative number around."""
    if not 0 <= value < 1 << 64:
        raise ValueError(f"{name}: expected a whole number from 0, found {value}")
    return value
