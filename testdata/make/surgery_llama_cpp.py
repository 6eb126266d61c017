"""Adapters converted to GGUF, applied by llama.cpp itself, beside PEFT.

    python surgery_llama_cpp.py PROGRAM SOURCE LIBRARIES

Tiny models of every architecture that `convert --to gguf` knows are written as GGUF by llama.cpp's own converter, without
a vocabulary. llama.cpp computes the logits of a few tokens without and with the adapter that the program wrote, PEFT the
same in float32. What is compared is what the adapter changes: ‖(L' − L) − (P' − P)‖ / ‖P' − P‖. The GGUF files of
`surgery/convert/cases.json`, whose digests the tests hold, are held against llama.cpp in the same way.

SOURCE is the unpacked source of llama-cpp-python 0.3.36, which holds llama.cpp and Python's door to it; LIBRARIES the
folder with libllama.so, built from SOURCE/vendor/llama.cpp with

    cmake -B build -DCMAKE_BUILD_TYPE=Release -DGGML_NATIVE=OFF -DLLAMA_BUILD_COMMON=OFF -DLLAMA_BUILD_TESTS=OFF \\
      -DLLAMA_BUILD_TOOLS=OFF -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_SERVER=OFF && cmake --build build --target llama

Needs torch, transformers 5.24, peft 0.21.2, safetensors and diskcache.
"""

import ctypes
import hashlib
import json
import logging
import os
import pathlib
import subprocess
import sys
import tempfile

PROGRAM, SOURCE, LIBRARIES = (pathlib.Path(path).resolve() for path in sys.argv[1:4])
LLAMA = SOURCE / "vendor" / "llama.cpp"
os.environ["LLAMA_CPP_LIB_PATH"] = str(LIBRARIES)
sys.path[:0] = [str(SOURCE), str(LLAMA), str(LLAMA / "gguf-py")]

import gguf  # noqa: E402
import numpy as np  # noqa: E402
import peft  # noqa: E402
import torch  # noqa: E402
import transformers  # noqa: E402
from conversion import ModelBase, ModelType, get_model_architecture, get_model_class  # noqa: E402
from llama_cpp import llama_cpp as library  # noqa: E402

from files import ROOT, seed, write_json  # noqa: E402

TOKENS = [3, 1, 4, 15, 9, 2, 6, 5]
SMALL = dict(vocab_size=48, hidden_size=32, intermediate_size=40, num_hidden_layers=2, num_attention_heads=4,
             num_key_value_heads=2, max_position_embeddings=64, pad_token_id=0, bos_token_id=1, eos_token_id=2,
             tie_word_embeddings=False)  # fmt: skip
MOE = SMALL | dict(moe_intermediate_size=24, num_experts=4, num_experts_per_tok=2, head_dim=8)
ATTENTION, GATED = ["q_proj", "k_proj", "v_proj", "o_proj"], ["gate_proj", "up_proj", "down_proj"]
LINEAR, EXPERTS = ATTENTION + GATED, ["mlp.experts.gate_up_proj", "mlp.experts.down_proj"]
# Rank, scale and alpha differ by module, so that what is folded is seen.
PATTERNS = dict(rank_pattern={"k_proj": 2, "down_proj": 5}, alpha_pattern={"v_proj": 3, "k_proj": 7})

