//! The meter: what proving and publishing the open chunk will cost, kept up to date access by access.
//!
//! Everything here follows from the records that the chunk has touched, their words, and its steps, so a restored
//! engine and one that undid a transaction count exactly what they counted before. Rows are exact. Permutations are
//! counted per lookup, two a row of the tree; the prover fills one row for equal ones, so never more. Bytes are a bound:
//! each changed record counts at the greatest length of its kind. Who could cheat: nobody; it reads what the engine did.

use kedge_state::{LEVELS, leaf_of};
use rustc_hash::FxHashSet;

use crate::compile::{Compiled, StepCode};
use crate::log::StepLog;
use crate::program::{Field, MODULUS, Program, Record};

/// Bits of a slot in an address.
const SLOT_BITS: u32 = 10;
/// Bits of a kind in an address.
const KIND_BITS: u32 = 3;
/// Kinds of record: those under account 0 are counted from 8.
const KINDS: usize = 2 << KIND_BITS;
/// Bits of a level in the name of a node.
const LEVEL_SHIFT: u32 = 40;
/// A published record says how its gap to the one before is written (2 bits), the gap (at most an address), and whether
/// it is empty (1 bit).
const RECORD_OVERHEAD: u32 = 2 + kedge_state::ADDRESS_BITS + 1;
/// Bits of a record that the program does not declare: its words as they are.
const UNDECLARED: u32 = RECORD_OVERHEAD + 8 * 64;

/// What the open chunk costs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Usage {
    /// Runs of each step, by position in the program: the rows of its table.
    pub steps: Vec<u32>,
    /// Rows of the table of leaves.
    pub leaves: u32,
    /// Rows of the table of nodes.
    pub nodes: u32,
    /// Permutations looked up: by leaves and nodes, before and after, and by steps that hash.
    pub permutations: u32,
    /// Greatest length of what it publishes: its messages and its changed records.
    pub bytes: u32,
}

/// What the steps themselves cost, the records that they touch aside. Saturates: what a program file says of its weights
/// and messages may be anything, and a cost beyond all limits is refused like any other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Spent {
    /// Permutations looked up.
    pub(crate) hashes: u32,
    /// Bytes of messages.
    pub(crate) bytes: u32,
}

impl Spent {
    /// The cost of a log whose steps the program has.
    pub(crate) fn of(log: &StepLog, compiled: &Compiled) -> Self {
        let mut spent = Self::default();
        log.steps
            .iter()
            .for_each(|&step| spent.add(&compiled.steps[step as usize]));
        spent
    }

    pub(crate) const fn add(&mut self, code: &StepCode) {
        self.hashes = self.hashes.saturating_add(code.hashes);
        self.bytes = self.bytes.saturating_add(code.message_bytes);
    }
}

/// Leaves and nodes of the state's tree that are touched, in the order in which they were.
#[derive(Clone, Debug, Default)]
pub(crate) struct Touched {
    known: FxHashSet<u64>,
    order: Vec<u64>,
    leaves: u32,
}

impl Touched {
    /// Adds the leaf of a record and the nodes above it, the root excepted; returns how many were new.
    pub(crate) fn grow(&mut self, address: u64) -> u8 {
        let leaf = leaf_of(address);
        let mut new = 0;
        for level in 0..LEVELS {
            let name = (level as u64) << LEVEL_SHIFT | leaf >> (2 * level);
            if !self.known.insert(name) {
                break;
            }
            self.order.push(name);
            new += 1;
        }
        self.leaves += u32::from(new > 0);
        new
    }

    /// Takes back the last [`Touched::grow`] that was not taken back yet.
    pub(crate) fn shrink(&mut self, new: u8) {
        for _ in 0..new {
            if let Some(name) = self.order.pop() {
                self.known.remove(&name);
            }
        }
        self.leaves -= u32::from(new > 0);
    }

    pub(crate) fn clear(&mut self) {
        self.known.clear();
        self.order.clear();
        self.leaves = 0;
    }

    /// Rows of the table of leaves.
    pub(crate) const fn leaves(&self) -> u32 {
        self.leaves
    }

    /// Rows of the table of nodes: the root has one even in an empty chunk.
    pub(crate) fn nodes(&self) -> u32 {
        self.order.len() as u32 - self.leaves + 1
    }
}

/// Greatest published length of a record in bits, by kind.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes([u32; KINDS]);

impl Default for Sizes {
    fn default() -> Self {
        Self([UNDECLARED; KINDS])
    }
}

impl Sizes {
    pub(crate) fn of(program: &Program) -> Self {
        Self(core::array::from_fn(|kind| {
            let of_kind: Vec<&Record> = program
                .records
                .iter()
                .filter(|record| record.kind as usize == kind)
                .collect();
            let tag = usize::BITS - of_kind.len().saturating_sub(1).leading_zeros();
            let fields = |record: &&Record| record.fields.iter().map(width).sum::<u32>();
            let greatest = of_kind.iter().map(fields).max();
            greatest.map_or(UNDECLARED, |bits| RECORD_OVERHEAD + tag + bits)
        }))
    }

    pub(crate) const fn bits(&self, address: u64) -> u32 {
        let kind = (address >> SLOT_BITS) as usize % (KINDS / 2);
        let exchange = address >> (SLOT_BITS + KIND_BITS) == 0;
        self.0[if exchange { kind + KINDS / 2 } else { kind }]
    }
}

/// Bits of a published field: enough for its interval, 64 for one that spans the whole field.
fn width(field: &Field) -> u32 {
    let span = field.hi - field.lo;
    if span >= i128::from(MODULUS) - 1 {
        64
    } else {
        i128::BITS - span.leading_zeros()
    }
}
