//! The proof file: a header in the clear, then the proof.
//!
//! `"KEDGEPRF"`, version (2 bytes), digest of the program (32), public values (8 words), number of tables (2), the
//! logarithm of each table's height (1 each), then the proof as postcard. All numbers are little-endian.

use p3_field::{PrimeCharacteristicRing, PrimeField64};

use crate::config::{MAX_LOG_HEIGHT, MIN_LOG_HEIGHT, VERSION, Val};
use crate::error::VerifyError;
use crate::keys::{Keys, PUBLICS};

/// First bytes of every proof file.
pub const MAGIC: [u8; 8] = *b"KEDGEPRF";

/// The header of a proof file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) program: [u8; 32],
    pub(crate) publics: [u64; PUBLICS],
    pub(crate) log_heights: Vec<usize>,
}

impl Header {
    /// The header's bytes; the proof follows them.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend(VERSION.to_le_bytes());
        bytes.extend(self.program);
        bytes.extend(self.publics.iter().flat_map(|word| word.to_le_bytes()));
        bytes.extend((self.log_heights.len() as u16).to_le_bytes());
        bytes.extend(self.log_heights.iter().map(|bits| *bits as u8));
        bytes
    }

    /// Reads a header for the program of `keys` and gives the bytes that follow.
    ///
    /// Every height is checked here, before anything is sized by it.
    pub(crate) fn decode<'a>(keys: &Keys, bytes: &'a [u8]) -> Result<(Self, &'a [u8]), VerifyError> {
        let mut rest = bytes;
        let magic: [u8; 8] = take(&mut rest).map_err(|_| VerifyError::BadMagic)?;
        if magic != MAGIC {
            return Err(VerifyError::BadMagic);
        }
        let version = u16::from_le_bytes(take(&mut rest)?);
        if version != VERSION {
            return Err(VerifyError::Version(version));
        }
        let program = take(&mut rest)?;
        if program != keys.program {
            return Err(VerifyError::WrongProgram {
                expected: keys.program,
                got: program,
            });
        }
        let mut publics = [0; PUBLICS];
        for (i, word) in publics.iter_mut().enumerate() {
            *word = u64::from_le_bytes(take(&mut rest)?);
            if *word >= Val::ORDER_U64 {
                return Err(VerifyError::Public(i));
            }
        }
        let tables = usize::from(u16::from_le_bytes(take(&mut rest)?));
        if tables != keys.tables.len() {
            return Err(VerifyError::Shape(format!(
                "{tables} tables, not {}",
                keys.tables.len()
            )));
        }
        let (bits, rest) = rest.split_at_checked(tables).ok_or(VerifyError::Truncated)?;
        let log_heights: Vec<usize> = bits.iter().map(|bits| usize::from(*bits)).collect();
        check_heights(keys, &log_heights)?;
        Ok((
            Self {
                program,
                publics,
                log_heights,
            },
            rest,
        ))
    }

    /// The public values of each table: the chunk table has all of them.
    pub(crate) fn public_values(&self, keys: &Keys) -> Vec<Vec<Val>> {
        let words: Vec<Val> = self.publics.iter().map(|word| Val::from_u64(*word)).collect();
        keys.tables
            .iter()
            .map(|table| words[..table.publics].to_vec())
            .collect()
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], VerifyError> {
    let (head, tail) = rest.split_first_chunk().ok_or(VerifyError::Truncated)?;
    *rest = tail;
    Ok(*head)
}

fn check_heights(keys: &Keys, log_heights: &[usize]) -> Result<(), VerifyError> {
    for (table, &got) in keys.tables.iter().zip(log_heights) {
        let fits = table
            .log_height
            .map_or((MIN_LOG_HEIGHT..=MAX_LOG_HEIGHT).contains(&got), |fixed| got == fixed);
        if !fits {
            return Err(VerifyError::Height {
                table: table.name.clone(),
                got,
                expected: table.log_height,
            });
        }
    }
    Ok(())
}
