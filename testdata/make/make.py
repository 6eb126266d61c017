"""Remakes the fixtures: `python testdata/make/make.py [part ...]`, all parts without an argument.

Every part starts from fixed seeds and the versions of requirements.txt; a second run gives the same bytes.
"""

import importlib
import os
import sys

PARTS = (
    "models adapters merged broken headers bases formats deltas evaluation traffic slots mutants config_corpus "
    "method_corpus folder_corpus pipeline_corpus repair".split()
)


def pin_the_process():
    """No network, no thread-dependent sums, no hash order: PEFT writes sets of names as they iterate."""
    wanted = dict(PYTHONHASHSEED="0", HF_HUB_OFFLINE="1", OMP_NUM_THREADS="1", MKL_NUM_THREADS="1")
    if any(os.environ.get(key) != value for key, value in wanted.items()):
        os.environ.update(wanted)
        os.execv(sys.executable, [sys.executable, *sys.argv])


def main():
    pin_the_process()
    import torch
    import transformers

    import files

    torch.set_num_threads(1)
    transformers.utils.logging.disable_progress_bar()
    transformers.utils.logging.set_verbosity_error()
    os.chdir(files.ROOT.parent)  # PEFT records the base as it was named: testdata/models/<name>
    for part in sys.argv[1:] or PARTS:
        importlib.import_module(part).make()
        print("made", part)
    for path in files.ROOT.rglob("*.safetensors"):
        path.chmod(0o644)  # the safetensors writer leaves 0600


if __name__ == "__main__":
    main()
