//! A small command-line tool on top of the crate: it reads the log of a release and the rules, from a file of gates
//! or a release model, and answers.
//!
//! `cargo run --example releasectl -- help` says what it can do. Without arguments it shows each of its commands once,
//! on a log of its own. It exits with 0; with 1 if the answer is no; with 2 if it was asked wrongly; with 3 if a file
//! cannot be read, or a log is broken.

#[path = "releasectl/args.rs"]
mod args;
#[path = "releasectl/demo.rs"]
mod demo;
#[path = "releasectl/files.rs"]
mod files;
#[path = "releasectl/show.rs"]
mod show;

use args::{Args, Form};
use files::Log;
use phasegate::gate::{Facts, GateSet, ReleaseModel};
use phasegate::phase::Action;
use phasegate::release::AnyStep;
use phasegate::report::{Exceptions, Outline};
use phasegate::{By, Instant, Person};
use std::{fmt::Write as _, io::Write as _, process::ExitCode};

const HELP: &str = "\
releasectl COMMAND [OPTIONS]

  table                       the lifecycle: which steps and records there are, and where
  gates STEP                  what the gates on a step ask for; --rules, --model
  state                       where the release stands; --log
  explain STEP [ARGUMENTS]    why not now? with what the step needs, as JSON; --log --at --by, and --rules, --model
  trail                       every event of the log, and whether its chain is whole; --log, and --head
  report                      overrides, waivers and debts; --at, and --log for each release

  --log FILE      the log of a release: an event a line, as `Envelope::to_json` writes it
  --rules FILE    gates as JSON, as `GateSet::from_json` reads them
  --model FILE    a release model as JSON or TOML, for the releases that follow it; may be given several times
  --at INSTANT    such as 2026-03-02T12:00:00Z
  --by PERSON     who would ask for the step
  --head HASH     the hash that the last event should have: shows whether events were cut off
  --markdown, --json  another form of the answer of `gates`, `explain` and `report`; of `state` as --json

  exits with 0; with 1 if the answer is no; with 2 if it was asked wrongly; with 3 if a file cannot be read or a log is
  broken
";

/// Why there is no good answer, and what to exit with.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The answer is no; it was printed.
    No,
    /// It was asked wrongly.
    Asked(String),
    /// A file cannot be read, or a log is broken.
    Broken(String),
}

impl Failure {
    fn code(&self) -> u8 {
        match self {
            Self::No => 1,
            Self::Asked(_) => 2,
            Self::Broken(_) => 3,
        }
    }
}

fn main() -> ExitCode {
    let words = std::env::args_os().skip(1);
    let words: Result<Vec<String>, _> = words.map(std::ffi::OsString::into_string).collect();
    let mut page = String::new();
    let answer = match words {
        Ok(words) if words.is_empty() => demo::show(&mut page),
        Ok(words) => Args::read(words).and_then(|args| run(&args, &mut page)),
        Err(word) => Err(Failure::Asked(format!(
            "an argument is not UTF-8: {}",
            word.display()
        ))),
    };
    // Whoever reads may have read enough.
    let _ = std::io::stdout().write_all(page.as_bytes());
    match answer {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if let Failure::Asked(what) | Failure::Broken(what) = &failure {
                eprintln!("releasectl: {what}");
            }
            ExitCode::from(failure.code())
        }
    }
}

/// Answers a command that names its files.
fn run(args: &Args, page: &mut String) -> Result<(), Failure> {
    match args.command.as_str() {
        "help" => page.push_str(HELP),
        "table" => show::table(page),
        "gates" => gates(args, &files::rules(args)?, page)?,
        "state" => state(args, &files::log(args)?, page)?,
        "explain" => explain(args, &files::log(args)?, &files::rules(args)?, page)?,
        "trail" => trail(args, &files::log(args)?, page)?,
        "report" => report(args, &files::logs(args)?, page)?,
        other => {
            let what = format!("no command `{other}`; `releasectl help` lists them");
            return Err(Failure::Asked(what));
        }
    }
    Ok(())
}

fn step_of(args: &Args) -> Result<Action, Failure> {
    let Some(name) = args.words.first() else {
        let what = format!("which step? `{} STEP`", args.command);
        return Err(Failure::Asked(what));
    };
    let mut steps = Action::ALL.iter().copied();
    steps.find(|step| step.name() == name).ok_or_else(|| {
        let steps: Vec<_> = Action::ALL.iter().map(|step| step.name()).collect();
        Failure::Asked(format!("no step `{name}`; there are: {}", steps.join(", ")))
    })
}

