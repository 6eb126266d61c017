"""Everything about slots on a GPU that only a GPU settles: one line for each question, in under five minutes.

    python testdata/make/check_gpu.py [FOLDER OF lora-tool, lora-bench AND libLoRALoader.so]

Lines begin with ok, WRONG (an answer that must not be), LATE (a time beyond its limit), time (no limit is set) or skip.
Exits 1 for wrong answers, 2 for late ones. On the driver in memory that the tests use (LORA_TOOL_LIBCUDA) sizes are
small and times are not judged. torch is needed for the last question alone.
"""

import ctypes
import json
import os
import pathlib
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time

from gpu_driver import Decoding, Driver
from loader_options import Options

PROJECT = pathlib.Path(__file__).resolve().parent.parent.parent
FOLDER = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else PROJECT / ".build/release").resolve()
SMALL = PROJECT / "testdata/models/llama-bf16-sharded"
ADAPTERS = [PROJECT / "testdata/adapters" / name for name in ("llama-all-linear", "llama-second", "llama-rslora")]
LARGE = PROJECT / "testdata/bases/llama-3.1-8b.json"
LINEAR = {"self_attn.q_proj": (4096, 4096), "self_attn.k_proj": (4096, 1024), "self_attn.v_proj": (4096, 1024),
          "self_attn.o_proj": (4096, 4096), "mlp.gate_proj": (4096, 14336), "mlp.up_proj": (4096, 14336),
          "mlp.down_proj": (14336, 4096)}
CAPTURING, DEGRADED = -9, 1
# What decoding may lose to a swap in every step.
MOST_SLOWDOWN = 0.05
counts = {"ok": 0, "WRONG": 0, "LATE": 0, "time": 0, "skip": 0}


def answer(word, question, text):
    counts[word] += 1
    print(f"{word:5} {question}: {text}", flush=True)


def right(question, is_right, text):
    answer("ok" if is_right else "WRONG", question, text)


def within(question, is_within, text):
    """A time against its limit, where the device is a real one."""
    if driver.is_fake:
        return answer("time", question, f"{text} (not judged: {driver.name})")
    answer("ok" if is_within else "LATE", question, text)


def run(name, *arguments, **environment):
    command = [FOLDER / name, *map(str, arguments)]
    try:
        return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=120,
                              env={**os.environ, **environment})
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, 124, "", "no end within two minutes")


def last_line(result):
    lines = (result.stderr or result.stdout).strip().splitlines()
    return lines[-1] if lines else f"exit {result.returncode}"


class Pool:
    """A pool with slots of its own."""

    def __init__(self, base=SMALL, loras=2, residents=len(ADAPTERS), rank=16, bytes_each=0, targets=None):
        self.library = ctypes.CDLL(str(FOLDER / "libLoRALoader.so"))
        self.library.lora_last_error.restype = ctypes.c_char_p
        self.library.lora_pool_add.restype = ctypes.c_int64
        self.pool = ctypes.c_void_p()
        options = Options(
            base=str(base).encode(), device=b"cuda:0", max_loras=loras, max_cpu_loras=residents, max_lora_rank=rank,
            adapter_bytes=bytes_each, target_modules=targets and ",".join(targets).encode())
        start = time.monotonic()
        self.status = self.library.lora_pool_open(ctypes.byref(options), ctypes.byref(self.pool))
        self.seconds = time.monotonic() - start
        self.says = self.last_error if self.status else ""

    @property
    def last_error(self):
        return self.library.lora_last_error().decode()

    def add(self, path):
        number = self.library.lora_pool_add(self.pool, str(path).encode())
        if number < 0:
            raise RuntimeError(self.last_error)
        return number

    def load(self, adapter, slot, stream=None):
        return self.library.lora_pool_load(self.pool, ctypes.c_int64(adapter), ctypes.c_uint64(slot), stream)

    def wait(self, slot):
        return self.library.lora_pool_wait(self.pool, ctypes.c_uint64(slot))

    def bind(self, index, address, stride):
        return self.library.lora_pool_bind(
            self.pool, ctypes.c_uint64(index), ctypes.c_void_p(address), ctypes.c_uint64(stride))

    def slot_bytes(self):
        """Bytes of a slot in each buffer."""
        class Buffer(ctypes.Structure):
            _fields_ = [("name", ctypes.c_char * 256), ("module", ctypes.c_char * 224), ("factor", ctypes.c_char),
                        ("slice", ctypes.c_uint32), ("dimensions", ctypes.c_uint32), ("shape", ctypes.c_uint64 * 4),
                        ("bytes", ctypes.c_uint64)]
        self.library.lora_pool_buffer_count.restype = ctypes.c_uint64
        sizes = []
        for index in range(self.library.lora_pool_buffer_count(self.pool)):
            buffer = Buffer()
            self.library.lora_pool_describe(self.pool, ctypes.c_uint64(index), ctypes.byref(buffer))
            sizes.append(buffer.bytes)
        return sizes

    def read(self, index, slot, count):
        output = ctypes.create_string_buffer(count)
        status = self.library.lora_pool_read(
            self.pool, ctypes.c_uint64(index), ctypes.c_uint64(slot), output, ctypes.c_uint64(count))
        return output.raw if status == 0 else b""

    def close(self):
        self.library.lora_pool_close(self.pool)


