//! Builds the links of the settings of users, tokens and the own account.

use super::links::{LinkBuilder, with_query};

impl LinkBuilder {
    /// The list of users, which is also where the form that adds a user is sent to.
    #[must_use]
    pub fn users(&self) -> String {
        self.route("/settings/users")
    }

    /// The form that adds a user.
    #[must_use]
    pub fn new_user(&self) -> String {
        self.route("/settings/users/new")
    }

    /// The settings of a user.
    #[must_use]
    pub fn user(&self, id: &i64) -> String {
        self.route(&format!("/settings/users/{id}"))
    }

    /// The link that the form which changes the role of a user is sent to.
    #[must_use]
    pub fn user_role(&self, id: &i64) -> String {
        self.route(&format!("/settings/users/{id}/role"))
    }

    /// The link that the form which resets the password of a user is sent to.
    #[must_use]
    pub fn user_password(&self, id: &i64) -> String {
        self.route(&format!("/settings/users/{id}/password"))
    }

    /// The page that confirms the removal of a user.
    #[must_use]
    pub fn remove_user(&self, id: &i64) -> String {
        self.route(&format!("/settings/users/{id}/remove"))
    }

    /// The list of API tokens, which is also where the form that creates a token is sent to.
    #[must_use]
    pub fn tokens(&self) -> String {
        self.route("/settings/tokens")
    }

    /// The form that creates an API token.
    #[must_use]
    pub fn new_token(&self) -> String {
        self.route("/settings/tokens/new")
    }

    /// The page that confirms that an API token is revoked.
    #[must_use]
    pub fn revoke_token(&self, id: &i64) -> String {
        self.route(&format!("/settings/tokens/{id}/revoke"))
    }

    /// What people and programs did.
    #[must_use]
    pub fn audit(&self) -> String {
        self.route("/settings/audit")
    }

    /// A page of what people and programs did.
    #[must_use]
    pub fn audit_page(&self, page: u64) -> String {
        with_query(&self.audit(), &[("page", &page.to_string())])
    }

    /// The same for programs.
    #[must_use]
    pub fn api_audit(&self) -> String {
        self.route("/api/audit")
    }

    /// The account of the reader: password and sessions.
    #[must_use]
    pub fn account(&self) -> String {
        self.route("/settings/account")
    }

    /// The link that the form which changes the own password is sent to.
    #[must_use]
    pub fn own_password(&self) -> String {
        self.route("/settings/account/password")
    }

    /// The link that the forms which end own sessions are sent to.
    #[must_use]
    pub fn own_sessions(&self) -> String {
        self.route("/settings/account/sessions")
    }

    /// What the installation is made of, and how it is.
    #[must_use]
    pub fn about(&self) -> String {
        self.route("/settings/about")
    }

    /// The description of the API.
    #[must_use]
    pub fn api_description(&self) -> String {
        self.route("/api/openapi.json")
    }

    /// The health check for programs.
    #[must_use]
    pub fn health(&self) -> String {
        self.route("/api/health")
    }
}
