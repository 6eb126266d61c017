"""Writes testdata/patterns/patterns.json: what Python 3.11's re answers for many patterns and texts.

Run with Python 3.11, from anywhere:  python testdata/make/patterns.py
More cases for a one-off comparison:  python testdata/make/patterns.py --seed 7 --random 50000 --output FILE
and then:  PYTHON_PATTERN_CASES=FILE swift test --filter ReferenceTests

Each case is {pattern, mode: fullmatch|match|search, text, result}. The result is true, false or "error"; an error has
Python's reason and position where Python gives one; or "unsupported", for what only a backtracking engine can answer.
"""

import argparse
import json
import pathlib
import random
import re
import sys
import warnings

MODES = {"fullmatch": re.fullmatch, "match": re.match, "search": re.search}
LAYER = "model.layers.12.self_attn.q_proj"

# Patterns as people write them for adapters, with module names that are near misses of each other.
NAMES = [
    LAYER,
    "model.layers.1.self_attn.q_proj",
    "model.layers.12.mlp.down_proj",
    "model.layers.12.self_attn.q_proj\n",
    "model.visual.blocks.3.attn.qkv",
    "model.visual.merger.mlp.0",
    "base.q_proj",
    "q_proj",
    "xq_proj",
    "lm_head",
    "transformer.h.0.attn.c_attn",
    "modelXlayers.12.self_attn.q_proj",
]
TARGETS = [
    r".*\.(q_proj|v_proj)",
    r".*(q_proj|v_proj)$",
    r"^(?!.*(?:visual|merger)).*\.(q_proj|v_proj)$",
    r"^(?!.*(visual)).*",
    r"model\.layers\.(1[0-5]|[0-9])\.self_attn\.(q|k|v|o)_proj",
    r"model\.layers\.\d+\.(self_attn|mlp)\.\w+_proj",
    r"(?:model\.)?(?:layers|h)\.(?:\d{1,2})\..*",
    r"(.*?)(?:self_attn|attn).*(?:q_proj|c_attn|qkv)",
    r".*\.(?!visual)[^.]*\.\w+$",
    r".*(?<!x)q_proj",
    r"(?i).*\.Q_PROJ",
    r"(?x) .* \. ( q_proj | v_proj )  # attention only",
    r"^model\.layers\.[0-9]*\.self_attn\.q_proj$",
    r"\bq_proj\b",
    r"all-linear",
    r"",
    r".*",
    r"model.layers.12.self_attn.q_proj",
]
KEYS = [
    "q_proj",
    "self_attn.q_proj",
    "layers.1.self_attn.q_proj",
    "model.layers.12.self_attn.q_proj",
    "^model.layers.12.self_attn.q_proj",
    "^q_proj",
    r"layers\.\d+\..*_proj",
    "q_proj|lm_head",
    "q_proj|",
    ".*",
    "q_proj$",
    "q_proj\\Z",
    "(?!x)q_proj",
    "",
    "proj",
    "mlp.0|merger",
]

