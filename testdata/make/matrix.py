"""No false alarm: what PEFT saves from any architecture passes `validate` against its own base.

    python testdata/make/matrix.py                          # everything, an hour on two cores
    python testdata/make/matrix.py llama t5                 # only these model types
    python testdata/make/matrix.py --variants dora,rslora llama   # only this variant
    python testdata/make/matrix.py --table --variants all-linear  # every type of the catalogue's table

For every small configuration of catalogue_cases.py the model is built and saved, every variant of matrix_variants.py that
PEFT takes is trained for a step and saved, and the program checks all of them three times: by the base's weights, by its
config.json alone, and without a base, where warnings are guesses and allowed. A problem is any other finding above a
note, and any rank, alpha or scale that is not what PEFT's own layers hold. Adapters with a head of another class (a classifier trained on the checkpoint of a
language model) are checked against the language model's checkpoint, as they are in production.
"""

import argparse
import collections
import copy
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import warnings
import zlib

os.environ["HF_HUB_OFFLINE"] = "1"
import peft
import torch
import transformers
from peft.tuners.lora import LoraLayer, ParamWrapper
from transformers.models.auto.configuration_auto import CONFIG_MAPPING

import type_cases
from catalogue_cases import CASES
from files import read_json, write_json
from matrix_variants import Facts, variants

ROOT = pathlib.Path(__file__).resolve().parent.parent
TASKS = {
    "ForCausalLM": "CAUSAL_LM",
    "LMHeadModel": "CAUSAL_LM",
    "ForSequenceClassification": "SEQ_CLS",
    "ForTokenClassification": "TOKEN_CLS",
    "ForQuestionAnswering": "QUESTION_ANS",
}
# What an honest adapter may still be told besides notes: rule and beginning of the variant's name.
ALLOWED = {
    # Where no module's name ends in `norm`, PEFT saves nothing and says nothing; a warning is due, or without a base, which
    # alone can tell, an error.
    ("target-missing", "saved-norm"),
}


def task_of(name):
    if name in ("T5ForConditionalGeneration", "WhisperForConditionalGeneration"):
        return "SEQ_2_SEQ_LM"
    if name.endswith("Model") and not name.endswith(("LMHeadModel", "DoubleHeadsModel")):
        return "FEATURE_EXTRACTION"
    return next((task for ending, task in TASKS.items() if name.endswith(ending)), None)


def build(name, given, seed):
    torch.manual_seed(seed)
    cls = getattr(transformers, name)
    model_type = given["model_type"]
    # The library may build a type from another one's class, which names its own configuration.
    config_class = CONFIG_MAPPING[model_type] if model_type in CONFIG_MAPPING else cls.config_class
    return cls(config_class.from_dict(json.loads(json.dumps(given))))


def train(model):
    """Everything that may learn takes a step, so that nothing is left at zero."""
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.requires_grad:
                parameter.copy_(parameter + 0.02 * torch.randn(parameter.shape))


def modules(model, adapter):
    """Rank, alpha and scale of each module as PEFT's layers hold them, named as in the base."""
    rows = {}
    for name, layer in model.base_model.model.named_modules():
        if isinstance(layer, LoraLayer) and adapter in layer.r:
            path = name.replace(".base_layer", "")
            if isinstance(layer, ParamWrapper):
                path += "." + layer.parameter_name
            rows[path] = (layer.r[adapter], layer.lora_alpha[adapter], layer.scaling[adapter])
    return rows


def export(model, variant, name, folder):
    """Trains and saves one adapter; returns its folder and modules, or None where PEFT itself refuses."""
    model = copy.deepcopy(model).to(variant.dtype)
    try:
        config = peft.LoraConfig(**variant.config, task_type=task_of(name))
        if variant.native:
            model.add_adapter(config)
            train(model)
            model.save_pretrained(folder)
            return (folder, None), None
        model = peft.get_peft_model(
            model, config, adapter_name=variant.adapter, autocast_adapter_dtype=variant.upcast
        )
        if variant.before:
            variant.before(model)
        train(model)
        saved = variant.after(model, variant) if variant.after else variant.adapter
        model.save_pretrained(folder, selected_adapters=[saved], **variant.save)
    except (ValueError, TypeError, NotImplementedError, RuntimeError, AttributeError, KeyError) as error:
        shutil.rmtree(folder, ignore_errors=True)
        return None, f"{type(error).__name__}: {str(error)[:160]}"
    if saved != "default":
        folder = folder / saved
    return (folder, modules(model, saved) if variant.check_modules else None), None


def run(tool, *arguments):
    done = subprocess.run([tool, *arguments], capture_output=True, check=False)
    if done.returncode not in (0, 1) or done.stderr:
        sys.exit(f"{' '.join(arguments)[:300]}: exit {done.returncode}: {done.stderr.decode()[:2000]}")
    return json.loads(done.stdout)


def differences(want, inspected):
    """Modules whose rank, alpha or scale is not PEFT's."""
    got = {row["name"]: row for row in inspected["modules"]}
    for name in sorted(set(want) ^ set(got)):
        yield f"module {name} is in {'PEFT' if name in want else 'the report'} only"
    for name in sorted(set(want) & set(got)):
        rank, alpha, scale = want[name]
        row = got[name]
        if row["rank"] != rank or row["alpha"] != alpha or abs(row["scale"] - scale) > 1e-9 * abs(scale):
            yield f"{name}: rank {row['rank']}, alpha {row['alpha']}, scale {row['scale']} for {want[name]}"


