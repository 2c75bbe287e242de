//! Numbers between Python and the field.
//!
//! Python sees signed words: the centred lift of an element, at most (p - 1) / 2 in magnitude.

use kedge_state::{Digest, Record, digest_from_bytes, digest_to_bytes};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::guard::value_error;

/// The field's modulus, 2^64 - 2^32 + 1.
const MODULUS: u64 = 0xffff_ffff_0000_0001;

/// A signed word as a field element.
pub fn element(word: i64) -> u64 {
    if word < 0 {
        MODULUS - word.unsigned_abs()
    } else {
        word.unsigned_abs()
    }
}

/// A field element as a signed word.
pub fn signed(element: u64) -> i64 {
    // Elements above (p - 1) / 2 stand for element - p, which fits: p < 2^64 and (p - 1) / 2 < 2^63.
    if element > MODULUS / 2 {
        -((MODULUS - element) as i64)
    } else {
        element as i64
    }
}

/// The address of a record; the tree checks its bound.
pub struct Address(pub u64);

impl<'py> FromPyObject<'py> for Address {
    fn extract_bound(value: &Bound<'py, PyAny>) -> PyResult<Self> {
        value
            .extract()
            .map(Self)
            .map_err(|_| value_error("an address is an integer from 0 to 2^37 - 1"))
    }
}

/// A Python integer, either signed or canonical, as a field element.
pub fn field(value: &Bound<'_, PyAny>) -> PyResult<u64> {
    if let Ok(word) = value.extract::<i64>() {
        return Ok(element(word));
    }
    match value.extract::<u64>() {
        Ok(word) if word < MODULUS => Ok(word),
        _ => Err(refuse(value)),
    }
}

fn refuse(value: &Bound<'_, PyAny>) -> PyErr {
    match value
        .str()
        .map(|text| text.to_string_lossy().chars().take(40).collect::<String>())
    {
        Ok(text) => value_error(format!("not an integer of 64 bits: {text}")),
        Err(_) => value_error("not an integer of 64 bits"),
    }
}

/// Exactly `N` Python integers as field elements.
pub fn fields<const N: usize>(values: &Bound<'_, PyAny>) -> PyResult<[u64; N]> {
    let length = values.len()?;
    if length != N {
        return Err(value_error(format!("expected {N} words, not {length}")));
    }
    let mut out = [0; N];
    for (slot, value) in out.iter_mut().zip(values.try_iter()?) {
        *slot = field(&value?)?;
    }
    Ok(out)
}

/// The eight signed words of a record.
pub fn words(record: &Record) -> [i64; 8] {
    record.map(signed)
}

/// A digest as 32 bytes.
pub fn to_bytes<'py>(py: Python<'py>, digest: &Digest) -> Bound<'py, PyBytes> {
    PyBytes::new(py, &digest_to_bytes(digest))
}

/// The digest that 32 bytes spell.
pub fn to_digest(bytes: &[u8]) -> PyResult<Digest> {
    digest_from_bytes(bytes).map_err(value_error)
}
