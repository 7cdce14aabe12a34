//! Every limit of the crate in one place: lengths in characters, counts in entries, sizes in bytes.

use crate::phase::Seconds;

/// Longest name or title, in characters.
pub const NAME_CHARS: usize = 200;
/// Longest key, person, service, environment or tenant, in characters.
pub const KEY_CHARS: usize = 200;
/// Longest free text, in characters.
pub const TEXT_CHARS: usize = 20_000;
/// Most entries of one collection inside one value: milestones of a plan, units of a package ...
pub const ENTRIES: usize = 1_000;
/// How deep the rules of a file may be nested: a policy alone is one deep, one in `all` is two deep.
pub const RULE_DEPTH: usize = 16;
/// Most mistakes that are told of one file.
pub const MISTAKES: usize = 1_000;
/// Largest payload of one event, in bytes of JSON.
pub const PAYLOAD_BYTES: usize = 1 << 20;
/// Most events in one batch.
pub const BATCH_EVENTS: usize = 100;
/// Most read guards in one batch.
pub const BATCH_GUARDS: usize = 100;
/// Most parts of one release. Together with its dependencies and its parent they leave room among the read guards.
pub const CHILDREN: usize = 50;
/// Most releases that one release waits for.
pub const DEPENDENCIES: usize = 30;
/// Most releases that are read to see that a new child or dependency closes no cycle.
pub const SURVEYED_RELEASES: usize = 1_000;
/// Most releases that are read to see what they have booked.
pub const BOOKED_RELEASES: usize = 1_000;
/// Most events of one stream.
pub const STREAM_EVENTS: u64 = 1_000_000;
/// Most rows that one read of a store returns.
pub const PAGE_ROWS: usize = 1_000;
/// How far `occurred_at` may lie after `recorded_at`: clocks differ that much.
pub const CLOCK_SKEW: Seconds = Seconds::minutes(5);
/// How long a host's fact holds when it does not say so itself.
pub const FACT_HOLDS: Seconds = Seconds::minutes(5);
/// Most windows of one calendar.
pub const CALENDAR_WINDOWS: usize = 10_000;
/// Most exceptions of one calendar that are neither over nor denied.
pub const CALENDAR_EXCEPTIONS: usize = 1_000;
/// Most windows that a decision tells of one answer of a calendar.
pub const DECIDING_WINDOWS: usize = 100;
/// How far ahead a schedule is looked through: ten years.
pub const SCHEDULE_HORIZON: Seconds = Seconds::days(3_653);
/// Largest iCalendar file, in bytes.
pub const ICS_BYTES: usize = 16 << 20;
/// Most parts of one iCalendar file: the calendar, its events, their alarms, and whatever else it begins.
pub const ICS_PARTS: usize = 100_000;
/// Most single dates of one iCalendar event, those that are added and those that are left out together.
pub const ICS_DATES: usize = 10_000;
/// How deep the parts of an iCalendar file may be nested: an alarm of an event is three deep.
pub const ICS_DEPTH: usize = 8;
