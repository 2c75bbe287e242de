"""The markets file of a data directory: it keeps a copy of what the operator gave, which the next start uses."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from kedge.sequencer import write_atomic
from kedge.units.errors import Fault
from kedge.venue import Market, read_markets

FILE: Final = "markets.toml"
_LARGEST: Final = 1 << 20


def load_markets(folder: Path, file: Path | None, default: tuple[Market, ...]) -> tuple[Market, ...]:
    """The markets of `file`, of which `folder` then keeps a copy; without one those of the copy; else `default`."""
    source = file if file is not None else folder / FILE
    if file is None and not source.exists():
        return default
    try:
        with source.open("rb") as opened:
            data = opened.read(_LARGEST + 1)
        text = data.decode("utf-8-sig", "strict" if len(data) <= _LARGEST else "replace")
    except (OSError, UnicodeDecodeError) as error:
        raise Fault(f"cannot read {source}: {error}") from error
    if len(data) > _LARGEST:  # a device never ends, and would fill the memory
        raise Fault(f"cannot read {source}: it is longer than {_LARGEST:,} bytes")
    markets = read_markets(text)
    if file is not None:
        folder.mkdir(parents=True, exist_ok=True)
        write_atomic(folder / FILE, text.encode())
    return markets
