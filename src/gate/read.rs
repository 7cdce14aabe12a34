//! Reads files of rules: policies and their combinations, and words that are the crate's own or the host's.

use super::judging::Judge;
use super::load::Policies;
use super::policy::Policy;
use super::rule::{AtLeast, Conditional, Rule};
use crate::phase::{Action, PhaseName, shown};
use crate::release::file::{self, told};
use crate::release::limits::{ENTRIES, RULE_DEPTH};
use crate::release::{ChangeRequestState, ReleaseKind, Role, TestKind};
use serde_json::{Map, Value};

pub(super) use crate::release::file::segment;

/// What a rule can be besides a built-in policy.
const COMBINATIONS: [&str; 7] = ["host", "all", "any", "at-least", "not", "when", "unless"];

/// Reads rules; what every file needs is in the floor below.
pub(super) type Reader = file::Reader<Rules>;

/// What a reader of rules keeps.
pub(super) struct Rules {
    policies: Policies,
    /// The step that the rules in hand hold.
    action: Option<Action>,
    /// How many rules the one in hand lies in, itself included.
    depth: usize,
    /// The policies that were read.
    placed: Vec<Placed>,
}

/// A policy that was read, where it stands, and the step that it holds.
pub(super) struct Placed {
    pub(super) path: String,
    pub(super) action: Option<Action>,
    pub(super) rule: Rule,
}

impl Reader {
    pub(super) fn new(policies: &Policies) -> Self {
        let rules = Rules {
            policies: policies.clone(),
            action: None,
            depth: 0,
            placed: Vec::new(),
        };
        Self::of(rules, ENTRIES)
    }

    /// The policies that were read, and where each stands.
    pub(super) fn placed(&mut self) -> Vec<Placed> {
        std::mem::take(&mut self.about.placed)
    }

    /// Holds the words of a value, which are the crate's own or the host's, against the crate's own: one that is
    /// nearly one of those is a mistake, and no word of the host's.
    pub(super) fn words(&mut self, part: &str, value: &Value) {
        for (of, path, what, own) in WORDS {
            if *of == part {
                self.words_at(path, (what, own), value);
            }
        }
    }

    fn words_at(&mut self, path: &[&str], (what, own): (&str, &[&str]), value: &Value) {
        let Some((segment, further)) = path.split_first() else {
            if let Value::String(word) = value {
                self.word(what, own, word);
            }
            return;
        };
        match (*segment, value) {
            ("[]", Value::Array(entries)) => {
                for (index, entry) in entries.iter().enumerate() {
                    self.within(format!("[{index}]"), |reader| {
                        reader.words_at(further, (what, own), entry);
                    });
                }
            }
            ("keys", Value::Object(entries)) => {
                for key in entries.keys() {
                    self.within_key(key, |reader| reader.word(what, own, key));
                }
            }
            (key, value) => {
                if let Some(value) = value.get(key) {
                    self.within(key, |reader| reader.words_at(further, (what, own), value));
                }
            }
        }
    }

    fn word(&mut self, what: &str, own: &[&str], word: &str) {
        let meant = own.iter().find(|own| is_nearly(word, own));
        if let Some(meant) = meant.filter(|_| !own.contains(&word)) {
            self.mistake(format!(
                "no {what} `{}`; did you mean `{meant}`? a word of your own has to differ more",
                shown(word, 60)
            ));
        }
    }

    /// Reads what holds a step: its rules are checked against the phases that the step leaves.
    pub(super) fn holding<T>(
        &mut self,
        action: Option<Action>,
        read: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let before = std::mem::replace(&mut self.about.action, action);
        let value = read(self);
        self.about.action = before;
        value
    }

    /// Reads the parameters of a policy. What is written as an object is not read from a list of its values.
    pub(super) fn params<P: Policy>(&mut self, params: Value) -> Option<P> {
        let found = params.is_array().then(|| told(&params));
        let policy: P = self.plain(params)?;
        let is_object = || matches!(serde_json::to_value(&policy), Ok(Value::Object(_)));
        match found.filter(|_| is_object()) {
            Some(found) => {
                self.mistake(format!("expected an object, found {found}"));
                None
            }
            None => Some(policy),
        }
    }

