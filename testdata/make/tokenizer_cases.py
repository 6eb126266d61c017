"""Makes `tokenizers/`: one tokenizer in all its spellings, and tokenizers that are not their base's.

    python -m venv tok4 && tok4/bin/pip install transformers==4.57.6 tokenizers==0.22.2 sentencepiece==0.2.0 protobuf jinja2
    python -m venv tok5 && tok5/bin/pip install transformers==5.24.0 tokenizers==0.23.3 sentencepiece==0.2.0 protobuf jinja2
    tok4/bin/python testdata/make/tokenizer_cases.py && tok5/bin/python testdata/make/tokenizer_cases.py

The first run trains small tokenizers and writes each as it is published (`NAME/base`), both write what a trainer saves
beside an adapter (`NAME/v4`, `NAME/v5`), and the first what differs (`NAME/CASE`). `tokenizers.json` says which rule
must name a case, and how grave it is. Nothing is downloaded.
"""

import io
import json
import os
import pathlib
import random
import shutil
import sys

os.environ["HF_HUB_OFFLINE"] = "1"

import transformers
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import AutoTokenizer, PreTrainedTokenizerFast

OUT = pathlib.Path(__file__).resolve().parent.parent / "tokenizers"
MAJOR = transformers.__version__.split(".")[0]
WORDS = """the quick brown fox jumps over the lazy dog while a small adapter learns to call tools and answers questions
about weather, numbers 0123456789 and café prices in naïve “quotes”;""".split()
TEMPLATE = """{%- for message in messages %}
    {{- '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
{%- endif %}
"""


def lines():
    choice = random.Random(7)
    return [" ".join(choice.choice(WORDS) for _ in range(12)) for _ in range(400)]


def byte_level(size):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(lines(), trainers.BpeTrainer(
        vocab_size=size, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), special_tokens=["<|endoftext|>"],
        show_progress=False))
    return tokenizer


def write(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def save(tokenizer, folder, **options):
    tokenizer.save_pretrained(folder, **options)
    for path in pathlib.Path(folder).rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)


def qwen():
    """Byte-level BPE with added tokens and a template in the config; merges as tokenizers before 0.20 wrote them."""
    folder = OUT / "qwen" / "base"
    folder.mkdir(parents=True)
    byte_level(290).model.save(str(folder))
    tokenizer = transformers.Qwen2TokenizerFast(
        vocab_file=str(folder / "vocab.json"), merges_file=str(folder / "merges.txt"), unk_token=None, bos_token=None,
        eos_token="<|endoftext|>", pad_token="<|endoftext|>")
    tokenizer.add_special_tokens({"additional_special_tokens": ["<|im_start|>", "<|im_end|>"]})
    tokenizer.add_tokens([AddedToken("<tool_call>", special=False, normalized=False)])
    tokenizer.eos_token = "<|im_end|>"
    tokenizer.chat_template = TEMPLATE
    save(tokenizer, folder, save_jinja_files=False)
    file = folder / "tokenizer.json"
    value = json.loads(file.read_text())
    value["model"]["merges"] = [" ".join(pair) for pair in value["model"]["merges"]]
    write(file, value)


def gpt2():
    """The oldest form: `vocab.json`, `merges.txt`, and special tokens that only the map names."""
    folder = OUT / "gpt2" / "base"
    folder.mkdir(parents=True)
    byte_level(280).model.save(str(folder))
    write(folder / "tokenizer_config.json", {"model_max_length": 1024, "tokenizer_class": "GPT2Tokenizer"})
    write(folder / "special_tokens_map.json", {
        "bos_token": "<|endoftext|>", "eos_token": "<|endoftext|>", "unk_token": "<|endoftext|>",
        "pad_token": "<pad>", "additional_special_tokens": ["<|user|>"]})


def bert():
    """WordPiece as `vocab.txt` alone."""
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.train_from_iterator(lines(), trainers.WordPieceTrainer(
        vocab_size=110, special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"], show_progress=False))
    folder = OUT / "bert" / "base"
    folder.mkdir(parents=True)
    rows = sorted(tokenizer.get_vocab().items(), key=lambda row: row[1])
    (folder / "vocab.txt").write_text("".join(token + "\n" for token, _ in rows))
    write(folder / "tokenizer_config.json", {"do_lower_case": True, "tokenizer_class": "BertTokenizer"})


def sentencepiece(name, kind):
    """A SentencePiece model alone, with a piece of the user's and the config of Llama 2."""
    import sentencepiece

    file = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines()), model_writer=file, vocab_size=330, model_type=kind, byte_fallback=True,
        user_defined_symbols=["▁<PRE>"], bos_id=1, eos_id=2, unk_id=0, pad_id=-1, minloglevel=2,
        normalization_rule_name="identity", hard_vocab_limit=False)
    folder = OUT / name / "base"
    folder.mkdir(parents=True)
    (folder / "tokenizer.model").write_bytes(file.getvalue())
    token = {"lstrip": False, "normalized": True, "rstrip": False, "single_word": False}
    roles = {role: {"content": text, **token} for role, text in
             [("bos_token", "<s>"), ("eos_token", "</s>"), ("unk_token", "<unk>")]}
    typed = {role: {"__type": "AddedToken", **value} for role, value in roles.items()}
    write(folder / "tokenizer_config.json", {
        "add_bos_token": True, "add_eos_token": False, "clean_up_tokenization_spaces": False, "legacy": False,
        "model_max_length": 2048, "pad_token": None, "tokenizer_class": "LlamaTokenizer", **typed})
    write(folder / "special_tokens_map.json", roles)


