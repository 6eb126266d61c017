"""Writes what vLLM's adapter loader goes by, for every model class: names, packed modules, renames, wrapped modules.

    python vllm_classes.py OUTPUT.jsonl FAILURES.json [registry | ARCHITECTURE ...]

Needs vllm 0.33.0 (0.32.0 and 0.31.0 work too), transformers 5.20.2. Every class is built from small configurations
(vllm_configs.py), then wrapped by the adapter manager as at the start of the engine with adapters enabled, default
options and rank limit 64; one row per architecture (and inner language model) holds the union of its configurations.
"""

import contextlib
import io
import json
import re
import signal
import sys
import tempfile
import time
import traceback
from pathlib import Path

import vllm_engine
import vllm_configs
from vllm_configs import config_class, names_to_types, small
from vllm_engine import Engine, write_config
from vllm_keys import key_of

import torch
import transformers
from torch import nn
from vllm.lora.utils import _all_lora_classes
from vllm.model_executor.layers.fused_moe import MoERunner
from vllm.model_executor.layers.linear import LinearBase
from vllm.model_executor.layers.vocab_parallel_embedding import ParallelLMHead, VocabParallelEmbedding
from vllm.model_executor.models import registry, supports_multimodal
from vllm.model_executor.models.interfaces import supports_lora
from vllm.model_executor.models.utils import PPMissingLayer

WORDS = dict(
    ColumnParallelLinearWithLoRA="column", MergedColumnParallelLinearWithLoRA="merged",
    MergedColumnParallelLinearVariableSliceWithLoRA="mergedvar", QKVParallelLinearWithLoRA="qkv",
    MergedQKVParallelLinearWithLoRA="qkv3", RowParallelLinearWithLoRA="row", ReplicatedLinearWithLoRA="replicated",
    VocabParallelEmbeddingWithLoRA="embedding", LogitsProcessorWithLoRA="head", FusedMoEWithLoRA="experts",
    FusedMoE3DWithLoRA="experts3d", ClassificationHeadWithLoRA="classifier",
    TokenClassificationHeadWithLoRA="classifier_token", Step5FusedQKVIndexerWithLoRA="step5qkv",
    Step5SparseIndexerWWithLoRA="step5index")


# Modules whose rows load_weights reorders for rotary position embeddings, which the loader of adapters does not do.
TURNED = dict(
    Llama4ForCausalLM=["model.layers.#.self_attn.q_proj", "model.layers.#.self_attn.k_proj"],
    Llama4ForConditionalGeneration=[
        "language_model.model.layers.#.self_attn.q_proj", "language_model.model.layers.#.self_attn.k_proj"])


UNSERVED = ("not supported for now", "was supported in vLLM until", "is not supported in-tree anymore",
            "does not dispatch through the Transformers attention interface", "not found in the forward method of")


def leaf(name):
    return name.rpartition(".")[2]


def numbers_out(name):
    return re.sub(r"(?<![^.])\d+(?![^.])", "#", name)


def mapper_of(module):
    mapper = getattr(module, "hf_to_vllm_mapper", None)
    if mapper is None:
        return {}
    mapper = mapper.get_rename_mapper() if hasattr(mapper, "get_rename_mapper") else mapper
    found = {}
    renaming = []
    for item in getattr(mapper, "orig_to_new_renaming", None) or []:
        renaming.append([item.source_patterns, item.target_patterns])
    if renaming:
        found["renaming"] = renaming
    for field in ("regex", "substr", "prefix", "suffix"):
        rows = []
        for old, new in (getattr(mapper, f"orig_to_new_{field}", None) or {}).items():
            if new is not None:
                rows.append([old if isinstance(old, str) else old.pattern, new])
        if rows:
            found[field] = rows
    return found


