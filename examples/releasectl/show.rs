//! What is printed besides outlines: the lifecycle, a state, a trail.

use super::files::Log;
use phasegate::phase::{Action, Door, PhaseName, RecordKind};
use phasegate::release::{AnyRecord, AnyRelease, Envelope, Event, ReleaseView};
use std::fmt::{self, Display, Write};

/// The lifecycle as two tables.
pub(crate) fn table(page: &mut String) {
    let mut rows = vec![["step", "door", "from", "to"].map(str::to_owned)];
    for step in Action::ALL {
        for from in step.from() {
            let door = match step.door() {
                Door::Gated => "gated",
                Door::Open => "open",
            };
            let to = step
                .leads(from)
                .map_or_else(String::new, |to| to.to_string());
            rows.push([step.to_string(), door.to_owned(), from.to_string(), to]);
        }
    }
    columns(page, &rows);
    page.push('\n');
    let mut rows = vec![["record", "order", "taken in"].map(str::to_owned)];
    for record in RecordKind::ALL {
        let order = if record.commutes() { "any" } else { "stated" };
        let phases: Vec<_> = record.phases().map(PhaseName::to_string).collect();
        rows.push([record.to_string(), order.to_owned(), phases.join(", ")]);
    }
    columns(page, &rows);
}

/// Rows in columns that are as wide as they have to be.
fn columns<const N: usize>(page: &mut String, rows: &[[String; N]]) {
    let rows = rows
        .iter()
        .map(|row| row.each_ref().map(|cell| visible(cell)));
    let rows: Vec<_> = rows.collect();
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<_> = (0..N).map(width).collect();
    for row in &rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            let _ = write!(line, "{cell:width$}  ");
        }
        page.push_str(line.trim_end());
        page.push('\n');
    }
}

/// What could move the cursor, or turn a line round, made visible.
fn visible(text: &str) -> String {
    let is_odd = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    let shown = |c: char| {
        if is_odd(c) {
            c.escape_unicode().collect()
        } else {
            c.to_string()
        }
    };
    text.chars().map(shown).collect()
}

/// Where a release stands.
pub(crate) fn state(page: &mut String, release: &AnyRelease, log: &Log) {
    let view = release.view();
    let rollout = match release {
        AnyRelease::Deployment(release) => view.updated_at.map(|at| release.rollout(at).next),
        AnyRelease::Request(_)
        | AnyRelease::Plan(_)
        | AnyRelease::Development(_)
        | AnyRelease::Testing(_)
        | AnyRelease::Review(_)
        | AnyRelease::Closure(_)
        | AnyRelease::Closed(_)
        | AnyRelease::OnHold(_) => None,
    };
    let unknown = |entry: &&Envelope| matches!(entry.decode(), Ok(None));
    let unknown = log.entries.iter().filter(unknown);
    let ReleaseView {
        id,
        version,
        standing,
        request,
        track,
        people,
        package,
        debts,
        open_tasks,
        ending,
        ..
    } = &view;
    let mut rows = Vec::new();
    let mut row = |what: &str, value: &dyn Display| rows.push([what.to_owned(), value.to_string()]);
    if let Some(request) = request {
        row("title", &request.title);
    }
    row("id", id);
    row("version", version);
    row("standing", standing);
    row("track", track);
    for (role, person) in people {
        row("people", &format_args!("{person}, {role}"));
    }
    if let Some(package) = package {
        let (digest, units) = (package.digest(), package.units().len());
        row("package", &format_args!("{digest:.12}, {units} units"));
    }
    if let Some(next) = rollout {
        row("next move", &format_args!("{next:?}"));
    }
    for debt in debts {
        let state = if debt.is_paid() { "paid" } else { "owed" };
        row("debt", &format_args!("{state}, since {}", debt.since));
    }
    for task in open_tasks {
        row("open task", &format_args!("{}: {}", task.id, task.what));
    }
    if let Some(ending) = ending {
        row("ending", ending);
    }
    for entry in unknown {
        let what = "is of a kind that this version does not know, and was passed over";
        row(
            "careful",
            &format_args!("version {}, `{}`, {what}", entry.version, entry.kind),
        );
    }
    columns(page, &rows);
}

/// A line an event.
pub(crate) fn trail(page: &mut String, log: &Log) {
    let head = ["version", "recorded at", "by", "what", "", "hash"].map(str::to_owned);
    let rows = log.entries.iter().map(|entry| {
        let told = told(entry).unwrap_or_else(|_| "cannot be told".to_owned());
        [
            entry.version.to_string(),
            entry.recorded_at.to_string(),
            entry.actor.to_string(),
            entry.kind.to_string(),
            told,
            format!("{:.12}", entry.hash),
        ]
    });
    let rows: Vec<_> = [head].into_iter().chain(rows).collect();
    columns(page, &rows);
}

/// What there is to say of an event besides its kind.
fn told(entry: &Envelope) -> Result<String, fmt::Error> {
    let mut told = String::new();
    match entry.decode() {
        Ok(Some(Event::Step(taken))) => {
            for used in taken.decision.overrides() {
                write!(told, "uses override {used} ")?;
            }
        }
        Ok(Some(Event::Record(AnyRecord::StepRefused(refused)))) => {
            let blockers = refused.decision.blockers().count();
            write!(told, "{}: {blockers} blockers ", refused.step.action())?;
        }
        Ok(Some(Event::Record(AnyRecord::OverrideGranted(granted)))) => {
            write!(told, "{} for {} ", granted.id, granted.step)?;
        }
        Ok(Some(_)) => {}
        Ok(None) => told.push_str("unknown here, not critical "),
        Err(error) => write!(told, "{error} ")?,
    }
    if entry.occurred_at != entry.recorded_at {
        write!(told, "of {}", entry.occurred_at)?;
    }
    Ok(told.trim_end().to_owned())
}

/// What a step is asked with, for who did not know.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "what the others are asked with is long"
)]
pub(crate) fn example(step: Action) -> &'static str {
    match step {
        Action::Deploy => {
            r#"'{"window":{"start":"2026-03-02T20:00:00Z","end":"2026-03-02T22:00:00Z"}}'"#
        }
        Action::Authorise => r#"'{"assessment":{"decision":"worthwhile"}}'"#,
        Action::CompleteReview => r#"'{"outcome":"successful"}'"#,
        Action::Close => r#"'{"record":{}}'"#,
        Action::StartDevelopment | Action::FinishDeployment | Action::Resume => "'{}'",
        _ => {
            r#"'{"reason":"because"}', or as the step's type in `phasegate::release::step` has it"#
        }
    }
}
