//! What people look at: every document in every format, as it stands, and that nothing which anybody writes is markup in it.

#[path = "../../examples/documents.rs"]
#[expect(dead_code, reason = "what the example does with its pages")]
mod example;

use crate::desk_support::wait;
use crate::samples::{
    before_record, before_step, full_record, full_step, key, least_record, name, reseal,
};
use html5ever::tendril::TendrilSink;
use markup5ever_rcdom::{Handle, NodeData, RcDom};
use phasegate::kpi::{Kpis, Period, PeriodPart, Question};
use phasegate::phase::{Action, Interval, Phase, RecordKind, Review};
use phasegate::release::{
    AnyRecord, Bounded, Effect, Envelope, RunningWork, Track, Upcasters, replay,
};
use phasegate::report::{
    NoteSections, Page, PlannedRelease, ReleaseReport, audit_trail, change_schedule, roadmap,
};
use phasegate::schedule::{Calendar, Schedule, Scope, Timing, WhileClosed, Window};
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

#[test]
fn the_documents_stay_as_they_are() {
    let (log, view) = wait(example::shop()).unwrap();
    for (name, page) in example::pages(&log, &view).unwrap() {
        insta::assert_snapshot!(format!("{name}_markdown"), page.markdown());
        let html = page.html();
        insta::assert_snapshot!(
            format!("{name}_html"),
            html.split("</head>").nth(1).unwrap()
        );
        let tables: Vec<_> = page
            .csv()
            .into_iter()
            .map(|(caption, table)| format!("{caption}\n{table}"))
            .collect();
        insta::assert_snapshot!(format!("{name}_csv"), tables.join("\n"));
        insta::assert_snapshot!(
            format!("{name}_json"),
            serde_json::to_string_pretty(&page).unwrap()
        );
    }
    let (_, timeline) = example::pages(&log, &view).unwrap().swap_remove(2);
    insta::assert_snapshot!("timeline_svg", timeline.svg()[0].1);
    insta::assert_snapshot!("changelog", ReleaseReport::of(&log).unwrap().changelog());
}

#[test]
fn a_log_that_was_edited_still_has_a_trail_which_says_so() {
    let (mut log, _) = wait(example::shop()).unwrap();
    let line = log[7]
        .to_json()
        .unwrap()
        .replace("feature-freeze", "feature-thaw");
    log[7] = Envelope::from_json(&line).unwrap();
    let line = log[9].to_json().unwrap().replace(
        "release.code_change_included",
        "release.code_change_conceded",
    );
    log[9] = Envelope::from_json(&line).unwrap();
    let line = log[3].to_json().unwrap().replace("\"role\"", "\"rule\"");
    log[3] = Envelope::from_json(&line).unwrap();
    let trail = audit_trail(&log, &Upcasters::default()).markdown();
    for told in [
        "- **Hash chain:** log broken at version 4: the payload was edited",
        "| 4 | 2026-02-24 10:00Z | `cho` | recorded `release.role_given`, which cannot be read: ",
        "| 8 | 2026-03-10 16:00Z | `ada` | reached the milestone `feature-thaw` |",
        "| 10 | 2026-03-10 16:00Z | `lee` | recorded `release.code_change_conceded`, which is not known here |",
    ] {
        assert!(trail.contains(told), "{told} in\n{trail}");
    }
    let nothing = audit_trail(&[], &Upcasters::default()).markdown();
    assert!(nothing.contains("- **Events:** 0\n"), "{nothing}");
    assert!(
        ReleaseReport::of(&log).is_err(),
        "and nothing else is made of it"
    );
}

#[test]
fn an_entry_that_is_not_live_is_unreleased_and_one_that_was_backed_out_is_yanked() {
    let mut site = before_step(Action::BackOut, phasegate::gate::GateSet::new());
    let changelog = |log: &[Envelope]| ReleaseReport::of(log).unwrap().changelog();
    assert_eq!(changelog(&site.log()), "## [Unreleased]\n");
    for kind in [RecordKind::AttemptStarted, RecordKind::AttemptFinished] {
        site.take(full_record(kind), "pipeline");
    }
    site.take(least_record(RecordKind::CodeChange), "pipeline");
    site.take(full_step(Action::BackOut), "kim");
    let entry = changelog(&site.log());
    assert!(
        entry.starts_with("## [Shop 2.4] - 2026-03-02 [YANKED]\n\n### Changed\n\n- (`4fe1`)\n"),
        "{entry}"
    );
}

