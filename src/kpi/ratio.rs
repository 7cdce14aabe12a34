//! Exact quotients: what is measured is never rounded before somebody reads it.

use serde::{Serialize, Serializer};
use std::{cmp::Ordering, fmt};

/// A quotient of whole numbers, kept exactly.
///
/// Displayed as a decimal with up to six places, halves away from zero and without trailing zeros; a precision sets the
/// places: `{:.1}`. Two are equal where their values are. Serialized as the nearest number.
///
/// # Examples
///
/// ```
/// use phasegate::kpi::Ratio;
///
/// let mean = Ratio::new(8_171, 128).unwrap();
/// assert_eq!(mean.to_string(), "63.835938");
/// assert_eq!(format!("{mean:.1}"), "63.8");
/// assert_eq!(Ratio::new(1, 0), None);
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Ratio {
    numerator: i128,
    /// More than zero.
    denominator: i128,
}

impl Ratio {
    /// The quotient; nothing by zero.
    #[must_use]
    pub fn new(numerator: i64, denominator: u64) -> Option<Self> {
        Self::of(numerator.into(), denominator.into())
    }

    /// The same of wider numbers; what is measured stays far below what two of them multiply to.
    pub(super) fn of(numerator: i128, denominator: i128) -> Option<Self> {
        (denominator > 0).then_some(Self {
            numerator,
            denominator,
        })
    }

    pub(super) const fn whole(number: i128) -> Self {
        Self {
            numerator: number,
            denominator: 1,
        }
    }

    /// The nearest floating-point number.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        reason = "the nearest number is what is asked for"
    )]
    pub fn to_f64(self) -> f64 {
        let (whole, rest) = (
            self.numerator.div_euclid(self.denominator),
            self.numerator.rem_euclid(self.denominator),
        );
        whole as f64 + rest as f64 / self.denominator as f64
    }

    /// How it compares with a whole number.
    #[must_use]
    pub fn compare(self, number: i64) -> Ordering {
        let other = self.denominator.saturating_mul(number.into());
        self.numerator.cmp(&other)
    }

    /// So many times as much; at the edge of what can be counted, no more than that.
    pub(super) const fn times(self, number: i128) -> Self {
        Self {
            numerator: self.numerator.saturating_mul(number),
            denominator: self.denominator,
        }
    }

    /// The part of it by a whole number that is more than zero.
    pub(super) const fn over(self, number: i128) -> Self {
        Self {
            numerator: self.numerator,
            denominator: self.denominator.saturating_mul(number),
        }
    }
}

impl PartialEq for Ratio {
    fn eq(&self, other: &Self) -> bool {
        let crosswise = |one: &Self, other: &Self| one.numerator.checked_mul(other.denominator);
        crosswise(self, other) == crosswise(other, self)
    }
}

impl Eq for Ratio {}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let places = f.precision().unwrap_or(6).min(12);
        let scale = 10_u128.pow(u32::try_from(places).unwrap_or(12));
        let denominator = self.denominator.unsigned_abs();
        let magnitude = self.numerator.unsigned_abs();
        let (whole, rest) = (magnitude / denominator, magnitude % denominator);
        // Halves away from zero: twice the rest of the last place against the whole of it.
        let scaled = rest.saturating_mul(scale);
        let (mut digits, last) = (scaled / denominator, scaled % denominator);
        digits += u128::from(last >= denominator - last);
        let (whole, digits) = (whole + digits / scale, digits % scale);
        let sign = if self.numerator < 0 && (whole, digits) != (0, 0) {
            "-"
        } else {
            ""
        };
        let decimals = match places {
            0 => String::new(),
            _ => format!(".{digits:0places$}"),
        };
        let mut shown = format!("{sign}{whole}{decimals}");
        if f.precision().is_none() {
            shown.truncate(shown.trim_end_matches('0').trim_end_matches('.').len());
        }
        f.write_str(&shown)
    }
}

impl Serialize for Ratio {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.to_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(numerator: i64, denominator: u64) -> String {
        Ratio::new(numerator, denominator).unwrap().to_string()
    }

    #[test]
    fn it_is_shown_as_people_write_it() {
        assert_eq!(shown(2, 5), "0.4");
        assert_eq!(shown(27, 1), "27");
        assert_eq!(shown(100, 10), "10");
        assert_eq!(shown(-1, 3), "-0.333333");
        assert_eq!(shown(2, 3), "0.666667");
        assert_eq!(shown(0, 7), "0");
        assert_eq!(shown(-1, 10_000_000), "0");
        assert_eq!(shown(9_999_999, 10_000_000), "1");
        let half = Ratio::new(5, 2).unwrap();
        assert_eq!(
            (format!("{half:.0}"), format!("{half:.3}")),
            ("3".into(), "2.500".into())
        );
    }

    #[test]
    fn it_compares_by_value_and_never_by_how_it_is_written() {
        assert_eq!(Ratio::new(2, 4), Ratio::new(1, 2));
        assert_ne!(Ratio::new(1, 3), Ratio::new(33_333_333, 100_000_000));
        assert_eq!(Ratio::new(81, 2).unwrap().compare(40), Ordering::Greater);
        assert_eq!(Ratio::new(80, 2).unwrap().compare(40), Ordering::Equal);
        assert_eq!(Ratio::new(-1, 2).unwrap().compare(0), Ordering::Less);
        assert_eq!(
            Ratio::whole(i128::MAX).times(2).compare(i64::MAX),
            Ordering::Greater
        );
    }
}
