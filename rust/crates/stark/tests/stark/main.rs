//! Proofs of a small program, honest and not.

mod hostile;
mod keys;
mod proof;
mod toy;
