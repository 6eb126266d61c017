"""Writes the table of SGLang's model classes that the program carries, from the facts of check_sglang.py.

    python sglang_table.py FACTS.jsonl 0.5.23 > Sources/LoRAEngines/Engines/SGLang/SGLangClasses23.swift

A line says of one architecture: `modules` that its class wraps ([name, kind, weights of the checkpoint that lie in it]),
`targets` (names of target modules, with the modules that each one has wrapped, by position), `experts` (the same for
gate_up_proj with down_proj), `bad` (names with which the server does not start, by reason) and `all` (what all-linear
stands for). Every other name of a target module is one with which the server does not start.
"""

import json
import re
import sys

import class_lines

# What the class itself says, and not the environment in which it was asked.
REFUSED = ("has no SGlang implementation", "Unsupported TP style", "no attribute 'vocab_size'")
KINDS = dict(
    QKVParallelLinear="qkv", MergedColumnParallelLinear="merged", ColumnParallelLinear="column",
    RowParallelLinear="row", ReplicatedLinear="replicated", VocabParallelEmbedding="embedding", ParallelLMHead="head",
    FusedMoE="experts")


def kind_of(name):
    return next((short for long, short in KINDS.items() if name.startswith(long) or name.endswith(long)), name)


def code(error):
    if "get_hidden_dim not implemented" in error or error.startswith(("NotImplementedError", "AttributeError")):
        return "sizes"
    if "No corresponding LoRA layer" in error:
        return "layer"
    if error.startswith("KeyError"):
        return "moe"
    if "list index out of range" in error:
        return "layers"
    return "other"


def parts(placed, name, suffix=""):
    """The weights of the checkpoint that lie in a module, in the order of their rows."""
    found = []
    for weight, places in placed.items():
        if isinstance(places, list):
            found += [(first, weight) for place, first, _ in places if place == name + suffix]
    # The class keeps these until both are there.
    if not found and name.endswith(".fused_qkv_a_proj_with_mqa"):
        owner = name.rsplit(".", 1)[0]
        return [f"{owner}.q_a_proj", f"{owner}.kv_a_proj_with_mqa"]
    return [weight for _, weight in sorted(found)]


def compact(row):
    key = row["architecture"]
    if row["class"] is None:
        return dict(key=key, lora=False) if any(text in row["lora"] for text in REFUSED) else None
    placed = row["placed"]
    modules, positions, unfit = [], {}, []

    def add(pairs):
        found = []
        for name, kind, fits in pairs:
            kind = kind_of(kind)
            if not fits and name not in unfit:
                unfit.append(name)
            if name not in positions:
                positions[name] = len(modules)
                if kind == "experts":
                    modules.append([name, kind, parts(placed, name, ".w13_weight"), parts(placed, name, ".w2_weight")])
                else:
                    weights = parts(placed, name)
                    if kind == "head":
                        weights = sorted({*weights, "lm_head"} - {w for w in weights if "embed_tokens" in w})
                    modules.append([name, kind, weights])
            found.append(positions[name])
        return found

    targets, bad = {}, {}
    for name, wrapped in row["targets"].items():
        # These are never asked for: other names stand for them.
        if name in ("q_proj", "k_proj", "v_proj", "gate_proj", "up_proj", "q_a_proj", "kv_a_proj_with_mqa"):
            continue
        if isinstance(wrapped, list):
            targets[name] = add(wrapped)
        elif (reason := code(wrapped)) != "moe":
            bad.setdefault(reason, []).append(name)
        else:
            targets[name] = None
    result = {"key": key, "class": row["class"], "lora": True, "model_type": row["model_type"], "modules": modules,
              "targets": targets, "bad": bad, "all": row["all_linear"]}
    experts = row.get("experts") if "FusedMoE" in row["modules"].values() else None
    if isinstance(experts, list):
        result["experts"] = add(experts)
    elif experts:
        result["no_experts"] = code(experts)
    config = row["config"]
    width, heads = config.get("head_dim"), config.get("num_attention_heads")
    if unfit and width and heads and width * heads != config["hidden_size"] and all("attn" in name for name in unfit):
        result["plain_heads"] = True
    elif unfit:
        result["unfit"] = unfit
    if not targets:
        # Not even slots for nothing can be made.
        return dict(key=key, lora=False)
    if sum(isinstance(places, str) for places in placed.values()) > len(placed) / 2:
        result["unheld"] = True  # the class does not take the names of this checkpoint
    result["tied"] = ".tied" in row["key"]
    return result


def main():
    facts, release = sys.argv[1:]
    rows = {}
    for line in open(facts):
        row = compact(json.loads(line))
        # The first of several configurations that has most to say.
        if row and len(row.get("modules", [])) > len(rows.get(row["key"], {}).get("modules", [])) or (
                row and row["key"] not in rows):
            rows[row["key"]] = row
    for line in open(facts):
        # What another configuration shows.
        row = compact(json.loads(line))
        known = rows.get(row["key"]) if row else None
        if known and row.get("tied") and "lm_head" not in row["targets"] and "lm_head" in known.get("targets", {}):
            known["tied_head"] = False
        if known and row.get("plain_heads") and known.get("modules"):
            known["plain_heads"] = True
    for row in rows.values():
        row.pop("tied", None)
    number = release.rsplit(".", 1)[1]
    print(f"// Made by testdata/make/sglang_table.py from sglang {release}; do not edit.\n")
    print(f"extension SGLangClassTable {{\n  /// The model classes of SGLang {release}.")
    print(f"  static let release{number} = SGLangClassTable(\n    #\"\"\"")
    for line in class_lines.lines([rows[key] for key in sorted(rows)]):
        print("    " + line)
    print('    """#)\n}')


if __name__ == "__main__":
    main()