fn gates(args: &Args, rules: &GateSet, page: &mut String) -> Result<(), Failure> {
    let step = step_of(args)?;
    let of_models = rules.models().flat_map(ReleaseModel::gates);
    let gates = rules.gates().iter().chain(of_models);
    let gates: Vec<_> = gates.filter(|gate| gate.action() == step).collect();
    match args.form {
        Form::Json => {
            let rules: Vec<_> = gates
                .iter()
                .map(|gate| (gate.id(), gate.requirements()))
                .collect();
            page.push_str(&json(&rules)?);
        }
        Form::Plain | Form::Markdown if gates.is_empty() => {
            let _ = writeln!(page, "no gate holds {step}; only the lifecycle does");
        }
        Form::Plain | Form::Markdown => {
            for gate in gates {
                page.push_str(&drawn(args, &gate.outline()));
            }
        }
    }
    Ok(())
}

fn state(args: &Args, log: &Log, page: &mut String) -> Result<(), Failure> {
    log.is_whole()?;
    let release = log.release()?;
    match args.form {
        Form::Json => page.push_str(&json(&release.view())?),
        Form::Plain | Form::Markdown => show::state(page, &release, log),
    }
    Ok(())
}

fn explain(args: &Args, log: &Log, rules: &GateSet, page: &mut String) -> Result<(), Failure> {
    let action = step_of(args)?;
    let at = needed(args, args.at, "--at INSTANT")?;
    let by: Person = needed(args, args.by.clone(), "--by PERSON")?;
    let written = args.words.get(1).map_or("{}", String::as_str);
    let misread = |error: &dyn std::fmt::Display| {
        let what = format!("{action} cannot be asked with `{written}`: {error}");
        Failure::Asked(format!(
            "{what}; give what it needs as JSON, such as {}",
            show::example(action)
        ))
    };
    let written: serde_json::Value =
        serde_json::from_str(written).map_err(|error| misread(&error))?;
    let named = serde_json::json!({ action.name(): written });
    let step: AnyStep = serde_json::from_value(named).map_err(|error| misread(&error))?;
    log.is_whole()?;
    let release = log.release()?.anywhere();
    let decision = rules.explain(&release, step, &Facts::at(at), &By::new(by));
    match args.form {
        Form::Json => page.push_str(&json(&decision)?),
        Form::Plain | Form::Markdown => page.push_str(&drawn(args, &decision.outline())),
    }
    if decision.is_cleared() {
        Ok(())
    } else {
        Err(Failure::No)
    }
}

fn trail(args: &Args, log: &Log, page: &mut String) -> Result<(), Failure> {
    show::trail(page, log);
    let last = log.is_whole()?;
    let events = log.entries.len();
    let _ = writeln!(
        page,
        "
the chain of {events} events is whole, up to {last}"
    );
    match args.head {
        Some(head) if head != last => {
            let what = format!("{}: it ends with {last}, expected {head}", log.file);
            let why = "events were cut off or written anew; compare it with a copy";
            Err(Failure::Broken(format!("{what}; {why}")))
        }
        Some(_) | None => Ok(()),
    }
}

fn report(args: &Args, logs: &[Log], page: &mut String) -> Result<(), Failure> {
    let at: Instant = needed(args, args.at, "--at INSTANT")?;
    let mut exceptions = Exceptions::at(at).with_refusals();
    for log in logs {
        log.is_whole()?;
        exceptions
            .add(&log.entries)
            .map_err(|error| log.broken(&error))?;
    }
    match args.form {
        Form::Json => page.push_str(&json(&exceptions)?),
        Form::Plain | Form::Markdown => page.push_str(&drawn(args, &exceptions.outline())),
    }
    Ok(())
}

fn drawn(args: &Args, outline: &Outline) -> String {
    match args.form {
        Form::Markdown => outline.markdown(),
        Form::Plain | Form::Json => outline.to_string(),
    }
}

fn json(value: &impl serde::Serialize) -> Result<String, Failure> {
    let json = serde_json::to_string_pretty(value);
    let json = json.map_err(|error| Failure::Broken(format!("it cannot be written: {error}")))?;
    Ok(json + "\n")
}

fn needed<T>(args: &Args, given: Option<T>, what: &str) -> Result<T, Failure> {
    given.ok_or_else(|| Failure::Asked(format!("`{}` needs `{what}`", args.command)))
}
