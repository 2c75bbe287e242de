"""docs/life-of-an-order.md is true: its blocks run, in order, each after the one before."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.house.conftest import House

PAGE = "docs/life-of-an-order.md"


def test_the_page_runs(house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = house.text(PAGE)
    monkeypatch.chdir(tmp_path)
    scope: dict[str, object] = {"__name__": "life_of_an_order"}
    blocks = list(re.finditer(r"(?ms)^```python\n(.*?)^```$", text))
    assert blocks, f"{PAGE} has no Python blocks"
    for block in blocks:
        # Blank lines in front make a failure name the line of the page.
        padding = "\n" * text[: block.start(1)].count("\n")
        exec(compile(padding + block.group(1), PAGE, "exec"), scope)  # noqa: S102
