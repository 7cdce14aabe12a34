//! Releases that are planned: a roadmap, and the change schedule that they meet.

use super::chart::{Chart, Row, Span, SpanKind, Spans};
use super::outline::{Outline, Tone, readable};
use super::page::{Cell, Page, Table};
use crate::phase::{Instant, Interval, Invalid, InvalidKind, Seconds, Standing};
use crate::release::{
    Bounded, DecidingWindow, Effect, Ending, Key, Name, Person, ReleaseView, Role, Service,
    Summary, Track, WindowKind, plain,
};
use crate::schedule::{Schedule, Scope, Window, Work, WorkKind};
use std::collections::{BTreeMap, BTreeSet};

plain! {
    /// What a roadmap tells of one release.
    pub struct PlannedRelease {
        /// Its title.
        title: Name,
        /// Where it stands.
        standing: Standing,
    } with {
        /// Its track.
        track: Track,
        /// When it is to go live.
        window: Option<Interval>,
        /// The services that it changes.
        services: Bounded<BTreeSet<Service>>,
        /// Its labels.
        labels: Bounded<BTreeMap<Key, Name>>,
        /// Who is accountable for it.
        manager: Option<Person>,
        /// Why it cannot go on, one reason each.
        blocked: Vec<Name>,
        /// How it ended, if it has.
        ending: Option<Ending>,
    }
}

impl PlannedRelease {
    /// What a roadmap tells of a release that was looked at; nothing of one that has not begun.
    #[must_use]
    pub fn of(view: &ReleaseView) -> Option<Self> {
        let request = view.request.as_deref()?;
        let manager = view
            .people
            .iter()
            .find(|(role, _)| *role == Role::ReleaseManager);
        Some(Self {
            track: view.track,
            window: view.plan.as_deref().and_then(|plan| plan.window),
            services: request.services.clone(),
            labels: request.labels.clone(),
            manager: manager.map(|(_, person)| person.clone()),
            ending: view.ending,
            ..Self::new(request.title.clone(), view.standing)
        })
    }
}

/// Without services, labels and people, which a summary does not have.
impl From<&Summary> for PlannedRelease {
    fn from(summary: &Summary) -> Self {
        Self {
            track: summary.track,
            window: summary.window,
            ending: summary.ending,
            ..Self::new(summary.title.clone(), summary.standing)
        }
    }
}

/// How many rows a figure has at most; the table has all.
const DRAWN: usize = 60;

/// All planned releases in the order in which they are to go live, those without a window last.
///
/// The figure has the first sixty that have one; the table has all. What has ended is left out.
///
/// # Time
///
/// UTC; `now` is marked.
#[must_use]
pub fn roadmap<'a>(now: Instant, releases: impl IntoIterator<Item = &'a PlannedRelease>) -> Page {
    let planned = releases
        .into_iter()
        .filter(|release| release.ending.is_none());
    let mut planned: Vec<_> = planned.collect();
    planned.sort_by_key(|release| {
        let window = release.window.map(|window| (window.start(), window.end()));
        (window.is_none(), window, &release.title)
    });
    let dated = planned
        .iter()
        .filter_map(|release| Some((*release, release.window?)));
    let dated: Vec<_> = dated.take(DRAWN).collect();
    let page = Page::new("Roadmap", "Planned releases").facts([
        ("As of", Outline::new().at(now)),
        ("Releases", Outline::new().own(planned.len().to_string())),
    ]);
    let first = dated
        .iter()
        .map(|(_, window)| window.start())
        .chain([now])
        .min();
    let last = dated
        .iter()
        .map(|(_, window)| window.end())
        .chain([now.next()])
        .max();
    let within = first
        .zip(last)
        .and_then(|(first, last)| Interval::between(first, last));
    let page = match within.filter(|_| !dated.is_empty()) {
        Some(within) => {
            let rows = dated
                .into_iter()
                .map(|(release, window)| release.row(window));
            let rows = rows.collect();
            let now = Some(now);
            let chart = Chart::Spans(Spans { within, rows, now });
            page.figure(Outline::new().own("When they are to go live"), chart)
        }
        None => page,
    };
    page.table(planned_table(planned))
}

