"""Damage to an adapter, whose tensors are given as shapes by name, for the scripts whose names end in `_odd`."""

import math
import re

import torch

PREFIX = "base_model.model."
TYPES = dict(F64=torch.float64, F32=torch.float32, F16=torch.float16, F8_E4M3=torch.float8_e4m3fn, I8=torch.int8,
             F8_E5M2=torch.float8_e5m2, I32=torch.int32, I64=torch.int64, U8=torch.uint8, BOOL=torch.bool)


def modules(tensors):
    return list(dict.fromkeys(name.partition(".lora_")[0] for name in tensors if ".lora_" in name))


def factors(tensors, module):
    """The names of A and B of one module."""
    ends = [(f"{module}.lora_{end}.", f"{module}.lora_embedding_{end}") for end in "AB"]
    return [next(name for name in tensors if name.startswith(end)) for end in ends]


def resized(tensors, module, change):
    """The same with the shapes of one module's factors changed: `change` takes and gives A's and B's."""
    a, b = factors(tensors, module)
    shapes = change(tensors[a], tensors[b])
    return {**tensors, a: shapes[0], b: shapes[1]}


def everywhere(tensors, leaf, change):
    """`resized` for the modules of one last name in all layers."""
    for module in modules(tensors):
        if module.rpartition(".")[2] == leaf:
            tensors = resized(tensors, module, change)
    return tensors


def reranked(tensors, rank):
    """The same with factors of another rank."""
    for module in modules(tensors):
        tensors = resized(tensors, module, lambda a, b: ([rank, a[1]], [b[0], rank]))
    return tensors


def again(tensors, old, new):
    """One module a second time under another spelling."""
    for module in reversed(modules(tensors)):
        if module.startswith(old) and new + module.removeprefix(old) not in modules(tensors):
            return {**tensors, **{new + name.removeprefix(old): shape for name, shape in tensors.items()
                                  if name.startswith(module + ".lora_")}}
    return None


def without(tensors, *gone):
    return {name: shape for name, shape in tensors.items() if not any(part in name for part in gone)}


def shapes(tensors):
    """Label and tensors of what is wrong with names and shapes."""
    all_modules = modules(tensors)
    last_of = {}
    for module in all_modules:
        last_of[module.rpartition(".")[2]] = module
    for leaf, module in last_of.items():
        yield f"{leaf}-in+1", resized(tensors, module, lambda a, b: ([a[0], a[1] + 1], b))
        yield f"{leaf}-in-1", resized(tensors, module, lambda a, b: ([a[0], a[1] - 1], b))
        yield f"{leaf}-out+1", resized(tensors, module, lambda a, b: (a, [b[0] + 1, b[1]]))
        yield f"{leaf}-out-1", resized(tensors, module, lambda a, b: (a, [b[0] - 1, b[1]]))
        yield f"{leaf}-rank+1", resized(tensors, module, lambda a, b: ([a[0] + 1, a[1]], [b[0], b[1] + 1]))
        yield f"{leaf}-rank-1", resized(tensors, module, lambda a, b: ([a[0] - 1, a[1]], [b[0], b[1] - 1]))
        yield f"{leaf}-transposed", resized(tensors, module, lambda a, b: (a[::-1], b[::-1]))
        yield f"{leaf}-no-A", without(tensors, f"{module}.lora_A", f"{module}.lora_embedding_A")
        yield f"{leaf}-no-B", without(tensors, f"{module}.lora_B", f"{module}.lora_embedding_B")
        if len(all_modules) > 1:
            yield f"{leaf}-gone", without(tensors, f"{module}.lora_")
    for one, other in (("q_proj", "k_proj"), ("gate_proj", "up_proj"), ("k_proj", "v_proj")):
        if one in last_of and other in last_of and last_of[one].rpartition(".")[0] == last_of[other].rpartition(".")[0]:
            moved = resized(tensors, last_of[one], lambda a, b: (a, [b[0] + 1, b[1]]))
            yield f"{one}-takes-a-row", resized(moved, last_of[other], lambda a, b: (a, [b[0] - 1, b[1]]))
            moved = resized(tensors, last_of[one], lambda a, b: ([a[0] + 1, a[1]], b))
            yield f"{one}-takes-a-rank", resized(moved, last_of[other], lambda a, b: ([a[0] - 1, a[1]], b))
    last = all_modules[-1]
    yield "dimensions", resized(tensors, last, lambda a, b: ([*a, 1, 1], [*b, 1, 1]))
    yield "one-dimension", resized(tensors, last, lambda a, b: ([math.prod(a)], [math.prod(b)]))
    yield "stack-of-one", resized(tensors, last, lambda a, b: ([1, *a], [1, *b]))
    a, b = factors(tensors, last)
    for label, more in (
            ("more-gate", {f"{last}_gate.lora_A.weight": tensors[a], f"{last}_gate.lora_B.weight": tensors[b]}),
            ("lora-C", {f"{last}.lora_C.weight": tensors[b]}), ("lora-bias", {f"{last}.lora_B.bias": [tensors[b][0]]}),
            ("magnitude", {f"{last}.lora_magnitude_vector.weight": [tensors[b][0]]}),
            ("z", {f"{last}.z": tensors[b]}), ("norm", {f"{last.rpartition('.')[0]}.norm.weight": [tensors[b][0]]}),
            ("base-layer", {f"{last}.base_layer.weight": [tensors[b][0], tensors[a][1]]}),
            ("elsewhere", {f"{PREFIX}other.lora_A.weight": tensors[a], f"{PREFIX}other.lora_B.weight": tensors[b]}),
            ("default", {f"{last}.lora_A.default.weight": tensors[a], f"{last}.lora_B.default.weight": tensors[b]})):
        yield label, {**tensors, **more}
    for label, old, new in (
            ("twice-bare", PREFIX, ""), ("twice-doubled", PREFIX, PREFIX * 2),
            ("twice-model", PREFIX, PREFIX + "model."),
            ("twice-body", PREFIX + "model.", PREFIX),
            ("twice-text", PREFIX + "model.", PREFIX + "model.language_model."),
            ("twice-tower", PREFIX + "model.", PREFIX + "model.vision_tower.")):
        if made := again(tensors, old, new):
            yield label, made
    for label, pattern, new in (
            ("layer-01", r"\.layers\.(\d)\.", r".layers.0\1."), ("layer+8", r"\.layers\.\d\.", ".layers.9."),
            ("expert-01", r"\.experts\.(\d)\.", r".experts.0\1."), ("expert+99", r"\.experts\.\d\.", ".experts.99."),
            ("tower", r"model\.model\.", "model.model.vision_tower."), ("draft", r"model\.model\.", "model.mtp.")):
        if re.search(pattern, last):
            yield label, {re.sub(pattern, new, name) if name.startswith(last + ".") else name: shape
                          for name, shape in tensors.items()}


