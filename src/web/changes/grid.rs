//! Builds the grid of changes: for each item its title and key, and the fields that differ.

use std::collections::HashMap;

use super::value_view::{ValueView, WholeValue, show_values};
use crate::domain::change_set::{Change, ChangeKind};
use crate::domain::field_changes::FieldChange;
use crate::domain::operation::OperationKind;
use crate::domain::run_text::change_labels::change_label;
use crate::web::http::form::clip_text;
use crate::web::http::links::LinkBuilder;
use crate::web::layout::item_title::change_title;
use crate::web::panel::lines::ChangeIcon as _;

/// The most characters of a title or a key.
const MAX_TITLE_CHARS: usize = 200;
/// How many fields of an added or removed item are shown at once.
const SHOWN_FIELDS: usize = 4;
/// How many changed fields of an item are shown at once.
const SHOWN_CHANGED_FIELDS: usize = 30;
/// How many fields of an item are listed with the changes of other items. The rest is on a page of its own.
const MAX_LISTED_FIELDS: usize = 50;
/// How many characters of whole values a page contains; longer ones are linked.
const MAX_WHOLE_CHARS: usize = 300_000;
/// The most characters of one whole value in a page.
const MAX_VALUE_CHARS: usize = 20_000;

/// The change of one item.
#[derive(Debug, Clone)]
pub(in crate::web) struct ChangeGroup {
    /// Its title, or else its key.
    pub title: String,
    /// Its key, if that is not its title.
    pub key: Option<String>,
    /// The link to its page, if it is in the catalog now.
    pub href: Option<String>,
    /// What kind of change it is.
    pub kind: ChangeKind,
    /// The label beside its title: "updated".
    pub label: &'static str,
    /// The fields that are shown at once.
    pub fields: Vec<FieldRow>,
    /// The other fields.
    pub more_fields: Vec<FieldRow>,
    /// The fields that are not listed here.
    pub rest: Option<UnlistedFields>,
}

impl ChangeGroup {
    /// The name of its icon.
    pub(in crate::web) fn icon(&self) -> &'static str {
        self.kind.icon()
    }

    /// Whether fields are shown before and after.
    pub(in crate::web) fn is_update(&self) -> bool {
        self.kind == ChangeKind::Updated
    }

    /// Whether the item had fields before the change.
    pub(in crate::web) fn has_before(&self) -> bool {
        self.kind != ChangeKind::Added
    }

    /// Whether the item has fields after the change.
    pub(in crate::web) fn has_after(&self) -> bool {
        self.kind != ChangeKind::Removed
    }

    /// Whether an update shows no field: columns that became hidden leave the stored changes.
    pub(in crate::web) fn shows_nothing(&self) -> bool {
        self.fields.is_empty() && self.is_update()
    }
}

/// The fields of a changed item that are not listed with it.
#[derive(Debug, Clone)]
pub(in crate::web) struct UnlistedFields {
    /// Their number.
    pub count: u64,
    /// The link to the page with all fields; `None` if the record of the run was deleted.
    pub href: Option<String>,
}

/// A field of a changed item.
#[derive(Debug, Clone)]
pub(in crate::web) struct FieldRow {
    /// The column.
    pub name: String,
    /// What happened to the column: "new column".
    pub note: Option<String>,
    /// The value before; `None` if there was no such column.
    pub before: Option<ValueView>,
    /// The value after; `None` if there is no such column.
    pub after: Option<ValueView>,
}

/// Builds the groups of one page.
pub(in crate::web) struct GridBuilder<'a> {
    /// Builds the links.
    pub links: &'a LinkBuilder,
    /// The slug of the source; `None` if it was removed.
    pub slug: Option<&'a str>,
    /// The noun of the items, in the singular.
    pub noun: &'a str,
    /// The ids of the items that are in the catalog now, by key.
    pub item_ids: HashMap<String, String>,
    whole_chars: usize,
}

impl<'a> GridBuilder<'a> {
    /// A builder for the page of a source's changes.
    pub(in crate::web) fn new(
        links: &'a LinkBuilder,
        slug: Option<&'a str>,
        noun: &'a str,
        item_ids: HashMap<String, String>,
    ) -> Self {
        Self { links, slug, noun, item_ids, whole_chars: 0 }
    }

    /// A change of the run with this id and kind.
    pub(in crate::web) fn group(&mut self, run: &str, run_kind: OperationKind, change: &Change) -> ChangeGroup {
        let mut fields = listed_fields(change);
        let shown = if change.kind == ChangeKind::Updated { SHOWN_CHANGED_FIELDS } else { SHOWN_FIELDS };
        // One or two fields more take no more room than a line that hides them.
        let shown = if fields.len() <= shown + 2 { fields.len() } else { shown };
        let unlisted = fields.len().saturating_sub(MAX_LISTED_FIELDS) as u64;
        fields.truncate(MAX_LISTED_FIELDS);
        let mut group = self.group_of_fields(run, run_kind, change, &fields);
        group.more_fields = group.fields.split_off(shown);
        let link = || Some(self.links.item_change(&run, &change.key));
        group.rest = (unlisted > 0).then(|| UnlistedFields { count: unlisted, href: link() });
        group
    }

    /// A change with these of its fields.
    pub(in crate::web) fn group_of_fields(
        &mut self,
        run: &str,
        run_kind: OperationKind,
        change: &Change,
        fields: &[FieldChange],
    ) -> ChangeGroup {
        let title = change_title(change, self.noun);
        let id = self.item_ids.get(&change.key);
        let href = id.zip(self.slug).map(|(id, slug)| self.links.item(slug, id));
        ChangeGroup {
            key: (title != change.key).then(|| clip_text(&change.key, MAX_TITLE_CHARS)),
            title: clip_text(&title, MAX_TITLE_CHARS),
            href,
            kind: change.kind,
            label: change_label(change.kind, run_kind),
            fields: fields.iter().map(|field| self.row(run, change, field)).collect(),
            more_fields: Vec::new(),
            rest: None,
        }
    }

    fn row(&mut self, run: &str, change: &Change, field: &FieldChange) -> FieldRow {
        let note = match (&field.former_name, &field.before, &field.after) {
            (Some(former), ..) => Some(format!("renamed from “{}”", clip_text(former, MAX_TITLE_CHARS))),
            (None, None, _) if change.kind == ChangeKind::Updated => Some("new column".to_owned()),
            (None, _, None) if change.kind == ChangeKind::Updated => Some("column removed".to_owned()),
            _ => None,
        };
        let (before, after) = show_values(field.before.as_deref(), field.after.as_deref(), |value, is_after| {
            let length = value.chars().count();
            if length <= MAX_VALUE_CHARS && self.whole_chars + length <= MAX_WHOLE_CHARS {
                self.whole_chars += length;
                return WholeValue::InPage(value.to_owned());
            }
            let name = field.former_name.as_ref().filter(|_| !is_after).unwrap_or(&field.name);
            WholeValue::Link(self.links.change_value(
                &run,
                &change.key,
                name,
                if is_after { "after" } else { "before" },
            ))
        });
        FieldRow { name: clip_text(&field.name, MAX_TITLE_CHARS), note, before, after }
    }
}

/// The fields of a change that are listed: those that differ, or the filled ones of an added or removed item.
pub(in crate::web) fn listed_fields(change: &Change) -> Vec<FieldChange> {
    let mut fields = change.field_changes();
    if change.kind != ChangeKind::Updated {
        fields.retain(|field| [&field.before, &field.after].into_iter().flatten().any(|value| !value.is_empty()));
    }
    fields
}
