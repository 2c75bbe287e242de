//! Advice functions. They are total: whatever the arguments, they give values and never fail.
//!
//! Nothing here is trusted: the constraints of a step pin what advice may be.

use p3_field::{Field, PrimeCharacteristicRing};
use p3_goldilocks::Goldilocks;

use crate::plan::lift;
use crate::program::{HintFn, MODULUS};

/// Computes advice from `slots[args]` into `slots[cols]`. Invariant: shapes were validated.
pub(crate) fn compute_hint(function: HintFn, args: &[u32], params: &[i64], cols: &[u32], slots: &mut [Goldilocks]) {
    let word = |index: usize| slots[args[index] as usize];
    let int = |index: usize| i128::from(lift(word(index)));
    match function {
        HintFn::Inverse => slots[cols[0] as usize] = word(0).try_inverse().unwrap_or(Goldilocks::ZERO),
        HintFn::Less => slots[cols[0] as usize] = Goldilocks::from_bool(int(0) < int(1)),
        HintFn::Isqrt => slots[cols[0] as usize] = Goldilocks::from_u64(int(0).max(0).isqrt() as u64),
        HintFn::And => {
            let value = int(0) >> params[0];
            slots[cols[0] as usize] = Goldilocks::from_u64(low_bits(value, params[1]));
        }
        HintFn::Limbs => {
            let mut rest = int(0);
            for (&width, &col) in params.iter().zip(cols) {
                slots[col as usize] = Goldilocks::from_u64(low_bits(rest, width));
                rest >>= width;
            }
        }
        HintFn::Muldiv => {
            // |a * b| < 2^126 and |d| < 2^63, so nothing overflows.
            let (numerator, divisor) = (int(0) * int(1) + int(3), int(2));
            let (quotient, remainder) = if divisor > 0 {
                (numerator.div_euclid(divisor), numerator.rem_euclid(divisor))
            } else {
                (0, 0)
            };
            slots[cols[0] as usize] = reduce(quotient);
            slots[cols[1] as usize] = reduce(remainder);
        }
    }
}

/// The lowest bits of the two's complement form; `bits` is 1 to 63.
const fn low_bits(value: i128, bits: i64) -> u64 {
    (value as u64) & ((1 << bits) - 1)
}

fn reduce(value: i128) -> Goldilocks {
    match u64::try_from(value) {
        Ok(small) => Goldilocks::from_u64(small),
        Err(_) => Goldilocks::from_u64(value.rem_euclid(i128::from(MODULUS)) as u64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{lift_word, word_of};

    fn hint<const N: usize>(function: HintFn, args: &[i64], params: &[i64]) -> [i64; N] {
        let mut slots: Vec<Goldilocks> = args.iter().map(|&arg| Goldilocks::new(word_of(arg))).collect();
        slots.resize(args.len() + N, Goldilocks::ZERO);
        let places: Vec<u32> = (0..slots.len() as u32).collect();
        compute_hint(
            function,
            &places[..args.len()],
            params,
            &places[args.len()..],
            &mut slots,
        );
        core::array::from_fn(|col| lift(slots[args.len() + col]))
    }

    const HALF: i64 = ((MODULUS - 1) / 2) as i64;

    #[test]
    fn division_rounds_down() {
        assert_eq!(hint(HintFn::Muldiv, &[7, 3, 4, 0], &[]), [5, 1]);
        assert_eq!(hint(HintFn::Muldiv, &[-7, 3, 4, 0], &[]), [-6, 3]);
        assert_eq!(hint(HintFn::Muldiv, &[7, 3, 0, 5], &[]), [0, 0]);
        assert_eq!(hint(HintFn::Muldiv, &[7, 3, -4, 5], &[]), [0, 0]);
        assert_eq!(
            hint(HintFn::Muldiv, &[HALF, HALF, HALF, HALF - 1], &[]),
            [HALF, HALF - 1]
        );
        assert_eq!(
            hint(HintFn::Muldiv, &[HALF, 2, 1, 1], &[]),
            [0, 0],
            "a quotient is taken modulo p"
        );
    }

    #[test]
    fn bits_are_those_of_twos_complement() {
        assert_eq!(
            hint(HintFn::Limbs, &[0x1_2345_6789], &[16, 8, 20]),
            [0x6789, 0x45, 0x123]
        );
        assert_eq!(
            hint(HintFn::Limbs, &[-1], &[16, 63]),
            [0xffff, lift_word(((1 << 63) - 1) % MODULUS)]
        );
        assert_eq!(hint(HintFn::And, &[-5], &[1, 4]), [13]);
        assert_eq!(hint(HintFn::And, &[-1], &[63, 1]), [1]);
    }

    #[test]
    fn the_others_are_total() {
        assert_eq!(hint(HintFn::Isqrt, &[99], &[]), [9]);
        assert_eq!(hint(HintFn::Isqrt, &[-4], &[]), [0]);
        assert_eq!(hint(HintFn::Inverse, &[0], &[]), [0]);
        assert_eq!(hint(HintFn::Inverse, &[-1], &[]), [-1]);
        assert_eq!(hint(HintFn::Less, &[-1, 0], &[]), [1]);
        assert_eq!(hint(HintFn::Less, &[0, 0], &[]), [0]);
    }
}
