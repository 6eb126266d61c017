"""Times `repair` and `convert` beside a copy of the same folder that reaches the device too, for docs/benchmarks.md.

    python bench_surgery_copy.py PROGRAM ADAPTER CONFIG FOLDER [ROUNDS]

ADAPTER is a PEFT folder of CONFIG's model; results go below FOLDER, by turns, and are removed. The copy is `cp -r` and an
fsync of every file and of the folder, as the program does. `openssl dgst -sha256` of the weights is what their digest
for the record takes on one thread. Prints seconds, best and median, and the medians of the ratios within a round.
"""

import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import time

PROGRAM, ADAPTER, CONFIG, FOLDER = (pathlib.Path(path).resolve() for path in sys.argv[1:5])
ROUNDS = int(sys.argv[5]) if len(sys.argv) > 5 else 9


def flushed(path):
    for file in [*path.iterdir(), path]:
        descriptor = os.open(file, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)


def timed(name, output):
    shutil.rmtree(output, ignore_errors=True)
    os.sync()
    commands = {
        "cp": ["cp", "-r", ADAPTER, output],
        "digest": ["openssl", "dgst", "-sha256", ADAPTER / "adapter_model.safetensors"],
        "repair": [PROGRAM, "repair", ADAPTER, "--output", output, "--quiet"],
        "mlx": [PROGRAM, "convert", ADAPTER, "--to", "mlx", "--base", CONFIG, "--output", output, "--quiet"],
        "peft": [PROGRAM, "convert", ADAPTER, "--to", "peft", "--output", output, "--quiet"],
    }
    start = time.perf_counter()
    subprocess.run(commands[name], check=True, stdout=subprocess.DEVNULL)
    if name == "cp":
        flushed(output)
    return time.perf_counter() - start


def main():
    names, times = ["cp", "digest", "repair", "peft", "mlx"], {}
    for name in names * ROUNDS:
        times.setdefault(name, []).append(timed(name, FOLDER / "out"))
    shutil.rmtree(FOLDER / "out", ignore_errors=True)
    for name in names:
        ratios = [own / copy for own, copy in zip(times[name], times["cp"])]
        print(f"| {name} | {min(times[name]):.3f} | {statistics.median(times[name]):.3f} | {statistics.median(ratios):.2f} |")


if __name__ == "__main__":
    main()
