//! Windows, freezes, exceptions and holidays that others made, for other purposes: what the schedule makes of them.

use crate::desk_support::{
    Office, by, id, key, name, office, package, run_of, text, titled, wait, worthwhile,
};
use crate::recorded::{file as real, rows};
use chrono::{Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Weekday};
use phasegate::desk::StreamError;
use phasegate::gate::{FreezePolicy, Refused};
use phasegate::phase::{Day, Instant, Seconds, Testing};
use phasegate::release::step::Deploy;
use phasegate::release::{
    Bounded, Effect, Key, Name, Openness, ReleaseId, RunningWork, WindowKind,
};
use phasegate::schedule::{
    Calendar, Edges, ExceptionAnswer, ExceptionDecision, ExceptionRequest, IcsCalendar, Schedule,
    Scope, Timing, WhileClosed, Window, WorkingDays, Zone,
};
use phasegate::{Gate, GateSet, Interval, MemoryStore, Release};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Arc;

fn hard() -> WhileClosed {
    WhileClosed::new(
        Effect::Blocked,
        RunningWork::FinishWave,
        Effect::Allowed,
        Effect::Warned,
    )
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn openness(schedule: &Schedule, at: Instant) -> Openness {
    schedule.state_at(at, &Scope::everything()).openness
}

fn weekday(name: &str) -> Weekday {
    name.parse().unwrap()
}

fn code(day: Weekday) -> &'static str {
    ["MO", "TU", "WE", "TH", "FR", "SA", "SU"][day.num_days_from_monday() as usize]
}

/// Weekly on these days, from a day before all instants that the data has.
fn weekly(zone: &str, days: &[Weekday], starts: NaiveTime, length: TimeDelta) -> Timing {
    let first = day("2019-01-01")
        .iter_days()
        .find(|day| days.contains(&day.weekday()));
    let starts = first.unwrap().and_time(starts);
    let codes: Vec<_> = days.iter().map(|day| code(*day)).collect();
    Timing::local(zone.parse().unwrap(), starts, starts + length)
        .and_then(|once| once.recurring(&format!("FREQ=WEEKLY;BYDAY={}", codes.join(","))))
        .unwrap()
}

mod kured {
    use super::*;

    #[derive(Deserialize)]
    struct File {
        cases: Vec<Case>,
    }

    #[derive(Deserialize)]
    struct Case {
        weekdays: Vec<String>,
        start: String,
        end: String,
        timezone: String,
        instant: Instant,
        inside: bool,
    }

    fn time(text: &str) -> NaiveTime {
        let time = NaiveTime::parse_from_str(text, "%H:%M");
        time.or_else(|_| NaiveTime::parse_from_str(text, "%H:%M:%S"))
            .unwrap()
    }

    #[test]
    #[ignore = "set PHASEGATE_REAL_DATA"]
    fn maintenance_windows_are_weekly_allow_windows() {
        let file = real("change-windows/kured_maintenance_windows.json");
        let File { cases } = serde_json::from_slice(&file).unwrap();
        assert_eq!(cases.len(), 15);
        for case in cases {
            let days: Vec<_> = case.weekdays.iter().map(|day| weekday(day)).collect();
            let (start, end) = (time(&case.start), time(&case.end));
            let timing = weekly(&case.timezone, &days, start, end - start);
            let window = Window::allow(key("reboots"), timing, hard());
            let schedule = Schedule::from(Calendar::new(key("nodes")).with(window).unwrap());
            let is_open = openness(&schedule, case.instant) == Openness::Open;
            assert_eq!(is_open, case.inside, "{}", case.instant);
        }
    }
}

mod gitlab {
    use super::*;

    #[derive(Deserialize)]
    struct File {
        cases: Vec<Case>,
    }

    #[derive(Deserialize)]
    struct Case {
        freeze_periods: Vec<Period>,
        cron_timezone: String,
        instant: Instant,
        frozen: bool,
    }

    #[derive(Deserialize)]
    struct Period {
        freeze_start: String,
        freeze_end: String,
    }

    /// A weekly cron expression: minutes after the start of the week on Sunday.
    fn of_week(cron: &str) -> i64 {
        let fields: Vec<_> = cron.split(' ').collect();
        let [minute, hour, "*", "*", day] = fields[..] else {
            panic!("`{cron}` is not weekly");
        };
        let [minute, hour, day] = [minute, hour, day].map(|field| field.parse::<i64>().unwrap());
        (day % 7 * 24 + hour) * 60 + minute
    }