fn planned_table(planned: Vec<&PlannedRelease>) -> Table {
    let columns = [
        "Release",
        "Stands in",
        "Track",
        "From",
        "To",
        "Services",
        "Manager",
        "Blocked by",
    ];
    let mut table = Table::new(Outline::new().own("All planned releases"), &columns);
    for release in planned {
        let edge = |edge: fn(Interval) -> Instant| {
            let open = Cell::Words(Outline::new().mark(Tone::Open, "open"));
            release.window.map_or(open, |window| Cell::at(edge(window)))
        };
        let names = |names: Outline, is_empty| {
            if is_empty {
                Cell::Empty
            } else {
                Cell::Words(names)
            }
        };
        let blocked = release.blocked.iter().enumerate();
        let blocked = blocked.fold(Outline::new(), |line, (place, why)| {
            line.own(if place > 0 { "; " } else { "" }).told(why)
        });
        table.row([
            Cell::text(&release.title),
            Cell::own(release.standing.to_string()),
            Cell::own(release.track.to_string()),
            edge(Interval::start),
            edge(Interval::end),
            names(
                Outline::new().names(release.services.iter()),
                release.services.is_empty(),
            ),
            release.manager.as_ref().map_or(Cell::Empty, Cell::name),
            names(blocked, release.blocked.is_empty()),
        ]);
    }
    table
}

/// The change schedule over a span: freezes and allow-windows by calendar, and the releases that are to go live in it,
/// each with what is in its way.
///
/// The figure has the first sixty rows; the tables have all.
///
/// # Errors
///
/// - too large: the span is longer than ten years, has more than 10,000 occurrences of windows, or a release has
///   more than 100,000 conflicts
///
/// # Time
///
/// UTC; `span` is half-open.
pub fn change_schedule<'a>(
    span: Interval,
    schedule: &Schedule,
    releases: impl IntoIterator<Item = &'a PlannedRelease>,
) -> Result<Page, Invalid> {
    // A span that is too long is refused before anything is expanded.
    schedule.conflicts(span, &Scope::everything())?;
    let mut rows: BTreeMap<_, Vec<Span>> = BTreeMap::new();
    let mut windows = windows_table();
    for calendar in schedule.calendars() {
        for window in calendar.windows() {
            let times = window.occurrences(span);
            if times.len() > OCCURRENCES.saturating_sub(windows.rows.len()) {
                let expected = format!("at most {OCCURRENCES} occurrences of windows in it");
                return Err(Invalid::new(InvalidKind::TooLarge, "span", span, expected));
            }
            for time in &times {
                windows.row(occurrence(calendar.name(), window, *time));
            }
            // Windows of one name and kind are one row.
            let row = (called(window), kind_of(window));
            let spans = rows.entry((calendar.name(), row)).or_default();
            spans.extend(times.iter().map(|time| Span::of(kind_of(window), *time)));
        }
    }
    let rows = rows.into_iter().filter(|(_, spans)| !spans.is_empty());
    let rows = rows.map(|((_, (name, _)), spans)| {
        let note = String::new();
        Row { name, spans, note }
    });
    let mut rows: Vec<_> = rows.collect();
    let planned = releases
        .into_iter()
        .filter(|release| release.ending.is_none());
    let planned = planned.filter_map(|release| {
        Some((
            release,
            release.window.filter(|window| window.overlaps(span))?,
        ))
    });
    let mut planned: Vec<_> = planned.collect();
    planned.sort_by_key(|(release, window)| (window.start(), window.end(), &release.title));
    rows.extend(planned.iter().map(|(release, window)| release.row(*window)));
    rows.truncate(DRAWN);
    let chart = Chart::Spans(Spans {
        within: span,
        rows,
        now: None,
    });
    let columns = ["Release", "From", "To", "Services", "In its way"];
    let mut table = Table::new(Outline::new().own("Releases that are to go live"), &columns);
    for (release, window) in planned {
        let services = release.services.iter();
        table.row([
            Cell::text(&release.title),
            Cell::at(window.start()),
            Cell::at(window.end()),
            Cell::Words(Outline::new().names(services)),
            Cell::Words(release.in_its_way(schedule, window)?),
        ]);
    }
    let count = |number: usize| Outline::new().own(number.to_string());
    let facts = [
        ("From", Outline::new().at(span.start())),
        ("To", Outline::new().at(span.end())),
        ("Calendars", count(schedule.calendars().count())),
        ("Releases", count(table.rows.len())),
    ];
    let page = Page::new("Change schedule", days(span)).facts(facts);
    let page = page.figure(Outline::new().own("Windows and releases"), chart);
    Ok(page.table(table).table(windows))
}

