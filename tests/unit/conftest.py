"""The small exchange that the tests of this folder share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.exchange import Exchange


@pytest.fixture
def exchange(tmp_path: Path) -> Iterator[Exchange]:
    """An exchange in tmp_path, closed afterwards."""
    opened = Exchange(tmp_path)
    yield opened
    opened.sequencer.close()
