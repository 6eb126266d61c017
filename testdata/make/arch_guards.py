"""Learns which values of a configuration no traced model had: `arch_guards.py FOLDER [model types]`.

FOLDER has `samples/`, as arch_collect.py writes it; `guards/TYPE.txt` gets a line for every comparison that came out the
same way in all models (`g`), for every text that decides about rows with the values that were tried (`s`), and for the
defaults of their fields (`f`). A config with another value is not known.
"""

import gzip
import json
import pathlib
import pickle
import re
import sys

import arch_emit
import arch_learn
import arch_trace

# Fields that decide about numbers or about the forward pass, never about rows.
NOISE = re.compile(
    r"drop|eps|act|scal|theta|init|prob|jitter|token|cache|gradient|norm_topk|router_aux|logit|attn_impl|causal"
    r"|temperature|window|max_pos|factor|hidden_size$|vocab_size|capacity|output_router|feature_layer|select|beta|alpha"
    r"|return|rotary|rope|max_source|max_target|label|pad|type_vocab|chunk|stride|loss|aux|cutoff|epsilon|weight|mask"
    r"|std|range"
)


def is_noise(field):
    return NOISE.search(field.rsplit(".", 1)[-1]) is not None


def texts_of(samples, field):
    found = set()
    for sample in samples:
        value = sample.env.get(field)
        found |= {value} if isinstance(value, str) else {item for item in value or [] if isinstance(item, str)}
    return found


def comparison(atom, samples, dynamic):
    """The line of a comparison that came out one way only, or the field of a text; None where it decides nothing."""
    kind, left, right = atom
    fields = arch_learn.fields_of(atom, set())
    if not fields or (dynamic and any(field.startswith(dynamic) for field in fields)) or any(map(is_noise, fields)):
        return None
    if kind == "str":
        return next(iter(fields))
    if len(fields) > 1 or any(isinstance(sample.env.get(field), float) for sample in samples for field in fields):
        return None
    if kind == "bool" and left[0] != "f" or kind != "bool" and not (right and right[0] == "c" and left[0] == "f"):
        return None
    values = {arch_learn.holds(atom, sample.env, ()) for sample in samples}
    if len(values) != 1:
        return None
    text = arch_emit.atom_text(atom, "")
    return "g " + (text[0] if values.pop() else "!" + arch_emit.wrap(text, 7))


def defaults(record, lines):
    config = arch_trace.model_class(record["type"], record["classes"][0][0]).config_class
    present = config(**arch_trace.expand({}, config()))
    for path, section in arch_trace.sections(present):
        for name, value in arch_trace.defaults(type(section)).items():
            # What the class itself works out says nothing about a file.
            if name in arch_trace.fields(section) and arch_trace.fields(section)[name] != value:
                continue
            used = re.compile(r"(?<![\w.])" + re.escape(path + name) + r"(?![\w.])")
            if any(line.startswith("g ") and used.search(line) for line in lines):
                value = list(value) if isinstance(value, tuple) else value
                try:
                    yield f"f {path or '.'} {name}={json.dumps(value, separators=(',', ':'))}"
                except TypeError:
                    pass


def guards(record):
    samples = [sample for _, tried, held in record["classes"][:1] for sample in tried + held]
    for sample in samples:
        sample.widen()
    dynamic = tuple({value[1] for sample in samples for value in sample.auto.values() if value[1]})
    seen = {entry for sample in samples for entry in sample.log if entry[0] not in ("range", "in")}
    lines, texts = [], {}
    for atom in sorted((atom for atom in seen if not arch_learn.has_index(atom)), key=str):
        line = comparison(atom, samples, dynamic)
        if line is not None and atom[0] == "str":
            texts[line] = texts_of(samples, line)
        elif line is not None:
            lines.append(line)
    for kind, left, _ in (entry for sample in samples for entry in sample.log):
        if kind == "str" and left[0] == "at" and not (dynamic and left[1].startswith(dynamic)) and not is_noise(left[1]):
            texts.setdefault(left[1], set()).update(texts_of(samples, left[1]))
    lines += [f"s {field} {' '.join(sorted(values))}" for field, values in sorted(texts.items()) if values]
    return lines + list(defaults(record, lines))


def main():
    folder = pathlib.Path(sys.argv[1])
    (folder / "guards").mkdir(exist_ok=True)
    for file in sorted((folder / "samples").glob("*.gz")):
        if len(sys.argv) > 2 and file.stem not in sys.argv[2:]:
            continue
        with gzip.open(file) as stream:
            record = pickle.load(stream)
        if record["classes"] and record["classes"][0][1]:
            (folder / "guards" / f"{file.stem}.txt").write_text("\n".join(guards(record)))


if __name__ == "__main__":
    main()
