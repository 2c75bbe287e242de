//! Records in memory, with what the open chunk did to them, and the committed tree below.
//!
//! Invariants: a cell's `seen` is the time of its last access in the open chunk, 0 if there is none; `touched` lists
//! exactly the cells with `seen != 0`, each with its words at the start of the chunk; a cell whose words may differ
//! from the tree's is in `dirty`. `tree_rows` holds what lies above the touched cells, and `bits` is the published length
//! of those whose words differ from those at the start. An undo restores all of it exactly.

use kedge_state::{Digest, Error, Partial, Tree};
use rustc_hash::FxHashMap;

use crate::exec::{Access, Loaded};
use crate::meter::{Sizes, Touched};

/// Handle of a record that has no cell yet.
const ABSENT: u32 = u32::MAX;

#[derive(Clone, Debug)]
struct Cell {
    address: u64,
    words: [u64; 8],
    seen: u32,
    dirty: bool,
    /// Its place in `touched`, where it was.
    place: u32,
}

/// What undoes one committed access.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Undo {
    handle: u32,
    /// The access made the cell.
    made: bool,
    /// The access made the cell dirty.
    dirtied: bool,
    /// Leaves and nodes of the tree that the access was the first to touch.
    new: u8,
    seen: u32,
    words: [u64; 8],
}

/// The records of an engine.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memory {
    places: FxHashMap<u64, u32>,
    cells: Vec<Cell>,
    touched: Vec<(u32, [u64; 8])>,
    dirty: Vec<u32>,
    tree_rows: Touched,
    bits: u64,
    sizes: Sizes,
    tree: Tree,
}

/// A chunk's part of the tree, and what it changed.
pub(crate) struct Closed {
    pub(crate) old_root: Digest,
    pub(crate) new_root: Digest,
    pub(crate) partial: Partial,
    /// Records whose words changed, by address.
    pub(crate) changed: Vec<(u64, [u64; 8])>,
}

impl Memory {
    /// A memory without records.
    pub(crate) fn empty(sizes: Sizes) -> Self {
        Self {
            sizes,
            ..Self::default()
        }
    }

    /// A memory with these records. Fails on an address out of range or a word that is not canonical.
    pub(crate) fn of(records: &[(u64, [u64; 8])], sizes: Sizes) -> Result<Self, Error> {
        let mut memory = Self::empty(sizes);
        memory.tree.update(records)?;
        for &(address, words) in records {
            memory.place(address, words);
        }
        Ok(memory)
    }

    pub(crate) fn load(&self, address: u64) -> Loaded {
        self.places.get(&address).map_or(
            Loaded {
                words: [0; 8],
                seen: 0,
                handle: ABSENT,
            },
            |&handle| {
                let cell = &self.cells[handle as usize];
                Loaded {
                    words: cell.words,
                    seen: cell.seen,
                    handle,
                }
            },
        )
    }

    /// The words at an address.
    pub(crate) fn get(&self, address: u64) -> [u64; 8] {
        self.load(address).words
    }

    /// Applies an enabled access of a step that ran at this time. Invariant: its handle is what [`Memory::load`] gave.
    pub(crate) fn commit(&mut self, access: &Access, time: u32) -> Undo {
        let made = access.handle == ABSENT;
        let handle = if made {
            self.place(access.address, [0; 8])
        } else {
            access.handle
        };
        let cell = &mut self.cells[handle as usize];
        let mut undo = Undo {
            handle,
            made,
            dirtied: false,
            new: 0,
            seen: cell.seen,
            words: cell.words,
        };
        if cell.seen == 0 {
            cell.place = self.touched.len() as u32;
            self.touched.push((handle, cell.words));
            undo.new = self.tree_rows.grow(cell.address);
        }
        cell.seen = time;
        if access.written && access.words != cell.words {
            undo.dirtied = !cell.dirty;
            if undo.dirtied {
                cell.dirty = true;
                self.dirty.push(handle);
            }
            self.rewrite(handle, access.words);
        }
        undo
    }

    /// Takes back the last commit that was not taken back yet.
    pub(crate) fn undo(&mut self, undo: Undo) {
        self.rewrite(undo.handle, undo.words);
        let cell = &mut self.cells[undo.handle as usize];
        cell.seen = undo.seen;
        self.tree_rows.shrink(undo.new);
        if undo.dirtied {
            cell.dirty = false;
            self.dirty.pop();
        }
        if undo.seen == 0 {
            self.touched.pop();
        }
        if undo.made {
            self.places.remove(&cell.address);
            self.cells.pop();
        }
    }

