//! A sample of every built-in policy: attached by types and from a file, walked, written, read back, and each of its
//! codes shown once. A policy without a sample fails here.

use crate::desk_support::{
    by, id, key, office, package, person, text, titled, wait, window, worthwhile,
};
use crate::models::{following, shop_of};
use crate::policies::{
    Desk, LIVE, assessed, back_out, budgeted, deploying, finishing, functional, gated, intake,
    knowing, knowing_that, money, naming, planned, rolling, run_in, staged, staging,
};
use crate::relations::other;
use chrono::{NaiveTime, Weekday};
use phasegate::gate::{
    ApprovalRule, ApprovalsPolicy, Approver, BackOutPlanPolicy, BudgetPolicy, ChangeRequestsPolicy,
    ChecklistPolicy, ConflictFreePolicy, DependenciesPolicy, Duty, FactPolicy, FactTest, Facts,
    FreezePolicy, GateSet, InStepPolicy, LeadTimePolicy, MaintenanceWindowPolicy,
    ModelStandingPolicy, OpenIssuesPolicy, Percent, Policies, Quorum, RiskPolicy, Rule,
    SeparationOfDutiesPolicy, SoakPolicy, StakeholdersNotifiedPolicy, TimeOfDayPolicy, WavesPolicy,
};
use phasegate::phase::{Action, PhaseName, Seconds, Testing};
use phasegate::release::step::{Authorise, Deploy, FinishDeployment, Replan, StartTesting};
use phasegate::release::{
    Answer, AnyStep, Approval, AttemptOutcome, BookedConflict, ChangeRequest, ChangeRequestState,
    ChecklistItem, ChecklistStatus, ChildAttached, ConflictAnswer, ConflictQuestion, CostBooked,
    Decision, DefectFound, DependencyDeclared, Digest, Effect, Ending, Evidence, FactSource,
    FactValue, FollowedModel, Health, HealthObserved, IssueRaised, ModelStanding, Name, Region,
    RiskLevel, RiskRaised, Role, RoleGiven, RoleRelieved, RunningWork, Severity,
    StakeholdersNotified, Stream, StreamKind, Tenant, TestKind, Version, WaveStarted,
};
use phasegate::schedule::{Calendar, CalendarState, Distance, Timing, WhileClosed, Window};
use phasegate::{Gate, Interval, Release};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;

/// One policy, by both doors, and what is known of it.
struct Sample {
    by_types: GateSet,
    params: Value,
    numbers: &'static [(&'static str, i64)],
    roles: &'static [&'static str],
    facts: &'static [&'static str],
    phases: &'static [PhaseName],
    /// Decisions that show each of its codes.
    shown: Vec<Decision>,
}

impl Sample {
    fn rule(&self) -> &Rule {
        &self.by_types.gates()[0].requirements()[0].rule
    }
}

/// What reads nothing that a phase might lack.
const EVERYWHERE: &[PhaseName] = PhaseName::ALL;

/// What looks at what was recorded of a release, which a step that begins one has nothing of.
const ONCE_BEGUN: &[PhaseName] = PhaseName::ALL.split_at(1).1;

fn plain(by_types: GateSet, params: Value, shown: Vec<Decision>) -> Sample {
    Sample {
        by_types,
        params,
        numbers: &[],
        roles: &[],
        facts: &[],
        phases: ONCE_BEGUN,
        shown,
    }
}

fn sample(policy: &str) -> Sample {
    match policy {
        "approvals" => approvals(),
        "separation-of-duties" => separation_of_duties(),
        "evidence" => evidence(),
        "soak" => soak(),
        "back-out-plan" => back_out_plan(),
        "risk" => risk(),
        "open-issues" => open_issues(),
        "budget" => budget(),
        "stakeholders-notified" => stakeholders_notified(),
        "change-requests" => change_requests(),
        "checklist" => checklist(),
        "freeze" => freeze(),
        "maintenance-window" => maintenance_window(),
        "conflict-free" => conflict_free(),
        "lead-time" => lead_time(),
        "time-of-day" => time_of_day(),
        "waves" => waves(),
        "fact" => fact(),
        "model-standing" => model_standing(),
        "in-step" => in_step(),
        "dependencies" => dependencies(),
        other => panic!("no sample of policy `{other}`; add one"),
    }
}

fn authority() -> Role {
    Role::ChangeAuthority
}

/// Tested, requested by `kim`; these people are the change authority.
fn with_authority(office: &Desk, people: &[&str]) -> Release<Testing> {
    people.iter().fold(office.tested(), |release, who| {
        office.recorded(release, RoleGiven::new(person(who), authority()), "ada")
    })
}

