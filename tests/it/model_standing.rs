//! Release models: kept in logs of their own, in good standing or not, and what they allow on the standard track.

use crate::desk_support::{
    NOON, Office, at, attempt, by, key, office, package, person, run_of, tenant, text, titled,
    wait, went_live, window, worthwhile,
};
use crate::golden::golden;
use crate::models::{codes, following, loaded, shop, shop_of, with};
use phasegate::desk::{CommitFailed, RunError, StreamError};
use phasegate::gate::{Facts, GateSet, ModelStandingPolicy, ModelState, Policies, ReleaseModel};
use phasegate::phase::{Deployment, Plan, Request, Seconds};
use phasegate::release::step::{Authorise, Cancel, Deploy};
use phasegate::release::{
    Actor, Assessment, ClosureRecord, CommandId, Currency, Decision, Digest, Ending, Envelope,
    Event, FactSource, FollowedModel, Grade, LogErrorKind, ModelStanding, Money,
    PostImplementationReview, ReleaseKind, ReleaseRequest, ReviewOutcome, RiskAssessment, Service,
    Stream, StreamKind, Track, TrackChanged, Upcasters, Version, replay, verify,
};
use phasegate::store::{Query, Store};
use phasegate::{By, Gate, MemoryStore, Release};
use serde_json::json;
use std::sync::Arc;

// The log of a model.

type Shop = Office<Arc<MemoryStore>>;

fn drafted(office: &Shop, model: &ReleaseModel, who: &str) -> Result<ModelState, StreamError> {
    wait(office.desk.draft_model(model, by(who)))
}

fn authorised(office: &Shop, version: u32, who: &str) -> Result<ModelState, StreamError> {
    let reason = text("the board looked at it");
    wait(
        office
            .desk
            .authorise_model(&key("shop"), version, reason, by(who)),
    )
}

fn retired(office: &Shop, who: &str) -> Result<ModelState, StreamError> {
    wait(
        office
            .desk
            .retire_model(&key("shop"), text("it is replaced"), by(who)),
    )
}

fn counted(office: &Shop) -> Result<ModelState, StreamError> {
    let system = By::new(Actor::system("nightly").unwrap());
    wait(office.desk.count_successes(&key("shop"), system))
}

/// An office whose gates have that version of the shop's model, drafted by kim and authorised by cho.
fn standing(model: &ReleaseModel) -> Shop {
    let office = office().with_gates(GateSet::new().with_model(model.clone()));
    drafted(&office, model, "kim").unwrap();
    authorised(&office, model.version(), "cho").unwrap();
    office
}

#[track_caller]
fn says(answer: Result<ModelState, StreamError>, expected: &str) {
    assert_eq!(answer.unwrap_err().to_string(), expected);
}

#[test]
fn a_model_is_drafted_authorised_edited_and_retired() {
    let office = office();
    let state = || wait(office.desk.model(&key("shop"))).unwrap();
    says(
        wait(office.desk.model(&key("shop"))),
        "there is no model `shop` of tenant `default`",
    );
    says(
        authorised(&office, 1, "cho"),
        "refused: version 1 is not the last one: that is none; authorise the last version",
    );
    says(
        retired(&office, "kim"),
        "refused: there is nothing to retire; retire what is in use",
    );

    let first = drafted(&office, &shop_of(1, 90), "kim").unwrap();
    assert_eq!(first, state());
    assert_eq!(first.standing(), ModelStanding::NeverAuthorised);
    assert_eq!(first.latest().unwrap().digest(), shop_of(1, 90).digest());
    assert_eq!(
        first.latest().unwrap().read(&Policies::new()).unwrap(),
        shop_of(1, 90)
    );
    says(
        drafted(&office, &shop_of(3, 91), "kim"),
        "refused: it is version 3, and the last one is 1; make it version 2",
    );
    says(
        drafted(&office, &shop_of(2, 90), "kim"),
        "refused: it says the same as version 1; draft a version only where something changes",
    );

    says(
        authorised(&office, 1, "kim"),
        "refused: `kim` drafted version 1 and cannot authorise it; ask somebody else",
    );
    let robot = By::new(Actor::system("robot").unwrap());
    let by_robot = wait(
        office
            .desk
            .authorise_model(&key("shop"), 1, text("fine"), robot),
    );
    says(
        by_robot,
        "refused: `robot (system)` is not a person; have a person authorise it",
    );
    let without = wait(
        office
            .desk
            .authorise_model(&key("shop"), 1, text(" "), by("cho")),
    );
    says(
        without,
        "refused: the reason of the authorisation is empty; say why",
    );
    let good = authorised(&office, 1, "cho").unwrap();
    assert_eq!(good.standing(), ModelStanding::Good);
    assert_eq!(good.authorised().unwrap().by, person("cho"));
    says(
        authorised(&office, 1, "max"),
        "refused: version 1 is authorised already; draft a new version first",
    );
}

