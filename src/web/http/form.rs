//! Reads forms and queries: values by their names, trimmed.

use std::collections::HashMap;
use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::error::UrlencodedError;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::{FromRequest, HttpRequest, web};
use serde::de::DeserializeOwned;

use super::error::{WebError, from_framework};

/// The values of a form or a query by name. If a name is repeated, the last value counts.
pub(in crate::web) type FormValues = HashMap<String, String>;

/// The body of a form, parsed. Extracting it never fails, so that a handler can check permissions before it reports a
/// bad body. A request without a body counts as an empty form.
pub(in crate::web) struct FormData<T>(Result<T, WebError>);

impl<T> FormData<T> {
    /// The values, or why the body could not be parsed.
    pub(in crate::web) fn into_values(self) -> Result<T, WebError> {
        self.0
    }
}

impl<T: DeserializeOwned + Default + 'static> FromRequest for FormData<T> {
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Infallible>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        if request.headers().contains_key(CONTENT_TYPE) {
            let form = web::Form::<T>::from_request(request, payload);
            return Box::pin(async { Ok(Self(form.await.map(web::Form::into_inner).map_err(|e| from_framework(&e)))) });
        }
        let body = web::Bytes::from_request(request, payload);
        Box::pin(async {
            Ok(Self(match body.await {
                Ok(body) if body.is_empty() => Ok(T::default()),
                Ok(_) => Err(from_framework(&UrlencodedError::ContentType.into())),
                Err(error) => Err(from_framework(&error)),
            }))
        })
    }
}

/// The trimmed value of that name; empty if there is none.
pub(in crate::web) fn trimmed_value(values: &FormValues, name: &str) -> String {
    values.get(name).map(|value| value.trim().to_owned()).unwrap_or_default()
}

/// The first `max_chars` characters of a text, with an ellipsis if there are more.
pub(in crate::web) fn clip_text(text: &str, max_chars: usize) -> String {
    match text.char_indices().nth(max_chars) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::clip_text;

    #[test]
    fn long_text_is_clipped_between_characters() {
        assert_eq!(clip_text("ÄÖÜ", 2), "ÄÖ…");
        assert_eq!(clip_text("ÄÖÜ", 3), "ÄÖÜ");
    }
}
