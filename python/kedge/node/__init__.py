"""The node: everything below, wired together for one data directory.

Purpose: run an exchange that settles (`Node`), on a development chain with users and deposits (`Devnet`), driven by a
source of transactions (`Session`), as a demo (`Demo`), with a record of what happened (`Recorder`).
Invariants: nothing is decided here that a rule could decide; batches are made from what is durable, so a restart makes
the same ones; a Fault of the world is retried, `Broken` stops the part it concerns and is raised by `check`.
Surface: what `__all__` lists.
"""

from kedge.node.cells import CellCounter, TableCost
from kedge.node.demo import Demo, Outcome
from kedge.node.devnet import Devnet, L1Terms, deploy_place, dev_wallet
from kedge.node.l1 import L1, live_chain, saved_chain
from kedge.node.node import Hooks, Node, NodeOptions
from kedge.node.place import Place, load_place, save_place
from kedge.node.recorder import Recorder
from kedge.node.replay import TapeRun
from kedge.node.session import Session

__all__ = [
    "L1",
    "CellCounter",
    "Demo",
    "Devnet",
    "Hooks",
    "L1Terms",
    "Node",
    "NodeOptions",
    "Outcome",
    "Place",
    "Recorder",
    "Session",
    "TableCost",
    "TapeRun",
    "deploy_place",
    "dev_wallet",
    "live_chain",
    "load_place",
    "save_place",
    "saved_chain",
]
