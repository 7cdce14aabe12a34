//! What charts are drawn with: shapes at tenths of a point, classes for the style, and texts that are never markup.

use super::super::escape::html as text;
use crate::phase::visible;
use std::fmt::{Display, Write};

/// The colours of pages and of charts that stand alone.
const COLOURS: &str = include_str!("../colours.css");
pub(in super::super) const STYLE: [&str; 2] = [COLOURS, include_str!("../chart.css")];

/// A length or a place, in tenths of a point; so it is written by whole numbers, the same everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Pt(i64);

/// A whole number of points.
pub(super) const fn pt(points: i64) -> Pt {
    Pt(points * 10)
}

impl Pt {
    /// The part `of` of `whole` from here to there.
    pub(super) fn toward(self, there: Self, of: i128, whole: i128) -> Self {
        let span = i128::from(there.0 - self.0);
        let part = if whole == 0 { 0 } else { span * of / whole };
        Self(self.0 + i64::try_from(part).unwrap_or(0))
    }

    /// The part from here to there, which is from 0 to 1.
    pub(super) fn part_toward(self, there: Self, part: f64) -> Self {
        /// Finer than any screen, and whole.
        const PARTS: i32 = 1_000_000;
        let part = (part * f64::from(PARTS)).clamp(0.0, f64::from(PARTS));
        #[expect(clippy::cast_possible_truncation, reason = "from 0 to a million")]
        let part = part as i32;
        self.toward(there, i128::from(part), i128::from(PARTS))
    }

    pub(super) const fn plus(self, more: Self) -> Self {
        Self(self.0 + more.0)
    }

    pub(super) const fn less(self, less: Self) -> Self {
        Self(self.0 - less.0)
    }
}

impl Display for Pt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (sign, size) = (if self.0 < 0 { "-" } else { "" }, self.0.abs());
        match size % 10 {
            0 => write!(f, "{sign}{}", size / 10),
            tenths => write!(f, "{sign}{}.{tenths}", size / 10),
        }
    }
}

/// How wide every chart is.
pub(super) const WIDTH: Pt = pt(720);

/// A drawing of a width that all share.
pub(super) struct Svg {
    height: Pt,
    body: String,
}

impl Svg {
    pub(super) const fn new(height: Pt) -> Self {
        Self {
            height,
            body: String::new(),
        }
    }

    fn add(&mut self, element: std::fmt::Arguments<'_>) {
        // Writing to a `String` cannot fail.
        let _ = self.body.write_fmt(element);
        self.body.push('\n');
    }

    pub(super) fn line(&mut self, class: &str, (x1, y1): (Pt, Pt), (x2, y2): (Pt, Pt)) {
        self.add(format_args!(
            "<line class=\"{class}\" x1=\"{x1}\" y1=\"{y1}\" x2=\"{x2}\" y2=\"{y2}\"/>"
        ));
    }

    /// A rectangle, with what a pointer over it shows.
    pub(super) fn rect(
        &mut self,
        style: &str,
        (x, y): (Pt, Pt),
        (width, height): (Pt, Pt),
        what: &str,
    ) {
        self.add(format_args!(
            "<rect {style} x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"2\"><title>{}</title></rect>",
            text(what)
        ));
    }

    /// A point on a line, with what a pointer over it shows.
    pub(super) fn dot(&mut self, class: &str, (x, y): (Pt, Pt), what: &str) {
        self.add(format_args!(
            "<circle class=\"{class}\" cx=\"{x}\" cy=\"{y}\" r=\"3.5\"><title>{}</title></circle>",
            text(what)
        ));
    }

    /// A point in time, with what a pointer over it shows.
    pub(super) fn diamond(&mut self, class: &str, (x, y): (Pt, Pt), what: &str) {
        let far = pt(6);
        self.add(format_args!(
            "<path class=\"{class}\" d=\"M{x} {}L{} {y}L{x} {}L{} {y}Z\"><title>{}</title></path>",
            y.less(far),
            x.plus(far),
            y.plus(far),
            x.less(far),
            text(what)
        ));
    }

    pub(super) fn path(&mut self, class: &str, points: &[(Pt, Pt)]) {
        let mut way = String::new();
        for (place, (x, y)) in points.iter().enumerate() {
            let letter = if place == 0 { 'M' } else { 'L' };
            let _ = write!(way, "{letter}{x} {y}");
        }
        self.add(format_args!("<path class=\"{class}\" d=\"{way}\"/>"));
    }

    pub(super) fn text(&mut self, class: &str, (x, y): (Pt, Pt), words: &str) {
        self.add(format_args!(
            "<text class=\"{class}\" x=\"{x}\" y=\"{y}\">{}</text>",
            text(words)
        ));
    }

    /// A text of which no more than `most` characters are seen; all of it is shown to a pointer.
    pub(super) fn clipped(&mut self, class: &str, (x, y): (Pt, Pt), words: &str, most: usize) {
        let shown = visible(words);
        if shown.chars().count() <= most {
            return self.text(class, (x, y), words);
        }
        let kept: String = shown.chars().take(most.saturating_sub(1)).collect();
        self.add(format_args!(
            "<text class=\"{class}\" x=\"{x}\" y=\"{y}\">{}…<title>{}</title></text>",
            text(kept.trim_end()),
            text(words)
        ));
    }

    /// Two patterns, so that a freeze and an allow-window are told apart without colours.
    pub(super) fn patterns(&mut self, id: &str) {
        self.add(format_args!(
            "<defs><pattern id=\"{id}h\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" \
             patternTransform=\"rotate(45)\"><line class=\"hatch\" x1=\"0\" y1=\"0\" x2=\"0\" y2=\"6\"/></pattern>\
             <pattern id=\"{id}d\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\">\
             <circle class=\"dots\" cx=\"3\" cy=\"3\" r=\"1.2\"/></pattern></defs>"
        ));
    }

    /// To stand in a page that has the style.
    pub(super) fn inline(self, id: &str, title: &str, about: &str) -> String {
        let Self { height, body } = self;
        format!(
            "<svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-labelledby=\"{id}t {id}a\">\n\
             <title id=\"{id}t\">{}</title>\n<desc id=\"{id}a\">{}</desc>\n{body}</svg>\n",
            text(title),
            text(about)
        )
    }

    /// As a file.
    pub(super) fn file(self, title: &str, about: &str) -> String {
        let Self { height, body } = self;
        let style = STYLE
            .iter()
            .flat_map(|style| style.lines())
            .collect::<String>();
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" \
             aria-labelledby=\"t a\" style=\"color:var(--ink);background:var(--paper)\">\n\
             <title id=\"t\">{}</title>\n<desc id=\"a\">{}</desc>\n<style>{style}</style>\n{body}</svg>\n",
            text(title),
            text(about)
        )
    }
}
