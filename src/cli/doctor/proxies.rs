//! Checks whether forwarded headers arrive from a proxy that is not trusted.

use chrono::{TimeDelta, Utc};

use super::check_result::CheckResult;
use super::shared_connection::SharedConnection;
use crate::domain::trusted_proxies::TrustedProxies;
use crate::store::diagnostics::DatabaseProbe;

const CHECK_NAME: &str = "reverse proxy";
/// Older notes are not reported: the proxy may be gone.
const MAX_NOTE_AGE: TimeDelta = TimeDelta::days(7);

/// Warns if a peer that is not trusted recently sent forwarded headers. A note that cannot be read is no problem of the
/// proxy; the other checks of the database report it.
pub(super) fn check_proxies(connection: &mut SharedConnection, trusted: &TrustedProxies) -> Option<CheckResult> {
    if trusted.trusts_everybody() {
        let message = "LOCKSTEP_TRUSTED_PROXIES trusts every address, so each client can choose its address, and logins \
                       are not limited";
        let fix = "Set LOCKSTEP_TRUSTED_PROXIES to the address of your reverse proxy.";
        return Some(CheckResult::warning(CHECK_NAME, message, fix));
    }
    let seen = connection.run_query(DatabaseProbe::untrusted_forwarder).ok()??;
    if trusted.is_trusted(seen.address) || Utc::now() - seen.seen_at > MAX_NOTE_AGE {
        return None;
    }
    let address = seen.address;
    let time = seen.seen_at.format("%-d %b %Y, %H:%M UTC");
    let message = format!(
        "requests from {address} carry X-Forwarded headers, which are ignored (last seen {time}): all clients behind \
         it share one limit of logins, and cookies are not restricted to HTTPS"
    );
    let fix = format!(
        "If {address} is your reverse proxy, set LOCKSTEP_TRUSTED_PROXIES={address}. If it is not, somebody sends these \
         headers, and nothing needs to be done."
    );
    Some(CheckResult::warning(CHECK_NAME, message, fix))
}
