//! Describes the pages of public catalogs for search engines and the previews of links.

use super::cell_view::{CellStyle, CellView};
use super::item_view::ItemField;
use super::table::ITEMS_PER_PAGE;
use super::view::TableView;
use crate::domain::source::Source;
use crate::domain::text::html::html_to_text;
use crate::store::catalogs::Catalog;
use crate::web::http::form::clip_text;
use crate::web::http::links::LinkBuilder;
use crate::web::item_lists::list_address::ListAddress;
use crate::web::layout::page_description::PageDescription;
use crate::web::layout::view::counted;

/// The most characters of a summary. Search engines show about half of them.
const MAX_SUMMARY_CHARS: usize = 300;
/// The most characters of one field in a summary.
const MAX_FIELD_CHARS: usize = 120;
/// The most columns that the summary of a catalog without a description names.
const MAX_NAMED_COLUMNS: usize = 6;

/// A page of a public catalog and where it can be reached.
pub(super) struct DescribedPage<'a> {
    pub(super) source: &'a Source,
    pub(super) links: &'a LinkBuilder,
    /// Scheme and host by which others reach this server.
    pub(super) origin: &'a str,
    pub(super) is_embedded: bool,
}

impl DescribedPage<'_> {
    /// The description of the page of a catalog; `None` if the catalog is private.
    ///
    /// The pages of the whole list are known by their own address. Everything else shows the same items in another
    /// order or fewer of them, and is known by the first page of the whole list.
    pub(super) fn describe_catalog(
        &self,
        catalog: &Catalog,
        address: &ListAddress,
        table: &TableView,
    ) -> Option<PageDescription> {
        let is_whole = ListAddress { is_embedded: false, ..address.clone() }.parameters().is_empty();
        let page = if is_whole { table.first.div_ceil(ITEMS_PER_PAGE).max(1) } else { 1 };
        let link = ListAddress::default().link(&self.links.catalog(self.source.slug.as_str()), page);
        let cells = table.rows.iter().flat_map(|row| &row.cells);
        self.describe(PageDescription {
            title: self.source.title().to_owned(),
            summary: self.summarize_catalog(catalog),
            kind: "website",
            site_name: "Lockstep".to_owned(),
            canonical: link,
            picture: find_picture(cells),
            is_listed: false,
        })
    }

    /// The description of the page of an item; `None` if the catalog is private.
    pub(super) fn describe_item(
        &self,
        catalog: &Catalog,
        id: &str,
        heading: &str,
        fields: &[ItemField],
    ) -> Option<PageDescription> {
        let facts = fields.iter().filter_map(|field| self.summarize_field(field, heading)).collect::<Vec<_>>();
        let summary = if facts.is_empty() { self.summarize_catalog(catalog) } else { facts.join(" · ") };
        self.describe(PageDescription {
            title: heading.to_owned(),
            summary,
            kind: "article",
            site_name: self.source.title().to_owned(),
            canonical: self.links.item(self.source.slug.as_str(), id),
            picture: find_picture(fields.iter().map(|field| &field.cell)),
            is_listed: false,
        })
    }

    fn describe(&self, page: PageDescription) -> Option<PageDescription> {
        self.source.public.then(|| PageDescription {
            summary: clip_text(&to_one_line(&page.summary), MAX_SUMMARY_CHARS),
            canonical: format!("{}{}", self.origin, page.canonical),
            is_listed: self.source.is_listed() && !self.is_embedded,
            ..page
        })
    }

    /// The description of the catalog; without one, the number of its items and their columns.
    fn summarize_catalog(&self, catalog: &Catalog) -> String {
        let Source { page, noun, .. } = self.source;
        if !page.description.is_empty() {
            return page.description.clone();
        }
        let count = counted(&catalog.item_count, &noun.one, &noun.many);
        let columns = catalog.columns.iter().take(MAX_NAMED_COLUMNS).map(|name| clip_text(name, MAX_FIELD_CHARS));
        let columns: Vec<String> = columns.collect();
        if columns.is_empty() { count } else { format!("{count}: {}", columns.join(", ")) }
    }

    /// A field as a part of a summary. Links and pictures say nothing in a line of text, nor does the title.
    fn summarize_field(&self, field: &ItemField, heading: &str) -> Option<String> {
        let text = match &field.cell.style {
            CellStyle::Link(_) | CellStyle::Picture { .. } => return None,
            CellStyle::Markup(html) => html_to_text(html),
            CellStyle::Text | CellStyle::Time(_) => field.cell.text.trim().to_owned(),
        };
        let is_known = text == heading || field.name == self.source.key_column;
        (!text.is_empty() && !is_known).then(|| format!("{}: {}", field.name, clip_text(&text, MAX_FIELD_CHARS)))
    }
}

/// The first picture that others load without a warning.
fn find_picture<'a>(mut cells: impl Iterator<Item = &'a CellView>) -> Option<String> {
    cells.find_map(|cell| match &cell.style {
        CellStyle::Picture { href, .. } if href.starts_with("https://") => Some(href.clone()),
        _ => None,
    })
}

fn to_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
