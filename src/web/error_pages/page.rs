//! Renders the page of an error, in the frame of the caller if the database responds.

use actix_web::http::{Method, StatusCode};
use actix_web::{FromRequest as _, HttpRequest};
use askama::Template;

use super::view::ErrorPage;
use crate::web::http::app_context::AppContext;
use crate::web::http::error::WebError;
use crate::web::http::links::LinkBuilder;
use crate::web::layout::page::page_frame;
use crate::web::layout::view::{NavSection, PageFrame};

/// The page of an error, in the frame of the sender of `request`; `None` if it cannot be rendered.
pub(super) async fn render_error_page(error: &WebError, request: &HttpRequest) -> Option<String> {
    let app = AppContext::extract(request).await.ok()?;
    // Only a page that was requested with GET is loaded again: loading the result of a form again would repeat it.
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    let reload_after = error.retry_after.filter(|_| is_read && error.status == StatusCode::SERVICE_UNAVAILABLE);
    if ["database_away", "database_busy"].contains(&error.code) {
        // The caller cannot be looked up without the database, and would wait for a busy one a second time.
        return render(error, bare_frame(error, &app.state.links), reload_after);
    }
    let title = heading(error);
    let frame =
        app.run_for_any_caller(|state, caller| page_frame(state, caller.actor.as_ref(), title, NavSection::Elsewhere));
    // If the database cannot be queried, the page gets the frame of a visitor.
    let frame = frame.await.unwrap_or_else(|_| bare_frame(error, &app.state.links));
    render(error, frame, reload_after)
}

/// The page of an error in the frame of a visitor, without any query.
pub(super) fn render_bare_page(error: &WebError, links: &LinkBuilder) -> Option<String> {
    render(error, bare_frame(error, links), None)
}

fn bare_frame(error: &WebError, links: &LinkBuilder) -> PageFrame {
    PageFrame { title: heading(error), links: links.clone(), ..PageFrame::default() }
}

fn render(error: &WebError, frame: PageFrame, reload_after: Option<u64>) -> Option<String> {
    let page = ErrorPage {
        frame,
        status: error.status.as_u16(),
        heading: heading(error),
        advice: if error.code == "not_found" {
            "It may have been renamed or removed. Check the URL.".to_owned()
        } else {
            error.message.clone()
        },
        log_id: error.log_id.clone(),
        reload_after,
    };
    page.render().inspect_err(|error| log::error!("an error page could not be rendered: {error}")).ok()
}

/// What happened, in a few words.
fn heading(error: &WebError) -> String {
    let heading = match (error.code, error.status) {
        ("not_found", _) => return error.message.trim_end_matches('.').to_owned(),
        ("setup_link", _) => "Invalid setup link",
        ("cross_site", _) => "Request from another site",
        ("database_away", _) => "Database not responding",
        ("database_busy", _) => "Database busy",
        ("disk_full", _) => "Disk full",
        ("taken", _) => "Name already taken",
        (_, StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY) => "Invalid request",
        (_, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => "You don’t have permission",
        (_, StatusCode::REQUEST_TIMEOUT) => "Request timed out",
        (_, StatusCode::METHOD_NOT_ALLOWED) => "Method not allowed",
        (_, StatusCode::CONFLICT) => "Not possible right now",
        (_, StatusCode::PAYLOAD_TOO_LARGE) => "Too large",
        (_, StatusCode::TOO_MANY_REQUESTS) => "Too many requests",
        (_, StatusCode::SERVICE_UNAVAILABLE) => "Temporarily unavailable",
        _ => "Something went wrong",
    };
    heading.to_owned()
}
