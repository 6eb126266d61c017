"""Puts what was learned of each type together, with the guards of values that were never tried.

    python testdata/make/arch_assemble.py FOLDER

FOLDER has `learned/` (written by architectures.py), `guards/` (arch_guards.py) and `traced.jsonl` (arch_fixture.py);
`out.json` for arch_swift.py and `table.jsonl`, the fixture, are written there.
"""

import json
import pathlib
import pickle
import re
import sys

from architectures import Blocks

HERE = pathlib.Path(__file__).parent

# Types of which a held-back model, or one of the sizes of the class itself, came out wrong; see docs/architectures.md.
DROPPED = set((HERE / "arch_dropped.txt").read_text().split())
# Lists of layers whose rule for a missing value was learned wrongly: such a config is not known then.
UNKNOWN_DEFAULTS = json.loads((HERE / "arch_unknown_defaults.json").read_text())
# Lines read in the configuration class, in place of those that were learned of the same fields.
KNOWN_DEFAULTS = json.loads((HERE / "arch_known_defaults.json").read_text())
WORDS = {"null", "list", "has", "len", "int", "ceil", "round"}


def path(section, name):
    return ("" if section == "." else section) + name


def fields(line):
    """The full names of the fields that a line `f SECTION name=value …` has defaults of."""
    words = line.split(" ")
    return [(path(words[1], word.partition("=")[0]), word) for word in words[2:]]


def nullable(line, nulls):
    """A default that applies where a field is null, for a field that is null by itself."""
    _, name, text = line.split(" ", 2)
    if name not in nulls or re.search(r"(?<![\w.])" + re.escape(name) + r"(?![\w.])", text):
        return line
    other = f"({text})" if "?" in text and not text.startswith("[") else text
    return f"d {name} null({name})?{other}:{name}"


def completed(name, lines, guards):
    """The lines of a type with its guards; those of fields without a default are left out, as none can be judged."""
    wrong = UNKNOWN_DEFAULTS.get(name, [])
    own = KNOWN_DEFAULTS.get(name, [])
    replaced = {*wrong, *(line.split(" ")[1] for line in own if line.startswith("d "))}
    lines = [line for line in lines if not (line.startswith("d ") and line.split(" ")[1] in replaced)] + own
    lines += [f"g !null({field})" for field in wrong]
    nulls = {full for line in lines if line.startswith("f ") for full, word in fields(line) if word.endswith("=null")}
    texts, out, extra = {}, [], {}
    for line, is_guard in [(line, False) for line in lines] + [(line, True) for line in guards]:
        kind = line.split(" ", 1)[0]
        if kind == "s":
            _, field, values = line.split(" ", 2)
            texts.setdefault(field, set()).update(values.split(" "))
        elif kind == "f" and is_guard:
            extra[fields(line)[0][0]] = line
        else:
            out.append(nullable(line, nulls) if kind == "d" else line)
    known = {full for line in lines if line.startswith("f ") for full, _ in fields(line)}
    for field, line in extra.items():
        if field not in known:
            known.add(field)
            out.append(line)

    def is_judged(line):
        return set(re.findall(r"[A-Za-z_][\w.]*", line[2:])) - WORDS <= known

    kept = [line for line in out if not line.startswith("g ") or is_judged(line)]
    return kept + [f"s {field} {' '.join(sorted(values))}" for field, values in sorted(texts.items()) if field in known]


def main():
    folder = pathlib.Path(sys.argv[1])
    kept, failures = {}, {}
    for file in sorted((folder / "learned").glob("*.pickle")):
        found, problems = pickle.loads(file.read_bytes())
        if problems:
            failures[file.stem] = problems
        if found and file.stem not in DROPPED:
            kept[file.stem] = (found[0], [row for row in found[1] if row[0] != "BartForSequenceClassification"])
    blocks = Blocks()
    for _, classes in kept.values():
        for row in classes:
            blocks.count(row[3])
    types = {}
    for name, (lines, classes) in kept.items():
        guards = folder / "guards" / f"{name}.txt"
        text = completed(name, lines, guards.read_text().splitlines() if guards.exists() else [])
        for cls, kinds, rules, items in classes:
            text += ["c " + " ".join([cls, *kinds]), *rules, "i " + blocks.text(items)]
        types[name] = "\n".join(text)
    (folder / "out.json").write_text(json.dumps(dict(blocks=blocks.texts, types=types, failures=failures)))
    rows = (folder / "traced.jsonl").read_text().splitlines()
    names = {name: {row[0] for row in classes} for name, (_, classes) in kept.items()}

    def is_kept(row):
        if "given" not in row:
            return True
        given = row["given"]
        known = names.get(given["model_type"])
        return known is not None and ("fields" in row or given["architectures"][0] in known)

    (folder / "table.jsonl").write_text("".join(row + "\n" for row in rows if is_kept(json.loads(row))))
    print(len(types), "types", len(blocks.texts), "blocks")


if __name__ == "__main__":
    main()
