"""What PEFT makes of resized adapters: loads each, and compares its deltas with numpy's best of that rank.

    python check_resize.py PROGRAM      the built lora-tool

Also PEFT's own `svd` of two adapters with the weights 1 and 0, which is a resize, and modules whose names end alike.
"""

import json
import pathlib
import subprocess
import sys
import tempfile
import warnings

import numpy
import peft
import torch

import surgery_resize as made

OPTIONS = [["--rank", "1"], ["--rank", "2"], ["--rank", "4", "--pad"], ["--energy", "0.9"], ["--error", "0.3"],
           ["--ratio", "3"], ["--energy", "0.9", "--uniform"], ["--rank", "2", "--keep-alpha"],
           ["--rank", "3", "--dtype", "bf16"], ["--rank", "3", "--dtype", "f32"]]


def resize(program, folder, options, output):
    done = subprocess.run(
        [program, "resize", folder, "--output", output, "--format", "json", *options], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def norm(parts):
    return float(numpy.sqrt(sum((part**2).sum() for part in parts)))


def check(report, before, after, name):
    worst = 0.0
    for module in report["modules"]:
        old, new = before[module["name"]], after[module["name"]]
        size = norm(old)
        error = norm([a - b for a, b in zip(old, new)]) / size if size else norm(new)
        assert abs(error - module["error"]) < 1e-9, (name, module, error)
        if size:
            largest = max(numpy.linalg.norm(part, 2) for part in old)
            spectral = max(numpy.linalg.norm(a - b, 2) for a, b in zip(old, new)) / largest
            assert abs(spectral - module["error_spectral"]) < 1e-7, (name, module, spectral)
            tails = [numpy.linalg.svd(part, compute_uv=False)[module["rank"] :] for part in old]
            best = norm(tails) / size
            assert error > best - 1e-7, (name, module, best)
            worst = max(worst, error - best)
    return worst


def by_peft(folder, base, rank):
    """PEFT's truncation of the first of two adapters."""
    wrapped = made.load(folder, base)
    wrapped.load_adapter(folder, "other")
    wrapped.add_weighted_adapter(["default", "other"], [1.0, 0.0], "cut", "svd", svd_rank=rank)
    found = {}
    for name, layer in wrapped.base_model.model.named_modules():
        if isinstance(layer, peft.tuners.lora.layer.LoraLayer) and "cut" in layer.scaling:
            found[name] = [layer.get_delta_weight("cut").detach().double().numpy()]
    return found


def names_that_end_alike(program, folder):
    """Patterns for `block.q` must not be found in `outer.block.q`."""
    class Block(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.q = torch.nn.Linear(12, 10, bias=False)

    class Outer(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.block = Block()

    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.block, self.outer = Block(), Outer()

        def forward(self, x):
            return self.block.q(x) + self.outer.block.q(x)

    torch.manual_seed(1)
    base = Model()
    wrapped = peft.get_peft_model(base, peft.LoraConfig(r=6, lora_alpha=6, target_modules=["q"]))
    for name, value in wrapped.named_parameters():
        if "lora_" in name:
            value.data = torch.randn_like(value)
            if "lora_B" in name and "outer" not in name:
                value.data = value.data * torch.logspace(0, -4, 6)
    wrapped.save_pretrained(folder / "in")
    before = made.deltas(wrapped)
    report = resize(program, folder / "in", ["--energy", "0.9999"], folder / "out")
    assert len({module["rank"] for module in report["modules"]}) == 2, report
    after = made.deltas(peft.PeftModel.from_pretrained(Model(), folder / "out"))
    check(report, before, after, "names that end alike")


def main():
    warnings.filterwarnings("ignore")
    program = pathlib.Path(sys.argv[1]).resolve()
    names = [f"surgery/resize/{name}" for name in ("wide", "experts", "conv")] + [f"adapters/{n}" for n in made.OLDER]
    count, worst = 0, 0.0
    for name in names:
        folder = made.DATA / name
        config = json.loads((folder / "adapter_config.json").read_text())
        base = made.DATA / "models" / pathlib.Path(config["base_model_name_or_path"]).name
        before = made.deltas(made.load(folder, base))
        for options in OPTIONS:
            with tempfile.TemporaryDirectory() as temporary:
                output = pathlib.Path(temporary) / "out"
                report = resize(program, folder, options, output)
                after = made.deltas(made.load(output, base))
                excess = check(report, before, after, f"{name} {options}")
                worst = max(worst, excess) if options[0] == "--rank" and "bf16" not in options else worst
                count += len(report["modules"])
        if "all-linear" in name:
            with tempfile.TemporaryDirectory() as temporary:
                output = pathlib.Path(temporary) / "out"
                resize(program, folder, ["--rank", "3"], output)
                ours, theirs = made.deltas(made.load(output, base)), by_peft(folder, base, 3)
                furthest = max(
                    norm([a - b for a, b in zip(ours[module], theirs[module])]) / norm(ours[module]) for module in theirs)
                assert furthest < 1e-5, furthest
                print(f"PEFT's svd of (1, 0), {len(theirs)} modules: relative distance {furthest:.1e} at most")
    with tempfile.TemporaryDirectory() as temporary:
        names_that_end_alike(program, pathlib.Path(temporary))
    print(f"{count} modules loaded by PEFT {peft.__version__}: the errors are those that were reported")
    print(f"largest excess over the best possible error, types kept: {worst:.1e}")


if __name__ == "__main__":
    main()