    /// From each start to the next end, every week.
    fn freeze(id: &str, zone: &str, period: &Period) -> Window {
        let start = of_week(&period.freeze_start);
        let length = (of_week(&period.freeze_end) - start).rem_euclid(7 * 24 * 60);
        let day: u8 = (start / 1_440).try_into().unwrap();
        let weekday = Weekday::try_from(day).unwrap().pred();
        let time = NaiveTime::MIN + TimeDelta::minutes(start % 1_440);
        let timing = weekly(zone, &[weekday], time, TimeDelta::minutes(length));
        Window::freeze(key(id), timing, hard())
    }

    #[test]
    #[ignore = "set PHASEGATE_REAL_DATA"]
    fn freeze_periods_are_weekly_freezes() {
        let file = real("change-windows/gitlab_freeze_periods.json");
        let File { cases } = serde_json::from_slice(&file).unwrap();
        assert_eq!(cases.len(), 11);
        for case in cases {
            let mut calendar = Calendar::new(key("project"));
            for (number, period) in case.freeze_periods.iter().enumerate() {
                let id = format!("period-{number}");
                calendar = calendar
                    .with(freeze(&id, &case.cron_timezone, period))
                    .unwrap();
            }
            let is_closed = openness(&calendar.into(), case.instant) == Openness::Closed;
            assert_eq!(is_closed, case.frozen, "{}", case.instant);
        }
    }
}

mod kubernetes {
    use super::*;

    #[derive(Deserialize)]
    pub(super) struct FreezeRow {
        pub(super) release: String,
        pub(super) freeze: String,
        pub(super) start_utc: Option<Instant>,
        planned_thaw_date: Option<Day>,
        pub(super) ga_tagged_at_utc: Instant,
    }

    impl FreezeRow {
        fn id(&self) -> Key {
            key(&format!("{}-{}", self.release, self.freeze))
        }

        /// From the instant that is stated to the end of the day of the thaw, at most to the release.
        fn span(&self) -> Option<Interval> {
            let thaw = self.planned_thaw_date.map(|day| day.date() + Days::new(1));
            let thaw = thaw.map(|day| Instant::start_of(day).unwrap());
            let end = thaw.map_or(self.ga_tagged_at_utc, |thaw| {
                thaw.min(self.ga_tagged_at_utc)
            });
            Some(Interval::new(self.start_utc?, end).unwrap())
        }

        /// About work that is marked as what this freeze stops.
        fn window(&self, span: Interval) -> Window {
            Window::freeze(self.id(), Timing::between(span), hard()).about(stopped_by(&self.freeze))
        }
    }

    pub(super) fn freezes() -> Vec<FreezeRow> {
        rows("k8s-release-schedules/freeze_windows.csv")
    }

    fn labels(freeze: &str) -> Bounded<BTreeMap<Key, Name>> {
        [(key("stopped-by"), name(freeze))].into()
    }

    fn stopped_by(freeze: &str) -> Scope {
        Scope::builder().labels(labels(freeze)).build()
    }

    #[test]
    #[ignore = "set PHASEGATE_REAL_DATA"]
    fn every_code_freeze_with_an_instant_is_closed_inside_and_open_after() {
        let freezes = freezes();
        let freezes = freezes.iter().filter(|row| row.freeze == "code_freeze");
        let (dated, undated): (Vec<_>, Vec<_>) = freezes.partition(|row| row.start_utc.is_some());
        let undated: Vec<_> = undated.iter().map(|row| &*row.release).collect();
        assert_eq!((dated.len(), undated), (13, vec!["1.15"]));
        let mut calendar = Calendar::new(key("kubernetes"));
        for row in &dated {
            calendar = calendar.with(row.window(row.span().unwrap())).unwrap();
        }
        let (schedule, work) = (Schedule::from(calendar), stopped_by("code_freeze"));
        let second = Seconds::new(1);
        for row in dated {
            let span = row.span().unwrap();
            let before = span.start().minus(second);
            for (at, expected) in [
                (before, Openness::Open),
                (span.start(), Openness::Closed),
                (span.start().plus(Seconds::days(3)), Openness::Closed),
                (span.end().minus(second), Openness::Closed),
                (span.end(), Openness::Open),
            ] {
                let state = schedule.state_at(at, &work);
                assert_eq!(state.openness, expected, "{} {at}", row.release);
                let deciding = state.deciding.iter().map(|one| one.window.clone().unwrap());
                let is_closed = expected == Openness::Closed;
                let expected: Vec<_> = is_closed.then(|| row.id()).into_iter().collect();
                assert_eq!(
                    deciding.collect::<Vec<_>>(),
                    expected,
                    "{} {at}",
                    row.release
                );
            }
            let next = schedule.next_transition(before, &work).unwrap();
            assert_eq!((next.at, next.becomes), (span.start(), Openness::Closed));
            let open = schedule.next_open(span.start(), Seconds::hours(2), &work);
            assert_eq!(open, Some(span.end()), "{}", row.release);
        }
    }

