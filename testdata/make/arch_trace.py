"""Builds models on the meta device and lists what they hold, every size as an expression over the configuration."""

import ast
import copy
import dataclasses
import functools
import inspect
import json
import os
import re
import sys
import warnings

os.environ["HF_HUB_OFFLINE"] = "1"
import torch
import transformers
from torch import nn
from transformers import PreTrainedConfig
from transformers.core_model_loading import revert_weight_conversion
from transformers.models.auto import modeling_auto
from transformers.models.auto.auto_factory import _BaseAutoModelClass
from transformers.models.auto.configuration_auto import CONFIG_MAPPING

import symbolic
from catalogue import disk_state, in_order, kind_of, matrices_of
from symbolic import LOG, Mode, Sym, SymB, SymF, SymInt, SymL, SymRange, SymS, expr, plain

warnings.filterwarnings("ignore")
transformers.utils.logging.set_verbosity_error()

# Fields that say nothing about names and shapes.
IGNORED = set(
    """return_dict output_hidden_states output_attentions dtype torch_dtype chunk_size_feed_forward problem_type
    architectures id2label label2id bos_token_id eos_token_id pad_token_id sep_token_id decoder_start_token_id
    use_cache initializer_range transformers_version model_type cross_attention_hidden_size_ name_or_path
    rope_parameters rope_scaling rope_theta task_specific_params finetuning_task tokenizer_class prefix
    begin_suppress_tokens suppress_tokens forced_bos_token_id forced_eos_token_id is_encoder_decoder
    num_labels image_token_id video_token_id image_token_index""".split()
)


def sections(config, path=""):
    """The configuration and the ones inside it, by dotted path with a trailing dot."""
    yield path, config
    for key, value in list(config.__dict__.items()):
        if isinstance(value, PreTrainedConfig) and not key.startswith("_"):
            yield from sections(value, f"{path}{key}.")


def fields(config):
    return {
        key: value for key, value in config.__dict__.items()
        if not key.startswith("_") and key not in IGNORED and not isinstance(value, (PreTrainedConfig, dict))
    }


POPPED = re.compile(r"""kwargs\.(?:pop|get)\(\s*["'](\w+)["']\s*(?:,\s*(None|True|False|-?\d+))?\)""")


def popped(config_class):
    """Keys that are no fields but are read by the class, with their defaults."""
    if config_class.__post_init__ is PreTrainedConfig.__post_init__:
        return {}
    try:
        text = inspect.getsource(config_class.__post_init__)
    except Exception:
        return {}
    found = {}
    for name, value in POPPED.findall(text):
        if not re.search(r"rope|rotary|num_labels|model_type|token|backbone|out_features|tie_|id2label|config", name):
            found[name] = ast.literal_eval(value) if value else None
    return found


@functools.cache
def defaults(config_class):
    """What the class takes for a key that is missing, as far as it says so itself."""
    found = popped(config_class)
    for field in dataclasses.fields(config_class):
        if field.default is not dataclasses.MISSING:
            found[field.name] = field.default
        elif field.default_factory is not dataclasses.MISSING:
            found[field.name] = field.default_factory()
    return found


@functools.cache
def unnamed(config_class):
    """The keys that are no fields."""
    return set(popped(config_class)) - {field.name for field in dataclasses.fields(config_class)}


@functools.cache
def compared_by_identity(config_class):
    """Fields that the model holds against `True` or `False` itself, which no other object can be."""
    module = sys.modules.get(config_class.__module__.replace(".configuration_", ".modeling_"))
    return set(re.findall(r"config\.(\w+) is (?:not )?(?:True|False)", inspect.getsource(module))) if module else set()


def nested(raw, path):
    for key in [k for k in path.split(".") if k]:
        raw = raw.setdefault(key, {})
    return raw


def expand(raw, config):
    """The given keys with every section present, naming its model type."""
    full = copy.deepcopy(raw)
    for path, section in sections(config):
        if path:
            inner = nested(full, path)
            inner.setdefault("model_type", section.model_type)
    return full


