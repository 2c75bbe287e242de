//! The program: the rules as data, the one file that engine, prover and verifier all read.
//!
//! A [`Program`] exists only after [`Program::parse`] has validated it, so every index in it is in range, every
//! expression refers to earlier ones only, and every list is bounded: code that holds a `Program` may index freely.
//! Who could cheat: whoever supplies the file. Its digest is the identity of the rules; a verifier pins the digest.

use core::fmt;

use serde::Deserialize;
use serde::de::{self, Deserializer, SeqAccess, Visitor};

use crate::limits::Limits;

/// The prime of the field, 2^64 - 2^32 + 1.
pub const MODULUS: u64 = 0xffff_ffff_0000_0001;
/// Largest program file accepted, in bytes.
pub const MAX_PROGRAM_BYTES: usize = 16 << 20;

/// The reason a program file was refused.
#[derive(Debug, thiserror::Error)]
pub enum ProgramError {
    /// The file is longer than [`MAX_PROGRAM_BYTES`].
    #[error("the program has {0} bytes, more than {MAX_PROGRAM_BYTES}")]
    TooLong(usize),
    /// The bytes are not JSON of the expected shape.
    #[error("the program is malformed: {0}")]
    Json(#[from] serde_json::Error),
    /// The shape is right, but the content breaks a rule of the format.
    #[error("the program is invalid: {0}")]
    Invalid(String),
}

/// A validated program.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Program {
    /// Version of the file format; 1.
    pub format: u32,
    /// Name of the rule set.
    pub name: String,
    /// Version of the rule set.
    pub version: u32,
    /// The cursor: names of the registers, `time` and `phase` first.
    pub registers: Vec<String>,
    /// Phases by number; 0 is idle, where transactions start and end. A step may start a transaction if idle names it,
    /// or if no phase does.
    pub phases: Vec<Phase>,
    /// Kinds of records.
    pub records: Vec<Record>,
    /// Kinds of events.
    pub events: Vec<EventKind>,
    /// Refusal codes with their texts.
    pub codes: Vec<Code>,
    /// Names of the advice indexes.
    pub indexes: Vec<String>,
    /// What a chunk may hold.
    pub limits: Limits,
    /// Tables, in the order of their instances in a proof.
    pub tables: Vec<Table>,
    /// Steps; a step's number is its position.
    pub steps: Vec<Step>,
    #[serde(skip)]
    pub(crate) digest: [u8; 32],
}

/// A phase: what may run next, in order of preference.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Phase {
    /// Name of the phase.
    pub name: String,
    /// Names of the candidate steps, in order.
    pub steps: Vec<String>,
}

/// A kind of record: up to eight named words.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// Name of the kind.
    pub name: String,
    /// Number of the kind within an account, below 8.
    pub kind: u8,
    /// Fields, one word each, in order.
    pub fields: Vec<Field>,
}

/// A named word with inclusive signed bounds.
#[derive(Clone, Debug, Deserialize)]
#[serde(from = "(String, i128, i128)")]
pub struct Field {
    /// Name of the field.
    pub name: String,
    /// Least value.
    pub lo: i128,
    /// Greatest value.
    pub hi: i128,
}

impl From<(String, i128, i128)> for Field {
    fn from((name, lo, hi): (String, i128, i128)) -> Self {
        Self { name, lo, hi }
    }
}

/// A kind of event and the names of its fields.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventKind {
    /// Name of the event.
    pub name: String,
    /// Names of its fields, in order.
    pub fields: Vec<String>,
}

/// A refusal code of the rules.
#[derive(Clone, Debug, Deserialize)]
#[serde(from = "(u32, String, String)")]
pub struct Code {
    /// Number, at least 16: smaller ones belong to the engine.
    pub number: u32,
    /// Name in capitals.
    pub name: String,
    /// Text for people.
    pub text: String,
}

impl From<(u32, String, String)> for Code {
    fn from((number, name, text): (u32, String, String)) -> Self {
        Self { number, name, text }
    }
}

/// Who fills the rows of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fill {
    /// One row per run of a step.
    Step,
    /// One row per touched leaf of the state tree.
    Leaf,
    /// One row per touched inner node of the state tree.
    Node,
    /// The two roots and the ends of the cursor's path.
    Chunk,
    /// The numbers below 2^16, with how often each was looked up.
    Range16,
    /// The permutations, with how often each was looked up; its constraints are built in.
    Poseidon2,
}

/// A table: columns, expressions over one row, constraints and bus uses.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// Name, unique in the program.
    pub name: String,
    /// Who fills it.
    pub fill: Fill,
    /// Names of the committed columns.
    pub columns: Vec<String>,
    /// Names of the preprocessed columns.
    pub preprocessed: Vec<String>,
    /// Number of public values.
    pub public: u32,
    /// Expressions; an operand's id is smaller than the expression's.
    pub nodes: Vec<Node>,
    /// Expressions that are zero on every row.
    pub constraints: Vec<Constraint>,
    /// Tuples sent and received.
    pub buses: Vec<Bus>,
}

/// An expression over one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Node {
    /// A committed column.
    Column(u32),
    /// A preprocessed column.
    Preprocessed(u32),
    /// A public value.
    Public(u32),
    /// A constant below the modulus.
    Constant(u64),
    /// Sum of two earlier expressions.
    Add(u32, u32),
    /// Difference of two earlier expressions.
    Sub(u32, u32),
    /// Product of two earlier expressions.
    Mul(u32, u32),
}

/// An expression that must be zero on every row.
#[derive(Clone, Debug, Deserialize)]
#[serde(from = "(String, u32)")]
pub struct Constraint {
    /// What the constraint means, unique enough to find it.
    pub label: String,
    /// The expression.
    pub node: u32,
}

