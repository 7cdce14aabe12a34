//! Charts: what they show, the tables behind them, and what all of them are drawn with.

mod bars;
mod lines;
mod scale;
mod spans;
mod svg;

pub(crate) use bars::Bars;
pub(crate) use lines::Lines;
pub(crate) use spans::{Row, Span, SpanKind, Spans};
pub(super) use svg::STYLE;

use super::outline::Outline;
use super::page::{Figure, Table};

/// What a figure shows.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Chart {
    /// Measures over periods.
    Lines(Lines),
    /// A measure of several things.
    Bars(Bars),
    /// Rows of spans of time.
    Spans(Spans),
}

impl Chart {
    /// The values behind it.
    pub(super) fn table(&self) -> Table {
        match self {
            Self::Lines(lines) => lines.table(),
            Self::Bars(bars) => bars.table(),
            Self::Spans(spans) => spans.table(),
        }
    }

    /// What it shows, in one or two sentences.
    fn about(&self) -> String {
        match self {
            Self::Lines(lines) => lines.about(),
            Self::Bars(bars) => bars.about(),
            Self::Spans(spans) => spans.about(),
        }
    }

    fn draw(&self, id: &str) -> svg::Svg {
        match self {
            Self::Lines(lines) => lines.draw(),
            Self::Bars(bars) => bars.draw(),
            Self::Spans(spans) => spans.draw(id),
        }
    }
}

impl Figure {
    /// The chart to stand in a page, as its block at that place.
    pub(super) fn drawn(&self, place: usize) -> String {
        let id = format!("f{place}");
        self.chart
            .draw(&id)
            .inline(&id, &self.caption.bare_words(), &self.chart.about())
    }

    /// The chart as a file of its own.
    pub(super) fn image(&self) -> String {
        self.chart
            .draw("f")
            .file(&self.caption.bare_words(), &self.chart.about())
    }
}

/// A number as people read it: up to four digits that tell something, and no more.
pub(super) fn shown(number: f64) -> String {
    let size = number.abs();
    let decimals = match size {
        _ if size == 0.0 || size >= 1e15 => 0,
        _ if size >= 100.0 => 1,
        _ if size >= 1.0 => 2,
        _ if size >= 0.01 => 3,
        _ => 6,
    };
    let shown = format!("{number:.decimals$}");
    let shown = if shown.contains('.') {
        shown.trim_end_matches('0').trim_end_matches('.')
    } else {
        &shown
    };
    match shown {
        "0" | "-0" if size > 0.0 => format!("{number:.1e}"),
        "-0" => "0".to_owned(),
        shown => shown.to_owned(),
    }
}

/// A number that can be drawn.
fn drawable(number: Option<f64>) -> Option<f64> {
    let number = number.filter(|number| number.is_finite());
    number.map(|number| number.clamp(-1e15, 1e15))
}

fn caption() -> Outline {
    Outline::new()
}

#[cfg(test)]
mod tests {
    use super::super::escape::HOSTILE;
    use super::super::page::Page;
    use super::*;

