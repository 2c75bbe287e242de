//! The witness of a chunk: everything that a prover needs besides the program.
//!
//! Bytes: magic, version, SHA-256 of the program file, then the rest in postcard. Who could cheat: whoever hands over
//! the bytes. Reading is total and allocates at most a small multiple of their length; replay checks everything else.

use kedge_state::{Digest, Partial};
use serde::{Deserialize, Serialize};

use crate::limits::MAX_CHUNK_STEPS;
use crate::log::StepLog;

/// Largest witness accepted, in bytes.
pub const MAX_WITNESS_BYTES: usize = 256 << 20;

const MAGIC: &[u8; 8] = b"KEDGEWIT";
const VERSION: u8 = 1;
const HEAD: usize = MAGIC.len() + 1 + 32;

/// The reason witness bytes were refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WitnessError {
    /// Not a witness, or of another version.
    #[error("these bytes are not a witness of version {VERSION}")]
    Magic,
    /// Longer than [`MAX_WITNESS_BYTES`].
    #[error("the witness has {0} bytes, more than {MAX_WITNESS_BYTES}")]
    TooLong(usize),
    /// The body does not decode.
    #[error("the witness is malformed: {0}")]
    Malformed(String),
    /// More steps than a chunk may have.
    #[error("the witness has {0} steps, more than {MAX_CHUNK_STEPS}")]
    TooManySteps(usize),
}

/// A chunk to replay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witness {
    pub(crate) program: [u8; 32],
    pub(crate) body: Body,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Body {
    pub(crate) old_root: Digest,
    pub(crate) log: StepLog,
    pub(crate) partial: Partial,
}

impl Witness {
    pub(crate) const fn new(program: [u8; 32], old_root: Digest, log: StepLog, partial: Partial) -> Self {
        Self {
            program,
            body: Body { old_root, log, partial },
        }
    }

    /// SHA-256 of the program file that the chunk ran.
    #[must_use]
    pub const fn program_digest(&self) -> [u8; 32] {
        self.program
    }

    /// Root of the state before the chunk, as claimed.
    #[must_use]
    pub const fn old_root(&self) -> Digest {
        self.body.old_root
    }

    /// Number of steps.
    #[must_use]
    pub fn steps(&self) -> usize {
        self.body.log.steps.len()
    }

    /// The witness as bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.push(VERSION);
        bytes.extend_from_slice(&self.program);
        // Writing plain lists of numbers to memory has no way to fail.
        bytes.extend(postcard::to_allocvec(&self.body).unwrap_or_default());
        bytes
    }

    /// Reads a witness.
    ///
    /// # Errors
    /// [`WitnessError`] for bytes that are not one.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, WitnessError> {
        if bytes.len() > MAX_WITNESS_BYTES {
            return Err(WitnessError::TooLong(bytes.len()));
        }
        let (head, body) = bytes.split_at_checked(HEAD).ok_or(WitnessError::Magic)?;
        let (magic, program) = head.split_at(MAGIC.len() + 1);
        if magic[..MAGIC.len()] != MAGIC[..] || magic[MAGIC.len()] != VERSION {
            return Err(WitnessError::Magic);
        }
        let program = program.try_into().map_err(|_| WitnessError::Magic)?;
        let (body, rest): (Body, &[u8]) =
            postcard::take_from_bytes(body).map_err(|error| WitnessError::Malformed(error.to_string()))?;
        if !rest.is_empty() {
            return Err(WitnessError::Malformed(format!("{} bytes are left over", rest.len())));
        }
        let steps = body.log.steps.len();
        if steps > MAX_CHUNK_STEPS as usize {
            return Err(WitnessError::TooManySteps(steps));
        }
        Ok(Self { program, body })
    }
}
