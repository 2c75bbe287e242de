//! Snapshots: an engine between two transactions as bytes, the open chunk included.
//!
//! Bytes: magic, version, SHA-256 of the program file, SHA-256 of the rest, the rest in postcard. The checksum finds
//! damage, not deceit: who takes a snapshot from somebody else compares the root with one they trust.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::engine::Engine;
use crate::exec::Entry;
use crate::limits::MAX_CHUNK_STEPS;
use crate::log::StepLog;
use crate::memory::Memory;
use crate::meter::{Sizes, Spent};
use crate::program::Program;
use kedge_state::{ADDRESS_BITS, is_canonical};

/// Largest snapshot accepted, in bytes.
pub const MAX_SNAPSHOT_BYTES: usize = 4 << 30;

const MAGIC: &[u8; 8] = b"KEDGESNP";
const VERSION: u8 = 1;
const HEAD: usize = MAGIC.len() + 1 + 32 + 32;

/// The reason snapshot bytes were refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotError {
    /// Not a snapshot, or of another version.
    #[error("these bytes are not a snapshot of version {VERSION}")]
    Magic,
    /// Longer than [`MAX_SNAPSHOT_BYTES`].
    #[error("the snapshot has {0} bytes, more than {MAX_SNAPSHOT_BYTES}")]
    TooLong(usize),
    /// Taken under another program.
    #[error("the snapshot belongs to another program")]
    Program,
    /// The checksum does not match.
    #[error("the snapshot is damaged")]
    Checksum,
    /// The body does not decode, or says what no engine could have written.
    #[error("the snapshot is malformed: {0}")]
    Malformed(String),
}

type Words = [u64; 8];

#[derive(Serialize, Deserialize)]
struct Body {
    /// Records that are not zero, by address.
    records: Vec<(u64, Words)>,
    /// Entries of each index in order: group, key, address.
    indexes: Vec<Vec<(u64, i64, u64)>>,
    /// What the open chunk touched: address, last access, words at its start.
    touched: Vec<(u64, u32, Words)>,
    log: StepLog,
}

impl Engine {
    /// The engine as bytes.
    #[must_use]
    pub fn snapshot(&self) -> Vec<u8> {
        let world = &self.world;
        let list = |entry: Entry| (entry.group, entry.key, entry.address);
        let body = Body {
            records: world.memory.entries(),
            indexes: world
                .indexes
                .iter()
                .map(|index| index.entries().map(list).collect())
                .collect(),
            touched: world.memory.open(),
            log: world.log.clone(),
        };
        // Writing plain lists of numbers to memory has no way to fail.
        let body = postcard::to_allocvec(&body).unwrap_or_default();
        let mut bytes = MAGIC.to_vec();
        bytes.push(VERSION);
        bytes.extend_from_slice(&self.program().digest());
        bytes.extend_from_slice(&Sha256::digest(&body));
        bytes.extend(body);
        bytes
    }

    /// The engine that [`Engine::snapshot`] described.
    ///
    /// # Errors
    /// [`SnapshotError`] for bytes that are not a snapshot of this program.
    pub fn restore(program: Arc<Program>, bytes: &[u8]) -> Result<Self, SnapshotError> {
        if bytes.len() > MAX_SNAPSHOT_BYTES {
            return Err(SnapshotError::TooLong(bytes.len()));
        }
        let (head, rest) = bytes.split_at_checked(HEAD).ok_or(SnapshotError::Magic)?;
        let (magic, digests) = head.split_at(MAGIC.len() + 1);
        if magic[..MAGIC.len()] != MAGIC[..] || magic[MAGIC.len()] != VERSION {
            return Err(SnapshotError::Magic);
        }
        if digests[..32] != program.digest() {
            return Err(SnapshotError::Program);
        }
        if digests[32..] != Sha256::digest(rest)[..] {
            return Err(SnapshotError::Checksum);
        }
        let malformed = |reason: &str| SnapshotError::Malformed(reason.to_owned());
        let (body, rest): (Body, &[u8]) =
            postcard::take_from_bytes(rest).map_err(|error| SnapshotError::Malformed(error.to_string()))?;
        if !rest.is_empty() {
            return Err(malformed("bytes are left over"));
        }
        let mut engine = Self::new(program);
        body.check(&engine).map_err(malformed)?;
        engine.world.memory = Memory::of(&body.records, Sizes::of(engine.program()))
            .map_err(|error| SnapshotError::Malformed(error.to_string()))?;
        for touched in body.touched {
            if !engine.world.memory.reopen(touched) {
                return Err(malformed("a record is touched twice"));
            }
        }
        for (index, entries) in engine.world.indexes.iter_mut().zip(body.indexes) {
            for (group, key, address) in entries {
                if !index.insert(Entry { group, key, address }) {
                    return Err(malformed("an index entry is repeated"));
                }
            }
        }
        engine.world.spent = Spent::of(&body.log, engine.compiled());
        engine.world.log = body.log;
        Ok(engine)
    }
}

impl Body {
    fn check(&self, engine: &Engine) -> Result<(), &'static str> {
        let canonical = |words: &Words| words.iter().all(|&word| is_canonical(word));
        let steps = self.log.steps.len();
        if !self.records.is_sorted_by(|a, b| a.0 < b.0) || self.records.iter().any(|record| record.1 == [0; 8]) {
            return Err("records are out of order or zero");
        }
        if self.indexes.len() != engine.program().indexes.len() {
            return Err("the number of indexes differs");
        }
        if steps > MAX_CHUNK_STEPS as usize || !self.log.fits(engine.compiled()) {
            return Err("the log does not fit the program");
        }
        let sane = |&(address, seen, ref old): &(u64, u32, Words)| {
            address >> ADDRESS_BITS == 0 && (1..=steps as u64).contains(&u64::from(seen)) && canonical(old)
        };
        if !self.touched.iter().all(sane) {
            return Err("a touched record is out of range");
        }
        Ok(())
    }
}
