//! From the rows of a chunk to traces: padded to a power of two, machine tables laid out.

use kedge_machine::program::Fill;
use p3_field::PrimeCharacteristicRing;
use p3_matrix::dense::RowMajorMatrix;

use crate::config::{MAX_LOG_HEIGHT, MIN_LOG_HEIGHT, Val};
use crate::error::ProveError;
use crate::keys::{Keys, LOG_RANGE, TableShape};
use crate::poseidon2::{Poseidon2Table, WIDTH};

/// What happened in one table, without padding.
#[derive(Clone, Debug)]
pub enum Rows {
    /// Row after row, each as wide as the table: step, leaf, node and chunk tables. Padding rows are zero.
    Cells(Vec<Val>),
    /// How often each value from 0 was looked up: the range table. Values not listed were not.
    Counts(Vec<Val>),
    /// Inputs of permutations and how often each digest is used: the table of permutations.
    Permutations(Vec<([Val; WIDTH], Val)>),
}

/// The trace of each table, in the order of the program.
pub(crate) fn assemble(keys: &Keys, rows: Vec<Rows>) -> Result<Vec<RowMajorMatrix<Val>>, ProveError> {
    if rows.len() != keys.tables.len() {
        let reason = format!("rows of {} tables, not {}", rows.len(), keys.tables.len());
        return Err(ProveError::Rows {
            table: "program".to_owned(),
            reason,
        });
    }
    keys.tables
        .iter()
        .zip(rows)
        .map(|(table, rows)| trace(table, rows))
        .collect()
}

fn trace(table: &TableShape, rows: Rows) -> Result<RowMajorMatrix<Val>, ProveError> {
    match (table.fill, rows) {
        (Fill::Poseidon2, Rows::Permutations(uses)) => {
            let height = height(table, uses.len())?;
            Ok(Poseidon2Table::trace(&uses, height))
        }
        (Fill::Range16, Rows::Counts(counts)) => range(table, &counts),
        (Fill::Step | Fill::Leaf | Fill::Node | Fill::Chunk, Rows::Cells(mut cells)) => {
            if cells.len() % table.columns != 0 {
                return Err(wrong(
                    table,
                    format!("{} cells in rows of {}", cells.len(), table.columns),
                ));
            }
            let height = height(table, cells.len() / table.columns)?;
            cells.resize(height * table.columns, Val::ZERO);
            Ok(RowMajorMatrix::new(cells, table.columns))
        }
        (fill, rows) => Err(wrong(
            table,
            format!("a table filled as {fill:?} does not take {}", kind(&rows)),
        )),
    }
}

/// Counts, value `v` in row `v mod height` of column `v / height`: where the preprocessed columns have the value.
fn range(table: &TableShape, counts: &[Val]) -> Result<RowMajorMatrix<Val>, ProveError> {
    let height = 1 << table.log_height.unwrap_or(LOG_RANGE);
    if counts.len() > 1 << LOG_RANGE || table.columns != table.preprocessed {
        return Err(wrong(
            table,
            format!("{} counts in {} columns", counts.len(), table.columns),
        ));
    }
    let mut cells = Val::zero_vec(height * table.columns);
    for (value, count) in counts.iter().enumerate() {
        cells[value % height * table.columns + value / height] = *count;
    }
    Ok(RowMajorMatrix::new(cells, table.columns))
}

/// The height for so many rows: the next power of two, or the one that the program fixes.
fn height(table: &TableShape, rows: usize) -> Result<usize, ProveError> {
    let bound = 1 << table.log_height.unwrap_or(MAX_LOG_HEIGHT);
    if rows > bound {
        return Err(wrong(table, format!("{rows} rows, more than {bound}")));
    }
    Ok(if table.log_height.is_some() {
        bound
    } else {
        rows.next_power_of_two().max(1 << MIN_LOG_HEIGHT)
    })
}

fn wrong(table: &TableShape, reason: String) -> ProveError {
    ProveError::Rows {
        table: table.name.clone(),
        reason,
    }
}

const fn kind(rows: &Rows) -> &'static str {
    match rows {
        Rows::Cells(_) => "cells",
        Rows::Counts(_) => "counts",
        Rows::Permutations(_) => "permutations",
    }
}
