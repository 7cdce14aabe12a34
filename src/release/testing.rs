//! What was tested and found: runs, evidence, defects.

use super::digest::Digest;
use super::happens::{Happens, Occasion, Reasons};
use super::state::{Resolved, State};
use super::text::{Environment, Key, Name, Text};
use super::verdict::Reason;
use super::words::{plain, told, words};
use crate::phase::Instant;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, sync::Arc};

words! {
    /// What a test is after.
    pub enum TestKind {
        /// It does what it should.
        Functional "functional",
        /// Its parts work together.
        Integration "integration",
        /// It keeps attackers out.
        Security "security",
        /// It is fast enough.
        Performance "performance",
        /// Its users accept it.
        #[doc(alias = "UAT")]
        Acceptance "acceptance",
        /// It keeps data whole.
        DataIntegrity "data_integrity",
        /// It stays up.
        Availability "availability",
    }
}

/// How bad a defect or an incident is.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Severity {
    /// Hardly noticed.
    Trivial,
    /// A nuisance with a way around it.
    Minor,
    /// An important function is hurt.
    Major,
    /// The service is down, or data or people are in danger.
    Critical,
}

told! {
    Severity {
        Trivial "trivial",
        Minor "minor",
        Major "major",
        Critical "critical",
    }
}

plain! {
    /// A run of tests against one package in one environment. A run under the same id replaces the one before.
    pub struct TestRun {
        /// The host's id of the run.
        id: Key,
        /// What the tests are after.
        kind: TestKind,
        /// Where they ran.
        environment: Environment,
        /// The digest of the release package that was tested.
        package: Digest,
        /// How many passed.
        passed: u32,
        /// How many failed.
        failed: u32,
    } with {
        /// How many did not run.
        skipped: u32,
        /// How much of the code they ran through, from 0 to 100.
        coverage_percent: Option<u8>,
        /// Where the full report is.
        report: Text,
    }

    /// A document that proves something. Evidence under the same key replaces the one before.
    pub struct Evidence {
        /// The host's key.
        key: Key,
        /// What it proves.
        what: Name,
        /// The digest of the document.
        digest: Digest,
    } with {
        /// The release package that it is about, if it is about one.
        package: Option<Digest>,
        /// Where the document is.
        location: Text,
    }

    /// A defect of the release was found.
    pub struct DefectFound {
        /// The host's id.
        id: Key,
        /// How bad it is.
        severity: Severity,
    } with {
        /// Whether it breaks what worked before.
        is_regression: bool,
        /// What is wrong.
        summary: Text,
    }

    /// A defect no longer counts.
    pub struct DefectResolved {
        /// The host's id.
        id: Key,
    } with {
        /// How it was resolved.
        resolution: Text,
    }
}

/// Every test run about the one release package that is in Testing.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TestReport {
    pub(crate) package: Digest,
    /// With when each ran.
    pub(crate) runs: BTreeMap<Key, (Arc<TestRun>, Instant)>,
}

impl TestReport {
    /// The digest of the release package that was tested.
    #[must_use]
    pub const fn package(&self) -> Digest {
        self.package
    }

    /// The runs, in the order of their ids.
    #[must_use]
    pub fn runs(&self) -> impl ExactSizeIterator<Item = &TestRun> {
        self.runs.values().map(|(run, _)| run.as_ref())
    }

    /// The runs with when each was, in the order of their ids.
    #[must_use]
    pub fn dated_runs(&self) -> impl ExactSizeIterator<Item = (&TestRun, Instant)> {
        self.runs.values().map(|(run, at)| (run.as_ref(), *at))
    }
}

impl Happens for TestRun {
    fn key(&self) -> Option<&Key> {
        Some(&self.id)
    }

    fn admits(&self, _state: &State, _on: Occasion<'_>, reasons: &mut Reasons) {
        reasons.unless(
            self.coverage_percent.is_none_or(|percent| percent <= 100),
            || {
                let message = format!("run `{}` covers more than 100 percent", self.id);
                Reason::new("more-than-all", message, "state a percentage from 0 to 100")
            },
        );
    }

    /// A run about another package stays in the history, and proves nothing about this one.
    fn apply(self: Arc<Self>, state: &mut State, on: Occasion<'_>) {
        let report = state
            .test_report_mut()
            .filter(|report| report.package == self.package);
        if let Some(report) = report {
            report.runs.insert(self.id.clone(), (self, on.occurred_at));
        }
    }
}

impl Happens for Evidence {
    fn key(&self) -> Option<&Key> {
        Some(&self.key)
    }

    fn apply(self: Arc<Self>, state: &mut State, on: Occasion<'_>) {
        state
            .evidence
            .insert(self.key.clone(), (self, on.occurred_at));
    }
}

impl Happens for DefectFound {
    fn key(&self) -> Option<&Key> {
        Some(&self.id)
    }

    fn apply(self: Arc<Self>, state: &mut State, _on: Occasion<'_>) {
        state.defects.insert(self.id.clone(), (self, Resolved::No));
    }
}

impl Happens for DefectResolved {
    fn admits(&self, state: &State, _on: Occasion<'_>, reasons: &mut Reasons) {
        reasons.known(state.defects.contains_key(&self.id), "defect", &self.id);
    }

    fn key(&self) -> Option<&Key> {
        Some(&self.id)
    }

    fn apply(self: Arc<Self>, state: &mut State, _on: Occasion<'_>) {
        if let Some((_, resolved)) = state.defects.get_mut(&self.id) {
            *resolved = Resolved::Yes;
        }
    }
}
