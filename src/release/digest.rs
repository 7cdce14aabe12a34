//! SHA-256 digests: of payloads, packages, plans, and of one envelope after the other.

use crate::phase::{Invalid, InvalidKind, written_as_text};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use std::{
    fmt,
    hash::{Hash, Hasher},
    ops::Deref,
    str::FromStr,
    sync::OnceLock,
};

/// A SHA-256 digest, written as 64 lower-case hexadecimal digits.
///
/// # Source
///
/// FIPS 180-4.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest before the first event: all zero.
    pub const ZERO: Self = Self([0; 32]);

    /// The digest of these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// The digest of a value's JSON, as this crate writes it.
    pub(crate) fn of_value(value: &impl Serialize) -> Self {
        // Our own plain data always serializes; were it ever not to, the digest would match nothing that did.
        let mut json = Vec::with_capacity(USUAL_BYTES);
        serde_json::to_writer(&mut json, value).map_or(Self::ZERO, |()| Self::of(&json))
    }

    /// The digest of these 32 bytes.
    #[cfg(feature = "sqlite")]
    pub(crate) const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hex = |nibble: u8| char::from(nibble + if nibble < 10 { b'0' } else { b'a' - 10 });
        let text: String = self
            .0
            .iter()
            .flat_map(|byte| [hex(byte >> 4), hex(byte & 15)])
            .collect();
        f.pad(&text)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self:.8}…)")
    }
}

impl FromStr for Digest {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let refused = || {
            Invalid::new(
                InvalidKind::Malformed,
                "digest",
                text,
                "64 lower-case hexadecimal digits",
            )
        };
        let (pairs, rest) = text.as_bytes().as_chunks::<2>();
        if pairs.len() != 32 || !rest.is_empty() {
            return Err(refused());
        }
        let value = |digit: u8| match digit {
            b'0'..=b'9' => Some(digit - b'0'),
            b'a'..=b'f' => Some(digit - b'a' + 10),
            _ => None,
        };
        let mut bytes = [0; 32];
        for (byte, &[high, low]) in bytes.iter_mut().zip(pairs) {
            *byte = value(high)
                .zip(value(low))
                .map(|(high, low)| high << 4 | low)
                .ok_or_else(refused)?;
        }
        Ok(Self(bytes))
    }
}

written_as_text!(Digest, "a digest of 64 lower-case hexadecimal digits");

/// A value that knows its digest from the first time that somebody asks for it.
#[derive(Debug, Clone)]
pub(crate) struct Digested<T> {
    value: T,
    digest: OnceLock<Digest>,
}

impl<T: Serialize> Digested<T> {
    pub(crate) fn digest(&self) -> Digest {
        *self.digest.get_or_init(|| Digest::of_value(&self.value))
    }
}

impl<T> From<T> for Digested<T> {
    fn from(value: T) -> Self {
        Self {
            value,
            digest: OnceLock::new(),
        }
    }
}

impl<T> Deref for Digested<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.value
    }
}

/// The digest follows from the value.
impl<T: PartialEq> PartialEq for Digested<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<T: Eq> Eq for Digested<T> {}

impl<T: Hash> Hash for Digested<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.value.hash(state);
    }
}

/// Digests a sequence of fields so that no two sequences look alike: every field is preceded by its length.
pub(crate) struct Fields(Vec<u8>);

/// Enough for a step or the fields of an envelope, so that they are written in one go.
const USUAL_BYTES: usize = 512;

impl Fields {
    pub(crate) fn new(domain: &str) -> Self {
        Self(Vec::with_capacity(USUAL_BYTES)).field(domain.as_bytes())
    }

    pub(crate) fn field(mut self, bytes: &[u8]) -> Self {
        self.0
            .extend_from_slice(&(bytes.len() as u64).to_be_bytes());
        self.0.extend_from_slice(bytes);
        self
    }

    pub(crate) fn digest(self) -> Digest {
        Digest::of(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_reads_back_and_nothing_else_does() {
        // FIPS 180-4, the digest of "abc".
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(Digest::of(b"abc").to_string(), abc);
        assert_eq!(abc.parse::<Digest>().unwrap(), Digest::of(b"abc"));
        for bad in [
            "",
            "ba78",
            &abc.to_uppercase(),
            &format!("{abc}0"),
            &abc.replace('b', "g"),
        ] {
            assert!(bad.parse::<Digest>().is_err(), "{bad}");
        }
    }

    #[test]
    fn fields_do_not_run_into_each_other() {
        let one = Fields::new("t").field(b"ab").field(b"c").digest();
        let other = Fields::new("t").field(b"a").field(b"bc").digest();
        assert_ne!(one, other);
    }
}
