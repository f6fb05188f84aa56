//! Converts values to stored text and back, and maps unique violations to [`StoreError::Taken`].

use super::error::StoreError;

/// Parses the stored text of `column`.
///
/// # Errors
/// [`StoreError::Corrupt`] naming the column, when the text is not of the form this program writes.
pub(super) fn parse_value<T: std::str::FromStr>(column: &'static str, text: &str) -> Result<T, StoreError>
where
    T::Err: std::fmt::Display,
{
    text.parse().map_err(|error| StoreError::corrupt_value(column)(&error))
}

/// Parses the stored JSON text of `column`.
///
/// # Errors
/// [`StoreError::Corrupt`] naming the column, when it is not the JSON of a `T`.
pub(super) fn parse_json<T: serde::de::DeserializeOwned>(column: &'static str, text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::corrupt_value(column)(&error))
}

/// Parses the stored JSON text of `column`, which may contain secrets: the error quotes nothing of it.
///
/// # Errors
/// [`StoreError::Corrupt`] naming the column and the place in the text, when it is not the JSON of a `T`.
pub(super) fn parse_secret_json<T: serde::de::DeserializeOwned>(
    column: &'static str,
    text: &str,
) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| {
        let place = format!("{:?} error in column {} of line {}", error.classify(), error.column(), error.line());
        StoreError::corrupt_value(column)(&place)
    })
}

/// Returns `value` as JSON text for `column`.
///
/// # Errors
/// [`StoreError::Corrupt`] naming the column, when the value has no JSON form.
pub(super) fn to_json<T: serde::Serialize>(column: &'static str, value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::corrupt_value(column)(&error))
}

/// Turns the violation of a unique index into [`StoreError::Taken`]. `what` describes the existing row, for people.
pub(super) fn map_taken<T>(result: Result<T, StoreError>, what: &str) -> Result<T, StoreError> {
    match result {
        Err(error) if error.is_unique_violation() => Err(StoreError::Taken { what: what.to_owned() }),
        other => other,
    }
}
