//! Answers polls that were answered with 304 a moment before, without a query.

use actix_web::body::BoxBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::middleware::Next;
use actix_web::{Error, HttpResponse};

use super::app_state::AppData;
use super::repeated_polls::PollKey;

/// Passes a request on to its handler, unless it is a poll that was answered with 304 a moment ago, and this process
/// has written nothing since. It is for routes whose 304 depends only on the database, the address and the headers that
/// tell polls apart.
pub(in crate::web) async fn answer_repeated_polls(
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let state = request.app_data::<AppData>().cloned();
    let Some((poll, state)) = PollKey::of(request.request()).zip(state) else { return next.call(request).await };
    // While this process writes, every poll asks the database.
    let Some(mark) = state.store.write_mark() else { return next.call(request).await };
    if let Some(headers) = state.repeated_polls.find(poll, mark) {
        let mut response = HttpResponse::new(StatusCode::NOT_MODIFIED);
        for (name, value) in headers.iter().cloned() {
            response.headers_mut().append(name, value);
        }
        return Ok(request.into_response(response));
    }
    let response = next.call(request).await?;
    if response.status() == StatusCode::NOT_MODIFIED {
        let headers = response.headers().iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        state.repeated_polls.keep(poll, mark, headers);
    }
    Ok(response)
}