def symbolic_config(config_class, full):
    """The configuration from symbolic keys; definitions of the fields that it works out itself, by path."""
    config = config_class(**copy.deepcopy(full))
    given = copy.deepcopy(full)
    for path, section in sections(config):
        inner = nested(given, path)
        for key, default in defaults(type(section)).items():
            value = inner.get(key, default)
            if key in IGNORED or key.startswith("_"):
                continue
            if key not in inner and key in unnamed(type(section)):
                continue
            if isinstance(value, int) and not isinstance(value, bool):
                inner[key] = Sym(value, ("f", path + key))
            elif isinstance(value, float):
                inner[key] = SymF(value, ("f", path + key))
    inject()
    LOG.clear()
    try:
        traced = config_class(**given)
        same = {p: plain(fields(c)) for p, c in sections(traced)} == {p: plain(fields(c)) for p, c in sections(config)}
        if not same:
            traced = None
    except Exception:
        traced = None
    definitions = {}
    if traced is not None:
        for path, section in sections(traced):
            for key, value in fields(section).items():
                if isinstance(value, (Sym, SymF)):
                    definitions[path + key] = value.e
                elif isinstance(value, (list, tuple)) and any(isinstance(v, (Sym, SymF)) for v in value):
                    definitions[path + key] = [expr(v) if isinstance(v, (int, float)) and not isinstance(v, bool) else None for v in value]
    resolved = {}
    for path, section in sections(config):
        section.__dict__["_sympath"] = path
        for key, value in fields(section).items():
            name = path + key
            resolved[name] = plain(value)
            if isinstance(value, bool):
                new = value if key in compared_by_identity(type(section)) else SymB(value, ("f", name))
            elif isinstance(value, int):
                new = Sym(value, ("f", name))
            elif isinstance(value, float):
                new = SymF(value, ("f", name))
            elif isinstance(value, str):
                new = SymS(value, ("f", name))
            elif isinstance(value, (list, tuple)) and all(isinstance(v, (int, float, str)) for v in value):
                new = SymL([
                    SymS(v, ("at", name, k)) if isinstance(v, str) else SymB(v, ("at", name, k)) if isinstance(v, bool)
                    else symbolic.number(v, ("at", name, k)) for k, v in enumerate(value)
                ], ("f", name))
            else:
                continue
            section.__dict__[key] = new
        labels = section.__dict__.get("id2label")
        resolved[path + "num_labels"] = len(labels) if labels is not None else 2
        try:
            section._attn_implementation = "eager"
        except Exception:
            pass
    return config, resolved, definitions, set(LOG)


def _labels(self):
    path = self.__dict__.get("_sympath")
    if self.id2label is None:
        return None
    count = len(self.id2label)
    return count if path is None else Sym(count, ("f", path + "num_labels"))


PreTrainedConfig.__repr__ = lambda self: type(self).__name__
PreTrainedConfig.num_labels = property(_labels, PreTrainedConfig.num_labels.fset)

def _mark(auto_class, original):
    def from_config(cls, config, **kwargs):
        model = original(cls, config, **kwargs)
        path = config.__dict__.get("_sympath")
        model.__dict__["_auto"] = (auto_class.__name__, path, config.model_type, type(model).__name__)
        return model

    auto_class.from_config = classmethod(from_config)


for _name in dir(modeling_auto):
    _class = getattr(modeling_auto, _name)
    if isinstance(_class, type) and issubclass(_class, _BaseAutoModelClass) and "from_config" in _class.__dict__:
        _mark(_class, _class.__dict__["from_config"].__func__)


def dynamic_sections(config):
    """Paths of the sections whose model type the configuration may choose."""
    found = set()
    for path, section in sections(config):
        for key, cls in (type(section).sub_configs or {}).items():
            if cls.__name__ == "AutoConfig":
                found.add(f"{path}{key}.")
    return found


def inject():
    for name, module in list(sys.modules.items()):
        if name.startswith("transformers.models.") and (".modeling_" in name or ".configuration_" in name):
            if "range" not in module.__dict__ and ".auto" not in name:
                module.__dict__["int"] = SymInt
                module.__dict__["range"] = SymRange


