//! Shortens names, cells and titles for messages.

use super::counts::group_digits;
use super::visible_text::mark_stray_invisible;

/// Column names for a sentence: the first dozen, each short enough to be read.
#[must_use]
pub fn list_columns(columns: &[String]) -> String {
    const MOST: usize = 12;
    let mut names: Vec<String> = columns.iter().take(MOST).map(|name| format!("“{}”", shorten(name))).collect();
    if columns.len() > MOST {
        names.push(format!("and {} more", group_digits((columns.len() - MOST) as u64)));
    }
    names.join(", ")
}

/// A name of usual length, at most 200 characters and a sign that there were more: for what is said once, as by a
/// feed of itself, and stands in each of its articles.
#[must_use]
pub fn clip_name(name: &str) -> String {
    const MOST: usize = 200;
    match name.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name.to_owned(),
    }
}

/// The most characters of a name or a cell in a sentence.
const MAX_EXCERPT_CHARS: usize = 60;

/// The name of a column, or the text of a cell, short enough for a sentence. What cannot be seen in it is marked.
#[must_use]
pub fn shorten(text: &str) -> String {
    shorten_with(text, mark_stray_invisible)
}

/// A title short enough for a sentence, without line breaks and other control characters.
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
