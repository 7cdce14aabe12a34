//! What the tool was asked.

use super::Failure;
use phasegate::release::Digest;
use phasegate::{Instant, Person};
use std::fmt::Display;
use std::str::FromStr;

/// A command, its words, and its options.
#[derive(Debug, Default)]
pub(crate) struct Args {
    pub(crate) command: String,
    pub(crate) words: Vec<String>,
    pub(crate) logs: Vec<String>,
    pub(crate) rules: Option<String>,
    pub(crate) models: Vec<String>,
    pub(crate) at: Option<Instant>,
    pub(crate) by: Option<Person>,
    pub(crate) head: Option<Digest>,
    pub(crate) form: Form,
}

/// The form of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Form {
    #[default]
    Plain,
    Markdown,
    Json,
}

impl Args {
    pub(crate) fn read(given: impl IntoIterator<Item = String>) -> Result<Self, Failure> {
        let mut given = given.into_iter();
        let mut args = Self {
            command: given.next().unwrap_or_default(),
            ..Self::default()
        };
        while let Some(word) = given.next() {
            let mut value = || {
                let missing = || Failure::Asked(format!("`{word}` needs a value"));
                given.next().ok_or_else(missing)
            };
            match word.as_str() {
                "--log" => args.logs.push(value()?),
                "--rules" => args.rules = Some(value()?),
                "--model" => args.models.push(value()?),
                "--at" => args.at = Some(parsed(&word, &value()?)?),
                "--by" => args.by = Some(parsed(&word, &value()?)?),
                "--head" => args.head = Some(parsed(&word, &value()?)?),
                "--markdown" => args.form = Form::Markdown,
                "--json" => args.form = Form::Json,
                option if option.starts_with("--") => {
                    let what = format!("no option `{option}`; `releasectl help` lists them");
                    return Err(Failure::Asked(what));
                }
                _ => args.words.push(word),
            }
        }
        Ok(args)
    }
}

fn parsed<T: FromStr<Err: Display>>(option: &str, value: &str) -> Result<T, Failure> {
    let misread = |error| Failure::Asked(format!("`{option}`: {error}"));
    value.parse().map_err(misread)
}
