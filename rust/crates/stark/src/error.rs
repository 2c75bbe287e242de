//! Why keys, a proof or a verification was refused.

use crate::config::{MAX_LOG_HEIGHT, MIN_LOG_HEIGHT};

/// Why a program has no keys.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// An expression of too high a degree: the evaluation domain cannot hold its quotient.
    #[error("table {table}: {what} has degree {degree}, more than {bound}")]
    Degree {
        /// Name of the table.
        table: String,
        /// Label of the constraint, or the bus.
        what: String,
        /// The degree found.
        degree: usize,
        /// The greatest one allowed.
        bound: usize,
    },
    /// A table that this proof system cannot carry.
    #[error("table {table}: {reason}")]
    Table {
        /// Name of the table.
        table: String,
        /// What is wrong.
        reason: String,
    },
    /// The tables do not fit together.
    #[error("{0}")]
    Program(String),
}

/// Why no proof was made.
#[derive(Debug, thiserror::Error)]
pub enum ProveError {
    /// The program has no keys.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The rows do not fit the program.
    #[error("table {table}: {reason}")]
    Rows {
        /// Name of the table, or of the part of the input.
        table: String,
        /// What is wrong.
        reason: String,
    },
    /// The proof would have fewer bits than promised.
    #[error("the proof would have {bits:.1} conjectured bits, fewer than {target} (binding: {binding})")]
    Security {
        /// Conjectured bits of this shape.
        bits: f64,
        /// Bits promised.
        target: u32,
        /// Name of the term that binds.
        binding: String,
    },
    /// Somebody set the flag.
    #[error("cancelled")]
    Cancelled,
    /// The proof system refused or panicked.
    #[error("the proof system failed: {0}")]
    System(String),
    /// The proof was made but does not verify: some row breaks a constraint, or a bus does not balance.
    #[error("the rows do not satisfy the program: {0}")]
    Unsatisfied(VerifyError),
}

/// Why a proof was refused.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum VerifyError {
    /// The program has no keys.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The bytes do not start as a proof file does.
    #[error("not a proof file")]
    BadMagic,
    /// A version of the file format that is not known.
    #[error("proof file version {0} is not known")]
    Version(u16),
    /// A proof of another program.
    #[error("the proof is for program {}, not {}", hex(got), hex(expected))]
    WrongProgram {
        /// Digest of the program given.
        expected: [u8; 32],
        /// Digest in the file.
        got: [u8; 32],
    },
    /// The file ends too early.
    #[error("the proof file ends too early")]
    Truncated,
    /// Bytes follow the proof.
    #[error("{0} bytes follow the proof")]
    Trailing(usize),
    /// More bytes than a proof of this shape can have.
    #[error("the proof has {got} bytes, more than {bound}")]
    TooLong {
        /// Greatest length of a proof with these heights.
        bound: usize,
        /// Length found.
        got: usize,
    },
    /// The bytes are not the one encoding of a proof.
    #[error("the proof is not encoded canonically: {0}")]
    Encoding(String),
    /// A public value is not below the modulus.
    #[error("public value {0} is not canonical")]
    Public(usize),
    /// A table's height is out of bounds or not the one its program fixes.
    #[error("table {table} has height 2^{got}, expected {}", heights(.expected))]
    Height {
        /// Name of the table.
        table: String,
        /// Logarithm of the height found.
        got: usize,
        /// Logarithm of the height that the program fixes, if it does.
        expected: Option<usize>,
    },
    /// The proof has not the parts that its program and heights call for.
    #[error("the proof has the wrong shape: {0}")]
    Shape(String),
    /// A proof of this shape has fewer bits than promised.
    #[error("the proof has {bits:.1} conjectured bits, fewer than {target}")]
    Security {
        /// Conjectured bits of this shape.
        bits: f64,
        /// Bits promised.
        target: u32,
    },
    /// The proof is wrong.
    #[error("the proof is invalid: {0}")]
    Invalid(String),
    /// The verifier failed on it; such a proof counts as invalid.
    #[error("the verifier failed on the proof: {0}")]
    Panicked(String),
}

fn hex(digest: &[u8; 32]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn heights(expected: &Option<usize>) -> String {
    expected.map_or_else(
        || format!("2^{MIN_LOG_HEIGHT} to 2^{MAX_LOG_HEIGHT}"),
        |bits| format!("2^{bits}"),
    )
}

/// The text of a caught panic.
pub(crate) fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "panic".to_owned())
}