def throughout(tensors):
    """Label and tensors of what is wrong with one kind of module in all layers."""
    for leaf in dict.fromkeys(module.rpartition(".")[2] for module in modules(tensors)):
        for label, change in (
                ("in+8", lambda a, b: ([a[0], a[1] + 8], b)), ("in-8", lambda a, b: ([a[0], a[1] - 8], b)),
                ("out+8", lambda a, b: (a, [b[0] + 8, b[1]])), ("out-8", lambda a, b: (a, [b[0] - 8, b[1]])),
                ("rank+1", lambda a, b: ([a[0] + 1, a[1]], [b[0], b[1] + 1])),
                ("rank-1", lambda a, b: ([a[0] - 1, a[1]], [b[0], b[1] - 1])),
                ("rank-double", lambda a, b: ([a[0] * 2, a[1]], [b[0], b[1] * 2])),
                ("rank-of-B", lambda a, b: (a, [b[0], b[1] + 1])), ("rank-of-A", lambda a, b: ([a[0] - 1, a[1]], b)),
                ("transposed", lambda a, b: (a[::-1], b[::-1])),
                ("dimensions", lambda a, b: ([*a, 1, 1], [*b, 1, 1])), ("stack", lambda a, b: ([1, *a], [1, *b])),
                ("one-dimension", lambda a, b: ([a[0] * a[1]], [b[0] * b[1]])),
                ("empty", lambda a, b: ([0, a[1]], [b[0], 0]))):
            yield f"{leaf}-{label}-everywhere", everywhere(tensors, leaf, change)


def renamed(tensors):
    """Label and tensors of all modules under other names."""
    for label, old, new in (
            ("bare", PREFIX, ""), ("doubled", PREFIX, PREFIX * 2), ("model", PREFIX, PREFIX + "model."),
            ("compiled", PREFIX, PREFIX + "_orig_mod."), ("default", ".weight", ".default.weight"),
            ("no-weight", ".weight", ""), ("text", "model.layers", "model.language_model.layers")):
        yield f"named-{label}", {name.replace(old, new): shape for name, shape in tensors.items()}


