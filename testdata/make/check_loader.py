"""Fills the stacked tensors of a serving engine through libLoRALoader and compares them with torch, on the CPU.
Every way of filling is tried: one slot, several in one transfer, slots of the pool's choice.

    python testdata/make/check_loader.py PATH/TO/libLoRALoader.so [BASE ADAPTER]

For every buffer that the pool names, a torch tensor as vLLM allocates it is filled with a poison value and handed to
the library. The expected contents are computed from the adapter's own tensors with torch: cast to the slots' dtype,
then B times the scale in that dtype, zeros around. Exits 1 when a byte differs.
"""

import ctypes
import json
import math
import pathlib
import sys

import torch
from loader_options import Options
from safetensors.torch import load_file

TESTDATA = pathlib.Path(__file__).resolve().parent.parent


class Buffer(ctypes.Structure):
    _fields_ = [
        ("name", ctypes.c_char * 256), ("module", ctypes.c_char * 224), ("factor", ctypes.c_char),
        ("slice", ctypes.c_uint32), ("dimensions", ctypes.c_uint32), ("shape", ctypes.c_uint64 * 4),
        ("slot_bytes", ctypes.c_uint64)]


# The engine's merged modules and the base's modules that are their slices.
SLICES = {
    "qkv_proj": ["q_proj", "k_proj", "v_proj"],
    "gate_up_proj": ["gate_proj", "up_proj"],
}


def load_library(path):
    library = ctypes.CDLL(path)
    library.lora_last_error.restype = ctypes.c_char_p
    library.lora_pool_buffer_count.restype = ctypes.c_uint64
    library.lora_pool_add.restype = ctypes.c_int64
    return library


def main():
    library = load_library(sys.argv[1])
    base, adapter = sys.argv[2:4] if len(sys.argv) > 3 else (
        str(TESTDATA / "models/llama-bf16-sharded"), str(TESTDATA / "adapters/llama-all-linear"))

    def check(result):
        if result < 0:
            raise SystemExit(library.lora_last_error().decode())
        return result

    wrong = compared = 0
    for way in ("load", "load_many", "acquire"):
        tensors, more = check_way(library, check, base, adapter, way)
        wrong += tensors
        compared += more
    raise SystemExit(1 if wrong or not compared else 0)


def check_way(library, check, base, adapter, way):
    """Fills slots of fresh tensors in one of the ways; returns how many tensors are wrong and how many have factors."""
    slots, rank = 3, 16
    pool = ctypes.c_void_p()
    options = Options(base=base.encode(), dtype=b"bf16", max_loras=slots, max_lora_rank=rank)
    check(library.lora_pool_open(ctypes.byref(options), ctypes.byref(pool)))

    stacked = {}
    for index in range(library.lora_pool_buffer_count(pool)):
        buffer = Buffer()
        check(library.lora_pool_describe(pool, ctypes.c_uint64(index), ctypes.byref(buffer)))
        shape = [slots, *buffer.shape[: buffer.dimensions]]
        tensor = torch.full(shape, float("nan"), dtype=torch.bfloat16)
        stacked[buffer.module.decode(), buffer.factor.decode(), buffer.slice] = tensor
        check(library.lora_pool_bind(
            pool, ctypes.c_uint64(index), ctypes.c_void_p(tensor.data_ptr()),
            ctypes.c_uint64(tensor.stride(0) * tensor.element_size())))

    number = check(library.lora_pool_add(pool, adapter.encode()))
    if way == "load":
        filled = [2]
        check(library.lora_pool_load(pool, ctypes.c_int64(number), ctypes.c_uint64(2), None))
    elif way == "load_many":
        filled = [0, 2]
        check(library.lora_pool_load_many(
            pool, (ctypes.c_int64 * 2)(number, number), (ctypes.c_uint64 * 2)(*filled), ctypes.c_uint64(2), None))
    else:
        chosen, generations = (ctypes.c_uint64 * 1)(), (ctypes.c_uint64 * 1)()
        check(library.lora_pool_pin(pool, ctypes.c_int64(number)))
        check(library.lora_pool_acquire(
            pool, (ctypes.c_int64 * 1)(number), ctypes.c_uint64(1), None, chosen, generations))
        filled = list(chosen)
        check(library.lora_pool_release(
            pool, ctypes.c_uint64(chosen[0]), ctypes.c_uint64(generations[0]), None))
    for slot in filled:
        check(library.lora_pool_wait(pool, ctypes.c_uint64(slot)))

    config = json.loads((pathlib.Path(adapter) / "adapter_config.json").read_text())
    r = config["r"]
    scale = config["lora_alpha"] / (math.sqrt(r) if config.get("use_rslora") else r)
    weights = load_file(pathlib.Path(adapter) / "adapter_model.safetensors")
    compared = wrong = 0
    for (module, factor, part), tensor in stacked.items():
        parent, _, last = module.rpartition(".")
        name = f"{parent}.{SLICES[last][part]}" if last in SLICES else module
        weight = weights.get(f"base_model.model.{name}.lora_{factor.upper()}.weight")
        expected = torch.zeros(tensor.shape[1:], dtype=torch.bfloat16)
        if weight is not None:
            weight = weight.to(torch.bfloat16)
            if factor == "b" and scale != 1:
                weight *= scale
            expected[0, : weight.shape[0], : weight.shape[1]] = weight
        same = all(torch.equal(tensor[slot].view(torch.int16), expected.view(torch.int16)) for slot in filled)
        untouched = all(bool(tensor[slot].isnan().all()) for slot in range(slots) if slot not in filled)
        compared += weight is not None
        if not (same and untouched):
            wrong += 1
            print(f"{way}: {module} {factor}{part}: {'contents differ' if not same else 'another slot was touched'}")
    library.lora_pool_close(pool)
    print(f"{way}: slots {filled}, {len(stacked)} tensors, {compared} with factors of the adapter, {wrong} wrong")
    return wrong, compared


if __name__ == "__main__":
    main()
