//! The view of a catalog and its table.

use askama::Template;

use super::cell_view::{CellStyle, CellView};
use super::column_view::{ColumnChoice, ColumnHead, SortMenu, SortState};
use super::embedding::EmbedOrigin;
use crate::web::layout::freshness_mark::FreshnessMark;
use crate::web::layout::run_labels::{RunStatus, StageIcon as _};
use crate::web::layout::time_label::TimeLabel;
use crate::web::layout::view::{PageFrame, counted, grouped};
use crate::web::panel::lines::ChangeIcon as _;
use crate::web::panel::view::PanelView;

/// `GET /catalog/{slug}`.
#[derive(Debug, Clone, Template)]
#[template(path = "catalog.html")]
pub(in crate::web) struct CatalogPage {
    /// The frame of the page.
    pub frame: PageFrame,
    /// The slug of the source.
    pub slug: String,
    /// The title of the catalog.
    pub title: String,
    /// What it is about, in a few sentences; may be empty.
    pub description: String,
    /// The link to the whole page, if this one is in a frame.
    pub embedded_from: Option<EmbedOrigin>,
    /// The name of one item: "album".
    pub noun_one: String,
    /// The name of several items: "albums".
    pub noun_many: String,
    /// The number of items in the catalog, whatever the search.
    pub count: u64,
    /// The end of the last successful sync.
    pub last_success: Option<TimeLabel>,
    /// Whether visitors without an account may read it.
    pub public: bool,
    /// The mark of a stale or paused source.
    pub freshness: Option<FreshnessMark>,
    /// The panel.
    pub panel: PanelView,
    /// The table.
    pub table: TableView,
}

/// The items of one page of a catalog.
#[derive(Debug, Clone, Default)]
pub(in crate::web) struct TableView {
    /// The link to exactly this view: `/catalog/albums?q=blue&sort=year&page=2`. The table is loaded from it again when
    /// a sync has ended.
    pub here: String,
    /// The search; empty if there is none.
    pub query: String,
    /// The value of `filter`, kept during a search; empty if all items are shown.
    pub filter: String,
    /// The filters of a catalog of articles, "All" first; empty for other catalogs.
    pub filters: Vec<FilterLink>,
    /// The parameters that a new search keeps: filters and order.
    pub kept: Vec<(String, String)>,
    /// The parameters that another choice of columns keeps: search, filters and order.
    pub kept_by_columns: Vec<(String, String)>,
    /// Whether a search or a filter is in force.
    pub is_filtered: bool,
    /// The link to all items.
    pub clear: String,
    /// All columns of the catalog, for choosing those that are shown.
    pub all_columns: Vec<ColumnChoice>,
    /// The link to the usual columns.
    pub usual_columns: String,
    /// The links to table and gallery; empty if the catalog has no pictures.
    pub layouts: Vec<LayoutLink>,
    /// Whether the items are shown as cards.
    pub is_gallery: bool,
    /// Whether the items are articles.
    pub has_articles: bool,
    /// The cards of the gallery.
    pub cards: Vec<GalleryCard>,
    /// The link to this page with its columns and its order, whatever the one who opens it usually sees.
    pub shared: String,
    /// The links to what is listed as a file, each with its label.
    pub downloads: Vec<(&'static str, String)>,
    /// The filters in force.
    pub chips: Vec<FilterChip>,
    /// The columns with few values.
    pub facets: Vec<FacetView>,
    /// All operators of filters.
    pub operators: Vec<OperatorOption>,
    /// Why parts of the address could not be applied.
    pub problems: Vec<String>,
    /// How far the index is that this view waits for; `None` if it is there.
    pub preparing: Option<PreparingView>,
    /// The time up to which changes are shown, if a run is making more.
    pub as_of: Option<TimeLabel>,
    /// The label of the order without a choice: that of the source, newest first, or that of the default view.
    pub usual_order: &'static str,
    /// The parameters of this view, for saving it as the default.
    pub saved_view: String,
    /// Whether a default view is saved.
    pub has_default: bool,
    /// The message to an admin who has just changed the default view.
    pub default_notice: Option<&'static str>,
    /// The orders that phones and the gallery offer in a menu.
    pub sort_menu: SortMenu,
    /// The columns in the table, in source order.
    pub columns: Vec<ColumnHead>,
    /// How many more columns the source has.
    pub more_columns: u64,
    /// The position of the column whose cells link to the items.
    pub lead: usize,
    /// The items.
    pub rows: Vec<TableRow>,
    /// The number of items found; without a search, of all items.
    pub found: u64,
    /// The number of the first row shown, from 1.
    pub first: u64,
    /// The number of the last row shown.
    pub last: u64,
    /// The link to the first page, unless it is this one or the previous one.
    pub first_page: Option<String>,
    /// The link to the previous page, if there is one.
    pub previous: Option<String>,
    /// The link to the next page, if there is one.
    pub next: Option<String>,
    /// The link to the last page, unless it is this one or the next one.
    pub last_page: Option<String>,
}

impl TableView {
    /// The column at a position.
    pub(in crate::web) fn column(&self, index: &usize) -> Option<&ColumnHead> {
        self.columns.get(*index)
    }

