//! Rows of the `leaf` and `node` tables: what changed in the tree over a chunk.

use crate::hash::{Digest, Record};
use crate::tree::{join, join_pair};

/// A touched leaf: its two records ([`crate::records_of`]) before and after, and both digests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeafRow {
    pub index: u64,
    pub old_records: [Record; 2],
    pub new_records: [Record; 2],
    pub old: Digest,
    pub new: Digest,
}

/// A touched node of level 1 to 18: its children and itself before and after.
///
/// A child that is not touched has the same digest before and after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeRow {
    pub level: u8,
    pub index: u64,
    pub touched: [bool; 4],
    pub old_children: [Digest; 4],
    pub new_children: [Digest; 4],
    pub old: Digest,
    pub new: Digest,
}

/// All rows of one chunk: leaves by ascending index, nodes by ascending level and index; the root's row is the last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rows {
    pub old_root: Digest,
    pub new_root: Digest,
    pub leaf: Vec<LeafRow>,
    pub node: Vec<NodeRow>,
}

impl Rows {
    /// Every use of the hash by these rows, input and digest: each row hashes once before and once after.
    pub fn permutations(&self) -> impl Iterator<Item = ([u64; 16], Digest)> + '_ {
        let leaf = self.leaf.iter().flat_map(|row| {
            [
                (join_pair(&row.old_records), row.old),
                (join_pair(&row.new_records), row.new),
            ]
        });
        let node = self
            .node
            .iter()
            .flat_map(|row| [(join(&row.old_children), row.old), (join(&row.new_children), row.new)]);
        leaf.chain(node)
    }
}
