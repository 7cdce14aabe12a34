//! One value with all that it rests on.

use super::{Attribution, Kpi, Question, Ratio, Statistic};
use serde::Serialize;
use std::collections::BTreeMap;

/// A value, and what it rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Measure {
    /// What is measured; its id names the definition.
    pub kpi: Kpi,
    /// Of what, where there is one for each: a currency, a scale, a severity, a phase.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
    /// The value in the unit of the definition; nothing where it is not defined, such as a share of nothing.
    pub value: Option<Ratio>,
    /// What is divided: of a share or a mean, what is counted; of many durations or slips, their sum in microseconds or
    /// days, whatever value stands for them; of a time of its own, such as a disruption, its microseconds.
    #[serde(serialize_with = "whole")]
    pub numerator: i128,
    /// By what: of a share, a mean or many durations, how many there are; of a time of its own, what makes it one unit.
    #[serde(serialize_with = "whole")]
    pub denominator: i128,
    /// How many things were looked at and counted.
    pub sample: u64,
    /// What was looked at and could not be counted, and how often.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub exclusions: BTreeMap<Exclusion, u64>,
    /// How often which answer was given, where there are few.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub distribution: Vec<(String, u64)>,
    /// Whether it can still change: the period is not over, or something in it is open.
    pub is_provisional: bool,
    /// How incidents were attributed, where it rests on that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attribution: Option<Attribution>,
}

/// Why something could not be counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Exclusion {
    /// No plan with an instant was agreed.
    NoBaseline,
    /// No budget was agreed.
    NoBudget,
    /// Several currencies in one release.
    MixedCurrencies,
    /// A code change is not live, and its release is open.
    NotYetLive,
    /// A code change never went live, and its release is closed.
    NeverLive,
    /// A code change is newer than every live deployment of its release.
    NewerThanDeployment,
    /// It is not over: its age is told where it is listed, and it is in no value.
    Unresolved,
    /// It is said to have ended before it began.
    EndsBeforeItBegan,
    /// Service was restored before the deployment had finished.
    RestoredBeforeFinished,
    /// No deployment was before it.
    NoDeploymentBefore,
    /// Of which service an incident is was not said, and one service is asked for.
    ServiceNotSaid,
    /// How many users were affected was not said.
    UsersNotSaid,
    /// Its instants go backwards.
    OutOfOrder,
    /// No value was expected.
    NoExpectedValue,
    /// It is linked to an attempt that was not on a live environment.
    NotOnLive,
    /// It is not judged yet.
    NotYetKnown,
}

impl Exclusion {
    /// It in words.
    #[must_use]
    pub const fn told(self) -> &'static str {
        match self {
            Self::NoBaseline => "no baseline",
            Self::NoBudget => "no budget in the baseline",
            Self::MixedCurrencies => "several currencies",
            Self::NotYetLive => "not yet live",
            Self::NeverLive => "never live",
            Self::NewerThanDeployment => "newer than every deployment",
            Self::Unresolved => "not over yet",
            Self::EndsBeforeItBegan => "ends before it began",
            Self::RestoredBeforeFinished => "restored before the deployment finished",
            Self::NoDeploymentBefore => "no deployment before",
            Self::ServiceNotSaid => "service not said",
            Self::UsersNotSaid => "number of users not said",
            Self::OutOfOrder => "out of order",
            Self::NoExpectedValue => "no expected value",
            Self::NotOnLive => "not on a live environment",
            Self::NotYetKnown => "not yet known",
        }
    }
}

/// As a number where JSON readers agree on it, and beyond that as text.
fn whole<S: serde::Serializer>(number: &i128, serializer: S) -> Result<S::Ok, S::Error> {
    match i64::try_from(*number) {
        Ok(number) => serializer.serialize_i64(number),
        Err(_) => serializer.collect_str(number),
    }
}

/// Microseconds in a second.
pub(super) const MICROS: i128 = 1_000_000;

impl Measure {
    /// Nothing was looked at yet.
    pub(super) fn begun(kpi: Kpi, question: &Question) -> Self {
        Self {
            kpi,
            of: None,
            value: None,
            numerator: 0,
            denominator: 0,
            sample: 0,
            exclusions: BTreeMap::new(),
            distribution: Vec::new(),
            is_provisional: !question.period.is_over(question.as_of),
            attribution: None,
        }
    }

