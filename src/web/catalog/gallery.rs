//! Builds the cards of a gallery, for catalogs with pictures.

use super::cell_view::{CellStyle, CellView};
use super::cells::table_cell;
use super::shown_columns::ShownColumns;
use super::view::{GalleryCard, TableRow};
use crate::domain::columns::column_type::ColumnType;
use crate::store::catalogs::Catalog;
use crate::store::items::Item;

/// The most facts of a card.
const MAX_FACTS: usize = 3;
/// The most characters of the link of a picture.
const MAX_LINK_CHARS: usize = 2000;

/// The items of a page as cards: the first picture, the title, and the first columns that are shown besides.
pub(super) fn build_cards(
    catalog: &Catalog,
    items: &[Item],
    columns: &ShownColumns<'_>,
    rows: &[TableRow],
) -> Vec<GalleryCard> {
    let names = columns.names();
    let card = |(item, row): (&Item, &TableRow)| {
        let lead = row.cells.get(columns.lead).cloned().unwrap_or_default();
        let title = if lead.text.trim().is_empty() {
            CellView { text: row.key.clone(), ..CellView::default() }
        } else {
            CellView { style: CellStyle::Text, ..lead }
        };
        let is_fact = |(index, (name, cell)): &(usize, (&String, &CellView))| {
            let is_other = *index != columns.lead && !columns.is_key(name);
            is_other && catalog.column_type(name) != ColumnType::Image && !cell.text.trim().is_empty()
        };
        let cells = names.iter().zip(&row.cells).enumerate().filter(is_fact);
        GalleryCard {
            href: row.href.clone(),
            picture: find_picture(catalog, item, &title.text),
            facts: cells.take(MAX_FACTS).map(|(_, (name, cell))| (name.clone(), cell.clone())).collect(),
            title,
        }
    };
    items.iter().zip(rows).map(card).collect()
}

/// The first cell of an item that is a picture.
fn find_picture(catalog: &Catalog, item: &Item, alt: &str) -> Option<CellView> {
    let pictures = item.fields.iter().filter(|(name, _)| catalog.column_type(name) == ColumnType::Image);
    let mut cells = pictures.map(|(_, cell)| table_cell(cell, ColumnType::Image, MAX_LINK_CHARS, || alt.to_owned()));
    cells.find(|cell| matches!(cell.style, CellStyle::Picture { .. }))
}
