//! Lines under lines: drawn as a tree for a terminal, or written as Markdown.

use super::escape;
use crate::phase::visible;
use std::{borrow::Cow, fmt};

/// A line and the lines under it.
///
/// `Display` draws it as a tree for a terminal: plain text without colour, one fact a line, whatever the width.
/// [`markdown`](Self::markdown) writes the same lines as nested lists. Foreign texts stay on their line, and are never
/// taken for markup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outline {
    words: Vec<Word>,
    below: Vec<Self>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Word {
    /// The crate's own words, which are no markup.
    Own(Cow<'static, str>),
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

    pub(crate) fn name(mut self, name: impl fmt::Display) -> Self {
        self.words.push(Word::Name(name.to_string()));
        self
    }

    pub(crate) fn prose(mut self, prose: impl fmt::Display) -> Self {
        self.words.push(Word::Prose(prose.to_string()));
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

    fn items(&self, indent: &str, page: &mut String) {
        for line in &self.below {
            page.push_str(indent);
            page.push_str("- ");
            page.push_str(&line.line(escape::code));
            page.push('\n');
            line.items(&format!("{indent}  "), page);
        }
    }

    fn line(&self, harmless: fn(&str) -> String) -> String {
        let words = self.words.iter().map(|word| match word {
            Word::Own(words) => words.to_string(),
            Word::Name(text) | Word::Prose(text) => harmless(text),
        });
        words.collect()
    }

    /// The line for a terminal, where a name is set off by backticks.
    fn plain(&self) -> String {
        let words = self.words.iter().map(|word| match word {
            Word::Own(words) => words.to_string(),
            Word::Name(name) => format!("`{}`", visible(name)),
            Word::Prose(prose) if prose.trim().is_empty() => "(nothing)".to_owned(),
            Word::Prose(prose) => visible(prose),
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