fn answered(
    (office, gates): (&Desk, &GateSet),
    release: Release<Testing>,
    who: &str,
    answer: Answer,
) -> Release<Testing> {
    let subject = gates.subject(&release, Deploy::new(window()));
    let mut approval = Approval::new(Action::Deploy, subject, authority(), answer);
    approval.comment = text("as I see it");
    office.recorded(release, approval, who)
}

fn approvals() -> Sample {
    let by_authority = [Approver::Role(authority())];
    let rule = ApprovalRule::new(key("authority"), Quorum::Count(1), by_authority).unwrap();
    let policy = ApprovalsPolicy::new([rule])
        .unwrap()
        .valid_for(Seconds::days(3))
        .unwrap();
    let gates = gated::<Deploy>(policy.not_by(Duty::Deployer));
    let office = office();
    let on = (&office, &gates);
    let explain =
        |release: &_| gates.explain(release, Deploy::new(window()), &office.facts(), &by("dep"));
    let ann = || with_authority(&office, &["ann"]);
    let approved = |release, who| answered(on, release, who, Answer::Approved);
    let mut changed = approved(ann(), "ann");
    changed = office.recorded(changed, planned(Some(back_out(None))), "ada");
    let left = RoleRelieved::new(person("ann"), authority());
    let left = office.recorded(approved(ann(), "ann"), left, "ada");
    let mut shown = vec![
        explain(&ann()),
        explain(&with_authority(&office, &[])),
        explain(&approved(with_authority(&office, &["kim"]), "kim")),
        explain(&changed),
        explain(&left),
        explain(&answered(on, ann(), "ann", Answer::Rejected)),
    ];
    let old = approved(ann(), "ann");
    office.clock.pass(Seconds::days(3));
    shown.push(explain(&old));
    let params = json!({
        "rules": [{
            "name": "authority",
            "by": [{ "role": "change_authority" }],
            "quorum": { "count": 1 },
        }],
        "not_by": ["deployer"],
        "valid_for_seconds": 259_200,
    });
    Sample {
        numbers: &[("rules[0].quorum.count", 1), ("valid_for_seconds", 259_200)],
        roles: &["change_authority"],
        ..plain(gates, params, shown)
    }
}

fn separation_of_duties() -> Sample {
    let policy = SeparationOfDutiesPolicy::new([Duty::Requester, Duty::Builder]).unwrap();
    let gates = gated::<Deploy>(policy);
    let office = office();
    let release = with_authority(&office, &["kim"]);
    let release = answered((&office, &gates), release, "kim", Answer::Approved);
    let decision = gates.explain(&release, Deploy::new(window()), &office.facts(), &by("dep"));
    let params = json!({ "apart": ["requester", "builder"] });
    plain(gates, params, vec![decision])
}

fn evidence() -> Sample {
    let percent = |percent| Percent::new(percent).unwrap();
    let policy = functional(95)
        .run_in(TestKind::Functional, [staging()])
        .and_then(|policy| policy.covering(TestKind::Functional, percent(80)))
        .and_then(|policy| policy.no_older_than(Seconds::days(7)))
        .and_then(|policy| policy.with_open_defects(0, Severity::Major))
        .and_then(|policy| policy.with_document(key("pentest")))
        .unwrap();
    let office = office();
    let explain = |release: &Release<Testing>| deploying(&office, release, policy.clone());
    let covering = |covered| {
        let mut run = run_in("run", "staging", 18, 2);
        run.coverage_percent = covered;
        run
    };
    let release = office.recorded(office.testing(), covering(None), "tom");
    let unknown = explain(&release);
    let defect = DefectFound::new(key("BUG-1"), Severity::Critical);
    let release = office.recorded(release, defect, "tom");
    let name = Name::new("Penetration test").unwrap();
    let mut pentest = Evidence::new(key("pentest"), name, Digest::of(b"report"));
    pentest.package = Some(package("two").digest());
    let release = office.recorded(release, pentest, "tom");
    let release = office.recorded(release, covering(Some(79)), "tom");
    let bad = explain(&release);
    office.clock.pass(Seconds::days(7));
    let shown = vec![explain(&office.testing()), unknown, bad, explain(&release)];
    let params = json!({
        "required": { "functional": 95 },
        "environments": { "functional": ["staging"] },
        "coverage_percent": { "functional": 80 },
        "max_age_seconds": 604_800,
        "open_defects": { "major": 0 },
        "documents": ["pentest"],
    });
    Sample {
        numbers: &[
            ("coverage_percent.functional", 80),
            ("max_age_seconds", 604_800),
            ("open_defects.major", 0),
            ("required.functional", 95),
        ],
        phases: &[PhaseName::Testing],
        ..plain(gated::<Deploy>(policy), params, shown)
    }
}

