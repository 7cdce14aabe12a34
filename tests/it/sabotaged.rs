//! The suite of stores is tested itself: stores with one defect each, seen in the wild or easily made, and the check
//! that finds it. The table stands in `docs/stores.md`.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::too_many_lines,
    clippy::wildcard_enum_match_arm,
    reason = "each flaw is one arm of some match, a defect in a race is given its time, and the table is shown"
)]

use phasegate::phase::{Interval, PhaseName, Seconds};
use phasegate::release::limits::{BATCH_EVENTS, BATCH_GUARDS, PAYLOAD_BYTES};
use phasegate::release::{
    Actor, Batch, CommandId, Delivery, Ending, Envelope, Key, Notice, Person, Stream, StreamKind,
    Summary, Tenant, Track, Version,
};
use phasegate::store::{
    Committed, Cursor, Filter, Order, Outcome, Page, Query, Row, Settlement, StoreError,
};
use phasegate::testing::conformance::{CHECKS, Check, Harness, Shown, run};
use phasegate::{Instant, Store};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

macro_rules! flaws {
    ($($flaw:ident $says:literal $check:ident;)*) => {
        /// What is wrong with a store.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
        enum Flaw {
            #[default]
            Sound,
            $(#[doc = $says] $flaw,)*
        }

        /// Every flaw, what it is, and the check that has to find it.
        const FLAWS: &[(Flaw, &str, &str)] = &[$((Flaw::$flaw, $says, stringify!($check)),)*];
    };
}

flaws! {
    // Contract 1.
    SummaryForgotten "the summary row is written when a release begins, and never again" a_commit_writes_everything_together;
    CriticalForgotten "whether an event is critical is not kept" a_whole_release_is_kept;
    NoticeOfTheLast "a commit of many events has one notice" a_batch_of_many_events_is_one_commit;
    RowWithoutModel "the summary row has no column for the model" a_commit_writes_everything_together;
    SummaryLater "the summary row is written in a second transaction" closing_is_one_commit;
    CreatedInMilliseconds "the summary row has its instants to the millisecond" a_commit_writes_everything_together;
    NoticeInMilliseconds "the instants of a notice are kept to the millisecond" a_commit_writes_everything_together;
    NoticesOfTheFirst "the notices of a batch have the id of its first event" a_batch_of_many_events_is_one_commit;
    NoticeWithoutHold "a notice does not say that its release is on hold" a_commit_writes_everything_together;
    RowWithoutHold "the summary row does not say that its release is on hold" a_commit_writes_everything_together;
    NoticeOfPersons "a notice has a system as a person" a_commit_writes_everything_together;
    StandardIsNormal "the summary row has the standard track as the normal one" a_commit_writes_everything_together;
    EndingsMerged "the summary row says of every ending but completion that it was given up" a_commit_writes_everything_together;
    // Contract 2.
    NoVersionCheck "the expected version is not looked at" a_conflict_names_the_actual_version;
    ConflictOffByOne "a conflict names the version after the last one" a_conflict_names_the_actual_version;
    VersionsAsText "versions are ordered as text, so that 9 comes after 10" a_conflict_names_the_actual_version;
    GapsAllowed "a batch ahead of its log is written, and leaves a gap" a_batch_ahead_of_its_log_is_a_conflict;
    VersionOutsideLock "the version is looked at before the lock is taken" no_update_is_lost;
    VersionInAByte "versions are compared in one byte" a_batch_ahead_of_its_log_is_a_conflict;
    LoserIsToldUnavailable "the loser of a race is told that the store is unavailable" of_many_writers_at_one_version_one_wins;
    LoserGetsInternalError "the loser of a race gets the error of the driver" of_many_writers_at_one_version_one_wins;
    // Contract 3.
    NoGuards "guards are not looked at" a_moved_guard_writes_nothing;
    FirstGuardOnly "only the first guard is looked at" a_moved_guard_writes_nothing;
    GuardAtLeast "a guard holds when its log is further" a_moved_guard_writes_nothing;
    GuardInAByte "versions of guards are compared in one byte" a_moved_guard_writes_nothing;
    GuardWithoutKind "guards are looked up without their kind" a_guard_on_a_log_that_is_not_there_holds_until_it_is;
    GuardOfOwnTenant "guards are looked up in the tenant of the batch" a_guard_on_a_log_that_is_not_there_holds_until_it_is;
    AbsentGuardHolds "a guard on a log that is not there always holds" a_guard_on_a_log_that_is_not_there_holds_until_it_is;
    GuardOfOthersHolds "a guard on a log of another tenant always holds" a_moved_guard_writes_nothing;
    GuardOnModelHolds "a guard on a model always holds" a_moved_guard_writes_nothing;
    GuardOnCalendarHolds "a guard on a calendar always holds" a_moved_guard_writes_nothing;
    GuardOnClosedHolds "a guard on a release that is closed always holds" a_moved_guard_writes_nothing;
    SixtyFourGuards "only the first 64 guards are looked at" a_moved_guard_writes_nothing;
    GuardsOutsideLock "guards are looked at before the lock is taken" of_two_writers_that_guard_each_other_one_wins;
    // Contract 4.
    LastCommandOnly "only the last command of a log is kept" a_command_is_answered_once_and_for_ever;
    HundredCommands "only the last hundred commands of a log are kept" a_command_is_answered_once_and_for_ever;
    IntentIgnored "a command is answered whatever it asks for" a_command_with_another_intent_is_refused;
    CommandAfterVersion "the version is looked at before the command" a_command_is_known_before_versions_and_guards_are_looked_at;
    CommandOfAnyLog "commands are kept without their log" a_command_belongs_to_one_log;
    CommandWithoutKind "commands are kept without the kind of their log" a_command_belongs_to_one_log;
    CommandInHandle "commands are kept in the handle, not in the store" a_lost_answer_is_found_by_asking_again;
    CommandOutsideLock "the command is looked at before the lock is taken" the_same_command_at_once_is_done_once;
    RetryWritesRow "a retry puts the summary row of its batch back" a_command_is_known_before_versions_and_guards_are_looked_at;
    RetryFreesLease "a retry frees the lease on its log" a_command_is_known_before_versions_and_guards_are_looked_at;
    RetryRewindsAttempt "a retry counts the attempts at its log anew" a_command_is_known_before_versions_and_guards_are_looked_at;
    RetryTellsAgain "a retry tells the notices of its log from the first one on" a_command_is_known_before_versions_and_guards_are_looked_at;
    ReusedWritesRow "a command that is refused writes the summary row of its batch" a_command_with_another_intent_is_refused;
    ReusedFreesLease "a command that is refused frees the lease on its log" a_command_with_another_intent_is_refused;
    ReusedRewindsAttempt "a command that is refused counts the attempts at its log anew" a_command_with_another_intent_is_refused;
    // Contract 5.
    SummaryBeforeChecks "the summary row is written before the version is looked at" a_refused_batch_changes_nothing;
    NoticeBeforeChecks "notices are queued before the guards are looked at" a_refused_batch_changes_nothing;
    CommandBeforeChecks "the command is kept before anything is looked at" a_refused_batch_can_be_written_later;
    // Contract 6.
    PageOfBytes "a page of a log ends after 64 KiB" a_long_log_is_read_whole;
    PageOfMebibytes "a page of a log ends after 16 MiB" a_long_log_is_read_whole;
    AfterIsIncluded "a page begins with the version that it should begin after" a_page_of_a_log_begins_after_a_version;
    JsonRewritten "payloads are kept as a tree of JSON" a_payload_comes_back_byte_for_byte;
    OccurredIsRecorded "when something happened is kept as when it was recorded" an_envelope_comes_back_field_for_field;
    Milliseconds "instants are kept to the millisecond" an_envelope_comes_back_field_for_field;
    RecordedInMilliseconds "when something was recorded is kept to the millisecond" an_envelope_comes_back_field_for_field;
    ShortRead "a read ends where an entry is missing" a_missing_entry_is_an_error;
    SkippedEntry "a read skips an entry that is missing" a_missing_entry_is_an_error;
    FirstSkipped "a log whose first entry is missing begins with the second one" a_missing_entry_is_an_error;
    ReadingBegins "reading a log that is not there begins it" reading_writes_nothing;
    ReadingClaims "asking for an outcome marks the command as done" reading_writes_nothing;
    OrderedByTime "entries are read in the order of their instants" the_clock_decides_nothing;
    // Contract 7.
    CachedReads "a handle keeps what it has read" a_second_handle_reads_what_was_acknowledged;
    AbsenceCached "a handle remembers that a command has done nothing" a_second_handle_reads_what_was_acknowledged;
    AcknowledgedEarly "a commit is acknowledged before it is on the disk" what_was_acknowledged_is_there_after_reopening;
    BusyRefuses "a call is refused while another one runs" many_calls_at_once_all_come_to_an_end;
    CommandsForgotten "commands are kept in memory only" a_command_is_known_after_reopening;
    ClosedCommandsForgotten "commands of releases that are closed are kept in memory only" a_command_is_known_after_reopening;
    OtherCommandsForgotten "commands of calendars and models are kept in memory only" a_command_is_known_after_reopening;
    ModelForgotten "the model in a summary row is kept in memory only" what_was_acknowledged_is_there_after_reopening;
    CreatedForgotten "a row that is opened again begins with its last event" what_was_acknowledged_is_there_after_reopening;
    ClaimsForgotten "claims are kept in memory only" claims_are_there_after_reopening;
    // Contract 8.
    NoTenantInKey "logs are kept without their tenant" tenants_see_nothing_of_each_other;
    NoTenantInList "a list has the releases of all tenants" tenants_see_nothing_of_each_other;
    NoTenantInClaims "claims are kept without the tenant" tenants_see_nothing_of_each_other;
    TenantByPrefix "a list scans all tenants whose names begin so" names_that_look_alike_are_not_the_same;
    LogByPrefix "a read scans all logs whose names begin so" names_that_look_alike_are_not_the_same;
    JoinedKeys "the parts of a key are joined by a slash" names_that_look_alike_are_not_the_same;
    NamesCut "names are cut at 191 characters" names_that_look_alike_are_not_the_same;
    CaseFolded "names are compared without regard to case" names_that_look_alike_are_not_the_same;
    SinkCaseFolded "sinks are compared without regard to case" names_that_look_alike_are_not_the_same;
    SinkCut "the names of sinks are cut at 191 characters" names_that_look_alike_are_not_the_same;
    // Contract 9.
    ListInSeconds "lists are ordered by whole seconds" a_list_has_every_order_and_filter;
    ListInMilliseconds "lists are ordered by milliseconds" a_list_has_every_order_and_filter;
    PlannedByEnd "releases are ordered by the end of their windows" a_list_has_every_order_and_filter;
    ClosedIsOpen "releases that are closed are listed as open" a_list_has_every_order_and_filter;
    AbsentInstants "releases without the instant are listed first" a_list_has_every_order_and_filter;
    PlaceWithoutId "a page begins after an instant" a_list_breaks_ties_by_id;
    PagesByOffset "a page begins after a number of rows" paging_under_writes_neither_skips_nor_repeats;
    PlaceMoves "a page begins after the row that ended the last one, where it is now" paging_under_writes_neither_skips_nor_repeats;
    PlaceGone "a page begins after an instant when the row that ended the last one is gone" paging_under_writes_neither_skips_nor_repeats;
    OldRowStays "a row that moves stays in its old place too" only_releases_are_listed;
    // Contract 10.
    AllNoticesAtOnce "a claim gives all notices of a log" a_sink_gets_the_lowest_notice_that_it_has_not_settled;
    MeanwhileSkipped "a settlement settles all that has come meanwhile" a_sink_that_is_done_gets_what_comes_later;
    NoLease "a claim looks at no lease" a_lease_keeps_others_away_until_it_ends;
    LeaseByClock "a lease is over when the clock goes back before it" a_lease_keeps_others_away_until_it_ends;
    LeaseEndsEarly "a lease ends a microsecond early" a_lease_keeps_others_away_until_it_ends;
    LeaseEndsLate "a lease ends a microsecond late" a_lease_keeps_others_away_until_it_ends;
    LeaseOfAMinute "a lease is a minute, whatever is asked for" a_lease_keeps_others_away_until_it_ends;
    LeaseOfAMinuteOrMore "a lease is a minute at least" a_lease_keeps_others_away_until_it_ends;
    LeaseOfAnHourOrLess "a lease is an hour at most" a_lease_keeps_others_away_until_it_ends;
    LeaseInSeconds "the end of a lease is kept in whole seconds" a_lease_keeps_others_away_until_it_ends;
    LeaseInMilliseconds "the end of a lease is kept to the millisecond" a_lease_keeps_others_away_until_it_ends;
    CommitFreesLease "a commit frees the lease on its log" a_lease_keeps_others_away_until_it_ends;
    CommitRewindsAttempt "a commit counts the attempts at its log anew" a_lease_keeps_others_away_until_it_ends;
    CommitRaisesAttempt "a commit counts as an attempt at its log" a_lease_keeps_others_away_until_it_ends;
    ConflictFreesLease "a conflict frees the lease on its log" a_lease_keeps_others_away_until_it_ends;
    ConflictRewindsAttempt "a conflict counts the attempts at its log anew" a_lease_keeps_others_away_until_it_ends;
    AttemptInAByte "attempts are counted in one byte" a_lease_keeps_others_away_until_it_ends;
    AttemptGoesOn "attempts are counted over all notices of a log" a_sink_gets_the_lowest_notice_that_it_has_not_settled;
    NoFencing "a settlement does not look at the attempt" a_late_settlement_is_refused;
    SettledTwice "a settlement of what is settled settles the next one" a_late_settlement_is_refused;
    RetryAtOnce "a notice that is put off is told again at once" a_notice_waits_until_it_is_to_be_tried_again;
    RetryEarly "a notice that is put off is told again a microsecond early" a_notice_waits_until_it_is_to_be_tried_again;
    RetryLate "a notice that is put off is told again a microsecond late" a_notice_waits_until_it_is_to_be_tried_again;
    RetryInSeconds "a notice is put off to a whole second" a_notice_waits_until_it_is_to_be_tried_again;
    RetryInMilliseconds "a notice is put off to a whole millisecond" a_notice_waits_until_it_is_to_be_tried_again;
    RetryForAll "a notice that is put off for a sink is put off for all" a_notice_waits_until_it_is_to_be_tried_again;
    RetryPassedOver "a notice that is put off lets the next one go" a_notice_waits_until_it_is_to_be_tried_again;
    RejectedAgain "a notice that is rejected is told again" a_rejected_notice_lets_the_next_one_go;
    RejectedForAll "what a sink has rejected is settled for all" a_rejected_notice_lets_the_next_one_go;
    NewSinkBeginsNow "a new sink begins with what comes" a_new_sink_begins_at_version_one;
    SettledForAll "what a sink has settled is settled for all" a_new_sink_begins_at_version_one;
    LimitStarves "a claim looks only at as many logs as it may return" a_claim_of_few_comes_to_all;
    ClaimsByName "a claim takes logs in the order of their names" a_claim_of_few_takes_what_waits_longest;
    ClaimOutsideLock "claims are looked at before the lock is taken" of_claims_at_once_one_gets_a_notice;
    SequenceSkips "a sink reads on from the highest number that it has seen" no_notice_is_lost_while_others_write;
    // Contract 11.
    SmallPayloads "a payload has at most 64 KiB" the_largest_batch_is_written;
    PayloadInCharacters "the size of a payload is counted in characters" a_batch_that_is_too_large_is_refused;
    NoLimits "limits are not looked at" a_batch_that_is_too_large_is_refused;
    LimitTaken "a limit is taken as it comes" a_read_returns_one_to_a_thousand_rows;
    ThousandLogs "a claim looks only at the first thousand logs" a_read_returns_one_to_a_thousand_rows;
    // Contract 12.
    ClosedIsDeleted "a closed release is deleted when all is told of it" nothing_is_deleted;
    // Contract 13.
    HalfWhenDropped "a commit that is dropped in the middle leaves its events without notices" a_dropped_commit_is_there_whole_or_not_at_all;
    LostWhenDropped "a claim that is dropped keeps its notice for ever" a_dropped_claim_or_settlement_is_done_or_not;
}

type LogKey = (String, String, String);

#[derive(Default, Clone)]
struct Log {
    stream: Option<Stream>,
    events: Vec<Envelope>,
    commands: HashMap<CommandId, Outcome>,
    notices: Vec<Notice>,
    summary: Option<Summary>,
    /// Rows that should be gone.
    old: Vec<Summary>,
    /// The numbers under which its notices are queued.
    numbers: Vec<u64>,
    is_broken_at: Option<u64>,
}

impl Log {
    fn is_closed(&self) -> bool {
        let phase = self.summary.as_ref().map(|summary| summary.standing.phase);
        phase == Some(PhaseName::Closed)
    }

    fn is_release(&self) -> bool {
        let kind = self.stream.as_ref().map(|stream| stream.kind);
        kind == Some(StreamKind::Release)
    }
}

#[derive(Default, Clone, Copy)]
struct Claim {
    settled: u64,
    attempt: u32,
    since: Option<Instant>,
    not_before: Option<Instant>,
}

#[derive(Default, Clone)]
struct World {
    logs: BTreeMap<LogKey, Log>,
    claims: BTreeMap<(Key, LogKey), Claim>,
    commands: HashMap<CommandId, Outcome>,
    last_number: u64,
    seen: HashMap<Key, (u64, HashSet<u64>)>,
    /// As it is on the disk.
    disk: Option<Box<World>>,
}

#[derive(Default)]
struct Kept(Mutex<World>);

#[derive(Clone, Default)]
struct Sabotaged {
    flaw: Flaw,
    kept: Arc<Kept>,
    /// What a handle has of its own.
    own: Arc<Mutex<Own>>,
}

#[derive(Default)]
struct Own {
    commands: HashMap<CommandId, Outcome>,
    read: HashMap<(Stream, Version), Vec<Envelope>>,
    offsets: HashMap<Cursor, usize>,
    absent: HashSet<CommandId>,
    is_busy: bool,
}

/// Gives other futures their turn.
async fn pause() {
    let mut is_over = false;
    std::future::poll_fn(|context| {
        if std::mem::replace(&mut is_over, true) {
            std::task::Poll::Ready(())
        } else {
            context.waker().wake_by_ref();
            std::task::Poll::Pending
        }
    })
    .await;
}

/// The whole milliseconds, or seconds, of an instant.
fn cut(at: Instant, micros: i64) -> Instant {
    let all = at.unix_micros();
    Instant::from_unix_micros(all - all.rem_euclid(micros)).unwrap_or(at)
}

fn later(at: Instant, micros: i64) -> Instant {
    Instant::from_unix_micros(at.unix_micros() + micros).unwrap()
}

/// The logs of that name, of whatever kind.
fn of_each_kind(stream: &Stream) -> [Stream; 3] {
    [StreamKind::Release, StreamKind::Model, StreamKind::Calendar]
        .map(|kind| Stream::new(stream.tenant.clone(), kind, stream.id.clone()))
}

fn of_any_kind(world: &World, stream: &Stream, command: CommandId) -> Option<Outcome> {
    let sound = Sabotaged::default();
    let logs = of_each_kind(stream);
    let mut logs = logs
        .iter()
        .filter_map(|log| world.logs.get(&sound.key(log)));
    logs.find_map(|log| log.commands.get(&command).copied())
}

fn linger() {
    std::thread::sleep(Duration::from_millis(2));
}

impl Sabotaged {
    fn is(&self, flaw: Flaw) -> bool {
        self.flaw == flaw
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.kept.0.lock().unwrap()
    }

    fn own(&self) -> MutexGuard<'_, Own> {
        self.own.lock().unwrap()
    }

    fn key(&self, stream: &Stream) -> LogKey {
        let (tenant, id) = (stream.tenant.as_str(), stream.id.as_str());
        let kind = stream.kind.name();
        let parts = |tenant: &str, id: &str| (tenant.to_owned(), kind.to_owned(), id.to_owned());
        match self.flaw {
            Flaw::NoTenantInKey => parts("", id),
            Flaw::JoinedKeys => parts("", &format!("{tenant}/{kind}/{id}")),
            Flaw::NamesCut => {
                let cut = |name: &str| name.chars().take(191).collect::<String>();
                parts(&cut(tenant), &cut(id))
            }
            Flaw::CaseFolded => parts(&tenant.to_lowercase(), &id.to_lowercase()),
            _ => parts(tenant, id),
        }
    }

    fn claim_key(&self, stream: &Stream) -> LogKey {
        let mut key = self.key(stream);
        if self.is(Flaw::NoTenantInClaims) {
            key.0 = String::new();
        }
        key
    }

    fn sink(&self, sink: &Key) -> Key {
        let name = match self.flaw {
            Flaw::SinkCaseFolded => sink.as_str().to_lowercase(),
            Flaw::SinkCut => sink.as_str().chars().take(191).collect(),
            _ => return sink.clone(),
        };
        Key::new(name).unwrap()
    }

    fn known(&self, world: &World, batch: &Batch) -> Option<Result<Committed, StoreError>> {
        let stream = batch.stream();
        let log = world.logs.get(&self.key(stream));
        let done = match self.flaw {
            Flaw::CommandOfAnyLog => world.commands.get(&batch.command()).copied(),
            Flaw::CommandWithoutKind => of_any_kind(world, batch.stream(), batch.command()),
            Flaw::CommandInHandle => self.own().commands.get(&batch.command()).copied(),
            _ => log.and_then(|log| log.commands.get(&batch.command()).copied()),
        }?;
        Some(
            if done.intent == batch.intent() || self.is(Flaw::IntentIgnored) {
                Ok(Committed::AlreadyDone(done))
            } else {
                Err(StoreError::command_reused(stream, batch.command()))
            },
        )
    }

    fn limits(&self, batch: &Batch) -> Result<(), StoreError> {
        let size = |text: &str| match self.flaw {
            Flaw::PayloadInCharacters => text.chars().count(),
            _ => text.len(),
        };
        let bytes = batch.events().iter().map(|event| size(event.data.as_str()));
        let most = if self.is(Flaw::SmallPayloads) {
            65_535
        } else {
            PAYLOAD_BYTES
        };
        let is_large = batch.events().len() > BATCH_EVENTS
            || batch.guards().len() > BATCH_GUARDS
            || bytes.max() > Some(most);
        if is_large && !self.is(Flaw::NoLimits) {
            return Err(StoreError::too_large("too large"));
        }
        Ok(())
    }

    fn version(&self, world: &World, stream: &Stream) -> Option<Version> {
        let log = world.logs.get(&self.key(stream))?;
        let versions = log.events.iter().map(|event| event.version);
        let last = if self.is(Flaw::VersionsAsText) {
            versions.max_by_key(ToString::to_string)
        } else {
            versions.max()
        };
        Some(last.unwrap_or(Version::NONE))
    }

    fn expects(&self, world: &World, batch: &Batch) -> Result<(), StoreError> {
        let actual = self.version(world, batch.stream()).unwrap_or(Version::NONE);
        let holds = match self.flaw {
            Flaw::NoVersionCheck => true,
            Flaw::GapsAllowed => actual <= batch.expected(),
            Flaw::VersionInAByte => actual.get() % 256 == batch.expected().get() % 256,
            _ => actual == batch.expected(),
        };
        if holds {
            return Ok(());
        }
        let named = actual.plus(u64::from(self.is(Flaw::ConflictOffByOne)));
        Err(StoreError::conflict(
            batch.stream(),
            batch.expected(),
            named,
        ))
    }

    fn rests(&self, world: &World, batch: &Batch) -> Result<(), StoreError> {
        for (nth, (guarded, expected)) in batch.guards().iter().enumerate() {
            let found = match self.flaw {
                Flaw::GuardOfOwnTenant => {
                    let tenant = batch.stream().tenant.clone();
                    let own = Stream::new(tenant, guarded.kind, guarded.id.clone());
                    self.version(world, &own)
                }
                Flaw::GuardWithoutKind => of_each_kind(guarded)
                    .iter()
                    .find_map(|log| self.version(world, log)),
                _ => self.version(world, guarded),
            };
            let actual = found.unwrap_or(Version::NONE);
            let holds = match self.flaw {
                Flaw::NoGuards => true,
                Flaw::SixtyFourGuards => nth >= 64 || actual == *expected,
                Flaw::GuardOfOthersHolds => {
                    guarded.tenant != batch.stream().tenant || actual == *expected
                }
                Flaw::GuardOnModelHolds => guarded.kind == StreamKind::Model || actual == *expected,
                Flaw::GuardOnCalendarHolds => {
                    guarded.kind == StreamKind::Calendar || actual == *expected
                }
                Flaw::GuardOnClosedHolds => {
                    let log = world.logs.get(&self.key(guarded));
                    log.is_some_and(Log::is_closed) || actual == *expected
                }
                Flaw::FirstGuardOnly => nth > 0 || actual == *expected,
                Flaw::GuardInAByte => actual.get() % 256 == expected.get() % 256,
                Flaw::GuardAtLeast => actual >= *expected,
                Flaw::AbsentGuardHolds => found.is_none() || actual == *expected,
                _ => actual == *expected,
            };
            if !holds {
                return Err(StoreError::guard_moved(guarded, *expected, actual));
            }
        }
        Ok(())
    }

    fn write_events(&self, world: &mut World, batch: &Batch) {
        let outcome = Outcome {
            intent: batch.intent(),
            first: batch.expected().plus(1),
            last: batch.version(),
        };
        world.commands.insert(batch.command(), outcome);
        self.own().commands.insert(batch.command(), outcome);
        self.own().absent.remove(&batch.command());
        let log = world.logs.entry(self.key(batch.stream())).or_default();
        log.stream.get_or_insert_with(|| batch.stream().clone());
        for event in batch.events() {
            log.events.push(self.kept_as(event));
        }
        if self.is(Flaw::LastCommandOnly) {
            log.commands.clear();
        }
        log.commands.insert(batch.command(), outcome);
        if self.is(Flaw::HundredCommands) {
            let oldest = log.commands.values().map(|done| done.first).min();
            if log.commands.len() > 100 {
                log.commands.retain(|_, done| Some(done.first) != oldest);
            }
        }
    }

    /// The form in which an entry is kept.
    fn kept_as(&self, event: &Envelope) -> Envelope {
        let mut event = event.clone();
        match self.flaw {
            Flaw::JsonRewritten => {
                let tree = serde_json::from_str::<serde_json::Value>(event.data.as_str());
                let rewritten = tree.map_or("null".to_owned(), |tree| tree.to_string());
                event.data = serde_json::from_str(&rewritten).unwrap();
            }
            Flaw::CriticalForgotten => event.critical = false,
            Flaw::OccurredIsRecorded => event.occurred_at = event.recorded_at,
            Flaw::Milliseconds => event.occurred_at = cut(event.occurred_at, 1_000),
            Flaw::RecordedInMilliseconds => event.recorded_at = cut(event.recorded_at, 1_000),
            _ => {}
        }
        event
    }

    fn write_summary(&self, world: &mut World, batch: &Batch) {
        let log = world.logs.entry(self.key(batch.stream())).or_default();
        log.stream.get_or_insert_with(|| batch.stream().clone());
        if self.is(Flaw::SummaryForgotten) && log.summary.is_some() {
            return;
        }
        let mut row = batch.summary().cloned();
        if let Some(row) = &mut row {
            match self.flaw {
                Flaw::RowWithoutModel => row.model = None,
                Flaw::CreatedInMilliseconds => row.created_at = cut(row.created_at, 1_000),
                Flaw::RowWithoutHold => row.standing.on_hold = false,
                Flaw::StandardIsNormal if row.track == Track::Standard => {
                    row.track = Track::Normal;
                }
                Flaw::EndingsMerged if row.ending != Some(Ending::Completed) => {
                    row.ending = row.ending.map(|_| Ending::Cancelled);
                }
                _ => {}
            }
        }
        let before = std::mem::replace(&mut log.summary, row);
        if self.is(Flaw::OldRowStays) && before != log.summary {
            log.old.extend(before);
        }
    }

    fn write_notices(&self, world: &mut World, batch: &Batch, number: Option<u64>) {
        let skip = if self.is(Flaw::NoticeOfTheLast) {
            batch.events().len() - 1
        } else {
            0
        };
        let log = world.logs.entry(self.key(batch.stream())).or_default();
        for mut notice in batch.outbox().skip(skip) {
            match self.flaw {
                Flaw::NoticeInMilliseconds => {
                    notice.recorded_at = cut(notice.recorded_at, 1_000);
                }
                Flaw::NoticesOfTheFirst => {
                    notice.event = batch
                        .events()
                        .first()
                        .map_or(notice.event, |first| first.id);
                }
                Flaw::NoticeWithoutHold => {
                    if let Some(standing) = &mut notice.standing {
                        standing.on_hold = false;
                    }
                }
                Flaw::NoticeOfPersons => {
                    if let Actor::System(name) = &notice.actor {
                        notice.actor = Actor::Person(Person::new(name.as_str()).unwrap());
                    }
                }
                _ => {}
            }
            log.notices.push(notice);
            log.numbers.extend(number);
        }
    }

    /// What is looked at before anything is written, in the order that the contract says.
    fn looks(&self, world: &mut World, batch: &Batch) -> Option<Result<Committed, StoreError>> {
        if self.is(Flaw::CommandAfterVersion)
            && let Err(error) = self.expects(world, batch)
        {
            return Some(Err(error));
        }
        if !self.is(Flaw::CommandOutsideLock)
            && let Some(done) = self.known(world, batch)
        {
            self.touches_when_known(world, batch, done.is_ok());
            return Some(done);
        }
        if self.is(Flaw::SummaryBeforeChecks) {
            self.write_summary(world, batch);
        }
        if self.is(Flaw::CommandBeforeChecks) {
            let mut early = World::default();
            self.write_events(&mut early, batch);
            let log = world.logs.entry(self.key(batch.stream())).or_default();
            log.stream.get_or_insert_with(|| batch.stream().clone());
            let command = batch.command();
            log.commands
                .extend(early.commands.get(&command).map(|done| (command, *done)));
        }
        let looked = self.limits(batch).and_then(|()| match self.flaw {
            Flaw::VersionOutsideLock => Ok(()),
            Flaw::LoserGetsInternalError => self
                .expects(world, batch)
                .map_err(|_| StoreError::other("UNIQUE constraint failed: events.version")),
            Flaw::LoserIsToldUnavailable => self
                .expects(world, batch)
                .map_err(|_| StoreError::unavailable("could not serialize access")),
            _ => self.expects(world, batch),
        });
        if self.is(Flaw::NoticeBeforeChecks) {
            self.write_notices(world, batch, None);
        }
        let looked = looked.and_then(|()| match self.flaw {
            Flaw::GuardsOutsideLock => Ok(()),
            _ => self.rests(world, batch),
        });
        match self.flaw {
            Flaw::ConflictFreesLease if looked.is_err() => self.touches(world, batch, frees),
            Flaw::ConflictRewindsAttempt if looked.is_err() => self.touches(world, batch, rewinds),
            _ => {}
        }
        looked.err().map(Err)
    }

    /// What a retry does that should do nothing.
    fn touches_when_known(&self, world: &mut World, batch: &Batch, is_same: bool) {
        match self.flaw {
            Flaw::RetryWritesRow if is_same => self.write_summary(world, batch),
            Flaw::RetryFreesLease if is_same => self.touches(world, batch, frees),
            Flaw::RetryRewindsAttempt if is_same => self.touches(world, batch, rewinds),
            Flaw::RetryTellsAgain if is_same => {
                self.touches(world, batch, |claim| claim.settled = 0);
            }
            Flaw::ReusedWritesRow if !is_same => self.write_summary(world, batch),
            Flaw::ReusedFreesLease if !is_same => self.touches(world, batch, frees),
            Flaw::ReusedRewindsAttempt if !is_same => self.touches(world, batch, rewinds),
            _ => {}
        }
    }

    /// Does that to all claims of the log of a batch.
    fn touches(&self, world: &mut World, batch: &Batch, does: fn(&mut Claim)) {
        let key = self.claim_key(batch.stream());
        let claims = world.claims.iter_mut().filter(|((_, log), _)| *log == key);
        claims.for_each(|(_, claim)| does(claim));
    }
}

