//! Backtests: what the history tells is told, and what it does not tell is undetermined, or a fault; never a pass.

use crate::desk_support::{
    Knows, Office, at, by, fact, key, name, note, person, text, titled, wait, window, worthwhile,
};
use crate::models::{following, loaded, shop, shop_of, with};
use phasegate::facts::{About, FactFinder};
use phasegate::gate::{
    ApprovalRule, ApprovalsPolicy, Approver, Ask, FreezePolicy, GateSet, Quorum,
};
use phasegate::phase::{Action, Interval, Seconds};
use phasegate::release::step::{Authorise, Deploy};
use phasegate::release::{
    Answer, Approval, Bounded, Currency, Effect, Envelope, Environment, Fact, Key, Money,
    OverrideGranted, Release, Role, RoleGiven, RunningWork, Service, StepRefused, Stream,
    StreamKind, Track, Verdict, Version,
};
use phasegate::schedule::{Calendar, Timing, WhileClosed, Window};
use phasegate::verify::{Backtest, BacktestReport, Counts};
use phasegate::{Gate, MemoryStore, Policy, Store};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

pub(crate) type Shop = Office<Arc<MemoryStore>>;

/// An office that writes refusals down.
pub(crate) fn shop_with(gates: GateSet) -> (Shop, Arc<MemoryStore>) {
    let store = Arc::new(MemoryStore::new());
    (Office::on(Arc::clone(&store)).with_gates(gates), store)
}

pub(crate) fn log(store: &MemoryStore, stream: &Stream) -> Vec<Envelope> {
    wait(store.history(stream, Version::NONE, 1_000)).unwrap()
}

pub(crate) fn asked<'a>(
    entries: impl IntoIterator<Item = &'a Envelope>,
    proposed: &GateSet,
) -> BacktestReport {
    let mut backtest = Backtest::of(proposed);
    entries.into_iter().for_each(|entry| backtest.read(entry));
    backtest.finish()
}

fn on_deploy(rule: impl phasegate::gate::RuleOn<Deploy>) -> GateSet {
    GateSet::new().with(Gate::<Deploy>::new("go", 1).unwrap().require(rule))
}

fn on_authorise(rule: impl phasegate::gate::RuleOn<Authorise>) -> GateSet {
    GateSet::new().with(Gate::<Authorise>::new("intake", 1).unwrap().require(rule))
}

/// Newly refused, newly allowed, for other reasons, undetermined.
fn flips(counts: Counts) -> [u64; 4] {
    [
        counts.newly_refused,
        counts.newly_allowed,
        counts.other_reasons,
        counts.undetermined,
    ]
}

fn lacking(report: &BacktestReport) -> Vec<(&str, u64)> {
    let lacking = report.not_recorded.iter();
    lacking
        .map(|(what, count)| (what.as_str(), *count))
        .collect()
}

fn faults(report: &BacktestReport) -> Vec<String> {
    report.faults.iter().map(ToString::to_string).collect()
}

fn approved_by(count: u32) -> ApprovalsPolicy {
    let by = [Approver::Role(Role::ChangeAuthority)];
    let rule = ApprovalRule::new(key("authority"), Quorum::Count(count), by).unwrap();
    ApprovalsPolicy::new([rule]).unwrap()
}

/// A release that two people have approved, on its way under these gates.
fn approved(office: &Shop, gates: &GateSet) -> Release<phasegate::phase::Testing> {
    let mut release = office.tested();
    for who in ["ann", "ben"] {
        let given = RoleGiven::new(person(who), Role::ChangeAuthority);
        release = office.recorded(release, given, "ada");
    }
    for who in ["ann", "ben"] {
        let subject = gates.subject(&release, Deploy::new(window()));
        let role = Role::ChangeAuthority;
        let approval = Approval::new(Action::Deploy, subject, role, Answer::Approved);
        release = office.recorded(release, approval, who);
    }
    release
}

