"""Writes learned models as text: blocks that types share, and for each type its fields, classes and names on disk."""

import json

from arch_learn import NoFit, fields_of, has_index, holds, learn, size_of, substitute, value_of

LETTERS = "ijkl"
PRECEDENCE = {"?": 0, "|": 1, "&": 2, "==": 3, "<": 3, "<=": 3, "has": 3, "+": 4, "-": 4, "*": 5, "//": 5, "/": 5, "%": 5, "**": 6, "!": 7, "x": 9}


def show(e, section=""):
    return text(e, section)[0]


def wrap(pair, level):
    return f"({pair[0]})" if PRECEDENCE[pair[1]] < level else pair[0]


def name_of(name, section):
    assert name.startswith(section), (name, section)
    return name[len(section):]


def text(e, section):
    """An expression and its outermost operator."""
    op = e[0]
    if op == "c":
        return (repr(e[1]) if e[1] >= 0 else f"(0-{-e[1]!r})"), "x"
    if op == "f":
        return name_of(e[1], section), "x"
    if op == "i":
        return LETTERS[e[1]], "x"
    if op == "at":
        k = str(e[2]) if isinstance(e[2], int) else show(e[2], section)
        return f"{name_of(e[1], section)}[{k}]", "x"
    if op == "len":
        return f"len({name_of(e[1], section)})", "x"
    if op in ("int", "ceil", "round"):
        return f"{op}({show(e[1], section)})", "x"
    level = PRECEDENCE[op]
    return f"{wrap(text(e[1], section), level)}{op}{wrap(text(e[2], section), level + 1)}", op


def atom_text(atom, section):
    op, a, b = atom
    if op in ("none", "list"):
        return f"{'null' if op == 'none' else op}({name_of(a, section)})", "x"
    if op == "bool":
        return text(a, section)
    if op == "str":
        return f"{wrap(text(a, section), 4)}=='{b}'", "=="
    if op == "in":
        return f"{name_of(a[1], section)} has {wrap(text(b, section), 4)}", "has"
    return f"{wrap(text(a, section), 4)}{op}{wrap(text(b, section), 4)}", op


def tree_text(tree, section, leaf):
    """A tree as conditions, with the shortest form for truth values."""
    if len(tree) == 1:
        return leaf(tree[0])
    atom, yes, no = tree
    a = atom_text(atom, section)
    y, n = tree_text(yes, section, leaf), tree_text(no, section, leaf)
    if (y[0], n[0]) == ("1", "0") and leaf is truth:
        return a
    if (y[0], n[0]) == ("0", "1") and leaf is truth:
        return "!" + wrap(a, 7), "!"
    if n[0] == "0" and leaf is truth:
        return f"{wrap(a, 2)}&{wrap(y, 3)}", "&"
    if y[0] == "1" and leaf is truth:
        return f"{wrap(a, 1)}|{wrap(n, 2)}", "|"
    if y[0] == "0" and leaf is truth:
        return f"!{wrap(a, 7)}&{wrap(n, 3)}", "&"
    if n[0] == "1" and leaf is truth:
        return f"!{wrap(a, 7)}|{wrap(y, 2)}", "|"
    return f"{wrap(a, 1)}?{wrap(y, 1)}:{n[0]}", "?"


def truth(value):
    return ("1" if value else "0"), "x"


def loops_in(tree):
    """The loops that a tree looks at."""
    found = set()

    def visit(e):
        if isinstance(e, tuple):
            if len(e) == 2 and e[0] == "i" and isinstance(e[1], int):
                found.add(e[1])
            for part in e:
                visit(part)

    visit(tree)
    return found


class Node:
    def __init__(self):
        self.children, self.leaves, self.count = {}, [], None
        self.order = []


def module_name(row):
    t = row["template"]
    return t.removesuffix(".weight") if row["kind"] not in ("tensor", "buffer", "parameter", "auto") else t


def build_tree(model):
    root = Node()
    for row in model.rows:
        parts = module_name(row).split(".")
        node, generic = root, []
        for k, part in enumerate(parts[:-1]):
            if part not in node.children:
                node.children[part] = Node()
                node.order.append(part)
                if part == "{}":
                    node.children[part].count = model.loops[tuple(generic)]
            generic.append(part)
            node = node.children[part]
        if parts[-1] == "{}":
            inner = node.children.setdefault("{}", Node())
            if "{}" not in node.order:
                node.order.append("{}")
            inner.count = model.loops[tuple(generic)]
            inner.leaves.append(("", row))
            inner.order.append(len(inner.leaves) - 1)
        else:
            node.leaves.append((parts[-1], row))
            node.order.append(len(node.leaves) - 1)
    return root


