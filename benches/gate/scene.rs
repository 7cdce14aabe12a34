//! What is decided: the same rules and the same data for both sides.

use phasegate::Instant;
use phasegate::gate::{GateSet, Policies};
use phasegate::phase::{Interval, Invalid};
use phasegate::release::{Person, Role};
use serde_json::{Value, json};

/// How the release stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// Everything is there.
    Ready,
    /// What the policies ask for is not there.
    Lacking,
    /// Much was approved and proven, and it is still not enough.
    Crowded,
}

/// Some rules, and a release that they are asked about.
pub(crate) struct Scene {
    pub(crate) policies: usize,
    pub(crate) state: State,
    pub(crate) requester: Person,
    pub(crate) deployer: Person,
    pub(crate) approvers: Vec<(Person, Role)>,
    /// How many of the approvers have approved.
    pub(crate) approved: usize,
    pub(crate) evidence: usize,
    pub(crate) now: Instant,
    pub(crate) window: Interval,
    rules: Vec<Value>,
}

/// What the policies ask for, by turns.
pub(crate) const LEAST_PASSED: u8 = 95;
pub(crate) const ITEMS: [&str; 3] = ["on-call-told", "backup-checked", "dashboard-open"];

impl Scene {
    /// So many policies: approvals, separation of duties, evidence and a checklist, by turns.
    pub(crate) fn new(policies: usize, state: State) -> Result<Self, Invalid> {
        let (approvers, approved, evidence) = match state {
            State::Ready => (3, 2, 3),
            State::Lacking => (3, 0, 3),
            State::Crowded => (60, 50, 100),
        };
        let needed = if state == State::Crowded { 55 } else { 2 };
        let of_turn = |turn: usize| match turn % 4 {
            0 => json!({ "approvals": {
                "rules": [{ "name": "authority", "by": [{ "role": "change_authority" }], "quorum": { "count": needed } }],
                "not_by": ["deployer"],
            } }),
            1 => json!({ "separation-of-duties": { "apart": ["requester", "builder"] } }),
            2 => {
                json!({ "evidence": { "required": { "functional": LEAST_PASSED, "security": LEAST_PASSED } } })
            }
            _ => json!({ "checklist": { "items": ITEMS } }),
        };
        let authority = |number: usize| {
            let person = Person::new(format!("approver-{number:03}"))?;
            Ok((person, Role::ChangeAuthority))
        };
        Ok(Self {
            policies,
            state,
            approvers: (0..approvers)
                .map(authority)
                .collect::<Result<_, Invalid>>()?,
            approved,
            evidence,
            rules: (0..policies).map(of_turn).collect(),
            ..Self::empty()?
        })
    }

    /// So many approvers, each of whom fits two of so many rules, and all of whom are needed.
    pub(crate) fn rules(approvers: usize, rules: usize) -> Result<Self, Invalid> {
        let role = |rule: usize| Role::named(format!("role-{:02}", rule % rules));
        let approver = |number: usize| {
            let person = Person::new(format!("approver-{number:03}"))?;
            Ok((person, role(number)?))
        };
        let of = |rule: usize| {
            let by =
                [rule, (rule + 1) % rules].map(|one| json!({ "role": format!("role-{one:02}") }));
            let by: Vec<_> = if rules == 1 {
                by[..1].into()
            } else {
                by.into()
            };
            json!({ "name": format!("rule-{rule:02}"), "by": by, "quorum": { "count": approvers / rules } })
        };
        let rules: Vec<_> = (0..rules).map(of).collect();
        Ok(Self {
            policies: 1,
            approvers: (0..approvers)
                .map(approver)
                .collect::<Result<_, Invalid>>()?,
            approved: approvers,
            rules: vec![json!({ "approvals": { "rules": rules } })],
            ..Self::empty()?
        })
    }

    fn empty() -> Result<Self, Invalid> {
        Ok(Self {
            policies: 0,
            state: State::Ready,
            requester: Person::new("kim")?,
            deployer: Person::new("dep")?,
            approvers: Vec::new(),
            approved: 0,
            evidence: 0,
            now: "2026-03-02T19:00:00Z".parse()?,
            window: Interval::parse("2026-03-02T20:00:00Z", "2026-03-02T22:00:00Z")?,
            rules: Vec::new(),
        })
    }

    /// The rules as a file.
    pub(crate) fn gates(&self) -> String {
        let rules: Vec<_> = self
            .rules
            .iter()
            .map(|rule| json!({ "rule": rule }))
            .collect();
        json!({ "gates": [{ "name": "production", "version": 1, "step": "deploy", "rules": rules }] }).to_string()
    }

    pub(crate) fn gate_set(&self) -> Result<GateSet, String> {
        GateSet::from_json(&self.gates(), &Policies::new()).map_err(|mistakes| mistakes.to_string())
    }
}
