//! Whether a store keeps the contract of [`Store`]: a suite that tells its author what holds, what fails, and why.
//!
//! A [`Harness`] says how to come by the store; [`run`] makes all [`CHECKS`] and gives a [`Report`], and
//! [`conformance_tests!`](crate::conformance_tests) makes a test of each. No runtime is needed and any will do: every
//! check is a future that [`Harness::wait`] runs on a thread of its own.
//!
//! # Examples
//!
//! ```
//! use phasegate::MemoryStore;
//! use phasegate::testing::conformance::{Harness, run};
//! use std::sync::Arc;
//!
//! #[derive(Clone)]
//! struct Memory;
//!
//! impl Harness for Memory {
//!     type Place = Arc<MemoryStore>;
//!     type Store = Arc<MemoryStore>;
//!
//!     async fn fresh(&self) -> Arc<MemoryStore> {
//!         Arc::default()
//!     }
//!     async fn open(&self, place: &Arc<MemoryStore>) -> Arc<MemoryStore> {
//!         place.clone()
//!     }
//!     async fn reopen(&self, _: &Arc<MemoryStore>) -> Option<Arc<MemoryStore>> {
//!         None // Nothing outlives the process, and nothing is said to.
//!     }
//! }
//!
//! let report = pollster::block_on(run(&Memory));
//! println!("{report}");
//! // Three checks need `reopen`, and one `break_link`.
//! assert_eq!((report.fails, report.not_applicable), (0, 4));
//! ```
//!
//! # What a green run does not show
//!
//! - That a crash of the process or of the machine loses nothing: kill it in the middle, time and again.
//! - That the log is on the disk when a commit is acknowledged.
//! - That no race is lost: races are tried, some hundred times. They are found where they are likely.
//! - How quick the store is, and that it stays so when it is full: no log is longer than 2,100 events, and no tenant
//!   has more than 1,006 logs.

mod ask;
mod bench;
mod commands;
mod commits;
mod guards;
mod lasting;
mod lists;
mod outbox;
mod outbox_races;
mod races;
mod reads;
mod report;
mod scribe;
mod tenants;

pub use report::{Checked, Failure, Report, Shown};

use crate::release::{Stream, Version};
use crate::store::Store;
use bench::{Bench, Boxed, PATIENCE, block_on, on_a_thread, waited};
use report::Ended;
use std::{fmt, future::Future, pin::Pin};

/// How the suite comes by a store: what its author writes.
///
/// Two methods are needed. What the others leave out is not tried, and shown as not applicable.
///
/// # Panics
///
/// A method that cannot do its work may panic; the check fails and says so.
pub trait Harness: Clone + Send + Sync + 'static {
    /// Where a store keeps its logs: a folder, a database, an address. What it needs to be removed is done when it is
    /// dropped.
    type Place: Send + Sync + 'static;

    /// The store.
    type Store: Store + 'static;

    /// A new place with nothing in it. Every check has its own.
    fn fresh(&self) -> impl Future<Output = Self::Place> + Send;

    /// A handle to what is kept there.
    fn open(&self, place: &Self::Place) -> impl Future<Output = Self::Store> + Send;

    /// A handle beside others that are open, as another process would have it; nothing where a place takes only one.
    /// Left out, it is opened like the first one.
    fn second_handle(
        &self,
        place: &Self::Place,
    ) -> impl Future<Output = Option<Self::Store>> + Send {
        async { Some(self.open(place).await) }
    }

    /// A handle after all others are dropped, as after a restart; nothing where nothing is kept. Left out, it is opened
    /// like the first one.
    fn reopen(&self, place: &Self::Place) -> impl Future<Output = Option<Self::Store>> + Send {
        async { Some(self.open(place).await) }
    }

    /// Takes an entry out of a log, behind the store's back, as a disk or a person would; `false` if that is not
    /// possible. Left out, it is not.
    fn break_link(
        &self,
        place: &Self::Place,
        stream: &Stream,
        version: Version,
    ) -> impl Future<Output = bool> + Send {
        let _ = (place, stream, version);
        async { false }
    }

    /// Waits on this thread until a future is done. Left out, the thread polls it and sleeps in between; a store that
    /// needs its runtime around it writes, say, `self.runtime.block_on(future)`.
    fn wait(&self, future: Pin<Box<dyn Future<Output = ()> + Send + '_>>) {
        block_on(future);
    }
}

/// One check: a number of the contract of [`Store`], and what is tried of it.
#[derive(Clone, Copy)]
pub struct Check {
    name: &'static str,
    contract: u8,
    shows: &'static str,
    try_it: fn(Bench) -> Boxed<'static, Result<(), Ended>>,
}

impl Check {
    /// Its name, which stays as it is.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The number of the contract that a store breaks when it fails.
    #[must_use]
    pub const fn contract(&self) -> u8 {
        self.contract
    }

