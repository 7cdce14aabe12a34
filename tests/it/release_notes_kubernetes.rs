//! The release notes of Kubernetes 1.30, made of its own structured notes, against the page that was published.

use crate::desk_support::{at, key, office, person, text, titled, wait, worthwhile};
use phasegate::release::{Bounded, ChangeKind, CodeChange};
use phasegate::report::{NoteSections, ReleaseReport};
use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

#[derive(Deserialize)]
struct Note {
    text: String,
    author: String,
    pr_url: String,
    #[serde(default)]
    kinds: Vec<String>,
    #[serde(default)]
    areas: Vec<String>,
    #[serde(default)]
    do_not_publish: bool,
}

impl Note {
    fn change(&self, number: &str) -> CodeChange {
        let kinds = self
            .kinds
            .iter()
            .map(|kind| ChangeKind::named(kind).unwrap());
        let areas = self.areas.iter().map(|area| key(area));
        CodeChange::builder()
            .id(key(&format!("#{number}")))
            .committed_at(at("2024-04-01T00:00:00Z"))
            .author(person(&self.author))
            .kinds(Bounded::new(kinds.collect()).unwrap())
            .areas(Bounded::new(areas.collect()).unwrap())
            .note(text(&self.text))
            .link(text(&self.pr_url))
            .is_internal(self.do_not_publish)
            .build()
    }
}

/// The order of precedence of its own tool.
fn sections() -> NoteSections {
    let sections: [(&str, &[&str]); 7] = [
        ("Deprecation", &["deprecation"]),
        ("API Change", &["api-change"]),
        ("Feature", &["feature"]),
        ("Documentation", &["documentation"]),
        ("Failing Test", &["failing-test"]),
        ("Bug or Regression", &["bug", "regression"]),
        ("Other (Cleanup or Flake)", &["cleanup", "flake"]),
    ];
    let all = NoteSections::ending("Uncategorized");
    sections.into_iter().fold(all, |all, (name, kinds)| {
        all.with(
            name,
            kinds.iter().map(|kind| ChangeKind::named(kind).unwrap()),
        )
    })
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test is told by its environment where the real data is"
)]
fn folder() -> PathBuf {
    let folder = std::env::var_os("PHASEGATE_REAL_DATA").expect("set PHASEGATE_REAL_DATA");
    PathBuf::from(folder).join("k8s-release-notes-1.30")
}

/// Each number that a page links to, and the section in which it does.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "only headings and links are looked at"
)]
fn found(markdown: &str) -> BTreeMap<String, Vec<String>> {
    let (mut section, mut is_heading, mut is_link) = (String::new(), false, false);
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for event in Parser::new_ext(markdown, Options::all()) {
        match event {
            Event::Start(Tag::Heading {
                level: HeadingLevel::H2,
                ..
            }) => {
                section.clear();
                is_heading = true;
            }
            Event::End(TagEnd::Heading(_)) => is_heading = false,
            Event::Text(text) if is_heading => section.push_str(&text),
            Event::Start(Tag::Link { .. }) => is_link = true,
            Event::End(TagEnd::Link) => is_link = false,
            Event::Text(text) | Event::Code(text) if is_link => {
                let number = text.trim_start_matches('#').to_owned();
                found.entry(number).or_default().push(section.clone());
            }
            _ => {}
        }
    }
    found
}

#[test]
#[ignore = "set PHASEGATE_REAL_DATA"]
#[expect(clippy::disallowed_methods, reason = "a test reads real data")]
fn the_notes_of_kubernetes_stand_in_the_sections_in_which_they_were_published() {
    let notes = std::fs::read_to_string(folder().join("notes.json")).unwrap();
    let notes: BTreeMap<String, Note> = serde_json::from_str(&notes).unwrap();
    let office = office();
    let release = office.done(office.asked(titled("Kubernetes 1.30")), "kim");
    let mut release = office.done(release.authorise(worthwhile()), "cho");
    office.clock.set("2024-04-17T00:00:00Z");
    for (number, note) in &notes {
        release = office.recorded(release, note.change(number), "bot");
    }
    let log = wait(office.desk.history(release.id())).unwrap();
    let report = ReleaseReport::of(&log).unwrap();
    let found = found(&report.release_notes(&sections()).markdown());

    let mut published = csv::Reader::from_path(folder().join("expected_sections.csv")).unwrap();
    let published: BTreeMap<String, String> = published
        .records()
        .map(|row| {
            let row = row.unwrap();
            (row[0].to_owned(), row[1].to_owned())
        })
        .collect();
    assert_eq!((notes.len(), published.len()), (249, 248));
    let is_where_it_was = |number: &&String| {
        let section = published.get(*number).map(std::slice::from_ref);
        section.is_some() && found.get(*number).map(Vec::as_slice) == section
    };
    let here = notes.keys().filter(is_where_it_was).count();
    let elsewhere: BTreeSet<_> = notes
        .keys()
        .filter(|number| !is_where_it_was(number))
        .map(String::as_str)
        .collect();
    // Said not to be published: two of them were all the same, and 121413 was not.
    assert_eq!(elsewhere, BTreeSet::from(["120642", "121413", "122893"]));
    assert!(
        elsewhere
            .iter()
            .all(|number| notes[*number].do_not_publish && !found.contains_key(*number))
    );
    assert_eq!(here, 246);

    // All of it as an entry of a changelog, each once, and nothing of their Markdown as ours.
    let links = |markdown: &str| {
        let is_link =
            |event: &Event<'_>| matches!(event, Event::Start(Tag::Link { .. } | Tag::Image { .. }));
        Parser::new_ext(markdown, Options::all())
            .filter(is_link)
            .count()
    };
    let changelog = report.changelog();
    let of_theirs = "](<https://github.com/kubernetes/kubernetes/pull/";
    assert_eq!(
        (links(&changelog), changelog.matches(of_theirs).count()),
        (246, 246)
    );
}
