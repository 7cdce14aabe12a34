//! A release from request to closed, beside `cqrs-es` in memory and on SQLite.
//!
//! The peer is a program of its own, which is run beside this one and works when asked: one program links one SQLite.
#![expect(
    clippy::disallowed_methods,
    reason = "a benchmark reads the clock, and has files and a program beside it"
)]

use crate::lifecycle::{Any, one};
use crate::script::{self, Act, Asked};
use phasegate::phase::PhaseName;
use phasegate::release::{By, Envelope, ReleaseId, Stream, Tenant, Version, replay};
use phasegate::store::{Durability, SqliteOptions};
use phasegate::{MemoryStore, Release, SqliteStore, Store};
use pollster::block_on;
use std::error::Error;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::Duration;

/// How often each way is timed.
const ROUNDS: u32 = 9;

pub(crate) fn compare() -> Result<(), Box<dyn Error>> {
    let folder = std::env::temp_dir().join(format!("phasegate-peers-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let compared = lines(&folder);
    std::fs::remove_dir_all(&folder)?;
    compared
}

fn lines(folder: &Path) -> Result<(), Box<dyn Error>> {
    let (full, normal) = (folder.join("full.db"), folder.join("normal.db"));
    let options = SqliteOptions::default().with_durability(Durability::Normal);
    let (full, normal) = (
        SqliteStore::open(full)?,
        SqliteStore::open_with(normal, &options)?,
    );
    let mut peer = Peer::start(folder)?;
    println!(
        "{:<16} {:>12} {:>12} {:>12} {:>8} {:>8}",
        "commits a second", "kept", "read anew", "cqrs-es", "ratio", "ratio"
    );
    line("memory", 1_000, &mut peer, MemoryStore::new)?;
    line("normal", 40, &mut peer, || &normal)?;
    line("full", 40, &mut peer, || &full)?;
    peer.end()
}

/// By turns: releases that the caller keeps from step to step, releases that are read for every step, and the peer.
fn line<S: Store>(
    what: &str,
    count: u32,
    peer: &mut Peer,
    store: impl Fn() -> S,
) -> Result<(), Box<dyn Error>> {
    let walk = script::walk(0)?;
    let (mut kept, mut anew, mut peers) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let first = 2 * round * count + 1;
        kept.push(timed(&walk, first..first + count, &store(), Held::Kept)?);
        let first = first + count;
        anew.push(timed(
            &walk,
            first..first + count,
            &store(),
            Held::ReadAnew,
        )?);
        peers.push(peer.round(what, count)?);
    }
    let commits = f64::from(count) * f64::from(u32::try_from(walk.len())?);
    let [kept, anew, peers] = [kept, anew, peers].map(|took| commits / median(took).as_secs_f64());
    let (ratio, anew_ratio) = (kept / peers, anew / peers);
    println!("{what:<16} {kept:>12.0} {anew:>12.0} {peers:>12.0} {ratio:>7.1}x {anew_ratio:>7.1}x");
    Ok(())
}

#[derive(Clone, Copy)]
enum Held {
    Kept,
    ReadAnew,
}

fn timed(
    walk: &[Asked],
    releases: std::ops::Range<u32>,
    store: &impl Store,
    held: Held,
) -> Result<Duration, Box<dyn Error>> {
    let (_, by) = script::who()?;
    let id = |number: u32| ReleaseId::from(uuid::Uuid::from_u128(number.into()));
    let last = Stream::release(Tenant::default(), id(releases.end - 1));
    let work: Vec<_> = releases.map(|number| (id(number), walk.to_vec())).collect();
    let begun = std::time::Instant::now();
    for (id, walk) in work {
        block_on(walked(store, id, walk, &by, held))?;
    }
    let took = begun.elapsed();
    let log = block_on(store.history(&last, Version::NONE, 1_000))?;
    assert_eq!(log.len(), walk.len());
    assert_eq!(replay(&log)?.standing().phase, PhaseName::Closed);
    Ok(took)
}

async fn walked(
    store: &impl Store,
    id: ReleaseId,
    walk: Vec<Asked>,
    by: &By,
    held: Held,
) -> Result<(), Box<dyn Error>> {
    let ignored: &mut dyn FnMut(&Envelope) = &mut |_| {};
    let mut ignored = ignored;
    let mut walk = walk.into_iter();
    let Some(Asked {
        act: Act::Request(step),
        at,
    }) = walk.next()
    else {
        return Err("a walk begins with a request".into());
    };
    let asked = Release::request(Tenant::default(), id, step.request);
    let mut release = one(asked, at, by, store, &mut ignored).await?.anywhere();
    for Asked { act, at } in walk {
        if let Held::ReadAnew = held {
            let log = store
                .history(release.stream(), Version::NONE, 1_000)
                .await?;
            release = replay(&log)?.anywhere();
        }
        release = match Any::from(act) {
            Any::Step(step) => one(release.propose(step), at, by, store, &mut ignored).await?,
            Any::Record(record) => one(release.record(record), at, by, store, &mut ignored).await?,
        };
    }
    Ok(())
}

/// The peer's program, which answers each line with the time that the work took.
struct Peer {
    program: Child,
    answers: BufReader<ChildStderr>,
}

impl Peer {
    fn start(folder: &Path) -> Result<Self, Box<dyn Error>> {
        let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/event_sourcing/Cargo.toml");
        let mut program = Command::new(env!("CARGO"))
            .args([
                "run",
                "--release",
                "--quiet",
                "--locked",
                "--manifest-path",
                manifest,
                "--",
            ])
            .arg(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()?;
        let answers = BufReader::new(program.stderr.take().ok_or("it answers")?);
        let mut peer = Self { program, answers };
        // It is built first, and the first round of a program is none to be timed.
        peer.round("memory", 1)?;
        Ok(peer)
    }

    fn round(&mut self, store: &str, releases: u32) -> Result<Duration, Box<dyn Error>> {
        let input = self.program.stdin.as_mut().ok_or("it is asked")?;
        writeln!(input, "{store} {releases}")?;
        let mut said = String::new();
        loop {
            let begin = said.len();
            if self.answers.read_line(&mut said)? == 0 {
                return Err(format!("the peer ended: {said}").into());
            }
            if let Some(seconds) = said[begin..].strip_prefix("took ") {
                return Ok(Duration::from_secs_f64(seconds.trim().parse()?));
            }
        }
    }

    fn end(mut self) -> Result<(), Box<dyn Error>> {
        drop(self.program.stdin.take());
        let status = self.program.wait()?;
        status
            .success()
            .then_some(())
            .ok_or_else(|| format!("the peer: {status}").into())
    }
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}