# Heads that PEFT knows no task for stay at their random start outside the checkpoint.
NO_TASK = ("PreTraining", "Multiple", "Next", "DoubleHeads", "Image")


def exports(model_type, number, work, wanted=lambda name: True, refused=None):
    """Builds and saves one configuration below `work` and yields label, folder and modules of each adapter."""
    name, overrides = CASES[model_type][number]
    given = {"model_type": model_type, "architectures": [name], **overrides}
    seed = zlib.crc32(f"{model_type}{number}".encode())
    model = build(name, given, seed)
    model.save_pretrained(work / "base")
    # The library may build a type from another one's class, which then writes its own name.
    write_json(work / "base/config.json", read_json(work / "base/config.json") | {"model_type": model_type})
    classes = {name: model}
    if task_of(name) == "CAUSAL_LM" and number <= 1:
        for other, _ in CASES[model_type]:
            if other not in classes and not any(word in other for word in NO_TASK):
                labels = {"num_labels": 3} if "Classification" in other else {}
                classes[other] = build(other, given | labels | {"architectures": [other]}, seed)
    for class_name, each in classes.items():
        each.name_or_path = str(work / "base")
        facts = Facts(each)
        for variant in variants(each, facts, head_only=each is not model or number > 2) if facts.linear else []:
            label = variant.name if each is model else f"{variant.name}-{class_name}"
            if wanted(label):
                torch.manual_seed(zlib.crc32(f"{model_type}{number}{label}".encode()))
                result, refusal = export(each, variant, class_name, work / "adapters" / label)
                if refusal is None:
                    yield label, *result
                elif refused is not None:
                    refused[f"{variant.name}: {refusal}"] += 1


class Matrix:
    def __init__(self, tool, only):
        self.tool, self.only = tool, only
        self.adapters = self.models = self.problems = 0
        self.refused = collections.Counter()

    def case(self, model_type, number, work):
        """One configuration: its base on disk, all its adapters, the checks."""
        base = work / "base"
        wanted = (lambda label: label.split("-For")[0] in self.only) if self.only else lambda label: True
        made = {
            str(folder): (label, rows)
            for label, folder, rows in exports(model_type, number, work, wanted, self.refused)
        }
        self.models += 1
        if not made:
            return
        self.adapters += len(made)
        where = f"{model_type} {number} {CASES[model_type][number][0]}"
        given = {"weights": ["--base", str(base)], "config": ["--base", str(base / "config.json")], "nothing": []}
        for kind, options in given.items():
            report = run(self.tool, "validate", "--format", "json", *options, *made)
            for adapter in report["adapters"]:
                label = made[adapter["path"]][0]
                loud = [f for f in adapter["findings"] if f["severity"] != "note"]
                for finding in loud:
                    is_known = any(finding["rule"] == rule and label.startswith(start) for rule, start in ALLOWED)
                    is_warning = finding["severity"] == "warning"
                    is_allowed = is_warning and (is_known or kind == "nothing") or is_known and kind == "nothing"
                    if not is_allowed:
                        self.problem(where, label, f"by {kind}: {finding['severity']} {finding['rule']}: {finding['message']}")
                summary = adapter["summary"]
                if summary["unmatched"]:
                    self.problem(where, label, f"by {kind}: {summary['unmatched']} modules unmatched")
        for adapter in run(self.tool, "inspect", "--format", "json", *made)["adapters"]:
            label, want = made[adapter["path"]]
            if want is not None:
                for difference in list(differences(want, adapter))[:3]:
                    self.problem(where, label, difference)

    def tried(self, model_type, number, work):
        """The same; a configuration that the library takes on the meta device only is said."""
        try:
            self.case(model_type, number, work)
        except Exception as error:
            print(f"{model_type}: not built: {type(error).__name__}: {str(error)[:200]}", flush=True)

    def problem(self, where, label, text):
        self.problems += 1
        print(f"{where} [{label}]: {text[:420]}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("types", nargs="*", default=list(CASES))
    parser.add_argument("--tool", default=ROOT.parent / ".build/release/lora-tool", type=pathlib.Path)
    parser.add_argument("--variants", type=lambda text: text.split(","), default=[], help="names, separated by commas")
    parser.add_argument("--table", action="store_true", help="the types of the table instead, in small configurations")
    parser.add_argument("--keep", type=pathlib.Path, help="leave the files here")
    arguments = parser.parse_args()
    if arguments.table:
        arguments.types = type_cases.fill(CASES, arguments.types if arguments.types != list(CASES) else [])
    warnings.filterwarnings("ignore")
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    torch.set_num_threads(1)
    matrix = Matrix(arguments.tool.resolve(), arguments.variants)
    for model_type in arguments.types:
        before = matrix.adapters, matrix.problems
        for number, (_, overrides) in enumerate(CASES[model_type]):
            if not overrides:
                continue  # the default size
            if arguments.keep:
                work = arguments.keep / f"{model_type}-{number}"
                shutil.rmtree(work, ignore_errors=True)
                matrix.case(model_type, number, work)
            else:
                with tempfile.TemporaryDirectory() as folder:
                    matrix.tried(model_type, number, pathlib.Path(folder))
        adapters, problems = matrix.adapters - before[0], matrix.problems - before[1]
        print(f"{model_type}: {adapters} adapters, {problems} problems", flush=True)
    for reason, count in matrix.refused.most_common():
        print(f"PEFT refuses ({count}): {reason}")
    print(f"{matrix.models} models, {matrix.adapters} adapters, {matrix.problems} problems")
    return 1 if matrix.problems or not matrix.adapters else 0


if __name__ == "__main__":
    sys.exit(main())