#[test]
fn what_was_approved_under_the_gates_of_that_day_is_approved() {
    let today = on_deploy(approved_by(2));
    let (office, store) = shop_with(today.clone());
    let release = approved(&office, &today);
    let stream = release.stream().clone();
    let _deploying = office.done(release.deploy(window()), "dep");
    let log = log(&store, &stream);
    assert!(asked(&log, &today).is_unchanged());
    assert!(asked(&log, &on_deploy(approved_by(1))).is_unchanged());
    let report = asked(&log, &on_deploy(approved_by(3)));
    assert_eq!(flips(report.all), [1, 0, 0, 0]);
    let told = report.newly_refused[0].proposed.to_string();
    assert!(
        told.contains("approvals") && !told.contains("void"),
        "{told}"
    );
}

#[test]
fn approvals_about_overrides_that_other_gates_do_not_know_are_undetermined() {
    let knows = || Knows::facts(["budget"]);
    let gate = |version| {
        let gate = Gate::<Deploy>::new("go", version).unwrap();
        gate.require(approved_by(2)).require(knows())
    };
    let today = GateSet::new().with(gate(1).overridable_by([Role::ReleaseManager]));
    let (office, store) = shop_with(today.clone());
    let office = knowing(office, Host(&["budget"]));
    let release = office.tested();
    let until = at("2026-04-01T12:00:00Z");
    let (code, role) = (key("fact-missing"), Role::ReleaseManager);
    let reason = text("it is known to be fine");
    let granted = OverrideGranted::new(
        key("O-1"),
        Action::Deploy,
        key("knows"),
        code,
        role,
        reason,
        until,
    );
    let mut release = office.recorded(release, granted, "ada");
    for who in ["ann", "ben"] {
        let given = RoleGiven::new(person(who), Role::ChangeAuthority);
        release = office.recorded(release, given, "ada");
        let subject = today.subject(&release, Deploy::new(window()));
        let role = Role::ChangeAuthority;
        let approval = Approval::new(Action::Deploy, subject, role, Answer::Approved);
        release = office.recorded(release, approval, who);
    }
    let stream = release.stream().clone();
    let _deploying = office.done(release.deploy(window()), "dep");
    let log = log(&store, &stream);
    assert!(asked(&log, &today).is_unchanged());
    // Nobody can override these: what was approved had an override in it, and for these it has none.
    let report = asked(&log, &GateSet::new().with(gate(2)));
    assert_eq!(flips(report.all), [0, 0, 0, 1]);
    assert_eq!(
        lacking(&report),
        [("which overrides the approvals were about", 1)]
    );
}

/// Then an override was used up that these gates do not need: what comes later finds it unused.
#[test]
fn what_comes_after_another_override_was_used_up_rests_on_what_did_not_happen() {
    let gate = Gate::<Deploy>::new("go", 1).unwrap();
    let gate = gate.require(says("agreed"));
    let today = GateSet::new().with(gate.overridable_by([Role::ReleaseManager]));
    let (office, store) = shop_with(today.clone());
    let office = knowing(office, Host(&[]));
    let granted = OverrideGranted::new(
        key("O-1"),
        Action::Deploy,
        key("says"),
        key("unsaid"),
        Role::ReleaseManager,
        text("it has to be"),
        at("2026-04-01T12:00:00Z"),
    );
    let release = office.recorded(office.tested(), granted, "ada");
    let stream = release.stream().clone();
    let release = office.done(release.deploy(window()), "dep");
    let _undone = office.done(release.back_out(text("orders got lost")), "dep");
    let log = log(&store, &stream);
    assert!(asked(&log, &today).is_unchanged());
    let report = asked(&log, &GateSet::new());
    assert_eq!(flips(report.all), [0, 0, 1, 0]);
    assert_eq!(report.all.counterfactual, 1);
    assert!(!report.is_unchanged());
}

/// A host that knows these facts, and no others.
struct Host(&'static [&'static str]);

impl FactFinder for Host {
    async fn find(
        &self,
        key: &Key,
        about: About<'_>,
    ) -> Result<Option<Fact>, Box<dyn std::error::Error + Send + Sync>> {
        Ok(self.0.contains(&key.as_str()).then(|| fact(about.now)))
    }
}

