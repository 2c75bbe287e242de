//! Bytes that no honest prover made: each is refused with a reason, and nothing panics.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;
use std::sync::atomic::AtomicBool;

use kedge_machine::program::Program;
use kedge_stark::{MAGIC, Proved, VERSION, VerifyError, prove, verify};

use crate::toy;

/// Length of the header of a toy proof: five tables.
const HEADER: usize = 8 + 2 + 32 + 64 + 2 + 5;

fn honest() -> &'static (Program, Vec<u8>) {
    static PROOF: OnceLock<(Program, Vec<u8>)> = OnceLock::new();
    PROOF.get_or_init(|| {
        let program = toy::program(1);
        let done = prove(
            &program,
            toy::rows(20),
            toy::publics(),
            &mut |_, _| (),
            &AtomicBool::new(false),
        );
        let Proved { bytes, .. } = done.expect("the toy proves");
        (program, bytes)
    })
}

/// The reason for refusing `bytes`; `verify` itself must not panic, and it must not have to catch one.
fn refused(bytes: &[u8]) -> VerifyError {
    let outcome = catch_unwind(AssertUnwindSafe(|| verify(&honest().0, bytes)));
    let error = outcome.expect("verify panicked").expect_err("hostile bytes verified");
    assert!(!matches!(error, VerifyError::Panicked(_)), "{error}");
    assert!(!error.to_string().is_empty());
    error
}

/// A small generator of bytes: the tests must fail the same way twice.
struct Xorshift(u64);

impl Xorshift {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }
}

#[test]
fn the_header_is_checked_field_by_field() {
    let (_, bytes) = honest();
    let with = |at: usize, byte: u8| {
        let mut bytes = bytes.clone();
        bytes[at] = byte;
        refused(&bytes)
    };
    assert_eq!(with(0, b'k'), VerifyError::BadMagic);
    assert_eq!(refused(b"KEDGEPR"), VerifyError::BadMagic);
    assert_eq!(refused(&MAGIC), VerifyError::Truncated);
    assert_eq!(with(8, 9), VerifyError::Version(9));
    assert!(matches!(with(10, bytes[10] ^ 1), VerifyError::WrongProgram { .. }));
    let mut large = bytes.clone();
    large[42 + 8..42 + 16].fill(0xff);
    assert_eq!(refused(&large), VerifyError::Public(1));
    assert!(matches!(with(106, 6), VerifyError::Shape(_)));
    // A height out of bounds; one that another table has; the heights that the program fixes.
    assert!(matches!(
        with(108, 21),
        VerifyError::Height {
            got: 21,
            expected: None,
            ..
        }
    ));
    assert!(matches!(with(108, 3), VerifyError::Height { .. }));
    assert!(matches!(with(108, 6), VerifyError::Shape(_)));
    assert!(matches!(with(110, 5), VerifyError::Height { expected: Some(4), .. }));
    assert!(matches!(with(111, 11), VerifyError::Height { expected: Some(12), .. }));
    assert_eq!(u16::from_le_bytes([bytes[8], bytes[9]]), VERSION);
}

#[test]
fn other_public_values_do_not_verify() {
    let (_, bytes) = honest();
    for word in 0..8 {
        let mut bytes = bytes.clone();
        bytes[42 + 8 * word] ^= 1;
        assert!(matches!(refused(&bytes), VerifyError::Invalid(_)));
    }
}

#[test]
fn a_proof_of_another_program_is_refused() {
    let (program, bytes) = honest();
    let other = toy::program(2);
    assert!(matches!(verify(&other, bytes), Err(VerifyError::WrongProgram { .. })));
    // The same with the header forged: equal shape, equal constraints, yet the transcript starts from the digest.
    let mut forged = bytes.clone();
    forged[10..42].copy_from_slice(&other.digest());
    assert!(matches!(verify(&other, &forged), Err(VerifyError::Invalid(_))));
    assert!(verify(program, bytes).is_ok());
}

#[test]
fn every_truncation_is_refused() {
    let (_, bytes) = honest();
    let ends = (0..HEADER + 200)
        .chain((HEADER + 200..bytes.len()).step_by(bytes.len() / 200))
        .chain([bytes.len() - 1]);
    for end in ends {
        let reason = refused(&bytes[..end]);
        assert!(
            matches!(reason, VerifyError::Truncated | VerifyError::BadMagic),
            "{end}: {reason}"
        );
    }
}

#[test]
fn bytes_after_the_proof_are_refused() {
    let mut bytes = honest().1.clone();
    bytes.push(0);
    assert_eq!(refused(&bytes), VerifyError::Trailing(1));
    bytes.resize(64 << 20, 0);
    assert!(matches!(refused(&bytes), VerifyError::TooLong { .. }));
}

#[test]
fn a_flipped_bit_is_refused_wherever_it_is() {
    let (_, bytes) = honest();
    let mut random = Xorshift(1);
    let step = bytes.len() / 600;
    let ends = [bytes.len() - 1, bytes.len() - 8, bytes.len() - 9];
    for at in (0..HEADER + 64).chain((HEADER..bytes.len()).step_by(step)).chain(ends) {
        let mut bytes = bytes.clone();
        bytes[at] ^= 1 << random.below(8);
        refused(&bytes);
    }
}

#[test]
fn random_bytes_and_damaged_proofs_never_panic() {
    let (_, bytes) = honest();
    let mut random = Xorshift(2);
    for case in 0..2000 {
        // Noise alone, or behind as much of an honest proof as the case says.
        let kept = if case % 4 == 0 {
            0
        } else {
            HEADER + random.below(bytes.len() - HEADER) * (case % 4 - 1) / 2
        };
        let mut hostile = bytes[..kept].to_vec();
        hostile.extend((0..random.below(600)).map(|_| random.next() as u8 & [0xff, 0x03, 0x80, 0x01][case % 3]));
        refused(&hostile);
    }
    for _ in 0..400 {
        let mut hostile = bytes.clone();
        for _ in 0..=random.below(4) {
            match random.below(4) {
                0 => {
                    let at = HEADER + random.below(hostile.len() - HEADER);
                    hostile[at] = random.next() as u8;
                }
                1 => hostile.truncate((HEADER + random.below(hostile.len() - HEADER)).max(HEADER + 700)),
                2 => {
                    let (from, length) = (HEADER + random.below(hostile.len() - HEADER - 64), random.below(64));
                    hostile.drain(from..from + length);
                }
                _ => {
                    let at = HEADER + random.below(hostile.len() - HEADER);
                    hostile.splice(
                        at..at,
                        (0..random.below(16)).map(|_| random.next() as u8).collect::<Vec<_>>(),
                    );
                }
            }
        }
        if hostile != *bytes {
            refused(&hostile);
        }
    }
}