#[test]
fn a_change_stands_once_by_its_first_section_and_what_is_internal_nowhere() {
    let (log, _) = wait(example::shop()).unwrap();
    let report = ReleaseReport::of(&log).unwrap();
    let sections =
        NoteSections::ending("Rest").with("<New>", [phasegate::release::ChangeKind::Feature]);
    let notes = report.release_notes(&sections).markdown();
    assert!(
        notes.contains("\n## \\<New\\>\n\n- Companies can pay"),
        "{notes}"
    );
    for id in ["#398", "#405", "#409", "#412", "#415", "#417"] {
        assert_eq!(notes.matches(&format!("[`{id}`](")).count(), 1, "{id}");
    }
    assert!(!notes.contains("#420") && !report.changelog().contains("#420"));
}

/// Texts that would like to be something else; of a kind that a key may be.
const HOSTILE: [&str; 14] = [
    "# heading #",
    "- item",
    "1. item",
    "`tick` ``two`` ```three",
    "<script>alert(1)</script> <!-- c --> &lt;b&gt; <![CDATA[ ]]>",
    "</td></table></code></title></style></svg><img src=x onerror=alert(1)>",
    "\" onmouseover=\"alert(1) ' onmouseover='alert(1)",
    "[click](javascript:alert(1)) ![i](https://example.com/i.png) [ref]: https://example.com",
    "https://example.com/<b> www.example.com kim@example.com @kim #12",
    "javascript:alert(1)",
    "**bold** _it_ ~~no~~ $x^2$ :smile: [^1] [ ] [x] ==m== {{x}} \\",
    "| a | b \\| c |---|---|",
    "=HYPERLINK(\"https://example.com\",\"x\")",
    "+1 ß \u{1f680} \u{ffff} --- === ***",
];

/// The same over several lines, as only texts may be.
const LINES: [&str; 3] = [
    "two\nlines\n\n# heading\n- item\n\n```\ncode\n<b>\n---\n===",
    "\ttabs\r\n\u{202e}drawkcab\u{202c} and \u{200b}hidden\u{2028}- item",
    "=1\n+2\n@3\n    indented\n| a |\n|---|\n| b |",
];

/// As long as the text is when it is seen, and nothing but letters.
fn harmless(hostile: &str) -> String {
    let letter = |c: char| match c {
        ' ' | '\n' | '\r' | '\t' => c.to_string(),
        c if c.is_control() || ('\u{200b}'..='\u{202e}').contains(&c) => {
            // It is written out, and a line separator is one sign.
            let seen = if c == '\u{2028}' {
                1
            } else {
                c.escape_unicode().count()
            };
            "x".repeat(seen)
        }
        _ => "x".to_owned(),
    };
    hostile.chars().map(letter).collect()
}

