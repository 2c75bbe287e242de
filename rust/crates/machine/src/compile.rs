//! Compilation of steps: once, when a program is loaded, so that running a step touches no name and no expression.
//!
//! Arithmetic is placed just before the instruction that needs it, so a candidate whose guard fails costs little.
//! Invariant: the program has been validated; compilation cannot fail.

use p3_field::PrimeCharacteristicRing;
use p3_goldilocks::Goldilocks;
use rustc_hash::FxHashMap;

use crate::plan::{Plan, Planner, Span};
use crate::program::{HintFn, Instr, Program, Step};

/// An instruction with its operands as slots.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    Compute(Span),
    Copy {
        from: u32,
        to: u32,
    },
    Register {
        index: u32,
        to: u32,
    },
    Input {
        index: u32,
        to: u32,
    },
    Hint {
        function: HintFn,
        args: Box<[u32]>,
        params: Box<[i64]>,
        cols: Box<[u32]>,
    },
    Read {
        address: u32,
        enable: Option<u32>,
        words: Box<[u32]>,
        seen: u32,
    },
    Write {
        access: u32,
        words: [u32; 8],
    },
    Guard {
        slot: u32,
    },
    Require {
        slot: u32,
        code: u32,
    },
    Range {
        slot: u32,
        bits: u32,
        code: Option<u32>,
        enable: Option<u32>,
    },
    Find {
        index: u32,
        group: u32,
        key: u32,
        to: u32,
    },
    Insert {
        index: u32,
        group: u32,
        key: u32,
        address: u32,
        enable: Option<u32>,
    },
    Remove {
        index: u32,
        group: u32,
        key: u32,
        address: u32,
        enable: Option<u32>,
    },
    Hash {
        input: [u32; 16],
        cols: [u32; 4],
    },
    Emit {
        event: u16,
        enable: Option<u32>,
        fields: Box<[u32]>,
    },
    Next {
        registers: Box<[u32]>,
    },
}

/// A compiled step.
#[derive(Clone, Debug)]
pub(crate) struct StepCode {
    /// Its table, by position.
    pub(crate) table: usize,
    /// Number of columns of the table: the first slots are its row.
    pub(crate) width: usize,
    /// Inclusive bounds of the arguments.
    pub(crate) inputs: Box<[(i64, i64)]>,
    /// Number of `find`s of one run.
    pub(crate) finds: usize,
    /// Permutations that one run looks up, at most.
    pub(crate) hashes: u32,
    /// Bytes by which one run makes a batch longer, its records aside, at most.
    pub(crate) message_bytes: u32,
    /// Whether a transaction may name it.
    pub(crate) is_transaction: bool,
    pub(crate) plan: Plan,
    pub(crate) acts: Box<[Act]>,
}

/// A compiled program.
#[derive(Clone, Debug)]
pub(crate) struct Compiled {
    pub(crate) steps: Vec<StepCode>,
    /// By phase, the candidate steps in order.
    pub(crate) phases: Vec<Box<[u16]>>,
    /// Steps by name.
    pub(crate) names: FxHashMap<String, u16>,
    /// Length of the cursor.
    pub(crate) registers: usize,
}

impl Compiled {
    /// Compiles all steps of a validated program.
    pub(crate) fn new(program: &Program) -> Self {
        let names: FxHashMap<String, u16> = program
            .steps
            .iter()
            .enumerate()
            .map(|(index, step)| (step.name.clone(), index as u16))
            .collect();
        let phases: Vec<Box<[u16]>> = program
            .phases
            .iter()
            .map(|phase| phase.steps.iter().map(|name| names[name]).collect())
            .collect();
        let compile = |(index, step)| {
            let among = |phases: &[Box<[u16]>]| phases.iter().any(|phase| phase.contains(&(index as u16)));
            compile_step(program, step, among(&phases[..1]) || !among(&phases[1..]))
        };
        let steps = program.steps.iter().enumerate().map(compile).collect();
        Self {
            steps,
            phases,
            names,
            registers: program.registers.len(),
        }
    }
}

