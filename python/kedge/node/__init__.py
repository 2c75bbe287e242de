"""Node: one process on one data directory, wired together.

Purpose: run an exchange that settles (`Node`) on a development chain (`Devnet`) or on an outside L1 (`Footing`), keep
it up (`Keeper`), and say how it fares (`Status`).
Invariants: nothing is decided here that a rule could decide; batches are made from what is durable, so a restart makes
the same ones; a Fault of the world is retried, `Broken` stops the part it concerns and is raised by `check`.
Surface: what `__all__` lists. Refusals of the operator's settings: 1512, 1513.
"""

from kedge.node.clock import Clock, HostClock
from kedge.node.devnet import Devnet, L1Terms, deploy_place, dev_wallet
from kedge.node.keeper import Keeper
from kedge.node.l1 import L1, live_chain, saved_chain
from kedge.node.markets import load_markets
from kedge.node.node import Hooks, Node, NodeOptions
from kedge.node.outside import Footing, deploy_on, read_key, settle_on
from kedge.node.place import Place, load_place, save_place
from kedge.node.progress import Progress
from kedge.node.refusals import NODE_REFUSALS
from kedge.node.status import Counts, Reporter, Status, read_status

__all__ = [
    "L1",
    "NODE_REFUSALS",
    "Clock",
    "Counts",
    "Devnet",
    "Footing",
    "Hooks",
    "HostClock",
    "Keeper",
    "L1Terms",
    "Node",
    "NodeOptions",
    "Place",
    "Progress",
    "Reporter",
    "Status",
    "deploy_on",
    "deploy_place",
    "dev_wallet",
    "live_chain",
    "load_markets",
    "load_place",
    "read_key",
    "read_status",
    "save_place",
    "saved_chain",
    "settle_on",
]
