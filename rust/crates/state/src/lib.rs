//! The state of the exchange: records of eight words in a sparse Merkle tree.
//!
//! - [`hash`](hash()) is Poseidon2 over Goldilocks, width 16, with feed-forward: sixteen words to a digest of four.
//! - [`Tree`] holds every record that is not zero, with the digests above it; updates are batched.
//! - [`Partial`] is the part of a tree that a chunk touches: enough to check its old root and, from the final words
//!   of the touched records, to compute its new root and every row of the `leaf` and `node` tables ([`Rows`]).
//!
//! A leaf hashes two records ([`records_of`] says which); eighteen levels of nodes with four children stand above the
//! leaves. All functions are total: hostile input gives an [`Error`], never a panic.

mod error;
mod hash;
mod partial;
mod place;
mod rows;
mod tree;

pub use error::Error;
pub use hash::{Digest, Record, digest_from_bytes, digest_to_bytes, hash, hash_many, is_canonical};
pub use partial::Partial;
pub use place::{ADDRESS_BITS, LEVELS, leaf_of, parts_of, records_of};
pub use rows::{LeafRow, NodeRow, Rows};
pub use tree::{Path, Tree, empty_root};
