//! How it comes to something: told, replayed, and kept as a test.

use super::condition::Condition;
use super::explore::{Explorer, Found, Way, look};
use super::moves::Tell;
use super::play::{Came, Fault, Node, Told, World, asked};
use super::property::Law;
use super::turn::Turn;
use crate::gate::GateSet;
use crate::phase::{Anywhere, Instant};
use crate::release::{
    Actor, Answer, AnyRecord, Asked, By, LogError, LogErrorKind, Release, ReleaseId,
    ReleaseRequest, Tenant, Upcasters,
};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// A way that a release takes, move by move, from the request on.
///
/// Of several ways to the same end it is one of the shortest, in moves that somebody chooses. As text it is read by
/// people; as JSON ([`FromStr`], `Serialize`) it is kept in a test and [replayed](Self::replay) there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Story {
    lines: Vec<Line>,
    ends: Ending,
}

/// What a story shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Ending {
    /// A last move that must not be.
    Bad,
    /// A last move that was looked for.
    Wanted,
    /// That it has come there: nothing leads on, with what stands against it; or a policy breaks its contract.
    There(Vec<String>),
}

/// One move.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    at: Instant,
    by: Actor,
    what: Tell,
    condition: Condition,
    /// What was given with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    given: Vec<GivenLine>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct GivenLine {
    at: Instant,
    by: Actor,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    occurred_at: Option<Instant>,
    record: AnyRecord,
}

/// Where a story does not go through, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("move {number} does not go through: {why}")]
#[non_exhaustive]
pub struct Diverged {
    /// Which move, counted from 1.
    pub number: usize,
    /// What was said against it.
    pub why: String,
}

impl Story {
    /// How many moves it has that somebody chose.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// Whether nothing happens in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Takes the same way under these gates, with everything that a desk does but the writing: each move is decided,
    /// sealed, read back from its log, admitted and applied. Answers are about what they would be about under these
    /// gates.
    ///
    /// # Errors
    ///
    /// The first move that is refused, with the decision. Where the gates are those that were verified, there is none.
    pub fn replay(&self, gates: &GateSet) -> Result<Release<Anywhere>, Diverged> {
        let id = ReleaseId::from(uuid::Uuid::from_u128(1));
        let nothing = ReleaseRequest::new(crate::release::Name::own("Release"));
        let mut release = Release::request(Tenant::default(), id, nothing)
            .withdraw()
            .anywhere();
        for (place, line) in self.lines.iter().enumerate() {
            let diverged = |why| Diverged {
                number: place + 1,
                why,
            };
            for asked in asked(&release.core().state, &line.what, |state, step| {
                gates.subject_of(state, step)
            }) {
                let by = By::new(line.by.clone());
                release = taken(gates, release, asked, line.at, &by, &line.condition)
                    .map_err(diverged)?;
            }
            for given in &line.given {
                let asked = Asked::Record(given.record.clone());
                let by = By::new(given.by.clone());
                let by = match given.occurred_at {
                    Some(at) => by.occurred_at(at),
                    None => by,
                };
                release = taken(gates, release, asked, given.at, &by, &Condition::default())
                    .map_err(diverged)?;
            }
        }
        Ok(release)
    }

    /// A test of that name, ready to paste; `gates()` has to give the gate set.
    ///
    /// What must not be is to be refused at its last move: a change that stops the story earlier is for a person to look
    /// at. What was looked for is to stay possible. There is none for a release that is stuck: its story goes through
    /// before the mend and after it, and only a search tells whether anything leads on from there.
    #[must_use]
    pub fn as_test(&self, name: &str) -> Option<String> {
        let outcome = match self.ends {
            Ending::Bad => format!(
                "let refused = story.replay(&gates()).expect_err(\"the gates still let it happen\");\n    \
                 assert_eq!(refused.number, {}, \"{{refused}}\");",
                self.len()
            ),
            Ending::Wanted => {
                "let _ = story.replay(&gates()).unwrap_or_else(|refused| panic!(\"{refused}\"));"
                    .to_owned()
            }
            Ending::There(_) => return None,
        };
        let text = self.to_string().replace('\r', " ");
        let told: Vec<_> = text.lines().map(|line| format!("/// {line}\n")).collect();
        let told = told.concat();
        let json = serde_json::to_string(self).unwrap_or_default();
        let hashes = "#".repeat(1 + longest_run(&json, '#'));
        Some(format!(
            "{told}#[test]\nfn {name}() {{\n    let story: phasegate::verify::Story = \
             r{hashes}\"{json}\"{hashes}.parse().unwrap();\n    {outcome}\n}}\n"
        ))
    }
}

fn longest_run(text: &str, of: char) -> usize {
    let runs = text.split(|c| c != of).map(str::len);
    runs.max().unwrap_or(0)
}

impl FromStr for Story {
    type Err = LogError;

    /// Reads a story from JSON.
    ///
    /// # Errors
    ///
    /// - malformed: it is no story
    fn from_str(json: &str) -> Result<Self, LogError> {
        serde_json::from_str(json)
            .map_err(|error| LogError::new(LogErrorKind::Malformed, None, error.to_string()))
    }
}

