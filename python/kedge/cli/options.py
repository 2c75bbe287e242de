"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Data = Annotated[Path, typer.Option("--data", help="Data directory; made if it does not exist.")]
JsonOut = Annotated[Path | None, typer.Option("--json", help="Also write the result to this file as JSON.")]
