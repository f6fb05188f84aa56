//! How values of this program become stored text and back, and what a taken name is called.

use super::error::StoreError;

/// Reads a stored word as the type it stands for.
pub(super) fn word<T: std::str::FromStr>(what: &'static str, text: &str) -> Result<T, StoreError>
where
    T::Err: std::fmt::Display,
{
    text.parse().map_err(|error| StoreError::corrupt(what)(&error))
}

/// Reads stored JSON text.
pub(super) fn json<T: serde::de::DeserializeOwned>(what: &'static str, text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::corrupt(what)(&error))
}

/// Writes a value as JSON text.
pub(super) fn to_json<T: serde::Serialize>(what: &'static str, value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::corrupt(what)(&error))
}

/// Tells that a name is in use, where a unique index said so. `what` it is, for people.
pub(super) fn or_taken<T>(result: Result<T, StoreError>, what: &str) -> Result<T, StoreError> {
    match result {
        Err(error) if error.is_unique_violation() => Err(StoreError::Taken { what: what.to_owned() }),
        other => other,
    }
}
