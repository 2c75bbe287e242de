//! The tree against definitions written out by hand, and against hostile input.

use kedge_state::{
    Error, LEVELS, Partial, Record, Tree, digest_from_bytes, digest_to_bytes, empty_root, hash, hash_many, leaf_of,
    records_of,
};
use p3_field::PrimeField64;
use p3_goldilocks::{Goldilocks, default_goldilocks_poseidon2_16};
use p3_symmetric::Permutation;

/// What a partial tree is made of: leaves with their records, siblings.
type Parts = (Vec<(u64, [Record; 2])>, Vec<Option<[u64; 4]>>);

/// A small generator, so that failures repeat.
struct Draw(u64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        (mixed ^ (mixed >> 27)) % Goldilocks::ORDER_U64
    }

    fn record(&mut self) -> Record {
        std::array::from_fn(|_| self.next())
    }

    /// Records of a few accounts, so that leaves and nodes are shared.
    fn changes(&mut self, count: usize) -> Vec<(u64, Record)> {
        (0..count)
            .map(|_| ((self.next() % 40) * 8192 + self.next() % 64, self.record()))
            .collect()
    }
}

fn join(parts: &[&[u64]]) -> [u64; 16] {
    parts.concat().try_into().expect("sixteen words")
}

#[test]
fn hash_is_the_permutation_with_feed_forward() {
    let mut draw = Draw(1);
    let inputs: Vec<[u64; 16]> = (0..1031).map(|_| std::array::from_fn(|_| draw.next())).collect();
    let digests = hash_many(&inputs);
    for (input, digest) in inputs.iter().zip(&digests) {
        let out = default_goldilocks_poseidon2_16().permute(input.map(Goldilocks::new));
        let expected: [u64; 4] = std::array::from_fn(|i| (out[i] + Goldilocks::new(input[i])).as_canonical_u64());
        assert_eq!(*digest, expected);
        assert_eq!(hash(input), expected);
    }
}

#[test]
fn batches_of_every_length_agree_with_single_hashes() {
    let mut draw = Draw(2);
    let inputs: Vec<[u64; 16]> = (0..40).map(|_| std::array::from_fn(|_| draw.next())).collect();
    let single: Vec<_> = inputs.iter().map(hash).collect();
    for length in 0..=inputs.len() {
        assert_eq!(hash_many(&inputs[..length]), single[..length]);
    }
}

#[test]
fn two_leaves_by_hand() {
    let (a, b, c): (Record, Record, Record) = ([1; 8], [2; 8], [3; 8]);
    // Kinds 0 and 1 of an account's slot 0 share its first leaf, kind 2 of its slot 1 is the first record of its last leaf.
    let mut tree = Tree::new();
    tree.update(&[(2 << 10 | 1, c), (0, a), (1 << 10, b)]).unwrap();
    let empty_leaf = hash(&[0; 16]);
    let first = hash(&join(&[&a, &b]));
    let last = hash(&join(&[&c, &[0; 8]]));
    let mut digest = hash(&join(&[&first, &empty_leaf, &empty_leaf, &last]));
    let mut empty = hash(&join(&[&empty_leaf; 4].map(|leaf| &leaf[..])));
    for _ in 1..LEVELS {
        digest = hash(&join(&[&digest, &empty, &empty, &empty]));
        empty = hash(&join(&[&empty; 4].map(|node| &node[..])));
    }
    assert_eq!(tree.root(), digest);
    assert_eq!(empty_root(), empty);
    assert_eq!(Tree::new().root(), empty);
}

#[test]
fn incremental_and_from_scratch_agree() {
    let mut draw = Draw(3);
    let mut tree = Tree::new();
    for round in 0..30 {
        let mut changes = draw.changes(50);
        changes.extend(tree.entries().iter().step_by(3).map(|(address, _)| (*address, [0; 8])));
        tree.update(&changes).unwrap();
        let mut single = Tree::new();
        for (address, words) in tree.entries() {
            single.set(address, words).unwrap();
        }
        assert_eq!(single, tree, "round {round}");
    }
    let emptied: Vec<_> = tree.entries().iter().map(|(address, _)| (*address, [0; 8])).collect();
    tree.update(&emptied).unwrap();
    assert_eq!(tree, Tree::new());
}

#[test]
fn paths_lead_to_the_root() {
    let mut draw = Draw(4);
    let mut tree = Tree::new();
    tree.update(&draw.changes(100)).unwrap();
    for address in [0, 1, 7 << 13 | 5, (1 << 37) - 1]
        .into_iter()
        .chain(tree.entries().iter().map(|e| e.0))
    {
        let path = tree.path(address).unwrap();
        assert_eq!(path.root(address, &tree.get(address)), Ok(tree.root()));
        assert_ne!(path.root(address, &[9; 8]), Ok(tree.root()));
    }
    assert_eq!(tree.path(1 << 37), Err(Error::Address(1 << 37)));
}

#[test]
fn a_partial_tree_follows_the_whole_one() {
    let mut draw = Draw(5);
    let mut tree = Tree::new();
    tree.update(&draw.changes(100)).unwrap();
    for _ in 0..20 {
        let mut changes = draw.changes(30);
        changes.push((draw.next() >> 27, draw.record()));
        let addresses: Vec<u64> = changes.iter().map(|change| change.0).collect();
        let partial = tree.multiproof(&addresses).unwrap();
        partial.verify_root(&tree.root()).unwrap();
        assert!(
            addresses
                .iter()
                .all(|address| partial.get(*address) == Some(tree.get(*address)))
        );
        let rows = partial.apply(&changes).unwrap();
        assert_eq!(rows.old_root, tree.root());
        tree.update(&changes).unwrap();
        assert_eq!(rows.new_root, tree.root());
    }
}

