"""Records in a Merkle tree: digests, trees, proofs of records, exports of a whole state.

Invariants:
- A state is a map from an address (below 2^37) to a record of eight words; a record of zeros is no record.
- Two states are equal exactly when their roots are (Poseidon2, width 16, feed-forward; four children to a node).
- A word is a signed integer: the centred lift of a Goldilocks element. A digest is 32 bytes: four words, little-endian.

Surface: `Tree` holds a state; `prove_record` and `RecordProof` show one record under a root; `export_state` and
`import_state` carry a whole state as bytes that are checked against a root; `digest_to_hex` and `digest_from_hex` are
how digests are written for people.
"""

from kedge.state.digest import DIGEST_BYTES, compute_digest, digest_from_hex, digest_to_hex, digest_to_words
from kedge.state.export import export_state, import_state
from kedge.state.record_proof import RecordProof, prove_record
from kedge.state.tree import EMPTY_ROOT, LEVELS, WORDS, Entry, Tree

__all__ = [
    "DIGEST_BYTES",
    "EMPTY_ROOT",
    "LEVELS",
    "WORDS",
    "Entry",
    "RecordProof",
    "Tree",
    "compute_digest",
    "digest_from_hex",
    "digest_to_hex",
    "digest_to_words",
    "export_state",
    "import_state",
    "prove_record",
]
