//! The view of a kind of source to choose.

/// A kind of source to choose.
#[derive(Debug, Clone)]
pub(in crate::web) struct KindChoice {
    /// Its name in the form.
    pub name: &'static str,
    /// Its label.
    pub title: &'static str,
    /// A one-line description; may be empty.
    pub about: &'static str,
}