# (pattern, texts): one construct each.
HANDMADE = [
    (r"a.c", ["abc", "a\nc", "ac", "a\u00e9c", "a\U0001f600c", "abbc"]),
    (r"(?s)a.c", ["abc", "a\nc"]),
    (r"(?s:a.)c.", ["a\nc\n", "a\ncx"]),
    (r"[abc]+", ["abcab", "abd", "", "d"]),
    (r"[^abc]+", ["xyz", "xaz", "\n"]),
    (r"[]a]+", ["]a", "b", "[]"]),
    (r"[^]a]+", ["]", "bc"]),
    (r"[a-]+", ["a-a", "b"]),
    (r"[-a]+", ["a-a", "b"]),
    (r"[a\-z]+", ["a-z", "b"]),
    (r"[\w-]+", ["q-proj", "q.proj"]),
    (r"[\d.]+", ["1.2.3", "1,2"]),
    (r"[+--]+", ["+,-", "."]),
    (r"[.-0]+", ["./0", "1"]),
    (r"[\]\\^]+", ["]\\^", "a"]),
    (r"[\b]", ["\b", "b"]),
    (r"[\x41-\x43\u0044\U00000045\106]+", ["ABCDEF", "G"]),
    (r"[a-cx-z0-9_]+", ["abcxyz019_", "d"]),
    (r"[\D]+", ["abc", "a1"]),
    (r"[^\W\d]+", ["abc_", "abc1", "\u00e9\u03b1"]),
    (r"[\s\S]+", ["a\n b", ""]),
    (r"\d+", ["0129", "1a", "\u0661\u0662", "\u00b2", "\uff15"]),
    (r"(?a)\d+", ["0129", "\u0661\u0662"]),
    (r"\D+", ["abc", "a1", "\u0661"]),
    (r"\w+", ["aZ_9", "a-b", "\u00e9\u4e00\u00b2\u2160", "e\u0301", "\u203f"]),
    (r"(?a)\w+", ["aZ_9", "\u00e9"]),
    (r"\W+", ["-+.", "a", "\u0301"]),
    (r"\s+", [" \t\n\r\f\v", "\x1c\x1d\x1e\x1f\x85\xa0", "\u2003\u3000", "\u200b", "a"]),
    (r"(?a)\s+", [" \t\n\r\f\v", "\x1c", "\xa0"]),
    (r"\S+", ["abc", "a b", "\xa0"]),
    (r"\bq", ["q", ".q", "aq", "_q", "-q", "\u00e9q", ""]),
    (r"(?a)\bq", ["\u00e9q", "aq"]),
    (r"q\b", ["q", "q.", "qa"]),
    (r"\Bq", ["q", "aq", ".q"]),
    (r"q\B", ["q", "qa"]),
    (r"\b", ["", "a", "."]),
    (r"\B", ["", "a", ".", "ab"]),
    (r"\Aab\Z", ["ab", "ab\n", "xab"]),
    (r"^ab$", ["ab", "ab\n", "ab\n\n", "xab", "\nab"]),
    (r"(?m)^ab$", ["ab", "ab\n", "x\nab\ny", "xab"]),
    (r"(?m:^b)", ["a\nb", "b", "ab"]),
    (r"(?m:b$)", ["b\na", "ab\n", "bc"]),
    (r"a$\n", ["a\n", "a", "a\n\n"]),
    (r"$", ["", "\n", "a", "a\n"]),
    (r"^", ["", "a"]),
    (r"$^", ["", "a", "\n"]),
    (r"x*^a", ["a", "xa"]),
    (r"a\Z\n?", ["a", "a\n"]),
    (r"ab|cd", ["ab", "cd", "abd", "acd"]),
    (r"a(b|c)d", ["abd", "acd", "ad"]),
    (r"a(?:|b)c", ["ac", "abc", "abbc"]),
    (r"|a", ["", "a", "b"]),
    (r"a||b", ["", "a", "b"]),
    (r"(?P<layer>\d+)\.(?P<name>\w+)", ["12.q", "a.q"]),
    (r"()", ["", "a"]),
    (r"(a)(b)(c)", ["abc"]),
    (r"((((a))))", ["a"]),
    (r"(?:(?:)*)*", ["", "a"]),
    (r"a*", ["", "aaa", "b"]),
    (r"a+", ["", "aaa", "b"]),
    (r"a?", ["", "a", "aa"]),
    (r"a*?b+?c??", ["b", "aabbc", "aabbcc"]),
    (r"a{2}", ["a", "aa", "aaa"]),
    (r"a{2,}", ["a", "aa", "aaaaa"]),
    (r"a{,2}", ["", "aa", "aaa"]),
    (r"a{1,3}?", ["", "a", "aaa", "aaaa"]),
    (r"a{0}", ["", "a"]),
    (r"a{0,0}b", ["b", "ab"]),
    (r"a{,}", ["", "aaaa"]),
    (r"a{}", ["a{}", "a"]),
    (r"a{", ["a{", "a"]),
    (r"a{1", ["a{1", "a"]),
    (r"a{1,", ["a{1,", "a"]),
    (r"a{x}", ["a{x}"]),
    (r"a{1,2", ["a{1,2"]),
    (r"a{ 1}", ["a{ 1}", "a"]),
    (r"{", ["{"]),
    (r"}{]", ["}{]"]),
    (r"x{a}", ["x{a}"]),
    (r"(ab){2,3}", ["ab", "abab", "ababab", "abababab"]),
    (r"(a|b*)*c", ["c", "abbac", "abba"]),
    (r"(a*)*", ["", "aaa", "b"]),
    (r"(a*)+", ["", "aaa", "b"]),
    (r"(|a)+", ["", "aaa", "b"]),
    (r"(a|ab)(c|bcd)(d*)", ["abcd", "acd", "abcdd", "abbcd"]),
    (r"(?:a?){3}a{3}", ["aaa", "aaaaaa", "aa", "aaaaaaa"]),
    (r"(^a|b)*", ["abb", "bab", "a"]),
    (r"(?:\b|x)+a", ["a", "xa", "xxa"]),
    (r"a*+b", ["aab", "b", "aa"]),
    (r"a*+a", ["aaa", "a"]),
    (r"a++b", ["aab", "b"]),
    (r"a?+a", ["a", "aa", "aaa"]),
    (r"a{1,2}+a", ["a", "aa", "aaa", "aaaa"]),
    (r"a{2}+a", ["aa", "aaa"]),
    (r"a{2,}+b", ["ab", "aab", "aaab"]),
    (r"[^.]*+\.q", ["ab.q", ".q", "a.b.q"]),
    (r"(?:[ab])++b", ["aab", "abc"]),
    (r".*+q", ["xq", "q"]),
    (r"(?=a)a", ["a", "b"]),
    (r"(?=.*b)a+", ["aa", "ab", "aab"]),
    (r"a(?!b)", ["a", "ab", "ac"]),
    (r"(?!a)", ["", "a", "b"]),
    (r"(?!)", ["", "a"]),
    (r"(?=)", ["", "a"]),
    (r"(?<=a)b", ["b", "ab", "cb"]),
    (r"a(?<=a)b", ["ab"]),
    (r"(?<!a)b", ["b", "ab", "cb"]),
    (r"(?<=ab|cd)e", ["abe", "cde", "ade"]),
    (r"(?<=\bq)_", ["q_", "aq_"]),
    (r"(?<=^a)b", ["ab", "aab"]),
    (r".*(?<!_a)(?<!_b)", ["x_a", "x_b", "x_c"]),
    (r"(?<=(?=b)b)c", ["bc", "ac"]),
    (r"(?=(?!b).)\w(?<!c)", ["a", "b", "c"]),
    (r"(?!.*(?<!x)q)\w+", ["xq", "aq", "ab"]),
    (r"(?:(?=a)a|b)*", ["abab", "abc"]),
    (r"(?=a)*b", ["b", "ab"]),
    (r"(?!a){2}b", ["b", "ab"]),
    (r"(?=a$)a", ["a", "a\n", "ab"]),
    (r"(?<=)a", ["a"]),
    (r"(?<=a{2})b", ["aab", "ab"]),
    (r"(?<=(?:)*)a", ["a"]),
    (r"(?i)q_PROJ", ["q_proj", "Q_proj", "Q_PRoJ"]),
    (r"(?i:q)_proj", ["Q_proj", "Q_Proj"]),
    (r"(?i)(?-i:q)_proj", ["q_PROJ", "Q_PROJ"]),
    (r"(?i)[a-c]+", ["AbC", "D"]),
    (r"(?i)[^a-c]+", ["AbC", "DEF"]),
    (r"(?i)[Z-a]+", ["zZaA[", "b"]),
    (r"(?i)k", ["k", "K", "\u212a"]),
    (r"(?ai)k", ["k", "K", "\u212a"]),
    (r"(?i)s+", ["sS\u017f"]),
    (r"(?i)[r-t]+", ["RST\u017f"]),
    (r"(?i)i+", ["iI\u0130\u0131"]),
    (r"(?i)\u00e9\u0436\u03c3+", ["\u00c9\u0416\u03a3\u03c2\u03c3"]),
    (r"(?i)[\u0391-\u03a9]+", ["\u03b1\u03c9\u2126\u03c2"]),
    (r"(?i)\u00df", ["\u1e9e", "\u00df", "ss"]),
    (r"(?i)\u01c6\ufb05", ["\u01c5\ufb06", "\u01c4\ufb05"]),
    (r"(?i)\u1f80", ["\u1f88"]),
    (r"(?ai)\u00e9", ["\u00c9", "\u00e9"]),
    (r"(?i)\U00010400", ["\U00010428"]),
    (r"(?i)a(?a:\w)\w", ["A\u00e9x", "Ax\u00e9"]),
    (r"(?a)\w(?u:\w)", ["a\u00e9", "\u00e9a"]),
    (r"(?x) a b # c", ["ab", "a b", "abc"]),
    (r"(?x)a [ b]  +", ["a b", "ab", "a"]),
    (r"(?x)a\ b", ["a b", "ab"]),
    (r"(?x)a#b\nc" + "\n" + "d", ["ad", "abcd"]),
    (r"(?x: a b )c d", ["abc d", "abcd"]),
    (r"(?x)(?-x: a)b", [" ab", "ab"]),
    (r"(?x)a  {2}", ["aa"]),
    (r"(?x)", [""]),
    (r"(?x) (?i)a", ["A"]),
    (r"(?i)(?m)^A$", ["x\na"]),
    (r"(?ims)a.$", ["A\n\nx"]),
    (r"(?i)a|b", ["B", "A"]),
    (r"a(?#comment (nested)b", ["ab"]),
    (r"a(?#c)*", ["", "aa"]),
    (r"(?#c)", [""]),
    (r"\.\-\+\*\?\(\)\[\]\{\}\^\$\|\\\/\ \"\#\&\~\!", [r'.-+*?()[]{}^$|\/ "#&~!']),
    (r"\x41\u0042\U00000043\104\0\07\012\t\n\r\f\v\a", ["ABCD\0\7\n\t\n\r\f\v\a"]),
    (r"\0101", ["\x081", "A"]),
    (r"\1234", ["S4"]),
    (r"\ud800", ["a", "\ufffd"]),
    (r"[\ud800-\uffff]", ["\ue000", "a"]),
    (r"\_\-\%", ["_-%"]),
    ("\u00e9\u0301.", ["\u00e9\u0301x", "\u00e9x"]),
    ("a\nb", ["a\nb"]),
    ("\0", ["\0", ""]),
    ("q_proj", ["q_proj", "q_proj\0", "\u0451q_proj"]),
    (".q_proj", ["\u0451q_proj", "\U0001f600q_proj", "q_proj", "\nq_proj"]),
    ("..q", ["\u0451aq", "a\u0451q", "\u0451q"]),
    ("q.", ["q\u0451", "q\u0451x", "q"]),
]
INVALID = [
    "(", ")", "a)", "(a", "(?", "(?:", "(?P", "(?P<", "(?P<a", "(?P<a>", "(?P<>a)", "(?P<1a>b)", "(?P<a>b)(?P<a>c)",
    "(?P<a-b>c)", "(?P>a)", "(?P=a)", "(?P=", "(?Px)", "(?<", "(?<a", "(?<a>b)", "(?'a'b)", "(?=", "(?!a", "(?<=a",
    "(?#a", "[", "[a", "[]", "[^]", "[a-", "[a-\\", "[z-a]", "[\\d-z]", "[a-\\d]", "[\\q]", "[\\8]", "[\\400]",
    "[\\xg]", "[\\x1]", "[\\u12]", "[\\U0011ffff]", "\\", "a\\", "\\q", "\\xg", "\\x1", "\\u123", "\\U0000004",
    "\\U00110000", "\\400", "\\777", "\\1", "\\9", "\\10", "(a)\\2", "\\C", "\\z", "*", "+a", "?", "{1}", "{1,2}a",
    "(*a)", "(|*)", "a|*", "^*", "$+", "\\b*", "\\A?", "a**", "a*{2}", "a+*", "a???", "a{2}{3}", "a{3,2}", "a{2,1}?",
    "(?i", "(?i)*", "(?i:", "(?-", "(?-)", "(?-:a)", "(?i-:a)", "(?i-)", "(?q)", "(?iq)", "(?i-q:a)", "(?i-i:a)",
    "(?L)a", "(?au)a", "(?a)(?u)a", "(?-a:b)", "(?i.a)", "(?-i)", "(?-i.a)", "(?\u00e9)", "a(?i)b", "(a(?i)b)",
    "(?i)a|(?m)b", " (?x)a", "a|(?i)b", "((?i)a)", "(?<=a*)b", "(?<!a|bc)d", "(?<=a{1,2})", "x(?<=(a|bb))",
    "(?<=(?=a*)b|c*)", "a(?\\:b)", "(?P\\<a)", "(?<\\a)", "(?P<a\\>>b)", "(?i\\)", "(a))b", "a|b)", "(?:a", "((a)",
    "\\x", "\\u", "[\\N]", "a{99999999999}", "a{4294967295}", "(?)", "(?|a)", "(?R)", "(?&a)", "\\p{L}", "\\h",
]  # fmt: skip
UNSUPPORTED = [
    r"(a)\1", r"(?P<a>x)(?P=a)", r"(a)?(?(1)b|c)", r"(?>a*)b", r"(?:ab)*+", r"(a|bc)++", r"(?:a?)?+", r"(a*){2}+",
]  # fmt: skip


