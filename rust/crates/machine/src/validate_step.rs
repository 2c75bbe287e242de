//! Validation of a step: every instruction names real things, and every value exists before it is used.
//!
//! A column is filled exactly once, so an expression has one value per run wherever it is used; the compiler relies
//! on that to compute each expression once.

use crate::bounds::{FIRST_RULE_CODE, MAX_SIGNED, check_field, ensure};
use crate::program::{Fill, HintFn, Instr, Node, Program, Step, Table};

const WORDS: usize = 8;
const NEVER: usize = usize::MAX;
const MAX_RUN: usize = 1 << 16;
const MAX_ACCESSES: usize = 256;

/// Checks one step of a program whose tables and lists have been checked.
pub fn check_step(program: &Program, step: &Step) -> Result<(), String> {
    let table = program.tables.get(step.table as usize).ok_or("no such table")?;
    ensure!(table.fill == Fill::Step, "its table is filled as {:?}", table.fill);
    ensure!(step.inputs.len() <= 64, "{} inputs", step.inputs.len());
    ensure!(step.run.len() <= MAX_RUN, "{} instructions", step.run.len());
    for input in &step.inputs {
        check_field(input, MAX_SIGNED)?;
    }
    let filled = filled_at(table, &step.run)?;
    let ready = ready_at(table, &filled);
    let mut accesses: Vec<bool> = Vec::new();
    let mut nexts = 0;
    for (at, instr) in step.run.iter().enumerate() {
        let numbered = |reason: String| format!("instruction {at}: {reason}");
        for node in instr.nodes() {
            let known = ready.get(node as usize).is_some_and(|&ready| ready < at + 1);
            ensure!(known, "instruction {at}: expression {node} has no value yet");
        }
        check_instr(program, step, instr).map_err(numbered)?;
        match instr {
            Instr::Read { .. } => accesses.push(false),
            Instr::Write { access, .. } => {
                let written = accesses
                    .get_mut(*access as usize)
                    .ok_or_else(|| numbered("no such access".to_owned()))?;
                ensure!(
                    !core::mem::replace(written, true),
                    "instruction {at}: a second write of access {access}"
                );
            }
            Instr::Next { .. } => nexts += 1,
            _ => {}
        }
    }
    ensure!(accesses.len() <= MAX_ACCESSES, "{} accesses", accesses.len());
    ensure!(nexts == 1, "{nexts} instructions set the cursor, not 1");
    Ok(())
}

/// For each column, one more than the number of the instruction that fills it; 0 for `on`, filled before all.
fn filled_at(table: &Table, run: &[Instr]) -> Result<Vec<usize>, String> {
    let mut filled = vec![NEVER; table.columns.len()];
    filled[0] = 0;
    for (at, instr) in run.iter().enumerate() {
        for col in instr.columns() {
            let slot = filled
                .get_mut(col as usize)
                .ok_or_else(|| format!("instruction {at}: no column {col}"))?;
            ensure!(
                *slot == NEVER,
                "instruction {at}: column {} is filled twice",
                table.columns[col as usize]
            );
            *slot = at + 1;
        }
    }
    if let Some(col) = filled.iter().position(|&at| at == NEVER) {
        return Err(format!("column {} is never filled", table.columns[col]));
    }
    Ok(filled)
}

/// For each expression, the number of instructions that must have run before it has a value.
fn ready_at(table: &Table, filled: &[usize]) -> Vec<usize> {
    let mut ready: Vec<usize> = Vec::with_capacity(table.nodes.len());
    for node in &table.nodes {
        ready.push(match *node {
            Node::Column(index) => filled[index as usize],
            Node::Preprocessed(_) | Node::Public(_) => NEVER,
            Node::Constant(_) => 0,
            Node::Add(a, b) | Node::Sub(a, b) | Node::Mul(a, b) => ready[a as usize].max(ready[b as usize]),
        });
    }
    ready
}

