//! Validation of a program: the part that looks at tables and lists. Steps are validated in [`crate::validate_step`].
//!
//! After it, every index of a [`Program`] is in range and every list is bounded. Who could cheat: the author of the
//! file; a program that passes may still be a bad rule set, but it cannot make the native code fail.

use std::collections::{HashMap, HashSet};

use crate::bounds::{check_field, ensure};
use crate::limits::{MAX_CHUNK_STEPS, MAX_LOG_HEIGHT, MAX_TRANSACTION_STEPS};
use crate::program::{Bus, Fill, MODULUS, Node, Program, Table};
use crate::rows::RANGE_COLUMNS;
use crate::validate_step::check_step;

/// Greatest number of columns of a table.
pub const MAX_COLUMNS: usize = 4096;
/// Greatest number of expressions of a table.
pub const MAX_NODES: usize = 1 << 20;
/// Greatest degree of a constraint, a count or a field of a tuple.
pub const MAX_DEGREE: u8 = 3;
const MAX_TABLES: usize = 256;
const MAX_STEPS: usize = 256;
const MAX_LIST: usize = 256;
const MAX_FIELDS: usize = 64;
const MAX_USES: usize = 4096;
const MAX_MESSAGE: u32 = 4096;
const WORDS: usize = 8;

/// Checks everything that [`Program::parse`] promises.
pub fn check_program(program: &Program) -> Result<(), String> {
    ensure!(program.format == 1, "format {} is not known", program.format);
    check_lists(program)?;
    check_limits(program)?;
    let mut arities = HashMap::from([("range16", 1), ("poseidon2", 20)]);
    for table in &program.tables {
        check_table(table, &mut arities).map_err(|reason| format!("table {}: {reason}", table.name))?;
    }
    for fill in [Fill::Leaf, Fill::Node, Fill::Chunk, Fill::Range16, Fill::Poseidon2] {
        let number = program.tables.iter().filter(|table| table.fill == fill).count();
        ensure!(number <= 1, "{number} tables are filled as {fill:?}");
    }
    let mut owned = HashSet::new();
    for step in &program.steps {
        ensure!(
            owned.insert(step.table),
            "step {}: its table belongs to an earlier step",
            step.name
        );
        check_step(program, step).map_err(|reason| format!("step {}: {reason}", step.name))?;
    }
    let tables = program.tables.iter().filter(|table| table.fill == Fill::Step).count();
    ensure!(tables == owned.len(), "a table that steps fill belongs to no step");
    Ok(())
}

fn check_lists(program: &Program) -> Result<(), String> {
    let registers = &program.registers;
    ensure!(
        (2..=MAX_FIELDS).contains(&registers.len()),
        "{} registers",
        registers.len()
    );
    ensure!(
        registers[0] == "time" && registers[1] == "phase",
        "the first registers are not time and phase"
    );
    bounded("tables", program.tables.len(), MAX_TABLES)?;
    bounded("steps", program.steps.len(), MAX_STEPS)?;
    bounded("phases", program.phases.len(), MAX_LIST)?;
    bounded("events", program.events.len(), MAX_LIST)?;
    bounded("records", program.records.len(), MAX_LIST)?;
    bounded("indexes", program.indexes.len(), MAX_LIST)?;
    bounded("codes", program.codes.len(), MAX_USES)?;
    unique("register", registers.iter())?;
    unique("table", program.tables.iter().map(|table| &table.name))?;
    unique("step", program.steps.iter().map(|step| &step.name))?;
    unique("phase", program.phases.iter().map(|phase| &phase.name))?;
    unique("event", program.events.iter().map(|event| &event.name))?;
    unique("record", program.records.iter().map(|record| &record.name))?;
    unique("index", program.indexes.iter())?;
    unique("code", program.codes.iter().map(|code| &code.name))?;
    unique("code", program.codes.iter().map(|code| code.number))?;
    check_phases(program)?;
    for event in &program.events {
        bounded("fields of an event", event.fields.len(), MAX_FIELDS)?;
    }
    for record in &program.records {
        ensure!(record.kind < 16, "record {}: kind {}", record.name, record.kind);
        ensure!(
            record.fields.len() <= WORDS,
            "record {}: {} fields",
            record.name,
            record.fields.len()
        );
        for field in &record.fields {
            check_field(field, i128::from(MODULUS) - 1)
                .map_err(|reason| format!("record {}: {reason}", record.name))?;
        }
    }
    Ok(())
}