fn knowing(mut office: Shop, host: Host) -> Shop {
    office.desk = office.desk.with_facts(host);
    office
}

/// Refuses unless the host says a fact; that it does not know it is no excuse.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Says {
    fact: Key,
}

impl Policy for Says {
    type Reads = ();
    const NAME: &'static str = "says";

    fn facts(&self) -> Vec<Key> {
        vec![self.fact.clone()]
    }

    fn judge(&self, ask: &Ask<'_>, (): ()) -> Verdict {
        let reason = || phasegate::release::Reason::new("unsaid", "it is not said", "say it");
        Verdict::of(
            ask.fact(&self.fact)
                .is_none()
                .then(reason)
                .into_iter()
                .collect(),
        )
    }
}

fn says(fact: &str) -> Says {
    Says { fact: key(fact) }
}

#[test]
fn a_fact_that_nobody_asked_for_is_not_taken_for_one_that_is_not_known() {
    let today = GateSet::new().with(
        Gate::<Authorise>::new("intake", 1)
            .unwrap()
            .enforce(says("known"), phasegate::release::Enforcement::Shadow)
            .enforce(says("strange"), phasegate::release::Enforcement::Shadow),
    );
    let (office, store) = shop_with(today.clone());
    let office = knowing(office, Host(&["known"]));
    let release = office.authorised();
    let log = log(&store, release.stream());
    assert!(asked(&log, &today).is_unchanged());
    // Asked for, and known; asked for, and not known; never asked for.
    assert_eq!(
        flips(asked(&log, &on_authorise(says("known"))).all),
        [0, 0, 1, 0]
    );
    assert_eq!(
        flips(asked(&log, &on_authorise(says("strange"))).all),
        [1, 0, 0, 0]
    );
    let refused = asked(&log, &on_authorise(says("strange")));
    let outline = refused.newly_refused[0].recorded.outline().to_string();
    assert!(outline.contains("`strange` is not known"), "{outline}");
    let report = asked(&log, &on_authorise(says("new")));
    assert_eq!(flips(report.all), [0, 0, 0, 1]);
    assert_eq!(lacking(&report), [("fact `new`", 1)]);
    assert_eq!(report.undetermined[0].not_recorded, ["fact `new`"]);
    assert!(!report.is_conclusive() && !report.is_unchanged());
    assert_eq!(report.by_gate[&key("intake")].undetermined, 1);
    // What is refused whatever the fact is, is refused.
    let both = phasegate::gate::all((says("new"), says("strange")));
    assert_eq!(flips(asked(&log, &on_authorise(both)).all), [1, 0, 0, 0]);
    let either = phasegate::gate::any((says("new"), says("strange")));
    assert_eq!(flips(asked(&log, &on_authorise(either)).all), [0, 0, 0, 1]);
}

#[test]
fn a_fact_that_could_not_be_had_then_could_not_be_had() {
    // A desk with nobody to ask.
    let today = on_authorise(says("known"));
    let (office, store) = shop_with(today.clone());
    let refused = office.run(office.requested().authorise(worthwhile()), "cho");
    let release = refused.unwrap_err().refused().unwrap().release;
    let log = log(&store, release.stream());
    assert!(asked(&log, &today).is_unchanged());
    let report = asked(&log, &on_authorise(phasegate::gate::all((says("known"),))));
    assert!(report.is_conclusive(), "{report}");
    assert_eq!(flips(asked(&log, &GateSet::new()).all), [0, 1, 0, 0]);
}

fn no_change() -> WhileClosed {
    WhileClosed::new(
        Effect::Blocked,
        RunningWork::RunOn,
        Effect::Allowed,
        Effect::Allowed,
    )
}

fn freeze(id: &str, start: &str, end: &str) -> Window {
    let timing = Timing::between(Interval::parse(start, end).unwrap());
    Window::freeze(key(id), timing, no_change())
}

