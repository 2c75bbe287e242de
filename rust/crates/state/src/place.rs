//! Where a record lies in the tree: what is used together lies together.
//!
//! An address says whose a record is: account (24 bits), kind (3), slot (10). Its position in the tree has the same bits
//! in another order, from the top: the kind's highest bit, the slot but for its lowest bit, the account, the slot's lowest
//! bit, the rest of the kind. So eight records of an account, among them the account itself, share a node, the nodes of
//! neighbouring accounts share theirs, and the thousand slots that hardly anybody uses are apart. In the order of
//! addresses 2^13 places lay between two accounts, and the path of each was hashed for itself.

/// Levels of nodes above the leaves; the root is the one node of this level.
pub const LEVELS: usize = 18;
/// An address, and a position, is below 2^37.
pub const ADDRESS_BITS: u32 = 37;

const SLOT_BITS: u32 = 10;
const KIND_BITS: u32 = 3;
const ACCOUNT_BITS: u32 = 24;

/// The position of an address (both below 2^[`ADDRESS_BITS`]).
pub(crate) const fn position_of(address: u64) -> u64 {
    let slot = address & ((1 << SLOT_BITS) - 1);
    let kind = address >> SLOT_BITS & ((1 << KIND_BITS) - 1);
    let account = address >> (SLOT_BITS + KIND_BITS);
    (kind >> 2) << (ADDRESS_BITS - 1) | (slot >> 1) << (ACCOUNT_BITS + 3) | account << 3 | (slot & 1) << 2 | kind & 3
}

/// The address at a position: the inverse.
pub(crate) const fn address_at(position: u64) -> u64 {
    let slot = (position >> (ACCOUNT_BITS + 3) & ((1 << (SLOT_BITS - 1)) - 1)) << 1 | position >> 2 & 1;
    let kind = (position >> (ADDRESS_BITS - 1)) << 2 | position & 3;
    let account = position >> 3 & ((1 << ACCOUNT_BITS) - 1);
    account << (SLOT_BITS + KIND_BITS) | kind << SLOT_BITS | slot
}

/// The leaf in which a record lies.
#[must_use]
pub const fn leaf_of(address: u64) -> u64 {
    position_of(address) >> 1
}

/// The addresses of the two records of a leaf: they differ in the kind's lowest bit. No leaf has an index from 2^36 on;
/// asked for one nevertheless, this answers something.
#[must_use]
pub const fn records_of(leaf: u64) -> [u64; 2] {
    [address_at(leaf << 1), address_at(leaf << 1 | 1)]
}

/// A leaf's index in parts, as the table of leaves has them: the middle bit of its records' kind, the lowest bit of their
/// slot, the account's lower 16 bits and upper 8, the slot's upper 9 bits, the kind's highest bit.
#[must_use]
pub const fn parts_of(leaf: u64) -> [u64; 6] {
    let account = leaf >> 2 & ((1 << ACCOUNT_BITS) - 1);
    let above = leaf >> (ACCOUNT_BITS + 2);
    let slots = above & ((1 << (SLOT_BITS - 1)) - 1);
    [
        leaf & 1,
        leaf >> 1 & 1,
        account & 0xFFFF,
        account >> 16,
        slots,
        above >> (SLOT_BITS - 1),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bit_of_an_address_has_its_place() {
        let places: Vec<u64> = (0..ADDRESS_BITS).map(|bit| position_of(1 << bit)).collect();
        let mut sorted = places.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, (0..ADDRESS_BITS).map(|bit| 1 << bit).collect::<Vec<u64>>());
        for (bit, place) in places.iter().enumerate() {
            assert_eq!(address_at(*place), 1 << bit);
        }
        let all = (1 << ADDRESS_BITS) - 1;
        assert_eq!((position_of(all), address_at(all)), (all, all));
        let mixed = 0x12_3456_789A;
        assert_eq!(
            position_of(mixed),
            (0..ADDRESS_BITS)
                .filter(|bit| mixed >> bit & 1 == 1)
                .map(|bit| places[bit as usize])
                .sum()
        );
        assert_eq!(address_at(position_of(mixed)), mixed);
    }

    #[test]
    fn an_account_and_its_first_slots_share_a_node() {
        let account = 7 << 13;
        for (kind, slot) in [(0, 0), (1, 0), (2, 0), (2, 1), (3, 0), (3, 1)] {
            assert_eq!(leaf_of(account | kind << 10 | slot) >> 2, leaf_of(account) >> 2);
        }
        assert_ne!(leaf_of(account | 2 << 10 | 2) >> 2, leaf_of(account) >> 2);
        assert_eq!(records_of(leaf_of(account)), [account, account | 1 << 10]);
    }
}
