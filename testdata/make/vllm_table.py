"""Writes the table of vLLM's model classes that the program carries, from the facts of vllm_classes.py.

    python vllm_table.py FACTS.jsonl 0.33 > Sources/LoRAEngines/Engines/VLLM/VLLMClasses33.swift
    python vllm_table.py FACTS.jsonl 0.32 LATER.jsonl 0.33 > Sources/LoRAEngines/Engines/VLLM/VLLMClasses32.swift

The table of an earlier release holds the classes that differ from the later one alone; a class that only the later one
has, or that was not tried with the earlier one, is a line that says so.
"""

import json
import pathlib
import sys

import class_lines

ORDER = ["key", "class", "lora", "static", "model_type", "supported", "packed", "experts", "mapper", "skip", "pooling",
         "task", "mm", "modules", "tower_modules", "bare_if", "rows", "head", "head_by_token", "pooled",
         "stuck", "unstuck", "tower_stuck", "bare_head", "plain_head"]


ENGINES = pathlib.Path(__file__).resolve().parent.parent / "engines"


def load(path, release):
    with open(path) as lines:
        rows = {row["key"]: compact(row) for row in map(json.loads, lines)}
    registry = ENGINES / f"vllm-{release}-registry.json"
    for row in json.loads(registry.read_text()) if registry.exists() else []:
        # Classes are built on the CPU; where a platform has a variant of its own that takes adapters, it was not tried.
        for key in [key for key in rows if key.partition("/")[0] == row["architecture"]]:
            if row.get("lora") and not rows[key].get("lora"):
                rows[key] = dict(key=key, **{"class": row["name"]}, lora=True, static=True)
    return rows


# Names that stop a server as target modules on most classes; a line lists what it has beside these, and which it lacks.
COMMON = ["act_fn", "apply_rotary_emb", "attn", "input_layernorm", "layers", "mlp", "model", "norm",
          "post_attention_layernorm", "rotary_emb", "self_attn"]
# What target modules of the server do to a class. An earlier release was asked this only of classes that differ otherwise.
SERVED = ("stuck", "unstuck", "tower_stuck", "bare_head", "plain_head")


def compact(row):
    """The members that the program reads, in one order."""
    if "pooled" in row:
        # Heads and poolers of the class that is made of it; no server has target modules of such names.
        row = dict(row, pooled={name: value for name, value in row["pooled"].items() if name not in SERVED})
    if "classify" in (row.get("task") or "") and {"score", "classifier"} & set(row.get("stuck", [])):
        # The filter of target modules lets every head through to a layer that wraps the engine's own linear layers only.
        row = dict(row, plain_head=True)
    if "stuck" in row:
        row = dict(row, stuck=sorted({*row["stuck"], *containers(row["modules"])}))
        row = dict(row, stuck=[name for name in row["stuck"] if name not in COMMON],
                   unstuck=[name for name in COMMON if name not in row["stuck"]])
    row = {name: row[name] for name in ORDER if row.get(name) not in (None, [], {}, "")}
    if not row.get("lora"):
        return {name: row[name] for name in ("key", "class", "lora") if name in row}
    if row.get("static"):
        return {name: row[name] for name in ("key", "class", "lora", "static") if name in row}
    if not row.get("pooled"):
        row.pop("pooled", None)
    if "mapper" in row:
        row["mapper"] = {kind: rules for kind, rules in row["mapper"].items() if rules}
    if "experts" in row:
        row["experts"] = {name: value for name, value in row["experts"].items() if name in ("stacked", "gated", "forms", "mixed")}
    return row


def containers(modules):
    """Last parts of names of what holds wrapped modules inside a layer, such as `shared_experts`."""
    names = {name for name, *_ in modules}
    found = set()
    for name in names:
        head, layer, rest = name.partition("layers.#.")
        parts = rest.split(".")[:-1] if layer else []
        found |= {part for place, part in enumerate(parts)
                  if part != "#" and ".".join([head + "layers.#", *parts[:place + 1]]) not in names}
    return found


def plain(row):
    return row and {name: value for name, value in row.items() if name not in SERVED}


def main():
    facts, release, *later = sys.argv[1:]
    rows = load(facts, release)
    others = load(*later) if later else {}
    lines = [row for key, row in sorted(rows.items()) if plain(others.get(key)) != plain(row)]
    lines += [dict(key=key, absent=True) for key in sorted(set(others) - set(rows))]
    number = release.split(".")[1]
    what = f", as far as they differ from those of {later[1]}" if later else ""
    print(f"// Made by testdata/make/vllm_table.py from vllm {release}.0; do not edit.\n")
    print(f"extension VLLMClassTable {{\n  /// The model classes of vLLM {release}{what}.")
    print(f"  static let release{number} = VLLMClassTable(\n    #\"\"\"")
    for line in class_lines.lines(sorted(lines, key=lambda row: row["key"])):
        print("    " + line)
    print('    """#' + (f", changing: release{later[1].split('.')[1]}" if later else "") + ")\n}")


if __name__ == "__main__":
    main()
