//! What other gates would have answered to everything that was ever decided.

mod compare;
mod follow;
mod history;
mod report;

pub use report::{BacktestReport, Counts, Example, Fault};

use crate::gate::{GateSet, ModelState};
use crate::phase::{Action, Instant};
use crate::release::{Envelope, Key, Ledger, LogError, Stream, StreamKind, Upcasters, Version};
use crate::schedule::{Calendar, CalendarState};
use compare::Came;
use follow::Log;
use history::Kept;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt,
    sync::{Arc, LazyLock},
};

/// How many faults are named; of the others is told how many there are.
const FAULTS: usize = 100;

static NO_UPCASTERS: LazyLock<Upcasters> = LazyLock::new(Upcasters::default);

/// Asks a gate set everything that was ever decided, and tells where it would have answered otherwise.
///
/// It reads logs, entry by entry: every step that was taken, and every refusal that was recorded. Each decision is
/// asked again of the release as it stood, on the facts that the decision kept, of whom and when it was asked. What was
/// approved under the gates of that day counts as approved; nothing but the rules differs.
///
/// What the proposed gates need and the history does not tell makes a decision *undetermined*; it is not guessed.
/// Calendars and release models are looked up in their logs, as they stood at that time.
///
/// Once a step would have been answered otherwise, the rest of that log rests on what would not have happened:
/// after a step that would be refused, or that would use up other overrides or exceptions, all of it; after a refusal
/// that would be cleared what comes until the step is taken. Those decisions are *counterfactual*, and counted apart. Other releases are left out of that: what they
/// decided on how this one stood is asked on what was recorded.
///
/// # Order
///
/// Each log in its order. Logs may come one after the other or mixed; those of calendars and models come first, or all
/// in the order of time. Where an entry of a calendar or a model comes too late, the report says so. The same history
/// gives the same counts and examples in whatever order its releases come. Faults are told as they are met: which 100 of
/// many are named depends on the order.
///
/// # Bad input
///
/// Gaps, doubled entries, kinds that are not known, lines that are no entries, a history without any decision, and host
/// policies that panic or are not deterministic are faults in the report, which is not conclusive then. Nothing panics,
/// and nothing passes for it. A log that cannot be followed is read up to there.
///
/// # Complexity
///
/// It keeps the state of every release that is not closed, of each closed one its id and where its log ended, the logs of
/// calendars and models, and a few examples.
///
/// # Examples
///
/// ```
/// use phasegate::gate::{BackOutPlanPolicy, GateSet};
/// use phasegate::release::{Name, ReleaseRequest, step::Authorise};
/// # use phasegate::release::{Assessment, AssessmentDecision};
/// use phasegate::verify::Backtest;
/// # use phasegate::{Desk, Gate, MemoryStore, Person};
///
/// # pollster::block_on(async {
/// # let (desk, kim) = (Desk::new(MemoryStore::new()), Person::new("kim")?);
/// # let request = ReleaseRequest::new(Name::new("Shop 2.4")?);
/// # let release = desk.run(desk.request(request), &kim).await?;
/// # let release = desk.run(release.authorise(Assessment::new(AssessmentDecision::Worthwhile)), &kim).await?;
/// let proposed = GateSet::new().with(Gate::<Authorise>::new("intake", 1)?.require(BackOutPlanPolicy::new()));
/// let mut backtest = Backtest::of(&proposed);
/// for entry in desk.history(release.id()).await? {
///     backtest.read(&entry); // or `line`, of a file of JSON lines
/// }
/// let report = backtest.finish();
/// assert!(report.is_conclusive());
/// assert_eq!((report.all.decisions, report.all.newly_refused), (2, 1));
/// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
/// ```
pub struct Backtest<'a> {
    proposed: &'a GateSet,
    /// What the proposed gates may need for a step.
    wanted: BTreeMap<Action, Wanted>,
    upcasters: &'a Upcasters,
    team: Key,
    examples: usize,
    assumed: BTreeMap<Key, Calendar>,
    /// The same, of each tenant.
    assumed_of: BTreeMap<Stream, Arc<CalendarState>>,
    releases: HashMap<Stream, Log>,
    calendars: HashMap<Stream, Kept<CalendarState>>,
    models: HashMap<Stream, Kept<ModelState>>,
    /// Up to when decisions were asked again.
    asked_until: Option<Instant>,
    lines: u64,
    /// The line that is read.
    line: Option<u64>,
    report: BacktestReport,
    first: First,
}

struct Wanted {
    facts: BTreeSet<Key>,
    calendars: BTreeSet<Key>,
}

/// The first examples, by when they were decided.
#[derive(Default)]
struct First {
    newly_refused: Examples,
    newly_allowed: Examples,
    other_reasons: Examples,
    undetermined: Examples,
    counterfactual: Examples,
}

impl First {
    const fn get_mut(&mut self, came: Came) -> Option<&mut Examples> {
        match came {
            Came::Same => None,
            Came::NewlyRefused => Some(&mut self.newly_refused),
            Came::NewlyAllowed => Some(&mut self.newly_allowed),
            Came::OtherReasons => Some(&mut self.other_reasons),
            Came::Undetermined => Some(&mut self.undetermined),
            Came::Counterfactual => Some(&mut self.counterfactual),
        }
    }
}

