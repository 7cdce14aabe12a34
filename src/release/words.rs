//! Two shapes that most contents of a release have: plain data with a builder, and words that a host may add to.

/// Declares plain data: required fields, then, after `with`, fields that have a default and are left out of files
/// where they are the default.
macro_rules! plain {
    ($($(#[$doc:meta])* pub struct $name:ident {
        $($(#[$field_doc:meta])* $field:ident: $type:ty,)*
    } $(with {
        $($(#[$other_doc:meta])* $other:ident: $other_type:ty,)*
    })?)*) => { $(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, typed_builder::TypedBuilder)]
        #[serde(deny_unknown_fields)]
        #[builder(field_defaults(setter(into)))]
        #[non_exhaustive]
        pub struct $name {
            $($(#[$field_doc])* pub $field: $type,)*
            $($(
                $(#[$other_doc])*
                #[serde(default, skip_serializing_if = "crate::release::is_default")]
                #[builder(default)]
                pub $other: $other_type,
            )*)?
        }

        impl $name {
            #[doc = concat!("Just what has to be said; `builder` sets the rest of a `", stringify!($name), "` too.")]
            #[must_use]
            pub fn new($($field: impl Into<$type>),*) -> Self {
                Self {
                    $($field: $field.into(),)*
                    $($($other: <$other_type>::default(),)*)?
                }
            }
        }
    )* };
}

pub(crate) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Declares an enum of the crate's own words and one variant for the host's, all written as text.
macro_rules! words {
    ($(#[$doc:meta])* pub enum $name:ident { $($(#[$word_doc:meta])* $word:ident $text:literal,)* }) => {
        $(#[$doc])*
        ///
        /// Written as text: the crate's own words in snake case, every other one by the host's key.
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[serde(try_from = "crate::release::Key", into = "crate::release::Key")]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$word_doc])* $word,)*
            /// A word of the host's own; made by `named`.
            #[non_exhaustive]
            Named(crate::release::Key),
        }

        const _: () = assert!(!$name::OWN.is_empty());

        impl $name {
            /// The crate's own words.
            pub(crate) const OWN: &'static [&'static str] = &[$($text),*];

            /// The one of that name: the crate's own, or else the host's.
            ///
            /// # Errors
            ///
            /// - empty, too large or malformed: no [`Key`](crate::release::Key)
            pub fn named(name: impl AsRef<str>) -> Result<Self, crate::phase::Invalid> {
                crate::release::Key::new(name).map(Self::from)
            }

            /// Its name, as it is written.
            #[must_use]
            pub fn name(&self) -> &str {
                match self {
                    $(Self::$word => $text,)*
                    Self::Named(key) => key.as_str(),
                }
            }
        }

        impl From<crate::release::Key> for $name {
            fn from(key: crate::release::Key) -> Self {
                match key.as_str() {
                    $($text => Self::$word,)*
                    _ => Self::Named(key),
                }
            }
        }

        impl From<$name> for crate::release::Key {
            fn from(word: $name) -> Self {
                match word {
                    $name::Named(key) => key,
                    own => Self::own(own.name()),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.name())
            }
        }
    };
}

/// Says how the words of an enum are told to people.
macro_rules! told {
    ($($type:ident { $($word:ident $text:literal,)* })*) => { $(
        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(match self { $(Self::$word => $text,)* })
            }
        }
    )* };
}

pub(crate) use {plain, told, words};
