//! The sparse Merkle tree: every record that is not zero, and the digests above them.

use std::sync::OnceLock;

use rustc_hash::FxHashMap;

use crate::hash::{Digest, Record, hash, hash_many, is_canonical};
use crate::place::{ADDRESS_BITS, LEVELS, address_at, leaf_of, position_of, records_of};
use crate::{Error, Partial};

pub(crate) const ZERO: Record = [0; 8];

/// Digest of a subtree without records, by the level of its top: 0 a leaf, [`LEVELS`] the whole tree.
pub(crate) fn empty_digests() -> &'static [Digest; LEVELS + 1] {
    static CELL: OnceLock<[Digest; LEVELS + 1]> = OnceLock::new();
    CELL.get_or_init(|| {
        let mut digests = [hash(&[0; 16]); LEVELS + 1];
        for level in 1..=LEVELS {
            digests[level] = hash(&join(&[digests[level - 1]; 4]));
        }
        digests
    })
}

/// Root of the tree without records.
pub fn empty_root() -> Digest {
    empty_digests()[LEVELS]
}

/// The hash input of a node: its four children, one after the other.
pub(crate) fn join(children: &[Digest; 4]) -> [u64; 16] {
    std::array::from_fn(|i| children[i / 4][i % 4])
}

/// The hash input of a leaf: its two records, one after the other.
pub(crate) fn join_pair(pair: &[Record; 2]) -> [u64; 16] {
    std::array::from_fn(|i| pair[i / 8][i % 8])
}

pub(crate) fn check_address(address: u64) -> Result<(), Error> {
    if address >> ADDRESS_BITS == 0 {
        Ok(())
    } else {
        Err(Error::Address(address))
    }
}

pub(crate) fn check_words(words: &[u64]) -> Result<(), Error> {
    words
        .iter()
        .find(|word| !is_canonical(**word))
        .map_or(Ok(()), |word| Err(Error::Word(*word)))
}

/// A sparse Merkle tree over records, with its root always current.
///
/// Stored are the records that are not zero and the digests that differ from the empty subtree's: two trees with the
/// same records are equal in every stored bit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tree {
    records: FxHashMap<u64, Record>,
    /// Digests by level below the root, then by index in the level.
    levels: Vec<FxHashMap<u64, Digest>>,
    root: Digest,
}

impl Default for Tree {
    fn default() -> Self {
        Self::new()
    }
}

impl Tree {
    /// The tree without records.
    pub fn new() -> Self {
        Self {
            records: FxHashMap::default(),
            levels: vec![FxHashMap::default(); LEVELS],
            root: empty_root(),
        }
    }

    pub fn root(&self) -> Digest {
        self.root
    }

    /// How many records are not zero.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// The record at an address; zeros where nothing was stored or the address does not exist.
    pub fn get(&self, address: u64) -> Record {
        self.records.get(&address).copied().unwrap_or(ZERO)
    }

    /// All records that are not zero, by ascending address.
    pub fn entries(&self) -> Vec<(u64, Record)> {
        let mut entries: Vec<_> = self.records.iter().map(|(address, words)| (*address, *words)).collect();
        entries.sort_unstable_by_key(|entry| entry.0);
        entries
    }

    /// Replace one record; several at once are cheaper by [`Tree::update`].
    pub fn set(&mut self, address: u64, words: Record) -> Result<(), Error> {
        self.update(&[(address, words)])
    }

    /// Replace records (the last one counts where an address is repeated), hashing each touched node once.
    ///
    /// On an error nothing has changed.
    pub fn update(&mut self, changes: &[(u64, Record)]) -> Result<(), Error> {
        for (address, words) in changes {
            check_address(*address)?;
            check_words(words)?;
        }
        let mut touched: Vec<u64> = changes
            .iter()
            .filter(|(a, w)| self.replace(*a, w))
            .map(|(a, _)| leaf_of(*a))
            .collect();
        touched.sort_unstable();
        touched.dedup();
        if !touched.is_empty() {
            self.rehash(touched);
        }
        Ok(())
    }

