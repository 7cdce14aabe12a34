//! Mutation: every rule changed a little, one at a time, and who notices.

mod report;
mod search;

pub use report::{Equivalent, Killed, MutationReport, Survivor, Telling, Unknown, WhyUnknown};

use super::ruling::broken;
use super::{Check, Variation};
use crate::gate::{GateSet, Policies};
use crate::verify::Question;
use search::{Search, said};

/// Which slight changes of the rules no test would notice.
///
/// Every rule is changed a little, one change at a time: taken away, its numbers one up and one down, a role exchanged,
/// `any` for `all`, and so on. A change that makes a check fail is *killed*. Of each of the others a question is sought
/// that tells it from the rules, near the questions of the checks: where one is found, the change *survives*, and the
/// question is the test that is missing. Where none is found, nobody knows: it is *unknown* and counts against the
/// score. Only over a finite list of questions that is the [whole](Self::whole_domain) of what can be asked is a change
/// called *equivalent*, and counts for nothing.
///
/// # Examples
///
/// ```
/// use phasegate::gate::{Facts, GateSet, RiskPolicy};
/// use phasegate::release::{By, Name, ReleaseRequest, RiskLevel, step::Authorise};
/// # use phasegate::release::{Assessment, AssessmentDecision};
/// use phasegate::testing::{Check, Mutation, Ruling};
/// use phasegate::verify::Question;
/// # use phasegate::{Desk, Gate, MemoryStore, Person};
///
/// # pollster::block_on(async {
/// # let (desk, kim) = (Desk::new(MemoryStore::new()), Person::new("kim")?);
/// # let request = ReleaseRequest::new(Name::new("Shop 2.4")?);
/// # let release = desk.run(desk.request(request), &kim).await?;
/// # let authorise = Authorise::new(Assessment::new(AssessmentDecision::Worthwhile));
/// # let facts = Facts::at("2026-03-02T10:00:00Z".parse()?);
/// let at_most_medium = RiskPolicy::at_most(RiskLevel::Medium);
/// let gates = GateSet::new().with(Gate::<Authorise>::new("intake", 1)?.require(at_most_medium));
/// let question = Question::of(&gates, &release, authorise, &facts, &By::new(&kim));
/// let check = Check::that("nobody knows the risk", question, |decision| !decision.is_cleared());
///
/// let report = Mutation::of(&gates, &[check]).run();
/// let survivors: Vec<_> = report.survivors.iter().map(|one| one.edit.to_string()).collect();
/// assert_eq!(survivors, [
///     r#"`at_most` "low" instead of "medium""#,
///     r#"`at_most` "high" instead of "medium""#,
///     "overridable by release_manager too",
/// ]);
/// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
/// ```
#[derive(Debug, Clone)]
#[must_use = "it has to be run"]
pub struct Mutation<'a> {
    gates: &'a GateSet,
    checks: &'a [Check],
    policies: Policies,
    domain: &'a [Question],
}

impl<'a> Mutation<'a> {
    /// Of these gates, as these checks test them.
    pub const fn of(gates: &'a GateSet, checks: &'a [Check]) -> Self {
        Self {
            gates,
            checks,
            policies: Policies::new(),
            domain: &[],
        }
    }

    /// The same, where the parameters of these host policies are changed too.
    pub fn with_policies(mut self, policies: &Policies) -> Self {
        self.policies = policies.clone();
        self
    }

    /// The same, where nothing else but these questions can ever be asked. What differs on none of them is equivalent.
    pub const fn whole_domain(mut self, domain: &'a [Question]) -> Self {
        self.domain = domain;
        self
    }

    /// Changes every rule, and sees who notices.
    #[must_use]
    pub fn run(self) -> MutationReport {
        let mut report = MutationReport {
            killed: Vec::new(),
            survivors: Vec::new(),
            equivalent: Vec::new(),
            unknown: Vec::new(),
            not_rules: 0,
            opaque: Vec::new(),
            failing: Vec::new(),
            broken: Vec::new(),
        };
        for check in self.checks {
            let decision = check.question().ask(self.gates);
            report.broken.extend(broken(&decision, check.name()));
            if !check.accepts(&decision) {
                report.failing.push(check.name().to_owned());
            }
        }
        if !report.failing.is_empty() || !report.broken.is_empty() {
            return report;
        }
        let mut mutants = self.gates.mutants(&self.policies);
        report.not_rules = mutants.not_rules;
        report.opaque.append(&mut mutants.opaque);
        let mut search = Search::new(&self);
        for mutant in mutants.of(self.gates) {
            search.weigh(mutant, &mut report);
        }
        report.broken.append(&mut search.broken);
        report.broken.sort();
        report
    }

    /// What is asked near a check.
    fn named(&self, check: usize, but: &[Variation]) -> String {
        let name = self.checks.get(check).map_or("", Check::name);
        match but {
            [] => name.to_owned(),
            but => format!("{name}, but {}", said(but)),
        }
    }
}
