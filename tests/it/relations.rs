//! Releases that are related: what they let each other do, and that no two writers pass each other.

use crate::delegated::delegated;
use crate::desk_support::{
    NOON, Office, at, by, id, note, office, package, tenant, text, titled, wait, worthwhile,
};
use phasegate::desk::{CommitFailed, RunError};
use phasegate::gate::{
    Ask, DependenciesPolicy, Facts, GateSet, InStepPolicy, Policies, Relation, not, when,
};
use phasegate::phase::{Development, Phase, PhaseName, Plan, Request, Standing, Start, Testing};
use phasegate::release::step::{
    Authorise, Cancel, Close, Deploy, Expedite, Hold, Replan, Rework, StartDevelopment,
    StartTesting,
};
use phasegate::release::{
    AnyStep, Batch, ChildAttached, Decision, DependencyDeclared, Ending, Enforcement, Envelope,
    FactSource, Moves, OtherRelease, ParentDeclared, Proposal, Reason, ReleaseRequest, Role,
    Stream, Track, Verdict, Version,
};
use phasegate::store::{Committed, StoreError};
use phasegate::{Gate, MemoryStore, Policy, Release, Store};
use std::future::poll_fn;
use std::sync::{Arc, Mutex};
use std::task::Poll;

/// Everything that moves is held in step, and waits for what it depends on.
fn gates() -> GateSet {
    macro_rules! on {
        ($($step:ident)*) => {
            GateSet::new()$(.with(
                Gate::<$step>::new(format!("train-{}", stringify!($step).to_lowercase()), 1)
                    .unwrap()
                    .require(InStepPolicy::new())
                    .require(DependenciesPolicy::new()),
            ))*
        };
    }
    on!(Authorise StartDevelopment StartTesting Rework Replan Deploy Expedite Cancel Close)
}

fn train() -> Office<Arc<MemoryStore>> {
    office().with_gates(gates())
}

fn codes(decision: &Decision) -> Vec<&str> {
    let blockers = decision.blockers();
    blockers.map(|one| one.reason.code.as_str()).collect()
}

#[track_caller]
fn refused<T, P, Q>(answer: Result<Release<Q>, RunError<T, P>>, wanted: &[&str]) -> Release<P> {
    let refused = answer.unwrap_err().refused().expect("refused, not failed");
    assert_eq!(codes(&refused.decision), wanted, "{refused}");
    refused.release
}

/// A release that is part of another one: attached first, then begun.
fn part_of<P>(
    office: &Office<impl Store>,
    number: u64,
    whole: Release<P>,
) -> (Release<P>, Release<Request>)
where
    P: phasegate::release::Takes<ChildAttached>,
{
    let whole = office.recorded(whole, ChildAttached::new(id(number)), "kim");
    let mut request = titled("A part");
    request.parent = Some(whole.id());
    let part = Release::request(tenant("default"), id(number), request);
    (whole, office.done(part, "kim"))
}

/// A train in Development with a part in Plan, ready to be built.
fn train_and_part(office: &Office<impl Store>) -> (Release<Development>, Release<Plan>) {
    let train = office.planned();
    let (train, part) = part_of(office, 500, train);
    let part = office.agreed(office.done(part.authorise(worthwhile()), "cho"));
    let train = office.done(train.start_development(), "ada");
    (train, part)
}

fn waits(on: &Release<impl Sized>, reaches: PhaseName) -> DependencyDeclared {
    DependencyDeclared::new(on.id(), reaches)
}

type Act = Box<dyn FnOnce() + Send>;

/// A store where somebody else gets something in before the next commit, and of which one log cannot be read.
#[derive(Clone)]
pub(crate) struct Meanwhile {
    store: Arc<MemoryStore>,
    act: Arc<Mutex<Option<Act>>>,
    pub(crate) unreadable: Arc<Mutex<Option<Stream>>>,
    /// After how many commits the store fails.
    pub(crate) commits_left: Arc<Mutex<Option<usize>>>,
    /// The log that is given for another one.
    mixed_up: Arc<Mutex<Option<(Stream, Stream)>>>,
    /// The logs that come only once all of them were asked for.
    awaited: Arc<Mutex<Vec<Stream>>>,
}

