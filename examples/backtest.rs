//! Which of nine Kubernetes releases would two rules have stopped that nobody had? And what if a stricter one is eased?
//!
//! `cargo run --example backtest --features verify`. The releases go the way of `examples/quickstart`.
#![expect(clippy::print_stdout, reason = "an example is there to print")]

#[expect(dead_code, reason = "the quickstart shows more of its releases")]
#[path = "quickstart/main.rs"]
mod quickstart;

use phasegate::desk::RunError;
use phasegate::gate::{Ask, FreezePolicy, GateSet, RuleOn};
use phasegate::phase::{Invalid, Seconds};
use phasegate::release::{Effect, Key, Reason, RunningWork, Tenant, Verdict, step::Deploy};
use phasegate::schedule::{Calendar, Timing, WhileClosed, Window};
use phasegate::verify::{Backtest, BacktestReport};
use phasegate::{Desk, Gate, Instant, Interval, MemoryStore, Policy};
use quickstart::history::{self, DEPLOYMENT, Schedules};
use quickstart::walk::{Walk, day_of};
use quickstart::{Outcome, TENANT, gates};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, sync::Arc};

fn main() -> Outcome<()> {
    let schedules = schedules()?;
    let today = releases(&schedules, None)?;
    println!("At least 21 days between code freeze and release\n");
    println!("{}", asked(&today, &at_least(21)?)?);
    println!("No release in December\n");
    println!("{}", december(&today)?);
    println!("At least 21 days, where 28 were asked for before\n");
    let strict = releases(&schedules, Some(&at_least(28)?))?;
    print!("{}", asked(&strict, &at_least(21)?)?);
    Ok(())
}

/// A milestone was reached so many days ago.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DaysAfter {
    milestone: Key,
    at_least_days: u32,
}

impl Policy for DaysAfter {
    type Reads = ();
    const NAME: &'static str = "days-after";

    fn judge(&self, ask: &Ask<'_>, (): ()) -> Verdict {
        let Self {
            milestone,
            at_least_days: days,
        } = self;
        let Some(reached) = ask.reached(milestone) else {
            let message = format!("milestone `{milestone}` is not reached");
            let remedy = "record `MilestoneReached`";
            return Verdict::of(vec![Reason::new("not-reached", message, remedy)]);
        };
        let soonest = reached.plus(Seconds::days(*days));
        if soonest <= ask.now() {
            return Verdict::SATISFIED;
        }
        let message = format!("`{milestone}` was at {reached}, less than {days} days ago");
        Verdict::of(vec![
            Reason::new("too-soon", message, "wait")
                .clears_at(soonest)
                .read("reached", reached),
        ])
    }
}

/// The gates of the releases, and one rule more.
fn and(rule: impl RuleOn<Deploy>) -> Result<GateSet, Invalid> {
    Ok(gates()?.with(Gate::<Deploy>::new("pace", 1)?.require(rule)))
}

pub(crate) fn at_least(days: u32) -> Result<GateSet, Invalid> {
    and(DaysAfter {
        milestone: Key::new("code_freeze")?,
        at_least_days: days,
    })
}

/// Schedules that say when code freeze began: as planned, for want of a record.
pub(crate) fn schedules() -> Outcome<Schedules> {
    let mut schedules = history::kubernetes()?;
    let CodeFreezes { code_freeze } =
        serde_json::from_str(include_str!("data/kubernetes_code_freezes.json"))?;
    for release in &mut schedules.releases {
        let known = release.milestones.get_mut("code_freeze");
        known.ok_or("there is a code freeze")?.actual = code_freeze.get(&release.name).copied();
    }
    Ok(schedules)
}

#[derive(Deserialize)]
struct CodeFreezes {
    code_freeze: BTreeMap<String, Instant>,
}

type Store = Arc<MemoryStore>;

/// The releases from request to closure. With stricter gates, those are asked first; what they refuse is recorded, and
/// goes live by the others.
pub(crate) fn releases(schedules: &Schedules, stricter: Option<&GateSet>) -> Outcome<Desk<Store>> {
    let desk = Desk::new(Store::default()).tenant(Tenant::new(TENANT)?);
    let desk = desk.with_gates(gates()?);
    pollster::block_on(async {
        for history in &schedules.releases {
            let mut walk = Walk::new(&desk, history)?;
            let release = walk.begin().await?;
            let mut release = walk.test(release).await?;
            if let Some(stricter) = stricter {
                let live = history.live()?;
                let strict = walk.at(live.minus(DEPLOYMENT)).with_gates(stricter.clone());
                let (window, deployer) = (day_of(live)?, &walk.people.deployer);
                let answer = strict.explain(&release, Deploy::new(window), deployer);
                if !answer.await.is_cleared() {
                    let refused = strict.run(release.deploy(window), deployer).await;
                    let refused = refused.err().and_then(RunError::refused);
                    release = refused.ok_or("it is explained and not refused")?.release;
                }
            }
            let release = walk.go_live(release).await?;
            let _closed = walk.finish(release).await?;
        }
        Ok(desk)
    })
}

/// What these gates would have answered.
pub(crate) fn asked(desk: &Desk<Store>, proposed: &GateSet) -> Outcome<BacktestReport> {
    let backtest = Backtest::of(proposed).examples(9);
    Ok(pollster::block_on(desk.backtest(backtest))?)
}

/// What they would have answered, had there been a freeze every December.
pub(crate) fn december(desk: &Desk<Store>) -> Outcome<BacktestReport> {
    let name = Key::new("production")?;
    let proposed = and(FreezePolicy::new(name.clone()))?;
    let closed = WhileClosed::new(
        Effect::Blocked,
        RunningWork::RunOn,
        Effect::Allowed,
        Effect::Allowed,
    );
    let mut calendar = Calendar::new(name);
    for year in 2020..=2022 {
        let (start, end) = (format!("{year}-12-01"), format!("{}-01-01", year + 1));
        let december = Interval::parse(&format!("{start}T00:00:00Z"), &format!("{end}T00:00:00Z"))?;
        let id = Key::new(format!("december-{year}"))?;
        calendar = calendar.with(Window::freeze(id, Timing::between(december), closed))?;
    }
    let backtest = Backtest::of(&proposed).assuming(calendar).examples(9);
    Ok(pollster::block_on(desk.backtest(backtest))?)
}