    /// What it shows, in a sentence.
    #[must_use]
    pub const fn shows(&self) -> &'static str {
        self.shows
    }

    /// Makes this check alone, on a new place.
    ///
    /// # Cancellation
    ///
    /// A future that is dropped leaves the check running on its thread.
    pub async fn run<H: Harness>(self, harness: &H) -> Checked {
        let (harness, check) = (harness.clone(), self);
        let ended = on_a_thread(PATIENCE, move || {
            let waits = harness.clone();
            let future = async move { (check.try_it)(Bench::new(harness).await).await };
            waited(future, |future| waits.wait(future))
        });
        let failed = |what| Shown::Fails(Failure::new("running the check", "an end", what));
        let shown = match ended.await {
            Ok(Some(Ok(()))) => Shown::Holds,
            Ok(Some(Err(Ended::Failed(failure)))) => Shown::Fails(*failure),
            Ok(Some(Err(Ended::Skipped(because)))) => Shown::NotApplicable { because },
            Ok(None) => failed("`Harness::wait` came back before the future"),
            Err(what) => failed(&what),
        };
        Checked { check, shown }
    }
}

impl fmt::Debug for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (contract {})", self.name, self.contract)
    }
}

impl PartialEq for Check {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Check {}

/// Makes all checks, one after the other.
///
/// # Cancellation
///
/// A future that is dropped leaves the check that runs on its thread.
pub async fn run<H: Harness>(harness: &H) -> Report {
    let mut checks = Vec::with_capacity(CHECKS.len());
    for check in CHECKS {
        checks.push(check.run(harness).await);
    }
    Report::of(checks)
}

/// Makes one check, for a test: what [`conformance_tests!`](crate::conformance_tests) calls.
///
/// # Panics
///
/// If the check fails, or if there is none of that name. One that is not applicable says so on standard error.
#[doc(hidden)]
#[track_caller]
#[expect(clippy::panic, clippy::print_stderr, reason = "it is for tests")]
pub fn holds<H: Harness>(harness: &H, name: &str) {
    let Some(check) = CHECKS.iter().find(|check| check.name == name) else {
        panic!("there is no check `{name}`");
    };
    match block_on(check.run(harness)).shown {
        Shown::Holds => {}
        Shown::Fails(failure) => {
            panic!(
                "contract {}: {}\n    {failure}",
                check.contract, check.shows
            );
        }
        Shown::NotApplicable { because } => eprintln!("not applicable: {because}"),
    }
}

macro_rules! checks {
    ($d:tt $($module:ident: $($name:ident $contract:literal $shows:literal),*;)*) => {
        /// All checks, by the numbers of the contract.
        pub static CHECKS: &[Check] = &[$($(
            Check {
                name: stringify!($name),
                contract: $contract,
                shows: $shows,
                try_it: |bench| Box::pin($module::$name(bench)),
            },
        )*)*];

        /// Makes one `#[test]` of every check of a store: `conformance_tests!(harness)`, where `harness` is an
        /// expression of a type that implements [`Harness`](crate::testing::conformance::Harness).
        ///
        /// Use it in a module of its own, within a test.
        ///
        /// # Examples
        ///
        /// ```
        /// # use phasegate::testing::conformance::Harness;
        /// # use std::sync::Arc;
        /// # #[derive(Clone)]
        /// # struct Memory;
        /// # impl Harness for Memory {
        /// #     type Place = Arc<phasegate::MemoryStore>;
        /// #     type Store = Arc<phasegate::MemoryStore>;
        /// #     async fn fresh(&self) -> Self::Place { Arc::default() }
        /// #     async fn open(&self, place: &Self::Place) -> Self::Store { place.clone() }
        /// # }
        /// mod keeps_the_contract {
        ///     phasegate::conformance_tests!(super::Memory);
        /// }
        /// ```
        #[macro_export]
        macro_rules! conformance_tests {
            ($d harness:expr) => { $($(
                #[test]
                fn $name() {
                    $crate::testing::conformance::holds(&$d harness, stringify!($name));
                }
            )*)* };
        }
    };
}

checks! { $
    commits:
        a_commit_writes_everything_together 1
            "A commit writes its events, command, summary row and notices.",
        a_batch_of_many_events_is_one_commit 1
            "A batch of a hundred events is written as one.",
        a_whole_release_is_kept 1
            "A release from request to closure, as the desk writes it, reads back and replays.";
    races:
        closing_is_one_commit 1
            "Whoever looks while a release is closed sees all of the commit or nothing.";
    commits:
        a_conflict_names_the_actual_version 2
            "A stale batch is a conflict that names the version of the log, at 1, 9, 10, 99, 100 and 1,000.",
        a_batch_ahead_of_its_log_is_a_conflict 2
            "A batch that expects a later version than there is, or none where one is, is a conflict.";
    races:
        of_many_writers_at_one_version_one_wins 2
            "Of writers at once at one version one wins, and every other one gets a conflict.",
        no_update_is_lost 2
            "Writers that load, write and try again lose nothing of anybody.";
    guards:
        a_moved_guard_writes_nothing 3
            "A batch is written only if every log that it rests on is where it was, the last one too.",
        a_guard_on_a_log_that_is_not_there_holds_until_it_is 3
            "A guard at version 0 holds until that log begins.",
        of_two_writers_that_guard_each_other_one_wins 3
            "Guards are checked in the same transaction as the write: of two that rest on each other one wins.";
    commands:
        a_command_is_answered_once_and_for_ever 4
            "A command that was done is answered with what was done, after later commits too.",
        a_command_with_another_intent_is_refused 4
            "A command that comes with something else, or from somebody else, is refused.",
        a_command_is_known_before_versions_and_guards_are_looked_at 4
            "A retry is answered although the log and its guards have moved.",
        a_command_belongs_to_one_log 4
            "The same command in another log, or of another tenant, is another one.",
        a_lost_answer_is_found_by_asking_again 4
            "A batch whose answer was lost is written once however often it is sent.";
    races:
        the_same_command_at_once_is_done_once 4
            "Of the same batch sent at once through several handles one is written, and all are answered.";
    commits:
        a_refused_batch_changes_nothing 5
            "An error other than unknown leaves logs, lists, outcomes and notices as they were.",
        a_refused_batch_can_be_written_later 5
            "What was refused is written once when it is sent again and nothing stands against it.";
    reads:
        a_long_log_is_read_whole 6
            "2,000 events and 3 MiB are read whole and in order, whatever the size of the page.",
        a_page_of_a_log_begins_after_a_version 6
            "A page has the next entries, and is empty only at the end of the log.",
        a_payload_comes_back_byte_for_byte 6
            "Long integers and decimals, escapes, and text of any script are kept as they are written.",
        an_envelope_comes_back_field_for_field 6
            "Every field is kept: instants to the microsecond, schemas, actors, links.",
        a_missing_entry_is_an_error 6
            "A log with an entry missing in the middle is an error, never a shorter log.",
        reading_writes_nothing 6
            "Reading, listing and asking change nothing, of logs that are there and of those that are not.",
        the_clock_decides_nothing 6
            "A log is in order of version when the clock of its writers goes backwards.";
    lasting:
        a_second_handle_reads_what_was_acknowledged 7
            "What one handle has written every other one reads at once.",
        what_was_acknowledged_is_there_after_reopening 7
            "Logs, lists and outcomes are there after reopening, and writing goes on.",
        a_command_is_known_after_reopening 7
            "A retry after reopening is answered and not done again.",
        claims_are_there_after_reopening 7
            "What is settled, leased and put off stays so after reopening.",
        many_calls_at_once_all_come_to_an_end 7
            "Sixteen callers of every method at once are all answered.";
    tenants:
        tenants_see_nothing_of_each_other 8
            "Logs, commands, lists, notices and leases of a tenant are nobody else's.",
        names_that_look_alike_are_not_the_same 8
            "Names that differ in case, in a separator or at the end name different logs.";
    lists:
        a_list_has_every_order_and_filter 9
            "Every filter in every order gives what it says, whatever the size of the page.",
        a_list_breaks_ties_by_id 9
            "Releases of one instant are listed by id, across pages.",
        paging_under_writes_neither_skips_nor_repeats 9
            "A page begins after a place in the order, not after a number of rows.",
        only_releases_are_listed 9
            "A log without a summary row is not listed, and a row is replaced by the next one.";
    outbox:
        a_sink_gets_the_lowest_notice_that_it_has_not_settled 10
            "Notices of a log are told one after the other, those of different logs at once.",
        a_sink_that_is_done_gets_what_comes_later 10
            "What comes while a notice is claimed, and after all is settled, is told too.",
        a_lease_keeps_others_away_until_it_ends 10
            "A claim is nobody else's until the lease ends, also by a clock that goes backwards.",
        a_late_settlement_is_refused 10
            "Whoever settles an earlier attempt, or nothing that is claimed, is refused.",
        a_notice_waits_until_it_is_to_be_tried_again 10
            "A notice that is put off is told again then, and not before, and no later one meanwhile.",
        a_rejected_notice_lets_the_next_one_go 10
            "A notice that a sink will never take does not stop the next one.",
        a_new_sink_begins_at_version_one 10
            "A sink that is new is told of everything, whatever others have settled.",
        a_claim_of_few_comes_to_all 10
            "A limit below the number of logs delays notices and keeps none back.",
        a_claim_of_few_takes_what_waits_longest 10
            "A limit takes what was never claimed first, and then what could be claimed again earliest.";
    outbox_races:
        of_claims_at_once_one_gets_a_notice 10
            "Claims at once through several handles never get the same notice.",
        no_notice_is_lost_while_others_write 10
            "A relay beside many writers tells of every event once, in order of the log.";
    commits:
        the_largest_batch_is_written 11
            "A batch of 100 events and 100 guards is written, and a payload of 1 MiB.",
        a_batch_that_is_too_large_is_refused 11
            "More than that is refused as too large.";
    reads:
        a_read_returns_one_to_a_thousand_rows 11
            "A limit below 1 or above 1,000 is read as the nearest of these.";
    reads:
        nothing_is_deleted 12
            "What is settled, closed and old is read as on the first day.";
    lasting:
        a_dropped_commit_is_there_whole_or_not_at_all 13
            "A commit that is dropped after any number of polls leaves all or nothing, and its outcome tells which.",
        a_dropped_claim_or_settlement_is_done_or_not 13
            "A claim or a settlement that is dropped loses no notice.";
}
