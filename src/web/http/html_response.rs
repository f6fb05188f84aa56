//! A rendered page, fragment or redirect, ready to be sent.

use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, Responder};
use askama::Template;

use super::error::WebError;

/// A rendered page or fragment. It is rendered on the thread that queried the database and, unlike an
/// `HttpResponse`, can be sent to another thread.
#[derive(Debug)]
pub(in crate::web) struct HtmlResponse {
    status: StatusCode,
    html: String,
    headers: Vec<(&'static str, String)>,
}

impl HtmlResponse {
    /// Renders a page or a fragment, with status 200.
    pub(in crate::web) fn render(template: &impl Template) -> Result<Self, WebError> {
        let html = template.render().map_err(|error| WebError::internal("a template could not be rendered", &error))?;
        Ok(Self { status: StatusCode::OK, html, headers: Vec::new() })
    }

    /// Redirects the browser with status 303, so that it requests `location` with GET.
    pub(in crate::web) fn redirect(location: impl Into<String>) -> Self {
        let headers = vec![("location", location.into())];
        Self { status: StatusCode::SEE_OTHER, html: String::new(), headers }
    }

    /// The same response with another status.
    pub(in crate::web) fn with_status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    /// The same response with one more header.
    pub(in crate::web) fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

impl Responder for HtmlResponse {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let mut response = HttpResponse::build(self.status);
        response.content_type("text/html; charset=utf-8");
        for header in self.headers {
            response.insert_header(header);
        }
        response.body(self.html)
    }
}
