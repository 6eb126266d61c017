"""Writes the generated part of the architecture catalogue from traced models.

    python testdata/make/architectures.py SAMPLES OUTPUT [model types]

SAMPLES is the folder with what `arch_collect.py` gathered; OUTPUT becomes one JSON document: the shared blocks, the
text of each type, and what could not be learned.
"""

import copy
import gzip
import json
import pathlib
import pickle
import re
import sys
import traceback

import arch_learn as L
import arch_trace as T
from arch_emit import Definitions, NoFit, Writer, disk_rules, fields_in_tree, needed_fields, row_fields, rule_text
from transformers.models.auto import modeling_auto

AUTO_KINDS = {
    "AutoModel": "MODEL_MAPPING_NAMES",
    "AutoModelForCausalLM": "MODEL_FOR_CAUSAL_LM_MAPPING_NAMES",
    "AutoModelForImageTextToText": "MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES",
    "AutoModelForSeq2SeqLM": "MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES",
    "AutoModelForMaskedLM": "MODEL_FOR_MASKED_LM_MAPPING_NAMES",
}
STARTS = json.loads((pathlib.Path(__file__).parent / "arch_starts.json").read_text())
# Fields that models around a text or vision model read from its section.
ALWAYS = ["hidden_size", "vocab_size", "tie_word_embeddings", "num_hidden_layers", "num_labels", "num_attention_heads",
          "num_key_value_heads", "head_dim", "sliding_window", "layer_types"]


def first_name(value):
    return value if isinstance(value, str) or value is None else value[0]


def converge(samples, held):
    samples, held = [s for s in samples if not s.is_empty], [s for s in held if not s.is_empty]
    for s in samples + held:
        s.widen()
    for _ in range(4):
        model = L.Model(samples)
        wrong = [s for s in held if L.predicted(model, s) != L.actual(s)]
        if not wrong:
            break
        samples = samples + wrong
        held = [s for s in held if s not in wrong]
    model.proven = len(held)
    return model


def adopt(model, main):
    """Takes over what the main class, seen with far more configurations, says of the same rows."""
    for row in model.rows:
        if row["kind"] == "auto":
            continue
        for other in main.rows:
            if other["kind"] != row["kind"] or other["template"].count("{}") != row["template"].count("{}") or bool(other["tied"]) != bool(row["tied"]):
                continue
            a, b = other["template"], row["template"]
            if not (a == b or a.endswith("." + b) or b.endswith("." + a)) or len(other["shape"]) != len(row["shape"]):
                continue
            try:
                same = all(
                    bool(L.decide(row["when"], s.env, idx)) == bool(L.decide(other["when"], s.env, idx))
                    and (not L.decide(row["when"], s.env, idx) or all(
                        L.value_of(L.decide(x, s.env, idx), s.env, idx) == L.value_of(L.decide(y, s.env, idx), s.env, idx)
                        for x, y in zip(row["shape"], other["shape"])) and bool(L.decide(row["bias"], s.env, idx)) == bool(L.decide(other["bias"], s.env, idx)))
                    for s in model.samples for idx in model.domain(row["template"], s))
            except Exception:
                same = False
            if same:
                for key in ("when", "shape", "a", "b", "bias", "disk_shapes", "first", "whole"):
                    if key in other:
                        row[key] = other[key]
                break


def complete(model, main):
    """Adds the rows of the main class that none of the few samples of this class had, where their names are clear."""
    own = {row["template"] for row in model.rows}
    votes = {}
    for row in model.rows:
        for other in main.rows:
            a, b = other["template"], row["template"]
            if other["kind"] == row["kind"] and (a == b or a.endswith("." + b)):
                votes[a[: len(a) - len(b)]] = votes.get(a[: len(a) - len(b)], 0) + 1
    if not votes:
        return
    prefix = max(votes, key=votes.get)
    for other in main.rows:
        if not other["template"].startswith(prefix) or other["kind"] == "auto":
            continue
        template = other["template"][len(prefix):]
        if template in own or (not prefix and template.split(".")[0] not in {t.split(".")[0] for t in own}):
            continue
        if any(L.decide(other["when"], s.env, idx) for s in model.samples for idx in main.domain(other["template"], s)):
            continue
        disk = other["disk"]
        if disk and not all(d.startswith(prefix) for d in disk):
            raise NoFit(f"names of {template}")
        if other["tied"]:
            raise NoFit(f"{template} is tied")
        model.rows.append({**other, "template": template, "disk": tuple(d[len(prefix):] for d in disk)})
        for path, count in main.loops.items():
            text = ".".join(path) + "."
            if text.startswith(prefix):
                key = tuple(p for p in text[len(prefix):].split(".") if p)
                model.loops.setdefault(key, count)


