//! What prover and verifier derive from a program: AIRs, bus uses, the commitment to the preprocessed columns.
//!
//! Keys depend on the program only. Heights of the other tables vary from proof to proof: the packing of bus uses
//! does not depend on them, and only the range table and the chunk table, of fixed height, have preprocessed columns.

use std::sync::{Arc, Mutex, PoisonError};

use kedge_machine::program::{Fill, Program, Table};
use p3_air::symbolic::AirLayout;
use p3_batch_stark::symbolic::get_log_num_quotient_chunks_for_domain;
use p3_batch_stark::{CommonData, ProverData, StarkGenericConfig};
use p3_field::PrimeCharacteristicRing;
use p3_lookup::check_bus_widths;
use p3_lookup::logup::LogUpGadget;
use p3_matrix::dense::RowMajorMatrix;

use crate::air::{TableAir, WithBuses};
use crate::code::{Graph, MAX_DEGREE, MAX_DEPTH, MAX_USE};
use crate::config::{Challenge, Challenger, Config, LOG_BLOWUP, MIN_LOG_HEIGHT, Pcs, VERSION, Val, config};
use crate::error::KeyError;
use crate::poseidon2::Poseidon2Table;

/// Values of the range table, in bits.
pub const LOG_RANGE: usize = 16;
/// Public values of the chunk table: the old root and the new root.
pub const PUBLICS: usize = 8;
/// Keys kept in memory.
const CACHED: usize = 4;

/// Proving and verifying keys of one program.
pub struct Keys {
    pub(crate) program: [u8; 32],
    pub(crate) config: Config,
    pub(crate) airs: Vec<TableAir>,
    pub(crate) data: ProverData<Config>,
    pub(crate) tables: Vec<TableShape>,
}

/// What a proof shows of a table, apart from its height.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableShape {
    /// Name in the program.
    pub name: String,
    /// Who fills it.
    pub fill: Fill,
    /// Committed columns.
    pub columns: usize,
    /// Preprocessed columns.
    pub preprocessed: usize,
    /// Public values.
    pub publics: usize,
    /// Bus uses of a row.
    pub uses: usize,
    /// Width of the widest tuple of a bus use.
    pub tuple: usize,
    /// Fraction columns that carry the bus uses, each over the field of challenges; one more carries their sum.
    pub fractions: usize,
    /// Constraints, those of the bus uses included.
    pub constraints: usize,
    /// Chunks of the quotient.
    pub chunks: usize,
    /// Logarithm of the height, where the program fixes it.
    pub log_height: Option<usize>,
}

impl TableShape {
    /// Columns over the field of challenges that the bus uses need.
    #[must_use]
    pub const fn permutation(&self) -> usize {
        if self.uses == 0 { 0 } else { self.fractions + 1 }
    }
}

impl Keys {
    /// The keys of a program; made once, then shared.
    ///
    /// # Errors
    /// [`KeyError`] where the program does not fit the proof system.
    pub fn of(program: &Program) -> Result<Arc<Self>, KeyError> {
        static CACHE: Mutex<Vec<Arc<Keys>>> = Mutex::new(Vec::new());
        let digest = program.digest();
        let known = |keys: &[Arc<Self>]| keys.iter().find(|keys| keys.program == digest).cloned();
        if let Some(keys) = known(&CACHE.lock().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(keys);
        }
        let made = Arc::new(Self::make(program)?);
        let mut cache = CACHE.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(keys) = known(&cache) {
            return Ok(keys);
        }
        if cache.len() == CACHED {
            cache.remove(0);
        }
        cache.push(Arc::clone(&made));
        Ok(made)
    }

    /// Digest of the program.
    #[must_use]
    pub const fn program(&self) -> [u8; 32] {
        self.program
    }

    /// Shapes of the tables, in the order of the program.
    #[must_use]
    pub fn tables(&self) -> &[TableShape] {
        &self.tables
    }

