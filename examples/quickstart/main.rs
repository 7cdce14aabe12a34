//! Nine real releases from request to closure: Kubernetes 1.19 to 1.27.
//!
//! `cargo run --example quickstart` keeps them in memory. With `--features sqlite` they are kept in a file, which
//! `PHASEGATE_DB` names: `-- --until 1.23` stops after that release, and the next run goes on there, as it does after
//! one that was killed. Start reading at [`take`], then `walk.rs`. `pollster` runs the futures; any executor will do.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "an example is there to print"
)]

pub(crate) mod adherence;
mod again;
mod agreed_day;
pub(crate) mod history;
pub(crate) mod show;
mod trail;
mod trouble;
pub(crate) mod walk;

use again::Again;
use history::Schedules;
use phasegate::gate::{EvidencePolicy, Percent};
use phasegate::phase::Invalid;
use phasegate::release::{Envelope, Tenant, TestKind, step::Deploy};
use phasegate::{Desk, Gate, GateSet, Store};
use std::{error::Error, process::ExitCode, sync::Arc};
use trouble::{Conflict, Refusal};
use walk::Walk;

pub(crate) type Outcome<T> = Result<T, Box<dyn Error>>;

/// Whose releases they are: stores and desks keep organisations apart.
pub(crate) const TENANT: &str = "kubernetes";
/// The release on whose way a writer loses and a gate refuses.
const TROUBLED: &str = "1.24";

#[expect(
    clippy::disallowed_methods,
    reason = "the command line is the host's, and the example is the host"
)]
fn main() -> ExitCode {
    match page(std::env::args().skip(1)) {
        Ok(page) => {
            print!("{page}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{}", told(&*error));
            ExitCode::FAILURE
        }
    }
}

fn page(words: impl Iterator<Item = String>) -> Outcome<String> {
    let mut schedules = history::kubernetes()?;
    if let Some(last) = until(words)? {
        schedules.stop_after(&last)?;
    }
    let taken = pollster::block_on(take(store()?, &schedules))?;
    show::page(&schedules, &taken)
}

/// An error and what is behind it, a line each.
pub(crate) fn told(error: &(dyn Error + 'static)) -> String {
    let mut told = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        told = format!("{told}\n  because: {error}");
        source = error.source();
    }
    told
}

/// Where the logs are kept: this line is all that differs.
#[cfg(not(feature = "sqlite"))]
#[expect(clippy::unnecessary_wraps, reason = "a file may refuse to be opened")]
fn store() -> Outcome<phasegate::MemoryStore> {
    Ok(phasegate::MemoryStore::new())
}

#[cfg(feature = "sqlite")]
fn store() -> Outcome<phasegate::SqliteStore> {
    Ok(phasegate::SqliteStore::open(file())?)
}

#[cfg(feature = "sqlite")]
#[expect(
    clippy::disallowed_methods,
    reason = "the settings are the host's, too"
)]
fn file() -> std::path::PathBuf {
    let named = std::env::var_os("PHASEGATE_DB").map(Into::into);
    named.unwrap_or_else(|| std::env::temp_dir().join("phasegate-quickstart.db"))
}

/// What `--until` asks for.
pub(crate) fn until(mut words: impl Iterator<Item = String>) -> Outcome<Option<String>> {
    match (words.next().as_deref(), words.next(), words.next()) {
        (None, _, _) => Ok(None),
        (Some("--until"), Some(last), None) => Ok(Some(last)),
        _ => Err("there is one option: `--until 1.23` stops after that release".into()),
    }
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

/// Takes every release through its seven phases; what the store has of it from an earlier run is found there.
pub(crate) async fn take(store: impl Store, schedules: &Schedules) -> Outcome<Taken> {
    let desk = Desk::new(Arc::new(Again::over(store)));
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