fn soak() -> Sample {
    let policy = || SoakPolicy::new([(staging(), Seconds::days(2))]).unwrap();
    let office = office();
    let explain = |release: &_| deploying(&office, release, policy());
    let back = Some(AttemptOutcome::BackedOut);
    let shown = vec![
        explain(&office.tested()),
        explain(&staged(&office, office.tested(), "first", LIVE)),
        explain(&staged(&office, office.tested(), "first", back)),
    ];
    let params = json!({ "at_least_seconds": { "staging": 172_800 } });
    Sample {
        numbers: &[("at_least_seconds.staging", 172_800)],
        phases: &[
            PhaseName::Testing,
            PhaseName::Deployment,
            PhaseName::Review,
            PhaseName::Closure,
        ],
        ..plain(gated::<Deploy>(policy()), params, shown)
    }
}

fn back_out_plan() -> Sample {
    let policy = || {
        BackOutPlanPolicy::new()
            .rehearsed_within(Seconds::days(30))
            .unwrap()
    };
    let office = office();
    let explain = |plan| {
        let release = office.recorded(office.requested(), plan, "kim");
        intake(&office, &release, policy())
    };
    let shown = vec![
        explain(planned(None)),
        explain(planned(Some(back_out(None)))),
        explain(planned(Some(back_out(Some("2026-01-02T12:00:00Z"))))),
    ];
    let params = json!({ "rehearsed_within_seconds": 2_592_000 });
    Sample {
        numbers: &[("rehearsed_within_seconds", 2_592_000)],
        ..plain(gated::<Deploy>(policy()), params, shown)
    }
}

fn risk() -> Sample {
    let policy = || RiskPolicy::at_most(RiskLevel::Medium);
    let office = office();
    let risky = office.recorded(office.requested(), assessed(5), "kim");
    let shown = vec![
        intake(&office, &office.requested(), policy()),
        intake(&office, &risky, policy()),
    ];
    plain(
        gated::<Deploy>(policy()),
        json!({ "at_most": "medium" }),
        shown,
    )
}

fn open_issues() -> Sample {
    let policy = OpenIssuesPolicy::issues(0, Severity::Major);
    let policy = policy.and_risks(2, Severity::Minor).unwrap();
    let office = office();
    let issue = IssueRaised::new(key("I-1"), Severity::Critical, text("no licence"));
    let release = office.recorded(office.requested(), issue, "kim");
    let release = ["R-1", "R-2", "R-3"].iter().fold(release, |release, id| {
        let risk = RiskRaised::new(key(id), Severity::Minor, text("the fair"));
        office.recorded(release, risk, "kim")
    });
    let shown = vec![intake(&office, &release, policy.clone())];
    let params = json!({ "issues": { "major": 0 }, "risks": { "minor": 2 } });
    Sample {
        numbers: &[("issues.major", 0), ("risks.minor", 2)],
        ..plain(gated::<Deploy>(policy), params, shown)
    }
}

fn budget() -> Sample {
    let policy = || BudgetPolicy::at_most(110).unwrap();
    let office = office();
    let costing = |currency| {
        let release = office.recorded(office.requested(), budgeted(1_000), "kim");
        let cost = CostBooked::new(key("BILL-1"), money(1_200, currency));
        let release = office.recorded(release, cost, "kim");
        intake(&office, &release, policy())
    };
    let none = intake(&office, &office.requested(), policy());
    let shown = vec![none, costing("EUR"), costing("USD")];
    Sample {
        numbers: &[("at_most_percent", 110)],
        ..plain(
            gated::<Deploy>(policy()),
            json!({ "at_most_percent": 110 }),
            shown,
        )
    }
}

fn stakeholders_notified() -> Sample {
    let policy = || {
        StakeholdersNotifiedPolicy::new()
            .ahead_by(Seconds::days(1))
            .unwrap()
    };
    let office = office();
    let named = office.recorded(office.requested(), naming(&["ann", "bob"]), "kim");
    let told = StakeholdersNotified::new([person("ann")]);
    let told = office.recorded(named, told, "kim");
    let shown = vec![
        intake(&office, &office.requested(), policy()),
        intake(&office, &told, policy()),
    ];
    Sample {
        numbers: &[("ahead_seconds", 86_400)],
        ..plain(
            gated::<Deploy>(policy()),
            json!({ "ahead_seconds": 86_400 }),
            shown,
        )
    }
}