    /// Format version and root of the preprocessed columns: what a recursion circuit pins besides the program.
    #[must_use]
    pub fn preprocessed_root(&self) -> Option<(u16, [Val; 4])> {
        let global = self.data.common.preprocessed.as_ref()?;
        Some((VERSION, *global.commitment.roots().first()?))
    }

    pub(crate) const fn common(&self) -> &CommonData<Config> {
        &self.data.common
    }

    fn make(program: &Program) -> Result<Self, KeyError> {
        check_roles(program)?;
        let config = config(&program.digest());
        let mut airs = Vec::with_capacity(program.tables.len());
        let mut heights = Vec::with_capacity(program.tables.len());
        for table in &program.tables {
            let graph = Graph::new(table);
            check_expressions(table, &graph)?;
            let log_height = fixed_log_height(table)?;
            airs.push(TableAir::new(table, &graph, preprocessed(table, log_height))?);
            heights.push(log_height);
        }
        let with_buses: Vec<WithBuses> = airs
            .iter()
            .zip(&program.tables)
            .map(|(air, table)| WithBuses {
                air,
                buses: &table.buses,
            })
            .collect();
        let degrees: Vec<usize> = heights.iter().map(|height| height.unwrap_or(MIN_LOG_HEIGHT)).collect();
        let budgets: Vec<usize> = program.tables.iter().map(budget).collect();
        let data =
            ProverData::from_airs_and_degrees_with_lookup_budgets(&config, &with_buses, &degrees, &budgets, LOG_BLOWUP)
                .map_err(|error| KeyError::Program(error.to_string()))?;
        check_bus_widths(&data.common.lookups).map_err(|error| KeyError::Program(error.to_string()))?;
        let tables = program.tables.iter().enumerate();
        let tables = tables
            .map(|(i, table)| shape(table, &airs[i], &config, &data, i, heights[i]))
            .collect();
        let keys = Self {
            program: program.digest(),
            config,
            airs,
            data,
            tables,
        };
        keys.check_counts()?;
        Ok(keys)
    }

    /// No bus use may be lost between the program and the keys: a use that is not proven does not bind.
    fn check_counts(&self) -> Result<(), KeyError> {
        for (table, lookups) in self.tables.iter().zip(&self.data.common.lookups) {
            let kept: usize = lookups.iter().map(|lookup| lookup.elements.len()).sum();
            if kept != table.uses {
                let reason = format!("{kept} of {} bus uses reached the keys", table.uses);
                return Err(KeyError::Table {
                    table: table.name.clone(),
                    reason,
                });
            }
        }
        Ok(())
    }
}

/// Degree allowed to a fraction column: two simple uses share one where that saves more than a second chunk costs.
fn budget(table: &Table) -> usize {
    if table.buses.len() >= 4 { MAX_DEGREE } else { 0 }
}

fn shape(
    table: &Table,
    air: &TableAir,
    config: &Config,
    data: &ProverData<Config>,
    index: usize,
    log_height: Option<usize>,
) -> TableShape {
    let lookups = &data.common.lookups[index];
    let domain =
        <Pcs as p3_commit::Pcs<Challenge, Challenger>>::natural_domain_for_degree(config.pcs(), 1 << MIN_LOG_HEIGHT);
    let log_chunks = get_log_num_quotient_chunks_for_domain::<Val, Challenge, TableAir, LogUpGadget>(
        air,
        AirLayout::from_air(air),
        domain,
        lookups,
        0,
        &LogUpGadget::new(),
    );
    let built_in = table.fill == Fill::Poseidon2;
    // Each fraction is pinned by one constraint; their sum starts, steps and ends by three.
    let of_buses = if lookups.is_empty() { 0 } else { lookups.len() + 3 };
    TableShape {
        name: table.name.clone(),
        fill: table.fill,
        columns: if built_in {
            Poseidon2Table::WIDTH
        } else {
            table.columns.len()
        },
        preprocessed: table.preprocessed.len(),
        publics: table.public as usize,
        uses: if built_in { 1 } else { table.buses.len() },
        tuple: lookups
            .iter()
            .flat_map(|lookup| &lookup.elements)
            .map(Vec::len)
            .max()
            .unwrap_or(0),
        fractions: lookups.len(),
        constraints: air.constraints() + of_buses,
        chunks: 1 << log_chunks,
        log_height,
    }
}

