//! A source of each kind with its stub server, which can fail at the step that delivers the content.

use std::sync::atomic::{AtomicI64, Ordering};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use lockstep::domain::location::SourceLocation;
use lockstep::fetch::KindSettings;

use super::google_server::{GoogleServer, SHEET_ID, SheetTab};
use super::reader_server::{
    ACCOUNT_SECRETS, ReaderArticle, ReaderDialect, ReaderFault, ReaderReplyTransform, ReaderServer,
};
use super::stub_reply::ReplyTransform;
use super::stub_server::{StubReply, StubServer};
use super::workbook_builder::{XlsxBuilder, text_row};

/// The initial number of items of each source.
pub(crate) const INITIAL_ITEMS: i64 = 120;
/// The secret in every part of an address that may contain secrets.
const SECRET_WORD: &str = "s3cret-word";

/// A source with its stub server.
pub(crate) struct SourceFixture {
    /// Its name in failures.
    pub(crate) name: &'static str,
    /// Its kind.
    pub(crate) kind: &'static str,
    pub(crate) location: SourceLocation,
    /// The host, as messages name it.
    pub(crate) host: String,
    /// Whether its content is requested with a form.
    pub(crate) uses_form: bool,
    server: FixtureServer,
    item_count: AtomicI64,
}

enum FixtureServer {
    /// A path, and the function that builds its content for a number of items.
    Outside(StubServer, &'static str, fn(i64) -> StubReply),
    Google(GoogleServer),
    /// The request that delivers content.
    Reader(ReaderServer, &'static str),
}

impl SourceFixture {
    /// All sources.
    pub(crate) fn all() -> Vec<Self> {
        vec![
            Self::with_stub("a CSV by its address", "csv", "/albums.csv", csv_reply),
            Self::with_stub("a workbook by its address", "excel", "/albums.xlsx", workbook_reply),
            Self::google_export(),
            Self::google_api(),
            Self::with_stub("a feed", "feeds", "/feed.xml", feed_reply),
            Self::feed_list(),
            Self::reader_account("the lists of a reader account", ReaderDialect::FreshRss, "all"),
            Self::reader_account("the articles of a reader account", ReaderDialect::Inoreader, "contents"),
        ]
    }

    fn with_stub(name: &'static str, kind: &'static str, path: &'static str, whole: fn(i64) -> StubReply) -> Self {
        let stub = StubServer::start();
        let location = SourceLocation::Url(url_with_secrets(&stub, path));
        Self::new(name, kind, location, FixtureServer::Outside(stub, path, whole))
    }

    fn google_export() -> Self {
        let stub = StubServer::start();
        let path = "/content/of/the/tab";
        stub.set_reply(&format!("/spreadsheets/d/{SHEET_ID}/export"), StubReply::redirect(307, path));
        Self::new("a sheet by its export", "sheet", sheet_location(), FixtureServer::Outside(stub, path, csv_reply))
    }

    fn google_api() -> Self {
        Self::new("a sheet by the API", "sheet", sheet_location(), FixtureServer::Google(GoogleServer::start()))
    }

    fn feed_list() -> Self {
        let stub = StubServer::start();
        let path = "/list.opml";
        let location = SourceLocation::Url(url_with_secrets(&stub, path));
        let way = Self::new(
            "a list of feeds",
            "feeds",
            location,
            FixtureServer::Outside(stub, path, |_| StubReply::status(500)),
        );
        way.clear_faults();
        way
    }

    fn reader_account(name: &'static str, dialect: ReaderDialect, step: &'static str) -> Self {
        let server = ReaderServer::start(dialect, ReaderArticle::make_many(INITIAL_ITEMS, INITIAL_ITEMS));
        let location = SourceLocation::Url(server.url());
        Self {
            uses_form: step == "contents",
            ..Self::new(name, "reader", location, FixtureServer::Reader(server, step))
        }
    }

    fn new(name: &'static str, kind: &'static str, location: SourceLocation, server: FixtureServer) -> Self {
        let host = match &server {
            FixtureServer::Outside(stub, ..) => format!("127.0.0.1:{}", stub.port()),
            FixtureServer::Google(_) | FixtureServer::Reader(..) => "127.0.0.1".to_owned(),
        };
        let way =
            Self { name, kind, location, host, uses_form: false, server, item_count: AtomicI64::new(INITIAL_ITEMS) };
        way.clear_faults();
        way
    }

    /// Whether it is fetched from Google.
    pub(crate) fn uses_google(&self) -> bool {
        self.kind == "sheet"
    }

    /// Whether it is a list of feeds. When the list fails, the feeds that it named before are used.
    pub(crate) fn is_list(&self) -> bool {
        matches!(self.server, FixtureServer::Outside(_, "/list.opml", _))
    }

    /// Applies the settings that an engine needs for it.
    pub(crate) fn apply_settings(&self, settings: &mut KindSettings) {
        match &self.server {
            FixtureServer::Outside(stub, ..) if self.uses_google() => {
                settings.google_url = stub.url("").parse().expect("an address");
            }
            FixtureServer::Google(google) => {
                settings.google_url = google.url().parse().expect("an address");
                settings.service_account = Some(google.key_json().to_string().parse().expect("a key"));
            }
            FixtureServer::Outside(..) | FixtureServer::Reader(..) => {}
        }
    }

    /// Changes every reply that delivers content, from now on.
    pub(crate) fn inject_fault(&self, transform: &ReplyTransform) {
        match &self.server {
            FixtureServer::Outside(stub, path, _) => stub.set_reply(path, transform(self.complete_reply())),
            FixtureServer::Google(google) => google.transform_replies("values:batchGet", Some(transform.clone())),
            FixtureServer::Reader(server, step) => {
                server.inject_fault(
                    step,
                    1..usize::MAX,
                    ReaderFault::ChangedReply(ReaderReplyTransform(transform.clone())),
                );
            }
        }
    }

    /// Answers correctly from now on.
    pub(crate) fn clear_faults(&self) {
        match &self.server {
            FixtureServer::Outside(stub, path, _) => {
                stub.set_reply(path, self.complete_reply());
                stub.set_reply("/of-the-list.xml", feed_reply(self.item_count()));
            }
            FixtureServer::Google(google) => {
                google.transform_replies("", None);
                let rows: Vec<[String; 2]> =
                    (1..=self.item_count()).map(|n| [n.to_string(), format!("Title {}", n * 7919)]).collect();
                let rows: Vec<[&str; 2]> = rows.iter().map(|row| row.each_ref().map(String::as_str)).collect();
                let head = ["id", "title"];
                let rows: Vec<&[&str]> = [&head[..]].into_iter().chain(rows.iter().map(|row| &row[..])).collect();
                google.serve_sheet(SHEET_ID, vec![SheetTab::new(0, "Albums", &rows)]);
            }
            FixtureServer::Reader(server, _) => {
                server.clear_faults();
                server.change_articles(|articles| {
                    *articles = ReaderArticle::make_many(self.item_count(), self.item_count());
                });
            }
        }
    }

    /// Adds an item, and answers correctly from now on.
    pub(crate) fn add_item(&self) {
        self.item_count.fetch_add(1, Ordering::Relaxed);
        self.clear_faults();
    }

    fn item_count(&self) -> i64 {
        self.item_count.load(Ordering::Relaxed)
    }

    fn complete_reply(&self) -> StubReply {
        match &self.server {
            FixtureServer::Outside(stub, ..) if self.is_list() => {
                StubReply::opml(&[url_with_secrets(stub, "/of-the-list.xml")])
            }
            FixtureServer::Outside(_, _, whole) => whole(self.item_count()),
            FixtureServer::Google(_) | FixtureServer::Reader(..) => panic!("these answer by themselves"),
        }
    }

    /// The stub of Google, where a service account is used.
    pub(crate) fn google(&self) -> Option<&GoogleServer> {
        if let FixtureServer::Google(google) = &self.server { Some(google) } else { None }
    }

    /// Texts that must not appear anywhere else.
    pub(crate) fn secrets(&self) -> Vec<String> {
        match &self.server {
            // The second one is the encoded form in which a password is sent.
            FixtureServer::Outside(..) => {
                vec![SECRET_WORD.to_owned(), BASE64_STANDARD.encode(format!("me:{SECRET_WORD}"))]
            }
            FixtureServer::Google(google) => google.secrets(),
            FixtureServer::Reader(..) => ACCOUNT_SECRETS.map(str::to_owned).to_vec(),
        }
    }
}

/// The URL of `path` with a secret in each part that may contain one.
fn url_with_secrets(stub: &StubServer, path: &str) -> String {
    let url = stub.url(path).replace("http://", &format!("http://me:{SECRET_WORD}@"));
    format!("{url}?token={SECRET_WORD}")
}

fn sheet_location() -> SourceLocation {
    SourceLocation::Url(format!("https://docs.google.com/spreadsheets/d/{SHEET_ID}/edit#gid=0"))
}

fn csv_reply(items: i64) -> StubReply {
    let rows: String = (1..=items).map(|n| format!("{n},Title {}\n", n * 7919)).collect();
    StubReply::csv(format!("id,title\n{rows}")).etag(&format!("\"{items}\""))
}

fn workbook_reply(items: i64) -> StubReply {
    let rows: String = (1..=items)
        .map(|n| text_row(usize::try_from(n).expect("small") + 1, &[&n.to_string(), &format!("Title {}", n * 7919)]))
        .collect();
    let bytes = XlsxBuilder::of_rows(&format!("{}{rows}", text_row(1, &["id", "title"]))).bytes();
    let kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    StubReply::status(200).header("Content-Type", kind).body(bytes).etag(&format!("\"{items}\""))
}

fn feed_reply(items: i64) -> StubReply {
    let guids: Vec<String> = (1..=items).map(|n| n.to_string()).collect();
    StubReply::feed("News", &guids.iter().map(String::as_str).collect::<Vec<_>>()).etag(&format!("\"{items}\""))
}
