//! One page that people look at, before it is written in any format.

use super::chart::Chart;
use super::outline::Outline;
use crate::phase::{Instant, visible};
use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};

/// A document: a title, and under it headings, paragraphs, lists, tables and figures.
///
/// Made by the functions of this module. The same page gives the same bytes, always and everywhere. Foreign texts are
/// text in every format, and never markup.
///
/// | format | |
/// |---|---|
/// | [`markdown`](Self::markdown) | `CommonMark` with the tables of GitHub; a figure as its table |
/// | [`html`](Self::html) | one page that needs nothing else: no script, nothing from elsewhere, dark and light, made to be printed and to be read aloud |
/// | [`csv`](Self::csv) | each table, and the table behind each figure |
/// | [`svg`](Self::svg) | each figure, as an image of its own |
/// | JSON, by `serde` | the same values for programs |
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    pub(super) kind: &'static str,
    pub(super) title: String,
    pub(super) blocks: Vec<Block>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Block {
    /// A heading of the second level.
    Section(Outline),
    Line(Outline),
    List(Vec<Outline>),
    /// What is told first: a few names with their values.
    Facts(Vec<(&'static str, Outline)>),
    Table(Table),
    Figure(Figure),
}

/// Rows under named columns.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Table {
    pub(super) caption: Outline,
    pub(super) columns: Vec<Column>,
    pub(super) rows: Vec<Vec<Cell>>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) is_number: bool,
}

/// What stands in a table.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cell {
    /// Nothing, because there is nothing.
    Empty,
    Words(Outline),
    /// A number as people read it, and as it is.
    Number(String, serde_json::Number),
}

/// A chart with what it shows.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Figure {
    pub(super) caption: Outline,
    pub(super) chart: Chart,
}

impl Page {
    /// A page with nothing on it yet: what kind of document it is, and of what.
    pub(crate) fn new(kind: &'static str, title: impl Into<String>) -> Self {
        Self {
            kind,
            title: title.into(),
            blocks: Vec::new(),
        }
    }

    fn with(mut self, block: Block) -> Self {
        self.blocks.push(block);
        self
    }

    pub(crate) fn section(self, heading: Outline) -> Self {
        self.with(Block::Section(heading))
    }

    pub(crate) fn line(self, line: Outline) -> Self {
        self.with(Block::Line(line))
    }

    /// Foreign text over any number of lines, each of them a paragraph.
    pub(crate) fn prose(self, text: &str) -> Self {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        lines.fold(self, |page, line| page.line(Outline::new().told(line)))
    }

    /// Nothing, if there are no lines.
    pub(crate) fn list(self, lines: impl IntoIterator<Item = Outline>) -> Self {
        let lines: Vec<_> = lines.into_iter().collect();
        if lines.is_empty() {
            return self;
        }
        self.with(Block::List(lines))
    }

    pub(crate) fn facts(self, facts: impl IntoIterator<Item = (&'static str, Outline)>) -> Self {
        let facts: Vec<_> = facts.into_iter().collect();
        if facts.is_empty() {
            return self;
        }
        self.with(Block::Facts(facts))
    }

    pub(crate) fn table(self, table: Table) -> Self {
        self.with(Block::Table(table))
    }

    pub(crate) fn figure(self, caption: Outline, chart: Chart) -> Self {
        self.with(Block::Figure(Figure { caption, chart }))
    }

    /// What it is about, in the words of who named it.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.title
    }

    /// The first heading, and the title of the window.
    pub(super) fn heading(&self) -> String {
        if self.kind.is_empty() {
            self.title.clone()
        } else {
            format!("{}: {}", self.kind, self.title)
        }
    }

    /// Its tables and figures as CSV, each with its caption, in their order on the page.
    ///
    /// By RFC 4180: fields between commas, lines ended by CR LF, the names of the columns first. A foreign text is on
    /// one line, and begins with an apostrophe where a spreadsheet would take it for a formula: at `=`, `+`, `-`, `@`, a
    /// tab or a line break. Numbers stand as they are. What a program reads should be the JSON.
    #[must_use]
    pub fn csv(&self) -> Vec<(String, String)> {
        let tables = self.blocks.iter().filter_map(|block| match block {
            Block::Table(table) => Some(table.named_csv()),
            Block::Figure(figure) => Some(figure.table().named_csv()),
            Block::Section(_) | Block::Line(_) | Block::List(_) | Block::Facts(_) => None,
        });
        tables.collect()
    }

