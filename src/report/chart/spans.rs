//! Rows of spans of time: what was planned against what happened, or a calendar.

use super::super::outline::readable;
use super::super::page::{Cell, Table};
use super::caption;
use super::scale::dates;
use super::svg::{Pt, Svg, WIDTH, pt};
use crate::phase::{Instant, Interval};
use crate::release::When;

/// Rows of spans over one time.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Spans {
    /// The time that is shown.
    pub(crate) within: Interval,
    pub(crate) rows: Vec<Row>,
    /// The instant for which it is told, if it is in that time.
    pub(crate) now: Option<Instant>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) spans: Vec<Span>,
    /// A few of the crate's own words at the end of the row.
    pub(crate) note: String,
}

/// A span of time; one of no length is a point.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Span {
    pub(crate) kind: SpanKind,
    pub(crate) from: Instant,
    pub(crate) to: Instant,
    /// Whether it goes on after what is known of it.
    pub(crate) is_open: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum SpanKind {
    Planned,
    Actual,
    Freeze,
    Allow,
}

impl SpanKind {
    const ALL: [Self; 4] = [Self::Planned, Self::Actual, Self::Freeze, Self::Allow];

    const fn name(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Actual => "actual",
            Self::Freeze => "freeze",
            Self::Allow => "allow-window",
        }
    }

    fn style(self, id: &str) -> String {
        match self {
            Self::Planned => "class=\"planned\"".to_owned(),
            Self::Actual => "class=\"actual\"".to_owned(),
            Self::Freeze => format!("class=\"over\" fill=\"url(#{id}h)\""),
            Self::Allow => format!("class=\"allow\" style=\"fill:url(#{id}d)\""),
        }
    }
}

impl Span {
    pub(crate) const fn new(kind: SpanKind, from: Instant, to: Instant) -> Self {
        Self {
            kind,
            from,
            to,
            is_open: false,
        }
    }

    pub(crate) fn of(kind: SpanKind, span: Interval) -> Self {
        Self::new(kind, span.start(), span.end())
    }

    /// The day, or the instant.
    pub(crate) fn planned(when: When) -> Self {
        let (from, to) = match when {
            When::Day(day) => {
                let start = Instant::start_of(day.date()).unwrap_or(Instant::EPOCH);
                (start, start.plus(crate::phase::Seconds::days(1)))
            }
            When::At(at) => (at, at),
        };
        Self::new(SpanKind::Planned, from, to)
    }
}

const LEFT: Pt = pt(180);
const RIGHT: Pt = WIDTH.less(pt(76));
const TOP: Pt = pt(34);
const ROW: i64 = 34;

impl Spans {
    pub(super) fn table(&self) -> Table {
        let mut table = Table::new(caption(), &["What", "Kind", "From", "To", "Note"]);
        for row in &self.rows {
            for span in &row.spans {
                let to = if span.is_open {
                    Cell::own("not over")
                } else {
                    Cell::at(span.to)
                };
                table.row([
                    Cell::text(&row.name),
                    Cell::own(span.kind.name()),
                    Cell::at(span.from),
                    to,
                    if row.note.is_empty() {
                        Cell::Empty
                    } else {
                        Cell::own(row.note.clone())
                    },
                ]);
            }
        }
        table
    }

    pub(super) fn about(&self) -> String {
        let (rows, within) = (self.rows.len(), self.within);
        let spans: usize = self.rows.iter().map(|row| row.spans.len()).sum();
        let (from, to) = (readable(within.start()), readable(within.end()));
        format!("Time chart of {rows} rows with {spans} spans, from {from} to {to}, in UTC.")
    }

    pub(super) fn draw(&self, id: &str) -> Svg {
        let rows = i64::try_from(self.rows.len()).unwrap_or(0);
        let bottom = TOP.plus(pt(ROW * rows.max(1)));
        let mut svg = Svg::new(bottom.plus(pt(34)));
        svg.patterns(id);
        for (at, called) in dates(self.within) {
            let x = self.place(at);
            svg.line("rule", (x, TOP.less(pt(6))), (x, bottom));
            svg.text("q", (x.plus(pt(3)), TOP.less(pt(14))), &called);
        }
        svg.line("base", (LEFT, bottom), (RIGHT, bottom));
        for (number, row) in (0..).zip(&self.rows) {
            let y = TOP.plus(pt(ROW * number));
            svg.clipped("e", (LEFT.less(pt(10)), y.plus(pt(21))), &row.name, 26);
            self.draw_row(&mut svg, id, y, row);
            svg.clipped("q", (RIGHT.plus(pt(8)), y.plus(pt(21))), &row.note, 11);
        }
        if let Some(now) = self.now.filter(|now| self.within.contains(*now)) {
            let x = self.place(now);
            svg.line("now", (x, TOP.less(pt(6))), (x, bottom));
        }
        self.name_kinds(&mut svg, id, bottom);
        svg
    }

    /// What was planned stands above what happened, where a row has both.
    fn draw_row(&self, svg: &mut Svg, id: &str, y: Pt, row: &Row) {
        let has = |kind| row.spans.iter().any(|span| span.kind == kind);
        let is_compared = has(SpanKind::Planned) && has(SpanKind::Actual);
        for span in &row.spans {
            let (from, to) = (self.place(span.from), self.place(span.to));
            if span.to < self.within.start() || self.within.end() < span.from {
                continue;
            }
            let (top, height) = match (is_compared, span.kind) {
                (true, SpanKind::Planned) => (y.plus(pt(5)), pt(10)),
                (true, SpanKind::Actual | SpanKind::Freeze | SpanKind::Allow) => {
                    (y.plus(pt(18)), pt(10))
                }
                (false, _) => (y.plus(pt(9)), pt(16)),
            };
            let until = if span.is_open {
                "not over".to_owned()
            } else {
                readable(span.to)
            };
            let what = format!(
                "{}, {}: {} to {until}",
                row.name,
                span.kind.name(),
                readable(span.from)
            );
            if span.from == span.to {
                let middle = top.toward(top.plus(height), 1, 2);
                svg.diamond(span.kind.name_of_style(), (from, middle), &what);
            } else {
                let width = to.less(from).max(pt(2));
                svg.rect(&span.kind.style(id), (from, top), (width, height), &what);
            }
        }
    }

    fn place(&self, at: Instant) -> Pt {
        let at = at.clamp(self.within.start(), self.within.end());
        let since = |at: Instant| i128::from(at.unix_micros() - self.within.start().unix_micros());
        LEFT.toward(RIGHT, since(at), since(self.within.end()))
    }

    fn name_kinds(&self, svg: &mut Svg, id: &str, bottom: Pt) {
        let is_there = |kind: &SpanKind| {
            self.rows
                .iter()
                .flat_map(|row| &row.spans)
                .any(|span| span.kind == *kind)
        };
        let mut x = LEFT;
        for kind in SpanKind::ALL.into_iter().filter(is_there) {
            let y = bottom.plus(pt(14));
            svg.rect(&kind.style(id), (x, y), (pt(24), pt(10)), kind.name());
            svg.text("q", (x.plus(pt(31)), y.plus(pt(9))), kind.name());
            x = x.plus(pt(122));
        }
        if self.now.is_some_and(|now| self.within.contains(now)) {
            let y = bottom.plus(pt(19));
            svg.line("now", (x, y), (x.plus(pt(24)), y));
            svg.text("q", (x.plus(pt(31)), y.plus(pt(4))), "now");
        }
    }
}

impl SpanKind {
    /// The class of a point.
    const fn name_of_style(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Actual => "actual",
            Self::Freeze => "late",
            Self::Allow => "dots",
        }
    }
}
