//! A client of the real server, bound to an address: with a token, anonymous, or logged in. It works across restarts of
//! the server.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;

use super::server_process::{ADMIN_LOGIN, ROBOT_TOKEN, ServerAnswer};
use super::waiting::WAIT_LIMIT;

/// An HTTP client. It keeps no connection and no state between two requests.
pub(crate) struct TestHttpClient {
    agent: ureq::Agent,
    address: SocketAddr,
    /// The header that authenticates it.
    who: Option<(&'static str, String)>,
}

impl TestHttpClient {
    /// A client without credentials.
    pub(crate) fn anonymous(address: SocketAddr) -> Self {
        Self::with_time_limit(address, WAIT_LIMIT)
    }

    fn with_time_limit(address: SocketAddr, limit: Duration) -> Self {
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .max_idle_connections(0)
            .timeout_global(Some(limit))
            .build();
        Self { agent: agent.into(), address, who: None }
    }

    /// A client with the API token of `robot`.
    pub(crate) fn with_token(address: SocketAddr) -> Self {
        Self { who: Some(("Authorization", format!("Bearer {ROBOT_TOKEN}"))), ..Self::anonymous(address) }
    }

    /// The admin, logged in. Sessions are in the database, so they survive a restart.
    pub(crate) fn logged_in_admin(address: SocketAddr) -> Self {
        let visitor = Self::anonymous(address);
        let (name, password) = ADMIN_LOGIN;
        let answer = visitor
            .agent
            .post(format!("http://{address}/login"))
            .send_form([("username", name), ("password", password)])
            .expect("an answer to the login");
        let cookie = answer.headers().get("set-cookie").and_then(|value| value.to_str().ok()).expect("a session");
        let cookie = cookie.split(';').next().unwrap_or_default().to_owned();
        Self { who: Some(("Cookie", cookie)), ..visitor }
    }

    /// A client with the same credentials at another address, which waits for an answer no longer than `limit`.
    pub(crate) fn at_address(&self, address: SocketAddr, limit: Duration) -> Self {
        Self { who: self.who.clone(), ..Self::with_time_limit(address, limit) }
    }

    /// Requests a path; `None` when no server answers.
    pub(crate) fn get(&self, path: &str) -> Option<ServerAnswer> {
        self.try_get(path).ok()
    }

    /// Requests a path; an error when no server answers.
    pub(crate) fn try_get(&self, path: &str) -> Result<ServerAnswer, ureq::Error> {
        self.send_request("GET", path, None, String::new())
    }

    /// Sends JSON; `None` when no server answers.
    pub(crate) fn post(&self, path: &str, body: &Value) -> Option<ServerAnswer> {
        self.send_request("POST", path, Some("application/json"), body.to_string()).ok()
    }

    /// Submits a form as htmx does; the answer is a fragment.
    pub(crate) fn submit_form(&self, path: &str, form: &str) -> Option<ServerAnswer> {
        self.send_request("POST", path, Some("application/x-www-form-urlencoded"), form.to_owned()).ok()
    }

    fn send_request(
        &self,
        method: &str,
        path: &str,
        kind: Option<&str>,
        body: String,
    ) -> Result<ServerAnswer, ureq::Error> {
        let mut request = ureq::http::Request::builder().method(method).uri(format!("http://{}{path}", self.address));
        if let Some((name, value)) = &self.who {
            request = request.header(*name, value);
        }
        let answered = match kind {
            Some(kind) => {
                let request = request.header("Content-Type", kind).header("HX-Request", "true");
                self.agent.run(request.body(body).expect("a request"))
            }
            None => self.agent.run(request.body(()).expect("a request")),
        };
        let mut answered = answered?;
        let status = answered.status().as_u16();
        let header = |name: &str| answered.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let (retry_after, etag) = (header("retry-after"), header("etag"));
        Ok(ServerAnswer { status, retry_after, etag, body: answered.body_mut().read_to_string()? })
    }
}
