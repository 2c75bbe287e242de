//! How many bits a proof of a given shape has, term by term.
//!
//! The account is p3-security's, fed with the numbers of the actual proof. Each term is the error of one round of the
//! protocol, grinding included; the bits of a proof are those of its weakest term (round-by-round soundness).

use p3_batch_stark::num_batched_openings;
use p3_security::grinding::GrindingSites;
use p3_security::logup::{LogUpAir, security_term};
use p3_security::report::{Regime, RegimeReport};
use p3_security::shape::{InstanceShape, StarkAirParams};
use p3_security::stark::{conjectured_security_report, proven_security_report};
use p3_uni_stark::OpeningShape;

use crate::code::MAX_DEGREE;
use crate::config::{LOG_BLOWUP, LOOKUP_GRINDING, fri_parameters};
use crate::keys::TableShape;

/// Conjectured bits below which no proof is made or accepted.
pub const TARGET_BITS: u32 = 100;

/// Bits of the field of challenges, rounded down: (2^64 - 2^32 + 1)^2 is just below 2^128.
const FIELD_BITS: usize = 127;
/// Bits against a collision of a digest or of the sponge: half of four words, rounded down.
const COLLISION_BITS: usize = 127;
/// Coordinates of a challenge over the base field.
const DIMENSION: usize = 2;

/// The account of one proof.
#[derive(Clone, Debug, PartialEq)]
pub struct Security {
    /// Bits if the low-degree test behaves on this proof as on random words (the usual conjecture).
    pub conjectured: f64,
    /// Bits that are proven, in the better of the two proven regimes.
    pub proven: f64,
    /// Terms of the conjectured account, by name.
    pub terms: Vec<(String, f64)>,
    /// Terms of the proven account, by name.
    pub proven_terms: Vec<(String, f64)>,
    /// Name of the proven regime.
    pub proven_regime: String,
}

impl Security {
    /// The account of a proof with these tables and heights (in bits).
    #[must_use]
    pub fn of(tables: &[TableShape], log_heights: &[usize]) -> Self {
        let fri = fri_parameters(());
        let grinding = GrindingSites {
            lookup_challenge: LOOKUP_GRINDING,
            ..fri.grinding_sites()
        };
        let shape = InstanceShape {
            log_trace_length: log_heights.iter().copied().max().unwrap_or(0),
            modulus_bits: FIELD_BITS,
            collision_resistance: COLLISION_BITS,
            num_batched_functions: tables.iter().map(batched).sum(),
        };
        let air = StarkAirParams {
            // One challenge combines the constraints of every table, each table by itself: the errors add up.
            num_constraints: tables.iter().map(|table| table.constraints).sum(),
            max_constraint_degree: MAX_DEGREE,
            num_quotient_chunks: 1 << LOG_BLOWUP,
            max_combo: 2,
        };
        let lookups: Vec<_> = security_term(&fingerprints(tables, log_heights, &shape), &shape, &grinding)
            .into_iter()
            .collect();
        let regime = fri.security_regime();
        let conjectured = conjectured_security_report(&regime, &air, &shape, &lookups, &grinding);
        let proven = proven_security_report(&regime, &air, &shape, &lookups, &grinding);
        let unique = proven.udr.security_bits();
        let best = proven
            .ldr
            .as_ref()
            .filter(|list| list.security_bits() > unique)
            .unwrap_or(&proven.udr);
        Self {
            conjectured: conjectured.security_bits(),
            proven: best.security_bits(),
            terms: named(&conjectured),
            proven_terms: named(best),
            proven_regime: match best.regime {
                Regime::ListDecoding { m } => format!("list decoding (Johnson, m = {m})"),
                _ => "unique decoding".to_owned(),
            },
        }
    }

    /// The weakest term of the conjectured account.
    #[must_use]
    pub fn binding(&self) -> Option<&(String, f64)> {
        self.terms.iter().min_by(|a, b| a.1.total_cmp(&b.1))
    }

    /// Whether the proof reaches [`TARGET_BITS`].
    #[must_use]
    pub fn is_enough(&self) -> bool {
        self.conjectured >= f64::from(TARGET_BITS)
    }
}

/// Openings of a table that one challenge combines: each column at each of its points.
fn batched(table: &TableShape) -> usize {
    num_batched_openings(
        table.columns,
        false,
        table.preprocessed,
        false,
        table.chunks,
        table.fractions,
        DIMENSION,
        OpeningShape::new(),
    )
}

/// Bus uses of the whole proof, as uses per row of the tallest table, rounded up: the lookup error counts their
/// product, `uses * rows * (width + 2) / |field|`.
fn fingerprints(tables: &[TableShape], log_heights: &[usize], shape: &InstanceShape) -> LogUpAir {
    let total: usize = tables
        .iter()
        .zip(log_heights)
        .map(|(table, bits)| table.uses << bits)
        .sum();
    LogUpAir {
        num_interactions: total.div_ceil(1 << shape.log_trace_length),
        max_message_width: tables.iter().map(|table| table.tuple).max().unwrap_or(0),
    }
}

fn named(report: &RegimeReport) -> Vec<(String, f64)> {
    report
        .terms()
        .iter()
        .map(|term| (term.label.to_owned(), term.bits.bits()))
        .collect()
}
