"""Slots as vLLM 0.33 and SGLang 0.5 fill them, by torch on the CPU: the assignments of their `set_lora`, one to one.

Written from the layers' own steps (cast, scale B in place, slice for the device, zero the slot, copy into its corner),
with full tensors and no packing plan, so that it shares nothing with what it checks.
"""

import math
import re

import torch
from safetensors.torch import load_file, save_file

from files import ROOT, fresh, read_json, seed, write_json, write_rows

SLOTS = ROOT / "slots"
DTYPES = dict(bf16=torch.bfloat16, f16=torch.float16, f32=torch.float32)

# name, base, adapter, and how the slots are made
CASES = [
    ("llama", "models/llama-bf16-sharded", "adapters/llama-all-linear", {}),
    ("llama-f16-r16", "models/llama-bf16-sharded", "adapters/llama-all-linear", dict(dtype="f16", rank=16)),
    ("llama-f32", "models/llama-bf16-sharded", "adapters/llama-all-linear", dict(dtype="f32")),
    ("llama-tp", "models/llama-bf16-sharded", "adapters/llama-all-linear", dict(parts=2, part=1)),
    ("llama-full-0", "models/llama-bf16-sharded", "adapters/llama-patterns", dict(parts=2, part=0, full=True, rank=16)),
    ("llama-full-1", "models/llama-bf16-sharded", "adapters/llama-patterns", dict(parts=2, part=1, full=True, rank=8)),
    ("rslora", "models/llama-f16", "adapters/llama-rslora-patterns", dict(dtype="bf16")),
    ("f64", "models/llama-f32", "adapters/llama-f64", dict(dtype="f16")),
    ("bf16-file", "models/llama-bf16-sharded", "adapters/llama-attention-bf16", {}),
    ("embedding", "models/llama-f16", "adapters/llama-embedding", dict(parts=2, part=1)),
    ("head", "models/llama-f16", "adapters/llama-head", dict(dtype="f16")),
    ("qwen2", "models/qwen2-bf16", "adapters/qwen2-all-linear", dict(parts=4, part=3, rank=8)),
    ("gpt_oss", "models/gpt_oss-bf16", "adapters/gpt_oss-experts", {}),
    ("gpt_oss-tp", "models/gpt_oss-bf16", "adapters/gpt_oss-experts", dict(parts=2, part=1, full=True)),
    ("mixtral", "models/mixtral-bf16", "adapters/mixtral-experts", dict(dtype="f16")),
    ("experts", "models/qwen3_moe-bf16", "slots/adapters/experts", dict(parts=2, part=1)),
    ("fused", "slots/bases/phi3.json", "slots/adapters/fused", dict(parts=2, part=1)),
    ("sglang", "models/llama-bf16-sharded", "adapters/llama-all-linear", dict(engine="sglang", rank=12)),
    ("sglang-tp", "models/qwen2-bf16", "adapters/qwen2-all-linear", dict(engine="sglang", parts=2, part=1)),
]

PHI3 = dict(
    architectures=["Phi3ForCausalLM"], model_type="phi3", hidden_size=24, intermediate_size=20, num_attention_heads=6,
    num_key_value_heads=2, num_hidden_layers=2, vocab_size=72, tie_word_embeddings=False)


class Adapter:
    """Factors and scales by module, as the engine's loader has them."""

    def __init__(self, folder, dtype, folded):
        config = read_json(folder / "adapter_config.json")
        self.dtype, self.pairs, self.scales = dtype, {}, {}
        raw = {}
        for key, tensor in load_file(folder / "adapter_model.safetensors").items():
            key = key.removeprefix("base_model.model.").removesuffix(".weight")
            module, factor = key.rsplit(".", 1)
            raw.setdefault(module, {})[factor.removeprefix("lora_").removeprefix("embedding_")] = tensor

        def pattern(table, module, default):
            for expression, value in (table or {}).items():
                if re.match(rf"(.*\.)?({expression})$", module):
                    return value
            return default

        for module, pair in raw.items():
            rank = pattern(config.get("rank_pattern"), module, config["r"])
            alpha = pattern(config.get("alpha_pattern"), module, config["lora_alpha"])
            scale = alpha / math.sqrt(rank) if config.get("use_rslora") else alpha / rank
            a, b = pair["A"].to(dtype), pair["B"].to(dtype)
            if folded and scale != 1:
                b = b.clone()
                b *= scale
            self.pairs[module] = (a, b)
            self.scales[module] = scale

    def get(self, module):
        return self.pairs.get(module, (None, None))


