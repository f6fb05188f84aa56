//! What keeps HTML from taking longer than its size: a parser that does all that HTML asks for takes time by the square of
//! how deep elements lie in one another, and of how many attributes a tag has.

/// How much of one text is read, in bytes, once what is too long has been left out.
pub(super) const SIZE: usize = 1 << 20;
/// How long a tag may be, in bytes: beyond are pictures that lie in the tag itself, which are not shown anyway.
const TAG: usize = 64 * 1024;
/// How many attributes a tag may have.
const ATTRIBUTES: usize = 100;
/// How many tags are kept of one text: each may grow by what is added to links and pictures.
const TAGS: usize = 20_000;
/// How many elements may be open at once.
const DEPTH: usize = 128;
/// How many of them may be such that HTML opens again in every paragraph after.
const FORMATS: usize = 16;

/// Elements that HTML opens again where they were not closed.
const FORMATTING: [&str; 14] =
    ["a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"];

/// Elements that hold nothing, or end by themselves where the next begins, and do not lie in one another alone.
const SHALLOW: [&str; 32] = [
    "area", "base", "br", "col", "colgroup", "dd", "dt", "embed", "hr", "img", "input", "li", "link", "meta",
    "optgroup", "option", "p", "param", "rb", "rp", "rt", "rtc", "source", "tbody", "td", "tfoot", "th", "thead", "tr",
    "track", "wbr", "keygen",
];

/// `html` without the tags that are more than it takes to be read: those that lie too deep, are too long or
/// have too many attributes. Their text stays.
pub(super) fn bounded(html: &str) -> String {
    let mut kept = String::with_capacity(html.len().min(SIZE));
    let mut open: Vec<&str> = Vec::new();
    let (mut formats, mut tags) = (0, 0);
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        kept.push_str(&rest[..at]);
        rest = &rest[at..];
        let Some(name) = name(rest) else {
            kept.push('<');
            rest = &rest[1..];
            continue;
        };
        let Some((length, many)) = measure(rest) else {
            // The last tag has no end, and is none.
            rest = "";
            break;
        };
        let tag = &rest[..length];
        rest = &rest[length..];
        if many > ATTRIBUTES || length > TAG || tags == TAGS {
            continue;
        }
        let is = |known: &&str| known.eq_ignore_ascii_case(name);
        let format = FORMATTING.iter().any(is);
        if SHALLOW.iter().any(is) {
            // Adds no depth.
        } else if tag.starts_with("</") {
            if let Some(at) = open.iter().rposition(is) {
                open.remove(at);
                formats -= usize::from(format);
            }
        } else if open.len() >= DEPTH || format && formats >= FORMATS {
            continue;
        } else {
            open.push(name);
            formats += usize::from(format);
        }
        kept.push_str(tag);
        tags += 1;
    }
    kept.push_str(rest);
    if kept.len() > SIZE {
        kept.truncate(kept.floor_char_boundary(SIZE));
    }
    kept
}

/// The name of the tag that `text` begins with.
fn name(text: &str) -> Option<&str> {
    let after = text.strip_prefix("</").unwrap_or(&text[1..]);
    if !after.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    let end = after.find(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>')).unwrap_or(after.len());
    Some(&after[..end])
}

/// How long the tag is that `text` begins with, and how many attributes it has, as HTML reads tags: a quotation mark is
/// one only after an equals sign.
fn measure(text: &str) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    let (mut many, mut at, mut in_name) = (0, 1, true);
    while at < bytes.len() {
        match bytes[at] {
            b'>' => return Some((at + 1, many)),
            b'=' if many > 0 => {
                at += 1;
                while bytes.get(at).is_some_and(u8::is_ascii_whitespace) {
                    at += 1;
                }
                match bytes.get(at) {
                    Some(quote @ (b'"' | b'\'')) => {
                        at += 2 + bytes[at + 1..].iter().position(|byte| byte == quote)?;
                    }
                    _ => {
                        while bytes.get(at).is_some_and(|byte| !byte.is_ascii_whitespace() && *byte != b'>') {
                            at += 1;
                        }
                    }
                }
                in_name = false;
            }
            byte if byte.is_ascii_whitespace() || byte == b'/' => {
                in_name = false;
                at += 1;
            }
            _ => {
                many += usize::from(!in_name);
                in_name = true;
                at += 1;
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{DEPTH, FORMATS, SIZE, bounded};

    #[test]
    fn what_people_write_stays_as_it_is() {
        let lists = "<ul><li>One<li>Two <a href='a>b' title=\"c\">x</a></ul><p>1 < 2 <3 <!-- a --> <br/><P CLASS=x>\n"
            .repeat(500);
        assert_eq!(bounded(&lists), lists);
    }

    #[test]
    fn tags_that_lie_too_deep_are_left_out_and_their_text_stays() {
        let deep = bounded(&"<div>x".repeat(1000));
        assert_eq!((deep.matches("<div>").count(), deep.matches('x').count()), (DEPTH, 1000));
        let misnested = bounded(&"<a><div></a>".repeat(1000));
        assert!(misnested.matches("<div>").count() <= DEPTH);
        assert_eq!(bounded(&"<b>x".repeat(1000)).matches("<b>").count(), FORMATS);
        assert_eq!(bounded(&"<div>x</div>".repeat(1000)).matches("<div>").count(), 1000);
    }

    #[test]
    fn tags_that_are_too_long_are_left_out() {
        let few = "<p a=b c = 'd' e/>";
        assert_eq!(bounded(few), few);
        let many: String = (0..200).map(|n| format!(" a{n}=\"> b c\"")).collect();
        assert_eq!(bounded(&format!("a<p{many}>b")), "ab");
        assert_eq!(bounded(&format!("a<img src='data:{}'>b", "x".repeat(70_000))), "ab");
        assert_eq!(bounded("a<p b='c"), "a");
        assert!(bounded(&"é".repeat(SIZE)).len() <= SIZE);
    }
}
