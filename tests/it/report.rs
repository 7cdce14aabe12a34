//! Answers for people: outlines as trees and as Markdown, and the report of what was let pass.

use crate::desk_support::{
    NOON, Office, at, by, fact, key, office, person, text, titled, wait, worthwhile,
};
use crate::samples::{full_step, gates as sample_gates};
use phasegate::gate::{
    Ask, Condition, EvidencePolicy, Facts, GateSet, Percent, all, any, at_least, not, unless, when,
};
use phasegate::phase::{Action, Request, Seconds};
use phasegate::release::step::Authorise;
use phasegate::release::{
    Assessment, AssessmentDecision, ClosureRecord, Decision, EarlyLifeSupportWaived, Enforcement,
    Envelope, Key, LogErrorKind, OverrideGranted, PostImplementationReview, Reason, ReleaseKind,
    RetrospectiveApproval, ReviewOutcome, Role, RoleGiven, StepRefused, TestKind, Track, Verdict,
};
use phasegate::report::{Exceptions, OverrideOutcome};
use phasegate::{Gate, MemoryStore, Policy, Release};
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Answers as it is told, in words that it is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Speaks {
    code: String,
    answer: Answer,
    message: String,
    remedy: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Answer {
    Yes,
    YesForAnHour,
    No,
    NoForAnHour,
    Unknown,
    Panics,
}
use Answer::{No, NoForAnHour, Panics, Unknown, Yes, YesForAnHour};

impl Policy for Speaks {
    type Reads = ();
    const NAME: &'static str = "speaks";

    fn facts(&self) -> Vec<Key> {
        match self.answer {
            No => Vec::new(),
            Unknown => vec![key("freeze")],
            Yes | YesForAnHour | NoForAnHour | Panics => vec![key("error_budget_percent")],
        }
    }

    fn judge(&self, ask: &Ask<'_>, (): ()) -> Verdict {
        let hour = ask.now().plus(Seconds::hours(1));
        let reason = Reason::new(&self.code, &self.message, &self.remedy);
        let reason = reason
            .read("units", 12)
            .read("is_frozen", true)
            .read("since", ask.now())
            .read("who", self.message.as_str())
            .by_role(Role::ReleaseManager)
            .by_people([person("ada")]);
        match self.answer {
            Yes => Verdict::SATISFIED,
            YesForAnHour => Verdict::Satisfied { until: Some(hour) },
            No => Verdict::of(vec![reason]),
            NoForAnHour => Verdict::of(vec![reason.clears_at(hour)]),
            Unknown => Verdict::Unknown {
                reasons: vec![reason],
            },
            Panics => panic!("as it was told to"),
        }
    }
}

fn says(code: &str, answer: Answer) -> Speaks {
    Speaks {
        code: code.to_owned(),
        answer,
        message: format!("`{code}` it says"),
        remedy: "tell it otherwise".to_owned(),
    }
}

/// Gates in which everything is said once.
fn gates() -> GateSet {
    let emergency = Condition::tracks([Track::Emergency]);
    let rules = all((
        any((says("a", NoForAnHour), says("b", No))),
        at_least(
            2,
            (says("c", Yes), says("d", NoForAnHour), says("e", Unknown)),
        )
        .unwrap(),
        not(says("f", YesForAnHour)),
        not(any((says("g", No), says("h", Yes)))),
        when(emergency.clone(), says("not-judged", Panics)),
    ));
    let intake = Gate::<Authorise>::new("intake", 2)
        .unwrap()
        .require(says("waived", No))
        .require(rules)
        .require(unless(emergency, says("i", Panics)))
        .enforce(says("j", No), Enforcement::Warn)
        .enforce(says("k", No), Enforcement::Shadow);
    let quiet = Gate::<Authorise>::new("quiet", 1).unwrap();
    GateSet::new().with(intake).with(quiet)
}

/// A new request by kim, and an override of `waived`.
fn site(gates: GateSet) -> (Office<Arc<MemoryStore>>, Release<Request>) {
    let office = office().with_gates(gates);
    let release = office.requested();
    let given = RoleGiven::new(person("cho"), Role::ChangeAuthority);
    let release = office.recorded(release, given, "ada");
    let release = office.recorded(release, granted("W-1", "waived"), "cho");
    (office, release)
}

fn granted(id: &str, code: &str) -> OverrideGranted {
    OverrideGranted::new(
        key(id),
        Action::Authorise,
        key("speaks"),
        key(code),
        Role::ChangeAuthority,
        text("the board *agreed*"),
        at(NOON).plus(Seconds::hours(2)),
    )
}

fn facts() -> Facts {
    let facts = Facts::at(at(NOON)).with(key("error_budget_percent"), fact(at(NOON)));
    facts.without(key("freeze"), text("the calendar does not answer"))
}

fn decided(gates: &GateSet, release: &Release<Request>, assessed: AssessmentDecision) -> Decision {
    let step = Authorise::new(Assessment::new(assessed));
    let by = by("cho").occurred_at(at("2026-03-02T11:00:00Z"));
    gates.explain(release, step, &facts(), &by)
}

fn refused() -> Decision {
    let (office, release) = site(gates());
    let release = office.recorded(release, granted("W-2", "nothing"), "cho");
    decided(
        office.desk.gates(),
        &release,
        AssessmentDecision::NotWorthwhile,
    )
}

#[test]
fn a_refusal_is_a_tree_for_a_terminal() {
    insta::assert_snapshot!(refused().outline().to_string());
}

#[test]
fn a_refusal_is_markdown() {
    insta::assert_snapshot!(refused().outline().markdown());
}

#[test]
fn a_clearance_says_until_when_it_holds_and_what_it_passed_over() {
    let gate = Gate::<Authorise>::new("intake", 2).unwrap();
    let gate = gate
        .require(says("waived", No))
        .require(any((says("a", YesForAnHour), says("b", No))));
    let (office, release) = site(GateSet::new().with(gate));
    let decision = decided(
        office.desk.gates(),
        &release,
        AssessmentDecision::Worthwhile,
    );
    assert!(decision.is_cleared(), "{decision}");
    insta::assert_snapshot!(decision.outline().to_string());
}

#[test]
fn what_is_kept_of_a_decision_says_all_that_its_tree_says() {
    for decision in [refused(), sample_refusal()] {
        let json = serde_json::to_string(&decision).unwrap();
        let kept: Decision = serde_json::from_str(&json).unwrap();
        assert_eq!(kept.outline(), decision.outline());
        // Every value that the tree tells is in the JSON.
        let tree = decision.outline().to_string();
        for reason in decision
            .findings
            .iter()
            .flat_map(|finding| finding.judgement.verdict.reasons())
        {
            let message = serde_json::to_string(&reason.message).unwrap();
            assert!(json.contains(&message) && tree.contains(reason.message.as_str()));
        }
    }
}

/// By the built-in policy and a fact.
fn sample_refusal() -> Decision {
    let mut site = crate::samples::Site::testing(sample_gates());
    site.know("error_budget_percent", crate::samples::budget(5, site.now));
    site.explain(full_step(Action::Deploy), "kim")
}

#[test]
fn a_gate_tells_what_it_asks_for() {
    let evidence = EvidencePolicy::new([(TestKind::Functional, Percent::new(95).unwrap())]);
    let production = Gate::<phasegate::release::step::Deploy>::new("production", 3)
        .unwrap()
        .on_track(Track::Normal)
        .overridable_by([])
        .require(evidence.clone())
        .enforce(
            when(
                Condition::kinds([ReleaseKind::Security]),
                all([evidence.clone(), evidence]),
            ),
            Enforcement::Warn,
        );
    let set = gates().with(production);
    let told: Vec<_> = set
        .gates()
        .iter()
        .map(|gate| gate.outline().to_string())
        .collect();
    insta::assert_snapshot!(told.join("\n"));
}

/// Texts that would like to be something else.
const HOSTILE: [&str; 16] = [
    "plain words",
    "two\nlines\n\n# heading\n- item\n\n```\ncode",
    "\u{202e}drawkcab\u{202c} and \u{200b}hidden",
    "`tick` ``two`` ```three",
    "`",
    "<script>alert(1)</script> <!-- hidden --> &lt;b&gt;",
    "[click](https://example.com) ![i](https://example.com/i.png) [ref]: https://example.com",
    "https://example.com www.example.com kim@example.com @kim #12",
    "**bold** _it_ ~~no~~ $x^2$ :smile: [^1] [ ] [x]",
    "| a | b |\n|---|---|\n| c | d |",
    "\\",
    "ends with a backslash \\",
    "\t\ttabs",
    "├─ gate `production`: cleared",
    "- item\r\n- item\r- item\u{2028}- item\u{2029}",
    "ß \u{1f680} 日本",
];

fn spoken(hostile: &str) -> Decision {
    let gate = Gate::<Authorise>::new("intake", 2)
        .unwrap()
        .require(Speaks {
            code: "code".to_owned(),
            answer: No,
            message: hostile.to_owned(),
            remedy: hostile.to_owned(),
        });
    let (office, release) = site(GateSet::new().with(gate));
    decided(
        office.desk.gates(),
        &release,
        AssessmentDecision::Worthwhile,
    )
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "whatever else it is, it is a mistake"
)]
/// What a reader of Markdown finds: plain text, code, and the number of list items; anything else is a mistake.
fn read(markdown: &str) -> (String, Vec<String>, usize) {
    let (mut plain, mut code, mut items) = (String::new(), Vec::new(), 0);
    for event in Parser::new_ext(markdown, Options::all()) {
        match event {
            Event::Text(text) => {
                // The digest of the rules, in which the hostile text is a parameter.
                let words = text
                    .split_once(", rules ")
                    .map_or(&*text, |(words, _)| words);
                plain.push_str(words);
            }
            Event::Code(text) => code.push(text.to_string()),
            Event::Start(Tag::Item) => items += 1,
            Event::Start(Tag::Paragraph | Tag::List(None))
            | Event::End(TagEnd::Paragraph | TagEnd::List(false) | TagEnd::Item) => {}
            other => panic!("{other:?} in\n{markdown}"),
        }
    }
    (plain, code, items)
}

