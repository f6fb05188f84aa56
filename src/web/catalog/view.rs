//! A catalog and its table.

use askama::Template;

use super::cell_view::{CellStyle, CellView};
use crate::web::layout::run_labels::{Kind, KindWords as _, RunStatus, StageWords as _, StatusWords as _};
use crate::web::layout::view::{PageFrame, TimeLabel, counted, grouped};
use crate::web::panel::view::{ChangeWords as _, PanelView, StartNotice};

/// `GET /catalog/{slug}`.
#[derive(Debug, Clone, Template)]
#[template(path = "catalog.html")]
pub struct CatalogPage {
    /// The frame.
    pub chrome: PageFrame,
    /// The source, as in the address.
    pub slug: String,
    /// The catalog's name.
    pub name: String,
    /// One of its items: "album".
    pub noun_one: String,
    /// Several of them: "albums".
    pub noun_many: String,
    /// All items of the catalog, whatever is searched for.
    pub count: u64,
    /// The end of the last successful sync.
    pub last_success: Option<TimeLabel>,
    /// Whether visitors without an account may read it.
    pub public: bool,
    /// The panel.
    pub panel: PanelView,
    /// The table.
    pub table: TableView,
}

/// The items of one page of a catalog.
#[derive(Debug, Clone, Default)]
pub struct TableView {
    /// The address of exactly this view, with search, sorting and page: `/catalog/albums?q=blue&sort=year&page=2`.
    /// The table asks for it again when a sync has ended.
    pub here: String,
    /// What is searched for; empty when nothing is.
    pub query: String,
    /// The value of `filter` in the address, carried along by a search; empty where all items are shown.
    pub filter: String,
    /// The parts of a catalog of articles, all of it first; none for other catalogs.
    pub filters: Vec<FilterLink>,
    /// Whether the newest come first where nobody asks for an order.
    pub newest_first: bool,
    /// The value of `sort` in the address, carried along by a search; empty for the order that nobody asked for: that
    /// of the source, or the newest first.
    pub sort: String,
    /// The columns that are shown, in the source's order.
    pub columns: Vec<ColumnHead>,
    /// How many more the source has.
    pub more_columns: u64,
    /// The column that readers know an item by: its cells lead to the items' pages.
    pub lead: usize,
    /// The items.
    pub rows: Vec<TableRow>,
    /// How many items the search found (all of them without one).
    pub found: u64,
    /// The number of the first row shown, from 1.
    pub first: u64,
    /// The number of the last row shown.
    pub last: u64,
    /// The address of the page before, if there is one.
    pub previous: Option<String>,
    /// The address of the page after, if there is one.
    pub next: Option<String>,
}

impl TableView {
    /// The column of a row's cell; none for a cell too many.
    pub fn column(&self, index: &usize) -> Option<&ColumnHead> {
        self.columns.get(*index)
    }
}

/// The head of a column.
#[derive(Debug, Clone, Default)]
pub struct ColumnHead {
    /// Its name, cut where it is long.
    pub name: String,
    /// The value of `sort` that sorts by it; with a hyphen before it the last come first.
    pub sort: String,
    /// The address that sorts by it, or turns the order around.
    pub href: String,
    /// Whether and how the table is sorted by it.
    pub sorted: SortState,
    /// The name of its looks in the stylesheet: `num`, `date`, `link`, `pic`, or nothing for texts.
    pub class: &'static str,
    /// Whether it is the key: what tells the items apart.
    pub key: bool,
}

/// A link to a part of a catalog.
#[derive(Debug, Clone, Default)]
pub struct FilterLink {
    /// What it is called: "Unread".
    pub label: &'static str,
    /// How many items it has, whatever is searched for.
    pub count: u64,
    /// Its address, with the search and the order.
    pub href: String,
    /// Whether it is shown now.
    pub current: bool,
}

/// Whether somebody has read an article.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ReadState {
    /// It is no article.
    #[default]
    Unasked,
    /// It is read.
    Yes,
    /// It is not.
    No,
}

/// How a table is sorted by a column.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SortState {
    /// By another one.
    #[default]
    No,
    /// Smallest first.
    Ascending,
    /// Largest first.
    Descending,
}

impl SortState {
    /// The value of `aria-sort`.
    pub fn aria(self) -> &'static str {
        match self {
            Self::No => "none",
            Self::Ascending => "ascending",
            Self::Descending => "descending",
        }
    }
}

/// One item.
#[derive(Debug, Clone, Default)]
pub struct TableRow {
    /// The address of its page.
    pub href: String,
    /// Its key, shown where the cell that leads to it is empty.
    pub key: String,
    /// Its fields, one per column.
    pub cells: Vec<CellView>,
    /// Whether it is an article that somebody has yet to read.
    pub seen: ReadState,
}
