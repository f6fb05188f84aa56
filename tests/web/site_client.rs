//! A client of the tested site, which follows no redirects.

use super::site::TestSite;
use super::site_response::{SiteResponse, decompress_body};
use crate::support::waiting::WAIT_LIMIT;

/// A client with headers that it sends with every request.
pub(super) struct SiteClient<'a> {
    site: &'a TestSite,
    headers: Vec<(&'static str, String)>,
}

impl<'a> SiteClient<'a> {
    /// A client without headers.
    pub(super) fn new(site: &'a TestSite) -> Self {
        Self { site, headers: Vec::new() }
    }

    /// The same client with one more header.
    pub(super) fn with_header(&self, name: &'static str, value: &str) -> Self {
        let mut headers = self.headers.clone();
        headers.push((name, value.to_owned()));
        Self { site: self.site, headers }
    }

    pub(super) fn get(&self, path: &str) -> SiteResponse {
        self.send_request("GET", path, None)
    }

    pub(super) fn post_json(&self, path: &str, body: &str) -> SiteResponse {
        self.send_request("POST", path, Some(("application/json", body.to_owned())))
    }

    pub(super) fn post(&self, path: &str) -> SiteResponse {
        self.post_form(path, &[])
    }

    pub(super) fn post_form(&self, path: &str, fields: &[(&str, &str)]) -> SiteResponse {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.send_request("POST", path, Some(("application/x-www-form-urlencoded", body)))
    }

    /// Sends a form with this text as its file.
    pub(super) fn post_file(&self, path: &str, text: &str) -> SiteResponse {
        self.post_form_with_file(path, &[], ("rows.csv", text))
    }

    /// Sends a form with these fields and a file: its name and text.
    pub(super) fn post_form_with_file(
        &self,
        path: &str,
        fields: &[(&str, &str)],
        (file_name, text): (&str, &str),
    ) -> SiteResponse {
        let part = |heading: String, value: &str| {
            format!("--frontier\r\nContent-Disposition: form-data; {heading}\r\n\r\n{value}\r\n")
        };
        let fields = fields.iter().map(|(name, value)| part(format!("name=\"{name}\""), value));
        let file = part(format!("name=\"file\"; filename=\"{file_name}\""), text);
        let body = format!("{}{file}--frontier--\r\n", fields.collect::<String>());
        self.send_request("POST", path, Some(("multipart/form-data; boundary=frontier", body)))
    }

    pub(super) fn send_request(&self, method: &str, path: &str, body: Option<(&str, String)>) -> SiteResponse {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_global(Some(WAIT_LIMIT))
            .build()
            .into();
        let mut request =
            ureq::http::Request::builder().method(method).uri(format!("http://{}{path}", self.site.address));
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        let answered = match body {
            Some((kind, body)) => agent.run(request.header("Content-Type", kind).body(body).expect("a request")),
            None => agent.run(request.body(()).expect("a request")),
        };
        let mut answered = answered.expect("an answer");
        let text = |value: &ureq::http::HeaderValue| value.to_str().expect("text").to_owned();
        SiteResponse {
            status: answered.status().as_u16(),
            headers: answered.headers().iter().map(|(name, value)| (name.to_string(), text(value))).collect(),
            body: decompress_body(&answered.body_mut().read_to_vec().expect("a body")),
        }
    }
}
