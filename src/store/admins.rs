//! Changes of users that must leave an admin: without one, nobody could change anything any more.

use diesel::prelude::*;

use super::audit_log::AuditSubject;
use super::connection::{AnyConnection, Store};
use super::dialect::lock;
use super::error::StoreError;
use super::schema::{sessions, users};
use super::setup_link::delete_setup_link;
use crate::domain::account::Role;
use crate::domain::audit::AuditAction;

/// The result of changing or removing a user.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum UserChange {
    /// The user was changed or removed.
    Done,
    /// There is no such user. Nothing was changed.
    NoSuchUser,
    /// The user is the last admin. Nothing was changed.
    LastAdmin,
}

impl Store {
    /// Changes the role of a user, unless that would leave no admin. If it is another role than before, all sessions of
    /// the user end, so that nobody goes on with more or less than they logged in for.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn change_role(&self, user_id: i64, role: Role) -> Result<UserChange, StoreError> {
        self.change_user(user_id, role != Role::Admin, |conn| {
            let user = users::table.find(user_id);
            let changed = user.filter(users::role.ne(role.as_str())).count().get_result::<i64>(conn)? > 0;
            let updated = diesel::update(user).set(users::role.eq(role.as_str())).execute(conn)?;
            if changed {
                let (action, user) = (AuditAction::RoleChanged, AuditSubject::User(user_id));
                self.record_action(conn, action, user, Some(role.as_str()), None)?;
                diesel::delete(sessions::table.filter(sessions::user_id.eq(user_id))).execute(conn)?;
            }
            if role == Role::Admin {
                delete_setup_link(conn)?;
            }
            Ok(updated)
        })
    }

    /// Removes a user with all sessions, unless that would leave no admin. The history keeps the name of who started a
    /// run.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn remove_user(&self, user_id: i64) -> Result<UserChange, StoreError> {
        // The database deletes the sessions with the user.
        self.change_user(user_id, true, |conn| {
            self.record_action(conn, AuditAction::UserRemoved, AuditSubject::User(user_id), None, None)?;
            Ok(diesel::delete(users::table.find(user_id)).execute(conn)?)
        })
    }

    /// Runs `change`, which returns the number of changed rows, in one transaction. If it takes an admin away, all
    /// admins are locked first, so that two requests which take away one each cannot leave none.
    fn change_user(
        &self,
        user_id: i64,
        takes_admin: bool,
        change: impl Fn(&mut AnyConnection) -> Result<usize, StoreError>,
    ) -> Result<UserChange, StoreError> {
        self.write(|conn| {
            if takes_admin && lock::lock_admins(conn)? == [user_id] {
                return Ok(UserChange::LastAdmin);
            }
            if users::table.find(user_id).count().get_result::<i64>(conn)? == 0 {
                return Ok(UserChange::NoSuchUser);
            }
            Ok(if change(conn)? == 0 { UserChange::NoSuchUser } else { UserChange::Done })
        })
    }
}
