//! A small program: a clock that ticks, hashes what it is given and passes it on to a second table.

use kedge_machine::RANGE_COLUMNS;
use kedge_machine::program::Program;
use kedge_stark::{Rows, Val};
use p3_field::PrimeCharacteristicRing;
use p3_goldilocks::default_goldilocks_poseidon2_16;
use p3_symmetric::Permutation;
use serde_json::{Value, json};

/// Columns of the table `tick`.
pub const TICK: [&str; 9] = ["on", "time", "low", "cube", "h0", "h1", "h2", "h3", "spare"];
const TOCK: [&str; 3] = ["on", "low", "back"];
const CHUNK: [&str; 9] = ["old0", "old1", "old2", "old3", "new0", "new1", "new2", "new3", "end"];
const PUBLICS: [u64; 8] = [1, 2, 3, 4, 5, 6, 7, 8];

/// Expressions of a table under construction.
#[derive(Default)]
struct Nodes(Vec<Value>);

impl Nodes {
    fn push(&mut self, node: Value) -> usize {
        self.0.push(node);
        self.0.len() - 1
    }

    fn c(&mut self, column: usize) -> usize {
        self.push(json!(["c", column]))
    }

    fn k(&mut self, value: u64) -> usize {
        self.push(json!(["k", value]))
    }

    fn op(&mut self, op: &str, a: usize, b: usize) -> usize {
        self.push(json!([op, a, b]))
    }
}

fn bus(bus: &str, sign: i32, count: usize, weight: u32, fields: &[usize]) -> Value {
    json!({"bus": bus, "sign": sign, "count": count, "weight": weight, "fields": fields})
}

fn table(name: &str, fill: &str, columns: &[&str], nodes: Nodes, constraints: &Value, buses: &[Value]) -> Value {
    let preprocessed: Vec<String> = match fill {
        "range16" => (0..RANGE_COLUMNS).map(|i| format!("value{i}")).collect(),
        "chunk" => vec!["first".to_owned()],
        _ => Vec::new(),
    };
    let public = if fill == "chunk" { 8 } else { 0 };
    json!({"name": name, "fill": fill, "columns": columns, "preprocessed": preprocessed, "public": public,
        "nodes": nodes.0, "constraints": constraints, "buses": buses})
}

fn tick() -> (Value, Value) {
    let mut n = Nodes::default();
    let [on, time, low, cube] = [0, 1, 2, 3].map(|column| n.c(column));
    let digest = [4, 5, 6, 7].map(|column| n.c(column));
    let (zero, one) = (n.k(0), n.k(1));
    let off = n.op("-", on, one);
    let boolean = n.op("*", on, off);
    let square = n.op("*", low, low);
    let third = n.op("*", square, low);
    let cubed = n.op("-", third, cube);
    let next = n.op("+", time, on);
    let spare = n.c(8);
    let idle = n.op("*", spare, on);
    let mut hash = vec![low];
    hash.resize(16, zero);
    hash.extend(digest);
    let buses = [
        bus("cursor", -1, on, 1, &[time, zero]),
        bus("cursor", 1, on, 1, &[next, zero]),
        bus("range16", 1, on, 1, &[low]),
        bus("poseidon2", 1, on, 1, &hash),
        bus("pass", 1, on, 1, &[low, cube]),
    ];
    let constraints = json!([
        ["on is boolean", boolean],
        ["the cube", cubed],
        ["nothing to spare", idle]
    ]);
    let table = table("tick", "step", &TICK, n, &constraints, &buses);
    let run = json!([
        {"do": "register", "index": 0, "col": 1}, {"do": "input", "index": 0, "col": 2},
        {"do": "commit", "node": third, "col": 3},
        {"do": "hash", "input": hash[..16], "cols": [4, 5, 6, 7]}, {"do": "commit", "node": zero, "col": 8},
        {"do": "next", "registers": [next, zero]},
    ]);
    (
        table,
        json!({"name": "tick", "table": 0, "inputs": [["low", 0, 65535]], "run": run}),
    )
}