fn check_limits(program: &Program) -> Result<(), String> {
    let limits = &program.limits;
    let (transaction, steps, rows) = (limits.transaction_steps, limits.steps, limits.rows);
    ensure!(
        (1..=MAX_TRANSACTION_STEPS).contains(&transaction),
        "limits: a transaction of {transaction} steps, more than {MAX_TRANSACTION_STEPS}"
    );
    ensure!(
        (transaction..=MAX_CHUNK_STEPS).contains(&steps),
        "limits: a chunk of {steps} steps, not {transaction} to {MAX_CHUNK_STEPS}"
    );
    ensure!(
        (steps..=1 << MAX_LOG_HEIGHT).contains(&rows),
        "limits: tables of {rows} rows, not {steps} to 2^{MAX_LOG_HEIGHT}"
    );
    bounded("messages", limits.messages.len(), MAX_LIST)?;
    unique("message", limits.messages.iter().map(|message| &message.event))?;
    for message in &limits.messages {
        let known = program.events.iter().any(|event| event.name == message.event);
        ensure!(known, "limits: no event {}", message.event);
        ensure!(
            message.bytes <= MAX_MESSAGE,
            "limits: a message of {} bytes",
            message.bytes
        );
    }
    Ok(())
}

fn check_phases(program: &Program) -> Result<(), String> {
    ensure!(!program.phases.is_empty(), "phase 0 is missing");
    for (number, phase) in program.phases.iter().enumerate() {
        bounded("candidates of a phase", phase.steps.len(), MAX_FIELDS)?;
        for name in &phase.steps {
            let step = program
                .step_index(name)
                .ok_or_else(|| format!("phase {}: no step {name}", phase.name))?;
            ensure!(
                number == 0 || program.steps[step].inputs.is_empty(),
                "phase {}: step {name} has inputs",
                phase.name
            );
        }
    }
    Ok(())
}

fn bounded(what: &str, length: usize, limit: usize) -> Result<(), String> {
    ensure!(length <= limit, "{length} {what}, more than {limit}");
    Ok(())
}

fn unique<T: Eq + core::hash::Hash + core::fmt::Display>(
    what: &str,
    items: impl Iterator<Item = T>,
) -> Result<(), String> {
    let mut seen = HashSet::new();
    for item in items {
        let text = item.to_string();
        ensure!(seen.insert(item), "two of kind {what} are called {text}");
    }
    Ok(())
}

fn check_table<'a>(table: &'a Table, arities: &mut HashMap<&'a str, usize>) -> Result<(), String> {
    bounded("columns", table.columns.len(), MAX_COLUMNS)?;
    bounded("preprocessed columns", table.preprocessed.len(), MAX_FIELDS)?;
    bounded("public values", table.public as usize, MAX_FIELDS)?;
    bounded("expressions", table.nodes.len(), MAX_NODES)?;
    bounded("constraints", table.constraints.len(), MAX_NODES)?;
    bounded("bus uses", table.buses.len(), MAX_USES)?;
    unique("column", table.columns.iter())?;
    unique("preprocessed column", table.preprocessed.iter())?;
    check_layout(table)?;
    let degrees = degrees(table)?;
    let simple = |what: &str, node: u32| -> Result<(), String> {
        let degree = *degrees
            .get(node as usize)
            .ok_or_else(|| format!("{what}: no expression {node}"))?;
        ensure!(degree <= MAX_DEGREE, "{what}: degree {degree}, more than {MAX_DEGREE}");
        Ok(())
    };
    for constraint in &table.constraints {
        simple(&constraint.label, constraint.node)?;
    }
    for bus in &table.buses {
        check_bus(bus, arities)?;
        for &node in bus.fields.iter().chain([&bus.count]) {
            simple(&bus.bus, node)?;
        }
    }
    Ok(())
}

fn check_bus<'a>(bus: &'a Bus, arities: &mut HashMap<&'a str, usize>) -> Result<(), String> {
    ensure!(bus.sign == 1 || bus.sign == -1, "bus {}: sign {}", bus.bus, bus.sign);
    ensure!(
        (1..=MAX_FIELDS).contains(&bus.fields.len()),
        "bus {}: {} fields",
        bus.bus,
        bus.fields.len()
    );
    let arity = *arities.entry(&bus.bus).or_insert(bus.fields.len());
    ensure!(
        arity == bus.fields.len(),
        "bus {}: {} fields, elsewhere {arity}",
        bus.bus,
        bus.fields.len()
    );
    Ok(())
}

