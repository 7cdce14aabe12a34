//! Breadth first: every way that a release can take, the shortest ones first, and all properties on the way.

use super::asks::every;
use super::condition::Condition;
use super::domain::Domain;
use super::moves::Tell;
use super::normal::{Normal, Reductions};
use super::people::Classes;
use super::play::{Acted, Came, Fault, Node, Play, World};
use super::property::{Law, Property};
use super::report::Options;
use super::subjects::locked;
use super::turn::Turn;
use crate::phase::{Action, PhaseName};
use crate::release::{AnyRecord, Decision, Person, Track};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{BuildHasherDefault, Hasher};
use std::ops::Range;
use std::sync::Arc;

/// A situation, by its place in the order in which they were found.
pub(super) type Place = usize;

/// A move by its place in the domain, and a condition by its.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Way {
    pub(super) from: Place,
    pub(super) chosen: usize,
    pub(super) condition: usize,
}

/// Where a property was seen to be decided.
#[derive(Debug, Clone, Copy)]
pub(super) enum Found {
    /// By this move.
    By(Way, Place),
    /// By nothing that comes after.
    At(Place),
}

/// How an exploration ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum End {
    /// Nothing is left.
    Done,
    /// Every property is decided, by a way that shows it.
    Decided,
    /// The states, or the bytes, that were allowed are used up.
    Budget,
    Faulty(Fault, Way),
}

/// An exploration.
pub(super) struct Explorer<'a, W> {
    pub(super) play: &'a Play<'a, W>,
    pub(super) properties: &'a [Property],
    normal: Normal<'a, 'a, W>,
    classes: Option<Classes>,
    pub(super) nodes: Vec<Arc<Node>>,
    places: HashMap<Arc<Node>, Place, BuildHasherDefault<Quick>>,
    /// How each was come to first.
    pub(super) ways: Vec<Option<Way>>,
    /// For each property that asks for it: who can be come to from whom.
    edges: Vec<Vec<(Place, Place)>>,
    /// For each, from where what it asks for is one move away.
    reaches: Vec<BTreeSet<Place>>,
    pub(super) found: Vec<Option<Found>>,
    /// How often each property was about something.
    pub(super) turns: Vec<u64>,
    pub(super) transitions: u64,
    pub(super) judged: u64,
    pub(super) bytes: usize,
    pub(super) taken: BTreeMap<Action, u64>,
    /// The moves that were made once at least.
    made: BTreeSet<usize>,
    pub(super) end: End,
}

impl<'a, W: World> Explorer<'a, W> {
    pub(super) fn of(
        play: &'a Play<'a, W>,
        properties: &'a [Property],
        reductions: Reductions,
    ) -> Self {
        let is_fair = properties.iter().all(|property| property.is_fair);
        let classes = (reductions.people && is_fair).then(|| Classes::of(play));
        let many = properties.len();
        Self {
            play,
            properties,
            normal: Normal::of(play, reductions),
            classes: classes.filter(|classes| !classes.is_empty()),
            nodes: Vec::new(),
            places: HashMap::default(),
            ways: Vec::new(),
            edges: vec![Vec::new(); many],
            reaches: vec![BTreeSet::new(); many],
            found: vec![None; many],
            turns: vec![0; many],
            transitions: 0,
            judged: 0,
            bytes: 0,
            taken: BTreeMap::new(),
            made: BTreeSet::new(),
            end: End::Done,
        }
    }

    /// Explores until nothing is left, all is decided, or so much is used up.
    ///
    /// Situations are left some at a time, by several threads, and what they lead to is put in its place in one order: the
    /// number of threads changes nothing that is found.
    pub(super) fn run(&mut self, options: &Options) {
        self.place(self.play.start(), None);
        let mut from = 0;
        while from < self.nodes.len() {
            if self.is_decided() {
                self.end = End::Decided;
                return;
            }
            let last = self.nodes.len().min(from + AT_ONCE);
            for left in self.leave_all(from..last, options.threads) {
                self.judged += left.judged;
                left.arrivals.into_iter().for_each(|one| self.arrive(one));
                if let Some((fault, way)) = left.fault {
                    self.end = End::Faulty(fault, way);
                    return;
                }
                if self.nodes.len() > options.states || self.bytes > options.bytes {
                    self.end = End::Budget;
                    return;
                }
            }
            from = last;
        }
        self.look_back();
    }

