"""The LoRA variants of the matrix: what `LoraConfig` can ask for, said in the names that one model has."""

import dataclasses
import re
import tempfile
import typing

import peft
import torch
from torch import nn
from transformers.pytorch_utils import Conv1D

LINEAR = (nn.Linear, Conv1D)
# As in `_check_lora_target_modules_mamba` of peft 0.21.
MAMBA_MODEL_TYPES = {"falcon_h1", "mamba", "mamba2", "falcon_mamba", "nemotron_h"}
CONVOLUTION = (nn.Conv1d, nn.Conv2d, nn.Conv3d)


@dataclasses.dataclass
class Variant:
    name: str
    config: dict
    dtype: torch.dtype = torch.float32  # of the model during training
    upcast: bool = True  # whether PEFT keeps factors in float32 beside a smaller base
    adapter: str = "default"  # name under which it is trained; another one is saved in a folder of that name
    save: dict = dataclasses.field(default_factory=dict)  # arguments of save_pretrained
    after: typing.Callable | None = None  # what happens to the trained model before it is saved
    before: typing.Callable | None = None  # what happens to it before it is trained
    native: bool = False  # injected and saved by transformers itself
    check_modules: bool = True  # whether the layers in memory are what the file holds


def last(path):
    return path.rsplit(".", 1)[-1]


class Facts:
    """Paths in a model by what LoRA can do with them."""

    def __init__(self, model):
        output = model.get_output_embeddings() if hasattr(model, "get_output_embeddings") else None
        named = [(path, module) for path, module in model.named_modules() if path]
        attention = {path for path, module in named if isinstance(module, nn.MultiheadAttention)}
        inside = lambda path: path.rpartition(".")[0] in attention  # noqa: E731
        # PEFT refuses modules that the kernels of Mamba read the weights of.
        refused = {"conv1d", "out_proj"} if model.config.model_type in MAMBA_MODEL_TYPES else set()
        named = [(path, module) for path, module in named if last(path) not in refused]
        self.linear = [p for p, m in named if isinstance(m, LINEAR) and m is not output and not inside(p)]
        self.head = next((p for p, m in named if m is output), None)
        self.embeddings = [p for p, m in named if isinstance(m, nn.Embedding)]
        self.convolutions = [p for p, m in named if isinstance(m, CONVOLUTION)]
        self.attention = sorted(attention)
        self.stacks = [
            f"{path}.{name}"
            for path, module in named
            for name, value in module.named_parameters(recurse=False)
            if value.ndim == 3 and "Experts" in type(module).__name__
        ]
        self.norms = [p for p, m in named if "Norm" in type(m).__name__ and getattr(m, "weight", None) is not None]
        self.biased = [p for p, m in named if isinstance(m, LINEAR) and m.bias is not None and p in set(self.linear)]
        # Inside a numbered layer: what patterns and layer lists are about.
        self.layered = [p for p in self.linear if re.search(r"\.\d+\.", p)]
        try:
            inputs = getattr(model, "get_input_embeddings", lambda: None)()
        except NotImplementedError:  # a model of two towers
            inputs = None
        self.input = next((p for p, m in named if m is inputs), None)
        tied = self.head and self.input and output.weight is inputs.weight
        self.is_tied = bool(tied)

    def suffixes(self, paths):
        """The last components that stand for nothing but paths of this list's kind."""
        return sorted({last(path) for path in paths if not last(path).isdigit()})


