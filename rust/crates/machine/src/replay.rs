//! Replay of a witness: every step runs again, on the witness's records only, and leaves its row.
//!
//! Who could cheat: whoever made the witness. Advice and the choice among candidates come from it; that is sound
//! because a trace counts only if it satisfies the constraints. Whatever else is wrong is found here, as an error.

use kedge_state::{Digest, Rows, is_canonical, records_of};
use p3_goldilocks::Goldilocks;
use rustc_hash::FxHashMap;

use crate::compile::{Compiled, StepCode};
use crate::exec::{BROKEN, Entry, Halt, Loaded, MALFORMED, Scratch, World, next_phase, run_step};
use crate::program::{Fill, Program};
use crate::rows::TableTrace;
use crate::witness::Witness;

/// The reason a witness cannot be turned into traces.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReplayError {
    /// The witness belongs to another program.
    #[error("the witness belongs to another program")]
    Program,
    /// The witness's part of the tree is wrong.
    #[error("the witness's part of the tree is wrong: {0}")]
    Tree(#[from] kedge_state::Error),
    /// The log names unknown steps, or has too few or too many arguments or answers.
    #[error("the step log does not fit the program")]
    Log,
    /// A step is refused.
    #[error("step {number} ({name}) is refused with code {code}")]
    Refused {
        /// Position in the log.
        number: usize,
        /// Name of the step.
        name: String,
        /// Code of the refusal.
        code: u32,
    },
    /// A step does not apply where the log has it.
    #[error("step {number} ({name}) does not apply")]
    Guarded {
        /// Position in the log.
        number: usize,
        /// Name of the step.
        name: String,
    },
    /// The log ends within a transaction.
    #[error("the log ends within a transaction")]
    Unfinished,
    /// The program lacks a table that a chunk needs.
    #[error("the program has no table that is filled as {0:?}")]
    NoTable(Fill),
    /// A row looks up what no table provides.
    #[error("table {table}, row {row}: {value} is looked up and is not below 2^16")]
    Lookup {
        /// Name of the table.
        table: String,
        /// Number of the row.
        row: usize,
        /// What was looked up.
        value: u64,
    },
    /// Rows look something up less than no time.
    #[error("a lookup's count is negative")]
    Negative,
}

/// Rows of the steps, the final state of the records, and the tree's rows.
pub(crate) struct Replayed {
    /// By table of the program, unpadded; empty where the table belongs to no step.
    pub(crate) tables: Vec<TableTrace>,
    pub(crate) tree: Rows,
    /// Time of the last access by address, where there was one.
    pub(crate) seen: FxHashMap<u64, u32>,
    /// The time after the last step.
    pub(crate) end: u64,
}

struct Record {
    address: u64,
    words: [u64; 8],
    seen: u32,
}

/// The records of the witness, and the answers of its tape.
struct Recorded<'a> {
    records: Vec<Record>,
    places: FxHashMap<u64, u32>,
    tape: core::slice::Iter<'a, u64>,
}

impl World for Recorded<'_> {
    fn load(&mut self, address: u64) -> Result<Loaded, Halt> {
        let handle = *self.places.get(&address).ok_or(Halt::Refuse(BROKEN))?;
        let record = &self.records[handle as usize];
        Ok(Loaded {
            words: record.words,
            seen: record.seen,
            handle,
        })
    }

    fn find(&mut self, _: u32, _: u64, _: i64) -> Result<u64, Halt> {
        self.tape
            .next()
            .copied()
            .filter(|&word| is_canonical(word))
            .ok_or(Halt::Refuse(BROKEN))
    }

    fn insert(&mut self, _: u32, _: Entry) {}

    fn remove(&mut self, _: u32, _: Entry) {}

    fn emit(&mut self, _: u16, _: impl Iterator<Item = i64>) {}
}

impl<'a> Recorded<'a> {
    fn new(witness: &'a Witness) -> Self {
        let leaves = witness.body.partial.leaves();
        let records: Vec<Record> = leaves
            .iter()
            .flat_map(|(index, pair)| records_of(*index).into_iter().zip(*pair))
            .map(|(address, words)| Record {
                address,
                words,
                seen: 0,
            })
            .collect();
        let places = records
            .iter()
            .enumerate()
            .map(|(place, record)| (record.address, place as u32))
            .collect();
        Self {
            records,
            places,
            tape: witness.body.log.tape.iter(),
        }
    }
}