    /// Every move from each of these situations, in order.
    fn leave_all(&self, places: Range<Place>, threads: usize) -> Vec<Left> {
        let share = places.len().div_ceil(threads.max(1)).max(1);
        let leave = |places: Range<Place>| -> Vec<Left> {
            let nodes = places.filter_map(|place| Some((place, self.nodes.get(place)?)));
            nodes.map(|(place, node)| self.leave(place, node)).collect()
        };
        let leave = &leave;
        let first = places.start..places.end.min(places.start + share);
        std::thread::scope(|threads| {
            let starts = (first.end..places.end).step_by(share);
            let others: Vec<_> = starts
                .map(|start| {
                    let share = start..places.end.min(start + share);
                    let again = share.clone();
                    let thread = std::thread::Builder::new();
                    (thread.spawn_scoped(threads, move || leave(share)), again)
                })
                .collect();
            let mut left = leave(first);
            for (thread, share) in others {
                // Where there is no thread to be had, the work is done here.
                let done = thread.ok().and_then(|thread| thread.join().ok());
                left.extend(done.unwrap_or_else(|| leave(share)));
            }
            left
        })
    }

    /// Whether no property is open any more; one that can only hold stays open to the end.
    fn is_decided(&self) -> bool {
        !self.found.is_empty() && self.found.iter().all(Option::is_some)
    }

    /// Every move from one situation.
    fn leave(&self, from: Place, node: &Node) -> Left {
        let play = self.play;
        let core = play.core(node);
        let mut left = Left::default();
        for (chosen, one) in play.moves.iter().enumerate() {
            let mut same: Option<Acted> = None;
            for (condition, around) in play.conditions.iter().enumerate() {
                let way = Way {
                    from,
                    chosen,
                    condition,
                };
                // What did not look at the world around it comes out the same under every condition.
                let came = if let Some(acted) = same.take() {
                    Ok(Came::To(acted))
                } else {
                    let Some(facts) = play.facts(condition, node.now) else {
                        break;
                    };
                    let came = play.act(node, &core, one, &facts, None);
                    left.judged += u64::from(!matches!(came, Ok(Came::NotOpen)));
                    came
                };
                let acted = match came {
                    Ok(Came::To(acted)) => acted,
                    Ok(Came::Refused(decision)) if looks_around(play.domain, &decision) => continue,
                    Ok(Came::Refused(_) | Came::NotOpen) => break,
                    Err(fault) => {
                        left.fault = Some((fault, way));
                        return left;
                    }
                };
                let decision = acted.taken.as_ref().map(|step| &step.decision);
                let is_step = decision.is_some();
                if decision.is_some_and(|decision| !looks_around(play.domain, decision)) {
                    same = Some(acted.clone());
                }
                let Acted { mut after, taken } = acted;
                let seen = self.see(node, &after, &one.by, taken.as_ref(), around);
                after.memory.seen |= seen.bits;
                left.arrivals.push(Arrival {
                    way,
                    to: self.normal_of(after),
                    step: taken.map(|taken| taken.step.action()),
                    seen,
                });
                if !is_step {
                    break;
                }
            }
        }
        left
    }

    /// A move was made.
    fn arrive(&mut self, arrival: Arrival) {
        let Arrival {
            way,
            to,
            step,
            seen,
        } = arrival;
        self.transitions += 1;
        self.made.insert(way.chosen);
        if let Some(step) = step {
            *self.taken.entry(step).or_default() += 1;
        }
        let to = self.place(to, Some(way));
        let open = self.found.iter_mut().zip(&mut self.turns);
        let open = open.zip(&mut self.reaches).enumerate();
        for (place, ((found, turns), reaches)) in
            open.filter(|(_, ((found, _), _))| found.is_none())
        {
            *turns += u64::from(seen.is_about.contains(&place));
            if seen.reaches.contains(&place) {
                reaches.insert(way.from);
            }
            if seen.decided.contains(&place) {
                *found = Some(Found::By(way, to));
            }
        }
        for (property, edges) in self.properties.iter().zip(&mut self.edges) {
            if let Law::CanAlwaysReach { without, .. } = &property.law
                && step.is_none_or(|step| !without.contains(&step))
            {
                edges.push((way.from, to));
                self.bytes += size_of::<(Place, Place)>();
            }
        }
    }

    /// What the properties say of a move.
    fn see(
        &self,
        before: &Node,
        after: &Node,
        by: &crate::release::Actor,
        taken: Option<&crate::release::StepTaken>,
        condition: &Condition,
    ) -> Seen {
        let turn = Turn {
            gates: self.play.gates,
            before,
            after,
            by,
            taken,
            condition,
        };
        let mut seen = Seen::default();
        let all = self.properties.iter().zip(&self.found).enumerate();
        for (place, (property, _)) in all.filter(|(_, (_, found))| found.is_none()) {
            let verdict = look(property, &turn, place);
            seen.bits |= verdict.bit;
            seen.is_about.extend(verdict.is_about.then_some(place));
            seen.reaches.extend(verdict.reaches.then_some(place));
            seen.decided.extend(verdict.decides.then_some(place));
        }
        seen
    }

    pub(super) fn normal_of(&self, node: Node) -> Node {
        let node = self.normal.node(node);
        match &self.classes {
            Some(classes) => classes.ordered(node),
            None => node,
        }
    }

