//! Nine real releases from request to closure: Kubernetes 1.19 to 1.27, on a store in memory.
//!
//! `cargo run --example quickstart`. Start reading at [`take`], then `walk.rs`. `pollster` runs the futures; any
//! executor will do.
#![expect(clippy::print_stdout, reason = "an example is there to print")]

pub(crate) mod adherence;
mod agreed_day;
pub(crate) mod history;
pub(crate) mod show;
mod trail;
mod trouble;
pub(crate) mod walk;

use history::Schedules;
use phasegate::gate::{EvidencePolicy, Percent};
use phasegate::phase::Invalid;
use phasegate::release::{Envelope, Tenant, TestKind, step::Deploy};
use phasegate::{Desk, Gate, GateSet, MemoryStore, Store};
use std::{error::Error, sync::Arc};
use trouble::{Conflict, Refusal};
use walk::Walk;

pub(crate) type Outcome<T> = Result<T, Box<dyn Error>>;

/// Whose releases they are: stores and desks keep organisations apart.
pub(crate) const TENANT: &str = "kubernetes";
/// The release on whose way a writer loses and a gate refuses.
const TROUBLED: &str = "1.24";

fn main() -> Outcome<()> {
    let schedules = history::kubernetes()?;
    let desk = Desk::new(Arc::new(MemoryStore::new()));
    let taken = pollster::block_on(take(desk, &schedules))?;
    print!("{}", show::page(&schedules, &taken)?);
    Ok(())
}

/// What came of it: one log a release, and what went wrong on the way.
#[derive(Debug)]
pub(crate) struct Taken {
    pub(crate) logs: Vec<(String, Vec<Envelope>)>,
    pub(crate) troubles: Option<(Conflict, Refusal)>,
}

/// What has to hold before a release goes live.
pub(crate) fn gates() -> Result<GateSet, Invalid> {
    let tested = EvidencePolicy::new([
        (TestKind::Functional, Percent::new(99)?),
        (TestKind::Integration, Percent::new(95)?),
    ]);
    let production = Gate::<Deploy>::new("production", 1)?
        .require(tested)
        .require(agreed_day::AgreedDay {});
    Ok(GateSet::new().with(production))
}

/// Takes every release through its seven phases.
pub(crate) async fn take<S: Store + Clone>(desk: Desk<S>, schedules: &Schedules) -> Outcome<Taken> {
    let desk = desk.tenant(Tenant::new(TENANT)?).with_gates(gates()?);
    let (mut logs, mut troubles) = (Vec::new(), None);
    for history in &schedules.releases {
        let mut walk = Walk::new(&desk, history)?;
        let release = walk.begin().await?;
        let release = if history.name == TROUBLED {
            let (release, conflict) = trouble::stale_writer(&mut walk, release).await?;
            let (release, refusal) = trouble::refused_deploy(&mut walk, release).await?;
            troubles = Some((conflict, refusal));
            release
        } else {
            walk.test(release).await?
        };
        let release = walk.go_live(release).await?;
        let release = walk.finish(release).await?;
        logs.push((history.name.clone(), desk.history(release.id()).await?));
    }
    Ok(Taken { logs, troubles })
}