def settings(config):
    """Label and what is changed of what is odd in configs."""
    leaves = config["target_modules"] if isinstance(config.get("target_modules"), list) else ["q_proj"]
    for label, change in (
            ("r-0", dict(r=0)), ("r-negative", dict(r=-4)), ("r-text", dict(r="4")), ("r-float", dict(r=4.0)),
            ("r-true", dict(r=True)), ("r-null", dict(r=None)), ("r-2", dict(r=2)), ("r-8", dict(r=8)),
            ("alpha-0", dict(lora_alpha=0)), ("alpha-negative", dict(lora_alpha=-6)),
            ("alpha-float", dict(lora_alpha=6.5)),
            ("alpha-text", dict(lora_alpha="6")), ("alpha-null", dict(lora_alpha=None)),
            ("alpha-list", dict(lora_alpha=[6])),
            ("alpha-true", dict(lora_alpha=True)),
            ("dora-text", dict(use_dora="false")), ("dora-1", dict(use_dora=1)), ("dora-null", dict(use_dora=None)),
            ("rslora-text", dict(use_rslora="true")), ("rslora-1", dict(use_rslora=1)),
            ("targets-text", dict(target_modules=leaves[0])), ("targets-numbers", dict(target_modules=[1])),
            ("targets-list-all", dict(target_modules=["all-linear"])),
            ("targets-object", dict(target_modules={"q_proj": 1})),
            ("targets-dotted", dict(target_modules=[f"x.{leaf}" for leaf in leaves])),
            ("targets-twice", dict(target_modules=[*leaves, *leaves])), ("targets-null", dict(target_modules=None)),
            ("targets-spaced", dict(target_modules=[f"{leaf} " for leaf in leaves])),
            ("targets-upper", dict(target_modules=[leaf.upper() for leaf in leaves])),
            ("targets-nested", dict(target_modules=[leaves])),
            ("peft-type-other", dict(peft_type="IA3")), ("peft-type-null", dict(peft_type=None)),
            ("peft-type-spaced", dict(peft_type="LORA ")), ("save-text", dict(modules_to_save="score")),
            ("rank-pattern", dict(rank_pattern={leaves[0]: 2})),
            ("alpha-pattern-same", dict(alpha_pattern={leaves[0]: 12})),
            ("alpha-pattern", dict(alpha_pattern={leaves[0]: 3})),
            ("alpha-pattern-far", dict(alpha_pattern={"nothing": 3})),
            ("lora-bias", dict(lora_bias=True)), ("transform", dict(layers_to_transform=[0])),
            ("exclude", dict(exclude_modules=["x"])), ("fan", dict(fan_in_fan_out=True)),
            ("tokens", dict(trainable_token_indices=[1])), ("init", dict(init_lora_weights="pissa_niter_4"))):
        yield label, change


def values(tensors):
    torch.manual_seed(0)
    return {name: torch.randn(shape) for name, shape in tensors.items()}


def scale(config, module, rank=None):
    """As PEFT scales a module: patterns are ends of names. `rank` counts for the config's, where it is given."""
    def pattern(key, otherwise):
        found = [value for name, value in (config.get(key) or {}).items() if re.match(rf"(.*\.)?({name})$", module)]
        return found[0] if found else otherwise

    rank, alpha = rank or pattern("rank_pattern", config["r"]), pattern("alpha_pattern", config["lora_alpha"])
    return alpha / (math.sqrt(rank) if config.get("use_rslora") else rank)


def delta(tensors, config, ranks_are_right=False):
    """What the factors add to each weight; None where they are no two matrices that can be multiplied.

    PEFT refuses factors of another rank than the config's: with `ranks_are_right` the config is taken to be wrong.
    """
    found = {}
    for module in modules(tensors):
        ends = [re.escape(module) + rf"\.lora_(embedding_)?{end}(\.default)?(\.weight)?$" for end in "AB"]
        pair = [[tensor for name, tensor in tensors.items() if re.match(end, name)] for end in ends]
        if [len(one) for one in pair] != [1, 1] or any(one[0].ndim != 2 for one in pair):
            return None
        (a,), (b,) = pair
        name = module
        while name.startswith(PREFIX):
            name = name.removeprefix(PREFIX)
        if b.shape[1] != a.shape[0] or f"{name}.weight" in found:
            return None
        product = scale(config, name, len(a) if ranks_are_right else None) * (b @ a)
        found[f"{name}.weight"] = product.T.contiguous() if name.endswith("embed_tokens") else product
    return found