/// Runs a step in the place where the log has it; returns the phase after it.
struct Replay<'a> {
    compiled: &'a Compiled,
    files: Vec<Vec<Goldilocks>>,
    cursor: Vec<u64>,
    phase: usize,
    scratch: Scratch,
    world: Recorded<'a>,
}

impl Replay<'_> {
    fn step(&mut self, step: u16, args: &[i64]) -> Result<(), Halt> {
        let code = &self.compiled.steps[step as usize];
        self.check_place(step, code, args)?;
        let file = &mut self.files[step as usize];
        run_step(code, file, &self.cursor, args, &mut self.scratch, &mut self.world)?;
        self.phase = next_phase(self.cursor[0], &self.scratch.next, self.compiled.phases.len())?;
        for access in self.scratch.accesses.iter().filter(|access| access.enabled) {
            let record = &mut self.world.records[access.handle as usize];
            record.seen = self.cursor[0] as u32;
            if access.written {
                record.words = access.words;
            }
        }
        core::mem::swap(&mut self.cursor, &mut self.scratch.next);
        Ok(())
    }

    fn check_place(&self, step: u16, code: &StepCode, args: &[i64]) -> Result<(), Halt> {
        let bounded = args
            .iter()
            .zip(&code.inputs)
            .all(|(arg, (lo, hi))| lo <= arg && arg <= hi);
        let placed = match self.phase {
            0 => code.is_transaction,
            phase => self.compiled.phases[phase].contains(&step),
        };
        match (bounded, placed) {
            (true, true) => Ok(()),
            (true, false) => Err(Halt::Guard),
            (false, _) => Err(Halt::Refuse(MALFORMED)),
        }
    }
}

/// Replays a witness of this program.
pub(crate) fn replay(program: &Program, witness: &Witness) -> Result<Replayed, ReplayError> {
    if witness.program != program.digest() {
        return Err(ReplayError::Program);
    }
    let compiled = Compiled::new(program);
    let log = &witness.body.log;
    if !log.fits(&compiled) {
        return Err(ReplayError::Log);
    }
    let empty = |table: &crate::program::Table| TableTrace {
        width: table.columns.len(),
        rows: 0,
        values: Vec::new(),
    };
    let mut tables: Vec<TableTrace> = program.tables.iter().map(empty).collect();
    let mut cursor = vec![0; compiled.registers];
    cursor[0] = 1;
    let files = compiled.steps.iter().map(|code| code.plan.slots.clone()).collect();
    let world = Recorded::new(witness);
    let mut replay = Replay {
        compiled: &compiled,
        files,
        cursor,
        phase: 0,
        scratch: Scratch::default(),
        world,
    };
    let mut args = log.args.as_slice();
    for (number, &step) in log.steps.iter().enumerate() {
        let code = &compiled.steps[step as usize];
        let (mine, rest) = args.split_at_checked(code.inputs.len()).ok_or(ReplayError::Log)?;
        args = rest;
        replay.step(step, mine).map_err(|halt| {
            let name = program.steps[step as usize].name.clone();
            match halt {
                Halt::Guard => ReplayError::Guarded { number, name },
                Halt::Refuse(code) => ReplayError::Refused { number, name, code },
            }
        })?;
        let table = &mut tables[code.table];
        table.rows += 1;
        table
            .values
            .extend_from_slice(&replay.files[step as usize][..code.width]);
    }
    if replay.phase != 0 {
        return Err(ReplayError::Unfinished);
    }
    close(witness, tables, &replay)
}

fn close(witness: &Witness, tables: Vec<TableTrace>, replay: &Replay) -> Result<Replayed, ReplayError> {
    let records = &replay.world.records;
    let finals: Vec<(u64, [u64; 8])> = records.iter().map(|record| (record.address, record.words)).collect();
    let tree = witness.body.partial.apply(&finals)?;
    check_root(&tree.old_root, &witness.body.old_root)?;
    let seen = records
        .iter()
        .filter(|record| record.seen != 0)
        .map(|record| (record.address, record.seen))
        .collect();
    Ok(Replayed {
        tables,
        tree,
        seen,
        end: replay.cursor[0],
    })
}

fn check_root(found: &Digest, claimed: &Digest) -> Result<(), ReplayError> {
    if found == claimed {
        Ok(())
    } else {
        Err(kedge_state::Error::Root.into())
    }
}
