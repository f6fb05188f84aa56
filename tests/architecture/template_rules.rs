//! The rules for templates: no link written by hand, and no line too wide to read.

use super::source_tree::SourceFile;

/// The most columns of a line of a template.
const MAX_TEMPLATE_COLUMNS: usize = 140;

/// Attributes whose value is a link.
const LINK_ATTRIBUTES: [&str; 7] = ["href", "src", "action", "formaction", "hx-get", "hx-post", "hx-push-url"];

/// Links to routes that do not come from the link builder, and so lack the path of the public URL.
pub(super) fn find_hand_written_links(file: &SourceFile) -> Vec<String> {
    let is_link = |line: &str| {
        LINK_ATTRIBUTES.iter().any(|name| line.contains(&format!("{name}=\"/")) || line.contains(&format!("{name}='/")))
    };
    find_lines(file, "links come from the link builder", is_link)
}

/// Lines that are too wide.
pub(super) fn find_wide_lines(file: &SourceFile) -> Vec<String> {
    find_lines(file, "the line is too wide", |line| line.chars().count() > MAX_TEMPLATE_COLUMNS)
}

fn find_lines(file: &SourceFile, fault: &str, is_fault: impl Fn(&str) -> bool) -> Vec<String> {
    let lines = file.text.lines().enumerate().filter(|(_, line)| is_fault(line));
    lines.map(|(at, _)| format!("{}:{}: {fault}", file.path, at + 1)).collect()
}

#[test]
fn links_written_by_hand_and_wide_lines_are_found() {
    let template = |text: &str| SourceFile { path: "templates/a.html".to_owned(), text: text.to_owned() };
    for bad in ["<a href=\"/history\">", "<form action='/login'>", "\n<b hx-get=\"/catalog/{{ slug }}/sync-status\">"] {
        assert_eq!(find_hand_written_links(&template(bad)).len(), 1, "{bad}");
    }
    for good in ["<a href=\"{{ links.history() }}\">", "<a href=\"https://example.org/\">", "<use href=\"#icon\"/>"] {
        assert!(find_hand_written_links(&template(good)).is_empty(), "{good}");
    }
    assert_eq!(find_wide_lines(&template(&"ä".repeat(141))), ["templates/a.html:1: the line is too wide"]);
    assert!(find_wide_lines(&template(&"ä".repeat(140))).is_empty());
}
