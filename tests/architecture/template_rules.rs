//! The rules for templates: no link written by hand, and no line too wide to read.

use super::source_tree::SourceFile;

/// The most columns of a line of a template.
const MAX_TEMPLATE_COLUMNS: usize = 140;

/// Attributes whose value is a link.
pub(super) const LINK_ATTRIBUTES: [&str; 11] = [
    "href",
    "src",
    "action",
    "formaction",
    "hx-get",
    "hx-post",
    "hx-put",
    "hx-patch",
    "hx-delete",
    "hx-push-url",
    "hx-replace-url",
];

/// Links to routes that do not come from the link builder, and so lack the path of the public URL: in attributes, and
/// as arguments of macros.
pub(super) fn find_hand_written_links(file: &SourceFile) -> Vec<String> {
    let is_written_by_hand = |line: &str| {
        let is_link = |name: &str| line.contains(&format!("{name}=\"/")) || line.contains(&format!("{name}='/"));
        LINK_ATTRIBUTES.iter().any(|name| is_link(name)) || line.contains("(\"/")
    };
    file.find_lines("links come from the link builder", is_written_by_hand)
}

/// Lines that are too wide.
pub(super) fn find_wide_lines(file: &SourceFile) -> Vec<String> {
    file.find_lines("the line is too wide", |line| line.chars().count() > MAX_TEMPLATE_COLUMNS)
}
