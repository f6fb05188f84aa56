//! The parameters of addresses that are no secrets, and the mark that replaces all others.

/// Replaces a secret.
pub(super) const REDACTION_MARK: &str = "…";

/// The names of query parameters that are not secrets and help to recognise an address. All others may be secrets.
const PUBLIC_PARAMETERS: [&str; 32] = [
    "alt",
    "cat",
    "category",
    "channel_id",
    "count",
    "feed",
    "format",
    "gid",
    "hl",
    "lang",
    "language",
    "limit",
    "locale",
    "max",
    "n",
    "offset",
    "order",
    "output",
    "p",
    "page",
    "per",
    "per_page",
    "playlist_id",
    "range",
    "sheet",
    "single",
    "sort",
    "tab",
    "tag",
    "type",
    "usp",
    "v",
];

/// Returns whether a parameter is known to be no secret.
pub(super) fn is_public_parameter(name: &str) -> bool {
    PUBLIC_PARAMETERS.contains(&name.to_ascii_lowercase().as_str())
}
