//! Tables and steps by hand: just enough to keep the toy rules readable.

use serde_json::{Value, json};

pub struct Builder {
    name: String,
    columns: Vec<String>,
    nodes: Vec<Value>,
    constraints: Vec<Value>,
    buses: Vec<Value>,
    inputs: Vec<Value>,
    run: Vec<Value>,
    reads: Vec<(u32, u32, u32)>,
}

impl Builder {
    pub fn new(name: &str) -> Self {
        let mut builder = Self {
            name: name.to_owned(),
            columns: Vec::new(),
            nodes: Vec::new(),
            constraints: Vec::new(),
            buses: Vec::new(),
            inputs: Vec::new(),
            run: Vec::new(),
            reads: Vec::new(),
        };
        let on = builder.column("on");
        let square = builder.mul(on, on);
        let bit = builder.sub(square, on);
        builder.constrain("on is a bit", bit);
        builder
    }

    pub fn node(&mut self, node: Value) -> u32 {
        let place = self.nodes.iter().position(|known| *known == node).unwrap_or_else(|| {
            self.nodes.push(node);
            self.nodes.len() - 1
        });
        place as u32
    }

    pub fn next_column(&self) -> usize {
        self.columns.len()
    }

    pub fn column(&mut self, name: &str) -> u32 {
        let col = self.columns.len();
        self.columns.push(if self.columns.iter().any(|known| known == name) {
            format!("{name} {col}")
        } else {
            name.into()
        });
        self.node(json!(["c", col]))
    }

    pub fn on(&mut self) -> u32 {
        self.node(json!(["c", 0]))
    }

    pub fn constant(&mut self, value: u64) -> u32 {
        self.node(json!(["k", value]))
    }

    pub fn scaled_on(&mut self, value: u64) -> u32 {
        let (constant, on) = (self.constant(value), self.on());
        self.mul(constant, on)
    }

    pub fn add(&mut self, a: u32, b: u32) -> u32 {
        self.node(json!(["+", a, b]))
    }

    pub fn sub(&mut self, a: u32, b: u32) -> u32 {
        self.node(json!(["-", a, b]))
    }

    pub fn mul(&mut self, a: u32, b: u32) -> u32 {
        self.node(json!(["*", a, b]))
    }

    pub fn act(&mut self, instr: Value) {
        self.run.push(instr);
    }

    pub fn constrain(&mut self, label: &str, node: u32) {
        self.constraints.push(json!([label, node]));
    }

    pub fn bus(&mut self, bus: &str, sign: i8, count: u32, fields: &[u32]) {
        self.buses
            .push(json!({"bus": bus, "sign": sign, "count": count, "weight": 1, "fields": fields}));
    }

    pub fn input(&mut self, name: &str, lo: i64, hi: i64) -> u32 {
        let col = self.next_column();
        let node = self.column(name);
        self.act(json!({"do": "input", "index": self.inputs.len(), "col": col}));
        self.inputs.push(json!([name, lo, hi]));
        node
    }

    pub fn hint(&mut self, name: &str, function: &str, args: &[u32], params: &[i64]) -> u32 {
        let col = self.next_column();
        let node = self.column(name);
        self.act(json!({"do": "hint", "fn": function, "args": args, "params": params, "cols": [col]}));
        node
    }

    /// A column that is 1 where `x` is not 0.
    pub fn is_not_zero(&mut self, x: u32) -> u32 {
        let inverse = self.hint("inverse", "inverse", &[x], &[]);
        let product = self.mul(x, inverse);
        let col = self.next_column();
        let bit = self.column("not zero");
        self.act(json!({"do": "commit", "node": product, "col": col}));
        let gap = self.sub(bit, product);
        self.constrain("bit is the product", gap);
        let on = self.on();
        let off = self.sub(on, bit);
        let rest = self.mul(x, off);
        self.constrain("zero or invertible", rest);
        bit
    }