#[test]
fn a_calendar_is_asked_as_it_stood_then() {
    let everywhere = || FreezePolicy::new(key("changes"));
    let today = on_deploy(everywhere());
    let (office, store) = shop_with(today.clone());
    let changes = key("changes");
    let declared = |window| wait(office.desk.declare_window(&changes, window, by("cal"))).unwrap();
    let early = freeze("early", "2026-02-01T00:00:00Z", "2026-02-02T00:00:00Z");
    let calendar = declared(early);
    let release = office.tested();
    let stream = release.stream().clone();
    let _deploying = office.done(release.deploy(window()), "dep");
    office.clock.pass(Seconds::hours(1));
    // Too late to have been in the way.
    declared(freeze(
        "late",
        "2026-03-01T00:00:00Z",
        "2026-04-01T00:00:00Z",
    ));
    let tenant = stream.tenant.clone();
    let calendar_log = log(
        &store,
        &Stream::new(
            tenant,
            StreamKind::Calendar,
            calendar.calendar().name().clone(),
        ),
    );
    let log = log(&store, &stream);
    let production = || Environment::new("production").unwrap();
    let proposed = on_deploy(everywhere().in_environments([production()]));

    assert!(asked(calendar_log.iter().chain(&log), &today).is_unchanged());
    assert!(asked(calendar_log.iter().chain(&log), &proposed).is_unchanged());
    // Without its log, only what was asked then is known.
    assert!(asked(&log, &today).is_unchanged());
    let report = asked(&log, &proposed);
    assert_eq!(flips(report.all), [0, 0, 0, 1]);
    assert_eq!(lacking(&report), [("calendar `changes`", 1)]);
    // What comes too late is not overlooked.
    let report = asked(log.iter().chain(&calendar_log), &proposed);
    let told = faults(&report);
    assert!(
        told[0].contains("it comes after decisions that may rest on it"),
        "{told:?}"
    );

    // A calendar that is assumed takes the place of the one that was.
    let assumed = Calendar::new(key("changes"));
    let march = freeze("march", "2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z");
    let mut backtest = Backtest::of(&today).assuming(assumed.with(march).unwrap());
    calendar_log
        .iter()
        .chain(&log)
        .for_each(|entry| backtest.read(entry));
    assert_eq!(flips(backtest.finish().all), [1, 0, 0, 0]);
}

#[test]
fn a_model_that_the_gates_do_not_have_is_no_flip() {
    let today = GateSet::new().with_model(shop_of(1, 90));
    let (office, store) = shop_with(today.clone());
    let release = office.done(office.asked(following(1)), "kim");
    let release = office.done(release.authorise(worthwhile()), "cho");
    let log = log(&store, release.stream());
    assert!(asked(&log, &today).is_unchanged());
    let report = asked(&log, &GateSet::new().with_model(shop_of(2, 90)));
    assert_eq!(flips(report.all), [0, 0, 0, 2]);
    let missing = "version 1 of model `shop`: the proposed gates do not have it";
    assert_eq!(lacking(&report), [(missing, 2)]);
}

#[test]
fn a_model_with_other_rules_is_taken_as_authorised() {
    let own = GateSet::new().with_model(shop_of(1, 90));
    let (office, store) = shop_with(own.clone());
    wait(office.desk.draft_model(&shop_of(1, 90), by("kim"))).unwrap();
    let (model, reason) = (key("shop"), text("the board looked at it"));
    wait(office.desk.authorise_model(&model, 1, reason, by("cho"))).unwrap();
    let mut request = following(1);
    request.track = Track::Standard;
    request.estimated_cost = Some(Money::new(10, Currency::new("EUR").unwrap()));
    request.services = [Service::new("shop").unwrap()].into();
    let release = office.done(office.asked(request), "kim");
    let release = office.done(release.authorise(worthwhile()), "cho");
    let log = log(&store, release.stream());
    assert!(asked(&log, &own).is_unchanged());
    assert!(asked(&log, &GateSet::new().with_model(shop_of(1, 80))).is_unchanged());
    let stricter = with(shop(), "/standard/limits/services", json!(["search"]));
    let report = asked(&log, &GateSet::new().with_model(loaded(&stricter)));
    assert_eq!(flips(report.all), [1, 0, 0, 0]);
}

