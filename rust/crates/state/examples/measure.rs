//! Measures hashing, a batched update and a chunk's rows: `cargo run --release -p kedge-state --example measure`.

use std::time::Instant;

use kedge_state::{Record, Tree, hash, hash_many};

const ROUNDS: u32 = 20;

fn measure<T>(name: &str, mut body: impl FnMut(u64) -> T) {
    let mut best = f64::INFINITY;
    for round in 0..ROUNDS {
        let start = Instant::now();
        std::hint::black_box(body(u64::from(round) + 1));
        best = best.min(start.elapsed().as_secs_f64());
    }
    println!("{name:48} {:9.3} ms", best * 1e3);
}

fn main() {
    let inputs: Vec<[u64; 16]> = (0..16_384)
        .map(|i| std::array::from_fn(|j| i * 16 + j as u64))
        .collect();
    measure("hash, 16,384 one by one", |_| {
        inputs.iter().map(hash).fold(0, |sum, digest| sum ^ digest[0])
    });
    measure("hash, 16,384 in one batch", |_| hash_many(&inputs));

    // 1,000 accounts with ten records each: account, owner and eight orders.
    let slots = [0, 1 << 10, 3 << 10, 3073, 3074, 3075, 3076, 3077, 3078, 3079];
    let all: Vec<u64> = (0..1_000)
        .flat_map(|account| slots.map(|slot| (account << 13) + slot))
        .collect();
    let mut tree = Tree::new();
    let full: Vec<(u64, Record)> = all.iter().map(|address| (*address, [7; 8])).collect();
    measure("build a tree of 10,000 records", |_| Tree::new().update(&full));
    tree.update(&full).expect("valid records");
    let touched: Vec<u64> = all.iter().copied().step_by(5).collect();
    measure("update 2,000 of 10,000 records", |round| {
        let changes: Vec<(u64, Record)> = touched.iter().map(|address| (*address, [round; 8])).collect();
        tree.update(&changes)
    });
    measure("multiproof of 2,000 records", |_| tree.multiproof(&touched));
    let partial = tree.multiproof(&touched).expect("valid addresses");
    let changes: Vec<(u64, Record)> = touched.iter().map(|address| (*address, [99; 8])).collect();
    measure("rows of a chunk that touches 2,000 records", |_| {
        partial.apply(&changes)
    });
    let rows = partial.apply(&changes).expect("a partial tree of our own");
    println!(
        "leaf rows {}, node rows {}, uses of the hash {}",
        rows.leaf.len(),
        rows.node.len(),
        rows.permutations().count()
    );
}
