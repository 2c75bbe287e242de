"""Which L1 transaction settles which rollup: contracts, functions and events, and why a receipt is set aside.

A settlement is recognised by what it did, not by what a file calls it: the contract called, then its event (which the
contract emits only when it accepted), then the selector; for batch inboxes, which run no code, by the sender. Addresses
are public; names come from public lists. Kinds follow L2BEAT: a function may be data and proof and state at once.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, NamedTuple

from kedge.risk.receipt_dialects import LEAST_GAS, Receipt, show

DATA, PROOF, STATE = "data submissions", "proof submissions", "state updates"

FAILED: Final = "failed on L1"
FOREIGN: Final = "foreign: the contract called belongs to no rollup that we know"
THROUGH_OTHER: Final = "a settlement event, but the call went through a contract that we do not know"
OTHER_FUNCTION: Final = "a rollup's contract, but no settlement that we know (deposit, withdrawal, administration)"
NOT_KNOWN: Final = "a contract of {}, whose settlement functions are not known here"
NO_FUNCTION: Final = "a rollup's contract, but the record does not say which function was called (add `input`)"
NO_EVENT: Final = "a settlement function without the event of its contract"
WRONG_SENDER: Final = "to a batch inbox, but not from its batcher"
NO_SENDER: Final = "to a batch inbox, but the record does not say from whom (add `from`)"
NO_PAYLOAD: Final = "to a batch inbox, without call data or blob"
NO_INPUT: Final = "to a batch inbox, but the record does not say whether with call data (add `input` or `gasUsed`)"
TWICE: Final = "twice in the file"
MISLABELLED: Final = "labelled {}, but the contract belongs to {}"


class Rule(NamedTuple):
    """One settlement function: system, contract called, selector, kinds, first topic of the event that proves it."""

    system: str
    contract: str
    selector: str
    kinds: tuple[str, ...]
    event: str | None


RULES: Final = (
    Rule("Arbitrum One", "0x4c6f947ae67f572afa4ae0730947de7c874f95ef", "0x8a2df18d", (DATA,), "0x10e0571aafaf2821"),
    Rule("Arbitrum One", "0x1c479675ad559dc151f6ec7ed3fbf8cee79582b6", "0x8f111f3c", (DATA,), "0x7394f4a19a13c7b9"),
    Rule("Arbitrum One", "0x1c479675ad559dc151f6ec7ed3fbf8cee79582b6", "0x3e5aa082", (DATA,), "0x7394f4a19a13c7b9"),
    Rule("Arbitrum One", "0x83215480db2c6a7e56f9e99ef93ab9b36f8a3dd5", "0x097da1f8", (STATE,), "0x22ef0479a7ff660660"),
    Rule("Arbitrum One", "0x83215480db2c6a7e56f9e99ef93ab9b36f8a3dd5", "0x097da1f8", (STATE,), "0x4f4caa9e67fb994e"),
    Rule(
        "Aztec Connect",
        "0xff1f2b4adb9df6fc8eafecdcbf96a2b351680455",
        "0xf81cccbe",
        (DATA, PROOF, STATE),
        "0x14054a15b39b",
    ),
    Rule("Linea", "0xd19d4b5d358258f05d7b411e21a1460d11b0876f", "0x2d3c12e5", (DATA,), "0x174b4a2e83ebebaf"),
    Rule("Linea", "0xd19d4b5d358258f05d7b411e21a1460d11b0876f", "0x4165d6dd", (PROOF, STATE), None),
    Rule("Mantle", "0x291dc3819b863e19b0a9b9809f8025d2eb4aae93", "0xd0f89344", (DATA,), "0x602f1aeac0ca2e7a"),
    Rule("OP Mainnet", "0x5e4e65926ba27467555eb562121fac00d24e9dd2", "0xd0f89344", (DATA,), "0x602f1aeac0ca2e7a"),
    Rule("OP Mainnet", "0xbe5dab4a2e9cd0f27300db4ab94bee3a233aeb19", "0x8ca5cbb9", (STATE,), None),
    Rule("Polygon zkEVM", "0x5132a183e9f3cb7c848b0aac5ae0c4f0491b7ab2", "0x5e9145c9", (DATA,), "0x303446e6a8cb73c8"),
    Rule("Scroll", "0xa13baf47339d63b743e7da8741db5456dac1e556", "0x1325aca0", (DATA,), "0x2c32d4ae151744d0"),
    Rule("Scroll", "0xa13baf47339d63b743e7da8741db5456dac1e556", "0x31fa742d", (PROOF, STATE), "0x26ba82f907317eed"),
    Rule("Scroll", "0xa13baf47339d63b743e7da8741db5456dac1e556", "0x00b0f4d7", (PROOF, STATE), "0x26ba82f907317eed"),
    Rule("StarkWare SHARP", "0x40864568f679c10ac9e72211500096a5130770fa", "0x5578ceae", (DATA,), "0xb8b9c39aeba1cfd9"),
    Rule("Starknet", "0xc662c410c0ecf747543f5ba90660f6abebd9c8c4", "0x77552641", (STATE,), "0x9866f8ddfe70bb51"),
    Rule("Starknet", "0xc662c410c0ecf747543f5ba90660f6abebd9c8c4", "0xb72d42a1", (DATA, STATE), "0x9866f8ddfe70bb51"),
    Rule("Taiko", "0x68d30f47f19c07bccef4ac7fae2dc12fca3e0dc9", "0xe4882785", (DATA,), "0xefe9c6c0b5cbd9c0"),
    Rule("Taiko", "0x68d30f47f19c07bccef4ac7fae2dc12fca3e0dc9", "0x10d008bd", (PROOF, STATE), "0xc195e4be3b936845"),
    Rule("Taiko", "0x68d30f47f19c07bccef4ac7fae2dc12fca3e0dc9", "0x440b6e18", (PROOF, STATE), "0x11a9112e5724f21b"),
    Rule("Zora", "0x9e6204f750cd866b299594e2ac9ea824e2e5f95c", "0x9aaab648", (STATE,), "0xa7aaf2512769da4e"),
    Rule("zkSync Era", "0x3db52ce065f728011ac6732222270b3f2360d919", "0x0c4dd810", (DATA,), "0x8f2916b2f2d78cc5"),
    Rule("zkSync Lite", "0xabea9132b05a70803a4e85094fd0e1800777fbef", "0x83981808", (PROOF,), None),
    Rule("zkSync Lite", "0xabea9132b05a70803a4e85094fd0e1800777fbef", "0xb0705b42", (STATE,), "0x0cdbd8bd78130950"),
)
"""Events by their first bytes; None where the contract emits none of its own."""

OTHER_CONTRACTS: Final = {
    "0x3b4d794a66304f130a4db8f2551b0070dfcf5ca7": "Lighter",
    "0x32400084c286cf3e17e7b677ea9583e60a000324": "zkSync Era",
    "0x3071be11f9e92a9eb28f305e1fa033cd102714e7": "Myria (StarkEx)",
    "0x5fdcca53617f4d2b9134b29090c87d01058e27e9": "Immutable X (StarkEx)",
    "0xd54f502e184b6b739d7d27a6410a67dc462d69c8": "dYdX v3 (StarkEx)",
    "0xf5c9f957705bea56a7e806943f98f7777b995826": "Sorare (StarkEx)",
}
"""Contracts of rollups whose settlement functions are not known here."""

INBOXES: Final = {
    "0xff00000000000000000000000000000000000010": "OP Mainnet",
    "0xff00000000000000000000000000000000008453": "Base",
    "0xff00000000000000000000000000000000081457": "Blast",
    "0xff00000000000000000000000000000000048900": "Zircuit",
    "0xff00000000000000000000000000000000000130": "Unichain",
    "0xff00000000000000000000000000000000002410": "Karak",
    "0xff000000000000000000000000000000000420fc": "Public Goods Network",
    "0xc83f7d9f2d4a76e81145849381aba02602373723": "Metal L2",
    "0x24e59d9d3bd73ccc28dc54062af7ef7bff58bd67": "Mode",
    "0x008dc74cecc9deda8595b2fe210ce5979f0bfa8e": "Soneium",
}
BATCHERS: Final = {
    "OP Mainnet": ("0x6887246668a3b87f54deb3b94ba47a6f63f32985", "0x6088b06c5a187058434655b71057a9ee93e13d0d"),
    "Base": ("0x5050f69a9786f081509234f1a7f4684b5e5b76c9",),
    "Blast": ("0x415c8893d514f9bc5211d36eeda4183226b84aa7",),
    "Zircuit": ("0xaf1e4f6a47af647f87c0ec814d8032c4a4bff145",),
    "Unichain": ("0x2f60a5184c63ca94f82a27100643dbabe4f3f7fd",),
    "Karak": ("0x84bdfb21ed7c8b332a42bfd595744a84f3101e4e",),
    "Public Goods Network": ("0x6017f75108f251a488b045a7ce2a7c15b179d1f2",),
    "Metal L2": ("0xc94c243f8fb37223f3eb2f7961f7072602a51b8b",),
    "Mode": ("0x99199a22125034c808ff20f377d91187e8050f2e",),
    "Soneium": ("0x6776be80dbada6a02b5f2095cf13734ac303b8d1",),
}
"""Batch senders on record; an inbox takes whatever anyone sends, only its batcher's transactions are batches."""

