//! Lines under lines: drawn as a tree for a terminal, or written as Markdown or as HTML.

use super::escape;
use crate::phase::{Instant, Interval, visible};
use std::{borrow::Cow, fmt};

/// A line and the lines under it.
///
/// `Display` draws it as a tree for a terminal: plain text without colour, one fact a line, whatever the width.
/// [`markdown`](Self::markdown) and [`html`](Self::html) write the same lines as nested lists. Foreign texts stay on their line, and are never
/// taken for markup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outline {
    words: Vec<Word>,
    below: Vec<Self>,
}

/// An instant of UTC as people read it: `2026-03-02 10:00Z`, with seconds and parts of them where there are any.
pub(super) fn readable(at: Instant) -> String {
    let text = at.to_string().replace('T', " ");
    match text.strip_suffix(":00Z") {
        Some(minutes) => format!("{minutes}Z"),
        None => text,
    }
}

/// How something that is told is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    Good,
    Bad,
    Open,
}

impl Tone {
    /// A sign for it, so that it is not told by colour alone.
    pub(super) const fn sign(self) -> char {
        match self {
            Self::Good => '✓',
            Self::Bad => '✗',
            Self::Open => '○',
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Word {
    /// Words that stand as they are: the crate's own, and foreign ones that are read as prose.
    Own(Cow<'static, str>),
    /// How something turned out, in the crate's own words.
    Mark(Tone, Cow<'static, str>),
    /// A foreign text, and an address of the web.
    Link(String, String),
    At(Instant),
    /// What somebody chose to call something.
    Name(String),
    /// What somebody wrote.
    Prose(String),
}

impl Outline {
    pub(crate) const fn new() -> Self {
        Self {
            words: Vec::new(),
            below: Vec::new(),
        }
    }

    pub(crate) fn own(mut self, words: impl Into<Cow<'static, str>>) -> Self {
        self.words.push(Word::Own(words.into()));
        self
    }

    /// A foreign text that is read as prose.
    pub(crate) fn text(self, text: impl fmt::Display) -> Self {
        self.own(text.to_string())
    }

    /// A foreign text in which what stands between backticks is a name.
    pub(crate) fn told(self, text: impl fmt::Display) -> Self {
        let text = text.to_string();
        let parts: Vec<&str> = text.split('`').collect();
        let is_paired = parts.len() % 2 == 1
            && parts
                .iter()
                .skip(1)
                .step_by(2)
                .all(|name| !name.trim().is_empty());
        if !is_paired {
            return self.own(text);
        }
        let parts = parts
            .into_iter()
            .enumerate()
            .filter(|(_, part)| !part.is_empty());
        parts.fold(self, |line, (place, part)| {
            if place % 2 == 0 {
                line.own(part.to_owned())
            } else {
                line.name(part)
            }
        })
    }

    /// An instant, which people read without seconds that are none.
    pub(crate) fn at(mut self, at: Instant) -> Self {
        self.words.push(Word::At(at));
        self
    }

    pub(crate) fn span(self, span: Interval) -> Self {
        self.at(span.start()).own(" to ").at(span.end())
    }

    pub(crate) fn mark(mut self, tone: Tone, words: impl Into<Cow<'static, str>>) -> Self {
        self.words.push(Word::Mark(tone, words.into()));
        self
    }

    /// A link, if the address is one of the web; else both as they are.
    pub(crate) fn link(mut self, text: impl fmt::Display, to: impl fmt::Display) -> Self {
        let (text, to) = (text.to_string(), to.to_string());
        if escape::address(&to).is_some() {
            self.words.push(Word::Link(text, to));
            return self;
        }
        self.own(text).own(" (").name(to).own(")")
    }

    pub(crate) fn name(mut self, name: impl fmt::Display) -> Self {
        self.words.push(Word::Name(name.to_string()));
        self
    }

    pub(crate) fn prose(mut self, prose: impl fmt::Display) -> Self {
        self.words.push(Word::Prose(prose.to_string()));
        self
    }

    /// The words of another line after these.
    pub(crate) fn joined(mut self, other: &Self) -> Self {
        self.words.extend(other.words.iter().cloned());
        self
    }

    /// Names with commas between them.
    pub(crate) fn names(mut self, names: impl IntoIterator<Item = impl fmt::Display>) -> Self {
        for (place, name) in names.into_iter().enumerate() {
            if place > 0 {
                self = self.own(", ");
            }
            self = self.name(name);
        }
        self
    }

    pub(crate) fn under(mut self, line: impl Into<Option<Self>>) -> Self {
        self.below.extend(line.into());
        self
    }

    pub(crate) fn under_all(mut self, lines: impl IntoIterator<Item = Self>) -> Self {
        self.below.extend(lines);
        self
    }

    pub(super) fn words(&self) -> &[Word] {
        &self.words
    }

    /// The first line alone.
    pub(super) fn head(&self) -> Self {
        Self {
            words: self.words.clone(),
            below: Vec::new(),
        }
    }

    pub(super) fn below(&self) -> &[Self] {
        &self.below
    }

    /// Whether there is nothing under it.
    pub(crate) const fn is_bare(&self) -> bool {
        self.below.is_empty()
    }

    /// The same lines as Markdown: the first as a paragraph, the others as nested lists.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut page = self.line(escape::code);
        page.push('\n');
        if !self.below.is_empty() {
            page.push('\n');
        }
        self.items("", &mut page);
        page
    }

    pub(super) fn items(&self, indent: &str, page: &mut String) {
        for line in &self.below {
            page.push_str(indent);
            page.push_str("- ");
            page.push_str(&line.line(escape::code));
            page.push('\n');
            line.items(&format!("{indent}  "), page);
        }
    }

    /// The line as Markdown, with code spans made by `code`.
    pub(super) fn line(&self, code: fn(&str) -> String) -> String {
        let mut line = String::new();
        for word in &self.words {
            let is_first = line.is_empty();
            match word {
                Word::Own(words) | Word::Mark(_, words) => {
                    line.push_str(&escape::markdown(words, is_first, code));
                }
                Word::Link(text, to) => {
                    let to = escape::address(to)
                        .unwrap_or_default()
                        .replace('&', "&amp;");
                    let text = escape::markdown(text, false, code);
                    line.extend(["[", &text, "](<", &to, ">)"]);
                }
                Word::At(at) => line.push_str(&readable(*at)),
                Word::Name(text) | Word::Prose(text) => {
                    let span = code(text);
                    // Two spans without anything between them would be read as one.
                    if line.ends_with('`') && span.starts_with('`') {
                        line.push(' ');
                    }
                    line.push_str(&span);
                }
            }
        }
        line
    }

    /// The line for a terminal, where a name is set off by backticks.
    pub(super) fn plain(&self) -> String {
        let words = self.words.iter().map(|word| match word {
            Word::Own(words) | Word::Mark(_, words) => visible(words),
            Word::Link(text, to) => format!("{} <{}>", visible(text), visible(to)),
            Word::At(at) => readable(*at),
            Word::Name(name) => format!("`{}`", visible(name)),
            Word::Prose(prose) if prose.trim().is_empty() => "(nothing)".to_owned(),
            Word::Prose(prose) => visible(prose),
        });
        words.collect()
    }

    /// The words as a program reads them, without any sign of what they are.
    pub(super) fn bare_words(&self) -> String {
        let words = self.words.iter().map(|word| match word {
            Word::Own(words) | Word::Mark(_, words) => Cow::Borrowed(words.as_ref()),
            Word::Link(text, _) | Word::Name(text) | Word::Prose(text) => {
                Cow::Borrowed(text.as_str())
            }
            Word::At(at) => Cow::Owned(at.to_string()),
        });
        words.collect()
    }

    fn draw(&self, before: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut lines = self.below.iter().peekable();
        while let Some(line) = lines.next() {
            let (branch, further) = match lines.peek() {
                Some(_) => ("├─ ", "│  "),
                None => ("└─ ", "   "),
            };
            writeln!(f, "{before}{branch}{}", line.plain().trim_end())?;
            line.draw(&format!("{before}{further}"), f)?;
        }
        Ok(())
    }
}

impl fmt::Display for Outline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.plain().trim_end())?;
        self.draw("", f)
    }
}
