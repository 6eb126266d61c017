"""What vLLM itself does with adapters that are nearly right, as a fixture for the tests.

    python vllm_odd.py TRUTH.jsonl.zst OUTPUT.jsonl.zst

TRUTH is a fixture of vllm_truth.py: of some of its bases the adapters that the engine applies are taken and damaged in
one way each (KINDS). One row per base in the same form, with what became of each. Needs what vllm_truth.py needs, but
for peft. Options are the same: vLLM's defaults, but for a rank limit of 64.
"""

import gc
import json
import re
import sys
import tempfile
from pathlib import Path

import zstandard

from damage import again, modules, resized
from vllm_truth import DEFAULTS, PREFIX, compare, factor_groups, values

# Dense and with experts, of known and unknown shapes, with text inside of a wrapper, pooled, with and without a head.
BASES = re.compile(
    r"(Llama|Qwen3|OPT|Laguna|Phimoe|Granite|GraniteMoe|GraniteMoeHybrid|FalconH1|Mellum|Arcee|Olmo2)ForCausalLM"
    r"|(Bert|Roberta|Phi3|Qwen3)ForSequenceClassification|RobertaModel|LlamaModel"
    r"|(Idefics3|InternVL)ForConditionalGeneration/llama|Qwen2_5OmniForConditionalGeneration.*")
STARTS = re.compile(r"all|text-all|qv|names-.*|apart|head-.*|save-.*")


def renamed(tensors, pattern, new):
    module = next((name for name in reversed(modules(tensors)) if re.search(pattern, name)), None)
    return module and {name.replace(module, re.sub(pattern, new, module)): shape for name, shape in tensors.items()}


def kinds(name, config, tensors):
    """Name, config and tensors of each damaged form."""
    last = modules(tensors)[-1]
    if name.startswith("head-"):
        for more in (1, -1):
            yield f"rows{more:+}", config, resized(tensors, last, lambda a, b: (a, [b[0] + more, b[1]]))
        return
    if name.startswith("save-"):
        whole = next(key for key in tensors if ".lora_" not in key)
        rows, width = tensors[whole]
        for label, shape in (("rows+1", [rows + 1, width]), ("rows-1", [rows - 1, width]), ("width-1", [rows, width - 1]),
                             ("no-matrix", [rows, width, 1])):
            if 0 not in shape:
                yield label, config, {**tensors, whole: shape}
        yield "as-text", {**config, "modules_to_save": config["modules_to_save"][0]}, tensors
        return
    yield "as-text", {**config, "modules_to_save": "score"}, tensors
    yield "as-empty-text", {**config, "modules_to_save": ""}, tensors
    yield "dimensions", config, resized(tensors, last, lambda a, b: ([*a, 1, 1], [*b, 1, 1]))
    yield "in+1", config, resized(tensors, last, lambda a, b: ([a[0], a[1] + 1], b))
    yield "in-1", config, resized(tensors, last, lambda a, b: ([a[0], a[1] - 1], b))
    yield "out+1", config, resized(tensors, last, lambda a, b: (a, [b[0] + 1, b[1]]))
    for label, made in (
            ("twice-bare", again(tensors, PREFIX, "")), ("twice-doubled", again(tensors, PREFIX, PREFIX * 2)),
            ("twice-model", again(tensors, PREFIX, PREFIX + "model.")),
            ("twice-body", again(tensors, PREFIX + "model.", PREFIX)),
            ("twice-text", again(tensors, PREFIX + "model.", PREFIX + "model.language_model.")),
            ("layer-01", renamed(tensors, r"\.(\d)\.", r".0\1.")), ("layer+1", renamed(tensors, r"\.(\d)\.", ".9."))):
        if made:
            yield label, config, made


def run(truth, output):
    import vllm_engine
    from safetensors.torch import save_file
    from vllm_classes import TURNED

    vllm_engine.start(port=29671)
    rows, seen = [], set()
    lines = zstandard.ZstdDecompressor().decompress(Path(truth).read_bytes(), max_output_size=1 << 30).splitlines()
    for line in lines:
        row = json.loads(line)
        if not BASES.fullmatch(row["key"]) or row["key"] in seen:
            continue
        seen.add(row["key"])
        made = [dict(name=f"{entry['name']}/{label}", config=config, tensors=tensors)
                for entry in row["adapters"] if entry["verdict"] == "applied" and STARTS.fullmatch(entry["name"])
                for label, config, tensors in kinds(entry["name"], entry["config"], entry["tensors"])]
        with tempfile.TemporaryDirectory() as folder:
            engine = vllm_engine.Engine(vllm_engine.write_config(Path(folder, "base"), row["config"]))
            manager = engine.manage()
            turned = type(engine.module).__name__ in TURNED
            where = Path(folder, "adapter")
            where.mkdir()
            for adapter in made:
                settings = {**DEFAULTS, "target_modules": "all-linear", **adapter["config"]}
                tensors = values(adapter["tensors"])
                (where / "adapter_config.json").write_text(json.dumps(settings))
                save_file(tensors, where / "adapter_model.safetensors")
                try:
                    engine.load(where)
                except Exception as error:
                    adapter["verdict"], text = "refused", re.sub(r"\S*/adapter\b", "ADAPTER", str(error))
                    text = re.sub(r"expected target modules in \{.*?\} but received", "unexpected modules:", text)
                    adapter["why"] = f"{type(error).__name__}: {text[:110]}".replace("\n", " ")
                    continue
                adapter["verdict"], adapter["why"] = compare(manager, tensors, settings, turned)
                # A whole slot is found by its first rows: fewer of them than the module has are no delta of the module.
                if adapter["verdict"] == "applied" and adapter["name"].endswith(("in-1", "rows-1")) and factor_groups(
                        tensors) and not adapter["name"].startswith("save-"):
                    adapter["verdict"], adapter["why"] = "partly", "fills a corner of the slot"
        counts = {}
        for adapter in made:
            counts[adapter["verdict"]] = counts.get(adapter["verdict"], 0) + 1
        print(row["key"], counts, flush=True)
        rows.append(dict(key=row["key"], config=row["config"], adapters=made))
        del engine, manager
        gc.collect()
    text = "".join(json.dumps(row, separators=(",", ":")) + "\n" for row in rows)
    Path(output).write_bytes(zstandard.ZstdCompressor(level=19).compress(text.encode()))
    print(len(rows), "bases,", sum(len(row["adapters"]) for row in rows), "adapters")


if __name__ == "__main__":
    run(*sys.argv[1:]) if len(sys.argv) == 3 else sys.exit(__doc__)
