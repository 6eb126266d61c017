"""The functions return the program's documents, and raise what is wrong."""

import json
import subprocess
from pathlib import Path

import pytest

import lora_tool


def document(*arguments: object) -> dict[str, object]:
    command = [str(lora_tool.program_path()), *map(str, arguments), "--format", "json"]
    return json.loads(subprocess.run(command, capture_output=True).stdout)


def test_inspect_has_the_facts(adapter: Path, base: Path) -> None:
    found = lora_tool.inspect(adapter, base=base, stats=True)
    assert found.document == document("inspect", adapter, "--base", base, "--stats")
    (facts,) = found.adapters
    assert (facts.format, facts.parameters, facts.rank.max, facts.scale.source) == ("peft", 13920, 8, "alpha/r")
    module = facts.modules[0]
    assert (module.inputs, module.outputs, module.effective_rank) == (52, 40, 8)
    assert facts.base.model_type == "llama" and facts.targets[0] == "down_proj"


def test_a_good_adapter_passes(adapter: Path, base: Path) -> None:
    report = lora_tool.validate(adapter, base=base, engine="vllm")
    assert report.check() is report and report.passed and report.checked == 1
    assert report.adapters[0].serving.verdict == "applied"


def test_a_broken_adapter_is_a_report_or_an_exception(broken: Path) -> None:
    report = lora_tool.validate(broken)
    assert (report.status, report.findings[0].rule) == ("fail", "rank-mismatch")
    with pytest.raises(lora_tool.ValidationFailed, match="rank-mismatch") as caught:
        report.check()
    finding = caught.value.findings[0]
    assert (finding.expected, finding.found, finding.byte_offset) == ("4", "2", 105)
    assert caught.value.report is report


def test_options_are_keywords(adapter: Path, base: Path) -> None:
    report = lora_tool.validate(adapter, base=base, engine="vllm", max_lora_rank=4)
    assert report.findings[0].rule == "engine-rank"
    assert lora_tool.validate(adapter, base=base, engine="vllm", fail_on="warning", header_only=True).passed


def test_paths_that_begin_with_a_dash_are_paths(adapter: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "-x").symlink_to(adapter)
    monkeypatch.chdir(tmp_path)
    assert lora_tool.validate("-x").passed


def test_merge_writes_a_model(adapter: Path, base: Path, tmp_path: Path) -> None:
    result = lora_tool.merge(base, adapter, tmp_path / "merged", verify=True)
    assert (result.tensors_merged, Path(result.output)) == (21, tmp_path / "merged")
    assert result.document["verification"]["status"] == "pass"
    assert (tmp_path / "merged" / "config.json").is_file()
    with pytest.raises(lora_tool.LoRAToolError, match="exist"):
        lora_tool.merge(base, adapter, tmp_path / "merged")


def test_merge_refuses_with_the_finding(broken: Path, base: Path, tmp_path: Path) -> None:
    with pytest.raises(lora_tool.LoRAToolError) as caught:
        lora_tool.merge(base, broken, tmp_path / "merged")
    assert "rank-mismatch" in [finding.rule for finding in caught.value.findings]
    assert not (tmp_path / "merged").exists()


def test_several_adapters_have_weights(adapter: Path, base: Path, tmp_path: Path) -> None:
    result = lora_tool.merge(base, [adapter, adapter], tmp_path / "out", weights=[0.5, -0.25], dry_run=True)
    assert [row["weight"] for row in result.document["adapters"]] == [0.5, -0.25]


def test_plan_has_the_arithmetic(adapter: Path, base: Path) -> None:
    plan = lora_tool.plan(base, adapters=[adapter], gpu_memory="24GiB")
    assert (plan.adapter_parameters, plan.slot_bytes) == (13920, 32192)
    assert lora_tool.plan(base, rank=8, targets="attention").parameters_per_layer


def test_wrong_use_is_an_exception(adapter: Path) -> None:
    with pytest.raises(lora_tool.UsageError) as caught:
        lora_tool.validate(adapter, engine="no-such-engine")
    assert caught.value.exit_code == 64
    with pytest.raises(lora_tool.LoRAToolError, match="check the path"):
        lora_tool.inspect("nowhere")


def test_what_cannot_be_read_comes_with_its_finding(adapter: Path) -> None:
    with pytest.raises(lora_tool.LoRAToolError) as caught:
        lora_tool.inspect(adapter, adapter.parents[1] / "broken" / "header-truncated")
    assert [finding.rule for finding in caught.value.findings] == ["header-invalid"]
    assert [row["path"] for row in caught.value.document["adapters"]][0] == str(adapter)