    /// Loads the first word of a record; the others are zero.
    pub fn read(&mut self, address: u32, enable: Option<u32>, time: u32) -> (u32, u32) {
        let col = self.next_column();
        let (word, seen) = (self.column("word"), self.column("seen"));
        self.act(json!({"do": "read", "address": address, "enable": enable, "words": [col], "seen": col + 1}));
        let (zero, on) = (self.constant(0), self.on());
        let count = enable.unwrap_or(on);
        self.bus(
            "memory",
            -1,
            count,
            &[address, seen, word, zero, zero, zero, zero, zero, zero, zero],
        );
        let age = self.sub(time, seen);
        let past = self.sub(age, on);
        self.bus("range16", 1, count, &[past]);
        self.reads.push((address, word, seen));
        (self.reads.len() as u32 - 1, word)
    }

    pub fn write(&mut self, access: u32, address: u32, enable: u32, time: u32, word: u32) {
        let zero = self.constant(0);
        let words = [word, zero, zero, zero, zero, zero, zero, zero];
        self.act(json!({"do": "write", "access": access, "words": words}));
        self.bus("memory", 1, enable, &[&[address, time], &words[..]].concat());
    }

    /// The digest of some words, followed by zeros.
    pub fn hash(&mut self, words: &[u32]) -> [u32; 4] {
        let (zero, on) = (self.constant(0), self.on());
        let input: Vec<u32> = words.iter().copied().chain(std::iter::repeat(zero)).take(16).collect();
        let col = self.next_column();
        let digest = [0; 4].map(|_| self.column("digest"));
        self.act(json!({"do": "hash", "input": input, "cols": [col, col + 1, col + 2, col + 3]}));
        self.bus("poseidon2", 1, on, &[&input[..], &digest[..]].concat());
        digest
    }

    /// The step's table and the step.
    pub fn finish(self, table: usize) -> (Value, Value) {
        let step = json!({"name": self.name, "table": table, "inputs": self.inputs, "run": self.run});
        (self.into_table("step", &[], 0), step)
    }

    fn into_table(self, fill: &str, preprocessed: &[&str], public: u32) -> Value {
        json!({
            "name": self.name, "fill": fill, "columns": self.columns, "preprocessed": preprocessed, "public": public,
            "nodes": self.nodes, "constraints": self.constraints, "buses": self.buses,
        })
    }

    fn columns(&mut self, prefix: &str, number: usize) -> Vec<u32> {
        (0..number).map(|i| self.column(&format!("{prefix}{i}"))).collect()
    }

    fn digests(&mut self, before: &[u32], after: &[u32]) -> Vec<u32> {
        let (old, new, on) = (self.columns("old", 4), self.columns("new", 4), self.on());
        self.bus("poseidon2", 1, on, &[before, &old].concat());
        self.bus("poseidon2", 1, on, &[after, &new].concat());
        [old, new].concat()
    }
}

/// The machine's own tables, for a cursor of so many registers.
pub fn machine_tables(registers: usize) -> [Value; 5] {
    let named = |prefix: &str| (0..16).map(|i| format!("{prefix}{i}")).collect::<Vec<_>>();
    let atoms: Vec<Value> = (0..16).flat_map(|i| [json!(["c", i]), json!(["p", i])]).collect();
    let provide = |i: usize| json!({"bus": "range16", "sign": -1, "count": 2 * i, "weight": 0, "fields": [2 * i + 1]});
    let range = json!({
        "name": "range16", "fill": "range16", "columns": named("count"), "preprocessed": named("value"), "public": 0,
        "nodes": atoms, "constraints": [], "buses": (0..16).map(provide).collect::<Vec<_>>(),
    });
    let permutation = json!({
        "name": "poseidon2", "fill": "poseidon2", "columns": [], "preprocessed": [], "public": 0,
        "nodes": [], "constraints": [], "buses": [],
    });
    [leaf(), node(), chunk(registers), range, permutation]
}

