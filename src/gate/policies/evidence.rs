//! What has to be tested, and how well.

use super::severities::{AtMost, and_worse};
use super::test_runs::Wanted;
use super::{length, listed};
use crate::gate::read::segment;
use crate::gate::{Ask, Percent, Policy};
use crate::phase::{Invalid, InvalidKind, Seconds};
use crate::release::{
    Bounded, Environment, Key, Reason, Resolved, Severity, State, TestKind, TestReport, Verdict,
    earliest,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Requires test runs of these kinds about the very package, with at least this share of the tests passed; and, if
/// asked, where they ran, what they covered, how old they are, how many defects are open, and which documents are
/// there.
///
/// All runs of a kind count together, unless environments are named: then the kind is judged in each of them, by the
/// runs there. Tests that did not run do not count. A kind of which no test ran is missing. The run that covers most
/// says what is covered.
///
/// | code | what is the matter |
/// |---|---|
/// | `kind-missing` | no test of a kind ran |
/// | `too-old` | the tests of a kind ran too long ago |
/// | `pass-ratio` | too few of them passed |
/// | `coverage-missing` | no run of a kind says what it covered |
/// | `coverage-low` | they cover too little |
/// | `open-defects` | too many defects of a severity and worse are open |
/// | `document-missing` | a document is not there |
/// | `document-about-another` | a document is about another package |
///
/// # Time
///
/// A run counts for `max_age_seconds` after it, the end excluded. A clearance lasts until the runs that are left would
/// no longer be enough.
///
/// # Examples
///
/// ```
/// use phasegate::gate::{EvidencePolicy, Percent};
/// use phasegate::release::{Environment, Severity, TestKind, step::Deploy};
/// # use phasegate::{Desk, Gate, GateSet, Interval, MemoryStore, Person, gate::Facts, phase::Seconds, release::*};
/// # use phasegate::release::step::{Authorise, StartDevelopment, StartTesting};
///
/// # pollster::block_on(async {
/// let short = EvidencePolicy::new([(TestKind::Functional, Percent::new(95)?)]);
/// assert_eq!(serde_json::to_string(&short).unwrap(), r#"{"required":{"functional":95}}"#);
///
/// let staging = Environment::new("staging")?;
/// let thorough = short
///     .run_in(TestKind::Functional, [staging.clone()])?
///     .with_open_defects(0, Severity::Major)?;
/// let gate = Gate::<Deploy>::new("production", 1)?.require(thorough);
/// # let (desk, kim) = (Desk::new(MemoryStore::new()).with_gates(GateSet::new().with(gate)), Person::new("kim")?);
/// # let release = desk.run(desk.request(ReleaseRequest::new(Name::new("Shop 2.4")?)), &kim).await?;
/// # let (facts, by) = (Facts::at("2026-03-02T12:00:00Z".parse()?), By::new(&kim));
/// # let mut rehearsal = desk.gates().rehearse(&release);
/// # let unit = ReleaseUnit::new(UnitKind::Documentation, Name::new("2.4")?, Digest::of(b"manual"));
/// # let package = ReleasePackage::new([(Key::new("manual")?, unit)])?;
/// # let run = TestRun::new(Key::new("run-1")?, TestKind::Functional, staging, package.digest(), 18_u32, 2_u32);
/// # rehearsal.step(Authorise::new(Assessment::new(AssessmentDecision::Worthwhile)), &facts, &by).unwrap();
/// # rehearsal.record(RoleGiven::new(kim.clone(), Role::ReleaseManager), &facts, &by).unwrap();
/// # rehearsal.record(ReleasePlan::new(Seconds::days(7)), &facts, &by).unwrap();
/// # rehearsal.record(Baseline::new(), &facts, &by).unwrap();
/// # rehearsal.step(StartDevelopment::new(), &facts, &by).unwrap();
/// # rehearsal.step(StartTesting::new(package), &facts, &by).unwrap();
/// # let window = Interval::parse("2026-03-02T20:00:00Z", "2026-03-02T22:00:00Z")?;
///
/// rehearsal.record(run, &facts, &by).unwrap(); // 18 passed, 2 failed
/// rehearsal.record(DefectFound::new(Key::new("BUG-1")?, Severity::Critical), &facts, &by).unwrap();
/// let refused = rehearsal.step(Deploy::new(window), &facts, &by).unwrap_err();
/// assert_eq!(
///     refused.to_string(),
///     "deploy refused\n  \
///        evidence: 18 of 20 functional tests passed in `staging`, and at least 95 % are required; \
///        fix what failed, and test the new package\n  \
///        evidence: open defects that are major or worse: `BUG-1`, and at most 0 are allowed; \
///        fix them, and record `DefectResolved`",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
/// ```
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Params")]
pub struct EvidencePolicy(Params);

#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(inline))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Params {
    required: Bounded<BTreeMap<TestKind, Percent>>,
    #[serde(default, skip_serializing_if = "crate::release::is_default")]
    environments: BTreeMap<TestKind, Bounded<BTreeSet<Environment>>>,
    #[serde(default, skip_serializing_if = "crate::release::is_default")]
    coverage_percent: BTreeMap<TestKind, Percent>,
    #[serde(default, skip_serializing_if = "crate::release::is_default")]
    max_age_seconds: Option<Seconds>,
    #[serde(default, skip_serializing_if = "crate::release::is_default")]
    open_defects: AtMost,
    #[serde(default, skip_serializing_if = "crate::release::is_default")]
    documents: Bounded<BTreeSet<Key>>,
}

