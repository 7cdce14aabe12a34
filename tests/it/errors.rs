//! Every public error says what failed in the same manner of speaking.

use crate::desk_support::{
    Knows, NOON, Office, at, by, fact, id, key, note, office, tenant, text, wait, worthwhile,
};
use phasegate::desk::{CommitFailed, LoadError, RecordByIdError, RunError, StreamError};
use phasegate::gate::{EvidencePolicy, Facts, GateSet, Percent, Policies};
use phasegate::notify::{NotifyError, NotifyErrorKind};
use phasegate::phase::{Deployment, Seconds};
use phasegate::release::step::{Authorise, StartDevelopment};
use phasegate::release::{
    Bounded, Currency, Digest, Envelope, EventId, Name, ReleaseId, ReleasePackage, TestKind, When,
    replay, verify,
};
use phasegate::schedule::IcsCalendar;
use phasegate::store::{StoreError, StoreErrorKind};
use phasegate::{Desk, Gate, Instant, Interval, MemoryStore};
use std::error::Error;

/// What is put into every error that can hold it.
const VALUE: &str = "Shop.2:4";

struct Walked(Vec<(&'static str, String)>);

impl Walked {
    /// Looks at one error of that kind.
    fn see(&mut self, kind: &'static str, error: &dyn Error) {
        let said = error.to_string();
        let first = said.chars().next().expect("it says something");
        assert!(
            !first.is_uppercase() && !first.is_whitespace(),
            "{kind}: {said}"
        );
        assert!(
            !said.ends_with(['.', '!', ' ', '\n', ';', ':']),
            "{kind}: {said}"
        );
        assert!(
            !said.contains("  ") || said.contains("\n  "),
            "{kind}: {said}"
        );
        assert!(
            !said.contains("Error") && !said.contains("::"),
            "{kind}: {said}"
        );
        let quotes = said.matches('`').count();
        assert_eq!(quotes % 2, 0, "{kind}: {said}");
        let outside: String = said.split('`').step_by(2).collect();
        assert!(
            !outside.contains(VALUE),
            "{kind} has a value without backticks: {said}"
        );
        let mut source = error.source();
        while let Some(inner) = source {
            let its = inner.to_string();
            assert!(!said.contains(&its), "{kind} repeats its source: {said}");
            source = inner.source();
        }
        self.0.push((kind, said));
    }

    fn kinds(&self) -> Vec<&'static str> {
        let mut kinds: Vec<_> = self.0.iter().map(|(kind, _)| *kind).collect();
        kinds.sort_unstable();
        kinds.dedup();
        kinds
    }
}

#[test]
fn every_error_speaks_in_the_same_manner() {
    let mut walked = Walked(Vec::new());
    see_invalid(&mut walked);
    see_logs(&mut walked);
    see_stores(&mut walked);
    see_gates(&mut walked);
    see_commits(&mut walked);
    see_loads(&mut walked);
    see_ledgers(&mut walked);
    see_calendars(&mut walked);
    let kinds = [
        "Broken",
        "CommitFailed",
        "IcsError",
        "Invalid",
        "LoadError",
        "LogError",
        "Mistakes",
        "NotifyError",
        "RecordByIdError",
        "Refused",
        "RunError",
        #[cfg(feature = "sqlite")]
        "SqliteError",
        "StoreError",
        "StreamError",
    ];
    assert_eq!(walked.kinds(), kinds);
    let values = walked.0.iter().filter(|(_, said)| said.contains(VALUE));
    assert!(
        values.count() > 15,
        "hardly any error names a value: {:#?}",
        walked.0
    );
}

fn see_calendars(walked: &mut Walked) {
    let head = "BEGIN:VCALENDAR\nVERSION:2.0\n";
    let event = format!("{head}BEGIN:VEVENT\nUID:{VALUE}\n");
    let end = "END:VEVENT\n";
    let files = [
        VALUE.to_owned(),
        format!("BEGIN:{VALUE}"),
        format!("{head}END:{VALUE}"),
        format!("{head}BEGIN:{VALUE}"),
        format!("{head}METHOD:{VALUE}"),
        format!("{event}DTSTART:{VALUE}"),
        format!("{event}DTSTART;{VALUE}"),
        format!("{event}DTSTART;VALUE={VALUE}:20250901"),
        format!("{event}DTSTART;TZID=\"{VALUE}\":20250901T080000"),
        format!("{event}DTSTART:20250901T080000"),
        format!("{event}DTSTART:19000901T080000Z"),
        format!("{event}DURATION:{VALUE}"),
        format!("{event}STATUS:{VALUE}"),
        format!("{event}CATEGORIES:{}", VALUE.repeat(100)),
        format!("{event}RECURRENCE-ID:{VALUE}"),
        format!("{event}{end}"),
        format!("{event}DTSTART:20250901\nRRULE:{VALUE} \n{end}"),
        format!("{event}DTSTART:20250901\n{end}BEGIN:VEVENT\nUID:{VALUE}\nDTSTART:20250901\n{end}"),
    ];
    for file in files {
        let refused = IcsCalendar::read(file.as_bytes()).unwrap_err();
        walked.see("IcsError", &refused);
    }
}

fn see_invalid(walked: &mut Walked) {
    let long = VALUE.repeat(100);
    let invalid = [
        Name::new("").unwrap_err(),
        Name::new(&long).unwrap_err(),
        phasegate::release::Key::new(format!(" {VALUE}")).unwrap_err(),
        phasegate::release::Text::new(format!("{VALUE}\0")).unwrap_err(),
        VALUE.parse::<Instant>().unwrap_err(),
        VALUE.parse::<ReleaseId>().unwrap_err(),
        VALUE.parse::<EventId>().unwrap_err(),
        VALUE.parse::<Digest>().unwrap_err(),
        VALUE.parse::<When>().unwrap_err(),
        Currency::new(VALUE).unwrap_err(),
        Percent::new(101).unwrap_err(),
        Interval::new(at(NOON), at(NOON)).unwrap_err(),
        Instant::from_unix_micros(-1).unwrap_err(),
        Bounded::new(vec![0; 1_001]).unwrap_err(),
        ReleasePackage::new([]).unwrap_err(),
    ];
    for error in invalid {
        walked.see("Invalid", &error);
    }
}

fn see_logs(walked: &mut Walked) {
    let office = office();
    let release = office.planned();
    let log = wait(office.desk.history(release.id())).unwrap();
    let mut see = |edit: &dyn Fn(&mut Vec<Envelope>)| {
        let mut log = log.clone();
        edit(&mut log);
        walked.see("LogError", &replay(&log).unwrap_err());
        if let Err(broken) = verify(&log) {
            walked.see("Broken", &broken);
        }
    };
    see(&Vec::clear);
    see(&|log| drop(log.remove(1)));
    see(&|log| log.swap(1, 2));
    see(&|log| log[1].kind = VALUE.into());
    see(&|log| log[1].data = log[0].data.clone());
    see(&|log| log[1].schema = 7);
    see(&|log| log[1].schema = 0);
    see(&|log| log[2].stream.id = key(VALUE));
    see(&|log| log[2].prev = Digest::ZERO);
    see(&|log| log[0].stream.id = key(VALUE));
    see(&|log| log[0].kind = "release.noted".into());
    let json = |text: String| serde_json::from_str(&text).unwrap();
    see(&|log| log[1].data = json(log[1].data.as_str().replace("worthwhile", "not_worthwhile")));
    see(&|log| log[1].data = json(format!(r#"{{"{VALUE}":1}}"#)));
    for line in ["", "{", "7", r#"{"Shop.2:4":1}"#, &"[".repeat(10 << 20)] {
        walked.see("LogError", &Envelope::from_json(line).unwrap_err());
    }
}

fn see_stores(walked: &mut Walked) {
    let log = phasegate::release::Stream::new(
        tenant(VALUE),
        phasegate::release::StreamKind::Calendar,
        key(VALUE),
    );
    let (one, two) = (1, 2);
    let version = phasegate::release::Version::new;
    let inner = || std::io::Error::other(format!("inner `{VALUE}`"));
    let command = uuid::Uuid::from_u128(1).into();
    let errors = [
        StoreError::conflict(&log, version(one), version(two)),
        StoreError::guard_moved(&log, version(one), version(two)),
        StoreError::command_reused(&log, command),
        StoreError::stale_claim(VALUE),
        StoreError::too_large("a batch of 101 events is too large: at most 100"),
        StoreError::unavailable(inner()),
        StoreError::unknown(inner()),
        StoreError::corrupt("entry 7 is missing"),
        StoreError::other(inner()),
    ];
    for error in errors {
        let has_source = matches!(
            error.kind(),
            StoreErrorKind::Unavailable | StoreErrorKind::Unknown | StoreErrorKind::Other
        );
        assert_eq!(error.source().is_some(), has_source, "{error}");
        walked.see("StoreError", &error);
    }
    #[cfg(feature = "sqlite")]
    {
        let folder = crate::sqlite_support::Folder::new();
        let path = folder.path().join(VALUE).join("a.db");
        let error = phasegate::SqliteStore::open(path).unwrap_err();
        assert!(error.source().is_some());
        walked.see("SqliteError", &error);
    }
    for error in [
        NotifyError::retry(Seconds::new(9), inner()),
        NotifyError::reject(inner()),
    ] {
        assert!(error.source().is_some());
        walked.see("NotifyError", &error);
        let is_retry = matches!(error.kind(), NotifyErrorKind::Retry(after) if after.get() == 9);
        assert_eq!(is_retry, error.to_string().contains("9 seconds"));
    }
}

fn see_gates(walked: &mut Walked) {
    for file in [
        "",
        "[",
        r#"{ "gates": 1 }"#,
        r#"{ "gates": [{ "name": "g", "version": 1, "step": "Shop.2:4", "rules": [
            { "rule": { "Shop.2:4": {} } },
            { "rule": { "host": { "name": "Shop.2:4" } } } ] }] }"#,
        r#"{ "gates": [
            { "name": "Shop.2:4", "version": 1, "step": "authorise", "rules": [
                { "rule": { "evidence": { "required": { "functional": 101 } } } },
                { "rule": { "evidence": { "required": {} } } } ] },
            { "name": "Shop.2:4", "version": 1, "step": "deploy", "rules": [] },
            { "name": "Shop.2:4", "version": 1, "step": "deploy", "rules": [] } ] }"#,
    ] {
        let mistakes = GateSet::from_json(file, &Policies::new()).unwrap_err();
        walked.see("Mistakes", &mistakes);
        assert_eq!(
            mistakes.to_string().lines().count(),
            mistakes.iter().count()
        );
        let first = mistakes.into_iter().next().unwrap();
        assert!(!first.path.is_empty() && !first.what.is_empty());
    }
    let gate = Gate::<phasegate::release::step::Deploy>::new("gate", 1).unwrap();
    let policy = EvidencePolicy::new([(TestKind::Functional, Percent::new(9).unwrap())]);
    let office = office().with_gates(GateSet::new().with(gate.require(policy)));
    let refused = office.run(
        office.testing().deploy(crate::desk_support::window()),
        "ada",
    );
    let error = refused.unwrap_err();
    assert!(error.source().is_none());
    walked.see("RunError", &error);
    let refused = error.refused().unwrap();
    assert_eq!(refused.decision.blockers().count(), 2);
    for blocker in refused.decision.blockers() {
        let reason = blocker.to_string();
        assert!(!reason.ends_with('.'), "{reason}");
    }
    let release = refused.release.rework(text(" "));
    walked.see(
        "Refused",
        &office.run(release, "ada").unwrap_err().refused().unwrap(),
    );
}