#[test]
fn whoever_edits_or_retires_a_model_takes_its_standing() {
    let office = standing(&shop_of(1, 90));
    let state = || wait(office.desk.model(&key("shop"))).unwrap();
    drafted(&office, &shop_of(2, 99), "cho").unwrap();
    assert_eq!(state().standing(), ModelStanding::Edited);
    says(
        authorised(&office, 1, "max"),
        "refused: version 1 is not the last one: that is 2; authorise the last version",
    );
    says(
        authorised(&office, 2, "cho"),
        "refused: `cho` drafted version 2 and cannot authorise it; ask somebody else",
    );
    assert_eq!(
        authorised(&office, 2, "kim").unwrap().standing(),
        ModelStanding::Good
    );

    assert_eq!(
        retired(&office, "kim").unwrap().standing(),
        ModelStanding::Retired
    );
    says(
        authorised(&office, 2, "max"),
        "refused: the model was retired; draft a new version, and have that one authorised",
    );
    // It comes back as a new version, which nobody has authorised.
    let back = drafted(&office, &shop_of(3, 95), "kim").unwrap();
    assert_eq!(back.standing(), ModelStanding::NeverAuthorised);
    assert_eq!(
        back.drafts().map(|draft| draft.version).collect::<Vec<_>>(),
        [1, 2, 3]
    );
    assert_eq!(
        authorised(&office, 3, "cho").unwrap().standing(),
        ModelStanding::Good
    );
}

#[test]
fn an_edit_that_was_a_mistake_is_taken_back_by_the_next_version() {
    let office = standing(&shop_of(1, 90));
    let (waiting, decision) = authorising(&office, small());
    assert!(decision.is_cleared());
    let under_way = office.done(office.asked(small()), "kim");
    let under_way = office.done(under_way.authorise(assessed()), "pipeline");
    drafted(&office, &shop_of(2, 99), "max").unwrap();
    let explain = || {
        let step = Authorise::new(assessed());
        codes(&wait(office.desk.explain(&waiting, step, by("pipeline"))))
    };
    assert_eq!(explain(), ["model-edited"]);
    drafted(&office, &shop_of(3, 90), "kim").unwrap();
    let state = authorised(&office, 3, "cho").unwrap();
    assert_eq!(state.standing(), ModelStanding::Good);
    // Who asked under the version before asks again; what was authorised goes on.
    assert_eq!(explain(), ["another-model-version"]);
    let _ = went_out(&office, office.agreed(under_way));
}

#[test]
fn who_asks_again_gets_the_same_answer() {
    let office = office();
    let once = drafted(&office, &shop_of(1, 90), "kim").unwrap();
    assert_eq!(drafted(&office, &shop_of(1, 90), "kim").unwrap(), once);
    let once = authorised(&office, 1, "cho").unwrap();
    assert_eq!(authorised(&office, 1, "cho").unwrap(), once);
    assert_eq!(once.log_version(), Version::new(2));
    let once = retired(&office, "kim").unwrap();
    assert_eq!(retired(&office, "kim").unwrap(), once);
    // With an id of the host's own, whatever came in between.
    let command: CommandId = "8bb07adf-8bca-8f56-b5eb-3e332975bf7a".parse().unwrap();
    let draft = |version| {
        wait(office.desk.draft_model(
            &shop_of(version, 93 + u8::try_from(version).unwrap()),
            by("kim").command(command),
        ))
    };
    draft(2).unwrap();
    let last = authorised(&office, 2, "cho").unwrap();
    assert_eq!(draft(2).unwrap(), last);
    // The id stands for one thing.
    let error = draft(3).unwrap_err();
    assert!(matches!(error, StreamError::Store(_)), "{error}");
}