fn change_requests() -> Sample {
    let policy = || ChangeRequestsPolicy::new(2, [ChangeRequestState::Approved]).unwrap();
    let office = office();
    let linked = ChangeRequest::new(key("CHG-1"), ChangeRequestState::Rejected);
    let release = office.recorded(office.requested(), linked, "kim");
    let shown = vec![intake(&office, &release, policy())];
    let params = json!({ "at_least": 2, "states": ["approved"] });
    Sample {
        numbers: &[("at_least", 2)],
        ..plain(gated::<Deploy>(policy()), params, shown)
    }
}

fn checklist() -> Sample {
    let policy = || ChecklistPolicy::new(["on-call", "runbook"].map(key)).unwrap();
    let office = office();
    let item = ChecklistItem::new(key("runbook"), ChecklistStatus::Open);
    let release = office.recorded(office.requested(), item, "kim");
    let shown = vec![intake(&office, &release, policy())];
    let params = json!({ "items": ["on-call", "runbook"] });
    plain(gated::<Deploy>(policy()), params, shown)
}

/// A calendar that is closed for the day: by a freeze, and by an allow-window of tomorrow.
pub(crate) fn closed_for_the_day(office: &Desk) -> CalendarState {
    let day = |day, end| {
        let (start, end) = (format!("{day}T00:00:00Z"), format!("{end}T00:00:00Z"));
        Timing::between(Interval::parse(&start, &end).unwrap())
    };
    let (block, allow) = (Effect::Blocked, Effect::Allowed);
    let hard = WhileClosed::new(block, RunningWork::FinishWave, allow, Effect::Warned);
    let freeze = Window::freeze(key("audit"), day("2026-03-02", "2026-03-03"), hard);
    let opens = Window::allow(key("tuesday"), day("2026-03-03", "2026-03-04"), hard);
    let declared = |window| {
        wait(
            office
                .desk
                .declare_window(&key("production"), window, by("ada")),
        )
    };
    declared(freeze).unwrap();
    declared(opens).unwrap()
}

/// By more windows than a decision tells of, of both kinds.
fn closed_many_times() -> CalendarState {
    let window = |kind: &str, id: usize| {
        json!({
            "id": format!("{kind}-{id}"), "kind": kind,
            "starts": if kind == "freeze" { "2026-03-02T00:00:00Z" } else { "2027-03-02T00:00:00Z" },
            "ends": "2027-03-03T00:00:00Z",
            "new_work": "blocked", "running_work": "run_on", "back_outs": "allowed", "emergencies": "allowed",
        })
    };
    let windows = ["freeze", "allow"].map(|kind| (0..101).map(move |id| window(kind, id)));
    let windows: Vec<_> = windows.into_iter().flatten().collect();
    let file = json!({ "name": "production", "windows": windows }).to_string();
    let calendar = Calendar::from_json(&file).unwrap();
    let desk = office().desk;
    wait(desk.import_calendar(&calendar, text("many"), by("ada"))).unwrap()
}

fn asking_a_calendar(by_types: GateSet) -> Sample {
    let office = office();
    let calendar = closed_for_the_day(&office);
    let tested = office.tested();
    let explain =
        |facts: &Facts| by_types.explain(&tested, Deploy::new(window()), facts, &by("dep"));
    let knowing = office.facts().with_calendar(calendar);
    let ages = Interval::parse("2026-03-02T12:00:00Z", "2136-03-02T12:00:00Z").unwrap();
    let too_many = office.facts().with_calendar(closed_many_times());
    let shown = vec![
        explain(&knowing),
        explain(&office.facts()),
        explain(&too_many),
        by_types.explain(&tested, Deploy::new(ages), &knowing, &by("dep")),
    ];
    let params = json!({
        "calendar": "production",
        "environments": ["staging"],
        "regions": ["eu"],
    });
    plain(by_types, params, shown)
}

fn europe() -> Region {
    Region::new("eu").unwrap()
}

fn everywhere(sample: Sample) -> Sample {
    Sample {
        phases: EVERYWHERE,
        ..sample
    }
}

fn freeze() -> Sample {
    let policy = FreezePolicy::new(key("production")).in_environments([staging()]);
    everywhere(asking_a_calendar(gated::<Deploy>(
        policy.in_regions([europe()]),
    )))
}

fn maintenance_window() -> Sample {
    let policy = MaintenanceWindowPolicy::new(key("production")).in_environments([staging()]);
    everywhere(asking_a_calendar(gated::<Deploy>(
        policy.in_regions([europe()]),
    )))
}

