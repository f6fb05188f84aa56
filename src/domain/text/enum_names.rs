//! Enums that are stored, sent and shown as words.

/// Declares an enum of lower-case words that is stored, sent and shown as those words.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, serde::Serialize, serde::Deserialize)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $word)] $variant),+ }

        impl $name {
            /// Every value, in the order of the design.
            pub const ALL: &'static [$name] = &[$($name::$variant),+];

            /// The word as it is stored, sent and shown.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $($name::$variant => $word),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::domain::text::enum_names::UnknownVariant;

            fn from_str(word: &str) -> Result<Self, $crate::domain::text::enum_names::UnknownVariant> {
                match word {
                    $($word => Ok($name::$variant),)+
                    _ => Err($crate::domain::text::enum_names::UnknownVariant { what: stringify!($name), word: word.to_owned() }),
                }
            }
        }
    };
}

pub(in crate::domain) use words;

/// A stored or sent word that is none of the known ones.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{word:?} is not a known {what}")]
pub struct UnknownVariant {
    /// The type that was asked for.
    pub what: &'static str,
    /// What stood there instead.
    pub word: String,
}
