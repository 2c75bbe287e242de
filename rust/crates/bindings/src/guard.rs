//! Long calls: without the GIL, and with panics turned into exceptions.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;

use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::{PyErr, PyResult, Python, create_exception};

create_exception!(
    kedge._native,
    NativePanic,
    PyRuntimeError,
    "The native code failed an assertion of its own."
);

/// A `ValueError` with the reason.
pub fn value_error(reason: impl ToString) -> PyErr {
    PyValueError::new_err(reason.to_string())
}

/// Run `body`, turning a panic into [`NativePanic`].
fn caught<T>(body: impl FnOnce() -> T) -> PyResult<T> {
    catch_unwind(AssertUnwindSafe(body)).map_err(|payload| {
        let text = payload.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| payload.downcast_ref::<&str>().copied());
        NativePanic::new_err(format!("internal failure: {}", text.unwrap_or("no message")))
    })
}

/// Run `body` without the GIL.
pub fn detached<T: Send>(py: Python<'_>, body: impl FnOnce() -> T + Send) -> PyResult<T> {
    py.detach(|| caught(body))
}

/// A value behind a lock that is lost when a call panics half-way: nobody may see what such a call left behind.
pub struct Guarded<T>(Mutex<Option<T>>);

impl<T: Send> Guarded<T> {
    pub fn new(value: T) -> Self {
        Self(Mutex::new(Some(value)))
    }

    /// Run `body` on the value without the GIL; the lock is taken after the GIL is let go, so the two never deadlock.
    pub fn with<R: Send>(&self, py: Python<'_>, body: impl FnOnce(&mut T) -> R + Send) -> PyResult<R> {
        py.detach(|| {
            let mut slot = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            let mut value = slot
                .take()
                .ok_or_else(|| NativePanic::new_err("stopped after an internal failure"))?;
            let result = caught(|| body(&mut value))?;
            *slot = Some(value);
            Ok(result)
        })
    }
}
