//! The engine: transactions in, outcomes out, and at the end of a chunk what its proof needs.
//!
//! Invariants between transactions: the cursor is idle; memory, indexes and log hold exactly the accepted
//! transactions; the open chunk is within the program's limits ([`crate::Limits`]), so that it can be proven and
//! published. A refused transaction leaves no trace. Once a transaction did not fit, none does until the chunk is sealed:
//! otherwise a smaller one behind it would overtake it. (A snapshot does not say so: a restored engine tries again.)
//! Who could cheat: a submitter, by its arguments only; they are checked against the program's bounds first.

use std::sync::Arc;

use kedge_state::{ADDRESS_BITS, Digest};
use p3_goldilocks::Goldilocks;

use crate::compile::Compiled;
use crate::exec::{
    BROKEN, CHUNK_FULL, Entry, Halt, Loaded, MALFORMED, OVERSIZED, STUCK, Scratch, TOO_LONG, World, next_phase,
    run_step,
};
use crate::index::Advice;
use crate::log::{Event, EventLog, StepLog};
use crate::memory::{Memory, Undo};
use crate::meter::{Sizes, Spent, Usage};
use crate::plan::lift_word;
use crate::program::Program;
use crate::witness::Witness;

/// What became of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// 0 where accepted, else the code of the refusal.
    pub code: u32,
    /// What the rules had to tell; empty where refused.
    pub events: Vec<Event>,
    /// Steps that ran; 0 where refused.
    pub steps: u32,
}

/// A closed chunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// Root of the state before the chunk.
    pub old_root: Digest,
    /// Root of the state after it.
    pub new_root: Digest,
    /// What a prover needs, see [`Witness`].
    pub witness: Vec<u8>,
    /// Final words of the records whose words changed, by address.
    pub touched: Vec<(u64, [u64; 8])>,
    /// Number of steps.
    pub steps: u32,
}

/// Executes transactions of one program on one state.
#[derive(Clone, Debug)]
pub struct Engine {
    program: Arc<Program>,
    compiled: Arc<Compiled>,
    files: Vec<Vec<Goldilocks>>,
    cursor: Vec<u64>,
    scratch: Scratch,
    /// A transaction did not fit the open chunk.
    is_full: bool,
    pub(crate) world: Outside,
}

/// An undone change, in the order in which changes were made.
#[derive(Clone, Copy, Debug)]
enum Change {
    Memory(Undo),
    Inserted(u32, Entry),
    Removed(u32, Entry, u64),
}

/// All that a transaction can change.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outside {
    pub(crate) memory: Memory,
    pub(crate) indexes: Vec<Advice>,
    pub(crate) log: StepLog,
    pub(crate) spent: Spent,
    events: EventLog,
    changes: Vec<Change>,
}

impl World for Outside {
    fn load(&mut self, address: u64) -> Result<Loaded, Halt> {
        if address >> ADDRESS_BITS != 0 {
            return Err(Halt::Refuse(BROKEN));
        }
        Ok(self.memory.load(address))
    }

    fn find(&mut self, index: u32, group: u64, key: i64) -> Result<u64, Halt> {
        let found = self.indexes[index as usize].find(group, key);
        self.log.tape.push(found);
        Ok(found)
    }

    fn insert(&mut self, index: u32, entry: Entry) {
        if self.indexes[index as usize].insert(entry) {
            self.changes.push(Change::Inserted(index, entry));
        }
    }

    fn remove(&mut self, index: u32, entry: Entry) {
        if let Some(arrival) = self.indexes[index as usize].remove(entry) {
            self.changes.push(Change::Removed(index, entry, arrival));
        }
    }

    fn emit(&mut self, event: u16, fields: impl Iterator<Item = i64>) {
        self.events.push(event, fields);
    }
}

impl Outside {
    fn undo_to(&mut self, length: usize) {
        while self.changes.len() > length {
            match self.changes.pop() {
                Some(Change::Memory(undo)) => self.memory.undo(undo),
                Some(Change::Inserted(index, entry)) => self.indexes[index as usize].take_back(entry),
                Some(Change::Removed(index, entry, arrival)) => self.indexes[index as usize].put(entry, arrival),
                None => break,
            }
        }
    }
}

