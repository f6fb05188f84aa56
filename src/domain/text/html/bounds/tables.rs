//! Limits the content of tables that is outside of cells. HTML moves such content before the table, and the time for
//! each piece grows with the number of pieces before it.

/// The maximum number of such pieces in a text.
const MAX_MISPLACED: usize = 500;

/// The elements of a table.
const TABLE_ELEMENTS: [&str; 11] =
    ["table", "caption", "colgroup", "col", "tbody", "thead", "tfoot", "tr", "td", "th", "template"];

/// The open tables.
#[derive(Default)]
pub(super) struct OpenTables {
    /// For each open table, whether a cell or a caption is open in it.
    in_cell: Vec<bool>,
    misplaced: usize,
}

impl OpenTables {
    /// Returns whether a tag of `name` may be kept: false if it is outside of cells and there are too many of those.
    pub(super) fn admit_tag(&mut self, name: &str, ends: bool) -> bool {
        let name = TABLE_ELEMENTS.iter().find(|known| known.eq_ignore_ascii_case(name)).copied();
        match (name, ends) {
            (Some("table"), false) => self.in_cell.push(false),
            (Some("table"), true) => drop(self.in_cell.pop()),
            // The state of the tables before a template is unknown after it.
            (Some("template"), true) => self.in_cell.fill(false),
            (Some("template"), false) => {}
            (Some(name), _) => {
                if let Some(in_cell) = self.in_cell.last_mut() {
                    *in_cell = !ends && matches!(name, "td" | "th" | "caption");
                }
            }
            (None, _) if self.in_cell.last() == Some(&false) => {
                self.misplaced += 1;
                return self.misplaced <= MAX_MISPLACED;
            }
            (None, _) => {}
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_MISPLACED, OpenTables};

    #[test]
    fn elements_in_a_table_cell_are_not_misplaced() {
        let mut tables = OpenTables::default();
        for name in ["table", "tr", "td"] {
            assert!(tables.admit_tag(name, false));
        }
        assert!((0..2 * MAX_MISPLACED).all(|_| tables.admit_tag("br", false)), "in a cell");
        assert!(tables.admit_tag("TD", true));
        assert_eq!((0..2 * MAX_MISPLACED).filter(|_| tables.admit_tag("br", false)).count(), MAX_MISPLACED);
        assert!(tables.admit_tag("table", true) && tables.admit_tag("br", false), "after the table");
    }
}
