//! A table's constraints as straight-line code over one file of values.
//!
//! The file starts with the row (committed columns, preprocessed columns), the public values and the constants; the
//! rest are temporaries, reused as soon as their last reader has run. An operand is a position in the file, so an
//! operation never asks where its operand lives. Shared subexpressions are evaluated once, in depth-first order of
//! the constraints, which keeps the live values few.

use std::collections::HashMap;

use kedge_machine::program::{Node, Table};
use p3_field::PrimeCharacteristicRing;

use crate::config::{LOG_BLOWUP, Val};
use crate::error::KeyError;

/// Greatest nesting of an expression: Plonky3 walks and drops expressions recursively.
pub(crate) const MAX_DEPTH: usize = 1000;
/// Greatest number of operations of one bus use, counted without sharing, as Plonky3 evaluates them.
pub(crate) const MAX_USE: usize = 1 << 12;

/// Greatest degree of a constraint: its quotient by the vanishing polynomial must fit the evaluation domain.
pub(crate) const MAX_DEGREE: usize = (1 << LOG_BLOWUP) + 1;

/// One operation; operands and results are positions in the file.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Op {
    Add(u32, u32, u32),
    Sub(u32, u32, u32),
    Mul(u32, u32, u32),
    Zero(u32),
}

/// The constraints of a table, compiled.
#[derive(Clone, Debug)]
pub(crate) struct Code {
    pub(crate) ops: Vec<Op>,
    pub(crate) constants: Vec<Val>,
    /// Length of the file.
    pub(crate) slots: usize,
    /// Constraints asserted; exactly the number of [`Op::Zero`].
    pub(crate) asserted: usize,
}

impl Code {
    /// Compiles the constraints of a validated table.
    ///
    /// # Errors
    /// A constraint of a degree above [`MAX_DEGREE`], by its label.
    pub(crate) fn compile(table: &Table, graph: &Graph) -> Result<Self, KeyError> {
        for constraint in &table.constraints {
            let degree = graph.measure(constraint.node).degree;
            if degree > MAX_DEGREE {
                return Err(KeyError::Degree {
                    table: table.name.clone(),
                    what: constraint.label.clone(),
                    degree,
                    bound: MAX_DEGREE,
                });
            }
        }
        let roots: Vec<usize> = table
            .constraints
            .iter()
            .map(|c| graph.canonical[c.node as usize])
            .collect();
        Ok(Emitter::new(table, graph, &roots).run(&roots))
    }
}

/// Expressions without duplicates.
pub(crate) struct Graph {
    canonical: Vec<usize>,
    nodes: Vec<Node>,
    measures: Vec<Measure>,
}

/// What an expression amounts to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Measure {
    /// Degree in the columns.
    pub(crate) degree: usize,
    /// Operations from the expression down to a leaf.
    pub(crate) depth: usize,
    /// Operations, each counted as often as it is reached.
    pub(crate) operations: usize,
}

impl Measure {
    fn of(node: Node, known: &[Self]) -> Self {
        let join = |a: u32, b: u32, degree: fn(usize, usize) -> usize| {
            let (a, b) = (known[a as usize], known[b as usize]);
            Self {
                degree: degree(a.degree, b.degree),
                depth: a.depth.max(b.depth) + 1,
                operations: a.operations.saturating_add(b.operations).saturating_add(1),
            }
        };
        match node {
            Node::Column(_) | Node::Preprocessed(_) => Self {
                degree: 1,
                ..Self::default()
            },
            Node::Public(_) | Node::Constant(_) => Self::default(),
            Node::Add(a, b) | Node::Sub(a, b) => join(a, b, usize::max),
            Node::Mul(a, b) => join(a, b, usize::saturating_add),
        }
    }
}