impl Engine {
    /// An engine on the empty state.
    #[must_use]
    pub fn new(program: Arc<Program>) -> Self {
        let compiled = Arc::new(Compiled::new(&program));
        let files = compiled.steps.iter().map(|code| code.plan.slots.clone()).collect();
        let indexes = vec![Advice::default(); program.indexes.len()];
        let memory = Memory::empty(Sizes::of(&program));
        let world = Outside {
            memory,
            indexes,
            ..Outside::default()
        };
        Self {
            program,
            compiled,
            files,
            cursor: Vec::new(),
            scratch: Scratch::default(),
            is_full: false,
            world,
        }
    }

    /// The program that the engine runs.
    #[must_use]
    pub const fn program(&self) -> &Arc<Program> {
        &self.program
    }

    pub(crate) fn compiled(&self) -> &Compiled {
        &self.compiled
    }

    /// Runs a transaction: a step by name, and the steps that follow it. Unknown names and arguments out of bounds
    /// are refused as [`MALFORMED`].
    pub fn submit(&mut self, step: &str, args: &[i64]) -> Outcome {
        let (code, steps) = match self.compiled.names.get(step) {
            Some(&step) => self.run(step, args),
            None => (MALFORMED, 0),
        };
        let events = if code == 0 { self.events().collect() } else { Vec::new() };
        Outcome { code, events, steps }
    }

    /// As [`Engine::submit`], by the step's number and without an allocation: returns code and steps.
    pub fn run(&mut self, step: u16, args: &[i64]) -> (u32, u32) {
        self.world.events.truncate(0);
        if !self.is_well_formed(step, args) {
            return (MALFORMED, 0);
        }
        let limits = &self.program.limits;
        self.is_full |= self.steps_in_chunk() + limits.transaction_steps > limits.steps;
        if self.is_full {
            return (CHUNK_FULL, 0);
        }
        let (mark, spent) = (self.world.log.mark(), self.world.spent);
        let is_first = self.steps_in_chunk() == 0;
        let outcome = match self.run_all(step, args).and_then(|steps| self.fits(steps, is_first)) {
            Ok(steps) => (0, steps),
            Err(code) => {
                self.world.undo_to(0);
                self.world.log.truncate(mark);
                self.world.spent = spent;
                self.world.events.truncate(0);
                self.is_full = code == CHUNK_FULL;
                (code, 0)
            }
        };
        self.world.changes.clear();
        outcome
    }

    /// What the open chunk costs to prove and to publish.
    #[must_use]
    pub fn usage(&self) -> Usage {
        let mut steps = vec![0; self.program.steps.len()];
        self.world.log.steps.iter().for_each(|&step| steps[step as usize] += 1);
        let rows = self.world.memory.tree_rows();
        Usage {
            steps,
            leaves: rows.leaves(),
            nodes: rows.nodes(),
            permutations: self.permutations(),
            bytes: self.published_bytes(),
        }
    }