def is_beyond(tree):
    """Whether a pattern, parsed by Python, has what our engine need not answer."""
    for op, av in tree:
        name = str(op)
        if name in ("GROUPREF", "GROUPREF_EXISTS", "ATOMIC_GROUP"):
            return True
        if name == "POSSESSIVE_REPEAT" and not single_or_empty(av[2]):
            return True
        if name in ("SUBPATTERN", "MIN_REPEAT", "MAX_REPEAT", "POSSESSIVE_REPEAT", "ASSERT", "ASSERT_NOT"):
            if is_beyond(av[-1]):
                return True
        if name == "BRANCH" and any(is_beyond(branch) for branch in av[1]):
            return True
    return False


def single_or_empty(tree):
    while len(tree) == 1 and str(tree[0][0]) == "SUBPATTERN":
        tree = tree[0][1][-1]
    return len(tree) == 0 or (len(tree) == 1 and str(tree[0][0]) in ("LITERAL", "NOT_LITERAL", "ANY", "IN"))


def case(pattern, mode, text):
    found = {"pattern": pattern, "mode": mode, "text": text}
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        found["result"] = "error"
        # Where both are in a pattern, the engine may meet what it does not support before what is wrong.
        if not re.search(r"\\[1-9N]|\(\?[(>t]|\(\?[a-zA-Z]*t|P=|[*+?}]\+", pattern):
            found["reason"] = error.msg
            if error.pos is not None:
                found["position"] = error.pos
        return found
    except (OverflowError, ValueError):
        return found | {"result": "error"}
    if is_beyond(re._parser.parse(pattern)):
        # Not asked for an answer: on some nested possessive quantifiers over nothing, Python never returns.
        return None
    found["result"] = getattr(compiled, mode)(text) is not None
    return found


