//! `Engine` and `Sealed`: transactions in, outcomes out.

use std::sync::Arc;

use kedge_machine::Event;
use pyo3::exceptions::PyOverflowError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PyString};

use crate::convert::{Address, to_bytes, words};
use crate::guard::{Guarded, NativePanic, detached, value_error};
use crate::program::{Names, Program};

/// A step number that no program has: the engine refuses it as malformed.
const NO_STEP: u16 = u16::MAX;

/// A record with its address, as Python sees it.
type Entry = (u64, [i64; 8]);

/// Code, events and steps of one transaction.
type Outcome<'py> = (u32, Bound<'py, PyList>, u32);

/// Transactions read from Python: the step and the end of its arguments, which all lie in one list.
#[derive(Default)]
struct Inbox {
    heads: Vec<(u16, usize)>,
    args: Vec<i64>,
}

impl Inbox {
    /// Add a transaction. An unknown step, or an integer beyond 64 bits, becomes a transaction that is malformed.
    fn push(&mut self, names: &Names, step: &Bound<'_, PyString>, args: &Bound<'_, PyAny>) -> PyResult<()> {
        let mut number = names.steps.get(step.to_str()?).copied().unwrap_or(NO_STEP);
        for arg in args.try_iter()? {
            let arg = arg?;
            match arg.extract() {
                Ok(value) => self.args.push(value),
                Err(error) if error.is_instance_of::<PyOverflowError>(arg.py()) => number = NO_STEP,
                Err(error) => return Err(value_error(error)),
            }
        }
        self.heads.push((number, self.args.len()));
        Ok(())
    }

    /// Run all of it.
    fn run(&self, engine: &mut kedge_machine::Engine) -> Outbox {
        let mut outbox = Outbox {
            heads: Vec::with_capacity(self.heads.len()),
            events: Vec::new(),
        };
        let mut start = 0;
        for (step, end) in &self.heads {
            let (code, steps) = engine.run(*step, &self.args[start..*end]);
            if code == 0 {
                outbox.events.extend(engine.events());
            }
            outbox.heads.push((code, steps, outbox.events.len()));
            start = *end;
        }
        outbox
    }
}

/// Outcomes on their way to Python: code, steps and the end of its events, which all lie in one list.
struct Outbox {
    heads: Vec<(u32, u32, usize)>,
    events: Vec<Event>,
}

impl Outbox {
    fn outcomes<'py>(&self, py: Python<'py>, names: &Names) -> PyResult<Vec<Outcome<'py>>> {
        let mut outcomes = Vec::with_capacity(self.heads.len());
        let mut start = 0;
        for (code, steps, end) in &self.heads {
            let events = self.events[start..*end].iter().map(|event| {
                let name = names.events.get(usize::from(event.kind)).map(|name| name.bind(py));
                (name, event.fields.as_slice())
            });
            outcomes.push((*code, PyList::new(py, events)?, *steps));
            start = *end;
        }
        Ok(outcomes)
    }
}

/// The state machine of one program.
#[pyclass(frozen, module = "kedge._native")]
pub struct Engine {
    inner: Guarded<kedge_machine::Engine>,
    names: Arc<Names>,
}

#[pymethods]
impl Engine {
    #[new]
    fn new(py: Python<'_>, program: &Bound<'_, Program>) -> PyResult<Self> {
        let program = program.get();
        let inner = Arc::clone(&program.inner);
        let engine = detached(py, || kedge_machine::Engine::new(inner))?;
        Ok(Self {
            inner: Guarded::new(engine),
            names: Arc::clone(&program.names),
        })
    }

    /// The engine that a snapshot describes.
    #[staticmethod]
    fn restore(py: Python<'_>, program: &Bound<'_, Program>, snapshot: &Bound<'_, PyBytes>) -> PyResult<Self> {
        let (program, bytes) = (program.get(), snapshot.as_bytes());
        let inner = Arc::clone(&program.inner);
        let engine = detached(py, || kedge_machine::Engine::restore(inner, bytes))?.map_err(value_error)?;
        Ok(Self {
            inner: Guarded::new(engine),
            names: Arc::clone(&program.names),
        })
    }

