//! What people look at: one release from request to review, and every document of it in every format.
//!
//! `cargo run --example documents [FOLDER]` writes into that folder, or into a new one under the temporary folder. The
//! release is made up.
#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "an example shows what it did, and a host writes files"
)]

use phasegate::gate::{ChecklistPolicy, GateSet};
use phasegate::phase::{Action, Development, OnHold, Phase, Plan, Seconds, Testing};
use phasegate::release::step::{
    Authorise, CompleteReview, Deploy, FinishDeployment, StartDevelopment, StartTesting,
};
use phasegate::release::{
    AnyRecord, Assessment, AssessmentDecision, AttemptFinished, AttemptOutcome, AttemptStarted,
    Baseline, ChangeKind, CodeChange, CostBooked, CriterionOutcome, CriterionResult, Currency,
    DefectFound, Digest, Effect, Environment, IncidentLinked, IncidentRestored, Key, Liveness,
    Milestone, MilestoneReached, Money, Name, Objective, Outage, OverrideGranted,
    PostImplementationReview, ReleasePackage, ReleasePlan, ReleaseRequest, ReleaseUnit,
    ReviewOutcome, Role, RoleGiven, RunningWork, Service, Severity, SuccessCriterion, TestKind,
    TestRun, Text, Track, UnitKind, Upcasters, When,
};
use phasegate::release::{AnyStep, Envelope, ReleaseView};
use phasegate::report::{self, NoteSections, Page, PlannedRelease, ReleaseReport};
use phasegate::schedule::{Calendar, Schedule, Scope, Timing, WhileClosed, Window};
use phasegate::{Desk, Gate, Instant, Interval, MemoryStore, Person};
use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::{env, fs};

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let folder = env::args_os().nth(1).map(PathBuf::from);
    let folder = folder.unwrap_or_else(|| {
        env::temp_dir().join(format!("phasegate-documents-{}", std::process::id()))
    });
    fs::create_dir_all(&folder)?;
    let (log, view) = pollster::block_on(shop())?;
    for (name, page) in pages(&log, &view)? {
        write(&folder, name, &page)?;
    }
    fs::write(
        folder.join("CHANGELOG.md"),
        format!("# Changelog\n\n{}", ReleaseReport::of(&log)?.changelog()),
    )?;
    fs::write(folder.join("lifecycle.mmd"), phasegate::phase::mermaid())?;
    println!("{}", folder.display());
    Ok(())
}

/// Every document, by the name of its file.
pub(crate) fn pages(log: &[Envelope], view: &ReleaseView) -> Outcome<Vec<(&'static str, Page)>> {
    let now = "2026-04-02T12:00:00Z".parse()?;
    let shop = ReleaseReport::of(log)?;
    let span = Interval::parse("2026-03-02T00:00:00Z", "2026-04-27T00:00:00Z")?;
    let planned = planned(view)?;
    Ok(vec![
        (
            "release-notes",
            shop.release_notes(&NoteSections::default()),
        ),
        ("review", shop.review()),
        ("timeline", shop.timeline(now)),
        (
            "audit-trail",
            report::audit_trail(log, &Upcasters::default()),
        ),
        ("roadmap", report::roadmap(now, &planned)),
        (
            "change-schedule",
            report::change_schedule(span, &schedule()?, &planned)?,
        ),
    ])
}

/// A page in every format.
fn write(folder: &Path, name: &str, page: &Page) -> Outcome<()> {
    let file = |end: &str| folder.join(format!("{name}{end}"));
    fs::write(file(".md"), page.markdown())?;
    fs::write(file(".html"), page.html())?;
    fs::write(file(".json"), serde_json::to_string_pretty(page)?)?;
    for (number, (_, table)) in page.csv().into_iter().enumerate() {
        fs::write(file(&format!("-{}.csv", number + 1)), table)?;
    }
    for (number, (_, image)) in page.svg().into_iter().enumerate() {
        fs::write(file(&format!("-{}.svg", number + 1)), image)?;
    }
    Ok(())
}