fn check_instr(program: &Program, step: &Step, instr: &Instr) -> Result<(), String> {
    let code_known = |code: u32| -> Result<(), String> {
        let declared = program.codes.iter().any(|known| known.number == code);
        ensure!(
            declared && code >= FIRST_RULE_CODE,
            "code {code} is reserved or not declared"
        );
        Ok(())
    };
    let index_known = |index: u32| -> Result<(), String> {
        ensure!((index as usize) < program.indexes.len(), "no index {index}");
        Ok(())
    };
    match instr {
        Instr::Register { index, .. } => ensure!((*index as usize) < program.registers.len(), "no register {index}"),
        Instr::Input { index, .. } => ensure!((*index as usize) < step.inputs.len(), "no input {index}"),
        Instr::Commit { .. } | Instr::Guard { .. } => {}
        Instr::Hint {
            function,
            args,
            params,
            cols,
        } => check_hint(*function, args.len(), params, cols.len())?,
        Instr::Read { words, .. } => ensure!(words.len() <= WORDS, "{} words", words.len()),
        Instr::Write { words, .. } => ensure!(words.len() == WORDS, "{} words", words.len()),
        Instr::Require { code, .. } => code_known(*code)?,
        Instr::Range { bits, code, guard, .. } => {
            ensure!(*bits <= 63, "{bits} bits");
            if !guard {
                code_known(*code)?;
            }
        }
        Instr::Find { index, .. } | Instr::Insert { index, .. } | Instr::Remove { index, .. } => index_known(*index)?,
        Instr::Hash { input, cols } => {
            ensure!(
                input.len() == 16 && cols.len() == 4,
                "a hash takes 16 words and leaves 4"
            );
        }
        Instr::Emit { event, fields, .. } => {
            let kind = program
                .events
                .get(*event as usize)
                .ok_or_else(|| format!("no event {event}"))?;
            ensure!(
                kind.fields.len() == fields.len(),
                "event {}: {} fields",
                kind.name,
                fields.len()
            );
        }
        Instr::Next { registers } => {
            ensure!(
                registers.len() == program.registers.len(),
                "{} registers",
                registers.len()
            );
        }
    }
    Ok(())
}

fn check_hint(function: HintFn, args: usize, params: &[i64], cols: usize) -> Result<(), String> {
    let (want_args, want_params, want_cols) = match function {
        HintFn::Inverse | HintFn::Isqrt => (1, 0, 1),
        HintFn::Less => (2, 0, 1),
        HintFn::Limbs => (1, params.len(), params.len()),
        HintFn::Muldiv => (4, 0, 2),
        HintFn::And => (1, 2, 1),
    };
    let shape = args == want_args && params.len() == want_params && cols == want_cols;
    ensure!(
        shape,
        "hint {function:?}: {args} arguments, {} parameters, {cols} columns",
        params.len()
    );
    let widths = match function {
        HintFn::And => {
            ensure!((0..=63).contains(&params[0]), "hint And: shift {}", params[0]);
            &params[1..]
        }
        _ => params,
    };
    let total = widths.iter().fold(0_i64, |sum, &width| sum.saturating_add(width));
    let narrow = widths.iter().all(|width| (1..=63).contains(width));
    ensure!(narrow && total <= 127, "hint {function:?}: widths {widths:?}");
    Ok(())
}

impl Instr {
    /// Expressions whose values the instruction uses.
    pub(crate) fn nodes(&self) -> Vec<u32> {
        match self {
            Self::Register { .. } | Self::Input { .. } => Vec::new(),
            Self::Commit { node, .. } | Self::Guard { node } | Self::Require { node, .. } => vec![*node],
            Self::Hint { args: nodes, .. }
            | Self::Write { words: nodes, .. }
            | Self::Hash { input: nodes, .. }
            | Self::Next { registers: nodes } => nodes.clone(),
            Self::Read {
                address: node, enable, ..
            }
            | Self::Range { node, enable, .. } => enable.iter().chain([node]).copied().collect(),
            Self::Find { group, key, .. } => vec![*group, *key],
            Self::Insert {
                group,
                key,
                address,
                enable,
                ..
            }
            | Self::Remove {
                group,
                key,
                address,
                enable,
                ..
            } => enable.iter().chain([group, key, address]).copied().collect(),
            Self::Emit { enable, fields, .. } => enable.iter().chain(fields).copied().collect(),
        }
    }

    /// Columns that the instruction fills.
    pub(crate) fn columns(&self) -> Vec<u32> {
        match self {
            Self::Register { col, .. }
            | Self::Input { col, .. }
            | Self::Commit { col, .. }
            | Self::Find { col, .. } => vec![*col],
            Self::Hint { cols, .. } | Self::Hash { cols, .. } => cols.clone(),
            Self::Read { words, seen, .. } => words.iter().chain([seen]).copied().collect(),
            _ => Vec::new(),
        }
    }
}
