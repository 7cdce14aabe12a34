//! The logs of calendars and models, as they stood at any time.

use crate::phase::Instant;
use crate::release::{Envelope, Ledger, LogError, Place, Stream, Upcasters, Version};
use std::sync::Arc;

/// After so many entries, what the log came to then is kept.
const EVERY: usize = 64;

/// A log of a calendar or a model.
#[derive(Debug)]
pub(super) struct Kept<L> {
    entries: Vec<Envelope>,
    /// What the first entries come to, 64 more each time; none of them first.
    marks: Vec<Arc<L>>,
    times: Times,
    /// What all of them come to.
    now: L,
    /// What was asked for last, and how many entries that was.
    asked: Option<(usize, Arc<L>)>,
    is_broken: bool,
}

/// When the entries of a log were recorded. Time may run back in it.
#[derive(Debug, Default)]
struct Times {
    /// Only those that no later entry was recorded before, so that they grow; each with how many entries there are up to it.
    growing: Vec<(Instant, usize)>,
}

impl Times {
    fn push(&mut self, at: Instant, count: usize) {
        while self.growing.pop_if(|(before, _)| *before > at).is_some() {}
        self.growing.push((at, count));
    }

    /// How many entries there are up to the last one that was recorded by then; nothing if there is none.
    fn up_to(&self, then: Instant) -> Option<usize> {
        let by_then = self.growing.partition_point(|(at, _)| *at <= then);
        Some(self.growing.get(by_then.checked_sub(1)?)?.1)
    }
}

/// Up to where a log is asked for.
#[derive(Debug, Clone, Copy)]
pub(super) enum AsOf {
    /// To that version, included.
    Version(Version),
    /// To what was recorded by that time.
    Time(Instant),
}

impl<L: Ledger> Kept<L> {
    pub(super) fn new(stream: Stream) -> Self {
        let now = L::start(Place::before(stream));
        Self {
            entries: Vec::new(),
            marks: vec![Arc::new(now.clone())],
            times: Times::default(),
            now,
            asked: None,
            is_broken: false,
        }
    }

    /// Reads the next entry. After one that cannot be followed, nothing is read any more.
    pub(super) fn read(&mut self, entry: &Envelope, upcasters: &Upcasters) -> Result<(), LogError> {
        if self.is_broken {
            return Ok(());
        }
        self.is_broken = true;
        self.now.follow(entry, upcasters)?;
        self.is_broken = false;
        self.entries.push(entry.clone());
        self.times.push(entry.recorded_at, self.entries.len());
        if self.entries.len().is_multiple_of(EVERY) {
            self.marks.push(Arc::new(self.now.clone()));
        }
        Ok(())
    }

    /// What the log came to then; nothing if it had not begun, or if that cannot be told.
    pub(super) fn as_of(&mut self, then: AsOf, upcasters: &Upcasters) -> Option<Arc<L>> {
        let count = match then {
            AsOf::Version(version) => usize::try_from(version.get()).ok()?,
            AsOf::Time(_) if self.is_broken => return None,
            AsOf::Time(at) => self.times.up_to(at)?,
        };
        if let Some((asked, state)) = &self.asked
            && *asked == count
        {
            return Some(Arc::clone(state));
        }
        let further = self.entries.get(count / EVERY * EVERY..count)?;
        let mut state = self.marks.get(count / EVERY).filter(|_| count > 0)?.clone();
        for entry in further {
            Arc::make_mut(&mut state).follow(entry, upcasters).ok()?;
        }
        self.asked = Some((count, Arc::clone(&state)));
        Some(state)
    }
}

#[cfg(test)]
mod tests {
    use super::Times;
    use crate::phase::Instant;

    #[test]
    fn the_last_entry_by_then_is_found_though_time_runs_back() {
        let at = |micros| Instant::from_unix_micros(micros).unwrap();
        let all: [i64; 10] = [5, 3, 3, 7, 9, 8, 4, 12, 12, 6];
        let mut times = Times::default();
        for count in 1..=all.len() {
            times.push(at(all[count - 1]), count);
            for then in 0..14 {
                let last = all[..count].iter().rposition(|one| *one <= then);
                assert_eq!(times.up_to(at(then)), last.map(|place| place + 1));
            }
        }
    }
}
