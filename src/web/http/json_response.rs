//! A serialized JSON response, ready to be sent.

use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::http::header::HeaderName;
use actix_web::{HttpRequest, HttpResponse, Responder};
use serde::Serialize;

use super::error::WebError;

/// A response in JSON. It is serialized on the thread that queried the database.
#[derive(Debug)]
pub(in crate::web) struct JsonResponse {
    status: StatusCode,
    json: Vec<u8>,
    headers: Vec<(HeaderName, String)>,
}

impl JsonResponse {
    /// Serializes a response with this status.
    pub(in crate::web) fn with_status(status: StatusCode, content: &impl Serialize) -> Result<Self, WebError> {
        let json = serde_json::to_vec(content);
        let json = json.map_err(|error| WebError::internal("a response could not be serialized", &error))?;
        Ok(Self { status, json, headers: Vec::new() })
    }

    /// Serializes a response with status 200.
    pub(in crate::web) fn ok(content: &impl Serialize) -> Result<Self, WebError> {
        Self::with_status(StatusCode::OK, content)
    }

    /// 304: the client has the current response already.
    pub(in crate::web) const fn not_modified() -> Self {
        Self { status: StatusCode::NOT_MODIFIED, json: Vec::new(), headers: Vec::new() }
    }

    /// The same response with more headers.
    pub(in crate::web) fn with_headers(mut self, headers: impl IntoIterator<Item = (HeaderName, String)>) -> Self {
        self.headers.extend(headers);
        self
    }
}

impl Responder for JsonResponse {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let mut response = HttpResponse::build(self.status);
        for header in self.headers {
            response.insert_header(header);
        }
        if self.status == StatusCode::NOT_MODIFIED {
            return response.finish();
        }
        response.content_type("application/json").body(self.json)
    }
}