def mark_tied(model):
    tokens = {row["mem"] for s in model.samples for row in s.rows if row["tokens"]}
    for row in model.rows:
        if row.get("tied") and row["tied"] in tokens:
            row["tied_tokens"] = True


def auto_rules(model, rules):
    """Prefixes on disk of the parts whose type the configuration chooses."""
    for row in model.rows:
        if row["kind"] != "auto":
            continue
        path = row["template"].split(".")
        found = set()
        for s in model.samples[:3]:
            for r in s.rows:
                if r["mem"].startswith(row["template"] + ".") and r["disk"]:
                    rest = r["mem"][len(row["template"]):]
                    if r["disk"][0][0].endswith(rest):
                        found.add(r["disk"][0][0][: -len(rest)])
        if len(found) > 1 and "" in {f for f in found}:
            found.discard("")
        if len(found) != 1:
            # The shortest common reading: the names below differ.
            raise NoFit(f"names on disk below {row['template']}: {sorted(found)[:3]}")
        disk = found.pop().split(".")
        inherited = list(path)
        for mem, disks in sorted(rules, key=lambda r: len(r[0])):
            if mem == path[: len(mem)] and len(disks) == 1:
                inherited = disks[0] + path[len(mem):]
        if disk != inherited:
            rules.append((path, [disk]))
    return rules


def section_of(name):
    head, _, tail = name.rpartition(".")
    return head + "." if head else "", tail


def passed_on(name, samples, dynamic):
    """The field that the class writes over a field of a section whose model the configuration chooses."""
    found = {n for n, value in samples[0].raw.items() if isinstance(value, int) and not isinstance(value, bool)}
    values = {s.env.get(name) for s in samples}
    if len(values) < 2 or all(s.raw.get(name) == s.env.get(name) for s in samples):
        return None
    fitting = (n for n in sorted(found) if not any(n.startswith(d) for d in dynamic))
    return next((n for n in fitting if all(s.raw.get(n) == s.env.get(name) for s in samples)), None)


def substituted(value, name, outer):
    if isinstance(value, list):
        return [substituted(part, name, outer) for part in value]
    return L.replaced(value, ("f", name), ("f", outer)) if isinstance(value, tuple) else value


def type_text(record, demanded):
    """The lines of a type, the items of its classes, and its problems."""
    model_type = record["type"]
    problems = []
    main_name, samples, held = record["classes"][0]
    main = converge(samples, held)
    problems += main.problems
    models = [(main_name, main)]
    for name, got, _ in record["classes"][1:]:
        if len(got) < 3:
            continue
        model = L.Model(got)
        adopt(model, main)
        try:
            complete(model, main)
        except NoFit as error:
            model.problems.append(str(error))
        models.append((name, model))
    config_class = T.model_class(model_type, main_name).config_class
    dynamic = T.dynamic_sections(config_class())
    dynamic |= {d for s in samples for d in {v[1] for v in s.auto.values()}}
    fields = set()
    classes = []
    for _, model in models:
        for name in sorted(f for f in needed_fields(model) if any(f.startswith(d) for d in dynamic)):
            outer = passed_on(name, samples, dynamic)
            if outer:
                model.rows = [
                    {key: substituted(value, name, outer) for key, value in row.items()} for row in model.rows
                ]
    for k, (name, model) in enumerate(models):
        if model.problems and k:
            problems.append(f"class {name}: {model.problems[0]}")
            continue
        try:
            mark_tied(model)
            rules = disk_rules(model)
            rules = auto_rules(model, rules)
            items = Writer(model, rules).items()
            kinds = [kind for kind, table in AUTO_KINDS.items() if first_name(getattr(modeling_auto, table).get(model_type)) == name]
            prefix = getattr(T.transformers, name).base_model_prefix
            prefix = prefix if prefix and any(r["template"].startswith(prefix + ".") for r in model.rows) and kinds != ["AutoModel"] else ""
            classes.append((name, kinds, ["p " + prefix] * bool(prefix) + ["r " + r for r in rule_text(rules)], items))
            fields |= needed_fields(model)
        except (NoFit, AssertionError) as error:
            problems.append(f"class {name}: {error}")
            if not k:
                raise NoFit("; ".join(problems[:4])) from None
    env = samples[0].env
    for path in {section_of(f)[0] for f in fields} | {""}:
        fields |= {path + n for n in ALWAYS if path + n in env} if not path else set()
    fields |= {n for n in demanded.get(model_type, ()) if n in env}
    inside = {f for f in fields if any(f.startswith(d) for d in dynamic)}
    cls, start = T.model_class(model_type, main_name), STARTS.get(model_type, {})
    definitions = Definitions(samples + list(L.usual_settings(cls, start, samples)), fields - inside)
    optional = {n for n in ALWAYS} - {f for _, m in models for f in needed_fields(m)}
    problems += [p for p in definitions.problems if p.split()[1].rstrip(":") not in optional]
    return classes, inside, definitions, dynamic, problems, main