fn conflict_free() -> Sample {
    let policy = || {
        ConflictFreePolicy::new()
            .within(Distance::new(2).unwrap())
            .with_people()
    };
    let office = office();
    let tested = office.tested();
    let stream = || tested.stream().clone();
    let question = ConflictQuestion::builder().distance(2).people(true).build();
    let answer = || ConflictAnswer::new(question, stream(), window(), office.now());
    let explain = |facts: Facts| {
        gated::<Deploy>(policy()).explain(&tested, Deploy::new(window()), &facts, &by("dep"))
    };
    let mut found = answer();
    let source = FactSource::new(crate::desk_support::stream(9), Version::new(3));
    found.conflicts = vec![BookedConflict::new(
        source,
        window(),
        text("both take `kim`"),
    )];
    let mut incomplete = answer();
    incomplete.gaps = vec![text("the store is down")];
    let shown = vec![
        intake(&office, &office.requested(), policy()),
        explain(office.facts()),
        explain(office.facts().with_conflicts(found)),
        explain(office.facts().with_conflicts(incomplete)),
    ];
    Sample {
        numbers: &[("distance", 2)],
        ..plain(
            gated::<Deploy>(policy()),
            json!({ "distance": 2, "people": true }),
            shown,
        )
    }
}

fn lead_time() -> Sample {
    let policy = || LeadTimePolicy::new(Seconds::days(2)).unwrap();
    let office = office();
    let shown = vec![
        intake(&office, &office.requested(), policy()),
        deploying(&office, &office.tested(), policy()),
    ];
    Sample {
        numbers: &[("at_least_seconds", 172_800)],
        phases: &PhaseName::ALL[1..],
        ..plain(
            gated::<Deploy>(policy()),
            json!({ "at_least_seconds": 172_800 }),
            shown,
        )
    }
}

fn time_of_day() -> Sample {
    let time = |hour| NaiveTime::from_hms_opt(hour, 30, 0).unwrap();
    let days = [Weekday::Sun, Weekday::Mon];
    let policy = || TimeOfDayPolicy::new(days, time(21), time(4)).unwrap();
    #[cfg(feature = "calendar")]
    let policy = || policy().in_zone("Europe/Berlin".parse().unwrap());
    let office = office();
    let shown = vec![deploying(&office, &office.tested(), policy())];
    let mut params = json!({ "weekdays": ["monday", "sunday"], "from": "21:30", "to": "04:30" });
    if cfg!(feature = "calendar") {
        params["zone"] = json!("Europe/Berlin");
    }
    everywhere(plain(gated::<Deploy>(policy()), params, shown))
}

fn waves() -> Sample {
    let office = office();
    let mut shown = Vec::new();
    let release = office.recorded(rolling(&office), WaveStarted::new(key("canary")), "dep");
    shown.push(finishing(&office, &release));
    office.clock.pass(Seconds::hours(1));
    shown.push(finishing(&office, &release));
    let seen = |release, health| {
        office.recorded(release, HealthObserved::new(key("canary"), health), "dep")
    };
    let release = seen(release, Health::Inconclusive);
    shown.push(finishing(&office, &release));
    shown.push(finishing(&office, &seen(release, Health::Failed)));
    let unplanned = office.made_live(office.deploying());
    shown.push(finishing(&office, &unplanned));
    Sample {
        phases: &[PhaseName::Deployment, PhaseName::Review, PhaseName::Closure],
        ..plain(
            gated::<FinishDeployment>(WavesPolicy::new()),
            json!({}),
            shown,
        )
    }
}

fn fact() -> Sample {
    let policy = |test| FactPolicy::new(key("error_budget_percent"), test).unwrap();
    let office = office();
    let release = office.requested();
    let knows = |value| knowing("error_budget_percent", value);
    let explain = |test, facts: &Facts| knowing_that(&release, policy(test), facts);
    let shown = vec![
        explain(FactTest::AtLeast(20), &office.facts()),
        explain(
            FactTest::AtLeast(20),
            &office
                .facts()
                .without(key("error_budget_percent"), text("no answer")),
        ),
        explain(FactTest::AtLeast(20), &knows(FactValue::Integer(19))),
        explain(FactTest::AtMost(20), &knows(FactValue::Integer(21))),
        explain(FactTest::Is(true), &knows(FactValue::Flag(false))),
        explain(FactTest::Is(true), &knows(FactValue::Integer(1))),
    ];
    let params = json!({ "key": "error_budget_percent", "test": { "at_least": 20 } });
    Sample {
        numbers: &[("test.at_least", 20)],
        facts: &["error_budget_percent"],
        phases: EVERYWHERE,
        ..plain(
            gated::<Deploy>(policy(FactTest::AtLeast(20))),
            params,
            shown,
        )
    }
}

