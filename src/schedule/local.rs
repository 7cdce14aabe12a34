//! Windows on the wall clock of a zone: once, without end, or on the days of a rule.

use super::recurrence::Recurrence;
use super::timing::{Edges, occurrence};
use super::zone::{Edge, Zone};
use crate::phase::{Interval, Invalid, InvalidKind};
use chrono::{Datelike, NaiveDate, NaiveDateTime, TimeDelta, Timelike};
use std::collections::BTreeSet;

/// What the clocks of a zone show when a window starts and ends.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Local {
    pub(super) zone: Zone,
    pub(super) starts: NaiveDateTime,
    /// None: without end.
    pub(super) ends: Option<NaiveDateTime>,
    pub(super) recurrence: Option<Recurrence>,
    /// More starts, besides those of the rule.
    pub(super) also: BTreeSet<NaiveDateTime>,
    /// Starts that do not happen.
    pub(super) except: BTreeSet<NaiveDateTime>,
    /// Days on which nothing starts.
    pub(super) except_days: BTreeSet<NaiveDate>,
}

/// Most starts that are added to a rule, and most that are taken from it.
const DATES: usize = 1_000;
/// Longest occurrence of a window that recurs.
const LONGEST: TimeDelta = TimeDelta::days(366);
/// More than any zone is away from universal time, and than any change of its clocks.
const SLACK: TimeDelta = TimeDelta::days(2);

impl Local {
    pub(super) fn new(
        zone: Zone,
        starts: NaiveDateTime,
        ends: Option<NaiveDateTime>,
    ) -> Result<Self, Invalid> {
        check("starts", starts)?;
        if let Some(ends) = ends {
            check("ends", ends)?;
            if ends <= starts {
                let expected = format!("an end after `starts`, {}", starts.format("%FT%T"));
                let kind = InvalidKind::OutOfRange;
                return Err(Invalid::new(kind, "ends", ends.format("%FT%T"), expected));
            }
        }
        Ok(Self {
            zone,
            starts,
            ends,
            recurrence: None,
            also: BTreeSet::new(),
            except: BTreeSet::new(),
            except_days: BTreeSet::new(),
        })
    }

    pub(super) fn recurring(mut self, rule: &str) -> Result<Self, Invalid> {
        self.check_length("rule", &rule)?;
        self.recurrence = Some(Recurrence::new(rule, self.starts, self.zone)?);
        Ok(self)
    }

    pub(super) fn also(
        mut self,
        starts: impl IntoIterator<Item = NaiveDateTime>,
    ) -> Result<Self, Invalid> {
        for start in starts {
            self.check_length("also", &start.format("%FT%T"))?;
            check("also", start)?;
            self.also.insert(start);
            check_many("also", self.also.len())?;
        }
        Ok(self)
    }

    pub(super) fn except(
        mut self,
        starts: impl IntoIterator<Item = NaiveDateTime>,
    ) -> Result<Self, Invalid> {
        for start in starts {
            check("except", start)?;
            self.except.insert(start);
            check_many("except", self.except.len())?;
        }
        Ok(self)
    }

    pub(super) fn except_days(
        mut self,
        days: impl IntoIterator<Item = NaiveDate>,
    ) -> Result<Self, Invalid> {
        for day in days {
            check("except", day.into())?;
            self.except_days.insert(day);
            check_many("except", self.except_days.len())?;
        }
        Ok(self)
    }

    /// Only what has an end, and not a far one, can happen again.
    fn check_length(&self, what: &'static str, value: &impl ToString) -> Result<(), Invalid> {
        let expected = match self.ends {
            Some(ends) if ends - self.starts <= LONGEST => return Ok(()),
            Some(_) => "`ends` at most 366 days after `starts` in what recurs",
            None => "an `ends` beside it: what has no end does not recur",
        };
        let value = value.to_string();
        Err(Invalid::new(InvalidKind::Malformed, what, value, expected))
    }

    pub(super) fn occurrences(&self, within: Interval, edges: Edges) -> Vec<Interval> {
        let mut spans: Vec<_> = self
            .starts(within)
            .into_iter()
            .filter_map(|start| self.occurrence(start, edges))
            .filter(|span| span.start() < within.end() && within.start() < span.end())
            .collect();
        spans.sort_unstable();
        spans
    }

    /// The local starts of all occurrences that may overlap the span, and a few more.
    fn starts(&self, within: Interval) -> Vec<NaiveDateTime> {
        let length = self.ends.map_or(TimeDelta::MAX, |ends| ends - self.starts);
        let local = |at: crate::phase::Instant| at.to_datetime().naive_utc();
        let from = local(within.start())
            .checked_sub_signed(SLACK)
            .and_then(|from| from.checked_sub_signed(length))
            .unwrap_or(NaiveDateTime::MIN);
        let to = local(within.end())
            .checked_add_signed(SLACK)
            .unwrap_or(NaiveDateTime::MAX);
        let mut starts: Vec<_> = match &self.recurrence {
            None => vec![self.starts],
            Some(recurrence) => {
                let time = self.starts.time();
                let days = recurrence.days(from.date(), to.date());
                days.map(|day| day.and_time(time)).collect()
            }
        };
        starts.extend(self.also.range(from..=to));
        if !self.also.is_empty() {
            starts.sort_unstable();
            starts.dedup();
        }
        starts.retain(|start| {
            !self.except.contains(start) && !self.except_days.contains(&start.date())
        });
        starts
    }

    fn occurrence(&self, start: NaiveDateTime, edges: Edges) -> Option<Interval> {
        let (first, last) = match edges {
            Edges::Long => (Edge::Earlier, Edge::Later),
            Edges::Short => (Edge::Later, Edge::Earlier),
        };
        let end = match self.ends {
            None => None,
            Some(ends) => {
                let end = start.checked_add_signed(ends - self.starts)?;
                Some(self.zone.instant(end, last))
            }
        };
        occurrence(self.zone.instant(start, first), end)
    }
}

fn check(what: &'static str, local: NaiveDateTime) -> Result<(), Invalid> {
    if (1900..=9999).contains(&local.year()) && local.nanosecond() == 0 {
        return Ok(());
    }
    let expected = "a local time from 1900 to 9999 in whole seconds";
    let value = local.format("%FT%T%.f");
    Err(Invalid::new(InvalidKind::OutOfRange, what, value, expected))
}

fn check_many(what: &'static str, many: usize) -> Result<(), Invalid> {
    if many <= DATES {
        return Ok(());
    }
    let what = format!("number of dates in `{what}`");
    let expected = "at most 1,000";
    Err(Invalid::new(InvalidKind::TooLarge, what, many, expected))
}
