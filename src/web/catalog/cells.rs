//! Cells for people: by the type of their column, and never other than they are written.

use chrono::DateTime;

use super::cell_view::{CellStyle, CellView};
use crate::domain::columns::column_type::ColumnType;
use crate::domain::columns::links::address;
use crate::domain::text::html;
use crate::web::http::form::clipped;
use crate::web::layout::page::when;

/// The most characters of markup that the first words of it are looked for in.
const BEGINNING: usize = 4000;

/// A cell of a table, cut to `most` characters. `alt` says what a picture shows.
pub(super) fn in_table(value: &str, column: ColumnType, most: usize, alt: impl FnOnce() -> String) -> CellView {
    if column == ColumnType::Html {
        let words = html::text(&clipped(value, BEGINNING));
        return CellView { text: clipped(&words, most), looks: CellStyle::Text };
    }
    CellView { text: clipped(value, most), looks: looks(value, column, alt) }
}

/// A cell of an item's page, whole. Addresses are links there whatever their column is.
pub(super) fn on_page(value: String, column: ColumnType, alt: impl FnOnce() -> String) -> CellView {
    let looks = match column {
        // Made safe when it was fetched, and once more by the rules of today.
        ColumnType::Html if !value.trim().is_empty() => CellStyle::Markup(html::safe(&value, None)),
        ColumnType::Text => looks(&value, ColumnType::Link, alt),
        column => looks(&value, column, alt),
    };
    CellView { text: value, looks }
}

fn looks(value: &str, column: ColumnType, alt: impl FnOnce() -> String) -> CellStyle {
    let found = match column {
        ColumnType::Link => address(value).map(|url| CellStyle::Link(url.into())),
        ColumnType::Image => address(value).map(|url| CellStyle::Picture { href: url.into(), alt: alt() }),
        ColumnType::Moment => {
            DateTime::parse_from_rfc3339(value).ok().map(|moment| CellStyle::Moment(when(moment.to_utc())))
        }
        ColumnType::Text | ColumnType::Number(_) | ColumnType::Date(_) | ColumnType::Html | ColumnType::Flag => None,
    };
    found.unwrap_or_default()
}

/// The name of a column's looks in the stylesheet.
pub(super) fn class(column: ColumnType) -> &'static str {
    match column {
        ColumnType::Number(_) => "num",
        ColumnType::Date(_) | ColumnType::Moment => "date",
        ColumnType::Link => "link",
        ColumnType::Image => "pic",
        ColumnType::Flag => "flag",
        ColumnType::Text | ColumnType::Html => "",
    }
}

#[cfg(test)]
mod tests {
    use super::{CellStyle, ColumnType, in_table, on_page};

    fn alt() -> String {
        "Cover: 5AM".to_owned()
    }

    #[test]
    fn a_cell_that_is_not_what_its_column_is_stays_text() {
        for column in [ColumnType::Link, ColumnType::Image, ColumnType::Moment] {
            for value in ["javascript:alert(1)", "data:image/png;base64,AA", "soon", "<b>", ""] {
                let cell = in_table(value, column, 300, alt);
                assert!(matches!(cell.looks, CellStyle::Text) && cell.text == value, "{value} as {column:?}");
            }
        }
    }

    #[test]
    fn markup_is_its_first_words_in_a_table_and_safe_on_a_page() {
        let article = "<p>First <b>words</b></p><script>alert(1)</script><p onclick='x()'>More</p>";
        assert_eq!(in_table(article, ColumnType::Html, 12, alt).text.trim_end_matches('…'), "First words ");
        let cell = on_page(article.to_owned(), ColumnType::Html, alt);
        let CellStyle::Markup(html) = cell.looks else { panic!("{:?}", cell.looks) };
        assert!(html.contains("<b>words</b>") && !html.contains("alert") && !html.contains("onclick"), "{html}");
    }
}