def write_adapter(folder, rank, seed):
    """All linear layers of Llama-3.1-8B in bf16: 42 MB at rank 8, 84 MB at rank 16."""
    folder.mkdir()
    header, end, parts = {}, 0, []
    noise = b"".join(struct.pack("<H", 0x3C00 | (index * 37 + seed * 11) % 1024) for index in range(1 << 15)) * 4
    for layer in range(32):
        for name, (inputs, outputs) in LINEAR.items():
            for factor, shape in (("A", (rank, inputs)), ("B", (outputs, rank))):
                count = 2 * shape[0] * shape[1]
                header[f"base_model.model.model.layers.{layer}.{name}.lora_{factor}.weight"] = {
                    "dtype": "BF16", "shape": shape, "data_offsets": (end, end + count)}
                parts.append((noise * (count // len(noise) + 1))[:count])
                end += count
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    (folder / "adapter_model.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + b"".join(parts))
    (folder / "adapter_config.json").write_text(json.dumps(
        {"peft_type": "LORA", "r": rank, "lora_alpha": 3 * rank, "bias": "none", "task_type": "CAUSAL_LM",
         "target_modules": [name.split(".")[1] for name in LINEAR], "base_model_name_or_path": "x"}))
    return folder


def kernel():
    """The driver's compiler: whether it takes the kernel, and what it takes cold and from its cache."""
    opening = ("import sys; sys.path.insert(0, 'testdata/make'); import check_gpu; pool = check_gpu.Pool(); "
               "print(pool.status, pool.seconds, pool.says)")
    for question, cold in (("cold", "1"), ("from its cache", "0")):
        result = subprocess.run(
            [sys.executable, "-c", opening, str(FOLDER)], cwd=PROJECT, capture_output=True, text=True, timeout=120,
            env={**os.environ, "CUDA_CACHE_DISABLE": cold})
        status, seconds, *says = result.stdout.split(maxsplit=2) or ["-1", "0", last_line(result)]
        text = f"yes, a pool opens in {float(seconds):.3f} s" if status == "0" else " ".join(says).strip()
        right(f"does the driver compile the kernel, {question}", status == "0", text)


def contents():
    """NaN, rounding and padding on real arithmetic: every byte against the host's packing."""
    with tempfile.TemporaryDirectory() as folder:
        for dtype in ("bf16", "f16", "f32"):
            result = run(
                "lora-tool", "pack", *ADAPTERS, "--base", SMALL, "--max-lora-rank", 64, "--dtype", dtype, "--device",
                "cuda", "--verify", "--output", f"{folder}/{dtype}.safetensors", "--quiet")
            right(f"do slots in {dtype} hold what the host packs", result.returncode == 0,
                  f"yes, {len(ADAPTERS)} adapters byte for byte" if result.returncode == 0 else last_line(result))
    texts = [run("lora-tool", "parity", "--base", SMALL, "--adapter", ADAPTERS[0], "--format", "json", *where)
             for where in ((), ("--device", "cuda"))]
    host, device = (json.loads(text.stdout).get("modules") if text.stdout else None for text in texts)
    right("do products have the host's bits", device is not None and host == device,
          f"yes, in {len(device)} modules" if device is not None and host == device else last_line(texts[1]))


def times():
    """Swaps of 42, 84 and 336 MB against one pinned copy and a loop over tensors."""
    small = [f"base={SMALL}", "ranks=8", "slots=8", "runs=2"] if driver.is_fake else []
    result = run("lora-bench", "cuda", *small)
    rows = [line.split() for line in result.stdout.splitlines() if line.endswith((" yes", " no"))]
    if not rows:
        return right("what does a swap take", False, last_line(result))
    for rank, slot, megabytes, copy, swap, ratio, first, host, commands, loop, *_ in rows:
        question = f"does a swap of {megabytes} MB, rank {rank} in {slot}, take at most 1.25 times its pinned copy"
        within(question, float(ratio) <= 1.25, f"{swap} ms, {ratio} times {copy}; first layer {first}, loop {loop} ms")
        right(f"does it take at most 16 commands, rank {rank} in {slot}", int(commands) <= 16,
              f"{commands}; the call returns after {host} ms")


def interference(pool, numbers, decoding, rank, steps):
    """What decoding loses to a swap in every step, on the loader's own streams and beside it."""
    stream = driver.stream()
    alone, beside, calls = [], [], []

    def swap(step):
        start = time.perf_counter()
        if pool.load(numbers[step % len(numbers)], step % 2, stream) != 0:
            raise RuntimeError(pool.last_error)
        calls.append(time.perf_counter() - start)

    decoding.run(3, swap)
    for _ in range(5):
        alone.append(decoding.run(steps))
        beside.append(decoding.run(steps, swap))
    driver.wait(stream)
    best, worse = statistics.median(alone), statistics.median(beside)
    lost = worse / best - 1
    within(f"does decoding lose less than 5 % to a swap of rank {rank} in every step", lost < MOST_SLOWDOWN,
           f"{best:.3f} ms a step of {decoding.bytes / 1e9:.2f} GB alone, {worse:.3f} beside, {100 * lost:+.1f} %")
    answer("time", f"what does the call of a swap of rank {rank} take on the host",
           f"{1e3 * statistics.median(calls):.3f} ms, at most {1e3 * max(calls):.3f}")


def serving(decoding):
    """Order beside a queued forward pass, captures and replays, each against the bytes that must be there."""
    pool = Pool()
    numbers = [pool.add(path) for path in ADAPTERS[:2]]
    sizes = pool.slot_bytes()
    places = [driver.allocate(2 * size) for size in sizes]
    stream, other = decoding.stream, driver.stream()
    for index, (place, size) in enumerate(zip(places, sizes)):
        driver.fill(place, 0, 2 * size, stream)
        pool.bind(index, place, size)
    driver.wait(stream)
    wanted = []
    for number in numbers:
        pool.load(number, 1, stream)
        wanted.append([pool.read(index, 1, size) for index, size in enumerate(sizes)])
    index = next(index for index, pair in enumerate(zip(*wanted)) if pair[0] != pair[1])
    size, place = sizes[index], places[index]
    memory = [driver.pin(size) for _ in range(2)]

    def found(number):
        return ctypes.string_at(memory[number], size)

    # A pass that reads for long before it looks at the slot, and a load right behind it.
    pool.load(numbers[0], 1, stream)
    driver.wait(stream)
    decoding.read()
    driver.to_host(memory[0], place + size, size, stream)
    begin = time.perf_counter()
    status = pool.load(numbers[1], 1, stream)
    call = time.perf_counter() - begin
    driver.to_host(memory[1], place + size, size, stream)
    driver.wait(stream)
    whole = time.perf_counter() - begin
    right("does a pass under way keep its adapter while the next one is loaded",
          status == 0 and found(0) == wanted[0][index] and found(1) == wanted[1][index],
          f"status {status}, {'both right' if found(0) == wanted[0][index] else 'it read the next one'}")
    within("does the load not wait for the pass", call < whole / 2,
           f"the call took {1e3 * call:.3f} ms of {1e3 * whole:.3f}")

    # A capture, meanwhile loads on another stream, a pool of another thread, and a call on the captured stream.
    statuses, opened = [], []

    def another_pool():
        second = Pool()
        opened.append((second.status, second.says))
        second.close()

    def forward_pass():
        decoding.read()
        driver.to_host(memory[0], place + size, size, stream)
        statuses.append(pool.load(numbers[0], 1, stream))
        statuses.append(pool.load(numbers[0], 0, other))
        thread = threading.Thread(target=another_pool)
        thread.start()
        thread.join()

    try:
        graph = driver.capture(stream, forward_pass)
        right("is a captured stream answered and its capture left alone", statuses == [CAPTURING, 0],
              f"statuses {statuses}, the graph was made")
    except RuntimeError as error:
        driver.make_current()
        return right("is a captured stream answered and its capture left alone", False, f"{error}, statuses {statuses}")
    right("does a pool open while another thread captures", opened == [(0, "")], f"{opened}")
    seen = []
    for turn in range(4):
        statuses.append(pool.load(numbers[turn % 2], 1, stream))
        driver.replay(graph, stream)
        pool.load(numbers[(turn + 1) % 2], 0, other)
        driver.wait(stream)
        seen.append(found(0) == wanted[turn % 2][index])
    right("does every replay read the adapter loaded before it", all(seen), f"{sum(seen)} of {len(seen)}")
    pool.close()


def beside_torch():
    """The context shared with torch: its stream, its captures, its allocator."""
    try:
        import torch
    except ImportError:
        return answer("skip", "does it share the GPU with torch", "torch is not installed")
    if not torch.cuda.is_available():
        return answer("skip", "does it share the GPU with torch", "torch sees no GPU")
    pool = Pool()
    numbers = [pool.add(path) for path in ADAPTERS]
    weights = [torch.randn(4096, 4096, device="cuda", dtype=torch.bfloat16) for _ in range(16)]
    left = torch.randn(32, 4096, device="cuda", dtype=torch.bfloat16)
    stream = torch.cuda.Stream(priority=-1)
    handle = ctypes.c_void_p(stream.cuda_stream)
    with torch.cuda.stream(stream):
        out = [left @ weight for weight in weights]
        pool.load(numbers[0], 0, handle)
        torch.cuda.synchronize()
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, stream=stream):
            out = [left @ weight for weight in weights]
            captured = pool.load(numbers[1], 0, handle)
        before = [tensor.clone() for tensor in out]
        graph.replay()
        statuses = [pool.load(numbers[1], 0, handle), pool.wait(0)]
        graph.replay()
        torch.cuda.synchronize()
    expected = [left @ weight for weight in weights]
    is_right = all(torch.allclose(one, two, atol=1, rtol=0.05) for one, two in zip(out, expected))
    right("does it share the GPU with torch", captured == CAPTURING and statuses == [0, 0] and is_right and before,
          f"captured {captured}, between replays {statuses}, torch's own products {'right' if is_right else 'wrong'}")
    pool.close()


def attempt(question, body, *arguments):
    """A part whose failure is an answer, too, and leaves the others."""
    try:
        return body(*arguments)
    except (RuntimeError, OSError, ValueError, StopIteration, subprocess.SubprocessError) as error:
        right(question, False, f"{type(error).__name__}: {error}")


def swapping(decoding, rank, folder):
    """Two adapters of a rank by turns."""
    if driver.is_fake:
        pool, paths = Pool(), ADAPTERS[:2]
    else:
        paths = [write_adapter(pathlib.Path(folder) / f"{rank}-{seed}", rank, seed) for seed in range(2)]
        pool = Pool(LARGE, residents=2, rank=rank, bytes_each=rank * 6 << 20,
                    targets=[name.split(".")[1] for name in LINEAR])
    if pool.status not in (0, DEGRADED):
        raise RuntimeError(pool.says)
    interference(pool, [pool.add(path) for path in paths], decoding, rank, 20 if not driver.is_fake else 2)
    pool.close()


def main():
    start = time.monotonic()
    answer("time", "which machine is it", f"{driver.name}, driver {driver.version}, "
           f"{driver.free_bytes / 1e9:.0f} GB free")
    for part in (kernel, contents, times):
        attempt(f"is there an answer to: {part.__doc__.splitlines()[0]}", part)
    # Weights as those of a model of eight billion parameters, where there is room.
    sizes = (1 << 22, 4, 8) if driver.is_fake else (min(16 << 30, driver.free_bytes // 2), 64, 1056)
    decoding = attempt("is there a forward pass to serve beside", Decoding, driver, *sizes)
    if decoding:
        attempt("does it serve beside a forward pass", serving, decoding)
        with tempfile.TemporaryDirectory() as folder:
            for rank in (8,) if driver.is_fake else (8, 16):
                attempt(f"what does decoding lose to swaps of rank {rank}", swapping, decoding, rank, folder)
    attempt("does it share the GPU with torch", beside_torch)
    seconds = time.monotonic() - start
    within("does all of this take less than five minutes", seconds < 300, f"{seconds:.0f} s")
    print(", ".join(f"{count} {word}" for word, count in counts.items() if count))
    return 1 if counts["WRONG"] else 2 if counts["LATE"] else 0


if __name__ == "__main__":
    driver = Driver()
    driver.is_fake = driver.name == "Fake GPU"
    sys.exit(main())
