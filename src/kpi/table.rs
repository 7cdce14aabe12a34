//! What many releases have of one kind, in the order in which it came; found by key, and walked release by release.

use crate::release::Key;
use std::collections::HashMap;

const NONE: u32 = u32::MAX;

/// Rows of many releases. Adding, finding and the next row of a release cost the same however many there are.
#[derive(Debug, Clone)]
pub(super) struct Table<T> {
    places: HashMap<(u32, Key), u32>,
    rows: Vec<Row<T>>,
    /// The latest row of each release.
    latest: Vec<u32>,
}

#[derive(Debug, Clone)]
struct Row<T> {
    what: T,
    /// The row of the same release before it.
    before: u32,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self {
            places: HashMap::new(),
            rows: Vec::new(),
            latest: Vec::new(),
        }
    }
}

impl<T> Table<T> {
    /// Adds a row, or changes the one of that key.
    pub(super) fn put(&mut self, release: u32, key: &Key, what: T) {
        if let Some(row) = self.get_mut(release, key) {
            *row = what;
        } else {
            let place = self.add(release, what);
            self.places.insert((release, key.clone()), place);
        }
    }

    /// Adds a row that nobody will ask for by key, and says where.
    pub(super) fn add(&mut self, release: u32, what: T) -> u32 {
        let at = release as usize;
        if self.latest.len() <= at {
            self.latest.resize(at + 1, NONE);
        }
        let place = u32::try_from(self.rows.len()).unwrap_or(NONE);
        let latest = self.latest.get_mut(at);
        let before = latest.map_or(NONE, |latest| std::mem::replace(latest, place));
        self.rows.push(Row { what, before });
        place
    }

    pub(super) fn at(&mut self, place: u32) -> Option<&mut T> {
        self.rows.get_mut(place as usize).map(|row| &mut row.what)
    }

    pub(super) fn place(&self, release: u32, key: &Key) -> Option<u32> {
        self.places.get(&(release, key.clone())).copied()
    }

    pub(super) fn get_mut(&mut self, release: u32, key: &Key) -> Option<&mut T> {
        let place = self.place(release, key)?;
        self.at(place)
    }

    pub(super) fn get(&self, release: u32, key: &Key) -> Option<&T> {
        let place = self.place(release, key)?;
        self.rows.get(place as usize).map(|row| &row.what)
    }

    /// The rows of a release with their places, latest first.
    pub(super) fn of(&self, release: u32) -> impl Iterator<Item = (u32, &T)> {
        let mut next = self.latest.get(release as usize).copied().unwrap_or(NONE);
        std::iter::from_fn(move || {
            let place = next;
            let row = self.rows.get(place as usize)?;
            next = row.before;
            Some((place, &row.what))
        })
    }

    /// The rows of a release, to be changed: latest first.
    pub(super) fn change(&mut self, release: u32, change: impl Fn(&mut T)) {
        let mut next = self.latest.get(release as usize).copied().unwrap_or(NONE);
        while let Some(row) = self.rows.get_mut(next as usize) {
            change(&mut row.what);
            next = row.before;
        }
    }
}
