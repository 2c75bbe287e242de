//! One AIR type for every table: interpreted constraints, or the built-in Poseidon2.
//!
//! No constraint reads a second row, so every table declares no next-row columns and is opened at one point only.

use std::sync::Arc;

use kedge_machine::program::{Bus, Fill, Node, Table};
use p3_air::symbolic::SymbolicExpression;
use p3_air::{Air, AirBuilder, BaseAir, WindowAccess};
use p3_field::PrimeCharacteristicRing;
use p3_lookup::{Count, InteractionBuilder, InteractionSymbolicBuilder};
use p3_matrix::dense::RowMajorMatrix;

use crate::code::{Code, Graph, Op};
use crate::config::{Challenge, Val};
use crate::error::KeyError;
use crate::poseidon2::Poseidon2Table;

/// A table as Plonky3 sees it. A clone shares the table.
#[derive(Clone)]
pub(crate) enum TableAir {
    Dynamic(DynamicAir),
    Poseidon2(Arc<Poseidon2Table>),
}

impl TableAir {
    /// The AIR of a validated table with the preprocessed columns given.
    pub(crate) fn new(
        table: &Table,
        graph: &Graph,
        preprocessed: Option<RowMajorMatrix<Val>>,
    ) -> Result<Self, KeyError> {
        if table.fill == Fill::Poseidon2 {
            return Ok(Self::Poseidon2(Arc::new(Poseidon2Table::new())));
        }
        let code = Code::compile(table, graph)?;
        Ok(Self::Dynamic(DynamicAir(Arc::new(Interpreted {
            table: table.clone(),
            code,
            preprocessed,
        }))))
    }

    /// Constraints of the table itself, without those of its bus uses.
    pub(crate) fn constraints(&self) -> usize {
        match self {
            Self::Dynamic(air) => air.0.code.asserted,
            Self::Poseidon2(_) => Poseidon2Table::CONSTRAINTS,
        }
    }
}

struct Interpreted {
    table: Table,
    code: Code,
    preprocessed: Option<RowMajorMatrix<Val>>,
}

/// Evaluates a table's constraints from its compiled expressions, for every builder of Plonky3.
#[derive(Clone)]
pub(crate) struct DynamicAir(Arc<Interpreted>);

macro_rules! forward {
    ($self:ident, $air:ident => $value:expr) => {
        match $self {
            TableAir::Dynamic($air) => $value,
            TableAir::Poseidon2($air) => {
                let $air: &Poseidon2Table = $air;
                $value
            }
        }
    };
}

/// Every method is forwarded: a default would misstate the shape of the table that is wrapped.
impl BaseAir<Val> for TableAir {
    fn width(&self) -> usize {
        forward!(self, air => air.width())
    }

    fn preprocessed_trace(&self) -> Option<RowMajorMatrix<Val>> {
        forward!(self, air => air.preprocessed_trace())
    }

    fn preprocessed_width(&self) -> usize {
        forward!(self, air => air.preprocessed_width())
    }

    fn num_periodic_columns(&self) -> usize {
        forward!(self, air => air.num_periodic_columns())
    }

    fn periodic_columns(&self) -> std::borrow::Cow<'_, [Vec<Val>]> {
        forward!(self, air => air.periodic_columns())
    }

    fn main_next_row_columns(&self) -> Vec<usize> {
        forward!(self, air => air.main_next_row_columns())
    }

    fn preprocessed_next_row_columns(&self) -> Vec<usize> {
        forward!(self, air => air.preprocessed_next_row_columns())
    }

    fn num_constraints(&self) -> Option<usize> {
        forward!(self, air => air.num_constraints())
    }

    fn max_constraint_degree(&self) -> Option<usize> {
        forward!(self, air => air.max_constraint_degree())
    }

    fn num_public_values(&self) -> usize {
        forward!(self, air => air.num_public_values())
    }

    fn public_boundary_io(&self) -> &[p3_air::BoundaryPublic] {
        forward!(self, air => air.public_boundary_io())
    }

    fn assumes_boolean_trace(&self) -> bool {
        forward!(self, air => air.assumes_boolean_trace())
    }
}

impl<AB: AirBuilder<F = Val>> Air<AB> for TableAir {
    fn eval(&self, builder: &mut AB) {
        forward!(self, air => air.eval(builder));
    }
}

impl BaseAir<Val> for DynamicAir {
    fn width(&self) -> usize {
        self.0.table.columns.len()
    }

    fn preprocessed_trace(&self) -> Option<RowMajorMatrix<Val>> {
        self.0.preprocessed.clone()
    }

    fn preprocessed_width(&self) -> usize {
        self.0.table.preprocessed.len()
    }

