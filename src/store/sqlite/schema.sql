-- Version 1. Instants are microseconds since 1970-01-01T00:00:00Z; digests are their 32 bytes, ids their 16.

-- One row a log. Its number stands for (tenant, kind, id) within this file and never leaves it.
CREATE TABLE streams (
    tenant  TEXT NOT NULL,
    kind    TEXT NOT NULL,
    id      TEXT NOT NULL,
    number  INTEGER NOT NULL UNIQUE,
    version INTEGER NOT NULL,
    PRIMARY KEY (tenant, kind, id)
) STRICT, WITHOUT ROWID;

-- The events, each with what its notice says beyond it: `title`, `phase` and `on_hold` as of the commit.
-- A log has at most 1,000,000 events, fewer than 2^20: number * 2^20 + version is one key of one B-tree, in which
-- the events of a log lie side by side.
CREATE TABLE events (
    place          INTEGER PRIMARY KEY,
    stream         INTEGER NOT NULL AS (place >> 20),
    version        INTEGER NOT NULL AS (place & 1048575),
    command        BLOB NOT NULL,
    position       INTEGER NOT NULL,
    kind           TEXT NOT NULL,
    schema         INTEGER NOT NULL,
    critical       INTEGER NOT NULL,
    occurred_at    INTEGER NOT NULL,
    recorded_at    INTEGER NOT NULL,
    actor_kind     TEXT NOT NULL,
    actor          TEXT NOT NULL,
    title          TEXT,
    phase          TEXT,
    on_hold        INTEGER,
    payload_digest BLOB NOT NULL,
    prev           BLOB NOT NULL,
    hash           BLOB NOT NULL,
    data           TEXT NOT NULL
) STRICT;

-- What has been asked of a log, and what it led to: the versions from `first` to `last`.
CREATE TABLE commands (
    stream  INTEGER NOT NULL,
    command BLOB NOT NULL,
    intent  BLOB NOT NULL,
    first   INTEGER NOT NULL,
    last    INTEGER NOT NULL,
    PRIMARY KEY (stream, command)
) STRICT, WITHOUT ROWID;

-- The row by which a release is listed. The version is not in it, so that most commits leave it alone.
CREATE TABLE releases (
    stream        INTEGER PRIMARY KEY,
    tenant        TEXT NOT NULL,
    id            TEXT NOT NULL,
    phase         TEXT NOT NULL,
    created_at    INTEGER NOT NULL,
    planned_start INTEGER,
    next_due      INTEGER,
    summary       TEXT NOT NULL
) STRICT;
CREATE INDEX releases_by_created_at ON releases (tenant, phase, created_at, id, summary);
CREATE INDEX releases_by_planned_start ON releases (tenant, phase, planned_start, id, summary)
    WHERE planned_start IS NOT NULL;
CREATE INDEX releases_by_next_due ON releases (tenant, phase, next_due, id, summary)
    WHERE next_due IS NOT NULL;

-- One row a commit, in the order of the commits: this log has something new.
CREATE TABLE outbox (
    tenant   TEXT NOT NULL,
    position INTEGER NOT NULL,
    stream   INTEGER NOT NULL,
    PRIMARY KEY (tenant, position)
) STRICT, WITHOUT ROWID;

-- How far a sink has taken up the outbox into its claims.
CREATE TABLE sinks (
    tenant   TEXT NOT NULL,
    sink     TEXT NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (tenant, sink)
) STRICT, WITHOUT ROWID;

-- What a sink has done with a log: settled up to a version, and the attempt at the next one. The next one can be
-- claimed from `not_before` on; without that there is none.
CREATE TABLE claims (
    tenant     TEXT NOT NULL,
    sink       TEXT NOT NULL,
    stream     INTEGER NOT NULL,
    settled    INTEGER NOT NULL,
    attempt    INTEGER NOT NULL,
    not_before INTEGER,
    PRIMARY KEY (tenant, sink, stream)
) STRICT, WITHOUT ROWID;
CREATE INDEX claims_waiting ON claims (tenant, sink, not_before, stream) WHERE not_before IS NOT NULL;
