//! Straight-line plans: expressions of a table as arithmetic on a flat file of slots.
//!
//! The slots of a plan are the table's columns, its preprocessed columns, its public values, then constants and
//! intermediate values. An expression is computed once, however often it is used.

use p3_field::{PrimeCharacteristicRing, PrimeField64};
use p3_goldilocks::Goldilocks;

use crate::program::{MODULUS, Node, Table};

const NONE: u32 = u32::MAX;

/// What an operation does with its two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arithmetic {
    Add,
    Sub,
    Mul,
}

/// `slots[to] = slots[a] ∘ slots[b]`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Op {
    kind: Arithmetic,
    to: u32,
    a: u32,
    b: u32,
}

/// A part of a plan's operations, by position.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    from: u32,
    to: u32,
}

impl Span {
    pub(crate) const fn is_empty(self) -> bool {
        self.from == self.to
    }
}

/// Operations and the slots they start from.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    ops: Vec<Op>,
    /// Slots before a run: atoms zero, constants in place.
    pub(crate) slots: Vec<Goldilocks>,
}

impl Plan {
    /// Runs a part of the operations. Invariant: `slots` has the length of this plan's own.
    pub(crate) fn compute(&self, span: Span, slots: &mut [Goldilocks]) {
        for op in &self.ops[span.from as usize..span.to as usize] {
            let (a, b) = (slots[op.a as usize], slots[op.b as usize]);
            slots[op.to as usize] = match op.kind {
                Arithmetic::Add => a + b,
                Arithmetic::Sub => a - b,
                Arithmetic::Mul => a * b,
            };
        }
    }

    /// Runs all operations.
    pub(crate) fn compute_all(&self, slots: &mut [Goldilocks]) {
        self.compute(
            Span {
                from: 0,
                to: self.ops.len() as u32,
            },
            slots,
        );
    }
}

/// Builds a [`Plan`] for the expressions that somebody asks for, in the order of asking.
pub(crate) struct Planner<'a> {
    table: &'a Table,
    places: Vec<u32>,
    plan: Plan,
}

impl<'a> Planner<'a> {
    /// A plan without operations. Invariant: the table has been validated.
    pub(crate) fn new(table: &'a Table) -> Self {
        let atoms = table.columns.len() + table.preprocessed.len() + table.public as usize;
        let plan = Plan {
            ops: Vec::new(),
            slots: vec![Goldilocks::ZERO; atoms],
        };
        Self {
            table,
            places: vec![NONE; table.nodes.len()],
            plan,
        }
    }

    /// Adds the operations that these expressions need and that are not there yet.
    pub(crate) fn schedule(&mut self, nodes: &[u32]) -> Span {
        let from = self.plan.ops.len() as u32;
        let mut missing: Vec<u32> = Vec::new();
        let mut queue: Vec<u32> = nodes.to_vec();
        while let Some(node) = queue.pop() {
            if self.places[node as usize] != NONE {
                continue;
            }
            self.places[node as usize] = 0;
            missing.push(node);
            if let Node::Add(a, b) | Node::Sub(a, b) | Node::Mul(a, b) = self.table.nodes[node as usize] {
                queue.extend([a, b]);
            }
        }
        missing.sort_unstable();
        for node in missing {
            self.places[node as usize] = self.place(node);
        }
        Span {
            from,
            to: self.plan.ops.len() as u32,
        }
    }

    /// The slot of a scheduled expression.
    pub(crate) fn slot(&self, node: u32) -> u32 {
        self.places[node as usize]
    }

    /// Schedules an expression and, where the last operation computes it, lets that write to a column instead.
    ///
    /// Returns the operations and, where they do not end in the column, the slot to copy from.
    pub(crate) fn schedule_into(&mut self, node: u32, column: u32) -> (Span, Option<u32>) {
        let span = self.schedule(&[node]);
        let slot = self.slot(node);
        match self.plan.ops.last_mut() {
            Some(op) if !span.is_empty() && op.to == slot => {
                op.to = column;
                self.places[node as usize] = column;
                (span, None)
            }
            _ => (span, Some(slot)),
        }
    }

    pub(crate) fn finish(self) -> Plan {
        self.plan
    }

    fn place(&mut self, node: u32) -> u32 {
        let columns = self.table.columns.len() as u32;
        let fixed = self.table.preprocessed.len() as u32;
        let fresh = self.plan.slots.len() as u32;
        let (kind, a, b) = match self.table.nodes[node as usize] {
            Node::Column(index) => return index,
            Node::Preprocessed(index) => return columns + index,
            Node::Public(index) => return columns + fixed + index,
            Node::Constant(value) => {
                self.plan.slots.push(Goldilocks::new(value));
                return fresh;
            }
            Node::Add(a, b) => (Arithmetic::Add, a, b),
            Node::Sub(a, b) => (Arithmetic::Sub, a, b),
            Node::Mul(a, b) => (Arithmetic::Mul, a, b),
        };
        self.plan.slots.push(Goldilocks::ZERO);
        self.plan.ops.push(Op {
            kind,
            to: fresh,
            a: self.slot(a),
            b: self.slot(b),
        });
        fresh
    }
}

/// The signed integer nearest to zero that a field element stands for.
#[must_use]
pub fn lift(value: Goldilocks) -> i64 {
    lift_word(value.as_canonical_u64())
}

/// The signed integer nearest to zero that a canonical word stands for.
#[must_use]
pub const fn lift_word(word: u64) -> i64 {
    // Above (p - 1) / 2 the value is word - p; both sides fit 64 bits, so the wrap is exact.
    if word > (MODULUS - 1) / 2 {
        word.wrapping_sub(MODULUS) as i64
    } else {
        word as i64
    }
}

/// The canonical word of a signed integer within (-p, p).
#[must_use]
pub const fn word_of(value: i64) -> u64 {
    if value < 0 {
        MODULUS.wrapping_add(value as u64)
    } else {
        value as u64
    }
}
