//! Going live wave by wave, move by move: what is taken, what is refused and why, and what comes next.

use crate::desk_support::{
    Office, at, attempt, key, office, package, person, run_of, text, titled, wait, went_live,
    window, worthwhile,
};
use phasegate::desk::RunError;
use phasegate::phase::{Deployment, Plan, Seconds};
use phasegate::release::{
    Actor, AnyRecord, AnyRelease, Baseline, By, Health, HealthObserved, NextMove, Recording,
    ReleasePlan, RolloutContinued, RolloutPaused, Route, Track, Wave, WaveStarted, WaveState,
    replay,
};
use phasegate::{Instant, MemoryStore, Release};
use std::sync::Arc;

use Health::{Failed, Healthy, Inconclusive};

type Desk = Office<Arc<MemoryStore>>;

/// A canary for an hour, which bears 20 errors a thousand; half of all for half an hour; everybody at once.
fn plan() -> ReleasePlan {
    let canary = Wave::builder()
        .name(key("canary"))
        .bake(Seconds::hours(1))
        .abort([(key("errors"), 20)]);
    let half = Wave::new(key("half"), Seconds::minutes(30));
    let all = Wave::new(key("all"), Seconds::new(0));
    ReleasePlan::builder()
        .early_life_support(Seconds::days(1))
        .waves([canary.build(), half, all])
        .build()
}

/// The instant of that time of the day.
fn time(of_day: &str) -> Instant {
    at(&format!("2026-03-02T{of_day}Z"))
}

