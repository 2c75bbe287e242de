//! The proof system: field, hash, commitment, low-degree test, and what the transcript absorbs first.
//!
//! Everything a recursion circuit must recompute is one hash: Poseidon2 over Goldilocks of width 16. Leaves absorb
//! twelve words at a time, inner nodes compress four digests with the same feed-forward as the state tree.

use core::ops::Add;

/// Greatest height of a table, in bits: what the engine meters chunks against.
pub use kedge_machine::MAX_LOG_HEIGHT;
use p3_challenger::{CanObserve, DuplexChallenger};
use p3_commit::ExtensionMmcs;
use p3_dft::Radix2DitParallel;
use p3_field::extension::BinomialExtensionField;
use p3_field::{Field, PrimeCharacteristicRing};
use p3_fri::{FriParameters, TwoAdicFriPcs};
use p3_goldilocks::{Goldilocks, Poseidon2Goldilocks, default_goldilocks_poseidon2_16};
use p3_merkle_tree::MerkleTreeMmcs;
use p3_symmetric::{CryptographicPermutation, PaddingFreeSponge, PseudoCompressionFunction};
use p3_uni_stark::StarkConfig;

/// Version of the proof file and of the protocol below; absorbed by the transcript.
pub const VERSION: u16 = 1;

/// Evaluation domains are twice as tall as the traces.
pub const LOG_BLOWUP: usize = 1;
/// Queries of the low-degree test.
pub const QUERIES: usize = 87;
/// Proof of work, in bits, before the queries are drawn.
pub const QUERY_GRINDING: usize = 16;
/// Proof of work, in bits, before the openings are combined.
pub const BATCH_GRINDING: usize = 10;
/// Proof of work, in bits, before the lookup challenges are drawn.
pub const LOOKUP_GRINDING: usize = 10;
/// The low-degree test folds up to eight points into one.
pub const LOG_ARITY: usize = 3;
/// The low-degree test stops at a polynomial of this many coefficients, in bits; below the least height.
pub const LOG_FINAL: usize = 3;

/// Least height of a table, in bits.
pub const MIN_LOG_HEIGHT: usize = 4;

/// The field of the traces.
pub type Val = Goldilocks;
/// The field of the challenges, of degree 2 over [`Val`].
pub type Challenge = BinomialExtensionField<Val, 2>;
/// Words of a digest.
pub const DIGEST: usize = 4;
/// Children of an inner node of a commitment tree.
pub const ARITY: usize = 4;

const WIDTH: usize = 16;
const RATE: usize = 12;

type Packed = <Val as Field>::Packing;
type Permutation = Poseidon2Goldilocks<WIDTH>;
type LeafHash = PaddingFreeSponge<Permutation, WIDTH, RATE, DIGEST>;
pub(crate) type Challenger = DuplexChallenger<Val, Permutation, WIDTH, RATE>;
pub(crate) type Mmcs = MerkleTreeMmcs<Packed, Packed, LeafHash, FeedForward, ARITY, DIGEST>;
pub(crate) type ChallengeMmcs = ExtensionMmcs<Val, Challenge, Mmcs>;
pub(crate) type Pcs = TwoAdicFriPcs<Val, Radix2DitParallel<Val>, Mmcs, ChallengeMmcs>;
pub(crate) type Config = StarkConfig<Pcs, Challenge, Challenger>;

/// Four digests to one: `P(x)[i] + x[i]` for i in 0..4.
///
/// The feed-forward makes it one-way. A truncated permutation alone is not: anyone can choose an output, invert, and
/// obtain children for it, and only the layers below would still bind. It is also the state tree's hash, so recursion
/// needs one gadget for both.
#[derive(Clone)]
pub(crate) struct FeedForward(Permutation);

impl<T> PseudoCompressionFunction<[T; DIGEST], ARITY> for FeedForward
where
    T: Copy + Add<Output = T>,
    Permutation: CryptographicPermutation<[T; WIDTH]>,
{
    fn compress(&self, input: [[T; DIGEST]; ARITY]) -> [T; DIGEST] {
        let [a, b, c, d] = input;
        let before: [T; WIDTH] = core::array::from_fn(|i| match i / DIGEST {
            0 => a[i % DIGEST],
            1 => b[i % DIGEST],
            2 => c[i % DIGEST],
            _ => d[i % DIGEST],
        });
        let mut after = before;
        p3_symmetric::Permutation::permute_mut(&self.0, &mut after);
        core::array::from_fn(|i| after[i] + before[i])
    }
}

/// The parameters of the low-degree test over a commitment scheme.
pub(crate) const fn fri_parameters<M>(mmcs: M) -> FriParameters<M> {
    FriParameters {
        log_blowup: LOG_BLOWUP,
        log_final_poly_len: LOG_FINAL,
        max_log_arity: LOG_ARITY,
        num_queries: QUERIES,
        batch_proof_of_work_bits: BATCH_GRINDING,
        commit_proof_of_work_bits: 0,
        query_proof_of_work_bits: QUERY_GRINDING,
        mmcs,
    }
}

/// The proof system of one program.
///
/// Soundness: Plonky3 binds widths, counts and heights of the tables to the transcript, but not their constraints, so
/// two programs of equal shape would share challenges, and a proof could be ground for a program chosen afterwards.
/// The challenger therefore starts from the version, every parameter and the program's digest: each later challenge
/// depends on all of them. A digest enters as eight words of 32 bits, so no two digests are equal modulo the prime.
pub(crate) fn config(program: &[u8; 32]) -> Config {
    let permutation = default_goldilocks_poseidon2_16();
    let mmcs = Mmcs::new(LeafHash::new(permutation.clone()), FeedForward(permutation.clone()), 0);
    let fri = fri_parameters(ChallengeMmcs::new(mmcs.clone()));
    let pcs = Pcs::new(Radix2DitParallel::default(), mmcs, fri);
    let mut challenger = Challenger::new(permutation);
    let parameters = [
        LOG_BLOWUP,
        QUERIES,
        QUERY_GRINDING,
        BATCH_GRINDING,
        LOOKUP_GRINDING,
        LOG_ARITY,
        LOG_FINAL,
        ARITY,
    ];
    challenger.observe(Val::from_u64(u64::from_le_bytes(*b"KEDGEPRF") >> 8));
    challenger.observe(Val::from_u16(VERSION));
    for parameter in parameters {
        challenger.observe(Val::from_usize(parameter));
    }
    for limb in program.chunks_exact(4) {
        challenger.observe(Val::from_u32(
            limb.iter().rev().fold(0, |word, byte| word << 8 | u32::from(*byte)),
        ));
    }
    Config::new(pcs, challenger).with_lookup_proof_of_work_bits(LOOKUP_GRINDING)
}
