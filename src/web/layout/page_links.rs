//! The position of a page in a list, and the links to its neighbours.

use crate::web::http::error::WebError;

/// The position of a page in a list, and the links to its neighbours.
#[derive(Debug, Clone, Default)]
pub(in crate::web) struct PageLinks {
    /// The number of the first entry shown, from 1.
    pub first: u64,
    /// The number of the last entry shown.
    pub last: u64,
    /// The number of entries on all pages.
    pub found: u64,
    /// The link to the previous page, if there is one.
    pub previous: Option<String>,
    /// The link to the next page, if there is one.
    pub next: Option<String>,
}

impl PageLinks {
    /// The links of page `at` with `per` entries each, which shows `shown` of `found` entries.
    pub(in crate::web) fn new(at: u64, per: u64, shown: u64, found: u64, link: impl Fn(u64) -> String) -> Self {
        let before = (at - 1) * per;
        Self {
            first: if shown > 0 { before + 1 } else { 0 },
            last: before + shown,
            found,
            previous: (at > 1).then(|| link(at - 1)),
            next: (at < found.div_ceil(per)).then(|| link(at + 1)),
        }
    }

    /// Whether there are other pages.
    pub(in crate::web) fn has_other_pages(&self) -> bool {
        self.previous.is_some() || self.next.is_some()
    }
}

/// What `load` returns for the requested page of `per` entries each, or else for the last page, with the number of that
/// page. `load` also returns the number of entries on all pages.
pub(in crate::web) fn load_page<T>(
    requested: u64,
    per: u64,
    load: impl Fn(u64) -> Result<(T, u64), WebError>,
) -> Result<(T, u64, u64), WebError> {
    let (found, total) = load(requested)?;
    let last = total.div_ceil(per).max(1);
    if requested <= last {
        return Ok((found, total, requested));
    }
    let (found, total) = load(last)?;
    Ok((found, total, last))
}