#[test]
fn a_hostile_text_is_never_markup_and_stays_on_its_line() {
    let plain = spoken(HOSTILE[0]).outline();
    let lines = plain.to_string().lines().count();
    let (words, codes, items) = read(&plain.markdown());
    for hostile in HOSTILE {
        let outline = spoken(hostile).outline();
        assert_eq!(outline.to_string().lines().count(), lines, "{hostile:?}");
        assert!(
            !outline
                .to_string()
                .contains(['\u{202e}', '\u{200b}', '\t', '\r', '\u{2028}'])
        );
        let (own, foreign, found) = read(&outline.markdown());
        assert_eq!(
            own, words,
            "its own words are the same, whatever is said: {hostile:?}"
        );
        assert_eq!((foreign.len(), found), (codes.len(), items), "{hostile:?}");
    }
}

#[test]
fn whatever_is_said_comes_back_from_markdown_as_it_was() {
    for hostile in [
        "`tick` ``two`` ```three",
        "`",
        "<b>`</b>",
        "a | b",
        "**b**",
        "\\",
        " x ",
    ] {
        let (_, codes, _) = read(&spoken(hostile).outline().markdown());
        // The message, what it read, and the remedy.
        assert_eq!(
            codes.iter().filter(|code| *code == hostile).count(),
            3,
            "{hostile}: {codes:?}"
        );
    }
}

