//! The machine: one program, three readings of it in native code.
//!
//! - [`program`]: the file that holds the rules, parsed and validated ([`Program::parse`]).
//! - [`Engine`]: executes transactions, rolls back what is refused, seals chunks ([`Sealed`]).
//! - [`Witness`] and [`Traces`]: replay of a sealed chunk into the rows of every table.
//! - [`check`](check()) and [`survivors`]: exact judgement of traces, for tests of soundness.
//!
//! Nothing here knows any rule. The dependency points from here to the state's tree, never back. Hostile bytes
//! (program, snapshot, witness) give an error and bounded work, never a panic.

mod bounds;
mod check;
mod compile;
mod engine;
mod exec;
mod hint;
mod index;
mod limits;
mod log;
mod memory;
mod meter;
mod mutate;
mod parse;
mod plan;
pub mod program;
mod replay;
mod rows;
mod snapshot;
mod trace;
mod validate;
mod validate_step;
mod witness;

pub use check::{MAX_REASONS, check};
pub use engine::{Engine, Outcome, Sealed};
pub use exec::{ALIASED, BROKEN, CHUNK_FULL, MALFORMED, OVERSIZED, STUCK, TOO_LONG};
pub use limits::{Limits, MAX_CHUNK_STEPS, MAX_LOG_HEIGHT, MAX_TRANSACTION_STEPS, Message};
pub use log::Event;
pub use meter::Usage;
pub use mutate::{Survivor, survivors};
pub use plan::{lift, lift_word, word_of};
pub use program::{Program, ProgramError};
pub use replay::ReplayError;
pub use rows::{
    CHUNK_HEIGHT, MIN_HEIGHT, PERMUTATION_WIDTH, RANGE_COLUMNS, RANGE_HEIGHT, RANGE_VALUES, TableTrace, fixed_value,
    public_values, trace_width,
};
pub use snapshot::SnapshotError;
pub use trace::{Info, Traces};
pub use witness::{MAX_WITNESS_BYTES, Witness, WitnessError};
