//! The Python module `kedge._native`: conversions and nothing else.
//!
//! Every long call runs without the GIL and inside [`guard`], so that a panic becomes an ordinary Python exception
//! and the object it happened in is never used again.

mod convert;
mod engine;
mod guard;
mod program;
mod proof;
mod trace;
mod tree;

use pyo3::prelude::*;

#[pymodule]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    module.add("NativePanic", py.get_type::<guard::NativePanic>())?;
    module.add("Cancelled", py.get_type::<proof::Cancelled>())?;
    module.add_class::<program::Program>()?;
    module.add_class::<engine::Engine>()?;
    module.add_class::<engine::Sealed>()?;
    module.add_class::<proof::Cancel>()?;
    module.add_class::<tree::Tree>()?;
    module.add_function(wrap_pyfunction!(tree::poseidon2, module)?)?;
    module.add_function(wrap_pyfunction!(trace::witness_info, module)?)?;
    module.add_function(wrap_pyfunction!(trace::traces, module)?)?;
    module.add_function(wrap_pyfunction!(trace::check, module)?)?;
    module.add_function(wrap_pyfunction!(trace::survivors, module)?)?;
    module.add_function(wrap_pyfunction!(proof::prove, module)?)?;
    module.add_function(wrap_pyfunction!(proof::verify, module)?)
}