    /// Reads a policy or a combination of some.
    pub(super) fn rule(&mut self, value: Value) -> Option<Rule> {
        if self.about.depth == RULE_DEPTH {
            self.mistake(format!(
                "rules are nested {RULE_DEPTH} deep at most; say it with fewer combinations"
            ));
            return None;
        }
        self.about.depth += 1;
        let rule = self.rule_at_depth(value);
        self.about.depth -= 1;
        rule
    }

    fn rule_at_depth(&mut self, value: Value) -> Option<Rule> {
        let found = told(&value);
        let named = match value {
            Value::Object(entries) if entries.len() == 1 => entries.into_iter().next(),
            Value::Object(_)
            | Value::Array(_)
            | Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_) => None,
        };
        let Some((name, value)) = named else {
            let what = "expected an object with one key, the name of a policy or combination";
            self.mistake(format!("{what}, found {found}"));
            return None;
        };
        if !COMBINATIONS.contains(&name.as_str()) && !Rule::BUILT_IN.contains(&name.as_str()) {
            let (built_in, others) = (Rule::BUILT_IN.join(", "), COMBINATIONS.join(", "));
            self.mistake(format!(
                "no policy `{name}`; there are: {built_in}, {others}"
            ));
            return None;
        }
        self.within(name.clone(), |reader| reader.named(&name, value))
    }

    fn named(&mut self, name: &str, value: Value) -> Option<Rule> {
        match name {
            "all" => self.rules(value).map(Rule::All),
            "any" => self.rules(value).map(Rule::Any),
            "at-least" => self.at_least(value),
            "not" => self.rule(value).map(Box::new).map(Rule::Not),
            "when" => self.conditional(value).map(Rule::When),
            "unless" => self.conditional(value).map(Rule::Unless),
            "host" => {
                let rule = self.host(value)?;
                self.offered(rule)
            }
            name => {
                self.words(name, &value);
                let rule = Rule::read(name, value, self)?;
                self.offered(rule)
            }
        }
    }

    fn rules(&mut self, value: Value) -> Option<Vec<Rule>> {
        let rules = self.list(value, Self::rule)?;
        if rules.is_empty() {
            self.mistake("a combination of nothing says nothing; name at least one policy");
            return None;
        }
        Some(rules)
    }

    fn at_least(&mut self, value: Value) -> Option<Rule> {
        let mut object = self.object(value, &["count", "of"])?;
        let count = object.need(self, "count", Self::plain::<u32>);
        let of = object.need(self, "of", Self::rules);
        let (count, of) = (count?, object.whole(of)?);
        AtLeast::new(count as usize, of)
            .map_err(|error| self.within("count", |reader| reader.mistake(error)))
            .map(Rule::AtLeast)
            .ok()
    }

    fn conditional(&mut self, value: Value) -> Option<Box<Conditional>> {
        let mut object = self.object(value, &["condition", "rule"])?;
        let condition = object.need(self, "condition", |reader, condition| {
            reader.words("condition", &condition);
            reader.plain(condition)
        });
        let rule = object.need(self, "rule", Self::rule);
        let (condition, rule) = (condition?, object.whole(rule)?);
        Some(Box::new(Conditional { condition, rule }))
    }

    fn host(&mut self, value: Value) -> Option<Rule> {
        let mut object = self.object(value, &["name", "params"])?;
        let name: String = object.need(self, "name", Self::plain)?;
        let params = object.take("params");
        let params = params.unwrap_or_else(|| Value::Object(Map::new()));
        let Some(load) = self.about.policies.named(&name) else {
            let known = self.about.policies.names();
            let known = if known.is_empty() {
                "none is".to_owned()
            } else {
                format!("there are: {}", known.join(", "))
            };
            let what = format!("no host policy `{name}` is registered; {known}");
            self.within("name", |reader| reader.mistake(what));
            return None;
        };
        let rule = self.within("params", |reader| load(params, reader));
        object.whole(rule)
    }

    /// A policy that reads what a release has where the step begins.
    fn offered(&mut self, rule: Rule) -> Option<Rule> {
        self.about.placed.push(Placed {
            path: self.path().to_owned(),
            action: self.about.action,
            rule: rule.clone(),
        });
        let Some((action, policy)) = self.about.action.zip(rule.judge()) else {
            return Some(rule);
        };
        let phases = policy.phases();
        let Some(lacking) = action.from().find(|from| !phases.contains(&from.phase)) else {
            return Some(rule);
        };
        let policy = Judge::name(policy);
        let phases: Vec<_> = phases.iter().map(PhaseName::to_string).collect();
        let phases = phases.join(", ");
        self.mistake(format!(
            "policy `{policy}` reads what a release has in {phases}, and `{action}` leaves {lacking}"
        ));
        None
    }
}