def default_lines(record, inside, definitions, dynamic, main):
    """Fields with defaults, sections, aliases, strings."""
    main_name, samples, _ = record["classes"][0]
    config_class = T.model_class(record["type"], main_name).config_class
    present = config_class(**copy.deepcopy(T.expand({}, config_class())))
    missing = config_class()
    base, lines = samples[0], []
    defaults, types = {}, {}
    for path, section in T.sections(present):
        types[path] = section.model_type
        for key, value in T.defaults(type(section)).items():
            defaults[path + key] = value
    plain_missing = {path + k: v for path, s in T.sections(missing) for k, v in T.fields(s).items()}
    plain_present = {path + k: v for path, s in T.sections(present) for k, v in T.fields(s).items()}
    by_section = {}
    for name in sorted(definitions.fields - inside):
        path, key = section_of(name)
        if any(path.startswith(d) for d in dynamic):
            continue
        if key == "num_labels":
            value = getattr(present, "num_labels", 2) if not path else 2
        else:
            value = defaults.get(name, None)
            if name not in defaults and name in plain_present and name not in definitions.texts:
                value = plain_present[name]
        try:
            shown = json.dumps(value if not isinstance(value, tuple) else list(value), separators=(",", ":"))
        except TypeError:
            raise NoFit(f"default of {name}")
        by_section.setdefault(path, []).append(f"{key}={shown}")
    for path, entries in sorted(by_section.items()):
        lines.append("f " + (path or ".") + " " + " ".join(entries))
        if path:
            changed = []
            for entry in entries:
                key = entry.split("=")[0]
                a, b = plain_missing.get(path + key), plain_present.get(path + key)
                if a != b:
                    changed.append(f"{key}={json.dumps(a, separators=(',', ':'))}")
            if changed:
                lines.append(f"m {path} " + " ".join(changed))
    for path in sorted(dynamic):
        if path in types:
            lines.append(f"y {path} {types[path]}")
            inner = next(s for p, s in T.sections(present) if p == path)
            read = {tail for section, tail in map(section_of, inside) if section == path} - set(ALWAYS)
            own = T.defaults(type(inner))
            # The text of the inner type has no defaults of fields that only the model around it reads.
            changed = unusual(inner) | {
                key: own[key] for key in sorted(read) if isinstance(own.get(key), (int, float, str))
                and T.fields(inner).get(key) == own[key]
            }
            if changed:
                entries = (f"{key}={json.dumps(value, separators=(',', ':'))}" for key, value in changed.items())
                lines.append(f"n {path} " + " ".join(entries))
            entries = []
            for (p, s), (_, q) in zip([x for x in T.sections(missing) if x[0] == path], [x for x in T.sections(present) if x[0] == path]):
                if s.model_type != q.model_type:
                    entries.append(f"model_type={json.dumps(s.model_type)}")
                for key, value in T.fields(s).items():
                    other = T.fields(q).get(key)
                    if value != other and isinstance(value, (int, float, bool, str, list, type(None))):
                        entries.append(f"{key}={json.dumps(value, separators=(',', ':'))}")
            if entries:
                lines.append(f"m {path} " + " ".join(entries))
    for path, section in T.sections(present):
        if any(path.startswith(d) for d in dynamic):
            continue
        used = {section_of(n)[1] for n in definitions.fields if section_of(n)[0] == path}
        pairs = [f"{a}={b}" for a, b in sorted(type(section).attribute_map.items()) if b in used]
        if pairs:
            lines.append(f"k {path or '.'} " + " ".join(pairs))
    for name, tree in sorted(definitions.texts.items()):
        lines.append(f"d {name} {tree}")
    for path, section in T.sections(present):
        keys = sorted(T.unnamed(type(section)) - {section_of(n)[1] for n in definitions.depends if section_of(n)[0] == path})
        lists = [n for n, tree in definitions.texts.items() if section_of(n)[0] == path and "[" in tree]
        if keys and lists:
            lines.append(f"u {path or '.'} " + " ".join(keys))
    compared = set()
    for row in main.rows:
        found = []
        strings_in(row["when"], found)
        for key in ("bias", "a", "b"):
            if key in row:
                strings_in(row[key], found)
        compared |= set(found)
    compared |= {n for s in samples[:1] for n in s.env if n.endswith("architecture")}
    for tree in definitions.texts.values():
        compared |= {n for n in re.findall(r"([\w.]+)=='", tree) if n in base.raw}
    for name in sorted(compared):
        if any(name.startswith(d) for d in dynamic):
            continue
        values = set()
        for s in samples:
            v = s.env.get(name, s.raw.get(name))
            values |= {v} if isinstance(v, str) else set(v) if isinstance(v, list) else set()
        values = {v for v in values if isinstance(v, str)}
        if values:
            lines.append(f"s {name} " + " ".join(sorted(values)))
    return lines


