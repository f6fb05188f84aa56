//! The settings of users, tokens and the own account, and what is known about the installation. The settings of sources
//! are in [`crate::web::sources`].

pub(super) mod about;
mod about_view;
pub(super) mod account;
mod account_view;
pub(super) mod audit;
mod audit_view;
mod health_line;
mod role_choice;
mod token_limits;
pub(super) mod tokens;
mod tokens_view;
pub(super) mod user;
mod user_agent;
pub(super) mod user_removal;
pub(super) mod users;
mod users_view;
