"""Slots of tensors of other libraries, against factors that are read and scaled here."""

import ctypes
import json
import threading
from pathlib import Path

import pytest

import lora_tool

np = pytest.importorskip("numpy", reason="needs numpy")


def tensors(folder: Path) -> dict[str, "np.ndarray"]:
    """The F32 tensors of an adapter."""
    data = (folder / "adapter_model.safetensors").read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    header.pop("__metadata__", None)
    return {
        name: np.frombuffer(data[8 + length :][slice(*row["data_offsets"])], "<f4").reshape(row["shape"])
        for name, row in header.items()
    }


def open_pool(base: Path, **options: object) -> lora_tool.Pool:
    return lora_tool.Pool(base, max_loras=2, max_lora_rank=8, dtype="f32", threads=2, **options)


def bound(pool: lora_tool.Pool) -> dict[str, "np.ndarray"]:
    arrays = {buffer.name: np.full((2, 1, *buffer.shape), 7, "f4") for buffer in pool.buffers}
    pool.bind_all(arrays)
    return arrays


def test_slots_hold_the_scaled_factors(base: Path, adapter: Path) -> None:
    with open_pool(base) as pool:
        arrays = bound(pool)
        number = pool.add(adapter)
        assert number > 0 and pool.add(adapter) == number
        pool.load(number, 1)
        pool.wait(1)
        slot = pool.query(1)
        assert slot.adapter == number and slot.is_ready and slot.generation > 0
        source, checked = tensors(adapter), 0
        for buffer in pool.buffers:
            name = f"base_model.model.{buffer.module}.lora_{buffer.factor.upper()}.weight"
            array = arrays[buffer.name]
            assert (array[0] == 7).all(), "a slot that nobody loaded has changed"
            assert pool.read(buffer, 1) == array[1].tobytes()
            if name in source:
                scale = 1 if buffer.factor == "a" else 2  # alpha 16, rank 8
                assert np.array_equal(array[1, 0].reshape(source[name].shape), source[name] * scale)
                checked += 1
        assert checked > 0
        pool.evict(1)
        assert all((array[1] == 0).all() for array in arrays.values())
        assert pool.query(1).adapter == 0


def test_the_pool_chooses_slots(base: Path, adapter: Path) -> None:
    other = adapter.parent / "llama-second"
    with open_pool(base, max_cpu_loras=3) as pool:
        one, two = pool.add(adapter), pool.add(other)
        with pool.acquire([one, two]) as lease:
            assert sorted(lease.slots) == [0, 1]
            with pytest.raises(lora_tool.PoolError) as caught:
                pool.remove(one)
            assert caught.value.status == lora_tool.Status.BUSY
        pool.remove(one)


def test_several_are_loaded_at_once(base: Path, adapter: Path) -> None:
    with open_pool(base, max_cpu_loras=2) as pool:
        one, two = pool.add(adapter), pool.add(adapter.parent / "llama-second")
        pool.load_many({0: two, 1: one})
        assert (pool.query(0).adapter, pool.query(1).adapter) == (two, one)


def test_tensors_that_do_not_fit_are_refused(base: Path) -> None:
    with open_pool(base) as pool:
        buffer = pool.buffers[0]
        for wrong, reason in [
            (np.zeros((2, *buffer.shape), "f8"), "expected f32"),
            (np.zeros((3, *buffer.shape), "f4"), "shape"),
            (np.zeros((2, *buffer.shape[::-1]), "f4"), "shape"),
            (np.zeros((2, *buffer.shape[::-1]), "f4").swapaxes(1, 2), "contiguous"),
        ]:
            with pytest.raises(ValueError, match=reason):
                pool.bind(buffer, wrong)
        with pytest.raises(ValueError, match="no tensor"):
            pool.bind_all({buffer.name: np.zeros((2, *buffer.shape), "f4")})


def test_wrong_use_is_an_exception(base: Path, adapter: Path, broken: Path) -> None:
    with pytest.raises(lora_tool.PoolError, match="."):
        lora_tool.Pool("nowhere")
    with pytest.raises(ValueError, match="max_loras"):
        lora_tool.Pool(base, max_loras=-1)
    pool = open_pool(base)
    with pytest.raises(lora_tool.PoolError, match="nowhere") as caught:
        pool.add("nowhere")
    assert caught.value.status == lora_tool.Status.UNREADABLE
    with pytest.raises(lora_tool.PoolError, match="truncated"):
        pool.add(broken.parent / "header-truncated")
    with pytest.raises(ValueError, match="slot"):
        pool.load(1, -1)
    with pytest.raises(lora_tool.PoolError):
        pool.load(12345, 0)
    pool.close()
    pool.close()
    with pytest.raises(ValueError, match="closed"):
        pool.add(adapter)


def test_threads_have_their_own_errors(base: Path) -> None:
    with open_pool(base) as pool:
        messages: dict[str, str] = {}

        def fail(path: str) -> None:
            try:
                pool.add(path)
            except lora_tool.PoolError as error:
                messages[path] = str(error)

        threads = [threading.Thread(target=fail, args=(f"nowhere-{index}",)) for index in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(messages) == 8 and all(path in message for path, message in messages.items())


def test_torch_tensors_are_filled(base: Path, adapter: Path) -> None:
    torch = pytest.importorskip("torch", reason="needs torch")
    with lora_tool.Pool(base, max_loras=2, max_lora_rank=16) as pool:
        tensors = pool.allocate()
        pool.load(pool.add(adapter), 0)
        for buffer in pool.buffers:
            bytes_ = ctypes.string_at(tensors[buffer.name].data_ptr(), buffer.slot_bytes)
            assert bytes_ == pool.read(buffer, 0)
        assert any(tensor[0].abs().sum() > 0 for tensor in tensors.values())
        assert all(tensor[1].abs().sum() == 0 for tensor in tensors.values())
        assert tensors[pool.buffers[0].name].dtype == torch.bfloat16
