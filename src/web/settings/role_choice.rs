//! The role of a user or a token as pages show it and forms send it.

use crate::domain::account::Role;

/// A role on a page.
#[derive(Debug, Clone, Copy)]
pub(in crate::web) struct RoleChoice(pub Role);

impl RoleChoice {
    /// The role that a form sent; a viewer if it sent none, because that grants less.
    pub(super) fn parse(text: &str) -> Self {
        Self(text.trim().parse().unwrap_or(Role::Viewer))
    }

    /// Whether it is the role of admins.
    pub(in crate::web) fn is_admin(self) -> bool {
        self.0 == Role::Admin
    }

    /// The name of the role: "Admin".
    pub(in crate::web) fn label(self) -> &'static str {
        match self.0 {
            Role::Admin => "Admin",
            Role::Viewer => "Viewer",
        }
    }

    /// The name of its icon.
    pub(in crate::web) fn icon(self) -> &'static str {
        match self.0 {
            Role::Admin => "shield",
            Role::Viewer => "review",
        }
    }
}
