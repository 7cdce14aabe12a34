//! What the desk asks of the host before a gate is asked, and what it makes of the answers.

use crate::desk_support::{
    Knows, NOON, Office, at, by, calendar, fact, fact_of, id, key, note, office, tenant, text,
    titled, wait, worthwhile,
};
use phasegate::clock::Clock;
use phasegate::desk::{CommitFailed, RunError};
use phasegate::facts::{About, Answer, FactFinder};
use phasegate::gate::{Condition, Facts, GateSet, any, when};
use phasegate::phase::{Action, PhaseName, Request, Seconds};
use phasegate::release::step::{Authorise, RequestRelease};
use phasegate::release::{Decision, Enforcement, Fact, FactValue, Key, Note, Track, Verdict};
use phasegate::store::Store;
use phasegate::{Gate, Instant, MemoryStore, Release};
use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::future::poll_fn;
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};

type Answers = dyn Fn(&str, Instant) -> Answer + Send + Sync;

/// A host that answers as a test says, and remembers what it was asked.
#[derive(Clone)]
struct Host {
    answer: Arc<Answers>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Host {
    fn new(answer: impl Fn(&str, Instant) -> Answer + Send + Sync + 'static) -> Self {
        Self {
            answer: Arc::new(answer),
            asked: Arc::default(),
        }
    }

    /// Knows everything, as of now.
    fn knowing() -> Self {
        Self::new(|_, now| Ok(Some(fact(now))))
    }

    fn asked(&self) -> Vec<String> {
        let mut asked = std::mem::take(&mut *self.asked.lock().unwrap());
        asked.sort();
        asked
    }
}

impl FactFinder for Host {
    async fn find(&self, key: &Key, about: About<'_>) -> Answer {
        self.asked.lock().unwrap().push(key.to_string());
        (self.answer)(key.as_str(), about.now)
    }
}

#[derive(Debug)]
struct Broken(&'static str, Option<Box<Broken>>);

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Error for Broken {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.1.as_deref().map(|source| source as _)
    }
}

fn no_answer() -> Broken {
    let socket = Broken("connection reset", None);
    Broken("the monitoring did not answer", Some(Box::new(socket)))
}

fn intake(rule: impl phasegate::gate::RuleOn<Authorise>) -> GateSet {
    GateSet::new().with(Gate::<Authorise>::new("intake", 1).unwrap().require(rule))
}

fn asking(gates: GateSet, host: &Host) -> Office<Arc<MemoryStore>> {
    let mut office = office().with_gates(gates);
    office.desk = office.desk.with_facts(host.clone());
    office
}

fn explained<S: Store>(office: &Office<S>, release: &Release<Request>) -> Decision {
    let step = Authorise::new(worthwhile());
    let decision = wait(office.desk.explain(release, step.clone(), by("cho")));
    let facts = Facts::of(&decision);
    let gates = office.desk.gates();
    let again = gates.explain(release, step, &facts, &by("cho"));
    assert_eq!(again, decision, "from its record it comes out the same");
    decision
}

fn blockers(decision: &Decision) -> Vec<String> {
    decision.blockers().map(|one| one.to_string()).collect()
}

#[test]
fn a_desk_asks_for_what_the_rules_of_this_step_need_each_once() {
    let emergency = || Condition::tracks([Track::Emergency]);
    let gates = intake(Knows::facts(["a", "b"]))
        .with(
            Gate::<Authorise>::new("more", 1)
                .unwrap()
                .require(any((Knows::facts(["b", "c"]), Knows::facts(["d"]))))
                .require(when(emergency(), Knows::facts(["not-judged"])))
                .enforce(Knows::facts(["e"]), Enforcement::Shadow),
        )
        .with(
            Gate::<Authorise>::new("emergency", 1)
                .unwrap()
                .on_track(Track::Emergency)
                .require(Knows::facts(["another-track"])),
        )
        .with(
            Gate::<phasegate::release::step::Deploy>::new("later", 1)
                .unwrap()
                .require(Knows::facts(["another-step"])),
        );
    let host = Host::knowing();
    let office = asking(gates, &host);
    let release = office.requested();
    let release = office.recorded(release, note("so far so good"), "kim");
    assert_eq!(host.asked(), [""; 0], "no rule is about that");
    let decision = explained(&office, &release);
    assert!(decision.is_cleared(), "{decision}");
    assert_eq!(host.asked(), ["a", "b", "c", "d", "e"]);
    let known: Vec<_> = decision.facts.keys().map(Key::as_str).collect();
    assert_eq!(known, ["a", "b", "c", "d", "e"]);
    let _ = office.done(release.authorise(worthwhile()), "cho");
    assert_eq!(host.asked(), ["a", "b", "c", "d", "e"]);
    // A step that the release does not have is refused without asking.
    let planned = wait(office.desk.load(id(1))).unwrap();
    let step = Authorise::new(worthwhile());
    let refused = wait(office.desk.explain(&planned.anywhere(), step, by("cho")));
    assert!(!refused.is_cleared());
    assert_eq!(host.asked(), [""; 0]);
}

#[test]
fn a_fact_that_could_not_be_had_leaves_the_answer_open_and_says_why() {
    let host = Host::new(|key, now| match key {
        "budget" => Err(no_answer().into()),
        _ => Ok(Some(fact(now))),
    });
    let office = asking(intake(Knows::facts(["budget", "pages"])), &host);
    let release = office.requested();
    let decision = explained(&office, &release);
    let why = "the monitoring did not answer: connection reset";
    assert_eq!(
        blockers(&decision),
        [format!(
            "knows: fact `budget` could not be had: {why}; ask again once it can be had"
        )]
    );
    let verdict = &decision.findings[0].judgement.verdict;
    assert!(matches!(verdict, Verdict::Unknown { .. }));
    assert_eq!(
        decision.missing,
        BTreeMap::from([(key("budget"), text(why))])
    );
    let written = serde_json::to_string(&decision).unwrap();
    assert_eq!(
        serde_json::from_str::<Decision>(&written).unwrap(),
        decision
    );
    let refused = office.run(release.authorise(worthwhile()), "cho");
    let refused = refused.unwrap_err().refused().unwrap();
    assert_eq!(*refused.decision, decision);
}

#[test]
fn nothing_can_be_made_of_an_error_by_turning_it_round() {
    let host = Host::new(|_, _| Err(no_answer().into()));
    let office = asking(
        intake(phasegate::gate::not(Knows::facts(["budget"]))),
        &host,
    );
    let decision = explained(&office, &office.requested());
    assert!(!decision.is_cleared());
    let verdict = &decision.findings[0].judgement.verdict;
    assert!(matches!(verdict, Verdict::Unknown { .. }));
}

#[test]
fn a_fact_that_only_a_shadow_needs_holds_nobody_up() {
    let host = Host::new(|key, now| match key {
        "trial" => Err(no_answer().into()),
        _ => Ok(Some(fact(now))),
    });
    let gates = intake(Knows::facts(["budget"])).with(
        Gate::<Authorise>::new("trial", 1)
            .unwrap()
            .enforce(Knows::facts(["trial"]), Enforcement::Shadow),
    );
    let office = asking(gates, &host);
    let release = office.requested();
    let decision = explained(&office, &release);
    assert!(decision.is_cleared(), "{decision}");
    assert!(decision.missing.contains_key(&key("trial")));
    let _ = office.done(release.authorise(worthwhile()), "cho");
}

#[test]
fn what_the_host_does_not_know_is_for_the_policy_to_judge() {
    let host = Host::new(|_, _| Ok(None));
    let office = asking(intake(Knows::facts(["budget"])), &host);
    let decision = explained(&office, &office.requested());
    assert_eq!(
        blockers(&decision),
        ["knows: `budget` is not known; ask again"]
    );
    assert!(decision.missing.is_empty());
}

#[test]
fn a_desk_without_a_finder_says_so() {
    let office = office().with_gates(intake(Knows::facts(["budget"])));
    let decision = explained(&office, &office.requested());
    assert_eq!(
        blockers(&decision),
        [
            "knows: fact `budget` could not be had: this desk has nobody to ask for facts; \
             give it `with_facts`; ask again once it can be had"
        ]
    );
}

#[test]
fn a_fact_that_is_over_when_all_are_there_is_not_decided_on() {
    // The second answer takes six minutes; a fact holds for five.
    let mut office = office();
    let clock = office.clock.clone();
    let host = Host::new(move |key, _| {
        if key == "slow" {
            clock.pass(Seconds::minutes(6));
        }
        Ok(Some(fact(clock.now())))
    });
    office.desk = office
        .desk
        .with_gates(intake(Knows::facts(["fast", "slow"])))
        .with_facts(host);
    let release = office.requested();
    let decision = explained(&office, &release);
    let why = "it held until 2026-03-02T12:05:00Z, and it is 2026-03-02T12:06:00Z";
    assert_eq!(
        blockers(&decision),
        [format!(
            "knows: fact `fast` could not be had: {why}; ask again once it can be had"
        )]
    );
    assert_eq!(decision.at, at("2026-03-02T12:06:00Z"));
    assert_eq!(decision.facts.len(), 1, "the slow one holds");
}

#[test]
fn a_fact_holds_a_clearance_no_longer_than_itself() {
    let host = Host::new(|key, now| {
        let mut fact = fact(now);
        fact.holds_until = (key == "long").then(|| now.plus(Seconds::hours(9)));
        Ok(Some(fact))
    });
    let office = asking(intake(Knows::facts(["long"])), &host);
    let release = office.requested();
    let until = |decision: Decision| decision.holds_until.unwrap();
    assert_eq!(
        until(explained(&office, &release)),
        at("2026-03-02T21:00:00Z")
    );
    let office = office.with_gates(intake(Knows::facts(["long", "short"])));
    assert_eq!(
        until(explained(&office, &release)),
        at("2026-03-02T12:05:00Z")
    );
    // Said to be read long after now, or to be over already.
    for (read, ends, why) in [
        (
            "2026-03-02T12:05:01Z",
            None,
            "it is said to be read at 2026-03-02T12:05:01Z, and it is 2026-03-02T12:00:00Z",
        ),
        (
            NOON,
            Some(NOON),
            "it held until 2026-03-02T12:00:00Z, and it is 2026-03-02T12:00:00Z",
        ),
    ] {
        let host = Host::new(move |_, _| {
            let mut fact = fact(at(read));
            fact.holds_until = ends.map(at);
            Ok(Some(fact))
        });
        let office = asking(intake(Knows::facts(["strange"])), &host);
        let decision = explained(&office, &release);
        assert_eq!(decision.missing[&key("strange")].as_str(), why);
        assert!(!decision.is_cleared());
    }
}

/// Answers only when all three were asked: a desk that waits for one before it asks the next gets nowhere.
#[derive(Default)]
struct AllAtOnce(Mutex<Vec<Waker>>);

impl FactFinder for AllAtOnce {
    async fn find(&self, _key: &Key, about: About<'_>) -> Answer {
        let mut has_come = false;
        poll_fn(|context| {
            let mut waiting = self.0.lock().unwrap();
            if !has_come {
                has_come = true;
                waiting.push(context.waker().clone());
            }
            if waiting.len() < 3 {
                return Poll::Pending;
            }
            waiting.iter().for_each(Waker::wake_by_ref);
            Poll::Ready(())
        })
        .await;
        Ok(Some(fact(about.now)))
    }
}

#[test]
fn the_facts_of_one_decision_are_waited_for_together() {
    let mut office = office().with_gates(intake(Knows::facts(["a", "b", "c"])));
    office.desk = office.desk.with_facts(AllAtOnce::default());
    let release = office.requested();
    let _ = office.done(release.authorise(worthwhile()), "cho");
}

/// Reads a calendar's log, behind by so many events.
fn of_the_calendar(behind: u64) -> (Office<Arc<MemoryStore>>, Host) {
    let host = Host::new(move |_, now| Ok(Some(fact_of(now, calendar("fair"), behind))));
    let office = asking(intake(Knows::facts(["fair"])), &host);
    (office, host)
}

#[test]
fn a_fact_that_came_from_a_log_is_held_on_to() {
    let (office, host) = of_the_calendar(0);
    let release = office.requested();
    let _ = office.done(release.authorise(worthwhile()), "cho");
    assert_eq!(host.asked(), ["fair"]);
    // Of a log that has always moved on, the desk asks a few times more, and then says so.
    let (office, host) = of_the_calendar(3);
    let release = office.requested();
    let failed = office.run(release.authorise(worthwhile()), "cho");
    let RunError::NotCommitted(CommitFailed::Conflict { stream, .. }) = failed.unwrap_err() else {
        panic!("it has moved");
    };
    assert_eq!(stream, calendar("fair"));
    assert_eq!(host.asked(), ["fair"; 5]);
}

#[test]
fn a_decision_rests_on_no_more_logs_than_a_commit_can_hold_on_to() {
    let host = Host::new(|key, now| Ok(Some(fact_of(now, calendar(key), 0))));
    let keys = |count: u32| Knows {
        facts: (0..count).map(|n| key(&format!("fact-{n}"))).collect(),
    };
    let office = asking(intake(keys(101)), &host);
    let release = office.requested();
    let decision = explained(&office, &release);
    let said = "lifecycle: the decision rests on 101 other logs, and a commit holds on to 100 at most; \
                let fewer policies block, or give facts without their source";
    assert_eq!(blockers(&decision), [said]);
    let office = office.with_gates(intake(keys(100)));
    let _ = office.done(release.authorise(worthwhile()), "cho");
}

#[test]
fn a_fact_that_moved_in_between_is_asked_for_again() {
    let versions = Arc::new(Mutex::new(vec![0, 7]));
    let host = Host::new(move |_, now| {
        let version = versions.lock().unwrap().pop().unwrap_or_default();
        Ok(Some(fact_of(now, calendar("fair"), version)))
    });
    let office = asking(intake(Knows::facts(["fair"])), &host);
    let release = office.requested();
    let _ = office.done(release.authorise(worthwhile()), "cho");
    assert_eq!(host.asked(), ["fair"; 2]);
}

/// Tells what it was told.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<(String, Action, PhaseName)>>>);

impl FactFinder for Told {
    async fn find(&self, _key: &Key, about: About<'_>) -> Answer {
        let request = about.release.request.as_ref();
        let title = request.map(|request| request.title.to_string());
        self.0.lock().unwrap().push((
            title.unwrap_or_default(),
            about.step.action(),
            about.release.standing.phase,
        ));
        Ok(Some(Fact::new(FactValue::Flag(true), about.now)))
    }
}

#[test]
fn a_finder_is_told_what_the_fact_is_for_even_before_a_release_begins() {
    let entry = Gate::<RequestRelease>::new("entry", 1).unwrap();
    let gates = intake(Knows::facts(["a"])).with(entry.require(Knows::facts(["b"])));
    let told = Told::default();
    let mut office = office().with_gates(gates);
    office.desk = office.desk.with_facts(told.clone());
    let release = office.requested();
    let _ = office.done(release.authorise(worthwhile()), "cho");
    let shop = || "Shop 2.4".to_owned();
    assert_eq!(
        *told.0.lock().unwrap(),
        [
            (shop(), Action::RequestRelease, PhaseName::Start),
            (shop(), Action::Authorise, PhaseName::Request),
        ]
    );
}

#[test]
fn a_desk_of_another_tenant_asks_nobody() {
    let host = Host::knowing();
    let mut office = asking(intake(Knows::facts(["a"])), &host);
    let foreign = Release::request(tenant("elsewhere"), id(9), titled("Shop 2.4")).withdraw();
    office.desk = office.desk.tenant(tenant("here"));
    let step = RequestRelease::new(titled("Shop 2.4"));
    let told = "the release belongs to tenant `elsewhere`, and this is the desk of `here`";
    let decision = wait(office.desk.explain(&foreign, step.clone(), by("kim")));
    let said = decision.blockers().next().unwrap().reason;
    assert_eq!(said.message.as_str(), told);
    let proposal = foreign.anywhere().propose(step);
    let refused = office.run(proposal, "kim").unwrap_err();
    assert!(refused.to_string().contains(told));
    assert_eq!(host.asked(), [""; 0]);
}

#[test]
fn futures_may_go_to_another_thread() {
    fn is_send<T: Send>(_: &T) {}
    let office = asking(intake(Knows::facts(["a"])), &Host::knowing());
    let release = office.requested();
    let again = office.again(&release);
    is_send(
        &office
            .desk
            .explain(&again, Authorise::new(worthwhile()), by("cho")),
    );
    is_send(&office.desk.run(release.authorise(worthwhile()), by("cho")));
    is_send(
        &office
            .desk
            .record(again, Note::new(text("so far")), by("cho")),
    );
}