/// Where words stand that are the crate's own or the host's: in which part of a file, on which way, what they say.
const WORDS: &[(&str, &[&str], &str, &[&str])] = &[
    ("roles", &["keys"], "role", Role::OWN),
    ("overridable_by", &["[]"], "role", Role::OWN),
    (
        "approvals",
        &["rules", "[]", "by", "[]", "role"],
        "role",
        Role::OWN,
    ),
    (
        "evidence",
        &["required", "keys"],
        "test kind",
        TestKind::OWN,
    ),
    (
        "evidence",
        &["environments", "keys"],
        "test kind",
        TestKind::OWN,
    ),
    (
        "evidence",
        &["coverage_percent", "keys"],
        "test kind",
        TestKind::OWN,
    ),
    (
        "change-requests",
        &["states", "[]"],
        "state of change requests",
        ChangeRequestState::OWN,
    ),
    (
        "limits",
        &["kinds", "[]"],
        "kind of release",
        ReleaseKind::OWN,
    ),
    (
        "condition",
        &["kinds", "[]"],
        "kind of release",
        ReleaseKind::OWN,
    ),
];

/// Whether a word is one of the crate's own but for its spelling: in other letters or with other marks between its
/// parts, or one slip away; in long words, two.
fn is_nearly(word: &str, own: &str) -> bool {
    let bare = |word: &str| -> Vec<char> {
        let letters = word.chars().filter(|c| c.is_alphanumeric());
        letters.flat_map(char::to_lowercase).take(40).collect()
    };
    let (word, own) = (bare(word), bare(own));
    let slips = match own.len() {
        0..6 => 0,
        6..12 => 1,
        _ => 2,
    };
    slips_between(&word, &own) <= slips
}

/// How many letters were added, left out, mistaken or swapped with their neighbour.
///
/// # Source
///
/// The optimal string alignment distance, after F. J. Damerau, "A technique for computer detection and correction of
/// spelling errors", Communications of the ACM 7 (1964).
fn slips_between(one: &[char], other: &[char]) -> usize {
    let mut above_that: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=other.len()).collect();
    let mut was = None;
    for (count, &letter) in one.iter().enumerate() {
        let mut row = vec![count + 1];
        let mut was_other = None;
        for (place, &wanted) in other.iter().enumerate() {
            let at =
                |row: &[usize], place: usize| row.get(place).copied().unwrap_or(usize::MAX - 1);
            let mistaken = at(&above, place) + usize::from(letter != wanted);
            let mut least = mistaken
                .min(at(&above, place + 1) + 1)
                .min(at(&row, place) + 1);
            if was == Some(wanted) && was_other == Some(letter) && place > 0 {
                least = least.min(at(&above_that, place - 1) + 1);
            }
            row.push(least);
            was_other = Some(wanted);
        }
        above_that = std::mem::replace(&mut above, row);
        was = Some(letter);
    }
    above.last().copied().unwrap_or(one.len())
}