#[test]
fn the_log_of_a_model_reads_for_ever() {
    let office = standing(&shop_of(1, 90));
    office.clock.set("2026-03-03T09:00:00Z");
    ended(&office, ReviewOutcome::WithIssues);
    ended(&office, ReviewOutcome::Successful);
    counted(&office).unwrap();
    drafted(&office, &shop_of(2, 99), "kim").unwrap();
    let state = retired(&office, "cho").unwrap();
    let log = wait(office.desk.model_history(&key("shop"))).unwrap();
    let lines: String = log
        .iter()
        .map(|entry| entry.to_json().unwrap() + "\n")
        .collect();
    golden("model.jsonl", &lines);

    let mut log: Vec<_> = lines
        .lines()
        .map(|line| Envelope::from_json(line).unwrap())
        .collect();
    verify(&log).unwrap();
    let replayed = |log: &[Envelope]| ModelState::replay(log, &Upcasters::default());
    assert_eq!(replayed(&log).unwrap(), state);
    assert!(log.iter().all(|entry| entry.critical));
    // It is no release's.
    assert_eq!(
        log[0].decode().unwrap_err().to_string(),
        "cannot read the log at version 1: `model.drafted` is in the log of a model",
    );
    assert_eq!(replay(&log).unwrap_err().kind(), LogErrorKind::Broken);
    // An entry is missing, or its payload says more than it may.
    let error = replayed(&[log[0].clone(), log[2].clone()]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot read the log at version 3: expected version 2"
    );
    assert_eq!(replayed(&[]).unwrap_err().kind(), LogErrorKind::Empty);
    let line = log[1].to_json().unwrap();
    let (version, edited) = (r#""data":{"version""#, r#""data":{"urgent":true,"version""#);
    log[1] = Envelope::from_json(&line.replace(version, edited)).unwrap();
    assert_eq!(verify(&log).unwrap_err().version, Version::new(2));
    assert_eq!(
        replayed(&log).unwrap_err().to_string(),
        "cannot read the log at version 2: `model.authorised` does not hold unknown field `urgent`, expected `version` \
         or `reason` at line 1 column 9",
    );
    // What the rules do not allow is not followed.
    let line = line.replace("\"cho\"", "\"kim\"");
    log[1] = Envelope::from_json(&line).unwrap();
    assert_eq!(
        replayed(&log).unwrap_err().to_string(),
        "cannot read the log at version 2: `model.authorised`: `kim` drafted version 1 and cannot authorise it",
    );
    let line = log[1]
        .to_json()
        .unwrap()
        .replace("model.authorised", "model.blessed");
    log[1] = Envelope::from_json(&line).unwrap();
    assert_eq!(
        replayed(&log).unwrap_err().to_string(),
        "cannot read the log at version 2: `model.blessed` is critical and unknown here",
    );
}

#[test]
fn models_are_told_of_and_not_listed() {
    let office = standing(&shop_of(1, 90));
    let page = wait(office.desk.list(Query::default(), None, 10)).unwrap();
    assert_eq!(page.rows, []);
    let store = office.desk.store();
    let (of, sink) = (tenant("default"), key("mail"));
    let claimed = store.claim(&of, &sink, at(NOON), Seconds::minutes(1), 10);
    let notice = &wait(claimed).unwrap()[0].notice;
    assert_eq!(notice.kind, "model.drafted");
    assert_eq!((&notice.title, notice.standing), (&None, None));
    assert_eq!(
        notice.stream,
        Stream::new(tenant("default"), StreamKind::Model, key("shop"))
    );
    // A model is its tenant's.
    let elsewhere = office.desk.clone().tenant(tenant("other"));
    assert!(matches!(
        wait(elsewhere.model(&key("shop"))),
        Err(StreamError::NotFound { .. })
    ));
}

// The standard track.

/// A request that keeps the limits of the shop's model.
fn small() -> ReleaseRequest {
    standard(["shop"], 900, ReleaseKind::Update)
}

/// A release on the standard track that went live.
fn deployed(office: &Shop) -> Release<Deployment> {
    let release = office.done(office.asked(small()), "kim");
    let release = office.agreed(office.done(release.authorise(assessed()), "pipeline"));
    went_out(office, release)
}

/// The same from an agreed plan on.
fn went_out(office: &Shop, release: Release<Plan>) -> Release<Deployment> {
    let release = office.done(release.start_development(), "ada");
    let release = office.done(release.start_testing(package("one")), "ada");
    let release = office.recorded(release, run_of("run", &package("one"), 19, 1), "tom");
    let release = office.done(release.deploy(window()), "ada");
    let release = office.recorded(release, attempt("first"), "dep");
    office.recorded(release, went_live("first"), "dep")
}

/// The same from there to closure.
fn reviewed(office: &Shop, release: Release<Deployment>, outcome: ReviewOutcome) -> Ending {
    let release = if outcome == ReviewOutcome::BackedOut {
        let release = office.done(release.back_out(text("it was wrong")), "ada");
        let review = PostImplementationReview::new(text("rehearse more"));
        office.recorded(release, review, "ada")
    } else {
        office.done(release.finish_deployment(), "ada")
    };
    office.clock.pass(Seconds::hours(2));
    let release = office.done(release.complete_review(outcome), "ada");
    let release = office.done(release.close(ClosureRecord::new()), "ada");
    release.anywhere().view().ending.unwrap()
}

/// A release on the standard track from request to closure.
fn ended(office: &Shop, outcome: ReviewOutcome) -> Ending {
    reviewed(office, deployed(office), outcome)
}

/// The assessment that stands for all releases by the model.
fn assessed() -> Assessment {
    shop_of(1, 90).standard().unwrap().assessment.clone()
}

fn authorising(office: &Shop, request: ReleaseRequest) -> (Release<Request>, Decision) {
    let release = office.done(office.asked(request), "kim");
    let step = Authorise::new(assessed());
    let decision = wait(office.desk.explain(&release, step, by("pipeline")));
    (release, decision)
}

#[test]
fn a_model_in_good_standing_pre_authorises_and_the_decision_keeps_it() {
    let office = standing(&shop_of(1, 90));
    let (release, decision) = authorising(&office, small());
    assert!(decision.is_cleared(), "{decision}");
    let read = decision.model.as_deref().unwrap();
    assert_eq!(
        (read.standing, read.authorised),
        (ModelStanding::Good, Some(1))
    );
    let outline = decision.outline().to_string();
    let line = "release model `shop` is in good standing, version 1 was authorised last, at version 2 of its log";
    assert!(outline.contains(line), "{outline}");
    // It can be computed again from what it keeps.
    let step = || Authorise::new(assessed());
    let facts = Facts::of(&decision);
    assert_eq!(
        office
            .desk
            .gates()
            .explain(&release, step(), &facts, &by("pipeline")),
        decision
    );
    // Its log must not move until the commit.
    let cleared = office
        .desk
        .gates()
        .decide(release.authorise(assessed()), &facts, &by("pipeline"))
        .unwrap();
    assert_eq!(
        cleared.batch().guards(),
        [(read.source.stream.clone(), Version::new(2))]
    );
    let release = wait(cleared.commit(office.desk.store(), office.now())).unwrap();
    let log = wait(office.desk.history(release.id())).unwrap();
    let Some(Event::Step(taken)) = log[1].decode().unwrap() else {
        panic!("a step was taken");
    };
    assert_eq!(*taken.decision, decision);
    // Steps that do not rest on it do not keep it.
    let decision = wait(
        office
            .desk
            .explain(&release, Cancel::new(text("enough")), by("kim")),
    );
    assert_eq!(decision.model, None);
}

#[test]
fn a_log_without_a_model_in_good_standing_is_not_followed() {
    let office = standing(&shop_of(1, 90));
    let (release, _) = authorising(&office, small());
    let release = office.done(release.authorise(assessed()), "pipeline");
    let log = wait(office.desk.history(release.id())).unwrap();
    let edited = |from: &str, to: &str| {
        let line = log[1].to_json().unwrap();
        assert!(line.contains(from), "{line}");
        let entry = Envelope::from_json(&line.replacen(from, to, 1)).unwrap();
        replay(&[log[0].clone(), entry]).unwrap_err().to_string()
    };
    let at_2 =
        |what: &str| format!("cannot read the log at version 2: `release.authorised`: {what}");
    assert_eq!(
        edited(r#""standing":"good""#, r#""standing":"retired""#),
        at_2("the release model `shop` was retired"),
    );
    assert_eq!(
        edited(r#""authorised":1"#, r#""authorised":2"#),
        at_2("the release follows version 1 of `shop`, and version 2 is authorised"),
    );
    assert_eq!(
        edited(
            r#""kind":"model","id":"shop""#,
            r#""kind":"model","id":"shed""#
        ),
        at_2("the standing is that of `shed`, and the release follows `shop`"),
    );
    let model = r#","model":{"source""#;
    let line = log[1].to_json().unwrap();
    let from = line.find(model).unwrap();
    let rest = &line[from..];
    // The object of the model ends where its braces are even again.
    let mut open = 0_i32;
    let length = rest.find(|c: char| {
        open += i32::from(c == '{') - i32::from(c == '}');
        c == '}' && open == 0
    });
    let object = &rest[..=length.unwrap()];
    assert_eq!(
        edited(object, ""),
        at_2("nobody has read how the release model `shop` stands")
    );
}

/// A model that limits everything.
fn narrow() -> ReleaseModel {
    let limits = json!({
        "services": ["search", "shop"],
        "kinds": ["fix"],
        "configuration_items": ["db-1"],
        "estimated_cost_at_most": { "minor_units": 1000, "currency": "EUR" },
        "risk_at_most": "low"
    });
    loaded(&with(shop(), "/standard/limits", limits))
}

/// Every blocker as it is told.
fn told(decision: &Decision) -> Vec<String> {
    let blockers = decision.blockers();
    blockers.map(|one| one.to_string()).collect()
}

fn line(says: &str, limit: &str) -> String {
    let first = match limit {
        "risk_at_most" if says.contains("not assessed") => "record a `RiskAssessment`; or ",
        "risk_at_most" => "lower it and assess it again; or ",
        _ => "",
    };
    format!("lifecycle: {says}; {first}record `TrackChanged` to normal")
}

fn risk(grade: u8) -> RiskAssessment {
    let grade = Grade::new(grade).unwrap();
    RiskAssessment::new(grade, grade, grade, grade, grade)
}

/// A request on the standard track that changes these and costs so much.
fn standard<const N: usize>(services: [&str; N], cents: i64, kind: ReleaseKind) -> ReleaseRequest {
    let mut request = following(1);
    request.track = Track::Standard;
    request.services = services.map(|one| Service::new(one).unwrap()).into();
    request.kind = Some(kind);
    request.estimated_cost = Some(Money::new(cents, Currency::new("EUR").unwrap()));
    request
}

#[test]
fn a_request_that_does_not_say_whether_it_keeps_the_limits_does_not() {
    let office = standing(&narrow());
    let mut request = following(1);
    request.track = Track::Standard;
    let (_, decision) = authorising(&office, request);
    assert_eq!(
        told(&decision),
        [
            line(
                "it names no service, and only some are pre-authorised",
                "services"
            ),
            line(
                "it names no kind, and only some are pre-authorised",
                "kinds"
            ),
            line(
                "it names no configuration item, and only some are pre-authorised",
                "configuration_items"
            ),
            line(
                "its estimated cost is not stated, and at most 1000 EUR (minor units) is pre-authorised",
                "estimated_cost_at_most"
            ),
            line(
                "its risk is not assessed, and at most low is pre-authorised",
                "risk_at_most"
            ),
        ],
    );
}

#[test]
fn every_limit_that_is_not_kept_makes_a_release_normal() {
    let office = standing(&narrow());
    let mut request = standard(["shop", "billing", "mail"], 1001, ReleaseKind::Feature);
    request.configuration_items = [key("db-1"), key("db-2")].into();
    let release = office.done(office.asked(request), "kim");
    let release = office.recorded(release, risk(5), "kim");
    let step = Authorise::new(assessed());
    let decision = wait(office.desk.explain(&release, step, by("cho")));
    assert_eq!(
        told(&decision),
        [
            line("service `billing, mail` is not pre-authorised", "services"),
            line("kind `feature` is not pre-authorised", "kinds"),
            line(
                "configuration item `db-2` is not pre-authorised",
                "configuration_items"
            ),
            line(
                "its estimated cost is 1001 EUR (minor units), and at most 1000 EUR (minor units) is pre-authorised",
                "estimated_cost_at_most"
            ),
            line(
                "its risk is very high, and at most low is pre-authorised",
                "risk_at_most"
            ),
        ],
    );
    let outside = key("outside-limits");
    assert!(decision.blockers().all(|one| one.reason.code == outside));
    // As a normal release it is assessed and authorised on its own.
    let normal = TrackChanged::new(Track::Normal, text("it is larger than usual"));
    let release = office.recorded(release, normal, "kim");
    let _ = office.done(release.authorise(worthwhile()), "cho");
}

#[test]
fn a_request_at_the_edge_of_every_limit_is_pre_authorised() {
    let office = standing(&narrow());
    let mut request = standard(["shop"], 1000, ReleaseKind::Fix);
    request.configuration_items = [key("db-1")].into();
    let release = office.done(office.asked(request), "kim");
    let release = office.recorded(release, risk(1), "kim");
    let _ = office.done(release.authorise(assessed()), "pipeline");
}

#[test]
fn a_negative_cost_is_not_within_the_limit() {
    let office = standing(&shop_of(1, 90));
    let mut request = small();
    request.estimated_cost = Some(Money::new(-1, Currency::new("EUR").unwrap()));
    let (_, decision) = authorising(&office, request);
    let says = "its estimated cost is -1 EUR (minor units), and at most 1000 EUR (minor units) is pre-authorised";
    assert_eq!(told(&decision), [line(says, "estimated_cost_at_most")]);
}

#[test]
fn a_model_that_knows_only_the_standard_track_sends_nobody_to_another() {
    let office = standing(&loaded(&with(shop(), "/tracks", json!(["standard"]))));
    let mut request = small();
    request.estimated_cost = None;
    let (_, decision) = authorising(&office, request);
    let says =
        "its estimated cost is not stated, and at most 1000 EUR (minor units) is pre-authorised";
    let remedy = "request it again under a model that fits";
    assert_eq!(told(&decision), [format!("lifecycle: {says}; {remedy}")]);
    retired(&office, "kim").unwrap();
    let (_, decision) = authorising(&office, small());
    let says = "the release model `shop` was retired; follow another model";
    assert_eq!(told(&decision), [format!("lifecycle: {says}; or {remedy}")]);
}

#[test]
fn another_currency_is_not_within_the_limit() {
    let office = standing(&shop_of(1, 90));
    let mut request = small();
    request.estimated_cost = Some(Money::new(1, Currency::new("USD").unwrap()));
    let (_, decision) = authorising(&office, request);
    assert_eq!(codes(&decision), ["outside-limits"]);
}

#[test]
fn a_model_without_standing_pre_authorises_nothing_and_says_why() {
    let model = shop_of(1, 90);
    let office = office().with_gates(GateSet::new().with_model(model.clone()));
    let refusal = |request| {
        let (_, decision) = authorising(&office, request);
        assert!(!decision.is_cleared());
        decision.to_string()
    };
    let or_normal = "or record `TrackChanged` to normal";
    assert_eq!(
        refusal(small()),
        format!(
            "authorise refused\n  lifecycle: nobody has authorised the release model `shop`; have somebody who did not \
             draft it authorise it; {or_normal}"
        ),
    );
    drafted(&office, &model, "kim").unwrap();
    assert!(refusal(small()).contains("nobody has authorised"));
    authorised(&office, 1, "cho").unwrap();
    assert!(authorising(&office, small()).1.is_cleared());
    // By an edit.
    drafted(&office, &shop_of(2, 99), "kim").unwrap();
    assert!(
        refusal(small()).contains("the release model `shop` was edited since it was authorised")
    );
    authorised(&office, 2, "cho").unwrap();
    assert!(
        refusal(small())
            .contains("the release follows version 1 of `shop`, and version 2 is authorised")
    );
    // By retirement.
    retired(&office, "kim").unwrap();
    assert!(refusal(small()).contains("the release model `shop` was retired"));
    // Without any model.
    let mut request = small();
    request.model = None;
    assert!(
        refusal(request).contains("the release follows no release model that pre-authorises it")
    );
    // By how another tenant's model stands.
    let elsewhere = Stream::new(tenant("other"), StreamKind::Model, key("shop"));
    let source = FactSource::new(elsewhere, Version::new(2));
    let mut theirs = FollowedModel::new(source, ModelStanding::Good);
    theirs.authorised = Some(1);
    let (release, _) = authorising(&office, small());
    let step = Authorise::new(assessed());
    let facts = office.facts().with_model(theirs);
    let gates = office.desk.gates();
    let decision = gates.explain(&release, step, &facts, &by("cho"));
    assert_eq!(codes(&decision), ["model-not-read"]);
    assert_eq!(decision.model, None);
    // By a gate set that was not told.
    let (release, _) = authorising(&office, small());
    let step = Authorise::new(assessed());
    let decision = office
        .desk
        .gates()
        .explain(&release, step, &office.facts(), &by("cho"));
    assert_eq!(codes(&decision), ["model-not-read"]);
}

#[test]
fn a_model_that_differs_from_what_was_authorised_pre_authorises_nothing() {
    let office = standing(&shop_of(1, 90));
    let looser = Office::on(office.desk.store().clone())
        .with_gates(GateSet::new().with_model(shop_of(1, 1)));
    let (_, decision) = authorising(&looser, small());
    assert_eq!(
        decision.to_string(),
        "authorise refused\n  lifecycle: version 1 of the model `shop` is not what was authorised under that version; \
         load the model as it was drafted",
    );
}

#[test]
fn a_model_loses_its_standing_when_its_count_drops_and_regains_it_by_a_person() {
    let office = standing(&shop_of(1, 90));
    let cleared = || authorising(&office, small()).1.is_cleared();
    // One failure of one is not judged yet: the model says 75 % of at least 2.
    assert_eq!(
        ended(&office, ReviewOutcome::Unsuccessful),
        Ending::Unsuccessful
    );
    let state = counted(&office).unwrap();
    assert_eq!(state.standing(), ModelStanding::Good);
    let count = state.success_count().unwrap();
    assert_eq!(
        (count.successful, count.closed, count.until),
        (0, 1, office.now())
    );
    assert!(cleared());
    // Counting again, later, changes nothing.
    office.clock.pass(Seconds::minutes(1));
    assert_eq!(counted(&office).unwrap(), state);

    assert_eq!(ended(&office, ReviewOutcome::Successful), Ending::Completed);
    let state = counted(&office).unwrap();
    assert_eq!(state.standing(), ModelStanding::BelowThreshold);
    let (_, decision) = authorising(&office, small());
    assert_eq!(
        decision.to_string(),
        "authorise refused\n  lifecycle: too few releases by the model `shop` succeeded: 1 of 2; find out why, and \
         have it authorised again; or record `TrackChanged` to normal",
    );
    // Later successes do not give it back; a person does, and the count begins at zero.
    let normal = |office: &Shop| {
        let release = office.done(office.asked(small()), "kim");
        let normal = TrackChanged::new(Track::Normal, text("the model lost its standing"));
        office.recorded(release, normal, "kim")
    };
    let _ = normal(&office);
    assert_eq!(
        counted(&office).unwrap().standing(),
        ModelStanding::BelowThreshold
    );
    office.clock.pass(Seconds::hours(1));
    let state = authorised(&office, 1, "max").unwrap();
    assert_eq!(
        (state.standing(), state.success_count()),
        (ModelStanding::Good, None)
    );
    assert!(cleared());
    assert_eq!(counted(&office).unwrap().success_count().unwrap().closed, 0);

    // 3 of 4 is enough.
    for outcome in [
        ReviewOutcome::Successful,
        ReviewOutcome::Successful,
        ReviewOutcome::Successful,
        ReviewOutcome::BackedOut,
    ] {
        ended(&office, outcome);
    }
    let state = counted(&office).unwrap();
    let count = state.success_count().unwrap();
    assert_eq!((count.successful, count.closed), (3, 4));
    assert_eq!(state.standing(), ModelStanding::Good);
}

/// Two releases that are under way when their model loses its standing, and end well after that.
#[test]
fn later_successes_do_not_give_a_model_its_standing_back() {
    let office = standing(&shop_of(1, 90));
    let under_way = [(); 3].map(|()| deployed(&office));
    assert_eq!(
        ended(&office, ReviewOutcome::Unsuccessful),
        Ending::Unsuccessful
    );
    ended(&office, ReviewOutcome::Successful);
    let state = counted(&office).unwrap();
    assert_eq!(state.standing(), ModelStanding::BelowThreshold);
    for release in under_way {
        assert_eq!(
            reviewed(&office, release, ReviewOutcome::Successful),
            Ending::Completed
        );
    }
    let state = counted(&office).unwrap();
    let count = state.success_count().unwrap();
    assert_eq!(
        (count.successful, count.closed),
        (4, 5),
        "80 %, and 75 % are enough"
    );
    assert_eq!(state.standing(), ModelStanding::BelowThreshold);
    // The blocker tells of the count that cost it.
    let told = authorising(&office, small()).1.to_string();
    assert!(told.contains("succeeded: 1 of 2"), "{told}");
    office.clock.pass(Seconds::hours(1));
    let state = authorised(&office, 1, "max").unwrap();
    assert_eq!(state.standing(), ModelStanding::Good);
}

#[test]
fn a_retired_model_has_no_count_and_nothing_is_counted_for_it() {
    let office = standing(&shop_of(1, 90));
    office.clock.set("2026-03-03T09:00:00Z");
    ended(&office, ReviewOutcome::WithIssues);
    ended(&office, ReviewOutcome::Unsuccessful);
    let fallen = counted(&office).unwrap();
    assert_eq!(fallen.success_count().unwrap().closed, 2);
    let count = |state: &ModelState| (state.authorised().is_some(), state.followed().success_count);
    let state = retired(&office, "kim").unwrap();
    assert_eq!(count(&state), (false, None));
    assert_eq!(state.success_count(), None);
    let none = "refused: no version of the model `shop` is authorised; authorise it first";
    says(counted(&office), none);
    let state = drafted(&office, &shop_of(2, 95), "kim").unwrap();
    assert_eq!(count(&state), (false, None));
    says(counted(&office), none);
}

#[test]
fn releases_by_another_version_or_another_model_are_not_counted() {
    let other = loaded(&with(shop(), "/name", json!("shed")));
    let gates = GateSet::new()
        .with_model(shop_of(1, 90))
        .with_model(other.clone());
    let office = standing(&shop_of(1, 90)).with_gates(gates);
    wait(office.desk.draft_model(&other, by("kim"))).unwrap();
    let reason = text("the board looked at it");
    wait(
        office
            .desk
            .authorise_model(&key("shed"), 1, reason, by("cho")),
    )
    .unwrap();
    let old = deployed(&office);
    drafted(&office, &shop_of(2, 91), "kim").unwrap();
    authorised(&office, 2, "cho").unwrap();
    reviewed(&office, old, ReviewOutcome::Unsuccessful);
    let shed = wait(office.desk.count_successes(&key("shed"), by("cho"))).unwrap();
    assert_eq!(shed.success_count().unwrap().closed, 0);
    assert_eq!(counted(&office).unwrap().success_count().unwrap().closed, 0);
}

#[test]
fn of_many_who_draft_at_once_one_wins_and_the_others_are_told_why() {
    let office = office();
    let model = shop_of(1, 90);
    let start = std::sync::Barrier::new(8);
    let answers: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|writer| {
                let (office, model, start) = (&office, &model, &start);
                scope.spawn(move || {
                    start.wait();
                    drafted(office, model, &format!("writer {writer}"))
                })
            })
            .collect();
        threads.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    assert_eq!((won.len(), lost.len()), (1, 7));
    for answer in lost {
        let error = answer.unwrap_err();
        assert!(matches!(error, StreamError::Refused { .. }), "{error}");
    }
}

#[test]
fn what_says_nothing_of_the_model_is_not_counted() {
    let office = standing(&shop_of(1, 90));
    // Never authorised, given up, on another track, by another model.
    let (release, _) = authorising(&office, small());
    let _ = office.done(release.reject(text("not now")), "cho");
    let (release, _) = authorising(&office, small());
    let release = office.done(release.authorise(assessed()), "pipeline");
    let _ = office.done(release.cancel(text("not needed")), "kim");
    let _ = office.closed();
    let (release, _) = authorising(&office, small());
    let normal = TrackChanged::new(Track::Normal, text("looked at on its own"));
    let release = office.recorded(release, normal, "kim");
    let release = office.agreed(office.done(release.authorise(worthwhile()), "cho"));
    reviewed(
        &office,
        went_out(&office, release),
        ReviewOutcome::Unsuccessful,
    );
    let state = counted(&office).unwrap();
    assert_eq!(state.success_count().unwrap().closed, 0);
    ended(&office, ReviewOutcome::WithIssues);
    let count = *counted(&office).unwrap().success_count().unwrap();
    assert_eq!((count.successful, count.closed), (0, 1));
}

#[test]
fn a_count_that_cannot_be_is_refused() {
    let office = office();
    drafted(&office, &shop_of(1, 90), "kim").unwrap();
    says(
        counted(&office),
        "refused: no version of the model `shop` is authorised; authorise it first",
    );
}

#[test]
fn a_model_that_is_retired_between_decision_and_commit_clears_nothing() {
    let office = standing(&shop_of(1, 90));
    let (release, _) = authorising(&office, small());
    let state = wait(office.desk.model(&key("shop"))).unwrap();
    let facts = office.facts().with_model(state.followed());
    let cleared = office
        .desk
        .gates()
        .decide(release.authorise(assessed()), &facts, &by("pipeline"))
        .unwrap();
    retired(&office, "kim").unwrap();
    let failed = wait(cleared.commit(office.desk.store(), office.now())).unwrap_err();
    assert_eq!(
        failed.to_string(),
        "cannot commit: model `shop`, which the decision read, is at version 3 now; ask again",
    );
    let CommitFailed::Conflict {
        release, stream, ..
    } = failed
    else {
        panic!("{failed}");
    };
    assert_eq!(stream.kind, StreamKind::Model);
    let refused = office
        .run(release.authorise(assessed()), "pipeline")
        .unwrap_err();
    assert!(matches!(refused, RunError::Refused(_)), "{refused}");
    assert_eq!(
        codes(&refused.refused().unwrap().decision),
        ["model-retired"]
    );
}

#[test]
fn any_gate_can_ask_for_a_model_in_good_standing() {
    let gate = Gate::<Deploy>::new("still-good", 1).unwrap();
    let gates = GateSet::new().with(gate.require(ModelStandingPolicy::new()));
    let office = standing(&shop_of(1, 90)).with_gates(gates.with_model(shop_of(1, 90)));
    let deploying = |request: ReleaseRequest| {
        let release = office.done(office.asked(request), "kim");
        let release = office.agreed(office.done(release.authorise(assessed()), "cho"));
        let release = office.done(release.start_development(), "ada");
        let release = office.done(release.start_testing(package("one")), "ada");
        office.recorded(release, run_of("run", &package("one"), 19, 1), "tom")
    };
    let explain = |release: &Release<_>| {
        wait(
            office
                .desk
                .explain(release, Deploy::new(window()), by("ada")),
        )
    };
    let other = deploying(titled("Other"));
    assert_eq!(codes(&explain(&other)), ["no-model"]);
    let release = deploying(small());
    let decision = explain(&release);
    assert!(decision.is_cleared() && decision.model.is_some());
    retired(&office, "kim").unwrap();
    let decision = explain(&release);
    assert_eq!(
        decision.to_string(),
        "deploy refused\n  model-standing: the release model `shop` was retired; follow another model",
    );
    let facts = Facts::of(&decision);
    let again = office
        .desk
        .gates()
        .explain(&release, Deploy::new(window()), &facts, &by("ada"));
    assert_eq!(again, decision);
    // Nobody has read it: unknown.
    let unknown =
        office
            .desk
            .gates()
            .explain(&release, Deploy::new(window()), &office.facts(), &by("ada"));
    assert_eq!(codes(&unknown), ["model-not-read"]);
}

#[test]
fn a_digest_of_a_draft_is_that_of_the_model() {
    let office = standing(&shop_of(1, 90));
    let state = wait(office.desk.model(&key("shop"))).unwrap();
    let followed = state.followed();
    assert_eq!(followed.digest, Some(shop_of(1, 90).digest()));
    assert_ne!(followed.digest, Some(Digest::ZERO));
    assert_eq!(*state.name(), key("shop"));
}

#[test]
fn why_a_model_could_not_be_read_is_told_and_kept() {
    let office = standing(&shop_of(1, 90));
    let release = office.done(office.asked(small()), "kim");
    let facts = Facts::at(at(NOON)).without_model(text("the disk is on fire"));
    let gates = office.desk.gates();
    let step = || Authorise::new(assessed());
    let decision = gates.explain(&release, step(), &facts, &by("cho"));
    assert_eq!(
        decision.to_string(),
        "authorise refused\n  lifecycle: how the release model `shop` stands could not be read: the disk is on fire; \
         ask again once it can be read; or record `TrackChanged` to normal",
    );
    assert_eq!(decision.unread_model, Some(text("the disk is on fire")));
    let again = gates.explain(&release, step(), &Facts::of(&decision), &by("cho"));
    assert_eq!(again, decision);

    // At the desk.
    let (late, store) = crate::relations::elsewhere(&office);
    *store.unreadable.lock().unwrap() = Some(Stream::new(
        release.stream().tenant.clone(),
        StreamKind::Model,
        key("shop"),
    ));
    let decision = wait(late.desk.explain(&release, step(), by("cho")));
    let why = decision.unread_model.as_ref().unwrap().as_str();
    assert!(why.ends_with(": the disk is on fire"), "{why}");
    assert_eq!(codes(&decision), ["model-not-read"]);
}
