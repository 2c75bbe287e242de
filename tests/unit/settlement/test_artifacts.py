"""The committed artifacts are what the sources compile to; interfaces encode and decode."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from pathlib import Path

import pytest

from kedge.batching.batch import HEADER_TYPES
from kedge.settlement import artifacts as module
from kedge.settlement import contracts_folder, find_anvil, load_artifact, load_codes
from kedge.settlement.outbox import WINDOW_OPEN
from kedge.units.errors import Fault

NAMES = ["Settlement", "Vault", "MockCollateral", "MockHostileToken"]


def test_artifacts_are_current() -> None:
    """Compiles everything again and compares, where the compiler is installed."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node is not installed")
    if not (contracts_folder() / "node_modules" / "solc").is_dir():
        pytest.skip("the Solidity compiler is not installed; run: npm ci --prefix contracts")
    command = [node, str(contracts_folder() / "build.mjs"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)  # noqa: S603 - ours
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", NAMES)
def test_artifacts_name_their_sources(name: str) -> None:
    """Needs no compiler: the hashes in the artifact are those of the sources."""
    raw = json.loads((contracts_folder() / "artifacts" / f"{name}.json").read_text())
    assert raw["contract"] == name
    assert raw["compiler"].startswith("0.8.37+")
    for path, digest in raw["sources"].items():
        assert hashlib.sha256((contracts_folder() / path).read_bytes()).hexdigest() == digest, path


def test_codes_are_numbered_named_and_explained() -> None:
    codes = load_codes()
    assert all(1101 <= code <= 1199 and name.isupper() and text for code, (name, text) in codes.items())
    assert len({name for name, _ in codes.values()}) == len(codes)
    assert codes[WINDOW_OPEN][0] == "WINDOW_OPEN"


def test_the_header_has_the_types_of_the_contract() -> None:
    (header,) = load_artifact("Settlement").entries[("function", "submitBatch")]["inputs"]
    assert "(" + ",".join(item["type"] for item in header["components"]) + ")" == HEADER_TYPES


def test_the_lock_names_no_registry() -> None:
    text = (contracts_folder() / "package-lock.json").read_text()
    assert '"resolved"' not in text
    assert "registry" not in text


def test_an_empty_answer_means_no_contract() -> None:
    with pytest.raises(Fault, match="no Vault contract"):
        load_artifact("Vault").result("custody", b"")


def test_other_revert_bytes_are_no_refusal() -> None:
    assert module.refusal(b"") is None
    assert module.refusal(module.REFUSED + bytes(31)) is None
    unknown = module.refusal(module.REFUSED + (999).to_bytes(32))
    assert unknown is not None
    assert unknown.name == "UNKNOWN"


def test_missing_things_say_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEDGE_CONTRACTS", str(tmp_path))
    with pytest.raises(Fault, match="KEDGE_CONTRACTS"):
        contracts_folder()
    (tmp_path / "artifacts").mkdir()
    with pytest.raises(Fault, match=r"node contracts/build\.mjs"):
        load_artifact.__wrapped__("Vault")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("KEDGE_ANVIL", raising=False)
    with pytest.raises(Fault, match="npm ci --prefix contracts"):
        find_anvil()
    monkeypatch.setenv("KEDGE_ANVIL", str(tmp_path / "none"))
    with pytest.raises(Fault, match="KEDGE_ANVIL"):
        find_anvil()