def modules_of(manager):
    rows = []
    for name, layer in manager.modules.items():
        kind = WORDS.get(type(layer).__name__, type(layer).__name__)
        children = manager.packed_modules.get(name, [])
        prefix = name.rpartition(".")[0]
        row = [numbers_out(name), kind]
        if children and not kind.startswith("experts"):
            row.append([child[len(prefix) + 1:] if prefix else child for child in children])
            slices = getattr(layer, "n_slices", len(children))
            if slices != len(children):
                row.append(slices)
        if row not in rows:
            rows.append(row)
    return rows


def experts_of(manager, module, config):
    if not manager._is_moe:
        return None
    found = dict(stacked=bool(getattr(module, "is_3d_moe_weight", False)),
                 gated=not getattr(module, "is_non_gated_moe", False))
    listed = manager.packed_modules_mapping.get("experts", [])
    forms = list(dict.fromkeys(numbers_out(name) for name in listed))
    if forms:
        found["forms"] = forms
        found["names"] = [form.rpartition("#.")[2] for form in forms]
        count = len(listed) // len(forms)
        found["count"] = sorted(field for field, value in text_fields(config) if value == count
                                and field in vllm_configs.SIZES and vllm_configs.SIZES[field] == vllm_configs.EXPERTS)
        if count != vllm_configs.EXPERTS:
            found["made"] = count
    return found


def text_fields(config):
    for key, value in config.items():
        if isinstance(value, dict):
            yield from text_fields(value)
        elif isinstance(value, int):
            yield key, value


def bare_of(manager, module):
    """Leaves that the class has but that take no adapter."""
    found = []
    inside = set(manager.modules)
    for name, part in module.named_modules():
        base = name.removesuffix(".base_layer")
        if base in inside or name in inside:
            continue
        if isinstance(part, (LinearBase, nn.Linear, nn.Embedding, VocabParallelEmbedding, MoERunner)):
            if ".base_layer" in name:
                continue
            word = numbers_out(name)
            if word not in found:
                found.append(word)
    return found


def unwrappable(manager, listed, known=()):
    """Last parts of names that stop the engine when they are target modules: no LoRA layer takes what is called so."""
    found = []
    wrapped = {id(part) for layer in manager.modules.values() for part in (layer, getattr(layer, "base_layer", None))}
    for name, part in listed:
        last = leaf(name)
        if not name or last.isdigit() or last in found or last in known or name in manager.modules or id(part) in wrapped:
            continue
        if isinstance(part, PPMissingLayer) or manager._get_punica_wrapper(name) is None:
            continue
        if not takes_adapters(manager, name, part):
            found.append(last)
    return sorted(found)


def takes_adapters(manager, name, part):
    packed = manager.packed_modules_mapping.get(leaf(name), [])
    if isinstance(part, MoERunner):
        packed = ["w13"] if manager._is_3d_moe_model else ["w1", "w3"]
    if "lm_head" in name:
        return True  # the processor of logits takes them
    return any(kind.can_replace_layer(
        source_layer=part, lora_config=manager.lora_config, packed_modules_list=packed,
        model_config=manager.model.config) for kind in _all_lora_classes)


def facts(engine, config):
    module = engine.module
    row = {"class": type(module).__name__, "lora": bool(supports_lora(module))}
    if not row["lora"]:
        return row
    listed = list(module.named_modules(remove_duplicate=False))
    manager = engine.manage()
    row["supported"] = sorted(manager.supported_lora_modules)
    row["packed"] = {key: value for key, value in manager.packed_modules_mapping.items() if key != "experts"
                     or not (manager._is_moe and len(value) > 2)}
    row["experts"] = experts_of(manager, module, config)
    row["mapper"] = mapper_of(module)
    row["skip"] = list(getattr(module, "lora_skip_prefixes", None) or [])
    row["pooling"] = bool(manager.is_pooling_model)
    row["task"] = getattr(manager, "_pooling_task", None)
    if manager.supports_mm:
        mapping = manager.mm_mapping
        row["mm"] = dict(language=mapping.language_model[0], tower=list(mapping.tower_model or []),
                         connector=list(mapping.connector or []),
                         tower_lora=bool(getattr(module, "supports_tower_connector_lora", False)))
    head = getattr(manager, "_classification_head", None)
    if head:
        row["head"] = head[0]
        row["head_by_token"] = type(head[1]).__name__ == "TokenClassificationHeadWithLoRA"
    row["modules"] = modules_of(manager)
    row["rows"] = [name for name in TURNED.get(type(module).__name__, []) if any(
        wrapped[0] == name.rpartition(".")[0] + ".qkv_proj" for wrapped in row["modules"])]
    row["bare"] = bare_of(manager, module)
    row["stuck"] = unwrappable(manager, listed)
    row["bare_head"] = any(leaf(name) == "lm_head" for name, part in listed if not isinstance(part, PPMissingLayer)) and not any(
        leaf(name) == "lm_head" for name in manager.modules)
    return row