/// Anybody may claim it.
fn frees(claim: &mut Claim) {
    claim.not_before = claim.not_before.map(|_| long_ago());
}

fn rewinds(claim: &mut Claim) {
    claim.attempt = 0;
}

impl Store for Sabotaged {
    async fn commit(&self, batch: &Batch) -> Result<Committed, StoreError> {
        pause().await;
        if self.is(Flaw::BusyRefuses) {
            if std::mem::replace(&mut self.own().is_busy, true) {
                return Err(StoreError::unavailable("database is locked"));
            }
            linger();
            self.own().is_busy = false;
        }
        if self.is(Flaw::CommandOutsideLock)
            && let Some(done) = self.known(&self.world(), batch)
        {
            return done;
        }
        let early = match self.flaw {
            Flaw::VersionOutsideLock
            | Flaw::LoserGetsInternalError
            | Flaw::LoserIsToldUnavailable => self.expects(&self.world(), batch),
            Flaw::GuardsOutsideLock => self.rests(&self.world(), batch),
            _ => Ok(()),
        };
        if matches!(
            self.flaw,
            Flaw::VersionOutsideLock
                | Flaw::LoserGetsInternalError
                | Flaw::LoserIsToldUnavailable
                | Flaw::GuardsOutsideLock
                | Flaw::CommandOutsideLock
        ) {
            if self.known(&self.world(), batch).is_none() {
                early?;
            }
            linger();
        }
        let number = {
            let mut world = self.world();
            if let Some(done) = self.looks(&mut world, batch) {
                return done;
            }
            match self.flaw {
                Flaw::CommitFreesLease => self.touches(&mut world, batch, frees),
                Flaw::CommitRewindsAttempt => self.touches(&mut world, batch, rewinds),
                Flaw::CommitRaisesAttempt => {
                    self.touches(&mut world, batch, |claim| claim.attempt += 1);
                }
                _ => {}
            }
            world.last_number += 1;
            let number = world.last_number;
            match self.flaw {
                Flaw::HalfWhenDropped | Flaw::SequenceSkips | Flaw::SummaryLater => {
                    self.write_events(&mut world, batch);
                }
                Flaw::AcknowledgedEarly => {
                    let before = Box::new(World {
                        disk: None,
                        ..world.clone()
                    });
                    self.write_events(&mut world, batch);
                    world.disk = Some(before);
                }
                _ => self.write_events(&mut world, batch),
            }
            if !self.is(Flaw::SummaryLater) {
                self.write_summary(&mut world, batch);
            }
            if !matches!(
                self.flaw,
                Flaw::HalfWhenDropped | Flaw::SequenceSkips | Flaw::NoticeBeforeChecks
            ) {
                self.write_notices(&mut world, batch, Some(number));
            }
            number
        };
        match self.flaw {
            Flaw::HalfWhenDropped => {
                pause().await;
                self.write_notices(&mut self.world(), batch, Some(number));
            }
            Flaw::SummaryLater => {
                linger();
                self.write_summary(&mut self.world(), batch);
            }
            Flaw::SequenceSkips => {
                // Some writers are slower than others.
                if number % 3 == 0 {
                    linger();
                }
                self.write_notices(&mut self.world(), batch, Some(number));
            }
            _ => {}
        }
        Ok(Committed::Written)
    }

