//! What the runs of one kind of test show, and until when.

use crate::gate::Percent;
use crate::phase::{Instant, Seconds};
use crate::release::{Environment, Reason, TestKind, TestReport, TestRun, earliest};

/// What the tests of one kind have to show, all together or in one environment.
pub(super) struct Wanted<'a> {
    pub(super) kind: &'a TestKind,
    pub(super) environment: Option<&'a Environment>,
    pub(super) least: Percent,
    pub(super) coverage: Option<Percent>,
    pub(super) age: Option<Seconds>,
}

/// What some runs show.
#[derive(Clone, Copy, Default)]
struct Shown {
    passed: u64,
    ran: u64,
    coverage: Option<u8>,
}

impl Shown {
    fn and(self, run: &TestRun) -> Self {
        let passed = u64::from(run.passed);
        let ran = passed + u64::from(run.failed);
        Self {
            passed: self.passed + passed,
            ran: self.ran + ran,
            coverage: self.coverage.max(run.coverage_percent.filter(|_| ran > 0)),
        }
    }

    fn passes(&self, least: Percent) -> bool {
        let share = u128::from(self.ran) * u128::from(least.get());
        self.ran > 0 && u128::from(self.passed) * 100 >= share
    }

    fn covers(&self, least: Percent) -> bool {
        self.coverage.is_some_and(|covered| covered >= least.get())
    }
}

impl Wanted<'_> {
    /// The runs that it is about, the oldest first.
    fn runs<'a>(&self, report: &'a TestReport) -> Vec<(Instant, &'a TestRun)> {
        let is_about = |run: &TestRun| {
            run.kind == *self.kind
                && self
                    .environment
                    .is_none_or(|place| run.environment == *place)
        };
        let runs = report.dated_runs().filter(|(run, _)| is_about(run));
        let mut runs: Vec<_> = runs.map(|(run, at)| (at, run)).collect();
        runs.sort_by_key(|(at, _)| *at);
        runs
    }

    /// What speaks against it now; without anything, until when that is so.
    pub(super) fn judge(
        &self,
        report: &TestReport,
        now: Instant,
    ) -> Result<Option<Instant>, Vec<Reason>> {
        let runs = self.runs(report);
        let is_old = |at: Instant| self.age.is_some_and(|age| at.plus(age) <= now);
        let fresh = runs.partition_point(|(at, _)| is_old(*at));
        let (old, fresh) = runs.split_at(fresh);
        let with = |shown: Shown, (_, run): &(Instant, &TestRun)| shown.and(run);
        let all = fresh.iter().fold(Shown::default(), with);
        if all.ran == 0 {
            let ran = |(_, run): &&(Instant, &TestRun)| run.passed > 0 || run.failed > 0;
            return Err(vec![self.missing(report, old.iter().rev().find(ran))]);
        }
        let turns = |holds: &dyn Fn(&Shown) -> bool| self.turns(fresh, holds);
        let passes = |shown: &Shown| shown.passes(self.least);
        let covers = |shown: &Shown| self.coverage.is_none_or(|least| shown.covers(least));
        let mut reasons = Vec::new();
        if !passes(&all) {
            let reason = self.too_few_passed(all);
            reasons.push(match turns(&passes) {
                Some(at) => reason.clears_at(at),
                None => reason,
            });
        }
        if let Some(least) = self.coverage.filter(|least| !all.covers(*least)) {
            reasons.push(self.too_little_covered(all, least));
        }
        if reasons.is_empty() {
            return Ok(earliest([turns(&passes), turns(&covers)]));
        }
        Err(reasons)
    }

    /// When the answer turns, as one run after the other gets too old.
    fn turns(
        &self,
        fresh: &[(Instant, &TestRun)],
        holds: &dyn Fn(&Shown) -> bool,
    ) -> Option<Instant> {
        let age = self.age?;
        // What is shown when only the last ones are left, from none of them to all.
        let mut shown = vec![Shown::default()];
        for (_, run) in fresh.iter().rev() {
            let more = shown.last().copied().unwrap_or_default();
            shown.push(more.and(run));
        }
        let now = holds(shown.last()?);
        let left = shown.iter().rev().skip(1);
        let mut ends = fresh.iter().zip(left).enumerate();
        let turned = ends.find(|(place, ((at, _), left))| {
            // Runs of one instant get too old together.
            let is_last = fresh.get(place + 1).is_none_or(|(next, _)| next > at);
            is_last && holds(left) != now
        });
        turned.map(|(_, ((at, _), _))| at.plus(age))
    }

    fn missing(&self, report: &TestReport, last: Option<&(Instant, &TestRun)>) -> Reason {
        let (kind, package, place) = (self.kind, report.package(), self.place());
        let remedy = format!("record a `TestRun` of kind {kind}");
        let reason = if let Some(((at, _), age)) = last.zip(self.age) {
            let message = format!(
                "{kind} tests ran on package {package:.12}{place} at {at}, {age} ago or longer"
            );
            Reason::new("too-old", message, remedy).read("ran_at", *at)
        } else {
            let message = format!("no {kind} test ran on package {package:.12}{place}");
            Reason::new("kind-missing", message, remedy)
        };
        self.about(reason)
    }

    fn too_few_passed(&self, Shown { passed, ran, .. }: Shown) -> Reason {
        let (kind, least, place) = (self.kind, self.least, self.place());
        let message = format!(
            "{passed} of {ran} {kind} tests passed{place}, and at least {least} are required"
        );
        let remedy = "fix what failed, and test the new package";
        let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        let reason = Reason::new("pass-ratio", message, remedy);
        self.about(
            reason
                .read("passed", number(passed))
                .read("ran", number(ran)),
        )
    }

    fn too_little_covered(&self, shown: Shown, least: Percent) -> Reason {
        let (kind, place) = (self.kind, self.place());
        let reason = if let Some(covered) = shown.coverage {
            let message = format!(
                "{kind} tests cover {covered} % of the code{place}, and at least {least} are required"
            );
            let reason = Reason::new("coverage-low", message, "test more of it");
            reason.read("coverage_percent", u32::from(covered))
        } else {
            let message = format!(
                "no run of {kind} tests{place} says what it covered, and at least {least} are required"
            );
            let remedy = "record the run with its `coverage_percent`";
            Reason::new("coverage-missing", message, remedy)
        };
        self.about(reason)
    }

    fn place(&self) -> String {
        let place = self
            .environment
            .map(|environment| format!(" in `{environment}`"));
        place.unwrap_or_default()
    }

    fn about(&self, reason: Reason) -> Reason {
        let reason = reason.read("kind", self.kind.name());
        match self.environment {
            Some(environment) => reason.read("environment", environment.as_str()),
            None => reason,
        }
    }
}
