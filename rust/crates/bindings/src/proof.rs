//! `prove`, `verify` and `Cancel`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use kedge_machine::program::Fill;
use kedge_machine::{TableTrace, Traces};
use kedge_stark::{ProveError, Rows};
use p3_goldilocks::Goldilocks;
use pyo3::create_exception;
use pyo3::exceptions::PyException;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

use crate::convert::to_bytes;
use crate::guard::{NativePanic, detached, value_error};
use crate::program::Program;
use crate::trace::replayed;

create_exception!(
    kedge._native,
    Cancelled,
    PyException,
    "A proof was stopped because its Cancel was set."
);

/// The stage before those of the proof system.
const REPLAY: &str = "replay";

/// Words of a permutation's input, and where its count lies in a row.
const INPUT: usize = 16;
const COUNT: usize = 20;

/// Stops a proof that runs in another thread.
#[pyclass(frozen, module = "kedge._native")]
pub struct Cancel(Arc<AtomicBool>);

#[pymethods]
impl Cancel {
    #[new]
    fn new() -> Self {
        Self(Arc::default())
    }

    fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    #[getter]
    fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// A Python callback; the first exception it raises stops the proof.
struct Listener {
    callback: Option<Py<PyAny>>,
    raised: Option<PyErr>,
    cancel: Arc<AtomicBool>,
}

impl Listener {
    fn tell(&mut self, stage: &str, part: f64) {
        let Some(callback) = self.callback.as_ref().filter(|_| self.raised.is_none()) else {
            return;
        };
        if let Err(error) = Python::attach(|py| callback.call1(py, (stage, part))) {
            self.raised = Some(error);
            self.cancel.store(true, Ordering::Relaxed);
        }
    }
}

/// Why there is no proof.
enum Failure {
    Witness(String),
    Proof(ProveError),
}

/// The proof file of a chunk.
#[pyfunction]
#[pyo3(signature = (program, witness, progress=None, cancel=None))]
pub fn prove<'py>(
    py: Python<'py>,
    program: &Bound<'py, Program>,
    witness: &Bound<'py, PyBytes>,
    progress: Option<Py<PyAny>>,
    cancel: Option<&Bound<'py, Cancel>>,
) -> PyResult<Bound<'py, PyBytes>> {
    let (program, bytes) = (&*program.get().inner, witness.as_bytes());
    let cancel = cancel.map(|cancel| Arc::clone(&cancel.get().0)).unwrap_or_default();
    let mut listener = Listener {
        callback: progress,
        raised: None,
        cancel,
    };
    let outcome = detached(py, || prove_witness(program, bytes, &mut listener))?;
    match (outcome, listener.raised) {
        (_, Some(error)) => Err(error),
        (Ok(bytes), None) => Ok(PyBytes::new(py, &bytes)),
        (Err(Failure::Witness(reason)), None) => Err(value_error(reason)),
        (Err(Failure::Proof(ProveError::Cancelled)), None) => Err(Cancelled::new_err("the proof was cancelled")),
        (Err(Failure::Proof(error @ (ProveError::System(_) | ProveError::Unsatisfied(_)))), None) => {
            Err(NativePanic::new_err(error.to_string()))
        }
        (Err(Failure::Proof(error)), None) => Err(value_error(error)),
    }
}

fn prove_witness(program: &kedge_machine::Program, bytes: &[u8], listener: &mut Listener) -> Result<Vec<u8>, Failure> {
    listener.tell(REPLAY, 0.0);
    let traces = replayed(program, bytes).map_err(Failure::Witness)?;
    listener.tell(REPLAY, 1.0);
    let Traces {
        tables,
        old_root,
        new_root,
        ..
    } = traces;
    let publics = std::array::from_fn(|i| if i < 4 { old_root[i] } else { new_root[i - 4] });
    let rows = program
        .tables
        .iter()
        .zip(tables)
        .map(|(table, trace)| to_rows(table.fill, trace))
        .collect();
    let cancel = Arc::clone(&listener.cancel);
    let proved = kedge_stark::prove(
        program,
        rows,
        publics,
        &mut |stage, part| listener.tell(stage, part),
        &cancel,
    );
    Ok(proved.map_err(Failure::Proof)?.bytes)
}

/// A table as the prover takes it: without padding, and the machine's own tables in their own shapes.
fn to_rows(fill: Fill, mut trace: TableTrace) -> Rows {
    trace.values.truncate(trace.rows * trace.width);
    match fill {
        Fill::Range16 => Rows::Counts(counts(&trace)),
        Fill::Poseidon2 => Rows::Permutations(trace.values.chunks_exact(COUNT + 1).map(permutation).collect()),
        Fill::Step | Fill::Leaf | Fill::Node | Fill::Chunk => Rows::Cells(trace.values),
    }
}

/// Counts in the order of their values: the table holds them column after column.
fn counts(trace: &TableTrace) -> Vec<Goldilocks> {
    let (rows, width) = (trace.rows, trace.width);
    (0..rows * width)
        .map(|value| trace.values[value % rows * width + value / rows])
        .collect()
}

fn permutation(row: &[Goldilocks]) -> ([Goldilocks; INPUT], Goldilocks) {
    (std::array::from_fn(|i| row[i]), row[COUNT])
}

/// What a proof file proves under a program, and how well.
#[pyfunction]
pub fn verify<'py>(
    py: Python<'py>,
    program: &Bound<'py, Program>,
    proof: &Bound<'py, PyBytes>,
) -> PyResult<Bound<'py, PyDict>> {
    let (program, bytes) = (&*program.get().inner, proof.as_bytes());
    let verified = detached(py, || kedge_stark::verify(program, bytes))?.map_err(value_error)?;
    let security = verified.security;
    let answer = PyDict::new(py);
    answer.set_item("old_root", to_bytes(py, &verified.old_root))?;
    answer.set_item("new_root", to_bytes(py, &verified.new_root))?;
    answer.set_item("program", PyBytes::new(py, &verified.program))?;
    answer.set_item("tables", verified.tables)?;
    answer.set_item("bits_conjectured", security.conjectured)?;
    answer.set_item("bits_proven", security.proven)?;
    answer.set_item("terms", security.terms)?;
    answer.set_item("terms_proven", security.proven_terms)?;
    answer.set_item("regime_proven", security.proven_regime)?;
    Ok(answer)
}
