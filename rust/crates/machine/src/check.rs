//! The exact checker: evaluates every constraint on every row and balances every bus as a multiset.
//!
//! It accepts exactly the traces that a proof could be made of, without the prover's randomness: tests change single
//! cells of a valid trace and expect a reason here. Counts add up in the field, as they do in the proof.

use kedge_state::{Digest, hash};
use p3_field::{PrimeCharacteristicRing, PrimeField64};
use p3_goldilocks::Goldilocks;
use rustc_hash::FxHashMap;

use crate::plan::lift;
use crate::program::{Fill, Program, Table};
use crate::rows::{CHUNK_HEIGHT, RANGE_HEIGHT, RowEval, TableTrace, public_values, trace_width};

/// Most reasons given.
pub const MAX_REASONS: usize = 20;

/// What a bus still owes, by tuple.
type Balance = FxHashMap<Box<[u64]>, Goldilocks>;

/// Checks traces (in the order of the program's tables) against all constraints and buses, for these public roots.
/// Returns the first [`MAX_REASONS`] reasons why they are not valid; none if they are.
#[must_use]
pub fn check(program: &Program, tables: &[TableTrace], old_root: &Digest, new_root: &Digest) -> Vec<String> {
    if tables.len() != program.tables.len() {
        return vec![format!("{} tables, not {}", tables.len(), program.tables.len())];
    }
    let shapes: Vec<String> = program
        .tables
        .iter()
        .zip(tables)
        .filter_map(|(table, trace)| check_shape(table, trace))
        .collect();
    if !shapes.is_empty() {
        return shapes.into_iter().take(MAX_REASONS).collect();
    }
    let public = public_values(program, old_root, new_root);
    let mut reasons = Vec::new();
    let mut balances: FxHashMap<&str, Balance> = FxHashMap::default();
    for ((table, trace), public) in program.tables.iter().zip(tables).zip(&public) {
        if table.fill == Fill::Poseidon2 {
            check_permutations(table, trace, &mut balances, &mut reasons);
        } else {
            check_table(table, trace, public, &mut balances, &mut reasons);
        }
    }
    report(&balances, &mut reasons);
    reasons.truncate(MAX_REASONS);
    reasons
}

fn check_shape(table: &Table, trace: &TableTrace) -> Option<String> {
    let (name, width, height) = (&table.name, trace_width(table), trace.height());
    if trace.width != width || trace.values.len() != width * height {
        return Some(format!("table {name}: {} columns, not {width}", trace.width));
    }
    match table.fill {
        Fill::Range16 if height != RANGE_HEIGHT => Some(format!("table {name}: {height} rows, not {RANGE_HEIGHT}")),
        Fill::Chunk if height != CHUNK_HEIGHT => Some(format!("table {name}: {height} rows, not {CHUNK_HEIGHT}")),
        _ => None,
    }
}

fn check_table<'a>(
    table: &'a Table,
    trace: &TableTrace,
    public: &[Goldilocks],
    balances: &mut FxHashMap<&'a str, Balance>,
    reasons: &mut Vec<String>,
) {
    let eval = RowEval::full(table, public);
    let mut slots = eval.slots();
    let mut tuple = Vec::new();
    for row in 0..trace.height() {
        eval.load(&mut slots, row, trace.row(row));
        for (label, slot) in &eval.constraints {
            let value = slots[*slot as usize];
            if value != Goldilocks::ZERO && reasons.len() < MAX_REASONS {
                reasons.push(format!(
                    "table {}, row {row}: {label}: {} is not 0",
                    table.name,
                    lift(value)
                ));
            }
        }
        for using in &eval.uses {
            tuple.clear();
            tuple.extend(using.tuple(&slots));
            let balance = balances.entry(using.bus).or_default();
            owe(balance, &tuple, using.signed_count(&slots));
        }
    }
}

fn check_permutations(
    table: &Table,
    trace: &TableTrace,
    balances: &mut FxHashMap<&str, Balance>,
    reasons: &mut Vec<String>,
) {
    let balance = balances.entry("poseidon2").or_default();
    for row in 0..trace.height() {
        let cells = trace.row(row);
        let words: Vec<u64> = cells.iter().map(PrimeField64::as_canonical_u64).collect();
        let input: [u64; 16] = core::array::from_fn(|word| words[word]);
        if words[16..20] != hash(&input) && reasons.len() < MAX_REASONS {
            reasons.push(format!(
                "table {}, row {row}: the output is not the hash of the input",
                table.name
            ));
        }
        owe(balance, &words[..20], -cells[20]);
    }
}

fn owe(balance: &mut Balance, tuple: &[u64], count: Goldilocks) {
    if count == Goldilocks::ZERO {
        return;
    }
    match balance.get_mut(tuple) {
        Some(owed) => *owed += count,
        None => {
            balance.insert(tuple.into(), count);
        }
    }
}

fn report(balances: &FxHashMap<&str, Balance>, reasons: &mut Vec<String>) {
    let mut owed: Vec<(&str, &[u64], i64)> = balances
        .iter()
        .flat_map(|(bus, balance)| {
            balance
                .iter()
                .map(|(tuple, count)| (*bus, tuple.as_ref(), lift(*count)))
        })
        .filter(|owed| owed.2 != 0)
        .collect();
    owed.sort_unstable();
    for (bus, tuple, count) in owed.into_iter().take(MAX_REASONS) {
        let way = if count > 0 { "sent" } else { "received" };
        reasons.push(format!(
            "bus {bus}: {tuple:?} is {way} {} times too often",
            count.unsigned_abs()
        ));
    }
}
