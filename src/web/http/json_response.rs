//! A serialized JSON response, ready to be sent.

use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, Responder};
use serde::Serialize;

use super::error::WebError;

/// A response in JSON. It is serialized on the thread that queried the database.
#[derive(Debug)]
pub(in crate::web) struct JsonResponse {
    status: StatusCode,
    json: Vec<u8>,
}

impl JsonResponse {
    /// Serializes a response with this status.
    pub(in crate::web) fn with_status(status: StatusCode, content: &impl Serialize) -> Result<Self, WebError> {
        let json = serde_json::to_vec(content);
        let json = json.map_err(|error| WebError::internal("a response could not be serialized", &error))?;
        Ok(Self { status, json })
    }

    /// Serializes a response with status 200.
    pub(in crate::web) fn ok(content: &impl Serialize) -> Result<Self, WebError> {
        Self::with_status(StatusCode::OK, content)
    }
}

impl Responder for JsonResponse {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        HttpResponse::build(self.status).content_type("application/json").body(self.json)
    }
}