def mixed_forms(folder):
    """The names of the matrices of one expert when the engine is started for both formats."""
    listed = Engine(folder, mixed=True).manage().packed_modules_mapping.get("experts", [])
    return list(dict.fromkeys(numbers_out(name) for name in listed))


def tower_facts(folder, plain):
    with patched_budget():
        engine = Engine(folder, towers=True)
        listed = list(engine.module.named_modules(remove_duplicate=False))
        manager = engine.manage()
    return dict(tower_modules=[row for row in modules_of(manager) if row not in plain["modules"]],
                tower_stuck=unwrappable(manager, listed, plain["stuck"]))


@contextlib.contextmanager
def patched_budget():
    """The processor of the model is not there; the number of encoder tokens has no say in what is wrapped."""
    import vllm.lora.model_manager as owner

    class Budget:
        def __init__(self, *_, **__):
            self.mm_max_items_per_prompt = {"image": 1}
            self.mm_max_toks_per_item = {"image": 32}

        def get_encoder_budget(self):
            return 32

    old = owner.MultiModalBudget
    owner.MultiModalBudget = Budget
    try:
        yield
    finally:
        owner.MultiModalBudget = old


def merge(old, new):
    """The union of two rows of the same class."""
    if old is None:
        return new
    for field in ("supported", "modules", "bare", "skip", "tower_modules", "stuck", "tower_stuck"):
        for item in new.get(field) or []:
            if item not in old.setdefault(field, []):
                old[field].append(item)
    old["supported"] = sorted(old.get("supported") or [])
    old["bare_head"] = old.get("bare_head") or new.get("bare_head")
    old.setdefault("shapes", []).extend(new.get("shapes", []))
    for field, names in new.get("ties", {}).items():
        old.setdefault("ties", {}).setdefault(field, names)
    if not old.get("experts"):
        old["experts"] = new.get("experts")
    if new.get("pooled"):
        pooled = old.setdefault("pooled", {})
        for field, value in new["pooled"].items():
            if isinstance(value, list):
                pooled[field] = pooled.get(field, []) + [item for item in value if item not in pooled.get(field, [])]
            else:
                pooled.setdefault(field, value)
    for field in ("packed", "mapper", "mm", "class", "pooling", "task", "head"):
        if old.get(field) != new.get(field) and new.get(field) is not None:
            if field == "packed":
                old[field] = {**new[field], **old[field]}
            else:
                old.setdefault("differs", {}).setdefault(field, []).append(new.get(field))
    return old


def tied(config):
    for part in ("text_config", "llm_config", "language_config", "thinker_config", "vlm_config"):
        if isinstance(config.get(part), dict) and "tie_word_embeddings" in config[part]:
            return bool(config[part]["tie_word_embeddings"])
    return bool(config.get("tie_word_embeddings"))


