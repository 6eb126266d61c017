"""Turns traced models into rows with conditions: which modules there are, by the fields of the configuration."""

import copy
import itertools
import json
import math
import pickle
import random
import re
import sys
import time
import traceback

import arch_trace as T
from symbolic import evaluate, fold, plain

SMALL_COUNT = re.compile(r"(^|_)(layers?|depth|blocks?|experts?|n_layer)s?$|num_.*layers|.*_layers$|num_.*experts|num_loops|depth")
KEEP = re.compile(r"per_tok|topk|conv|top_k|shared|dense|_index|every|interval|step|period|offset|freq|feature|skip|kv_shared|select")


class Settings:
    """What a configuration says, and what its class makes of that."""

    def __init__(self, cls, full):
        _, self.env, self.definitions, self.config_log = T.symbolic_config(cls.config_class, full)
        self.read(cls, full)

    def read(self, cls, full):
        self.full, self.raw = full, {}
        config = cls.config_class(**copy.deepcopy(full))
        self.types = {path: section.model_type for path, section in T.sections(config)}
        for path, section in T.sections(config):
            given = full
            for key in [k for k in path.split(".") if k]:
                given = given.get(key, {})
            for key, value in T.defaults(type(section)).items():
                if key not in T.IGNORED:
                    self.raw[path + key] = plain(value)
            for key, value in given.items():
                if not isinstance(value, dict):
                    self.raw[path + key] = plain(value)
            self.raw[path + "num_labels"] = self.env[path + "num_labels"]
        self.widen()

    def widen(self):
        """Keys that are no fields count as such."""
        for name, value in self.raw.items():
            self.env.setdefault(name, value)


class Sample(Settings):
    """A model that was built."""

    def __init__(self, cls, full, out):
        self.rows, self.auto, self.total, self.odd = out["rows"], out["auto"], out["total"], out["odd"]
        self.env, self.definitions = out["resolved"], out["definitions"]
        self.log, self.config_log, self.inline = out["log"], out["config_log"], out["inline"]
        self.read(cls, full)

    @property
    def is_empty(self):
        """Whether something in it has no elements: the library builds that, but no model is like that, and ties are lost."""
        return any(size == 0 for row in self.rows for size, _ in row["shape"])

    def whole(self, row):
        """The rows of the tensor that a tensor is written as a part of, and what that number is made of."""
        count, e = 0, ("c", 0)
        for other in self.rows:
            if other["disk"][:1] == row["disk"][:1]:
                size, part = other["shape"][0]
                count, e = count + size, fold("+", e, part or ("c", size))
        return count, e


def differences(old, new, path=""):
    """The values that one configuration has and another has not, by dotted path."""
    for key, value in new.items():
        if isinstance(value, dict) and isinstance(old.get(key), dict):
            yield from differences(old[key], value, f"{path}{key}.")
        elif key not in old or old[key] != value:
            yield path + key, value


def usual_settings(cls, start, samples):
    """The configurations of models again, with the sizes of the class itself: for these no model need be built."""
    usual = T.expand(start, cls.config_class(**copy.deepcopy(start)))
    for sample in samples:
        full = usual
        for name, value in differences(samples[0].full, sample.full):
            full = put(full, name, value)
        try:
            made = Settings(cls, full)
            yield made
            # The same with the lists that the class made of other values, as it writes them itself.
            for name, value in made.env.items():
                if isinstance(value, (list, tuple)) and isinstance(made.raw.get(name), int):
                    yield Settings(cls, put(full, name, list(value)))
        except Exception:
            pass


def get(full, name):
    *parents, key = name.split(".")
    for parent in parents:
        full = full.get(parent, {})
    return full.get(key)


def put(full, name, value):
    full = copy.deepcopy(full)
    *parents, key = name.split(".")
    inner = full
    for parent in parents:
        inner = inner.setdefault(parent, {})
    inner[key] = value
    return full


def fields_of(e, found):
    if isinstance(e, tuple):
        if e and e[0] in ("f", "at") and isinstance(e[1], str):
            found.add(e[1])
        for part in e[1:]:
            fields_of(part, found)
    return found


def constants(e, found):
    if isinstance(e, tuple):
        if e and e[0] == "c":
            found.add(e[1])
        for part in e[1:]:
            constants(part, found)
    return found


# Numbers of tokens decide about no row.
TOKENS = re.compile(r"token_(id|index)s?$")
# Values of strings that only calls other than comparisons look at.
STRINGS = {"feed_forward_proj": ["relu", "gated-gelu"], "hybrid_override_pattern": ["M-M*E"]}