    async fn history(
        &self,
        stream: &Stream,
        after: Version,
        limit: usize,
    ) -> Result<Vec<Envelope>, StoreError> {
        pause().await;
        let limit = if self.is(Flaw::LimitTaken) {
            limit
        } else {
            limit.clamp(1, 1_000)
        };
        let cached = (stream.clone(), after);
        if self.is(Flaw::CachedReads)
            && let Some(read) = self.own().read.get(&cached)
        {
            return Ok(read.clone());
        }
        let mut world = self.world();
        let key = self.key(stream);
        if self.is(Flaw::ReadingBegins) {
            let log = world.logs.entry(key.clone()).or_default();
            log.stream.get_or_insert_with(|| stream.clone());
            if log.events.is_empty() {
                log.events.extend(Self::snapshot(stream));
            }
        }
        let Some(log) = world.logs.get(&key) else {
            return Ok(Vec::new());
        };
        let first = after.plus(u64::from(!self.is(Flaw::AfterIsIncluded)));
        let is_scanned = |other: &LogKey| {
            self.is(Flaw::LogByPrefix)
                && *other != key
                && (&other.0, &other.1) == (&key.0, &key.1)
                && other.2.starts_with(&key.2)
        };
        let others = world.logs.iter().filter(|(other, _)| is_scanned(other));
        let mut events: Vec<_> = std::iter::once(log)
            .chain(others.map(|(_, log)| log))
            .flat_map(|log| &log.events)
            .filter(|event| event.version >= first)
            .collect();
        if self.is(Flaw::OrderedByTime) {
            events.sort_by_key(|event| event.recorded_at);
        }
        let (mut entries, mut bytes) = (Vec::new(), 0);
        for event in events.into_iter().take(limit) {
            if log.is_broken_at == Some(event.version.get()) {
                match self.flaw {
                    Flaw::ShortRead => break,
                    Flaw::SkippedEntry => continue,
                    Flaw::FirstSkipped if event.version.get() == 1 => continue,
                    _ => return Err(StoreError::corrupt("an entry is missing")),
                }
            }
            bytes += event.data.as_str().len();
            if self.is(Flaw::PageOfBytes) && bytes > 65_536 {
                break;
            }
            if self.is(Flaw::PageOfMebibytes) && bytes > 16 << 20 {
                break;
            }
            entries.push(event.clone());
        }
        if self.is(Flaw::CachedReads) {
            self.own().read.insert(cached, entries.clone());
        }
        Ok(entries)
    }

