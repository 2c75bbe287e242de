//! Transactions on the toy rules: what they do, and that a refusal leaves no trace.

mod common;

use common::{RECORD, TOO_RICH, UNLUCKY, toy};
use kedge_machine::{
    ALIASED, BROKEN, CHUNK_FULL, Engine, MALFORMED, MAX_CHUNK_STEPS, MAX_TRANSACTION_STEPS, STUCK, SnapshotError,
    TOO_LONG,
};

fn code(engine: &mut Engine, step: &str, args: &[i64]) -> u32 {
    engine.submit(step, args).code
}

#[test]
fn a_payment_and_its_rounds() {
    let mut engine = Engine::new(toy());
    let outcome = engine.submit("pay", &[5, 100, 4]);
    assert_eq!((outcome.code, outcome.steps), (0, 5));
    assert_eq!(outcome.events.len(), 1);
    assert_eq!(outcome.events[0].fields, [5, 100]);
    // Rounds 4 and 2 are even, and only 2 is late; rounds 3 and 1 reward the greatest payment.
    assert_eq!(engine.get(5 * RECORD)[0], 102);
    assert_eq!(engine.get(77 * RECORD + 1)[0], 1);
    assert_eq!(code(&mut engine, "pay", &[6, 100, 1]), 0);
    assert_eq!(
        engine.get(6 * RECORD)[0],
        101,
        "among equal payments the later arrival comes last"
    );
    assert_eq!(engine.steps_in_chunk(), 7);
}

#[test]
fn refusals_have_codes() {
    let mut engine = Engine::new(toy());
    assert_eq!(code(&mut engine, "nothing", &[]), MALFORMED);
    assert_eq!(code(&mut engine, "pay", &[5, 100]), MALFORMED);
    assert_eq!(code(&mut engine, "pay", &[1, 100, 0]), MALFORMED);
    assert_eq!(code(&mut engine, "pay", &[5, i64::MIN, 0]), MALFORMED);
    assert_eq!(
        code(&mut engine, "odd", &[]),
        MALFORMED,
        "a follow-on step is no transaction"
    );
    assert_eq!(code(&mut engine, "pay", &[5, 13, 0]), UNLUCKY);
    assert_eq!(code(&mut engine, "pay", &[5, 65_536, 0]), TOO_RICH);
    assert_eq!(code(&mut engine, "twin", &[4, 4]), ALIASED);
    assert_eq!(code(&mut engine, "twin", &[4, 1 << 24]), BROKEN);
    assert_eq!(code(&mut engine, "jam", &[]), STUCK);
    assert_eq!(code(&mut engine, "spin", &[]), TOO_LONG);
}

#[test]
fn a_refusal_leaves_no_trace() {
    let mut engine = Engine::new(toy());
    assert_eq!(code(&mut engine, "pay", &[5, 100, 3]), 0);
    let before = engine.snapshot();
    let root = engine.root().unwrap();
    // The second round would lift account 9 over the edge only after writes, inserts and events.
    for (step, args) in [
        ("spin", &[][..]),
        ("jam", &[]),
        ("twin", &[9, 9]),
        ("pay", &[9, 13, 0]),
        ("pay", &[9, 65_535, 4999]),
    ] {
        let outcome = engine.submit(step, args);
        assert_ne!(outcome.code, 0, "{step}");
        assert_eq!((outcome.events.len(), outcome.steps), (0, 0));
        assert_eq!(engine.snapshot(), before);
        assert_eq!(engine.root().unwrap(), root);
    }
    let mut twin = Engine::new(toy());
    assert_eq!(code(&mut twin, "pay", &[5, 100, 3]), 0);
    assert_eq!(engine.submit("pay", &[8, 100, 5]), twin.submit("pay", &[8, 100, 5]));
    assert_eq!(engine.seal().unwrap(), twin.seal().unwrap());
}

#[test]
fn roots_within_a_chunk_do_not_change_its_seal() {
    let (mut asking, mut silent) = (Engine::new(toy()), Engine::new(toy()));
    for account in 2..40 {
        for engine in [&mut asking, &mut silent] {
            assert_eq!(code(engine, "pay", &[account, 200 + account, account % 7]), 0);
        }
        asking.root().unwrap();
    }
    let (a, b) = (asking.seal().unwrap(), silent.seal().unwrap());
    assert_eq!(a, b);
    assert_eq!(a.new_root, asking.root().unwrap());
    let next = asking.seal().unwrap();
    assert_eq!(
        (next.old_root, next.new_root, next.steps, next.touched.len()),
        (a.new_root, a.new_root, 0, 0)
    );
}

#[test]
fn snapshots_continue_exactly() {
    let mut engine = Engine::new(toy());
    for account in 2..20 {
        assert_eq!(code(&mut engine, "pay", &[account, 300 - account, 3]), 0);
        if account == 9 {
            engine.seal().unwrap();
        }
    }
    let bytes = engine.snapshot();
    let mut other = Engine::restore(toy(), &bytes).unwrap();
    assert_eq!(other.snapshot(), bytes);
    assert_eq!(other.root().unwrap(), engine.root().unwrap());
    assert_eq!(other.entries(), engine.entries());
    for engine in [&mut engine, &mut other] {
        assert_eq!(code(engine, "pay", &[30, 298, 5]), 0);
    }
    assert_eq!(other.seal().unwrap(), engine.seal().unwrap());
}

#[test]
fn hostile_snapshots_are_errors() {
    let mut engine = Engine::new(toy());
    assert_eq!(code(&mut engine, "pay", &[2, 300, 3]), 0);
    let bytes = engine.snapshot();
    for length in 0..bytes.len() {
        assert!(Engine::restore(toy(), &bytes[..length]).is_err());
    }
    for place in 0..bytes.len() {
        let mut bytes = bytes.clone();
        bytes[place] ^= 0x41;
        assert!(Engine::restore(toy(), &bytes).is_err());
    }
    assert_eq!(Engine::restore(toy(), b"").unwrap_err(), SnapshotError::Magic);
}

#[test]
fn a_full_chunk_must_be_sealed() {
    let mut engine = Engine::new(toy());
    let mut codes = Vec::new();
    while codes.last() != Some(&CHUNK_FULL) {
        codes.push(code(&mut engine, "pay", &[5, 1, 4000]));
    }
    assert!(codes[..codes.len() - 1].iter().all(|&code| code == 0));
    assert!(engine.steps_in_chunk() + MAX_TRANSACTION_STEPS > MAX_CHUNK_STEPS);
    engine.seal().unwrap();
    assert_eq!(code(&mut engine, "pay", &[5, 1, 4000]), 0);
}
