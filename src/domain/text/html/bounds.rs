//! Limits the nesting and the attributes of HTML, because the time of a full parser grows with the square of both.

mod tables;

use self::tables::OpenTables;

/// The maximum length of a text in bytes, after long tags were removed.
pub(super) const MAX_HTML_BYTES: usize = 1 << 20;
/// The maximum length of a tag in bytes. Longer ones are images with embedded data, which are not shown anyway.
const MAX_TAG_BYTES: usize = 64 * 1024;
/// The maximum number of attributes of a tag.
const MAX_ATTRIBUTES: usize = 100;
/// The maximum number of tags in a text, because links and images grow by the added attributes.
const MAX_TAGS: usize = 20_000;
/// The maximum number of open elements.
const MAX_DEPTH: usize = 128;
/// The maximum number of open formatting elements, which HTML reopens in every following paragraph.
const MAX_OPEN_FORMATS: usize = 16;

/// Formatting elements, which HTML reopens if they were not closed.
const FORMATTING_ELEMENTS: [&str; 14] =
    ["a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"];

/// Elements whose content is not HTML.
const RAW_TEXT_ELEMENTS: [&str; 2] = ["script", "style"];

/// Elements with other parsing rules. Their tags are removed; their content is parsed as HTML.
const FOREIGN_ELEMENTS: [&str; 2] = ["svg", "math"];

/// An empty comment.
const EMPTY_COMMENT: &str = "<!---->";

/// Elements that have no content, or that end where the next one begins, so that they do not nest.
const NON_NESTING_ELEMENTS: [&str; 27] = [
    "area", "base", "br", "col", "colgroup", "dd", "dt", "embed", "hr", "img", "input", "li", "link", "meta", "option",
    "p", "param", "source", "tbody", "td", "tfoot", "th", "thead", "tr", "track", "wbr", "keygen",
];

/// Returns `html` without tags that would make parsing slow: nested too deeply, too long, or with too many attributes.
/// Their text stays.
pub(super) fn limit_html(html: &str) -> String {
    let mut kept = String::with_capacity(html.len().min(MAX_HTML_BYTES));
    let mut open = OpenElements::default();
    let mut tables = OpenTables::default();
    let mut tags = 0;
    let mut unclosed = [false; RAW_TEXT_ELEMENTS.len()];
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        kept.push_str(&rest[..at]);
        rest = &rest[at..];
        let Some(name) = tag_name(rest) else {
            let message = comment_at_start(rest).unwrap_or("<");
            // Inside some elements a comment is text, and tags in it are tags; so its content is removed.
            kept.push_str(if message[1..].contains('<') { EMPTY_COMMENT } else { message });
            rest = &rest[message.len()..];
            continue;
        };
        let Some((length, attributes)) = measure_tag(rest) else {
            // The last tag has no end, so it is not a tag.
            rest = "";
            break;
        };
        let tag = &rest[..length];
        rest = &rest[length..];
        let ends = tag.starts_with("</");
        let is = |known: &&str| known.eq_ignore_ascii_case(name);
        let mut fits = attributes <= MAX_ATTRIBUTES
            && length <= MAX_TAG_BYTES
            && tags < MAX_TAGS
            && !FOREIGN_ELEMENTS.iter().any(is);
        // The content of a script is not HTML and is removed.
        if let (Some(at), false) = (RAW_TEXT_ELEMENTS.iter().position(is), ends) {
            let end = if unclosed[at] { None } else { find_end_tag(name, rest) };
            match end {
                Some(end) => rest = &rest[end..],
                None => {
                    unclosed[at] = true;
                    fits &= !tag.ends_with("/>");
                }
            }
        }
        fits = fits && tables.admit_tag(name, ends);
        if fits && ends {
            open.close_tag(name, &mut kept);
        }
        if fits && (ends || open.open_tag(name)) {
            kept.push_str(tag);
            tags += 1;
        } else if kept.ends_with('<') {
            // Otherwise it would form a tag with the following text.
            kept.push(' ');
        }
    }
    kept.push_str(rest);
    if kept.len() > MAX_HTML_BYTES {
        kept.truncate(kept.floor_char_boundary(MAX_HTML_BYTES));
    }
    kept
}

/// The open elements.
#[derive(Default)]
struct OpenElements<'a> {
    names: Vec<&'a str>,
    /// The number of open formatting elements.
    formats: usize,
}