    #[derive(Deserialize)]
    struct PairRow {
        release: String,
        milestone: String,
        stated_utc: Instant,
        stated_local: String,
        stated_label: String,
        iana_zone: Zone,
        utc_of_local_by_iana: Instant,
        iana_agrees: String,
        label_offset_agrees: String,
        label_is_in_force: String,
    }

    fn said(yes: bool) -> &'static str {
        if yes { "yes" } else { "no" }
    }

    /// Hours before or after UTC.
    fn hours(label: &str) -> i64 {
        match label {
            "PST" => -8,
            "PDT" => -7,
            "BST" => 1,
            other => panic!("unknown label {other}"),
        }
    }

    #[test]
    #[ignore = "set PHASEGATE_REAL_DATA"]
    fn an_instant_that_is_stated_twice_contradicts_itself_in_six_of_twenty_cases() {
        let pairs: Vec<PairRow> = rows("k8s-release-schedules/tz_pairs.csv");
        assert_eq!(pairs.len(), 20);
        let mut contradicting = Vec::new();
        for row in &pairs {
            let told = format!("{} {} {}", row.release, row.milestone, row.stated_label);
            let local = NaiveDateTime::parse_from_str(&row.stated_local, "%Y-%m-%dT%H:%M").unwrap();
            let timing = Timing::local(row.iana_zone, local, None).unwrap();
            let always = Interval::parse("1970-01-01T00:00:00Z", "2100-01-01T00:00:00Z").unwrap();
            let starts = timing.occurrences(always, Edges::Long)[0].start();
            assert_eq!(starts, row.utc_of_local_by_iana, "{told}");

            let stated = row.stated_utc.to_datetime().naive_utc();
            let shown = row.iana_zone.wall_clock(row.stated_utc);
            let by_zone = shown == local;
            assert_eq!(by_zone, starts == row.stated_utc, "{told}");
            assert_eq!(said(by_zone), row.iana_agrees, "{told}");
            let offset = TimeDelta::hours(hours(&row.stated_label));
            let by_label = stated + offset == local;
            assert_eq!(said(by_label), row.label_offset_agrees, "{told}");
            assert_eq!(
                said(shown - stated == offset),
                row.label_is_in_force,
                "{told}"
            );
            if !by_zone || !by_label {
                contradicting.push((told, by_zone, by_label));
            }
        }
        let contradicting: Vec<_> = contradicting
            .iter()
            .map(|(told, by_zone, by_label)| (&**told, *by_zone, *by_label))
            .collect();
        // By the zone, by the label: in two only the label is of the wrong half of the year, in four one of the two
        // statements is off by an hour.
        assert_eq!(
            contradicting,
            [
                ("1.26 code_freeze PDT", true, false),
                ("1.26 test_freeze PDT", true, false),
                ("1.27 enhancements_freeze PDT", false, true),
                ("1.27 feature_blog_freeze PDT", false, true),
                ("1.27 code_freeze PDT", false, false),
                ("1.27 test_freeze PDT", false, false),
            ]
        );
    }

    #[derive(Deserialize)]
    struct ExceptionRow {
        release: String,
        freeze: String,
        name: String,
        requested_on: String,
        reviewed_on: String,
        decision: String,
    }

    /// A day; some are written without zeros, and the oldest requests have none.
    fn written(text: &str) -> Option<NaiveDate> {
        NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()
    }

    fn kubernetes() -> Key {
        key("kubernetes")
    }

    fn request(
        row: &ExceptionRow,
        id: &Key,
        release: ReleaseId,
        span: Interval,
    ) -> ExceptionRequest {
        let freeze = key(&format!("{}-{}", row.release, row.freeze));
        ExceptionRequest::new(
            id.clone(),
            release,
            Bounded::from([freeze]),
            span,
            text(&row.name),
        )
    }

    /// Asked for, decided, and tried.
    struct Exception<'a> {
        row: &'a ExceptionRow,
        id: Key,
        span: Interval,
        release: Option<Release<Testing>>,
    }

    impl Exception<'_> {
        fn ask(&mut self, office: &Office<Arc<MemoryStore>>, release: ReleaseId) {
            let request = request(self.row, &self.id, release, self.span);
            wait(
                office
                    .desk
                    .request_exception(&kubernetes(), request, by("sig")),
            )
            .unwrap();
            self.release = Some(marked(office, release, &self.row.freeze));
        }

        fn is_granted(&self) -> bool {
            match &*self.row.decision {
                "approved" => true,
                "rejected" => false,
                other => panic!("unknown decision {other}"),
            }
        }

        fn decide(&self, office: &Office<Arc<MemoryStore>>) {
            let answer = if self.is_granted() {
                ExceptionAnswer::Granted(self.span)
            } else {
                ExceptionAnswer::Denied
            };
            let decision = ExceptionDecision::new(self.id.clone(), answer, text("as recorded"));
            wait(
                office
                    .desk
                    .decide_exception(&kubernetes(), decision, by("lead")),
            )
            .unwrap();
        }

        /// Whether the gate let the release pass as often as the decision says: once, or never.
        fn deploy(&mut self, office: &Office<Arc<MemoryStore>>) {
            let window =
                || Interval::new(office.now(), office.now().plus(Seconds::hours(2))).unwrap();
            let release = self.release.take().unwrap();
            let first = office.run(release.deploy(window()), "ada");
            if !self.is_granted() {
                return self.refused(&first.unwrap_err().refused().unwrap());
            }
            let release = first.unwrap();
            let release = office.done(release.back_out(text("once more")), "ada");
            let release = office.done(release.replan(text("once more")), "ada");
            let release = office.agreed(release);
            let release = office.done(release.start_development(), "ada");
            let release = office.done(release.start_testing(package("two")), "ada");
            let release = office.recorded(release, run_of("again", &package("two"), 1, 0), "tom");
            let again = office.run(release.deploy(window()), "ada");
            self.refused(&again.unwrap_err().refused().unwrap());
        }

        fn refused(&self, refused: &Refused<Testing>) {
            let freeze = key(&format!("{}-{}", self.row.release, self.row.freeze));
            let blockers = refused.decision.blockers();
            let told: Vec<_> = blockers
                .map(|one| (one.reason.code.clone(), one.reason.about.clone()))
                .collect();
            assert_eq!(told, [(key("frozen"), Some(freeze))], "{}", self.row.name);
        }
    }

    /// A release that is tested, and marked as what a freeze stops.
    fn marked(
        office: &Office<Arc<MemoryStore>>,
        expected: ReleaseId,
        freeze: &str,
    ) -> Release<Testing> {
        let mut request = titled("Enhancement");
        request.labels = labels(freeze);
        let release = office.done(office.asked(request), "kim");
        assert_eq!(release.id(), expected);
        let release = office.done(release.authorise(worthwhile()), "cho");
        let release = office.agreed(release);
        let release = office.done(release.start_development(), "ada");
        let release = office.done(release.start_testing(package("one")), "ada");
        office.recorded(release, run_of("run", &package("one"), 19, 1), "tom")
    }

    fn production() -> GateSet {
        let gate = Gate::<Deploy>::new("code", 1).unwrap();
        GateSet::new().with(gate.require(FreezePolicy::new(kubernetes())))
    }

    /// A request that names a freeze which is not in the calendar is not taken.
    fn refuses(office: &Office<Arc<MemoryStore>>, requests: &[&ExceptionRow]) {
        let soon = Interval::new(office.now(), office.now().plus(Seconds::days(1))).unwrap();
        for row in requests {
            assert_eq!(written(&row.requested_on), None);
            let request = request(row, &key("old"), id(1), soon);
            let refused = wait(
                office
                    .desk
                    .request_exception(&kubernetes(), request, by("sig")),
            );
            let Err(StreamError::Refused { reasons, .. }) = refused else {
                panic!("{refused:?}");
            };
            let codes: Vec<_> = reasons.iter().map(|reason| reason.code.as_str()).collect();
            assert_eq!(codes, ["unknown"]);
        }
    }

    #[test]
    #[ignore = "set PHASEGATE_REAL_DATA"]
    fn real_exceptions_let_a_release_pass_a_freeze_once_and_denied_ones_do_not() {
        let office = office().with_gates(production());
        office.clock.set("2019-01-01T00:00:00Z");
        let mut spans = BTreeMap::new();
        for row in freezes() {
            if let Some(span) = row.span() {
                let window = row.window(span);
                wait(
                    office
                        .desk
                        .declare_window(&kubernetes(), window, by("lead")),
                )
                .unwrap();
                spans.insert(row.id(), span);
            }
        }

        let listed: Vec<ExceptionRow> = rows("k8s-release-schedules/freeze_exceptions.csv");
        assert_eq!(listed.len(), 122);
        let (mut exceptions, mut unknown, mut events) = (Vec::new(), Vec::new(), Vec::new());
        for (number, row) in listed.iter().enumerate() {
            let freeze = key(&format!("{}-{}", row.release, row.freeze));
            let Some(&span) = spans.get(&freeze) else {
                unknown.push(row);
                continue;
            };
            let noon = |day: NaiveDate| Instant::start_of(day).unwrap().plus(Seconds::hours(12));
            let asked = noon(written(&row.requested_on).unwrap());
            // One review is dated a year before its request.
            let decided = noon(written(&row.reviewed_on).unwrap())
                .max(asked)
                .plus(Seconds::hours(1));
            let tried = span.start().max(decided).plus(Seconds::hours(1));
            assert!(tried.plus(Seconds::hours(2)) < span.end(), "{}", row.name);
            let place = exceptions.len();
            events.extend([(asked, place, 0), (decided, place, 1), (tried, place, 2)]);
            exceptions.push(Exception {
                row,
                id: key(&format!("exception-{number}")),
                span,
                release: None,
            });
        }
        // What has no date was asked for before these freezes are on record, and there is nothing to be excepted from.
        assert_eq!((exceptions.len(), unknown.len()), (115, 7));
        refuses(&office, &unknown);

        events.sort_unstable();
        let mut drawn = 0;
        for (at, place, what) in events {
            office.clock.set(&at.to_string());
            match what {
                0 => {
                    drawn += 1;
                    exceptions[place].ask(&office, id(drawn));
                }
                1 => exceptions[place].decide(&office),
                _ => exceptions[place].deploy(&office),
            }
        }
        let granted = exceptions.iter().filter(|one| one.is_granted()).count();
        assert_eq!((granted, exceptions.len() - granted), (GRANTED, DENIED));
        let calendar = wait(office.desk.calendar(&kubernetes())).unwrap();
        assert_eq!(calendar.exceptions().count(), 115);
    }

    const GRANTED: usize = 91;
    const DENIED: usize = 24;
}