/// Freezes and a weekly window, without the zones and rules that the feature `calendar` brings.
fn schedule() -> Outcome<Schedule> {
    let hard = WhileClosed::new(
        Effect::Blocked,
        RunningWork::FinishWave,
        Effect::Allowed,
        Effect::Warned,
    );
    let easter = Interval::parse("2026-04-02T22:00:00Z", "2026-04-07T06:00:00Z")?;
    let books = Interval::parse("2026-03-30T00:00:00Z", "2026-04-01T12:00:00Z")?;
    let shop = Scope::builder()
        .services([Service::new("checkout")?])
        .build();
    let mut nights = Calendar::new(Key::new("maintenance")?);
    for (number, day) in ["05", "12", "19", "26"].into_iter().enumerate() {
        let night = Interval::parse(
            &format!("2026-03-{day}T20:00:00Z"),
            &format!("2026-03-{day}T23:59:00Z"),
        )?;
        let window = Window::allow(
            Key::new(format!("thursday-{number}"))?,
            Timing::between(night),
            hard,
        );
        let about = Scope::builder().services([Service::new("ledger")?]).build();
        nights = nights.with(window.about(about).titled(Name::new("Ledger maintenance")?))?;
    }
    let production = Calendar::new(Key::new("production")?)
        .with(
            Window::freeze(Key::new("easter")?, Timing::between(easter), hard)
                .titled(Name::new("Easter")?),
        )?
        .with(
            Window::freeze(Key::new("quarter-end")?, Timing::between(books), hard)
                .about(shop)
                .titled(Name::new("Quarter end")?),
        )?;
    Ok(Schedule::from(production).with(nights))
}

/// The releases of the next weeks.
fn planned(view: &ReleaseView) -> Outcome<Vec<PlannedRelease>> {
    let (testing, plan) = (Testing::STANDING, Plan::STANDING);
    let held = OnHold::<Development>::STANDING;
    let release = |title: &str,
                   standing,
                   window: Option<(&str, &str)>,
                   service: &str,
                   manager: &str|
     -> Outcome<_> {
        let window = window
            .map(|(start, end)| Interval::parse(start, end))
            .transpose()?;
        Ok(PlannedRelease::builder()
            .title(Name::new(title)?)
            .standing(standing)
            .window(window)
            .services([Service::new(service)?])
            .manager(Person::new(manager)?)
            .build())
    };
    let mut ledger = release(
        "Ledger 7",
        testing,
        Some(("2026-03-31T20:00:00Z", "2026-03-31T23:00:00Z")),
        "checkout",
        "lee",
    )?;
    ledger.blocked = vec![Name::new("evidence: no `security` test ran")?];
    let search = release(
        "Search 3.1",
        plan,
        Some(("2026-04-14T08:00:00Z", "2026-04-16T16:00:00Z")),
        "search",
        "max",
    )?;
    let mobile = release("Mobile 12", held, None, "mobile", "kim")?;
    let mail = release(
        "Mail 2.0",
        plan,
        Some(("2026-04-20T08:00:00Z", "2026-04-21T16:00:00Z")),
        "mail",
        "ada",
    )?;
    Ok([
        PlannedRelease::of(view),
        Some(ledger),
        Some(search),
        Some(mobile),
        Some(mail),
    ]
    .into_iter()
    .flatten()
    .collect())
}

/// A clock that is set by hand, and who does what.
struct Story {
    desk: Desk<MemoryStore>,
    now: Arc<Mutex<Instant>>,
    id: phasegate::release::ReleaseId,
}

impl Story {
    fn at(&self, instant: &str) -> Outcome<&Self> {
        *self.now.lock().map_err(|_| "the clock is broken")? = instant.parse()?;
        Ok(self)
    }

    async fn takes(&self, who: &str, step: impl Into<AnyStep>) -> Outcome<()> {
        let release = self.desk.load(self.id).await?;
        let done = self.desk.run(release.propose(step), Person::new(who)?);
        Ok(done.await.map(drop).map_err(|error| error.to_string())?)
    }