fn see_commits(walked: &mut Walked) {
    let office = office();
    let release = office.planned();
    let stale = office.again(&release);
    let _ = office.recorded(
        release,
        phasegate::release::ReleasePlan::new(Seconds::new(1)),
        "ada",
    );
    let error = office.run(stale.start_development(), "ada").unwrap_err();
    assert!(error.source().is_none());
    walked.see("RunError", &error);
    let RunError::NotCommitted(conflict) = error else {
        panic!("{error}");
    };
    walked.see("CommitFailed", &conflict);
    let source = || StoreError::unavailable("inner");
    let failures: [CommitFailed<StartDevelopment, Deployment>; 3] = [
        CommitFailed::Conflict {
            release: office.deploying(),
            stream: phasegate::release::Stream::new(
                tenant("default"),
                phasegate::release::StreamKind::Model,
                key(VALUE),
            ),
            actual: phasegate::release::Version::new(7),
        },
        CommitFailed::Expired {
            release: office.deploying(),
            at: at(NOON),
        },
        CommitFailed::Rejected {
            release: office.deploying(),
            source: source(),
        },
    ];
    for error in failures {
        let has_source = matches!(error, CommitFailed::Rejected { .. });
        assert_eq!(error.source().is_some(), has_source);
        walked.see("CommitFailed", &error);
        walked.see("RunError", &RunError::NotCommitted(error));
    }
    let gate = Gate::<Authorise>::new("gate", 1).unwrap();
    let gate = gate.require(Knows::facts(["budget"]));
    let facts = Facts::at(at(NOON)).with(key("budget"), fact(at(NOON)));
    let asked = office.requested().authorise(worthwhile());
    let cleared = gate.decide(asked, &facts, &by("cho")).unwrap();
    let late = at("2026-03-03T12:00:00Z");
    walked.see(
        "CommitFailed",
        &wait(cleared.commit(office.desk.store(), late)).unwrap_err(),
    );
}