/// The facts of `examples/freeze_calendar.rs` are those of the records.
#[test]
#[ignore = "set PHASEGATE_REAL_DATA"]
fn the_facts_of_the_example_are_recorded() {
    let facts = crate::freeze_calendar::facts().unwrap();
    let listed: Vec<holidays::Row> = rows("holiday-calendars/holidays.csv");
    let listed = listed.into_iter().filter(|row| {
        let is_shown = ("2022-01-01".."2023-05-01").contains(&&*row.date.to_string());
        is_shown && row.calendar == "US" && row.subdivision.is_empty()
    });
    let listed: BTreeMap<_, _> = listed
        .map(|row| (row.date, Name::new(&row.name).unwrap()))
        .collect();
    assert_eq!(*facts.working_days.holidays(), listed);

    let always = Interval::parse("1970-01-01T00:00:00Z", "2100-01-01T00:00:00Z").unwrap();
    let freezes = facts
        .windows
        .iter()
        .filter(|window| window.kind() == WindowKind::Freeze);
    let freezes: Vec<_> = freezes
        .map(|window| (window.id().clone(), window.occurrences(always)))
        .collect();
    let recorded = kubernetes::freezes().into_iter().filter(|row| {
        row.freeze == "code_freeze" && ["1.24", "1.25", "1.26", "1.27"].contains(&&*row.release)
    });
    let recorded: Vec<_> = recorded
        .map(|row| {
            let id = key(&format!("code-freeze-{}", row.release));
            (
                id,
                vec![Interval::new(row.start_utc.unwrap(), row.ga_tagged_at_utc).unwrap()],
            )
        })
        .collect();
    assert_eq!(freezes, recorded);
}

