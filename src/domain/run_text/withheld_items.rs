//! The texts about removals that wait for a decision of an admin, and about the removal itself.

use super::{append_left_out, format_count, format_plural};
use crate::domain::progress::RunStats;
use crate::domain::removal_review::{RemovalReview, ReviewReason};
use crate::domain::source::Noun;
use crate::domain::text::counts::group_digits;

/// The title of a page about withheld removals.
pub const NEEDS_REVIEW: &str = "Needs review";

/// The outcome of a sync whose withheld removals wait for a decision: "Needs review, 3 rows skipped".
#[must_use]
pub fn needs_review_label(stats: &RunStats) -> String {
    append_left_out(NEEDS_REVIEW.to_owned(), stats)
}

/// "94 removals need review".
#[must_use]
pub fn removals_label(number: u64) -> String {
    let verb = if number == 1 { "needs" } else { "need" };
    format!("{} {verb} review", format_plural(number, "removal", "removals"))
}

/// Why the items of a review are asked about, for the page that lists them.
#[must_use]
pub fn review_reason_message(review: &RemovalReview, noun: &Noun) -> String {
    let (count, is_one) = (format_count(noun, review.item_count), review.item_count == 1);
    match review.reason {
        ReviewReason::Withheld => {
            let (are, they_stay) = if is_one { ("is", "It stays") } else { ("are", "They stay") };
            format!("{count} {are} no longer in the source. {they_stay} in the catalog until you decide.")
        }
        ReviewReason::Doubt => {
            let (were, they_were) = if is_one { ("was", "it was") } else { ("were", "they were") };
            format!(
                "{count} {were} not found in the source, but rows or keys may have been misread, so {they_were} kept."
            )
        }
        ReviewReason::EmptySource => {
            let kept = if is_one { format!("{count} was") } else { format!("all {count} were") };
            format!("The source has no row that can be imported, so {kept} kept.")
        }
        ReviewReason::KeyChanged => format!(
            "{count} would be removed and {} added. The key column may have changed, so nothing was written.",
            group_digits(review.additions)
        ),
    }
}

/// The heading of the page that lists the items of a review.
#[must_use]
pub fn review_title(review: &RemovalReview, noun: &Noun) -> String {
    match review.reason {
        ReviewReason::Withheld | ReviewReason::Doubt => format!("Review {}", format_count(noun, review.item_count)),
        ReviewReason::EmptySource => format!("{}?", remove_items_label(noun, review.item_count)),
        ReviewReason::KeyChanged => "Sync anyway?".to_owned(),
    }
}

/// The link to the page that lists the items of a review: "Review 269 products…".
#[must_use]
pub fn review_link_label(review: &RemovalReview, noun: &Noun) -> String {
    match review.reason {
        ReviewReason::Withheld | ReviewReason::Doubt => format!("Review {}…", format_count(noun, review.item_count)),
        ReviewReason::EmptySource => format!("{}…", remove_items_label(noun, review.item_count)),
        ReviewReason::KeyChanged => "Sync anyway…".to_owned(),
    }
}

/// What follows if the items of a review are removed.
#[must_use]
pub const fn removal_notice(reason: ReviewReason) -> &'static str {
    match reason {
        ReviewReason::Withheld | ReviewReason::Doubt | ReviewReason::EmptySource => {
            "The source is fetched again first. Only items that are listed here and still missing are removed. You can \
             undo it."
        }
        ReviewReason::KeyChanged => {
            "The source is fetched again first. If other items are missing by then, or more would be added, nothing is \
             changed and you are asked again. You can undo it."
        }
    }
}

/// The items that a person decided to keep: "269 products kept that are not in the source".
#[must_use]
pub fn kept_items_label(noun: &Noun, number: u64) -> String {
    let verb = if number == 1 { "is" } else { "are" };
    format!("{} kept that {verb} not in the source", format_count(noun, number))
}

/// Why the items that a preview lists would stay in the catalog. `listed` is set if only the first ones are listed.
#[must_use]
pub fn previewed_list_message(noun: &Noun, number: u64, listed: Option<u64>) -> String {
    let (verb, them) = if number == 1 { ("is", "it") } else { ("are", "them") };
    let part = listed.map(|listed| format!(" The first {} are listed.", group_digits(listed))).unwrap_or_default();
    let count = format_count(noun, number);
    format!("{count} {verb} not in the source. A sync would keep {them}.{part}")
}

/// The link to the listed items as CSV. `listed` is as in [`previewed_list_message`].
#[must_use]
pub fn removals_download_label(noun: &Noun, listed: Option<u64>) -> String {
    match listed {
        Some(listed) => format!("Download the first {} as CSV", format_count(noun, listed)),
        None => "Download CSV".to_owned(),
    }
}