/// The public values belong to the one chunk table, and nothing else is public.
fn check_roles(program: &Program) -> Result<(), KeyError> {
    let chunks = program.tables.iter().filter(|table| table.fill == Fill::Chunk).count();
    if chunks != 1 {
        return Err(KeyError::Program(format!("{chunks} chunk tables, not one")));
    }
    for table in &program.tables {
        let expected = if table.fill == Fill::Chunk { PUBLICS } else { 0 };
        if table.public as usize != expected {
            let reason = format!("{} public values, not {expected}", table.public);
            return Err(KeyError::Table {
                table: table.name.clone(),
                reason,
            });
        }
        if table.columns.is_empty() && table.fill != Fill::Poseidon2 {
            return Err(KeyError::Table {
                table: table.name.clone(),
                reason: "no columns".to_owned(),
            });
        }
    }
    Ok(())
}

/// Bounds on expressions. Of a bus use: a fraction is pinned by `denominator * fraction - count`, one degree above its
/// tuple's; and Plonky3 evaluates a use without sharing, which an expression can make arbitrarily slow.
fn check_expressions(table: &Table, graph: &Graph) -> Result<(), KeyError> {
    let name = || table.name.clone();
    let depth = graph.depth();
    if depth > MAX_DEPTH {
        return Err(KeyError::Table {
            table: name(),
            reason: format!("an expression is nested {depth} deep"),
        });
    }
    for bus in &table.buses {
        let fields = bus.fields.iter().map(|field| graph.measure(*field));
        let (tuple, count) = (
            fields.clone().map(|field| field.degree).max().unwrap_or(0),
            graph.measure(bus.count),
        );
        let degree = (tuple + 1).max(count.degree);
        if degree > MAX_DEGREE {
            let what = format!("a use of bus {}", bus.bus);
            return Err(KeyError::Degree {
                table: name(),
                what,
                degree,
                bound: MAX_DEGREE,
            });
        }
        let operations = fields.fold(count.operations, |sum, field| sum.saturating_add(field.operations));
        if operations > MAX_USE {
            let reason = format!(
                "a use of bus {} takes {operations} operations, more than {MAX_USE}",
                bus.bus
            );
            return Err(KeyError::Table { table: name(), reason });
        }
    }
    Ok(())
}

/// Heights that the program fixes: the chunk table is as low as can be, the range table holds each value once.
fn fixed_log_height(table: &Table) -> Result<Option<usize>, KeyError> {
    let wrong = |reason: &str| {
        Err(KeyError::Table {
            table: table.name.clone(),
            reason: reason.to_owned(),
        })
    };
    let columns = table.preprocessed.len();
    match table.fill {
        Fill::Range16 => match columns.checked_ilog2() {
            Some(bits) if columns.is_power_of_two() && LOG_RANGE - bits as usize >= MIN_LOG_HEIGHT => {
                Ok(Some(LOG_RANGE - bits as usize))
            }
            _ => wrong("the values need a power of two of columns"),
        },
        Fill::Chunk if columns == 1 => Ok(Some(MIN_LOG_HEIGHT)),
        Fill::Chunk => wrong("the chunk table has one preprocessed column"),
        _ if columns == 0 => Ok(None),
        _ => wrong("preprocessed columns belong to the range table and the chunk table"),
    }
}

/// The preprocessed columns: `first` = 1, 0, 0, ..; the values of the range table, column after column.
fn preprocessed(table: &Table, log_height: Option<usize>) -> Option<RowMajorMatrix<Val>> {
    let (height, width) = (1 << log_height?, table.preprocessed.len());
    let cell = |row: usize, column: usize| match table.fill {
        Fill::Range16 => Val::from_usize(column * height + row),
        _ => Val::from_bool(row == 0),
    };
    let values = (0..height)
        .flat_map(|row| (0..width).map(move |column| cell(row, column)))
        .collect();
    Some(RowMajorMatrix::new(values, width))
}