    /// One measure over periods.
    fn lines<'a>(unit: &str, values: impl IntoIterator<Item = (&'a str, Option<f64>)>) -> Lines {
        let (periods, values): (Vec<_>, _) = values.into_iter().unzip();
        Lines {
            unit: unit.to_owned(),
            periods: periods.into_iter().map(str::to_owned).collect(),
            measures: vec![("Lead time".to_owned(), values)],
            target: None,
        }
    }

    fn months() -> Lines {
        let values = [
            Some(12.0),
            Some(7.5),
            None,
            Some(f64::NAN),
            Some(31.0),
            Some(4.0),
        ];
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun"];
        let mut lines = lines("hours", months.into_iter().zip(values));
        lines.target = Some(24.0);
        lines
    }

    fn drawn(chart: Chart) -> String {
        let page = Page::new("Test", "Chart").figure(Outline::new().own("Figure"), chart);
        page.svg().pop().unwrap().1
    }

    fn is_kept(name: &str, svg: &str) {
        insta::with_settings!({ snapshot_path => "../../../tests/it/snapshots" }, {
            insta::assert_snapshot!(name, svg.split("</style>").nth(1).unwrap());
        });
    }

    #[test]
    fn a_line_breaks_where_there_is_no_value() {
        let svg = drawn(Chart::Lines(months()));
        assert_eq!(svg.matches("class=\"line a\"").count(), 2);
        assert_eq!(svg.matches("<circle class=\"dot a\"").count(), 4);
        assert_eq!(svg.matches(">–</text>").count(), 2);
        assert!(
            svg.contains("Lead time: 4 to 31 hours, without a value in 2. Target: 24."),
            "{svg}"
        );
        is_kept("lines", &svg);
    }

    #[test]
    fn bars_tell_what_has_no_value() {
        let bars = [
            ("checkout", Some(2.0)),
            ("ledger", None),
            ("search", Some(-1.0)),
        ];
        let bars = Bars {
            of: "Service".to_owned(),
            unit: "incidents".to_owned(),
            values: bars.map(|(name, value)| (name.to_owned(), value)).into(),
            target: Some(1.0),
        };
        let svg = drawn(Chart::Bars(bars));
        assert_eq!(svg.matches("class=\"bar\"").count(), 2);
        is_kept("bars", &svg);
    }

    #[test]
    fn foreign_texts_are_never_markup_in_a_chart() {
        let with = |name: &str| {
            let mut lines = months();
            lines.unit = name.to_owned();
            lines.periods = vec![name.to_owned(); 6];
            let second = (name.to_owned(), vec![Some(1.0); 6]);
            lines.measures.push(second);
            let bars = Bars {
                of: name.to_owned(),
                unit: name.to_owned(),
                values: vec![(name.to_owned(), Some(1.0)), (name.to_owned(), None)],
                target: None,
            };
            drawn(Chart::Lines(lines)) + &drawn(Chart::Bars(bars))
        };
        let tags = |svg: &str| svg.matches('<').count();
        // A text that is too long has all of it in a title.
        let harmless = |text: &str| with(&"x".repeat(crate::phase::visible(text).chars().count()));
        for hostile in HOSTILE
            .iter()
            .chain(&["</text><script>alert(1)</script>", "\"><image href=x>"])
        {
            let svg = with(hostile);
            assert_eq!(tags(&svg), tags(&harmless(hostile)), "{hostile}");
        }
    }

    #[test]
    fn a_chart_of_nothing_is_drawn() {
        let none = lines("hours", []);
        assert!(drawn(Chart::Lines(none)).contains("no periods"));
        let bars = Bars {
            of: String::new(),
            unit: String::new(),
            values: Vec::new(),
            target: None,
        };
        assert!(drawn(Chart::Bars(bars)).contains("Bar chart of 0 values"));
        for extreme in [1e300, -1e300, f64::INFINITY, f64::MIN_POSITIVE] {
            let svg = drawn(Chart::Lines(lines("", [("p", Some(extreme))])));
            assert!(
                !svg.contains("NaN") && !svg.contains("inf"),
                "{extreme}: {svg}"
            );
        }
    }

    #[test]
    fn a_number_is_shown_by_the_digits_that_tell_something() {
        let numbers = [
            (0.0, "0"),
            (-0.0, "0"),
            (27.0, "27"),
            (63.84375, "63.84"),
            (0.4, "0.4"),
            (1.0 / 3.0, "0.333"),
            (2.0 / 300.0, "0.006667"),
            (1e-9, "1.0e-9"),
            (1234.56, "1234.6"),
            (1_000_000.0, "1000000"),
            (-12.5, "-12.5"),
            (1e300, &format!("{:.0}", 1e300)),
        ];
        for (number, expected) in numbers {
            assert_eq!(shown(number), expected);
        }
    }
}