_EVENTS: Final = {r.contract: tuple(o.event for o in RULES if o.event and o.contract == r.contract) for r in RULES}
_NEVER: Final[tuple[str, ...]] = ()
_INBOX = re.compile(r"^0xff0{20,}(\d{1,12})$")
"""OP Stack's custom: 0xff, zeros, the chain's number in decimal digits."""


@dataclass(frozen=True)
class Classified:
    """A receipt's system and kinds of submission; or, with `reason`, why it is no settlement."""

    system: str = ""
    kinds: tuple[str, ...] = ()
    reason: str = ""


def _by_rules(receipt: Receipt) -> Rule | str:
    """The rule that the call satisfies, or the reason why none."""
    selector = receipt.selector
    fitting = [rule for rule in RULES if rule.contract == receipt.to and selector in (rule.selector, None)]
    silent = next((rule for rule in fitting if rule.event is None), None)
    if receipt.logs is None:
        return OTHER_FUNCTION if not fitting else NO_FUNCTION if selector is None else fitting[0]
    topics = [topic for _, topic in receipt.logs]
    shown = [rule for rule in fitting if rule.event is not None and any(t.startswith(rule.event) for t in topics)]
    if shown:
        return shown[0]
    if selector is None:
        return NO_FUNCTION if silent else OTHER_FUNCTION
    return silent or (NO_EVENT if fitting else OTHER_FUNCTION)


