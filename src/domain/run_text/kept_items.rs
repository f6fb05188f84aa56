//! The texts of a sync, a preview or a check about items that are not in the source and stay in the catalog: how many,
//! and why.

use super::format_count;
use crate::domain::columns::cell_class::CellClass;
use crate::domain::guards::GuardVerdict;
use crate::domain::odd_keys::OddKeys;
use crate::domain::source::Noun;
use crate::domain::text::counts::group_digits;
use crate::domain::text::shortening::shorten_text;

/// Why items that are not in the source stay in the catalog.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum KeptReason {
    /// They are more than half of the catalog.
    LargeDeletion,
    /// Rows or keys may have been misread. The issues name the rows.
    DoubtfulRows,
    /// Keys may have been misread: new ones do not look like those of the catalog. No issue names them.
    OddKeys(OddKeys),
    /// An admin decided to keep some of them, and the list has changed since.
    KeptBefore,
    /// An admin decided to keep them.
    Decided,
}

impl KeptReason {
    /// Returns the reason for what the guards allow. `odd_keys` are the new keys that raise the only doubt.
    #[must_use]
    pub fn of_verdict(verdict: GuardVerdict, odd_keys: Option<&OddKeys>) -> Self {
        match verdict {
            GuardVerdict::WithholdInDoubt => odd_keys.map_or(Self::DoubtfulRows, |keys| Self::OddKeys(keys.clone())),
            GuardVerdict::WithholdKept => Self::KeptBefore,
            _ => Self::LargeDeletion,
        }
    }

    /// How the items differ from the source: "no longer in the source".
    const fn difference(&self) -> &'static str {
        match self {
            Self::LargeDeletion | Self::KeptBefore | Self::Decided => "no longer in the source",
            Self::DoubtfulRows | Self::OddKeys(_) => "not found in the source",
        }
    }

    /// The reason as the end of a message.
    fn to_message_end(&self) -> String {
        let message = match self {
            Self::LargeDeletion => ": that is more than half of the catalog. Large deletions need confirmation.",
            Self::DoubtfulRows => {
                ", because rows or keys may have been misread. Fix the rows named in the issues and sync again."
            }
            Self::OddKeys(keys) => return odd_keys_message_end(keys),
            Self::KeptBefore => ": some of them were kept before. Review the new list.",
            Self::Decided => ", as an admin decided.",
        };
        message.to_owned()
    }
}

/// The end of a message about items that were kept because of new keys: what was seen, and what to do.
fn odd_keys_message_end(keys: &OddKeys) -> String {
    let (column, key, row) = (shorten_text(&keys.column), shorten_text(&keys.first_key), group_digits(keys.first_row));
    let values = match keys.expected {
        CellClass::Number => "numbers",
        CellClass::Date => "dates",
        CellClass::Link => "links",
        CellClass::Flag => "yes or no",
        CellClass::Empty | CellClass::Text => "texts",
    };
    let odd = match keys.count {
        1 => format!("“{key}” in row {row} is not"),
        count => format!("{} new keys are not, the first is “{key}” in row {row}", group_digits(count)),
    };
    format!(
        ", because keys may have been misread: the keys in “{column}” were {values}, but {odd}. Fix the keys and sync \
         again, or review the removals if the keys are right."
    )
}

/// The message about items that were kept: "480 albums no longer in the source were kept: that is more than half of the
/// catalog. Large deletions need confirmation."
#[must_use]
pub fn kept_items_message(noun: &Noun, number: u64, reason: &KeptReason) -> String {
    let was = if number == 1 { "was" } else { "were" };
    format!("{} {} {was} kept{}", format_count(noun, number), reason.difference(), reason.to_message_end())
}

/// The end of a forecast that begins with "A sync would ": `number` items would be kept.
#[must_use]
pub fn would_keep_message(noun: &Noun, number: u64, reason: &KeptReason) -> String {
    format!("keep {} {}{}", format_count(noun, number), reason.difference(), reason.to_message_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noun() -> Noun {
        Noun { one: "album".to_owned(), many: "albums".to_owned() }
    }

    #[test]
    fn kept_items_are_reported_with_the_reason() {
        assert_eq!(
            kept_items_message(&noun(), 480, &KeptReason::LargeDeletion),
            "480 albums no longer in the source were kept: that is more than half of the catalog. Large deletions need \
             confirmation."
        );
        assert_eq!(
            kept_items_message(&noun(), 1, &KeptReason::Decided),
            "1 album no longer in the source was kept, as an admin decided."
        );
    }

    #[test]
    fn keys_that_look_different_are_named_instead_of_issues() {
        let reason = |count| {
            KeptReason::OddKeys(OddKeys {
                column: "id".to_owned(),
                expected: CellClass::Number,
                count,
                first_row: 12_480,
                first_key: "four".to_owned(),
            })
        };
        assert_eq!(
            kept_items_message(&noun(), 1, &reason(1)),
            "1 album not found in the source was kept, because keys may have been misread: the keys in “id” were \
             numbers, but “four” in row 12,480 is not. Fix the keys and sync again, or review the removals if the keys \
             are right."
        );
        let many = would_keep_message(&noun(), 2, &reason(3));
        assert!(many.contains("but 3 new keys are not, the first is “four” in row 12,480."), "{many}");
    }
}