    async fn list(
        &self,
        tenant: &Tenant,
        query: Query,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Page, StoreError> {
        pause().await;
        let limit = if self.is(Flaw::LimitTaken) {
            limit
        } else {
            limit.clamp(1, 1_000)
        };
        let world = self.world();
        let mut rows = Vec::new();
        for log in world.logs.values() {
            let Some(stream) = &log.stream else { continue };
            let is_scanned = match self.flaw {
                Flaw::NoTenantInList => true,
                Flaw::TenantByPrefix => stream.tenant.as_str().starts_with(tenant.as_str()),
                _ => stream.tenant == *tenant,
            };
            if !is_scanned {
                continue;
            }
            for summary in log.summary.iter().chain(&log.old) {
                let at = match query.order {
                    Order::PlannedStart if self.is(Flaw::PlannedByEnd) => {
                        summary.window.map(Interval::end)
                    }
                    _ => query.order.instant(summary),
                };
                let at = at.or(self.is(Flaw::AbsentInstants).then_some(long_ago()));
                let at = match self.flaw {
                    Flaw::ListInSeconds => at.map(|at| cut(at, 1_000_000)),
                    Flaw::ListInMilliseconds => at.map(|at| cut(at, 1_000)),
                    _ => at,
                };
                let (Some(at), true) = (at, self.takes(query.filter, summary)) else {
                    continue;
                };
                let version = log.events.last().map_or(Version::NONE, |last| last.version);
                let (stream, summary) = (stream.clone(), summary.clone());
                rows.push((
                    at,
                    Row {
                        stream,
                        version,
                        summary,
                    },
                ));
            }
        }
        rows.sort_by_key(|(at, row)| (*at, row.stream.id.clone()));
        let offset = after.and_then(|after| self.own().offsets.get(after).copied());
        let start = match (after, offset) {
            (Some(_), Some(offset)) if self.is(Flaw::PagesByOffset) => offset.min(rows.len()),
            (Some(Cursor { at, .. }), _) if self.is(Flaw::PlaceWithoutId) => {
                rows.iter().take_while(|row| row.0 <= *at).count()
            }
            (Some(Cursor { id, .. }), _)
                if self.is(Flaw::PlaceMoves) && rows.iter().any(|row| row.1.stream.id == *id) =>
            {
                let is_before = |row: &&(Instant, Row)| row.1.stream.id != *id;
                rows.iter().take_while(is_before).count() + 1
            }
            (Some(Cursor { at, id }), _)
                if self.is(Flaw::PlaceGone) && rows.iter().all(|row| row.1.stream.id != *id) =>
            {
                rows.iter().take_while(|row| row.0 <= *at).count()
            }
            (Some(Cursor { at, id }), _) => {
                let is_before = |row: &&(Instant, Row)| (row.0, &row.1.stream.id) <= (*at, id);
                rows.iter().take_while(is_before).count()
            }
            (None, _) => 0,
        };
        let has_more = rows.len() - start > limit;
        let rows: Vec<_> = rows.drain(start..).take(limit).collect();
        let next = rows.last().filter(|_| has_more).map(|(at, row)| Cursor {
            at: *at,
            id: row.stream.id.clone(),
        });
        if let Some(next) = &next {
            self.own().offsets.insert(next.clone(), start + rows.len());
        }
        let rows = rows.into_iter().map(|(_, row)| row).collect();
        Ok(Page { rows, next })
    }

    async fn outcome(
        &self,
        stream: &Stream,
        command: CommandId,
    ) -> Result<Option<Outcome>, StoreError> {
        pause().await;
        let mut world = self.world();
        if self.own().absent.contains(&command) {
            return Ok(None);
        }
        let done = match self.flaw {
            Flaw::CommandOfAnyLog => world.commands.get(&command).copied(),
            Flaw::CommandWithoutKind => of_any_kind(&world, stream, command),
            _ => {
                let log = world.logs.get(&self.key(stream));
                log.and_then(|log| log.commands.get(&command).copied())
            }
        };
        if self.is(Flaw::AbsenceCached) && done.is_none() {
            self.own().absent.insert(command);
        }
        if self.is(Flaw::ReadingClaims) && done.is_none() {
            let log = world.logs.entry(self.key(stream)).or_default();
            log.stream.get_or_insert_with(|| stream.clone());
            let intent = "0".repeat(64).parse().unwrap();
            let (first, last) = (Version::NONE, Version::NONE);
            log.commands.insert(
                command,
                Outcome {
                    intent,
                    first,
                    last,
                },
            );
        }
        Ok(done)
    }

    async fn claim(
        &self,
        tenant: &Tenant,
        sink: &Key,
        now: Instant,
        lease: Seconds,
        limit: usize,
    ) -> Result<Vec<Delivery>, StoreError> {
        pause().await;
        let limit = if self.is(Flaw::LimitTaken) {
            limit
        } else {
            limit.clamp(1, 1_000)
        };
        let early = self.is(Flaw::ClaimOutsideLock).then(|| {
            let found = self.claimable(&mut self.world(), tenant, sink, now, limit);
            linger();
            found
        });
        let mut lasts: Vec<LogKey> = Vec::new();
        let deliveries = {
            let mut world = self.world();
            let found = match early {
                Some(found) => found,
                None => self.claimable(&mut world, tenant, sink, now, limit),
            };
            let mut deliveries = Vec::new();
            for (key, notices) in found {
                let claim = world
                    .claims
                    .entry((self.sink(sink), key.clone()))
                    .or_default();
                claim.attempt += 1;
                if self.is(Flaw::AttemptInAByte) {
                    claim.attempt %= 256;
                }
                claim.since = Some(now);
                let minute = Seconds::minutes(1);
                claim.not_before = Some(match self.flaw {
                    Flaw::LeaseEndsEarly => later(now.plus(lease), -1),
                    Flaw::LeaseEndsLate => later(now.plus(lease), 1),
                    Flaw::LeaseOfAMinute => now.plus(minute),
                    Flaw::LeaseOfAMinuteOrMore => now.plus(lease.max(minute)),
                    Flaw::LeaseOfAnHourOrLess => now.plus(lease.min(Seconds::hours(1))),
                    Flaw::LeaseInSeconds => cut(now.plus(lease), 1_000_000),
                    Flaw::LeaseInMilliseconds => cut(now.plus(lease), 1_000),
                    _ => now.plus(lease),
                });
                let until_ever = Instant::from_unix_micros(253_000_000_000_000_000).unwrap();
                if self.is(Flaw::LostWhenDropped) {
                    claim.not_before = Some(until_ever);
                    lasts.push(key);
                }
                let attempt = claim.attempt;
                let deliver = |notice| Delivery::new(notice, sink.clone(), attempt);
                deliveries.extend(notices.into_iter().map(deliver));
            }
            deliveries
        };
        if self.is(Flaw::LostWhenDropped) {
            pause().await;
            for key in lasts {
                let mut world = self.world();
                let claim = world.claims.entry((self.sink(sink), key)).or_default();
                claim.not_before = Some(now.plus(lease));
            }
        }
        Ok(deliveries)
    }

    async fn settle(&self, delivery: &Delivery, settlement: Settlement) -> Result<(), StoreError> {
        pause().await;
        let mut world = self.world();
        let stream = &delivery.notice.stream;
        let key = (self.sink(&delivery.sink), self.claim_key(stream));
        let stale = || StoreError::stale_claim(&delivery.dedupe_key());
        let claim = world.claims.get_mut(&key).ok_or_else(stale)?;
        let is_notice = delivery.notice.version.get() == claim.settled + 1;
        let is_attempt = delivery.attempt == claim.attempt && claim.not_before.is_some();
        let is_current = match self.flaw {
            Flaw::NoFencing => is_notice && claim.not_before.is_some(),
            Flaw::SettledTwice | Flaw::AllNoticesAtOnce => {
                delivery.attempt == claim.attempt || claim.attempt == 0
            }
            _ => is_notice && is_attempt,
        };
        if !is_current {
            return Err(stale());
        }
        match settlement {
            Settlement::RetryAt(_) if self.is(Flaw::RetryAtOnce) => {
                claim.not_before = Some(long_ago());
            }
            Settlement::RetryAt(at) if !self.is(Flaw::RetryPassedOver) => {
                claim.not_before = Some(match self.flaw {
                    Flaw::RetryEarly => later(at, -1),
                    Flaw::RetryLate => later(at, 1),
                    Flaw::RetryInSeconds => cut(at, 1_000_000),
                    Flaw::RetryInMilliseconds => cut(at, 1_000),
                    _ => at,
                });
                claim.since = None;
            }
            Settlement::Rejected if self.is(Flaw::RejectedAgain) => {
                claim.not_before = Some(long_ago());
            }
            Settlement::Delivered | Settlement::Rejected | Settlement::RetryAt(_) => {
                *claim = Claim {
                    settled: claim.settled + 1,
                    attempt: u32::from(self.is(Flaw::AttemptGoesOn)) * claim.attempt,
                    ..Claim::default()
                };
            }
        }
        let settled = claim.settled;
        if self.is(Flaw::MeanwhileSkipped)
            && settlement == Settlement::Delivered
            && let Some(log) = world.logs.get(&key.1)
        {
            let all = log.notices.len() as u64;
            let claim = world.claims.entry(key.clone()).or_default();
            claim.settled = all;
        }
        if let Settlement::RetryAt(at) = settlement
            && self.is(Flaw::RetryForAll)
        {
            let for_all = world.claims.entry((any_sink(), key.1.clone()));
            for_all.or_default().not_before = Some(at);
        }
        if self.is(Flaw::SettledForAll)
            || (self.is(Flaw::RejectedForAll) && settlement == Settlement::Rejected)
        {
            for ((_, log), claim) in &mut world.claims {
                if *log == key.1 {
                    claim.settled = claim.settled.max(settled);
                }
            }
            let log = world.logs.get(&key.1).cloned().unwrap_or_default();
            world
                .claims
                .entry((any_sink(), key.1.clone()))
                .or_default()
                .settled = settled;
            drop(log);
        }
        if self.is(Flaw::ClosedIsDeleted) {
            let is_over = |log: &Log| log.is_closed() && log.notices.len() as u64 == settled;
            if world.logs.get(&key.1).is_some_and(is_over) {
                world.logs.remove(&key.1);
            }
        }
        Ok(())
    }
}

fn long_ago() -> Instant {
    Instant::from_unix_micros(0).unwrap()
}

/// Under what is settled for all sinks.
fn any_sink() -> Key {
    Key::new("any sink").unwrap()
}

impl Sabotaged {
    fn takes(&self, filter: Filter, summary: &Summary) -> bool {
        match filter {
            Filter::Open => self.is(Flaw::ClosedIsOpen) || filter.takes(summary.standing.phase),
            Filter::All | Filter::Phase(_) => filter.takes(summary.standing.phase),
        }
    }

