"""A check over many model types: its arguments, its loop, its count of what happened."""

import argparse
import collections
import pathlib
import tempfile
import warnings

import torch
import transformers

from catalogue_cases import CASES
from files import ROOT


def parser(description):
    """The arguments that every such check has."""
    result = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    result.add_argument("types", nargs="*", default=list(CASES))
    result.add_argument("--tool", default=ROOT.parent / ".build/release/lora-tool", type=pathlib.Path)
    result.add_argument("--variants", type=lambda text: text.split(","), default=[], help="names, separated by commas")
    return result


def sweep(types, word, check):
    """Runs `check(model_type, number, position, folder, counts, problem)` for every configuration that says its sizes.

    `number` is its place in the catalogue, `position` that among those; a check passes over what it does not want.
    `word` is what counts as done. Returns an exit status.
    """
    warnings.filterwarnings("ignore")
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    torch.set_num_threads(1)
    counts, problems = collections.Counter(), []

    def problem(text):
        problems.append(text)
        print(text[:420], flush=True)

    for model_type in types:
        before = counts["adapters"], counts[word], len(problems)
        sized = [number for number, (_, change) in enumerate(CASES[model_type]) if change]
        for position, number in enumerate(sized):
            with tempfile.TemporaryDirectory() as folder:
                check(model_type, number, position, pathlib.Path(folder), counts, problem)
        now = counts["adapters"], counts[word], len(problems)
        passed = (b - a for a, b in zip(before, now))
        print("{}: {} adapters, {} {}, {} problems".format(model_type, next(passed), next(passed), word, next(passed)), flush=True)
    for reason, count in counts.most_common():
        print(f"{count} {reason}")
    print(f"{len(problems)} problems")
    return 1 if problems or not counts[word] else 0
