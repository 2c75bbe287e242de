"""The development chain: an anvil process that dies with its parent, and the switches that only such a chain has."""

from __future__ import annotations

import collections
import ctypes
import os
import platform
import shutil
import signal
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from kedge.settlement.artifacts import contracts_folder
from kedge.settlement.chain import Chain, to_hex
from kedge.units.errors import Fault

HARDFORK = "prague"
START_SECONDS = 20.0
_PR_SET_PDEATHSIG = 1
_LISTENING = "Listening on "


def find_anvil() -> Path:
    """The anvil binary: KEDGE_ANVIL, then `contracts/node_modules`, then PATH. Fault says what to run if absent."""
    named = os.environ.get("KEDGE_ANVIL")
    if named:
        if not Path(named).is_file():
            raise Fault(f"KEDGE_ANVIL names {named}, which is not a file")
        return Path(named)
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    package = f"@foundry-rs/anvil-{platform.system().lower()}-{machine}"
    installed = contracts_folder() / "node_modules" / package / "bin" / "anvil"
    if installed.is_file():
        return installed
    on_path = shutil.which("anvil")
    if on_path is None:
        raise Fault("the development chain (anvil) is not installed; run: npm ci --prefix contracts")
    return Path(on_path)


class DevChain(Chain):
    """A chain that anvil serves: time, blocks and balances can be set."""

    def __init__(self, url: str) -> None:
        super().__init__(url, wrapper="blobs")

    def set_balance(self, address: bytes, wei: int) -> None:
        """Give an address this many wei."""
        self.rpc.call("anvil_setBalance", to_hex(address), to_hex(wei))

    def mine(self, blocks: int = 1) -> None:
        """Make blocks now."""
        self.rpc.call("anvil_mine", to_hex(blocks))

    def set_automine(self, on: bool) -> None:
        """Whether every transaction gets a block at once."""
        self.rpc.call("evm_setAutomine", on)

    def set_base_fee(self, wei: int) -> None:
        """The base fee of the next block."""
        self.rpc.call("anvil_setNextBlockBaseFeePerGas", to_hex(wei))

    def advance(self, seconds: int) -> None:
        """Move the chain's clock forward and make a block."""
        self.rpc.call("evm_increaseTime", to_hex(seconds))
        self.mine()

    def reorganise(self, depth: int) -> None:
        """Replace the newest `depth` blocks by empty ones; their transactions are gone."""
        self.rpc.call("anvil_reorg", depth, [])

    def snapshot(self) -> str:
        """Remember the state of the chain."""
        return str(self.rpc.call("evm_snapshot"))

    def revert(self, snapshot: str) -> None:
        """Go back to a remembered state, which is then forgotten."""
        self.rpc.call("evm_revert", snapshot)


class Anvil:
    """A running anvil. Start it from a thread that lives as long as the chain: the kernel ends it with that thread.

    `state` keeps the chain in a file (written every second and at a clean stop, which the death of the parent is), so
    that it survives a restart. `block_time` makes a block every so many seconds; without it every transaction gets its
    own block at once. `inherited` are file descriptors that it keeps open as long as it lives.
    """

    def __init__(
        self,
        port: int = 0,
        state: Path | None = None,
        block_time: float | None = None,
        hardfork: str = HARDFORK,
        inherited: Sequence[int] = (),
    ) -> None:
        self._inherited = tuple(inherited)
        self._command = [str(find_anvil()), "--hardfork", hardfork, "--no-request-size-limit", "--accounts", "1"]
        self._command += ["--slots-in-an-epoch", "1"]
        if state is not None:
            self._command += ["--state", str(state), "--state-interval", "1"]
        if block_time is not None:
            self._command += ["--block-time", str(block_time)]
        self._output: collections.deque[str] = collections.deque(maxlen=20)
        self.port = port
        self.start()

    def start(self) -> None:
        """Start, or start again on the same port. Raises Fault with anvil's own words if it does not come up."""
        die_with_parent = _death_wish()
        self._process = subprocess.Popen(  # noqa: S603 - the command is ours
            [*self._command, "--port", str(self.port)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            pass_fds=self._inherited,
            process_group=0,  # Ctrl-C at the terminal is for the parent, which ends anvil in its own order
            preexec_fn=die_with_parent,  # noqa: PLW1509 - prctl only, bound before the fork
        )
        self._output.clear()
        ready = threading.Event()
        self._reader = threading.Thread(target=self._read, args=(self._process, ready), daemon=True)
        self._reader.start()
        ready.wait(START_SECONDS)
        if not self.is_running or not any(_LISTENING in line for line in self._output):
            self.kill()
            raise Fault("anvil did not start: " + (" ".join(self._output).strip() or "no output"))
        self.chain = DevChain(f"http://127.0.0.1:{self.port}")

    def _read(self, process: subprocess.Popen[str], ready: threading.Event) -> None:
        """Drain the output, so that anvil never blocks on a full pipe, and learn the port."""
        assert process.stdout is not None  # noqa: S101 - PIPE was asked for
        for line in process.stdout:
            self._output.append(line)
            if _LISTENING in line:
                self.port = int(line.rsplit(":", 1)[1])
                ready.set()
        ready.set()

    @property
    def url(self) -> str:
        return self.chain.rpc.url

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    def stop(self) -> None:
        """End the process in order (it writes its state file)."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """End the process at once, as a crash would."""
        self._end(signal.SIGKILL)

    def _end(self, how: signal.Signals) -> None:
        if self.is_running:
            self._process.send_signal(how)
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._reader.join(5)
        if self._process.stdout is not None:
            self._process.stdout.close()
        if hasattr(self, "chain"):
            self.chain.rpc.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _death_wish() -> collections.abc.Callable[[], None] | None:
    """What the child does before it becomes anvil: ask the kernel to end it with its parent (Linux only).

    By SIGINT, at which anvil writes its state: a parent that is killed loses nothing of its chain.
    """
    if platform.system() != "Linux":
        return None
    libc = ctypes.CDLL(None, use_errno=True)
    parent = os.getpid()

    def wish() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGINT)
        if os.getppid() != parent:
            os._exit(1)

    return wish