def random_pattern(rng, depth):
    """A small legal pattern, mostly: some come out illegal, which is as good a question."""

    def atom():
        kind = rng.randrange(20)
        if kind < 8 or depth <= 0:
            return rng.choice(["a", "b", "b", "a", ".", "_", "B", r"\.", "[ab]", "[^a]", r"\w", r"\W", "[a.]"])
        inner = random_pattern(rng, depth - 1)
        if kind < 13:
            return rng.choice(["(", "(?:", "(?:"]) + inner + ")"
        if kind == 13:
            return rng.choice(["(?=", "(?!"]) + inner + ")"
        if kind == 14:
            return rng.choice(["(?<=", "(?<!"]) + rng.choice(["a", "b", "ab", ".", r"\w", "a|b", "^a", inner]) + ")"
        if kind == 15:
            return rng.choice([r"\b", r"\B", "^", "$", r"\A", r"\Z"])
        if kind == 16:
            return rng.choice(["(?i:", "(?s:", "(?m:", "(?-i:"]) + inner + ")"
        return rng.choice([r"\d", r"\s", "\n", r"\n", "b", "a", r"\S"])

    def item():
        quantifier = rng.choice([""] * 9 + ["*", "+", "?", "*?", "+?", "??", "{2}", "{1,2}", "{,2}", "{2,}", "*+", "?+"])
        return atom() + quantifier

    branches = ["".join(item() for _ in range(rng.choice([0, 1, 1, 2, 2, 3]))) for _ in range(rng.choice([1, 1, 1, 2, 3]))]
    return "|".join(branches)


