//! Mutations of valid traces: which single cells could be changed without a constraint or a bus noticing.
//!
//! In a valid trace every bus is balanced, so a change of one row is noticed by the buses exactly if the row's own
//! contributions differ. That makes a mutation cost one row, where [`crate::check`] costs all of them.

use std::collections::BTreeMap;

use kedge_state::{Digest, hash};
use p3_field::{PrimeCharacteristicRing, PrimeField64};
use p3_goldilocks::Goldilocks;

use crate::program::{Fill, Program};
use crate::rows::{RowEval, TableTrace, public_values};

/// A cell that could be changed unnoticed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Survivor {
    /// Name of the table.
    pub table: String,
    /// Number of the row.
    pub row: usize,
    /// Position of the column.
    pub column: usize,
    /// What the cell could hold instead.
    pub value: u64,
}

/// Adds each of `deltas` to each cell of the rows that `rows` picks of each table, one at a time, and returns the
/// changes that nothing notices. Invariant: the traces are valid, [`crate::check`] gives no reason against them.
#[must_use]
pub fn survivors(
    program: &Program,
    tables: &[TableTrace],
    old_root: &Digest,
    new_root: &Digest,
    deltas: &[u64],
    rows: impl Fn(&TableTrace) -> Vec<usize>,
) -> Vec<Survivor> {
    let public = public_values(program, old_root, new_root);
    let mut found = Vec::new();
    for ((table, trace), public) in program.tables.iter().zip(tables).zip(&public) {
        let eval = RowEval::full(table, public);
        for row in rows(trace).into_iter().filter(|&row| row < trace.height()) {
            let accepts = |cells: &[Goldilocks]| match table.fill {
                Fill::Poseidon2 => permutation(cells),
                _ => contributions(&eval, row, cells),
            };
            let before = accepts(trace.row(row));
            for column in 0..trace.width {
                for &delta in deltas {
                    let mut cells = trace.row(row).to_vec();
                    cells[column] += Goldilocks::from_u64(delta);
                    if accepts(&cells).is_some_and(|after| Some(after) == before) {
                        let value = cells[column].as_canonical_u64();
                        found.push(Survivor {
                            table: table.name.clone(),
                            row,
                            column,
                            value,
                        });
                    }
                }
            }
        }
    }
    found
}

/// What a row gives to each bus, by bus and tuple; `None` where a constraint fails.
type Contributions<'a> = BTreeMap<(&'a str, Vec<u64>), u64>;

fn contributions<'a>(eval: &RowEval<'a>, row: usize, cells: &[Goldilocks]) -> Option<Contributions<'a>> {
    let mut slots = eval.slots();
    eval.load(&mut slots, row, cells);
    if eval
        .constraints
        .iter()
        .any(|&(_, slot)| slots[slot as usize] != Goldilocks::ZERO)
    {
        return None;
    }
    let mut sums: BTreeMap<(&str, Vec<u64>), Goldilocks> = BTreeMap::new();
    for using in &eval.uses {
        *sums
            .entry((using.bus, using.tuple(&slots).collect()))
            .or_insert(Goldilocks::ZERO) += using.signed_count(&slots);
    }
    let sums = sums.into_iter().map(|(tuple, count)| (tuple, count.as_canonical_u64()));
    Some(sums.filter(|(_, count)| *count != 0).collect())
}

fn permutation(cells: &[Goldilocks]) -> Option<Contributions<'static>> {
    let words: Vec<u64> = cells.iter().map(PrimeField64::as_canonical_u64).collect();
    let input: [u64; 16] = core::array::from_fn(|word| words[word]);
    if words[16..20] != hash(&input) {
        return None;
    }
    let count = words[20];
    Some(
        Contributions::from([(("poseidon2", words[..20].to_vec()), count)])
            .into_iter()
            .filter(|e| e.1 != 0)
            .collect(),
    )
}
