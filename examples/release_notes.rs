//! Release notes and a changelog entry, from the contents of a release.
//!
//! `cargo run --example release_notes` prints both as Markdown. The notes in `examples/data/release_notes.json` are facts
//! about four changes of Kubernetes 1.30, told in words of our own.
#![expect(clippy::print_stdout, reason = "an example is there to print")]

use phasegate::release::{
    Assessment, AssessmentDecision, ChangeKind, CodeChange, Key, Name, ReleaseRequest, Text,
};
use phasegate::report::{NoteSections, ReleaseReport};
use phasegate::{Desk, Instant, MemoryStore, Person};
use serde::Deserialize;
use std::error::Error;

#[derive(Deserialize)]
struct Notes {
    source: String,
    license: String,
    changes: Vec<CodeChange>,
}

fn main() -> Result<(), Box<dyn Error>> {
    pollster::block_on(release_notes())
}

async fn release_notes() -> Result<(), Box<dyn Error>> {
    let notes: Notes = serde_json::from_str(include_str!("data/release_notes.json"))?;
    let (desk, kim) = (Desk::new(MemoryStore::new()), Person::new("kim")?);
    let request = ReleaseRequest::builder()
        .title(Name::new("Kubernetes 1.30")?)
        .package_version(Name::new("1.30.0")?)
        .build();
    let release = desk.run(desk.request(request), &kim).await?;
    let assessment = Assessment::new(AssessmentDecision::Worthwhile);
    let mut release = desk.run(release.authorise(assessment), &kim).await?;
    for change in notes.changes {
        release = desk.record(release, change, &kim).await?;
    }
    // What somebody writes is text, never markup.
    let hostile = CodeChange::builder()
        .id(Key::new("#1")?)
        .committed_at("2024-03-01T00:00:00Z".parse::<Instant>()?)
        .author(Person::new("<b>mallory</b>")?)
        .kinds([ChangeKind::Documentation])
        .note(Text::new(
            "[Click](https://example.com) <script>alert(1)</script> @everyone",
        )?);
    let release = desk.record(release, hostile.build(), &kim).await?;

    let report = ReleaseReport::of(&desk.history(release.id()).await?)?;
    let sections = NoteSections::ending("Other")
        .with("API changes", [ChangeKind::named("api-change")?])
        .with("New", [ChangeKind::Feature])
        .with("Fixed", [ChangeKind::Fix, ChangeKind::named("regression")?])
        .with("Removed", [ChangeKind::Removal])
        .with("Documentation", [ChangeKind::Documentation]);
    println!("{}", report.release_notes(&sections).markdown());
    println!("The same in a changelog:\n\n{}", report.changelog());
    println!("Source of the facts: {} ({})", notes.source, notes.license);
    Ok(())
}