    fn main_next_row_columns(&self) -> Vec<usize> {
        vec![]
    }

    fn preprocessed_next_row_columns(&self) -> Vec<usize> {
        vec![]
    }

    fn num_constraints(&self) -> Option<usize> {
        Some(self.0.code.asserted)
    }

    fn num_public_values(&self) -> usize {
        self.0.table.public as usize
    }
}

impl<AB: AirBuilder<F = Val>> Air<AB> for DynamicAir {
    fn eval(&self, builder: &mut AB) {
        let Interpreted { table, code, .. } = &*self.0;
        let mut file: Vec<AB::Expr> = Vec::with_capacity(code.slots);
        file.extend(builder.main().current_slice().iter().map(|value| (*value).into()));
        // A window without columns has no slice to take.
        if !table.preprocessed.is_empty() {
            file.extend(
                builder
                    .preprocessed()
                    .current_slice()
                    .iter()
                    .map(|value| (*value).into()),
            );
        }
        file.extend(builder.public_values().iter().map(|value| (*value).into()));
        file.extend(code.constants.iter().map(|value| AB::Expr::from(*value)));
        file.resize(code.slots, AB::Expr::ZERO);
        for op in &code.ops {
            match *op {
                Op::Add(to, a, b) => file[to as usize] = file[a as usize].clone() + file[b as usize].clone(),
                Op::Sub(to, a, b) => file[to as usize] = file[a as usize].clone() - file[b as usize].clone(),
                Op::Mul(to, a, b) => file[to as usize] = file[a as usize].clone() * file[b as usize].clone(),
                Op::Zero(a) => builder.assert_zero(file[a as usize].clone()),
            }
        }
    }
}

/// A table together with its bus uses: evaluated once, symbolically, when the keys are made.
///
/// Plonky3 keeps the recorded uses in the keys and re-evaluates them itself, so the AIR that proves and verifies does
/// not spend time on them.
pub(crate) struct WithBuses<'a> {
    pub(crate) air: &'a TableAir,
    pub(crate) buses: &'a [Bus],
}

impl BaseAir<Val> for WithBuses<'_> {
    fn width(&self) -> usize {
        self.air.width()
    }

    fn preprocessed_trace(&self) -> Option<RowMajorMatrix<Val>> {
        self.air.preprocessed_trace()
    }

    fn preprocessed_width(&self) -> usize {
        self.air.preprocessed_width()
    }

    fn main_next_row_columns(&self) -> Vec<usize> {
        self.air.main_next_row_columns()
    }

    fn preprocessed_next_row_columns(&self) -> Vec<usize> {
        self.air.preprocessed_next_row_columns()
    }

    fn num_constraints(&self) -> Option<usize> {
        self.air.num_constraints()
    }

    fn max_constraint_degree(&self) -> Option<usize> {
        self.air.max_constraint_degree()
    }

    fn num_public_values(&self) -> usize {
        self.air.num_public_values()
    }
}

type Recorder = InteractionSymbolicBuilder<Val, Challenge>;
type Symbol = SymbolicExpression<Val>;

impl Air<Recorder> for WithBuses<'_> {
    fn eval(&self, builder: &mut Recorder) {
        self.air.eval(builder);
        match self.air {
            TableAir::Poseidon2(air) => air.provide(builder),
            TableAir::Dynamic(air) => {
                let values = symbols(&air.0.table, builder);
                let at = |node: u32| values[node as usize].clone();
                for bus in self.buses {
                    let count = if bus.sign < 0 { -at(bus.count) } else { at(bus.count) };
                    let count = if bus.weight == 0 {
                        Count::provided(count)
                    } else {
                        Count::bounded(count, bus.weight)
                    };
                    builder.push_interaction(&bus.bus, bus.fields.iter().map(|field| at(*field)), count);
                }
            }
        }
    }
}

/// Every expression of a table, as a symbol.
fn symbols(table: &Table, builder: &Recorder) -> Vec<Symbol> {
    let main = builder.main();
    let mut values: Vec<Symbol> = Vec::with_capacity(table.nodes.len());
    for node in &table.nodes {
        let at = |i: u32| values[i as usize].clone();
        values.push(match *node {
            Node::Column(i) => main.current_slice()[i as usize].into(),
            Node::Preprocessed(i) => builder.preprocessed().current_slice()[i as usize].into(),
            Node::Public(i) => builder.public_values()[i as usize].into(),
            Node::Constant(value) => Symbol::from(Val::from_u64(value)),
            Node::Add(a, b) => at(a) + at(b),
            Node::Sub(a, b) => at(a) - at(b),
            Node::Mul(a, b) => at(a) * at(b),
        });
    }
    values
}
