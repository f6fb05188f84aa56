//! The columns of the catalog of the model.

use lockstep::domain::columns::column_type::ColumnType;

use super::sheet::column_names;

/// The columns of the catalog, and the type of each.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(super) struct ModelColumns {
    pub(super) names: Vec<&'static str>,
    pub(super) types: Vec<ColumnType>,
}

impl ModelColumns {
    pub(super) fn of_sheet(has_note: bool) -> Self {
        let names = column_names(has_note).to_vec();
        let column_type = |name: &&str| if *name == "note" { ColumnType::Link } else { ColumnType::Text };
        Self { types: names.iter().map(column_type).collect(), names }
    }

    /// With those of `other` that are missing, behind the others.
    pub(super) fn with_those_of(mut self, other: &Self) -> Self {
        self.types.resize(self.names.len(), ColumnType::Text);
        for (at, name) in other.names.iter().enumerate() {
            if !self.names.contains(name) {
                self.names.push(name);
                self.types.push(other.types.get(at).copied().unwrap_or_default());
            }
        }
        self
    }
}