    /// All records that are not zero, by address.
    pub(crate) fn entries(&self) -> Vec<(u64, [u64; 8])> {
        let mut entries: Vec<_> = self
            .cells
            .iter()
            .filter(|cell| cell.words != [0; 8])
            .map(|cell| (cell.address, cell.words))
            .collect();
        entries.sort_unstable_by_key(|entry| entry.0);
        entries
    }

    /// What the open chunk touched: address, last access, words at its start; in order of first access.
    pub(crate) fn open(&self) -> Vec<(u64, u32, [u64; 8])> {
        let item = |&(handle, old): &(u32, [u64; 8])| {
            let cell = &self.cells[handle as usize];
            (cell.address, cell.seen, old)
        };
        self.touched.iter().map(item).collect()
    }

    /// Marks a record as touched by the open chunk, as [`Memory::open`] gave it; false if it was marked before.
    pub(crate) fn reopen(&mut self, (address, seen, old): (u64, u32, [u64; 8])) -> bool {
        let handle = match self.load(address).handle {
            ABSENT => self.place(address, [0; 8]),
            handle => handle,
        };
        let cell = &mut self.cells[handle as usize];
        if cell.seen != 0 || seen == 0 {
            return false;
        }
        cell.seen = seen;
        cell.place = self.touched.len() as u32;
        self.touched.push((handle, old));
        self.tree_rows.grow(address);
        if cell.words != old {
            self.bits += u64::from(self.sizes.bits(address));
        }
        true
    }

    /// Leaves and nodes above what the open chunk touched.
    pub(crate) const fn tree_rows(&self) -> &Touched {
        &self.tree_rows
    }

    /// Greatest published length in bits of the records that the open chunk has changed.
    pub(crate) const fn published_bits(&self) -> u64 {
        self.bits
    }

    /// The root of the current records.
    pub(crate) fn root(&mut self) -> Result<Digest, Error> {
        let cells = &mut self.cells;
        let take = |handle: u32| {
            let cell = &mut cells[handle as usize];
            cell.dirty = false;
            (cell.address, cell.words)
        };
        let changes: Vec<_> = self.dirty.drain(..).map(take).collect();
        self.tree.update(&changes)?;
        Ok(self.tree.root())
    }

    /// Ends the chunk: its part of the old tree, and the new root. The next chunk has touched nothing.
    pub(crate) fn close(&mut self) -> Result<Closed, Error> {
        self.tree_rows.clear();
        self.bits = 0;
        let mut changed = Vec::new();
        let mut before = Vec::with_capacity(self.touched.len());
        for (handle, old) in self.touched.drain(..) {
            let cell = &mut self.cells[handle as usize];
            cell.seen = 0;
            before.push((cell.address, old));
            if cell.words != old {
                changed.push((cell.address, cell.words));
            }
        }
        // A root asked for within the chunk has moved the tree on; this is free where it has not.
        self.tree.update(&before)?;
        let old_root = self.tree.root();
        let addresses: Vec<u64> = before.iter().map(|record| record.0).collect();
        let partial = self.tree.multiproof(&addresses)?;
        self.tree.update(&changed)?;
        for handle in self.dirty.drain(..) {
            self.cells[handle as usize].dirty = false;
        }
        changed.sort_unstable_by_key(|record| record.0);
        Ok(Closed {
            old_root,
            new_root: self.tree.root(),
            partial,
            changed,
        })
    }

    /// Gives a touched cell other words, which may be those that it had at the start of the chunk.
    fn rewrite(&mut self, handle: u32, words: [u64; 8]) {
        let cell = &mut self.cells[handle as usize];
        let old = &self.touched[cell.place as usize].1;
        let bits = u64::from(self.sizes.bits(cell.address));
        let length = |words: &[u64; 8]| if words == old { 0 } else { bits };
        self.bits = self.bits + length(&words) - length(&cell.words);
        cell.words = words;
    }

    fn place(&mut self, address: u64, words: [u64; 8]) -> u32 {
        let handle = self.cells.len() as u32;
        self.cells.push(Cell {
            address,
            words,
            seen: 0,
            dirty: false,
            place: 0,
        });
        self.places.insert(address, handle);
        handle
    }
}
