//! What every page shares: its frame, and how a page and a moment are written.

use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, Responder};
use askama::Template;
use chrono::{DateTime, SecondsFormat, Utc};

use super::badge;
use super::view::{NavSection, PageFrame, PageUser, TimeLabel};
use crate::domain::account::{Actor, Role};
use crate::web::http::app_state::AppState;
use crate::web::http::error::WebError;

/// The frame of a page for `actor`.
pub(in crate::web) fn chrome(
    house: &AppState,
    actor: Option<&Actor>,
    title: impl Into<String>,
    section: NavSection,
) -> Result<PageFrame, WebError> {
    let user = actor.map(|actor| PageUser { name: actor.name.clone(), admin: actor.role == Role::Admin });
    Ok(PageFrame { title: title.into(), user, section, badge: badge::runs(house, actor)? })
}

/// A drawn page or fragment, ready to be sent. It is drawn on the thread that asked the database, and unlike an
/// `HttpResponse` it may leave that thread.
#[derive(Debug)]
pub(in crate::web) struct RenderedHtml {
    status: StatusCode,
    text: String,
    headers: Vec<(&'static str, String)>,
}

impl RenderedHtml {
    /// Draws a page or a fragment.
    pub(in crate::web) fn draw(template: &impl Template) -> Result<Self, WebError> {
        let text = template.render().map_err(|error| WebError::internal("a page could not be drawn", &error))?;
        Ok(Self { status: StatusCode::OK, text, headers: Vec::new() })
    }

    /// Sends the browser on to `path`, which it asks for with GET.
    pub(in crate::web) fn see_other(path: impl Into<String>) -> Self {
        let headers = vec![("location", path.into())];
        Self { status: StatusCode::SEE_OTHER, text: String::new(), headers }
    }

    /// With another status than 200.
    pub(in crate::web) fn status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    /// With one more header.
    pub(in crate::web) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

impl Responder for RenderedHtml {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let mut response = HttpResponse::build(self.status);
        response.content_type("text/html; charset=utf-8");
        for header in self.headers {
            response.insert_header(header);
        }
        response.body(self.text)
    }
}

/// A moment to the second, for people who compare it with a log.
pub(in crate::web) fn exactly(moment: DateTime<Utc>) -> String {
    moment.format("%-d %b %Y, %H:%M:%S UTC").to_string()
}

/// A moment, for machines and for people.
pub(in crate::web) fn when(moment: DateTime<Utc>) -> TimeLabel {
    TimeLabel {
        iso: moment.to_rfc3339_opts(SecondsFormat::Secs, true),
        text: moment.format("%-d %b %Y, %H:%M UTC").to_string(),
    }
}