    /// Whether the text of a cell at a position may take several lines. Keys stay on one.
    pub(in crate::web) fn is_wrapped(&self, cell: &CellView, index: &usize) -> bool {
        cell.is_long() && self.column(index).is_none_or(|column| !column.is_key)
    }
}

/// A link to a layout.
#[derive(Debug, Clone, Default)]
pub(in crate::web) struct LayoutLink {
    /// The label.
    pub label: &'static str,
    /// The link, with the current search, filters and order.
    pub href: String,
    /// Whether it is the current layout.
    pub is_current: bool,
}

/// An item as a card of a gallery.
#[derive(Debug, Clone, Default)]
pub(in crate::web) struct GalleryCard {
    /// The link to the page of the item.
    pub href: String,
    /// The title, or the key if there is none.
    pub title: CellView,
    /// The picture.
    pub picture: Option<CellView>,
    /// The first columns besides title and pictures: name and cell.
    pub facts: Vec<(String, CellView)>,
}

/// A filter in force.
#[derive(Debug, Clone, Default)]
pub(in crate::web) struct FilterChip {
    /// What it selects: "genre is Jazz".
    pub label: String,
    /// The link without it.
    pub remove: String,
}

/// A column with few values.
#[derive(Debug, Clone, Default)]
pub(in crate::web) struct FacetView {
    /// The id of its menu in the page.
    pub menu: String,
    /// The column.
    pub column: String,
    /// The number of values that are selected.
    pub selected: u64,
    /// The values, those that are selected first, then the most frequent ones.
    pub values: Vec<FacetLink>,
    /// The number of values that are not listed.
    pub more: u64,
}

/// A value of a column.
#[derive(Debug, Clone, Default)]
pub(in crate::web) struct FacetLink {
    /// The value; empty for blank cells.
    pub label: String,
    /// The number of items that have it.
    pub count: u64,
    /// The link that selects it, or no longer.
    pub href: String,
    /// Whether it is selected.
    pub is_selected: bool,
}

/// An index that is being built.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::web) struct PreparingView {
    /// The number of items that were read.
    pub done: u64,
    /// The number of items of the catalog.
    pub total: u64,
}

/// An operator that a column can be filtered with.
#[derive(Debug, Clone, Copy)]
pub(in crate::web) struct OperatorOption {
    /// The word in addresses.
    pub word: &'static str,
    /// The label.
    pub label: &'static str,
}

/// A link to a filtered catalog.
#[derive(Debug, Clone, Default)]
pub(in crate::web) struct FilterLink {
    /// The label: "Unread".
    pub label: &'static str,
    /// The number of its items, whatever the search.
    pub count: u64,
    /// The link, with the current search and order.
    pub href: String,
    /// Whether it is the current filter.
    pub is_current: bool,
}

/// Whether an article is read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::web) enum ReadState {
    /// The item is not an article.
    #[default]
    NotAnArticle,
    /// It is read.
    Read,
    /// It is unread.
    Unread,
}

/// A row of the table: one item.
#[derive(Debug, Clone, Default)]
pub(in crate::web) struct TableRow {
    /// The link to its page.
    pub href: String,
    /// Its key, shown if the cell that links to it is empty.
    pub key: String,
    /// Its fields, one per column.
    pub cells: Vec<CellView>,
    /// Whether it is an unread article.
    pub read: ReadState,
}
