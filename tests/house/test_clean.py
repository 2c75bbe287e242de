"""What no file in the repository may hold."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.house.conftest import House

BINARY = (".gz", ".png", ".proof", ".bin", ".witness")
LARGEST = 2_000_000


def test_no_forbidden_text(house: House) -> None:
    excused, problems = house.layering["exceptions"]["forbidden"], []
    rules = [(re.compile(rule["pattern"]), rule["instead"]) for rule in house.layering["forbidden"]]
    for name in house.files:
        if name in excused or name.endswith(BINARY):
            continue
        for number, line in enumerate(house.text(name).splitlines(), start=1):
            for pattern, instead in rules:
                if match := pattern.search(line):
                    problems.append(f"{name}:{number}: {match.group()!r}: {instead}")
    assert not problems, "\n".join(problems[:40])


def test_no_large_file(house: House) -> None:
    large = [name for name in house.files if (house.root / name).stat().st_size > LARGEST]
    assert not large, f"above {LARGEST} bytes; make it when it is needed instead of keeping it: {large}"


def test_scripts_stop_at_the_first_failure(house: House) -> None:
    for name in house.files:
        if name.endswith(".sh") or name == ".ci/run":
            assert "set -euo pipefail" in house.text(name), f"{name}: begin with `set -euo pipefail`"
