//! Requests and replies of the stub of Google: which requests it verifies, and how it replies.

use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chrono::{TimeDelta, Utc};
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private};
use openssl::sign::Verifier;
use serde_json::{Value, json};
use url::Url;

use super::google_server::{GoogleState, PROJECT_NUMBER, SERVICE_ACCOUNT_EMAIL, SHEET_ID, SheetTab, TabCells};
use super::stub_reply::StubReply;
use super::stub_server::{RecordedRequest, pause_until_shutdown, send_reply};

const SCOPES: [&str; 2] = [
    "https://www.googleapis.com/auth/spreadsheets.readonly",
    "https://www.googleapis.com/auth/drive.metadata.readonly",
];

/// An error in the format of Google's APIs.
pub(crate) fn api_error(code: u16, status: &str, message: &str, reason: &str) -> StubReply {
    let mut error = json!({ "code": code, "message": message, "status": status });
    if !reason.is_empty() {
        error["details"] = json!([{
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": reason,
            "domain": "googleapis.com",
            "metadata": { "consumer": format!("projects/{PROJECT_NUMBER}"), "service": "sheets.googleapis.com" },
        }]);
    }
    json_reply(code, &json!({ "error": error }))
}

/// The error of the real API when it is not enabled.
pub(crate) fn api_disabled(api: &str, host: &str) -> StubReply {
    let message = format!(
        "{api} has not been used in project {PROJECT_NUMBER} before or it is disabled. Enable it by visiting \
         https://console.developers.google.com/apis/api/{host}/overview?project={PROJECT_NUMBER} then retry. If you enabled this \
         API recently, wait a few minutes for the action to propagate to our systems and retry."
    );
    api_error(403, "PERMISSION_DENIED", &message, "SERVICE_DISABLED")
}

/// The error of the real API when the quota of this minute is used up.
pub(crate) fn quota_exceeded() -> StubReply {
    let message = format!(
        "Quota exceeded for quota metric 'Read requests' and limit 'Read requests per minute per user' of service \
         'sheets.googleapis.com' for consumer 'project_number:{PROJECT_NUMBER}'."
    );
    api_error(429, "RESOURCE_EXHAUSTED", &message, "RATE_LIMIT_EXCEEDED")
}

/// An error of the token endpoint.
pub(crate) fn token_error(code: u16, error: &str, description: &str) -> StubReply {
    json_reply(code, &json!({ "error": error, "error_description": description }))
}

fn json_reply(code: u16, value: &Value) -> StubReply {
    let text = serde_json::to_string_pretty(value).expect("JSON");
    StubReply::status(code).header("Content-Type", "application/json; charset=UTF-8").body(text)
}

/// Answers the requests of one connection.
pub(super) struct GoogleResponder {
    pub(super) address: SocketAddr,
    pub(super) key: PKey<Private>,
    pub(super) state: Arc<Mutex<GoogleState>>,
    pub(super) over: Arc<AtomicBool>,
}

impl GoogleResponder {
    /// Reads a request and answers it.
    pub(super) fn answer_request(&self, mut stream: TcpStream) -> io::Result<()> {
        let Some((seen, form)) = read_request(&stream)? else { return Ok(()) };
        let (fault, twist, now) = {
            let mut state = self.state.lock().expect("Google's state");
            state.seen.push(seen.clone());
            let due = state.faults.iter_mut().find(|(word, queue)| seen.target.contains(word) && !queue.is_empty());
            let fault = due.and_then(|(_, queue)| queue.pop_front());
            let twist = state.twist.clone().filter(|(word, _)| seen.target.contains(word));
            (fault, twist, Utc::now() + TimeDelta::seconds(state.ahead))
        };
        let date = now.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
        if fault.is_none()
            && let Some((title, rows)) = self.many(&seen)
        {
            return stream_rows(&mut stream, &title, rows);
        }
        let reply = fault.unwrap_or_else(|| self.decide_reply(&seen, &form, now.timestamp()));
        let reply = if let Some((_, transform)) = twist { transform(reply) } else { reply };
        pause_until_shutdown(reply.delay, &self.over);
        send_reply(&mut stream, &reply.header("Date", &date), &seen, &self.over)
    }