/// A move, by `dep` unless it says so.
#[derive(Debug, Clone, Copy)]
enum Move {
    Start(&'static str),
    /// A look, with the errors that were measured, if they were.
    Look(&'static str, Health, Option<i64>),
    Pause,
    Continue(&'static str),
    Attempt(&'static str),
    /// The same, told now of then.
    Then(&'static str, &'static Move),
}
use Move::{Attempt, Continue, Look, Pause, Start, Then};

impl Move {
    fn record(self) -> AnyRecord {
        match self {
            Start(wave) => WaveStarted::new(key(wave)).into(),
            Look(wave, health, errors) => {
                let mut look = HealthObserved::new(key(wave), health);
                look.measures = errors.map_or([].into(), |errors| [(key("errors"), errors)].into());
                look.into()
            }
            Pause => RolloutPaused::new(text("the phones ring")).into(),
            Continue(_) => RolloutContinued::new(text("it was something else")).into(),
            Attempt(id) => attempt(id).into(),
            Then(_, told) => told.record(),
        }
    }

    fn by(self) -> By {
        match self {
            Continue("pipeline") => By::new(Actor::System(key("pipeline"))),
            Continue(who) => By::new(person(who)),
            Then(then, told) => told.by().occurred_at(time(then)),
            Start(_) | Look(..) | Pause | Attempt(_) => By::new(person("dep")),
        }
    }
}

/// A release in Deployment, and the moves that are told to it.
struct Site {
    office: Desk,
    release: Option<Release<Deployment>>,
}

impl Site {
    /// Went live at noon by the usual way.
    fn new() -> Self {
        let office = office();
        let release = deployed(&office, planned(&office, office.authorised()));
        let release = Some(release);
        Self { office, release }
    }

    /// The codes against it; none if it was taken.
    fn tell(&mut self, told: Move) -> Vec<String> {
        self.tell_by(told, told.by())
    }

    fn tell_by(&mut self, told: Move, by: By) -> Vec<String> {
        let release = self.release.take().unwrap().anywhere();
        let answer = wait(self.office.desk.record(release, told.record(), by));
        let (release, codes) = taken(answer);
        self.release = Some(AnyRelease::from(release).in_phase().unwrap());
        codes
    }

    fn next(&self) -> String {
        let release = self.release.as_ref().unwrap();
        match release.rollout(self.office.now()).next {
            NextMove::StartWave(wave) => format!("start {wave}"),
            NextMove::Wait { until } => format!("wait until {}", &until.to_string()[11..19]),
            NextMove::Observe(wave) => format!("look at {wave}"),
            NextMove::Ask => "ask".to_owned(),
            NextMove::ProposeBackOut => "back out".to_owned(),
            NextMove::StartAttempt => "start an attempt".to_owned(),
            NextMove::EndAttempt => "end the attempt".to_owned(),
            NextMove::Finish => "finish".to_owned(),
            NextMove::Pause => "pause".to_owned(),
            NextMove::Continue => "continue".to_owned(),
            other => panic!("what is {other:?}"),
        }
    }

    /// Tells every move at its time; each row says what stands against it, and what comes next.
    #[track_caller]
    fn table(&mut self, rows: &[(&str, Move, &[&str], &str)]) {
        for (row, (now, told, codes, next)) in rows.iter().enumerate() {
            self.office.clock.set(&format!("2026-03-02T{now}Z"));
            assert_eq!(self.tell(*told), *codes, "row {row}: {told:?}");
            assert_eq!(self.next(), *next, "row {row}: {told:?}");
        }
        // What is loaded from the log is in the same place.
        let release = self.release.as_ref().unwrap();
        assert_eq!(self.office.again(release), *release);
    }
}

/// The release, and the codes against the record.
fn taken<R, P>(answer: Result<Release<P>, RunError<Recording<R>, P>>) -> (Release<P>, Vec<String>) {
    match answer {
        Ok(release) => (release, Vec::new()),
        Err(error) => {
            let refused = error.refused().expect("it was refused by the lifecycle");
            let codes = refused.decision.blockers();
            let codes = codes.map(|one| one.reason.code.to_string()).collect();
            (refused.release, codes)
        }
    }
}

fn planned(office: &Desk, release: Release<Plan>) -> Release<Plan> {
    let release = office.with_manager(release);
    let release = office.recorded(release, plan(), "ada");
    office.recorded(release, Baseline::new(), "ada")
}

fn deployed(office: &Desk, release: Release<Plan>) -> Release<Deployment> {
    let release = office.done(release.start_development(), "ada");
    let release = office.done(release.start_testing(package("one")), "tom");
    let run = run_of(&format!("run-{}", release.version()), &package("one"), 5, 0);
    let release = office.recorded(release, run, "tom");
    office.done(release.deploy(window()), "dep")
}

#[test]
fn waves_start_in_their_order_each_once_it_has_baked_and_was_seen_healthy_since() {
    let mut site = Site::new();
    assert_eq!(site.next(), "start canary");
    site.table(&[
        (
            "12:00:00",
            Start("half"),
            &["wave-not-started"],
            "start canary",
        ),
        (
            "12:00:00",
            Start("all"),
            &["wave-not-started"],
            "start canary",
        ),
        ("12:00:00", Start("fools"), &["unknown"], "start canary"),
        (
            "12:00:00",
            Look("canary", Healthy, Some(1)),
            &["unknown"],
            "start canary",
        ),
        ("12:00:00", Start("canary"), &[], "wait until 13:00:00"),
        (
            "12:00:01",
            Start("canary"),
            &["already-recorded"],
            "wait until 13:00:00",
        ),
        (
            "12:00:02",
            Start("all"),
            &["wave-not-started"],
            "wait until 13:00:00",
        ),
        (
            "12:59:59.999999",
            Look("canary", Healthy, Some(1)),
            &[],
            "wait until 13:00:00",
        ),
        (
            "12:59:59.999999",
            Start("half"),
            &["wave-baking"],
            "wait until 13:00:00",
        ),
        (
            "13:00:00",
            Start("half"),
            &["wave-not-observed"],
            "look at canary",
        ),
        (
            "13:00:00",
            Look("canary", Healthy, Some(20)),
            &[],
            "start half",
        ),
        ("13:00:00", Start("half"), &[], "wait until 13:30:00"),
        ("13:30:00", Look("half", Healthy, None), &[], "start all"),
        ("13:30:00", Start("all"), &[], "look at all"),
        (
            "13:30:00",
            Look("all", Healthy, None),
            &[],
            "start an attempt",
        ),
    ]);
}

#[test]
fn the_bake_ends_at_a_microsecond() {
    for (edge, codes) in [
        ("12:59:59.999999", &["wave-baking"][..]),
        ("13:00:00", &[]),
        ("13:00:00.000001", &[]),
    ] {
        let mut site = Site::new();
        site.table(&[
            ("12:00:00", Start("canary"), &[], "wait until 13:00:00"),
            (
                "13:00:00",
                Look("canary", Healthy, Some(0)),
                &[],
                "start half",
            ),
        ]);
        // Told late, of that instant.
        site.office.clock.set("2026-03-02T13:30:00Z");
        let by = By::new(person("dep")).occurred_at(time(edge));
        assert_eq!(site.tell_by(Start("half"), by), codes, "{edge}");
    }
}

#[test]
fn what_is_said_to_lie_ahead_shortens_no_bake() {
    // A clock may be 5 minutes ahead; the bake is not 5 minutes shorter by that.
    let ahead = Then("13:00:00", &Start("half"));
    let seen_ahead = Then("13:00:00", &Look("canary", Healthy, Some(0)));
    let mut site = Site::new();
    site.table(&[
        ("12:00:00", Start("canary"), &[], "wait until 13:00:00"),
        ("12:56:00", seen_ahead, &[], "wait until 13:00:00"),
        ("12:56:00", ahead, &["wave-baking"], "wait until 13:00:00"),
        (
            "13:00:00",
            Start("half"),
            &["wave-not-observed"],
            "look at canary",
        ),
    ]);
}

#[test]
fn a_look_is_as_bad_as_it_says_or_as_its_measures_are() {
    let cases: [(Move, &str); 11] = [
        (Look("canary", Healthy, Some(0)), "start half"),
        (Look("canary", Healthy, Some(-3)), "start half"),
        (Look("canary", Healthy, Some(20)), "start half"),
        (Look("canary", Healthy, Some(21)), "back out"),
        (Look("canary", Healthy, Some(i64::MAX)), "back out"),
        (Look("canary", Healthy, None), "ask"),
        (Look("canary", Inconclusive, Some(0)), "ask"),
        (Look("canary", Inconclusive, None), "ask"),
        (Look("canary", Inconclusive, Some(21)), "back out"),
        (Look("canary", Failed, Some(0)), "back out"),
        (Look("canary", Failed, None), "back out"),
    ];
    for (look, next) in cases {
        let mut site = Site::new();
        site.table(&[
            ("12:00:00", Start("canary"), &[], "wait until 13:00:00"),
            ("13:00:00", look, &[], next),
        ]);
    }
}

#[test]
fn what_cannot_be_told_pauses_at_once_and_a_person_lets_it_go_on() {
    let mut site = Site::new();
    site.table(&[
        ("12:00:00", Start("canary"), &[], "wait until 13:00:00"),
        (
            "12:10:00",
            Continue("ada"),
            &["not-paused"],
            "wait until 13:00:00",
        ),
        (
            "12:10:00",
            Look("canary", Inconclusive, Some(0)),
            &[],
            "ask",
        ),
        ("12:11:00", Attempt("A-1"), &["rollout-paused"], "ask"),
        ("12:11:00", Look("canary", Healthy, Some(0)), &[], "ask"),
        ("12:12:00", Continue("pipeline"), &["not-a-person"], "ask"),
        ("12:12:00", Continue("ada"), &[], "wait until 13:00:00"),
        ("12:12:00", Attempt("A-1"), &[], "wait until 13:00:00"),
        // Nobody looked since it has baked.
        (
            "13:00:00",
            Start("half"),
            &["wave-not-observed"],
            "look at canary",
        ),
        ("13:00:00", Look("canary", Healthy, None), &[], "ask"),
        (
            "13:00:00",
            Start("half"),
            &["rollout-paused", "wave-inconclusive"],
            "ask",
        ),
        // Whoever lets it go on has looked.
        ("13:05:00", Continue("ada"), &[], "start half"),
        ("13:05:00", Pause, &[], "ask"),
        ("13:05:00", Start("half"), &["rollout-paused"], "ask"),
        ("13:06:00", Continue("ada"), &[], "start half"),
        ("13:06:00", Start("half"), &[], "wait until 13:36:00"),
    ]);
}

#[test]
fn a_failed_wave_is_backed_out_or_seen_healthy_before_it_goes_on() {
    let mut site = Site::new();
    site.table(&[
        ("12:00:00", Start("canary"), &[], "wait until 13:00:00"),
        (
            "12:10:00",
            Look("canary", Healthy, Some(21)),
            &[],
            "back out",
        ),
        (
            "12:11:00",
            Start("half"),
            &["rollout-paused", "wave-failed"],
            "back out",
        ),
        ("12:12:00", Continue("ada"), &["wave-failed"], "back out"),
        ("12:13:00", Pause, &[], "back out"),
        // What cannot be told does not undo what was seen.
        ("12:59:00", Look("canary", Healthy, None), &[], "back out"),
        ("13:00:00", Look("canary", Healthy, Some(3)), &[], "ask"),
        ("13:01:00", Continue("ada"), &[], "start half"),
        ("13:01:00", Start("half"), &[], "wait until 13:31:00"),
        // An earlier wave can fail too.
        ("13:02:00", Look("canary", Failed, Some(3)), &[], "back out"),
    ]);
    let release = site.release.take().unwrap();
    let states = release.rollout(site.office.now()).waves;
    let states: Vec<_> = states.into_iter().map(|wave| wave.state).collect();
    let until = time("13:31:00");
    assert_eq!(
        states,
        [
            WaveState::Failed,
            WaveState::Baking { until },
            WaveState::NotStarted
        ]
    );
    let _ = site.office.done(release.back_out(text("enough")), "dep");
}

#[test]
fn a_look_that_is_told_late_counts_for_when_it_was_taken() {
    const EARLY: &Move = &Look("canary", Healthy, Some(0));
    const BAD: &Move = &Look("canary", Failed, Some(0));
    const UNSURE: &Move = &Look("canary", Inconclusive, Some(0));
    let mut site = Site::new();
    site.table(&[
        ("12:00:00", Start("canary"), &[], "wait until 13:00:00"),
        // Told when it has baked, and taken before.
        ("13:10:00", Then("12:30:00", EARLY), &[], "look at canary"),
        (
            "13:10:00",
            Start("half"),
            &["wave-not-observed"],
            "look at canary",
        ),
        ("13:10:00", Then("13:02:00", EARLY), &[], "start half"),
        // An older one does not take the place of the latest; what was not healthy is asked about all the same.
        ("13:11:00", Then("13:01:00", BAD), &[], "ask"),
        ("13:12:00", Continue("ada"), &[], "start half"),
        ("13:13:00", Then("13:03:00", BAD), &[], "back out"),
        ("13:14:00", Then("13:02:30", EARLY), &[], "back out"),
        ("13:15:00", Then("13:03:00", EARLY), &[], "ask"),
        ("13:16:00", Continue("ada"), &[], "start half"),
        ("13:17:00", Then("13:04:00", UNSURE), &[], "ask"),
        ("13:18:00", Continue("ada"), &[], "start half"),
        ("13:19:00", Then("13:17:00", BAD), &[], "ask"),
        ("13:20:00", Continue("ada"), &[], "start half"),
    ]);
}

#[test]
fn a_wave_that_is_told_late_bakes_from_when_it_started() {
    let mut site = Site::new();
    site.table(&[
        (
            "12:50:00",
            Then("12:00:00", &Start("canary")),
            &[],
            "wait until 13:00:00",
        ),
        (
            "13:00:00",
            Look("canary", Healthy, Some(0)),
            &[],
            "start half",
        ),
    ]);
}

#[test]
fn what_is_planned_during_the_rollout_changes_none_of_its_waves() {
    for is_expedited in [false, true] {
        let mut site = Site::new();
        if is_expedited {
            site.release = Some(expedited(&site.office));
        }
        site.table(&[("12:00:00", Start("canary"), &[], "wait until 13:00:00")]);
        let release = site.release.take().unwrap();
        let mut quick = plan();
        quick.waves = [Wave::new(key("all"), Seconds::new(0))].into();
        site.release = Some(site.office.recorded(release, quick, "ada"));
        site.table(&[
            (
                "12:01:00",
                Look("canary", Healthy, Some(21)),
                &[],
                "back out",
            ),
            (
                "12:01:00",
                Start("all"),
                &["rollout-paused", "wave-not-started"],
                "back out",
            ),
        ]);
    }
}

/// Expedited at noon out of Plan, with waves.
fn expedited(office: &Desk) -> Release<Deployment> {
    let mut request = titled("Hotfix");
    request.track = Track::Emergency;
    let release = office.done(office.asked(request), "kim");
    let release = planned(office, office.done(release.authorise(worthwhile()), "cho"));
    let haste = text("shops are closed");
    office.done(
        release.expedite(package("hot"), Seconds::hours(1), haste),
        "ada",
    )
}

#[test]
fn an_expedited_release_goes_live_in_the_waves_that_were_planned() {
    let mut site = Site::new();
    let release = expedited(&site.office);
    assert!(matches!(release.route(), Route::Expedited { .. }));
    site.release = Some(release);
    assert_eq!(site.next(), "start canary");
    site.table(&[
        ("12:00:00", Start("canary"), &[], "wait until 13:00:00"),
        (
            "12:30:00",
            Start("half"),
            &["wave-baking"],
            "wait until 13:00:00",
        ),
        (
            "13:00:00",
            Look("canary", Healthy, Some(0)),
            &[],
            "start half",
        ),
    ]);
}

#[test]
fn a_plan_without_waves_has_nothing_to_wait_for() {
    let office = office();
    let release = office.deploying();
    assert_eq!(release.rollout(office.now()).next, NextMove::StartAttempt);
    let (release, codes) = taken(office.record(release, WaveStarted::new(key("all")), "dep"));
    assert_eq!(codes, ["unknown"]);
    // Without waves too, a person can stop it.
    let release = office.recorded(release, RolloutPaused::new(text("wait")), "dep");
    assert_eq!(release.rollout(office.now()).next, NextMove::Ask);
}

#[test]
fn a_release_that_was_backed_out_is_not_tried_again_without_a_person() {
    let mut site = Site::new();
    site.table(&[
        ("12:00:00", Start("canary"), &[], "wait until 13:00:00"),
        (
            "12:01:00",
            Look("canary", Failed, Some(99)),
            &[],
            "back out",
        ),
    ]);
    let office = &site.office;
    let pipeline = || By::new(Actor::System(key("pipeline")));
    let release = site.release.take().unwrap();
    // A system may back it out, plan, build and test it anew.
    let release = wait(
        office
            .desk
            .run(release.back_out(text("errors")), pipeline()),
    )
    .unwrap();
    let release = wait(office.desk.run(release.replan(text("again")), pipeline())).unwrap();
    let mut shorter = plan();
    shorter.waves = [Wave::new(key("few"), Seconds::minutes(5))].into();
    let release = wait(office.desk.record(release, shorter, pipeline())).unwrap();
    let release = wait(office.desk.record(release, Baseline::new(), pipeline())).unwrap();
    let release = wait(office.desk.run(release.start_development(), pipeline())).unwrap();
    let testing = release.start_testing(package("two"));
    let release = wait(office.desk.run(testing, pipeline())).unwrap();
    let run = run_of("again", &package("two"), 5, 0);
    let release = wait(office.desk.record(release, run, pipeline())).unwrap();

    let answer = wait(office.desk.run(release.deploy(window()), pipeline()));
    let refused = answer.unwrap_err().refused().unwrap();
    assert_eq!(
        refused.decision.to_string(),
        "deploy refused\n  lifecycle: the release was backed out, and `pipeline (system)` is not a person; \
         have a person look at it and deploy it"
    );
    let release = office.done(refused.release.deploy(window()), "dep");

    // The waves are those of the new plan, and none of them has started.
    let rollout = release.rollout(office.now());
    assert_eq!(rollout.next, NextMove::StartWave(key("few")));
    assert!(!rollout.is_paused && rollout.waves.len() == 1);
    let (release, codes) = taken(office.record(release, WaveStarted::new(key("canary")), "dep"));
    assert_eq!(codes, ["unknown"]);
    let release = office.recorded(release, WaveStarted::new(key("few")), "dep");
    let release = office.recorded(release, attempt("A-2"), "dep");
    let release = office.recorded(release, went_live("A-2"), "dep");
    let log = wait(office.desk.history(release.id())).unwrap();
    assert_eq!(replay(&log).unwrap().anywhere(), release.anywhere());
}

#[test]
fn a_backed_out_emergency_is_not_expedited_again_without_a_person() {
    let office = office();
    let release = expedited(&office);
    let release = office.done(release.back_out(text("worse")), "ada");
    let release = office.done(release.replan(text("again")), "ada");
    let pipeline = By::new(Actor::System(key("pipeline")));
    let again = |release: Release<Plan>| {
        release.expedite(package("hot"), Seconds::hours(1), text("it still burns"))
    };
    let answer = wait(office.desk.run(again(release), pipeline));
    let refused = answer.unwrap_err().refused().unwrap();
    let codes = refused.decision.blockers();
    let codes: Vec<_> = codes.map(|one| one.reason.code.to_string()).collect();
    assert_eq!(codes, ["automatic-retry"]);
    let _ = office.done(again(refused.release), "ada");
}