impl<'a> OpenElements<'a> {
    /// Records a start tag of `name`. Returns false if it would be nested too deeply.
    fn open_tag(&mut self, name: &'a str) -> bool {
        let is = |known: &&str| known.eq_ignore_ascii_case(name);
        if NON_NESTING_ELEMENTS.iter().any(is) {
            return true;
        }
        let format = FORMATTING_ELEMENTS.iter().any(is);
        if self.names.len() >= MAX_DEPTH || format && self.formats >= MAX_OPEN_FORMATS {
            return false;
        }
        self.names.push(name);
        self.formats += usize::from(format);
        true
    }

    /// Records an end tag of `name`, after writing end tags for the elements that are open inside it. HTML ignores the
    /// end tag of an element with open content, or reopens the content, so that nesting would grow although the
    /// elements seem to be closed.
    fn close_tag(&mut self, name: &str, kept: &mut String) {
        let Some(at) = self.names.iter().rposition(|open| open.eq_ignore_ascii_case(name)) else { return };
        for (inside, open) in self.names.drain(at..).enumerate().rev() {
            self.formats -= usize::from(FORMATTING_ELEMENTS.iter().any(|known| known.eq_ignore_ascii_case(open)));
            if inside > 0 {
                kept.extend(["</", open, ">"]);
            }
        }
    }
}

