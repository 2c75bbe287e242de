//! `Tree` and `poseidon2`: the state tree by itself.

use kedge_state::{Digest, LEVELS, Path, Record};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::convert::{Address, fields, to_bytes, to_digest, words};
use crate::guard::{Guarded, detached, value_error};

/// A record with its address, as Python sees it.
type Entry = (u64, [i64; 8]);

/// Three sibling digests on each of eighteen levels.
type Siblings<'py> = Vec<[Bound<'py, PyBytes>; 3]>;

/// A sparse Merkle tree of records.
#[pyclass(frozen, module = "kedge._native")]
pub struct Tree(Guarded<kedge_state::Tree>);

#[pymethods]
impl Tree {
    #[new]
    fn new() -> Self {
        Self(Guarded::new(kedge_state::Tree::new()))
    }

    /// Replace one record.
    fn set(&self, py: Python<'_>, address: Address, words: &Bound<'_, PyAny>) -> PyResult<()> {
        let change = (address.0, fields(words)?);
        self.0.with(py, |tree| tree.update(&[change]))?.map_err(value_error)
    }

    /// Replace records; the last one counts where an address is repeated.
    fn update(&self, py: Python<'_>, changes: Vec<(Address, Bound<'_, PyAny>)>) -> PyResult<()> {
        let changes: Vec<(u64, Record)> = changes
            .iter()
            .map(|(address, words)| Ok((address.0, fields(words)?)))
            .collect::<PyResult<_>>()?;
        self.0.with(py, |tree| tree.update(&changes))?.map_err(value_error)
    }

    /// The record at an address.
    fn get(&self, py: Python<'_>, address: Address) -> PyResult<[i64; 8]> {
        self.0.with(py, |tree| words(&tree.get(address.0)))
    }

    /// All records that are not zero, by ascending address.
    fn entries(&self, py: Python<'_>) -> PyResult<Vec<Entry>> {
        self.0.with(py, |tree| {
            tree.entries()
                .iter()
                .map(|(address, record)| (*address, words(record)))
                .collect()
        })
    }

    fn root<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        Ok(to_bytes(py, &self.0.with(py, |tree| tree.root())?))
    }

    /// The record that shares the leaf, and the siblings by level from the leaf up.
    fn path<'py>(&self, py: Python<'py>, address: Address) -> PyResult<([i64; 8], Siblings<'py>)> {
        let path = self.0.with(py, |tree| tree.path(address.0))?.map_err(value_error)?;
        let siblings = path
            .siblings
            .iter()
            .map(|three| three.each_ref().map(|digest| to_bytes(py, digest)));
        Ok((words(&path.partner), siblings.collect()))
    }

    fn __len__(&self, py: Python<'_>) -> PyResult<usize> {
        self.0.with(py, |tree| tree.len())
    }

    /// Root of the tree without records.
    #[staticmethod]
    fn empty_root(py: Python<'_>) -> Bound<'_, PyBytes> {
        to_bytes(py, &kedge_state::empty_root())
    }

    /// The root of the tree in which the address holds these words, if this is its path.
    #[staticmethod]
    fn path_root<'py>(
        py: Python<'py>,
        address: Address,
        words: &Bound<'py, PyAny>,
        partner: &Bound<'py, PyAny>,
        siblings: Vec<Vec<Bound<'py, PyBytes>>>,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let path = Path {
            partner: fields(partner)?,
            siblings: to_siblings(&siblings)?,
        };
        let words = fields(words)?;
        let root = detached(py, || path.root(address.0, &words))?.map_err(value_error)?;
        Ok(to_bytes(py, &root))
    }
}

fn to_siblings(levels: &[Vec<Bound<'_, PyBytes>>]) -> PyResult<[[Digest; 3]; LEVELS]> {
    if levels.len() != LEVELS || levels.iter().any(|three| three.len() != 3) {
        return Err(value_error(format!(
            "expected three siblings on each of {LEVELS} levels"
        )));
    }
    let mut siblings = [[[0; 4]; 3]; LEVELS];
    for (slot, bytes) in siblings.as_flattened_mut().iter_mut().zip(levels.iter().flatten()) {
        *slot = to_digest(bytes.as_bytes())?;
    }
    Ok(siblings)
}

/// H of sixteen field elements, canonical: the hash of nodes, leaves and queue heads.
#[pyfunction]
pub fn poseidon2(words: &Bound<'_, PyAny>) -> PyResult<[u64; 4]> {
    Ok(kedge_state::hash(&fields(words)?))
}
