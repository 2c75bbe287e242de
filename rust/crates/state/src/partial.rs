//! The part of a tree that a chunk touches.

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::hash::{Digest, Record, hash_many};
use crate::place::{ADDRESS_BITS, LEVELS, leaf_of, records_of};
use crate::rows::{LeafRow, NodeRow, Rows};
use crate::tree::{check_address, check_words, empty_digests, join, join_pair};
use crate::{Error, Tree};

/// Touched leaves with their words, and the digests beside their paths: enough to recompute the root.
///
/// What is read from outside may be anything; each method checks all it uses, and work is bounded by the size.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Partial {
    /// Leaf index and its two records, by ascending index.
    leaves: Vec<(u64, [Record; 2])>,
    /// Digests of the untouched children of touched nodes, by level, parent and position; `None`: no records there.
    siblings: Vec<Option<Digest>>,
}

/// A touched node on the way up: index in its level, digest before and after.
struct Touched {
    index: u64,
    old: Digest,
    new: Digest,
}

impl Partial {
    pub(crate) fn of(tree: &Tree, addresses: &[u64]) -> Result<Self, Error> {
        addresses.iter().try_for_each(|address| check_address(*address))?;
        let mut indexes: Vec<u64> = addresses.iter().map(|address| leaf_of(*address)).collect();
        indexes.sort_unstable();
        indexes.dedup();
        let leaves = indexes.iter().map(|index| (*index, tree.pair(*index))).collect();
        let mut siblings = Vec::new();
        for level in 0..LEVELS {
            let parents = parents(&indexes, level);
            let mut touched = indexes.iter().copied().peekable();
            for child in parents.iter().flat_map(|parent| 4 * parent..4 * parent + 4) {
                if touched.next_if_eq(&child).is_none() {
                    siblings.push(tree.digest(level, child));
                }
            }
            indexes = parents;
        }
        Ok(Self { leaves, siblings })
    }

    /// Touched leaves: index and its two records ([`records_of`]), by ascending index.
    pub fn leaves(&self) -> &[(u64, [Record; 2])] {
        &self.leaves
    }

    /// The words of a record before the chunk, if its leaf is touched.
    pub fn get(&self, address: u64) -> Option<Record> {
        let leaf = leaf_of(address);
        let place = self.leaves.binary_search_by_key(&leaf, |leaf| leaf.0).ok()?;
        let side = records_of(leaf).iter().position(|known| *known == address)?;
        Some(self.leaves[place].1[side])
    }

    /// The root that these leaves and siblings have.
    pub fn root(&self) -> Result<Digest, Error> {
        self.apply(&[]).map(|rows| rows.old_root)
    }

    /// Refuse unless this is a part of the tree with the given root.
    pub fn verify_root(&self, root: &Digest) -> Result<(), Error> {
        if self.root()? == *root {
            Ok(())
        } else {
            Err(Error::Root)
        }
    }

    /// All rows of a chunk that leaves these words at these addresses; an address that is not named keeps its words.
    pub fn apply(&self, changes: &[(u64, Record)]) -> Result<Rows, Error> {
        self.check()?;
        let leaf = self.leaf_rows(changes)?;
        let mut touched: Vec<_> = leaf
            .iter()
            .map(|row| Touched {
                index: row.index,
                old: row.old,
                new: row.new,
            })
            .collect();
        let mut siblings = self.siblings.iter();
        let mut node = Vec::new();
        for level in 0..LEVELS {
            let mut rows = open_rows(level, &touched, &mut siblings).ok_or_else(|| self.miscount())?;
            close_rows(&mut rows);
            touched = rows
                .iter()
                .map(|row| Touched {
                    index: row.index,
                    old: row.old,
                    new: row.new,
                })
                .collect();
            node.append(&mut rows);
        }
        if siblings.next().is_some() {
            return Err(self.miscount());
        }
        let (old_root, new_root) = (touched[0].old, touched[0].new);
        Ok(Rows {
            old_root,
            new_root,
            leaf,
            node,
        })
    }