#[test]
fn a_refusal_that_was_recorded_late_is_asked_of_a_release_that_may_have_moved() {
    let today = on_authorise(says("known"));
    let (office, store) = shop_with(today.clone());
    let office = office.forgetting_refusals();
    let release = office.requested();
    let authorise = Authorise::new(worthwhile());
    let refused = wait(office.desk.explain(&release, authorise.clone(), by("cho")));
    office.clock.pass(Seconds::hours(1));
    let record = || StepRefused::new(authorise.clone(), refused.clone());
    // Late, but nothing came between.
    let release = office.recorded(release, record(), "cho");
    assert!(asked(&log(&store, release.stream()), &today).is_unchanged());
    let release = office.recorded(release, note("something else"), "cho");
    let release = office.recorded(release, record(), "cho");
    let report = asked(&log(&store, release.stream()), &today);
    assert_eq!(flips(report.all), [0, 0, 0, 1]);
    let lacking = lacking(&report);
    assert_eq!(
        lacking[0].0,
        "how the release stood: it moved before the refusal was recorded"
    );
}

#[test]
fn warnings_and_renamed_gates_are_other_reasons() {
    let warn = |gate: &str| {
        let gate = Gate::<Authorise>::new(gate, 1).unwrap();
        GateSet::new().with(gate.enforce(says("known"), phasegate::release::Enforcement::Warn))
    };
    let (office, store) = shop_with(warn("intake"));
    let release = office.authorised();
    let log = log(&store, release.stream());
    assert!(asked(&log, &warn("intake")).is_unchanged());
    for other in [GateSet::new(), warn("front-door")] {
        let report = asked(&log, &other);
        assert_eq!(flips(report.all), [0, 0, 1, 0]);
        assert!(report.is_conclusive() && !report.is_unchanged());
        assert_eq!(report.by_gate[&key("intake")].other_reasons, 1);
    }
}

/// Three releases of two services and two teams, that nobody has to approve.
fn three(office: &Shop) -> Vec<Stream> {
    let of = |service: &str, team: &str| {
        let mut request = titled(&format!("{service} of {team}"));
        request.services = [Service::new(service).unwrap()].into();
        let labels = [(key("team"), name(team)), (key("part"), name("all"))];
        request.labels = Bounded::new(BTreeMap::from(labels)).unwrap();
        let release = office.done(office.asked(request), "kim");
        office.clock.pass(Seconds::hours(1));
        let release = office.done(release.authorise(worthwhile()), "cho");
        release.stream().clone()
    };
    vec![of("shop", "red"), of("search", "red"), of("shop", "blue")]
}

#[test]
fn differences_are_counted_by_gate_service_and_team() {
    let (office, store) = shop_with(GateSet::new());
    let streams = three(&office);
    let logs: Vec<_> = streams.iter().map(|one| log(&store, one)).collect();
    let refusing = on_authorise(approved_by(1));
    let report = asked(logs.iter().flatten(), &refusing);
    assert_eq!((report.all.decisions, flips(report.all)), (6, [3, 0, 0, 0]));
    assert_eq!(report.by_gate[&key("intake")].newly_refused, 3);
    assert_eq!(report.by_gate[&key("intake")].decisions, 3);
    let of = |service: &str| report.by_service[&Service::new(service).unwrap()];
    assert_eq!((of("shop").decisions, of("shop").newly_refused), (4, 2));
    assert_eq!((of("search").decisions, of("search").newly_refused), (2, 1));
    assert_eq!(report.by_team[&name("red")].newly_refused, 2);
    assert_eq!(report.by_team[&name("blue")].newly_refused, 1);

    let mut backtest = Backtest::of(&refusing).by_label(key("part")).examples(2);
    logs.iter().flatten().for_each(|entry| backtest.read(entry));
    let report = backtest.finish();
    assert_eq!(report.by_team[&name("all")].newly_refused, 3);
    let titles = report
        .newly_refused
        .iter()
        .map(|one| one.title.clone().unwrap().to_string());
    assert_eq!(titles.collect::<Vec<_>>(), ["shop of red", "search of red"]);
}