def all_rows(node):
    for _, row in node.leaves:
        yield row
    for child in node.children.values():
        yield from all_rows(child)


def counts_under(node):
    for child in node.children.values():
        if child.count is not None:
            yield child.count
        yield from counts_under(child)


def row_fields(row, with_when=True):
    found = set()
    if with_when:
        fields_in_tree(row["when"], found)
    for key in ("bias", "a", "b"):
        if key in row:
            fields_in_tree(row[key], found)
    for tree in row.get("shape", []):
        fields_in_tree(tree, found)
    for tree in [row["first"], row["whole"]] if row.get("first") else []:
        fields_in_tree(tree, found)
    for part in row.get("disk_shapes") or []:
        for tree in part:
            fields_in_tree(tree, found)
    return found


def fields_in_tree(tree, found):
    if len(tree) == 1:
        if isinstance(tree[0], tuple):
            names(tree[0], found)
    else:
        op, a, b = tree[0]
        if op in ("none", "list"):
            found.add(a)
        else:
            names(a, found)
            names(b, found)
        fields_in_tree(tree[1], found)
        fields_in_tree(tree[2], found)
    return found


def names(e, found):
    if isinstance(e, tuple):
        if e and e[0] in ("f", "at", "len") and isinstance(e[1], str):
            found.add(e[1])
        for part in e[1:]:
            names(part, found)


