//! The exact shape of a proof with given heights: checked before Plonky3's verifier sees the proof.

use p3_batch_stark::proof::OpenedValuesWithLookups;
use p3_batch_stark::{BatchProof, OpenedValues};
use p3_field::BasedVectorSpace;
use p3_fri::fold_schedule;

use crate::config::{ARITY, Challenge, Config, DIGEST, LOG_ARITY, LOG_BLOWUP, LOG_FINAL, QUERIES, Val};
use crate::error::VerifyError;
use crate::keys::{Keys, TableShape};

/// Coordinates of a challenge over the base field.
const DIMENSION: usize = <Challenge as BasedVectorSpace<Val>>::DIMENSION;
/// Bytes of an encoded field element.
const WORD: usize = 8;
/// Bytes that the length of a list takes at most, in a proof of any height allowed.
const LENGTH: usize = 4;
/// Levels of the tallest commitment tree, generously.
const LEVELS: usize = 24;
/// Bytes of everything in a proof that is neither opened nor a path: roots, witnesses, presence marks.
const FIXED: usize = 4096;

/// One commitment of a proof: the widths and heights (in bits, of the evaluation domains) of its matrices.
struct Commitment {
    matrices: Vec<(usize, usize)>,
}

/// The shape of every part of a proof.
pub(crate) struct ProofShape<'a> {
    tables: &'a [TableShape],
    log_heights: &'a [usize],
    commitments: Vec<Commitment>,
    /// Folding of the low-degree test, round by round, in bits.
    rounds: Vec<usize>,
}

macro_rules! ensure {
    ($ok:expr, $($reason:tt)+) => {
        if !$ok {
            return Err(VerifyError::Shape(format!($($reason)+)));
        }
    };
}

impl<'a> ProofShape<'a> {
    /// The shape for heights that have been checked against their bounds.
    pub(crate) fn new(keys: &'a Keys, log_heights: &'a [usize]) -> Self {
        let tables = keys.tables.as_slice();
        let each = || {
            tables
                .iter()
                .zip(log_heights)
                .map(|(table, bits)| (table, bits + LOG_BLOWUP))
        };
        let main = each().map(|(table, bits)| (table.columns, bits)).collect();
        let quotient = each()
            .flat_map(|(table, bits)| vec![(DIMENSION, bits); table.chunks])
            .collect();
        let fixed = each().filter(|(table, _)| table.preprocessed > 0);
        let fixed: Vec<_> = fixed.map(|(table, bits)| (table.preprocessed, bits)).collect();
        let buses = each().filter(|(table, _)| table.uses > 0);
        let buses: Vec<_> = buses
            .map(|(table, bits)| (table.permutation() * DIMENSION, bits))
            .collect();
        // In the order in which Plonky3 opens them; a commitment to nothing is left out.
        let commitments = [main, quotient, fixed, buses];
        let commitments: Vec<Commitment> = commitments
            .into_iter()
            .filter(|matrices: &Vec<_>| !matrices.is_empty())
            .map(|matrices| Commitment { matrices })
            .collect();
        let mut heights: Vec<usize> = log_heights.iter().map(|bits| bits + LOG_BLOWUP).collect();
        heights.sort_unstable_by(|a, b| b.cmp(a));
        heights.dedup();
        let rounds = fold_schedule(&heights, LOG_FINAL + LOG_BLOWUP, LOG_ARITY);
        Self {
            tables,
            log_heights,
            commitments,
            rounds,
        }
    }

    /// No encoded proof of this shape is longer: what is opened, and one whole path per query and tree.
    pub(crate) fn max_bytes(&self) -> usize {
        let path = LEVELS * (ARITY - 1) * DIGEST * WORD;
        let points: usize = self.tables.iter().map(opened).sum();
        let claims = points * DIMENSION * WORD + self.tables.len() * 16 * LENGTH;
        let commitment = |commitment: &Commitment| {
            let row: usize = commitment.matrices.iter().map(|(width, _)| width * WORD + LENGTH).sum();
            QUERIES * (row + LENGTH + path) + 2 * LENGTH
        };
        let rows: usize = self.commitments.iter().map(commitment).sum();
        let round = |bits: &usize| QUERIES * ((1 << bits) * DIMENSION * WORD + LENGTH + path) + FIXED;
        let folds: usize = self.rounds.iter().map(round).sum();
        FIXED + claims + rows + folds + (1 << LOG_FINAL) * DIMENSION * WORD
    }

