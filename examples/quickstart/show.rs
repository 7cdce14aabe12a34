//! Everything that is printed: without colour, in at most 100 columns.

use super::adherence::{Adherence, kept};
use super::history::{Schedules, Source};
use super::trouble::{Conflict, Refusal};
use super::{Outcome, TROUBLED, Taken, trail};
use phasegate::Instant;
use phasegate::release::{Envelope, verify};
use std::fmt::{self, Display, Write};

const COLUMNS: usize = 100;

impl Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Recorded => "*",
            Self::Planned => "p",
            Self::Illustrative => "~",
        })
    }
}

/// The whole output.
pub(crate) fn page(schedules: &Schedules, taken: &Taken) -> Outcome<String> {
    let mut page = String::new();
    head(&mut page, schedules, taken)?;
    if let Some((conflict, refusal)) = &taken.troubles {
        stale_writer(&mut page, conflict)?;
        refused_deploy(&mut page, refusal)?;
    }
    let mut all = Vec::new();
    for (name, log) in &taken.logs {
        all.push((name.as_str(), Adherence::of(log)?));
    }
    releases(&mut page, &all)?;
    stages(&mut page, &all)?;
    for (name, log) in taken.logs.iter().filter(|(name, _)| name == TROUBLED) {
        heading(&mut page, &format!("The audit trail of {name}"))?;
        trail::print(&mut page, log)?;
    }
    verified(&mut page, &taken.logs)?;
    Ok(page)
}

fn head(page: &mut String, schedules: &Schedules, taken: &Taken) -> fmt::Result {
    let which = match taken.logs.as_slice() {
        [.., (last, _)] if taken.logs.len() < 9 => format!("Kubernetes up to {last}"),
        _ => "Nine releases of Kubernetes".to_owned(),
    };
    writeln!(page, "{which}, from request to closure\n")?;
    wrapped(page, "Source   ", &schedules.source)?;
    wrapped(page, "Licence  ", &schedules.license)?;
    page.push_str(concat!(
        "Times    UTC\n",
        "Marks    *  recorded: it happened, at that instant\n",
        "         p  planned: the day that it was to happen; whether it did is not recorded\n",
        "         ~  illustrative: made up here; so are all people, what they do, and early life support\n",
    ));
    Ok(())
}

fn heading(page: &mut String, text: &str) -> fmt::Result {
    writeln!(page, "\n{text}\n{}\n", "-".repeat(text.chars().count()))
}

fn stale_writer(page: &mut String, conflict: &Conflict) -> fmt::Result {
    let title = format!("{TROUBLED} on its way: a stale writer loses, and loses nothing");
    heading(page, &title)?;
    let Conflict {
        at,
        seen,
        message,
        given_back,
        loaded,
    } = conflict;
    let at = minute(*at);
    writeln!(
        page,
        "{at}  *  A new plan is merged while ana looks at version {seen}."
    )?;
    writeln!(
        page,
        "{at}  ~  ana agrees to the plan that she sees. The desk:\n"
    )?;
    wrapped(page, "    ", message)?;
    let given_back = format!("She has the release back as it was, at version {given_back};");
    writeln!(page, "\n{given_back} she loads version {loaded},")?;
    writeln!(page, "which has the new plan, and agrees to that.")
}

fn refused_deploy(page: &mut String, refusal: &Refusal) -> fmt::Result {
    let title = format!("{TROUBLED} on its way: a gate refuses, and says what is missing");
    heading(page, &title)?;
    let decision = &refusal.decision;
    let (asked, cleared) = (minute(decision.at), minute(refusal.cleared_at));
    writeln!(
        page,
        "{asked}  ~  dee asks to deploy on the day that was agreed first:\n"
    )?;
    for (place, blocker) in (1..).zip(decision.blockers()) {
        let label = format!("    {place}  {:10}  ", blocker.finding.judgement.policy);
        wrapped(page, &label, blocker.reason.message.as_str())?;
        let label = format!("{:17}  remedy: ", "");
        wrapped(page, &label, blocker.reason.remedy.as_str())?;
    }
    writeln!(
        page,
        "\n{cleared}  ~  What was done about it, and what it lifted:\n"
    )?;
    for (what, places) in &refusal.lifted {
        let places: Vec<_> = places.iter().map(ToString::to_string).collect();
        writeln!(page, "    {what:44}  lifts {}", places.join(" and "))?;
    }
    let lifted: usize = refusal.lifted.iter().map(|(_, places)| places.len()).sum();
    if lifted == decision.blockers().count() {
        writeln!(
            page,
            "\nNothing stands against it any more, and the gate clears the step."
        )?;
    }
    Ok(())
}

