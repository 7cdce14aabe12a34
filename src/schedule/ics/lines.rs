//! Content lines: unfolded, decoded, and split into name, parameters and value.

use super::error::{IcsError, IcsErrorKind};
use crate::phase::shown;
use std::borrow::Cow;

/// The content lines of a file, unfolded, each with the number of its first line.
///
/// Unfolding comes before decoding: older programs fold within a character.
pub(super) struct Lines<'a> {
    rest: &'a [u8],
    number: usize,
}

/// One content line: `NAME;PARAMETER=text:value`.
pub(super) struct Line<'a> {
    pub(super) number: usize,
    /// In upper case.
    pub(super) name: String,
    params: Vec<(&'a str, &'a str)>,
    pub(super) value: &'a str,
}

impl<'a> Lines<'a> {
    pub(super) fn of(bytes: &'a [u8]) -> Self {
        Self {
            rest: bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes),
            number: 0,
        }
    }

    /// The next line of the file, without its break.
    fn one(&mut self) -> Option<&'a [u8]> {
        if self.rest.is_empty() {
            return None;
        }
        self.number += 1;
        let end = self.rest.iter().position(|&byte| byte == b'\n');
        let (line, rest) = match end.and_then(|end| self.rest.split_at_checked(end)) {
            Some((line, rest)) => (line, rest.get(1..).unwrap_or_default()),
            None => (self.rest, &[][..]),
        };
        self.rest = rest;
        Some(line.strip_suffix(b"\r").unwrap_or(line))
    }

    /// How many lines were read.
    pub(super) const fn number(&self) -> usize {
        self.number
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = (usize, Cow<'a, [u8]>);

    fn next(&mut self) -> Option<Self::Item> {
        let mut line = Cow::Borrowed(self.one()?);
        let number = self.number;
        while matches!(self.rest.first(), Some(b' ' | b'\t')) {
            let folded = self.one().unwrap_or_default();
            line.to_mut().extend(folded.iter().skip(1));
        }
        Some((number, line))
    }
}

impl<'a> Line<'a> {
    pub(super) fn parse(number: usize, text: &'a str) -> Result<Self, IcsError> {
        let malformed = |name: &str, what: String| {
            IcsError::new(IcsErrorKind::Malformed, name, what).at(number)
        };
        let end = text.find([':', ';']).unwrap_or(text.len());
        let (name, mut rest) = text.split_at_checked(end).unwrap_or((text, ""));
        if !is_name(name) || rest.is_empty() {
            let what = format!("`{}` is no line; expected `NAME:value`", shown(text, 60));
            return Err(malformed("", what));
        }
        if let Some(c) = text.chars().find(|&c| c.is_control() && c != '\t') {
            let what = format!("there is a control character, `{}`", c.escape_default());
            return Err(malformed(name, what));
        }
        let mut params = Vec::new();
        while let Some(param) = rest.strip_prefix(';') {
            let end = end_of_param(param).ok_or_else(|| {
                let what = "its parameters do not end; expected `:` and a value";
                malformed(name, what.to_owned())
            })?;
            let (param, after) = param.split_at_checked(end).unwrap_or((param, ""));
            params.push(param_of(param).ok_or_else(|| {
                let param = shown(param, 60);
                malformed(
                    name,
                    format!("`{param}` is no parameter; expected `NAME=text`"),
                )
            })?);
            rest = after;
        }
        Ok(Self {
            number,
            name: name.to_ascii_uppercase(),
            params,
            value: rest.strip_prefix(':').unwrap_or_default(),
        })
    }

    /// The parameter of that name.
    pub(super) fn param(&self, name: &str) -> Result<Option<&'a str>, IcsError> {
        let mut found = self
            .params
            .iter()
            .filter(|(it, _)| it.eq_ignore_ascii_case(name));
        let first = found.next().map(|&(_, text)| text);
        if found.next().is_some() {
            let what = format!("the parameter `{name}` stands twice");
            return Err(self.refused(IcsErrorKind::Repeated, what));
        }
        Ok(first)
    }

    pub(super) fn refused(&self, kind: IcsErrorKind, what: impl Into<String>) -> IcsError {
        IcsError::new(kind, &self.name, what).at(self.number)
    }
}

fn is_name(text: &str) -> bool {
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    !text.is_empty() && text.bytes().all(is_name)
}

/// Where the parameter ends that begins here: before the first `;` or `:` outside quotes.
fn end_of_param(text: &str) -> Option<usize> {
    let mut is_quoted = false;
    text.find(|c| {
        is_quoted ^= c == '"';
        !is_quoted && matches!(c, ';' | ':')
    })
}

/// Its name and its text, without the quotes around it. A list stays as it is written.
fn param_of(param: &str) -> Option<(&str, &str)> {
    let (name, text) = param.split_once('=')?;
    let inner = text
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'))
        .filter(|inner| !inner.contains('"'));
    is_name(name).then_some((name, inner.unwrap_or(text)))
}
