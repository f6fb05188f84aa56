//! Shortens names, cells and titles for messages.

use super::counts::group_digits;
use super::visible_text::mark_stray_invisible;

/// Lists column names for a message: the first dozen, each shortened.
#[must_use]
pub fn list_columns(columns: &[String]) -> String {
    const MAX_LISTED_COLUMNS: usize = 12;
    let mut names: Vec<String> =
        columns.iter().take(MAX_LISTED_COLUMNS).map(|name| format!("“{}”", shorten_text(name))).collect();
    if columns.len() > MAX_LISTED_COLUMNS {
        names.push(format!("and {} more", group_digits((columns.len() - MAX_LISTED_COLUMNS) as u64)));
    }
    names.join(", ")
}

/// Returns a name cut to 200 characters and an ellipsis, for names that are stored in every article of a feed.
#[must_use]
pub fn clip_name(name: &str) -> String {
    const MAX_NAME_CHARS: usize = 200;
    match name.char_indices().nth(MAX_NAME_CHARS) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name.to_owned(),
    }
}

/// The maximum length of a name or a cell in a message, in characters.
const MAX_EXCERPT_CHARS: usize = 60;

/// Shortens the name of a column or the text of a cell for a message. Invisible characters are marked.
#[must_use]
pub fn shorten_text(text: &str) -> String {
    shorten_with(text, mark_stray_invisible)
}

/// Shortens a title for a message, without line breaks and other control characters.
#[must_use]
pub fn shorten_title(title: &str) -> String {
    shorten_with(title, |title| title.replace(char::is_control, " "))
}

fn shorten_with(text: &str, show: impl Fn(&str) -> String) -> String {
    match text.char_indices().nth(MAX_EXCERPT_CHARS) {
        Some((end, _)) => format!("{}…", show(&text[..end])),
        None => show(text),
    }
}
