//! A release from request to closed by `cqrs-es`, in memory and, by `sqlite-es`, in a file.
//!
//! The peers' program runs it: each line of the input is a store and a number of releases, and is answered with how many
//! seconds they took. The answers go to the error output, since the store in memory prints what it does.
#![expect(
    clippy::disallowed_methods,
    reason = "a benchmark reads the clock, and is told its folder"
)]

#[expect(
    dead_code,
    unused_imports,
    reason = "`cargo bench --bench core` uses the rest"
)]
#[path = "../../../core/by_hand/mod.rs"]
mod by_hand;
#[expect(dead_code, reason = "`cargo bench --bench core` uses the rest")]
#[path = "../../../core/script.rs"]
mod script;

use by_hand::{Event, Machine, Phase, Refusal};
use cqrs_es::event_sink::EventSink;
use cqrs_es::mem_store::MemStore;
use cqrs_es::persist::PersistedEventStore;
use cqrs_es::{Aggregate, AggregateContext, CqrsFramework, DomainEvent, EventStore};
use phasegate::Instant;
use phasegate::release::Actor;
use script::Asked;
use serde::{Deserialize, Serialize};
use sqlite_es::{SqliteEventRepository, default_sqlite_pool, sqlite_cqrs};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Pool, Sqlite};
use std::error::Error;
use std::path::Path;
use std::time::Duration;

/// The machine of the comparison by hand: the same data, the same checks.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Release {
    #[serde(skip, default = "Machine::new")]
    machine: Machine,
}

impl Default for Release {
    fn default() -> Self {
        let machine = Machine::new();
        Self { machine }
    }
}

struct Command {
    asked: Asked,
    actor: Actor,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Happened {
    event: Event,
    actor: Actor,
    at: Instant,
}

#[derive(Debug)]
struct Refused(Vec<Refusal>);

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

impl Error for Refused {}

impl DomainEvent for Happened {
    fn event_type(&self) -> String {
        self.event.kind().to_owned()
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}

impl Aggregate for Release {
    const TYPE: &'static str = "release";
    type Command = Command;
    type Event = Happened;
    type Error = Refused;
    type Services = ();

    async fn handle(
        &mut self,
        command: Command,
        (): &(),
        sink: &EventSink<Self>,
    ) -> Result<(), Refused> {
        let Command { asked, actor } = command;
        let on = self.machine.now(&actor, asked.at);
        let event = self.machine.decide(asked.act, on).map_err(Refused)?;
        let at = asked.at;
        sink.write(Happened { event, actor, at }, self).await;
        Ok(())
    }

    fn apply(&mut self, happened: Happened) {
        let Happened { event, actor, at } = happened;
        let on = self.machine.now(&actor, at);
        self.machine.apply(event, on);
        self.machine.version += 1;
    }
}

/// So many releases, one after the other, and how long they took.
async fn round<S: EventStore<Release>>(
    cqrs: &CqrsFramework<Release, S>,
    store: &S,
    releases: std::ops::Range<u32>,
) -> Result<Duration, Box<dyn Error>> {
    let (walk, (actor, _)) = (script::walk(0)?, script::who()?);
    let work: Vec<(String, Vec<Asked>)> = releases
        .map(|number| {
            (
                uuid::Uuid::from_u128(number.into()).to_string(),
                walk.clone(),
            )
        })
        .collect();
    let last = work.last().ok_or("a round has releases")?.0.clone();
    let begun = std::time::Instant::now();
    for (id, walk) in work {
        for asked in walk {
            let actor = actor.clone();
            cqrs.execute(&id, Command { asked, actor }).await?;
        }
    }
    let took = begun.elapsed();
    assert_eq!(store.load_events(&last).await?.len(), walk.len());
    let mut ended = store.load_aggregate(&last).await?;
    assert_eq!(ended.aggregate().machine.phase, Phase::Closed);
    Ok(took)
}

/// As the crate opens a file, or the same with `synchronous=FULL`.
async fn open(
    folder: &Path,
    synchronous: SqliteSynchronous,
) -> Result<Pool<Sqlite>, Box<dyn Error>> {
    let pool = if synchronous == SqliteSynchronous::Normal {
        let file = folder.join("peer-normal.db");
        default_sqlite_pool(&format!("sqlite://{}", file.display())).await
    } else {
        let options = SqliteConnectOptions::new()
            .filename(folder.join("peer-full.db"))
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(synchronous)
            .foreign_keys(true);
        let pool = SqlitePoolOptions::new().max_connections(10);
        pool.connect_with(options).await?
    };
    // As its first migration has it.
    let table = "CREATE TABLE events (
        aggregate_type TEXT NOT NULL, aggregate_id TEXT NOT NULL, sequence INTEGER NOT NULL CHECK (sequence >= 0),
        event_type TEXT NOT NULL, event_version TEXT NOT NULL, payload TEXT NOT NULL, metadata TEXT NOT NULL,
        PRIMARY KEY (aggregate_type, aggregate_id, sequence)
    ) STRICT";
    sqlx::query(table).execute(&pool).await?;
    Ok(pool)
}

async fn answer() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args_os().nth(1).ok_or("name a folder")?;
    let folder = Path::new(&folder);
    let normal = open(folder, SqliteSynchronous::Normal).await?;
    let full = open(folder, SqliteSynchronous::Full).await?;
    let mut next = 1;
    for line in std::io::stdin().lines() {
        let line = line?;
        let (store, count) = line.split_once(' ').ok_or("a store and a number")?;
        let releases = next..next + count.parse::<u32>()?;
        next = releases.end;
        let took = match store {
            "memory" => {
                let store = MemStore::default();
                let cqrs = CqrsFramework::new(store.clone(), Vec::new(), ());
                round(&cqrs, &store, releases).await?
            }
            "normal" | "full" => {
                let pool = if store == "full" { &full } else { &normal };
                let cqrs = sqlite_cqrs(pool.clone(), Vec::new(), ());
                let repository = SqliteEventRepository::new(pool.clone());
                let store = PersistedEventStore::new_event_store(repository);
                round(&cqrs, &store, releases).await?
            }
            unknown => return Err(format!("`{unknown}` is no store").into()),
        };
        eprintln!("took {}", took.as_secs_f64());
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(answer())
}