fn see_loads(walked: &mut Walked) {
    let office = Office::on(MemoryStore::new());
    let desk = Desk::new(office.desk.store()).tenant(tenant(VALUE));
    let absent = wait(desk.load(id(9))).unwrap_err();
    walked.see("LoadError", &absent);
    let by_id = wait(desk.record_by_id(id(9), note("late"), by("ci"))).unwrap_err();
    assert!(by_id.source().is_none());
    walked.see("RecordByIdError", &by_id);
    let release = office.requested();
    let wrong = wait(office.desk.load_as::<Deployment>(release.id())).unwrap_err();
    walked.see("LoadError", &wrong);
    for error in [
        LoadError::Store(StoreError::corrupt("inner")),
        LoadError::Log(replay([]).unwrap_err()),
    ] {
        assert!(error.source().is_some());
        walked.see("LoadError", &error);
    }
    let by_id: RecordByIdError<phasegate::release::Note> =
        RecordByIdError::Load(LoadError::Store(StoreError::unavailable("inner")));
    assert!(by_id.source().is_some());
    walked.see("RecordByIdError", &by_id);
    let refused = wait(office.desk.record_by_id(release.id(), note(" "), by("ci"))).unwrap_err();
    walked.see("RecordByIdError", &refused);
}

fn see_ledgers(walked: &mut Walked) {
    let office = Office::on(MemoryStore::new());
    let desk = Desk::new(office.desk.store()).tenant(tenant(VALUE));
    let absent = wait(desk.model(&key(VALUE))).unwrap_err();
    walked.see("StreamError", &absent);
    let refused = wait(desk.authorise_model(&key(VALUE), 1, text(" "), by(VALUE))).unwrap_err();
    assert!(matches!(&refused, StreamError::Refused { reasons } if reasons.len() == 2));
    walked.see("StreamError", &refused);
    for error in [
        StreamError::Store(StoreError::corrupt("inner")),
        StreamError::Log(replay([]).unwrap_err()),
    ] {
        assert!(error.source().is_some());
        walked.see("StreamError", &error);
    }
}
