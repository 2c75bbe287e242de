//! What proves, and what does not.

use std::sync::atomic::AtomicBool;

use kedge_stark::{ProveError, Proved, Rows, TARGET_BITS, VerifyError, prove, verify};
use p3_field::PrimeCharacteristicRing;

use crate::toy;

fn attempt(rows: Vec<Rows>) -> Result<Proved, ProveError> {
    prove(
        &toy::program(1),
        rows,
        toy::publics(),
        &mut |_, _| (),
        &AtomicBool::new(false),
    )
}

fn assert_unsatisfied(rows: Vec<Rows>) {
    match attempt(rows) {
        Err(ProveError::Unsatisfied(VerifyError::Invalid(_))) => {}
        other => panic!("{:?}", other.map(|proved| proved.stages)),
    }
}

#[test]
fn a_chunk_proves_and_verifies() {
    let mut seen = vec![];
    let program = toy::program(1);
    let mut note = |stage: &str, part: f64| seen.push((stage.to_owned(), part));
    let proved = prove(
        &program,
        toy::rows(100),
        toy::publics(),
        &mut note,
        &AtomicBool::new(false),
    )
    .unwrap();
    assert_eq!(seen.len(), 8);
    let verified = verify(&program, &proved.bytes).unwrap();
    assert_eq!(verified, proved.verified);
    assert_eq!((verified.old_root, verified.new_root), ([1, 2, 3, 4], [5, 6, 7, 8]));
    assert_eq!(verified.program, program.digest());
    let heights: Vec<usize> = verified.tables.iter().map(|(_, bits)| *bits).collect();
    assert_eq!(heights, [7, 7, 4, 12, 7]);
    assert!(verified.security.conjectured >= f64::from(TARGET_BITS));
    assert!(verified.security.proven < verified.security.conjectured);
}

#[test]
fn an_empty_chunk_proves() {
    let proved = attempt(toy::rows(0)).unwrap();
    let heights: Vec<usize> = proved.verified.tables.iter().map(|(_, bits)| *bits).collect();
    assert_eq!(heights, [4, 4, 4, 12, 4]);
}

#[test]
fn every_pinned_cell_binds() {
    // Table and cell, of a chunk of five steps: one column after the other, in a row that is used.
    let tick = toy::TICK.len();
    let cells = (0..tick)
        .map(|column| (0, 2 * tick + column))
        .chain((0..3).map(|column| (1, 3 + column)));
    let chunk = (0..9).map(|column| (2, column));
    for (table, at) in cells.chain(chunk).chain([(3, 7919), (3, 5), (4, 1)]) {
        let mut rows = toy::rows(5);
        *toy::cell(&mut rows, table, at) += p3_goldilocks::Goldilocks::ONE;
        assert_unsatisfied(rows);
    }
}

#[test]
fn a_lost_step_unbalances() {
    let mut rows = toy::rows(5);
    if let Rows::Cells(cells) = &mut rows[1] {
        cells.truncate(4 * 3);
    }
    assert_unsatisfied(rows);
}

#[test]
fn rows_that_do_not_fit_are_named() {
    let mut rows = toy::rows(5);
    rows.swap(0, 3);
    assert!(matches!(attempt(rows), Err(ProveError::Rows { table, .. }) if table == "tick"));
    let mut rows = toy::rows(5);
    rows.pop();
    assert!(matches!(attempt(rows), Err(ProveError::Rows { .. })));
    let mut rows = toy::rows(5);
    rows[2] = Rows::Cells(vec![p3_goldilocks::Goldilocks::ZERO; 9 * 17]);
    assert!(matches!(attempt(rows), Err(ProveError::Rows { table, .. }) if table == "chunk"));
}

#[test]
fn a_set_flag_cancels() {
    let outcome = prove(
        &toy::program(1),
        toy::rows(5),
        toy::publics(),
        &mut |_, _| (),
        &AtomicBool::new(true),
    );
    assert!(matches!(outcome, Err(ProveError::Cancelled)));
}

#[test]
fn public_values_are_canonical() {
    let mut publics = toy::publics();
    publics[3] = u64::MAX;
    let outcome = prove(
        &toy::program(1),
        toy::rows(5),
        publics,
        &mut |_, _| (),
        &AtomicBool::new(false),
    );
    assert!(matches!(outcome, Err(ProveError::Rows { .. })));
}
