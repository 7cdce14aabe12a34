//! What else is recorded of a release, what it is asked for as, and what the host knows.

use super::super::Variation;
use super::super::variation::Part;
use super::{Near, SEVERITIES, around, key, lacking};
use crate::gate::Rule;
use crate::release::{
    AnyRecord, ChangeRequest, ChangeRequestState, ChecklistItem, ChecklistStatus, CostBooked,
    FactValue, Grade, IssueRaised, IssueResolved, Money, Name, RegisterKind, ReleaseKind,
    RiskAssessment, RiskClosed, RiskRaised, Service, StakeholdersNotified, Text, Track,
};
use serde_json::Value;
use std::collections::BTreeSet;

impl Near<'_> {
    pub(super) fn risks(&self) -> Vec<Vec<Variation>> {
        let mut all = lacking([Part::RiskAssessment]);
        let grades = (1..=5).flat_map(Grade::new);
        all.extend(
            self.recorded(
                grades.map(|grade| RiskAssessment::new(grade, grade, grade, grade, grade)),
            ),
        );
        all
    }

    pub(super) fn issues(&self, numbers: &BTreeSet<i64>) -> Vec<Vec<Variation>> {
        let open = self.question.core.state.register.keys();
        let ended = open.map(|(kind, id)| -> AnyRecord {
            match kind {
                RegisterKind::Issue => IssueResolved::new(id.clone()).into(),
                RegisterKind::Risk => RiskClosed::new(id.clone()).into(),
            }
        });
        let mut all = self.recorded(ended);
        let what = || Text::clipped("something");
        for severity in SEVERITIES {
            all.extend(self.counted(numbers, |place| {
                IssueRaised::new(key(&format!("issue {place}")), severity, what())
            }));
            all.extend(self.counted(numbers, |place| {
                RiskRaised::new(key(&format!("risk {place}")), severity, what())
            }));
        }
        all
    }

    /// Bookings up to each share of the budget, and a unit more.
    pub(super) fn costs(&self, shares: &BTreeSet<i64>) -> Vec<Vec<Variation>> {
        let state = &self.question.core.state;
        let mut all = lacking([Part::Budget]);
        let Some(budget) = state.plan_in_force().and_then(|plan| plan.budget) else {
            return all;
        };
        let booked = state
            .costs
            .values()
            .map(|cost| i128::from(cost.amount.minor_units))
            .sum::<i128>();
        let shares: BTreeSet<_> = shares.iter().flat_map(|&share| around(share)).collect();
        for share in shares {
            let most = budget.minor_units.saturating_mul(share) / 100;
            for amount in [most, most.saturating_add(1)] {
                let left = i64::try_from(i128::from(amount) - booked).ok();
                let amount = left.map(|left| Money::new(left, budget.currency));
                let booked = amount.map(|amount| CostBooked::new(key("one more"), amount));
                all.extend(self.recorded(booked));
            }
        }
        all
    }

    pub(super) fn notices(&self) -> Vec<Vec<Variation>> {
        let state = &self.question.core.state;
        let mut all = lacking(state.notified.keys().cloned().map(Part::Notice));
        let whom = state.plan_in_force().map(|plan| plan.stakeholders.clone());
        all.extend(self.recorded(whom.map(StakeholdersNotified::new)));
        all
    }

    pub(super) fn change_requests(&self, numbers: &BTreeSet<i64>) -> Vec<Vec<Variation>> {
        let ids = self.question.core.state.change_requests.keys();
        let mut all = lacking(ids.clone().cloned().map(Part::ChangeRequest));
        let states = ChangeRequestState::OWN.iter();
        for state in states.flat_map(ChangeRequestState::named) {
            let moved = ids
                .clone()
                .map(|id| ChangeRequest::new(id.clone(), state.clone()));
            all.extend(self.recorded(moved));
            all.extend(self.counted(numbers, |place| {
                ChangeRequest::new(key(&format!("change {place}")), state.clone())
            }));
        }
        all
    }

    pub(super) fn checklist(&self, params: &Value) -> Vec<Vec<Variation>> {
        let items = params.get("items").and_then(Value::as_array);
        let items = items.into_iter().flatten().filter_map(Value::as_str);
        let mut all = Vec::new();
        for item in items {
            all.extend(lacking([Part::ChecklistItem(key(item))]));
            for status in [
                ChecklistStatus::Open,
                ChecklistStatus::Done,
                ChecklistStatus::NotApplicable,
            ] {
                let mut looked = ChecklistItem::new(key(item), status);
                looked.comment = Text::clipped("seen");
                all.extend(self.recorded([looked]));
            }
        }
        all
    }

    /// A release that fits each word of the condition, and one that does not.
    pub(super) fn conditions(&self, condition: &Value) -> Vec<Vec<Variation>> {
        let listed = |what: &str| -> Vec<String> {
            let list = condition.get(what).and_then(Value::as_array);
            let list = list.into_iter().flatten().filter_map(Value::as_str);
            list.map(str::to_owned).collect()
        };
        let mut all = Vec::new();
        if condition.get("tracks").is_some() {
            for track in [Track::Standard, Track::Normal, Track::Emergency] {
                all.push(vec![Variation::OnTrack(track)]);
            }
        }
        if condition.get("kinds").is_some() {
            let kinds = listed("kinds").into_iter().flat_map(ReleaseKind::named);
            let kinds = kinds.map(Some).chain([None]);
            all.extend(kinds.map(|kind| vec![Variation::OfKind(kind)]));
        }
        if condition.get("services").is_some() {
            let services = listed("services").into_iter().flat_map(Service::new);
            let services = services.map(|service| BTreeSet::from([service]));
            let services = services.chain([BTreeSet::new()]);
            all.extend(services.map(|services| vec![Variation::Services(services)]));
        }
        let labels = condition.get("labels").and_then(Value::as_object);
        for (label, value) in labels.into_iter().flatten() {
            let value = value.as_str().and_then(|value| Name::new(value).ok());
            for value in [value, Name::new("something else").ok(), None] {
                let key = key(label);
                all.push(vec![Variation::Label { key, value }]);
            }
        }
        if condition.get("risks").is_some() {
            all.extend(self.risks());
        }
        all
    }
}

