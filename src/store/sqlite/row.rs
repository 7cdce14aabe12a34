//! What stands in a row, as the crate's own values; whatever they would not be is corrupt.

use super::error::Fault;
use crate::phase::{Instant, PhaseName, Standing};
use crate::release::{
    Actor, CommandId, Digest, Envelope, EventId, Key, Name, Notice, Payload, Person, Stream,
    StreamKind, Tenant, Version,
};
use crate::store::StoreError;
use rusqlite::{Row, ToSql, types::ToSqlOutput};
use uuid::Uuid;

/// Where the events of a log lie: its number, then the version, in one number.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place(i64);

/// One more than the most events of a log, as a power of two.
const VERSION_BITS: u32 = 20;
const _: () = assert!(crate::release::limits::STREAM_EVENTS < 1 << VERSION_BITS);

impl Place {
    /// The place of that version of the log of that number. A version beyond all is one before the next log.
    pub(super) fn of(number: i64, version: Version) -> Self {
        let last = (1 << VERSION_BITS) - 1;
        Self(number << VERSION_BITS | i64::try_from(version.get()).unwrap_or(last).min(last))
    }
}

impl ToSql for Place {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        self.0.to_sql()
    }
}

/// How many rows are asked for, as SQL has it.
pub(super) fn count(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}

/// A version as a column has it. The limits keep it far below where this would not fit.
pub(super) fn number(version: Version) -> i64 {
    i64::try_from(version.get()).unwrap_or(i64::MAX)
}

pub(super) fn version(number: i64) -> Version {
    Version::new(u64::try_from(number).unwrap_or_default())
}

pub(super) fn micros(at: Option<Instant>) -> Option<i64> {
    at.map(Instant::unix_micros)
}

/// The bytes of a command's id.
pub(super) fn id_bytes(command: CommandId) -> [u8; 16] {
    Uuid::from(command).into_bytes()
}

/// The columns of an event that its envelope has, in the order in which [`envelope`] reads them.
pub(super) const ENVELOPE: &str = "command, position, kind, schema, critical, occurred_at, recorded_at, actor_kind, \
     actor, payload_digest, prev, hash, data";

/// The columns of an event that its notice has, in the order in which [`notice`] reads them.
pub(super) const NOTICE: &str = "command, position, kind, occurred_at, recorded_at, actor_kind, actor, title, phase, \
     on_hold";

/// An event of that log at that version.
pub(super) fn envelope(
    row: &Row<'_>,
    stream: &Stream,
    version: Version,
) -> Result<Envelope, Fault> {
    let read = Reader {
        row,
        stream,
        version,
    };
    let data = read.text(12)?;
    let data = serde_json::value::RawValue::from_string(data.to_owned());
    Ok(Envelope {
        id: read.event_id(0, 1)?,
        stream: stream.clone(),
        version,
        kind: read.text(2)?.to_owned().into(),
        schema: row.get(3)?,
        critical: row.get(4)?,
        occurred_at: read.instant(5)?,
        recorded_at: read.instant(6)?,
        actor: read.actor(7, 8)?,
        payload_digest: read.digest(9)?,
        prev: read.digest(10)?,
        hash: read.digest(11)?,
        data: Payload::of(data.map_err(|_| read.corrupt("data"))?),
    })
}

/// The notice of the event of that log at that version.
pub(super) fn notice(row: &Row<'_>, stream: &Stream, version: Version) -> Result<Notice, Fault> {
    let read = Reader {
        row,
        stream,
        version,
    };
    let title: Option<String> = row.get(7)?;
    let title = title.map(Name::new).transpose();
    let phase: Option<String> = row.get(8)?;
    let standing = match phase {
        None => None,
        Some(phase) => Some(Standing {
            phase: phase_of(&phase).ok_or_else(|| read.corrupt("phase"))?,
            on_hold: row.get(9)?,
        }),
    };
    Ok(Notice {
        stream: stream.clone(),
        version,
        event: read.event_id(0, 1)?,
        kind: read.text(2)?.to_owned().into(),
        occurred_at: read.instant(3)?,
        recorded_at: read.instant(4)?,
        actor: read.actor(5, 6)?,
        title: title.map_err(|_| read.corrupt("title"))?,
        standing,
    })
}

fn phase_of(name: &str) -> Option<PhaseName> {
    let mut phases = PhaseName::ALL.iter().copied();
    phases.find(|phase| phase.name() == name)
}

/// The log that a row of `streams` names.
pub(super) fn stream(tenant: &Tenant, kind: &str, id: &str) -> Result<Stream, Fault> {
    let kinds = [StreamKind::Release, StreamKind::Model, StreamKind::Calendar];
    let found = kinds.into_iter().find(|known| known.name() == kind);
    let corrupt = || {
        StoreError::corrupt(format!(
            "a log is called `{kind}/{id}`; restore the file from a backup"
        ))
    };
    let (kind, id) = found.zip(Key::new(id).ok()).ok_or_else(corrupt)?;
    Ok(Stream::new(tenant.clone(), kind, id))
}

/// Reads the columns of an event.
struct Reader<'a> {
    row: &'a Row<'a>,
    stream: &'a Stream,
    version: Version,
}

impl Reader<'_> {
    fn corrupt(&self, column: &str) -> Fault {
        damaged(
            self.stream,
            self.version,
            &format!("its `{column}` is none"),
        )
        .into()
    }

    fn text(&self, column: usize) -> Result<&str, Fault> {
        let value = self.row.get_ref(column)?;
        let text = value.as_str();
        text.map_err(|_| self.corrupt(self.name(column)))
    }

    fn name(&self, column: usize) -> &str {
        self.row.as_ref().column_name(column).unwrap_or("column")
    }

    fn instant(&self, column: usize) -> Result<Instant, Fault> {
        let micros = self.row.get(column)?;
        Instant::from_unix_micros(micros).map_err(|_| self.corrupt(self.name(column)))
    }

    fn digest(&self, column: usize) -> Result<Digest, Fault> {
        let bytes: [u8; 32] = self.row.get(column)?;
        Ok(Digest::from_bytes(bytes))
    }

    fn event_id(&self, command: usize, index: usize) -> Result<EventId, Fault> {
        let bytes: [u8; 16] = self.row.get(command)?;
        Ok(EventId {
            command: Uuid::from_bytes(bytes).into(),
            index: self.row.get(index)?,
        })
    }

    fn actor(&self, kind: usize, name: usize) -> Result<Actor, Fault> {
        let name = self.text(name)?;
        let actor = match self.text(kind)? {
            "person" => Person::new(name).ok().map(Actor::Person),
            "system" => Key::new(name).ok().map(Actor::System),
            _ => None,
        };
        actor.ok_or_else(|| self.corrupt("actor"))
    }
}

/// What is told of an event that cannot be read.
pub(super) fn damaged(stream: &Stream, version: Version, what: &str) -> StoreError {
    StoreError::corrupt(format!(
        "event {version} of {} `{}` cannot be read: {what}; restore the file from a backup",
        stream.kind, stream.id
    ))
}