    async fn records(&self, who: &str, record: impl Into<AnyRecord>) -> Outcome<()> {
        let release = self.desk.load(self.id).await?.anywhere();
        let record: AnyRecord = record.into();
        let done = self.desk.record(release, record, Person::new(who)?);
        Ok(done.await.map(drop).map_err(|error| error.to_string())?)
    }
}

fn euros(amount: i64) -> Outcome<Money> {
    Ok(Money::new(amount * 100, Currency::new("EUR")?))
}

fn day(day: &str) -> Outcome<Milestone> {
    let when: When = day.parse()?;
    Ok(Milestone::builder().planned(when).build())
}

fn plan() -> Outcome<ReleasePlan> {
    let live = Milestone::builder()
        .planned("2026-03-20".parse::<When>()?)
        .what(Name::new("Live in all shops")?);
    let criterion = |what: &str| -> Outcome<_> {
        Ok(SuccessCriterion::builder()
            .what(Text::new(what)?)
            .objective(Key::new("invoices")?)
            .build())
    };
    Ok(ReleasePlan::builder()
        .early_life_support(Seconds::days(7))
        .scope(Text::new(
            "Invoices for companies; instalments come later.",
        )?)
        .milestones([
            (Key::new("feature-freeze")?, day("2026-03-09")?),
            (Key::new("hand-over")?, day("2026-03-12")?),
            (Key::new("live")?, live.build()),
        ])
        .budget(euros(40_000)?)
        .window(Interval::parse(
            "2026-03-20T08:00:00Z",
            "2026-03-21T20:00:00Z",
        )?)
        .success_criteria([
            (
                Key::new("share")?,
                criterion("One in ten orders is paid by invoice after two weeks.")?,
            ),
            (
                Key::new("refunds")?,
                criterion("No more refunds than before.")?,
            ),
            (
                Key::new("calls")?,
                criterion("Fewer than 20 calls a day about invoices.")?,
            ),
        ])
        .build())
}

fn changes() -> Outcome<Vec<CodeChange>> {
    let change = |id: &str, at: &str, kinds: &[ChangeKind], note: &str| -> Outcome<CodeChange> {
        Ok(CodeChange::builder()
            .id(Key::new(id)?)
            .committed_at(at.parse::<Instant>()?)
            .author(Person::new("lee")?)
            .kinds(phasegate::release::Bounded::new(
                kinds.iter().cloned().collect(),
            )?)
            .note(Text::new(note)?)
            .link(Text::new(format!(
                "https://example.com/shop/changes/{}",
                id.trim_start_matches('#')
            ))?)
            .build())
    };
    let mut renamed = change(
        "#412",
        "2026-03-03T09:12:00Z",
        &[ChangeKind::Breaking, ChangeKind::Update],
        "The setting `payment.modes` is now a list.",
    )?;
    renamed.action_required =
        Text::new("Write `payment.modes = [\"card\"]` where `card` stood alone.")?;
    let mut inner = change(
        "#420",
        "2026-03-06T15:00:00Z",
        &[ChangeKind::Update],
        "The build is faster.",
    )?;
    inner.is_internal = true;
    Ok(vec![
        renamed,
        inner,
        change(
            "#398",
            "2026-03-02T10:00:00Z",
            &[ChangeKind::Feature],
            "Companies can pay by invoice, with 14 days to pay.",
        )?,
        change(
            "#405",
            "2026-03-02T16:40:00Z",
            &[ChangeKind::Feature],
            "The order page shows what is still to be paid.\nIt is updated when the bank reports a payment.\nWhere the bank is down, it says so.",
        )?,
        change(
            "#409",
            "2026-03-04T08:30:00Z",
            &[ChangeKind::Fix],
            "A voucher of 0 € no longer ends the checkout with `500`.",
        )?,
        change(
            "#415",
            "2026-03-05T11:05:00Z",
            &[ChangeKind::Security],
            "Session cookies are bound to the host.",
        )?,
        change(
            "#417",
            "2026-03-06T09:00:00Z",
            &[ChangeKind::Deprecation],
            "The parameter `legacy_tax` will go with 3.0.",
        )?,
    ])
}

