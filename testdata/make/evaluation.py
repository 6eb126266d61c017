"""Answers before and after a change, with their scores by other means, and exact tests by SciPy.

The answers are written in many forms of the same value (key order, white space, escapes, number forms, composed and
decomposed letters); the reference reads them with Python's json, Decimal and unicodedata.
"""

import decimal
import json
import random
import unicodedata

from scipy import stats

import files

FOLDER = files.ROOT / "evaluation"
NAMES = ["get_weather", "book_flight", "search", "übersetze"]
WORDS = ["Paris", "São Paulo", "Zürich", "naïve", "東京", "K\u212bln", "a\"b\\c", "tab\there", "😀", "", "K", "\u212a"]


def value(rng, depth=0):
    kind = rng.randrange(8 if depth < 3 else 5)
    if kind == 0:
        return rng.choice([True, False, None])
    if kind == 1:
        return rng.choice([0, 1, 7, 1000, -12, 2**53, 2**53 + 1, 10**25, 123456789012345678901234567890])
    if kind == 2:
        return decimal.Decimal(rng.choice(["0.5", "-0.25", "1e-7", "6.02e23", "0.1", "100.001", "-0.0"]))
    if kind in (3, 4):
        return rng.choice(WORDS)
    if kind == 5:
        return [value(rng, depth + 1) for _ in range(rng.randrange(4))]
    keys = rng.sample(["city", "when", "größe", "n", "x", "unit", "e\u0301"], rng.randrange(5))
    return {key: value(rng, depth + 1) for key in keys}


def changed(rng, item):
    """Another value, often one that is only a little different."""
    if isinstance(item, dict) and item:
        key = rng.choice(sorted(item))
        other = dict(item)
        if rng.random() < 0.3:
            del other[key]
        else:
            other[key] = changed(rng, item[key])
        return other
    if isinstance(item, list) and item:
        return item[::-1] if item[::-1] != item and rng.random() < 0.5 else item + [None]
    if isinstance(item, bool) or item is None:
        return 1
    if isinstance(item, (int, decimal.Decimal)):
        return item + 1 if rng.random() < 0.8 else str(item)
    return "other " + (item if isinstance(item, str) else "")


def number(rng, item):
    """One of the ways to write a number."""
    item = decimal.Decimal(item)
    sign, digits, power = item.as_tuple()
    text = "".join(map(str, digits))
    forms = [f"{item:f}", f"{text}e{power}", f"{text}0E{power - 1}"]
    if power >= 0:
        forms.append(f"{item:f}.000")
    else:
        forms.append(f"{item:f}00")
    if item == 0:
        return rng.choice(["0", "-0", "0.0", "-0e7", "0.00E-3"])
    form = rng.choice(forms)
    return "-" + form if sign and not form.startswith("-") else form


def written(rng, item):
    """The value as JSON text, in one of its many forms."""
    space = rng.choice(["", "", " ", "\t"])
    if isinstance(item, dict):
        members = list(item.items())
        rng.shuffle(members)
        inner = f",{space}".join(f"{written(rng, key)}{space}:{written(rng, entry)}" for key, entry in members)
        return "{" + space + inner + "}"
    if isinstance(item, list):
        return "[" + f"{space},".join(written(rng, entry) for entry in item) + space + "]"
    if isinstance(item, bool) or item is None:
        return json.dumps(item)
    if isinstance(item, (int, decimal.Decimal)):
        return number(rng, item)
    form = unicodedata.normalize(rng.choice(["NFC", "NFD"]), item)
    return json.dumps(form, ensure_ascii=rng.random() < 0.5)


def normal(item):
    """What two equal values have in common."""
    if isinstance(item, dict):
        return ("object", frozenset((normal(key), normal(entry)) for key, entry in item.items()))
    if isinstance(item, list):
        return ("array", tuple(normal(entry) for entry in item))
    if isinstance(item, bool) or item is None:
        return ("literal", str(item))
    if isinstance(item, (int, decimal.Decimal)):
        number = decimal.Decimal(item)
        return ("number", "0" if number == 0 else str(number.normalize(decimal.Context(prec=100))))
    return ("string", unicodedata.normalize("NFC", item))


class TwiceError(ValueError):
    """A key that an object has twice."""


def once(pairs):
    keys = [unicodedata.normalize("NFC", key) for key, _ in pairs]
    if len(set(keys)) < len(keys):
        raise TwiceError
    return dict(pairs)


def parsed(text):
    return json.loads(text, parse_float=decimal.Decimal, object_pairs_hook=once)


def calls_of(entry):
    """The normalised calls of a line, or None for arguments that are no JSON."""
    if "tool_calls" in entry and entry["tool_calls"] is not None:
        calls = [call["function"] if "function" in call else call for call in entry["tool_calls"]]
    elif "name" in entry:
        calls = [entry]
    else:
        calls = []
    result = []
    for call in calls:
        arguments = call.get("arguments")
        if isinstance(arguments, str):
            try:
                arguments = parsed(arguments)
            except ValueError:
                return None
        elif arguments is None:
            arguments = {}
        result.append((unicodedata.normalize("NFC", call["name"]), normal(arguments)))
    return tuple(result)