    fn check(&self) -> Result<(), Error> {
        let mut next = 0;
        for (index, pair) in &self.leaves {
            if *index < next || index >> (ADDRESS_BITS - 1) != 0 {
                return Err(Error::Leaf(*index));
            }
            next = index + 1;
            check_words(pair.as_flattened())?;
        }
        self.siblings
            .iter()
            .flatten()
            .try_for_each(|digest| check_words(digest))
    }

    fn leaf_rows(&self, changes: &[(u64, Record)]) -> Result<Vec<LeafRow>, Error> {
        let mut finals = FxHashMap::default();
        for (address, words) in changes {
            check_words(words)?;
            self.get(*address).ok_or(Error::Untouched(*address))?;
            finals.insert(*address, *words);
        }
        let ends: Vec<[Record; 2]> = self
            .leaves
            .iter()
            .map(|(index, pair)| {
                let addresses = records_of(*index);
                std::array::from_fn(|i| finals.get(&addresses[i]).copied().unwrap_or(pair[i]))
            })
            .collect();
        let inputs: Vec<_> = self
            .leaves
            .iter()
            .map(|leaf| &leaf.1)
            .chain(&ends)
            .map(join_pair)
            .collect();
        let digests = hash_many(&inputs);
        let (old, new) = digests.split_at(ends.len());
        let rows = self.leaves.iter().zip(ends).zip(old.iter().zip(new));
        Ok(rows
            .map(|(((index, pair), end), (old, new))| LeafRow {
                index: *index,
                old_records: *pair,
                new_records: end,
                old: *old,
                new: *new,
            })
            .collect())
    }

    fn miscount(&self) -> Error {
        let mut indexes: Vec<u64> = self.leaves.iter().map(|leaf| leaf.0).collect();
        let mut needed = 0;
        for level in 0..LEVELS {
            let parents = parents(&indexes, level);
            needed += 4 * parents.len() - indexes.len();
            indexes = parents;
        }
        Error::Siblings {
            found: self.siblings.len(),
            needed,
        }
    }
}

/// Indexes of the touched nodes over children of a level; the root is touched always, so that a chunk without any
/// access still has the one row that meets its public roots.
fn parents(indexes: &[u64], level: usize) -> Vec<u64> {
    if level + 1 == LEVELS {
        return vec![0];
    }
    let mut parents: Vec<u64> = indexes.iter().map(|index| index >> 2).collect();
    parents.dedup();
    parents
}

/// The rows over the touched children of a level, without their own digests; `None` if siblings run out.
fn open_rows<'a>(
    level: usize,
    touched: &[Touched],
    siblings: &mut impl Iterator<Item = &'a Option<Digest>>,
) -> Option<Vec<NodeRow>> {
    let indexes: Vec<u64> = touched.iter().map(|child| child.index).collect();
    let mut children = touched.iter().peekable();
    let mut rows = Vec::new();
    for index in parents(&indexes, level) {
        let blank = [[0; 4]; 4];
        let (old, new) = ([0; 4], [0; 4]);
        let mut row = NodeRow {
            level: level as u8 + 1,
            index,
            touched: [false; 4],
            old_children: blank,
            new_children: blank,
            old,
            new,
        };
        for position in 0..4 {
            let child = children.next_if(|child| child.index == 4 * index + position as u64);
            row.touched[position] = child.is_some();
            (row.old_children[position], row.new_children[position]) = match child {
                Some(child) => (child.old, child.new),
                None => {
                    let digest = siblings.next()?.unwrap_or(empty_digests()[level]);
                    (digest, digest)
                }
            };
        }
        rows.push(row);
    }
    Some(rows)
}

/// Fill in the rows' own digests.
fn close_rows(rows: &mut [NodeRow]) {
    let inputs: Vec<_> = rows
        .iter()
        .map(|row| join(&row.old_children))
        .chain(rows.iter().map(|row| join(&row.new_children)))
        .collect();
    let digests = hash_many(&inputs);
    let (old, new) = digests.split_at(rows.len());
    for ((row, old), new) in rows.iter_mut().zip(old).zip(new) {
        (row.old, row.new) = (*old, *new);
    }
}
