//! The texts about automatic retries of scheduled syncs.

use crate::domain::automatic_retry::MAX_AUTOMATIC_RETRIES;

/// A run that is an automatic retry, as a label beside the run: "retry 1 of 3". `None` for a run that is none.
#[must_use]
pub fn retry_label(retries_before: Option<u8>) -> Option<String> {
    let number = retries_before.filter(|number| *number > 0)?;
    Some(format!("retry {number} of {MAX_AUTOMATIC_RETRIES}"))
}

#[cfg(test)]
mod tests {
    use super::retry_label;

    #[test]
    fn only_a_retry_is_called_one() {
        assert_eq!(retry_label(Some(2)).as_deref(), Some("retry 2 of 3"));
        assert_eq!((retry_label(Some(0)), retry_label(None)), (None, None));
    }
}
