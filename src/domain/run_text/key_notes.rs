//! The reasons for skipping a row without a usable key, and the message about a header cell with several names.

use crate::domain::text::shortening::shorten_text;

/// The reason for skipping a row whose cell in the key column `column` is empty.
#[must_use]
pub fn missing_key_reason(column: &str) -> String {
    format!("Missing key (“{column}” is empty). Fill in the cell and sync again.")
}

/// The reason for skipping a row whose key is still loading; `placeholder` is shown in its place.
#[must_use]
pub fn loading_key_reason(column: &str, placeholder: &str) -> String {
    format!("“{column}” contains “{placeholder}” instead of a key. Sync again when the sheet has loaded its values.")
}

/// The reason for skipping a row whose key is an error of the spreadsheet, such as `#N/A`.
#[must_use]
pub fn key_error_reason(column: &str, error: &str) -> String {
    format!(
        "“{column}” contains the spreadsheet error “{error}” instead of a key. Fix the formula in the cell and sync \
         again."
    )
}

/// The reason for skipping a row whose key is a formula without a saved value.
#[must_use]
pub fn unsaved_key_reason(column: &str) -> String {
    format!(
        "“{column}” contains a formula without a saved value instead of a key. Open the file in Excel or LibreOffice, \
         save it once, and sync again."
    )
}

/// The reason for skipping a row whose key is longer than `max_bytes` bytes.
#[must_use]
pub fn long_key_reason(column: &str, key: &str, max_bytes: usize) -> String {
    let key = shorten_text(key);
    format!("The key “{key}” is longer than {max_bytes} bytes. Check that “{column}” is the unique key column.")
}

/// The message about a header cell that contains the column name `wanted` among other names.
#[must_use]
pub fn joined_names_note(cell: &str, wanted: &str, separator: char) -> String {
    let separator = if separator == '\t' { "a tab".to_owned() } else { format!("“{separator}”") };
    format!(
        "The header cell “{}” contains “{}” and other names, separated by {separator}. In a file, remove the \
         quotation marks around them. In a sheet, put each name in its own cell.",
        shorten_text(cell),
        shorten_text(wanted)
    )
}