fn releases(page: &mut String, all: &[(&str, Adherence)]) -> fmt::Result {
    heading(page, "Plan and fact, computed from the events")?;
    page.push_str(concat!(
        "            milestones                release                  slip\n",
        "release  planned  reached  first plan    baseline      actual  days  re-baselines  reviewed\n",
        "               p        *           p           p           *\n",
    ));
    for (name, found) in all {
        let Some(release) = found.release() else {
            continue;
        };
        let planned = found.count(|line| line.is_planned);
        let reached = found.count(|line| line.actual.is_some());
        let again = found.baselines.saturating_sub(1);
        let reviewed = found
            .reviewed
            .map(|(at, source)| format!("{} {source}", at.day()));
        writeln!(
            page,
            "{name:7}  {planned:7}  {reached:7}  {:10}  {:10}  {:10}  {:>4}  {again:12}  {}",
            shown(release.first, "-"),
            shown(release.baseline(), "-"),
            shown(release.actual.map(Instant::day), "-"),
            shown(release.slip_days().map(signed), "-"),
            shown(reviewed, "-"),
        )?;
    }
    Ok(())
}

fn stages(page: &mut String, all: &[(&str, Adherence)]) -> fmt::Result {
    writeln!(
        page,
        "\n{:20}  {:>7}  {:>5}  {:>10}  {:>4}  worst",
        "of the milestones  *", "in all", "early", "on the day", "late"
    )?;
    for (name, part) in [
        ("alpha versions", "-alpha."),
        ("beta versions", "-beta."),
        ("release candidates", "-rc."),
        ("releases", "ga:"),
    ] {
        let kept = kept(all, part);
        let reached = kept.early + kept.on_the_day + kept.late;
        let worst = kept
            .worst
            .map(|(days, key)| format!("{} days, {key}", signed(days)));
        writeln!(
            page,
            "{name:20}  {reached:7}  {:5}  {:10}  {:4}  {}",
            kept.early,
            kept.on_the_day,
            kept.late,
            shown(worst, "-"),
        )?;
    }
    Ok(())
}

fn verified(page: &mut String, logs: &[(String, Vec<Envelope>)]) -> Outcome<()> {
    let mut events = 0;
    for (name, log) in logs {
        let last = verify(log)?;
        events += log.len();
        if name == TROUBLED {
            writeln!(
                page,
                "\nIts hash chain is verified up to the last entry,\n{last}."
            )?;
        }
    }
    let logs = logs.len();
    writeln!(
        page,
        "So are the chains of all {logs} releases, {events} events together."
    )?;
    Ok(())
}

/// An instant to the minute.
pub(crate) fn minute(at: Instant) -> String {
    at.to_datetime().format("%Y-%m-%d %H:%M").to_string()
}

fn signed(days: i64) -> String {
    match days {
        0 => "0".to_owned(),
        _ => format!("{days:+}"),
    }
}

/// A value, or the word for where there is none.
pub(crate) fn shown(value: Option<impl Display>, none: &str) -> String {
    value.map_or_else(|| none.to_owned(), |value| value.to_string())
}

/// A text in lines that fit, the first one behind `label`, the others below it.
fn wrapped(page: &mut String, label: &str, text: &str) -> fmt::Result {
    let mut line = label.to_owned();
    for word in text.split_whitespace() {
        let is_full = line.chars().count() + 1 + word.chars().count() > COLUMNS;
        if is_full {
            writeln!(page, "{}", line.trim_end())?;
            line = " ".repeat(label.chars().count());
        }
        line.push_str(word);
        line.push(' ');
    }
    writeln!(page, "{}", line.trim_end())
}
