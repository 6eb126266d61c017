"""Small damage to honest exports: what each rule of the validator must catch, and files at the edge that it must not.

Every case starts from the adapter `llama-nano` and changes one thing. `broken.json` names the rules that must be
reported (`rules`), those that may come with them (`may`), and the highest severity among them.
"""

import dataclasses
import shutil
import typing

from safetensors import safe_open
from safetensors.torch import load, save

from files import ADAPTERS, BROKEN, ROOT, fresh, read_json, write_json, write_rows

WEIGHTS, CONFIG = "adapter_model.safetensors", "adapter_config.json"
NANO, NANO_BASE = ADAPTERS / "llama-nano", "models/llama-nano-bf16"


@dataclasses.dataclass
class Case:
    """One broken adapter. Changes are functions from the good value, or the value itself."""

    name: str
    rules: list[str]
    note: str
    severity: str = "error"
    may: tuple[str, ...] = ()
    base: str | None = NANO_BASE
    path: str | None = None  # of an adapter that lies elsewhere: then nothing is written
    tensors: typing.Callable | None = None  # {name: tensor} to {name: tensor}
    config: dict | bytes | None = None  # fields to replace, or the whole file
    weights: typing.Callable | None = None  # bytes of the weights file to bytes
    build: typing.Callable | None = None  # writes the whole folder
    files: dict[str, bytes] = dataclasses.field(default_factory=dict)
    without: tuple[str, ...] = ()
    serving_dtype: str | None = None
    engine: str | None = None

    def write(self):
        folder = fresh(BROKEN / self.name)
        if self.build:
            self.build(folder)
        else:
            for name in (WEIGHTS, CONFIG):
                shutil.copyfile(NANO / name, folder / name)
        if isinstance(self.config, bytes):
            (folder / CONFIG).write_bytes(self.config)
        elif self.config:
            write_json(folder / CONFIG, read_json(folder / CONFIG) | self.config)
        path = folder / WEIGHTS
        if self.tensors:
            path.write_bytes(save(self.tensors(load(path.read_bytes())), {"format": "pt"}))
        if self.weights:
            path.write_bytes(self.weights(path.read_bytes()))
        for name, data in self.files.items():
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_bytes(data)
        for name in self.without:
            (folder / name).unlink()

    def row(self):
        row = {
            "name": self.name,
            "path": self.path or f"broken/{self.name}",
            "base": self.base,
            "rules": self.rules,
            "severity": self.severity if self.rules else "none",
            "note": self.note,
        }
        more = {"may": list(self.may), "serving_dtype": self.serving_dtype, "engine": self.engine}
        return row | {key: value for key, value in more.items() if value}


def accepted(path):
    """Whether the safetensors package opens the file."""
    try:
        with safe_open(path, "numpy"):
            return True
    except Exception:
        return False


def make():
    import broken_adapters
    import broken_bases
    import broken_files
    import broken_values

    fresh(BROKEN)
    cases = [case for part in (broken_files, broken_adapters, broken_bases, broken_values) for case in part.cases()]
    assert len({case.name for case in cases}) == len(cases)
    for case in cases:
        if case.path is None:
            case.write()
        assert (ROOT / (case.path or f"broken/{case.name}")).exists(), case.name
        if case.name.startswith(("header-", "value-")):
            refused = "header-invalid" in case.rules
            assert accepted(BROKEN / case.name / WEIGHTS) != refused, case.name
        assert case.base is None or (ROOT / case.base).exists(), case.base
    write_rows(BROKEN / "broken.json", [case.row() for case in cases])