    fn decide_reply(&self, seen: &RecordedRequest, form: &str, now: i64) -> StubReply {
        let url = Url::parse(&format!("http://{}{}", self.address, seen.target)).expect("an address");
        if url.path() == "/token" {
            return self.issue_token(form, now);
        }
        if !self.is_authorized(seen) {
            let message = "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or \
                           other valid authentication credential.";
            return api_error(401, "UNAUTHENTICATED", message, "");
        }
        let state = self.state.lock().expect("Google's state");
        let parts: Vec<&str> = url.path().trim_start_matches('/').split('/').collect();
        match parts[..] {
            ["drive", "v3", "files", _] => match &state.modified {
                Some(time) => json_reply(200, &json!({ "modifiedTime": time })),
                None => api_disabled("Google Drive API", "drive.googleapis.com"),
            },
            ["v4", "spreadsheets", id, ref rest @ ..] => match (state.sheets.get(id), rest) {
                (None, _) => api_error(404, "NOT_FOUND", "Requested entity was not found.", ""),
                (Some(tabs), []) => properties_reply(tabs, state.title.as_deref().unwrap_or("Albums")),
                (Some(tabs), ["values:batchGet"]) => values_reply(tabs, &url),
                _ => StubReply::status(404),
            },
            _ => StubReply::status(404),
        }
    }

    fn is_authorized(&self, seen: &RecordedRequest) -> bool {
        let given = seen.header("Authorization").and_then(|value| value.strip_prefix("Bearer "));
        let state = self.state.lock().expect("Google's state");
        given.is_some_and(|given| state.tokens.iter().any(|token| token == given))
    }

    /// Verifies the signed assertion as Google does and issues a token.
    fn issue_token(&self, form: &str, now: i64) -> StubReply {
        let form: HashMap<String, String> = url::form_urlencoded::parse(form.as_bytes()).into_owned().collect();
        if form.get("grant_type").map(String::as_str) != Some("urn:ietf:params:oauth:grant-type:jwt-bearer") {
            return token_error(400, "unsupported_grant_type", "Invalid grant_type");
        }
        let assertion = form.get("assertion").cloned().unwrap_or_default();
        let Some((signed, signature)) = assertion.rsplit_once('.') else {
            return token_error(400, "invalid_grant", "Invalid JWT");
        };
        let decoded = |part: &str| BASE64_URL_SAFE_NO_PAD.decode(part).unwrap_or_default();
        let parsed = |part: &str| serde_json::from_slice::<Value>(&decoded(part)).unwrap_or_default();
        let (head, claims) = signed.split_once('.').unwrap_or_default();
        let (head, claims) = (parsed(head), parsed(claims));
        let mut verifier = Verifier::new(MessageDigest::sha256(), &self.key).expect("a verifier");
        let is_signed = verifier.verify_oneshot(&decoded(signature), signed.as_bytes()).unwrap_or(false);
        if head["alg"] != "RS256" || claims["iss"] != SERVICE_ACCOUNT_EMAIL {
            return token_error(400, "invalid_grant", "Invalid grant: account not found");
        }
        if !is_signed {
            return token_error(400, "invalid_grant", "Invalid JWT Signature.");
        }
        let (begin, end) = (claims["iat"].as_i64().unwrap_or(0), claims["exp"].as_i64().unwrap_or(0));
        if begin > now || end <= now || end - begin > 3600 {
            let description = "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. \
                               Check your iat and exp values in the JWT claim.";
            return token_error(400, "invalid_grant", description);
        }
        let scopes: Vec<&str> = claims["scope"].as_str().unwrap_or_default().split(' ').collect();
        if claims["aud"] != format!("http://{}/token", self.address) || scopes != SCOPES {
            return token_error(400, "invalid_scope", "Invalid OAuth scope or ID token audience provided.");
        }
        let mut state = self.state.lock().expect("Google's state");
        let token = format!("ya29.c.s3cret-{}-{now}", state.seen.len());
        state.tokens.push(token.clone());
        json_reply(200, &json!({ "access_token": token, "expires_in": 3599, "token_type": "Bearer" }))
    }

    /// The title and the number of rows of the tab that is asked for, if they are made as they are sent.
    fn many(&self, seen: &RecordedRequest) -> Option<(String, u64)> {
        let url = Url::parse(&format!("http://{}{}", self.address, seen.target)).ok()?;
        let title = requested_tab_title(&url).filter(|_| self.is_authorized(seen))?;
        let state = self.state.lock().expect("Google's state");
        let tab = state.sheets.values().flatten().find(|tab| tab.title == title)?;
        if let TabCells::Many(rows) = tab.cells { Some((title, rows)) } else { None }
    }
}

/// The tab that a range in A1 notation names: `'Title'` or `'Title'!A1:B3`.
fn requested_tab_title(url: &Url) -> Option<String> {
    let (_, range) = url.query_pairs().find(|(name, _)| name == "ranges")?;
    let inner = range.strip_prefix('\'')?.rsplit_once('\'')?.0;
    // Each quote in a name is doubled.
    let parts: Vec<&str> = inner.split("''").collect();
    parts.iter().all(|part| !part.contains('\'')).then(|| parts.join("'"))
}

