"""Checks the reports of `lora-tool validate` with other people's readers.

    python testdata/make/check_sarif.py --schema sarif-schema-2.1.0.json [--tool .build/release/lora-tool]

Runs the program over the fixtures, the broken ones with the options that each needs, a policy that ignores rules, and
an adapter whose folder has a name that no format likes. Then

* every SARIF log must be valid against the JSON schema that OASIS publishes with the standard (which is not kept here;
  it is part of the standard's repository, oasis-tcs/sarif-spec), its rule indices must lead to its rules, and its URIs
  must lead back to the paths;
* every JUnit report must be read by junitparser with all its cases, and its counts must be those of the cases;
* every line of the GitHub output must be one workflow command, and unescape to the messages of the JSON report.

Needs jsonschema[format] and junitparser besides the program. Runs with a policy are left out, with a word about it, where
the program has no --policy.
"""

import argparse
import collections
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unicodedata
import urllib.parse
import xml.etree.ElementTree

import jsonschema
import junitparser

ROOT = pathlib.Path(__file__).resolve().parent.parent
NOWHERE = "no-such-adapter"
HOSTILE = "ad apter,one:two%25\n::error::<&>\"'#?{0}[a](b)\x1b[31m\u202eü"


def run(tool, style, arguments):
    """The report in one format; exit code 0 or 1 and nothing on standard error, 2 where a path leads nowhere."""
    done = subprocess.run([tool, "validate", "--format", style, *arguments], cwd=ROOT, capture_output=True, check=False)
    if NOWHERE in arguments:
        if done.returncode != 2 or NOWHERE.encode() not in done.stderr:
            sys.exit(f"{arguments}: exit {done.returncode}: {done.stderr.decode()}")
    elif done.returncode not in (0, 1) or done.stderr:
        sys.exit(f"{arguments}: exit {done.returncode}: {done.stderr.decode()}")
    return done.stdout.decode()


def findings(report):
    """All findings of the JSON report, those that count and those that are ignored."""
    parts = report["adapters"] + [report.get("base") or {}, report.get("fleet") or {}]
    counted = [finding for part in parts for finding in part.get("findings", [])]
    return counted, [finding for part in parts for finding in part.get("ignored", [])]


def key(finding):
    return finding["rule"], finding["severity"], finding["file"]


def escaped(text):
    """As the program shows names: what could steer a terminal is spelt out."""
    plain = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
    hidden = {"Cc", "Cf", "Zl", "Zp", "Co", "Cn"}
    spelt = lambda c: f"\\u{{{ord(c):X}}}" if unicodedata.category(c) in hidden else c  # noqa: E731
    return "".join(plain.get(c) or spelt(c) for c in text)


def path_of(uri):
    return urllib.parse.unquote(uri.removeprefix("file://"))


def check_sarif(text, report, validator):
    log = json.loads(text)
    for error in validator.iter_errors(log):
        yield f"{error.json_path}: {error.message}"
    [body] = log["runs"]
    rules = body["tool"]["driver"]["rules"]
    counted, ignored = findings(report)
    want = collections.Counter(key(f) + (f.get("reason"),) for f in counted + ignored)
    got = collections.Counter()
    for result in body["results"]:
        if rules[result["ruleIndex"]]["id"] != result["ruleId"]:
            yield f"ruleIndex of {result['ruleId']} leads to another rule"
        uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        message = result["message"]["text"].replace("{{", "").replace("}}", "")
        if "{" in message or "}" in message or "](" in message:
            yield f"a placeholder or link in {message!r}"
        reason = result.get("suppressions", [{}])[0].get("justification")
        got[result["ruleId"], result["level"], path_of(uri), reason] += 1
    [invocation] = body["invocations"]
    problems = [note["message"]["text"] for note in invocation["toolExecutionNotifications"]]
    if problems != report.get("problems", []) or invocation["executionSuccessful"] == bool(problems):
        yield f"the notifications are {problems}"
    if got != want:
        yield f"results differ from the findings: {(got - want) + (want - got)}"