    /// Events of the last transaction.
    pub fn events(&self) -> impl Iterator<Item = Event> + '_ {
        self.world.events.events().map(|(kind, fields)| Event {
            kind,
            fields: fields.to_vec(),
        })
    }

    /// The words at an address, signed; zeros where there is no record.
    #[must_use]
    pub fn get(&self, address: u64) -> [i64; 8] {
        self.world.memory.get(address).map(lift_word)
    }

    /// All records that are not zero, by address, canonical words.
    #[must_use]
    pub fn entries(&self) -> Vec<(u64, [u64; 8])> {
        self.world.memory.entries()
    }

    /// Number of steps of the open chunk.
    #[must_use]
    pub fn steps_in_chunk(&self) -> u32 {
        self.world.log.steps.len() as u32
    }

    /// Root of the state after the last accepted transaction. Hashes what changed since it was last asked for.
    ///
    /// # Errors
    /// None for a state that this engine made; the error type is the tree's.
    pub fn root(&mut self) -> Result<Digest, kedge_state::Error> {
        self.world.memory.root()
    }

    /// Ends the chunk and begins the next. An empty chunk is allowed.
    ///
    /// # Errors
    /// None for a state that this engine made; the error type is the tree's.
    pub fn seal(&mut self) -> Result<Sealed, kedge_state::Error> {
        let closed = self.world.memory.close()?;
        let log = core::mem::take(&mut self.world.log);
        self.world.spent = Spent::default();
        self.is_full = false;
        let steps = log.steps.len() as u32;
        let witness = Witness::new(self.program.digest(), closed.old_root, log, closed.partial).to_bytes();
        Ok(Sealed {
            old_root: closed.old_root,
            new_root: closed.new_root,
            witness,
            touched: closed.changed,
            steps,
        })
    }

    fn is_well_formed(&self, step: u16, args: &[i64]) -> bool {
        self.compiled.steps.get(step as usize).is_some_and(|code| {
            let bounded = |(arg, (lo, hi)): (&i64, &(i64, i64))| lo <= arg && arg <= hi;
            code.is_transaction && code.inputs.len() == args.len() && args.iter().zip(&code.inputs).all(bounded)
        })
    }

    /// Permutations that the proof of the open chunk looks up.
    fn permutations(&self) -> u32 {
        let rows = self.world.memory.tree_rows();
        (2 * (rows.leaves() + rows.nodes())).saturating_add(self.world.spent.hashes)
    }

    /// Bytes by which the open chunk makes a batch longer, at most.
    const fn published_bytes(&self) -> u32 {
        let records = self.world.memory.published_bits().div_ceil(8) as u32;
        records.saturating_add(self.world.spent.bytes)
    }

    /// Whether the chunk with its last transaction is within the limits. Every other table has no more rows than that of
    /// permutations or than the chunk has steps, and a transaction is only run where the chunk has steps for it.
    fn fits(&self, steps: u32, is_first: bool) -> Result<u32, u32> {
        let limits = &self.program.limits;
        if self.permutations() <= limits.rows && self.published_bytes() <= limits.bytes {
            Ok(steps)
        } else if is_first {
            Err(OVERSIZED)
        } else {
            Err(CHUNK_FULL)
        }
    }

    /// Runs the first step and all that follow; on a refusal the caller undoes.
    fn run_all(&mut self, first: u16, args: &[i64]) -> Result<u32, u32> {
        self.cursor.clear();
        self.cursor.resize(self.compiled.registers, 0);
        self.cursor[0] = u64::from(self.steps_in_chunk()) + 1;
        let mut phase = match self.run_one(first, args) {
            Err(Halt::Guard) => return Err(STUCK),
            Err(Halt::Refuse(code)) => return Err(code),
            Ok(phase) => phase,
        };
        let mut steps = 1;
        while phase != 0 {
            if steps == self.program.limits.transaction_steps {
                return Err(TOO_LONG);
            }
            phase = self.run_next(phase)?;
            steps += 1;
        }
        Ok(steps)
    }

    /// Runs the first candidate that applies; returns the phase after it.
    fn run_next(&mut self, phase: usize) -> Result<usize, u32> {
        for candidate in 0..self.compiled.phases[phase].len() {
            let step = self.compiled.phases[phase][candidate];
            match self.run_one(step, &[]) {
                Err(Halt::Guard) => {}
                Err(Halt::Refuse(code)) => return Err(code),
                Ok(phase) => return Ok(phase),
            }
        }
        Err(STUCK)
    }

    /// Runs one step and commits it, or leaves everything as it was if it does not apply.
    fn run_one(&mut self, step: u16, args: &[i64]) -> Result<usize, Halt> {
        let code = &self.compiled.steps[step as usize];
        let (changes, events, mark) = (self.world.changes.len(), self.world.events.len(), self.world.log.mark());
        let file = &mut self.files[step as usize];
        if let Err(halt) = run_step(code, file, &self.cursor, args, &mut self.scratch, &mut self.world) {
            if halt == Halt::Guard {
                self.world.undo_to(changes);
                self.world.events.truncate(events);
                self.world.log.truncate(mark);
            }
            return Err(halt);
        }
        let time = self.cursor[0];
        let phase = next_phase(time, &self.scratch.next, self.compiled.phases.len())?;
        for access in self.scratch.accesses.iter().filter(|access| access.enabled) {
            let undo = self.world.memory.commit(access, time as u32);
            self.world.changes.push(Change::Memory(undo));
        }
        self.world.log.steps.push(step);
        self.world.log.args.extend_from_slice(args);
        self.world.spent.add(code);
        core::mem::swap(&mut self.cursor, &mut self.scratch.next);
        Ok(phase)
    }
}