    /// Checks every count and every length of a proof.
    pub(crate) fn check(&self, proof: &BatchProof<Config>) -> Result<(), VerifyError> {
        ensure!(
            proof.degree_bits == self.log_heights,
            "the heights differ from those of the header"
        );
        let number = self.tables.len();
        let instances = &proof.opened_values.instances;
        ensure!(
            instances.len() == number,
            "{} tables are opened, not {number}",
            instances.len()
        );
        ensure!(
            proof.lookup_terminals.len() == number,
            "{} bus sums, not {number}",
            proof.lookup_terminals.len()
        );
        for ((table, opened), sum) in self.tables.iter().zip(instances).zip(&proof.lookup_terminals) {
            check_table(table, opened)?;
            ensure!(
                sum.is_some() == (table.uses > 0),
                "table {}: bus sum where there is none, or none",
                table.name
            );
        }
        let commitments = &proof.commitments;
        let uses = self.tables.iter().any(|table| table.uses > 0);
        ensure!(commitments.random.is_none(), "a commitment to randomness");
        ensure!(
            commitments.permutation.is_some() == uses,
            "a commitment to bus uses where there are none, or none"
        );
        ensure!(
            proof.lookup_pow_witness.is_some() == uses,
            "a lookup witness where there are no uses, or none"
        );
        let roots = [&commitments.main, &commitments.quotient_chunks]
            .into_iter()
            .chain(&commitments.permutation);
        for root in roots {
            ensure!(root.roots().len() == 1, "a commitment of {} roots", root.roots().len());
        }
        self.check_openings(proof)
    }

    fn check_openings(&self, proof: &BatchProof<Config>) -> Result<(), VerifyError> {
        let fri = &proof.opening_proof;
        let (inputs, rounds) = (&fri.input_openings, self.rounds.len());
        ensure!(
            inputs.len() == self.commitments.len(),
            "{} opened commitments",
            inputs.len()
        );
        for (commitment, opening) in self.commitments.iter().zip(inputs) {
            ensure!(
                opening.opened_values.len() == QUERIES,
                "{} queries",
                opening.opened_values.len()
            );
            for rows in &opening.opened_values {
                let fits = rows.len() == commitment.matrices.len()
                    && rows
                        .iter()
                        .zip(&commitment.matrices)
                        .all(|(row, (width, _))| row.len() == *width);
                ensure!(fits, "a query opens other matrices than were committed to");
            }
            check_paths(opening.opening_proof.sibling_hashes.len())?;
        }
        ensure!(
            fri.commit_phase_commits.len() == rounds,
            "{} rounds, not {rounds}",
            fri.commit_phase_commits.len()
        );
        ensure!(
            fri.commit_pow_witnesses.len() == rounds,
            "{} round witnesses",
            fri.commit_pow_witnesses.len()
        );
        ensure!(
            fri.commit_phase_openings.len() == rounds,
            "{} opened rounds",
            fri.commit_phase_openings.len()
        );
        for (bits, opening) in self.rounds.iter().zip(&fri.commit_phase_openings) {
            let siblings = (1 << bits) - 1;
            ensure!(
                opening.sibling_values.len() == QUERIES,
                "{} queries of a round",
                opening.sibling_values.len()
            );
            let fits = opening.sibling_values.iter().all(|values| values.len() == siblings);
            ensure!(fits, "a round opens other than {siblings} siblings");
            check_paths(opening.opening_proof.sibling_hashes.len())?;
        }
        for root in &fri.commit_phase_commits {
            ensure!(root.roots().len() == 1, "a round of {} roots", root.roots().len());
        }
        ensure!(
            fri.final_poly.len() == 1 << LOG_FINAL,
            "a final polynomial of {} terms",
            fri.final_poly.len()
        );
        Ok(())
    }
}

/// Values claimed of a table: each column at one point, bus columns at two.
const fn opened(table: &TableShape) -> usize {
    table.columns + table.preprocessed + table.chunks * DIMENSION + 2 * table.permutation() * DIMENSION
}

fn check_paths(digests: usize) -> Result<(), VerifyError> {
    ensure!(digests <= QUERIES * LEVELS * (ARITY - 1), "{digests} digests in a path");
    Ok(())
}

fn check_table(table: &TableShape, opened: &OpenedValuesWithLookups<Challenge>) -> Result<(), VerifyError> {
    let OpenedValues {
        trace_local,
        trace_next,
        preprocessed,
        quotient_chunks,
        random,
    } = &opened.base_opened_values;
    let name = &table.name;
    ensure!(
        trace_local.len() == table.columns,
        "table {name}: {} columns are opened",
        trace_local.len()
    );
    ensure!(
        trace_next.is_none() && random.is_none(),
        "table {name}: a part that no table has is opened"
    );
    let fixed = preprocessed.as_ref().map_or(0, |values| values.local.len());
    let present = preprocessed.is_some() == (table.preprocessed > 0);
    let next = preprocessed.as_ref().is_some_and(|values| values.next.is_some());
    ensure!(
        present && fixed == table.preprocessed && !next,
        "table {name}: {fixed} preprocessed columns are opened"
    );
    let chunks = quotient_chunks.len();
    let whole = quotient_chunks.iter().all(|chunk| chunk.len() == DIMENSION);
    ensure!(
        chunks == table.chunks && whole,
        "table {name}: {chunks} quotient chunks are opened"
    );
    let buses = table.permutation() * DIMENSION;
    let fits = opened.permutation_local.len() == buses && opened.permutation_next.len() == buses;
    ensure!(
        fits,
        "table {name}: {} bus columns are opened",
        opened.permutation_local.len()
    );
    Ok(())
}
