//! What forms need: values as people type them, and addresses that carry values.

use std::collections::HashMap;
use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::error::UrlencodedError;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::{FromRequest, HttpRequest, web};
use serde::de::DeserializeOwned;
use url::form_urlencoded;

use super::error::{WebError, from_framework};

/// The values of a form or of an address by their names; of several of one name the last.
pub(in crate::web) type FormValues = HashMap<String, String>;

/// A form as it came. Taking it never fails: who may not send one is told so before what is wrong with it. A request
/// without a body sent an empty form.
pub(in crate::web) struct FormData<T>(Result<T, WebError>);

impl<T> FormData<T> {
    /// What was sent.
    pub(in crate::web) fn read(self) -> Result<T, WebError> {
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

/// The value of that name without the white space around it; empty if there is none.
pub(in crate::web) fn value(values: &FormValues, name: &str) -> String {
    values.get(name).map(|value| value.trim().to_owned()).unwrap_or_default()
}

/// Whether HTMX asks, which takes a fragment, and not a browser by itself, which takes a page.
pub(in crate::web) fn is_htmx(request: &HttpRequest) -> bool {
    request.headers().contains_key("hx-request")
}

/// `path` with those of the values that are not empty as its query. Names and values may hold anything.
pub(in crate::web) fn address(path: &str, values: &[(&str, &str)]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in values.iter().filter(|(_, value)| !value.is_empty()) {
        query.append_pair(name, value);
    }
    let query = query.finish();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

/// The first `most` characters of a text, with an ellipsis where more followed.
pub(in crate::web) fn clipped(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{address, clipped};

    #[test]
    fn an_address_carries_anything() {
        assert_eq!(address("/catalog/a", &[("q", ""), ("sort", "")]), "/catalog/a");
        assert_eq!(
            address("/catalog/a", &[("q", "a&b=c #1"), ("sort", "-Größe %")]),
            "/catalog/a?q=a%26b%3Dc+%231&sort=-Gr%C3%B6%C3%9Fe+%25"
        );
    }

    #[test]
    fn long_text_is_clipped_between_characters() {
        assert_eq!(clipped("ÄÖÜ", 2), "ÄÖ…");
        assert_eq!(clipped("ÄÖÜ", 3), "ÄÖÜ");
    }
}