/// Every text that stands in the payloads of a log or names who acts, keys of maps included.
fn texts(log: &[Envelope]) -> BTreeSet<String> {
    fn add(value: &Value, texts: &mut BTreeSet<String>) {
        match value {
            Value::String(text) => {
                texts.insert(text.clone());
            }
            Value::Array(values) => values.iter().for_each(|value| add(value, texts)),
            Value::Object(fields) => fields.iter().for_each(|(key, value)| {
                texts.insert(key.clone());
                add(value, texts);
            }),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    let mut texts = BTreeSet::new();
    for entry in log {
        add(
            &serde_json::from_str(entry.data.as_str()).unwrap(),
            &mut texts,
        );
        texts.insert(
            entry
                .actor
                .to_string()
                .trim_end_matches(" (system)")
                .to_owned(),
        );
    }
    texts
}

/// The log with each of these texts in the place of another; nothing if that is no log of a release.
fn replaced(log: &[Envelope], by: &dyn Fn(&str) -> Option<String>) -> Option<Vec<Envelope>> {
    fn swap(value: &mut Value, by: &dyn Fn(&str) -> Option<String>) {
        match value {
            Value::String(text) => {
                if let Some(other) = by(text) {
                    *text = other;
                }
            }
            Value::Array(values) => values.iter_mut().for_each(|value| swap(value, by)),
            Value::Object(fields) => {
                let swapped = std::mem::take(fields).into_iter().map(|(key, mut value)| {
                    swap(&mut value, by);
                    (by(&key).unwrap_or(key), value)
                });
                *fields = swapped.collect();
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    let mut other = Vec::new();
    for entry in log {
        let mut json: Value = serde_json::to_value(entry).unwrap();
        swap(&mut json["data"], by);
        swap(&mut json["actor"], by);
        other.push(serde_json::from_value(json).ok()?);
    }
    reseal(&mut other);
    replay(&other).ok().map(|_| other)
}

/// What may stand in the place of a text.
#[derive(Clone, Copy, PartialEq)]
enum Holds {
    /// Whatever is no control character.
    A,
    /// Anything.
    Lines,
}

/// Which texts of a log somebody chose: those that can be others. What is known of a text from another log is known.
fn chosen(log: &[Envelope], known: &mut BTreeMap<String, Option<Holds>>) -> Vec<(String, Holds)> {
    let swaps = |text: &str, other: &str| {
        replaced(log, &|found| (found == text).then(|| other.to_owned())).is_some()
    };
    let texts = texts(log);
    for text in texts
        .iter()
        .filter(|text| !known.contains_key(*text))
        .cloned()
        .collect::<Vec<_>>()
    {
        let holds = if swaps(&text, "two\nlines") {
            Some(Holds::Lines)
        } else {
            swaps(&text, "<not> \"one\" of them").then_some(Holds::A)
        };
        known.insert(text, holds);
    }
    texts
        .into_iter()
        .filter_map(|text| known[&text].map(|holds| (text, holds)))
        .collect()
}

/// A log of each step and each record with every field filled.
fn logs() -> Vec<Vec<Envelope>> {
    let steps = Action::ALL.iter().map(|&action| {
        let mut site = before_step(action, phasegate::gate::GateSet::new());
        if let Ok(batch) = site.ask(
            full_step(action),
            &phasegate::By::new(phasegate::Person::new("kim").unwrap()),
        ) {
            assert!(!batch.events().is_empty());
        }
        site.log()
    });
    let records = RecordKind::ALL.iter().map(|&kind| {
        let mut site = before_record(kind);
        let record: AnyRecord = full_record(kind);
        let _ = site.ask(
            record,
            &phasegate::By::new(phasegate::Person::new("ann").unwrap()),
        );
        site.log()
    });
    steps
        .chain(records)
        .filter(|log| !log.is_empty())
        .chain([wait(example::shop()).unwrap().0])
        .collect()
}

/// Everything that is written of a log, and of what is planned and frozen under a foreign name.
fn written(log: &[Envelope], foreign: &str) -> (Vec<Page>, String) {
    let report = ReleaseReport::of(log).unwrap();
    let now = "2026-06-02T12:00:00Z".parse().unwrap();
    let line: String = foreign.split_whitespace().collect::<Vec<_>>().join(" ");
    let line: String = line
        .chars()
        .filter(|c| !c.is_control() && !('\u{200b}'..='\u{202e}').contains(c))
        .collect();
    let span = Interval::parse("2026-03-01T00:00:00Z", "2026-06-01T00:00:00Z").unwrap();
    let freeze = Interval::parse("2026-03-01T00:00:00Z", "2026-05-01T00:00:00Z").unwrap();
    let hard = WhileClosed::new(
        Effect::Blocked,
        RunningWork::RunOn,
        Effect::Allowed,
        Effect::Allowed,
    );
    let window = Window::freeze(key(&line), Timing::between(freeze), hard);
    let calendar = Calendar::new(key(&line))
        .with(window.clone().titled(name(&line)))
        .unwrap();
    let mut planned = PlannedRelease::of(&replay(log).unwrap().view()).unwrap();
    planned.ending = None;
    planned.window = Some(freeze);
    planned.blocked = vec![name(&line)];
    let mut kpis = Kpis::new(log[0].stream.tenant.clone());
    for entry in log {
        kpis.follow(entry).unwrap();
    }
    let period = Period::new("2026-02-01".parse().unwrap(), "2026-06-01".parse().unwrap()).unwrap();
    let question = Question::builder()
        .period(period)
        .as_of(now)
        .label((key(&line), name(&line)))
        .model(key(&line))
        .build();
    let filtered = kpis.report(&question).page(&[], &[], &[]);
    let question = Question::builder().period(period).as_of(now).build();
    let targets = kpis.targets(log[0].stream.id.as_str().parse().unwrap(), &question);
    let trend = kpis.trend(&question, PeriodPart::Month);
    let measured = kpis
        .report(&question)
        .page(&trend, &targets, &kpis.effects(&question, 30));
    let pages = vec![
        report.release_notes(&NoteSections::ending(foreign)),
        report.review(),
        report.timeline(now),
        audit_trail(log, &Upcasters::default()),
        roadmap(now, [&planned]),
        change_schedule(span, &Schedule::from(calendar), [&planned]).unwrap(),
        filtered,
        measured,
    ];
    (pages, report.changelog())
}

/// A freeze that lets emergencies pass is in the way of the others, and one that warns closes nothing.
#[test]
fn what_is_in_the_way_is_told_by_what_it_does_to_the_work() {
    let span = Interval::parse("2026-03-02T00:00:00Z", "2026-03-03T00:00:00Z").unwrap();
    let told = |new_work, emergencies, track, label: Option<&str>| {
        let does = WhileClosed::new(new_work, RunningWork::RunOn, Effect::Allowed, emergencies);
        let mut window = Window::freeze(key("quiet"), Timing::between(span), does);
        if let Some(label) = label {
            let labels = BTreeMap::from([(key("team"), name(label))]);
            window = window.about(
                Scope::builder()
                    .labels(Bounded::new(labels).unwrap())
                    .build(),
            );
        }
        let calendar = Calendar::new(key("changes")).with(window).unwrap();
        let mut planned = PlannedRelease::new(name("Shop 2.4"), Review::STANDING);
        (planned.track, planned.window) = (track, Some(span));
        planned.labels = Bounded::new(BTreeMap::from([(key("team"), name("pay"))])).unwrap();
        let page = change_schedule(span, &Schedule::from(calendar), [&planned]).unwrap();
        let page = page.markdown();
        let told = ["nothing", "closed by", "warned by"];
        told.into_iter().find(|told| page.contains(told)).unwrap()
    };
    let (blocked, warned, allowed) = (Effect::Blocked, Effect::Warned, Effect::Allowed);
    assert_eq!(told(blocked, allowed, Track::Normal, None), "closed by");
    assert_eq!(told(blocked, allowed, Track::Emergency, None), "nothing");
    assert_eq!(told(warned, blocked, Track::Normal, None), "warned by");
    assert_eq!(told(warned, blocked, Track::Emergency, None), "closed by");
    assert_eq!(
        told(blocked, allowed, Track::Normal, Some("pay")),
        "closed by"
    );
    assert_eq!(
        told(blocked, allowed, Track::Normal, Some("other")),
        "nothing"
    );
}

/// What a reader of Markdown finds, without the words: whatever is text or code is only told to be there.
fn bones_of_markdown(markdown: &str) -> Vec<String> {
    let mut bones: Vec<String> = Vec::new();
    for event in Parser::new_ext(markdown, Options::all()) {
        let bone = match event {
            Event::Text(_) | Event::Code(_) | Event::End(TagEnd::Link) => "words".to_owned(),
            Event::Start(Tag::Link { dest_url, .. }) => {
                assert!(
                    dest_url.starts_with("https://") || dest_url.starts_with("http://"),
                    "{dest_url}"
                );
                "words".to_owned()
            }
            Event::Html(_)
            | Event::InlineHtml(_)
            | Event::InlineMath(_)
            | Event::DisplayMath(_)
            | Event::FootnoteReference(_)
            | Event::TaskListMarker(_)
            | Event::Rule
            | Event::SoftBreak
            | Event::HardBreak
            | Event::Start(
                Tag::Image { .. }
                | Tag::Emphasis
                | Tag::Strikethrough
                | Tag::CodeBlock(_)
                | Tag::BlockQuote(_),
            ) => {
                panic!("{event:?} in\n{markdown}")
            }
            Event::Start(tag) => format!("<{tag:?}>"),
            Event::End(tag) => format!("</{tag:?}>"),
        };
        if bone != "words" || bones.last() != Some(&bone) {
            bones.push(bone);
        }
    }
    bones
}

/// The elements of a page with the names of their attributes. Code and links are words, as in Markdown.
fn bones_of_html(html: &str) -> Vec<String> {
    fn walk(node: &Handle, bones: &mut Vec<String>) {
        if let NodeData::Element { name, attrs, .. } = &node.data {
            let mut bone = name.local.to_string();
            for attribute in attrs.borrow().iter() {
                let (name, value) = (&attribute.name.local, &attribute.value);
                assert!(!name.starts_with("on"), "{name}={value}");
                let is_link = **name == *"href";
                assert!(
                    !is_link || value.starts_with("https://") || value.starts_with("http://"),
                    "{value}"
                );
                bone = format!("{bone} {name}");
            }
            if !["code", "a", "q"].contains(&&*name.local) {
                bones.push(bone);
            }
        }
        assert!(!matches!(node.data, NodeData::Comment { .. }), "a comment");
        node.children
            .borrow()
            .iter()
            .for_each(|node| walk(node, bones));
    }
    let dom =
        html5ever::parse_document(RcDom::default(), html5ever::ParseOpts::default()).one(html);
    assert_eq!(
        *dom.errors.borrow(),
        Vec::<std::borrow::Cow<'static, str>>::new(),
        "{html}"
    );
    let mut bones = Vec::new();
    walk(&dom.document, &mut bones);
    bones
}

fn bones_of_svg(svg: &str) -> Vec<String> {
    let image = roxmltree::Document::parse(svg).unwrap_or_else(|error| panic!("{error} in {svg}"));
    let elements = image.descendants().filter(roxmltree::Node::is_element);
    elements
        .map(|element| {
            let attributes = element.attributes().map(|attribute| attribute.name());
            format!(
                "{} {:?}",
                element.tag_name().name(),
                attributes.collect::<Vec<_>>()
            )
        })
        .collect()
}

fn bones_of_csv(table: &str) -> Vec<usize> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(table.as_bytes());
    let records = reader.records().map(|record| {
        let record = record.unwrap_or_else(|error| panic!("{error} in {table}"));
        for field in &record {
            let is_number = field.parse::<f64>().is_ok();
            let begins = field
                .trim_start()
                .starts_with(['=', '+', '-', '@', '\t', '\r']);
            assert!(is_number || !begins, "{field} in {table}");
        }
        record.len()
    });
    records.collect()
}

type Bones = (Vec<String>, Vec<String>, Vec<Vec<String>>, Vec<Vec<usize>>);

fn bones((pages, changelog): &(Vec<Page>, String)) -> (Vec<Bones>, Vec<String>) {
    let of = |page: &Page| {
        let images = page.svg().into_iter().map(|(_, svg)| bones_of_svg(&svg));
        let tables = page
            .csv()
            .into_iter()
            .map(|(_, table)| bones_of_csv(&table));
        let (images, tables) = (images.collect(), tables.collect());
        (
            bones_of_markdown(&page.markdown()),
            bones_of_html(&page.html()),
            images,
            tables,
        )
    };
    (pages.iter().map(of).collect(), bones_of_markdown(changelog))
}

#[test]
fn nothing_that_anybody_writes_is_markup_in_any_document() {
    let (mut fields, mut known) = (BTreeSet::new(), BTreeMap::new());
    let logs = logs();
    for (number, log) in logs.iter().enumerate() {
        let mut chosen = chosen(log, &mut known);
        // Of one word, chosen in one log, another may be made of what cannot be chosen.
        let swap = |found: &str| {
            chosen
                .iter()
                .any(|(text, _)| text == found)
                .then(|| format!("<{found}>"))
        };
        if replaced(log, &swap).is_none() {
            chosen = self::chosen(log, &mut BTreeMap::new());
        }
        fields.extend(chosen.iter().map(|(text, _)| text.clone()));
        // All of them in the fullest log; elsewhere some, which are others each time.
        let all = HOSTILE.iter().chain(&LINES).enumerate();
        let some = all.filter(|(place, _)| number + 1 == logs.len() || place % 9 == number % 9);
        for (_, hostile) in some {
            let with = |hostile: &str, is_one_line| {
                let swap = |found: &str| {
                    let place = chosen.iter().position(|(text, _)| text == found)?;
                    let holds = chosen[place].1;
                    // Each text stays apart from the others.
                    (holds == Holds::Lines || is_one_line).then(|| format!("{hostile} {place:03}"))
                };
                replaced(log, &swap).map(|log| bones(&written(&log, hostile)))
            };
            let is_one_line = HOSTILE.contains(hostile);
            let found = with(hostile, is_one_line);
            assert!(found.is_some(), "{hostile:?} is not taken");
            assert_eq!(found, with(&harmless(hostile), is_one_line), "{hostile:?}");
        }
    }
    assert!(
        fields.len() > 150,
        "only {} texts were found to be chosen: {fields:?}",
        fields.len()
    );
}

#[test]
fn a_report_of_ten_thousand_releases_has_all_of_them_and_draws_sixty() {
    let (log, _) = wait(example::shop()).unwrap();
    let mut one = PlannedRelease::of(&replay(&log).unwrap().view()).unwrap();
    let planned: Vec<_> = (0..10_000)
        .map(|number| {
            one.title = name(&format!("Release {number}"));
            one.clone()
        })
        .collect();
    let page = roadmap("2026-03-01T00:00:00Z".parse().unwrap(), &planned);
    let tables = page.csv();
    assert_eq!(bones_of_csv(&tables[0].1).len(), 1 + 60);
    assert_eq!(bones_of_csv(&tables[1].1).len(), 1 + 10_000);
    assert_eq!(
        page.html().matches("<th scope=\"row\">Release ").count(),
        60 + 10_000
    );
}