/// Three releases: one with overrides, an emergency, and a change that was found.
fn logs(office: &Office<Arc<MemoryStore>>) -> Vec<Vec<Envelope>> {
    let history = |id| wait(office.desk.history(id)).unwrap();
    let asked = office.done(office.asked(titled("Shop <2.4>")), "kim");
    let given = || RoleGiven::new(person("cho"), Role::ChangeAuthority);
    let release = office.recorded(asked, given(), "ada");
    let step = Authorise::new(worthwhile());
    let decision = wait(office.desk.explain(&release, step.clone(), by("kim")));
    let release = office.recorded(release, StepRefused::new(step, decision), "kim");
    let release = office.recorded(release, granted("W-1", "waived"), "cho");
    let release = office.recorded(release, granted("W-2", "waived"), "cho");
    office.clock.pass(Seconds::minutes(30));
    let release = office.done(release.authorise(worthwhile()), "kim");
    let first = history(release.id());

    let release = office.made_live(office.expedited());
    let release = office.done(release.finish_deployment(), "ada");
    let release = office.recorded(release, given(), "ada");
    let waived = EarlyLifeSupportWaived::new(text("it is\na hotfix"));
    let release = office.recorded(release, waived, "ada");
    office.clock.pass(Seconds::hours(26));
    let hindsight = RetrospectiveApproval::new(Role::ChangeAuthority, text("right so"));
    let release = office.recorded(release, hindsight, "cho");
    let pir = PostImplementationReview::new(text("alarms came too late"));
    let release = office.recorded(release, pir, "ada");
    let release = office.done(release.complete_review(ReviewOutcome::Successful), "ada");
    let release = office.done(release.close(ClosureRecord::new()), "ada");
    let second = history(release.id());
    let third = history(office.unauthorised().id());
    vec![first, second, third]
}

