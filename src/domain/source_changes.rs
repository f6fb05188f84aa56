//! Names what an admin changes in the settings of a source.

use super::source::{Source, SourceDraft};

/// The parts of `source` in which `draft` differs, separated by commas: `link or file, now public`. `None` if they are
/// the same. The values themselves are not told: they may be secret.
#[must_use]
pub fn describe_changes(source: &Source, draft: &SourceDraft) -> Option<String> {
    let visibility = if draft.public { "now public" } else { "now private" };
    let parts = [
        (source.slug != draft.slug, "address"),
        (source.name != draft.name, "name"),
        (source.noun != draft.noun, "word for items"),
        (source.kind != draft.kind, "kind"),
        (source.location != draft.location, "link or file"),
        (source.key_column != draft.key_column, "key column"),
        (source.schedule != draft.schedule, "schedule"),
        (source.read_options != draft.read_options, "reading options"),
        (source.stale_after != draft.stale_after, "age at which it is stale"),
        (source.public != draft.public, visibility),
    ];
    let changed: Vec<&str> = parts.into_iter().filter_map(|(differs, name)| differs.then_some(name)).collect();
    (!changed.is_empty()).then(|| changed.join(", "))
}
