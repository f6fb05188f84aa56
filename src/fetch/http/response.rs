//! The result of a request: a body with its headers, or "not modified".

use ureq::http::{HeaderMap, header};
use url::Url;

use super::body_file::BodyFile;
use super::response_status;
use crate::domain::source::Validators;

/// The response of a server.
#[derive(Debug)]
pub(in crate::fetch) enum FetchResponse {
    /// 304: the version that the request's validators name is still current. The headers may name new validators.
    NotModified(HeaderMap),
    /// A body, complete.
    Body(ResponseBody),
}

/// A body with its headers and its final address.
#[derive(Debug)]
pub(in crate::fetch) struct ResponseBody {
    /// The decompressed body in a temporary file.
    pub(in crate::fetch) content: BodyFile,
    /// The headers of the last response.
    pub(in crate::fetch) headers: HeaderMap,
    /// The address after all redirects.
    pub(in crate::fetch) url: Url,
    /// Whether there were redirects and all of them were permanent (301 or 308).
    pub(in crate::fetch) is_moved: bool,
}

impl ResponseBody {
    /// `ETag` and `Last-Modified` of this version, exactly as the server sent them.
    pub(in crate::fetch) fn validators(&self) -> Validators {
        Validators {
            etag: response_status::header_as_latin1(&self.headers, &header::ETAG),
            last_modified: response_status::header_as_latin1(&self.headers, &header::LAST_MODIFIED),
            ..Validators::default()
        }
    }
}
