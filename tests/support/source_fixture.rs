//! Every way in, each with the played server that brings its content and can be told to misbehave at just that step.

use std::sync::atomic::{AtomicI64, Ordering};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use lockstep::domain::location::SourceLocation;
use lockstep::fetch::KindSettings;

use super::google_server::{Google, ID, Tab};
use super::reader_server::{Article, Dialect, Misdeed, ReaderServer, SECRETS, Twist};
use super::stub_reply::Deed;
use super::stub_server::{Outside, Reply};
use super::workbook_builder::{Xlsx, text_row};

/// How many items each has at first.
pub(crate) const ITEMS: i64 = 120;
/// In every address where a secret may be.
const WORD: &str = "s3cret-word";

/// A way in.
pub(crate) struct Way {
    /// Its name for people.
    pub(crate) name: &'static str,
    /// Its kind.
    pub(crate) kind: &'static str,
    pub(crate) location: SourceLocation,
    /// The host, as sentences name it.
    pub(crate) host: String,
    /// Whether its content is asked for with a form.
    pub(crate) by_form: bool,
    server: Server,
    items: AtomicI64,
}

enum Server {
    /// Content at a path, made of so many items.
    Outside(Outside, &'static str, fn(i64) -> Reply),
    Google(Google),
    /// The step that brings content.
    Reader(ReaderServer, &'static str),
}

impl Way {
    /// All of them.
    pub(crate) fn all() -> Vec<Self> {
        vec![
            Self::outside("a CSV by its address", "csv", "/albums.csv", csv),
            Self::outside("a workbook by its address", "excel", "/albums.xlsx", workbook),
            Self::export(),
            Self::api(),
            Self::outside("a feed", "feeds", "/feed.xml", feed),
            Self::list(),
            Self::reader("the lists of a reader account", Dialect::FreshRss, "all"),
            Self::reader("the articles of a reader account", Dialect::Inoreader, "contents"),
        ]
    }

    fn outside(name: &'static str, kind: &'static str, path: &'static str, whole: fn(i64) -> Reply) -> Self {
        let outside = Outside::start();
        let location = SourceLocation::Url(secretive(&outside, path));
        Self::new(name, kind, location, Server::Outside(outside, path, whole))
    }

    fn export() -> Self {
        let outside = Outside::start();
        let path = "/content/of/the/tab";
        outside.set(&format!("/spreadsheets/d/{ID}/export"), Reply::redirect(307, path));
        Self::new("a sheet by its export", "sheet", sheet(), Server::Outside(outside, path, csv))
    }

    fn api() -> Self {
        Self::new("a sheet by the API", "sheet", sheet(), Server::Google(Google::start()))
    }

    fn list() -> Self {
        let outside = Outside::start();
        let path = "/list.opml";
        let location = SourceLocation::Url(secretive(&outside, path));
        let way =
            Self::new("a list of feeds", "feeds", location, Server::Outside(outside, path, |_| Reply::status(500)));
        way.behave();
        way
    }

    fn reader(name: &'static str, dialect: Dialect, step: &'static str) -> Self {
        let server = ReaderServer::start(dialect, Article::many(ITEMS, ITEMS));
        let location = SourceLocation::Url(server.url());
        Self { by_form: step == "contents", ..Self::new(name, "reader", location, Server::Reader(server, step)) }
    }

    fn new(name: &'static str, kind: &'static str, location: SourceLocation, server: Server) -> Self {
        let host = match &server {
            Server::Outside(outside, ..) => format!("127.0.0.1:{}", outside.port()),
            Server::Google(_) | Server::Reader(..) => "127.0.0.1".to_owned(),
        };
        let way = Self { name, kind, location, host, by_form: false, server, items: AtomicI64::new(ITEMS) };
        way.behave();
        way
    }

    /// Whether it goes to Google.
    pub(crate) fn is_googles(&self) -> bool {
        self.kind == "sheet"
    }

    /// Whether it is a list of feeds, which the feeds that it named before stand in for.
    pub(crate) fn is_list(&self) -> bool {
        matches!(self.server, Server::Outside(_, "/list.opml", _))
    }

    /// What a house must be set to for it.
    pub(crate) fn settle(&self, settings: &mut KindSettings) {
        match &self.server {
            Server::Outside(outside, ..) if self.is_googles() => {
                settings.google_base = outside.url("").parse().expect("an address");
            }
            Server::Google(google) => {
                settings.google_base = google.url().parse().expect("an address");
                settings.google = Some(google.key_json().to_string().parse().expect("a key"));
            }
            Server::Outside(..) | Server::Reader(..) => {}
        }
    }

    /// Does this to every answer that brings content, from now on.
    pub(crate) fn misbehave(&self, deed: &Deed) {
        match &self.server {
            Server::Outside(outside, path, _) => outside.set(path, deed(self.whole())),
            Server::Google(google) => google.twist("values:batchGet", Some(deed.clone())),
            Server::Reader(server, step) => {
                server.misbehave(step, 1..usize::MAX, Misdeed::Twisted(Twist(deed.clone())));
            }
        }
    }

    /// Answers as it should, from now on.
    pub(crate) fn behave(&self) {
        match &self.server {
            Server::Outside(outside, path, _) => {
                outside.set(path, self.whole());
                outside.set("/of-the-list.xml", feed(self.items()));
            }
            Server::Google(google) => {
                google.twist("", None);
                let rows: Vec<[String; 2]> =
                    (1..=self.items()).map(|n| [n.to_string(), format!("Title {}", n * 7919)]).collect();
                let rows: Vec<[&str; 2]> = rows.iter().map(|row| row.each_ref().map(String::as_str)).collect();
                let head = ["id", "title"];
                let rows: Vec<&[&str]> = [&head[..]].into_iter().chain(rows.iter().map(|row| &row[..])).collect();
                google.sheet(ID, vec![Tab::new(0, "Albums", &rows)]);
            }
            Server::Reader(server, _) => {
                server.behave();
                server.change(|articles| *articles = Article::many(self.items(), self.items()));
            }
        }
    }

    /// Has one more item from now on, and answers as it should.
    pub(crate) fn grow(&self) {
        self.items.fetch_add(1, Ordering::Relaxed);
        self.behave();
    }

    fn items(&self) -> i64 {
        self.items.load(Ordering::Relaxed)
    }

    fn whole(&self) -> Reply {
        match &self.server {
            Server::Outside(outside, ..) if self.is_list() => Reply::opml(&[secretive(outside, "/of-the-list.xml")]),
            Server::Outside(_, _, whole) => whole(self.items()),
            Server::Google(_) | Server::Reader(..) => panic!("these answer by themselves"),
        }
    }

    /// The played Google, where it goes there with a service account.
    pub(crate) fn google(&self) -> Option<&Google> {
        if let Server::Google(google) = &self.server { Some(google) } else { None }
    }

    /// What must be found nowhere.
    pub(crate) fn secrets(&self) -> Vec<String> {
        match &self.server {
            // The second is what a password is sent as.
            Server::Outside(..) => vec![WORD.to_owned(), BASE64_STANDARD.encode(format!("me:{WORD}"))],
            Server::Google(google) => google.secrets(),
            Server::Reader(..) => SECRETS.map(str::to_owned).to_vec(),
        }
    }
}

/// The address of `path` with secrets wherever they may be.
fn secretive(outside: &Outside, path: &str) -> String {
    let url = outside.url(path).replace("http://", &format!("http://me:{WORD}@"));
    format!("{url}?token={WORD}")
}

fn sheet() -> SourceLocation {
    SourceLocation::Url(format!("https://docs.google.com/spreadsheets/d/{ID}/edit#gid=0"))
}

fn csv(items: i64) -> Reply {
    let rows: String = (1..=items).map(|n| format!("{n},Title {}\n", n * 7919)).collect();
    Reply::csv(format!("id,title\n{rows}")).etag(&format!("\"{items}\""))
}

fn workbook(items: i64) -> Reply {
    let rows: String = (1..=items)
        .map(|n| text_row(usize::try_from(n).expect("small") + 1, &[&n.to_string(), &format!("Title {}", n * 7919)]))
        .collect();
    let bytes = Xlsx::of_rows(&format!("{}{rows}", text_row(1, &["id", "title"]))).bytes();
    let kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    Reply::status(200).header("Content-Type", kind).body(bytes).etag(&format!("\"{items}\""))
}

fn feed(items: i64) -> Reply {
    let guids: Vec<String> = (1..=items).map(|n| n.to_string()).collect();
    Reply::feed("News", &guids.iter().map(String::as_str).collect::<Vec<_>>()).etag(&format!("\"{items}\""))
}