/// A span by its days, if it is one of whole days.
fn days(span: Interval) -> String {
    let (start, end) = (span.start(), span.end());
    let is_midnight = |at: Instant| Instant::start_of(at.day()) == Ok(at);
    if is_midnight(start) && is_midnight(end) {
        return format!("{} to {}", start.day(), end.minus(Seconds::days(1)).day());
    }
    format!("{} to {}", readable(start), readable(end))
}

/// How often windows may occur in the span of a change schedule.
const OCCURRENCES: usize = 10_000;

fn windows_table() -> Table {
    let columns = [
        "Window", "Kind", "Calendar", "From", "To", "About", "New work",
    ];
    Table::new(Outline::new().own("Freezes and allow-windows"), &columns)
}

fn occurrence(calendar: &Key, window: &Window, time: Interval) -> [Cell; 7] {
    [
        Cell::Words(match window.title() {
            Some(title) => Outline::new().text(title),
            None => Outline::new().name(window.id()),
        }),
        Cell::own(match window.kind() {
            WindowKind::Freeze => "freeze",
            WindowKind::Allow => "allow-window",
        }),
        Cell::name(calendar),
        Cell::at(time.start()),
        Cell::at(time.end()),
        Cell::Words(about(window.scope())),
        Cell::own(match (window.kind(), window.while_closed().new_work) {
            (WindowKind::Allow, _) => "allowed",
            (WindowKind::Freeze, Effect::Allowed) => "goes on",
            (WindowKind::Freeze, Effect::Warned) => "warned",
            (WindowKind::Freeze, Effect::Blocked) => "blocked",
        }),
    ]
}

fn called(window: &Window) -> String {
    let title = window.title().map(Name::as_str);
    title.unwrap_or(window.id().as_str()).to_owned()
}

const fn kind_of(window: &Window) -> SpanKind {
    match window.kind() {
        WindowKind::Freeze => SpanKind::Freeze,
        WindowKind::Allow => SpanKind::Allow,
    }
}

/// What a window is about, one after the other.
fn about(scope: &Scope) -> Outline {
    let Scope {
        services,
        environments,
        regions,
        tracks,
        labels,
    } = scope;
    let labels = labels.iter().map(|(key, value)| format!("{key}: {value}"));
    let names: Vec<String> = services
        .iter()
        .map(ToString::to_string)
        .chain(environments.iter().map(ToString::to_string))
        .chain(regions.iter().map(ToString::to_string))
        .chain(tracks.iter().map(ToString::to_string))
        .chain(labels)
        .collect();
    if names.is_empty() {
        return Outline::new().own("everything");
    }
    Outline::new().names(names)
}

impl PlannedRelease {
    fn row(&self, window: Interval) -> Row {
        Row {
            name: self.title.to_string(),
            spans: vec![Span::of(SpanKind::Planned, window)],
            note: self.standing.phase.to_string(),
        }
    }

    fn in_its_way(&self, schedule: &Schedule, window: Interval) -> Result<Outline, Invalid> {
        let scope = Scope::builder()
            .services(self.services.clone())
            .labels(self.labels.clone())
            .tracks([self.track])
            .build();
        let kind = match self.track {
            Track::Emergency => WorkKind::Emergency,
            Track::Standard | Track::Normal => WorkKind::New,
        };
        let scope = &scope;
        let conflicts = schedule.conflicts(window, Work { kind, scope })?;
        let with = |effect| {
            let windows = conflicts.iter().map(|conflict| &conflict.window);
            let windows = windows.filter(move |window| window.effect == effect);
            windows.map(called_so).collect::<BTreeSet<_>>()
        };
        let (closed, warned) = (with(Effect::Blocked), with(Effect::Warned));
        let line = Outline::new();
        Ok(match (closed.is_empty(), warned.is_empty()) {
            (true, true) => line.mark(Tone::Good, "nothing"),
            (false, _) => line.mark(Tone::Bad, "closed by").own(" ").names(closed),
            (true, false) => line.mark(Tone::Open, "warned by").own(" ").names(warned),
        })
    }
}

/// By its title, or else its id; a calendar that is closed by itself, by its name.
fn called_so(window: &DecidingWindow) -> String {
    let title = window.title.as_ref().map(Name::as_str);
    let name = title.or(window.window.as_ref().map(Key::as_str));
    name.unwrap_or(window.calendar.as_str()).to_owned()
}