fn guarded() -> Office<Arc<MemoryStore>> {
    let gate = Gate::<Authorise>::new("intake", 1).unwrap();
    let gate = gate.require(when(Condition::tracks([Track::Normal]), says("waived", No)));
    office().with_gates(GateSet::new().with(gate))
}

fn reported(logs: &[Vec<Envelope>], at: &str) -> Exceptions {
    let mut exceptions = Exceptions::at(at.parse().unwrap()).with_refusals();
    for log in logs {
        exceptions.add(log).unwrap();
    }
    exceptions
}

#[test]
fn everything_that_was_let_pass_is_in_one_report() {
    let office = guarded();
    let logs = logs(&office);
    let exceptions = reported(&logs, "2026-03-09T12:00:00Z");
    insta::assert_snapshot!(exceptions.outline().to_string());
    let (_, codes, _) = read(&exceptions.outline().markdown());
    for foreign in ["Shop <2.4>", "the board *agreed*", "it is↵a hotfix", "cho"] {
        assert!(codes.iter().any(|code| code == foreign), "{foreign}");
    }
    let json = serde_json::to_value(&exceptions).unwrap();
    assert_eq!(json["overrides"][0]["what"]["granted"]["id"], "W-1");
    assert_eq!(
        json["overrides"][0]["what"]["outcome"]["used"]["by"]["person"],
        "kim"
    );
    assert_eq!(json["debts"][0]["what"]["owed_for_seconds"], 26 * 3_600);
    assert_eq!(json["debts"][1]["what"]["approval"], "owed");
}

