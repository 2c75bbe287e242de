"""What every test may use: hypothesis profiles, the repository's folders, recorded data where it is there."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parent.parent

# "fast" is what `make test` runs: the same examples every time, so a failure is a change and not luck.
settings.register_profile(
    "fast", deadline=None, derandomize=True, max_examples=25, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("slow", deadline=None, max_examples=1000, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile(os.environ.get("KEDGE_HYPOTHESIS", "fast"))


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the repository."""
    return ROOT


@pytest.fixture(scope="session")
def recorded() -> Callable[[str], Path]:
    """Path of a recorded file by its name below the data folder; skips the test where it is absent.

    The folder is KEDGE_DATA if that is set, else `shared/data` beside the repository.
    """
    folder = Path(os.environ.get("KEDGE_DATA", ROOT.parent / "shared" / "data"))

    def find(name: str) -> Path:
        path = folder / name
        if not path.exists():
            pytest.skip(f"recorded data is not here: {name} (set KEDGE_DATA to the folder that holds it)")
        return path

    return find