def tidy(row):
    row = dict(row)
    shapes, ties = row.pop("shapes", []), row.pop("ties", {})
    wrapped = {part[0] for part in row.get("modules", [])}
    here = [[name, variant] for variant, _, bare in shapes for name in bare if name in wrapped]
    if here:
        telling = [[name, variant] for name, variant in here if set(variant) - {"tie_word_embeddings"}]
        row["bare_if"] = telling or here
        row["bare"] = [name for name in row.get("bare", []) if name not in wrapped]
    if len(ties) == 2 and ties["True"] != ties["False"]:
        row["only_tied"] = [name for name in ties["True"] if name not in ties["False"]]
        row["only_untied"] = [name for name in ties["False"] if name not in ties["True"]]
    keep = {key: value for key, value in row.items() if value not in (None, [], {}, "", False) or key == "lora"}
    for field in ("modules", "bare", "tower_modules"):
        if field in keep:
            keep[field] = sorted(keep[field], key=json.dumps)
    if not keep.get("pooling"):
        keep.pop("pooling", None)
    order = ["key", "class", "lora", "model_type", "why", "supported", "packed", "experts", "mapper", "skip", "pooling",
             "task", "head", "head_by_token", "mm", "modules", "tower_modules", "bare", "rows"]
    return {key: keep[key] for key in [*order, *sorted(set(keep) - set(order))] if key in keep}


class TooLong(Exception):
    pass


def limited(seconds):
    def stop(*_):
        raise TooLong(f"took more than {seconds} s")

    signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)


def reason(error):
    frames = traceback.extract_tb(error.__traceback__)
    last = frames[-1]
    near = next((frame for frame in reversed(frames) if "model_executor/models" in frame.filename
                 or "vllm/models" in frame.filename), last)
    return (f"{type(error).__name__}: {str(error)[:300]} ({Path(near.filename).name}:{near.lineno}, "
            f"{Path(last.filename).name}:{last.lineno})").replace("\n", " ")


def architectures():
    """Every architecture of the registry that is not a draft model, and what transformers' tables add to them."""
    known = [name for name in registry._VLLM_MODELS
             if name not in registry._SPECULATIVE_DECODING_MODELS and name not in registry._TRANSFORMERS_BACKEND_MODELS]
    return known


def cases(architecture, types):
    for model_type in types:
        kind = config_class(model_type)
        if kind is None:
            continue
        seen = []
        for variant in vllm_configs.variants_of(architecture, kind):
            if variant not in seen:
                seen.append(variant)
                yield model_type, kind, variant


def build(place, config):
    """The row of one configuration, or raises."""
    try:
        engine = Engine(place)
    except ValueError as error:
        refused = re.search(r"LoRA is not supported for (\w+)", str(error))
        if any(text in str(error) for text in UNSERVED):
            return {"lora": False, "why": "the release has no class that runs it"}
        if not refused:
            raise
        kind = registry.ModelRegistry._try_load_model_cls(config["architectures"][0])
        return {"class": kind.__name__ if kind else refused.group(1), "lora": False}
    row = facts(engine, config)
    task, runner = row.get("pooling"), engine.model_config.runner_type
    if row["lora"] and runner != "pooling":
        del engine
        try:
            other = facts(Engine(place, runner="pooling"), config)
            differs = {key: value for key, value in other.items() if row.get(key) != value and key != "bare"}
            if differs:
                row["pooled"] = differs
        except TooLong:
            raise
        except Exception:
            pass
    return row


