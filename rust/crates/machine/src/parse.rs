//! From bytes to a [`Program`]: the only way there is, so that none exists unvalidated.

use sha2::{Digest, Sha256};

use crate::program::{MAX_PROGRAM_BYTES, Program, ProgramError};
use crate::validate::check_program;

impl Program {
    /// Reads and validates a program file.
    ///
    /// # Errors
    /// [`ProgramError`] with a readable reason; hostile bytes neither panic nor allocate beyond a small multiple of
    /// their length.
    pub fn parse(bytes: &[u8]) -> Result<Self, ProgramError> {
        if bytes.len() > MAX_PROGRAM_BYTES {
            return Err(ProgramError::TooLong(bytes.len()));
        }
        let mut program: Self = serde_json::from_slice(bytes)?;
        program.digest = Sha256::digest(bytes).into();
        check_program(&program).map_err(ProgramError::Invalid)?;
        Ok(program)
    }
}
