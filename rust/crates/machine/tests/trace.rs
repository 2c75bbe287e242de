//! Witnesses and traces of the toy rules: valid ones pass the checker, anything else is noticed.

mod common;

use common::{RECORD, toy};
use kedge_machine::{
    Engine, Program, ReplayError, Sealed, TableTrace, Traces, Witness, check, program::Fill, survivors,
};
use p3_field::PrimeCharacteristicRing;
use p3_goldilocks::Goldilocks;

/// Two chunks, and the second one's seal.
fn sealed() -> Sealed {
    let mut engine = Engine::new(toy());
    assert_eq!(engine.submit("pay", &[5, 100, 4]).code, 0);
    engine.seal().unwrap();
    for (account, amount, rounds) in [(5, 20, 3), (6, 900, 0), (7, 3, 7), (7, 1, 1)] {
        assert_eq!(engine.submit("pay", &[account, amount, rounds]).code, 0);
    }
    assert_eq!(engine.submit("twin", &[5, 1 << 20]).code, 0);
    engine.seal().unwrap()
}

fn traces(program: &Program, sealed: &Sealed) -> Traces {
    Traces::of(program, &Witness::from_bytes(&sealed.witness).unwrap()).unwrap()
}

#[test]
fn a_sealed_chunk_checks() {
    let (program, sealed) = (toy(), sealed());
    let traces = traces(&program, &sealed);
    assert_eq!((traces.old_root, traces.new_root), (sealed.old_root, sealed.new_root));
    assert_eq!(
        check(&program, &traces.tables, &sealed.old_root, &sealed.new_root),
        Vec::<String>::new()
    );
    let info = traces.info(&program);
    assert_eq!(
        info.steps.iter().map(|step| step.1).sum::<usize>(),
        sealed.steps as usize
    );
    assert_eq!(info.steps[0], ("pay".to_owned(), 4));
    assert!(sealed.touched.iter().any(|record| record.0 == 5 * RECORD));
    assert!(info.permutations > 40);
    let mut other = sealed.new_root;
    other[0] ^= 1;
    assert!(!check(&program, &traces.tables, &sealed.old_root, &other).is_empty());
}

#[test]
fn an_empty_chunk_checks() {
    let program = toy();
    let sealed = Engine::new(toy()).seal().unwrap();
    assert_eq!(sealed.old_root, sealed.new_root);
    let traces = traces(&program, &sealed);
    assert_eq!(
        check(&program, &traces.tables, &sealed.old_root, &sealed.new_root),
        Vec::<String>::new()
    );
    assert!(traces.tables.iter().all(|table| table.height().is_power_of_two()));
}

#[test]
fn the_checker_notices_what_the_mutations_notice() {
    let (program, sealed) = (toy(), sealed());
    let traces = traces(&program, &sealed);
    let rows = |trace: &TableTrace| vec![0, trace.rows.saturating_sub(1), trace.height() - 1];
    let alive = survivors(
        &program,
        &traces.tables,
        &sealed.old_root,
        &sealed.new_root,
        &[1, 1 << 40],
        rows,
    );
    for (place, (table, trace)) in program.tables.iter().zip(&traces.tables).enumerate() {
        for row in [0, trace.rows.saturating_sub(1), trace.height() - 1] {
            for column in (0..trace.width).step_by(3) {
                let mut tables = traces.tables.clone();
                tables[place].values[row * trace.width + column] += Goldilocks::ONE;
                let caught = !check(&program, &tables, &sealed.old_root, &sealed.new_root).is_empty();
                let survives = alive.iter().any(|cell| {
                    cell.table == table.name && cell.row == row && cell.column == column && cell.value < 1 << 40
                });
                assert_eq!(caught, !survives, "{} row {row} column {column}", table.name);
            }
        }
        // On real rows only the inverse of zero, and what belongs to an access that is off, is free.
        for cell in alive
            .iter()
            .filter(|cell| cell.table == table.name && cell.row < trace.rows)
        {
            let name = table.columns.get(cell.column).map_or("", String::as_str);
            let free = name.starts_with("inverse") || (table.name == "any" && name.starts_with("seen"));
            assert!(
                free || table.fill == Fill::Chunk && cell.row > 0,
                "{} {name}",
                table.name
            );
        }
    }
}

#[test]
fn hostile_witnesses_are_errors() {
    let (program, sealed) = (toy(), sealed());
    assert_eq!(Witness::from_bytes(&sealed.witness).unwrap().to_bytes(), sealed.witness);
    for length in 0..sealed.witness.len() {
        assert!(Witness::from_bytes(&sealed.witness[..length]).is_err());
    }
    for place in 0..sealed.witness.len() {
        for flip in [0x01, 0x80, 0xff] {
            let mut bytes = sealed.witness.clone();
            bytes[place] ^= flip;
            let Ok(witness) = Witness::from_bytes(&bytes) else {
                continue;
            };
            // A change that replays (an argument, say) must lead to other roots or be one that the rules allow.
            if let Ok(traces) = Traces::of(&program, &witness) {
                assert_ne!(
                    (traces.old_root, traces.new_root),
                    (sealed.old_root, sealed.new_root),
                    "byte {place}"
                );
            }
        }
    }
}

#[test]
fn replay_names_the_step_that_is_refused() {
    let program = toy();
    let mut engine = Engine::new(toy());
    assert_eq!(engine.submit("pay", &[5, 12, 0]).code, 0);
    let sealed = engine.seal().unwrap();
    let place = sealed
        .witness
        .iter()
        .rposition(|&byte| byte == 24)
        .expect("12 as a zigzag number");
    let unlucky: Vec<usize> = (0..=place).filter(|&at| sealed.witness[at] == 24).collect();
    let refused = unlucky.into_iter().filter_map(|at| {
        let mut bytes = sealed.witness.clone();
        bytes[at] = 26;
        Traces::of(&program, &Witness::from_bytes(&bytes).ok()?).err()
    });
    let expected = ReplayError::Refused {
        number: 0,
        name: "pay".to_owned(),
        code: common::UNLUCKY,
    };
    assert!(refused.into_iter().any(|error| error == expected));
}
