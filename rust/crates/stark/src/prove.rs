//! Proving a chunk.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use kedge_machine::program::Program;
use p3_batch_stark::{StarkInstance, prove_batch};
use p3_field::PrimeField64;
use p3_matrix::Matrix;
use p3_matrix::dense::RowMajorMatrix;

use crate::config::Val;
use crate::error::{ProveError, panic_text};
use crate::format::Header;
use crate::keys::{Keys, PUBLICS};
use crate::security::{Security, TARGET_BITS};
use crate::trace::{Rows, assemble};
use crate::verify::{Verified, verify_with};

/// The stages of a proof, in order, as reported.
pub const STAGES: [&str; 4] = ["keys", "trace", "proof", "verify"];

/// Seconds that a stage took.
#[derive(Clone, Debug, PartialEq)]
pub struct Stage {
    /// One of [`STAGES`].
    pub stage: &'static str,
    /// Wall-clock seconds.
    pub seconds: f64,
}

/// A proof that has been verified, and how long it took.
#[derive(Clone, Debug)]
pub struct Proved {
    /// The proof file.
    pub bytes: Vec<u8>,
    /// What the proof says.
    pub verified: Verified,
    /// Cells of the traces: rows times committed columns.
    pub cells: usize,
    /// Time of each stage.
    pub stages: Vec<Stage>,
}

/// Proves that these rows lead from the old root to the new root.
///
/// `rows` are those of each table, in the order of the program; `publics` the old root and the new root. `progress`
/// is told a stage and 0 when the stage starts, the same stage and 1 when it ends. `cancel` is looked at between
/// stages: the stage "proof", which takes nearly all of the time, runs to its end.
///
/// The proof is verified before it is returned, since the prover itself does not look whether the rows satisfy the
/// program.
///
/// # Errors
/// [`ProveError`] with the reason; nothing is kept.
pub fn prove(
    program: &Program,
    rows: Vec<Rows>,
    publics: [u64; PUBLICS],
    progress: &mut dyn FnMut(&str, f64),
    cancel: &AtomicBool,
) -> Result<Proved, ProveError> {
    let mut clock = Clock {
        progress,
        cancel,
        stages: vec![],
    };
    let keys = clock.run(STAGES[0], || Ok(Keys::of(program)?))?;
    let (header, traces) = clock.run(STAGES[1], || prepare(&keys, rows, publics))?;
    let cells = traces.iter().map(|trace| trace.values.len()).sum();
    let bytes = clock.run(STAGES[2], || attempt(&keys, &header, traces))?;
    let verified = clock.run(STAGES[3], || {
        verify_with(&keys, &bytes).map_err(ProveError::Unsatisfied)
    })?;
    Ok(Proved {
        bytes,
        verified,
        cells,
        stages: clock.stages,
    })
}

struct Clock<'a> {
    progress: &'a mut dyn FnMut(&str, f64),
    cancel: &'a AtomicBool,
    stages: Vec<Stage>,
}

impl Clock<'_> {
    fn run<T>(&mut self, stage: &'static str, work: impl FnOnce() -> Result<T, ProveError>) -> Result<T, ProveError> {
        if self.cancel.load(Ordering::Relaxed) {
            return Err(ProveError::Cancelled);
        }
        (self.progress)(stage, 0.0);
        let start = Instant::now();
        let done = work()?;
        self.stages.push(Stage {
            stage,
            seconds: start.elapsed().as_secs_f64(),
        });
        (self.progress)(stage, 1.0);
        Ok(done)
    }
}

fn prepare(
    keys: &Keys,
    rows: Vec<Rows>,
    publics: [u64; PUBLICS],
) -> Result<(Header, Vec<RowMajorMatrix<Val>>), ProveError> {
    if let Some(word) = publics.iter().find(|word| **word >= Val::ORDER_U64) {
        let reason = format!("{word} is not canonical");
        return Err(ProveError::Rows {
            table: "public values".to_owned(),
            reason,
        });
    }
    let traces = assemble(keys, rows)?;
    let log_heights: Vec<usize> = traces.iter().map(|trace| trace.height().ilog2() as usize).collect();
    let security = Security::of(&keys.tables, &log_heights);
    if !security.is_enough() {
        let binding = security.binding().map_or_else(String::new, |(name, _)| name.clone());
        return Err(ProveError::Security {
            bits: security.conjectured,
            target: TARGET_BITS,
            binding,
        });
    }
    Ok((
        Header {
            program: keys.program,
            publics,
            log_heights,
        },
        traces,
    ))
}

/// Runs the proof system, which panics where its input breaks its rules.
fn attempt(keys: &Keys, header: &Header, traces: Vec<RowMajorMatrix<Val>>) -> Result<Vec<u8>, ProveError> {
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        let traces: Vec<&RowMajorMatrix<Val>> = traces.iter().collect();
        let instances = StarkInstance::new_multiple(&keys.airs, &traces, &header.public_values(keys));
        prove_batch(&keys.config, &instances, &keys.data).map_err(|error| ProveError::System(error.to_string()))
    }));
    let proof = outcome.unwrap_or_else(|panic| Err(ProveError::System(panic_text(&*panic))))?;
    let mut bytes = header.encode();
    bytes.extend(postcard::to_allocvec(&proof).map_err(|error| ProveError::System(error.to_string()))?);
    Ok(bytes)
}
