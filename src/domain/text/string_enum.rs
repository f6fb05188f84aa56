//! Declares enums that are stored, sent and shown as lower-case strings.

/// Declares an enum whose values are stored, sent and shown as the given strings.
macro_rules! string_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, serde::Serialize, serde::Deserialize)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $word)] $variant),+ }

        impl $name {
            /// All values, in the order of their declaration.
            pub const ALL: &'static [$name] = &[$($name::$variant),+];

            /// Returns the string that is stored, sent and shown.
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
            type Err = $crate::domain::text::string_enum::UnknownVariant;

            fn from_str(word: &str) -> Result<Self, $crate::domain::text::string_enum::UnknownVariant> {
                match word {
                    $($word => Ok($name::$variant),)+
                    _ => Err($crate::domain::text::string_enum::UnknownVariant {
                        what: stringify!($name),
                        word: word.to_owned(),
                    }),
                }
            }
        }
    };
}

pub(in crate::domain) use string_enum;

/// The error for a string that is not a value of the enum.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{word:?} is not a known {what}")]
pub struct UnknownVariant {
    /// The name of the enum.
    pub what: &'static str,
    /// The string.
    pub word: String,
}
