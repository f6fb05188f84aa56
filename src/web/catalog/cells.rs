//! Builds the views of cells by the type of their column. The text stays as written.

use chrono::DateTime;

use super::cell_view::{CellStyle, CellView};
use crate::domain::columns::column_type::ColumnType;
use crate::domain::columns::links::parse_link;
use crate::domain::text::html;
use crate::web::http::form::clip_text;
use crate::web::layout::time_label::time_label;

/// The most characters of HTML that are searched for its first words.
const MAX_HTML_CHARS: usize = 4000;

/// A cell of a table, clipped to `max_chars` characters. `alt` is the alternative text of a picture.
pub(super) fn table_cell(value: &str, column: ColumnType, max_chars: usize, alt: impl FnOnce() -> String) -> CellView {
    if column == ColumnType::Html {
        let words = html::html_to_text(&clip_text(value, MAX_HTML_CHARS));
        return CellView { text: clip_text(&words, max_chars), ..CellView::default() };
    }
    CellView { text: clip_text(value, max_chars), style: cell_style(value, column, alt), parts: Vec::new() }
}

/// A cell of the page of an item, in full. URLs are links there, even in a text column. The links of an embedded page
/// leave its frame.
pub(super) fn page_cell(
    value: String,
    column: ColumnType,
    is_embedded: bool,
    alt: impl FnOnce() -> String,
) -> CellView {
    let style = match column {
        // It was sanitised when it was fetched, and is sanitised again by the current rules.
        ColumnType::Html if !value.trim().is_empty() => {
            let safe = html::sanitize_html(&value, None);
            CellStyle::Markup(if is_embedded { html::open_links_in_new_tab(&safe) } else { safe })
        }
        ColumnType::Text => cell_style(&value, ColumnType::Link, alt),
        column => cell_style(&value, column, alt),
    };
    CellView { text: value, style, parts: Vec::new() }
}

fn cell_style(value: &str, column: ColumnType, alt: impl FnOnce() -> String) -> CellStyle {
    let found = match column {
        ColumnType::Link => parse_link(value).map(|url| CellStyle::Link(url.into())),
        ColumnType::Image => parse_link(value).map(|url| CellStyle::Picture { href: url.into(), alt: alt() }),
        ColumnType::Moment => {
            DateTime::parse_from_rfc3339(value).ok().map(|moment| CellStyle::Time(time_label(moment.to_utc())))
        }
        ColumnType::Text | ColumnType::Number(_) | ColumnType::Date(_) | ColumnType::Html | ColumnType::Flag => None,
    };
    found.unwrap_or_default()
}

/// The class of a column in the stylesheet.
pub(super) fn column_class(column: ColumnType) -> &'static str {
    match column {
        ColumnType::Number(_) => "cell-number",
        ColumnType::Date(_) | ColumnType::Moment => "cell-date",
        ColumnType::Link => "cell-link",
        ColumnType::Image => "cell-picture",
        ColumnType::Text | ColumnType::Html | ColumnType::Flag => "",
    }
}

#[cfg(test)]
mod tests {
    use super::{CellStyle, ColumnType, page_cell, table_cell};

    fn alt() -> String {
        "Cover: 5AM".to_owned()
    }

    #[test]
    fn a_value_that_does_not_fit_its_column_stays_text() {
        for column in [ColumnType::Link, ColumnType::Image, ColumnType::Moment] {
            for value in ["javascript:alert(1)", "data:image/png;base64,AA", "soon", "<b>", ""] {
                let cell = table_cell(value, column, 300, alt);
                assert!(matches!(cell.style, CellStyle::Text) && cell.text == value, "{value} as {column:?}");
            }
        }
    }

    #[test]
    fn html_is_plain_text_in_a_table_and_sanitised_on_a_page() {
        let article = "<p>First <b>words</b></p><script>alert(1)</script><p onclick='x()'>More</p>";
        assert_eq!(table_cell(article, ColumnType::Html, 12, alt).text.trim_end_matches('…'), "First words ");
        let cell = page_cell(article.to_owned(), ColumnType::Html, false, alt);
        let CellStyle::Markup(html) = cell.style else { panic!("{:?}", cell.style) };
        assert!(html.contains("<b>words</b>") && !html.contains("alert") && !html.contains("onclick"), "{html}");
    }
}