    /// Its figures as SVG, each with its caption, in their order on the page.
    ///
    /// Each is a file of its own: with a title and a description, text that scales, and colours for dark and light; what
    /// colours tell is told by patterns and words, too.
    #[must_use]
    pub fn svg(&self) -> Vec<(String, String)> {
        let figures = self.blocks.iter().filter_map(|block| match block {
            Block::Figure(figure) => Some((visible(&figure.caption.bare_words()), figure.image())),
            Block::Section(_)
            | Block::Line(_)
            | Block::List(_)
            | Block::Facts(_)
            | Block::Table(_) => None,
        });
        figures.collect()
    }
}

impl Figure {
    /// The values that it shows.
    pub(super) fn table(&self) -> Table {
        let mut table = self.chart.table();
        table.caption = self.caption.clone();
        table
    }
}

impl Table {
    /// A table of these columns. The name of one with numbers begins with `#`.
    pub(crate) fn new(caption: Outline, columns: &[&str]) -> Self {
        let columns = columns.iter().map(|name| Column {
            name: name.trim_start_matches('#').to_owned(),
            is_number: name.starts_with('#'),
        });
        Self {
            caption,
            columns: columns.collect(),
            rows: Vec::new(),
        }
    }

    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        self.rows.push(cells.into_iter().collect());
    }

    fn named_csv(&self) -> (String, String) {
        (visible(&self.caption.bare_words()), self.csv())
    }
}

impl Cell {
    /// A foreign text.
    pub(crate) fn text(text: impl std::fmt::Display) -> Self {
        Self::Words(Outline::new().text(text))
    }

    /// What somebody chose to call something.
    pub(crate) fn name(name: impl std::fmt::Display) -> Self {
        Self::Words(Outline::new().name(name))
    }

    /// The crate's own words.
    pub(crate) fn own(words: impl Into<std::borrow::Cow<'static, str>>) -> Self {
        Self::Words(Outline::new().own(words))
    }

    pub(crate) fn at(at: Instant) -> Self {
        Self::Words(Outline::new().at(at))
    }

    pub(crate) fn whole(number: u64) -> Self {
        Self::Number(grouped(&number.to_string()), number.into())
    }

    /// A number, if it is one; nothing else is shown as one.
    pub(crate) fn number(number: Option<f64>) -> Self {
        let exact = number.and_then(serde_json::Number::from_f64);
        match number.zip(exact) {
            Some((number, exact)) => Self::Number(super::chart::shown(number), exact),
            None => Self::Empty,
        }
    }

    pub(crate) fn maybe(what: Option<Outline>) -> Self {
        what.map_or(Self::Empty, Self::Words)
    }
}

/// Digits in groups of three from the right, apart by a narrow space, where there are more than four.
pub(super) fn grouped(digits: &str) -> String {
    let (sign, digits) = digits
        .strip_prefix('-')
        .map_or(("", digits), |digits| ("−", digits));
    let count = digits.len();
    let mut grouped = String::from(sign);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && count > 4 && (count - place) % 3 == 0 {
            grouped.push('\u{202f}');
        }
        grouped.push(digit);
    }
    grouped
}

/// As a program reads it: the kind and the title, then the blocks in their order, each under its own name.
impl Serialize for Page {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut page = serializer.serialize_map(None)?;
        page.serialize_entry("kind", self.kind)?;
        page.serialize_entry("title", &self.title)?;
        page.serialize_entry("blocks", &self.blocks)?;
        page.end()
    }
}

impl Serialize for Block {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut block = serializer.serialize_map(Some(1))?;
        match self {
            Self::Section(heading) => block.serialize_entry("section", &Words(heading))?,
            Self::Line(line) => block.serialize_entry("paragraph", &Words(line))?,
            Self::List(lines) => block.serialize_entry("list", &Lines(lines))?,
            Self::Facts(facts) => block.serialize_entry("facts", &Facts(facts))?,
            Self::Table(table) => block.serialize_entry("table", table)?,
            Self::Figure(figure) => block.serialize_entry("figure", &figure.table())?,
        }
        block.end()
    }
}