impl Graph {
    /// The expressions of a validated table: every operand precedes its reader.
    pub(crate) fn new(table: &Table) -> Self {
        let mut known = HashMap::new();
        let mut graph = Self {
            canonical: Vec::with_capacity(table.nodes.len()),
            nodes: vec![],
            measures: vec![],
        };
        for node in &table.nodes {
            let at = |i: u32| graph.canonical[i as usize] as u32;
            let node = match *node {
                Node::Add(a, b) => Node::Add(at(a).min(at(b)), at(a).max(at(b))),
                Node::Mul(a, b) => Node::Mul(at(a).min(at(b)), at(a).max(at(b))),
                Node::Sub(a, b) => Node::Sub(at(a), at(b)),
                leaf => leaf,
            };
            let id = *known.entry(node).or_insert(graph.nodes.len());
            if id == graph.nodes.len() {
                graph.measures.push(Measure::of(node, &graph.measures));
                graph.nodes.push(node);
            }
            graph.canonical.push(id);
        }
        graph
    }

    /// What an expression of the table amounts to.
    pub(crate) fn measure(&self, node: u32) -> Measure {
        self.measures[self.canonical[node as usize]]
    }

    /// Nesting of the most nested expression.
    pub(crate) fn depth(&self) -> usize {
        self.measures.iter().map(|measure| measure.depth).max().unwrap_or(0)
    }
}

/// Allocates the file while it walks the expressions.
struct Emitter<'a> {
    graph: &'a Graph,
    /// Readers of each expression that have not run yet.
    readers: Vec<u32>,
    /// Where each expression lives, once it does.
    place: Vec<Option<u32>>,
    temporary: Vec<bool>,
    free: Vec<u32>,
    code: Code,
}

impl<'a> Emitter<'a> {
    fn new(table: &Table, graph: &'a Graph, roots: &[usize]) -> Self {
        let mut constants = vec![];
        let (columns, preprocessed) = (table.columns.len() as u32, table.preprocessed.len() as u32);
        let first_constant = columns + preprocessed + table.public;
        let place = graph.nodes.iter().map(|node| match *node {
            Node::Column(i) => Some(i),
            Node::Preprocessed(i) => Some(columns + i),
            Node::Public(i) => Some(columns + preprocessed + i),
            Node::Constant(value) => {
                constants.push(Val::from_u64(value));
                Some(first_constant + constants.len() as u32 - 1)
            }
            _ => None,
        });
        let place: Vec<_> = place.collect();
        let slots = first_constant as usize + constants.len();
        let code = Code {
            ops: vec![],
            constants,
            slots,
            asserted: 0,
        };
        let temporary = place.iter().map(Option::is_none).collect();
        Self {
            graph,
            readers: count_readers(graph, roots),
            place,
            temporary,
            free: vec![],
            code,
        }
    }

    fn run(mut self, roots: &[usize]) -> Code {
        for &root in roots {
            let mut stack = vec![root];
            while let Some(&id) = stack.last() {
                if self.place[id].is_some() {
                    stack.pop();
                } else if let Some(next) = self.operands(id).into_iter().find(|i| self.place[*i].is_none()) {
                    stack.push(next);
                } else {
                    stack.pop();
                    self.emit(id);
                }
            }
            let slot = self.read(root);
            self.code.ops.push(Op::Zero(slot));
            self.code.asserted += 1;
        }
        self.code
    }

    fn operands(&self, id: usize) -> [usize; 2] {
        match self.graph.nodes[id] {
            Node::Add(a, b) | Node::Sub(a, b) | Node::Mul(a, b) => [a as usize, b as usize],
            _ => [id, id],
        }
    }

    fn emit(&mut self, id: usize) {
        let [a, b] = self.operands(id).map(|operand| self.read(operand));
        let to = self.free.pop().unwrap_or(self.code.slots as u32);
        self.code.slots = self.code.slots.max(to as usize + 1);
        self.place[id] = Some(to);
        self.code.ops.push(match self.graph.nodes[id] {
            Node::Add(..) => Op::Add(to, a, b),
            Node::Sub(..) => Op::Sub(to, a, b),
            _ => Op::Mul(to, a, b),
        });
    }

    /// The place of an expression, for one of its readers; the last reader frees it.
    fn read(&mut self, id: usize) -> u32 {
        let slot = self.place[id].unwrap_or_default();
        self.readers[id] -= 1;
        if self.readers[id] == 0 && self.temporary[id] {
            self.free.push(slot);
        }
        slot
    }
}

