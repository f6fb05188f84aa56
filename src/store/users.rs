//! Users. Passwords arrive here as hashes only.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

use super::audit_log::AuditSubject;
use super::connection::{AnyConnection, Store};
use super::dialect::clock;
use super::error::StoreError;
use super::login_attempts::forget_attempts_of;
use super::schema::{sessions, users};
use super::setup_link::{delete_setup_link, has_admin, use_setup_link};
use super::stored_values::{map_taken, parse_value};
use crate::domain::account::{AccountName, Role, UserAccount};
use crate::domain::audit::AuditAction;

/// A user as the list of users shows it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ListedUser {
    /// Who it is.
    pub account: UserAccount,
    /// The time of the last login or use of a session; `None` if there was none, or that is not known.
    pub last_active_at: Option<DateTime<Utc>>,
}

fn insert_user(conn: &mut AnyConnection, name: &str, role: Role, hash: &str) -> Result<(), StoreError> {
    let now = clock::now(conn)?.naive_utc();
    diesel::insert_into(users::table)
        .values((
            users::name.eq(name),
            users::role.eq(role.as_str()),
            users::password_hash.eq(hash),
            users::created_at.eq(now),
        ))
        .execute(conn)?;
    if role == Role::Admin {
        delete_setup_link(conn)?;
    }
    Ok(())
}

pub(super) fn to_account((id, name, role): (i64, String, String)) -> Result<UserAccount, StoreError> {
    Ok(UserAccount { id, name, role: parse_value("users.role", &role)? })
}

impl Store {
    /// Returns whether an admin exists.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn has_admin(&self) -> Result<bool, StoreError> {
        self.read(has_admin)
    }

    /// Adds a user. `hash` is the hash of the password in PHC form.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when the name is in use; another [`StoreError`] when the database is unavailable, stays
    /// busy too long or refuses the statement.
    pub fn add_user(&self, name: &AccountName, role: Role, hash: &str) -> Result<(), StoreError> {
        let added = self.write(|conn| {
            insert_user(conn, name.as_str(), role, hash)?;
            self.record_user(conn, AuditAction::UserAdded, name.as_str(), Some(role.as_str()))
        });
        map_taken(added, &format!("a user called {}", name.as_str()))
    }

    /// Adds the first admin if `token` is the token of the set-up link and no admin exists. Returns whether the admin
    /// was added.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when the name is in use; another [`StoreError`] when the database is unavailable, stays
    /// busy too long or refuses the statement.
    pub fn add_first_admin(&self, token: &str, name: &AccountName, hash: &str) -> Result<bool, StoreError> {
        let added = self.write(|conn| {
            if !use_setup_link(conn, token)? {
                return Ok(false);
            }
            insert_user(conn, name.as_str(), Role::Admin, hash)?;
            self.record_user(conn, AuditAction::UserAdded, name.as_str(), Some("with the set-up link"))?;
            Ok(true)
        });
        map_taken(added, &format!("a user called {}", name.as_str()))
    }

    fn record_user(
        &self,
        conn: &mut AnyConnection,
        action: AuditAction,
        name: &str,
        detail: Option<&str>,
    ) -> Result<(), StoreError> {
        self.record_action(conn, action, AuditSubject::Named(name), detail, None)
    }

    /// Changes a user's password, ends all sessions of the user and forgets the failed logins. Returns whether the user
    /// exists.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn change_password(&self, name: &str, hash: &str) -> Result<bool, StoreError> {
        self.write(|conn| {
            let user = users::table.filter(users::name.eq(name));
            let Some(id) = user.select(users::id).first::<i64>(conn).optional()? else { return Ok(false) };
            diesel::update(users::table.find(id)).set(users::password_hash.eq(hash)).execute(conn)?;
            diesel::delete(sessions::table.filter(sessions::user_id.eq(id))).execute(conn)?;
            forget_attempts_of(conn, name)?;
            self.record_user(conn, AuditAction::PasswordChanged, name, None)?;
            Ok(true)
        })
    }

    /// Changes a user's password and ends the sessions of the user, except the one with this token hash. Returns
    /// whether the user exists.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn change_own_password(&self, user_id: i64, hash: &str, kept_session: &str) -> Result<bool, StoreError> {
        self.write(|conn| {
            if diesel::update(users::table.find(user_id)).set(users::password_hash.eq(hash)).execute(conn)? == 0 {
                return Ok(false);
            }
            let ended = sessions::table.filter(sessions::user_id.eq(user_id));
            diesel::delete(ended.filter(sessions::token_hash.ne(kept_session))).execute(conn)?;
            self.record_action(conn, AuditAction::PasswordChanged, AuditSubject::User(user_id), None, None)?;
            Ok(true)
        })
    }

    /// Finds a user by name, with the hash of the password.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn user_by_name(&self, name: &str) -> Result<Option<(UserAccount, String)>, StoreError> {
        self.read(|conn| {
            let row: Option<(i64, String, String, String)> = users::table
                .filter(users::name.eq(name))
                .select((users::id, users::name, users::role, users::password_hash))
                .first(conn)
                .optional()?;
            row.map(|(id, name, role, hash)| Ok((to_account((id, name, role))?, hash))).transpose()
        })
    }

    /// Finds a user by id.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn find_user(&self, id: i64) -> Result<Option<UserAccount>, StoreError> {
        self.read(|conn| {
            let row: Option<(i64, String, String)> =
                users::table.find(id).select((users::id, users::name, users::role)).first(conn).optional()?;
            row.map(to_account).transpose()
        })
    }

    /// Returns all users with the time at which they were last active, sorted by name.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn list_active_users(&self) -> Result<Vec<ListedUser>, StoreError> {
        self.read(|conn| {
            type UserRow = ((i64, String, String), Option<NaiveDateTime>);
            let rows: Vec<UserRow> = users::table
                .order(users::name)
                .select(((users::id, users::name, users::role), users::last_active_at))
                .load(conn)?;
            let listed = |(account, active): UserRow| {
                Ok(ListedUser { account: to_account(account)?, last_active_at: active.map(|time| time.and_utc()) })
            };
            rows.into_iter().map(listed).collect()
        })
    }

    /// Returns all users, sorted by name.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn list_users(&self) -> Result<Vec<UserAccount>, StoreError> {
        self.read(|conn| {
            let rows: Vec<(i64, String, String)> =
                users::table.order(users::name).select((users::id, users::name, users::role)).load(conn)?;
            rows.into_iter().map(to_account).collect()
        })
    }
}