/// What the host may know instead: the numbers and texts of the rule and what is next to them, and nothing.
pub(super) fn facts(rule: &Rule, params: &Value, numbers: &BTreeSet<i64>) -> Vec<Vec<Variation>> {
    let numbers = numbers.iter().flat_map(|&number| around(number));
    let numbers: BTreeSet<_> = numbers.collect();
    let texts = params.pointer("/test/one_of").and_then(Value::as_array);
    let texts = texts.into_iter().flatten().filter_map(Value::as_str);
    let texts = texts.chain(["something else"]).flat_map(Text::new);
    let numbers = numbers.into_iter().map(FactValue::Integer);
    let flags = [FactValue::Flag(true), FactValue::Flag(false)];
    // Values of the kind that is asked for, if that is known, and none.
    let tested = params.get("test").and_then(Value::as_object);
    let tested = tested
        .and_then(|test| test.keys().next())
        .map(String::as_str);
    let values: Vec<_> = match tested {
        Some("is") => flags.into(),
        Some("at_least" | "at_most") => numbers.collect(),
        Some("one_of") => texts.map(FactValue::Text).collect(),
        Some(_) | None => flags.into_iter().chain(numbers).collect(),
    };
    let values: Vec<_> = values.into_iter().map(Some).chain([None]).collect();
    let keys = rule.facts().into_iter();
    keys.flat_map(|key| {
        let values = values.iter().cloned();
        values.map(move |value| {
            let key = key.clone();
            vec![Variation::Fact { key, value }]
        })
    })
    .collect()
}
