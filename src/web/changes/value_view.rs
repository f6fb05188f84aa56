//! Shows the values of a field before and after: shortened around what differs, with the differing words marked.

use similar::{ChangeTag, TextDiff};

/// The most characters of an excerpt.
const MAX_EXCERPT_CHARS: usize = 200;
/// How many equal characters are shown before the first difference of long values.
const CONTEXT_CHARS: usize = 40;
/// How much two values must have in common for the differing words to be marked, from 0 to 1. Otherwise nearly every
/// word would be.
const MIN_COMMON_PART: f32 = 0.3;

/// A value of a field, shortened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::web) struct ValueView {
    /// The text to show.
    pub parts: Vec<TextPart>,
    /// The whole value, if only a part of it is shown.
    pub whole: Option<WholeValue>,
}

/// A part of the text of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::web) struct TextPart {
    /// The text.
    pub text: String,
    /// Whether it differs from the other side.
    pub is_changed: bool,
}

/// A value that is too long to be shown at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::web) enum WholeValue {
    /// The text, in the page.
    InPage(String),
    /// The link to the text, which is too long for the page.
    Link(String),
}

impl ValueView {
    /// Whether the value is empty.
    pub(in crate::web) fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }
}

/// The two sides of a field. `whole` returns how to show a value that is longer than its excerpt; its second argument
/// is whether the value is the one after the change.
pub(in crate::web) fn show_values(
    before: Option<&str>,
    after: Option<&str>,
    mut whole: impl FnMut(&str, bool) -> WholeValue,
) -> (Option<ValueView>, Option<ValueView>) {
    let begin = match (before, after) {
        (Some(before), Some(after)) => excerpt_begin(before, after),
        _ => 0,
    };
    let [old, new] = [before, after].map(|value| value.map(|value| ValueExcerpt::cut(value, begin)));
    let (old_parts, new_parts) = match (&old, &new) {
        (Some(old), Some(new)) => mark_differences(&old.text, &new.text),
        _ => [&old, &new].map(|side| side.as_ref().map(|side| plain(&side.text)).unwrap_or_default()).into(),
    };
    let mut view = |value: Option<&str>, excerpt: Option<ValueExcerpt>, parts: Vec<TextPart>, is_after: bool| {
        let (value, excerpt) = value.zip(excerpt)?;
        Some(ValueView { parts, whole: excerpt.is_part.then(|| whole(value, is_after)) })
    };
    (view(before, old, old_parts, false), view(after, new, new_parts, true))
}

/// The character at which the excerpts of two values begin, so that they show the first difference.
fn excerpt_begin(before: &str, after: &str) -> usize {
    let is_long = |value: &str| value.chars().nth(MAX_EXCERPT_CHARS).is_some();
    if before == after || (!is_long(before) && !is_long(after)) {
        return 0;
    }
    let common = before.chars().zip(after.chars()).take_while(|(old, new)| old == new).count();
    if common < MAX_EXCERPT_CHARS / 2 { 0 } else { common - CONTEXT_CHARS }
}

/// A part of a value.
struct ValueExcerpt {
    text: String,
    is_part: bool,
}

impl ValueExcerpt {
    fn cut(value: &str, begin: usize) -> Self {
        let from = value.char_indices().nth(begin).map_or(value.len(), |(at, _)| at);
        let rest = &value[from..];
        let to = rest.char_indices().nth(MAX_EXCERPT_CHARS).map(|(at, _)| at);
        let (start, end) = (if from > 0 { "…" } else { "" }, if to.is_some() { "…" } else { "" });
        let text = format!("{start}{}{end}", &rest[..to.unwrap_or(rest.len())]);
        Self { text, is_part: from > 0 || to.is_some() }
    }
}

fn plain(text: &str) -> Vec<TextPart> {
    if text.is_empty() { Vec::new() } else { vec![TextPart { text: text.to_owned(), is_changed: false }] }
}

/// The parts of two texts, with the words marked that only one of them has.
fn mark_differences(before: &str, after: &str) -> (Vec<TextPart>, Vec<TextPart>) {
    let compared = TextDiff::from_words(before, after);
    if compared.ratio() < MIN_COMMON_PART {
        return (plain(before), plain(after));
    }
    let (mut old, mut new) = (Vec::new(), Vec::new());
    for change in compared.iter_all_changes() {
        match change.tag() {
            ChangeTag::Equal => {
                append(&mut old, change.value(), false);
                append(&mut new, change.value(), false);
            }
            ChangeTag::Delete => append(&mut old, change.value(), true),
            ChangeTag::Insert => append(&mut new, change.value(), true),
        }
    }
    (old, new)
}

fn append(parts: &mut Vec<TextPart>, text: &str, is_changed: bool) {
    match parts.last_mut() {
        Some(last) if last.is_changed == is_changed => last.text.push_str(text),
        _ => parts.push(TextPart { text: text.to_owned(), is_changed }),
    }
}

#[cfg(test)]
mod tests {
    use super::{ValueView, WholeValue, show_values};

    fn show(before: Option<&str>, after: Option<&str>) -> (Option<ValueView>, Option<ValueView>) {
        show_values(before, after, |value, _| WholeValue::InPage(value.to_owned()))
    }

    /// The text of a value with its marked parts in brackets.
    fn text(view: Option<ValueView>) -> String {
        let parts = view.expect("a value").parts.into_iter();
        parts.map(|part| if part.is_changed { format!("[{}]", part.text) } else { part.text }).collect()
    }

    #[test]
    fn only_the_words_that_differ_are_marked() {
        let (before, after) = show(Some("Kind of Bleu, 1959"), Some("Kind of Blue, 1959"));
        assert_eq!((text(before), text(after)), ("Kind of [Bleu,] 1959".to_owned(), "Kind of [Blue,] 1959".to_owned()));
        let (before, after) = show(Some("1959"), Some("1960"));
        assert_eq!((text(before), text(after)), ("1959".to_owned(), "1960".to_owned()), "nothing is in common");
        let (before, after) = show(Some(""), Some("x"));
        assert!(before.expect("a side").is_empty() && !after.expect("a side").is_empty());
    }

    #[test]
    fn a_long_value_is_shortened_around_its_first_difference() {
        let begin = "word ".repeat(400);
        let (old, new) = (format!("{begin}old {begin}"), format!("{begin}new {begin}"));
        let (before, after) = show(Some(&old), Some(&new));
        let (before, after) = (before.expect("a side"), after.expect("a side"));
        assert_eq!(before.whole, Some(WholeValue::InPage(old)));
        let (before, after) = (text(Some(before)), text(Some(after)));
        assert!(before.starts_with("…word") && before.contains("[old]") && before.ends_with('…'), "{before}");
        assert!(after.contains("[new]") && after.chars().count() <= 204, "{after}");
        let (before, after) = show(None, Some(&begin));
        assert_eq!(before, None);
        assert!(text(after).starts_with("word word"));
    }
}