impl Serialize for Table {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let columns: Vec<_> = self.columns.iter().map(|column| &column.name).collect();
        let mut table = serializer.serialize_map(Some(3))?;
        table.serialize_entry("caption", &Words(&self.caption))?;
        table.serialize_entry("columns", &columns)?;
        table.serialize_entry("rows", &self.rows)?;
        table.end()
    }
}

impl Serialize for Cell {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Empty => serializer.serialize_none(),
            Self::Words(words) => Words(words).serialize(serializer),
            Self::Number(_, exact) => exact.serialize(serializer),
        }
    }
}

/// A line as one text, as it was given.
struct Words<'a>(&'a Outline);

impl Serialize for Words<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.bare_words())
    }
}

/// Lines, each a text, or a text with the lines under it.
struct Lines<'a>(&'a [Outline]);

impl Serialize for Lines<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut lines = serializer.serialize_seq(Some(self.0.len()))?;
        for line in self.0 {
            if line.is_bare() {
                lines.serialize_element(&Words(line))?;
            } else {
                lines.serialize_element(&Nested(line))?;
            }
        }
        lines.end()
    }
}

struct Nested<'a>(&'a Outline);

impl Serialize for Nested<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut line = serializer.serialize_map(Some(2))?;
        line.serialize_entry("text", &Words(self.0))?;
        line.serialize_entry("under", &Lines(self.0.below()))?;
        line.end()
    }
}

struct Facts<'a>(&'a [(&'static str, Outline)]);

impl Serialize for Facts<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, Words(value))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A page with everything that can stand on one.
    fn page() -> Page {
        let line = |words: &'static str| Outline::new().own(words);
        let mut table = Table::new(line("Table"), &["What", "#How many"]);
        table.row([Cell::text("=1+1"), Cell::number(Some(1.0 / 3.0))]);
        table.row([Cell::name("a|b"), Cell::number(Some(f64::NAN))]);
        table.row([
            Cell::at("2026-03-02T10:00:00Z".parse().unwrap()),
            Cell::whole(1_250_000),
        ]);
        let lines = super::super::chart::Lines {
            unit: String::new(),
            periods: vec!["Jan".to_owned(), "Feb".to_owned()],
            measures: vec![("n".to_owned(), vec![Some(1.0), None])],
            target: None,
        };
        Page::new("Page", "Of <everything>")
            .facts([(
                "When",
                Outline::new().at("2026-03-02T10:00:05Z".parse().unwrap()),
            )])
            .section(line("Section"))
            .prose("One\n\nTwo `code`\n")
            .list([
                line("item").under(Outline::new().told("`x` below")),
                line("item"),
            ])
            .table(table)
            .table(Table::new(line("Nothing"), &["What"]))
            .figure(line("Figure"), Chart::Lines(lines))
    }

    #[test]
    fn a_page_is_markdown_html_csv_and_json() {
        let page = page();
        let html = page.html();
        insta::with_settings!({ snapshot_path => "../../tests/it/snapshots" }, {
            insta::assert_snapshot!("page_markdown", page.markdown());
            insta::assert_snapshot!("page_html", html.split("</head>").nth(1).unwrap());
            insta::assert_snapshot!("page_csv", format!("{:#?}", page.csv()));
            insta::assert_snapshot!("page_json", serde_json::to_string_pretty(&page).unwrap());
        });
        let again = [page.html(), page.markdown()];
        assert_eq!(again, [page.html(), page.markdown()]);
    }

    #[test]
    fn digits_stand_in_groups() {
        let cases = [
            ("0", "0"),
            ("1234", "1234"),
            ("-12345", "−12 345"),
            ("1250000", "1 250 000"),
        ];
        for (digits, expected) in cases {
            assert_eq!(grouped(digits), expected.replace(' ', "\u{202f}"));
        }
    }
}