fn package() -> Outcome<ReleasePackage> {
    let version = Name::new("2.4.0")?;
    let unit = |kind, content: &[u8]| ReleaseUnit::new(kind, version.clone(), Digest::of(content));
    Ok(ReleasePackage::new([
        (Key::new("shop")?, unit(UnitKind::Code, b"shop")),
        (
            Key::new("manual")?,
            unit(UnitKind::Documentation, b"manual"),
        ),
    ])?)
}

fn gates() -> Outcome<GateSet> {
    let rehearsed = ChecklistPolicy::new([Key::new("back-out rehearsed")?])?;
    let production = Gate::<Deploy>::new("production", 2)?.require(rehearsed);
    Ok(GateSet::new().with(production.overridable_by([Role::ChangeAuthority])))
}

pub(crate) async fn shop() -> Outcome<(Vec<Envelope>, ReleaseView)> {
    let now = Arc::new(Mutex::new("2026-02-23T09:00:00Z".parse()?));
    let clock = now.clone();
    let desk = Desk::new(MemoryStore::new())
        .with_gates(gates()?)
        .with_clock(move || {
            clock
                .lock()
                .map_or_else(|broken| *broken.into_inner(), |now| *now)
        });
    let request = ReleaseRequest::builder()
        .title(Name::new("Shop 2.4")?)
        .package_version(Name::new("2.4.0")?)
        .need(Text::new("Companies want to pay by invoice.")?)
        .services([Service::new("checkout")?, Service::new("ledger")?])
        .objectives([(
            Key::new("invoices")?,
            Objective::new(Text::new("One in ten orders is paid by invoice.")?),
        )])
        .track(Track::Normal)
        .build();
    let id = "01890000-0000-7000-8000-000000000024".parse()?;
    let kim = Person::new("kim")?;
    let asked = desk.run(desk.request_as(id, request), &kim).await;
    asked.map(drop).map_err(|error| error.to_string())?;
    let story = Story { desk, now, id };
    build(&story).await?;
    go_live(&story).await?;
    look_back(&story).await?;
    let view = story.desk.load(id).await?.view();
    Ok((story.desk.history(id).await?, view))
}

async fn build(story: &Story) -> Outcome<()> {
    story.at("2026-02-24T10:00:00Z")?;
    story
        .takes(
            "cho",
            Authorise::new(Assessment::new(AssessmentDecision::Worthwhile)),
        )
        .await?;
    for (who, role) in [
        ("ada", Role::ReleaseManager),
        ("cho", Role::ChangeAuthority),
    ] {
        story
            .records("cho", RoleGiven::new(Person::new(who)?, role))
            .await?;
    }
    story
        .at("2026-02-26T14:00:00Z")?
        .records("ada", plan()?)
        .await?;
    story
        .records(
            "ada",
            Baseline::builder()
                .reason(Text::new("Agreed with sales.")?)
                .build(),
        )
        .await?;
    story
        .at("2026-03-02T08:00:00Z")?
        .takes("ada", StartDevelopment::new())
        .await?;
    story
        .at("2026-03-10T16:00:00Z")?
        .records("ada", MilestoneReached::new(Key::new("feature-freeze")?))
        .await?;
    for change in changes()? {
        story.records("lee", change).await?;
    }
    story
        .at("2026-03-12T09:00:00Z")?
        .takes("lee", StartTesting::new(package()?))
        .await?;
    story
        .records("ada", MilestoneReached::new(Key::new("hand-over")?))
        .await?;
    let staging = Environment::new("staging")?;
    let run = TestRun::new(
        Key::new("run-81")?,
        TestKind::Functional,
        staging,
        package()?.digest(),
        412_u32,
        3_u32,
    );
    story
        .at("2026-03-16T18:00:00Z")?
        .records("tom", run)
        .await?;
    let defect = DefectFound::builder()
        .id(Key::new("SHOP-77")?)
        .severity(Severity::Minor)
        .summary(Text::new(
            "The invoice shows the date of the order in `UTC`.",
        )?)
        .build();
    story.records("tom", defect).await
}