def unusual(config):
    """The values of a section that its class does not have by itself, nor works out of the others."""
    changed = {}
    while True:
        usual = T.fields(type(config)(**changed))
        more = {
            key: value for key, value in T.fields(config).items()
            if key not in usual or usual[key] != value and key in T.defaults(type(config))
            if isinstance(value, (int, float, bool, str, type(None))) and key not in changed
        }
        if not more:
            return changed
        changed |= more


def strings_in(tree, found):
    if len(tree) == 3:
        if tree[0][0] == "str":
            found.append(tree[0][1][1])
        strings_in(tree[1], found)
        strings_in(tree[2], found)


class Blocks:
    """Bodies of scopes that occur more than once get a name."""

    def __init__(self):
        self.seen, self.names, self.texts, self.used = {}, {}, {}, {}

    def count(self, items):
        for item in items:
            if item[0] == "scope":
                first = item[4] not in self.seen
                self.seen[item[4]] = self.seen.get(item[4], 0) + 1
                if first:
                    self.count(item[4])

    def text(self, items):
        return ";".join(self.item(item) for item in items)

    def item(self, item):
        if item[0] == "leaf":
            return item[1]
        _, prefix, head, inner, items = item
        head = prefix + head + ("@" + inner if inner else "")
        norm = self.norm(items)
        if norm and "*" not in head and not inner:
            return head + norm
        body = self.text(items)
        if self.seen.get(items, 0) > 1 and len(body) > 40:
            if items not in self.names:
                self.names[items] = f"b{len(self.names)}"
                self.texts[self.names[items]] = body
            return f"{head}={self.names[items]}"
        return head + "{" + body + "}"

    def norm(self, items):
        texts = [i[1] for i in items if i[0] == "leaf"]
        if len(texts) != len(items):
            return None
        if len(texts) == 1 and texts[0].startswith("weight:T(") and "," not in texts[0]:
            return ":N" + texts[0][8:]
        if len(texts) == 2 and texts[0].startswith("weight:T(") and "," not in texts[0] and texts[1] == "bias" + texts[0][6:]:
            return ":N" + texts[0][8:-1] + ",1)"
        return None


def main():
    folder, output = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    names = sys.argv[3:] or sorted(p.stem for p in folder.glob("*.gz"))
    blocks, types, failures = Blocks(), {}, {}
    kept = {}
    for name in names:
        cache = folder.parent / "learned" / f"{name}.pickle"
        if cache.exists() and cache.stat().st_mtime > (folder / f"{name}.gz").stat().st_mtime:
            found, problems = pickle.loads(cache.read_bytes())
            if found:
                kept[name] = found
                if problems:
                    failures[name] = problems
                continue
        try:
            with gzip.open(folder / f"{name}.gz") as file:
                record = pickle.load(file)
            classes, inside, definitions, dynamic, problems, model = type_text(record, {})
            if problems:
                failures[name] = problems
            lines = default_lines(record, inside, definitions, dynamic, model)
            if all(p.startswith("class ") for p in problems):
                kept[name] = (lines, classes, model.proven, len(model.samples))
        except Exception as error:
            failures[name] = [repr(error)[:300] + ("" if isinstance(error, NoFit) else traceback.format_exc()[-400:])]
        cache.parent.mkdir(exist_ok=True)
        cache.write_bytes(pickle.dumps((kept.get(name), failures.get(name, []))))
        print(name, "proven", kept[name][2:] if name in kept else "-", failures.get(name, [])[:3], flush=True)
    for lines, classes, _, _ in kept.values():
        for _, _, _, items in classes:
            blocks.count(items)
    for name, (lines, classes, _, _) in kept.items():
        text = list(lines)
        for cls, kinds, rules, items in classes:
            text.append("c " + " ".join([cls, *kinds]))
            text += rules
            text.append("i " + blocks.text(items))
        types[name] = "\n".join(text)
    output.write_text(json.dumps(dict(blocks=blocks.texts, types=types, failures=failures), indent=0))
    print(len(types), "types", len(blocks.texts), "blocks", sum(map(len, types.values())), "+", sum(map(len, blocks.texts.values())), "characters")


if __name__ == "__main__":
    main()
