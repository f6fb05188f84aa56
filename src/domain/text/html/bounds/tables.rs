//! What stands in a table and in none of its cells: HTML puts it before the table, and takes time for each piece by the
//! number of those that are there already.

/// How many such pieces are put before the tables of a text.
const MAX_MISPLACED: usize = 500;

/// Elements that a table is made of.
const TABLE_ELEMENTS: [&str; 11] =
    ["table", "caption", "colgroup", "col", "tbody", "thead", "tfoot", "tr", "td", "th", "template"];

/// The tables that are open.
#[derive(Default)]
pub(super) struct OpenTables {
    /// Whether a cell or a caption is open in each of them.
    in_cell: Vec<bool>,
    misplaced: usize,
}

impl OpenTables {
    /// Takes a tag of `name`, unless it is misplaced and there are too many of those.
    pub(super) fn admit_tag(&mut self, name: &str, ends: bool) -> bool {
        let name = TABLE_ELEMENTS.iter().find(|known| known.eq_ignore_ascii_case(name)).copied();
        match (name, ends) {
            (Some("table"), false) => self.in_cell.push(false),
            (Some("table"), true) => drop(self.in_cell.pop()),
            // What was open in a template tells nothing of the table around it.
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
    fn what_stands_in_a_cell_is_in_its_place() {
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
