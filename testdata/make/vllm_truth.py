"""What vLLM itself does with adapters of many kinds on small bases of its model classes, as a fixture for the tests.

    python vllm_truth.py adapters FACTS.jsonl BASES.jsonl [ARCHITECTURE ...]
                                                              names and shapes of adapters, made by PEFT
    python vllm_truth.py truth BASES.jsonl OUTPUT.jsonl.zst [NEWER.jsonl.zst]
                                                              runs the engine's loader over them on the CPU; with the
                                                              fixture of a newer release only what differs from it

Needs vllm 0.33.0 (0.32.0 and 0.31.0 work too), transformers 5.20.2, peft 0.21.2, zstandard 0.25. The two steps are two
processes, since vLLM changes classes of transformers. Defaults are r 4, lora_alpha 12, bias "none" and, as
target_modules, the modules of the tensors; settings are vLLM's defaults, but for a rank limit of 64. One row per base: its configuration and its adapters, each with
the fields of adapter_config.json that are not PEFT's defaults, the shapes of the tensors, the verdict and why:
"applied" (every delta lies in slots at PEFT's strength and acts on the rows it was trained for), "partly", "ignored"
(no delta is in a slot: the base answers), "refused". Values are random; equal bytes are looked for, not names.
"""

import json
import math
import re
import signal
import sys
import tempfile
import zlib
from pathlib import Path

DEFAULTS = dict(peft_type="LORA", r=4, lora_alpha=12, bias="none", inference_mode=True)
PREFIX = "base_model.model."


# ------------------------------------------------------------------------------------------------------- making adapters

def text_part(names, config):
    """Prefixes of the language model among module names, and of everything else; empty where there is only text."""
    for prefix in ("model.language_model.", "language_model.", "thinker.model.", "vlm.model.language_model.", "model.text_model.",
                   "vlm.language_model.", "model.llm.", "llm."):
        if any(name.startswith(prefix) for name in names):
            return prefix
    return ""