impl TryFrom<Params> for EvidencePolicy {
    type Error = Invalid;

    fn try_from(params: Params) -> Result<Self, Invalid> {
        params.check()?;
        Ok(Self(params))
    }
}

impl Params {
    /// A policy that requires nothing would allow everything, and one that looks at what it does not require is
    /// mistaken.
    fn check(&self) -> Result<(), Invalid> {
        let empty = |what: &'static str, expected| {
            Err(Invalid::new(InvalidKind::Empty, what, "", expected))
        };
        if self.required.is_empty() {
            return empty("evidence policy", "at least one kind of test");
        }
        let kinds = [
            (
                "kind in `environments`",
                self.environments.keys().collect::<Vec<_>>(),
            ),
            (
                "kind in `coverage_percent`",
                self.coverage_percent.keys().collect(),
            ),
        ];
        for (what, kinds) in kinds {
            if let Some(kind) = kinds
                .into_iter()
                .find(|kind| !self.required.contains_key(*kind))
            {
                let expected = "one of the kinds that `required` names";
                return Err(Invalid::new(InvalidKind::Malformed, what, kind, expected));
            }
        }
        if self
            .environments
            .values()
            .any(|environments| environments.is_empty())
        {
            return empty("list in `environments`", "at least one environment");
        }
        if self
            .coverage_percent
            .values()
            .any(|percent| percent.get() == 0)
        {
            let (what, expected) = ("coverage_percent", "1 to 100");
            return Err(Invalid::new(InvalidKind::OutOfRange, what, 0, expected));
        }
        let age = self.max_age_seconds;
        age.map_or(Ok(()), |age| length("max_age_seconds", age).map(|_| ()))
    }
}

impl EvidencePolicy {
    /// The policy that requires these kinds, one at least, with at least these pass ratios.
    #[must_use]
    pub fn new<const N: usize>(required: [(TestKind, Percent); N]) -> Self {
        const {
            assert!(N > 0, "a policy that requires nothing allows everything");
        }
        Self(Params {
            required: required.into(),
            environments: BTreeMap::new(),
            coverage_percent: BTreeMap::new(),
            max_age_seconds: None,
            open_defects: AtMost::default(),
            documents: Bounded::default(),
        })
    }

    /// The environments in which tests have to have run, each with its place among the parameters.
    pub(in crate::gate) fn environments(&self) -> impl Iterator<Item = (String, &Environment)> {
        let kinds = self.0.environments.iter();
        kinds.flat_map(|(kind, environments)| {
            let placed = move |environment| {
                (
                    format!("environments.{}", segment(kind.name())),
                    environment,
                )
            };
            environments.iter().map(placed)
        })
    }

    /// The same, where tests of this kind have to have run in each of these environments, with the ratio in each.
    ///
    /// # Errors
    ///
    /// - empty: there is no environment
    /// - malformed: the kind is not required
    /// - too large: more than 1,000 environments
    pub fn run_in(
        mut self,
        kind: TestKind,
        environments: impl IntoIterator<Item = Environment>,
    ) -> Result<Self, Invalid> {
        let environments = Bounded::new(environments.into_iter().collect())?;
        self.0.environments.insert(kind, environments);
        self.0.try_into()
    }

    /// The same, where a run of this kind has to have covered so much of the code.
    ///
    /// # Errors
    ///
    /// - malformed: the kind is not required
    /// - out of range: nothing has to be covered
    pub fn covering(mut self, kind: TestKind, least: Percent) -> Result<Self, Invalid> {
        self.0.coverage_percent.insert(kind, least);
        self.0.try_into()
    }

    /// The same, where older runs do not count.
    ///
    /// # Errors
    ///
    /// - out of range: not 1 second to 10 years
    pub fn no_older_than(mut self, age: Seconds) -> Result<Self, Invalid> {
        self.0.max_age_seconds = Some(age);
        self.0.try_into()
    }