def check_junit(text, report):
    root = xml.etree.ElementTree.fromstring(text)
    counted, ignored = findings(report)
    for element in [root, *root.iter("testsuite")]:
        for attribute, tag in [("tests", "testcase"), ("failures", "failure"), ("skipped", "skipped")]:
            if attribute in element.attrib and int(element.get(attribute)) != len(list(element.iter(tag))):
                yield f"{element.get('name')}: {attribute} is not the number of {tag}"
    problems = len(report.get("problems", []))
    if len(list(root.iter("error"))) != problems or int(root.get("errors")) != problems:
        yield "errors differ from the inputs that could not be checked"
    read = junitparser.JUnitXml.fromstring(text.encode())
    cases = [(suite, case) for suite in read for case in suite]
    if len(cases) != len(list(root.iter("testcase"))) or not all(case.name and case.classname for _, case in cases):
        yield "junitparser reads other cases"
    for suite in read:
        counts = suite.tests, suite.failures, suite.errors, suite.skipped
        suite.update_statistics()
        if counts != (suite.tests, suite.failures, suite.errors, suite.skipped):
            yield f"{suite.name}: junitparser counts otherwise than {counts}"
    messages = collections.Counter(result.message for _, case in cases for result in case.result if result.message)
    want = collections.Counter(finding["message"] for finding in counted if finding["severity"] == "error")
    if any(messages[" ".join(message.split())] + messages[message] < count for message, count in want.items()):
        yield "junitparser reads other messages"
    failures = sum(finding["severity"] == "error" for finding in counted)
    if len(list(root.iter("failure"))) != failures or len(list(root.iter("skipped"))) != len(ignored):
        yield "failures or skipped cases differ from the findings"


def check_github(text, report):
    unescape = lambda s: re.sub("%(25|0D|0A|3A|2C)", lambda m: chr(int(m[1], 16)), s)  # noqa: E731
    counted, _ = findings(report)
    want = collections.Counter((*key(f)[:2], escaped(f["file"]), f["message"]) for f in counted)
    got = collections.Counter()
    *lines, last = text.split("\n")[:-1]
    if not last.startswith("lora-tool: "):
        yield f"the last line is {last!r}"
    if escaped(text.replace("\n", "")) != text.replace("\n", ""):
        yield "a control character"
    outside = sum(line.startswith("::error title=lora-tool::") for line in lines)
    if outside != len(report.get("problems", [])):
        yield "the commands for inputs that could not be checked are missing"
    for line in lines:
        if line.startswith("::error title=lora-tool::"):
            continue
        match = re.fullmatch(r"::(error|warning|notice) file=([^:,]*),title=([a-z-]+)::(.*)", line)
        if not match:
            yield f"no workflow command: {line!r}"
            continue
        level, file, rule, message = match.groups()
        got[rule, level.replace("notice", "note"), unescape(file), unescape(message).split("\nFix: ")[0]] += 1
    if got != want:
        yield f"commands differ from the findings: {(got - want) + (want - got)}"


def groups(folder, has_policy):
    """Arguments of each run."""
    yield ["adapters"]
    yield ["adapters/llama-nano", NOWHERE, "broken/rank-global"]
    if has_policy:
        yield ["--policy", "policies/platform.yml", "--engine", "vllm", "adapters"]
    broken = collections.defaultdict(list)
    for case in json.loads((ROOT / "broken/broken.json").read_text()):
        names = {"base": "--base", "serving_dtype": "--serving-dtype", "engine": "--engine"}
        options = [text for name, flag in names.items() if case.get(name) for text in (flag, case[name])]
        broken[tuple(options)].append(case["path"])
    for options, paths in broken.items():
        yield [*options, *paths]
    policy = folder / "policy.yml"
    policy.write_text("ignore: {rank-mismatch: 'a <b>bold</b> & \"quoted\" reason'}\nseverity: {value-nan: note}\n")
    if has_policy:
        yield ["--policy", str(policy), "broken"]
    hostile = folder / HOSTILE
    shutil.copytree(ROOT / "broken/rank-global", hostile)
    yield [str(hostile)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--schema", required=True, type=pathlib.Path)
    parser.add_argument("--tool", default=ROOT.parent / ".build/release/lora-tool", type=pathlib.Path)
    arguments = parser.parse_args()
    schema = json.loads(arguments.schema.read_text())
    kind = jsonschema.validators.validator_for(schema)
    kind.check_schema(schema)
    validator = kind(schema, format_checker=kind.FORMAT_CHECKER)
    tool = arguments.tool.resolve()
    options = subprocess.run([tool, "validate", "--help"], capture_output=True, check=True).stdout
    has_policy = b"--policy" in options
    if not has_policy:
        print("the program has no --policy: runs with one are left out")
    problems = total = 0
    with tempfile.TemporaryDirectory() as folder:
        for options in groups(pathlib.Path(folder), has_policy):
            report = json.loads(run(tool, "json", options))
            total += sum(map(len, findings(report)))
            for style, found in [
                ("sarif", check_sarif(run(tool, "sarif", options), report, validator)),
                ("junit", check_junit(run(tool, "junit", options), report)),
                ("github", check_github(run(tool, "github", options), report)),
            ]:
                for problem in found:
                    problems += 1
                    print(f"{style} of {' '.join(options)[:80]!r}: {problem[:400]}")
    print(f"{total} findings, {problems} problems")
    return 1 if problems or not total else 0


if __name__ == "__main__":
    sys.exit(main())
