"""Standing on an L1 that somebody else runs: deploying there, joining what is there, and why not."""

from __future__ import annotations

from pathlib import Path

import pytest
from eth_utils.crypto import keccak

from kedge.node import L1Terms, deploy_on, load_place, settle_on
from kedge.settlement import Anvil, Chain, Wallet, deploy_mock_collateral
from kedge.units.errors import Fault, Rejected
from tests.e2e.harness import need_anvil

OPERATOR, STRANGER = Wallet(keccak(b"operator")), Wallet(keccak(b"stranger"))


def test_deploy_then_join(tmp_path: Path) -> None:
    need_anvil()
    with Anvil() as l1:
        l1.chain.set_balance(OPERATOR.address, 10**20)
        token, chain = deploy_mock_collateral(l1.chain, OPERATOR), Chain(l1.url)
        made = deploy_on(tmp_path / "a", chain, OPERATOR, token, L1Terms(challenge_window=77))
        place = made.place.deployment
        assert place.token == token
        assert load_place(tmp_path / "a") == made.place

        again = settle_on(tmp_path / "a", chain, OPERATOR, None, 0)
        assert again.place == made.place
        joined = settle_on(tmp_path / "b", chain, OPERATOR, place.settlement, place.block)
        assert joined.place == made.place

        def refused(folder: str, operator: Wallet, settlement: bytes | None) -> str:
            with pytest.raises(Rejected) as why:
                settle_on(tmp_path / folder, chain, operator, settlement, 0)
            assert why.value.code == 1513
            return why.value.text

        assert "another key" in refused("a", STRANGER, None)
        assert "belongs to" in refused("a", OPERATOR, token)
        assert "--deploy" in refused("c", OPERATOR, None)
        with pytest.raises(Rejected, match="has a deployment already"):
            deploy_on(tmp_path / "a", chain, OPERATOR, token, L1Terms())
        with pytest.raises(Fault, match="no contract at"):
            settle_on(tmp_path / "c", chain, OPERATOR, bytes(19) + b"\x01", 0)
        with pytest.raises(Rejected, match="no token at"):
            deploy_on(tmp_path / "c", chain, OPERATOR, bytes(19) + b"\x01", L1Terms())
        assert load_place(tmp_path / "c") is None
    with pytest.raises(Fault, match="does not answer"):
        settle_on(tmp_path / "a", Chain(l1.url), OPERATOR, None, 0)