def random_cases(rng, count):
    cases = []
    while len(cases) < count:
        if rng.randrange(8) == 0:
            alphabet = list("ab()[]{}*+?|^$.,-12:=!<>#ixPm ") + ["\\", "(?", "[^", "\\x4", "\\b", "(?P<a>", "(?<="]
            pattern = "".join(rng.choice(alphabet) for _ in range(rng.randrange(1, 9)))
        else:
            pattern = rng.choice(["", "", "", "(?i)", "(?m)", "(?s)", "(?x)"]) + random_pattern(rng, 2)
        if len(pattern) > 60:
            continue
        for _ in range(rng.randrange(1, 4)):
            text = "".join(rng.choice("aaabbb..AB_1 \n") for _ in range(rng.randrange(0, 8)))
            found = case(pattern, rng.choice(list(MODES)), text)
            if found is None:
                break
            cases.append(found)
            if not isinstance(found["result"], bool):
                break
    return cases


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    root = pathlib.Path(__file__).resolve().parents[1]
    parser.add_argument("--output", type=pathlib.Path, default=root / "patterns" / "patterns.json")
    parser.add_argument("--seed", type=int, default=20311)
    parser.add_argument("--random", type=int, default=1400)
    arguments = parser.parse_args()
    if sys.version_info[:2] != (3, 11):
        parser.error("the answers are those of Python 3.11")
    warnings.simplefilter("ignore")

    cases = [case(pattern, "fullmatch", name) for pattern in TARGETS for name in NAMES]
    cases += [case(rf"(.*\.)?({key})$", "match", name) for key in KEYS for name in NAMES]
    cases += [case(p, mode, text) for p, texts in HANDMADE for text in texts for mode in MODES]
    cases += [case(pattern, "search", "a") for pattern in INVALID]
    cases += [{"pattern": pattern, "mode": "search", "text": "a", "result": "unsupported"} for pattern in UNSUPPORTED]
    cases += random_cases(random.Random(arguments.seed), arguments.random)
    lines = ",\n".join(json.dumps(found, separators=(",", ":")) for found in cases)
    arguments.output.write_text(f"[\n{lines}\n]\n")
    print(len(cases), "cases,", arguments.output.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