impl Meanwhile {
    pub(crate) fn on(store: &Arc<MemoryStore>) -> Self {
        Self {
            store: store.clone(),
            act: Arc::default(),
            unreadable: Arc::default(),
            commits_left: Arc::default(),
            mixed_up: Arc::default(),
            awaited: Arc::default(),
        }
    }

    pub(crate) fn first(&self, act: impl FnOnce() + Send + 'static) {
        *self.act.lock().unwrap() = Some(Box::new(act));
    }
}

impl Store for Meanwhile {
    async fn commit(&self, batch: &Batch) -> Result<Committed, StoreError> {
        let act = self.act.lock().unwrap().take();
        if let Some(act) = act {
            act();
        }
        if let Some(left) = self.commits_left.lock().unwrap().as_mut() {
            let Some(fewer) = left.checked_sub(1) else {
                return Err(StoreError::unavailable("the disk is full"));
            };
            *left = fewer;
        }
        self.store.commit(batch).await
    }
    async fn history(
        &self,
        stream: &Stream,
        after: Version,
        limit: usize,
    ) -> Result<Vec<Envelope>, StoreError> {
        if self.unreadable.lock().unwrap().as_ref() == Some(stream) {
            return Err(StoreError::unavailable("the disk is on fire"));
        }
        self.awaited.lock().unwrap().retain(|one| one != stream);
        let mut polls = 0;
        poll_fn(|context| {
            polls += 1;
            assert!(polls < 100, "the other logs are not asked for");
            context.waker().wake_by_ref();
            if self.awaited.lock().unwrap().is_empty() {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
        let mixed_up = self.mixed_up.lock().unwrap().clone();
        let (wanted, given) = mixed_up.unwrap_or_else(|| (stream.clone(), stream.clone()));
        let stream = if wanted == *stream { &given } else { stream };
        self.store.history(stream, after, limit).await
    }
    delegated!(store: list outcome claim settle);
}

/// A desk of its own on the same logs, where somebody gets in between.
pub(crate) fn elsewhere(office: &Office<Arc<MemoryStore>>) -> (Office<Meanwhile>, Meanwhile) {
    let store = Meanwhile::on(office.desk.store());
    let elsewhere = Office::on(store.clone())
        .forgetting_refusals()
        .with_gates(office.desk.gates().clone());
    (elsewhere, store)
}

/// Decided by hand on what was read, and committed afterwards.
fn cleared<T, P>(
    proposal: Proposal<T, P>,
    read: impl Into<OtherRelease>,
    who: &str,
) -> phasegate::gate::Cleared<T, P> {
    let facts = Facts::at(at(NOON)).with_other(read);
    gates().decide(proposal, &facts, &by(who)).unwrap()
}

#[track_caller]
fn conflicts_with<T, P: Moves<T>>(
    office: &Office<Arc<MemoryStore>>,
    cleared: phasegate::gate::Cleared<T, P>,
    wanted: &Stream,
) -> Release<P> {
    match wait(cleared.commit(office.desk.store(), at(NOON))) {
        Err(CommitFailed::Conflict {
            release, stream, ..
        }) => {
            assert_eq!(stream, *wanted);
            release
        }
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("they have passed each other"),
    }
}

// In step.

#[test]
fn a_part_follows_the_whole_and_never_passes_it() {
    let office = train();
    let train = office.requested();
    let (train, part) = part_of(&office, 500, train);
    let part = refused(
        office.run(part.authorise(worthwhile()), "cho"),
        &["ahead-of-parent"],
    );
    let train = office.done(train.authorise(worthwhile()), "cho");
    let train = office.agreed(train);
    let train = refused(
        office.run(train.start_development(), "ada"),
        &["child-behind"],
    );
    let part = office.agreed(office.done(part.authorise(worthwhile()), "cho"));
    let part = refused(
        office.run(part.start_development(), "ada"),
        &["ahead-of-parent"],
    );
    let train = office.done(train.start_development(), "ada");
    let part = office.done(part.start_development(), "ada");

    // Back, the parts go first.
    let why = || text("the fair was moved");
    let train = refused(office.run(train.replan(why()), "ada"), &["child-ahead"]);
    let part = office.done(part.replan(why()), "ada");
    let _ = office.done(train.replan(why()), "ada");
    // What is given up does not lag, and passes nobody.
    let part = office.done(part.hold(why()), "ada");
    let _ = office.done(part.cancel(why()), "ada");
}

#[test]
fn a_part_that_has_not_begun_holds_the_whole_up() {
    let office = train();
    let train = office.recorded(office.requested(), ChildAttached::new(id(500)), "kim");
    let answer = office
        .run(train.authorise(worthwhile()), "cho")
        .unwrap_err();
    let decision = answer.refused().unwrap().decision;
    let said: Vec<_> = decision.blockers().collect();
    assert_eq!(said.len(), 1);
    let (reason, child) = (said[0].reason, id(500));
    assert_eq!(
        said[0].to_string(),
        format!("in-step: child `{child}` has not begun; take the child on first, or close it"),
    );
    assert_eq!(reason.read.len(), 2);
    assert!(reason.roles.contains(&Role::ReleaseManager));
    assert_eq!(decision.others[&child].source.version, Version::NONE);
    assert_eq!(decision.others[&child].standing, Start::STANDING);
}

fn in_phase(phase: PhaseName) -> Standing {
    let mut standings = Standing::ALL.iter().copied();
    standings.find(|one| one.phase == phase).unwrap()
}

/// A release that stands there.
pub(crate) fn other(number: u64, phase: PhaseName) -> OtherRelease {
    let stream = Stream::release(tenant("default"), id(number));
    OtherRelease::new(FactSource::new(stream, Version::new(3)), in_phase(phase))
}

/// A release in Development that is part of 700 and has the part 500.
fn in_the_middle(office: &Office<Arc<MemoryStore>>) -> Release<Development> {
    let whole = Release::request(tenant("default"), id(700), titled("Train 7"));
    let (_, middle) = part_of(office, 701, office.done(whole, "kim"));
    let middle = office.recorded(middle, ChildAttached::new(id(500)), "kim");
    let middle = office.agreed(office.done(middle.authorise(worthwhile()), "cho"));
    office.done(middle.start_development(), "ada")
}

#[test]
fn only_who_passes_or_lags_is_told_so() {
    let office = office();
    let middle = in_the_middle(&office);
    let gate = |gate: Result<Gate<_>, _>| gate.unwrap().require(InStepPolicy::new());
    let hold = Gate::<Hold>::new("hold", 1)
        .unwrap()
        .require(InStepPolicy::new());
    let all = GateSet::new()
        .with(gate(Gate::<StartTesting>::new("on", 1)))
        .with(
            Gate::<Replan>::new("back", 1)
                .unwrap()
                .require(InStepPolicy::new()),
        )
        .with(
            Gate::<Cancel>::new("off", 1)
                .unwrap()
                .require(InStepPolicy::new()),
        )
        .with(hold);
    let so = || text("so it is");
    let [on, back, off, hold]: [AnyStep; 4] = [
        StartTesting::new(package("one")).into(),
        Replan::new(so()).into(),
        Cancel::new(so()).into(),
        Hold::new(so()).into(),
    ];
    let (mut asked, mut told) = (0, 0);
    for &parent in PhaseName::ALL {
        for &child in PhaseName::ALL {
            for step in [&on, &back, &off, &hold] {
                let facts = Facts::at(office.now())
                    .with_other(other(700, parent))
                    .with_other(other(500, child));
                let decision = all.explain(&middle, step.clone(), &facts, &by("ada"));
                let is_open = child != PhaseName::Closed;
                let ahead = step == &on && parent < PhaseName::Testing;
                let behind = [&on, &off].contains(&step) && child < PhaseName::Development;
                let passed = step == &back && is_open && child > PhaseName::Plan;
                let wanted = [
                    ("ahead-of-parent", ahead),
                    ("child-behind", behind),
                    ("child-ahead", passed),
                ];
                let wanted: Vec<_> = wanted.iter().filter(|one| one.1).map(|one| one.0).collect();
                assert_eq!(codes(&decision), wanted, "{parent} {child} {step:?}");
                (asked, told) = (asked + 1, told + wanted.len());
            }
        }
    }
    assert!(asked == 324 && told > 100, "{asked} {told}");
}

#[test]
fn neither_passes_the_other_between_reading_and_writing() {
    // The part goes on while the train goes back: each may, as the other stands, and both may not.
    let why = || text("the fair was moved");
    let office = train();
    let (train, part) = train_and_part(&office);
    let back = cleared(office.again(&train).replan(why()), &part, "ada");
    let on = cleared(office.again(&part).start_development(), &train, "ada");
    assert_eq!(
        back.batch().guards(),
        [(part.stream().clone(), part.version())]
    );
    assert_eq!(
        on.batch().guards(),
        [(train.stream().clone(), train.version())]
    );
    let _ = wait(on.commit(office.desk.store(), at(NOON))).unwrap();
    let train = conflicts_with(&office, back, part.stream());
    let _ = refused(office.run(train.replan(why()), "ada"), &["child-ahead"]);

    let office = self::train();
    let (train, part) = train_and_part(&office);
    let back = cleared(office.again(&train).replan(why()), &part, "ada");
    let on = cleared(office.again(&part).start_development(), &train, "ada");
    let _ = wait(back.commit(office.desk.store(), at(NOON))).unwrap();
    let part = conflicts_with(&office, on, train.stream());
    let _ = refused(
        office.run(part.start_development(), "ada"),
        &["ahead-of-parent"],
    );
}

#[test]
fn a_desk_decides_anew_where_another_log_has_moved() {
    let office = train();
    let (train, part) = train_and_part(&office);
    let (late, store) = elsewhere(&office);
    let desk = office.desk.clone();
    let moved = part.id();
    store.first(move || {
        let part = wait(desk.load_as::<Plan>(moved)).unwrap();
        let _ = wait(desk.run(part.start_development(), by("ada"))).unwrap();
    });
    let back = office.again(&train).replan(text("the fair was moved"));
    let train = refused(late.run(back, "ada"), &["child-ahead"]);

    // What does not matter does not stand in the way: it is looked at again, and done.
    let desk = office.desk.clone();
    store.first(move || {
        let part = wait(desk.load_as::<Development>(moved)).unwrap();
        let _ = wait(desk.record(part, note("all well"), by("ada"))).unwrap();
    });
    let step = train.start_testing(package("one"));
    let train = late.done(step, "ada");
    assert_eq!(train.standing(), Testing::STANDING);
}

#[test]
fn a_part_that_is_attached_in_between_is_not_left_behind() {
    let office = train();
    let train = office.planned();
    let (late, store) = elsewhere(&office);
    let (desk, whole) = (office.desk.clone(), train.id());
    store.first(move || {
        let train = wait(desk.load_as::<Plan>(whole)).unwrap();
        let _ = wait(desk.record(train, ChildAttached::new(id(500)), by("kim"))).unwrap();
    });
    let failed = late.run(train.start_development(), "ada").unwrap_err();
    let RunError::NotCommitted(CommitFailed::Conflict { stream, .. }) = failed else {
        panic!("{failed}");
    };
    assert_eq!(stream, Stream::release(tenant("default"), whole));
    let train = wait(late.desk.load_as::<Plan>(whole)).unwrap();
    let _ = refused(
        late.run(train.start_development(), "ada"),
        &["child-behind"],
    );
}

#[test]
fn a_part_begins_only_where_it_was_attached_and_holds_on_to_that() {
    let office = train();
    let whole = office.requested();
    let asked = || {
        let request = ReleaseRequest::builder().title(titled("A part").title);
        let request = request.parent(whole.id()).build();
        Release::request(tenant("default"), id(500), request)
    };
    let facts = || Facts::at(at(NOON));
    let decide = |facts: &Facts| gates().decide(asked(), facts, &by("kim"));
    let unread = decide(&facts()).unwrap_err();
    assert_eq!(
        unread.to_string(),
        format!(
            "request refused\n  lifecycle: release `{}` was not read; \
             ask at a `Desk`, which reads it, or add it with `Facts::with_other`",
            whole.id()
        )
    );
    let refusal = decide(&facts().with_other(&whole)).unwrap_err();
    assert_eq!(codes(&refusal.decision), ["not-attached"]);
    let _ = refused(office.run(asked(), "kim"), &["not-attached"]);

    let attached = office.recorded(office.again(&whole), ChildAttached::new(id(500)), "kim");
    let cleared = decide(&facts().with_other(&attached)).unwrap();
    assert_eq!(
        cleared.batch().guards(),
        [(attached.stream().clone(), Version::new(2))]
    );
    let _ = office.recorded(office.again(&attached), note("so far so good"), "kim");
    let _ = conflicts_with(&office, cleared, attached.stream());
    let part = office.done(asked(), "kim");
    assert_eq!(part.view().parent, Some(whole.id()));
    // What was read stands in the event.
    let log = wait(office.desk.history(id(500))).unwrap();
    assert!(log[0].data.as_str().contains("\"others\""));
}

// Dependencies.

#[test]
fn a_dependency_has_to_have_come_so_far() {
    let office = office();
    let billing = other(500, PhaseName::Start);
    let shop = office.requested();
    let gate = Gate::<Authorise>::new("intake", 1).unwrap();
    let gates = GateSet::new().with(gate.require(DependenciesPolicy::new()));
    for &reaches in PhaseName::ALL {
        let shop = office.again(&shop);
        let shop = office.recorded(shop, DependencyDeclared::new(id(500), reaches), "kim");
        for &phase in PhaseName::ALL {
            let closed = [
                Ending::Completed,
                Ending::WithIssues,
                Ending::Unsuccessful,
                Ending::BackedOut,
                Ending::Rejected,
                Ending::Cancelled,
            ];
            let endings = if phase == PhaseName::Closed {
                closed.map(Some).to_vec()
            } else {
                vec![None]
            };
            for (ending, is_backed_out) in
                endings.iter().flat_map(|&end| [(end, false), (end, true)])
            {
                let mut billing = billing.clone();
                billing.standing = in_phase(phase);
                billing.ending = ending;
                billing.is_backed_out = is_backed_out || ending == Some(Ending::BackedOut);
                let is_undone = billing.is_backed_out && reaches >= PhaseName::Deployment;
                let is_given_up =
                    [Some(Ending::Rejected), Some(Ending::Cancelled)].contains(&ending);
                let wanted = if phase >= reaches && !is_undone && !is_given_up {
                    None
                } else if phase == PhaseName::Closed {
                    Some("dependency-ended")
                } else {
                    Some("dependency-waiting")
                };
                let facts = Facts::at(office.now()).with_other(billing);
                let step = Authorise::new(worthwhile());
                let decision = gates.explain(&shop, step, &facts, &by("cho"));
                let wanted: Vec<_> = wanted.into_iter().collect();
                assert_eq!(codes(&decision), wanted, "{phase} {reaches} {ending:?}");
            }
        }
    }
}

#[test]
fn what_somebody_waits_for_is_looked_at_again_if_it_ends_in_between() {
    let office = train();
    let billing = office.testing();
    let shop = office.requested();
    let shop = office.recorded(shop, waits(&billing, PhaseName::Testing), "kim");
    let authorise = |shop: Release<Request>| shop.authorise(worthwhile());
    let cleared = cleared(authorise(office.again(&shop)), &billing, "cho");
    let (late, store) = elsewhere(&office);
    let (desk, on) = (office.desk.clone(), billing.id());
    store.first(move || {
        let billing = wait(desk.load_as::<Testing>(on)).unwrap();
        let _ = wait(desk.run(billing.cancel(text("nobody pays for it")), by("ada"))).unwrap();
    });
    let shop = refused(late.run(authorise(shop), "cho"), &["dependency-ended"]);
    let _ = conflicts_with(&office, cleared, billing.stream());
    // What is closed cannot move any more, and needs no holding on to.
    let facts = Facts::at(at(NOON)).with_other(&wait(late.desk.load(on)).unwrap().anywhere());
    let warned = Gate::<Authorise>::new("intake", 1).unwrap();
    let warned = warned.require(not(DependenciesPolicy::new()));
    let cleared = warned.decide(authorise(shop), &facts, &by("cho")).unwrap();
    assert_eq!(cleared.batch().guards(), []);
}

// Cycles.

#[test]
fn a_cycle_is_refused_where_it_would_close_and_named_as_a_whole() {
    let office = train();
    let releases: Vec<_> = (0..4).map(|_| office.requested()).collect();
    let ids: Vec<_> = releases.iter().map(Release::id).collect();
    let named = |what: &str| {
        format!(
            "as its {what}, release `{1}` would close a cycle: `{0}`, `{1}`, `{2}`, `{3}`, `{0}`",
            ids[0], ids[1], ids[2], ids[3]
        )
    };
    let mut releases = releases.into_iter();
    let first = releases.next().unwrap();
    let waits = |on: usize| DependencyDeclared::new(ids[on], PhaseName::Review);
    for (release, next) in releases.zip([2, 3, 0]) {
        let release = office.recorded(release, waits(next), "kim");
        let _ = office.recorded(release, ChildAttached::new(ids[next]), "kim");
    }
    let answer = office.record(first, waits(1), "kim").unwrap_err();
    let refusal = answer.refused().unwrap();
    let said: Vec<_> = refusal.decision.blockers().collect();
    assert_eq!(said[0].reason.message.as_str(), named("dependency"));
    assert_eq!(codes(&refusal.decision), ["cycle"]);
    let answer = office.record(refusal.release, ChildAttached::new(ids[1]), "kim");
    let refusal = answer.unwrap_err().refused().unwrap();
    let said: Vec<_> = refusal.decision.blockers().collect();
    assert_eq!(said[0].reason.message.as_str(), named("child"));
    assert_eq!(codes(&refusal.decision), ["cycle"]);

    // What is closed waits for nobody.
    let second = wait(office.desk.load_as::<Request>(ids[1])).unwrap();
    let _ = office.done(second.reject(text("not this year")), "cho");
    let first = office.recorded(refusal.release, waits(1), "kim");
    assert_eq!(first.view().dependencies.len(), 1);
}

#[test]
fn two_writers_do_not_close_a_cycle_together() {
    let office = train();
    let (one, two) = (office.requested(), office.requested());
    let (middle, facts) = (office.requested(), Facts::at(at(NOON)));
    // One waits for the middle; it shall wait for two, and two for one.
    let one = office.recorded(one, waits(&middle, PhaseName::Review), "kim");
    let decide = |release: &Release<Request>, on: &Release<Request>, read: &Facts| {
        let asked = office.again(release).record(waits(on, PhaseName::Review));
        gates().decide(asked, read, &by("kim")).unwrap()
    };
    let first = decide(&middle, &two, &facts.clone().with_other(&two));
    let second = decide(&two, &one, &facts.with_other(&one).with_other(&middle));
    assert_eq!(second.batch().guards().len(), 2);
    let _ = wait(first.commit(office.desk.store(), at(NOON))).unwrap();
    let two = conflicts_with(&office, second, middle.stream());
    let waits = waits(&one, PhaseName::Review);
    let _ = refused(office.record(two, waits, "kim"), &["cycle"]);
}

#[test]
fn what_ties_releases_together_is_not_taken_on_trust() {
    let office = office();
    let (one, two) = (office.requested(), office.requested());
    let facts = Facts::at(at(NOON));
    let said = |facts: &Facts| {
        let ask = |release: Release<Request>, asked: u8| {
            let gates = GateSet::new();
            let decision = match asked {
                0 => gates
                    .decide(
                        release.record(waits(&two, PhaseName::Review)),
                        facts,
                        &by("kim"),
                    )
                    .err()
                    .map(|no| no.decision),
                1 => gates
                    .decide(
                        release.record(ChildAttached::new(two.id())),
                        facts,
                        &by("kim"),
                    )
                    .err()
                    .map(|no| no.decision),
                _ => gates
                    .decide(
                        release.record(ParentDeclared::new(two.id())),
                        facts,
                        &by("kim"),
                    )
                    .err()
                    .map(|no| no.decision),
            };
            decision.map_or_else(Vec::new, |decision| {
                codes(&decision)
                    .into_iter()
                    .map(ToOwned::to_owned)
                    .collect()
            })
        };
        [0, 1, 2].map(|asked| ask(office.again(&one), asked))
    };
    let unread = [
        ["release-not-read"],
        ["release-not-read"],
        ["release-not-read"],
    ];
    assert_eq!(said(&facts), unread);
    let why = text("the disk is on fire");
    assert_eq!(said(&facts.clone().without_other(two.id(), why)), unread);
    // The same release of another tenant is another release.
    let stream = Stream::release(tenant("elsewhere"), two.id());
    let foreign = OtherRelease::new(FactSource::new(stream, two.version()), two.standing());
    assert_eq!(said(&facts.clone().with_other(foreign)), unread);
    let known = said(&facts.with_other(&two));
    assert_eq!(known, [vec![], vec![], vec!["not-attached".to_owned()]]);
}

#[test]
fn what_leads_to_more_than_a_thousand_is_not_looked_through() {
    let office = office();
    let release = office.requested();
    let mut hub = other(900, PhaseName::Plan);
    hub.dependencies = (1_000..2_000).map(|n| (id(n), PhaseName::Review)).collect();
    let facts = Facts::at(office.now()).with_other(hub);
    let waits = DependencyDeclared::new(id(900), PhaseName::Review);
    let refused = GateSet::new().decide(release.record(waits), &facts, &by("kim"));
    let refused = refused.unwrap_err();
    assert_eq!(codes(&refused.decision), ["too-many-releases"]);
    assert!(refused.decision.others.contains_key(&id(900)));
}

/// A host's policy that looks at the parent, and asks for everybody.
#[derive(Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
struct Nosy {}

impl Policy for Nosy {
    type Reads = ();
    const NAME: &'static str = "nosy";
    const RELATIONS: &'static [Relation] = &[Relation::Parent];

    fn judge(&self, ask: &Ask<'_>, (): ()) -> Verdict {
        let everybody = ask
            .parent()
            .into_iter()
            .chain(ask.children().iter().copied());
        let known: Vec<_> = everybody.map(|id| ask.other(id).is_some()).collect();
        let told = format!("{known:?}");
        Verdict::of(vec![Reason::new("told", told, "ask for less")])
    }
}

#[test]
fn a_policy_is_told_of_those_only_that_it_said_it_looks_at() {
    let office = office();
    let middle = in_the_middle(&office);
    let facts = Facts::at(office.now())
        .with_other(other(700, PhaseName::Testing))
        .with_other(other(500, PhaseName::Plan));
    let gate = Gate::<StartTesting>::new("nosy", 1)
        .unwrap()
        .require(Nosy {});
    let step = StartTesting::new(package("one"));
    let gates = GateSet::new().with(gate);
    let decision = gates.explain(&middle, step, &facts, &by("ada"));
    let told = decision.blockers().next().unwrap().reason.message.as_str();
    assert_eq!(told, "[true, false]");
    assert_eq!(decision.others.keys().collect::<Vec<_>>(), [&id(700)]);
}

// What could not be read.

#[test]
fn a_release_that_cannot_be_read_leaves_the_answer_open() {
    let office = train();
    let (train, part) = train_and_part(&office);
    let (late, store) = elsewhere(&office);
    *store.unreadable.lock().unwrap() = Some(train.stream().clone());
    let decision = wait(late.desk.explain(&part, StartDevelopment::new(), by("ada")));
    assert_eq!(codes(&decision), ["release-not-read"]);
    let verdict = &decision.findings[0].judgement.verdict;
    assert!(matches!(verdict, Verdict::Unknown { .. }), "{verdict:?}");
    let why = decision.unread[&train.id()].as_str();
    assert!(why.ends_with(": the disk is on fire"), "{why}");
    assert!(
        decision
            .blockers()
            .all(|one| one.reason.message.as_str().contains(why))
    );
    let again = late.desk.gates().explain(
        &part,
        StartDevelopment::new(),
        &Facts::of(&decision),
        &by("ada"),
    );
    assert_eq!(again, decision);
    let written = serde_json::to_string(&decision).unwrap();
    assert_eq!(
        serde_json::from_str::<Decision>(&written).unwrap(),
        decision
    );
    let part = refused(
        late.run(part.start_development(), "ada"),
        &["release-not-read"],
    );
    *store.unreadable.lock().unwrap() = None;
    // Nor does the log of another release say anything about it.
    let mixed_up = (train.stream().clone(), part.stream().clone());
    *store.mixed_up.lock().unwrap() = Some(mixed_up);
    let part = refused(
        late.run(part.start_development(), "ada"),
        &["release-not-read"],
    );
    *store.mixed_up.lock().unwrap() = None;
    let _ = late.done(part.start_development(), "ada");
}

#[test]
fn the_releases_that_one_decision_looks_at_are_waited_for_together() {
    let office = train();
    let (train, one) = part_of(&office, 500, office.planned());
    let (train, other) = part_of(&office, 501, train);
    let (late, store) = elsewhere(&office);
    *store.awaited.lock().unwrap() = vec![one.stream().clone(), other.stream().clone()];
    let decision = wait(
        late.desk
            .explain(&train, StartDevelopment::new(), by("ada")),
    );
    assert_eq!((decision.others.len(), decision.unread.len()), (2, 0));
}

#[test]
fn what_only_warns_holds_on_to_nothing() {
    let office = train();
    let (train, part) = train_and_part(&office);
    let facts = Facts::at(at(NOON)).with_other(&train);
    for enforcement in [Enforcement::Warn, Enforcement::Shadow] {
        let gate = Gate::<StartDevelopment>::new("train", 1).unwrap();
        let gate = gate.enforce(InStepPolicy::new(), enforcement);
        let step = office.again(&part).start_development();
        let cleared = gate.decide(step, &facts, &by("ada")).unwrap();
        assert_eq!(cleared.batch().guards(), []);
        let data = cleared.batch().events()[0].data.as_str().to_owned();
        assert!(data.contains("\"others\""), "{data}");
    }
}

#[test]
fn nothing_is_read_where_no_rule_looks() {
    let office = office();
    let (train, part) = train_and_part(&office);
    let (late, store) = elsewhere(&office);
    *store.unreadable.lock().unwrap() = Some(train.stream().clone());
    let part = late.done(part.start_development(), "ada");
    // Nor where the rule is for other releases.
    let gate = Gate::<StartTesting>::new("train", 1).unwrap();
    let emergency = phasegate::gate::Condition::tracks([Track::Emergency]);
    let gates = GateSet::new().with(gate.require(when(emergency, InStepPolicy::new())));
    let late = late.with_gates(gates);
    let part = late.done(part.start_testing(package("one")), "ada");
    let log = wait(late.desk.history(part.id())).unwrap();
    assert!(!log.last().unwrap().data.as_str().contains("unread"));
}

#[test]
fn both_doors_know_the_policies_and_what_they_look_at() {
    let file = |rule: &str| {
        let json = format!(
            r#"{{"gates":[{{"name":"train","version":1,"step":"deploy","rules":[{{"rule":{rule}}}]}}]}}"#
        );
        GateSet::from_json(&json, &Policies::new())
    };
    let gate = || Gate::<Deploy>::new("train", 1).unwrap();
    let in_step = GateSet::new().with(gate().require(InStepPolicy::new()));
    assert_eq!(file(r#"{"in-step":{}}"#).unwrap(), in_step);
    let waits = GateSet::new().with(gate().require(DependenciesPolicy::new()));
    assert_eq!(file(r#"{"dependencies":{}}"#).unwrap(), waits);
    let relations = |gates: &GateSet| {
        let rule = &gates.gates()[0].requirements()[0].rule;
        rule.relations().into_iter().collect::<Vec<_>>()
    };
    assert_eq!(relations(&in_step), [Relation::Parent, Relation::Children]);
    assert_eq!(relations(&waits), [Relation::Dependencies]);
    for bad in [
        r#"{"in-step":{"most":1}}"#,
        r#"{"dependencies":7}"#,
        r#"{"in-step":null}"#,
    ] {
        assert_eq!(file(bad).unwrap_err().iter().count(), 1, "{bad}");
    }
}