mod holidays {
    use super::*;

    #[derive(Deserialize)]
    pub(super) struct Row {
        pub(super) calendar: String,
        pub(super) subdivision: String,
        pub(super) date: Day,
        pub(super) name: String,
    }

    const ZONES: [(&str, &str, &str); 14] = [
        ("BR", "", "America/Sao_Paulo"),
        ("DE", "", "Europe/Berlin"),
        ("DE", "BY", "Europe/Berlin"),
        ("FR", "", "Europe/Paris"),
        ("GB", "ENG", "Europe/London"),
        ("GB", "SCT", "Europe/London"),
        ("IN", "", "Asia/Kolkata"),
        ("JP", "", "Asia/Tokyo"),
        ("NL", "", "Europe/Amsterdam"),
        ("SG", "", "Asia/Singapore"),
        ("US", "", "America/New_York"),
        ("US", "CA", "America/Los_Angeles"),
        ("XECB", "", "Europe/Berlin"),
        ("XNYS", "", "America/New_York"),
    ];

    /// A freeze from midnight to midnight on each of these days.
    fn freeze(zone: &str, days: &WorkingDays) -> Window {
        let starts = days
            .holidays()
            .keys()
            .map(|day| day.date().and_time(NaiveTime::MIN));
        let first = starts.clone().next().unwrap();
        let timing = Timing::local(zone.parse().unwrap(), first, first + TimeDelta::days(1))
            .and_then(|once| once.also(starts.skip(1)));
        Window::freeze(key("holidays"), timing.unwrap(), hard())
    }

