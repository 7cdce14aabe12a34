//! The same rules, written by hand for this one purpose: one function over plain maps, which says what is against it.
//!
//! It keeps the data in the crate's own words, says the same codes, messages and remedies, and binds approvals to a
//! digest of what was approved as the crate does; what it digests of request, plan, package and gates is worked out
//! when they change, and the step's own arguments whenever it is asked. It takes people one by one and matches nobody:
//! with one rule of one role there is nothing to match. It makes no decision to keep, only the list of refusals.

use crate::scene::{ITEMS, LEAST_PASSED, Scene, State};
use phasegate::gate::GateSet;
use phasegate::release::step::Deploy;
use phasegate::release::{
    Answer, AnyStep, ChecklistStatus, Digest, Key, Person, Role, Subject, TestKind,
};
use phasegate::{Instant, Release};
use std::collections::{BTreeMap, BTreeSet};

/// Why it may not happen.
pub(crate) struct Refusal {
    pub(crate) code: &'static str,
    #[expect(dead_code, reason = "in a real program, people would read it")]
    pub(crate) message: String,
    #[expect(dead_code, reason = "in a real program, people would read it")]
    pub(crate) remedy: String,
}

struct Given {
    subject: Subject,
    answer: Answer,
    ends: Option<Instant>,
}

struct Run {
    kind: TestKind,
    passed: u64,
    failed: u64,
}

pub(crate) struct Site {
    requester: Person,
    people: BTreeSet<(Role, Person)>,
    authors: BTreeMap<Key, Person>,
    approvals: BTreeMap<(Person, Role), Given>,
    runs: BTreeMap<Key, Run>,
    checklist: BTreeMap<Key, ChecklistStatus>,
    /// Of what the step would act on.
    content: Subject,
    items: Vec<Key>,
}

impl Site {
    pub(crate) fn new<P>(scene: &Scene, release: &Release<P>, gates: &GateSet) -> Self {
        let content = gates.subject(release, Deploy::new(scene.window));
        let given = || Given {
            subject: content,
            answer: Answer::Approved,
            ends: None,
        };
        let passed = if scene.state == State::Lacking {
            90
        } else {
            98
        };
        let status = if scene.state == State::Lacking {
            ChecklistStatus::Open
        } else {
            ChecklistStatus::Done
        };
        let run = |kind: TestKind| {
            let run = Run {
                kind: kind.clone(),
                passed,
                failed: 100 - passed,
            };
            Some((Key::new(kind.to_string()).ok()?, run))
        };
        let items: Vec<_> = ITEMS
            .iter()
            .filter_map(|item| Key::new(item).ok())
            .collect();
        let approved = scene.approvers.iter().take(scene.approved);
        Self {
            requester: scene.requester.clone(),
            people: scene
                .approvers
                .iter()
                .cloned()
                .map(|(person, role)| (role, person))
                .collect(),
            authors: Key::new("4fe1")
                .ok()
                .zip(Person::new("bea").ok())
                .into_iter()
                .collect(),
            approvals: approved.cloned().map(|who| (who, given())).collect(),
            runs: [TestKind::Functional, TestKind::Security]
                .into_iter()
                .filter_map(run)
                .collect(),
            checklist: items.iter().cloned().map(|item| (item, status)).collect(),
            content,
            items,
        }
    }
}

/// Everything against the step.
pub(crate) fn refusals(site: &Site, scene: &Scene, step: &Deploy) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    let needed = if scene.state == State::Crowded { 55 } else { 2 };
    for turn in 0..scene.policies {
        match turn % 4 {
            0 => approvals(site, scene, step, needed, &mut refusals),
            1 => duties(site, scene, &mut refusals),
            2 => evidence(site, &mut refusals),
            _ => checklist(site, &mut refusals),
        }
    }
    refusals
}