/// The cells of `rows` that a range behind the tab's name picks: `!A1:B3`, `!A3:B` or `!B:D`.
fn select_range(rows: &[Vec<String>], url: &Url) -> Vec<Vec<String>> {
    let range = url.query_pairs().find(|(name, _)| name == "ranges").map(|(_, range)| range.into_owned());
    let cells = range.as_deref().and_then(|range| range.rsplit_once("'!")).map(|(_, cells)| cells);
    cells.map_or_else(|| rows.to_vec(), |cells| cells_in_range(rows, cells))
}

/// The cells of `rows` in a range: `A1:B3`, `A3:B` or `B:D`.
pub(super) fn cells_in_range(rows: &[Vec<String>], cells: &str) -> Vec<Vec<String>> {
    let (first, last) = cells.split_once(':').expect("a range");
    let column = |corner: &str| usize::from(corner.as_bytes()[0] - b'A');
    let row = |corner: &str| corner[1..].parse::<usize>().ok();
    let (top, bottom) = (row(first).map_or(0, |row| row - 1), row(last).unwrap_or(rows.len()).min(rows.len()));
    let cut = |row: &Vec<String>| row.iter().take(column(last) + 1).skip(column(first)).cloned().collect();
    rows.iter().take(bottom).skip(top).map(cut).collect()
}

fn properties_reply(tabs: &[SheetTab], title: &str) -> StubReply {
    let sheets: Vec<Value> = tabs
        .iter()
        .enumerate()
        .map(|(index, tab)| {
            let mut properties = json!({ "sheetId": tab.gid, "title": tab.title, "index": index });
            if tab.hidden {
                properties["hidden"] = true.into();
            }
            json!({ "properties": properties })
        })
        .collect();
    json_reply(200, &json!({ "properties": { "title": title, "locale": "en_GB" }, "sheets": sheets }))
}

fn values_reply(tabs: &[SheetTab], url: &Url) -> StubReply {
    let title = requested_tab_title(url).unwrap_or_default();
    let Some(tab) = tabs.iter().find(|tab| tab.title == title) else {
        let range = url.query_pairs().find(|(name, _)| name == "ranges").map(|(_, range)| range.into_owned());
        let message = format!("Unable to parse range: {}", range.unwrap_or_default());
        return api_error(400, "INVALID_ARGUMENT", &message, "");
    };
    let TabCells::Rows(rows) = &tab.cells else { return StubReply::status(500) };
    let rows = select_range(rows, url);
    // Empty cells at the end of a row, and empty rows at the end, are left out.
    let used = |cells: &[String]| cells.iter().rposition(|cell| !cell.is_empty()).map_or(0, |last| last + 1);
    let mut rows: Vec<&[String]> = rows.iter().map(|row| &row[..used(row)]).collect();
    while rows.last().is_some_and(|row| row.is_empty()) {
        rows.pop();
    }
    let mut range = json!({ "range": format!("{title}!A1:Z1000"), "majorDimension": "ROWS" });
    if !rows.is_empty() {
        range["values"] = json!(rows);
    }
    json_reply(200, &json!({ "spreadsheetId": SHEET_ID, "valueRanges": [range] }))
}

/// A header and generated rows of some hundred bytes each, never all in memory.
fn stream_rows(stream: &mut TcpStream, title: &str, rows: u64) -> io::Result<()> {
    let mut out = io::BufWriter::new(stream);
    write!(out, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n")?;
    write!(
        out,
        "{{\"spreadsheetId\": \"{SHEET_ID}\", \"valueRanges\": [{{\"range\": \"{title}!A1:C{rows}\", \"values\": ["
    )?;
    write!(out, "[\"id\", \"artist\", \"notes\"]")?;
    let notes = "Recorded in one afternoon, and nobody knew. ".repeat(20);
    for row in 1..=rows {
        write!(out, ",\n[\"{row}\", \"Artist {row}\", \"{notes}\"]")?;
    }
    write!(out, "]}}]}}")?;
    out.flush()
}

fn read_request(stream: &TcpStream) -> io::Result<Option<(RecordedRequest, String)>> {
    let mut reader = BufReader::new(stream);
    let mut first = String::new();
    reader.read_line(&mut first)?;
    let Some(target) = first.split(' ').nth(1).map(str::to_owned) else { return Ok(None) };
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.push((name.to_owned(), value.trim().to_owned()));
    }
    let seen = RecordedRequest::new(target, headers);
    let length = seen.header("Content-Length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut form = String::new();
    reader.take(length).read_to_string(&mut form)?;
    Ok(Some((seen, form)))
}
