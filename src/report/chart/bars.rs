//! One measure of several things, as bars.

use super::super::page::{Cell, Table};
use super::scale::Scale;
use super::svg::{Pt, Svg, WIDTH, pt};
use super::{caption, drawable, shown};

/// One measure of several things, in the order in which they are given.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Bars {
    /// What the bars are of.
    pub(crate) of: String,
    /// What the numbers count.
    pub(crate) unit: String,
    /// What each thing is called, and its value, if it has one.
    pub(crate) values: Vec<(String, Option<f64>)>,
    /// What is to be reached, or not to be passed.
    pub(crate) target: Option<f64>,
}

const LEFT: Pt = pt(180);
const TOP: Pt = pt(26);
const ROW: i64 = 28;

impl Bars {
    pub(super) fn table(&self) -> Table {
        let value = match self.unit.as_str() {
            "" => "#Value".to_owned(),
            unit => format!("#Value ({unit})"),
        };
        let mut table = Table::new(caption(), &[&self.of, &value]);
        for (name, value) in &self.values {
            table.row([Cell::text(name), Cell::number(*value)]);
        }
        table
    }

    pub(super) fn about(&self) -> String {
        let bars = self.values.iter().map(|(name, value)| {
            let value = drawable(*value).map_or_else(|| "no value".to_owned(), shown);
            format!("{name} {value}")
        });
        let unit = if self.unit.is_empty() {
            String::new()
        } else {
            format!(" in {}", self.unit)
        };
        let bars = bars.take(20).collect::<Vec<_>>().join(", ");
        let target = drawable(self.target).map(|target| format!(" Target: {}.", shown(target)));
        format!(
            "Bar chart of {} values{unit}: {bars}.{}",
            self.values.len(),
            target.unwrap_or_default()
        )
    }

    pub(super) fn draw(&self) -> Svg {
        let rows = i64::try_from(self.values.len()).unwrap_or(0);
        let bottom = TOP.plus(pt(ROW * rows.max(1)));
        let right = WIDTH.less(pt(60));
        let mut svg = Svg::new(bottom.plus(pt(28)));
        let values = self.values.iter().map(|(_, value)| *value);
        let scale = Scale::over(values.chain([self.target]).filter_map(drawable));
        let zero = scale.place(0.0, LEFT, right);
        for mark in scale.marks() {
            let x = scale.place(mark, LEFT, right);
            let class = if mark == 0.0 { "base" } else { "rule" };
            svg.line(class, (x, TOP), (x, bottom));
            svg.text("q m", (x, bottom.plus(pt(18))), &shown(mark));
        }
        svg.text("q", (pt(0), pt(14)), &self.unit);
        for (row, (name, value)) in (0..).zip(&self.values) {
            let y = TOP.plus(pt(ROW * row));
            let middle = y.plus(pt(18));
            svg.clipped("e", (LEFT.less(pt(10)), middle), name, 26);
            let Some(value) = drawable(*value) else {
                svg.text("q", (zero.plus(pt(6)), middle), "no value");
                continue;
            };
            let end = scale.place(value, LEFT, right);
            let (from, to) = (zero.min(end), zero.max(end));
            let what = format!("{name}: {} {}", shown(value), self.unit);
            svg.rect(
                "class=\"bar\"",
                (from, y.plus(pt(6))),
                (to.less(from), pt(16)),
                what.trim_end(),
            );
            svg.text("b", (to.plus(pt(6)), middle), &shown(value));
        }
        if let Some(target) = drawable(self.target) {
            let x = scale.place(target, LEFT, right);
            svg.line("aim", (x, TOP), (x, bottom));
            svg.text(
                "aimed m",
                (x, TOP.less(pt(8))),
                &format!("target {}", shown(target)),
            );
        }
        svg
    }
}
