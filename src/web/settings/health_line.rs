//! A state of the installation as a word, an icon and a tone.

/// One state on the About page.
#[derive(Debug, Clone)]
pub(in crate::web) struct HealthLine {
    /// The name of its tone in the stylesheet.
    pub tone: &'static str,
    /// The name of its icon.
    pub icon: &'static str,
    /// The message.
    pub text: String,
    /// Where to look further.
    pub href: Option<String>,
}

impl HealthLine {
    /// All is well.
    pub(super) fn good(text: impl Into<String>) -> Self {
        Self { tone: "good", icon: "check", text: text.into(), href: None }
    }

    /// Someone should look at it.
    pub(super) fn warning(text: impl Into<String>) -> Self {
        Self { tone: "warn", icon: "warning", text: text.into(), href: None }
    }

    /// Something does not work.
    pub(super) fn wrong(text: impl Into<String>) -> Self {
        Self { tone: "bad", icon: "warning", text: text.into(), href: None }
    }

    /// The same state with a link.
    pub(super) fn with_link(self, href: String) -> Self {
        Self { href: Some(href), ..self }
    }
}
