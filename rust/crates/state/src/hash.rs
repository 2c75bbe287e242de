//! The one hash: Poseidon2 over Goldilocks, width 16, feed-forward, truncated to four words.

use std::sync::OnceLock;

use p3_field::{Field, PackedValue, PrimeField64};
use p3_goldilocks::{Goldilocks, Poseidon2Goldilocks, default_goldilocks_poseidon2_16};
use p3_symmetric::Permutation;
use rayon::prelude::*;

use crate::Error;

/// Four words, each canonical (below the modulus).
pub type Digest = [u64; 4];
/// The eight words of a record, each canonical.
pub type Record = [u64; 8];

type Packed = <Goldilocks as Field>::Packing;

/// Inputs hashed by one task, about two milliseconds; smaller batches, such as a sealed chunk, stay on the calling thread.
const TASK: usize = 4_096;

fn permutation() -> &'static Poseidon2Goldilocks<16> {
    static CELL: OnceLock<Poseidon2Goldilocks<16>> = OnceLock::new();
    CELL.get_or_init(default_goldilocks_poseidon2_16)
}

/// Whether `word` is the canonical form of a field element.
pub fn is_canonical(word: u64) -> bool {
    word < Goldilocks::ORDER_U64
}

/// The hash of sixteen words: `out[i] = P(input)[i] + input[i]` for i in 0..4.
///
/// The feed-forward is what binds: a truncated permutation alone can be inverted. Words are taken modulo p.
pub fn hash(input: &[u64; 16]) -> Digest {
    let before = input.map(Goldilocks::new);
    let after = permutation().permute(before);
    std::array::from_fn(|i| (after[i] + before[i]).as_canonical_u64())
}

/// [`hash`] of each input, in order; uses vector lanes and, for large batches, all cores.
pub fn hash_many(inputs: &[[u64; 16]]) -> Vec<Digest> {
    let mut digests = vec![[0; 4]; inputs.len()];
    if inputs.len() <= TASK {
        hash_slice(inputs, &mut digests);
    } else {
        inputs
            .par_chunks(TASK)
            .zip(digests.par_chunks_mut(TASK))
            .for_each(|(i, d)| hash_slice(i, d));
    }
    digests
}

fn hash_slice(inputs: &[[u64; 16]], digests: &mut [Digest]) {
    for (group, out) in inputs.chunks(Packed::WIDTH).zip(digests.chunks_mut(Packed::WIDTH)) {
        if group.len() < Packed::WIDTH.div_ceil(2) {
            for (input, digest) in group.iter().zip(out) {
                *digest = hash(input);
            }
        } else {
            hash_lanes(group, out);
        }
    }
}

/// Hash at most one vector's worth of inputs at once; spare lanes hash zeros.
fn hash_lanes(group: &[[u64; 16]], out: &mut [Digest]) {
    let before: [Packed; 16] = std::array::from_fn(|word| {
        Packed::from_fn(|lane| {
            group
                .get(lane)
                .map_or(Goldilocks::new(0), |input| Goldilocks::new(input[word]))
        })
    });
    let after = permutation().permute(before);
    for word in 0..4 {
        let sum = after[word] + before[word];
        for (digest, value) in out.iter_mut().zip(sum.as_slice()) {
            digest[word] = value.as_canonical_u64();
        }
    }
}

/// A digest as 32 bytes: its four words, each little-endian.
pub fn digest_to_bytes(digest: &Digest) -> [u8; 32] {
    let mut bytes = [0; 32];
    for (chunk, word) in bytes.chunks_exact_mut(8).zip(digest) {
        chunk.copy_from_slice(&word.to_le_bytes());
    }
    bytes
}

/// The digest that 32 bytes spell; refused if the length is wrong or a word is not canonical.
pub fn digest_from_bytes(bytes: &[u8]) -> Result<Digest, Error> {
    let bytes: &[u8; 32] = bytes.try_into().map_err(|_| Error::DigestLength(bytes.len()))?;
    let mut digest = [0; 4];
    for (word, chunk) in digest.iter_mut().zip(bytes.chunks_exact(8)) {
        *word = chunk.iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte));
        if !is_canonical(*word) {
            return Err(Error::Word(*word));
        }
    }
    Ok(digest)
}
