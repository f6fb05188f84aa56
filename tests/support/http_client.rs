//! Somebody who asks a server at an address, whichever process answers there: a program with a token, a visitor, or a
//! person who has logged in. Who asks outlives the servers that answer.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;

use super::server_process::{ADMIN_LOGIN, ROBOT_TOKEN, ServerAnswer};

/// The one who asks. Nothing is kept of the last answer, connections neither.
pub(crate) struct TestHttpClient {
    agent: ureq::Agent,
    address: SocketAddr,
    /// A header that says who it is.
    who: Option<(&'static str, String)>,
}

impl TestHttpClient {
    /// Somebody whom the server does not know.
    pub(crate) fn visitor(address: SocketAddr) -> Self {
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .max_idle_connections(0)
            .timeout_global(Some(Duration::from_secs(30)))
            .build();
        Self { agent: agent.into(), address, who: None }
    }

    /// The program `robot`.
    pub(crate) fn robot(address: SocketAddr) -> Self {
        Self { who: Some(("Authorization", format!("Bearer {ROBOT_TOKEN}"))), ..Self::visitor(address) }
    }

    /// The admin, logged in: sessions are in the database, so they outlive the server too.
    pub(crate) fn admin(address: SocketAddr) -> Self {
        let visitor = Self::visitor(address);
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

    /// Asks for a path; `None` when nobody answers.
    pub(crate) fn get(&self, path: &str) -> Option<ServerAnswer> {
        self.try_get(path).ok()
    }

    /// Asks for a path; why not, when nobody answers.
    pub(crate) fn try_get(&self, path: &str) -> Result<ServerAnswer, ureq::Error> {
        self.send("GET", path, None, String::new())
    }

    /// Sends JSON; `None` when nobody answers.
    pub(crate) fn post(&self, path: &str, body: &Value) -> Option<ServerAnswer> {
        self.send("POST", path, Some("application/json"), body.to_string()).ok()
    }

    /// Presses a button as the page does: `form` is the form's text, the answer a fragment.
    pub(crate) fn press(&self, path: &str, form: &str) -> Option<ServerAnswer> {
        self.send("POST", path, Some("application/x-www-form-urlencoded"), form.to_owned()).ok()
    }

    fn send(&self, method: &str, path: &str, kind: Option<&str>, body: String) -> Result<ServerAnswer, ureq::Error> {
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
        Ok(ServerAnswer { status, body: answered.body_mut().read_to_string()? })
    }
}
