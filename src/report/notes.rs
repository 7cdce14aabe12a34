//! What is new: release notes by kind of change, and the same as an entry of a changelog.

use super::escape;
use super::outline::Outline;
use super::page::{Cell, Page, Table};
use super::release::ReleaseReport;
use crate::phase::Instant;
use crate::release::{
    AttemptEnd, ChangeKind, CodeChange, DefectFound, Liveness, Name, Resolved, Text,
};
use std::collections::BTreeSet;

/// The sections of release notes: what each is called, and which kinds of change stand in it.
///
/// A change stands once: in the first section that one of its kinds belongs to, or else in the last. Changes that break
/// something, or ask whoever installs them to do something, stand in a section before all of them.
///
/// # Examples
///
/// ```
/// use phasegate::release::ChangeKind;
/// use phasegate::report::NoteSections;
///
/// let sections = NoteSections::ending("Other")
///     .with("API changes", [ChangeKind::named("api-change")?])
///     .with("Fixed", [ChangeKind::Fix, ChangeKind::named("regression")?]);
/// # let _ = sections;
/// # Ok::<(), phasegate::phase::Invalid>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteSections {
    sections: Vec<(String, BTreeSet<ChangeKind>)>,
    last: String,
}

/// Security, new, changed, fixed, deprecated, removed, documentation, and other changes.
impl Default for NoteSections {
    fn default() -> Self {
        let section = |(name, kind): (&str, ChangeKind)| (name.to_owned(), BTreeSet::from([kind]));
        let sections = [
            ("Security", ChangeKind::Security),
            ("New", ChangeKind::Feature),
            ("Changed", ChangeKind::Update),
            ("Fixed", ChangeKind::Fix),
            ("Deprecated", ChangeKind::Deprecation),
            ("Removed", ChangeKind::Removal),
            ("Documentation", ChangeKind::Documentation),
        ];
        Self {
            sections: sections.map(section).into(),
            last: "Other changes".to_owned(),
        }
    }
}

const BREAKING: &str = "Breaking changes";

impl NoteSections {
    /// One section, for what belongs to no other.
    #[must_use]
    pub fn ending(last: &str) -> Self {
        Self {
            sections: Vec::new(),
            last: last.to_string(),
        }
    }

    /// The same, and another section after those before, for changes of these kinds.
    #[must_use]
    pub fn with(mut self, section: &str, kinds: impl IntoIterator<Item = ChangeKind>) -> Self {
        self.sections
            .push((section.to_string(), kinds.into_iter().collect()));
        self
    }

    /// The number of the section of a change, the last one for what belongs to none.
    fn of(&self, change: &CodeChange) -> usize {
        let is_of = |(_, kinds): &(String, BTreeSet<ChangeKind>)| !kinds.is_disjoint(&change.kinds);
        let place = self.sections.iter().position(is_of);
        place.unwrap_or(self.sections.len())
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        let names = self.sections.iter().map(|(name, _)| name.as_str());
        names.chain([self.last.as_str()])
    }
}

impl CodeChange {
    fn is_breaking(&self) -> bool {
        self.kinds.contains(&ChangeKind::Breaking) || !self.action_required.is_blank()
    }

    /// What is said of it: the note, or the summary, or at least its id; and where it comes from.
    fn told(&self) -> Outline {
        let mut lines = lines(&self.note);
        let head = lines.next().or(self.summary.as_ref().map(Name::as_str));
        let head = match head {
            Some(said) => Outline::new().told(said).own(" ("),
            None => Outline::new().own("("),
        };
        let head = if self.link.is_blank() {
            head.name(&self.id)
        } else {
            head.link(&self.id, self.link.as_str().trim())
        };
        let head = match &self.author {
            Some(author) => head.own(", ").name(author),
            None => head,
        };
        let below = lines.map(|line| Outline::new().told(line));
        let action = self::lines(&self.action_required);
        let action = action.map(|line| Outline::new().own("What to do: ").told(line));
        head.own(")").under_all(below).under_all(action)
    }
}

fn lines(text: &Text) -> impl Iterator<Item = &str> {
    let lines = text.as_str().lines().map(str::trim);
    lines.filter(|line| !line.is_empty())
}

impl ReleaseReport {
    /// What users are told of the release: what breaks, then what changed by kind, then the errors that are known.
    ///
    /// Within a section by the time of the commit, then by id. What is internal is left out and counted nowhere.
    #[must_use]
    pub fn release_notes(&self, sections: &NoteSections) -> Page {
        let changes = self.changes();
        let mut page = Page::new("Release notes", self.title());
        page = page.facts(self.about(changes.len()));
        if let Some(request) = self.request() {
            page = page.prose(request.need.as_str());
        }
        let (breaking, others): (Vec<_>, Vec<_>) =
            changes.into_iter().partition(|change| change.is_breaking());
        if !breaking.is_empty() {
            page = page.section(Outline::new().own(BREAKING));
            page = page.list(breaking.iter().map(|change| change.told()));
        }
        for (place, name) in sections.names().enumerate() {
            let here = others.iter().filter(|change| sections.of(change) == place);
            let here: Vec<_> = here.map(|change| change.told()).collect();
            if !here.is_empty() {
                page = page.section(Outline::new().text(name)).list(here);
            }
        }
        let known = self.known_errors();
        if known.is_empty() {
            return page;
        }
        let mut table = Table::new(
            Outline::new().own("Defects that are not resolved"),
            &["Error", "Severity", "What"],
        );
        for defect in known {
            let regression = if defect.is_regression {
                ", worked before"
            } else {
                ""
            };
            table.row([
                Cell::name(&defect.id),
                Cell::own(format!("{}{regression}", defect.severity)),
                Cell::Words(Outline::new().told(defect.summary.as_str())),
            ]);
        }
        page.section(Outline::new().own("Known errors"))
            .table(table)
    }

