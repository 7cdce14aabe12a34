//! The files that it reads: logs, rules and release models. What is wrong with one is told with its line and what to
//! do about it.

use super::Failure;
use super::args::Args;
use phasegate::gate::{GateSet, Mistakes, Policies, ReleaseModel};
use phasegate::release::{
    AnyRelease, Digest, Envelope, LogError, LogErrorKind, Version, replay, verify,
};

/// The log of a release, and where it came from.
#[derive(Debug)]
pub(crate) struct Log {
    pub(crate) file: String,
    pub(crate) entries: Vec<Envelope>,
}

/// The one log that was named.
pub(crate) fn log(args: &Args) -> Result<Log, Failure> {
    let mut logs = logs(args)?;
    match (logs.pop(), logs.is_empty()) {
        (Some(log), true) => Ok(log),
        _ => Err(Failure::Asked(format!("`{}` reads one log", args.command))),
    }
}

/// Every log that was named.
pub(crate) fn logs(args: &Args) -> Result<Vec<Log>, Failure> {
    if args.logs.is_empty() {
        return Err(Failure::Asked(format!(
            "`{}` needs `--log FILE`",
            args.command
        )));
    }
    args.logs.iter().map(|file| Log::read(file)).collect()
}

/// The rules and models that were named; none but the lifecycle's if there is no file.
pub(crate) fn rules(args: &Args) -> Result<GateSet, Failure> {
    let policies = Policies::new();
    let rules = match &args.rules {
        Some(file) => GateSet::from_json(&text(file)?, &policies),
        None => Ok(GateSet::new()),
    };
    let file = args.rules.as_deref().unwrap_or_default();
    let mut rules = rules.map_err(|mistakes| mistaken(file, &mistakes))?;
    for file in &args.models {
        rules = rules.with_model(model(file, &policies)?);
    }
    Ok(rules)
}

/// A model as JSON; as TOML, if the name says so and the tool was built for it.
fn model(file: &str, policies: &Policies) -> Result<ReleaseModel, Failure> {
    let text = text(file)?;
    let is_toml = std::path::Path::new(file)
        .extension()
        .is_some_and(|extension| extension == "toml");
    #[cfg(feature = "toml")]
    if is_toml {
        return ReleaseModel::from_toml(&text, policies)
            .map_err(|mistakes| mistaken(file, &mistakes));
    }
    if is_toml {
        let what = "this tool was built without TOML; build it with `--features toml`";
        return Err(Failure::Asked(format!("{file}: {what}")));
    }
    ReleaseModel::from_json(&text, policies).map_err(|mistakes| mistaken(file, &mistakes))
}

fn mistaken(file: &str, mistakes: &Mistakes) -> Failure {
    let mistakes = mistakes.iter().map(|mistake| format!("\n  {mistake}"));
    let mistakes: String = mistakes.collect();
    Failure::Broken(format!("{file}: correct these and ask again:{mistakes}"))
}

fn text(file: &str) -> Result<String, Failure> {
    String::from_utf8(bytes(file)?).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        Failure::Broken(format!(
            "{file}: not UTF-8 after byte {valid}; write it as UTF-8"
        ))
    })
}

#[expect(
    clippy::disallowed_methods,
    reason = "the host opens files, and the tool is the host"
)]
fn bytes(file: &str) -> Result<Vec<u8>, Failure> {
    let unreadable = |error| Failure::Broken(format!("{file}: {error}; check the path"));
    std::fs::read(file).map_err(unreadable)
}

impl Log {
    fn read(file: &str) -> Result<Self, Failure> {
        Self::of(file, &bytes(file)?)
    }

    /// Reads an event a line; the last line ends with a line break too.
    pub(crate) fn of(file: &str, bytes: &[u8]) -> Result<Self, Failure> {
        let mut lines: Vec<_> = bytes.split(|byte| *byte == b'\n').collect();
        let cut_off = lines.pop().filter(|rest| !rest.is_empty());
        let mut entries = Vec::new();
        let whole = lines.into_iter().map(|line| (line, ""));
        let torn = "; the line is not ended, and may be cut off: get the whole file";
        let lines = whole.chain(cut_off.map(|rest| (rest, torn)));
        for (number, (line, torn)) in (1..).zip(lines) {
            let refuse = |what: String| {
                let what = format!("{file}:{number}: {what}");
                let remedy = "; take the line from a copy, and do not decide on what is left";
                let remedy = if torn.is_empty() { remedy } else { torn };
                Err(Failure::Broken(what + remedy))
            };
            let line = match std::str::from_utf8(line) {
                Ok(line) if line.trim().is_empty() => {
                    return refuse("an empty line, where an event was expected".to_owned());
                }
                Ok(line) => line,
                Err(error) => {
                    return refuse(format!("not UTF-8 after byte {}", error.valid_up_to()));
                }
            };
            match Envelope::from_json(line) {
                Ok(entry) => entries.push(entry),
                Err(error) => return refuse(error.to_string()),
            }
        }
        if entries.is_empty() {
            let what = format!("{file}: there is no event in it; name the log of a release");
            return Err(Failure::Broken(what));
        }
        let file = file.to_owned();
        Ok(Self { file, entries })
    }

    /// The hash of its last event, if nobody edited it, or took something out of its middle.
    pub(crate) fn is_whole(&self) -> Result<Digest, Failure> {
        verify(&self.entries).map_err(|broken| {
            let (file, line) = (&self.file, broken.version);
            let remedy = "do not decide on it; compare it with a copy";
            Failure::Broken(format!("{file}:{line}: {broken}; {remedy}"))
        })
    }

    /// The release of it.
    pub(crate) fn release(&self) -> Result<AnyRelease, Failure> {
        replay(&self.entries).map_err(|error| self.broken(&error))
    }

    /// Where it cannot be followed.
    pub(crate) fn broken(&self, error: &LogError) -> Failure {
        let line = error.version().map_or(Version::new(1), |version| version);
        let remedy = if error.kind() == LogErrorKind::UnknownKind {
            "read it with a newer version of the tool"
        } else {
            "name the log of one release, and compare it with a copy"
        };
        Failure::Broken(format!("{}:{line}: {error}; {remedy}", self.file))
    }
}
