//! Execution of one step, shared by the engine and by replay: only the [`World`] around it differs.
//!
//! A step changes nothing of the world's records itself: its accesses are collected in a [`Scratch`] and the caller
//! commits them when the step has run to its end. Who could cheat: nobody here; what the prover may choose freely
//! enters through [`World::find`] only.

use p3_field::PrimeField64;
use p3_goldilocks::Goldilocks;

use crate::compile::{Act, StepCode};
use crate::hint::compute_hint;
use crate::plan::{lift, lift_word};

/// The transaction is not a known step with arguments within their bounds.
pub const MALFORMED: u32 = 1;
/// A step asked for one address twice; that cannot be proven.
pub const ALIASED: u32 = 2;
/// No candidate of the phase applies.
pub const STUCK: u32 = 3;
/// The transaction takes more steps than the program allows.
pub const TOO_LONG: u32 = 4;
/// What is left of the chunk has no room for the transaction: seal it first.
pub const CHUNK_FULL: u32 = 5;
/// The rules did what cannot be proven: an address out of range, a record of another kind, a cursor that does not
/// follow.
pub const BROKEN: u32 = 6;
/// No chunk has room for the transaction.
pub const OVERSIZED: u32 = 7;

/// Why a step did not run to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Halt {
    /// It does not apply.
    Guard,
    /// The transaction is refused.
    Refuse(u32),
}

/// A record as it was found.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Loaded {
    pub(crate) words: [u64; 8],
    pub(crate) seen: u32,
    /// Where the world keeps it.
    pub(crate) handle: u32,
}

/// An entry of an advice index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) group: u64,
    pub(crate) key: i64,
    pub(crate) address: u64,
}

/// What a step meets outside itself.
pub(crate) trait World {
    fn load(&mut self, address: u64) -> Result<Loaded, Halt>;
    fn find(&mut self, index: u32, group: u64, key: i64) -> Result<u64, Halt>;
    fn insert(&mut self, index: u32, entry: Entry);
    fn remove(&mut self, index: u32, entry: Entry);
    fn emit(&mut self, event: u16, fields: impl Iterator<Item = i64>);
}

/// One use of memory by the running step.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Access {
    pub(crate) enabled: bool,
    /// The content to leave, where it is not what was found.
    pub(crate) written: bool,
    pub(crate) address: u64,
    pub(crate) handle: u32,
    pub(crate) words: [u64; 8],
}

/// Buffers of the running step, reused from step to step.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scratch {
    pub(crate) accesses: Vec<Access>,
    /// The cursor after the step, canonical.
    pub(crate) next: Vec<u64>,
}