#[test]
fn the_report_is_what_was_so_at_its_instant() {
    let office = guarded();
    let logs = logs(&office);
    let outcomes = |at: &str| {
        let outcomes = reported(&logs, at)
            .overrides
            .into_iter()
            .map(|given| given.what.outcome);
        outcomes
            .map(|outcome| match outcome {
                OverrideOutcome::Usable => "usable",
                OverrideOutcome::Used { .. } => "used",
                OverrideOutcome::Lapsed { .. } => "lapsed",
                other => panic!("{other:?}"),
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(
        outcomes("2026-03-02T11:59:59Z"),
        [""; 0],
        "nothing had begun"
    );
    assert_eq!(outcomes("2026-03-02T12:00:00Z"), ["usable", "usable"]);
    assert_eq!(outcomes("2026-03-02T12:29:59Z"), ["usable", "usable"]);
    assert_eq!(outcomes("2026-03-02T12:30:00Z"), ["used", "usable"]);
    assert_eq!(outcomes("2026-03-02T13:59:59.999999Z"), ["used", "usable"]);
    assert_eq!(outcomes("2026-03-02T14:00:00Z"), ["used", "lapsed"]);

    let debts = |at: &str| {
        let debts = reported(&logs, at).debts.into_iter();
        debts
            .map(|debt| (debt.what.is_paid(), debt.what.owed_for_seconds))
            .collect::<Vec<_>>()
    };
    assert_eq!(reported(&logs, "2026-03-02T12:00:00Z").releases.len(), 1);
    assert_eq!(debts("2026-03-02T12:29:59Z"), []);
    assert_eq!(debts("2026-03-02T13:30:00Z"), [(false, Seconds::hours(1))]);
    let paid = (true, Seconds::hours(26));
    assert_eq!(
        debts("2026-03-03T14:30:00Z"),
        [paid, (false, Seconds::new(0))]
    );
    assert_eq!(
        debts("2026-03-13T14:30:00Z"),
        [paid, (false, Seconds::days(10))]
    );
}

#[test]
fn an_override_ends_with_its_release() {
    let office = guarded();
    let asked = office.requested();
    let release = office.recorded(
        asked,
        RoleGiven::new(person("cho"), Role::ChangeAuthority),
        "ada",
    );
    let release = office.recorded(release, granted("W-1", "waived"), "cho");
    let id = release.id();
    office.clock.pass(Seconds::minutes(1));
    let closed = office.done(release.cancel(text("not this year")), "kim");
    office.clock.pass(Seconds::minutes(1));
    let _ = office.recorded(closed, crate::desk_support::note("seen"), "kim");
    let log = wait(office.desk.history(id)).unwrap();
    let exceptions = reported(&[log], "2026-03-02T12:30:00Z");
    let at = at("2026-03-02T12:01:00Z");
    assert_eq!(
        exceptions.overrides[0].what.outcome,
        OverrideOutcome::Lapsed { at }
    );
}

#[test]
fn a_log_that_cannot_be_read_adds_nothing() {
    let office = guarded();
    let logs = logs(&office);
    let mut exceptions = reported(&logs, "2026-03-09T12:00:00Z");
    let before = exceptions.clone();
    let mut torn = logs[1].clone();
    torn.remove(3);
    assert_eq!(
        exceptions.add(&torn).unwrap_err().kind(),
        LogErrorKind::Broken
    );
    // Even where the report would end before what is wrong.
    let mut early = Exceptions::at(at(NOON));
    assert_eq!(early.add(&torn).unwrap_err().kind(), LogErrorKind::Broken);
    assert_eq!(exceptions.add(&[]).unwrap_err().kind(), LogErrorKind::Empty);
    assert_eq!((exceptions, early), (before, Exceptions::at(at(NOON))));
}

#[test]
fn a_log_that_is_added_again_counts_once_as_it_is_now() {
    let office = guarded();
    let logs = logs(&office);
    let twice = [logs.clone(), logs.clone()].concat();
    let once = reported(&logs, "2026-03-09T12:00:00Z");
    assert!(once.releases.len() > 1 && !once.debts.is_empty());
    assert_eq!(reported(&twice, "2026-03-09T12:00:00Z"), once);
    // Read when it had just begun, and again later.
    let mut grown = Exceptions::at(once.at).with_refusals();
    grown.add(&logs[0][..1]).unwrap();
    for log in &logs {
        grown.add(log).unwrap();
    }
    assert_eq!(grown, once);
}

#[test]
fn what_is_said_in_a_refusal_stays_on_its_line_and_hides_nothing() {
    let hostile = "one\ntwo\r\n\u{202e}live\u{200b} \u{3164}\u{e0041}";
    let decision = spoken(hostile);
    let told = "one↵two↵\\u{202e}live\\u{200b} \\u{3164}\\u{e0041}";
    assert_eq!(
        decision.to_string().lines().nth(1),
        Some(&*format!("  speaks: {told}; {told}"))
    );
    assert_eq!(decision.to_string().lines().count(), 3, "and a warning");
    let blocker = decision.blockers().next().unwrap();
    assert_eq!(blocker.reason.to_string(), format!("{told}; {told}"));
}

#[test]
fn refusals_are_told_only_where_they_are_asked_for() {
    let office = guarded();
    let logs = logs(&office);
    let mut exceptions = Exceptions::at(at("2026-03-09T12:00:00Z"));
    exceptions.add(&logs[0]).unwrap();
    assert_eq!(exceptions.refusals, None);
    let with = reported(&logs, "2026-03-09T12:00:00Z").refusals.unwrap();
    assert_eq!(with.len(), 1);
    assert_eq!(with[0].what.step.action(), Action::Authorise);
}