/// A leaf's place by its parts: its index, and the address of the first of its records.
fn place(b: &mut Builder) -> (u32, u32) {
    let on = b.on();
    let parts = ["kind", "slot", "account0", "account1", "slots", "far"].map(|name| b.column(name));
    for (part, width) in parts.into_iter().zip([1, 1, 16, 8, 9, 1]) {
        let shift = b.constant(1 << (16 - width));
        let widened = b.mul(shift, part);
        b.bus("range16", 1, on, &[part]);
        b.bus("range16", 1, on, &[widened]);
    }
    let combine = |b: &mut Builder, shifts: [u32; 6]| {
        let zero = b.constant(0);
        parts.into_iter().zip(shifts).fold(zero, |sum, (part, shift)| {
            let scale = b.constant(1 << shift);
            let term = b.mul(scale, part);
            b.add(sum, term)
        })
    };
    (combine(b, [0, 1, 2, 18, 26, 35]), combine(b, [11, 0, 13, 29, 1, 12]))
}

fn leaf() -> Value {
    let mut b = Builder::new("leaf");
    let (on, zero) = (b.on(), b.constant(0));
    let (index, mut address) = place(&mut b);
    let (mut before, mut after) = (Vec::new(), Vec::new());
    for side in ["a", "b"] {
        let (old, new) = (
            b.columns(&format!("{side}_old"), 8),
            b.columns(&format!("{side}_new"), 8),
        );
        let seen = b.column(&format!("{side}_seen"));
        b.bus("memory", 1, on, &[&[address, zero], &old[..]].concat());
        b.bus("memory", -1, on, &[&[address, seen], &new[..]].concat());
        before.extend(old);
        after.extend(new);
        let apart = b.scaled_on(1 << 10);
        address = b.add(address, apart);
    }
    let digests = b.digests(&before, &after);
    b.bus("node", 1, on, &[&[zero, index], &digests[..]].concat());
    b.into_table("leaf", &[], 0)
}

fn node() -> Value {
    let mut b = Builder::new("node");
    let (on, four) = (b.on(), b.constant(4));
    let (level, index) = (b.column("level"), b.column("index"));
    let touched = b.columns("touched", 4);
    let (below, first) = (b.sub(level, on), b.mul(four, index));
    let (mut before, mut after) = (Vec::new(), Vec::new());
    for (child, &touched) in touched.iter().enumerate() {
        let (old, new) = (b.columns(&format!("o{child}_"), 4), b.columns(&format!("n{child}_"), 4));
        let off = b.sub(on, touched);
        let bit = b.mul(touched, off);
        b.constrain("touched is a bit", bit);
        for (&old, &new) in old.iter().zip(&new) {
            let change = b.sub(old, new);
            let kept = b.mul(off, change);
            b.constrain("kept unless touched", kept);
        }
        let offset = b.scaled_on(child as u64);
        let place = b.add(first, offset);
        b.bus("node", -1, touched, &[&[below, place], &old[..], &new[..]].concat());
        before.extend(old);
        after.extend(new);
    }
    let digests = b.digests(&before, &after);
    b.bus("node", 1, on, &[&[level, index], &digests[..]].concat());
    b.into_table("node", &[], 0)
}

fn chunk(registers: usize) -> Value {
    let mut b = Builder::new("chunk");
    (b.columns, b.nodes, b.constraints) = (Vec::new(), Vec::new(), Vec::new());
    let roots = [b.columns("old", 4), b.columns("new", 4)].concat();
    let end = b.column("end");
    let first = b.node(json!(["p", 0]));
    for (i, &root) in roots.iter().enumerate() {
        let public = b.node(json!(["u", i]));
        let gap = b.sub(root, public);
        let constraint = b.mul(first, gap);
        b.constrain("roots are public", constraint);
    }
    let (zero, one, levels) = (b.constant(0), b.constant(1), b.constant(18));
    let idle = vec![zero; registers - 1];
    b.bus("cursor", 1, first, &[&[one], &idle[..]].concat());
    b.bus("cursor", -1, first, &[&[end], &idle[..]].concat());
    b.bus("node", -1, first, &[&[levels, zero], &roots[..]].concat());
    b.into_table("chunk", &["first"], 8)
}