async fn go_live(story: &Story) -> Outcome<()> {
    let window = Interval::parse("2026-03-23T08:00:00Z", "2026-03-23T20:00:00Z")?;
    story.at("2026-03-23T08:05:00Z")?;
    // The checklist is not done: the desk refuses, and writes that down.
    let refused = story.takes("ada", Deploy::new(window)).await;
    println!(
        "{}",
        refused
            .err()
            .map_or_else(|| "not refused".to_owned(), |error| error.to_string())
    );
    let granted = OverrideGranted::new(
        Key::new("W-3")?,
        Action::Deploy,
        Key::new("checklist")?,
        Key::new("item-not-seen")?,
        Role::ChangeAuthority,
        Text::new("It was rehearsed with 2.3, and nothing about it changed.")?,
        "2026-03-24T00:00:00Z".parse::<Instant>()?,
    );
    story.records("cho", granted).await?;
    story.takes("ada", Deploy::new(window)).await?;
    let (attempt, production) = (Key::new("attempt-1")?, Environment::new("production")?);
    story
        .at("2026-03-23T08:30:00Z")?
        .records(
            "dep",
            AttemptStarted::new(attempt.clone(), production, Liveness::Live),
        )
        .await?;
    story
        .at("2026-03-23T10:10:00Z")?
        .records(
            "dep",
            AttemptFinished::new(attempt.clone(), AttemptOutcome::Live),
        )
        .await?;
    story
        .records("ada", MilestoneReached::new(Key::new("live")?))
        .await?;
    story.takes("ada", FinishDeployment::new()).await?;
    let incident = IncidentLinked::builder()
        .id(Key::new("INC-9")?)
        .severity(Severity::Major)
        .raised("2026-03-23T11:00:00Z".parse::<Instant>()?)
        .attempt(attempt)
        .is_regression(true)
        .summary(Text::new("Vouchers were not accepted.")?)
        .build();
    story
        .at("2026-03-23T11:04:00Z")?
        .records("ops", incident)
        .await?;
    story
        .at("2026-03-23T13:30:00Z")?
        .records("ops", IncidentRestored::new(Key::new("INC-9")?))
        .await?;
    let outage = Outage::builder()
        .id(Key::new("OUT-2")?)
        .began("2026-03-23T11:00:00Z".parse::<Instant>()?)
        .ended("2026-03-23T11:25:00Z".parse::<Instant>()?)
        .users_affected(1_900_u64)
        .services([Service::new("checkout")?])
        .build();
    story.records("ops", outage).await
}

async fn look_back(story: &Story) -> Outcome<()> {
    story.at("2026-03-31T09:00:00Z")?;
    for (id, amount, what) in [
        ("B-1", 31_500, "Work"),
        ("B-2", 6_200, "Licences"),
        ("B-3", 4_100, "Overtime"),
    ] {
        let booked = CostBooked::builder()
            .id(Key::new(id)?)
            .amount(euros(amount)?)
            .what(Text::new(what)?);
        story.records("ada", booked.build()).await?;
    }
    for (criterion, outcome, finding) in [
        (
            "share",
            CriterionOutcome::NotYetKnown,
            "7.8 % after one week.",
        ),
        (
            "refunds",
            CriterionOutcome::Met,
            "41 in the week before, 38 in the week after.",
        ),
        (
            "calls",
            CriterionOutcome::Missed,
            "26 calls a day in the first week.",
        ),
    ] {
        let result = CriterionResult::builder()
            .criterion(Key::new(criterion)?)
            .outcome(outcome)
            .finding(Text::new(finding)?);
        story.records("ada", result.build()).await?;
    }
    let review = PostImplementationReview::builder()
        .summary(Text::new("Invoices work, and companies use them.\nThe voucher incident could have been seen in `staging`: nobody had vouchers there.")?)
        .lessons([Text::new("Keep vouchers of every kind in `staging`.")?, Text::new("Tell the call centre a day before.")?]);
    story.records("ada", review.build()).await?;
    story
        .takes("ada", CompleteReview::new(ReviewOutcome::WithIssues))
        .await
}
