//! What people and programs did: who, from where, and to what.

use std::net::IpAddr;

use chrono::{DateTime, Utc};

use super::account::CredentialHash;
use super::operation::OperationKind;
use super::text::string_enum::string_enum;

/// How long entries are kept, in days.
pub const AUDIT_RETENTION_DAYS: i64 = 365;

string_enum! {
    /// How a request was made.
    AuditChannel {
        /// In a browser, logged in.
        Browser = "browser",
        /// With an API token.
        Token = "token",
        /// On the command line of the server.
        CommandLine = "command_line",
    }
}

string_enum! {
    /// What was done. The subject of an entry is the source, the user or the token that it was done to.
    AuditAction {
        /// A sync was started.
        SyncStarted = "sync_started",
        /// A preview was started.
        PreviewStarted = "preview_started",
        /// An undo was started.
        UndoStarted = "undo_started",
        /// The removal of withheld items was started.
        RemovalStarted = "removal_started",
        /// A run was cancelled.
        RunCancelled = "run_cancelled",
        /// Withheld items were kept.
        RemovalsKept = "removals_kept",
        /// A source was added.
        SourceAdded = "source_added",
        /// The settings of a source were changed.
        SourceChanged = "source_changed",
        /// A source was removed.
        SourceRemoved = "source_removed",
        /// A schedule was paused.
        SchedulePaused = "schedule_paused",
        /// A schedule was resumed.
        ScheduleResumed = "schedule_resumed",
        /// How a catalog presents itself was changed.
        PublicPageChanged = "public_page_changed",
        /// How a catalog is shown to readers who chose nothing else was changed.
        DefaultViewChanged = "default_view_changed",
        /// Secrets were discarded, because their key is lost.
        SecretsDiscarded = "secrets_discarded",
        /// A user was added.
        UserAdded = "user_added",
        /// The role of a user was changed.
        RoleChanged = "role_changed",
        /// The password of a user was changed.
        PasswordChanged = "password_changed",
        /// A user was removed.
        UserRemoved = "user_removed",
        /// A user logged in.
        LoggedIn = "logged_in",
        /// Sessions of a user were ended.
        SessionsEnded = "sessions_ended",
        /// An API token was created.
        TokenCreated = "token_created",
        /// An API token was revoked.
        TokenRevoked = "token_revoked",
    }
}

impl AuditAction {
    /// Returns the action of somebody who starts a run of this kind.
    #[must_use]
    pub const fn starting(kind: OperationKind) -> Self {
        match kind {
            OperationKind::Sync => Self::SyncStarted,
            OperationKind::Preview => Self::PreviewStarted,
            OperationKind::Undo => Self::UndoStarted,
            OperationKind::Removal => Self::RemovalStarted,
        }
    }

    /// Returns the action for people, to be followed by its subject.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::SyncStarted => "Started a sync of",
            Self::PreviewStarted => "Started a preview of",
            Self::UndoStarted => "Started an undo in",
            Self::RemovalStarted => "Started a removal in",
            Self::RunCancelled => "Cancelled a run of",
            Self::RemovalsKept => "Kept withheld items of",
            Self::SourceAdded => "Added the source",
            Self::SourceChanged => "Changed the source",
            Self::SourceRemoved => "Removed the source",
            Self::SchedulePaused => "Paused the schedule of",
            Self::ScheduleResumed => "Resumed the schedule of",
            Self::PublicPageChanged => "Changed the public page of",
            Self::DefaultViewChanged => "Changed the default view of",
            Self::SecretsDiscarded => "Discarded the secrets of a lost key",
            Self::UserAdded => "Added the user",
            Self::RoleChanged => "Changed the role of the user",
            Self::PasswordChanged => "Changed the password of the user",
            Self::UserRemoved => "Removed the user",
            Self::LoggedIn => "Logged in as",
            Self::SessionsEnded => "Logged out other browsers of",
            Self::TokenCreated => "Created the token",
            Self::TokenRevoked => "Revoked the token",
        }
    }
}

/// Who acts, and from where.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AuditOrigin {
    /// The name of the user or token; on the command line that of the user of the operating system.
    pub actor: String,
    /// How the request was made.
    pub channel: AuditChannel,
    /// The address of the client; `None` on the command line.
    pub address: Option<IpAddr>,
    /// The session or token of the request. What is changed with it is written only while it has not ended. `None` on
    /// the command line, and for a login.
    pub credential: Option<CredentialHash>,
}

/// One thing that somebody did.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AuditEntry {
    /// When it was done.
    pub at: DateTime<Utc>,
    /// The name of the user or token that did it; on the command line that of the user of the operating system.
    pub actor: String,
    /// How the request was made: a word of [`AuditChannel`], or one that only a later version knows.
    pub channel: String,
    /// The address of the client; `None` on the command line.
    pub address: Option<String>,
    /// What was done: a word of [`AuditAction`], or one that only a later version knows.
    pub action: String,
    /// The slug of the source, or the name of the user or token.
    pub subject: String,
    /// More about it, such as the new role; `None` if there is nothing to add.
    pub detail: Option<String>,
    /// The run that it is about.
    pub sync_id: Option<String>,
}