#[test]
fn the_order_of_the_releases_does_not_matter() {
    let (office, store) = shop_with(GateSet::new());
    let streams = three(&office);
    let [a, b, c] = [0, 1, 2].map(|place: usize| log(&store, &streams[place]));
    let proposed = on_authorise(says("new"));
    let one = asked([&a, &b, &c].into_iter().flatten(), &proposed);
    assert_eq!(asked([&c, &a, &b].into_iter().flatten(), &proposed), one);
    let mixed = [&a[0], &c[0], &b[0], &c[1], &b[1], &a[1]];
    assert_eq!(asked(mixed, &proposed), one);
    assert_eq!(one.undetermined.len(), 3);
}

#[test]
fn a_desk_reads_what_its_releases_rest_on() {
    let today = on_deploy(FreezePolicy::new(key("changes"))).with_model(shop_of(1, 90));
    let (office, store) = shop_with(today.clone());
    let early = freeze("early", "2026-02-01T00:00:00Z", "2026-02-02T00:00:00Z");
    wait(
        office
            .desk
            .declare_window(&key("changes"), early, by("cal")),
    )
    .unwrap();
    wait(office.desk.draft_model(&shop_of(1, 90), by("kim"))).unwrap();
    let _deploying = office.deploying();
    let release = office.done(office.asked(following(1)), "kim");
    let _authorised = office.done(release.authorise(worthwhile()), "cho");
    let report = wait(office.desk.backtest(Backtest::of(&today))).unwrap();
    assert!(report.is_unchanged(), "{report}");
    assert_eq!(report.all.decisions, 7);

    let everywhere = FreezePolicy::new(key("changes"));
    let production = Environment::new("production").unwrap();
    let standing = phasegate::gate::ModelStandingPolicy::new();
    let elsewhere = on_deploy(everywhere.in_environments([production]));
    let elsewhere = elsewhere.with_model(shop_of(1, 90));
    let report = wait(office.desk.backtest(Backtest::of(&elsewhere))).unwrap();
    assert!(report.is_unchanged(), "{report}");
    let proposed = elsewhere
        .with(
            Gate::<Authorise>::new("intake", 1)
                .unwrap()
                .require(standing),
        )
        .with_model(shop_of(1, 90));
    let report = wait(office.desk.backtest(Backtest::of(&proposed))).unwrap();
    // One release follows no model, and the other one that nobody authorised.
    assert_eq!(flips(report.all), [2, 0, 0, 0], "{report}");

    // The calendar is the desk's own; of another tenant there is nothing.
    let other = office
        .desk
        .clone()
        .tenant(crate::desk_support::tenant("other"));
    let report = wait(other.backtest(Backtest::of(&today))).unwrap();
    assert_eq!(faults(&report), ["fault: no decision was read"]);
    drop(store);
}

/// The log of a release with a decision to flip, as lines.
fn lines() -> Vec<String> {
    let (office, store) = shop_with(GateSet::new());
    let release = office.requested();
    let release = office.recorded(release, note("it is asked for"), "kim");
    let release = office.done(release.authorise(worthwhile()), "cho");
    let log = log(&store, release.stream());
    log.iter().map(|entry| entry.to_json().unwrap()).collect()
}

fn of_lines<S: AsRef<str>>(lines: &[S]) -> BacktestReport {
    let none = GateSet::new();
    let mut backtest = Backtest::of(&none);
    for line in lines {
        backtest.line(line.as_ref());
    }
    backtest.finish()
}

#[test]
fn lines_are_read_as_the_entries_that_they_are() {
    let report = of_lines(&lines());
    assert!(report.is_unchanged());
    assert_eq!(report.all.decisions, 2);
    let mut spaced = lines();
    spaced.insert(1, String::new());
    assert!(of_lines(&spaced).is_unchanged());
}