/// Decides, seals, reads back, admits and applies.
fn taken(
    gates: &GateSet,
    release: Release<Anywhere>,
    asked: Asked,
    at: Instant,
    by: &By,
    condition: &Condition,
) -> Result<Release<Anywhere>, String> {
    let facts = condition.facts(at);
    let batch = match asked {
        Asked::Step(step) => {
            let cleared = gates.decide(release.propose(step), &facts, by);
            let cleared = cleared.map_err(|refused| refused.to_string())?;
            let batch = cleared.batch().clone();
            (cleared.withdraw(), batch)
        }
        Asked::Record(record) => {
            let cleared = gates.decide(release.record(record), &facts, by);
            let cleared = cleared.map_err(|refused| refused.to_string())?;
            let batch = cleared.batch().clone();
            (cleared.withdraw(), batch)
        }
    };
    let (release, batch) = batch;
    let mut core = release.into_core();
    for entry in batch.events() {
        core.follow(entry, &Upcasters::default())
            .map_err(|error| error.to_string())?;
    }
    Ok(Release::of(core))
}

impl fmt::Display for Story {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, line) in self.lines.iter().enumerate() {
            if place > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{}. {line}", place + 1)?;
        }
        if let Ending::There(against) = &self.ends {
            for against in against {
                write!(f, "\n   {}", against.replace('\n', "\n   "))?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            by,
            what,
            condition,
            given,
            ..
        } = self;
        match what {
            Tell::Step(step) => {
                write!(f, "{by}: {}", step.action())?;
                if let Some(request) = step.request() {
                    write!(f, " on the {} track", request.track)?;
                }
                if let Some(package) = super::play::package_of(step) {
                    let units: Vec<_> = package.units().keys().map(ToString::to_string).collect();
                    write!(f, " with package {}", units.join(", "))?;
                }
                condition.tell(f)?;
            }
            Tell::Record(record) => tell_record(f, by, record)?,
            Tell::Answer { step, role, answer } => {
                let said = match answer {
                    Answer::Approved => "approves",
                    Answer::Rejected => "rejects",
                };
                write!(f, "{by} {said} {} as {role}", step.action())?;
            }
            Tell::Withdraw { step, role } => {
                write!(f, "{by} takes back the answer to {step} as {role}")?;
            }
            Tell::Tested(runs) => write!(f, "{runs}")?,
            Tell::Wait(time) => write!(f, "{time} pass")?,
        }
        let kinds = given.iter().map(|given| given.record.kind().to_string());
        let mut kinds: Vec<_> = kinds.collect();
        kinds.dedup();
        if kinds.is_empty() {
            return Ok(());
        }
        write!(f, " (given: {})", kinds.join(", "))
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the others say enough by their kind"
)]
fn tell_record(f: &mut fmt::Formatter<'_>, by: &Actor, record: &AnyRecord) -> fmt::Result {
    match record {
        AnyRecord::RoleRelieved(left) => write!(f, "{} is no longer {}", left.person, left.role),
        AnyRecord::RoleGiven(given) => write!(f, "{} becomes {}", given.person, given.role),
        AnyRecord::TrackChanged(changed) => write!(f, "{by}: the track becomes {}", changed.track),
        AnyRecord::OverrideGranted(granted) => write!(
            f,
            "{by} grants override {} of `{}` of policy {} for {}",
            granted.id, granted.code, granted.policy, granted.step
        ),
        other => write!(f, "{by} records {}", other.kind()),
    }
}

impl Condition {
    fn tell(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (calendar, windows) in self.calendars.iter().filter(|(_, on)| !on.is_empty()) {
            let ids: Vec<_> = windows
                .iter()
                .map(|window| window.id().to_string())
                .collect();
            write!(f, ", while {} of calendar {calendar} is on", ids.join(", "))?;
        }
        for (key, value) in &self.facts {
            write!(f, ", while {key} is {value:?}")?;
        }
        Ok(())
    }
}

