//! Decides whether the target of a redirect may be requested.

use url::Url;

use super::fetch_failure::{FetchFailure, final_failure, invalid_redirect_target, redirect_to_sheet};
use super::request::OutgoingRequest;
use super::response_status::{BodyProblem, ResponseOrigin, display_host, web_page_error};
use super::settings::HttpSettings;
use super::web_address::{RedirectScope, basic_auth, parse_web_address};

/// The target `to` of a redirect from `from`. The credentials of `from` are added if it is on the same host.
///
/// # Errors
/// `bad_redirect` for an invalid target or one outside of the request's scope, `sign_in_page` for Google's sign-in, and
/// the errors of the request's own check.
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