def call_text(rng, name, arguments, broken=False):
    text = written(rng, arguments)
    if broken:
        text = rng.choice(["{", '{"a":1,"a":2}', "not json", '{"a":}', "[1,]", '{"a":01}'])
    if broken or rng.random() < 0.6:
        text = json.dumps(text, ensure_ascii=rng.random() < 0.5)
    body = f'"name":{json.dumps(name)},"arguments":{text}'
    return body


def line(rng, prompt, adapter, calls, expected, broken=False):
    fields = [f'"id":{json.dumps(prompt)}', '"latency": 1.25e-1', '"usage":{"a":[1,{"b":null}]}']
    if adapter:
        fields.append(f'"adapter":{json.dumps(adapter, ensure_ascii=rng.random() < 0.5)}')
    if len(calls) == 1 and rng.random() < 0.4:
        fields.append(call_text(rng, *calls[0], broken))
    else:
        entries = ",".join(
            '{"id":"c","type":"function","function":{' + call_text(rng, *call, broken) + "}}" for call in calls
        )
        fields.append(f'"tool_calls":[{entries}]' if calls else '"tool_calls":null,"content":"no"')
    if expected is not None:
        entries = ",".join("{" + call_text(rng, *call) + "}" for call in expected)
        fields.append(f'"expected":[{entries}]')
    rng.shuffle(fields)
    return "{" + ", ".join(fields) + "}"


def answers(rng):
    """Two files of answers with everything that can happen in them."""
    before, after = [], []
    for adapter in ["support", "Übersetzer", None]:
        stated = adapter != "support"
        for number in range(150):
            prompt = number if number % 3 else f"p{number}"
            right = [
                (rng.choice(NAMES), {"q": value(rng), "r": value(rng)}) for _ in range(rng.choice([1, 1, 1, 2, 0]))
            ]
            wrong = [(name, changed(rng, arguments)) for name, arguments in right] or [("search", {})]
            expected = right if stated else None
            first = right if rng.random() < 0.85 else wrong
            second = rng.choice([right, right, right, wrong, right[:1], right[::-1]])
            if rng.random() < 0.97:
                before.append(line(rng, prompt, adapter, first, expected, broken=bool(first) and rng.random() < 0.03))
            if rng.random() < 0.95:
                stating = expected if rng.random() < 0.5 else None
                after.append(line(rng, prompt, adapter, second, stating, broken=bool(second) and rng.random() < 0.03))
    rng.shuffle(after)
    return before, after


def scores(before, after):
    """Right and wrong by adapter, from Python's own JSON."""
    def keyed(lines):
        return {(entry.get("adapter"), entry["id"]): entry for entry in map(parsed, lines)}

    old, new = keyed(before), keyed(after)
    table = {}
    for key in list(old) + [key for key in new if key not in old]:
        row = table.setdefault(key[0] or "default", dict.fromkeys(
            ["prompts", "baseline_right", "candidate_right", "broken", "fixed", "still_wrong", "missing", "extra"], 0))
        if key not in old:
            row["extra"] += 1
            continue
        row["prompts"] += 1
        first = calls_of(old[key])
        second = calls_of(new[key]) if key in new else None
        row["missing"] += key not in new
        stated = old[key].get("expected", new.get(key, {}).get("expected"))
        right = first if stated is None else calls_of({"tool_calls": stated})
        was, is_now = first is not None and first == right, second is not None and second == right
        row["baseline_right"] += was
        row["candidate_right"] += is_now
        row["broken"] += was and not is_now
        row["fixed"] += is_now and not was
        row["still_wrong"] += not was and not is_now and first != second
    return table


def tests():
    """The exact tests of SciPy for many counts."""
    cases = []
    for prompts, broken, fixed in [
        (200, 0, 0), (200, 1, 0), (200, 5, 0), (200, 5, 2), (200, 8, 8), (200, 0, 6), (1000, 30, 11), (50, 50, 0),
        (50, 49, 1), (1_000_000, 5400, 5000), (3, 1, 1), (1, 1, 0), (20_000, 100, 40), (10_000_000, 500_000, 498_000),
    ]:
        n = broken + fixed
        case = {"prompts": prompts, "broken": broken, "fixed": fixed}
        case["p"] = stats.binomtest(broken, n, 0.5).pvalue if n else 1.0
        for confidence in [0.9, 0.95, 0.99]:
            share = stats.binomtest(broken, n, 0.5).proportion_ci(confidence, "exact") if n else None
            case[f"interval_{confidence}"] = [n / prompts * (2 * x - 1) for x in share] if n else [0.0, 0.0]
            case[f"bound_{confidence}"] = (
                1.0 if broken == prompts else float(stats.beta.ppf(confidence, broken + 1, prompts - broken))
            )
        cases.append(case)
    return cases


def make():
    FOLDER.mkdir(exist_ok=True)
    before, after = answers(random.Random(20260611))
    (FOLDER / "before.jsonl").write_text("\n".join(before) + "\n", encoding="utf-8")
    (FOLDER / "after.jsonl").write_text("\ufeff" + "\r\n".join(after), encoding="utf-8")
    (FOLDER / "scores.json").write_text(json.dumps(scores(before, after), indent=1, ensure_ascii=False) + "\n")
    (FOLDER / "mcnemar.json").write_text(json.dumps(tests(), indent=1) + "\n")