    pub(super) fn of(mut self, of: impl std::fmt::Display) -> Self {
        self.of = Some(of.to_string());
        self
    }

    pub(super) fn attributed(mut self, question: &Question) -> Self {
        self.attribution = Some(question.attribution);
        self
    }

    pub(super) fn leave_out(&mut self, why: Exclusion) {
        *self.exclusions.entry(why).or_default() += 1;
    }

    /// Leaves out what is not over yet.
    pub(super) fn wait(&mut self) {
        self.leave_out(Exclusion::Unresolved);
        self.is_provisional = true;
    }

    /// How often which answer was given; what was never given is not told.
    pub(super) fn tell<const N: usize>(&mut self, answers: [(&str, u64); N]) {
        let given = answers.into_iter().filter(|(_, count)| *count > 0);
        self.distribution = given
            .map(|(what, count)| (what.to_owned(), count))
            .collect();
    }

    /// One more thing was looked at, with so many of what is counted.
    pub(super) fn add(&mut self, count: i128) {
        self.sample += 1;
        self.denominator += 1;
        self.numerator += count;
    }

    /// A number of things.
    pub(super) fn counted(mut self, count: u64) -> Self {
        self.numerator = count.into();
        self.denominator = 1;
        self.sample = count;
        self.value = Some(Ratio::whole(self.numerator));
        self
    }

    /// One more thing was looked at, and it is one of those that are asked for or not.
    pub(super) fn look(&mut self, is_one: bool) {
        self.add(is_one.into());
    }

    /// The share of what was looked at, in per cent.
    pub(super) fn share(mut self) -> Self {
        let share = Ratio::of(self.numerator, self.denominator);
        self.value = share.map(|share| share.times(100));
        self
    }

    /// The numerator by the denominator.
    pub(super) fn mean(mut self) -> Self {
        self.value = Ratio::of(self.numerator, self.denominator);
        self
    }

    /// The value that stands for durations in microseconds.
    pub(super) fn durations(mut self, durations: Vec<i64>, statistic: Statistic) -> Self {
        self.value = self
            .typical(durations, statistic)
            .map(|micros| micros.over(MICROS));
        self
    }

    /// The value that stands for many.
    pub(super) fn typical(&mut self, mut values: Vec<i64>, statistic: Statistic) -> Option<Ratio> {
        self.sample = values.len() as u64;
        self.denominator = self.sample.into();
        self.numerator = values.iter().copied().map(i128::from).sum();
        match statistic {
            Statistic::Mean => Ratio::of(self.numerator, self.denominator),
            Statistic::Median => percentile(&mut values, 50),
            Statistic::Percentile(part) => percentile(&mut values, part.min(100)),
        }
    }
}

/// The value that so many per cent do not exceed, between two of them in proportion; nothing of none.
///
/// # Source
///
/// Hyndman and Fan, *Sample Quantiles in Statistical Packages* (1996), definition 7. Linear in the number of values.
pub(super) fn percentile(values: &mut [i64], part: u8) -> Option<Ratio> {
    let last = values.len().checked_sub(1)?;
    let place = last * usize::from(part);
    let (place, rest) = (place / 100, place % 100);
    let (_, low, above) = values.select_nth_unstable(place);
    let low = i128::from(*low);
    let high = above.iter().min().map_or(low, |high| i128::from(*high));
    let rest = rest as i128;
    Ratio::of(low * 100 + (high - low) * rest, 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_lie_between_values_in_proportion() {
        let of = |values: &[i64], part| {
            let mut values = values.to_vec();
            percentile(&mut values, part).map(|value| value.to_string())
        };
        assert_eq!(of(&[], 50), None);
        assert_eq!(of(&[7], 90), Some("7".into()));
        assert_eq!(of(&[4, 1, 3, 2], 50), Some("2.5".into()));
        assert_eq!(of(&[4, 1, 3, 2], 0), Some("1".into()));
        assert_eq!(of(&[4, 1, 3, 2], 100), Some("4".into()));
        assert_eq!(
            of(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 20], 95),
            Some("15".into())
        );
        assert_eq!(of(&[i64::MIN, i64::MAX], 50), Some("-0.5".into()));
    }
}