fn model_standing() -> Sample {
    let office = office().with_gates(GateSet::new().with_model(shop_of(1, 90)));
    let release = office.done(office.asked(following(1)), "kim");
    let stands = |model: &str, standing, authorised| {
        let stream = Stream::new(Tenant::default(), StreamKind::Model, key(model));
        let source = FactSource::new(stream, Version::new(2));
        let mut followed = FollowedModel::new(source, standing);
        followed.authorised = Some(authorised);
        office.facts().with_model(followed)
    };
    let policy = ModelStandingPolicy::new;
    let gates = gated::<Authorise>(policy());
    let step = || Authorise::new(worthwhile());
    let explain = |facts: &Facts| gates.explain(&release, step(), facts, &by("cho"));
    let shown = vec![
        gates.explain(&office.requested(), step(), &office.facts(), &by("cho")),
        explain(&office.facts()),
        explain(&stands("shop", ModelStanding::NeverAuthorised, 1)),
        explain(&stands("shop", ModelStanding::Edited, 1)),
        explain(&stands("shop", ModelStanding::Retired, 1)),
        explain(&stands("shop", ModelStanding::BelowThreshold, 1)),
        explain(&stands("shop", ModelStanding::Good, 2)),
        explain(&stands("shed", ModelStanding::Good, 1)),
    ];
    Sample {
        phases: EVERYWHERE,
        ..plain(gated::<Deploy>(policy()), json!({}), shown)
    }
}

/// With a parent that is in Development, and a child there.
fn in_step() -> Sample {
    let office = office();
    let whole = office.recorded(office.requested(), ChildAttached::new(id(2)), "kim");
    let mut request = titled("In the middle");
    request.parent = Some(whole.id());
    let middle = office.done(office.asked(request), "kim");
    let middle = office.recorded(middle, ChildAttached::new(id(9)), "kim");
    let middle = office.agreed(office.done(middle.authorise(worthwhile()), "cho"));
    let middle = office.done(middle.start_development(), "ada");
    let explain = |step: AnyStep, child| {
        let facts = office.facts();
        let facts = facts.with_other(other(1, PhaseName::Development));
        let facts = facts.with_other(other(9, child));
        let gates = gated::<StartTesting>(InStepPolicy::new()).with(
            Gate::<Replan>::new("back", 1)
                .unwrap()
                .require(InStepPolicy::new()),
        );
        gates.explain(&middle, step, &facts, &by("ada"))
    };
    let on = || StartTesting::new(package("one")).into();
    let back = Replan::new(text("the fair was moved")).into();
    let shown = vec![
        explain(on(), PhaseName::Development),
        explain(on(), PhaseName::Plan),
        explain(back, PhaseName::Development),
    ];
    Sample {
        phases: EVERYWHERE,
        ..plain(gated::<Deploy>(InStepPolicy::new()), json!({}), shown)
    }
}

fn dependencies() -> Sample {
    let office = office();
    let waits = DependencyDeclared::new(id(9), PhaseName::Review);
    let release = office.recorded(office.requested(), waits, "kim");
    let explain = |other| {
        let facts = office.facts().with_other(other);
        let gates = gated::<Authorise>(DependenciesPolicy::new());
        gates.explain(&release, Authorise::new(worthwhile()), &facts, &by("cho"))
    };
    let mut ended = other(9, PhaseName::Closed);
    ended.ending = Some(Ending::Cancelled);
    let shown = vec![explain(other(9, PhaseName::Plan)), explain(ended)];
    plain(gated::<Deploy>(DependenciesPolicy::new()), json!({}), shown)
}

/// The names of all built-in policies, as the reader of files lists them.
pub(crate) fn built_in() -> Vec<String> {
    let unknown = file("deploy", &json!({ "no-such-policy": {} }));
    let mistakes = GateSet::from_json(&unknown, &Policies::new()).unwrap_err();
    let first = mistakes.iter().next().unwrap();
    let (_, names) = first.what.split_once("there are: ").unwrap();
    let names = names.split(", ").map(str::to_owned);
    names.take_while(|name| name != "host").collect()
}

/// A file of one gate with one rule.
fn file(step: &str, rule: &Value) -> String {
    let rules = json!([{ "rule": rule }]);
    json!({ "gates": [{ "name": "gate", "version": 1, "step": step, "rules": rules }] }).to_string()
}

/// Every policy with its sample, and the step that the sample holds.
fn samples() -> Vec<(String, &'static str, Sample)> {
    let samples = built_in().into_iter().map(|name| {
        let sample = sample(&name);
        let step = sample.by_types.gates()[0].action().name();
        (name, step, sample)
    });
    samples.collect()
}