/// How often each expression that the roots reach is read: once per operand that names it, once per root.
fn count_readers(graph: &Graph, roots: &[usize]) -> Vec<u32> {
    let mut readers = vec![0; graph.nodes.len()];
    for &root in roots {
        readers[root] += 1;
    }
    for id in (0..graph.nodes.len()).rev() {
        if readers[id] == 0 {
            continue;
        }
        if let Node::Add(a, b) | Node::Sub(a, b) | Node::Mul(a, b) = graph.nodes[id] {
            readers[a as usize] += 1;
            readers[b as usize] += 1;
        }
    }
    readers
}

#[cfg(test)]
mod tests {
    use kedge_machine::program::{Constraint, Fill};
    use p3_field::PrimeField64;

    use super::*;

    /// A table of random expressions over four columns and two constants; every third one is a constraint.
    fn table(mut seed: u64) -> Table {
        let mut below = |bound: u32| {
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) as u32 % bound
        };
        let mut nodes: Vec<Node> = (0..4)
            .map(Node::Column)
            .chain([Node::Constant(5), Node::Constant(0)])
            .collect();
        let mut constraints = vec![];
        for id in nodes.len() as u32..60 {
            let (a, b) = (below(id), below(id));
            nodes.push(match below(4) {
                0 => Node::Sub(a, b),
                1 => Node::Mul(a % 6, b % 6),
                _ => Node::Add(a, b),
            });
            if below(3) == 0 {
                constraints.push(Constraint {
                    label: id.to_string(),
                    node: id,
                });
            }
        }
        let columns = (0..4).map(|i| i.to_string()).collect();
        let (preprocessed, buses) = (vec![], vec![]);
        Table {
            name: "random".to_owned(),
            fill: Fill::Step,
            columns,
            preprocessed,
            public: 0,
            nodes,
            constraints,
            buses,
        }
    }

    /// Each constraint's value, by the definition of an expression.
    fn by_definition(table: &Table, row: &[Val]) -> Vec<Val> {
        let mut values: Vec<Val> = vec![];
        for node in &table.nodes {
            let at = |i: u32| values[i as usize];
            values.push(match *node {
                Node::Column(i) => row[i as usize],
                Node::Constant(value) => Val::from_u64(value),
                Node::Add(a, b) => at(a) + at(b),
                Node::Sub(a, b) => at(a) - at(b),
                Node::Mul(a, b) => at(a) * at(b),
                Node::Preprocessed(_) | Node::Public(_) => unreachable!(),
            });
        }
        table
            .constraints
            .iter()
            .map(|constraint| values[constraint.node as usize])
            .collect()
    }

    fn by_code(code: &Code, row: &[Val]) -> Vec<Val> {
        let mut file = [row, &code.constants].concat();
        file.resize(code.slots, Val::ZERO);
        let mut asserted = vec![];
        for op in &code.ops {
            match *op {
                Op::Add(to, a, b) => file[to as usize] = file[a as usize] + file[b as usize],
                Op::Sub(to, a, b) => file[to as usize] = file[a as usize] - file[b as usize],
                Op::Mul(to, a, b) => file[to as usize] = file[a as usize] * file[b as usize],
                Op::Zero(a) => asserted.push(file[a as usize]),
            }
        }
        asserted
    }

    #[test]
    fn code_computes_what_the_expressions_say() {
        let mut compiled = 0;
        for seed in 0..200 {
            let table = table(seed);
            let Ok(code) = Code::compile(&table, &Graph::new(&table)) else {
                continue;
            };
            let row = [3, 1 << 40, 7, Val::ORDER_U64 - 2].map(Val::from_u64);
            assert_eq!(by_code(&code, &row), by_definition(&table, &row), "seed {seed}");
            assert_eq!(code.asserted, table.constraints.len());
            assert!(code.slots <= 6 + table.nodes.len());
            compiled += 1;
        }
        assert!(compiled > 100, "{compiled} tables of low degree");
    }
}