#[test]
fn rows_are_linked_and_their_hashes_hold() {
    let mut draw = Draw(6);
    let mut tree = Tree::new();
    tree.update(&draw.changes(100)).unwrap();
    let changes = draw.changes(40);
    let addresses: Vec<u64> = changes.iter().map(|change| change.0).chain([5, 1 << 30]).collect();
    let rows = tree.multiproof(&addresses).unwrap().apply(&changes).unwrap();
    assert!(rows.permutations().all(|(input, digest)| hash(&input) == digest));
    assert_eq!(rows.permutations().count(), 2 * (rows.leaf.len() + rows.node.len()));
    let mut sent: Vec<_> = rows.leaf.iter().map(|row| (0, row.index, row.old, row.new)).collect();
    sent.extend(rows.node.iter().map(|row| (row.level, row.index, row.old, row.new)));
    let mut received = vec![(LEVELS as u8, 0, rows.old_root, rows.new_root)];
    for row in &rows.node {
        for child in 0..4 {
            let (old, new) = (row.old_children[child], row.new_children[child]);
            match row.touched[child] {
                true => received.push((row.level - 1, 4 * row.index + child as u64, old, new)),
                false => assert_eq!(old, new),
            }
        }
    }
    sent.sort_unstable();
    received.sort_unstable();
    assert_eq!(sent, received);
}

#[test]
fn a_chunk_that_touches_nothing_has_one_row() {
    let mut tree = Tree::new();
    tree.update(&[(1 << 36, [4; 8]), (12, [5; 8])]).unwrap();
    let rows = tree.multiproof(&[]).unwrap().apply(&[]).unwrap();
    assert_eq!((rows.leaf.len(), rows.node.len()), (0, 1));
    assert_eq!((rows.old_root, rows.new_root), (tree.root(), tree.root()));
    assert_eq!((rows.node[0].level, rows.node[0].touched), (LEVELS as u8, [false; 4]));
}

#[test]
fn hostile_input_is_refused() {
    let mut tree = Tree::new();
    let top = Goldilocks::ORDER_U64;
    assert_eq!(tree.set(1 << 37, [1; 8]), Err(Error::Address(1 << 37)));
    assert_eq!(tree.update(&[(3, [1; 8]), (4, [top; 8])]), Err(Error::Word(top)));
    assert_eq!(tree, Tree::new());
    assert_eq!(tree.multiproof(&[u64::MAX]), Err(Error::Address(u64::MAX)));
    let partial = tree.multiproof(&[3]).unwrap();
    assert_eq!(partial.apply(&[(8, [1; 8])]), Err(Error::Untouched(8)));
    let beyond = 1 << 37 | 3;
    assert_eq!(
        leaf_of(beyond),
        leaf_of(3),
        "an address that does not exist has the leaf of one that does"
    );
    assert_eq!(partial.get(beyond), None);
    assert_eq!(partial.apply(&[(beyond, [1; 8])]), Err(Error::Untouched(beyond)));
    assert_eq!(partial.apply(&[(u64::MAX, [1; 8])]), Err(Error::Untouched(u64::MAX)));
    assert_eq!(partial.apply(&[(3, [top; 8])]), Err(Error::Word(top)));
    assert_eq!(partial.verify_root(&[1, 2, 3, 4]), Err(Error::Root));
    assert_eq!(digest_from_bytes(&[0; 31]), Err(Error::DigestLength(31)));
    assert_eq!(digest_from_bytes(&[255; 32]), Err(Error::Word(u64::MAX)));
    assert_eq!(digest_from_bytes(&digest_to_bytes(&tree.root())), Ok(tree.root()));
}

#[test]
fn hostile_partial_trees_never_panic() {
    let mut draw = Draw(7);
    let mut tree = Tree::new();
    tree.update(&draw.changes(60)).unwrap();
    let bytes = postcard::to_allocvec(&tree.multiproof(&[1, 9, 77 << 13]).unwrap()).unwrap();
    for position in 0..bytes.len() {
        for flip in [0x01, 0x80, 0xff] {
            let mut bent = bytes.clone();
            bent[position] ^= flip;
            if let Ok(partial) = postcard::from_bytes::<Partial>(&bent) {
                // Bent bytes may still be true of the tree: an empty leaf beside empty siblings is as good elsewhere.
                if partial.verify_root(&tree.root()).is_ok() {
                    let mut records = partial
                        .leaves()
                        .iter()
                        .flat_map(|(leaf, pair)| records_of(*leaf).into_iter().zip(*pair));
                    assert!(records.all(|(address, words)| tree.get(address) == words));
                }
                let _ = partial.apply(&[(9, [1; 8])]);
            }
        }
    }
    let mut swapped: Parts = postcard::from_bytes(&bytes).unwrap();
    swapped.0.swap(0, 1);
    let partial: Partial = postcard::from_bytes(&postcard::to_allocvec(&swapped).unwrap()).unwrap();
    assert_eq!(partial.root(), Err(Error::Leaf(leaf_of(1))));
    swapped.0.swap(0, 1);
    swapped.1.push(None);
    let partial: Partial = postcard::from_bytes(&postcard::to_allocvec(&swapped).unwrap()).unwrap();
    assert!(matches!(partial.root(), Err(Error::Siblings { found, needed }) if found == needed + 1));
}
