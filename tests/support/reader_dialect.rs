//! The replies of FreshRSS, Miniflux and Inoreader, with their differences.

use std::collections::HashMap;
use std::ops::Range;

use serde_json::{Value, json};

use super::reader_article::ReaderArticle;
use super::reader_server::{ReaderFault, ReaderRequest};

/// Name and password of the account, and the key of the application.
pub(crate) const ACCOUNT_SECRETS: [&str; 3] = ["s3cret-password", "s3cret-app-key", "s3cret-token"];
pub(super) const ACCOUNT_NAME: &str = "reader-of-news";

/// The server that the stub imitates.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ReaderDialect {
    FreshRss,
    Miniflux,
    Inoreader,
}

/// The state of the stub.
pub(super) struct ReaderState {
    pub(super) dialect: ReaderDialect,
    pub(super) articles: Vec<ReaderArticle>,
    pub(super) logins: usize,
    pub(super) faults: Vec<(&'static str, Range<usize>, ReaderFault)>,
    pub(super) requests: Vec<ReaderRequest>,
    /// The largest number of ids in a page.
    pub(super) page: usize,
    /// The requests allowed per day, the requests made today, and the seconds until tomorrow.
    pub(super) quota: Option<(u64, u64, u64)>,
}

/// An answer before it is sent.
pub(super) struct ReaderAnswer {
    pub(super) status: u16,
    pub(super) kind: &'static str,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: String,
}

pub(super) fn plain_answer(status: u16, body: &str) -> ReaderAnswer {
    ReaderAnswer { status, kind: "text/plain; charset=UTF-8", headers: Vec::new(), body: body.to_owned() }
}

fn json_answer(body: &Value) -> ReaderAnswer {
    ReaderAnswer { status: 200, kind: "application/json; charset=UTF-8", headers: Vec::new(), body: body.to_string() }
}

impl ReaderState {
    pub(super) fn answer_request(
        &mut self,
        method: &str,
        path: &str,
        request: &ReaderRequest,
        fault: Option<&ReaderFault>,
    ) -> ReaderAnswer {
        let inoreader = self.dialect == ReaderDialect::Inoreader;
        if inoreader
            && (request.header("AppId"), request.header("AppKey")) != (Some("1000001414"), Some(ACCOUNT_SECRETS[1]))
        {
            return plain_answer(403, "AppId required! Contact app developer.");
        }
        if request.what == "login" {
            return self.answer_login(request);
        }
        if matches!(fault, Some(ReaderFault::ExpiredToken)) {
            self.logins += 1;
        }
        let token = self.session_token();
        // Miniflux authenticates a form by its field alone.
        let right = match request.field("T") {
            Some(field) if self.dialect == ReaderDialect::Miniflux && method == "POST" => field == token,
            _ if self.dialect == ReaderDialect::Miniflux && method == "POST" => false,
            _ => request.header("Authorization") == Some(&format!("GoogleLogin auth={token}")),
        };
        if !right {
            return plain_answer(401, "Unauthorized");
        }
        if let Some((limit, used, seconds)) = &mut self.quota {
            if *used >= *limit {
                let reset = vec![("X-Reader-Limits-Reset-After", seconds.to_string())];
                return ReaderAnswer { headers: reset, ..plain_answer(429, "Daily request limit reached!") };
            }
            *used += 1;
        }
        if request.field("output") != Some("json") {
            return plain_answer(400, "only json output is supported");
        }
        let mut answer = match request.what.as_str() {
            "subscriptions" => json_answer(&json!({ "subscriptions": [
                { "id": "feed/1", "title": "The Daily Record", "categories": [{ "id": "user/-/label/Music", "label": "Music" }] },
                { "id": "feed/2", "title": "Notes & Queries", "categories": [] },
            ] })),
            "all" => self.answer_ids(request, fault, |_| true),
            "unread" => self.answer_ids(request, fault, |article| !article.read),
            "starred" => self.answer_ids(request, fault, |article| article.starred),
            "contents" if method == "POST" => self.answer_contents(request, fault),
            _ if self.dialect == ReaderDialect::Miniflux => json_answer(&json!([])),
            _ => plain_answer(if path.is_empty() { 200 } else { 400 }, "Bad Request!"),
        };
        if let Some((limit, used, seconds)) = self.quota {
            answer.headers.extend([
                ("X-Reader-Zone1-Limit", limit.to_string()),
                ("X-Reader-Zone1-Usage", used.to_string()),
                ("X-Reader-Limits-Reset-After", seconds.to_string()),
            ]);
        }
        answer
    }

    fn session_token(&self) -> String {
        format!("{ACCOUNT_NAME}/{}-{}", ACCOUNT_SECRETS[2], self.logins)
    }