    /// An entry that nobody asked for.
    fn snapshot(stream: &Stream) -> Option<Envelope> {
        let json = serde_json::json!({
            "id": "00000000-0000-0000-0000-000000000000/0", "stream": stream, "version": 1,
            "kind": "snapshot", "schema": 1, "critical": false,
            "occurred_at": "2026-03-02T12:00:00Z", "recorded_at": "2026-03-02T12:00:00Z",
            "actor": {"system": "store"}, "payload_digest": "0".repeat(64), "prev": "0".repeat(64),
            "hash": "0".repeat(64), "data": {},
        });
        Envelope::from_json(&json.to_string()).ok()
    }

    fn claimable(
        &self,
        world: &mut World,
        tenant: &Tenant,
        sink: &Key,
        now: Instant,
        limit: usize,
    ) -> Vec<(LogKey, Vec<Notice>)> {
        let is_new = !world.seen.contains_key(sink);
        let (seen, taken) = world.seen.entry(sink.clone()).or_default();
        let numbers = world
            .logs
            .values()
            .flat_map(|log| log.numbers.iter().copied());
        let fresh: Vec<u64> = numbers.filter(|number| *number > *seen).collect();
        *seen = fresh.iter().copied().max().unwrap_or(*seen);
        taken.extend(fresh);
        let taken = taken.clone();
        let mut found = Vec::new();
        let mut looked_at = 0;
        for log in world.logs.values() {
            let Some(stream) = log
                .stream
                .as_ref()
                .filter(|stream| stream.tenant == *tenant)
            else {
                continue;
            };
            looked_at += 1;
            let most = match self.flaw {
                Flaw::LimitStarves => limit,
                Flaw::ThousandLogs => 1_000,
                _ => usize::MAX,
            };
            if looked_at > most {
                break;
            }
            let key = self.claim_key(stream);
            let for_all = world
                .claims
                .get(&(any_sink(), key.clone()))
                .copied()
                .unwrap_or_default();
            let claim = world
                .claims
                .entry((self.sink(sink), key.clone()))
                .or_default();
            if self.is(Flaw::RetryForAll) {
                claim.not_before = claim.not_before.max(for_all.not_before);
            }
            if matches!(self.flaw, Flaw::SettledForAll | Flaw::RejectedForAll) {
                claim.settled = claim.settled.max(for_all.settled);
            }
            if self.is(Flaw::NewSinkBeginsNow)
                && is_new
                && sink.as_str() != "inbox"
                && sink.as_str() != "old"
            {
                claim.settled = log.notices.len() as u64;
            }
            let nth = usize::try_from(claim.settled).unwrap();
            let is_taken = log
                .numbers
                .get(nth)
                .is_none_or(|number| taken.contains(number));
            if self.is(Flaw::SequenceSkips) && !is_taken {
                continue;
            }
            let is_back =
                self.is(Flaw::LeaseByClock) && claim.since.is_some_and(|since| now < since);
            let is_free = self.is(Flaw::NoLease)
                || is_back
                || claim.not_before.is_none_or(|not_before| not_before <= now);
            let count = if self.is(Flaw::AllNoticesAtOnce) {
                usize::MAX
            } else {
                1
            };
            let notices: Vec<_> = log.notices.iter().skip(nth).take(count).cloned().collect();
            if is_free && !notices.is_empty() {
                found.push((claim.not_before, key, notices));
            }
        }
        if !self.is(Flaw::ClaimsByName) {
            found.sort_by_key(|(since, ..)| *since);
        }
        let found = found.into_iter().take(limit);
        found.map(|(_, key, notices)| (key, notices)).collect()
    }
}

/// How the suite comes by a store with that flaw.
#[derive(Clone)]
struct With(Flaw);

impl Harness for With {
    type Place = Arc<Kept>;
    type Store = Sabotaged;