def llama3():
    """A plain fast tokenizer with reserved tokens and templates by name."""
    tokenizer = byte_level(275)
    tokenizer.add_special_tokens([AddedToken(text, special=True, normalized=False) for text in (
        "<|begin_of_text|>", "<|end_of_text|>", "<|reserved_special_token_0|>", "<|eot_id|>")])
    wrapped = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token="<|begin_of_text|>", eos_token="<|eot_id|>", model_max_length=131072)
    wrapped.chat_template = {"default": TEMPLATE, "tool_use": TEMPLATE + "{{- tools }}\n"}
    save(wrapped, OUT / "llama3" / "base", save_jinja_files=False)


# Rows of each base's embedding: more than there are tokens where rows are left for more.
ROWS = {"qwen": 304, "gpt2": 282, "bert": 110, "llama": 330, "unigram": 330, "llama3": 279}


def as_saved_by_a_trainer():
    """What a trainer leaves beside the adapter: padding by the end token, truncation set, nothing else changed."""
    for name in ROWS:
        tokenizer = AutoTokenizer.from_pretrained(OUT / name / "base")
        if tokenizer.pad_token is None:
            tokenizer.pad_token = tokenizer.eos_token
        tokenizer.padding_side = "right"
        tokenizer(["the quick", "a"], padding=True, truncation=True, max_length=64)
        folder = OUT / name / f"v{MAJOR}"
        shutil.rmtree(folder, ignore_errors=True)
        save(tokenizer, folder)


CASES = []


def case(base, name, rule, severity):
    """Registers a case and gives the base's tokenizer to change, and the folder to save it in."""
    CASES.append({"base": base, "name": name, "rule": rule, "severity": severity})
    return AutoTokenizer.from_pretrained(OUT / base / "base"), OUT / base / name


def differing():
    tokens, template = "base-tokenizer-mismatch", "chat-template-mismatch"

    tokenizer, folder = case("qwen", "added", tokens, "warning")
    tokenizer.add_tokens(["<think>"])
    save(tokenizer, folder)

    tokenizer, folder = case("llama", "beyond", tokens, "error")
    tokenizer.add_special_tokens({"pad_token": "[PAD]"})
    save(tokenizer, folder)

    tokenizer, folder = case("llama3", "end", tokens, "warning")
    tokenizer.eos_token = "<|end_of_text|>"
    save(tokenizer, folder)

    tokenizer, folder = case("qwen", "padding", tokens, "note")
    tokenizer.pad_token = "<|im_start|>"
    save(tokenizer, folder)

    tokenizer, folder = case("qwen", "template", template, "warning")
    tokenizer.chat_template = TEMPLATE.replace("assistant", "model")
    save(tokenizer, folder)

    tokenizer, folder = case("qwen", "layout", None, None)
    tokenizer.chat_template = TEMPLATE.replace("    ", "\t").replace("\n", "\r\n") + "\n\n"
    save(tokenizer, folder)

    _, folder = case("gpt2", "other", tokens, "error")
    save(AutoTokenizer.from_pretrained(OUT / "qwen" / "base"), folder)

    tokenizer, folder = case("qwen", "moved", tokens, "error")
    save(tokenizer, folder)
    value = json.loads((folder / "tokenizer.json").read_text())
    vocabulary = value["model"]["vocab"]
    vocabulary["Ġthe"], vocabulary["Ġa"] = vocabulary["Ġa"], vocabulary["Ġthe"]
    write(folder / "tokenizer.json", value)

    tokenizer, folder = case("qwen", "merges", tokens, "warning")
    save(tokenizer, folder)
    value = json.loads((folder / "tokenizer.json").read_text())
    merges = value["model"]["merges"]
    merges[0], merges[1] = merges[1], merges[0]
    write(folder / "tokenizer.json", value)
    write(OUT / "tokenizers.json", {"rows": ROWS, "cases": CASES})


def main():
    if MAJOR == "4":
        shutil.rmtree(OUT, ignore_errors=True)
        for make in (qwen, gpt2, bert, llama3):
            make()
        sentencepiece("llama", "bpe")
        sentencepiece("unigram", "unigram")
        differing()
    as_saved_by_a_trainer()


main()
