//! Rows of tables: their storage, and evaluation of a table's expressions on one row.

use kedge_state::is_canonical;
use p3_field::{PrimeCharacteristicRing, PrimeField64};
use p3_goldilocks::Goldilocks;

use crate::plan::{Plan, Planner};
use crate::program::{Fill, Program, Table};

/// Width of the `poseidon2` table as this crate sees it: sixteen words in, four out, how often looked up.
pub const PERMUTATION_WIDTH: usize = 21;
/// Least height of a table.
pub const MIN_HEIGHT: usize = 16;
/// Height of the `chunk` table.
pub const CHUNK_HEIGHT: usize = MIN_HEIGHT;
/// Words of the `range16` table.
pub const RANGE_VALUES: usize = 1 << 16;
/// Columns of values (and of counts) of the `range16` table: a low, wide table costs less to commit than a high one.
pub const RANGE_COLUMNS: usize = 16;
/// Height of the `range16` table: value `v` stands in row `v mod RANGE_HEIGHT` of column `v / RANGE_HEIGHT`.
pub const RANGE_HEIGHT: usize = RANGE_VALUES / RANGE_COLUMNS;

/// Committed cells of one table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableTrace {
    /// Number of columns.
    pub width: usize,
    /// Number of rows before padding.
    pub rows: usize,
    /// Cells, row by row, padding included.
    pub values: Vec<Goldilocks>,
}

impl TableTrace {
    /// A table from canonical words, without padding of its own.
    ///
    /// # Errors
    /// A reason, where a row has another width or a word is not below the modulus.
    pub fn from_words(width: usize, rows: &[Vec<u64>]) -> Result<Self, String> {
        let mut values = Vec::with_capacity(width * rows.len());
        for (number, row) in rows.iter().enumerate() {
            if row.len() != width {
                return Err(format!("row {number} has {} cells, not {width}", row.len()));
            }
            if let Some(word) = row.iter().find(|&&word| !is_canonical(word)) {
                return Err(format!("row {number}: {word} is not below the modulus"));
            }
            values.extend(row.iter().map(|&word| Goldilocks::new(word)));
        }
        Ok(Self {
            width,
            rows: rows.len(),
            values,
        })
    }

    /// Number of rows, padding included.
    #[must_use]
    pub fn height(&self) -> usize {
        self.values.len().checked_div(self.width).unwrap_or(0)
    }

    /// A row's cells.
    pub fn row(&self, row: usize) -> &[Goldilocks] {
        &self.values[row * self.width..(row + 1) * self.width]
    }

    /// All rows as canonical words.
    #[must_use]
    pub fn to_words(&self) -> Vec<Vec<u64>> {
        (0..self.height())
            .map(|row| self.row(row).iter().map(PrimeField64::as_canonical_u64).collect())
            .collect()
    }

    /// Adds zero rows up to a power of two of at least [`MIN_HEIGHT`].
    pub(crate) fn pad(&mut self) {
        let height = self.rows.next_power_of_two().max(MIN_HEIGHT);
        self.values.resize(height * self.width, Goldilocks::ZERO);
    }
}

/// Width of a table's trace.
#[must_use]
pub fn trace_width(table: &Table) -> usize {
    if table.fill == Fill::Poseidon2 {
        PERMUTATION_WIDTH
    } else {
        table.columns.len()
    }
}

/// A bus use with its operands as slots.
pub(crate) struct Use<'a> {
    pub(crate) bus: &'a str,
    pub(crate) negative: bool,
    pub(crate) count: u32,
    pub(crate) fields: Box<[u32]>,
}

/// Evaluates chosen expressions of a table, row by row.
pub(crate) struct RowEval<'a> {
    pub(crate) table: &'a Table,
    plan: Plan,
    pub(crate) constraints: Vec<(&'a str, u32)>,
    pub(crate) uses: Vec<Use<'a>>,
}

impl<'a> RowEval<'a> {
    /// All constraints and bus uses.
    pub(crate) fn full(table: &'a Table, public: &[Goldilocks]) -> Self {
        Self::new(table, public, true, |_| true)
    }

    /// The uses of the named buses only.
    pub(crate) fn lookups(table: &'a Table, public: &[Goldilocks], buses: &[&str]) -> Self {
        Self::new(table, public, false, |bus| buses.contains(&bus))
    }

    fn new(table: &'a Table, public: &[Goldilocks], constrain: bool, wanted: impl Fn(&str) -> bool) -> Self {
        let mut planner = Planner::new(table);
        let mut constraints = Vec::new();
        for constraint in table.constraints.iter().filter(|_| constrain) {
            planner.schedule(&[constraint.node]);
            constraints.push((constraint.label.as_str(), planner.slot(constraint.node)));
        }
        let mut uses = Vec::new();
        for bus in table.buses.iter().filter(|bus| wanted(&bus.bus)) {
            planner.schedule(&[bus.count]);
            planner.schedule(&bus.fields);
            uses.push(Use {
                bus: &bus.bus,
                negative: bus.sign < 0,
                count: planner.slot(bus.count),
                fields: bus.fields.iter().map(|&node| planner.slot(node)).collect(),
            });
        }
        let mut plan = planner.finish();
        let start = table.columns.len() + table.preprocessed.len();
        plan.slots[start..start + public.len()].copy_from_slice(public);
        Self {
            table,
            plan,
            constraints,
            uses,
        }
    }

    /// A register file for [`RowEval::load`].
    pub(crate) fn slots(&self) -> Vec<Goldilocks> {
        self.plan.slots.clone()
    }

    /// Evaluates everything on the cells of a row with this number.
    pub(crate) fn load(&self, slots: &mut [Goldilocks], number: usize, row: &[Goldilocks]) {
        slots[..row.len()].copy_from_slice(row);
        for column in 0..self.table.preprocessed.len() {
            slots[row.len() + column] = fixed_value(self.table.fill, number, column);
        }
        self.plan.compute_all(slots);
    }
}

impl Use<'_> {
    /// The signed count on the loaded row.
    pub(crate) fn signed_count(&self, slots: &[Goldilocks]) -> Goldilocks {
        let count = slots[self.count as usize];
        if self.negative { -count } else { count }
    }

    /// The tuple on the loaded row, canonical.
    pub(crate) fn tuple<'s>(&'s self, slots: &'s [Goldilocks]) -> impl Iterator<Item = u64> + 's {
        self.fields.iter().map(|&slot| slots[slot as usize].as_canonical_u64())
    }
}

/// A preprocessed column of a table that has any: the values in their order, or a mark on the first row.
pub fn fixed_value(fill: Fill, row: usize, column: usize) -> Goldilocks {
    match fill {
        Fill::Range16 => Goldilocks::new((column * RANGE_HEIGHT + row) as u64),
        _ => Goldilocks::from_bool(row == 0),
    }
}

/// Public values of each table: only `chunk` has any, the old root and the new one.
#[must_use]
pub fn public_values(program: &Program, old_root: &[u64; 4], new_root: &[u64; 4]) -> Vec<Vec<Goldilocks>> {
    let roots = || {
        old_root
            .iter()
            .chain(new_root)
            .map(|&word| Goldilocks::new(word))
            .collect()
    };
    program
        .tables
        .iter()
        .map(|table| if table.public == 0 { Vec::new() } else { roots() })
        .collect()
}