    /// The same, where at most this many defects of this severity and worse are open.
    ///
    /// # Errors
    ///
    /// - out of range: more of a severity and worse than of a lesser one and worse
    pub fn with_open_defects(mut self, most: u32, severity: Severity) -> Result<Self, Invalid> {
        self.0.open_defects = self.0.open_defects.and(most, severity)?;
        Ok(self)
    }

    /// The same, where [`Evidence`](crate::release::Evidence) of this key has to be there; if it is about a package,
    /// about this one.
    ///
    /// # Errors
    ///
    /// - too large: more than 1,000 documents
    pub fn with_document(mut self, key: Key) -> Result<Self, Invalid> {
        let mut documents = self.0.documents.into_inner();
        documents.insert(key);
        self.0.documents = Bounded::new(documents)?;
        Ok(self)
    }

    /// The required kinds and their least pass ratios.
    #[must_use]
    pub fn required(&self) -> &BTreeMap<TestKind, Percent> {
        &self.0.required
    }

    /// What a run has to be to count: its kind, where it ran, how much has to pass, and how much it has to cover.
    #[cfg(feature = "verify")]
    pub(crate) fn runs(
        &self,
    ) -> impl Iterator<Item = (&TestKind, Option<&Environment>, Percent, Option<Percent>)> {
        self.0.required.iter().flat_map(|(kind, least)| {
            let named = self.0.environments.get(kind);
            let anywhere = named.is_none().then_some(None);
            let each = named.into_iter().flat_map(|named| named.iter());
            let coverage = self.0.coverage_percent.get(kind).copied();
            let places = anywhere.into_iter().chain(each.map(Some));
            places.map(move |place| (kind, place, *least, coverage))
        })
    }

    /// The documents that have to be there.
    #[cfg(feature = "verify")]
    pub(crate) fn named_documents(&self) -> impl Iterator<Item = &Key> {
        self.0.documents.iter()
    }

    fn defects<'a>(&'a self, state: &'a State) -> impl Iterator<Item = Reason> + 'a {
        let open = state
            .defects
            .values()
            .filter(|(_, resolved)| *resolved == Resolved::No);
        let open: Vec<_> = open
            .map(|(defect, _)| (defect.severity, &defect.id))
            .collect();
        let excess = self.0.open_defects.excess(&open).into_iter();
        excess.map(|(severity, most, found)| {
            let (ids, worse) = (listed(&found), and_worse(severity));
            let message =
                format!("open defects that are {worse}: {ids}, and at most {most} are allowed");
            Reason::new(
                "open-defects",
                message,
                "fix them, and record `DefectResolved`",
            )
            .read("open", found.len())
            .read("at_most", most)
        })
    }

    fn documents<'a>(
        &'a self,
        state: &'a State,
        report: &'a TestReport,
    ) -> impl Iterator<Item = Reason> + 'a {
        self.0.documents.iter().filter_map(|key| {
            let reason = match state
                .evidence
                .get(key)
                .map(|(evidence, _)| evidence.package)
            {
                None => {
                    let message = format!("document `{key}` is not there");
                    Reason::new("document-missing", message, "record it as `Evidence`")
                }
                Some(Some(about)) if about != report.package() => {
                    let package = report.package();
                    let message =
                        format!("document `{key}` is about package {about:.12}, not {package:.12}");
                    let remedy = "record one about this package";
                    Reason::new("document-about-another", message, remedy)
                }
                Some(_) => return None,
            };
            Some(reason.read("document", key.as_str()))
        })
    }
}

impl Policy for EvidencePolicy {
    type Reads = TestReport;
    const NAME: &'static str = "evidence";

    fn judge(&self, ask: &Ask<'_>, report: &TestReport) -> Verdict {
        let params = &self.0;
        let mut reasons = Vec::new();
        let mut until = None;
        for (kind, least) in params.required.iter() {
            let named = params.environments.get(kind);
            let anywhere = named.is_none().then_some(None);
            let each = named.into_iter().flat_map(|named| named.iter());
            for environment in anywhere.into_iter().chain(each.map(Some)) {
                let wanted = Wanted {
                    kind,
                    environment,
                    least: *least,
                    coverage: params.coverage_percent.get(kind).copied(),
                    age: params.max_age_seconds,
                };
                match wanted.judge(report, ask.now()) {
                    Ok(end) => until = earliest([until, end]),
                    Err(against) => reasons.extend(against),
                }
            }
        }
        reasons.extend(self.defects(ask.state()));
        reasons.extend(self.documents(ask.state(), report));
        if reasons.is_empty() {
            return Verdict::Satisfied { until };
        }
        Verdict::Violated { reasons }
    }
}
