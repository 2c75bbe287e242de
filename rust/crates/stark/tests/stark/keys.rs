//! Programs that the machine accepts and this proof system does not.

use std::sync::Arc;

use kedge_stark::{KeyError, Keys, Security};
use serde_json::{Value, json};

use crate::toy;

/// Adds an expression to the first table; its id.
fn push(document: &mut Value, node: Value) -> usize {
    let nodes = document["tables"][0]["nodes"].as_array_mut().expect("a list");
    nodes.push(node);
    nodes.len() - 1
}

/// Lets the first table send an expression on the bus `pass`, next to what it sends already.
fn send(document: &mut Value, field: usize) {
    let buses = document["tables"][0]["buses"].as_array_mut().expect("a list");
    buses.push(json!({"bus": "pass", "sign": 1, "count": 0, "weight": 1, "fields": [field, 0]}));
}

fn refused(document: &Value) -> KeyError {
    match Keys::of(&toy::parse(document)) {
        Err(error) => error,
        Ok(_) => panic!("there are keys"),
    }
}

#[test]
fn keys_are_shared_and_tell_the_shape() {
    let program = toy::program(1);
    let (keys, again) = (Keys::of(&program).unwrap(), Keys::of(&program).unwrap());
    assert!(Arc::ptr_eq(&keys, &again));
    assert_eq!(keys.program(), program.digest());
    let tick = &keys.tables()[0];
    // Two uses of the cursor share a column, three other buses have one each.
    assert_eq!(
        (tick.uses, tick.fractions, tick.permutation(), tick.chunks),
        (5, 4, 5, 2)
    );
    assert!(keys.preprocessed_root().is_some());
}

#[test]
fn a_tuple_of_too_high_a_degree_is_named() {
    let mut document = toy::document(1);
    let square = push(&mut document, json!(["*", 2, 2]));
    let cube = push(&mut document, json!(["*", square, 2]));
    send(&mut document, cube);
    let error = refused(&document);
    assert!(
        matches!(error, KeyError::Degree { ref table, degree: 4, .. } if table == "tick"),
        "{error}"
    );
}

#[test]
fn expressions_are_bounded() {
    // A chain that is nested too deep; a doubling that is short with sharing and endless without.
    let mut deep = toy::document(1);
    let mut last = 0;
    for _ in 0..1001 {
        last = push(&mut deep, json!(["+", last, 1]));
    }
    let mut wide = toy::document(1);
    last = 2;
    for _ in 0..64 {
        last = push(&mut wide, json!(["+", last, last]));
    }
    send(&mut wide, last);
    for document in [deep, wide] {
        let error = refused(&document);
        assert!(
            matches!(error, KeyError::Table { ref table, .. } if table == "tick"),
            "{error}"
        );
    }
}

#[test]
fn the_chunk_table_is_not_optional() {
    let mut document = toy::document(1);
    document["tables"].as_array_mut().expect("a list").remove(2);
    assert!(matches!(refused(&document), KeyError::Program(_)));
}

#[test]
fn heights_and_uses_cost_bits() {
    let keys = Keys::of(&toy::program(1)).unwrap();
    let bits = |log_heights: [usize; 5], name: &str| {
        let security = Security::of(keys.tables(), &log_heights);
        assert!(security.is_enough(), "{security:?}");
        let term = security.terms.iter().find(|(term, _)| term == name);
        term.unwrap_or_else(|| panic!("no term {name}")).1
    };
    for name in ["logup-fingerprint", "batch-combination", "deep-ali", "ldt-commit-phase"] {
        assert!(bits([20, 20, 4, 12, 20], name) < bits([4, 4, 4, 12, 4], name), "{name}");
    }
    // 5 uses in 2^20 rows, 1 in each of 2^20 and 2^20, 2 in 2^4 and 16 in 2^12, tuples of 20 words, 10 bits of work.
    let uses = f64::from(5 << 20) + f64::from(2 << 20) + 32.0 + 65536.0;
    let expected = 127.0 - uses.log2() - 22f64.log2() + 10.0;
    assert!((bits([20, 20, 4, 12, 20], "logup-fingerprint") - expected).abs() < 0.2);
}