    /// The place of a situation: a new one, if it was not come to before.
    fn place(&mut self, node: Node, way: Option<Way>) -> Place {
        if let Some(place) = self.places.get(&node) {
            return *place;
        }
        let place = self.nodes.len();
        self.bytes += weight(&node);
        // Worked out once here, and not again in each copy.
        let _ = node
            .state
            .request
            .as_ref()
            .map(crate::release::Digested::digest);
        let _ = node
            .state
            .plan
            .as_ref()
            .map(crate::release::Digested::digest);
        let node = Arc::new(node);
        self.places.insert(node.clone(), place);
        self.nodes.push(node);
        self.ways.push(way);
        place
    }

    /// From the goals backwards: the first situation from which none can be come to any more.
    fn look_back(&mut self) {
        for (place, property) in self.properties.iter().enumerate() {
            if !matches!(property.law, Law::CanAlwaysReach { .. }) {
                continue;
            }
            let (Some(edges), Some(reaches), Some(found), Some(turns)) = (
                self.edges.get(place),
                self.reaches.get(place),
                self.found.get_mut(place),
                self.turns.get_mut(place),
            ) else {
                continue;
            };
            let good = backwards(self.nodes.len(), edges, reaches);
            let open = self.nodes.iter().zip(&good).enumerate();
            let mut open = open.filter(|(_, (node, _))| {
                let phase = node.state.standing.phase;
                !matches!(phase, PhaseName::Start | PhaseName::Closed)
            });
            *turns = open.clone().count() as u64;
            let lost = open.find(|(_, (_, good))| !**good);
            *found = lost.map(|(place, _)| Found::At(place));
        }
    }

    /// The moves from the beginning to a place.
    pub(super) fn path(&self, to: Place) -> Vec<(Way, Place)> {
        let mut path = Vec::new();
        let mut place = to;
        while let Some(way) = self.ways.get(place).copied().flatten() {
            path.push((way, place));
            place = way.from;
        }
        path.reverse();
        path
    }

    /// What the domain has, and never came to pass where everything was explored: what is given, and what is chosen.
    pub(super) fn idle(&self) -> Vec<String> {
        if self.end != End::Done {
            return Vec::new();
        }
        let entered = self.phases();
        let was_given = locked(&self.play.was_given);
        let given = self.play.given.iter().flat_map(|(&phase, all)| {
            let all = all.iter().enumerate();
            all.map(move |(place, given)| (phase, place, given))
        });
        let given = given.filter(|(phase, place, _)| {
            entered.contains_key(phase) && !was_given.contains(&(*phase, *place))
        });
        let given = given.map(|(phase, _, given)| format!("{} in {phase}", given.record.kind()));
        let domain = self.play.domain;
        let overrides = domain.overrides.iter().map(|(one, _)| one.clone().into());
        let wanted: Vec<AnyRecord> = overrides
            .chain(domain.choices.iter().map(|(record, _)| record.clone()))
            .collect();
        let moves = self.play.moves.iter().enumerate();
        let chosen = moves.filter_map(|(place, one)| match &one.tell {
            Tell::Record(record) if !self.made.contains(&place) && wanted.contains(record) => {
                Some(format!("{} by {}", record.kind(), one.by))
            }
            Tell::Step(_)
            | Tell::Record(_)
            | Tell::Answer { .. }
            | Tell::Withdraw { .. }
            | Tell::Tested(_)
            | Tell::Wait(_) => None,
        });
        // Gates that hold one track may be passed by on another.
        let is_held = every(self.play.gates).next().is_some();
        let mut tracks = self.nodes.iter().map(|node| node.state.track);
        let is_hasty = tracks.any(|track| track == Track::Emergency);
        let calm = (is_held && !is_hasty).then(|| "a release on the emergency track".to_owned());
        given.chain(chosen).chain(calm).collect()
    }

    /// From a place that is lost: the first of the situations that are as far on as one comes from there.
    pub(super) fn farthest(&self, property: usize, lost: Place) -> Place {
        let mut leads: BTreeMap<Place, Vec<Place>> = BTreeMap::new();
        for (from, to) in self.edges.get(property).into_iter().flatten() {
            leads.entry(*from).or_default().push(*to);
        }
        let mut seen = BTreeSet::from([lost]);
        let mut left = vec![lost];
        while let Some(place) = left.pop() {
            for &to in leads.get(&place).into_iter().flatten() {
                if seen.insert(to) {
                    left.push(to);
                }
            }
        }
        let phase = |place: &Place| {
            let node = self.nodes.get(*place);
            node.map(|node| node.state.standing.phase)
        };
        let far = seen.into_iter();
        let far = far.max_by_key(|place| (phase(place), Reverse(*place)));
        far.unwrap_or(lost)
    }

