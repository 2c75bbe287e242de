//! The engine: transactions in, outcomes out, and at the end of a chunk what its proof needs.
//!
//! Invariants between transactions: the cursor is idle; memory, indexes and log hold exactly the accepted
//! transactions; the open chunk has at most [`MAX_CHUNK_STEPS`] steps. A refused transaction leaves no trace.
//! Who could cheat: a submitter, by its arguments only; they are checked against the program's bounds first.

use std::sync::Arc;

use kedge_state::{ADDRESS_BITS, Digest};
use p3_goldilocks::Goldilocks;

use crate::compile::Compiled;
use crate::exec::{
    BROKEN, CHUNK_FULL, Entry, Halt, Loaded, MALFORMED, MAX_CHUNK_STEPS, MAX_TRANSACTION_STEPS, STUCK, Scratch,
    TOO_LONG, World, next_phase, run_step,
};
use crate::index::Advice;
use crate::log::{Event, EventLog, StepLog};
use crate::memory::{Memory, Undo};
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
        let world = Outside {
            indexes,
            ..Outside::default()
        };
        Self {
            program,
            compiled,
            files,
            cursor: Vec::new(),
            scratch: Scratch::default(),
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
        if self.steps_in_chunk() + MAX_TRANSACTION_STEPS > MAX_CHUNK_STEPS {
            return (CHUNK_FULL, 0);
        }
        let mark = self.world.log.mark();
        let outcome = match self.run_all(step, args) {
            Ok(steps) => (0, steps),
            Err(code) => {
                self.world.undo_to(0);
                self.world.log.truncate(mark);
                self.world.events.truncate(0);
                (code, 0)
            }
        };
        self.world.changes.clear();
        outcome
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
            if steps == MAX_TRANSACTION_STEPS {
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
        core::mem::swap(&mut self.cursor, &mut self.scratch.next);
        Ok(phase)
    }
}