/// Degree of every expression, saturating; refuses an operand that is not earlier, and an atom out of range.
fn degrees(table: &Table) -> Result<Vec<u8>, String> {
    let mut degrees: Vec<u8> = Vec::with_capacity(table.nodes.len());
    for (id, &node) in table.nodes.iter().enumerate() {
        let of = |child: u32| -> Result<u8, String> {
            degrees
                .get(child as usize)
                .copied()
                .ok_or_else(|| format!("expression {id}: operand {child}"))
        };
        let atom = |index: u32, length: usize, degree: u8| -> Result<u8, String> {
            ensure!((index as usize) < length, "expression {id}: index {index} of {length}");
            Ok(degree)
        };
        let degree = match node {
            Node::Column(index) => atom(index, table.columns.len(), 1)?,
            Node::Preprocessed(index) => atom(index, table.preprocessed.len(), 1)?,
            Node::Public(index) => atom(index, table.public as usize, 0)?,
            Node::Constant(value) => {
                ensure!(value < MODULUS, "expression {id}: constant {value}");
                0
            }
            Node::Add(a, b) | Node::Sub(a, b) => of(a)?.max(of(b)?),
            Node::Mul(a, b) => of(a)?.saturating_add(of(b)?),
        };
        degrees.push(degree);
    }
    Ok(degrees)
}

/// The columns that native code fills by name are there, and nothing else is.
fn check_layout(table: &Table) -> Result<(), String> {
    let expected = match table.fill {
        Fill::Step => {
            ensure!(
                table.columns.first().is_some_and(|column| column == "on"),
                "column 0 is not `on`"
            );
            ensure!(
                table.preprocessed.is_empty() && table.public == 0,
                "a step has no fixed column or public value"
            );
            return Ok(());
        }
        Fill::Poseidon2 => {
            let empty = table.nodes.is_empty() && table.constraints.is_empty() && table.buses.is_empty();
            ensure!(
                empty && table.preprocessed.is_empty() && table.public == 0,
                "a built-in table has content"
            );
            return Ok(());
        }
        Fill::Leaf => leaf_columns(),
        Fill::Node => node_columns(),
        Fill::Chunk => chunk_columns(),
        Fill::Range16 => numbered("count", RANGE_COLUMNS).collect(),
    };
    let fixed: Vec<String> = match table.fill {
        Fill::Range16 => numbered("value", RANGE_COLUMNS).collect(),
        Fill::Chunk => vec!["first".to_owned()],
        _ => Vec::new(),
    };
    let public = if table.fill == Fill::Chunk { 8 } else { 0 };
    ensure!(table.preprocessed == fixed, "the fixed columns are not {fixed:?}");
    ensure!(table.public == public, "{} public values, not {public}", table.public);
    let (mut have, mut want) = (table.columns.clone(), expected.clone());
    have.sort();
    want.sort();
    ensure!(have == want, "the columns are not {expected:?}");
    let on = matches!(table.fill, Fill::Leaf | Fill::Node);
    ensure!(!on || table.columns[0] == "on", "column 0 is not `on`");
    Ok(())
}

fn numbered(prefix: &str, number: usize) -> impl Iterator<Item = String> {
    (0..number).map(move |index| format!("{prefix}{index}"))
}

/// Column names of the `leaf` table, in the order in which [`crate::trace`] computes them.
pub(crate) fn leaf_columns() -> Vec<String> {
    let mut names = ["on", "kind", "slot", "account0", "account1", "slots", "far"]
        .map(str::to_owned)
        .to_vec();
    for side in ["a", "b"] {
        names.extend(numbered(&format!("{side}_old"), WORDS));
        names.extend(numbered(&format!("{side}_new"), WORDS));
        names.push(format!("{side}_seen"));
    }
    names.extend(numbered("old", 4).chain(numbered("new", 4)));
    names
}

/// Column names of the `node` table, in the order in which [`crate::trace`] computes them.
pub(crate) fn node_columns() -> Vec<String> {
    let mut names = vec!["on".to_owned(), "level".to_owned(), "index".to_owned()];
    names.extend(numbered("touched", 4));
    for kind in ["o", "n"] {
        for child in 0..4 {
            names.extend(numbered(&format!("{kind}{child}_"), 4));
        }
    }
    names.extend(numbered("old", 4).chain(numbered("new", 4)));
    names
}

/// Column names of the `chunk` table, in the order in which [`crate::trace`] computes them.
pub(crate) fn chunk_columns() -> Vec<String> {
    numbered("old", 4)
        .chain(numbered("new", 4))
        .chain(["end".to_owned()])
        .collect()
}