#[track_caller]
fn is_red(report: &BacktestReport, expected: &[&str]) {
    assert!(!report.is_conclusive() && !report.is_unchanged());
    let (told, expected) = (faults(report), expected.iter());
    assert_eq!(told.len(), expected.len(), "{told:?}");
    for (told, expected) in told.iter().zip(expected) {
        assert!(told.starts_with(expected), "{told}");
    }
}

#[test]
fn an_empty_history_is_red() {
    is_red(&of_lines::<&str>(&[]), &["fault: no decision was read"]);
    is_red(&of_lines(&["", " "]), &["fault: no decision was read"]);
}

#[test]
fn a_gap_is_named() {
    let all = lines();
    let gap = [&all[0], &all[2]];
    let release = "release `00000000-0000-0000-0000-000000000001` at version 3";
    let expected = format!(
        "fault in line 2 in {release}: cannot read the log at version 3: expected version 2"
    );
    is_red(&of_lines(&gap), &[&expected]);
    // The beginning is missing, an entry is there twice, or is of another log of the same name.
    is_red(
        &of_lines(&all[1..]),
        &["fault in line 1 in release", "fault: no decision was read"],
    );
    let twice = [&all[0], &all[0], &all[1], &all[2]];
    let report = of_lines(&twice);
    is_red(&report, &["fault in line 2 in release"]);
    assert_eq!(report.all.decisions, 1, "what comes after it is not read");
    let mut other: serde_json::Value = serde_json::from_str(&all[1]).unwrap();
    other["prev"] = other["hash"].clone();
    is_red(
        &of_lines(&[all[0].clone(), other.to_string()]),
        &["fault in line 2 in release"],
    );
}

#[test]
fn a_bad_line_is_named_by_its_number() {
    let mut all = lines();
    all.push("{\"id\":1".to_owned());
    all.push("not at all".to_owned());
    let report = of_lines(&all);
    is_red(
        &report,
        &[
            "fault in line 4: cannot read",
            "fault in line 5: cannot read",
        ],
    );
    assert_eq!(report.all.decisions, 2, "the others are read");
    let hostile = "\u{202e}".repeat(3) + "\"\u{7}";
    assert!(!of_lines(&[hostile]).to_string().contains('\u{202e}'));
    // So many that nobody would read them all.
    let many = vec!["x"; 250];
    let report = of_lines(&many);
    assert_eq!((report.faults.len(), report.more_faults), (100, 151));
    assert!(report.to_string().ends_with("and 151 more faults\n"));
}

#[test]
fn an_unknown_kind_is_named() {
    let sung = |place: usize, from: &str, to: &str| {
        let mut all = lines();
        assert!(all[place].contains(from));
        all[place] = all[place].replace(from, to);
        of_lines(&all)
    };
    // A record is passed over, and what follows is asked of a state that may lack something.
    let report = sung(1, "release.noted", "release.sung");
    is_red(&report, &["fault in line 2 in release"]);
    assert!(faults(&report)[0].contains("`release.sung` is not known here, and is passed over"));
    assert_eq!(report.all.decisions, 2);
    // After a step of an unknown kind nothing is read.
    let report = sung(2, "release.authorised", "release.sung");
    is_red(&report, &["fault in line 3 in release"]);
    assert_eq!(report.all.decisions, 1);
    let report = sung(2, "\"step\"", "\"stride\"");
    is_red(&report, &["fault in line 3 in release"]);
}

#[test]
fn a_log_of_a_calendar_that_cannot_be_followed_is_named() {
    let (office, store) = shop_with(GateSet::new());
    for id in ["one", "two", "three"] {
        let window = freeze(id, "2026-02-01T00:00:00Z", "2026-02-02T00:00:00Z");
        wait(
            office
                .desk
                .declare_window(&key("changes"), window, by("cal")),
        )
        .unwrap();
    }
    let release = office.deploying();
    let calendar = crate::desk_support::calendar("changes");
    let (calendar, log) = (log(&store, &calendar), log(&store, release.stream()));
    let proposed = on_deploy(FreezePolicy::new(key("changes")));
    assert_eq!(
        flips(asked(calendar.iter().chain(&log), &proposed).all),
        [0; 4]
    );
    let cut = [&calendar[0], &calendar[2]];
    let report = asked(cut.into_iter().chain(&log), &proposed);
    is_red(&report, &["fault in calendar `changes` at version 3"]);
    // What it came to is not guessed.
    assert_eq!(lacking(&report), [("calendar `changes`", 1)]);
}

