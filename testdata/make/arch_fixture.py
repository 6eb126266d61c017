"""Writes testdata/catalogue/table.jsonl.zst: traced models that the generated table must describe exactly.

    python testdata/make/arch_fixture.py SAMPLES OUTPUT [cases for each type [model types]]

A line is a case as in catalogue.py, folded likewise; configurations that the table was not learned from come first.
A line with `fields` holds what the configuration class makes of a file that says nothing but its model type.
"""

import copy
import gzip
import json
import pathlib
import pickle
import sys

import arch_trace as T
from catalogue import fold, numbers


def case(sample, class_name, model_type):
    modules, others, memory = [], [], []
    for row in sample.rows:
        kind, tensor, shape = row["kind"], row["mem"], [n for n, _ in row["shape"]]
        is_parameter = kind in ("parameter", "router")
        disk = [name for name, _ in row["disk"]]
        if kind in ("tensor", "buffer"):
            if not row["tied"]:
                others += [[name, list(written)] for name, written in row["disk"]]
            continue
        a, b = row["a"][0], row["b"][0]
        name = tensor if is_parameter else tensor.removesuffix(".weight")
        if row["tied"]:
            other = next((r["disk"][0][0] for r in sample.rows if r["mem"] == row["tied"]), row["tied"])
            modules.append([kind, name, a, b, shape, int(row["bias"]), other])
            continue
        if disk != [tensor]:
            memory.append([kind, name if kind != "router" else tensor, a, b, shape, disk])
        for written, stored in row["disk"]:
            if kind == "router":
                modules.append(["router", written, a, b, shape, 0, None])
            elif kind == "parameter" and len(stored) == 2:
                modules.append(["linear", written.removesuffix(".weight"), stored[1], stored[0], list(stored), 0, None])
            elif kind == "parameter":
                modules.append([kind, written, a, b, shape, 0, None])
            elif tuple(stored) == tuple(shape):
                modules.append([kind, written.removesuffix(".weight"), a, b, shape, int(row["bias"]), None])
            else:
                inner = stored[1] if len(stored) > 1 else 1
                kept = "linear" if kind == "parameter" else kind
                part = [kept, written.removesuffix(".weight"), inner, stored[0], list(stored), int(row["bias"]), None]
                modules += [part] if part not in modules[-8:] else []
    return {
        "given": {"model_type": model_type, "architectures": [class_name], **{k: v for k, v in sample.full.items() if k != "model_type"}},
        "parameters": sample.total,
        "modules": fold(modules, 1),
        "others": fold(others, 0),
        "memory": fold_memory(memory),
    }


def fold_memory(rows):
    """As `fold`; the names on disk keep the layer as `{}` and the expert as `{e}`."""
    out = []
    for kind, name, size_in, size_out, shape, written in rows:
        found = numbers(name)[1]
        patterns = []
        for disk in written:
            template, disk_found = numbers(disk)
            extra = list(disk_found)
            for number in found:
                extra.remove(number)
            pieces, k, pattern = template.split("{}"), 0, ""
            pattern = pieces[0]
            for number, piece in zip(disk_found, pieces[1:]):
                if k < len(found) and number == found[k]:
                    pattern += "{}" + piece
                    k += 1
                else:
                    pattern += ("{e}" if kind == "parameter" else str(number)) + piece
            if pattern not in patterns:
                patterns.append(pattern)
        out.append([kind, name, size_in, size_out, shape, patterns])
    return fold(out, 1)


def plain_fields(model_type, class_name):
    config = T.model_class(model_type, class_name).config_class()
    found = {}
    for path, section in T.sections(config):
        for key, value in T.fields(section).items():
            if isinstance(value, (int, float, str, bool, type(None))) or isinstance(value, (list, tuple)) and all(isinstance(v, (int, float, str)) for v in value):
                found[path + key] = list(value) if isinstance(value, tuple) else value
    return {"type": model_type, "fields": found}


def type_lines(record, count):
    """The lines of one type: its fields, then `count` models of its main class and two of each other one."""
    model_type = record["type"]
    lines = []
    try:
        lines.append(plain_fields(model_type, record["classes"][0][0]))
    except Exception as error:
        print(model_type, "fields", repr(error)[:200])
    for k, (name, samples, held) in enumerate(record["classes"]):
        mixed = [s for s in samples if getattr(s, "mixed", False)]
        rest = [s for s in samples if s not in mixed]
        chosen = (held + mixed + rest)[: count - 1] + samples[:1] if not k else (samples[:1] + samples[-1:])
        for sample in list(dict.fromkeys(chosen)):
            try:
                lines.append(case(sample, name, model_type))
            except Exception as error:
                print(model_type, name, repr(error)[:200])
    return [json.dumps(line, separators=(",", ":")) for line in lines]


def main():
    folder, output = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 3
    lines = [json.dumps({"wanted": T.all_types()})]
    for path in sorted(folder.glob("*.gz")):
        if sys.argv[4:] and path.stem not in sys.argv[4:]:
            continue
        with gzip.open(path) as file:
            lines += type_lines(pickle.load(file), count)
    text = "\n".join(lines) + "\n"
    output.write_text(text)
    print(len(lines), "lines", len(text), "bytes")


main()
