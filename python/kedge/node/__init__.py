"""The node: everything below, wired together for one data directory.

Purpose: run an exchange that settles (`Node`), on a development chain with users and deposits (`Devnet`), driven by a
source of transactions (`Session`), as a demo (`Demo`), with a record of what happened (`Recorder`); or until it is
stopped, with upkeep and an API (`Service`).
Invariants: nothing is decided here that a rule could decide; batches are made from what is durable, so a restart makes
the same ones; a Fault of the world is retried, `Broken` stops the part it concerns and is raised by `check`.
Surface: what `__all__` lists.
"""

from kedge.node.bench import Told, measure_prover, measure_river, measure_sequencer, write_results
from kedge.node.cells import CellCounter, TableCost
from kedge.node.demo import Demo
from kedge.node.devnet import Devnet, L1Terms, deploy_place, dev_wallet
from kedge.node.l1 import L1, live_chain, saved_chain
from kedge.node.markets import EXAMPLES, load_markets, read_markets
from kedge.node.node import Hooks, Node, NodeOptions
from kedge.node.outside import Footing, deploy_on, read_key, settle_on
from kedge.node.place import Place, load_place, save_place
from kedge.node.recorder import Recorder
from kedge.node.refusals import NODE_REFUSALS
from kedge.node.replay import TapeRun
from kedge.node.run import DevnetRun, Outcome
from kedge.node.service import NODE_FILE, SERVICE_OPTIONS, TOKEN_FILE, Service
from kedge.node.session import Session
from kedge.node.status import Status, read_status

__all__ = [
    "EXAMPLES",
    "L1",
    "NODE_FILE",
    "NODE_REFUSALS",
    "SERVICE_OPTIONS",
    "TOKEN_FILE",
    "CellCounter",
    "Demo",
    "Devnet",
    "DevnetRun",
    "Footing",
    "Hooks",
    "L1Terms",
    "Node",
    "NodeOptions",
    "Outcome",
    "Place",
    "Recorder",
    "Service",
    "Session",
    "Status",
    "TableCost",
    "TapeRun",
    "Told",
    "deploy_on",
    "deploy_place",
    "dev_wallet",
    "live_chain",
    "load_markets",
    "load_place",
    "measure_prover",
    "measure_river",
    "measure_sequencer",
    "read_key",
    "read_markets",
    "read_status",
    "save_place",
    "saved_chain",
    "settle_on",
    "write_results",
]
