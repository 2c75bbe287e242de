//! Traces: all committed cells of a chunk's proof, table by table.
//!
//! The `poseidon2` table is given as this crate sees it, [`PERMUTATION_WIDTH`] columns; the prover expands each row
//! into the permutation's own columns.

use kedge_state::{Digest, LeafRow, NodeRow, hash_many, parts_of, records_of};
use p3_field::PrimeCharacteristicRing;
use p3_goldilocks::Goldilocks;
use rayon::prelude::*;
use rustc_hash::FxHashMap;

use crate::plan::lift;
use crate::program::{Fill, Program, Table};
use crate::replay::{ReplayError, Replayed, replay};
use crate::rows::{
    MIN_HEIGHT, PERMUTATION_WIDTH, RANGE_COLUMNS, RANGE_HEIGHT, RANGE_VALUES, RowEval, TableTrace, public_values,
};
use crate::validate::{chunk_columns, leaf_columns, node_columns};
use crate::witness::Witness;

/// Rows whose lookups are counted by one task.
const TASK_ROWS: usize = 2048;

/// Everything that a chunk's proof commits to.
#[derive(Clone, Debug)]
pub struct Traces {
    /// In the order of the program's tables.
    pub tables: Vec<TableTrace>,
    /// Public values, in the same order.
    pub public: Vec<Vec<Goldilocks>>,
    /// Root of the state before the chunk.
    pub old_root: Digest,
    /// Root of the state after it.
    pub new_root: Digest,
}

/// How large a chunk is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Info {
    /// Runs of each step, by name, in the order of the program.
    pub steps: Vec<(String, usize)>,
    /// Rows and height of each table, by name, in the order of the program.
    pub rows: Vec<(String, usize, usize)>,
    /// Distinct permutations.
    pub permutations: usize,
}

impl Traces {
    /// Replays a witness and fills every table.
    ///
    /// # Errors
    /// [`ReplayError`] where the witness does not describe a chunk of this program.
    pub fn of(program: &Program, witness: &Witness) -> Result<Self, ReplayError> {
        let Replayed {
            mut tables,
            tree,
            seen,
            end,
        } = replay(program, witness)?;
        let of = |fill: Fill| program.table_of(fill).ok_or(ReplayError::NoTable(fill));
        let (leaf, node, chunk) = (of(Fill::Leaf)?, of(Fill::Node)?, of(Fill::Chunk)?);
        let (range, permutation) = (of(Fill::Range16)?, of(Fill::Poseidon2)?);
        let time = |address: u64| u64::from(seen.get(&address).copied().unwrap_or(0));
        let leaves: Vec<Vec<u64>> = tree.leaf.iter().map(|row| leaf_row(row, time)).collect();
        let nodes: Vec<Vec<u64>> = tree.node.iter().map(node_row).collect();
        let roots: Vec<u64> = tree.old_root.into_iter().chain(tree.new_root).chain([end]).collect();
        tables[leaf] = named(&program.tables[leaf], &leaf_columns(), &leaves);
        tables[node] = named(&program.tables[node], &node_columns(), &nodes);
        tables[chunk] = named(&program.tables[chunk], &chunk_columns(), &[roots]);
        tables.iter_mut().for_each(TableTrace::pad);
        let public = public_values(program, &tree.old_root, &tree.new_root);
        let counts = Counts::of(program, &tables, &public)?;
        tables[range] = counts.range_table();
        tables[permutation] = counts.permutation_table();
        Ok(Self {
            tables,
            public,
            old_root: tree.old_root,
            new_root: tree.new_root,
        })
    }

    /// How large the chunk is.
    #[must_use]
    pub fn info(&self, program: &Program) -> Info {
        let steps = program
            .steps
            .iter()
            .map(|step| (step.name.clone(), self.tables[step.table as usize].rows));
        let tables = program.tables.iter().zip(&self.tables);
        Info {
            steps: steps.collect(),
            rows: tables
                .clone()
                .map(|(table, trace)| (table.name.clone(), trace.rows, trace.height()))
                .collect(),
            permutations: tables
                .filter(|(table, _)| table.fill == Fill::Poseidon2)
                .map(|(_, trace)| trace.rows)
                .sum(),
        }
    }
}

/// Cells of a leaf in the order of [`leaf_columns`].
fn leaf_row(row: &LeafRow, seen: impl Fn(u64) -> u64) -> Vec<u64> {
    let mut cells = vec![1];
    cells.extend(parts_of(row.index));
    for (side, address) in records_of(row.index).into_iter().enumerate() {
        cells.extend(row.old_records[side]);
        cells.extend(row.new_records[side]);
        cells.push(seen(address));
    }
    cells.extend(row.old.iter().chain(&row.new));
    cells
}

/// Cells of a node in the order of [`node_columns`].
fn node_row(row: &NodeRow) -> Vec<u64> {
    let mut cells = vec![1, u64::from(row.level), row.index];
    cells.extend(row.touched.map(u64::from));
    cells.extend(row.old_children.as_flattened());
    cells.extend(row.new_children.as_flattened());
    cells.extend(row.old.iter().chain(&row.new));
    cells
}

/// A table from rows whose cells are in the order of `names`; validation has fixed the set of names.
fn named(table: &Table, names: &[String], rows: &[Vec<u64>]) -> TableTrace {
    let width = table.columns.len();
    let places: Vec<usize> = names.iter().filter_map(|name| table.column(name)).collect();
    let mut values = vec![Goldilocks::ZERO; width * rows.len()];
    for (cells, row) in values.chunks_exact_mut(width).zip(rows) {
        for (&place, &word) in places.iter().zip(row) {
            cells[place] = Goldilocks::new(word);
        }
    }
    TableTrace {
        width,
        rows: rows.len(),
        values,
    }
}

