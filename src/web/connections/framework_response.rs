//! The responses that the framework sends itself, before any handler: 400 for a malformed request, 408 for a slow head
//! and 431 for a large one.

use std::sync::LazyLock;

use actix_web::http::header::HeaderMap;

use crate::web::http::security_headers::add_security_headers;

/// What ends the head of a response.
const HEAD_END: &[u8] = b"\r\n\r\n";

/// The security headers as lines, each with its end.
static HEADER_LINES: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut headers = HeaderMap::new();
    add_security_headers(&mut headers, false);
    let mut lines = Vec::new();
    for (name, value) in &headers {
        lines.extend_from_slice(name.as_str().as_bytes());
        lines.extend_from_slice(b": ");
        lines.extend_from_slice(value.as_bytes());
        lines.extend_from_slice(b"\r\n");
    }
    lines
});

/// The same response with the security headers. Bytes without the end of a head are returned as they are.
pub(super) fn with_security_headers(response: &[u8]) -> Vec<u8> {
    let Some(end) = response.windows(HEAD_END.len()).position(|bytes| bytes == HEAD_END) else {
        return response.to_vec();
    };
    let (head, rest) = response.split_at(end + 2);
    [head, &HEADER_LINES, rest].concat()
}

#[cfg(test)]
mod tests {
    use super::with_security_headers;

    #[test]
    fn the_headers_are_added_at_the_end_of_the_head() {
        let changed = with_security_headers(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 2\r\n\r\nNo\r\n\r\n");
        let changed = String::from_utf8(changed).expect("text");
        let (head, body) = changed.split_once("\r\n\r\n").expect("a head");
        assert!(head.starts_with("HTTP/1.1 400 Bad Request\r\ncontent-length: 2\r\n"), "{head}");
        assert!(head.contains("\r\nx-content-type-options: nosniff"), "{head}");
        assert_eq!(body, "No\r\n\r\n");
    }

    #[test]
    fn bytes_without_a_head_stay_as_they_are() {
        assert_eq!(with_security_headers(b"HTTP/1.1 400"), b"HTTP/1.1 400");
    }
}
