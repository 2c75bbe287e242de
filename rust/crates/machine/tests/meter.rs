//! The meter on the toy rules: it counts what the prover fills, through refusals, snapshots and seals; and it is heeded.

mod common;

use std::sync::Arc;

use common::{UNLUCKY, toy, toy_json};
use kedge_machine::{
    CHUNK_FULL, Engine, MALFORMED, MAX_LOG_HEIGHT, OVERSIZED, PERMUTATION_WIDTH, Program, Sealed, TOO_LONG, Traces,
    Usage, Witness, program::Fill,
};
use p3_field::PrimeField64;
use serde_json::{Value, json};

/// Published bits of the toy's record: place (2 + 37), empty (1), a balance of 16 bits.
const RECORD_BITS: u32 = 56;
/// Published bits of a record that the toy does not declare.
const UNDECLARED_BITS: u32 = 40 + 512;

fn limited(rows: u32, bytes: u32) -> Arc<Program> {
    let mut program = toy_json();
    program["limits"] =
        json!({"transaction_steps": 16, "steps": 64, "rows": rows, "bytes": bytes, "messages": [["paid", 10]]});
    Arc::new(Program::parse(program.to_string().as_bytes()).unwrap())
}

/// Numbers that look random, always the same.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> i64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % sides) as i64
    }
}

/// What the proof of a sealed chunk really fills: runs by step, leaves, nodes, lookups of permutations, and their rows.
fn filled(program: &Program, sealed: &Sealed) -> (Vec<u32>, u32, u32, u64, usize) {
    let traces = Traces::of(program, &Witness::from_bytes(&sealed.witness).unwrap()).unwrap();
    let of = |fill| &traces.tables[program.table_of(fill).unwrap()];
    let steps = program
        .steps
        .iter()
        .map(|step| traces.tables[step.table as usize].rows as u32);
    let permutations = of(Fill::Poseidon2);
    let counts = permutations
        .values
        .chunks(PERMUTATION_WIDTH)
        .map(|row| row[PERMUTATION_WIDTH - 1]);
    (
        steps.collect(),
        of(Fill::Leaf).rows as u32,
        of(Fill::Node).rows as u32,
        counts.map(|count| count.as_canonical_u64()).sum(),
        permutations.rows,
    )
}

fn check(program: &Program, sealed: &Sealed, usage: &Usage) {
    let (steps, leaves, nodes, lookups, rows) = filled(program, sealed);
    assert_eq!(
        (&usage.steps, usage.leaves, usage.nodes, u64::from(usage.permutations)),
        (&steps, leaves, nodes, lookups)
    );
    assert!(rows as u64 <= lookups, "equal permutations share a row");
    let kinds = sealed.touched.iter().map(|record| {
        let is_declared = record.0 >> 10 & 7 == 0 && record.0 >> 13 != 0;
        if is_declared { RECORD_BITS } else { UNDECLARED_BITS }
    });
    let pays = steps[0];
    assert_eq!(usage.bytes, kinds.sum::<u32>().div_ceil(8) + 10 * pays);
}

fn play(engine: &mut Engine, dice: &mut Dice) -> u32 {
    match dice.roll(9) {
        0 => engine.submit("twin", &[dice.roll(1 << 24), dice.roll(40)]).code,
        1 => engine.submit("pay", &[2 + dice.roll(999), 13, 0]).code,
        2 => engine.submit("pay", &[2 + dice.roll(999), 65_530, 200]).code,
        3 => engine.submit("jam", &[]).code,
        _ => {
            engine
                .submit("pay", &[2 + dice.roll(999), 1 + dice.roll(90), dice.roll(9)])
                .code
        }
    }
}

#[test]
fn the_meter_counts_what_the_prover_fills() {
    let program = toy();
    let mut dice = Dice(7);
    let mut engine = Engine::new(toy());
    for round in 0..60 {
        let mut refused = 0;
        for _ in 0..round {
            let before = engine.usage();
            if play(&mut engine, &mut dice) != 0 {
                assert_eq!(engine.usage(), before, "a refusal leaves no trace in the meter");
                refused += 1;
            }
            if dice.roll(8) == 0 {
                let other = Engine::restore(toy(), &engine.snapshot()).unwrap();
                assert_eq!(other.usage(), engine.usage(), "a snapshot restores the meter");
                engine = other;
            }
            if dice.roll(8) == 0 {
                let usage = engine.usage();
                engine.root().unwrap();
                assert_eq!(engine.usage(), usage);
            }
        }
        assert!(round < 20 || refused > 0);
        let usage = engine.usage();
        check(&program, &engine.seal().unwrap(), &usage);
    }
}

#[test]
fn an_empty_chunk_has_the_node_of_the_root() {
    let mut engine = Engine::new(toy());
    let usage = engine.usage();
    assert_eq!(
        (usage.leaves, usage.nodes, usage.permutations, usage.bytes),
        (0, 1, 2, 0)
    );
    check(&toy(), &engine.seal().unwrap(), &usage);
}

#[test]
fn a_record_that_gets_its_words_back_is_not_published() {
    let mut engine = Engine::new(toy());
    assert_eq!(engine.submit("twin", &[4, 1 << 20]).code, 0);
    engine.seal().unwrap();
    assert_eq!(engine.submit("twin", &[0, 9]).code, 0);
    assert_eq!(engine.usage().bytes, RECORD_BITS.div_ceil(8), "account 0 gains nothing");
}