def mutations(cls, sample, seen_strings):
    """Single changes that may matter, most promising first: (field, value)."""
    out = []
    used = set()
    for atom in sample.log | sample.config_log:
        fields_of(atom, used)
    for row in sample.rows:
        for size in (row["a"], row["b"]):
            if size:
                fields_of(size[1], used)
        for _, e in row["shape"]:
            fields_of(e, used)
    for e in sample.definitions.values():
        fields_of(e, used)
    dynamic = tuple({v[1] for v in sample.auto.values()})
    names = [n for n in sample.raw if not (dynamic and n.startswith(dynamic) and n.rsplit(".", 1)[-1] not in ("hidden_size", "vocab_size", "tie_word_embeddings"))]
    numbers = {}
    for atom in sample.log | sample.config_log:
        if atom[0] in ("==", "<=", "<"):
            for f in fields_of(atom, set()):
                numbers.setdefault(f, set()).update(c for c in constants(atom, set()) if isinstance(c, int) and 0 <= c < 4096)
    for name in names:
        value, key = sample.raw[name], name.rsplit(".", 1)[-1]
        now = sample.env.get(name, value)
        if key in ("num_labels", "vocab_size_or_config_json_file", "model_type") or TOKENS.search(key):
            continue
        if isinstance(value, bool) or isinstance(now, bool):
            out.append((0 if name in used else 3, name, not now))
        elif isinstance(now, str):
            for other in seen_strings.get(name, ()):
                if other != now:
                    out.append((0, name, other))
            for other in STRINGS.get(key, ()):
                if other != now:
                    out.append((0, name, other))
        elif isinstance(now, (list, tuple)) and now and all(isinstance(v, str) for v in now):
            choices = sorted(set(now) | {s for n, ss in seen_strings.items() if n == name for s in ss})
            if len(choices) > 1:
                for k in range(3):
                    out.append((k, name, [random.choice(choices) for _ in now]))
        elif isinstance(now, (list, tuple)) and now and all(isinstance(v, int) and not isinstance(v, bool) for v in now) and name in used:
            if SMALL_COUNT.search(key):
                out.append((0, name, [v + 1 + k % 2 for k, v in enumerate(now)]))
            out.append((1, name, list(now)[:-1]))
            out.append((1, name, [v * 2 for v in now]))
        elif isinstance(now, (list, tuple)) and not now and any(a[0] == "in" and a[1] == ("f", name) for a in sample.log | sample.config_log):
            out.append((0, name, [1]))
            out.append((1, name, [0, 2]))
        elif isinstance(now, int) and (name in used):
            step = [now * 2, now + 1, max(now - 1, 0), now * 3]
            if SMALL_COUNT.search(key) and not KEEP.search(key):
                step = [now + 1, now + 3, max(now - 1, 1)]
            elif now <= 8:
                step = [now + 1, now * 2, 0, max(now - 1, 0)]
            for c in numbers.get(name, ()):
                step += [c, c + 1]
            step = [v for v in dict.fromkeys(step) if v != now]
            counts = SMALL_COUNT.search(key) and not KEEP.search(key)
            out += [((0 if counts else 1) if k < 2 else 2 if now > 8 else 1, name, v) for k, v in enumerate(step[:5])]
            if value is None:
                out.append((0, name, 2 if now > 3 and "head" in key and "dim" not in key else now + 2 if "dim" in key else now))
        elif isinstance(now, float) and name in used:
            out += [(1, name, now * 2), (2, name, now + 1.0)]
        elif now is None and value is None:
            kind = str(T.dataclasses.fields and FIELD_TYPES.get((cls, name), ""))
            if "int" in kind and "list" not in kind:
                out += [(1, name, 2), (1, name, 16)]
            elif "bool" in kind:
                out.append((2, name, True))
        if FIELD_TYPES.get((cls, name)) is None and isinstance(value, int) and not isinstance(value, bool):
            out += [(0, name, value + 1), (0, name, max(value - 1, 1))]
        elif FIELD_TYPES.get((cls, name)) is None and value is None and "pattern" not in key:
            out += [(0, name, 2), (0, name, 3)]
        if value is not None and not isinstance(value, (bool, list, tuple, str)) and "None" in str(FIELD_TYPES.get((cls, name), "")):
            out.append((0, name, None))
    out.sort(key=lambda m: m[0])
    return [(n, v) for _, n, v in out]


FIELD_TYPES = {}


def note_types(cls):
    for path, section in T.sections(cls.config_class()):
        for field in T.dataclasses.fields(type(section)):
            FIELD_TYPES[(cls, path + field.name)] = field.type if isinstance(field.type, str) else str(field.type)


def shrunk(cls, full, distinct=1):
    """The given configuration with few layers and experts, as far as that builds; each list has its own length."""
    config = cls.config_class(**copy.deepcopy(full))
    small = copy.deepcopy(full)
    count = 5 - distinct
    for path, section in T.sections(config):
        for key, value in T.fields(section).items():
            default = T.defaults(type(section)).get(key, 0)
            if isinstance(value, int) and not isinstance(value, bool) and value > 4 and default is not None and SMALL_COUNT.search(key) and not KEEP.search(key):
                count += distinct
                small = put(small, path + key, 4 if "expert" in key else min(value, count))
            if "kv_shared" in key and isinstance(value, int) and value > 2:
                small = put(small, path + key, 2)
            if re.search(r"(topk|top_k|per_tok|n_group|topk_group)", key) and "index" not in key and isinstance(value, int) and value > 2:
                small = put(small, path + key, 2)
            if key in ("n_group", "topk_group") and isinstance(value, int) and value > 1:
                small = put(small, path + key, 1)
    return small