fn approvals(
    site: &Site,
    scene: &Scene,
    step: &Deploy,
    needed: usize,
    refusals: &mut Vec<Refusal>,
) {
    let step = serde_json::to_vec(&AnyStep::from(step.clone())).unwrap_or_default();
    let mut subject = site.content;
    subject.step = Digest::of(&step);
    let mut counted = 0;
    for ((person, role), given) in &site.approvals {
        if *role != Role::ChangeAuthority {
            continue;
        }
        let mut say = |code, message, remedy| {
            refusals.push(Refusal {
                code,
                message,
                remedy,
            });
        };
        if given.subject != subject {
            let message = format!("since `{person}` approved it, something has changed");
            say("approval-void", message, format!("ask `{person}` again"));
        } else if given.ends.is_some_and(|ends| ends <= scene.now) {
            let message = format!("the approval of `{person}` ended");
            say("approval-expired", message, format!("ask `{person}` again"));
        } else if !site.people.contains(&(role.clone(), person.clone())) {
            let message = format!("`{person}` approved as {role}, and no longer is");
            say("approver-left", message, format!("ask `{person}` again"));
        } else if given.answer == Answer::Rejected {
            let message = format!("`{person}` rejected it");
            say(
                "rejected",
                message,
                format!("have `{person}` withdraw the answer"),
            );
        } else if *person == site.requester || *person == scene.deployer {
            let message =
                format!("`{person}` asked for this release or deploys it and cannot approve it");
            say("own-work", message, "ask somebody else who may".to_owned());
        } else {
            counted += 1;
        }
    }
    if counted < needed {
        let left = site.people.iter().filter(|(role, person)| {
            *role == Role::ChangeAuthority
                && !site.approvals.contains_key(&(person.clone(), role.clone()))
                && *person != site.requester
        });
        let left: Vec<_> = left.map(|(_, person)| person.to_string()).collect();
        let message = format!("rule `authority` has {counted} of {needed} approvals");
        let remedy = format!("ask a change authority to approve it: {}", left.join(", "));
        refusals.push(Refusal {
            code: "approvals-missing",
            message,
            remedy,
        });
    }
}

fn duties(site: &Site, scene: &Scene, refusals: &mut Vec<Refusal>) {
    for ((person, role), given) in &site.approvals {
        let is_live =
            given.answer == Answer::Approved && given.ends.is_none_or(|ends| scene.now < ends);
        let is_builder = site.people.contains(&(Role::Builder, person.clone()))
            || site.authors.values().any(|author| author == person);
        if is_live && (*person == site.requester || is_builder) {
            refusals.push(Refusal {
                code: "own-work",
                message: format!("`{person}` built it or asked for it and cannot approve it"),
                remedy: format!("ask another {role}, and have `{person}` withdraw the approval"),
            });
        }
    }
}

fn evidence(site: &Site, refusals: &mut Vec<Refusal>) {
    for kind in [TestKind::Functional, TestKind::Security] {
        let of_kind = || site.runs.values().filter(|run| run.kind == kind);
        let passed: u64 = of_kind().map(|run| run.passed).sum();
        let ran = passed + of_kind().map(|run| run.failed).sum::<u64>();
        if ran == 0 {
            refusals.push(Refusal {
                code: "kind-missing",
                message: format!("no {kind} test ran"),
                remedy: format!("record a test run of kind {kind}"),
            });
        } else if passed * 100 < ran * u64::from(LEAST_PASSED) {
            refusals.push(Refusal {
                code: "pass-ratio",
                message: format!("{passed} of {ran} {kind} tests passed, and at least {LEAST_PASSED} % are required"),
                remedy: "mend what failed, and test the new package".to_owned(),
            });
        }
    }
}

fn checklist(site: &Site, refusals: &mut Vec<Refusal>) {
    for item in &site.items {
        let status = site.checklist.get(item);
        if !matches!(
            status,
            Some(ChecklistStatus::Done | ChecklistStatus::NotApplicable)
        ) {
            refusals.push(Refusal {
                code: "item-open",
                message: format!("item `{item}` is not done"),
                remedy: "record a `ChecklistItem`".to_owned(),
            });
        }
    }
}
