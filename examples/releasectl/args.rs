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
        if matches!(args.command.as_str(), "--help" | "-h") {
            args.command = String::from("help");
        }
        let mut options = Vec::new();
        while let Some(word) = given.next() {
            options.extend(Some(word.clone()).filter(|word| word.starts_with("--")));
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
        args.fits(&options)?;
        Ok(args)
    }

    /// Refuses what the command does not take; what no command is, is told later.
    fn fits(&self, options: &[String]) -> Result<(), Failure> {
        let command = self.command.as_str();
        let (words, taken): (usize, &[&str]) = match command {
            "gates" => (1, &["--rules", "--model", "--markdown", "--json"]),
            "state" => (0, &["--log", "--json"]),
            "explain" => (
                2,
                &[
                    "--rules",
                    "--model",
                    "--log",
                    "--at",
                    "--by",
                    "--markdown",
                    "--json",
                ],
            ),
            "trail" => (0, &["--log", "--head"]),
            "report" => (0, &["--log", "--at", "--markdown", "--json"]),
            "table" | "help" => (0, &[]),
            _ => return Ok(()),
        };
        let mut strange = options.iter().filter(|one| !taken.contains(&one.as_str()));
        let strange = strange.next().or_else(|| self.words.get(words));
        strange.map_or(Ok(()), |strange| {
            let what = format!("`{command}` does not take `{strange}`");
            Err(Failure::Asked(
                what + "; `releasectl help` says what it does",
            ))
        })
    }
}

fn parsed<T: FromStr<Err: Display>>(option: &str, value: &str) -> Result<T, Failure> {
    let misread = |error| Failure::Asked(format!("`{option}`: {error}"));
    value.parse().map_err(misread)
}
