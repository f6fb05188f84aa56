//! What the cells of a column are, for display and sorting. What a cell says is never changed for it.

use serde::{Deserialize, Serialize};

/// The type of a column.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ColumnType {
    /// Anything, and whatever is not certain.
    #[default]
    Text,
    /// Moments as RFC 3339 has them, in UTC: `2026-11-20T08:00:00Z`.
    Moment,
    /// Addresses of pages.
    Link,
    /// Addresses of pictures.
    Image,
    /// Markup that was made safe when it was fetched.
    Html,
    /// `yes`, or anything else for no.
    Flag,
}