def written(model):
    """Disk names and shapes for every tensor in memory that is saved: {memory name: [(disk name, shape)]}."""
    state = disk_state(model)
    whole = {name: tuple(value.shape) for name, value in revert_weight_conversion(model, dict(state)).items()}
    if set(whole) == set(state) and all(whole[name] == tuple(value.shape) for name, value in state.items()):
        return {name: [(name, whole[name])] for name in state}, []
    parts, odd = {}, []
    reverted = revert_weight_conversion(model, dict(state))
    unchanged = {id(value): name for name, value in reverted.items()}
    for name, value in state.items():
        if id(value) in unchanged and tuple(value.shape) == whole[unchanged[id(value)]]:
            parts[name] = [(unchanged[id(value)], whole[unchanged[id(value)]])]
            continue
        found = list(revert_weight_conversion(model, {name: value}))
        if not all(disk in whole for disk in found):
            odd.append(name)
            found = []
        parts[name] = [(disk, whole[disk]) for disk in in_order(found)]
    named = [disk for found in parts.values() for disk, _ in found]
    left = sorted(set(whole) - set(named)) + sorted(d for d in set(named) if named.count(d) > 1 and not fused(parts, d))
    return parts, [odd, left] if odd or left else []


def fused(parts, disk):
    """The tensors in memory that are written as one, as far as that one is all that is written for each."""
    found = [name for name, written in parts.items() if disk in [d for d, _ in written]]
    return found if len(found) > 1 and all(len(parts[name]) == 1 for name in found) else []


def first_rows(model, parts, state):
    """For tensors that are written as rows of a common one: the tensors above each, in the order of their rows."""
    above = {}
    for disk in {d for written in parts.values() for d, _ in written}:
        names = fused(parts, disk)
        if not names or any(state[name].ndim == 0 for name in names):
            continue
        numbered = {
            name: torch.full((len(state[name]), *[1] * (state[name].ndim - 1)), float(k)) for k, name in enumerate(names)
        }
        rows = next(iter(revert_weight_conversion(model, numbered).values())).flatten().tolist()
        order = list(dict.fromkeys(int(row) for row in rows))
        if rows == [float(k) for k in order for _ in range(len(state[names[k]]))]:
            above |= {names[k]: [names[other] for other in order[:place]] for place, k in enumerate(order)}
    return above


def first_row(above, state):
    """The number of rows above a tensor in the one that it is written as a part of, and what it is made of."""
    if above is None:
        return None
    count, e = 0, ("c", 0)
    for name in above:
        count += len(state[name])
        e = symbolic.fold("+", e, sym_shape(state[name])[0] or ("c", len(state[name])))
    return count, e


def sym_shape(value):
    known = getattr(value, "_sym", None)
    if known is not None and len(known) == value.ndim:
        return list(known)
    return [None] * value.ndim