def variants(model, facts, head_only=False):
    """Everything that fits the model. `head_only` gives the few that a class with another head needs."""
    linear = facts.suffixes(facts.linear)
    layered = facts.suffixes(facts.layered) or linear
    some = layered[::2] or linear[:2]
    # Where experts are stacked, PEFT takes the two only together.
    if facts.stacks and {"gate_proj", "up_proj"} & set(some):
        some = sorted({*some, "gate_proj", "up_proj"} & set(layered))
    one = layered[0] if layered else last(facts.linear[0])
    list_name = next((m[1] for p in facts.layered if (m := re.search(r"\.([a-z_]+)\.\d+\.", p))), None)

    def lora(r=3, alpha=7, targets=some, **more):
        return dict(r=r, lora_alpha=alpha, target_modules=targets) | more

    yield Variant("some", lora())
    yield Variant("all-linear", lora(2, 5, "all-linear" if not head_only else layered))
    # Taken as the end of a name, it reaches every norm whose name ends so.
    yield Variant("saved-norm", lora(modules_to_save=["norm"]))
    if head_only:
        return
    yield Variant("rslora", lora(5, 8, "all-linear", use_rslora=True))
    yield Variant("dora", lora(use_dora=True))
    yield Variant("rank-one", lora(1, 1))
    yield Variant("fractional", lora(4, 5.65685424949238))
    yield Variant("no-init", lora(init_lora_weights=False))
    yield Variant("gaussian", lora(init_lora_weights="gaussian"))
    yield Variant("orthogonal", lora(4, 8, init_lora_weights="orthogonal"))
    yield Variant("mica", lora(2, 8, init_lora_weights="mica"))
    yield Variant("bf16", lora(), dtype=torch.bfloat16, upcast=False)
    yield Variant("f32-over-bf16", lora(modules_to_save=[last(facts.norms[-1])] if facts.norms else None),
                  dtype=torch.bfloat16)
    yield Variant("f16", lora(2, 4, "all-linear"), dtype=torch.float16, upcast=False)
    yield Variant("named", lora(), adapter="customer-a")
    yield Variant("full-names", lora(targets=facts.linear[: max(2, len(facts.linear) // 2)]))
    yield Variant("every-full-name", lora(2, 2, facts.linear))
    yield Variant("regex", lora(targets=rf".*({'|'.join(map(re.escape, some))})"))
    yield Variant("regex-grouped", lora(targets=rf"^(?:.+\.)?(?P<leaf>{'|'.join(map(re.escape, linear))})$"))
    yield Variant("exclude-list", lora(targets="all-linear", exclude_modules=[one]))
    yield Variant("exclude-regex", lora(targets=linear, exclude_modules=rf".*\.0\..*{re.escape(one)}"))
    yield Variant("bias-all", lora(bias="all"))
    yield Variant("bias-lora-only", lora(targets=linear, bias="lora_only"))
    if facts.biased:
        yield Variant("lora-bias", lora(targets=facts.biased, lora_bias=True))
    if facts.layered:
        first = facts.layered[0]
        other = next((path for path in reversed(facts.layered) if last(path) != one), first)
        yield Variant("rank-pattern", lora(targets=layered, rank_pattern={one: 5, re.escape(other): 5}))
        yield Variant(
            "patterns",
            lora(4, 8, layered, rank_pattern={rf".*\.0\..*{one}": 2}, alpha_pattern={rf"^{re.escape(first)}": 3.5}),
        )
        yield Variant("rslora-patterns", lora(4, 8, layered, use_rslora=True, rank_pattern={one: 2},
                                              alpha_pattern={layered[-1]: 6}))
        yield Variant("whole-pattern", lora(4, 8, layered, rank_pattern={name: 2 for name in layered},
                                            alpha_pattern={name: 6 for name in layered}))
        yield Variant("layers", lora(targets=layered, layers_to_transform=[0]))
        yield Variant("one-layer", lora(targets=layered, layers_to_transform=1))
        if list_name:
            yield Variant("layers-pattern", lora(targets=layered, layers_to_transform=[0, 1], layers_pattern=list_name))
            yield Variant("layers-patterns", lora(targets=layered, layers_to_transform=[1],
                                                  layers_pattern=[list_name, "blocks"]))
    for position, path in enumerate(dict.fromkeys([facts.norms[-1] if facts.norms else None, facts.head, facts.input])):
        if path:
            yield Variant(f"saved-{position}", lora(modules_to_save=[last(path)]))
            yield Variant(f"saved-only-full-{position}", lora(modules_to_save=[path]))
    if facts.input:
        token = facts.input
        yield Variant("embedding", lora(targets=[*some, last(token)]))
        yield Variant("embedding-alone", lora(2, 4, [token]))
        yield Variant("embedding-saved", lora(targets=[*some, last(token)]), save=dict(save_embedding_layers=True))
        yield Variant("embedding-unsaved", lora(targets=[*some, last(token)]), save=dict(save_embedding_layers=False))
        yield Variant("embedding-dora", lora(targets=[*some, last(token)], use_dora=True))
        yield Variant("layers-saved", lora(), save=dict(save_embedding_layers=True))
        yield Variant("tokens", lora(trainable_token_indices=[1, 5, 7]))
        yield Variant("tokens-named", lora(trainable_token_indices={last(token): [0, 3]}))
        yield Variant("tokens-alone", lora(2, 4, [one], trainable_token_indices={token: [2]}))
    if facts.embeddings:
        yield Variant("all-embeddings", lora(targets=facts.embeddings))
    if facts.head:
        yield Variant("head", lora(targets=[*some, last(facts.head)]))
        yield Variant("head-alone", lora(2, 4, [facts.head]))
        if facts.input:
            both = [last(facts.head), last(facts.input)]
            yield Variant("both-ends", lora(targets=[*some, *both]))
            yield Variant("both-ends-tied", lora(targets=[*some, *both], ensure_weight_tying=True))
            yield Variant("embedding-tied", lora(targets=[*some, both[1]], ensure_weight_tying=True))
            yield Variant("both-saved", lora(modules_to_save=both))
            yield Variant("both-saved-tied", lora(modules_to_save=both, ensure_weight_tying=True))
            yield Variant("tokens-tied", lora(trainable_token_indices=[1, 2], ensure_weight_tying=True))
    if facts.convolutions:
        yield Variant("convolution", lora(targets=facts.convolutions))
        yield Variant("convolution-dora", lora(2, 4, [*facts.convolutions, one], use_dora=True))
    if facts.attention:
        yield Variant("attention", lora(targets=[*facts.attention, one]))
    if facts.stacks:
        leaves = sorted({".".join(path.rsplit(".", 2)[1:]) for path in facts.stacks})
        for leaf in leaves:
            yield Variant("stack-" + last(leaf), lora(targets=[], target_parameters=[leaf]))
        yield Variant("stacks", lora(2, 4, [], target_parameters=leaves))
        yield Variant("stacks-and-linear", lora(2, 4, some, target_parameters=leaves))
        yield Variant("stacks-full-name", lora(2, 4, some, target_parameters=facts.stacks[:1]))
        yield Variant("stacks-patterns", lora(2, 4, [], target_parameters=leaves, rank_pattern={r".*experts\.down_proj": 3}))
        yield Variant("stacks-rslora", lora(4, 4, some, target_parameters=leaves, use_rslora=True))
    everything = facts.linear + facts.embeddings + facts.convolutions + ([facts.head] if facts.head else [])
    yield Variant("everything", lora(2, 3, everything))
    yield Variant("everything-by-suffix", lora(2, 3, facts.suffixes(everything)))
    yield Variant("alora", lora(alora_invocation_tokens=[3, 4]))
    yield Variant("native", lora(), native=True)
    yield Variant("native-dora", lora(use_dora=True, modules_to_save=[last(facts.norms[-1])] if facts.norms else None),
                  native=True)
    for kind in ("pissa", "olora"):
        yield Variant(kind + "-converted", lora(init_lora_weights=kind), before=keep_start,
                      save=dict(path_initial_model_for_weight_conversion=START), check_modules=False)
    yield Variant("eva", lora(init_lora_weights="eva", eva_config=peft.EvaConfig()))
    yield Variant("velora", lora(velora_config=dict()))
    yield Variant("monteclora", lora(monteclora_config=peft.tuners.lora.config.MontecloraConfig()))
    yield Variant("kasa", lora(2, 4, kasa_config=peft.tuners.lora.config.KasaConfig()))
    yield Variant("bdlora", lora(4, 8, layered, use_bdlora=peft.tuners.lora.config.BdLoraConfig(
        target_modules_bd_a=[layered[-1]], target_modules_bd_b=layered[:-1], nblocks=2)))
    if list_name == "layers" and facts.norms:
        yield Variant("replicated", lora(layer_replication=[(0, 2), (1, 2)]))
    yield Variant("cat", lora(), after=combined("cat"), adapter="mixed", check_modules=False)
    yield Variant("svd", lora(), after=combined("svd"), adapter="mixed", check_modules=False)
    # Names of the experts as older releases knew them; PEFT turns them into target parameters.
    for old in ([["w1", "w2", "w3"], ["w2"], ["gate"]] if model.config.model_type == "mixtral" else []):
        yield Variant("old-" + "-".join(old), lora(2, 4, ["q_proj", *old]))
    if model.config.model_type == "qwen2_moe" and facts.stacks:
        yield Variant("old-experts", lora(2, 4, ["q_proj", "gate_proj", "up_proj", "down_proj"]))
        yield Variant("old-down", lora(2, 4, ["q_proj", "down_proj"]))


START = tempfile.mkdtemp(prefix="start-")  # where the untrained adapter of a changed base is kept


def keep_start(model):
    """Saves the untrained adapter as PEFT's documentation has it, for the way back to the original base."""
    config = model.peft_config["default"]
    kind, config.init_lora_weights = config.init_lora_weights, True
    model.save_pretrained(START)
    config.init_lora_weights = kind


def combined(kind):
    """A sum of two adapters, saved under a name of its own."""

    def apply(model, variant):
        other = peft.LoraConfig(**variant.config | dict(r=2, task_type=model.peft_config["mixed"].task_type))
        model.add_adapter("other", other)
        with torch.no_grad():
            for name, parameter in model.named_parameters():
                if ".other" in name:
                    parameter.copy_(parameter + 0.02 * torch.randn(parameter.shape))
        model.add_weighted_adapter(["mixed", "other"], [0.7, 0.4], "sum", combination_type=kind)
        return "sum"

    return apply