/// How often each number and each permutation is looked up.
struct Counts {
    range: Vec<i64>,
    permutations: Vec<([u64; 16], i64)>,
    places: FxHashMap<[u64; 16], usize>,
}

/// Rows of one table that one task looks at; `times` counts a padding row once for all.
struct Task<'a> {
    eval: &'a RowEval<'a>,
    trace: &'a TableTrace,
    rows: core::ops::Range<usize>,
    times: i64,
}

impl Counts {
    fn of(program: &Program, tables: &[TableTrace], public: &[Vec<Goldilocks>]) -> Result<Self, ReplayError> {
        let built_in = |table: &Table| matches!(table.fill, Fill::Range16 | Fill::Poseidon2);
        let evals: Vec<(RowEval, &TableTrace)> = program
            .tables
            .iter()
            .zip(tables.iter().zip(public))
            .filter(|(table, _)| !built_in(table))
            .map(|(table, (trace, public))| (RowEval::lookups(table, public, &["range16", "poseidon2"]), trace))
            .filter(|(eval, _)| !eval.uses.is_empty())
            .collect();
        let parts: Vec<Result<Self, ReplayError>> =
            tasks(&evals).into_par_iter().fold(|| Ok(Self::new()), count).collect();
        let mut total = Self::new();
        for part in parts {
            total.merge(part?);
        }
        total.check()?;
        Ok(total)
    }

    fn new() -> Self {
        Self {
            range: vec![0; RANGE_VALUES],
            permutations: Vec::new(),
            places: FxHashMap::default(),
        }
    }

    fn merge(&mut self, other: Self) {
        self.range
            .iter_mut()
            .zip(other.range)
            .for_each(|(count, more)| *count += more);
        for (input, count) in other.permutations {
            self.permutation(input, count);
        }
    }

    fn permutation(&mut self, input: [u64; 16], count: i64) {
        let place = *self.places.entry(input).or_insert(self.permutations.len());
        match self.permutations.get_mut(place) {
            Some(known) => known.1 += count,
            None => self.permutations.push((input, count)),
        }
    }

    fn check(&self) -> Result<(), ReplayError> {
        let provided = self
            .range
            .iter()
            .chain(self.permutations.iter().map(|permutation| &permutation.1));
        if provided.copied().any(i64::is_negative) {
            Err(ReplayError::Negative)
        } else {
            Ok(())
        }
    }

    fn range_table(&self) -> TableTrace {
        let mut values = vec![Goldilocks::ZERO; RANGE_VALUES];
        for (value, &count) in self.range.iter().enumerate() {
            values[value % RANGE_HEIGHT * RANGE_COLUMNS + value / RANGE_HEIGHT] = Goldilocks::new(count as u64);
        }
        TableTrace {
            width: RANGE_COLUMNS,
            rows: RANGE_HEIGHT,
            values,
        }
    }

    fn permutation_table(&self) -> TableTrace {
        let mut inputs: Vec<[u64; 16]> = self.permutations.iter().map(|permutation| permutation.0).collect();
        let rows = inputs.len();
        inputs.resize(rows.next_power_of_two().max(MIN_HEIGHT), [0; 16]);
        let counts = self
            .permutations
            .iter()
            .map(|permutation| permutation.1 as u64)
            .chain(core::iter::repeat(0));
        let mut values = Vec::with_capacity(inputs.len() * PERMUTATION_WIDTH);
        for ((input, digest), count) in inputs.iter().zip(hash_many(&inputs)).zip(counts) {
            values.extend(
                input
                    .iter()
                    .chain(&digest)
                    .chain([&count])
                    .map(|&word| Goldilocks::new(word)),
            );
        }
        TableTrace {
            width: PERMUTATION_WIDTH,
            rows,
            values,
        }
    }
}

fn tasks<'a>(evals: &'a [(RowEval<'a>, &'a TableTrace)]) -> Vec<Task<'a>> {
    let mut tasks = Vec::new();
    for (eval, trace) in evals {
        let (rows, height) = (trace.rows, trace.height());
        for from in (0..rows).step_by(TASK_ROWS) {
            tasks.push(Task {
                eval,
                trace,
                rows: from..rows.min(from + TASK_ROWS),
                times: 1,
            });
        }
        if rows < height {
            tasks.push(Task {
                eval,
                trace,
                rows: rows..rows + 1,
                times: (height - rows) as i64,
            });
        }
    }
    tasks
}

fn count(counts: Result<Counts, ReplayError>, task: Task) -> Result<Counts, ReplayError> {
    let mut counts = counts?;
    let mut slots = task.eval.slots();
    for row in task.rows {
        task.eval.load(&mut slots, row, task.trace.row(row));
        for using in &task.eval.uses {
            let times = lift(using.signed_count(&slots)).saturating_mul(task.times);
            if times == 0 {
                continue;
            }
            let mut tuple = using.tuple(&slots);
            if using.bus == "poseidon2" {
                counts.permutation(core::array::from_fn(|_| tuple.next().unwrap_or_default()), times);
                continue;
            }
            let value = tuple.next().unwrap_or_default();
            let table = || task.eval.table.name.clone();
            let place = counts.range.get_mut(value as usize);
            *place.ok_or_else(|| ReplayError::Lookup {
                table: table(),
                row,
                value,
            })? += times;
        }
    }
    Ok(counts)
}
