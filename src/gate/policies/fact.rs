//! What the host has to know for a step.

use crate::gate::{Ask, Policy};
use crate::phase::{Invalid, InvalidKind, shown};
use crate::release::{Bounded, FactValue, Key, Reason, Text, Verdict};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, fmt};

/// What has to be true of a fact.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FactTest {
    /// A whole number, this or more.
    AtLeast(i64),
    /// A whole number, this or less.
    AtMost(i64),
    /// A flag, exactly this.
    Is(bool),
    /// A text, one of these.
    OneOf(Bounded<BTreeSet<Text>>),
}

/// Requires something of a fact that the host knows: an error budget, the state of a tool, a switch.
///
/// A number has the unit that the host gives it; its key should say which. A fact that the host does not know, that
/// could not be had, or that no longer holds, leaves the verdict unknown, which does not clear.
///
/// | code | what is the matter |
/// |---|---|
/// | `fact-unknown` | the host does not know the fact; the verdict is unknown |
/// | `fact-missing` | the fact could not be had, or no longer holds; the verdict is unknown |
/// | `fact-too-low` | the number is lower |
/// | `fact-too-high` | the number is higher |
/// | `fact-differs` | the flag is the other one, or the text is none of those |
/// | `fact-of-another-kind` | it is no number, flag or text, as the case may be; the policy failed |
///
/// # Time
///
/// A fact holds until the instant that the host gives, that instant excluded, or else for 5 minutes after it was read.
/// A clearance that rests on it lasts no longer.
///
/// # Examples
///
/// ```
/// use phasegate::gate::{FactPolicy, FactTest, Facts, GateSet};
/// use phasegate::release::{Fact, FactValue, Key, step::Authorise};
/// # use phasegate::{Desk, Gate, MemoryStore, Person, release::*};
///
/// # pollster::block_on(async {
/// # let (desk, kim) = (Desk::new(MemoryStore::new()), Person::new("kim")?);
/// # let release = desk.run(desk.request(ReleaseRequest::new(Name::new("Shop 2.4")?)), &kim).await?;
/// let key = Key::new("error_budget_percent")?;
/// let gate = Gate::<Authorise>::new("intake", 1)?.require(FactPolicy::new(key.clone(), FactTest::AtLeast(20))?);
/// let now = "2026-03-02T12:00:00Z".parse()?;
/// let facts = Facts::at(now).with(key, Fact::new(FactValue::Integer(8), now));
/// # let (step, by) = (Authorise::new(Assessment::new(AssessmentDecision::Worthwhile)), By::new(&kim));
/// assert_eq!(
///     GateSet::new().with(gate).explain(&release, step, &facts, &by).to_string(),
///     "authorise refused\n  fact: `error_budget_percent` is 8, and has to be at least 20; \
///      change it at its source",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
/// ```
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Params")]
pub struct FactPolicy(Params);

#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(inline))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Params {
    key: Key,
    test: FactTest,
}

impl TryFrom<Params> for FactPolicy {
    type Error = Invalid;

    fn try_from(params: Params) -> Result<Self, Invalid> {
        if matches!(&params.test, FactTest::OneOf(texts) if texts.is_empty()) {
            let what = format!("test of fact `{}`", params.key);
            return Err(Invalid::new(
                InvalidKind::Empty,
                what,
                "",
                "at least one text in `one_of`",
            ));
        }
        Ok(Self(params))
    }
}

impl FactPolicy {
    /// The fact of that key has to pass that test.
    ///
    /// # Errors
    ///
    /// - empty: one of no texts
    pub fn new(key: Key, test: FactTest) -> Result<Self, Invalid> {
        Params { key, test }.try_into()
    }

    /// The fact that is asked about.
    #[cfg(feature = "verify")]
    pub(crate) const fn key(&self) -> &Key {
        &self.0.key
    }

    /// What has to be true of it.
    #[cfg(feature = "verify")]
    pub(crate) const fn test(&self) -> &FactTest {
        &self.0.test
    }
}

impl Policy for FactPolicy {
    type Reads = ();
    const NAME: &'static str = "fact";

    fn facts(&self) -> Vec<Key> {
        vec![self.0.key.clone()]
    }

    fn judge(&self, ask: &Ask<'_>, (): ()) -> Verdict {
        let Params { key, test } = &self.0;
        let Some(fact) = ask.fact(key) else {
            let message = format!("the host does not know `{key}`");
            let remedy = "have the fact finder provide it, or give it by `Facts::with`";
            let reason = Reason::new("fact-unknown", message, remedy);
            return Verdict::Unknown {
                reasons: vec![reason],
            };
        };
        let value = &fact.value;
        let code = match (test, value) {
            (FactTest::AtLeast(least), FactValue::Integer(found)) => {
                (found < least).then_some("fact-too-low")
            }
            (FactTest::AtMost(most), FactValue::Integer(found)) => {
                (found > most).then_some("fact-too-high")
            }
            (FactTest::Is(wanted), FactValue::Flag(found)) => {
                (found != wanted).then_some("fact-differs")
            }
            (FactTest::OneOf(wanted), FactValue::Text(found)) => {
                (!wanted.contains(found)).then_some("fact-differs")
            }
            (
                FactTest::AtLeast(_) | FactTest::AtMost(_) | FactTest::Is(_) | FactTest::OneOf(_),
                value,
            ) => {
                let message = format!("`{key}` is {}, and has to be {test}", told(value));
                let remedy = "fix the policy, or the source of the fact";
                let reasons = vec![Reason::new("fact-of-another-kind", message, remedy)];
                return Verdict::Failed { reasons };
            }
        };
        let reason = code.map(|code| {
            let message = format!("`{key}` is {}, and has to be {test}", told(value));
            Reason::new(code, message, "change it at its source").read(key, value.clone())
        });
        Verdict::of(reason.into_iter().collect())
    }
}

impl fmt::Display for FactTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtLeast(least) => write!(f, "at least {least}"),
            Self::AtMost(most) => write!(f, "at most {most}"),
            Self::Is(flag) => write!(f, "`{flag}`"),
            Self::OneOf(texts) => write!(f, "one of {}", super::listed(texts.iter())),
        }
    }
}

fn told(value: &FactValue) -> String {
    match value {
        FactValue::Flag(flag) => format!("`{flag}`"),
        FactValue::Integer(number) => number.to_string(),
        FactValue::Text(text) => format!("`{}`", shown(text.as_str(), 60)),
        FactValue::Instant(at) => at.to_string(),
    }
}