    fn answer_login(&mut self, request: &ReaderRequest) -> ReaderAnswer {
        if (request.field("Email"), request.field("Passwd")) != (Some(ACCOUNT_NAME), Some(ACCOUNT_SECRETS[0])) {
            return match self.dialect {
                ReaderDialect::FreshRss => plain_answer(401, "Unauthorized!"),
                ReaderDialect::Miniflux => {
                    ReaderAnswer { status: 401, ..json_answer(&json!({ "error_message": "Access Unauthorized" })) }
                }
                ReaderDialect::Inoreader => {
                    ReaderAnswer { kind: "text/html", ..plain_answer(401, "Error=BadAuthentication\n") }
                }
            };
        }
        self.logins += 1;
        let token = self.session_token();
        let lines = format!("SID={token}\nLSID=null\nAuth={token}\n");
        match self.dialect {
            ReaderDialect::Inoreader => ReaderAnswer { kind: "text/html; charset=UTF-8", ..plain_answer(200, &lines) },
            ReaderDialect::Miniflux if request.field("output") == Some("json") => {
                json_answer(&json!({ "Auth": token }))
            }
            _ => plain_answer(200, &lines),
        }
    }

    fn answer_ids(
        &self,
        request: &ReaderRequest,
        fault: Option<&ReaderFault>,
        wanted: impl Fn(&ReaderArticle) -> bool,
    ) -> ReaderAnswer {
        let all: Vec<&ReaderArticle> = self.articles.iter().filter(|article| wanted(article)).collect();
        let most = if self.dialect == ReaderDialect::Inoreader { 1000.min(self.page) } else { self.page };
        let count = request.field("n").map_or(20, |n| n.parse().expect("a number")).min(most);
        // FreshRSS continues after the last id, the others by an offset.
        let next = request.field("c").unwrap_or_default();
        let from = match self.dialect {
            _ if next.is_empty() || matches!(fault, Some(ReaderFault::EmptyPage)) => 0,
            ReaderDialect::FreshRss => {
                all.iter().position(|article| article.id.to_string() == next).map_or(0, |at| at + 1)
            }
            ReaderDialect::Miniflux | ReaderDialect::Inoreader => {
                next.trim_start_matches("opaque-").parse().expect("an offset")
            }
        };
        let page: Vec<&ReaderArticle> = all.iter().copied().skip(from).take(count).collect();
        let refs = page.iter().map(|article| json!({ "id": article.id.to_string(), "directStreamIds": [] }));
        let mut body = json!({ "itemRefs": refs.collect::<Vec<_>>() });
        let to = from + page.len();
        let following = match self.dialect {
            ReaderDialect::FreshRss => {
                page.last().filter(|_| page.len() == count).map(|article| article.id.to_string())
            }
            ReaderDialect::Miniflux => Some(to.to_string()).filter(|_| to < all.len()),
            ReaderDialect::Inoreader => Some(format!("opaque-{to}")).filter(|_| to < all.len()),
        };
        if let Some(following) = following {
            body["continuation"] = json!(following);
        }
        if matches!(fault, Some(ReaderFault::EmptyPage)) {
            let page = request.field("c").map_or(0, |page| page.parse::<u64>().expect("a number"));
            body = json!({ "itemRefs": [], "continuation": (page + 1).to_string() });
        }
        if matches!(fault, Some(ReaderFault::NextPageLoop)) {
            body["continuation"] = json!(if next.is_empty() { "0" } else { next });
        }
        if matches!(fault, Some(ReaderFault::LongNextPage)) {
            body["continuation"] = json!("0".repeat(100_000));
        }
        json_answer(&body)
    }

    fn answer_contents(&self, request: &ReaderRequest, fault: Option<&ReaderFault>) -> ReaderAnswer {
        let by_id: HashMap<String, &ReaderArticle> = self.articles.iter().map(|one| (one.long_id(), one)).collect();
        let left_out: &[i64] = if let Some(ReaderFault::MissingContents(ids)) = fault { ids } else { &[] };
        let wanted = request.fields.iter().filter(|(name, _)| name == "i").filter_map(|(_, id)| by_id.get(id));
        let wanted = wanted.filter(|one| !left_out.contains(&one.id));
        let others = matches!(fault, Some(ReaderFault::OtherContents));
        let other = |one: &ReaderArticle| {
            if others { ReaderArticle { id: one.id ^ (1 << 40), ..one.clone() } } else { one.clone() }
        };
        let items = wanted.map(|one| other(one).as_sent(self.dialect));
        json_answer(&json!({ "id": "user/-/state/com.google/reading-list", "items": items.collect::<Vec<_>>() }))
    }
}
