//! Verification of a proof file: hostile bytes are refused with a reason.

use std::panic::{AssertUnwindSafe, catch_unwind};

use kedge_machine::program::Program;
use p3_batch_stark::{BatchProof, verify_batch};

use crate::config::Config;
use crate::error::{VerifyError, panic_text};
use crate::format::Header;
use crate::keys::Keys;
use crate::security::{Security, TARGET_BITS};
use crate::shape::ProofShape;

/// What a proof that verifies says.
#[derive(Clone, Debug, PartialEq)]
pub struct Verified {
    /// Digest of the program.
    pub program: [u8; 32],
    /// Root of the state before the chunk. The caller compares it: a proof for another state verifies as well.
    pub old_root: [u64; 4],
    /// Root of the state after the chunk.
    pub new_root: [u64; 4],
    /// Name of each table and the logarithm of its height.
    pub tables: Vec<(String, usize)>,
    /// The account of its security.
    pub security: Security,
}

/// Verifies a proof file against a program.
///
/// Never panics, and allocates no more than a small multiple of the length of the longest honest proof with these
/// heights: the header is checked before anything is sized by it, the rest is refused if it is longer than that.
///
/// # Errors
/// [`VerifyError`] with the reason.
pub fn verify(program: &Program, bytes: &[u8]) -> Result<Verified, VerifyError> {
    let keys = Keys::of(program)?;
    verify_with(&keys, bytes)
}

/// [`verify`] with keys at hand.
///
/// # Errors
/// [`VerifyError`] with the reason.
pub fn verify_with(keys: &Keys, bytes: &[u8]) -> Result<Verified, VerifyError> {
    let (header, body) = Header::decode(keys, bytes)?;
    let security = Security::of(&keys.tables, &header.log_heights);
    if !security.is_enough() {
        return Err(VerifyError::Security {
            bits: security.conjectured,
            target: TARGET_BITS,
        });
    }
    // A panic inside the proof system can only mean a proof that no honest prover makes.
    let outcome = catch_unwind(AssertUnwindSafe(|| check(keys, &header, body)));
    outcome.unwrap_or_else(|panic| Err(VerifyError::Panicked(panic_text(&*panic))))?;
    let [a, b, c, d, e, f, g, h] = header.publics;
    let names = keys.tables.iter().map(|table| table.name.clone());
    Ok(Verified {
        program: header.program,
        old_root: [a, b, c, d],
        new_root: [e, f, g, h],
        tables: names.zip(header.log_heights).collect(),
        security,
    })
}

fn check(keys: &Keys, header: &Header, body: &[u8]) -> Result<(), VerifyError> {
    let shape = ProofShape::new(keys, &header.log_heights);
    let proof = decode(body, shape.max_bytes())?;
    shape.check(&proof)?;
    let publics = header.public_values(keys);
    verify_batch(&keys.config, &keys.airs, &proof, &publics, keys.common())
        .map_err(|error| VerifyError::Invalid(error.to_string()))
}

/// The proof that `body` encodes, if it is the one encoding of it.
///
/// Field elements refuse values from the modulus on, but lengths have more than one encoding and marks are not
/// checked by every decoder; encoding again and comparing leaves exactly one file per proof.
fn decode(body: &[u8], bound: usize) -> Result<BatchProof<Config>, VerifyError> {
    if body.len() > bound {
        return Err(VerifyError::TooLong { bound, got: body.len() });
    }
    let (proof, rest) = postcard::take_from_bytes::<BatchProof<Config>>(body).map_err(|error| match error {
        postcard::Error::DeserializeUnexpectedEnd => VerifyError::Truncated,
        other => VerifyError::Encoding(other.to_string()),
    })?;
    if !rest.is_empty() {
        return Err(VerifyError::Trailing(rest.len()));
    }
    let again = postcard::to_allocvec(&proof).map_err(|error| VerifyError::Encoding(error.to_string()))?;
    if again != body {
        return Err(VerifyError::Encoding(
            "another encoding of the same proof exists".to_owned(),
        ));
    }
    Ok(proof)
}
