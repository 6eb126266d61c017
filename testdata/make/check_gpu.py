"""Everything about slots on a GPU that only a GPU settles: one line for each question, in under five minutes.

    python testdata/make/check_gpu.py [FOLDER OF lora-tool, lora-bench AND libLoRALoader.so]

Without torch the last questions are skipped. Exits 1 when an answer is wrong; times are for people to judge.
"""

import ctypes
import pathlib
import subprocess
import sys
import tempfile
import time

from loader_options import Options

PROJECT = pathlib.Path(__file__).resolve().parent.parent.parent
FOLDER = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else PROJECT / ".build/release").resolve()
BASE = PROJECT / "testdata/models/llama-bf16-sharded"
ADAPTERS = [PROJECT / "testdata/adapters" / name for name in ("llama-all-linear", "llama-second", "llama-rslora")]
CAPTURING = -9
wrong = 0


def answer(question, is_right, text):
    global wrong
    wrong += not is_right
    print(f"{'ok   ' if is_right else 'WRONG'} {question}: {text}", flush=True)


def run(name, *arguments):
    command = [FOLDER / name, *map(str, arguments)]
    try:
        return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=120)
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, 124, "", "no end within two minutes")


def last_line(result):
    lines = (result.stderr or result.stdout).strip().splitlines()
    return lines[-1] if lines else f"exit {result.returncode}"


class Pool:
    """A pool with two slots of its own, or in the engine's memory."""

    def __init__(self):
        self.library = ctypes.CDLL(str(FOLDER / "libLoRALoader.so"))
        self.library.lora_last_error.restype = ctypes.c_char_p
        self.library.lora_pool_add.restype = ctypes.c_int64
        self.library.lora_pool_buffer_count.restype = ctypes.c_uint64
        self.pool = ctypes.c_void_p()
        options = Options(base=str(BASE).encode(), device=b"cuda:0", max_loras=2, max_cpu_loras=len(ADAPTERS))
        start = time.monotonic()
        self.status = self.library.lora_pool_open(ctypes.byref(options), ctypes.byref(self.pool))
        self.seconds = time.monotonic() - start
        self.says = self.library.lora_last_error().decode() if self.status else ""

    def add(self, path):
        return self.library.lora_pool_add(self.pool, str(path).encode())

    def load(self, adapter, slot, stream=0):
        return self.library.lora_pool_load(
            self.pool, ctypes.c_int64(adapter), ctypes.c_uint64(slot), ctypes.c_void_p(stream))

    def wait(self, slot):
        return self.library.lora_pool_wait(self.pool, ctypes.c_uint64(slot))

    def close(self):
        self.library.lora_pool_close(self.pool)


def kernel():
    """The driver's compiler: whether it takes the kernel, and what it takes cold and from its cache."""
    first = Pool()
    says = first.says or f"yes, opened in {first.seconds:.3f} s"
    answer("does the driver compile the kernel", first.status == 0, says)
    if first.status < 0:
        return False
    first.close()
    second = Pool()
    answer("what does a second pool take to open", second.status >= 0, f"{second.seconds:.3f} s")
    second.close()
    return True


def contents():
    """NaN, rounding and padding on real arithmetic: every byte against the host's packing."""
    with tempfile.TemporaryDirectory() as folder:
        for adapter in ADAPTERS:
            for dtype in ("bf16", "f16", "f32"):
                result = run(
                    "lora-tool", "pack", adapter, "--base", BASE, "--max-lora-rank", 64, "--dtype", dtype, "--device",
                    "cuda", "--verify", "--output", f"{folder}/{adapter.name}-{dtype}.safetensors", "--quiet")
                answer(f"do slots in {dtype} hold {adapter.name}", result.returncode == 0,
                       "yes, byte for byte" if result.returncode == 0 else last_line(result))


def times():
    """Swaps against one pinned copy and a loop over tensors."""
    result = run("lora-bench", "cuda", *sys.argv[2:])
    rows = [line for line in result.stdout.splitlines() if line.endswith((" yes", " no"))]
    if not rows:
        return answer("what does a swap take", False, last_line(result))
    for row in rows:
        rank, slot, _, copy, swap, ratio, first, host, commands, loop, gain, *_ = row.split()
        answer(f"what does rank {rank} in slots of rank {slot} take", True,
               f"{swap} ms, {ratio} times the copy's {copy}; first layer {first}, host {host}, loop {loop} ms"
               f"{'' if row.endswith(' yes') else '; beyond the limits'}")


def beside_torch():
    """The context shared with torch: captures, loads between replays, and what decoding loses to loads."""
    try:
        import torch
    except ImportError:
        return print("skip  torch is not installed: captures and interference")
    if not torch.cuda.is_available():
        return print("skip  torch sees no GPU: captures and interference")
    pool = Pool()
    numbers = [pool.add(path) for path in ADAPTERS]
    left = torch.randn(32, 4096, device="cuda", dtype=torch.bfloat16)
    weights = [torch.randn(4096, 4096, device="cuda", dtype=torch.bfloat16) for _ in range(64)]
    stream = torch.cuda.Stream(priority=-1)
    with torch.cuda.stream(stream):
        out = [left @ weight for weight in weights]
        pool.load(numbers[0], 0, stream.cuda_stream)
        torch.cuda.synchronize()
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, stream=stream):
            out = [left @ weight for weight in weights]
            status = pool.load(numbers[1], 0, stream.cuda_stream)
        answer("is a captured stream answered", status == CAPTURING, f"status {status}")

        def step(loads):
            start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
            start.record()
            for index in range(20):
                if loads and index % 4 == 0:
                    pool.load(numbers[index // 4 % 3], 1, 0)
                graph.replay()
            end.record()
            end.synchronize()
            return start.elapsed_time(end)

        step(True)
        alone, beside = (min(step(loads) for _ in range(5)) for loads in (False, True))
        answer("what do replays lose to loads beside them", True, f"{alone:.2f} ms alone, {beside:.2f} with five loads")
        statuses = [pool.load(numbers[1], 0, stream.cuda_stream), pool.wait(0)]
        answer("do loads between replays work", statuses == [0, 0] and len(out) == 64, f"statuses {statuses}")
    pool.close()


if kernel():
    contents()
    times()
    beside_torch()
sys.exit(1 if wrong else 0)