class Maker:
    def __init__(self, model, row, config):
        import torch
        from torch import nn
        from transformers.pytorch_utils import Conv1D

        self.row, self.config = row, config
        self.shapes, self.embeddings, self.stacks = {}, {}, {}
        for name, part in model.named_modules():
            if isinstance(part, nn.Linear):
                self.shapes[name] = (part.in_features, part.out_features)
            elif isinstance(part, Conv1D):
                self.shapes[name] = tuple(part.weight.shape)
            elif isinstance(part, nn.Embedding):
                self.embeddings[name] = tuple(part.weight.shape)
        modules = dict(model.named_modules())
        for name, value in model.named_parameters():
            parent, _, leaf = name.rpartition(".")
            if value.dim() == 3 and parent not in self.shapes and leaf not in ("weight", "bias"):
                turned = bool(getattr(modules[parent], "is_transposed", False)) or type(modules[parent]).__name__.startswith("Llama4")
                self.stacks.setdefault(parent, {})[leaf] = (
                    value.shape[0], *(value.shape[1:] if turned else reversed(value.shape[1:])))
        names = [*self.shapes, *self.embeddings]
        self.text = text_part(names, config)
        heads = ("lm_head", "score", "classifier", "embed_out", "output_projection")
        self.linear = [name for name in self.shapes if not any(part in heads for part in name.split("."))]
        self.heads = [name for name in self.shapes if name not in self.linear]
        self.inner = [name for name in self.linear if name.startswith(self.text) and ".layers." in name
                      or not self.text] or self.linear
        self.outer = [name for name in self.linear if name not in self.inner]

    def tensors(self, names, rank=4, saved=(), ranks={}):
        found = {}
        for name in names:
            r = ranks.get(name.rpartition(".")[2], rank)
            if name in self.embeddings:
                rows, width = self.embeddings[name]
                found[f"{PREFIX}{name}.lora_embedding_A"] = [r, rows]
                found[f"{PREFIX}{name}.lora_embedding_B"] = [width, r]
            else:
                inside, out = self.shapes[name]
                found[f"{PREFIX}{name}.lora_A.weight"] = [r, inside]
                found[f"{PREFIX}{name}.lora_B.weight"] = [out, r]
        for name in saved:
            shape = self.embeddings.get(name) or tuple(reversed(self.shapes[name]))
            found[f"{PREFIX}{name}.weight"] = list(shape)
        return found

    def stack_tensors(self, parent, leaves, rank=4):
        """PEFT nests one wrapper per parameter: the first ones get `.base_layer`."""
        found = {}
        for number, leaf in enumerate(leaves):
            count, inside, out = self.stacks[parent][leaf]
            where = PREFIX + parent + ".base_layer" * (len(leaves) - 1 - number)
            found[f"{where}.lora_A.weight"] = [rank * count, inside]
            found[f"{where}.lora_B.weight"] = [out, rank * count]
        return found

    def apart(self, parent, skip=lambda number, part: False, rank=4):
        """Experts one by one, under the class's own names."""
        forms = ((self.row.get("experts") or {}).get("forms") or [])[:3] or ["experts.#.gate_proj", "experts.#.down_proj",
                                                                 "experts.#.up_proj"]
        shapes = {leaf: shape for leaf, shape in self.stacks[parent].items()}
        both = next((shape for leaf, shape in shapes.items() if "gate_up" in leaf or leaf == "up_proj"), None)
        down = next((shape for leaf, shape in shapes.items() if "down" in leaf), None)
        if not both or not down:
            return {}
        gated = any("gate_up" in leaf for leaf in shapes)
        owner, found = parent.rpartition(".")[0], {}
        for number in range(both[0]):
            for place, form in enumerate(forms):
                part = form.rpartition(".")[2]
                if skip(number, place):
                    continue
                inside, out = (down[1], down[2]) if place == 1 else (both[1], both[2] // 2 if gated else both[2])
                where = f"{PREFIX}{owner}.{form.replace('#', str(number))}"
                found[f"{where}.lora_A.weight"] = [rank, inside]
                found[f"{where}.lora_B.weight"] = [out, rank]
        return found

    def kinds(self):
        """(name, settings, tensors)"""
        inner, qv = self.inner, [name for name in self.inner if name.endswith(("q_proj", "v_proj", "query", "value"))]
        base = qv or inner[:4]
        attention = [name for name in inner if "attn" in name or "attention" in name or "mixer" in name]
        yield "all", {}, self.tensors(self.linear)
        if self.outer:
            yield "text-all", {}, self.tensors(inner)
            tower = [name for name in self.outer if "project" not in name and "connector" not in name
                     and "merger" not in name]
            rest = [name for name in self.outer if name not in tower]
            if tower:
                yield "tower", {}, self.tensors(tower)
            if rest:
                yield "connector", {}, self.tensors(rest)
        yield "qv", {}, self.tensors(base)
        if attention and attention != inner and attention != base:
            yield "attn", {}, self.tensors(attention)
        leaves = list(dict.fromkeys(name.rpartition(".")[2] for name in inner if not name.rpartition(".")[2].isdigit()))
        for leaf in leaves:
            yield f"only-{leaf}", {}, self.tensors([name for name in inner if name.endswith("." + leaf)])
        last = [name for name in inner if ".1." in name]
        if last:
            yield "last-layer", {}, self.tensors(last)
        embeddings = [name for name in self.embeddings if name.startswith(self.text) and "position" not in name
                      and "per_layer" not in name and "type" not in name][:1]
        if embeddings:
            yield "embed", {}, self.tensors([*base, *embeddings])
            yield "tokens", dict(trainable_token_indices={"embed_tokens": [3, 5]}), {
                **self.tensors(base), f"{PREFIX}{embeddings[0]}.token_adapter.trainable_tokens_delta": [2, self.embeddings[embeddings[0]][1]]}
            yield "save-embed", dict(modules_to_save=[embeddings[0].rpartition(".")[2]]), self.tensors(
                base, saved=embeddings)
        for head in self.heads[:2]:
            yield f"head-{head.rpartition('.')[2]}", {}, self.tensors([*base, head])
            yield f"save-{head.rpartition('.')[2]}", dict(modules_to_save=[head.rpartition(".")[2]]), self.tensors(
                base, saved=[head])
        yield "rank_pattern", dict(rank_pattern={base[0].rpartition(".")[2]: 8}), self.tensors(
            base, ranks={base[0].rpartition(".")[2]: 8})
        yield "alpha_pattern", dict(alpha_pattern={base[0].rpartition(".")[2]: 6}), self.tensors(base)
        yield "rslora", dict(use_rslora=True), self.tensors(inner)
        yield from self.other_names(inner)
        yield from self.expert_kinds(base)

    def settings_kinds(self):
        """What the configuration alone decides; the same for every class."""
        base = self.inner[:2]
        yield "rank-above-limit", dict(r=96), self.tensors(base, rank=96)
        yield "rank-at-limit", dict(r=64), self.tensors(base, rank=64)
        yield "rank_pattern-above-limit", dict(rank_pattern={"q_proj": 96}), self.tensors(base)
        yield "dora", dict(use_dora=True), self.tensors(base)
        yield "lora_bias", dict(lora_bias=True), {**self.tensors(base), **{
            f"{PREFIX}{name}.lora_B.bias": [self.shapes[name][1]] for name in base}}
        yield "bias-lora_only", dict(bias="lora_only"), self.tensors(base)
        for start in ("gaussian", "eva", "orthogonal", "olora", "pissa", "pissa_niter_4", "corda", "loftq", "lora_ga"):
            yield f"init-{start}", dict(init_lora_weights=start), self.tensors(base)
        yield "alora", dict(alora_invocation_tokens=[3, 4]), self.tensors(base)
        yield "layer_replication", dict(layer_replication=[[0, 1], [0, 1]]), self.tensors(base)
        yield "qalora", dict(use_qalora=True), self.tensors(base)
        yield "no-prefix", {}, {name.removeprefix(PREFIX): shape for name, shape in self.tensors(base).items()}
        yield "adapter-name", {}, {name.replace(".weight", ".default.weight"): shape
                                   for name, shape in self.tensors(base).items()}
        yield "a-norm", {}, {**self.tensors(base), f"{PREFIX}model.norm.weight": [64]}

    def other_names(self, inner):
        plain = self.tensors(inner)
        first = inner[0]
        changes = []
        if self.text:
            for new in ("model.", "language_model.model.", "model.language_model.", "language_model.", ""):
                if new != self.text:
                    changes.append((new or "bare", self.text, new))
        else:
            for new in ("model.language_model.", "language_model.model.", "transformer."):
                if first.startswith("model."):
                    changes.append((new, "model.", new))
            if first.startswith("model."):
                changes.append(("bare", "model.", ""))
            else:
                changes.append(("model.", "", "model."))
        for label, old, new in changes:
            renamed = {}
            for name, shape in plain.items():
                rest = name.removeprefix(PREFIX)
                if not rest.startswith(old):
                    break
                renamed[PREFIX + new + rest.removeprefix(old)] = shape
            else:
                yield f"names-{label.rstrip('.')}", {}, renamed

    def expert_kinds(self, base):
        owners = {parent: leaves for parent, leaves in self.stacks.items() if "expert" in parent}
        if not owners:
            return
        alone = self.tensors(base)
        parents = list(owners)
        leaves = [leaf for leaf in owners[parents[0]]]

        def stacked(choose):
            found, wanted = dict(alone), []
            for number, parent in enumerate(parents):
                chosen = choose(number)
                found.update(self.stack_tensors(parent, chosen))
                wanted += [f"{parent}.{leaf}" for leaf in chosen]
            return dict(target_parameters=wanted), found

        yield "stacks", *stacked(lambda _: leaves)
        for leaf in leaves:
            yield f"stacks-{leaf}", *stacked(lambda _: [leaf])
        if len(parents) > 1:
            yield "stacks-first-layer", *stacked(lambda number: leaves if number == 0 else [])
        kinds = [
            ("apart", lambda layer, number, part: False),
            ("apart-no-first-part", lambda layer, number, part: part == 0),
            ("apart-no-down", lambda layer, number, part: part == 1),
            ("apart-only-down", lambda layer, number, part: part != 1),
            ("apart-one-expert", lambda layer, number, part: number != 3),
            ("apart-not-last-expert", lambda layer, number, part: number == 5)]
        if len(parents) > 1:
            kinds.append(("apart-one-layer", lambda layer, number, part: layer != 0))
        for label, skip in kinds:
            found = dict(alone)
            for layer, parent in enumerate(parents):
                found.update(self.apart(parent, lambda number, part, layer=layer: skip(layer, number, part)))
            if len(found) > len(alone):
                yield label, {}, found


def peft_names(model, targets, parameters=()):
    """What PEFT itself writes for these targets, against which the names made here are held."""
    from peft import LoraConfig, get_peft_model, get_peft_model_state_dict

    wrapped = get_peft_model(model, LoraConfig(r=4, target_modules=list(targets) or None,
                                               target_parameters=list(parameters) or None))
    found = get_peft_model_state_dict(wrapped, save_embedding_layers=False)
    return {name: list(value.shape) for name, value in found.items()}


def compare_with_peft(key, model, targets, ours):
    try:
        theirs = peft_names(model, targets)
    except ValueError as error:  # PEFT refuses some modules of Mamba layers; with other targets it names them alike
        print(f"{key}: {str(error)[:100]}", flush=True)
        return
    if theirs != ours:
        differ = sorted(set(theirs) ^ set(ours))
        print(f"{key}: PEFT's names differ, {len(differ)}: {differ[:2]}", flush=True)


def make_adapters(facts, output, *wanted):
    import torch
    import transformers
    import vllm_configs

    rows = {row["key"]: row for row in map(json.loads, Path(facts).read_text().splitlines())}
    types = vllm_configs.names_to_types()
    for name, more in vllm_configs.TYPES.items():
        types[name] = [*more, *[kind for kind in types.get(name, []) if kind not in more]]
    names = wanted or list(dict.fromkeys(key.split("/")[0] for key in rows))
    written = []
    with open(output, "w") as file:
        for number, name in enumerate(names):
            made = {}
            for model_type, kind, variant in cases(name, types, vllm_configs):
                if any(field in variant for field in ("first_k_dense_replace", "num_dense_layers", "moe_layer_start_index")):
                    continue  # not what the class of transformers goes by
                try:
                    config = dict(vllm_configs.small(kind, variant), architectures=[name], dtype="bfloat16")
                    config = json.loads(json.dumps(config), parse_constant=lambda _: 1e30)  # JSON has no infinity
                    key = key_of(config)
                    row = rows.get(key) or rows.get(name)
                    if row is None or len(made) >= 4 or made.get(key, 0) >= 3:
                        continue
                    cls = getattr(transformers, name, None)
                    if cls is None or row.get("static"):
                        break
                    with torch.device("meta"):
                        model = cls(cls.config_class.from_dict(dict(config)))
                    maker = Maker(model, row, config)
                    adapters = list(maker.kinds()) if row["lora"] else [("all", {}, maker.tensors(maker.linear))]
                    if name in ("LlamaForCausalLM", "Qwen3MoeForCausalLM", "BertForSequenceClassification"):
                        adapters += list(maker.settings_kinds())
                    compare_with_peft(key, model, maker.linear, adapters[0][2])
                    entry = dict(key=key, config=config, adapters=[
                        dict(name=label, config=settings, tensors=tensors) for label, settings, tensors in adapters])
                    line = json.dumps(entry)
                    if line in written:
                        continue
                    written.append(line)
                    file.write(line + "\n")
                    made[key] = made.get(key, 0) + 1
                except Exception as error:
                    print(f"{name} {model_type}: {type(error).__name__}: {str(error)[:200]}".replace("\n", " "), flush=True)
            print(f"{number + 1}/{len(names)} {name} {made}", flush=True)


def cases(name, types, vllm_configs):
    for model_type in types.get(name, []):
        kind = vllm_configs.config_class(model_type)
        if kind is None:
            continue
        seen = []
        for variant in vllm_configs.variants_of(name, kind):
            if variant not in seen:
                seen.append(variant)
                yield model_type, kind, variant


def key_of(config):
    from vllm_keys import key_of as found

    return found(config)


# ---------------------------------------------------------------------------------------------------- running the engine

def values(tensors):
    """Random values that a 16-bit float holds exactly, the same for the same name in every run."""
    import torch

    found = {}
    for name, shape in tensors.items():
        generator = torch.Generator().manual_seed(zlib.crc32(name.encode()))
        found[name] = torch.randn(shape, generator=generator, dtype=torch.float32).bfloat16()
    return found


def scale_of(module, settings):
    """PEFT's strength of one module: patterns match a suffix that starts at a dot, the first key wins."""
    def value(field, default):
        for key, found in (settings.get(field) or {}).items():
            if re.match(rf"(.*\.)?({key})$", module):
                return found
        return default

    rank, alpha = value("rank_pattern", settings["r"]), value("alpha_pattern", settings["lora_alpha"])
    return alpha / (math.sqrt(rank) if settings.get("use_rslora") else rank)


class Slots:
    """The engine's buffers, found by the first row of A."""

    def __init__(self, manager, interleaved=False):
        self.interleaved = interleaved
        self.found = {}
        for name, layer in manager.modules.items():
            for a, b in pairs(layer):
                row = a[0]
                if row.abs().sum() > 0:
                    self.found.setdefault(row.contiguous().view(dtype16()).numpy().tobytes(), []).append((name, a, b))

    def holds(self, a, b, scale):
        """Whether consecutive slices with this A hold all rows of B at this strength."""
        import torch

        places = self.found.get(a[0].contiguous().view(dtype16()).numpy().tobytes(), [])
        rank = a.shape[0]
        by_module = {}
        for name, slot_a, slot_b in places:
            if slot_a.shape[1] >= a.shape[1] and torch.equal(slot_a[:rank, :a.shape[1]], a) and not slot_a[
                    rank:].abs().sum():
                by_module.setdefault(name, []).append(slot_b)
        want = (b.float() * scale)
        for parts in by_module.values():
            options = [*parts, torch.cat(parts)] if len(parts) > 1 else parts
            if self.interleaved and len(parts) == 2:
                options.append(torch.stack(parts, dim=1).flatten(0, 1))
            for option in options:
                have = option.float()
                if have.shape[0] >= want.shape[0] and not have[want.shape[0]:].abs().sum() and torch.allclose(
                        have[:want.shape[0], :rank], want, rtol=2e-2, atol=1e-3):
                    return True
        return False


def dtype16():
    import torch

    return torch.int16


def pairs(layer):
    """(A, B) of every slice in the slot, of every expert for experts."""
    if hasattr(layer, "w13_lora_a_stacked"):
        for stack_a, stack_b in ((layer.w13_lora_a_stacked, layer.w13_lora_b_stacked),
                                 (layer.w2_lora_a_stacked, layer.w2_lora_b_stacked)):
            for a, b in zip(stack_a, stack_b):
                for expert in range(a.shape[1]):
                    yield a[0, expert], b[0, expert]
    elif type(layer).__name__ == "VocabParallelEmbeddingWithLoRA":
        yield layer.lora_a_stacked[0].T, layer.lora_b_stacked[0, 0]
    elif isinstance(layer.lora_a_stacked, tuple):
        for a, b in zip(layer.lora_a_stacked, layer.lora_b_stacked):
            yield a[0, 0], b[0, 0]
    else:
        yield layer.lora_a_stacked[0, 0], layer.lora_b_stacked[0, 0]


def factor_groups(tensors):
    found = {}
    for name, value in tensors.items():
        match = re.match(r"(.*)\.lora_(embedding_)?([AB])(\.weight)?$", name)
        if match:
            found.setdefault(match.group(1), {})[match.group(3)] = value
    return found


def compare(manager, tensors, settings, turned, interleaved=False):
    """The verdict and why; with `interleaved`, rows of gate and up alternate in the product of two slices."""
    slots, missing = Slots(manager, interleaved), []
    groups = factor_groups(tensors)
    for module, parts in groups.items():
        a, b = parts["A"], parts["B"]
        plain = module.removeprefix(PREFIX)
        scale = scale_of(plain, settings)
        if plain.endswith((".experts", ".experts.base_layer")) and a.shape[0] > settings["r"]:
            count = a.shape[0] // settings["r"]
            here = all(slots.holds(a.reshape(count, -1, a.shape[1])[expert], b.reshape(b.shape[0], -1, count)[..., expert], scale)
                       for expert in range(count))
        else:
            here = slots.holds(a, b, scale)
        if not here:
            missing.append(plain)
    if len(missing) == len(groups):
        return "ignored", f"none of {len(groups)} deltas is in a slot"
    if missing:
        return "partly", f"{len(missing)} of {len(groups)} deltas are in no slot at their strength, e.g. {missing[0]}"
    silent = [field for field in ("lora_bias", "alora_invocation_tokens", "layer_replication", "use_qalora")
              if settings.get(field)]
    start = settings.get("init_lora_weights", True)
    if isinstance(start, str) and start not in ("gaussian", "eva", "orthogonal", "lora_ga"):
        silent.append(start)
    if silent:
        return "partly", f"{silent[0]} is left out without a word"
    # Of the language model alone: towers are read as they are.
    wrong = [name for name in groups if turned and name.endswith((".q_proj", ".k_proj")) and "vision" not in name]
    if wrong:
        return "partly", f"{wrong[0].removeprefix(PREFIX)} acts on other rows"
    return "applied", f"all {len(groups)} deltas"


# Kinds whose verdict may depend on the release alone; others depend on it through the class's facts.
BY_RELEASE = re.compile(r"(all|text-all|rank_pattern|alpha_pattern|names|init|lora_bias|alora|layer_rep|qalora|head|save|"
                        r"stacks|apart|embed|rank|bias|connector|tower)")


def run(bases, output, newer=None):
    import zstandard
    import vllm_engine
    from safetensors.torch import save_file
    from vllm_classes import TURNED, TooLong, limited

    vllm_engine.start(port=29631)
    rows, known = [], {}
    lines = Path(bases).read_text().splitlines()
    if newer:
        for line in zstandard.ZstdDecompressor().decompress(Path(newer).read_bytes(), max_output_size=1 << 30).splitlines():
            row = json.loads(line)
            known[json.dumps(row["config"])] = {adapter["name"]: adapter["verdict"] for adapter in row["adapters"]}
    for number, line in enumerate(lines):
        base = json.loads(line)
        if newer:
            base["adapters"] = [adapter for adapter in base["adapters"] if BY_RELEASE.match(adapter["name"])]
        with tempfile.TemporaryDirectory() as folder:
            place = vllm_engine.write_config(Path(folder, "base"), base["config"])
            try:
                limited(120)
                engine = vllm_engine.Engine(place)
                manager = engine.manage()
                failed = None
            except Exception as error:
                engine, failed = None, f"{type(error).__name__}: {str(error)[:200]}"
            signal.alarm(0)
            if failed and "LoRA is not supported" not in failed and "is not supported for LoRA" not in failed:
                print(f"{number + 1}/{len(lines)} {base['key']} not run: {failed}".replace("\n", " "), flush=True)
                continue
            turned = engine is not None and type(engine.module).__name__ in TURNED
            counts = {}
            for adapter in base["adapters"]:
                settings = {**DEFAULTS, "target_modules": sorted({
                    name.removeprefix(PREFIX).rpartition(".lora_")[0] for name in adapter["tensors"]
                    if ".lora_" in name}), **adapter["config"]}
                if failed:
                    adapter["verdict"], adapter["why"] = "refused", "the class takes no adapters"
                else:
                    tensors = values(adapter["tensors"])
                    where = Path(folder, "adapter")
                    where.mkdir(exist_ok=True)
                    (where / "adapter_config.json").write_text(json.dumps(settings))
                    save_file(tensors, where / "adapter_model.safetensors")
                    try:
                        limited(120)
                        engine.load(where)
                        adapter["verdict"], adapter["why"] = compare(manager, tensors, settings, turned)
                    except Exception as error:
                        text = re.sub(r"\S*/adapter\b", "ADAPTER", str(error))
                        text = re.sub(r"expected target modules in \{.*?\} but received", "unexpected modules:", text)
                        adapter["verdict"] = "refused"
                        adapter["why"] = f"{type(error).__name__}: {text[:110]}".replace("\n", " ")
                    signal.alarm(0)
                counts[adapter["verdict"]] = counts.get(adapter["verdict"], 0) + 1
            if newer:
                before = known.get(json.dumps(base["config"]), {})
                base["adapters"] = [adapter for adapter in base["adapters"]
                                    if before.get(adapter["name"], adapter["verdict"]) != adapter["verdict"]]
            if base["adapters"]:
                rows.append(base)
            print(f"{number + 1}/{len(lines)} {base['key']} {counts}", flush=True)
    text = "".join(json.dumps(row, separators=(",", ":")) + "\n" for row in rows)
    packed = zstandard.ZstdCompressor(level=19).compress(text.encode())
    Path(output).write_bytes(packed)
    print(len(rows), "bases,", sum(len(row["adapters"]) for row in rows), "adapters,", len(packed), "bytes")


def main():
    match sys.argv[1:]:
        case ["adapters", facts, output, *wanted]: make_adapters(facts, output, *wanted)
        case ["truth", bases, output, *newer]: run(bases, output, *newer)
        case _: sys.exit(__doc__)


if __name__ == "__main__":
    main()