/// Returns the name of the tag at the beginning of `text`.
fn tag_name(text: &str) -> Option<&str> {
    let after = text.strip_prefix("</").unwrap_or(&text[1..]);
    if !after.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    let end = after.find(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>')).unwrap_or(after.len());
    Some(&after[..end])
}

/// Returns the comment at the beginning of `text`, or what HTML treats as one: `<!…>`, `<?…>`, and an end tag without a
/// name. A comment without an end extends to the end of the text.
fn comment_at_start(text: &str) -> Option<&str> {
    let whole = |end: Option<usize>| end.map_or(text, |end| &text[..=end]);
    if text.starts_with("<!--") {
        const OPENING_BYTES: usize = 4;
        let ends = |end: &usize| {
            let message = &text[OPENING_BYTES..*end];
            matches!(message, "" | "-") || message.ends_with("--") || message.ends_with("--!")
        };
        return Some(whole(text[OPENING_BYTES..].match_indices('>').map(|(at, _)| OPENING_BYTES + at).find(ends)));
    }
    ["<!", "<?", "</"].iter().any(|begin| text.starts_with(begin)).then(|| whole(text.find('>')))
}

/// Returns the position of the end tag of `name`.
fn find_end_tag(name: &str, text: &str) -> Option<usize> {
    let is_end = |at: &usize| {
        let rest = &text.as_bytes()[at + 2..];
        let after = rest.get(name.len()).is_some_and(|byte| byte.is_ascii_whitespace() || matches!(byte, b'/' | b'>'));
        after && rest[..name.len()].eq_ignore_ascii_case(name.as_bytes())
    };
    text.match_indices("</").map(|(at, _)| at).find(is_end)
}

/// The part of a tag at the current byte.
#[derive(Clone, Copy)]
enum TagPart {
    TagName,
    BeforeName,
    Name,
    AfterName,
    BeforeValue,
    Quoted(u8),
    Bare,
}

/// Returns the length of the tag at the beginning of `text` and the number of its attributes, by the rules of WHATWG
/// HTML, "Tokenization": a quotation mark counts only after an equals sign, and an equals sign only after a name.
fn measure_tag(text: &str) -> Option<(usize, usize)> {
    let (mut part, mut attributes) = (TagPart::TagName, 0);
    let begins = if text.starts_with("</") { 2 } else { 1 };
    for (at, byte) in text.bytes().enumerate().skip(begins) {
        part = match (part, byte) {
            (TagPart::Quoted(quote), _) if byte == quote => TagPart::BeforeName,
            (TagPart::Quoted(_), _) => part,
            (_, b'>') => return Some((at + 1, attributes)),
            (TagPart::BeforeValue, b'"' | b'\'') => TagPart::Quoted(byte),
            (TagPart::BeforeValue, _) if byte.is_ascii_whitespace() => part,
            (TagPart::BeforeValue, _) => TagPart::Bare,
            (TagPart::Name | TagPart::AfterName, _) if byte.is_ascii_whitespace() => TagPart::AfterName,
            (_, _) if byte.is_ascii_whitespace() => TagPart::BeforeName,
            (TagPart::Bare, _) => part,
            (_, b'/') => TagPart::BeforeName,
            (TagPart::Name | TagPart::AfterName, b'=') => TagPart::BeforeValue,
            (TagPart::BeforeName | TagPart::AfterName, _) => {
                attributes += 1;
                TagPart::Name
            }
            (TagPart::TagName | TagPart::Name, _) => part,
        };
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{EMPTY_COMMENT, MAX_DEPTH, MAX_HTML_BYTES, MAX_OPEN_FORMATS, limit_html};

    #[test]
    fn ordinary_text_is_unchanged() {
        let lists = "<ul><li>One<li>Two <a href='a>b' title=\"c\">x</a></ul><p>1 < 2 <3 <!-- a --> <br/><P CLASS=x>\n"
            .repeat(500);
        assert_eq!(limit_html(&lists), lists);
    }

    #[test]
    fn tags_that_lie_too_deep_are_left_out_and_their_text_stays() {
        let deep = limit_html(&"<div>x".repeat(1000));
        assert_eq!((deep.matches("<div>").count(), deep.matches('x').count()), (MAX_DEPTH, 1000));
        let misnested = limit_html(&"<i><DIV></i></div><span><div></span>x</div>".repeat(1000));
        assert_eq!(misnested, "<i><DIV></DIV></i></div><span><div></div></span>x</div>".repeat(1000));
        assert_eq!(limit_html(&"<b>x".repeat(1000)).matches("<b>").count(), MAX_OPEN_FORMATS);
        assert_eq!(limit_html(&"<div>x</div>".repeat(1000)).matches("<div>").count(), 1000);
    }

    #[test]
    fn tags_that_are_too_long_are_left_out() {
        let few = "<p a=b c = 'd' e/>";
        assert_eq!(limit_html(few), few);
        let attributes: String = (0..200).map(|n| format!(" a{n}=\"> b c\"")).collect();
        assert_eq!(limit_html(&format!("a<p{attributes}>b")), "ab");
        assert_eq!(limit_html(&format!("a<img src='data:{}'>b", "x".repeat(70_000))), "ab");
        assert_eq!(limit_html("a<p b='c"), "a");
        assert!(limit_html(&"é".repeat(MAX_HTML_BYTES)).len() <= MAX_HTML_BYTES);
    }

    #[test]
    fn a_comment_opens_no_element_and_hides_no_text() {
        let text = "<!-- <div> --><p>x</p>".repeat(1000);
        assert_eq!(limit_html(&text), format!("{EMPTY_COMMENT}<p>x</p>").repeat(1000));
        assert_eq!(limit_html(&format!("{text}<div>y</div>")).matches("<div>y</div>").count(), 1);
        for message in
            ["<!-- <a b=\" -->", "<!--><a b-->", "<!---><i>", "<!-- <i --!>", "<![CDATA[<i>", "<?a <i b='>", "</ <i>"]
        {
            let kept = limit_html(&format!("{message}<b>x</b> \" '"));
            assert!(kept.ends_with("<b>x</b> \" '"), "{message}: {kept}");
        }
        let kept = ["<!DOCTYPE html>x", "<?xml version='1.0'?>x", "<!-- a > b -->x", "<!-->x", "</>x", "<![CDATA[x]]>"];
        assert_eq!(kept.map(limit_html), kept);
        assert_eq!(limit_html("a<!-- <b> x"), format!("a{EMPTY_COMMENT}"), "the rest is a comment");
    }

    #[test]
    fn the_text_of_a_script_is_not_read_as_tags() {
        let script = "<script>if (a<b && c=\"<div>\") {}</Script ><style>a:before { content: '<b' }</style>x";
        assert_eq!(limit_html(script), "<script></Script ><style></style>x");
        assert_eq!(limit_html("<svg><style/>x</svg>"), "x");
        // A parser that reads the element's content as text does not see the comment, so the tags in it count as tags.
        let hidden = format!("<xmp><!-- </xmp>{}-->x", "<div>".repeat(1000));
        assert!(!limit_html(&hidden).contains("<div>"));
    }

    #[test]
    fn removals_form_no_new_tag_and_tags_end_where_a_browser_ends_them() {
        let bold = "<b>".repeat(MAX_OPEN_FORMATS);
        let made = limit_html(&(bold + &"<<b>div>".repeat(1000)));
        assert!(!made.contains("<div>"), "{made}");
        for hides in ["<p a/=\"><div>\">", "<p a =b=\"><div>\">", "<p \"=><div>\">", "<p a='b'=\"><div>\">"] {
            let text = hides.repeat(1000);
            assert!(limit_html(&text).matches("<div>").count() <= MAX_DEPTH, "{hides}");
        }
    }
}
