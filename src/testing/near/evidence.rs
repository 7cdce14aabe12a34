//! What was tested, what is written about it, and what is wrong with it.

use super::super::Variation;
use super::super::variation::Part;
use super::{Near, SEVERITIES, around, key, lacking, one};
use crate::release::{
    DefectFound, DefectResolved, Digest, Environment, Evidence, Name, TestKind, TestReport, TestRun,
};
use serde_json::Value;
use std::collections::BTreeSet;

impl Near<'_> {
    /// Runs with as many failures as the shares ask for, fewer runs, other places; documents and defects.
    pub(super) fn tests(&self, params: &Value, numbers: &BTreeSet<i64>) -> Vec<Vec<Variation>> {
        let mut all = Vec::new();
        let words = |at: &str| -> BTreeSet<String> {
            let found = params.get(at);
            let keys = found.and_then(Value::as_object);
            let keys = keys.into_iter().flatten().map(|(key, _)| key.clone());
            let list = found.and_then(Value::as_array).into_iter().flatten();
            keys.chain(list.filter_map(|one| Some(one.as_str()?.to_owned())))
                .collect()
        };
        let places = params.get("environments").and_then(Value::as_object);
        let places = places
            .into_iter()
            .flatten()
            .filter_map(|(_, list)| list.as_array());
        let places = places.flatten().filter_map(Value::as_str);
        let places: BTreeSet<_> = places.chain(["elsewhere"]).collect();
        let places: Vec<_> = places.into_iter().flat_map(Environment::new).collect();
        let report = self.question.core.state.clone().test_report_mut().cloned();
        let runs: Vec<TestRun> = report.iter().flat_map(|one| one.runs().cloned()).collect();
        let shares: BTreeSet<_> = numbers.iter().flat_map(|&number| around(number)).collect();
        let shares: Vec<_> = shares
            .into_iter()
            .filter_map(|share| u8::try_from(share).ok().filter(|share| *share <= 100))
            .collect();
        all.extend(lacking(
            runs.iter().map(|run| Part::TestRun(run.id.clone())),
        ));
        for run in &runs {
            for &share in &shares {
                let mut changed = run.clone();
                (changed.passed, changed.failed) = (share.into(), u32::from(100 - share));
                all.push(vec![one(changed, self.by())]);
                let mut changed = run.clone();
                changed.coverage_percent = Some(share);
                all.push(vec![one(changed, self.by())]);
            }
            for place in &places {
                let mut changed = run.clone();
                changed.environment = place.clone();
                all.push(vec![one(changed, self.by())]);
            }
        }
        if let Some(report) = &report {
            let kinds = words("required").into_iter();
            for kind in kinds.flat_map(TestKind::named) {
                for place in &places {
                    let (id, package) = (key("one more"), report.package());
                    let run =
                        TestRun::new(id, kind.clone(), place.clone(), package, 100_u32, 0_u32);
                    all.push(vec![one(run, self.by())]);
                }
            }
        }
        all.extend(self.documents(report.as_ref(), &words("documents")));
        all.extend(self.defects(numbers));
        all
    }

    /// Each document missing, about the package, and about another one.
    fn documents(
        &self,
        report: Option<&TestReport>,
        named: &BTreeSet<String>,
    ) -> Vec<Vec<Variation>> {
        let there = self.question.core.state.evidence.keys().cloned();
        let mut all = lacking(there.map(Part::Evidence));
        let what = Name::new("A document").ok();
        for document in named {
            let other = Digest::of(b"another package");
            for package in [report.map(TestReport::package), Some(other)] {
                let digest = Digest::of(document.as_bytes());
                let written = what.clone().map(|what| {
                    let mut written = Evidence::new(key(document), what, digest);
                    written.package = package;
                    written
                });
                all.extend(self.recorded(written));
            }
        }
        all
    }

    fn defects(&self, numbers: &BTreeSet<i64>) -> Vec<Vec<Variation>> {
        let open = self.question.core.state.defects.keys().cloned();
        let mut all = self.recorded(open.map(DefectResolved::new));
        for severity in SEVERITIES {
            all.extend(self.counted(numbers, |place| {
                DefectFound::new(key(&format!("defect {place}")), severity)
            }));
        }
        all
    }
}