    fn weekends(zone: &str) -> Window {
        let two_days = TimeDelta::days(2);
        let timing = weekly(zone, &[Weekday::Sat], NaiveTime::MIN, two_days);
        Window::freeze(key("weekends"), timing, hard())
    }

    /// Each day of these years is open from midnight to midnight if it is a working day, and closed all day if not.
    fn agree(zone: &str, days: &WorkingDays, first: &str, end: &str) {
        let calendar = Calendar::new(key("office"));
        let calendar = calendar.with(freeze(zone, days)).unwrap();
        let schedule = Schedule::from(calendar.with(weekends(zone)).unwrap());
        let rules: chrono_tz::Tz = zone.parse().unwrap();
        let instant = |local: NaiveDateTime| -> Instant {
            let earliest = rules.from_local_datetime(&local).earliest();
            // Where midnight is skipped, the day begins when clocks show one.
            let later = || {
                rules
                    .from_local_datetime(&(local + TimeDelta::hours(1)))
                    .unwrap()
            };
            earliest.unwrap_or_else(later).to_utc().try_into().unwrap()
        };
        for date in day(first).iter_days().take_while(|date| *date < day(end)) {
            let starts = instant(date.and_time(NaiveTime::MIN));
            let ends = instant((date + Days::new(1)).and_time(NaiveTime::MIN));
            let whole = Interval::new(starts, ends).unwrap();
            let free = schedule.free_slots(whole, Seconds::minutes(1), &Scope::everything());
            let is_working = days.is_working(Day::new(date).unwrap());
            let expected: Vec<_> = is_working.then_some(whole).into_iter().collect();
            assert_eq!(free.unwrap(), expected, "{zone} {date}");
        }
    }

    #[test]
    #[ignore = "set PHASEGATE_REAL_DATA"]
    fn all_day_freezes_close_what_is_no_working_day() {
        let rows: Vec<Row> = rows("holiday-calendars/holidays.csv");
        let mut read = 0;
        for (calendar, subdivision, zone) in ZONES {
            let listed = rows
                .iter()
                .filter(|row| row.calendar == calendar && row.subdivision == subdivision)
                .map(|row| (row.date, Name::new(&row.name).unwrap()));
            let listed: BTreeMap<_, _> = listed.collect();
            read += listed.len();
            let days = WorkingDays::default().with_holidays(listed).unwrap();
            agree(zone, &days, "2019-01-01", "2028-01-01");
        }
        assert_eq!(read, rows.len());
    }

    #[test]
    #[ignore = "set PHASEGATE_REAL_DATA"]
    fn holidays_from_an_ics_file_close_the_same_days() {
        for (file, zone) in [
            ("us-holidays-2024-2026.ics", "America/New_York"),
            ("de-by-holidays-2024-2026.ics", "Europe/Berlin"),
            ("jp-holidays-2024-2026.ics", "Asia/Tokyo"),
        ] {
            let file = real(&format!("holiday-calendars/{file}"));
            let holidays = IcsCalendar::read(&file).unwrap().holidays().unwrap();
            let days = WorkingDays::default().with_holidays(holidays).unwrap();
            agree(zone, &days, "2024-01-01", "2027-01-01");
        }
    }
}