    async fn fresh(&self) -> Self::Place {
        Arc::default()
    }

    async fn open(&self, place: &Self::Place) -> Self::Store {
        let (flaw, kept, own) = (self.0, place.clone(), Arc::default());
        Sabotaged { flaw, kept, own }
    }

    async fn reopen(&self, place: &Self::Place) -> Option<Self::Store> {
        {
            let mut world = place.0.lock().unwrap();
            match self.0 {
                Flaw::AcknowledgedEarly => {
                    if let Some(disk) = world.disk.take() {
                        *world = *disk;
                    }
                }
                Flaw::CommandsForgotten => {
                    for log in world.logs.values_mut() {
                        log.commands.clear();
                    }
                }
                Flaw::ClosedCommandsForgotten => {
                    let logs = world.logs.values_mut().filter(|log| log.is_closed());
                    logs.for_each(|log| log.commands.clear());
                }
                Flaw::OtherCommandsForgotten => {
                    let logs = world.logs.values_mut().filter(|log| !log.is_release());
                    logs.for_each(|log| log.commands.clear());
                }
                Flaw::ModelForgotten => {
                    let rows = world
                        .logs
                        .values_mut()
                        .filter_map(|log| log.summary.as_mut());
                    rows.for_each(|row| row.model = None);
                }
                Flaw::CreatedForgotten => {
                    for log in world.logs.values_mut() {
                        if let (Some(row), Some(last)) = (&mut log.summary, log.events.last()) {
                            row.created_at = last.recorded_at;
                        }
                    }
                }
                Flaw::ClaimsForgotten => world.claims.clear(),
                _ => {}
            }
        }
        Some(self.open(place).await)
    }

