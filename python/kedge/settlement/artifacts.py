"""Compiled contracts as data: bytecode, interface and the numbered refusals, read from `contracts/artifacts`."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from eth_abi.abi import decode as abi_decode
from eth_abi.abi import encode as abi_encode
from eth_abi.exceptions import DecodingError
from eth_utils.abi import (
    event_abi_to_log_topic,
    function_abi_to_4byte_selector,
    function_signature_to_4byte_selector,
    get_abi_input_types,
    get_abi_output_types,
)

from kedge.units.errors import Fault, Rejected

REFUSED = function_signature_to_4byte_selector("Refused(uint16)")


def contracts_folder() -> Path:
    """The folder of the contracts: KEDGE_CONTRACTS, or `contracts` beside the Python sources."""
    named = os.environ.get("KEDGE_CONTRACTS")
    places = [Path(named)] if named else [parent / "contracts" for parent in Path(__file__).resolve().parents]
    for place in places:
        if (place / "artifacts").is_dir():
            return place
    raise Fault("the compiled contracts are not found; set KEDGE_CONTRACTS to the folder that holds `artifacts`")


@dataclass(frozen=True)
class Artifact:
    """A compiled contract."""

    name: str
    bytecode: bytes
    entries: dict[tuple[str, str], Any]

    def creation(self, *args: Any) -> bytes:
        """The data of the transaction that creates the contract."""
        entry = self.entries.get(("constructor", ""))
        return self.bytecode + (abi_encode(get_abi_input_types(entry), args) if entry else b"")

    def call(self, function: str, *args: Any) -> bytes:
        """The data of a call."""
        entry = self.entries[("function", function)]
        return function_abi_to_4byte_selector(entry) + abi_encode(get_abi_input_types(entry), args)

    def result(self, function: str, data: bytes) -> tuple[Any, ...]:
        """The values that a call returned; Fault if there is no such contract behind the address."""
        try:
            return abi_decode(get_abi_output_types(self.entries[("function", function)]), data)
        except DecodingError as error:
            raise Fault(f"no {self.name} contract answers at this address on this chain: check both") from error

    def topic(self, event: str) -> bytes:
        """The first topic of an event's logs."""
        return event_abi_to_log_topic(self.entries[("event", event)])

    def event(self, event: str, topics: list[bytes], data: bytes) -> dict[str, Any]:
        """The fields of a log, by name; Fault if the log is not one of this event."""
        inputs = self.entries[("event", event)]["inputs"]
        indexed = [item for item in inputs if item["indexed"]]
        plain = [item for item in inputs if not item["indexed"]]
        types = get_abi_input_types({"type": "function", "name": event, "inputs": plain})
        try:
            values = [abi_decode([item["type"]], topic)[0] for item, topic in zip(indexed, topics[1:], strict=True)]
            values += abi_decode(types, data)
        except (DecodingError, ValueError) as error:
            raise Fault(f"the L1 node gave a log that is no {event} event; check the address") from error
        return dict(zip([item["name"] for item in indexed + plain], values, strict=True))


@cache
def load_artifact(name: str) -> Artifact:
    """One compiled contract by name. Raises Fault if the file is missing or unreadable."""
    raw = _read(f"{name}.json")
    entries = {(entry["type"], entry.get("name", "")): entry for entry in raw["abi"]}
    return Artifact(name, bytes.fromhex(raw["bytecode"][2:]), entries)


@cache
def load_codes() -> dict[int, tuple[str, str]]:
    """The contracts' refusals: number -> (name, text)."""
    return {int(code): (name, text) for code, name, text in _read("codes.json")["codes"]}


def refusal(data: bytes) -> Rejected | None:
    """The numbered refusal in revert bytes of our contracts, or None if they hold something else."""
    if len(data) != 36 or data[:4] != REFUSED:
        return None
    code = int.from_bytes(data[4:])
    name, text = load_codes().get(code, ("UNKNOWN", "a number that this version does not know"))
    return Rejected(code, name, text)


def _read(name: str) -> Any:
    path = contracts_folder() / "artifacts" / name
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise Fault(f"{path.name} is missing or damaged; run: node contracts/build.mjs ({error})") from error