    /// Store a record without hashing; false if it was there already.
    fn replace(&mut self, address: u64, words: &Record) -> bool {
        let old = if *words == ZERO {
            self.records.remove(&address)
        } else {
            self.records.insert(address, *words)
        };
        old.unwrap_or(ZERO) != *words
    }

    /// Recompute everything above the given leaves (ascending, distinct, at least one).
    fn rehash(&mut self, mut indexes: Vec<u64>) {
        let inputs: Vec<_> = indexes.iter().map(|index| join_pair(&self.pair(*index))).collect();
        let mut digests = hash_many(&inputs);
        for level in 0..LEVELS {
            for (index, digest) in indexes.iter().zip(&digests) {
                self.store(level, *index, digest);
            }
            indexes.iter_mut().for_each(|index| *index >>= 2);
            indexes.dedup();
            let inputs: Vec<_> = indexes
                .iter()
                .map(|index| join(&self.children(level + 1, *index)))
                .collect();
            digests = hash_many(&inputs);
        }
        self.root = digests[0];
    }

    fn store(&mut self, level: usize, index: u64, digest: &Digest) {
        if *digest == empty_digests()[level] {
            self.levels[level].remove(&index);
        } else {
            self.levels[level].insert(index, *digest);
        }
    }

    pub(crate) fn pair(&self, leaf: u64) -> [Record; 2] {
        records_of(leaf).map(|address| self.get(address))
    }

    /// Digest at a level below the root; `None` is a subtree without records.
    pub(crate) fn digest(&self, level: usize, index: u64) -> Option<Digest> {
        self.levels[level].get(&index).copied()
    }

    /// The four digests under a node of level 1 to [`LEVELS`].
    fn children(&self, level: usize, index: u64) -> [Digest; 4] {
        let empty = empty_digests()[level - 1];
        std::array::from_fn(|child| self.digest(level - 1, 4 * index + child as u64).unwrap_or(empty))
    }

    /// The Merkle path of an address.
    pub fn path(&self, address: u64) -> Result<Path, Error> {
        check_address(address)?;
        let position = position_of(address);
        let siblings = std::array::from_fn(|level| {
            let index = position >> (1 + 2 * level);
            let children = self.children(level + 1, index >> 2);
            std::array::from_fn(|i| children[i + usize::from(i as u64 >= index % 4)])
        });
        Ok(Path {
            partner: self.get(address_at(position ^ 1)),
            siblings,
        })
    }

    /// The part of this tree that holds the given addresses (any order, repeats allowed); none at all is allowed.
    pub fn multiproof(&self, addresses: &[u64]) -> Result<Partial, Error> {
        Partial::of(self, addresses)
    }
}

/// What proves the content of one address: the record that shares its leaf, and three siblings on each level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Path {
    pub partner: Record,
    /// By level from the leaf up; the three other children of the parent in ascending position.
    pub siblings: [[Digest; 3]; LEVELS],
}

impl Path {
    /// The root of the tree in which `address` holds `words`, if this is its path.
    pub fn root(&self, address: u64, words: &Record) -> Result<Digest, Error> {
        check_address(address)?;
        check_words(words)?;
        check_words(&self.partner)?;
        check_words(self.siblings.as_flattened().as_flattened())?;
        let place = position_of(address);
        let pair = if place & 1 == 0 {
            [*words, self.partner]
        } else {
            [self.partner, *words]
        };
        let mut digest = hash(&join_pair(&pair));
        for (level, siblings) in self.siblings.iter().enumerate() {
            let position = (place >> (1 + 2 * level)) as usize % 4;
            let mut others = siblings.iter();
            let children = std::array::from_fn(|child| match child == position {
                true => digest,
                false => others.next().copied().unwrap_or_default(),
            });
            digest = hash(&join(&children));
        }
        Ok(digest)
    }
}