#[test]
fn both_doors_give_the_same_rule_of_every_policy_and_it_reads_back_equal() {
    for (name, step, sample) in samples() {
        let by_file = file(step, &json!({ name.as_str(): sample.params }));
        let by_file = GateSet::from_json(&by_file, &Policies::new());
        assert_eq!(by_file.as_ref(), Ok(&sample.by_types), "{name}");
        let written = serde_json::to_value(sample.rule()).unwrap();
        let again = GateSet::from_json(&file(step, &written), &Policies::new());
        assert_eq!(again, by_file, "{name} is read as it was written");
        assert_eq!(written, json!({ name.as_str(): sample.params }), "{name}");
    }
}

#[test]
fn every_policy_can_be_walked() {
    for (name, _, sample) in samples() {
        let rule = sample.rule();
        assert_eq!(rule.name().as_str(), name);
        assert_eq!(rule.walk().collect::<Vec<_>>(), [rule], "{name}");
        assert!(!rule.is_opaque(), "{name}");
        let params: Value = serde_json::from_str(&rule.params()).unwrap();
        assert_eq!(params, sample.params, "{name}");
        let numbers = rule.numbers();
        let numbers: Vec<_> = numbers
            .iter()
            .map(|(at, number)| (at.as_str(), *number))
            .collect();
        assert_eq!(numbers, sample.numbers, "{name}");
        let roles: Vec<_> = rule.roles().iter().map(ToString::to_string).collect();
        assert_eq!(roles, sample.roles, "{name}");
        let facts: Vec<_> = rule.facts().iter().map(ToString::to_string).collect();
        assert_eq!(facts, sample.facts, "{name}");
        assert_eq!(rule.phases(), sample.phases, "{name}");
    }
}

#[test]
fn an_unknown_key_of_every_policy_is_refused_at_its_place() {
    for (name, step, mut sample) in samples() {
        sample.params["colour"] = json!("red");
        let colourful = file(step, &json!({ name.as_str(): sample.params }));
        let mistakes = GateSet::from_json(&colourful, &Policies::new()).unwrap_err();
        let told: Vec<_> = mistakes.iter().map(ToString::to_string).collect();
        assert_eq!(told.len(), 1, "{told:#?}");
        let expected = format!("gates[0].rules[0].rule.{name}.colour: no such key `colour`");
        assert!(told[0].starts_with(&expected), "{told:#?}");
    }
}

/// Rules with a parameter that makes no sense, its place, and what is said of it.
#[expect(
    clippy::too_many_lines,
    reason = "a table of cases is told in one piece"
)]
fn senseless() -> [(Value, &'static str, &'static str); 19] {
    [
        (
            json!({ "approvals": { "rules": [{ "name": "a", "by": [{ "role": "tester" }], "quorum": { "count": 1 } }], "valid_for_seconds": 0 } }),
            ".approvals",
            "invalid valid_for_seconds `0 seconds`: expected 1 second to 10 years",
        ),
        (
            json!({ "evidence": { "required": { "functional": 95 }, "open_defects": { "minor": 1, "major": 2 } } }),
            ".evidence.open_defects",
            "invalid number of major or worse `2`: expected at most 1, the number of minor or worse",
        ),
        (
            json!({ "evidence": { "required": { "functional": 95 }, "coverage_percent": { "security": 80 } } }),
            ".evidence",
            "invalid kind in `coverage_percent` `security`: expected one of the kinds that `required` names",
        ),
        (
            json!({ "soak": { "at_least_seconds": { "staging": 0 } } }),
            ".soak",
            "invalid at_least_seconds `0 seconds`: expected 1 second to 10 years",
        ),
        (
            json!({ "soak": { "at_least_seconds": { "staging": -1 } } }),
            ".soak.at_least_seconds.staging",
            "found integer `-1`, expected a whole number from 0 to 4,294,967,295",
        ),
        (
            json!({ "back-out-plan": { "rehearsed_within_seconds": 4_000_000_000_u32 } }),
            ".back-out-plan",
            "invalid rehearsed_within_seconds `4000000000 seconds`: expected 1 second to 10 years",
        ),
        (
            json!({ "risk": { "at_most": "extreme" } }),
            ".risk.at_most",
            "there is no `extreme`; there are: `low`, `medium`, `high`, `very_high`",
        ),
        (
            json!({ "open-issues": {} }),
            ".open-issues",
            "invalid policy on open issues ``: expected a number of `issues` or `risks`",
        ),
        (
            json!({ "budget": { "at_most_percent": 0 } }),
            ".budget",
            "invalid at_most_percent `0`: expected 1 to 1,000",
        ),
        (
            json!({ "stakeholders-notified": { "ahead_seconds": 0 } }),
            ".stakeholders-notified",
            "invalid ahead_seconds `0 seconds`: expected 1 second to 10 years",
        ),
        (
            json!({ "change-requests": { "at_least": 1, "states": [] } }),
            ".change-requests",
            "invalid policy on change requests ``: expected at least one of `states`",
        ),
        (
            json!({ "checklist": { "items": [] } }),
            ".checklist",
            "invalid checklist policy ``: expected at least one of `items`",
        ),
        (
            json!({ "conflict-free": { "distance": 6 } }),
            ".conflict-free.distance",
            "invalid distance `6`: expected 0 to 5 relations",
        ),
        (
            json!({ "lead-time": { "at_least_seconds": 0 } }),
            ".lead-time",
            "invalid at_least_seconds `0 seconds`: expected 1 second to 10 years",
        ),
        (
            json!({ "time-of-day": { "weekdays": [], "from": "09:00", "to": "16:00" } }),
            ".time-of-day",
            "invalid time-of-day policy ``: expected at least one day in `weekdays`",
        ),
        (
            json!({ "time-of-day": { "weekdays": ["mon"], "from": "09:00", "to": "16:00" } }),
            ".time-of-day.weekdays[0]",
            "there is no `mon`; there are: `monday`, `tuesday`, `wednesday`, `thursday`, `friday`, `saturday`, `sunday`",
        ),
        (
            json!({ "time-of-day": { "weekdays": ["monday"], "from": "9", "to": "16:00" } }),
            ".time-of-day.from",
            "invalid time of day `9`: expected a time of day in whole minutes, from `00:00` to `23:59`",
        ),
        (
            json!({ "time-of-day": { "weekdays": ["monday"], "from": "09:00", "to": "16:00", "zone": "Mars" } }),
            ".time-of-day.zone",
            if cfg!(feature = "calendar") {
                "invalid zone `Mars`: expected the IANA name of a zone, such as `Europe/Berlin` or `UTC`"
            } else {
                "invalid zone `Mars`: expected none: this build of phasegate is without the feature `calendar`"
            },
        ),
        (
            json!({ "fact": { "key": "f", "test": { "one_of": [] } } }),
            ".fact",
            "invalid test of fact `f` ``: expected at least one text in `one_of`",
        ),
    ]
}

