"""Where figures come from: the machine, the commit, the program; and how much memory a process took."""

from __future__ import annotations

import os
import platform
import resource
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import msgspec

UNKNOWN: Final = "unknown"
_GIT: Final = shutil.which("git") or "git"


class Provenance(msgspec.Struct, frozen=True):
    """Where figures come from: `commit` ends in `+` if the tree was changed; `program` is the rules' digest in hex."""

    commit: str
    machine: str
    program: str


def read_machine(folder: Path = Path("/proc")) -> str:
    """CPU model, usable cores and memory as one line; falls back on what Python knows where there is no /proc."""
    model = _field(folder / "cpuinfo", "model name") or platform.processor() or platform.machine() or UNKNOWN
    memory = _field(folder / "meminfo", "MemTotal")
    size = f"{int(memory.split()[0]) / 2**20:.1f} GiB" if memory and memory.split()[0].isdigit() else "memory unknown"
    return f"{' '.join(model.split())}, {usable_cores()} cores, {size}, {platform.system()} {platform.machine()}"


def usable_cores() -> int:
    """Cores that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def read_commit(folder: Path) -> str:
    """Commit of the repository around a folder, 12 digits, with `+` if files were changed; `unknown` outside of one."""
    commit = _git(folder, "rev-parse", "--short=12", "HEAD")
    if not commit:
        return UNKNOWN
    return commit + ("+" if _git(folder, "status", "--porcelain", "--untracked-files=no") else "")


def read_provenance(program: str, folder: Path | None = None) -> Provenance:
    """Provenance of figures measured here with a program digest (hex); `folder` defaults to this package's."""
    return Provenance(read_commit(folder or Path(__file__).resolve().parent), read_machine(), program)


def peak_memory(process: int | str = "self") -> int:
    """Largest resident size so far, in bytes, of this process or, where there is /proc, of another one by number.

    The kernel's own mark comes first: `getrusage` of a fresh child still counts the parent that it was forked from.
    """
    mark = _field(Path(f"/proc/{process}/status"), "VmHWM").split()
    if mark and mark[0].isdigit():
        return int(mark[0]) * 1024
    if process != "self":
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _field(path: Path, name: str) -> str:
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    for line in lines:
        key, _, value = line.partition(":")
        if key.strip() == name:
            return value.strip()
    return ""


def _git(folder: Path, *words: str) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - fixed words, no shell
            [_GIT, "-C", str(folder), *words],
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