def main():
    output, failures, *wanted = sys.argv[1:]
    vllm_engine.start()
    types = names_to_types()
    for name, more in vllm_configs.TYPES.items():
        types[name] = [*more, *[kind for kind in types.get(name, []) if kind not in more]]
    rows, failed = {}, {}
    if wanted and wanted != ["registry"] and Path(output).exists():
        rows = {row["key"]: row for row in map(json.loads, Path(output).read_text().splitlines())}
        if Path(failures).exists():
            failed = {name: why for part in json.loads(Path(failures).read_text()).values()
                      for name, why in part.items()}
    names = architectures() if wanted == ["registry"] else wanted or [
        *architectures(), *vllm_configs.more_architectures(types, registry)]
    began = time.time()
    with tempfile.TemporaryDirectory() as folder:
        for number, name in enumerate(names):
            failed.pop(name, None)
            fresh = set()
            tried = 0
            for model_type, kind, variant in cases(name, types.get(name, [])):
                tried += 1
                stage = "config"
                try:
                    limited(120)
                    config = dict(small(kind, variant), architectures=[name], dtype="bfloat16")
                    if "auto_map" in config:
                        config.pop("auto_map")
                    key = key_of(config)
                    place = write_config(Path(folder, f"{number}"), config)
                    stage = "engine"
                    row = build(place, config)
                    if not row["lora"]:
                        key = name
                    if (row.get("experts") or {}).get("stacked"):
                        stage = "both formats"
                        row["experts"]["mixed"] = mixed_forms(place)
                    stage = "row"
                    if fresh and key not in fresh and "mm" in row:
                        row.pop("bare", None)
                    if (row.get("mm") or {}).get("tower_lora"):
                        stage = "towers"
                        try:
                            row.update(tower_facts(place, row))
                        except TooLong:
                            raise
                        except Exception as error:
                            failed.setdefault(name, []).append(f"{model_type} towers: {reason(error)}")
                    row = {"key": key, "model_type": model_type, **row}
                    if "bare" in row:
                        row["shapes"] = [[variant, [part[0] for part in row.get("modules", [])], row["bare"]]]
                    if row.get("modules"):
                        row["ties"] = {str(tied(config)): sorted(
                            part[0] for part in row["modules"] if part[1] in ("head", "embedding"))}
                    rows[key] = row if key not in fresh else merge(rows[key], row)
                    fresh.add(key)
                except BaseException as error:
                    if isinstance(error, KeyboardInterrupt):
                        raise
                    failed.setdefault(name, []).append(f"{model_type} {stage}: {reason(error)}")
                finally:
                    signal.alarm(0)
            if not tried:
                failed[name] = ["no configuration class"]
            if not fresh and name in registry._VLLM_MODELS:
                row = static(name)
                if row and not any(key.split("/")[0] == name for key in rows):
                    rows[name] = row
            print(f"{time.time() - began:.0f} {number + 1}/{len(names)} {name}", *sorted(fresh), *failed.get(name, []),
                  flush=True)
            if number % 20 == 19:
                write(output + ".part", failures + ".part", rows, failed)
    for name in (output, failures):
        Path(name + ".part").unlink(missing_ok=True)
    write(output, failures, rows, failed)


def static(name):
    """What the class says of itself, for a class that could not be built."""
    try:
        kind = registry.ModelRegistry._try_load_model_cls(name)
        row = {"key": name, "class": kind.__name__, "lora": bool(supports_lora(kind)), "static": True}
        if row["lora"]:
            row["packed"] = dict(getattr(kind, "packed_modules_mapping", None) or {})
            mapper = getattr(kind, "hf_to_vllm_mapper", None)
            if not isinstance(mapper, property):
                row["mapper"] = mapper_of(kind)
            row["skip"] = list(getattr(kind, "lora_skip_prefixes", None) or [])
            row["embedding_modules"] = getattr(kind, "embedding_modules", None)
        return row
    except BaseException:
        return None


def write(output, failures, rows, failed):
    lines = [json.dumps(tidy(rows[key]), ensure_ascii=False) for key in sorted(rows)]
    Path(output).write_text("".join(line + "\n" for line in lines))
    built = {row["key"].split("/")[0] for row in rows.values() if not row.get("static")}
    listed = {"not built": {}, "some shapes not built": {}}
    for name, why in sorted(failed.items()):
        if why:
            listed["some shapes not built" if name in built else "not built"][name] = sorted(set(why))
    Path(failures).write_text(json.dumps(listed, indent=1))


if __name__ == "__main__":
    main()
