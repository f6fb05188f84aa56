//! The query of the page of a run: which of its changes are listed, and which pages of its lists.

use crate::domain::change_set::ChangeKind;
use crate::domain::sync_id::SyncId;
use crate::store::changes::ChangeFilter;
use crate::web::http::form::{FormValues, trimmed_value};
use crate::web::http::links::{LinkBuilder, with_query};

/// Which changes and which pages of the lists of a run are shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RunListQuery {
    /// The kind of changes; `None` for all.
    pub(super) kind: Option<ChangeKind>,
    /// The kind that was asked for, if there is no such kind; empty otherwise.
    pub(super) unknown_kind: String,
    /// The words that the changes must contain.
    pub(super) search: String,
    /// The page of changes, from 1.
    pub(super) page: u64,
    /// The page of issues, from 1.
    pub(super) issues: u64,
}

impl RunListQuery {
    /// Parses a query. A value that cannot be parsed counts as missing; an unknown kind is kept for a notice.
    pub(super) fn parse(values: &FormValues) -> Self {
        let number = |name| trimmed_value(values, name).parse().unwrap_or(1).max(1);
        let asked = trimmed_value(values, "kind");
        let kind = asked.parse().ok();
        Self {
            kind,
            unknown_kind: if kind.is_none() { asked } else { String::new() },
            search: trimmed_value(values, "q"),
            page: number("page"),
            issues: number("issues"),
        }
    }

    /// The changes that are listed.
    pub(super) fn filter(&self) -> ChangeFilter {
        ChangeFilter { kinds: self.kind.into_iter().collect(), search: self.search.clone() }
    }

    /// The link to the page of the run with this query, at the section with the id `section`.
    pub(super) fn link(&self, links: &LinkBuilder, run: SyncId, section: &str) -> String {
        let number = |page: u64| if page > 1 { page.to_string() } else { String::new() };
        let (page, issues) = (number(self.page), number(self.issues));
        let values = [("kind", self.kind_text()), ("q", &self.search), ("page", &page), ("issues", &issues)];
        format!("{}#{section}", with_query(&links.run(&run), &values))
    }

    /// The link to the listed changes as a file: `csv` or `json`.
    pub(super) fn download_link(&self, links: &LinkBuilder, run: SyncId, extension: &str) -> String {
        with_query(&links.run_changes(&run, extension), &[("kind", self.kind_text()), ("q", &self.search)])
    }

    /// The kind as a value of the query; empty for all kinds.
    pub(super) fn kind_text(&self) -> &'static str {
        self.kind.map_or("", ChangeKind::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::{FormValues, LinkBuilder, RunListQuery, SyncId};

    #[test]
    fn the_link_keeps_kind_search_and_pages() {
        let id = SyncId::new();
        let link = |pairs: &[(&str, &str)]| {
            let values: FormValues =
                pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            RunListQuery::parse(&values).link(&LinkBuilder::default(), id, "changes")
        };
        assert_eq!(link(&[("kind", "nonsense"), ("page", "0"), ("q", " ")]), format!("/history/{id}#changes"));
        assert_eq!(
            link(&[("kind", "updated"), ("q", "a&b"), ("page", "3"), ("issues", "2")]),
            format!("/history/{id}?kind=updated&q=a%26b&page=3&issues=2#changes")
        );
    }
}
