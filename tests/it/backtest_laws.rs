//! Laws of backtests, on the walks of `laws`: askings of all sorts, facts of all sorts, every refusal recorded.

use crate::laws::{all_gates, logs};
use crate::samples::{ErrorBudget, release_id, request, tenant};
use phasegate::gate::{ApprovalRule, ApprovalsPolicy, Approver, Facts, Gate, GateSet, Quorum};
use phasegate::release::step::{Authorise, Deploy, Hold};
use phasegate::release::{
    AnyRecord, AnyStep, By, Decision, Envelope, Event, Key, Release, Role, Version, replay,
};
use phasegate::verify::{Backtest, BacktestReport};

fn backtest<'a>(log: impl IntoIterator<Item = &'a Envelope>, gates: &GateSet) -> BacktestReport {
    let mut backtest = Backtest::of(gates).examples(usize::MAX);
    log.into_iter().for_each(|entry| backtest.read(entry));
    backtest.finish()
}

/// The same gates but for what they ask of the same facts.
fn eased() -> GateSet {
    all_gates()
        .with(Gate::<Hold>::new("pause", 1).unwrap())
        .with(
            Gate::<Deploy>::new("production", 4)
                .unwrap()
                .require(ErrorBudget { at_least: 5 }),
        )
        .with(
            Gate::<Authorise>::new("intake", 2)
                .unwrap()
                .require(ErrorBudget { at_least: 30 }),
        )
}

/// Every decision in a log, with its version.
fn decisions(log: &[Envelope]) -> Vec<(Version, AnyStep, Decision)> {
    let decision = |entry: &Envelope| match entry.decode().unwrap().unwrap() {
        Event::Step(taken) => Some((entry.version, taken.step, taken.decision.as_ref().clone())),
        Event::Record(AnyRecord::StepRefused(refused)) => Some((
            entry.version,
            refused.step.clone(),
            refused.decision.clone(),
        )),
        Event::Record(_) | _ => None,
    };
    log.iter().filter_map(decision).collect()
}

#[test]
fn the_gates_that_decided_would_have_answered_the_same() {
    let gates = all_gates();
    let mut decided = 0;
    for log in logs(24, &gates) {
        let report = backtest(&log, &gates);
        assert!(report.is_unchanged(), "{report}");
        assert_eq!(report.all.decisions, decisions(&log).len() as u64);
        decided += report.all.decisions;
    }
    assert!(decided > 1_000, "{decided}");
}

/// Up to where a history would have gone another way, asking the release as it stood is all there is to it.
#[test]
fn the_first_flip_is_where_asking_by_hand_finds_it() {
    let proposed = eased();
    let (mut refused, mut allowed, mut same) = (0, 0, 0);
    for log in logs(24, &all_gates()) {
        let report = backtest(&log, &proposed);
        let flips = decisions(&log)
            .into_iter()
            .filter_map(|(version, step, decision)| {
                let before = &log[..usize::try_from(version.get()).unwrap() - 1];
                let release = match before {
                    [] => Release::request(tenant(), release_id(1), request())
                        .withdraw()
                        .anywhere(),
                    _ => replay(before).unwrap().anywhere(),
                };
                let by = By::new(decision.actor.clone())
                    .occurred_at(decision.occurred_at.unwrap_or(decision.at));
                let now = proposed.explain(&release, step, &Facts::of(&decision), &by);
                // What nobody had asked for is not known.
                let is_asked = decision.gates.len() >= now.gates.len();
                (is_asked && now.is_cleared() != decision.is_cleared())
                    .then(|| (version, now.is_cleared()))
            });
        let flipped = report.newly_refused.iter().map(|one| (one.version, false));
        let flipped = flipped.chain(report.newly_allowed.iter().map(|one| (one.version, true)));
        let first = flipped.min();
        assert_eq!(first, flips.min(), "{report}");
        match first {
            Some((_, true)) => allowed += 1,
            Some((_, false)) => refused += 1,
            None => same += 1,
        }
    }
    assert!(refused > 3 && allowed > 3, "{refused} {allowed} {same}");
}

#[test]
fn a_log_that_is_cut_tells_the_beginning_of_what_it_tells_as_a_whole() {
    let proposed = eased();
    for log in logs(8, &all_gates()) {
        let whole = backtest(&log, &proposed);
        for cut in [1, log.len() / 3, log.len() / 2, log.len() - 1] {
            let cut = backtest(&log[..cut.max(1)], &proposed);
            assert!(cut.faults.is_empty());
            for (cut, whole) in [
                (&cut.newly_refused, &whole.newly_refused),
                (&cut.newly_allowed, &whole.newly_allowed),
                (&cut.other_reasons, &whole.other_reasons),
                (&cut.undetermined, &whole.undetermined),
                (&cut.counterfactual, &whole.counterfactual),
            ] {
                // Clocks jump: examples are in the order of time.
                assert!(cut.iter().all(|one| whole.contains(one)));
            }
            let (cut, whole) = (cut.all, whole.all);
            assert!(cut.decisions <= whole.decisions);
            assert!(cut.newly_refused <= whole.newly_refused);
        }
    }
}

/// Every decision is counted once.
#[test]
fn nothing_is_lost_and_nothing_is_counted_twice() {
    let approvers = [Approver::Role(Role::ChangeAuthority)];
    let rule =
        ApprovalRule::new(Key::new("authority").unwrap(), Quorum::Count(1), approvers).unwrap();
    let proposed = eased().with(
        Gate::<Deploy>::new("go", 1)
            .unwrap()
            .require(ApprovalsPolicy::new([rule]).unwrap()),
    );
    for log in logs(8, &all_gates()) {
        let report = backtest(&log, &proposed);
        let decided = decisions(&log);
        assert_eq!(report.all.decisions, decided.len() as u64);
        assert_eq!(report.all.newly_refused, report.newly_refused.len() as u64);
        assert_eq!(report.all.newly_allowed, report.newly_allowed.len() as u64);
        assert_eq!(report.all.other_reasons, report.other_reasons.len() as u64);
        assert_eq!(report.all.undetermined, report.undetermined.len() as u64);
        // Some that rest on a flip would be answered the same.
        assert!(report.all.counterfactual >= report.counterfactual.len() as u64);
        let asked = |name: &str| {
            let is_of = |one: &&(Version, AnyStep, Decision)| {
                one.2.gates.iter().any(|gate| gate.name.as_str() == name)
            };
            decided.iter().filter(is_of).count() as u64
        };
        for name in ["intake", "production", "train"] {
            let counts = report.by_gate.get(&Key::new(name).unwrap());
            assert_eq!(
                counts.map_or(0, |counts| counts.decisions),
                asked(name),
                "{name}"
            );
        }
    }
}
