//! Names the location of a source in messages such as "Fetching albums from example.org…".

use super::http::response_status::display_host;
use super::http::web_address::parse_web_address;
use crate::domain::location::SourceLocation;

/// A short name of `location`: its host or its file name. An upload is called `upload`.
pub(super) fn location_label(location: &SourceLocation, upload: &str) -> String {
    match location {
        SourceLocation::Url(address) => host_label(address),
        SourceLocation::Urls(_) => "its URLs".to_owned(),
        SourceLocation::File(path) => path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned(),
        SourceLocation::Upload(_) => upload.to_owned(),
        SourceLocation::Sample => "the sample".to_owned(),
    }
}

/// The host of the URL `address`, with its port unless it is the default one.
pub(super) fn host_label(address: &str) -> String {
    parse_web_address(address).map_or_else(|_| "its URL".to_owned(), |url| display_host(&url))
}