# name: class of the config, its sizes, targets, what else PEFT is told
CASES = {
    "llama": ("Llama", SMALL, LINEAR + ["lm_head"], PATTERNS),
    "llama-rslora": ("Llama", SMALL | dict(num_key_value_heads=4), LINEAR, dict(use_rslora=True)),
    "llama-one-key": ("Llama", SMALL | dict(num_key_value_heads=1, head_dim=16), LINEAR, {}),
    "llama-bias": ("Llama", SMALL | dict(attention_bias=True, mlp_bias=True), LINEAR, {}),
    "llama-embedding": ("Llama", SMALL, ["embed_tokens", "q_proj"], {}),
    "llama-tied": ("Llama", SMALL | dict(tie_word_embeddings=True), LINEAR, {}),
    "mistral": ("Mistral", SMALL | dict(head_dim=8), LINEAR, PATTERNS),
    "granite": ("Granite", SMALL | dict(attention_multiplier=0.3, logits_scaling=1.5, residual_multiplier=0.7,
                                        embedding_multiplier=2.0), LINEAR, {}),
    "smollm3": ("SmolLM3", SMALL | dict(no_rope_layers=[1, 1]), LINEAR, {}),
    "arcee": ("Arcee", SMALL, ATTENTION + ["up_proj", "down_proj"], {}),
    "qwen2": ("Qwen2", SMALL, LINEAR, PATTERNS),
    "qwen3": ("Qwen3", SMALL | dict(head_dim=16), LINEAR, PATTERNS),
    "qwen2_moe": ("Qwen2Moe", MOE | dict(shared_expert_intermediate_size=20, decoder_sparse_step=1), ATTENTION
                  + ["shared_expert.gate_proj", "shared_expert.up_proj", "shared_expert.down_proj"],
                  dict(target_parameters=EXPERTS)),
    "qwen3_moe": ("Qwen3Moe", MOE | dict(decoder_sparse_step=1, norm_topk_prob=True), ATTENTION, dict(target_parameters=EXPERTS)),
    "mixtral": ("Mixtral", SMALL | dict(num_local_experts=4, num_experts_per_tok=2, head_dim=8), ATTENTION,
                dict(target_parameters=EXPERTS)),
    "gemma": ("Gemma", SMALL | dict(head_dim=16, tie_word_embeddings=True), LINEAR, {}),
    "gemma2": ("Gemma2", SMALL | dict(head_dim=16, query_pre_attn_scalar=16, tie_word_embeddings=True), LINEAR, {}),
    "gemma3": ("Gemma3Text", SMALL | dict(head_dim=16, query_pre_attn_scalar=16, tie_word_embeddings=True), LINEAR, {}),
    "phi": ("Phi", SMALL | dict(num_key_value_heads=4, partial_rotary_factor=0.5, intermediate_size=128),
            ["q_proj", "k_proj", "v_proj", "dense", "fc1", "fc2"], {}),
    "phi3": ("Phi3", SMALL, ["qkv_proj", "o_proj", "gate_up_proj", "down_proj"], {}),
    "starcoder2": ("Starcoder2", SMALL, ATTENTION + ["c_fc", "c_proj"], {}),
    "olmo2": ("Olmo2", SMALL, LINEAR, {}),
    "cohere": ("Cohere", SMALL | dict(tie_word_embeddings=True), LINEAR, {}),
    "gpt2": ("GPT2", dict(vocab_size=48, n_embd=32, n_layer=2, n_head=4, n_positions=64, tie_word_embeddings=True),
             ["c_attn", "attn.c_proj", "c_fc", "mlp.c_proj"], dict(fan_in_fan_out=True)),
    "gpt_neox": ("GPTNeoX", SMALL | dict(num_key_value_heads=4, rotary_pct=0.25),
                 ["query_key_value", "dense", "dense_h_to_4h", "dense_4h_to_h", "embed_out"], {}),
    "bloom": ("Bloom", dict(vocab_size=48, hidden_size=32, n_layer=2, n_head=4),
              ["query_key_value", "dense", "dense_h_to_4h", "dense_4h_to_h"], {}),
    "falcon": ("Falcon", dict(vocab_size=48, hidden_size=32, num_hidden_layers=2, num_attention_heads=4,
                              new_decoder_architecture=True, num_kv_heads=2, bias=False, alibi=False),
               ["query_key_value", "dense", "dense_h_to_4h", "dense_4h_to_h"], {}),
    "falcon-7b": ("Falcon", dict(vocab_size=48, hidden_size=32, num_hidden_layers=2, num_attention_heads=4,
                                 new_decoder_architecture=False, multi_query=True, bias=False, alibi=False,
                                 parallel_attn=True), ["query_key_value", "dense"], {}),
}  # fmt: skip


def base_of(name):
    """A model of its sizes, with values large enough that every module counts."""
    kind, sizes, _, _ = CASES[name]
    config = getattr(transformers, kind + "Config")(**sizes)
    config._attn_implementation = "eager"
    seed("llama.cpp-" + name)
    model = transformers.AutoModelForCausalLM.from_config(config).float().eval()
    with torch.no_grad():
        for key, parameter in model.named_parameters():
            noise = torch.randn(parameter.shape)
            parameter.copy_(1 + 0.1 * noise if "norm" in key or "ln_" in key and key.endswith("weight") else 0.2 * noise)
    return model


