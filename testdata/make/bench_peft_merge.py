"""Merges an adapter the usual way, for comparison: PEFT's merge_and_unload, then save_pretrained.

    python testdata/make/bench_peft_merge.py BASE ADAPTER OUT [--dtype auto]

Prints one line of JSON: seconds of the whole process since its start, seconds of each step, and the highest resident
memory in bytes. OUT must not exist. The base is loaded in its own dtype on the CPU, as a merge script would.
"""

import argparse
import json
import os
import pathlib
import resource
import time


def since_start():
    """Seconds since the process was started, imports included."""
    with open("/proc/self/stat") as stat:
        started = int(stat.read().rsplit(")", 1)[1].split()[19]) / os.sysconf("SC_CLK_TCK")
    return time.clock_gettime(time.CLOCK_BOOTTIME) - started


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("base", type=pathlib.Path)
    parser.add_argument("adapter", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--dtype", default="auto", help="dtype to load the base in, such as bfloat16")
    arguments = parser.parse_args()
    if arguments.out.exists():
        parser.error(f"{arguments.out} exists")
    steps = {}

    import peft
    import torch
    import transformers

    steps["import"] = since_start()
    transformers.utils.logging.disable_progress_bar()
    with torch.inference_mode():
        model = transformers.AutoModelForCausalLM.from_pretrained(
            arguments.base, dtype=arguments.dtype, low_cpu_mem_usage=True
        )
        steps["load"] = since_start()
        model = peft.PeftModel.from_pretrained(model, arguments.adapter)
        steps["adapter"] = since_start()
        model = model.merge_and_unload()
        steps["merge"] = since_start()
        model.save_pretrained(arguments.out)
        if any(arguments.base.glob("tokenizer*")):
            transformers.AutoTokenizer.from_pretrained(arguments.base).save_pretrained(arguments.out)
        steps["save"] = since_start()
    ends = list(steps.values())
    durations = {name: round(end - start, 3) for name, start, end in zip(steps, [0.0] + ends, ends)}
    print(
        json.dumps(
            {
                "seconds": round(ends[-1], 3),
                "peak_rss_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
                "steps": durations,
                "versions": {
                    "peft": peft.__version__,
                    "torch": torch.__version__,
                    "transformers": transformers.__version__,
                },
                "threads": torch.get_num_threads(),
            }
        )
    )


if __name__ == "__main__":
    main()