impl From<(String, u32)> for Constraint {
    fn from((label, node): (String, u32)) -> Self {
        Self { label, node }
    }
}

/// A tuple that every row sends (+1) or receives (-1) `count` times.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bus {
    /// Name of the bus.
    pub bus: String,
    /// +1 sends, -1 receives.
    pub sign: i8,
    /// How often, an expression.
    pub count: u32,
    /// Bound of the count on any row; 0 marks the provided side of a lookup.
    pub weight: u32,
    /// The tuple.
    pub fields: Vec<u32>,
}

/// A rule: its table, its inputs and how its row is computed.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Name, unique in the program.
    pub name: String,
    /// Its table; no two steps share one.
    pub table: u32,
    /// Arguments of the transaction, with inclusive bounds.
    pub inputs: Vec<Field>,
    /// Instructions, in order.
    pub run: Vec<Instr>,
}

/// A native function that computes advice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HintFn {
    /// `[x]`: the field inverse, 0 for 0.
    Inverse,
    /// `[a, b]`: 1 where a < b.
    Less,
    /// `[x]`, params widths: little-endian limbs.
    Limbs,
    /// `[a, b, c, d]`: quotient and remainder of a*b+d by c, rounded down; zeros where c <= 0.
    Muldiv,
    /// `[x]`: the integer square root, 0 below 0.
    Isqrt,
    /// `[x]`, params shift and bits: (x >> shift) mod 2^bits.
    And,
}

/// One instruction of a step. Expressions are ids of the nodes of the step's table.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "do", rename_all = "lowercase", deny_unknown_fields)]
pub enum Instr {
    /// Column := register of the cursor.
    Register { index: u32, col: u32 },
    /// Column := argument of the transaction.
    Input { index: u32, col: u32 },
    /// Column := expression.
    Commit { node: u32, col: u32 },
    /// Columns := advice.
    Hint {
        #[serde(rename = "fn")]
        function: HintFn,
        args: Vec<u32>,
        params: Vec<i64>,
        cols: Vec<u32>,
    },
    /// Load a record: the next access of this step. Words without a column must be zero.
    Read {
        address: u32,
        enable: Option<u32>,
        words: Vec<u32>,
        seen: u32,
    },
    /// New content of an access.
    Write { access: u32, words: Vec<u32> },
    /// Not zero: the step does not apply.
    Guard { node: u32 },
    /// Not zero: the transaction is refused.
    Require { node: u32, code: u32 },
    /// Outside [0, 2^bits): refused, or does not apply.
    Range {
        node: u32,
        bits: u32,
        code: u32,
        guard: bool,
        enable: Option<u32>,
    },
    /// Column := address of the last entry of the group with at most this key.
    Find { index: u32, group: u32, key: u32, col: u32 },
    /// Add an entry to an advice index.
    Insert {
        index: u32,
        group: u32,
        key: u32,
        address: u32,
        enable: Option<u32>,
    },
    /// Drop an entry of an advice index.
    Remove {
        index: u32,
        group: u32,
        key: u32,
        address: u32,
        enable: Option<u32>,
    },
    /// Columns := digest of sixteen expressions.
    Hash { input: Vec<u32>, cols: Vec<u32> },
    /// Tell the world.
    Emit {
        event: u32,
        enable: Option<u32>,
        fields: Vec<u32>,
    },
    /// The cursor after this step.
    Next { registers: Vec<u32> },
}

impl Program {
    /// SHA-256 of the file: the identity of the rules.
    #[must_use]
    pub const fn digest(&self) -> [u8; 32] {
        self.digest
    }

    /// Number of a step, by name.
    #[must_use]
    pub fn step_index(&self, name: &str) -> Option<usize> {
        self.steps.iter().position(|step| step.name == name)
    }

    /// Number of the table that is filled this way, where there is exactly one by the rules of the format.
    #[must_use]
    pub fn table_of(&self, fill: Fill) -> Option<usize> {
        self.tables.iter().position(|table| table.fill == fill)
    }
}

impl Table {
    /// Position of a committed column, by name.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column == name)
    }
}

#[derive(Deserialize)]
enum Tag {
    #[serde(rename = "c")]
    Column,
    #[serde(rename = "p")]
    Preprocessed,
    #[serde(rename = "u")]
    Public,
    #[serde(rename = "k")]
    Constant,
    #[serde(rename = "+")]
    Add,
    #[serde(rename = "-")]
    Sub,
    #[serde(rename = "*")]
    Mul,
}

struct NodeVisitor;

impl NodeVisitor {
    fn next<'de, T: Deserialize<'de>, A: SeqAccess<'de>>(seq: &mut A, at: usize) -> Result<T, A::Error> {
        seq.next_element()?.ok_or_else(|| de::Error::invalid_length(at, &Self))
    }
}

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("an expression such as [\"c\", 0] or [\"+\", 1, 2]")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Node, A::Error> {
        let s = &mut seq;
        let node = match Self::next(s, 0)? {
            Tag::Column => Node::Column(Self::next(s, 1)?),
            Tag::Preprocessed => Node::Preprocessed(Self::next(s, 1)?),
            Tag::Public => Node::Public(Self::next(s, 1)?),
            Tag::Constant => Node::Constant(Self::next(s, 1)?),
            Tag::Add => Node::Add(Self::next(s, 1)?, Self::next(s, 2)?),
            Tag::Sub => Node::Sub(Self::next(s, 1)?, Self::next(s, 2)?),
            Tag::Mul => Node::Mul(Self::next(s, 1)?, Self::next(s, 2)?),
        };
        match seq.next_element::<de::IgnoredAny>()? {
            None => Ok(node),
            Some(_) => Err(de::Error::custom("an expression has too many parts")),
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(NodeVisitor)
    }
}