#[test]
fn a_senseless_parameter_is_refused_at_its_place() {
    let place = "gates[0].rules[0].rule";
    for (rule, at, told) in senseless() {
        let mistakes = GateSet::from_json(&file("deploy", &rule), &Policies::new()).unwrap_err();
        let found: Vec<_> = mistakes.iter().map(ToString::to_string).collect();
        assert_eq!(found, [format!("{place}{at}: {told}")]);
    }
}

#[test]
fn a_policy_is_refused_before_a_step_that_cannot_have_what_it_reads() {
    let waves = GateSet::from_json(&file("deploy", &json!({ "waves": {} })), &Policies::new());
    assert_eq!(
        waves.unwrap_err().to_string(),
        "gates[0].rules[0].rule.waves: policy `waves` reads what a release has in Deployment, Review, Closure, \
         and `deploy` leaves Testing"
    );
    // What looks at records has none to look at before a release has begun.
    for (name, _, sample) in samples() {
        for step in ["request", "find_unauthorised"] {
            let file = file(step, &json!({ name.as_str(): sample.params }));
            let read = GateSet::from_json(&file, &Policies::new());
            assert_eq!(
                read.is_ok(),
                sample.phases.contains(&PhaseName::Start),
                "{name}"
            );
        }
    }
}

/// The codes that the documentation of a policy lists.
#[expect(
    clippy::disallowed_methods,
    reason = "this test reads the crate's own source"
)]
pub(crate) fn documented(policy: &str) -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/gate/policies");
    // A file is named after its policy; a folder is, where there is more to it.
    let file = policy.replace('-', "_");
    let places = [format!("{file}.rs"), format!("{file}/mod.rs")];
    let mut found = places.iter().map(|place| folder.join(place));
    let source = found.find_map(|path| std::fs::read_to_string(path).ok());
    let source = source.unwrap();
    let rows = source
        .lines()
        .filter_map(|line| line.strip_prefix("/// | `"));
    rows.map(|row| row.split('`').next().unwrap().to_owned())
        .collect()
}

#[test]
fn every_code_that_a_policy_documents_is_shown_and_no_other() {
    for (name, _, sample) in samples() {
        let blockers = sample.shown.iter().flat_map(Decision::blockers);
        let own = blockers.filter(|one| one.policy.as_str() == name);
        let shown: BTreeSet<_> = own.map(|one| one.reason.code.to_string()).collect();
        assert_eq!(shown, documented(&name), "{name}");
    }
}
