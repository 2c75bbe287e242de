//! Proofs of chunks: every table of a program in one STARK, over Plonky3.
//!
//! - [`prove`] turns the rows of a chunk into a proof file, [`verify`] checks one and gives the two roots it connects.
//! - [`Keys`] are what both derive from a program; [`Security`] is the account of a proof's bits, term by term.
//!
//! Tables are data: one interpreter evaluates the constraints of any program, next to the built-in table of Poseidon2
//! permutations. Nothing here knows a rule of the exchange.
//!
//! Who could cheat: a prover, who may choose every byte of a proof. The transcript starts from the program's digest,
//! heights are bounded, the encoding of a proof is unique, and every part of it has the shape its program calls for
//! before the verifier of Plonky3 sees it.

mod air;
mod code;
mod config;
mod error;
mod format;
mod keys;
mod poseidon2;
mod prove;
mod security;
mod shape;
mod trace;
mod verify;

pub use config::{Challenge, MAX_LOG_HEIGHT, MIN_LOG_HEIGHT, VERSION, Val};
pub use error::{KeyError, ProveError, VerifyError};
pub use format::MAGIC;
pub use keys::{Keys, LOG_RANGE, PUBLICS, TableShape};
pub use prove::{Proved, STAGES, Stage, prove};
pub use security::{Security, TARGET_BITS};
pub use trace::Rows;
pub use verify::{Verified, verify, verify_with};