    async fn break_link(&self, place: &Self::Place, stream: &Stream, version: Version) -> bool {
        let store = self.open(place).await;
        let mut world = place.0.lock().unwrap();
        let log = world.logs.get_mut(&store.key(stream)).unwrap();
        log.is_broken_at = Some(version.get());
        true
    }
}

/// The suite comes by one handle, which keeps nothing and takes no harm.
#[derive(Clone)]
struct Alone;

impl Harness for Alone {
    type Place = Arc<Kept>;
    type Store = Sabotaged;

    async fn fresh(&self) -> Self::Place {
        Arc::default()
    }

    async fn open(&self, place: &Self::Place) -> Self::Store {
        With(Flaw::Sound).open(place).await
    }

    async fn second_handle(&self, _: &Self::Place) -> Option<Self::Store> {
        None
    }

    async fn reopen(&self, _: &Self::Place) -> Option<Self::Store> {
        None
    }
}

fn check(name: &str) -> Check {
    let found = CHECKS.iter().find(|check| check.name() == name);
    *found.unwrap_or_else(|| panic!("there is no check `{name}`"))
}

#[test]
fn the_same_store_without_a_flaw_keeps_the_whole_contract() {
    let report = pollster::block_on(run(&With(Flaw::Sound)));
    assert_eq!(report.holds, CHECKS.len(), "{report}");
}

#[test]
fn what_a_harness_leaves_out_is_never_a_pass() {
    let report = pollster::block_on(run(&Alone));
    let left_out: Vec<_> = report
        .checks
        .iter()
        .filter_map(|one| match &one.shown {
            Shown::NotApplicable { because } => Some((one.check.name(), because.as_str())),
            _ => None,
        })
        .collect();
    let (second, reopen) = (
        "the harness has no `second_handle`",
        "the harness has no `reopen`",
    );
    let expected = [
        (
            "a_missing_entry_is_an_error",
            "the harness has no `break_link`",
        ),
        ("a_second_handle_reads_what_was_acknowledged", second),
        ("what_was_acknowledged_is_there_after_reopening", reopen),
        ("a_command_is_known_after_reopening", reopen),
        ("claims_are_there_after_reopening", reopen),
    ];
    assert_eq!(left_out, expected, "{report}");
    assert_eq!((report.fails, report.not_applicable), (0, 5));
    assert_eq!(report.holds, CHECKS.len() - 5);
    let shown = report.to_string();
    let line = " 7  n/a    a_command_is_known_after_reopening: the harness has no `reopen`\n";
    assert!(shown.contains(line), "{shown}");
    let sum = format!(
        "{} of {} hold, 0 fail, 5 not applicable",
        report.holds,
        CHECKS.len()
    );
    assert!(shown.ends_with(&sum), "{shown}");
    report.assert();
}

#[test]
fn a_report_says_what_fails_and_why() {
    let report = pollster::block_on(run(&With(Flaw::ConflictOffByOne)));
    let shown = report.to_string();
    assert!(
        shown.contains(" 2  FAILS  a_conflict_names_the_actual_version\n"),
        "{shown}"
    );
    let why = "a_conflict_names_the_actual_version (contract 2): A stale batch is a conflict that names the version \
               of the log, at 1, 9, 10, 99, 100 and 1,000.\n    a batch for version 1 when the log is at 2: the \
               version that it names\n    expected: ";
    assert!(shown.contains(why), "{shown}");
    let json: serde_json::Value = serde_json::from_str(&report.to_json()).unwrap();
    assert_eq!(json["fails"], report.fails);
    let checks = json["checks"].as_array().unwrap();
    let found = checks
        .iter()
        .find(|one| one["name"] == "a_conflict_names_the_actual_version")
        .unwrap();
    assert_eq!(
        (&found["contract"], &found["shown"]),
        (&2.into(), &"fails".into())
    );
    assert!(
        found["expected"].as_str().unwrap().contains("Version(2)"),
        "{found}"
    );
    assert!(
        found["found"].as_str().unwrap().contains("Version(3)"),
        "{found}"
    );
    let failed = std::panic::catch_unwind(|| report.assert()).unwrap_err();
    assert_eq!(failed.downcast_ref::<String>(), Some(&shown));
}

#[test]
fn every_sabotaged_store_is_found_out_by_the_check_that_is_named() {
    let survivors = FLAWS.iter().filter_map(|(flaw, says, name)| {
        match pollster::block_on(check(name).run(&With(*flaw))).shown {
            Shown::Fails(_) => None,
            shown => Some(format!("{flaw:?} ({says}) survives `{name}`: {shown:?}")),
        }
    });
    let survivors: Vec<_> = survivors.collect();
    assert!(survivors.is_empty(), "{}", survivors.join("\n"));
}

#[test]
fn what_ends_a_moment_late_is_told_by_one_check_and_no_other() {
    for flaw in [Flaw::LeaseEndsLate, Flaw::RetryLate] {
        let (_, _, name) = FLAWS.iter().find(|(one, ..)| *one == flaw).unwrap();
        // Claims are looked at by these, too.
        let others = CHECKS.iter().filter(|check| check.contract() > 4);
        let others = others.filter(|check| check.name() != *name && check.contract() != 11);
        for check in others {
            let shown = pollster::block_on(check.run(&With(flaw))).shown;
            assert_eq!(shown, Shown::Holds, "{flaw:?}: {check:?}");
        }
    }
}

#[test]
fn every_check_finds_a_sabotaged_store() {
    let named: HashSet<_> = FLAWS.iter().map(|(_, _, name)| *name).collect();
    let unnamed = CHECKS.iter().map(Check::name);
    let unnamed: Vec<_> = unnamed.filter(|name| !named.contains(name)).collect();
    assert_eq!(unnamed, [""; 0]);
}

#[test]
fn the_kill_table_is_the_one_in_the_documentation() {
    let line = |(_, says, name): &(Flaw, &str, &str)| {
        format!("| {says} | {} | `{name}` |", check(name).contract())
    };
    let table: Vec<_> = FLAWS.iter().map(line).collect();
    let table = table.join("\n");
    let head = "| what is wrong | contract | found by |\n|---|---|---|\n";
    println!("{head}{table}");
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/stores.md");
    let docs = std::fs::read_to_string(path).unwrap();
    let (_, shown) = docs.split_once(head).expect("docs/stores.md has the table");
    let shown: Vec<_> = shown
        .lines()
        .take_while(|line| line.starts_with('|'))
        .collect();
    assert_eq!(shown.join("\n"), table, "docs/stores.md has another table");
}