# Seconds that the model of a class's own sizes may take.
SLOW = 10


def ratio(cls, small, full):
    """How many times more layers and experts a configuration has."""
    counts = []
    for given in (small, full):
        config = cls.config_class(**copy.deepcopy(given))
        counts.append([
            value for _, section in T.sections(config) for key, value in T.fields(section).items()
            if isinstance(value, int) and not isinstance(value, bool) and SMALL_COUNT.search(key) and not KEEP.search(key)
        ])
    return max([b / a for a, b in zip(*counts) if a] or [1])


def collect(cls, budget, start=None, log=None):
    """Samples of a class, the first being the smallest; and held-out ones."""
    random.seed(1)
    note_types(cls)
    base_full = T.expand(start or {}, cls.config_class(**copy.deepcopy(start or {})))
    base, took = None, 0
    for make in (lambda: shrunk(cls, base_full), lambda: shrunk(cls, base_full, distinct=0), lambda: base_full):
        try:
            full = make()
            took = time.process_time()
            base = Sample(cls, full, T.build(cls, full))
            took = time.process_time() - took
            break
        except Exception as error:
            if log is not None:
                log.append(f"shrunk: {error!r}"[:300])
    if base is None:
        return [], []
    samples, failed, seen_strings, done = [base], 0, {}, set()
    began = time.process_time()

    def note(sample):
        for atom in sample.log | sample.config_log:
            if atom[0] == "str" and isinstance(atom[1], tuple):
                seen_strings.setdefault(atom[1][1], set()).add(atom[2])

    def attempt(full, limit=math.inf):
        """The model of a configuration; None where it is not right, or is expected to take longer than the limit."""
        nonlocal failed
        if limit < math.inf and took * ratio(cls, base.full, full) > limit:
            return None
        key = json.dumps(full, sort_keys=True, default=str)
        if key in done:
            return None
        done.add(key)
        try:
            sample = Sample(cls, full, T.build(cls, full))
        except Exception:
            failed += 1
            return None
        if sample.is_empty:
            return None
        note(sample)
        return sample

    note(base)
    if "num_hidden_layers" not in (start or {}) and base.full != base_full:
        usual = attempt(base_full, SLOW)
        samples += [usual] if usual else []
        began = time.process_time()
    queue = mutations(cls, base, seen_strings)
    tried = set()
    good = []
    while queue and time.process_time() - began < budget * 0.65:
        name, value = queue.pop(0)
        if (name, str(value)) in tried:
            continue
        tried.add((name, str(value)))
        sample = attempt(put(base.full, name, value))
        if sample is None:
            continue
        samples.append(sample)
        good.append((name, value))
        fresh = [m for m in mutations(cls, sample, seen_strings) if (m[0], str(m[1])) not in tried]
        known = {(n, str(v)) for n, v in queue}
        queue = [m for m in fresh if (m[0], str(m[1])) not in known and m[0] != name and sample.log != base.log][:6] + queue
    held = []
    random.seed(2)
    while good and len(held) + len([s for s in samples if getattr(s, "mixed", False)]) < 24 and time.process_time() - began < budget:
        full = base.full
        for name, value in random.sample(good, min(len(good), random.randint(2, 5))):
            full = put(full, name, value)
        sample = attempt(full)
        if sample is not None:
            sample.mixed = True
            (held if len(held) * 2 < len([s for s in samples if getattr(s, "mixed", False)]) else samples).append(sample)
        elif failed > 400:
            break
    return samples, held


NUMBER = re.compile(r"(?<=\.)(\d+)(?=\.|$)|^(\d+)(?=\.)")


def split(name):
    """`a.3.b.12.c` as ("a.{}.b.{}.c", (3, 12))."""
    parts, found = [], []
    for part in name.split("."):
        if part.isdigit():
            found.append(int(part))
            parts.append("{}")
        else:
            parts.append(part)
    return ".".join(parts), tuple(found)


def substitute(e, loop):
    """The expression with its layer index being that of a loop."""
    if not isinstance(e, tuple):
        return e
    if e == ("i",):
        return ("i", loop)
    if e[0] == "at" and isinstance(e[2], int) and loop is not None:
        return ("at", e[1], ("i", loop))
    return tuple(substitute(part, loop) if isinstance(part, tuple) else part for part in e)


def places_in(e, found):
    """Numbers of elements that an expression names."""
    if isinstance(e, tuple):
        if e and e[0] == "at" and isinstance(e[2], int):
            found.add(e[2])
        for part in e[1:]:
            places_in(part, found)
    return found