    /// The same as an entry of a `CHANGELOG.md`, in the manner of Keep a Changelog.
    ///
    /// The entry of a release that is not live is called Unreleased; that of one that was backed out is marked as yanked.
    /// Of each kind, what breaks comes first.
    ///
    /// # Time
    ///
    /// The date is the UTC day on which it went live.
    ///
    /// # Source
    ///
    /// <https://keepachangelog.com/en/1.1.0/>: the six types of changes in its order, ISO 8601 dates, `[YANKED]`.
    #[must_use]
    pub fn changelog(&self) -> String {
        let version = self
            .request()
            .and_then(|request| request.package_version.as_ref());
        let version = version.map_or_else(|| self.title(), Name::to_string);
        let version = escape::markdown(&version, false, escape::code);
        let yanked = if self.core.state.is_backed_out {
            " [YANKED]"
        } else {
            ""
        };
        let mut entry = match self.live_at() {
            Some(at) => format!("## [{version}] - {}{yanked}\n", at.day()),
            None => "## [Unreleased]\n".to_owned(),
        };
        let changes = self.changes();
        for name in TYPES {
            let here = changes.iter().filter(|change| kept_as(change) == name);
            let (breaking, others): (Vec<_>, Vec<_>) =
                here.partition(|change| change.is_breaking());
            if breaking.is_empty() && others.is_empty() {
                continue;
            }
            entry.extend(["\n### ", name, "\n\n"]);
            let breaking = breaking.into_iter().map(|change: &&CodeChange| {
                let told = change.told();
                let head = Outline::new().own("Breaking: ").joined(&told);
                head.under_all(told.below().iter().cloned())
            });
            let others = others.into_iter().map(|change| change.told());
            Outline::new()
                .under_all(breaking.chain(others))
                .items("", &mut entry);
        }
        entry
    }

    /// The changes that users are told of.
    fn changes(&self) -> Vec<&CodeChange> {
        let changes = self.core.state.changes.values().map(AsRef::as_ref);
        let mut changes: Vec<&CodeChange> = changes.filter(|change| !change.is_internal).collect();
        changes.sort_by_key(|change| change.committed_at);
        changes
    }

    fn known_errors(&self) -> Vec<&DefectFound> {
        let defects = self.core.state.defects.values();
        let open = defects.filter(|(_, resolved)| *resolved == Resolved::No);
        let mut open: Vec<_> = open.map(|(defect, _)| defect.as_ref()).collect();
        open.sort_by_key(|defect| std::cmp::Reverse(defect.severity));
        open
    }

    /// Since when it is live, or was until it was backed out.
    pub(super) fn live_at(&self) -> Option<Instant> {
        let state = &self.core.state;
        let ends = state
            .attempts
            .values()
            .filter_map(|attempt| match attempt.end {
                AttemptEnd::Finished(_, at) if attempt.started.liveness == Liveness::Live => {
                    Some(at)
                }
                AttemptEnd::Finished(..) | AttemptEnd::Running | AttemptEnd::NeverLive => None,
            });
        state
            .live_at
            .or_else(|| ends.min().filter(|_| state.is_backed_out))
    }

    fn about(&self, changes: usize) -> Vec<(&'static str, Outline)> {
        let mut facts = Vec::new();
        if let Some(version) = self
            .request()
            .and_then(|request| request.package_version.as_ref())
        {
            facts.push(("Version", Outline::new().text(version)));
        }
        let live = match self.live_at() {
            Some(at) => Outline::new().own(at.day().to_string()),
            None => Outline::new().own("not yet"),
        };
        facts.push(("Released", live));
        if self.core.state.is_backed_out {
            facts.push((
                "Standing",
                Outline::new().mark(super::outline::Tone::Bad, "backed out"),
            ));
        }
        facts.push(("Changes", Outline::new().own(changes.to_string())));
        if let Some(request) = self
            .request()
            .filter(|request| !request.services.is_empty())
        {
            facts.push(("Services", Outline::new().names(request.services.iter())));
        }
        facts
    }
}

/// The types of changes, in the order of their source.
const TYPES: [&str; 6] = [
    "Added",
    "Changed",
    "Deprecated",
    "Removed",
    "Fixed",
    "Security",
];

/// The type of a change: of several kinds the first that says more than that something changed.
fn kept_as(change: &CodeChange) -> &'static str {
    let is = |kind| change.kinds.contains(&kind);
    if is(ChangeKind::Security) {
        "Security"
    } else if is(ChangeKind::Removal) {
        "Removed"
    } else if is(ChangeKind::Deprecation) {
        "Deprecated"
    } else if is(ChangeKind::Feature) {
        "Added"
    } else if is(ChangeKind::Fix) {
        "Fixed"
    } else {
        "Changed"
    }
}