type Examples = BTreeMap<(Instant, Stream, Version), Example>;

impl<'a> Backtest<'a> {
    /// Of these gates, in the place of those that decided.
    ///
    /// A model in the set stands for the one of its name and version: to try other rules on releases that follow version
    /// 1 of a model, add them as version 1.
    #[must_use]
    pub fn of(proposed: &'a GateSet) -> Self {
        let wanted = |action| Wanted {
            facts: proposed.facts_for(action),
            calendars: proposed.calendars_for(action),
        };
        let wanted = Action::ALL.iter().map(|&action| (action, wanted(action)));
        Self {
            proposed,
            wanted: wanted.collect(),
            upcasters: &NO_UPCASTERS,
            team: Key::own("team"),
            examples: 3,
            assumed: BTreeMap::new(),
            assumed_of: BTreeMap::new(),
            releases: HashMap::new(),
            calendars: HashMap::new(),
            models: HashMap::new(),
            asked_until: None,
            lines: 0,
            line: None,
            report: BacktestReport::default(),
            first: First::default(),
        }
    }

    /// The same, had this been the calendar of its name at all times, and nobody been excepted from its freezes.
    #[must_use]
    pub fn assuming(mut self, calendar: Calendar) -> Self {
        self.assumed.insert(calendar.name().clone(), calendar);
        self
    }

    /// The same, with the teams by this label of the requests in the place of `team`.
    #[must_use]
    pub fn by_label(self, team: Key) -> Self {
        Self { team, ..self }
    }

    /// The same, with so many examples of each sort in the place of 3.
    #[must_use]
    pub fn examples(self, examples: usize) -> Self {
        Self { examples, ..self }
    }

    /// The same, with payloads of older or foreign schemas brought up to date first.
    #[must_use]
    pub fn with_upcasters(self, upcasters: &'a Upcasters) -> Self {
        Self { upcasters, ..self }
    }

    /// Reads the next entry of a log.
    pub fn read(&mut self, entry: &Envelope) {
        match entry.stream.kind {
            StreamKind::Release => self.read_release(entry),
            StreamKind::Calendar => self.read_kept(entry, |it| &mut it.calendars),
            StreamKind::Model => self.read_kept(entry, |it| &mut it.models),
        }
    }

    /// Reads the next line of a file of JSON lines: an entry, or nothing.
    pub fn line(&mut self, line: &str) {
        self.lines += 1;
        if line.trim().is_empty() {
            return;
        }
        self.line = Some(self.lines);
        match Envelope::from_json(line) {
            Ok(entry) => self.read(&entry),
            Err(error) => self.fault(None, error.to_string()),
        }
        self.line = None;
    }

    /// What was found in all that was read.
    #[must_use]
    pub fn finish(mut self) -> BacktestReport {
        if self.report.all.decisions == 0 {
            self.fault(None, "no decision was read");
        }
        let First {
            newly_refused,
            newly_allowed,
            other_reasons,
            undetermined,
            counterfactual,
        } = self.first;
        let in_order = |examples: Examples| examples.into_values().collect();
        BacktestReport {
            newly_refused: in_order(newly_refused),
            newly_allowed: in_order(newly_allowed),
            other_reasons: in_order(other_reasons),
            undetermined: in_order(undetermined),
            counterfactual: in_order(counterfactual),
            ..self.report
        }
    }

    /// The calendars that the proposed gates ask and that are not assumed.
    pub(crate) fn calendars(&self) -> BTreeSet<Key> {
        let asked = self.wanted.values().flat_map(|wanted| &wanted.calendars);
        let asked = asked.filter(|name| !self.assumed.contains_key(*name));
        asked.cloned().collect()
    }

    /// No more of that release is to come.
    pub(crate) fn end_of(&mut self, release: &Stream) {
        if let Some(log) = self.releases.get_mut(release) {
            log.end();
        }
    }

    fn fault(&mut self, entry: Option<&Envelope>, what: impl Into<String>) {
        let faults = &mut self.report.faults;
        if faults.len() == FAULTS {
            self.report.more_faults += 1;
            return;
        }
        faults.push(Fault {
            line: self.line,
            stream: entry.map(|entry| entry.stream.clone()),
            version: entry.map(|entry| entry.version),
            what: what.into(),
        });
    }

    /// Reads an entry of a calendar or a model.
    fn read_kept<L: Ledger>(
        &mut self,
        entry: &Envelope,
        of: fn(&mut Self) -> &mut HashMap<Stream, Kept<L>>,
    ) {
        if self.asked_until >= Some(entry.recorded_at) {
            self.fault(
                Some(entry),
                "it comes after decisions that may rest on it; let calendars and models come first",
            );
        }
        let upcasters = self.upcasters;
        let kept = of(self).entry(entry.stream.clone());
        let kept = kept.or_insert_with(|| Kept::new(entry.stream.clone()));
        if let Err(error) = kept.read(entry, upcasters) {
            self.cannot_follow(entry, &error);
        }
    }

    fn cannot_follow(&mut self, entry: &Envelope, error: &LogError) {
        self.fault(
            Some(entry),
            format!("{error}; what comes after it is not read"),
        );
    }
}

impl fmt::Debug for Backtest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let report = &self.report;
        f.debug_struct("Backtest")
            .field("report", report)
            .finish_non_exhaustive()
    }
}