/// Panics, or answers this way and that.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Moody {
    panics: bool,
}

impl Policy for Moody {
    type Reads = ();
    const NAME: &'static str = "moody";

    fn judge(&self, _: &Ask<'_>, (): ()) -> Verdict {
        static SAID: AtomicBool = AtomicBool::new(false);
        assert!(!self.panics, "not today");
        if SAID.fetch_xor(true, Ordering::Relaxed) {
            return Verdict::SATISFIED;
        }
        Verdict::of(vec![phasegate::release::Reason::new(
            "mood",
            "not today",
            "wait",
        )])
    }
}

#[test]
fn a_policy_that_panics_or_is_not_deterministic_is_red() {
    let moody = |panics| on_authorise(Moody { panics });
    let log = |gates: &GateSet| {
        let (office, store) = shop_with(gates.clone());
        let release = office.requested();
        let stream = release.stream().clone();
        let _answer = office.run(release.authorise(worthwhile()), "cho");
        log(&store, &stream)
    };
    let release = "fault in release `00000000-0000-0000-0000-000000000001` at version 2: ";
    for (panics, why) in [(true, "policy `moody` panicked"), (false, "policy `moody`")] {
        let expected = format!("{release}{why}");
        is_red(&asked(&log(&GateSet::new()), &moody(panics)), &[&expected]);
        // It was refused for that then, too: that makes it no better.
        is_red(&asked(&log(&moody(panics)), &moody(panics)), &[&expected]);
        // A warning only, but who would believe it?
        let gate = Gate::<Authorise>::new("intake", 1).unwrap();
        let warn = gate.enforce(Moody { panics }, phasegate::release::Enforcement::Warn);
        is_red(
            &asked(&log(&GateSet::new()), &GateSet::new().with(warn)),
            &[&expected],
        );
    }
}

#[test]
fn what_is_decided_after_the_end_is_named() {
    let (office, store) = shop_with(GateSet::new());
    let rejected = office.done(office.requested().reject(text("no")), "cho");
    let entries = log(&store, rejected.stream());
    assert!(asked(&entries, &GateSet::new()).is_unchanged());
    let rejected = office.recorded(rejected, note("they asked again"), "kim");
    let late = log(&store, rejected.stream());
    assert!(asked(&late, &GateSet::new()).is_unchanged());
    let mut again = late[1].clone();
    (again.version, again.prev) = (Version::new(4), late[2].hash);
    let report = asked(late.iter().chain([&again]), &GateSet::new());
    is_red(&report, &["fault in release"]);
    assert!(faults(&report)[0].contains("decided after the end"));
    let report = asked(late.iter().take(2).chain([&again]), &GateSet::new());
    assert!(faults(&report)[0].contains("expected version 3"));
}

#[test]
fn a_report_is_read_by_people_and_by_programs() {
    let (office, store) = shop_with(GateSet::new());
    let streams = three(&office);
    let entries = log(&store, &streams[0]);
    let report = asked(&entries, &on_authorise(approved_by(1)));
    let told = report.to_string();
    let head = "2 decisions: 1 newly refused, 0 newly allowed, 0 for other reasons, 0 undetermined, 0 counterfactual\n\
                newly refused, from 2026-03-02T13:00:00Z\n  shop of red, authorise at 2026-03-02T13:00:00Z, version 2 \
                of `00000000-0000-0000-0000-000000000001`\n    then: authorise cleared\n    now: authorise refused\n";
    assert!(told.starts_with(head), "{told}");
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["all"]["newly_refused"], 1);
    assert_eq!(json["newly_refused"][0]["version"], 2);
    assert_eq!(json["by_service"]["shop"]["newly_refused"], 1);
}