def parts_of(e):
    """What an expression is put together from."""
    for part in e[1:]:
        if isinstance(part, tuple) and part[0] != "c":
            yield part
            yield from parts_of(part)


def shifted(e, loop, back=0, mirrored=False):
    """The expression with its elements being those at the index of a loop, less a step; the last one named is there.

    Mirrored, the loop counts from the end of the list.
    """
    last = max(places_in(e, set()), default=0)

    def moved(e):
        if not isinstance(e, tuple):
            return e
        if e and e[0] == "at" and isinstance(e[2], int):
            step = last - e[2] + back
            index = ("-", ("-", ("len", e[1]), ("c", 1)), ("i", loop)) if mirrored else ("i", loop)
            return ("at", e[1], index if not step else ("-", index, ("c", step)) if step > 0 else ("+", index, ("c", -step)))
        return tuple(moved(part) for part in e)

    return moved(e)


def has_index(e):
    if not isinstance(e, tuple):
        return False
    if e == ("i",) or (e and e[0] == "at"):
        return True
    return any(has_index(part) for part in e[1:])


def value_of(e, env, idx):
    op = e[0]
    if op == "c":
        return e[1]
    if op == "f":
        return env[e[1]]
    if op == "i":
        return idx[e[1]]
    if op == "at":
        k = e[2] if isinstance(e[2], int) else value_of(e[2], env, idx)
        if k < 0:
            raise IndexError
        return env[e[1]][k]
    if op == "len":
        return len(env[e[1]])
    if op == "max":
        return max(value_of(e[1], env, idx), value_of(e[2], env, idx))
    a = value_of(e[1], env, idx)
    if op == "int": return int(a)
    if op == "ceil":
        import math
        return math.ceil(a)
    if op == "round": return round(a)
    b = value_of(e[2], env, idx)
    return evaluate((op, ("c", a), ("c", b)), {})


def holds(atom, env, idx):
    op, a, b = atom
    try:
        if op == "none":
            return env.get(a) is None
        if op == "list":
            return isinstance(env.get(a), (list, tuple))
        x = value_of(a, env, idx)
        if op == "bool":
            return bool(x)
        if op == "str":
            return x == b
        if op == "starts":
            return x.startswith(b)
        if op == "in":
            return value_of(b, env, idx) in x
        y = value_of(b, env, idx)
        return x == y if op == "==" else x <= y if op == "<=" else x < y
    except Exception:
        return False


def size_of(e):
    return 1 + sum(size_of(p) for p in e[1:]) if isinstance(e, tuple) else 1


def replaced(e, old, new):
    if e == old:
        return new
    return tuple(replaced(part, old, new) for part in e) if isinstance(e, tuple) else e


class NoFit(Exception):
    pass


def learn(targets, vectors, atoms, depth=9):
    """The smallest tree of atoms, greedily, that gives every target: a leaf (value,) or (atom, yes, no)."""
    order = list(range(len(targets)))

    def impurity(ids):
        counts = {}
        for k in ids:
            counts[targets[k]] = counts.get(targets[k], 0) + 1
        n = len(ids)
        return n - sum(c * c for c in counts.values()) / n if n else 0

    def grow(ids, depth):
        kinds = {targets[k] for k in ids}
        if len(kinds) == 1:
            return (next(iter(kinds)),)
        if depth == 0:
            raise NoFit("too deep")
        best = None
        for n, vector in enumerate(vectors):
            yes = [k for k in ids if vector[k]]
            if not yes or len(yes) == len(ids):
                continue
            no = [k for k in ids if not vector[k]]
            score = (round(impurity(yes) + impurity(no), 6), size_of(atoms[n]), n)
            if best is None or score < best[0]:
                best = (score, n, yes, no)
        if best is None:
            raise NoFit(f"no atom tells {sorted(map(str, kinds))[:3]} apart")
        _, n, yes, no = best
        return (atoms[n], grow(yes, depth - 1), grow(no, depth - 1))

    return grow(order, depth)


def decide(tree, env, idx):
    while len(tree) == 3:
        tree = tree[1] if holds(tree[0], env, idx) else tree[2]
    return tree[0]


