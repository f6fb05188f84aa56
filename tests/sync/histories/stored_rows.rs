//! The rows of a block as the database should have them.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use lockstep::domain::item::ColumnLayout;

use super::blocks::{BLOCK_ROWS, BlockContent};
use super::sheet::{column_names, row_cells};

/// A row as it should be stored.
pub(super) struct StoredRow {
    pub(super) key: String,
    pub(super) fields: String,
    /// The digest of the fields, in hexadecimal digits.
    pub(super) hash: String,
}

type RowsByBlock = HashMap<(usize, BlockContent), Rc<[StoredRow]>>;

thread_local! {
    /// Digests take a while in a debug build, and each block is compared many times.
    static BUILT: RefCell<RowsByBlock> = RefCell::default();
}

/// The rows of a block with this content.
pub(super) fn stored_rows(block: usize, content: BlockContent) -> Rc<[StoredRow]> {
    BUILT
        .with_borrow_mut(|built| Rc::clone(built.entry((block, content)).or_insert_with(|| build_rows(block, content))))
}

fn build_rows(block: usize, content: BlockContent) -> Rc<[StoredRow]> {
    let columns: Vec<String> = column_names(content.1).iter().map(|&name| name.to_owned()).collect();
    let layout = ColumnLayout::new(&columns, 0);
    let build = |row| {
        let cells = row_cells(block, row, content);
        let item = layout.build_item(&cells);
        let hash = item.hash.iter().map(|byte| format!("{byte:02x}")).collect();
        StoredRow { key: item.key, fields: item.fields, hash }
    };
    (0..BLOCK_ROWS).map(build).collect()
}