def trained(model, name):
    _, _, targets, more = CASES[name]
    lora = peft.LoraConfig(**dict(r=4, lora_alpha=6, target_modules=targets, task_type="CAUSAL_LM") | more)
    model = peft.get_peft_model(model, lora).eval()
    seed("llama.cpp-adapter-" + name)
    with torch.no_grad():
        for key, parameter in model.named_parameters():
            if "lora_" in key:
                parameter.copy_(0.3 * torch.randn(parameter.shape))
    return model


def logits_of(model):
    with torch.no_grad():
        return model(input_ids=torch.tensor([TOKENS])).logits[0].double().numpy()


def write_model(folder, path):
    """llama.cpp's own conversion, without a vocabulary."""
    hparams = ModelBase.load_hparams(folder, False)
    kind = get_model_class(get_model_architecture(hparams, ModelType.TEXT))
    instance = kind(folder, gguf.LlamaFileType.ALL_F32, path)
    size = hparams["vocab_size"]
    # transformers 5 has other words for it.
    rotary = instance.hparams.get("rope_parameters", {}).get("partial_rotary_factor")
    instance.hparams |= {"rotary_pct": rotary} if rotary else {}
    if "n_positions" in instance.hparams:
        instance.hparams.setdefault("n_ctx", instance.hparams["n_positions"])

    def set_vocab():
        instance.gguf_writer.add_tokenizer_model("no_vocab")
        if not any("vocab_size" in key for part in instance.gguf_writer.kv_data for key in part):
            instance.gguf_writer.add_vocab_size(size)

    instance.set_vocab = set_vocab
    original = instance.gguf_writer.add_vocab_size
    instance.gguf_writer.add_vocab_size = lambda count: (
        None if any("vocab_size" in key for part in instance.gguf_writer.kv_data for key in part) else original(count))
    instance.write()


def complete(name, folder):
    """What the folders of such models on the Hub have, and llama.cpp's converter reads."""
    if name == "falcon-7b":
        config = json.loads((folder / "config.json").read_text())
        config["num_kv_heads"] = 1
        write_json(folder / "config.json", config)
    if name == "gemma3":
        vocabulary = {f"t{index}": index for index in range(SMALL["vocab_size"])}
        write_json(folder / "tokenizer.json", {"model": {"vocab": vocabulary}, "added_tokens": []})


class Llama:
    """A model of llama.cpp and what it computes."""

    def __init__(self, path):
        parameters = library.llama_model_default_params()
        parameters.n_gpu_layers, parameters.use_mmap = 0, False
        self.model = library.llama_model_load_from_file(str(path).encode(), parameters)
        assert self.model, f"llama.cpp does not load {path}"

    def adapter(self, path):
        return library.llama_adapter_lora_init(self.model, str(path).encode())

    def logits(self, adapter=None):
        settings = library.llama_context_default_params()
        settings.n_ctx, settings.n_batch, settings.n_threads, settings.n_threads_batch = 64, 64, 1, 1
        # Keys and values as F32, and no kernel that rounds them.
        settings.type_k = settings.type_v = 0
        settings.flash_attn_type = library.LLAMA_FLASH_ATTN_TYPE_DISABLED
        context = library.llama_init_from_model(self.model, settings)
        if adapter:
            adapters = (library.llama_adapter_lora_p_ctypes * 1)(adapter)
            assert library.llama_set_adapters_lora(context, adapters, 1, (ctypes.c_float * 1)(1.0)) == 0
        batch = library.llama_batch_init(len(TOKENS), 0, 1)
        batch.n_tokens = len(TOKENS)
        for place, token in enumerate(TOKENS):
            batch.token[place], batch.pos[place], batch.n_seq_id[place] = token, place, 1
            batch.seq_id[place][0], batch.logits[place] = 0, 1
        assert library.llama_decode(context, batch) == 0
        width = library.llama_vocab_n_tokens(library.llama_model_get_vocab(self.model))
        rows = [np.ctypeslib.as_array(library.llama_get_logits_ith(context, place), (width,)).copy()
                for place in range(len(TOKENS))]  # fmt: skip
        library.llama_batch_free(batch)
        library.llama_free(context)
        return np.array(rows, dtype=np.float64)