def build(cls, full):
    """All rows of one model: dictionaries, in the order of the model."""
    torch.manual_seed(0)
    dynamic = dynamic_sections(cls.config_class(**copy.deepcopy(full)))
    config, resolved, definitions, config_log = symbolic_config(cls.config_class, full)
    inject()
    LOG.clear()
    with torch.device("meta"), Mode():
        model = cls(config)
    log = set(LOG)
    parts, odd = written(model)
    identity = {}
    state = model.state_dict(keep_vars=True)
    above = first_rows(model, parts, state)
    for name, value in state.items():
        identity.setdefault(id(value), []).append(name)
    tied = {}
    for names in identity.values():
        kept = [name for name in names if name in parts]
        for name in names:
            if name not in parts and kept:
                tied[name] = kept[0]
    rows, covered = [], set()
    auto = {}
    try:
        tokens = model.get_input_embeddings()
    except Exception:
        tokens = None
    for path, module in model.named_modules():
        if "_auto" in module.__dict__ and path:
            auto[path] = module.__dict__["_auto"]
        found = kind_of(module)
        entries = []
        if found and (path + ".weight" in parts or path + ".weight" in tied):
            kind, a, b = found
            entries.append((path + ".weight", kind, a, b, module.weight, getattr(module, "bias", None) is not None and path + ".bias" in state))
        for name, a, b in [] if found else matrices_of(module):
            value = getattr(module, name)
            transposed = getattr(module, "is_transposed", False) and value.ndim == 3
            shape = sym_shape(value)
            ea, eb = (shape[-2], shape[-1]) if transposed else (shape[-1], shape[-2])
            if path + "." + name in parts or path + "." + name in tied:
                entries.append((path + "." + name, "router" if value.ndim == 2 else "parameter", (a, ea), (b, eb), value, False))
        for tensor, kind, a, b, value, bias in entries:
            e = [x if isinstance(x, tuple) else (plain(x), x.e if isinstance(x, Sym) else None) for x in (a, b)]
            shape = sym_shape(value)
            if kind == "linear" and value.ndim == 2:
                order = (1, 0) if tuple(value.shape) == (e[1][0], e[0][0]) and type(module).__name__ != "Conv1D" else (0, 1)
                e = [(e[k][0], e[k][1] or shape[order[k]] or ("c", e[k][0])) for k in (0, 1)]
                shape = [e[1][1], e[0][1]] if order == (1, 0) else [e[0][1], e[1][1]]
            e = [(v, x if x is not None else ("c", v)) for v, x in e]
            rows.append(dict(
                first=first_row(above.get(tensor), state),
                mem=tensor, kind=kind, a=e[0], b=e[1],
                shape=list(zip(value.shape, shape)), bias=bias, tied=tied.get(tensor), transposed=type(module).__name__ == "Conv1D" or bool(getattr(module, "is_transposed", False)),
                disk=parts.get(tensor, []), tokens=module is tokens, bias_disk=parts.get(path + ".bias", []) if bias else [],
                bias_shape=list(zip(module.bias.shape, sym_shape(module.bias))) if bias else [],
            ))
            covered.add(tensor)
            if bias:
                covered.add(path + ".bias")
    parameters = {name for name, _ in model.named_parameters(remove_duplicate=False)}
    for name, value in state.items():
        if name in covered or name not in parts:
            continue
        rows.append(dict(
            mem=name, kind="tensor" if name in parameters else "buffer", a=None, b=None,
            shape=list(zip(value.shape, sym_shape(value))), bias=False, tied=None, disk=parts[name], tokens=False, transposed=False,
            bias_disk=[], bias_shape=[],
        ))
    return dict(rows=rows, auto={k: v for k, v in auto.items() if v[1] in dynamic}, inline=auto, resolved=resolved, definitions=definitions, log=log, config_log=config_log, odd=odd, total=model.num_parameters())


# The first one that has a type names its main class.
AUTO_MAPS = dict(
    sequence="MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES", image="MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES",
    masked="MODEL_FOR_MASKED_LM_MAPPING_NAMES", causal="MODEL_FOR_CAUSAL_LM_MAPPING_NAMES",
)
MORE_MAPS = (
    "MODEL_MAPPING_NAMES", "MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES", "MODEL_FOR_TOKEN_CLASSIFICATION_MAPPING_NAMES",
    "MODEL_FOR_QUESTION_ANSWERING_MAPPING_NAMES", "MODEL_FOR_PRETRAINING_MAPPING_NAMES",
)


def all_types():
    found = set()
    for name in AUTO_MAPS.values():
        found |= set(getattr(modeling_auto, name))
    return sorted(found)


def classes(model_type):
    """The main class of a model type, then the other ones."""
    names = []
    for name in (*AUTO_MAPS.values(), *MORE_MAPS):
        value = getattr(modeling_auto, name).get(model_type)
        for one in [value] if isinstance(value, str) else value or []:
            if one not in names:
                names.append(one)
    found = []
    for name in names:
        cls = model_class(model_type, name)
        if cls is not None:
            found.append(cls)
    return found


def model_class(model_type, name):
    """The class of that name, built from the configuration of the type: a type may be another one's model."""
    cls, config_class = getattr(transformers, name, None), CONFIG_MAPPING[model_type]
    if cls is None or cls.config_class is None:
        return None
    if cls.config_class.model_type in (model_type, None) or cls.config_class is config_class:
        return cls
    return type(name, (cls,), {"config_class": config_class, "__module__": cls.__module__})


if __name__ == "__main__":
    for model_type in sys.argv[1:]:
        for cls in classes(model_type)[:1]:
            full = expand({}, cls.config_class())
            out = build(cls, full)
            for row in out["rows"][:60]:
                print(row["kind"], row["mem"], row["a"], row["b"], [s for s in row["shape"]], row["bias"], row["tied"], row["disk"][:2])
            print(out["auto"], out["odd"], out["log"], out["definitions"])