/// The button that removes the items of a review: "Remove 269 products".
#[must_use]
pub fn remove_items_label(noun: &Noun, number: u64) -> String {
    format!("Remove {}", format_count(noun, number))
}

/// The button that applies a changed key: "Sync anyway: remove 289 and add 289 products".
#[must_use]
pub fn sync_anyway_label(noun: &Noun, removals: u64, additions: u64) -> String {
    format!("Sync anyway: remove {} and add {}", group_digits(removals), format_count(noun, additions))
}

/// The message of a removal that completed: `listed` items were listed, and `removed` of them were still missing.
#[must_use]
pub fn removal_completed_message(noun: &Noun, removed: u64, listed: u64) -> String {
    let returned = listed.saturating_sub(removed);
    let mut message = match removed {
        0 => "Nothing was removed.".to_owned(),
        _ => format!("{} removed.", format_count(noun, removed)),
    };
    if returned > 0 {
        let verb = if returned == 1 { "is" } else { "are" };
        message.push_str(&format!(" {} {verb} in the source again or already removed.", format_count(noun, returned)));
    }
    message
}

/// The response when the items of a review were kept.
#[must_use]
pub fn kept_response(noun: &Noun, number: u64) -> String {
    format!("{} stay in the catalog. You are asked again when the list changes.", format_count(noun, number))
}

/// The code of a removal whose list was replaced, or decided about, since.
pub const LIST_OUTDATED_CODE: &str = "list_outdated";

/// The response to a removal whose list was replaced, or decided about, since.
pub const LIST_OUTDATED: &str =
    "This list was replaced, or someone else decided about it. Open the latest sync to see what needs review.";

/// The response to a request to keep the items of an emptied source or of a changed key.
pub const CANNOT_KEEP: &str =
    "The items stay in the catalog already. Every sync fails until the source is fixed or the items are removed.";

/// The response to a request to keep items while a run of their source is active.
pub const SOURCE_BUSY: &str = "A run of this source is active. Wait for its end, then decide.";

/// The response to a request about the removals of a run that withheld none.
pub const NOTHING_WITHHELD: &str = "This run withheld no removals.";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::source::SourceId;
    use crate::domain::sync_id::SyncId;

    fn noun() -> Noun {
        Noun { one: "album".to_owned(), many: "albums".to_owned() }
    }

    #[test]
    fn a_review_is_named_by_what_can_be_done() {
        let review = |reason| RemovalReview {
            id: SyncId::new(),
            source_id: SourceId(1),
            reason,
            digest: String::new(),
            item_count: 12_480,
            additions: 289,
            kept: None,
            kept_before: None,
        };
        let texts = |reason| {
            let review = review(reason);
            (review_title(&review, &noun()), review_link_label(&review, &noun()))
        };
        let pair = |title: &str, link: &str| (title.to_owned(), link.to_owned());
        assert_eq!(texts(ReviewReason::Withheld), pair("Review 12,480 albums", "Review 12,480 albums…"));
        assert_eq!(texts(ReviewReason::EmptySource), pair("Remove 12,480 albums?", "Remove 12,480 albums…"));
        assert_eq!(texts(ReviewReason::KeyChanged), pair("Sync anyway?", "Sync anyway…"));
        assert_eq!(kept_items_label(&noun(), 269), "269 albums kept that are not in the source");
        assert_eq!(sync_anyway_label(&noun(), 289, 1), "Sync anyway: remove 289 and add 1 album");
    }

    #[test]
    fn a_review_of_one_item_is_about_one() {
        let message = |reason, item_count| {
            let review = RemovalReview {
                id: SyncId::new(),
                source_id: SourceId(1),
                reason,
                digest: String::new(),
                item_count,
                additions: 0,
                kept: None,
                kept_before: None,
            };
            review_reason_message(&review, &noun())
        };
        assert_eq!(
            message(ReviewReason::Withheld, 1),
            "1 album is no longer in the source. It stays in the catalog until you decide."
        );
        assert!(message(ReviewReason::Doubt, 1).ends_with("so it was kept."));
        assert!(message(ReviewReason::EmptySource, 1).ends_with("so 1 album was kept."));
        assert!(message(ReviewReason::EmptySource, 2).ends_with("so all 2 albums were kept."));
    }

    #[test]
    fn a_removal_tells_what_returned() {
        assert_eq!(removal_completed_message(&noun(), 269, 269), "269 albums removed.");
        assert_eq!(
            removal_completed_message(&noun(), 1, 2),
            "1 album removed. 1 album is in the source again or already removed."
        );
        assert_eq!(
            removal_completed_message(&noun(), 0, 12),
            "Nothing was removed. 12 albums are in the source again or already removed."
        );
    }
}
