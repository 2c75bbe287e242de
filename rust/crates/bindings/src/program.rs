//! `Program`: a parsed program, with the names that Python sees made once.

use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};
use rustc_hash::FxHashMap;

use crate::guard::{detached, value_error};

/// Names as Python strings, shared by every engine of the program.
pub struct Names {
    /// Of events, by number.
    pub events: Vec<Py<PyString>>,
    /// Of steps, to their number.
    pub steps: FxHashMap<String, u16>,
}

/// A parsed and validated program.
#[pyclass(frozen, module = "kedge._native")]
pub struct Program {
    pub inner: Arc<kedge_machine::Program>,
    pub names: Arc<Names>,
}

#[pymethods]
impl Program {
    #[new]
    fn new(py: Python<'_>, data: &Bound<'_, PyBytes>) -> PyResult<Self> {
        let bytes = data.as_bytes();
        let inner = detached(py, || kedge_machine::Program::parse(bytes))?.map_err(value_error)?;
        let events = inner
            .events
            .iter()
            .map(|event| PyString::intern(py, &event.name).unbind())
            .collect();
        let steps = (0..)
            .zip(&inner.steps)
            .map(|(number, step)| (step.name.clone(), number))
            .collect();
        Ok(Self {
            inner: Arc::new(inner),
            names: Arc::new(Names { events, steps }),
        })
    }

    /// SHA-256 of the bytes.
    #[getter]
    fn digest<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.inner.digest())
    }

    /// Names of the steps, in order.
    #[getter]
    fn step_names(&self) -> Vec<&str> {
        self.inner.steps.iter().map(|step| step.name.as_str()).collect()
    }
}
