//! Decides whether the target of a redirect may be requested.

use url::Url;

use super::fetch_failure::{
    FetchFailure, final_failure, insecure_redirect, invalid_redirect_target, redirect_to_sheet,
};
use super::request::OutgoingRequest;
use super::response_status::{BodyProblem, ResponseOrigin, display_host, web_page_error};
use super::settings::HttpSettings;
use super::web_address::{RedirectScope, basic_auth, parse_web_address};

/// The target `to` of a redirect from `from`. The credentials of `from` are added if it is on the same host.
///
/// # Errors
/// `bad_redirect` for an invalid target or one outside of the request's scope, `insecure_redirect` from an encrypted
/// connection to one that is not, `sign_in_page` for Google's sign-in, and the errors of the request's own check.
pub(super) fn resolve_redirect(
    request: &OutgoingRequest<'_>,
    settings: &HttpSettings,
    from: &Url,
    to: &str,
    origin: &ResponseOrigin,
) -> Result<Url, FetchFailure> {
    let next = from.join(to).ok().filter(|_| !to.is_empty()).ok_or_else(|| {
        final_failure(
            "bad_redirect",
            format!("{} redirects to an invalid URL. Open the source's URL in a browser to check it.", origin.host),
        )
    })?;
    if next.path().starts_with("/ServiceLogin") || next.host_str() == Some("accounts.google.com") {
        let google = ResponseOrigin { is_google: true, ..origin.clone() };
        return Err(BodyProblem::Final(web_page_error(&google)).into());
    }
    let mut next = parse_web_address(next.as_str()).map_err(|error| invalid_redirect_target(error, origin))?;
    if from.scheme() == "https" && next.scheme() != "https" {
        return Err(insecure_redirect(origin, &next));
    }
    if request.redirect_scope == RedirectScope::Google && !settings.may_google_redirect_to(&next) {
        return Err(final_failure(
            "bad_redirect",
            format!(
                "Google redirects to {}, which is not a Google host, so the redirect was not followed. Copy the link \
                 from the sheet's address bar again.",
                display_host(&next)
            ),
        ));
    }
    if !origin.is_google {
        (request.check_redirect)(&next).map_err(|error| redirect_to_sheet(error, origin))?;
    }
    if next.origin() == from.origin() && basic_auth(&next).is_none() {
        // Both fail only for URLs that cannot carry credentials.
        let _ = next.set_username(from.username());
        let _ = next.set_password(from.password());
    }
    Ok(next)
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::resolve_redirect;
    use crate::fetch::FetchError;
    use crate::fetch::http::address_guard::AllowHosts;
    use crate::fetch::http::fetch_failure::FetchFailure;
    use crate::fetch::http::request::OutgoingRequest;
    use crate::fetch::http::response_status::{BodyProblem, ResponseOrigin, display_host};
    use crate::fetch::http::settings::HttpSettings;
    use crate::fetch::http::web_address::RedirectScope;

    /// Resolves a redirect; returns the target, or the code and the message.
    fn resolve(from: &str, to: &str, scope: RedirectScope) -> Result<String, (String, String)> {
        let url = |text: &str| Url::parse(text).expect("an address");
        let settings = HttpSettings {
            max_bytes: 1000,
            allow: AllowHosts::default(),
            work_dir: "/".into(),
            google_url: url("https://docs.google.com"),
        };
        let from = url(from);
        let origin =
            ResponseOrigin { host: display_host(&from), url: from.clone(), is_google: settings.is_google(&from) };
        let request = OutgoingRequest::table(from.as_str(), scope);
        match resolve_redirect(&request, &settings, &from, to, &origin) {
            Ok(target) => Ok(target.to_string()),
            Err(FetchFailure::Problem(BodyProblem::Final(FetchError::Failed { code, message }))) => {
                Err((code.to_owned(), message))
            }
            Err(failure) => panic!("{}", failure.code()),
        }
    }

    #[test]
    fn an_encrypted_address_never_redirects_to_an_unencrypted_one() {
        for (from, to) in [
            ("https://data.example/a.csv", "http://data.example/a.csv"),
            ("https://me:s3cret@data.example/a.csv", "http://other.example/b.csv?token=s3cret"),
            ("https://data.example/feed.xml", "http://127.0.0.1/feed.xml"),
        ] {
            let (code, message) = resolve(from, to, RedirectScope::Anywhere).expect_err(to);
            assert_eq!(code, "insecure_redirect", "{message}");
            let target = Url::parse(to).expect("an address");
            assert!(
                message.contains("data.example") && message.contains(target.host_str().expect("a host")),
                "{message}"
            );
            assert!(!message.contains("s3cret"), "{message}");
        }
        let (code, _) = resolve("https://docs.google.com/a", "http://docs.google.com/b", RedirectScope::Google)
            .expect_err("not encrypted");
        assert_eq!(code, "insecure_redirect");
    }

    #[test]
    fn other_redirects_are_followed() {
        for (from, to, target) in [
            ("https://data.example/a.csv", "/b.csv", "https://data.example/b.csv"),
            ("https://data.example/a.csv", "//www.data.example/a.csv", "https://www.data.example/a.csv"),
            ("http://data.example/a.csv", "https://data.example/a.csv", "https://data.example/a.csv"),
            ("http://data.example/a.csv", "http://other.example/a.csv", "http://other.example/a.csv"),
        ] {
            assert_eq!(resolve(from, to, RedirectScope::Anywhere).as_deref(), Ok(target), "{from}");
        }
    }
}