class Model:
    """The learned rows of one class."""

    def __init__(self, samples, reuse=None, environment="env"):
        self.samples = samples
        self.reuse = reuse
        self.loops = {}
        self.problems = []
        self.atoms = self.all_atoms()
        self.find_loops()
        self.rows = self.find_rows()

    def all_atoms(self):
        atoms = {}
        for sample in self.samples:
            for op, a, b in sample.log | sample.config_log:
                if op == "range" or (op in ("==", "<=", "<") and not fields_of((op, a, b), set())):
                    continue
                if op in ("==", "<=", "<") and any(c in (float("inf"), float("-inf")) for c in constants((op, a, b), set())):
                    continue
                atoms[(op, a, b)] = None
            for name in sample.env:
                value = sample.env[name]
                if value is None:
                    atoms[("none", name, None)] = None
                elif isinstance(value, bool):
                    atoms[("bool", ("f", name), None)] = None
        # Flags and absences count only where they differ.
        out = []
        for op, a, b in atoms:
            if op == "none" and len({s.env.get(a) is None for s in self.samples}) == 1:
                continue
            if op == "bool" and a[0] == "f" and len({bool(s.env.get(a[1])) for s in self.samples}) == 1:
                continue
            out.append((op, a, b))
        return sorted(out, key=lambda x: (size_of(x), str(x)))

    def find_loops(self):
        """Which numbers in names count, and up to what: template of the list to count expression."""
        self.literal = set()
        self.ranges = {e: None for sample in self.samples for op, e, _ in sample.log if op == "range"}
        deepest = max(sum(p.isdigit() for p in row["mem"].split(".")) for sample in self.samples for row in sample.rows)
        for level in range(deepest):
            self.find_loops_at(level)

    def find_loops_at(self, level):
        """The numbers that are the `level`-th in their names; those before are settled."""
        seen = {}
        for s, sample in enumerate(self.samples):
            for row in sample.rows:
                generic, idx, digits = [], [], 0
                for part in row["mem"].split("."):
                    if part.isdigit():
                        if digits == level:
                            seen.setdefault(tuple(generic), {}).setdefault((s, tuple(idx)), set()).add(int(part))
                            break
                        digits += 1
                        if tuple(generic) in self.loops:
                            generic.append("{}")
                            idx.append(int(part))
                            continue
                    generic.append(part)
        ranges = self.ranges
        for prefix, sets in seen.items():
            shapes = {frozenset(found) for found in sets.values()}
            biggest = max(len(x) for x in shapes)
            contiguous = all(found == set(range(len(found))) for found in shapes)
            if len(shapes) == 1 and (biggest <= 4 or not contiguous or "timm_model" in prefix):
                self.literal.add(prefix)
            elif not contiguous:
                # Layers without anything of their own in the middle; or parts that are there or not.
                gap = any(max(found) > 6 or len(found) > 4 for found in shapes)
                self.loops[prefix] = None if gap else False
                if not gap:
                    self.literal.add(prefix)
            else:
                self.loops[prefix] = None
        for prefix in [p for p, v in self.loops.items() if v is False]:
            del self.loops[prefix]
        for prefix in list(self.loops):
            if prefix in self.literal or prefix not in seen:
                continue
            sets = seen[prefix]
            loops_before = [k for k, p in enumerate(prefix) if p == "{}"]
            counts = {key: max(found) + 1 for key, found in sets.items()}
            fit = None
            depth = len(loops_before)
            candidates = [v for e in ranges for v in ([e] if not has_index(e) else [substitute(e, d) for d in range(depth)])]
            names = set(self.samples[0].env)
            for name in sorted(names, key=lambda n: (0 if SMALL_COUNT.search(n.rsplit(".", 1)[-1]) else 1, len(n), n)):
                values = self.samples[0].env[name]
                if isinstance(values, int) and not isinstance(values, bool):
                    candidates += [("f", name), ("+", ("f", name), ("c", 1)), ("-", ("f", name), ("c", 1))]
                elif isinstance(values, (list, tuple)):
                    candidates += [("len", name)] + [("at", name, ("i", d)) for d in range(depth)] + [("at", name, k) for k in range(min(len(values), 6))]
            constant = set(counts.values())
            if len(constant) == 1:
                candidates.append(("c", constant.pop()))
            for e in candidates:
                ok = True
                for (s, outer), n in counts.items():
                    try:
                        if value_of(e, self.samples[s].env, outer) != n:
                            ok = False
                            break
                    except Exception:
                        ok = False
                        break
                if ok:
                    fit = e
                    break
            if fit is None:
                fit = self.enough(counts)
            if fit is None and max(counts.values()) <= 8:
                self.literal.add(prefix)
                continue
            if fit is None:
                self.problems.append(f"count of {'.'.join(prefix)}: {sorted(set(counts.values()))[:6]}")
            self.loops[prefix] = fit
        for prefix in self.literal:
            self.loops.pop(prefix, None)

    def enough(self, counts):
        """A count that is never too small and sometimes right, for lists that are shorter under some condition."""
        for e in self.ranges:
            try:
                reached = [(value_of(e, self.samples[s].env, outer), n) for (s, outer), n in counts.items()]
            except Exception:
                continue
            if all(most >= n for most, n in reached) and any(most == n for most, n in reached):
                return e
        return None

    def template(self, name):
        """The name with loop numbers as {}, their values."""
        parts, generic, out, idx = name.split("."), [], [], []
        for part in parts:
            if part.isdigit() and tuple(generic) in self.loops:
                out.append("{}")
                idx.append(int(part))
                generic.append("{}")
            else:
                out.append(part)
                generic.append(part)
        return ".".join(out), tuple(idx)

    def domain(self, template, sample):
        """All numbers that a template can have in a sample."""
        parts, out = template.split("."), [()]
        generic = []
        for part in parts:
            if part == "{}":
                e = self.loops[tuple(generic)]
                grown = []
                for idx in out:
                    try:
                        n = value_of(e, sample.env, idx)
                    except Exception:
                        n = 0
                    n = n if isinstance(n, int) else 0
                    grown += [idx + (k,) for k in range(n)]
                out = grown
            generic.append(part)
        return out

    def disk_pattern(self, disk, idx, count):
        """Disk names with the loop numbers as {} and further numbers that run as {e}."""
        patterns = []
        for name in disk:
            parts, k, out = name.split("."), 0, []
            for part in parts:
                if part.isdigit() and k < len(idx) and int(part) == idx[k]:
                    out.append("{}")
                    k += 1
                else:
                    out.append(part)
            if k < len(idx):
                return None
            patterns.append(".".join(out))
        if len(patterns) > 1 and count > 1 and len(patterns) % count == 0:
            folded = []
            for pattern in patterns:
                parts = pattern.split(".")
                where = [j for j, p in enumerate(parts) if p.isdigit()]
                if not where:
                    return tuple(patterns)
                parts[where[-1]] = "{e}"
                one = ".".join(parts)
                if one not in folded:
                    folded.append(one)
            if len(folded) * count == len(patterns):
                return tuple(folded)
        elif len(patterns) >= 1 and count == 1:
            # One expert: its number looks like any other.
            folded = []
            for pattern in patterns:
                parts = pattern.split(".")
                where = [j for j, p in enumerate(parts) if p == "0"]
                if where:
                    parts[where[-1]] = "{e}"
                folded.append(".".join(parts))
            return tuple(folded)
        return tuple(patterns)

    def find_rows(self):
        table, order = {}, []
        any_loop = {}
        for s, sample in enumerate(self.samples):
            last = None
            for row in sample.rows:
                if any(row["mem"].startswith(path + ".") for path in sample.auto):
                    continue
                template, idx = self.template(row["mem"])
                disk = [name for name, _ in row["disk"]]
                if row["tied"]:
                    pattern = ()
                    t, tidx = self.template(row["tied"])
                    tied = t if tidx == idx[: len(tidx)] else row["tied"]
                else:
                    stacked = row["kind"] == "parameter" and any(len(shape) == 2 for _, shape in row["disk"])
                    pattern = self.disk_pattern(disk, idx, row["shape"][0][0] if stacked else 0)
                    if pattern is None:
                        self.problems.append(f"disk name of {row['mem']}: {disk[:2]}")
                        continue
                    tied = None
                    if pattern == (template,):
                        pattern = ()
                key = (template, row["kind"], pattern, tied, row["transposed"], len(row["shape"]), row["tokens"])
                if key not in table:
                    table[key] = []
                    order.insert(order.index(last) + 1 if last in table and last is not None else len(order), key)
                last = key
                table[key].append((s, idx, row))
        autos = {}
        for s, sample in enumerate(self.samples):
            for path, (auto, section, model_type, name) in sample.auto.items():
                autos.setdefault((path, auto, section), []).append((s, (), None))
        self.autos = []
        out = []
        vectors = {}
        pool = {}
        for found in table.values():
            for _, _, row in found:
                for _, e in row["shape"]:
                    if e is not None:
                        pool[e] = None
        pool = sorted(pool, key=size_of)
        for key in order + list(autos):
            found = table.get(key) or autos[key]
            template = key[0]
            domain = [(s, idx) for s, sample in enumerate(self.samples) for idx in self.domain(template, sample)]
            where = {item: k for k, item in enumerate(domain)}
            present = [False] * len(domain)
            bad = False
            for s, idx, _ in found:
                if (s, idx) not in where:
                    bad = True
                    break
                present[where[(s, idx)]] = True
            if bad:
                self.problems.append(f"{template} outside its loop")
                continue
            loops = template.count("{}")
            shape_of_loops = tuple(tuple(template.split(".")[:k]) for k, p in enumerate(template.split(".")) if p == "{}")
            if shape_of_loops not in vectors:
                atoms = []
                for atom in self.atoms:
                    if has_index(atom):
                        atoms += [substitute(atom, d) for d in range(loops)]
                        if len(places_in(atom, set())) > 1:
                            steps = [(back, mirrored) for mirrored in (False, True) for back in (0, -1)]
                            atoms += [shifted(atom, d, *step) for d in range(loops) for step in steps]
                        if not loops and atom[1] and ("at" in str(atom)):
                            atoms.append(atom)
                    else:
                        atoms.append(atom)
                for d in range(loops):
                    atoms += [("==", ("i", d), ("c", 0))]
                    e = self.loops[shape_of_loops[d]]
                    if e and e[0] != "c":
                        atoms.append(("==", ("+", ("i", d), ("c", 1)), e))
                atoms = list(dict.fromkeys(atoms))
                vectors[shape_of_loops] = (atoms, [[holds(a, self.samples[s].env, idx) for s, idx in domain] for a in atoms])
            atoms, vector = vectors[shape_of_loops]
            row = dict(template=template)
            try:
                row["when"] = learn(present, vector, atoms)
            except NoFit as error:
                self.problems.append(f"presence of {template} {key[1:4]}: {error}")
                continue
            if key in autos:
                row.update(kind="auto", auto=key[1], section=key[2])
                out.append(row)
                continue
            row.update(kind=key[1], disk=key[2], tied=key[3], transposed=key[4], tokens=key[6])
            ids = [where[(s, idx)] for s, idx, _ in found]
            small = [[v[k] for k in ids] for v in vector]
            try:
                rows = [r for _, _, r in found]
                places = [(self.samples[s].env, idx) for s, idx, _ in found]
                row["bias"] = learn([r["bias"] for r in rows], small, atoms)
                if key[1] == "parameter" and all(len(r["shape"]) == 3 for r in rows):
                    row["last_in"] = all(r["a"][0] == r["shape"][2][0] and r["b"][0] == r["shape"][1][0] for r in rows)
                    if not row["last_in"] and not all(r["a"][0] == r["shape"][1][0] and r["b"][0] == r["shape"][2][0] for r in rows):
                        raise NoFit("in and out of a stack")
                row["shape"] = [self.dimension([r["shape"][d] for r in rows], places, small, atoms, pool, loops) for d in range(key[5])]
                if key[1] not in ("tensor", "buffer"):
                    row["a"] = self.dimension([r["a"] for r in rows], places, small, atoms, pool, loops)
                    row["b"] = self.dimension([r["b"] for r in rows], places, small, atoms, pool, loops)
                disks = [[shape for _, shape in r["disk"]] for r in rows]
                if key[1] in ("linear", "embedding") and all(
                    [n for n, _ in r["shape"]] == ([r["a"][0], r["b"][0]] if key[4] or key[1] == "embedding" else [r["b"][0], r["a"][0]])
                    for r in rows
                ):
                    row["shape"] = [row["a"], row["b"]] if key[4] or key[1] == "embedding" else [row["b"], row["a"]]
                firsts = [r.get("first") for r in rows]
                if any(firsts):
                    if not all(firsts):
                        raise NoFit("rows of a common tensor in some models")
                    row["first"] = self.dimension(firsts, places, small, atoms, pool, loops)
                    wholes = [self.samples[s].whole(r) for s, _, r in found]
                    row["whole"] = self.dimension(wholes, places, small, atoms, pool, loops)
                row["disk_shapes"] = None
                if row["disk"] and not any(firsts) and any(tuple(n for n, _ in r["shape"]) != shape for r in rows for _, shape in r["disk"]):
                    row["disk_shapes"] = self.disk_shapes(rows, row, places, small, atoms, pool, loops)
            except NoFit as error:
                self.problems.append(f"sizes of {template}: {error}")
                continue
            out.append(row)
        return out

    def dimension(self, values, places, small, atoms, pool, loops):
        """A tree of expressions for one dimension."""
        candidates = {}
        for value, e in values:
            for v in self.versions(e, loops):
                candidates[v] = candidates.get(v, 0) + 1

        def right(e, k):
            try:
                return value_of(e, *places[k]) == values[k][0]
            except Exception:
                return False

        for e in list(candidates):
            for c in constants(e, set()):
                if isinstance(c, int) and c > 8:
                    for name, value in places[0][0].items():
                        if isinstance(value, int) and not isinstance(value, bool):
                            other = replaced(e, ("c", c), ("f", name))
                            if any(values[k][0] == v and places[k][0].get(name) == c for k, (v, x) in enumerate(values)):
                                candidates.setdefault(other, 0)
        def plainness(e):
            return (e[0] == "c", any(c > 8 for c in constants(e, set())), size_of(e), -candidates[e], str(e))

        ranked = sorted(candidates, key=plainness)
        for e in ranked:
            if all(right(e, k) for k in range(len(values))):
                return (e,)
        if len({value for value, _ in values}) == 1:
            return (("c", values[0][0]),)
        if any(e is None or e[0] == "c" for _, e in values):
            for e in self.guesses(pool, loops):
                if all(right(e, k) for k in range(len(values))):
                    return (e,)
        ranked.sort(key=lambda e: (-sum(right(e, k) for k in range(len(values))), plainness(e)))
        try:
            own = [next((v for v in self.versions(e, loops) if right(v, k)), None) for k, (_, e) in enumerate(values)]
            if None not in own and all(c <= 8 for e in own for c in constants(e, set())):
                return learn(own, small, atoms)
        except NoFit:
            pass
        labels = []
        for k in range(len(values)):
            label = next((e for e in ranked if right(e, k)), None)
            if label is None:
                raise NoFit(f"no expression for {values[k]}")
            labels.append(label)
        return learn(labels, small, atoms)

    def guesses(self, pool, loops):
        names = sorted(n for n, v in self.samples[0].env.items() if isinstance(v, int) and not isinstance(v, bool))
        yield from (v for e in pool for v in self.versions(e, loops))
        yield from (("f", n) for n in names)
        for e in pool:
            for c in (1, 2, 3, 4):
                yield ("*", e, ("c", c))
                yield ("+", e, ("c", c))
                yield ("-", e, ("c", c))
                yield ("//", e, ("c", c))
        if len(pool) < 60:
            for a, b in itertools.product(pool, pool):
                for op in "+*":
                    if str(a) < str(b):
                        yield (op, a, b)
                yield ("//", a, b)
                yield ("-", a, b)

    def versions(self, e, loops):
        if e is None:
            return []
        if not has_index(e):
            return [e]
        steps = [(back, mirrored) for mirrored in (False, True) for back in (1, 0, -1)]
        moved = [shifted(e, d, *step) for d in range(loops) for step in steps] if "('i',)" not in str(e) else []
        return [substitute(e, d) for d in range(loops)] + ([e] if "('i',)" not in str(e) else []) + moved

    def disk_shapes(self, rows, row, places, small, atoms, pool, loops):
        """Shapes of what is written for a tensor that is written otherwise: one for each pattern."""
        count = len(row["disk"])
        per = [[] for _ in range(count)]
        for r in rows:
            shapes = [shape for _, shape in r["disk"]]
            step = max(1, len(shapes) // count) if "{e}" in "".join(row["disk"]) else 1
            for n in range(count):
                per[n].append(shapes[n])
        out = []
        for n in range(count):
            rank = {len(s) for s in per[n]}
            if len(rank) != 1:
                raise NoFit("ranks on disk")
            dims = []
            for d in range(rank.pop()):
                values = [(shape[d], None) for shape in per[n]]
                known = list(dict.fromkeys(e for r in rows for _, e in r["shape"] if e is not None))
                extra = [("//", e, ("c", c)) for e in known for c in (1, count, 2)]
                halves = list(dict.fromkeys(part for e in known for part in parts_of(e)))
                dims.append(self.dimension(values, places, small, atoms, halves + known + extra + pool, loops))
            out.append(dims)
        return out


def predicted(model, sample):
    """Rows that the model gives for a sample, in a comparable form."""
    out = set()
    for row in model.rows:
        for idx in model.domain(row["template"], sample):
            if not decide(row["when"], sample.env, idx):
                continue
            name = fill(row["template"], idx)
            if row["kind"] == "auto":
                out.add((name, "auto"))
                continue
            try:
                shape = tuple(value_of(decide(d, sample.env, idx), sample.env, idx) for d in row["shape"])
                ab = tuple(value_of(decide(row[x], sample.env, idx), sample.env, idx) for x in "ab") if "a" in row else None
            except Exception as error:
                shape, ab = repr(error), None
            bias = bool(decide(row["bias"], sample.env, idx))
            out.add((name, row["kind"], shape, ab, bias, bool(row["tied"])))
    return out


def actual(sample):
    out = {(path, "auto") for path in sample.auto}
    for row in sample.rows:
        if any(row["mem"].startswith(path + ".") for path in sample.auto):
            continue
        ab = (row["a"][0], row["b"][0]) if row["a"] else None
        out.add((row["mem"], row["kind"], tuple(n for n, _ in row["shape"]), ab, bool(row["bias"]), bool(row["tied"])))
    return out


def fill(template, idx):
    pieces = template.split("{}")
    return pieces[0] + "".join(str(n) + piece for n, piece in zip(idx, pieces[1:]))


def run(cls, budget, start=None):
    log = []
    samples, held = collect(cls, budget, start, log)
    if not samples:
        return None, samples, held, log
    for _ in range(4):
        model = Model(samples)
        wrong = [s for s in held if predicted(model, s) != actual(s)]
        if not wrong or len(wrong) == 0:
            break
        samples = samples + wrong
        held = [s for s in held if s not in wrong]
    model.unproven = not held
    return model, samples, held, log


if __name__ == "__main__":
    budget = float(sys.argv[1])
    for model_type in sys.argv[2:]:
        began = time.time()
        try:
            cls = T.classes(model_type)[0]
            model, samples, held, log = run(cls, budget)
            if model is None:
                print(model_type, "UNBUILT", log, flush=True)
                continue
            fitted = [s for s in samples if predicted(model, s) != actual(s)]
            print(model_type, cls.__name__, "samples", len(samples), "held", len(held), "rows", len(model.rows), "wrong", len(fitted), "problems", model.problems[:4], "odd", samples[0].odd, f"{time.time() - began:.0f}s", flush=True)
            if "-v" in __import__("os").environ.get("V", ""):
                for row in model.rows:
                    print("  ", row["template"], row["kind"], row["when"], row.get("a"), row.get("b"), row.get("bias"), row.get("tied"), row.get("disk"))
        except Exception as error:
            print(model_type, "FAILED", repr(error)[:200], traceback.format_exc()[-600:], flush=True)
