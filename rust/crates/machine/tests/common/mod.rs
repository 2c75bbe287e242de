//! A toy rule set, written by hand: payments, and follow-on steps that loop through a phase.
#![allow(dead_code, reason = "each test file uses a part")]

pub mod builder;

use std::sync::Arc;

use builder::{Builder, machine_tables};
use kedge_machine::Program;
use serde_json::{Value, json};

pub const RECORD: u64 = 8192;
pub const TOO_RICH: u32 = 16;
pub const UNLUCKY: u32 = 17;

/// The toy program as JSON, to be changed by tests of the parser.
pub fn toy_json() -> Value {
    let built = [
        pay(),
        odd(),
        any(),
        twin(),
        go("jam", 2),
        never(),
        go("spin", 3),
        again(),
    ];
    let (mut tables, mut steps) = (Vec::new(), Vec::new());
    for (number, builder) in built.into_iter().enumerate() {
        let (table, step) = builder.finish(number);
        tables.push(table);
        steps.push(step);
    }
    tables.extend(machine_tables(3));
    json!({
        "format": 1, "name": "toy", "version": 1, "registers": ["time", "phase", "left"],
        "phases": [
            {"name": "idle", "steps": []},
            {"name": "working", "steps": ["odd", "any"]},
            {"name": "jammed", "steps": ["never"]},
            {"name": "spinning", "steps": ["again"]},
        ],
        "records": [{"name": "account", "kind": 0, "fields": [["balance", 0, 65535]]}],
        "events": [{"name": "paid", "fields": ["account", "balance"]}],
        "codes": [[TOO_RICH, "TOO_RICH", "more than fits"], [UNLUCKY, "UNLUCKY", "thirteen"]],
        "indexes": ["payments"], "tables": tables, "steps": steps,
        "limits": {"transaction_steps": 4096, "steps": 65000, "rows": 1 << 20, "bytes": 1 << 20, "messages": [["paid", 10]]},
    })
}

pub fn toy() -> Arc<Program> {
    Arc::new(Program::parse(toy_json().to_string().as_bytes()).expect("the toy program is valid"))
}

/// Opens a step: time, and the cursor's other two words received as given.
fn open(b: &mut Builder, phase: u64, follows: bool) -> (u32, u32) {
    let time = b.column("time");
    b.act(json!({"do": "register", "index": 0, "col": 1}));
    let phase = b.scaled_on(phase);
    let mut left = b.constant(0);
    if follows {
        let col = b.next_column();
        left = b.column("left");
        b.act(json!({"do": "register", "index": 2, "col": col}));
    }
    let on = b.on();
    b.bus("cursor", -1, on, &[time, phase, left]);
    (time, left)
}

/// Closes a step: one later, with `left` to go, idle if that is nothing.
fn close(b: &mut Builder, time: u32, left: u32, phase: u64) {
    let busy = b.is_not_zero(left);
    let scale = b.constant(phase);
    let (next_phase, on) = (b.mul(scale, busy), b.on());
    let later = b.add(time, on);
    b.bus("cursor", 1, on, &[later, next_phase, left]);
    b.act(json!({"do": "next", "registers": [later, next_phase, left]}));
}

fn pay() -> Builder {
    let mut b = Builder::new("pay");
    let (time, _) = open(&mut b, 0, false);
    let account = b.input("account", 2, 1000);
    let amount = b.input("amount", 1, 1 << 20);
    let rounds = b.input("rounds", 0, 5000);
    let on = b.on();
    let thirteen = b.scaled_on(13);
    let gap = b.sub(amount, thirteen);
    let lucky = b.is_not_zero(gap);
    let unlucky = b.sub(on, lucky);
    b.act(json!({"do": "require", "node": unlucky, "code": UNLUCKY}));
    b.constrain("not thirteen", unlucky);
    let scale = b.constant(RECORD);
    let address = b.mul(scale, account);
    let (access, balance) = b.read(address, None, time);
    let sum = b.add(balance, amount);
    b.act(json!({"do": "range", "node": sum, "bits": 16, "code": TOO_RICH, "guard": false, "enable": null}));
    b.bus("range16", 1, on, &[sum]);
    b.write(access, address, on, time, sum);
    let digest = b.hash(&[account, amount, sum]);
    b.act(json!({"do": "emit", "event": 0, "enable": null, "fields": [account, sum]}));
    let zero = b.constant(0);
    let place = json!({"do": "insert", "index": 0, "group": zero, "key": amount, "address": address, "enable": null});
    b.act(place);
    let _ = digest;
    close(&mut b, time, rounds, 1);
    b
}

/// Where what is left is odd: one more for the account of the greatest payment.
fn odd() -> Builder {
    let mut b = Builder::new("odd");
    let (time, left) = open(&mut b, 1, true);
    let (bit, half) = (
        b.hint("bit", "and", &[left], &[0, 1]),
        b.hint("half", "and", &[left], &[1, 15]),
    );
    let on = b.on();
    let even = b.sub(on, bit);
    b.act(json!({"do": "guard", "node": even}));
    b.constrain("odd", even);
    let twice = b.add(half, half);
    let whole = b.add(twice, bit);
    let rest = b.sub(left, whole);
    b.constrain("halves", rest);
    b.bus("range16", 1, on, &[half]);
    let top = b.constant(1 << 20);
    let zero = b.constant(0);
    let col = b.next_column();
    let address = b.column("top");
    b.act(json!({"do": "find", "index": 0, "group": zero, "key": top, "col": col}));
    let (access, balance) = b.read(address, None, time);
    let sum = b.add(balance, on);
    b.write(access, address, on, time, sum);
    let less = b.sub(left, on);
    close(&mut b, time, less, 1);
    b
}

/// Otherwise: a record that is read only towards the end.
fn any() -> Builder {
    let mut b = Builder::new("any");
    let (time, left) = open(&mut b, 1, true);
    let three = b.constant(3);
    let late = b.hint("late", "less", &[left, three], &[]);
    let on = b.on();
    let off = b.sub(on, late);
    let bit = b.mul(late, off);
    b.constrain("late is a bit", bit);
    let address = b.scaled_on(77 * RECORD + 1);
    let (access, balance) = b.read(address, Some(late), time);
    let kept = b.mul(off, balance);
    b.constrain("zero where not read", kept);
    let sum = b.add(balance, on);
    b.write(access, address, late, time, sum);
    let less = b.sub(left, on);
    close(&mut b, time, less, 1);
    b
}

fn twin() -> Builder {
    let mut b = Builder::new("twin");
    let (time, zero) = open(&mut b, 0, false);
    let scale = b.constant(RECORD);
    for name in ["first", "second"] {
        let account = b.input(name, 0, (1 << 25) - 1);
        let address = b.mul(scale, account);
        let (access, balance) = b.read(address, None, time);
        let (on, sum) = (b.on(), b.add(balance, account));
        b.write(access, address, on, time, sum);
    }
    close(&mut b, time, zero, 0);
    b
}

/// A transaction that only enters a phase.
fn go(name: &str, phase: u64) -> Builder {
    let mut b = Builder::new(name);
    let (time, _) = open(&mut b, 0, false);
    let on = b.on();
    close(&mut b, time, on, phase);
    b
}

fn never() -> Builder {
    let mut b = Builder::new("never");
    let (time, left) = open(&mut b, 2, true);
    let on = b.on();
    b.act(json!({"do": "guard", "node": on}));
    b.constrain("never", on);
    close(&mut b, time, left, 2);
    b
}

fn again() -> Builder {
    let mut b = Builder::new("again");
    let (time, left) = open(&mut b, 3, true);
    close(&mut b, time, left, 3);
    b
}