class Writer:
    """Items of a class as nested tuples: ("leaf", text) or ("scope", head, items)."""

    def __init__(self, model, rules):
        self.model, self.rules = model, rules
        self.root = build_tree(model)

    def items(self):
        return self.scope(self.root, "", 0, None)

    def common_section(self, node, section, hoisted):
        found = set()
        for row in all_rows(node):
            if row["kind"] == "auto":
                return ""
            found |= row_fields(row, not hoisted)
        for count in counts_under(node):
            names(count, found)
        if not found or not all(f.startswith(section) for f in found):
            return ""
        heads = {f[len(section):].split(".")[0] if "." in f[len(section):] else "" for f in found}
        return heads.pop() if len(heads) == 1 and "" not in heads else ""

    def scope(self, node, section, loops, when):
        """The items below a node; `when` has been said above."""
        out = []
        done = set()
        for entry in node.order:
            if isinstance(entry, int):
                if entry in done:
                    continue
                name, row = node.leaves[entry]
                out.append(("leaf", self.condition(row["when"], when, section) + self.leaf(name, row, section)))
                continue
            child = node.children[entry]
            if entry == "{}":
                continue
            out += self.child(entry, child, section, loops, when)
        loop = node.children.get("{}")
        if loop is not None and node is self.root:
            raise NoFit("numbers at the top")
        if loop is not None and node.count is not None:
            alone = Node()
            alone.children, alone.order = {"{}": loop}, ["{}"]
            out += self.child("", alone, section, loops, when)
        return out

    def condition(self, tree, said, section):
        if tree == (True,) or tree == said:
            return ""
        return "?" + wrap(tree_text(tree, section, truth), 1) + " "

    def child(self, name, node, section, loops, said):
        """One or two scopes for a child: its own items, and its numbered ones."""
        out = []
        loop = node.children.get("{}")
        own = [e for e in node.order if e != "{}"]
        for part, is_loop in ((node, False), (loop, True)):
            if part is None or (not is_loop and not own):
                continue
            subject = part
            if not is_loop and loop is not None:
                subject = Node()
                subject.leaves = node.leaves
                subject.children = {k: v for k, v in node.children.items() if k != "{}"}
                subject.order = own
            rows = list(all_rows(subject))
            whens = {row["when"] for row in rows}
            when = whens.pop() if len(whens) == 1 else None
            if when is not None and when not in ((True,), said) and loops_in(when) and max(loops_in(when)) >= loops:
                when = None
            prefix = self.condition(when, said, section) if when is not None else ""
            inner = self.common_section(subject, section, when is not None)
            deeper = section + inner + "." if inner else section
            head = name
            if is_loop:
                head += "*" + wrap(text(part.count, section), 5)
            items = self.scope(subject, deeper, loops + (1 if is_loop else 0), when if when is not None else said)
            out.append(("scope", prefix, head, inner, tuple(items)))
        return out

    def leaf(self, name, row, section):
        def dims(tree):
            return tree_text(tree, section, lambda e: text(e, section))[0]

        kind = row["kind"]
        if kind == "auto":
            inner = row["section"][len(section):].rstrip(".")
            return f"{name}:A({row['auto']},{inner})"
        tied = "" if not row["tied"] else "~" + ("" if row.get("tied_tokens") else row["tied"].removesuffix(".weight"))
        bias = wrap(tree_text(row["bias"], section, truth), 2)
        bias = "" if bias == "0" else "," + bias
        mark = "!" if row["tokens"] else ""
        if kind == "linear":
            letter = "G" if row["transposed"] else "L"
            shape = [row["b"], row["a"]] if letter == "L" else [row["a"], row["b"]]
            if [dims(t) for t in row["shape"]] != [dims(t) for t in shape]:
                raise NoFit(f"shape of {row['template']}")
            if row.get("first"):
                return f"{name}:F({dims(row['a'])},{dims(row['b'])}{bias or ',0'},{dims(row['first'])},{dims(row['whole'])})"
            if row.get("disk_shapes"):
                return f"{name}:M({dims(row['a'])},{dims(row['b'])}{bias or ',0'}|{self.parts(row, section, dims)})"
            return f"{name}:{letter}({dims(row['a'])},{dims(row['b'])}{bias})" + tied
        if kind == "embedding" and row.get("disk_shapes"):
            raise NoFit(f"embedding {row['template']} on disk {row['disk'][:2]}")
        if kind == "embedding":
            if not tied and [dims(t) for t in row["shape"]] != [dims(row["a"]), dims(row["b"])]:
                raise NoFit(f"shape of {row['template']}")
            return f"{name}:E({dims(row['a'])},{dims(row['b'])}){mark}{tied}"
        if kind.startswith("conv"):
            rest = ",".join(dims(t) for t in row["shape"][1:])
            if row.get("disk_shapes"):
                return f"{name}:D({dims(row['a'])},{dims(row['b'])},{bias[1:] or '0'}|{rest}|{self.parts(row, section, dims)})"
            return f"{name}:C({dims(row['a'])},{dims(row['b'])},{bias[1:] or '0'}|{rest})" + tied
        if kind == "router":
            return f"{name.removesuffix('.weight')}:R({dims(row['a'])},{dims(row['b'])})" + tied
        if kind == "parameter":
            shape = [dims(t) for t in row["shape"]]
            if row.get("parts"):
                if not row["last_in"]:
                    raise NoFit(f"transposed stack {row['template']} by expert")
                return f"{name}:S({','.join(shape)}|{','.join(row['parts'])})"
            if row.get("disk_shapes"):
                raise NoFit(f"stack {row['template']} on disk {row['disk'][:2]}")
            return f"{name}:{'P' if row['last_in'] else 'Q'}({','.join(shape)})" + tied
        if row.get("disk_shapes"):
            return f"{name}:W({','.join(dims(t) for t in row['shape'])}|{self.parts(row, section, dims)})"
        return f"{name}:{'T' if kind == 'tensor' else 'B'}({','.join(dims(t) for t in row['shape'])})" + tied

    def parts(self, row, section, dims):
        return "|".join(",".join(dims(t) for t in shape) for shape in row["disk_shapes"])


def disk_rules(model):
    """Where names on disk are others: (memory prefix, disk prefix) in the order of the trie; and parts of stacks."""
    rows = []
    for row in model.rows:
        if row["kind"] == "auto" or row["tied"]:
            continue
        mem, disk = row["template"].split("."), row["disk"]
        if not disk:
            rows.append((mem, [mem], row))
            continue
        if row["kind"] == "parameter" and all("{e}" in d for d in disk):
            befores = {d.split(".{e}.")[0] for d in disk}
            if len(befores) != 1 or any(".{e}." not in d for d in disk):
                raise NoFit(f"parts of {row['template']}: {disk}")
            row["parts"] = [d.split(".{e}.")[1].removesuffix(".weight") for d in disk]
            rows.append((mem[:-1] + ["{e}"], [befores.pop().split(".") + ["{e}"]], row))
            continue
        rows.append((mem, [d.split(".") for d in disk], row))
    rules = []

    def descend(group, depth, inherited):
        """Rows that share their first `depth` components."""
        def target(mem, disks):
            rest = mem[depth:]
            if len(disks) != 1:
                return None
            disk = disks[0]
            if rest and disk[-len(rest):] != rest:
                return None
            return tuple(disk[:len(disk) - len(rest)])

        found = {target(mem, disks) for mem, disks, _ in group}
        if len(found) == 1 and None not in found:
            disk = found.pop()
            if disk != inherited:
                rules.append((group[0][0][:depth], [list(disk)]))
            return
        ended = [g for g in group if len(g[0]) == depth]
        if ended:
            kinds = {tuple(tuple(d) for d in disks) for _, disks, _ in ended}
            if len(kinds) != 1:
                raise NoFit(f"two names on disk for {'.'.join(ended[0][0])}")
            rules.append((ended[0][0], [list(d) for d in ended[0][1]]))
        nexts = {}
        for g in group:
            if len(g[0]) > depth:
                nexts.setdefault(g[0][depth], []).append(g)
        for part, inner in nexts.items():
            descend(inner, depth + 1, inherited + (part,) if inherited is not None else None)

    descend(rows, 0, ())
    return rules


