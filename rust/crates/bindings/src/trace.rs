//! `witness_info`, `traces`, `check` and `survivors`: what is to be proven, as numbers.

use kedge_machine::{TableTrace, Traces, Witness, trace_width};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

use crate::convert::{field, to_bytes, to_digest};
use crate::guard::{detached, value_error};
use crate::program::Program;

/// Replay a witness; the reason where it is none of this program.
pub fn replayed(program: &kedge_machine::Program, witness: &[u8]) -> Result<Traces, String> {
    let witness = Witness::from_bytes(witness).map_err(|error| error.to_string())?;
    Traces::of(program, &witness).map_err(|error| error.to_string())
}

/// What a proof of a witness takes.
#[pyfunction]
pub fn witness_info<'py>(
    py: Python<'py>,
    program: &Bound<'py, Program>,
    witness: &Bound<'py, PyBytes>,
) -> PyResult<Bound<'py, PyDict>> {
    let (program, bytes) = (&*program.get().inner, witness.as_bytes());
    let replay = || replayed(program, bytes).map(|traces| (traces.info(program), traces.old_root, traces.new_root));
    let (info, old_root, new_root) = detached(py, replay)?.map_err(value_error)?;
    let [steps, rows, heights] = [(); 3].map(|()| PyDict::new(py));
    for (name, runs) in info.steps {
        steps.set_item(name, runs)?;
    }
    for (name, count, height) in info.rows {
        rows.set_item(&name, count)?;
        heights.set_item(name, height)?;
    }
    let answer = PyDict::new(py);
    answer.set_item("old_root", to_bytes(py, &old_root))?;
    answer.set_item("new_root", to_bytes(py, &new_root))?;
    answer.set_item("steps", steps)?;
    answer.set_item("rows", rows)?;
    answer.set_item("heights", heights)?;
    answer.set_item("permutations", info.permutations)?;
    Ok(answer)
}

/// Every cell of a witness's proof, padding included.
#[pyfunction]
pub fn traces<'py>(
    py: Python<'py>,
    program: &Bound<'py, Program>,
    witness: &Bound<'py, PyBytes>,
) -> PyResult<Bound<'py, PyDict>> {
    let (program, bytes) = (&*program.get().inner, witness.as_bytes());
    let traces = detached(py, || replayed(program, bytes))?.map_err(value_error)?;
    let answer = PyDict::new(py);
    for (table, trace) in program.tables.iter().zip(&traces.tables) {
        answer.set_item(&table.name, trace.to_words())?;
    }
    Ok(answer)
}

/// The first reasons why traces are not valid between two roots; none if they are.
#[pyfunction]
pub fn check(
    py: Python<'_>,
    program: &Bound<'_, Program>,
    traces: &Bound<'_, PyDict>,
    old_root: &[u8],
    new_root: &[u8],
) -> PyResult<Vec<String>> {
    let program = &*program.get().inner;
    let (old_root, new_root) = (to_digest(old_root)?, to_digest(new_root)?);
    if traces.len() != program.tables.len() {
        return Err(value_error(format!(
            "{} tables, not {}",
            traces.len(),
            program.tables.len()
        )));
    }
    let mut tables = Vec::with_capacity(traces.len());
    for table in &program.tables {
        let missing = || value_error(format!("there is no table {}", table.name));
        let rows = traces.get_item(&table.name)?.ok_or_else(missing)?;
        let trace = TableTrace::from_words(trace_width(table), &to_rows(&rows)?);
        tables.push(trace.map_err(|reason| value_error(format!("table {}: {reason}", table.name)))?);
    }
    detached(py, || kedge_machine::check(program, &tables, &old_root, &new_root))
}

fn to_rows(rows: &Bound<'_, PyAny>) -> PyResult<Vec<Vec<u64>>> {
    rows.try_iter()?
        .map(|row| row?.try_iter()?.map(|cell| field(&cell?)).collect())
        .collect()
}

/// A changed cell that nothing noticed: table, row, column, what it held instead.
type Survivor = (String, usize, String, u64);

/// Add each delta to each cell of some rows of a valid trace, one at a time; the changes that nothing notices.
///
/// Of each table the rows are `rows` of those in use, spread evenly.
#[pyfunction]
#[pyo3(signature = (program, witness, deltas, rows=3))]
pub fn survivors(
    py: Python<'_>,
    program: &Bound<'_, Program>,
    witness: &Bound<'_, PyBytes>,
    deltas: &Bound<'_, PyAny>,
    rows: usize,
) -> PyResult<Vec<Survivor>> {
    let (program, bytes) = (&*program.get().inner, witness.as_bytes());
    let deltas: Vec<u64> = deltas
        .try_iter()?
        .map(|delta| field(&delta?))
        .collect::<PyResult<_>>()?;
    let found = detached(py, || {
        let Traces {
            tables,
            old_root,
            new_root,
            ..
        } = replayed(program, bytes)?;
        let picked = |trace: &TableTrace| {
            let count = rows.min(trace.rows);
            (0..count).map(|i| i * trace.rows / count).collect()
        };
        Ok::<_, String>(kedge_machine::survivors(
            program, &tables, &old_root, &new_root, &deltas, picked,
        ))
    })?;
    let named = |table: &str, column: usize| {
        let table = program.tables.iter().find(|candidate| candidate.name == table);
        table
            .and_then(|table| table.columns.get(column))
            .cloned()
            .unwrap_or_else(|| column.to_string())
    };
    let found = found.map_err(value_error)?.into_iter();
    Ok(found
        .map(|cell| {
            (
                cell.table.clone(),
                cell.row,
                named(&cell.table, cell.column),
                cell.value,
            )
        })
        .collect())
}