def _by_inbox(receipt: Receipt) -> Rule | str:
    """A batch of an OP Stack chain, or the reason why not."""
    named, number = INBOXES.get(receipt.to), _INBOX.match(receipt.to)
    if named is None and number is None:
        return (
            THROUGH_OTHER
            if any(topic.startswith(_EVENTS.get(at, _NEVER)) for at, topic in receipt.logs or ())
            else FOREIGN
        )
    if named is not None and receipt.sender not in BATCHERS[named]:
        return WRONG_SENDER if receipt.sender else NO_SENDER
    # A receipt alone does not carry the call data; what it paid above the least does show that there was some.
    has_data = receipt.has_data if receipt.has_data is not None or receipt.gas is None else receipt.gas > LEAST_GAS
    if not has_data:
        return NO_INPUT if has_data is None else NO_PAYLOAD
    return Rule(named or f"chain {int(number.group(1)) if number else 0} (unnamed)", receipt.to, "", (DATA,), None)


def classify(receipt: Receipt) -> Classified:
    """Name the settlement in one receipt, or the reason why it is none."""
    is_known = any(rule.contract == receipt.to for rule in RULES)
    is_inbox = receipt.to in INBOXES or _INBOX.match(receipt.to)
    if receipt.succeeded is False and (is_known or is_inbox or receipt.to in OTHER_CONTRACTS):
        return Classified(reason=FAILED)
    if receipt.to in OTHER_CONTRACTS:
        return Classified(reason=NOT_KNOWN.format(OTHER_CONTRACTS[receipt.to]))
    found = _by_rules(receipt) if is_known else _by_inbox(receipt)
    if isinstance(found, str):
        return Classified(reason=found)
    if receipt.label and receipt.label != found.system and "unnamed" not in found.system:
        return Classified(reason=MISLABELLED.format(show(receipt.label), found.system))
    return Classified(found.system, found.kinds)
