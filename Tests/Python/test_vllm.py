"""The resolver in vLLM's own registry, loaded as vLLM loads its plugins."""

import asyncio
import logging
import shutil
from pathlib import Path

import pytest

vllm = pytest.importorskip("vllm", reason="needs vLLM")
from vllm.lora.resolver import LoRAResolverRegistry  # noqa: E402
from vllm.plugins import load_plugins_by_group  # noqa: E402


@pytest.fixture
def adapters(tmp_path: Path, adapter: Path, broken: Path, base: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path.resolve() / "adapters"
    shutil.copytree(adapter, folder / "good")
    shutil.copytree(broken, folder / "broken")
    (folder / "empty").mkdir()
    monkeypatch.setenv("LORA_TOOL_ADAPTERS", str(folder))
    LoRAResolverRegistry.resolvers.pop("lora-tool", None)
    return folder


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> pytest.LogCaptureFixture:
    monkeypatch.setattr(logging.getLogger("vllm"), "propagate", True)
    caplog.set_level(logging.INFO)
    return caplog


def registered() -> object:
    """Calls the entry point as `load_general_plugins` does, which acts once in a process."""
    load_plugins_by_group("vllm.general_plugins")["lora_tool"]()
    return LoRAResolverRegistry.get_resolver("lora-tool")


def resolve(base: Path, name: str) -> object:
    return asyncio.run(registered().resolve_lora(str(base), name))


def test_a_good_adapter_is_resolved(adapters: Path, base: Path) -> None:
    request = resolve(base, "good")
    assert (request.lora_name, request.lora_path) == ("good", str(adapters / "good"))
    assert request.lora_int_id > 0


def test_a_broken_one_is_not_and_the_log_says_why(adapters: Path, base: Path, log: pytest.LogCaptureFixture) -> None:
    assert resolve(base, "broken") is None
    assert "LoRA adapter 'broken' is not resolved" in log.text
    assert "rank-mismatch" in log.text and 'set "r" to 2' in log.text


def test_a_mended_adapter_is_resolved_at_once(adapters: Path, base: Path, adapter: Path) -> None:
    resolver = registered()
    assert asyncio.run(resolver.resolve_lora(str(base), "broken")) is None
    for file in adapter.iterdir():
        shutil.copy(file, adapters / "broken")
    assert asyncio.run(resolver.resolve_lora(str(base), "broken")) is not None
    (adapters / "broken" / "adapter_model.safetensors").write_bytes(b"nothing")
    assert asyncio.run(resolver.resolve_lora(str(base), "broken")) is None


def test_what_was_checked_is_what_is_loaded(adapters: Path, base: Path, adapter: Path) -> None:
    (adapters / "linked").symlink_to(adapter)
    assert resolve(base, "linked").lora_path == str(adapter.resolve())


@pytest.mark.parametrize("name", ["", "..", "../adapters/good", ".good", "/etc", "good/", "a\0b", "x" * 5000, "\ud800", "none", "empty"])
def test_names_that_are_no_adapters_are_not_resolved(adapters: Path, base: Path, name: str) -> None:
    assert resolve(base, name) is None


def test_a_base_that_is_not_there_refuses(adapters: Path, log: pytest.LogCaptureFixture) -> None:
    assert resolve(Path("/no/such/model"), "good") is None
    assert "cannot be checked" in log.text


def test_the_rank_of_the_server_counts(adapters: Path, base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LORA_TOOL_MAX_LORA_RANK", "1")
    assert resolve(base, "good") is None


def test_a_policy_counts(
    adapters: Path, base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, log: pytest.LogCaptureFixture
) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text("rank:\n  max: 4\n")
    monkeypatch.setenv("LORA_TOOL_POLICY", str(policy))
    assert resolve(base, "good") is None
    assert "policy-rank" in log.text


@pytest.mark.parametrize("variable", ["LORA_TOOL_ADAPTERS", "LORA_TOOL_POLICY", "LORA_TOOL_MAX_LORA_RANK"])
def test_settings_that_make_no_sense_stop_the_server(
    adapters: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, "/no/such/place")
    with pytest.raises(ValueError, match=variable):
        registered()


def test_without_a_folder_nothing_is_registered(adapters: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LORA_TOOL_ADAPTERS")
    with pytest.raises(KeyError):
        registered()
