//! Measures over periods, as lines that break where there is no value.

use super::super::page::{Cell, Table};
use super::scale::Scale;
use super::svg::{Pt, Svg, WIDTH, pt};
use super::{caption, drawable, shown};

/// One measure or up to four over the same periods.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Lines {
    /// What the numbers count.
    pub(crate) unit: String,
    /// What the periods are called.
    pub(crate) periods: Vec<String>,
    /// Each measure with its value in each period; where it is undefined, the line has a gap.
    pub(crate) measures: Vec<(String, Vec<Option<f64>>)>,
    /// What is to be reached, or not to be passed.
    pub(crate) target: Option<f64>,
}

const LEFT: Pt = pt(56);
const TOP: Pt = pt(30);
const BOTTOM: Pt = pt(190);
const STROKES: [&str; 4] = ["a", "a2", "a3", "a4"];

impl Lines {
    pub(super) fn table(&self) -> Table {
        let names = self
            .measures
            .iter()
            .map(|(name, _)| match self.unit.as_str() {
                "" => format!("#{name}"),
                unit => format!("#{name} ({unit})"),
            });
        let columns: Vec<_> = ["Period".to_owned()].into_iter().chain(names).collect();
        let columns: Vec<_> = columns.iter().map(String::as_str).collect();
        let mut table = Table::new(caption(), &columns);
        for (place, period) in self.periods.iter().enumerate() {
            let values = self
                .measures
                .iter()
                .map(|(_, values)| values.get(place).copied().flatten());
            table.row(
                [Cell::text(period)]
                    .into_iter()
                    .chain(values.map(Cell::number)),
            );
        }
        table
    }

    pub(super) fn about(&self) -> String {
        let mut about = format!("Line chart over {} periods", self.periods.len());
        if let (Some(first), Some(last)) = (self.periods.first(), self.periods.last()) {
            about = format!("{about}, from {first} to {last}");
        }
        for (name, values) in &self.measures {
            let known: Vec<_> = values.iter().filter_map(|value| drawable(*value)).collect();
            let least = known.iter().copied().reduce(f64::min);
            let most = known.iter().copied().reduce(f64::max);
            let range = least.zip(most).map_or_else(
                || "no value".to_owned(),
                |(least, most)| format!("{} to {} {}", shown(least), shown(most), self.unit),
            );
            let gaps = values.len() - known.len();
            let gaps = match gaps {
                0 => String::new(),
                gaps => format!(", without a value in {gaps}"),
            };
            about = format!("{about}. {name}: {}{gaps}", range.trim_end());
        }
        match drawable(self.target) {
            Some(target) => format!("{about}. Target: {}.", shown(target)),
            None => about + ".",
        }
    }

    pub(super) fn draw(&self) -> Svg {
        let is_one = self.measures.len() == 1;
        let mut svg = Svg::new(if is_one { pt(224) } else { pt(256) });
        let right = WIDTH.less(pt(24));
        let values = self.measures.iter().flat_map(|(_, values)| values).copied();
        let scale = Scale::over(values.chain([self.target]).filter_map(drawable));
        svg.text("q", (pt(0), pt(14)), &self.unit);
        for mark in scale.marks() {
            let y = scale.place(mark, BOTTOM, TOP);
            let class = if mark == 0.0 { "base" } else { "rule" };
            svg.line(class, (LEFT, y), (right, y));
            svg.text("q e", (LEFT.less(pt(8)), y.plus(pt(4))), &shown(mark));
        }
        self.name_periods(&mut svg, right);
        if let Some(target) = drawable(self.target) {
            let y = scale.place(target, BOTTOM, TOP);
            svg.line("aim", (LEFT, y), (right, y));
            let words = format!("target {}", shown(target));
            svg.text("aimed e", (right, y.less(pt(5))), &words);
        }
        for ((name, values), stroke) in self.measures.iter().zip(STROKES) {
            self.draw_measure(&mut svg, &scale, (name, values), stroke);
        }
        if !is_one {
            self.name_measures(&mut svg);
        }
        svg
    }

    fn place(&self, period: usize) -> Pt {
        let (of, periods) = (2 * period + 1, 2 * self.periods.len());
        LEFT.toward(WIDTH.less(pt(24)), wide(of), wide(periods))
    }

    fn name_periods(&self, svg: &mut Svg, right: Pt) {
        let longest = self
            .periods
            .iter()
            .map(|period| period.chars().count().min(12))
            .max();
        let room = (longest.unwrap_or(1) * 7 + 12).max(1);
        let fit = (620 / room).max(1);
        let every = self.periods.len().div_ceil(fit).max(1);
        for (place, period) in self.periods.iter().enumerate() {
            let x = self.place(place);
            if place % every == 0 {
                svg.clipped("q m", (x, BOTTOM.plus(pt(22))), period, 12);
            }
            let is_gap = |(_, values): &(String, Vec<Option<f64>>)| {
                drawable(values.get(place).copied().flatten()).is_none()
            };
            if self.measures.iter().all(is_gap) {
                svg.text("q m", (x, BOTTOM.less(pt(6))), "–");
            }
        }
        if self.periods.is_empty() {
            svg.text("q m", (LEFT.toward(right, 1, 2), pt(110)), "no periods");
        }
    }

    fn draw_measure(
        &self,
        svg: &mut Svg,
        scale: &Scale,
        (name, values): (&str, &[Option<f64>]),
        stroke: &str,
    ) {
        let points: Vec<_> = values
            .iter()
            .enumerate()
            .take(self.periods.len())
            .map(|(place, value)| drawable(*value).map(|value| (place, value)))
            .collect();
        let place =
            |(period, value): (usize, f64)| (self.place(period), scale.place(value, BOTTOM, TOP));
        for unbroken in points.split(Option::is_none) {
            let line: Vec<_> = unbroken.iter().flatten().copied().map(place).collect();
            if line.len() > 1 {
                svg.path(&format!("line {stroke}"), &line);
            }
        }
        let is_roomy = self.measures.len() == 1 && self.periods.len() <= 16;
        for (period, value) in points.into_iter().flatten() {
            let (x, y) = place((period, value));
            let called = self.periods.get(period).map_or("", String::as_str);
            let what = format!("{name}, {called}: {} {}", shown(value), self.unit);
            svg.dot(&format!("dot {stroke}"), (x, y), what.trim_end());
            if is_roomy {
                svg.text("b m", (x, y.less(pt(9))), &shown(value));
            }
        }
    }

    fn name_measures(&self, svg: &mut Svg) {
        for (place, ((name, _), stroke)) in self.measures.iter().zip(STROKES).enumerate() {
            let x = LEFT.toward(WIDTH, wide(place), 4);
            let y = BOTTOM.plus(pt(50));
            svg.path(&format!("line {stroke}"), &[(x, y), (x.plus(pt(26)), y)]);
            svg.clipped("", (x.plus(pt(34)), y.plus(pt(4))), name, 19);
        }
    }
}

fn wide(number: usize) -> i128 {
    i128::try_from(number).unwrap_or(i128::MAX)
}
