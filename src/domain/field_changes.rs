//! Compares the fields of an item before and after a change.

use super::change_set::{Change, ChangeKind, ItemFields};

/// A field that differs. Fields of added items have only a value after, those of removed items only one before.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FieldChange {
    /// The name of the column; after the change, if it was renamed.
    pub name: String,
    /// The name of the column before, if it was renamed.
    pub former_name: Option<String>,
    /// The value before; `None` if there was no such column.
    pub before: Option<String>,
    /// The value after; `None` if there is no such column any more.
    pub after: Option<String>,
}

impl FieldChange {
    /// Returns the name of the column, with its former one: "feeling (was mood)".
    #[must_use]
    pub fn label(&self) -> String {
        match &self.former_name {
            Some(former) => format!("{} (was {former})", self.name),
            None => self.name.clone(),
        }
    }
}

impl Change {
    /// Returns the fields that differ; for an added or removed item all its fields. Stored text that cannot be parsed
    /// counts as no fields.
    #[must_use]
    pub fn field_changes(&self) -> Vec<FieldChange> {
        let (before, after) = self.parse_sides();
        match self.kind {
            ChangeKind::Updated => compare_fields(before, after),
            ChangeKind::Added => after.into_iter().map(|(name, value)| field(name, None, Some(value))).collect(),
            ChangeKind::Removed => before.into_iter().map(|(name, value)| field(name, Some(value), None)).collect(),
        }
    }
}

const fn field(name: String, before: Option<String>, after: Option<String>) -> FieldChange {
    FieldChange { name, former_name: None, before, after }
}

/// Returns the fields that differ: first those of the current columns in their order, then those whose columns are
/// gone.
///
/// A column that is new and one that is gone count as one renamed column if they have the same value, which is not
/// empty or at the same place.
fn compare_fields(before: ItemFields, after: ItemFields) -> Vec<FieldChange> {
    let position = |fields: &ItemFields, name: &str| fields.iter().position(|(other, _)| other == name);
    let mut gone: Vec<(usize, String, String)> = Vec::new();
    let mut staying: ItemFields = Vec::new();
    for (at, (name, value)) in before.into_iter().enumerate() {
        if position(&after, &name).is_some() {
            staying.push((name, value));
        } else {
            gone.push((at, name, value));
        }
    }
    let mut changes = Vec::new();
    for (at, (name, value)) in after.into_iter().enumerate() {
        if let Some(old) = position(&staying, &name) {
            let old = staying.swap_remove(old).1;
            if old != value {
                changes.push(field(name, Some(old), Some(value)));
            }
            continue;
        }
        let former = gone.iter().position(|(old_at, _, old)| *old == value && (!value.is_empty() || *old_at == at));
        changes.push(match former.map(|former| gone.remove(former)) {
            Some((_, former, old)) => {
                FieldChange { name, former_name: Some(former), before: Some(old), after: Some(value) }
            }
            None => field(name, None, Some(value)),
        });
    }
    changes.extend(gone.into_iter().map(|(_, name, value)| field(name, Some(value), None)));
    changes
}

#[cfg(test)]
mod tests {
    use super::{Change, ChangeKind};

    /// The label, the value before and the value after of each field that differs.
    fn compare(kind: ChangeKind, before: Option<&str>, after: Option<&str>) -> Vec<String> {
        let [before, after] = [before, after].map(|side| side.map(str::to_owned));
        let changes = Change { key: "a".to_owned(), kind, before, after }.field_changes();
        let value = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
        let line = |field: super::FieldChange| {
            format!("{}: {} > {}", field.label(), value(field.before.clone()), value(field.after))
        };
        changes.into_iter().map(line).collect()
    }

    #[test]
    fn only_fields_that_differ_are_listed_with_columns_that_came_and_went() {
        let before = r#"[["id","a"],["title","Arival"],["mood","calm"],["year","1976"]]"#;
        let after = r#"[["id","a"],["title","Arrival"],["year","1976"],["label","Polar"]]"#;
        assert_eq!(
            compare(ChangeKind::Updated, Some(before), Some(after)),
            ["title: Arival > Arrival", "label: - > Polar", "mood: calm > -"]
        );
        assert_eq!(compare(ChangeKind::Updated, Some(before), Some(before)), [""; 0]);
    }

    #[test]
    fn a_column_with_the_same_value_was_renamed() {
        let before = r#"[["id","a"],["mood","calm"],["empty",""],["gone",""]]"#;
        let after = r#"[["id","a"],["feeling","calm"],["blank",""]]"#;
        assert_eq!(
            compare(ChangeKind::Updated, Some(before), Some(after)),
            ["feeling (was mood): calm > calm", "blank (was empty):  > ", "gone:  > -"]
        );
    }

    #[test]
    fn added_and_removed_items_have_all_their_fields() {
        let fields = r#"[["id","a"],["title",""]]"#;
        assert_eq!(compare(ChangeKind::Added, None, Some(fields)), ["id: - > a", "title: - > "]);
        assert_eq!(compare(ChangeKind::Removed, Some(fields), None), ["id: a > -", "title:  > -"]);
        assert_eq!(compare(ChangeKind::Added, None, Some("{")), [""; 0]);
    }
}