    fn snapshot<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, &self.inner.with(py, |engine| engine.snapshot())?))
    }

    /// Run one transaction.
    fn submit<'py>(
        &self,
        py: Python<'py>,
        step: &Bound<'py, PyString>,
        args: &Bound<'py, PyAny>,
    ) -> PyResult<Option<Outcome<'py>>> {
        let mut inbox = Inbox::default();
        inbox.push(&self.names, step, args)?;
        let outbox = self.inner.with(py, |engine| inbox.run(engine))?;
        Ok(outbox.outcomes(py, &self.names)?.pop())
    }

    /// Run transactions in order.
    fn submit_many<'py>(&self, py: Python<'py>, txs: &Bound<'py, PyAny>) -> PyResult<Vec<Outcome<'py>>> {
        let mut inbox = Inbox::default();
        for tx in txs.try_iter()? {
            let (step, args): (Bound<'py, PyString>, Bound<'py, PyAny>) = tx?.extract()?;
            inbox.push(&self.names, &step, &args)?;
        }
        self.inner
            .with(py, |engine| inbox.run(engine))?
            .outcomes(py, &self.names)
    }

    /// The words of a record.
    fn get(&self, py: Python<'_>, address: Address) -> PyResult<[i64; 8]> {
        self.inner.with(py, |engine| engine.get(address.0))
    }

    /// All records that are not zero, by ascending address.
    fn entries(&self, py: Python<'_>) -> PyResult<Vec<Entry>> {
        self.inner.with(py, |engine| {
            engine
                .entries()
                .iter()
                .map(|(address, record)| (*address, words(record)))
                .collect()
        })
    }

    /// Root of the state after the last accepted transaction.
    fn root<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let root = self.inner.with(py, kedge_machine::Engine::root)?.map_err(broken)?;
        Ok(to_bytes(py, &root))
    }

    /// Number of steps of the open chunk.
    #[getter]
    fn steps_in_chunk(&self, py: Python<'_>) -> PyResult<u32> {
        self.inner.with(py, |engine| engine.steps_in_chunk())
    }

    /// What the open chunk costs to prove and to publish.
    fn usage<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let (usage, program) = self
            .inner
            .with(py, |engine| (engine.usage(), Arc::clone(engine.program())))?;
        let steps = PyDict::new(py);
        for (step, runs) in program.steps.iter().zip(&usage.steps) {
            steps.set_item(&step.name, runs)?;
        }
        let found = PyDict::new(py);
        found.set_item("steps", steps)?;
        found.set_item("leaves", usage.leaves)?;
        found.set_item("nodes", usage.nodes)?;
        found.set_item("permutations", usage.permutations)?;
        found.set_item("bytes", usage.bytes)?;
        Ok(found)
    }

    /// End the chunk and begin the next.
    fn seal(&self, py: Python<'_>) -> PyResult<Sealed> {
        let sealed = self.inner.with(py, kedge_machine::Engine::seal)?.map_err(broken)?;
        let witness = PyBytes::new(py, &sealed.witness).unbind();
        Ok(Sealed {
            witness,
            inner: kedge_machine::Sealed {
                witness: Vec::new(),
                ..sealed
            },
        })
    }
}

/// The engine's own state is not what an engine makes.
fn broken(error: kedge_state::Error) -> PyErr {
    NativePanic::new_err(format!("the engine's state is broken: {error}"))
}

/// A closed chunk.
#[pyclass(frozen, module = "kedge._native")]
pub struct Sealed {
    witness: Py<PyBytes>,
    /// The rest, without its witness.
    inner: kedge_machine::Sealed,
}

#[pymethods]
impl Sealed {
    #[getter]
    fn old_root<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        to_bytes(py, &self.inner.old_root)
    }

    #[getter]
    fn new_root<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        to_bytes(py, &self.inner.new_root)
    }

    /// What a prover needs.
    #[getter]
    fn witness(&self, py: Python<'_>) -> Py<PyBytes> {
        self.witness.clone_ref(py)
    }

    /// Final words of the records whose words changed, by ascending address.
    #[getter]
    fn touched(&self) -> Vec<Entry> {
        self.inner
            .touched
            .iter()
            .map(|(address, record)| (*address, words(record)))
            .collect()
    }

    #[getter]
    fn steps(&self) -> u32 {
        self.inner.steps
    }
}