def check(name, folder):
    model = base_of(name)
    before = logits_of(model)
    model.save_pretrained(folder / "base")
    complete(name, folder / "base")
    write_model(folder / "base", folder / "base.gguf")
    llama = Llama(folder / "base.gguf")
    own = llama.logits()
    base_error = np.linalg.norm(own - before) / np.linalg.norm(before)
    adapted = trained(model, name)
    after = logits_of(adapted)
    adapted.save_pretrained(folder / "adapter")
    run = subprocess.run(
        [PROGRAM, "convert", folder / "adapter", "--to", "gguf", "--base", folder / "base", "--output",
         folder / "adapter.gguf", "--format", "json"], capture_output=True, text=True)  # fmt: skip
    if run.returncode:
        return f"| {name} | {base_error:.0e} | refused: {run.stderr.strip()} |"
    report = json.loads(run.stdout)
    adapter = llama.adapter(folder / "adapter.gguf")
    if not adapter:
        return f"| {name} | {base_error:.0e} | llama.cpp does not load it |"
    change = after - before
    error = np.linalg.norm((llama.logits(adapter) - own) - change) / np.linalg.norm(change)
    size = np.linalg.norm(change) / np.linalg.norm(before)
    mark = "" if error < max(1e-4, 20 * base_error) and size > 0.05 else " WRONG"
    return f"| {name} | {base_error:.0e} | {report['modules']} | {size:.2f} | {error:.1e}{mark} |"


def check_fixture(row, folder):
    """A file that the tests know by its digest."""
    source, base = row["arguments"][0], pathlib.Path(row["arguments"][4])
    if (ROOT / base).is_dir():
        model = transformers.AutoModelForCausalLM.from_pretrained(ROOT / base, dtype=torch.float32).eval()
    else:
        seed("llama.cpp-" + row["name"])
        config = transformers.AutoConfig.for_model(**json.loads((ROOT / base).read_text()))
        model = transformers.AutoModelForCausalLM.from_config(config).float().eval()
    model.save_pretrained(folder / "base")
    write_model(folder / "base", folder / "base.gguf")
    llama, before = Llama(folder / "base.gguf"), logits_of(model)
    output = folder / next(iter(row["files"]))
    subprocess.run([PROGRAM, "convert", *row["arguments"], "--output", output], cwd=ROOT, check=True, capture_output=True)
    assert hashlib.sha256(output.read_bytes()).hexdigest() == row["files"][output.name], "another file"
    own, adapter = llama.logits(), llama.adapter(output)
    change = logits_of(peft.PeftModel.from_pretrained(model, ROOT / source).eval()) - before
    error = np.linalg.norm((llama.logits(adapter) - own) - change) / np.linalg.norm(change)
    base_error = np.linalg.norm(own - before) / np.linalg.norm(before)
    return f"| {row['name']} | {base_error:.0e} | {row['modules']} | {np.linalg.norm(change) / np.linalg.norm(before):.2f} | {error:.1e} |"


def main():
    logging.disable(logging.WARNING)
    quiet = library.llama_log_callback(lambda level, text, data: print(text.decode(), end="", file=sys.stderr) if level > 3 else None)
    library.llama_log_set(quiet, ctypes.c_void_p(0))
    library.llama_backend_init()
    rows = json.loads((ROOT / "surgery" / "convert" / "cases.json").read_text())
    # PEFT has no modules for single experts; their stack is among the others.
    rows = {row["name"]: row for row in rows if "gguf" in row["arguments"] and "singles" not in row["name"]}
    for name in sys.argv[4:] or [*CASES, *rows]:
        with tempfile.TemporaryDirectory() as folder:
            try:
                folder = pathlib.Path(folder)
                print(check(name, folder) if name in CASES else check_fixture(rows[name], folder), flush=True)
            except Exception as problem:  # noqa: BLE001
                print(f"| {name} | {type(problem).__name__}: {str(problem)[:300]}", flush=True)


if __name__ == "__main__":
    main()
