//! The base address for relative links in a feed.

use url::Url;

/// `url` without user name, password, query and fragment, so that links resolved against it contain no secrets.
pub(super) fn without_secrets(url: &Url) -> Url {
    let mut url = url.clone();
    // Both fail only for addresses that cannot carry credentials.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_query(None);
    url.set_fragment(None);
    url
}
