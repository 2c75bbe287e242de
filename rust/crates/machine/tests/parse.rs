//! The parser: what it accepts, and that everything else is a readable error.

mod common;

use common::{toy, toy_json};
use kedge_machine::Program;
use serde_json::{Value, json};

fn reason(change: impl FnOnce(&mut Value)) -> String {
    let mut program = toy_json();
    change(&mut program);
    Program::parse(program.to_string().as_bytes())
        .expect_err("a broken program")
        .to_string()
}

#[test]
fn the_toy_program_parses() {
    let program = toy();
    assert_eq!(program.step_index("twin"), Some(3));
    assert_ne!(program.digest(), [0; 32]);
}

#[test]
fn broken_programs_have_reasons() {
    type Case = (&'static str, fn(&mut Value));
    let cases: [Case; 22] = [
        ("format", |p| p["format"] = json!(2)),
        ("unknown field", |p| p["extra"] = json!(1)),
        ("unknown field", |p| p["steps"][0]["run"][0]["extra"] = json!(1)),
        ("unknown field `digest`", |p| p["digest"] = json!([0])),
        ("registers", |p| p["registers"][1] = json!("face")),
        ("no step", |p| p["phases"][1]["steps"][0] = json!("nobody")),
        ("has inputs", |p| p["phases"][1]["steps"][0] = json!("pay")),
        ("no such table", |p| p["steps"][0]["table"] = json!(99)),
        ("belongs to an earlier", |p| p["steps"][1]["table"] = json!(0)),
        ("operand", |p| p["tables"][0]["nodes"][1] = json!(["+", 1, 0])),
        ("index 999", |p| p["tables"][0]["nodes"][0] = json!(["c", 999])),
        ("constant", |p| p["tables"][0]["nodes"][0] = json!(["k", u64::MAX])),
        ("too many parts", |p| p["tables"][0]["nodes"][0] = json!(["c", 0, 0])),
        ("sign", |p| p["tables"][0]["buses"][0]["sign"] = json!(0)),
        ("elsewhere", |p| p["tables"][0]["buses"][0]["fields"] = json!([0])),
        ("no expression", |p| p["tables"][0]["constraints"][0][1] = json!(9999)),
        ("no column", |p| p["steps"][0]["run"][0]["col"] = json!(5000)),
        ("filled twice", |p| p["steps"][0]["run"][0]["col"] = json!(2)),
        ("never filled", |p| {
            p["tables"][0]["columns"].as_array_mut().unwrap().push(json!("new"))
        }),
        ("no value yet", |p| {
            let run = p["steps"][0]["run"].as_array_mut().unwrap();
            let first = run.remove(0);
            run.push(first);
        }),
        ("set the cursor", |p| {
            p["steps"][0]["run"].as_array_mut().unwrap().pop();
        }),
        ("columns are not", |p| p["tables"][8]["columns"][3] = json!("other")),
    ];
    for (want, change) in cases {
        let reason = reason(change);
        assert!(reason.contains(want), "{want}: {reason}");
    }
}

#[test]
fn degrees_are_bounded() {
    let reason = reason(|p| {
        let nodes = p["tables"][0]["nodes"].as_array_mut().unwrap();
        let last = nodes.len();
        nodes.push(json!(["*", 0, 0]));
        for power in 0..12 {
            nodes.push(json!(["*", last + power, last + power]));
        }
        p["tables"][0]["constraints"][0][1] = json!(last + 12);
    });
    assert!(reason.contains("degree 255"), "{reason}");
}

#[test]
fn hostile_bytes_are_errors() {
    let bytes = toy_json().to_string().into_bytes();
    for place in (0..bytes.len()).step_by(97) {
        assert!(Program::parse(&bytes[..place]).is_err());
        let mut bytes = bytes.clone();
        bytes[place] = bytes[place].wrapping_add(1);
        let _ = Program::parse(&bytes);
    }
    assert!(Program::parse(&vec![b' '; (16 << 20) + 1]).is_err());
    assert!(Program::parse("[".repeat(1 << 20).as_bytes()).is_err());
}