    pub(super) fn phases(&self) -> BTreeMap<PhaseName, usize> {
        let mut phases = BTreeMap::new();
        for node in &self.nodes {
            *phases.entry(node.state.standing.phase).or_default() += 1;
        }
        phases
    }

    /// Whose places were exchanged, if people are symmetric here.
    pub(super) fn symmetric_people(&self) -> Vec<Vec<Person>> {
        self.classes
            .as_ref()
            .map(Classes::people)
            .unwrap_or_default()
    }
}

/// So many situations are left before what they lead to is put in its place.
const AT_ONCE: usize = 64;

/// What comes of leaving a situation.
#[derive(Default)]
struct Left {
    arrivals: Vec<Arrival>,
    judged: u64,
    /// A policy broke its contract.
    fault: Option<(Fault, Way)>,
}

/// A move that was made, and where it leads.
struct Arrival {
    way: Way,
    to: Node,
    step: Option<Action>,
    seen: Seen,
}

/// What the properties saw in one move.
#[derive(Default)]
struct Seen {
    bits: u64,
    is_about: Vec<usize>,
    reaches: Vec<usize>,
    decided: Vec<usize>,
}

/// What one property says of one move.
#[derive(Default)]
pub(super) struct Verdict {
    pub(super) is_about: bool,
    pub(super) bit: u64,
    pub(super) reaches: bool,
    pub(super) decides: bool,
}

pub(super) fn look(property: &Property, turn: &Turn<'_>, place: usize) -> Verdict {
    let bit = 1_u64 << (place % 64);
    let mut verdict = Verdict::default();
    match &property.law {
        Law::Always(holds) => {
            verdict.is_about = property.is_about(turn);
            verdict.decides = verdict.is_about && !holds(turn);
        }
        Law::Reachable(seen) => {
            verdict.is_about = property.is_about(turn);
            verdict.decides = verdict.is_about && seen(turn);
        }
        Law::CanAlwaysReach { goal, without } => {
            let is_way = turn.step().is_none_or(|step| !without.contains(&step));
            verdict.reaches = is_way && property.is_about(turn) && goal(turn);
        }
        Law::OnlyAfter { then, first } => {
            verdict.is_about = property.is_about(turn) && then(turn);
            verdict.decides = verdict.is_about && turn.before.memory.seen & bit == 0;
            verdict.bit = if first(turn) { bit } else { 0 };
        }
    }
    verdict
}

/// Whether a decision has looked at what conditions say.
fn looks_around(domain: &Domain, decision: &Decision) -> bool {
    // A fact that the host does not know leaves no trace in the decision.
    !domain.facts.is_empty()
        || !decision.calendars.is_empty()
        || !decision.unread_calendars.is_empty()
}

/// From where one of those that reach can be come to.
fn backwards(many: usize, edges: &[(Place, Place)], reaches: &BTreeSet<Place>) -> Vec<bool> {
    let mut into: Vec<Vec<Place>> = vec![Vec::new(); many];
    for (from, to) in edges {
        if let Some(into) = into.get_mut(*to) {
            into.push(*from);
        }
    }
    let mut good: Vec<bool> = (0..many).map(|place| reaches.contains(&place)).collect();
    let mut left: Vec<Place> = reaches.iter().copied().collect();
    while let Some(place) = left.pop() {
        for &from in into.get(place).into_iter().flatten() {
            if let Some(good) = good.get_mut(from).filter(|good| !**good) {
                *good = true;
                left.push(from);
            }
        }
    }
    good
}

/// About how many bytes a situation takes.
fn weight(node: &Node) -> usize {
    let state = &node.state;
    let entries = state
        .people
        .values()
        .map(|one| one.len() + 1)
        .sum::<usize>()
        + state.approvals.len() * 3
        + state.attempts.len() * 2
        + state.checklist.len()
        + state.evidence.len()
        + state.overrides.len()
        + state.debts.len() * 2
        + state.change_requests.len()
        + state.notified.len();
    size_of::<Node>() + entries * 96 + 64
}

/// Hashes quickly: whoever finds two equal by it compares them still.
#[derive(Default)]
pub(super) struct Quick(u64);

impl Hasher for Quick {
    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 32)
    }

    fn write(&mut self, mut bytes: &[u8]) {
        while let Some((word, left)) = bytes.split_first_chunk::<8>() {
            self.write_u64(u64::from_le_bytes(*word));
            bytes = left;
        }
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u8(&mut self, number: u8) {
        self.write_u64(u64::from(number));
    }

    fn write_u32(&mut self, number: u32) {
        self.write_u64(u64::from(number));
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = (self.0.rotate_left(5) ^ number).wrapping_mul(0x517c_c1b7_2722_0a95);
    }

    fn write_usize(&mut self, number: usize) {
        self.write_u64(number as u64);
    }
}