def rule_text(rules):
    out = []
    for mem, disks in rules:
        out.append(".".join(mem).replace("{}", "*") + ">" + ",".join(".".join(d).replace("{}", "*") for d in disks))
    return out


def needed_fields(model):
    found = set()
    for row in model.rows:
        found |= row_fields(row)
    for count in model.loops.values():
        if count is not None:
            names(count, found)
    return found


class Definitions:
    """How fields that the configuration class works out follow from the keys: tree texts by name."""

    def __init__(self, samples, fields):
        self.samples, self.texts, self.problems, self.needed = samples, {}, [], set()
        self.depends = set()
        atoms = {}
        for s in samples:
            for op, a, b in s.config_log:
                if op != "range" and fields_of((op, a, b), set()) | ({1} if has_index((op, a, b)) else set()):
                    atoms[(op, a, b)] = None
            for name, value in s.raw.items():
                if value is None or isinstance(value, int):
                    atoms[("none", name, None)] = None
                if isinstance(value, (list, tuple)):
                    atoms[("list", name, None)] = None
                if isinstance(value, bool):
                    atoms[("bool", ("f", name), None)] = None
                if isinstance(value, str):
                    atoms[("str", ("f", name), value)] = None
        self.atoms = sorted(atoms, key=lambda x: (size_of(x), str(x)))
        self.ranges = list(dict.fromkeys(e for s in samples for op, e, _ in s.config_log if op == "range"))
        todo, seen = sorted(fields), set()
        while todo:
            name = todo.pop()
            if name in seen or name.endswith("num_labels"):
                continue
            seen.add(name)
            try:
                self.define(name)
            except NoFit as error:
                self.problems.append(f"field {name}: {error}")
        self.fields = seen | self.depends

    def define(self, name):
        rows = [s for s in self.samples if name in s.env]
        if all(s.raw.get(name) == s.env[name] for s in rows):
            return
        empty = [s for s in rows if s.env[name] == [] and s.raw.get(name) != []]
        if empty and all(s in empty or s.raw.get(name) == s.env[name] for s in rows):
            self.texts[name] = f"null({name})?[0|0]:{name}"
            return
        if any(isinstance(s.env[name], list) for s in rows) :
            return self.define_list(name, rows)
        values = []
        for s in rows:
            d = s.definitions.get(name)
            e = d if isinstance(d, tuple) and d != ("f", name) else None
            values.append((s, e))
        labels = []
        exprs = sorted({e for _, e in values if e is not None}, key=lambda e: (size_of(e), str(e)))
        raws = sorted({n for s in rows for n, v in s.raw.items() if isinstance(v, (int, float)) and not isinstance(v, bool)})
        always = next((e for e in exprs + [("f", n) for n in raws if n != name] if self.is_always(e, name, rows)), None)
        if always is not None:
            self.note((always,))
            self.texts[name] = show(always)
            return
        for s, _ in values:
            if s.raw.get(name) == s.env[name] and s.raw.get(name) is not None:
                labels.append("raw")
                continue
            value, label = s.env[name], None
            if isinstance(value, (int, float)) and not isinstance(value, bool):
                for e in exprs:
                    try:
                        if value_of(e, s.raw, ()) == value:
                            label = e
                            break
                    except Exception:
                        pass
            if label is None:
                label = ("value", json.dumps(value))
            labels.append(label)
        if all(l == "raw" or l[0] == "value" for l in labels) and len({l for l in labels if l != "raw"}) > 1:
            same = [s for s, l in zip(rows, labels) if l != "raw"]
            for n in raws:
                if all(s.raw.get(n) == s.env[name] for s in same):
                    labels = [l if l == "raw" else ("f", n) for l in labels]
                    break
        places = [(s.raw, ()) for s in rows]
        tree = self.tree(labels, places, 0)

        def leaf(label):
            if label == "raw":
                return name, "x"
            return (label[1].replace('"', "'"), "x") if label[0] == "value" else text(label, "")

        self.note(tree)
        self.texts[name] = tree_text(tree, "", leaf)[0]

    def is_always(self, e, name, rows):
        """Whether a field, whatever the configuration says of it, is this expression."""
        try:
            return all(value_of(e, s.raw, ()) == s.env[name] for s in rows)
        except Exception:
            return False

    def tree(self, labels, places, loops):
        if len(set(labels)) == 1:
            return (labels[0],)
        atoms = []
        for atom in self.atoms:
            atoms += [substitute(atom, 0)] if loops and has_index(atom) else [] if has_index(atom) else [atom]
        if loops:
            counts = sorted({n for env, _ in places for n in env if n.endswith("num_hidden_layers")})
            atoms += [("==", ("+", ("i", 0), ("c", 1)), ("f", n)) for n in counts]
            atoms += [("==", ("i", 0), ("c", k)) for k in range(6)]
            atoms += [("==", ("%", ("i", 0), ("c", k)), ("c", r)) for k in (2, 3, 4, 5, 6) for r in range(k)]
        vectors = [[holds(a, env, idx) for env, idx in places] for a in atoms]
        return learn(labels, vectors, atoms)

    def note(self, tree):
        found = set()
        fields_in_tree(tree, found)
        self.depends |= found

    def last_replaced(self, name, rows):
        """What stands at the end of every list that is given, where the class sees to that."""
        given = [(s.raw[name], s.env[name]) for s in rows if isinstance(s.raw.get(name), (list, tuple))]
        changed = [(old, new) for old, new in given if list(old) != new]
        if not changed or any(list(old[:-1]) != new[:-1] for old, new in given) or len({new[-1] for _, new in given}) > 1:
            return None
        return changed[0][1][-1]

    def define_patched(self, name, rows, last):
        missing = [s for s in rows if not isinstance(s.raw.get(name), (list, tuple))]
        self.define_list(name, missing)
        made = self.texts[name]
        given = f"[len({name})|i+1==len({name})?{last!r}:{name}[i]]"
        self.texts[name] = f"null({name})?{made}:{given}"

    def define_list(self, name, rows):
        patched = self.last_replaced(name, rows)
        if patched is not None:
            return self.define_patched(name, rows, patched)
        derived = [s for s in rows if s.raw.get(name) != s.env[name]]
        given = [s for s in rows if s.raw.get(name) == s.env[name]]
        when = self.tree(["raw" if s in given else "made" for s in rows], [(s.raw, ()) for s in rows], 0)
        counts = [len(s.env[name]) for s in derived]
        raws = sorted({n for s in rows for n, v in s.raw.items() if isinstance(v, int) and not isinstance(v, bool)}, key=lambda n: ("layers" not in n, len(n), n))
        candidates = [e for e in self.ranges] + [("f", n) for n in raws] + [("c", counts[0])]
        count = None
        for e in candidates:
            try:
                if all(value_of(e, s.raw, ()) == n for s, n in zip(derived, counts)):
                    count = e
                    break
            except Exception:
                continue
        if count is None:
            raise NoFit(f"length {sorted(set(counts))[:5]}")
        labels, places = [], []
        for s in derived:
            exprs = s.definitions.get(name)
            for k, value in enumerate(s.env[name]):
                e = exprs[k] if isinstance(exprs, list) and k < len(exprs) else None
                labels.append(substitute(e, 0) if e is not None and e[0] != "c" else ("value", json.dumps(value)))
                places.append((s.raw, (k,)))
        tree = self.tree(labels, places, 1)
        found = set()
        names(count, found)
        self.depends |= found
        self.note(tree)
        self.note(when)

        def element(label):
            return (label[1].replace('"', "'"), "x") if label[0] == "value" else text(label, "")

        made = f"[{show(count)}|{tree_text(tree, '', element)[0]}]"

        def leaf(label):
            return (name if label == "raw" else made), "x"

        self.texts[name] = tree_text(when, "", leaf)[0]
