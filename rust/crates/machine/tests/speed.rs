//! How fast steps run: `cargo test --release -p kedge-machine --test speed -- --ignored --nocapture`.

mod common;

use std::sync::Arc;
use std::time::Instant;

use common::builder::{Builder, machine_tables};
use common::toy;
use kedge_machine::{Engine, Program, Traces, Witness};
use serde_json::json;

/// One step of about 200 columns: ten records, 60 limbs of range checks, 100 committed products.
fn wide() -> Arc<Program> {
    let mut b = Builder::new("wide");
    let time = b.column("time");
    b.act(json!({"do": "register", "index": 0, "col": 1}));
    let (on, zero) = (b.on(), b.constant(0));
    b.bus("cursor", -1, on, &[time, zero]);
    let account = b.input("account", 2, 100_000);
    let mut words = vec![account];
    for record in 0..10 {
        let (scale, offset) = (b.constant(8192), b.scaled_on(record * 1024));
        let base = b.mul(scale, account);
        let address = b.add(base, offset);
        let (access, word) = b.read(address, None, time);
        let next = b.add(word, on);
        b.write(access, address, on, time, next);
        words.push(word);
    }
    for number in 0..60 {
        let word = words[number % 11];
        let limb = b.hint("limb", "and", &[word], &[number as i64 % 32, 16]);
        b.bus("range16", 1, on, &[limb]);
        words.push(limb);
    }
    for number in 0..100 {
        let (x, y, z) = (words[number % words.len()], words[(7 * number) % words.len()], words[3]);
        let product = b.mul(x, y);
        let sum = b.add(product, z);
        let node = b.sub(sum, on);
        let col = b.next_column();
        let column = b.column("product");
        b.act(json!({"do": "commit", "node": node, "col": col}));
        let gap = b.sub(column, node);
        b.constrain("what it names", gap);
        words.push(column);
    }
    let later = b.add(time, on);
    b.act(json!({"do": "next", "registers": [later, zero]}));
    b.bus("cursor", 1, on, &[later, zero]);
    println!("wide: {} columns", b.next_column());
    let (table, step) = b.finish(0);
    let tables: Vec<_> = [table].into_iter().chain(machine_tables(2)).collect();
    let program = json!({
        "format": 1, "name": "wide", "version": 1, "registers": ["time", "phase"],
        "phases": [{"name": "idle", "steps": []}], "records": [], "events": [], "codes": [], "indexes": [],
        "limits": {"transaction_steps": 4096, "steps": 65000, "rows": 1 << 20, "bytes": 1 << 20, "messages": []},
        "tables": tables, "steps": [step],
    });
    Arc::new(Program::parse(program.to_string().as_bytes()).expect("a valid program"))
}

#[test]
#[ignore = "measures time"]
fn steps_per_second() {
    let mut engine = Engine::new(wide());
    for round in 0..3 {
        let start = Instant::now();
        for number in 0..60_000_i64 {
            assert_eq!(engine.run(0, &[2 + (number * 7919) % 5_000]).0, 0);
        }
        println!(
            "wide: {:.2} us per step",
            start.elapsed().as_secs_f64() * 1e6 / 60_000.0
        );
        let start = Instant::now();
        let sealed = engine.seal().unwrap();
        println!(
            "seal: {:.2} s, {} bytes",
            start.elapsed().as_secs_f64(),
            sealed.witness.len()
        );
        if round == 2 {
            let start = Instant::now();
            let traces = Traces::of(engine.program(), &Witness::from_bytes(&sealed.witness).unwrap()).unwrap();
            println!(
                "trace: {:.2} s, {:?}",
                start.elapsed().as_secs_f64(),
                traces.info(engine.program())
            );
        }
    }
    let mut engine = Engine::new(toy());
    let start = Instant::now();
    for number in 0..20_000_i64 {
        assert_eq!(engine.submit("pay", &[2 + number % 900, 1, 1]).code, 0);
    }
    println!(
        "toy: {:.2} us per transaction of 2 steps",
        start.elapsed().as_secs_f64() * 1e6 / 20_000.0
    );
}
