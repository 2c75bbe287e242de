//! The built-in table of permutations: one row proves one Poseidon2 of width 16 and offers its digest on a bus.

use core::borrow::Borrow;

use p3_air::{Air, AirBuilder, BaseAir, WindowAccess};
use p3_field::PrimeCharacteristicRing;
use p3_goldilocks::{
    GOLDILOCKS_POSEIDON2_HALF_FULL_ROUNDS as HALF, GOLDILOCKS_POSEIDON2_PARTIAL_ROUNDS_16 as PARTIAL,
    GOLDILOCKS_POSEIDON2_RC_16_EXTERNAL_FINAL, GOLDILOCKS_POSEIDON2_RC_16_EXTERNAL_INITIAL,
    GOLDILOCKS_POSEIDON2_RC_16_INTERNAL, GenericPoseidon2LinearLayersGoldilocks as Layers,
};
use p3_lookup::{Count, InteractionBuilder};
use p3_matrix::dense::RowMajorMatrix;
use p3_poseidon2_air::{Poseidon2Air, Poseidon2Cols, RoundConstants, generate_trace_rows, num_cols};
use p3_uni_stark::SubAirBuilder;
use rayon::prelude::*;

use crate::config::{DIGEST, Val};

/// Words of a permutation.
pub const WIDTH: usize = 16;
/// Name of the bus.
pub(crate) const BUS: &str = "poseidon2";

const EXPONENT: u64 = 7;
const REGISTERS: usize = 1;

type Inner = Poseidon2Air<Val, Layers, WIDTH, EXPONENT, REGISTERS, HALF, PARTIAL>;
type Columns<T> = Poseidon2Cols<T, WIDTH, EXPONENT, REGISTERS, HALF, PARTIAL>;

/// Columns of the permutation itself.
const INNER: usize = num_cols::<WIDTH, EXPONENT, REGISTERS, HALF, PARTIAL>();

const fn round_constants() -> RoundConstants<Val, WIDTH, HALF, PARTIAL> {
    RoundConstants::new(
        GOLDILOCKS_POSEIDON2_RC_16_EXTERNAL_INITIAL,
        GOLDILOCKS_POSEIDON2_RC_16_INTERNAL,
        GOLDILOCKS_POSEIDON2_RC_16_EXTERNAL_FINAL,
    )
}

/// `p3-poseidon2-air` followed by one column, how often the row's digest is used.
///
/// The count is free: a row whose count is wrong unbalances the bus, and a row that nobody uses proves nothing.
pub(crate) struct Poseidon2Table(Inner);

impl Poseidon2Table {
    /// Columns of the table.
    pub(crate) const WIDTH: usize = INNER + 1;
    /// Two constraints per S-box of a full round (register, state after the round), two per partial round.
    pub(crate) const CONSTRAINTS: usize = 2 * HALF * 2 * WIDTH + 2 * PARTIAL;

    pub(crate) const fn new() -> Self {
        Self(Inner::new(round_constants()))
    }

    /// Offers `poseidon2[in0..in15, out0..out3]` with out = P(in) + in: the feed-forward, without which the digest
    /// would not bind its input.
    pub(crate) fn provide<AB: InteractionBuilder<F = Val>>(&self, builder: &mut AB) {
        let main = builder.main();
        let row = main.current_slice();
        let columns: &Columns<AB::Var> = row[..INNER].borrow();
        let input = columns.inputs.map(Into::<AB::Expr>::into);
        let output = &columns.ending_full_rounds[HALF - 1].post;
        let digest = (0..DIGEST).map(|i| output[i].into() + input[i].clone());
        let tuple: Vec<AB::Expr> = input.iter().cloned().chain(digest).collect();
        let count: AB::Expr = row[INNER].into();
        builder.push_interaction(BUS, tuple, Count::provided(-count));
    }

    /// The trace of these permutations and counts; padded to `height` rows with the permutation of zeros, unused.
    pub(crate) fn trace(uses: &[([Val; WIDTH], Val)], height: usize) -> RowMajorMatrix<Val> {
        let mut inputs: Vec<[Val; WIDTH]> = uses.iter().map(|(input, _)| *input).collect();
        inputs.resize(height, [Val::ZERO; WIDTH]);
        let inner = generate_trace_rows::<Val, Layers, WIDTH, EXPONENT, REGISTERS, HALF, PARTIAL>(
            inputs,
            &round_constants(),
            0,
        );
        let mut values = Val::zero_vec(height * Self::WIDTH);
        values
            .par_chunks_exact_mut(Self::WIDTH)
            .zip(inner.values.par_chunks_exact(INNER))
            .for_each(|(row, inner)| {
                row[..INNER].copy_from_slice(inner);
            });
        for (row, (_, count)) in values.chunks_exact_mut(Self::WIDTH).zip(uses) {
            row[INNER] = *count;
        }
        RowMajorMatrix::new(values, Self::WIDTH)
    }
}

impl BaseAir<Val> for Poseidon2Table {
    fn width(&self) -> usize {
        Self::WIDTH
    }

    fn main_next_row_columns(&self) -> Vec<usize> {
        vec![]
    }

    fn num_constraints(&self) -> Option<usize> {
        Some(Self::CONSTRAINTS)
    }

    fn max_constraint_degree(&self) -> Option<usize> {
        self.0.max_constraint_degree()
    }
}

impl<AB: AirBuilder<F = Val>> Air<AB> for Poseidon2Table {
    fn eval(&self, builder: &mut AB) {
        self.0
            .eval(&mut SubAirBuilder::<AB, Inner, AB::Var>::new(builder, 0..INNER));
    }
}
