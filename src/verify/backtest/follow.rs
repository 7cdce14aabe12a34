//! The log of a release, followed; and each decision in it, asked again where it stands.

use super::compare::{Came, Compared, Recorded, compare, was_asked};
use super::history::AsOf;
use super::{Backtest, Counts, Example};
use crate::gate::Facts;
use crate::phase::{Action, PhaseName};
use crate::release::{
    AnyRecord, Core, Decision, Digest, Envelope, Event, LogError, ReleaseRequest, Stream,
    StreamKind, Text, Version, succeeds,
};
use crate::schedule::CalendarState;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// A release, as far as its log was read.
pub(super) enum Log {
    Open(Box<Core>, Premise),
    /// Nothing is decided any more.
    Ended {
        version: Version,
        hash: Digest,
    },
    /// It cannot be followed any further.
    Broken,
}

/// What the rest of a log rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Premise {
    /// What has happened.
    Recorded,
    /// That a step was taken which would have been refused, or would have used up other overrides or exceptions.
    NotTaken,
    /// That a step was refused which would have been cleared, until it is taken.
    TakenBefore(Action),
}

impl Log {
    /// Keeps no more than what an entry that comes later has to follow.
    pub(super) fn end(&mut self) {
        if let Self::Open(core, _) = self {
            *self = Self::Ended {
                version: core.head.version,
                hash: core.head.hash,
            };
        }
    }
}