/// Runs a step. `slots` is the step's own register file, kept between its runs; afterwards its first `width` slots
/// are the row. `cursor` and `args` have the lengths the program says, `args` within their bounds.
pub(crate) fn run_step(
    code: &StepCode,
    slots: &mut [Goldilocks],
    cursor: &[u64],
    args: &[i64],
    scratch: &mut Scratch,
    world: &mut impl World,
) -> Result<(), Halt> {
    scratch.accesses.clear();
    for act in &code.acts {
        match act {
            Act::Compute(span) => code.plan.compute(*span, slots),
            Act::Copy { from, to } => slots[*to as usize] = slots[*from as usize],
            Act::Register { index, to } => slots[*to as usize] = Goldilocks::new(cursor[*index as usize]),
            Act::Input { index, to } => slots[*to as usize] = element(args[*index as usize]),
            Act::Hint {
                function,
                args,
                params,
                cols,
            } => compute_hint(*function, args, params, cols, slots),
            Act::Read {
                address,
                enable,
                words,
                seen,
            } => {
                let access = read(on(slots, *enable), word(slots, *address), &scratch.accesses, world)?;
                for (&slot, word) in words.iter().zip(access.0.words) {
                    slots[slot as usize] = Goldilocks::new(word);
                }
                if access.0.words[words.len()..].iter().any(|&word| word != 0) {
                    return Err(Halt::Refuse(BROKEN));
                }
                slots[*seen as usize] = Goldilocks::new(u64::from(access.1));
                scratch.accesses.push(access.0);
            }
            Act::Write { access, words } => {
                let access = &mut scratch.accesses[*access as usize];
                access.words = words.map(|slot| word(slots, slot));
                access.written = true;
            }
            Act::Guard { slot } => {
                if word(slots, *slot) != 0 {
                    return Err(Halt::Guard);
                }
            }
            Act::Require { slot, code } => {
                if word(slots, *slot) != 0 {
                    return Err(Halt::Refuse(*code));
                }
            }
            Act::Range {
                slot,
                bits,
                code,
                enable,
            } => {
                let value = lift(slots[*slot as usize]);
                if (value < 0 || value >> bits != 0) && on(slots, *enable) {
                    return Err(code.map_or(Halt::Guard, Halt::Refuse));
                }
            }
            Act::Find { index, group, key, to } => {
                let found = world.find(*index, word(slots, *group), lift(slots[*key as usize]))?;
                slots[*to as usize] = Goldilocks::new(found);
            }
            Act::Insert {
                index,
                group,
                key,
                address,
                enable,
            } if on(slots, *enable) => {
                world.insert(*index, entry(slots, *group, *key, *address));
            }
            Act::Remove {
                index,
                group,
                key,
                address,
                enable,
            } if on(slots, *enable) => {
                world.remove(*index, entry(slots, *group, *key, *address));
            }
            Act::Hash { input, cols } => {
                let digest = kedge_state::hash(&input.map(|slot| word(slots, slot)));
                for (&col, word) in cols.iter().zip(digest) {
                    slots[col as usize] = Goldilocks::new(word);
                }
            }
            Act::Emit { event, enable, fields } if on(slots, *enable) => {
                world.emit(*event, fields.iter().map(|&slot| lift(slots[slot as usize])));
            }
            Act::Insert { .. } | Act::Remove { .. } | Act::Emit { .. } => {}
            Act::Next { registers } => {
                scratch.next.clear();
                scratch.next.extend(registers.iter().map(|&slot| word(slots, slot)));
            }
        }
    }
    Ok(())
}

/// The phase after a step, if its cursor follows the one before: one later in time, in a known phase, and with
/// nothing left over in idle.
pub(crate) fn next_phase(time: u64, next: &[u64], phases: usize) -> Result<usize, Halt> {
    let phase = next[1];
    let clean = phase != 0 || next[2..].iter().all(|&register| register == 0);
    if next[0] == time + 1 && phase < phases as u64 && clean {
        Ok(phase as usize)
    } else {
        Err(Halt::Refuse(BROKEN))
    }
}

fn read(enabled: bool, address: u64, earlier: &[Access], world: &mut impl World) -> Result<(Access, u32), Halt> {
    if !enabled {
        return Ok((
            Access {
                enabled,
                written: false,
                address,
                handle: 0,
                words: [0; 8],
            },
            0,
        ));
    }
    if earlier.iter().any(|access| access.enabled && access.address == address) {
        return Err(Halt::Refuse(ALIASED));
    }
    let Loaded { words, seen, handle } = world.load(address)?;
    Ok((
        Access {
            enabled,
            written: false,
            address,
            handle,
            words,
        },
        seen,
    ))
}

fn word(slots: &[Goldilocks], slot: u32) -> u64 {
    slots[slot as usize].as_canonical_u64()
}

fn element(value: i64) -> Goldilocks {
    Goldilocks::new(crate::plan::word_of(value))
}

fn on(slots: &[Goldilocks], enable: Option<u32>) -> bool {
    enable.is_none_or(|slot| word(slots, slot) != 0)
}

fn entry(slots: &[Goldilocks], group: u32, key: u32, address: u32) -> Entry {
    Entry {
        group: word(slots, group),
        key: lift_word(word(slots, key)),
        address: word(slots, address),
    }
}
