"""Builds models of every type with many configurations and keeps what was traced, for architectures.py.

    python testdata/make/arch_collect.py FOLDER SECONDS [model types]

FOLDER/samples/TYPE.gz gets the models of a type; one that is there already is left alone, so that several workers share
the work. SECONDS is the CPU time for one class. `arch_starts.json` has what a configuration must say for the types that
cannot be built from the defaults of their class.
"""

import gzip
import json
import os
import pathlib
import pickle
import random
import signal
import sys
import time

import arch_learn
import arch_trace
from transformers.models.auto import modeling_auto

STARTS = json.loads((pathlib.Path(__file__).parent / "arch_starts.json").read_text())
# Models that are no text models themselves but stand inside of those.
PARTS = "clip_vision_model siglip_vision_model siglip2_vision_model pixtral dinov2 whisper qwen2_audio_encoder".split()
LIMIT = 480


class Late(Exception):
    pass


def late(*_):
    raise Late


def first_name(value):
    return value if isinstance(value, str) or value is None else value[0]


def few(cls, samples, seconds, log):
    """Some of the configurations again, for another class of the same type."""
    random.seed(5)
    began, found = time.process_time(), []
    for sample in [samples[0]] + random.sample(samples[1:], min(5, len(samples) - 1)):
        if found and time.process_time() - began > seconds:
            break
        try:
            found.append(arch_learn.Sample(cls, sample.full, arch_trace.build(cls, sample.full)))
        except Exception as error:
            log.append(f"{cls.__name__}: {error!r}"[:200])
    return found


def record(model_type, seconds):
    made = dict(type=model_type, classes=[], log=[])
    main, *others = arch_trace.classes(model_type)
    made["names"] = [cls.__name__ for cls in (main, *others)]
    samples, held = arch_learn.collect(main, seconds, STARTS.get(model_type, {}), made["log"])
    made["classes"].append((main.__name__, samples, held))
    if not samples:
        raise ValueError(made["log"])
    maps = [*arch_trace.AUTO_MAPS.values(), "MODEL_MAPPING_NAMES"]
    usual = {first_name(getattr(modeling_auto, name).get(model_type)) for name in maps}
    for cls in others:
        if model_type in modeling_auto.MODEL_FOR_MASKED_LM_MAPPING_NAMES or cls.__name__ in usual:
            made["classes"].append((cls.__name__, few(cls, samples, seconds / 8, made["log"]), []))
    return made


def main():
    folder, seconds = pathlib.Path(sys.argv[1]) / "samples", float(sys.argv[2])
    folder.mkdir(exist_ok=True)
    signal.signal(signal.SIGALRM, late)
    inner = sorted(set(PARTS) & set(modeling_auto.MODEL_MAPPING_NAMES))
    for model_type in sys.argv[3:] or arch_trace.all_types() + inner:
        file, began = folder / f"{model_type}.gz", time.time()
        try:
            lock = os.open(file.with_suffix(".lock"), os.O_CREAT | os.O_EXCL)
        except FileExistsError:
            continue
        os.close(lock)
        try:
            signal.alarm(LIMIT)
            if not file.exists():
                made = record(model_type, seconds)
                with gzip.open(file, "wb", 1) as stream:
                    pickle.dump(made, stream)
                counts = [(name, len(tried), len(held)) for name, tried, held in made["classes"]]
                print(model_type, counts, f"{time.time() - began:.0f}s", flush=True)
        except Exception as error:
            print(model_type, "not built:", repr(error)[:600], flush=True)
        finally:
            signal.alarm(0)
            os.unlink(file.with_suffix(".lock"))


if __name__ == "__main__":
    main()
