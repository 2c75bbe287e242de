//! Advice indexes: where a new entry belongs in a sorted list, without walking the list.
//!
//! An index is never part of the state that is proven; a wrong answer would make a step fail its own checks. Within a
//! group, entries are ordered by key, then by arrival. An entry is named by group, key and address together:
//! inserting one that is there, and removing one that is not, changes nothing.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use crate::exec::Entry;

/// One ordered index.
#[derive(Clone, Debug, Default)]
pub(crate) struct Advice {
    /// Address by group, key and arrival.
    order: BTreeMap<(u64, i64, u64), u64>,
    /// Arrival by group, key and address.
    arrivals: FxHashMap<(u64, i64, u64), u64>,
    next: u64,
}

impl Advice {
    /// Address of the last entry of the group with at most this key; 0 where there is none.
    pub(crate) fn find(&self, group: u64, key: i64) -> u64 {
        let range = (group, i64::MIN, 0)..=(group, key, u64::MAX);
        self.order.range(range).next_back().map_or(0, |(_, &address)| address)
    }

    /// Adds an entry after all of its key; false if it was there.
    pub(crate) fn insert(&mut self, entry: Entry) -> bool {
        let Entry { group, key, address } = entry;
        if self.arrivals.contains_key(&(group, key, address)) {
            return false;
        }
        self.put(entry, self.next);
        self.next += 1;
        true
    }

    /// Drops an entry and returns its arrival, for [`Advice::put`].
    pub(crate) fn remove(&mut self, entry: Entry) -> Option<u64> {
        let Entry { group, key, address } = entry;
        let arrival = self.arrivals.remove(&(group, key, address))?;
        self.order.remove(&(group, key, arrival));
        Some(arrival)
    }

    /// Undoes [`Advice::remove`].
    pub(crate) fn put(&mut self, entry: Entry, arrival: u64) {
        let Entry { group, key, address } = entry;
        self.order.insert((group, key, arrival), address);
        self.arrivals.insert((group, key, address), arrival);
    }

    /// Undoes the last [`Advice::insert`].
    pub(crate) fn take_back(&mut self, entry: Entry) {
        self.remove(entry);
        self.next -= 1;
    }

    /// All entries in order.
    pub(crate) fn entries(&self) -> impl Iterator<Item = Entry> + '_ {
        self.order
            .iter()
            .map(|(&(group, key, _), &address)| Entry { group, key, address })
    }
}