impl<W: World> Explorer<'_, W> {
    /// Tells how it came to what a property was decided by: found again without any reduction, and replayed.
    pub(super) fn story(&self, property: usize, found: Found) -> Result<Story, String> {
        let (mut path, to) = match found {
            Found::At(to) => (self.path(to), to),
            Found::By(way, to) => {
                let mut path = self.path(way.from);
                path.push((way, to));
                (path, to)
            }
        };
        let last = matches!(found, Found::By(..)).then(|| path.pop()).flatten();
        let mut telling = Telling {
            node: self.play.start(),
            lines: Vec::new(),
        };
        for (way, to) in path {
            self.go_on(&mut telling, way, to, &|_| true)?;
        }
        if let Some((way, _)) = last {
            let decides = |turn: &Turn<'_>| {
                let asked = self.properties.get(property);
                asked.is_some_and(|asked| look(asked, turn, property).decides)
            };
            self.go_on(&mut telling, way, to, &decides)?;
        }
        let is_wanted = self.properties.get(property);
        let is_wanted = is_wanted.is_some_and(|one| matches!(one.law, Law::Reachable(_)));
        let ends = match found {
            Found::At(stuck) => {
                let far = self.nodes.get(self.farthest(property, stuck));
                let against = far.map(|far| (far.state.standing, self.against(far)));
                let told = against.map(|(at, against)| {
                    let lines = against.into_iter();
                    lines
                        .map(|line| format!("at best in {at}: {line}"))
                        .collect()
                });
                Ending::There(told.unwrap_or_default())
            }
            Found::By(..) if is_wanted => Ending::Wanted,
            Found::By(..) => Ending::Bad,
        };
        let story = Story {
            lines: telling.lines,
            ends,
        };
        if W::IS_REAL {
            let replayed = story.replay(self.play.gates);
            let _ = replayed.map_err(|diverged| diverged.to_string())?;
        }
        Ok(story)
    }

    /// How it came to where a policy broke its contract.
    pub(super) fn story_of_fault(&self, way: Way) -> Story {
        let mut telling = Telling {
            node: self.play.start(),
            lines: Vec::new(),
        };
        for (way, to) in self.path(way.from) {
            if self.go_on(&mut telling, way, to, &|_| true).is_err() {
                break;
            }
        }
        let lines = telling.lines;
        Story {
            lines,
            ends: Ending::There(Vec::new()),
        }
    }

    /// One move further on a way that is as it is, to a situation that reduces to that place.
    fn go_on(
        &self,
        telling: &mut Telling,
        way: Way,
        to: usize,
        is_wanted: &dyn Fn(&Turn<'_>) -> bool,
    ) -> Result<(), String> {
        let Some(wanted) = self.nodes.get(to) else {
            return Err("the way is lost".to_owned());
        };
        let core = self.play.core(&telling.node);
        // People may stand in each other's place: then it is another one who does the same.
        let all = (0..self.play.moves.len()).flat_map(|chosen| {
            (0..self.play.conditions.len()).map(move |condition| (chosen, condition))
        });
        for (chosen, condition) in std::iter::once((way.chosen, way.condition)).chain(all) {
            let (Some(one), Some(around), Some(facts)) = (
                self.play.moves.get(chosen),
                self.play.conditions.get(condition),
                self.play.facts(condition, telling.node.now),
            ) else {
                continue;
            };
            let mut told = Told::new();
            let came = self
                .play
                .act(&telling.node, &core, one, &facts, Some(&mut told));
            let came = came.map_err(|Fault { policy, code }| format!("{policy}: {code}"))?;
            let Came::To(mut acted) = came else {
                continue;
            };
            let turn = Turn {
                gates: self.play.gates,
                before: &telling.node,
                after: &acted.after,
                by: &one.by,
                taken: acted.taken.as_ref(),
                condition: around,
            };
            let is_wanted = is_wanted(&turn);
            let all = self.properties.iter().enumerate();
            let bits = all.map(|(place, property)| look(property, &turn, place).bit);
            let bits = bits.fold(0, |bits, bit| bits | bit);
            acted.after.memory.seen |= bits;
            if is_wanted && is_same(&self.normal_of(acted.after.clone()), wanted) {
                telling.add(one, around, told);
                telling.node = acted.after;
                return Ok(());
            }
        }
        Err("the way cannot be found again without the reductions".to_owned())
    }

    /// What stands against each step that would lead on.
    fn against(&self, node: &Node) -> Vec<String> {
        let core = self.play.core(node);
        let Some(facts) = self.play.facts(0, node.now) else {
            return Vec::new();
        };
        let mut against: Vec<String> = Vec::new();
        for one in &self.play.moves {
            if let Tell::Step(step) = &one.tell
                && step.action().leads(node.state.standing).is_some()
                && let Err(decision) =
                    self.play
                        .gates
                        .event_of(&core, Asked::Step(step.clone()), &facts, &one.by())
            {
                let text = decision.to_string();
                if !against.contains(&text) {
                    against.push(text);
                }
            }
        }
        against
    }
}

/// Whether two situations are the same, apart from what properties wait for.
fn is_same(one: &Node, other: &Node) -> bool {
    one.state == other.state
        && one.now == other.now
        && (one.memory.package, &one.memory.used) == (other.memory.package, &other.memory.used)
}

/// A story being told.
struct Telling {
    node: Node,
    lines: Vec<Line>,
}

impl Telling {
    fn add(&mut self, one: &super::moves::Move, around: &Condition, told: Told) {
        let chosen = match &one.tell {
            Tell::Tested(runs) => runs.len(),
            Tell::Wait(_) => 0,
            Tell::Step(_) | Tell::Record(_) | Tell::Answer { .. } | Tell::Withdraw { .. } => 1,
        };
        let given = told.into_iter().skip(chosen);
        let given = given.filter_map(|(asked, by, at)| match asked {
            Asked::Record(record) => Some(GivenLine {
                at,
                by: by.actor().clone(),
                occurred_at: by.occurred_at,
                record,
            }),
            Asked::Step(_) => None,
        });
        self.lines.push(Line {
            at: self.node.now,
            by: one.by.clone(),
            what: one.tell.clone(),
            condition: around.clone(),
            given: given.collect(),
        });
    }
}
