//! What both halves of validation stand on: bounds of the format, and how a broken one is said.

use crate::program::{Field, MODULUS};

/// Greatest absolute value of a signed word, (p - 1) / 2.
pub const MAX_SIGNED: i128 = ((MODULUS - 1) / 2) as i128;
/// Smallest refusal code of the rules; smaller ones belong to the engine.
pub const FIRST_RULE_CODE: u32 = 16;

/// Shorthand: fail with a formatted reason unless a condition holds.
macro_rules! ensure {
    ($ok:expr, $($reason:tt)+) => {
        if !$ok {
            return Err(format!($($reason)+));
        }
    };
}
pub(crate) use ensure;

/// A field's bounds are ordered and no further from zero than `limit`.
pub fn check_field(field: &Field, limit: i128) -> Result<(), String> {
    let (lo, hi) = (field.lo, field.hi);
    ensure!(
        -limit <= lo && lo <= hi && hi <= limit,
        "field {}: bounds {lo}..{hi}",
        field.name
    );
    Ok(())
}
