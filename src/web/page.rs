//! What every page shares: its frame, and how a page and a moment are written.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;
use chrono::{DateTime, SecondsFormat, Utc};

use super::badge;
use super::error::WebError;
use super::state::House;
use super::views::base::{Chrome, Section, User, When};
use crate::domain::account::{Actor, Role};

/// The frame of a page for `actor`.
pub(super) fn chrome(
    house: &House,
    actor: Option<&Actor>,
    title: impl Into<String>,
    section: Section,
) -> Result<Chrome, WebError> {
    let user = actor.map(|actor| User { name: actor.name.clone(), admin: actor.role == Role::Admin });
    Ok(Chrome { title: title.into(), user, section, badge: badge::runs(house, actor)? })
}

/// An answer that shows a page or a fragment.
pub(super) fn html(template: &impl Template) -> Result<HttpResponse, WebError> {
    html_with(StatusCode::OK, template)
}

/// An answer that shows a page or a fragment, with a status of its own.
pub(super) fn html_with(status: StatusCode, template: &impl Template) -> Result<HttpResponse, WebError> {
    let text = template.render().map_err(|error| WebError::internal("a page could not be drawn", &error))?;
    Ok(HttpResponse::build(status).content_type("text/html; charset=utf-8").body(text))
}

/// A moment, for machines and for people.
pub(super) fn when(moment: DateTime<Utc>) -> When {
    When {
        iso: moment.to_rfc3339_opts(SecondsFormat::Secs, true),
        text: moment.format("%-d %b %Y, %H:%M UTC").to_string(),
    }
}