class Slots:
    """Stacked tensors by name, and the one slot that is filled."""

    def __init__(self, slots, slot, dtype):
        self.slots, self.slot, self.dtype, self.tensors = slots, slot, dtype, {}

    def zeros(self, name, *shape):
        self.tensors[name] = torch.zeros(self.slots, *shape, dtype=self.dtype)
        return self.tensors[name][self.slot]


def heads_part(rows, heads, parts, part):
    """Rows of a device when heads are shared, or repeated where they are fewer than the devices."""
    width, local = rows // heads, max(1, heads // parts)
    first = part // max(1, parts // heads) if heads < parts else part * local
    return slice(first * width, (first + local) * width)


def even(total, parts, part):
    return slice(total // parts * part, total // parts * (part + 1))


def vllm(config, adapter, slots, rank, parts, part, full):
    hidden, layers = config["hidden_size"], config["num_hidden_layers"]
    inter = config.get("moe_intermediate_size") or config["intermediate_size"]
    heads, kv = config["num_attention_heads"], config["num_key_value_heads"]
    width = config.get("head_dim") or hidden // heads
    kind = config["model_type"]
    ranks = even(rank, parts, part) if full else slice(0, rank)
    n_ranks = ranks.stop - ranks.start

    def copy(target, source):
        if source is not None:
            target[: source.shape[0], : source.shape[1]] = source

    def column(name, members, outs, cuts):
        """Slices side by side; `cuts` are each slice's runs of rows of this device."""
        for i, (member, out, rows) in enumerate(zip(members, outs, cuts)):
            a, b = adapter.get(member)
            target_a = slots.zeros(f"{name}.lora_a_stacked.{i}", 1, n_ranks, hidden)
            n = sum(r.stop - r.start for r in rows)
            target_b = slots.zeros(f"{name}.lora_b_stacked.{i}", 1, n, rank)
            if a is not None:
                assert b.shape[0] == out
                copy(target_a[0], a[ranks.start : ranks.start + n_ranks])
                copy(target_b[0], torch.cat([b[r] for r in rows]))

    def row(name, size):
        a, b = adapter.get(name)
        inputs = even(size, parts, part)
        outputs = even(hidden, parts, part) if full else slice(0, hidden)
        target_a = slots.zeros(f"{name}.lora_a_stacked.0", 1, rank, inputs.stop - inputs.start)
        target_b = slots.zeros(f"{name}.lora_b_stacked.0", 1, outputs.stop - outputs.start, rank)
        if a is not None:
            copy(target_a[0], a[:, inputs])
            copy(target_b[0], b[outputs])

    def replicated(name, out):
        a, b = adapter.get(name)
        copy(slots.zeros(f"{name}.lora_a_stacked.0", 1, rank, hidden)[0], a)
        copy(slots.zeros(f"{name}.lora_b_stacked.0", 1, out, rank)[0], b)

    def experts(name, own, count):
        """w1 (gate), w3 (up), w2 (down) with a dimension of experts; or gate and up as one. `own` is the adapter's name."""
        stacked_a, stacked_b = adapter.get(f"{own}.base_layer")
        down_a, down_b = adapter.get(own)
        ws = {}
        if stacked_a is not None:
            a13 = stacked_a.reshape(count, -1, hidden)
            b13 = stacked_b.reshape(2 * inter, -1, count).permute(2, 0, 1)
            ws = dict(
                w13=(a13, b13), w1=(a13, b13[:, :inter]), w3=(a13, b13[:, inter:]),
                w2=(down_a.reshape(count, -1, inter), down_b.reshape(hidden, -1, count).permute(2, 0, 1)))
        elif f"{own}.0.gate_proj" in adapter.pairs:
            for w, leaf in (("w1", "gate_proj"), ("w3", "up_proj"), ("w2", "down_proj")):
                pairs = [adapter.get(f"{own}.{e}.{leaf}") for e in range(count)]
                ws[w] = torch.stack([p[0] for p in pairs]), torch.stack([p[1] for p in pairs])
        fused = kind == "gpt_oss"
        first = ["w13"] if fused else ["w1", "w3"]
        mine = even(inter, parts, part)
        for i, w in enumerate(first):
            rows = 2 * inter if fused else inter
            target_a = slots.zeros(f"{name}.lora_a_stacked.{i}", count, n_ranks, hidden)
            target_b = slots.zeros(f"{name}.lora_b_stacked.{i}", count, rows // parts, rank)
            if not ws:
                continue
            a, b = ws[w]
            if full:
                assert a.shape[1] % parts == 0
                a = a[:, ranks]
            if fused:  # gate and up alternate
                gate, up = b[:, ::2][:, mine], b[:, 1::2][:, mine]
                b = torch.stack([gate, up], dim=2).flatten(1, 2)
            else:
                b = b[:, mine]
            target_a[:, : a.shape[1]] = a
            target_b[:, :, : b.shape[2]] = b
        i = len(first)
        outputs = even(hidden, parts, part) if full else slice(0, hidden)
        target_a = slots.zeros(f"{name}.lora_a_stacked.{i}", count, rank, mine.stop - mine.start)
        target_b = slots.zeros(f"{name}.lora_b_stacked.{i}", count, outputs.stop - outputs.start, rank)
        if ws:
            a, b = ws["w2"]
            target_a[:, : a.shape[1]] = a[:, :, mine]
            target_b[:, :, : b.shape[2]] = b[:, outputs]

    for layer in range(layers):
        prefix = f"model.layers.{layer}"
        attention = f"{prefix}.{'attn' if kind == 'gpt_oss' else 'self_attn'}"
        q, k = heads * width, kv * width
        cut_q, cut_k = even(q, parts, part), heads_part(k, kv, parts, part)
        if kind == "phi3":
            rows = [cut_q, slice(q + cut_k.start, q + cut_k.stop), slice(q + k + cut_k.start, q + k + cut_k.stop)]
            column(f"{attention}.qkv_proj", [f"{attention}.qkv_proj"], [q + 2 * k], [rows])
        else:
            own = [f"{prefix}.self_attn.{x}_proj" for x in "qkv"]
            column(f"{attention}.qkv_proj", own, [q, k, k], [[cut_q], [cut_k], [cut_k]])
        row(f"{attention}.o_proj", q)
        mine = even(inter, parts, part)
        if kind in ("gpt_oss", "mixtral", "qwen3_moe"):
            block = f"{prefix}.{'block_sparse_moe' if kind == 'mixtral' else 'mlp'}"
            count = config.get("num_local_experts") or config["num_experts"]
            replicated(f"{block}.{'router' if kind == 'gpt_oss' else 'gate'}", count)
            experts(f"{block}.experts", f"{prefix}.mlp.experts", count)
        elif kind == "phi3":
            rows = [mine, slice(inter + mine.start, inter + mine.stop)]
            column(f"{prefix}.mlp.gate_up_proj", [f"{prefix}.mlp.gate_up_proj"], [2 * inter], [rows])
            row(f"{prefix}.mlp.down_proj", inter)
        else:
            own = [f"{prefix}.mlp.{x}_proj" for x in ("gate", "up")]
            column(f"{prefix}.mlp.gate_up_proj", own, [inter] * 2, [[mine]] * 2)
            row(f"{prefix}.mlp.down_proj", inter)
    if kind in ("llama", "phi3", "mixtral", "qwen3_moe"):
        vocab = config["vocab_size"]
        a, b = adapter.get("model.embed_tokens")
        target_a = slots.zeros("model.embed_tokens.lora_a_stacked.0", vocab, rank)
        target_b = slots.zeros("model.embed_tokens.lora_b_stacked.0", 1, hidden, rank)
        if a is not None:
            copy(target_a, a.T)
            copy(target_b[0], b)
        replicated("lm_head", vocab)


def sglang(config, adapter, slots, rank, parts, part):
    """Fused tensors: the A blocks of q, k and v lie tight at the adapter's rank, B rows one after the other."""
    hidden, inter = config["hidden_size"], config["intermediate_size"]
    heads, kv = config["num_attention_heads"], config["num_key_value_heads"]
    width = config.get("head_dim") or hidden // heads
    q, k = heads * width, kv * width

    def fused(name, members, cuts, outs):
        pairs = [adapter.get(m) for m in members]
        a = slots.zeros(f"{name}.lora_a_stacked.0", len(members) * rank, hidden)
        b = slots.zeros(f"{name}.lora_b_stacked.0", sum(c.stop - c.start for c in cuts), rank)
        r = next(p[0].shape[0] for p in pairs if p[0] is not None)
        whole_a = torch.cat([torch.zeros(r, hidden, dtype=slots.dtype) if p[0] is None else p[0] for p in pairs])
        whole_b = torch.cat([p[1][c] for p, c in zip(pairs, cuts)])
        a[: whole_a.shape[0]] = whole_a
        b[:, : whole_b.shape[1]] = whole_b

    def row(name, size):
        a, b = adapter.get(name)
        inputs = even(size, parts, part)
        slots.zeros(f"{name}.lora_a_stacked.0", rank, inputs.stop - inputs.start)[: a.shape[0]] = a[:, inputs]
        slots.zeros(f"{name}.lora_b_stacked.0", hidden, rank)[:, : b.shape[1]] = b

    for layer in range(config["num_hidden_layers"]):
        prefix = f"model.layers.{layer}"
        cut_k = heads_part(k, kv, parts, part)
        fused(
            f"{prefix}.self_attn.qkv_proj", [f"{prefix}.self_attn.{x}_proj" for x in "qkv"],
            [even(q, parts, part), cut_k, cut_k], [q, k, k])
        row(f"{prefix}.self_attn.o_proj", q)
        mine = even(inter, parts, part)
        fused(
            f"{prefix}.mlp.gate_up_proj", [f"{prefix}.mlp.{x}_proj" for x in ("gate", "up")], [mine] * 2, [inter] * 2)
        row(f"{prefix}.mlp.down_proj", inter)


def write_adapter(name, modules, rank, alpha):
    """A PEFT folder with these modules; both factors are random, which PEFT's own start is not."""
    seed(f"slots-{name}")
    folder = fresh(SLOTS / "adapters" / name)
    tensors = {}
    for module, (inputs, outputs) in modules.items():
        tensors[f"base_model.model.{module}.lora_A.weight"] = torch.randn(rank, inputs)
        tensors[f"base_model.model.{module}.lora_B.weight"] = torch.randn(outputs, rank)
    save_file(tensors, folder / "adapter_model.safetensors", metadata={"format": "pt"})
    targets = sorted({module.rsplit(".", 1)[1] for module in modules})
    write_json(
        folder / "adapter_config.json",
        dict(peft_type="LORA", r=rank, lora_alpha=alpha, target_modules=targets, bias="none", use_dora=False))


def make():
    fresh(SLOTS)
    (SLOTS / "bases").mkdir()
    write_json(SLOTS / "bases" / "phi3.json", PHI3)
    experts = {}
    for layer in range(2):
        block = f"model.layers.{layer}.mlp.experts"
        for expert in range(4):
            experts[f"{block}.{expert}.gate_proj"] = experts[f"{block}.{expert}.up_proj"] = (24, 20)
            experts[f"{block}.{expert}.down_proj"] = (20, 24)
    write_adapter("experts", experts, 4, 6)
    fused = {}
    for layer in range(2):
        prefix = f"model.layers.{layer}"
        fused[f"{prefix}.self_attn.qkv_proj"] = (24, 40)
        fused[f"{prefix}.mlp.gate_up_proj"] = (24, 40)
        fused[f"{prefix}.mlp.down_proj"] = (20, 24)
    write_adapter("fused", fused, 4, 4)
    rows = []
    for name, base, adapter, given in CASES:
        options = dict(engine="vllm", dtype="bf16", rank=8, slots=2, slot=1, parts=1, part=0, full=False) | given
        path = ROOT / base
        config = read_json(path if path.suffix == ".json" else path / "config.json")
        dtype = DTYPES[options["dtype"]]
        slots = Slots(options["slots"], options["slot"], dtype)
        loaded = Adapter(ROOT / adapter, dtype, folded=options["engine"] == "vllm")
        if options["engine"] == "vllm":
            vllm(config, loaded, slots, options["rank"], options["parts"], options["part"], options["full"])
        else:
            sglang(config, loaded, slots, options["rank"], options["parts"], options["part"])
        # The empty slot is left out of the files: it is all zero.
        tensors = {key: value[options["slot"]].clone() for key, value in slots.tensors.items()}
        save_file(tensors, SLOTS / f"{name}.safetensors")
        rows.append(dict(name=name, base=base, adapter=adapter, **options))
    write_rows(SLOTS / "slots.json", rows)
