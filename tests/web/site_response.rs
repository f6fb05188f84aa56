//! A response of the tested site.

use std::io::{Read, Write};

use serde_json::Value;

/// A response with its body as text.
#[derive(Debug)]
pub(super) struct SiteResponse {
    pub(super) status: u16,
    pub(super) body: String,
    pub(super) headers: Vec<(String, String)>,
}

impl SiteResponse {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The cookie that was set, as a client sends it back.
    pub(super) fn cookie(&self) -> Option<String> {
        Some(self.header("set-cookie")?.split(';').next()?.to_owned())
    }

    #[track_caller]
    pub(super) fn json(&self) -> Value {
        assert_eq!(self.header("content-type"), Some("application/json"), "{}", self.body);
        serde_json::from_str(&self.body).expect("JSON")
    }

    /// The status and the error code of the JSON.
    #[track_caller]
    pub(super) fn expect_refusal(&self) -> (u16, String) {
        let json = self.json();
        assert!(json["error"].as_str().is_some_and(|message| message.ends_with('.')), "{json}");
        (self.status, json["code"].as_str().expect("a code").to_owned())
    }
}

/// The text of a body, which may be compressed.
pub(super) fn decompress_body(body: &[u8]) -> String {
    let mut plain = Vec::new();
    match body.starts_with(&[0x1F, 0x8B]) {
        true => flate2::read::GzDecoder::new(body).read_to_end(&mut plain).expect("gzip"),
        false => plain.write(body).expect("memory"),
    };
    String::from_utf8_lossy(&plain).into_owned()
}
