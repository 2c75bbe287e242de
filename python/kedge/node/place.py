"""Where a node settles: the contracts it was deployed with, kept in its data directory."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from kedge.sequencer import write_atomic
from kedge.settlement import Deployment
from kedge.units.errors import Fault

FILE = "deployment.json"


@dataclass(frozen=True, slots=True)
class Place:
    """A deployment, the clock (ms) its genesis state counts as anchored at, and the RPC address last used."""

    deployment: Deployment
    genesis_clock: int
    url: str


def save_place(folder: Path, place: Place) -> None:
    """Write DIR/deployment.json durably."""
    content = place.deployment.as_json() | {"genesis_clock": place.genesis_clock, "url": place.url}
    write_atomic(folder / FILE, (json.dumps(content, indent=1) + "\n").encode())


def load_place(folder: Path) -> Place | None:
    """The place of a data directory, None before it has one; Fault if the file is damaged."""
    path = folder / FILE
    if not path.exists():
        return None
    try:
        raw = json.loads(path.read_text())
        return Place(Deployment.of_json(raw), int(raw["genesis_clock"]), str(raw["url"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Fault(f"{path} is damaged ({error}); restore it, or start from a new data directory") from error