fn compile_step(program: &Program, step: &Step, is_transaction: bool) -> StepCode {
    let table = &program.tables[step.table as usize];
    let mut planner = Planner::new(table);
    let mut acts = Vec::new();
    for instr in &step.run {
        compile_instr(&mut planner, instr, &mut acts);
    }
    let mut plan = planner.finish();
    plan.slots[0] = Goldilocks::ONE;
    let lookups = table.buses.iter().filter(|bus| bus.bus == "poseidon2");
    let emitted = step.run.iter().map(|instr| match instr {
        Instr::Emit { event, .. } => program.limits.message_bytes(&program.events[*event as usize].name),
        _ => 0,
    });
    StepCode {
        table: step.table as usize,
        width: table.columns.len(),
        inputs: step
            .inputs
            .iter()
            .map(|input| (input.lo as i64, input.hi as i64))
            .collect(),
        finds: acts.iter().filter(|act| matches!(act, Act::Find { .. })).count(),
        hashes: lookups.fold(0, |sum, bus| sum.saturating_add(bus.weight)),
        message_bytes: emitted.fold(0, u32::saturating_add),
        is_transaction,
        plan,
        acts: acts.into(),
    }
}

fn compile_instr(planner: &mut Planner, instr: &Instr, acts: &mut Vec<Act>) {
    if let Instr::Commit { node, col } = *instr {
        let (span, copy) = planner.schedule_into(node, col);
        compute(span, acts);
        acts.extend(copy.map(|from| Act::Copy { from, to: col }));
        return;
    }
    compute(planner.schedule(&instr.nodes()), acts);
    acts.push(lower(planner, instr));
}

fn compute(span: Span, acts: &mut Vec<Act>) {
    if !span.is_empty() {
        acts.push(Act::Compute(span));
    }
}

fn lower(planner: &Planner, instr: &Instr) -> Act {
    let slot = |node: u32| planner.slot(node);
    let maybe = |node: Option<u32>| node.map(slot);
    let slots = |nodes: &[u32]| nodes.iter().map(|&node| slot(node)).collect::<Box<[u32]>>();
    match *instr {
        Instr::Commit { node, col } => Act::Copy {
            from: slot(node),
            to: col,
        },
        Instr::Register { index, col } => Act::Register { index, to: col },
        Instr::Input { index, col } => Act::Input { index, to: col },
        Instr::Hint {
            function,
            ref args,
            ref params,
            ref cols,
        } => Act::Hint {
            function,
            args: slots(args),
            params: params.as_slice().into(),
            cols: cols.as_slice().into(),
        },
        Instr::Read {
            address,
            enable,
            ref words,
            seen,
        } => Act::Read {
            address: slot(address),
            enable: maybe(enable),
            words: words.as_slice().into(),
            seen,
        },
        Instr::Write { access, ref words } => Act::Write {
            access,
            words: array(&slots(words)),
        },
        Instr::Guard { node } => Act::Guard { slot: slot(node) },
        Instr::Require { node, code } => Act::Require { slot: slot(node), code },
        Instr::Range {
            node,
            bits,
            code,
            guard,
            enable,
        } => Act::Range {
            slot: slot(node),
            bits,
            code: (!guard).then_some(code),
            enable: maybe(enable),
        },
        Instr::Find { index, group, key, col } => Act::Find {
            index,
            group: slot(group),
            key: slot(key),
            to: col,
        },
        Instr::Insert {
            index,
            group,
            key,
            address,
            enable,
        } => Act::Insert {
            index,
            group: slot(group),
            key: slot(key),
            address: slot(address),
            enable: maybe(enable),
        },
        Instr::Remove {
            index,
            group,
            key,
            address,
            enable,
        } => Act::Remove {
            index,
            group: slot(group),
            key: slot(key),
            address: slot(address),
            enable: maybe(enable),
        },
        Instr::Hash { ref input, ref cols } => Act::Hash {
            input: array(&slots(input)),
            cols: array(cols),
        },
        Instr::Emit {
            event,
            enable,
            ref fields,
        } => Act::Emit {
            event: event as u16,
            enable: maybe(enable),
            fields: slots(fields),
        },
        Instr::Next { ref registers } => Act::Next {
            registers: slots(registers),
        },
    }
}

/// The first `N` items; validation has fixed the length.
fn array<const N: usize>(items: &[u32]) -> [u32; N] {
    core::array::from_fn(|index| items[index])
}
