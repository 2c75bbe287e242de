"""What an operator sets: markets, key, token; and a directory's status without a node."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from kedge.api.service import TOKEN_FILE, read_token
from kedge.cli.folder import claim_folder
from kedge.node import load_markets, read_key, read_status
from kedge.sequencer import DataDirectory, DirectoryLock
from kedge.settlement import Tier
from kedge.units.errors import Fault, Rejected
from kedge.venue import EXAMPLES, Market, MarketTerms, read_markets
from tests.unit.exchange import MARK, SELL, Exchange

TEXT = """
[[market]]
number = 3
name = "SOL-PERP"
tick_places = 2
mark = 15_000
sigma = 90_000
"""


def test_markets_are_kept_beside_the_journal(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(TEXT)
    (market,) = load_markets(tmp_path, file, EXAMPLES)
    assert market == Market(3, "SOL-PERP", 2, 15_000, MarketTerms(sigma=90_000))
    file.unlink()
    assert load_markets(tmp_path, None, EXAMPLES) == (market,)
    assert load_markets(tmp_path / "elsewhere", None, EXAMPLES) == EXAMPLES
    with pytest.raises(Fault, match="cannot read"):
        load_markets(tmp_path, file, EXAMPLES)
    file.write_bytes(b"\xef\xbb\xbf" + TEXT.encode())
    assert load_markets(tmp_path, file, EXAMPLES) == (market,), "with a byte order mark"
    file.write_text(TEXT + "#" * (1 << 20))
    with pytest.raises(Fault, match=r"longer than 1,048,576 bytes"):
        load_markets(tmp_path, file, EXAMPLES)


@pytest.mark.parametrize(
    "text",
    [
        "[[market]",
        "[[markets]]",
        TEXT + "leverage = 100",
        TEXT.replace("15_000", "1.5"),
        TEXT.replace("15_000", "true"),
        TEXT.replace("= 2\n", "= 7\n"),
        TEXT.replace("SOL-PERP", ""),
        TEXT.replace("SOL-PERP", r"SOL\u0007"),
        TEXT + TEXT,
        TEXT + TEXT.replace("= 3", "= 4"),
        TEXT.replace("SOL-PERP", " SOL"),
        TEXT.replace("15_000", "0"),
        TEXT.replace("15_000", "9" * 400),
        TEXT.replace("15_000", "9" * 5000),
        TEXT.replace("= 3", "= 512"),
        TEXT + "floor = -1",
        TEXT + "maker_fee = 70_000",
    ],
)
def test_a_bad_markets_file_is_refused_by_number(text: str) -> None:
    with pytest.raises(Rejected) as refused:
        read_markets(text)
    assert refused.value.code == 1511
    assert refused.value.text


def test_terms_that_the_rules_refuse_are_named_before_anything_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text("\ufeff" + TEXT.replace("15_000", "-5"), encoding="utf-8")
    with pytest.raises(Rejected, match="market 3: mark is -5, not in 1 to"):
        load_markets(tmp_path / "node", file, EXAMPLES)
    assert not (tmp_path / "node").exists()
    file.write_text(TEXT + "#" * (1 << 20))
    with pytest.raises(Fault, match="longer than"):
        load_markets(tmp_path / "node", file, EXAMPLES)


@pytest.mark.parametrize("text", [None, "", "0x", "11" * 31, "11" * 33, "zz" * 32, "00" * 32, "ff" * 32])
def test_a_bad_key_is_refused_and_never_repeated(text: str | None) -> None:
    with pytest.raises(Rejected) as refused:
        read_key(text)
    assert refused.value.code == 1512
    assert not text or len(text) < 4 or text not in str(refused.value)


def test_a_key_gives_its_address() -> None:
    assert read_key("0x" + "00" * 31 + "01\n").address.hex() == "7e5f4552091a69125d5dfcb7b8c2659029395bdf"


def test_the_token_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    token = read_token(tmp_path)
    assert len(token) >= 40
    assert stat.S_IMODE((tmp_path / TOKEN_FILE).stat().st_mode) == 0o600
    (tmp_path / TOKEN_FILE).chmod(0o644)
    assert read_token(tmp_path) == token
    assert stat.S_IMODE((tmp_path / TOKEN_FILE).stat().st_mode) == 0o600
    (tmp_path / TOKEN_FILE).write_text("")
    assert len(read_token(tmp_path)) >= 40


def test_a_folder_in_use_is_not_replaced(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    claim_folder(folder, "demo")
    with DirectoryLock(DataDirectory(folder)):
        with pytest.raises(Fault, match="in use by process"):
            claim_folder(folder, "demo")
        assert (folder / "lock").exists()
    claim_folder(folder, "demo")
    assert not (folder / "lock").exists()
    (tmp_path / "link").symlink_to(folder)
    (folder / "old").touch()
    claim_folder(tmp_path / "link", "demo")
    assert (tmp_path / "link").is_symlink()
    assert [path.name for path in folder.iterdir()] == ["made-by-demo"]
    (folder / "made-by-demo").rename(folder / "mine")
    with pytest.raises(Fault, match="name an empty directory"):
        claim_folder(folder, "demo")


def test_the_status_of_a_directory_without_a_node(exchange: Exchange, tmp_path: Path) -> None:
    first = exchange.sequencer.seal()
    assert first is not None
    receipt = exchange.place(2, 0, SELL, MARK, 1)
    status = read_status(tmp_path)
    assert (status.running, status.open_chunk, status.root) == (False, 2, first.new_root.hex())
    assert status.tiers[Tier.SEQUENCED.label].transaction == receipt.sequence
    assert status.tiers[Tier.PROVED_OFF_CHAIN.label].chunk == 0
    with pytest.raises(Fault, match="there is no journal"):
        read_status(tmp_path / "nowhere")