/// Payments to accounts far from each other, until one is not accepted.
fn fill(engine: &mut Engine) -> (u32, u32) {
    let mut account = 2;
    loop {
        let (usage, root, all) = (engine.usage(), engine.root().unwrap(), engine.snapshot());
        match engine.submit("pay", &[account, 1, 0]).code {
            0 => account += 90,
            code => {
                assert_eq!((engine.usage(), engine.root().unwrap()), (usage, root));
                assert_eq!(engine.snapshot(), all, "what did not fit leaves no trace");
                return ((account - 2) as u32 / 90, code);
            }
        }
    }
}

#[test]
fn a_chunk_that_is_full_of_rows_or_bytes_must_be_sealed() {
    // A payment alone: 1 leaf, 17 nodes and the root, before and after, and its own hash; 7 + 10 bytes.
    for (program, limit) in [(limited(100, 1 << 20), "rows"), (limited(1 << 20, 50), "bytes")] {
        let mut engine = Engine::new(program.clone());
        for _ in 0..3 {
            let (paid, code) = fill(&mut engine);
            assert_eq!(code, CHUNK_FULL, "{limit}");
            assert!((1..9).contains(&paid), "{paid} by {limit}");
            assert_eq!(engine.submit("pay", &[2, 1, 0]).code, CHUNK_FULL, "nothing overtakes");
            assert_eq!(
                engine.submit("pay", &[2, 13, 0]).code,
                CHUNK_FULL,
                "nothing is even tried"
            );
            let usage = engine.usage();
            let sealed = engine.seal().unwrap();
            check(&program, &sealed, &usage);
            assert!(usage.permutations <= program.limits.rows && usage.bytes <= program.limits.bytes);
        }
    }
}

#[test]
fn a_transaction_that_no_chunk_has_room_for_has_its_own_code() {
    for program in [limited(64, 10), limited(64, 16)] {
        let mut engine = Engine::new(program);
        let root = engine.root().unwrap();
        assert_eq!(engine.submit("pay", &[5, 1, 0]).code, OVERSIZED);
        assert_eq!(
            engine.submit("pay", &[5, 13, 0]).code,
            UNLUCKY,
            "the rules are asked first"
        );
        assert_eq!(engine.submit("twin", &[0, 9]).code, 0, "the chunk is not full");
        assert_eq!(
            engine.submit("pay", &[5, 1, 0]).code,
            CHUNK_FULL,
            "who knows, before it is tried alone"
        );
        engine.seal().unwrap();
        assert_eq!(engine.submit("pay", &[5, 1, 0]).code, OVERSIZED);
        assert_ne!(engine.root().unwrap(), root);
    }
}

#[test]
fn a_restored_engine_asks_again_and_keeps_the_limits() {
    let program = limited(100, 1 << 20);
    let mut engine = Engine::new(program.clone());
    assert_eq!(fill(&mut engine).1, CHUNK_FULL);
    let mut restored = Engine::restore(program.clone(), &engine.snapshot()).unwrap();
    assert_eq!(restored.usage(), engine.usage());
    assert_eq!(restored.submit("pay", &[999, 1, 0]).code, CHUNK_FULL);
    let (sealed, other) = (engine.seal().unwrap(), restored.seal().unwrap());
    assert_eq!(sealed, other);
    assert_eq!(restored.submit("pay", &[999, 1, 0]), engine.submit("pay", &[999, 1, 0]));
    assert_eq!(restored.usage(), engine.usage());
}

#[test]
fn a_chunk_that_is_full_of_steps_must_be_sealed() {
    // 16 steps a transaction and 64 a chunk: with 49 steps there is no room for a transaction of any length.
    let mut engine = Engine::new(limited(1 << 20, 1 << 20));
    for _ in 0..3 {
        for step in 0..49 {
            assert_eq!(engine.submit("twin", &[0, 9]).code, 0, "{step}");
        }
        assert_eq!(engine.submit("pay", &[5, 13, 0]).code, CHUNK_FULL);
        assert_eq!(engine.submit("pay", &[5, 0, 0]).code, MALFORMED, "that needs no room");
        assert_eq!(engine.seal().unwrap().steps, 49);
    }
    assert_eq!(engine.submit("spin", &[]).code, TOO_LONG);
    assert_eq!(engine.usage(), Engine::new(toy()).usage());
}

#[test]
fn costs_beyond_all_numbers_are_refused_and_do_not_wrap() {
    let mut hungry = toy_json();
    for table in hungry["tables"].as_array_mut().unwrap() {
        for bus in table["buses"].as_array_mut().unwrap() {
            if bus["bus"] == "poseidon2" {
                bus["weight"] = json!(u32::MAX);
            }
        }
    }
    let mut engine = Engine::new(Arc::new(Program::parse(hungry.to_string().as_bytes()).unwrap()));
    assert_eq!(engine.submit("pay", &[5, 1, 0]).code, OVERSIZED);
    assert_eq!(engine.submit("twin", &[0, 9]).code, 0, "it hashes nothing");
}

#[test]
fn limits_that_cannot_be_kept_are_refused() {
    let cases: [(&str, Value, &str); 8] = [
        ("transaction_steps", json!(4097), "more than 4096"),
        ("transaction_steps", json!(0), "more than 4096"),
        ("steps", json!(65_001), "to 65000"),
        ("steps", json!(4095), "not 4096"),
        ("rows", json!((1 << MAX_LOG_HEIGHT) + 1), "to 2^20"),
        ("rows", json!(64_999), "not 65000"),
        ("messages", json!([["nobody", 3]]), "no event nobody"),
        ("messages", json!([["paid", 4097]]), "a message of 4097 bytes"),
    ];
    for (name, value, want) in cases {
        let mut program = toy_json();
        program["limits"][name] = value;
        let reason = Program::parse(program.to_string().as_bytes()).unwrap_err().to_string();
        assert!(reason.contains(want), "{reason}");
    }
}
