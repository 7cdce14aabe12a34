//! How many risks and issues may be open.

use super::listed;
use super::severities::{AtMost, and_worse};
use crate::gate::{Ask, Policy};
use crate::phase::{Invalid, InvalidKind};
use crate::release::{Reason, RegisterKind, ReleaseRequest, Resolved, Severity, Verdict};
use serde::{Deserialize, Serialize};

/// Requires that at most this many issues, or risks, of a severity and worse are open.
///
/// | code | what is the matter |
/// |---|---|
/// | `open-issues` | too many issues are open; the reason names their owners |
/// | `open-risks` | too many risks are open; the reason names who watches them |
///
/// # Examples
///
/// ```
/// use phasegate::gate::{GateSet, OpenIssuesPolicy};
/// use phasegate::release::{IssueRaised, Key, Severity, Text, step::Authorise};
/// # use phasegate::{Desk, Gate, MemoryStore, Person, gate::Facts, release::*};
///
/// # pollster::block_on(async {
/// # let (desk, kim) = (Desk::new(MemoryStore::new()), Person::new("kim")?);
/// # let release = desk.run(desk.request(ReleaseRequest::new(Name::new("Shop 2.4")?)), &kim).await?;
/// let policy = OpenIssuesPolicy::issues(0, Severity::Major).and_risks(2, Severity::Minor)?;
/// let gate = Gate::<Authorise>::new("intake", 1)?.require(policy);
/// let issue = IssueRaised::new(Key::new("ISSUE-7")?, Severity::Critical, Text::new("No licence.")?);
/// let release = desk.record(release, issue, &kim).await?;
/// # let (facts, by) = (Facts::at("2026-03-02T12:00:00Z".parse()?), By::new(&kim));
/// # let step = Authorise::new(Assessment::new(AssessmentDecision::Worthwhile));
/// assert_eq!(
///     GateSet::new().with(gate).explain(&release, step, &facts, &by).to_string(),
///     "authorise refused\n  open-issues: open issues that are major or worse: `ISSUE-7`, and at most 0 are allowed; \
///      resolve some",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
/// ```
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Params")]
pub struct OpenIssuesPolicy(Params);

#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(inline))]
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Params {
    #[serde(default, skip_serializing_if = "crate::release::is_default")]
    issues: AtMost,
    #[serde(default, skip_serializing_if = "crate::release::is_default")]
    risks: AtMost,
}

impl TryFrom<Params> for OpenIssuesPolicy {
    type Error = Invalid;

    fn try_from(params: Params) -> Result<Self, Invalid> {
        if params == Params::default() {
            let expected = "a number of `issues` or `risks`";
            return Err(Invalid::new(
                InvalidKind::Empty,
                "policy on open issues",
                "",
                expected,
            ));
        }
        Ok(Self(params))
    }
}

impl OpenIssuesPolicy {
    /// At most this many open issues of this severity and worse.
    #[must_use]
    pub fn issues(most: u32, severity: Severity) -> Self {
        Self(Params {
            issues: AtMost::one(most, severity),
            ..Params::default()
        })
    }

    /// At most this many open risks of this severity and worse.
    #[must_use]
    pub fn risks(most: u32, severity: Severity) -> Self {
        Self(Params {
            risks: AtMost::one(most, severity),
            ..Params::default()
        })
    }

    /// The same, and at most this many open issues of this severity and worse.
    ///
    /// # Errors
    ///
    /// - out of range: more of a severity and worse than of a lesser one and worse
    pub fn and_issues(mut self, most: u32, severity: Severity) -> Result<Self, Invalid> {
        self.0.issues = self.0.issues.and(most, severity)?;
        Ok(self)
    }

    /// The same, and at most this many open risks of this severity and worse.
    ///
    /// # Errors
    ///
    /// - out of range: more of a severity and worse than of a lesser one and worse
    pub fn and_risks(mut self, most: u32, severity: Severity) -> Result<Self, Invalid> {
        self.0.risks = self.0.risks.and(most, severity)?;
        Ok(self)
    }
}

impl Policy for OpenIssuesPolicy {
    type Reads = ReleaseRequest;
    const NAME: &'static str = "open-issues";

    fn judge(&self, ask: &Ask<'_>, _: &ReleaseRequest) -> Verdict {
        let kinds = [
            (
                RegisterKind::Issue,
                &self.0.issues,
                "open-issues",
                "resolve some",
            ),
            (
                RegisterKind::Risk,
                &self.0.risks,
                "open-risks",
                "close some",
            ),
        ];
        let reasons = kinds.into_iter().flat_map(|(kind, most, code, remedy)| {
            let entries = ask.state().register.iter();
            let open =
                entries.filter(|((of, _), entry)| *of == kind && entry.resolved == Resolved::No);
            let open: Vec<_> = open
                .map(|((_, id), entry)| (entry.severity, (id, &entry.owner)))
                .collect();
            let excess = most.excess(&open).into_iter();
            excess.map(move |(severity, most, found)| {
                let ids = listed(found.iter().map(|(id, _)| id));
                let worse = and_worse(severity);
                let message =
                    format!("open {kind}s that are {worse}: {ids}, and at most {most} are allowed");
                let owners = found
                    .iter()
                    .filter_map(|(_, owner)| owner.as_ref())
                    .cloned();
                Reason::new(code, message, remedy)
                    .read("open", found.len())
                    .read("at_most", most)
                    .by_people(owners)
            })
        });
        Verdict::of(reasons.collect())
    }
}