impl Backtest<'_> {
    pub(super) fn read_release(&mut self, entry: &Envelope) {
        let begun = self.releases.get_mut(&entry.stream);
        let log = match begun.map(|log| std::mem::replace(log, Log::Broken)) {
            Some(Log::Open(core, premise)) => self.follow(core, premise, entry),
            Some(Log::Ended { version, hash }) => self.follow_end(version, &hash, entry),
            Some(Log::Broken) => return,
            None => Core::before(Some(entry))
                .and_then(|core| self.follow(core.into(), Premise::Recorded, entry)),
        };
        let log = log.unwrap_or_else(|error| {
            self.cannot_follow(entry, &error);
            Log::Broken
        });
        match self.releases.get_mut(&entry.stream) {
            Some(begun) => *begun = log,
            None => {
                self.releases.insert(entry.stream.clone(), log);
            }
        }
    }

    fn follow(
        &mut self,
        mut core: Box<Core>,
        premise: Premise,
        entry: &Envelope,
    ) -> Result<Log, LogError> {
        let event = core.admitted(entry, self.upcasters)?;
        let recorded = match &event {
            Some(Event::Step(taken)) => Some(Recorded {
                step: &taken.step,
                decision: &taken.decision,
                may_have_moved: false,
            }),
            Some(Event::Record(AnyRecord::StepRefused(refused))) => Some(Recorded {
                step: &refused.step,
                decision: &refused.decision,
                may_have_moved: entry.recorded_at != refused.decision.at
                    && core.head.updated_at > refused.decision.at,
            }),
            Some(Event::Record(_)) => None,
            None => {
                let what = format!("`{}` is not known here, and is passed over", entry.kind);
                self.fault(Some(entry), what);
                None
            }
        };
        let premise = match recorded {
            Some(recorded) => self.ask(&core, premise, entry, recorded),
            None => premise,
        };
        core.take(entry, event);
        let is_closed = core.state.standing.phase == PhaseName::Closed;
        let mut log = Log::Open(core, premise);
        if is_closed {
            log.end();
        }
        Ok(log)
    }

    /// What comes after the end has to follow, and decides nothing.
    fn follow_end(
        &mut self,
        version: Version,
        hash: &Digest,
        entry: &Envelope,
    ) -> Result<Log, LogError> {
        succeeds(entry, &entry.stream, version, hash)?;
        match entry.decode_with(self.upcasters)? {
            Some(Event::Step(_) | Event::Record(AnyRecord::StepRefused(_))) => {
                self.fault(Some(entry), "it is decided after the end of the release");
            }
            Some(Event::Record(_)) => {}
            None => {
                let what = format!("`{}` is not known here, and is passed over", entry.kind);
                self.fault(Some(entry), what);
            }
        }
        Ok(Log::Ended {
            version: entry.version,
            hash: entry.hash,
        })
    }

    /// Asks again what was decided, and counts it.
    fn ask(
        &mut self,
        core: &Core,
        premise: Premise,
        entry: &Envelope,
        recorded: Recorded<'_>,
    ) -> Premise {
        let decision = recorded.decision;
        self.asked_until = self.asked_until.max(Some(decision.at));
        let facts = self.facts(core, recorded);
        let compared = compare(self.proposed, core, recorded, &facts);
        for what in &compared.broken {
            self.fault(Some(entry), what.clone());
        }
        let request = recorded.step.request().or(core.state.request());
        let differs = compared.came != Came::Same;
        let is_other_use = uses_up_other(decision, &compared.proposed);
        let came = match premise {
            Premise::Recorded => compared.came,
            Premise::NotTaken | Premise::TakenBefore(_) => Came::Counterfactual,
        };
        self.count(came, request, decision, &compared);
        if differs {
            self.keep(came, request, entry, decision, compared);
        }
        let action = recorded.step.action();
        if premise == Premise::Recorded && is_other_use {
            return Premise::NotTaken;
        }
        match (premise, came) {
            (Premise::Recorded, Came::NewlyRefused) => Premise::NotTaken,
            (Premise::Recorded, Came::NewlyAllowed) => Premise::TakenBefore(action),
            (Premise::TakenBefore(step), _) if step == action && decision.is_cleared() => {
                Premise::Recorded
            }
            (Premise::Recorded | Premise::NotTaken | Premise::TakenBefore(_), _) => premise,
        }
    }

    /// The facts that the decision kept, and what calendars and models say as they stood then. A fact that nobody had
    /// asked for could not be had.
    fn facts(&mut self, core: &Core, recorded: Recorded<'_>) -> Facts {
        let Recorded { step, decision, .. } = recorded;
        let mut facts = Facts::of(decision);
        let Some(wanted) = self.wanted.get(&step.action()) else {
            return facts;
        };
        for fact in wanted
            .facts
            .iter()
            .filter(|fact| !was_asked(fact, decision))
        {
            facts = facts.without(fact.clone(), Text::clipped("it is not recorded"));
        }
        let tenant = &core.head.stream.tenant;
        for name in wanted.calendars.clone() {
            let stream = Stream::new(tenant.clone(), StreamKind::Calendar, name.clone());
            let calendar = match self.assumed.get(&name) {
                Some(_) => self.assumed(stream),
                None if decision.unread_calendars.contains_key(&name) => None,
                None => self.calendar(&stream, decision),
            };
            if let Some(calendar) = calendar {
                facts = facts.with_shared_calendar(calendar);
            }
        }
        let request = step.request().or(core.state.request());
        let named = request.and_then(|request| request.model.as_ref());
        let is_read = decision.model.is_some() || decision.unread_model.is_some();
        if let Some(named) = named.filter(|_| !is_read) {
            let stream = Stream::new(tenant.clone(), StreamKind::Model, named.model.clone());
            let kept = self.models.get_mut(&stream);
            let then = AsOf::Time(decision.at);
            if let Some(model) = kept.and_then(|kept| kept.as_of(then, self.upcasters)) {
                facts = facts.with_model(model.followed());
            }
        }
        // What was authorised then counts as authorised, whatever the rules that are proposed for it.
        let mut blockers = decision.blockers();
        let was_another = blockers.any(|one| one.reason.code.as_str() == "model-differs");
        match self.proposed.pre_authorising(core, step) {
            Some(digest) if !was_another => facts.as_authorised(digest),
            Some(_) | None => facts,
        }
    }

    fn assumed(&mut self, stream: Stream) -> Option<Arc<CalendarState>> {
        let calendar = self.assumed.get(&stream.id)?;
        let state = self.assumed_of.entry(stream.clone());
        let assume = || Arc::new(CalendarState::assumed(stream, calendar.clone()));
        Some(Arc::clone(state.or_insert_with(assume)))
    }

    /// The calendar as the decision read it, or else as it stood then.
    fn calendar(&mut self, stream: &Stream, decision: &Decision) -> Option<Arc<CalendarState>> {
        let kept = self.calendars.get_mut(stream)?;
        let mut sources = decision.calendars.iter().map(|answer| &answer.source);
        let read = sources.find(|source| source.stream == *stream);
        let then = read.map_or(AsOf::Time(decision.at), |read| AsOf::Version(read.version));
        kept.as_of(then, self.upcasters)
    }

    fn count(
        &mut self,
        came: Came,
        request: Option<&ReleaseRequest>,
        decision: &Decision,
        compared: &Compared,
    ) {
        let report = &mut self.report;
        report.all.add(came);
        let asked = decision.gates.iter().chain(&compared.proposed.gates);
        let asked: BTreeSet<_> = asked.map(|gate| &gate.name).collect();
        for &gate in &asked {
            let is_its_own = compared.gates.contains(gate);
            let came = if is_its_own { came } else { Came::Same };
            counts_of(&mut report.by_gate, gate).add(came);
        }
        for gate in compared.gates.iter().filter(|gate| !asked.contains(gate)) {
            counts_of(&mut report.by_gate, gate).add(came);
        }
        let services = request
            .into_iter()
            .flat_map(|request| request.services.iter());
        for service in services {
            counts_of(&mut report.by_service, service).add(came);
        }
        if let Some(team) = request.and_then(|request| request.labels.get(&self.team)) {
            counts_of(&mut report.by_team, team).add(came);
        }
        if came == Came::Undetermined {
            for what in &compared.not_recorded {
                let count = report.not_recorded.entry(what.clone()).or_default();
                *count += 1;
            }
        }
    }

    /// Keeps an example, where it is one of the first.
    fn keep(
        &mut self,
        came: Came,
        request: Option<&ReleaseRequest>,
        entry: &Envelope,
        decision: &Decision,
        compared: Compared,
    ) {
        let Some(examples) = self.first.get_mut(came) else {
            return;
        };
        let place = (decision.at, entry.stream.clone(), entry.version);
        let is_full = examples.len() >= self.examples;
        if is_full
            && examples
                .last_key_value()
                .is_none_or(|(last, _)| place > *last)
        {
            return;
        }
        let is_undetermined = compared.came == Came::Undetermined;
        let not_recorded = compared.not_recorded.into_iter();
        let example = Example {
            stream: entry.stream.clone(),
            version: entry.version,
            title: request.map(|request| request.title.clone()),
            recorded: decision.clone(),
            proposed: compared.proposed,
            not_recorded: not_recorded.filter(|_| is_undetermined).collect(),
        };
        examples.insert(place, example);
        if is_full {
            examples.pop_last();
        }
    }
}

/// Whether two decisions that clear a step leave other overrides and exceptions to the steps that come later.
fn uses_up_other(recorded: &Decision, proposed: &Decision) -> bool {
    let used = |decision: &Decision| {
        let exceptions = decision.exceptions();
        let exceptions = exceptions.map(|(calendar, id)| (calendar.clone(), id.clone()));
        let overrides: BTreeSet<_> = decision.overrides().cloned().collect();
        (overrides, exceptions.collect::<BTreeSet<_>>())
    };
    recorded.is_cleared() && proposed.is_cleared() && used(recorded) != used(proposed)
}

fn counts_of<'a, K: Ord + Clone>(counts: &'a mut BTreeMap<K, Counts>, key: &K) -> &'a mut Counts {
    counts.entry(key.clone()).or_default()
}
