"""What a proof file says about itself, and whether it holds: `kedge proof inspect FILE --json`."""

from __future__ import annotations

import hashlib
from pathlib import Path
from struct import Struct
from typing import Any, Final

from kedge.proving.files import MAX_PROGRAM_BYTES, MAX_PROOF_BYTES, UnreadableFile, read_regular
from kedge.proving.system import NativeToolbox, Toolbox
from kedge.units import Refusal

NOT_A_PROOF: Final = Refusal(1301, "NOT_A_PROOF", "the file is not a proof file")
PROOF_CODES: Final = (NOT_A_PROOF,)
"""Numbers 1301 to 1399 belong to proof files."""
_MAGIC: Final = b"KEDGEPRF"
_HEADER: Final = Struct("<8sH32s32s32sH")


def inspect_proof(path: Path | str, program: bytes | None = None, toolbox: Toolbox | None = None) -> dict[str, Any]:
    """Facts about a proof file, ready for JSON.

    Always: `file`, `bytes`, `sha256`, `version`, `program`, `old_root`, `new_root`, `log_heights` as the header states
    them. `holds` is True or False, with `reason` when False; None with the reason when there is no program to check it
    against: without `program`, the `program.json` of the data directory around the file is taken. When it holds, also
    `tables` (name, log2 of the height), `bits_conjectured`, `bits_proven`, `terms` (name, bits).
    `Rejected` with NOT_A_PROOF when the file cannot be read or has no header of a proof.
    """
    path = Path(path)
    try:
        data = read_regular(path, MAX_PROOF_BYTES)
    except UnreadableFile as error:
        raise NOT_A_PROOF.reject(str(error)) from error
    facts = {"file": str(path), "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest(), **_header(path, data)}
    try:
        bytes_of_program = program or read_regular(path.resolve().parent.parent / "program.json", MAX_PROGRAM_BYTES)
        verifier = (toolbox or NativeToolbox()).verifier(bytes_of_program)
    except (UnreadableFile, ValueError) as error:
        return {**facts, "holds": None, "reason": f"no program to check it against: {error}"}
    try:
        report = verifier.verify(data)
    except ValueError as error:
        return {**facts, "holds": False, "reason": str(error)}
    shown = {name: value for name, value in report.items() if not isinstance(value, bytes)}
    return {**facts, "holds": True, **shown}


def _header(path: Path, data: bytes) -> dict[str, Any]:
    """The header in the clear, unchecked except for its form."""
    if len(data) < _HEADER.size or not data.startswith(_MAGIC):
        raise NOT_A_PROOF.reject(f"{path} does not start like one")
    _, version, program, old_root, new_root, tables = _HEADER.unpack_from(data)
    heights = data[_HEADER.size : _HEADER.size + tables]
    return {
        "version": version,
        "program": program.hex(),
        "old_root": old_root.hex(),
        "new_root": new_root.hex(),
        "log_heights": list(heights),
    }