fn tock() -> (Value, Value) {
    let mut n = Nodes::default();
    let [on, low, back] = [0, 1, 2].map(|column| n.c(column));
    let one = n.k(1);
    let off = n.op("-", on, one);
    let boolean = n.op("*", on, off);
    let buses = [bus("pass", -1, on, 1, &[low, back])];
    let table = table("tock", "step", &TOCK, n, &json!([["on is boolean", boolean]]), &buses);
    let run = json!([
        {"do": "input", "index": 0, "col": 1}, {"do": "input", "index": 1, "col": 2},
        {"do": "next", "registers": [one, one]},
    ]);
    (
        table,
        json!({"name": "tock", "table": 1, "inputs": [["low", 0, 1], ["back", 0, 1]], "run": run}),
    )
}

fn chunk() -> Value {
    let mut n = Nodes::default();
    let first = n.push(json!(["p", 0]));
    let (zero, one) = (n.k(0), n.k(1));
    let end = n.c(8);
    let mut constraints = vec![];
    for (i, name) in CHUNK[..8].iter().enumerate() {
        let (column, public) = (n.c(i), n.push(json!(["u", i])));
        let difference = n.op("-", column, public);
        constraints.push(json!([format!("{name} is public"), n.op("*", first, difference)]));
    }
    let buses = [
        bus("cursor", 1, first, 1, &[one, zero]),
        bus("cursor", -1, first, 1, &[end, zero]),
    ];
    table("chunk", "chunk", &CHUNK, n, &json!(constraints), &buses)
}

fn range16() -> Value {
    let mut n = Nodes::default();
    let buses: Vec<Value> = (0..RANGE_COLUMNS)
        .map(|i| {
            let (value, count) = (n.push(json!(["p", i])), n.c(i));
            bus("range16", -1, count, 0, &[value])
        })
        .collect();
    let counts: Vec<String> = (0..RANGE_COLUMNS).map(|i| format!("count{i}")).collect();
    let columns: Vec<&str> = counts.iter().map(String::as_str).collect();
    table("range16", "range16", &columns, n, &json!([]), &buses)
}

/// The program; `version` changes its digest and nothing else.
pub fn program(version: u32) -> Program {
    parse(&document(version))
}

/// A program of the machine's making.
pub fn parse(document: &Value) -> Program {
    Program::parse(document.to_string().as_bytes()).expect("the toy is valid")
}

/// The program as a document that a test may change.
pub fn document(version: u32) -> Value {
    let ((tick, tick_step), (tock, tock_step)) = (tick(), tock());
    let hash = table("poseidon2", "poseidon2", &[], Nodes::default(), &json!([]), &[]);
    json!({
        "format": 1, "name": "toy", "version": version, "registers": ["time", "phase"],
        "phases": [{"name": "idle", "steps": []}], "records": [], "events": [], "codes": [], "indexes": [],
        "limits": {"transaction_steps": 4096, "steps": 65000, "rows": 1 << 20, "bytes": 1 << 20, "messages": []},
        "tables": [tick, tock, chunk(), range16(), hash], "steps": [tick_step, tock_step],
    })
}

/// The public values of every toy chunk.
pub const fn publics() -> [u64; 8] {
    PUBLICS
}

/// Rows of a chunk of `ticks` steps.
pub fn rows(ticks: u64) -> Vec<Rows> {
    let permutation = default_goldilocks_poseidon2_16();
    let word = Val::from_u64;
    let (mut tick, mut tock, mut uses) = (vec![], vec![], vec![]);
    let mut counts = vec![Val::ZERO; 1 << 16];
    for time in 1..=ticks {
        let low = time * 7919 % 65536;
        counts[low as usize] += Val::ONE;
        let mut input = [Val::ZERO; 16];
        input[0] = word(low);
        let output = permutation.permute(input);
        let digest = (0..4).map(|i| output[i] + input[i]);
        uses.push((input, Val::ONE));
        tick.extend(
            [Val::ONE, word(time), word(low), word(low).cube()]
                .into_iter()
                .chain(digest)
                .chain([Val::ZERO]),
        );
        tock.extend([Val::ONE, word(low), word(low).cube()]);
    }
    let chunk = PUBLICS.into_iter().chain([ticks + 1]).map(word).collect();
    vec![
        Rows::Cells(tick),
        Rows::Cells(tock),
        Rows::Cells(chunk),
        Rows::Counts(counts),
        Rows::Permutations(uses),
    ]
}

/// The cell of a table of cells, to be changed.
pub fn cell(rows: &mut [Rows], table: usize, at: usize) -> &mut Val {
    match &mut rows[table] {
        Rows::Cells(cells) | Rows::Counts(cells) => &mut cells[at],
        Rows::Permutations(uses) => &mut uses[at].1,
    }
}
