//! Reader accounts: the requests, the articles made of the answers, and the handling of invalid answers.

mod failures;
mod request_limits;

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use chrono::{DateTime, Utc};
use lockstep::domain::columns::column_type::ColumnType;
use lockstep::domain::issue::{Issue, IssueKind};
use lockstep::domain::location::SourceLocation;
use lockstep::domain::operation::Mode;
use lockstep::domain::source::Validators;
use lockstep::domain::sync_id::SyncId;
use lockstep::fetch::{FetchError, FetchObserver, FetchOutcome, FetchProgress, FetchRequest, ItemLookup};

use super::{FetchSetup, read_rows, source_of_kind};
use crate::support::reader_server::{ReaderArticle, ReaderDialect, ReaderServer};
use crate::support::waiting::WAIT_LIMIT;

const ALL_DIALECTS: [ReaderDialect; 3] = [ReaderDialect::FreshRss, ReaderDialect::Miniflux, ReaderDialect::Inoreader];

/// The articles of a catalog, by key, as names and values.
type StoredFields = HashMap<String, Vec<(String, String)>>;

struct StoredCatalog(StoredFields);

impl ItemLookup for StoredCatalog {
    fn find_fields(&self, keys: &[&str]) -> Result<StoredFields, FetchError> {
        Ok(keys.iter().filter_map(|key| Some(((*key).to_owned(), self.0.get(*key)?.clone()))).collect())
    }
}

/// Records issues, progress and waits.
#[derive(Default)]
struct ReaderObserver {
    issues: Mutex<Vec<String>>,
    progress: Mutex<Vec<FetchProgress>>,
    waits: Mutex<Vec<DateTime<Utc>>>,
}

impl ReaderObserver {
    fn list_issues(&self) -> Vec<String> {
        self.issues.lock().expect("issues").clone()
    }
}

impl FetchObserver for ReaderObserver {
    fn report_received(&self, _: u64, _: Option<u64>) {}

    fn report_wait(&self, _: &str, until: DateTime<Utc>) {
        self.waits.lock().expect("waits").push(until);
    }

    fn report_progress(&self, progress: &FetchProgress) {
        self.progress.lock().expect("progress").push(progress.clone());
    }

    fn report_issue(&self, issue: Issue) {
        assert_eq!(issue.kind, IssueKind::Noted);
        self.issues.lock().expect("issues").push(issue.reason);
    }

    fn should_stop(&self) -> bool {
        false
    }
}

/// Fetches the account at `url` for a catalog with these articles. Returns the keys in the order of arrival, and the
/// articles by key; the last one wins.
fn fetch_articles(
    url: &str,
    mode: Mode,
    stored: &StoredFields,
    observer: &ReaderObserver,
) -> Result<(Vec<String>, StoredFields), FetchError> {
    fetch_within(WAIT_LIMIT, url, mode, stored, observer)
}

fn fetch_within(
    limit: Duration,
    url: &str,
    mode: Mode,
    stored: &StoredFields,
    observer: &ReaderObserver,
) -> Result<(Vec<String>, StoredFields), FetchError> {
    let setup = FetchSetup::new();
    let (nothing, stored_items) = (Validators::default(), StoredCatalog(stored.clone()));
    let request = FetchRequest {
        sync_id: Some(SyncId::new()),
        mode,
        items: &stored_items,
        ..FetchRequest::for_probe(&nothing, limit)
    };
    let mut source = source_of_kind("reader", SourceLocation::Url(url.to_owned()));
    source.noun = "article/articles".parse().expect("a noun");
    match setup.source_kinds().get("reader").expect("a kind").fetch(&source, &request, observer)? {
        FetchOutcome::Content(content) => {
            assert!(!content.is_complete(), "articles that roll off stay");
            let columns = content.columns().to_vec();
            let named = |cells: Vec<String>| columns.iter().cloned().zip(cells).collect::<Vec<_>>();
            let rows: Vec<_> = read_rows(&*content).into_iter().map(|row| named(row.cells)).collect();
            let key = |fields: &[(String, String)]| fields.last().expect("the key").1.clone();
            Ok((rows.iter().map(|row| key(row)).collect(), rows.iter().map(|row| (key(row), row.clone())).collect()))
        }
        FetchOutcome::Unchanged(_) => panic!("it always says what there is"),
    }
}

/// The value of a field of an article.
fn find_field<'a>(stored: &'a StoredFields, article: &ReaderArticle, name: &str) -> &'a str {
    let fields = stored.get(&article.key()).unwrap_or_else(|| panic!("{} is not there", article.title));
    fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str()).expect(name)
}

fn sample_articles() -> Vec<ReaderArticle> {
    let mut articles = vec![
        ReaderArticle::new(i64::MAX - 7, "Kind &amp; Blue"),
        ReaderArticle::new(-2, "How to use <div>"),
        ReaderArticle::new(1_617_000_000_000_001, "Milestones"),
    ];
    articles[1].read = true;
    articles[2].starred = true;
    articles[2].html = "<p>So&nbsp;what <script>alert(1)</script><b onclick=x>now</b></p>".to_owned();
    articles
}

#[test]
fn each_of_the_three_servers_is_understood() {
    for dialect in ALL_DIALECTS {
        let articles = sample_articles();
        let server = ReaderServer::start(dialect, articles.clone());
        let observer = ReaderObserver::default();
        let (keys, stored) =
            fetch_articles(&server.url(), Mode::Full, &StoredFields::new(), &observer).expect("articles");
        assert_eq!(keys, articles.iter().map(ReaderArticle::key).collect::<Vec<_>>(), "{dialect:?}");
        let cell = |at: usize, name: &str| find_field(&stored, &articles[at], name);
        assert_eq!((cell(0, "title"), cell(1, "title")), ("Kind & Blue", "How to use <div>"), "{dialect:?}");
        assert_eq!((cell(0, "read"), cell(1, "read"), cell(2, "read")), ("no", "yes", "no"), "{dialect:?}");
        assert_eq!((cell(0, "starred"), cell(2, "starred")), ("no", "yes"), "{dialect:?}");
        assert_eq!((cell(0, "feed"), cell(0, "labels"), cell(0, "author")), ("The Daily Record", "Music", "Ada & Bob"));
        assert_eq!(cell(1, "link"), "https://news.example/-2");
        assert!(cell(1, "content").contains("href=\"https://news.example/more\""), "{}", cell(1, "content"));
        assert_eq!(
            (cell(1, "image"), cell(1, "published")),
            ("https://pictures.example/-2.jpg", "2029-07-29T06:13:18Z")
        );
        assert_eq!(cell(2, "summary"), "So what now");
        assert!(!cell(2, "content").contains("alert") && !cell(2, "content").contains("onclick"));
        let sound = if dialect == ReaderDialect::Inoreader { "" } else { "https://news.example/sound.mp3" };
        assert_eq!(cell(0, "enclosure"), sound, "{dialect:?}");
        assert_eq!(observer.list_issues(), [""; 0], "{dialect:?}");
        assert_eq!(
            server.take_request_names(),
            ["login", "subscriptions", "all", "unread", "starred", "contents"],
            "{dialect:?}"
        );
        // The fields of an article are the same each time.
        let again = fetch_articles(&server.url(), Mode::Full, &StoredFields::new(), &observer).expect("articles").1;
        assert_eq!(again, stored, "{dialect:?}");
    }
}

#[test]
fn columns_have_their_types() {
    let server = ReaderServer::start(ReaderDialect::Miniflux, sample_articles());
    let content = FetchSetup::new().fetch_content("reader", &SourceLocation::Url(server.url())).expect("a probe");
    let kinds: Vec<_> =
        content.columns().iter().zip(0..).map(|(name, at)| (name.as_str(), content.column_type(at))).collect();
    for (name, kind) in [
        ("title", ColumnType::Text),
        ("published", ColumnType::Moment),
        ("read", ColumnType::Flag),
        ("starred", ColumnType::Flag),
        ("link", ColumnType::Link),
        ("image", ColumnType::Image),
        ("content", ColumnType::Html),
    ] {
        assert!(kinds.contains(&(name, Some(kind))), "{name}: {kinds:?}");
    }
    let setup = FetchSetup::new();
    let kinds = setup.source_kinds();
    let kind = kinds.get("reader").expect("a kind");
    assert_eq!((kind.key_column(), kind.default_noun().many.as_str()), (Some("id"), "articles"));
    assert_eq!(kind.label(&SourceLocation::Url(server.url())), "Reader account");
}

#[test]
fn an_account_without_articles_is_no_error() {
    for dialect in ALL_DIALECTS {
        let server = ReaderServer::start(dialect, Vec::new());
        let observer = ReaderObserver::default();
        let (keys, _) =
            fetch_articles(&server.url(), Mode::Full, &StoredFields::new(), &observer).expect("an empty account");
        assert!(keys.is_empty() && observer.list_issues().len() == 1, "{dialect:?}: {:?}", observer.list_issues());
        assert!(
            observer.list_issues()[0].contains("lists no articles in this account"),
            "{dialect:?}: {:?}",
            observer.list_issues()
        );
        assert_eq!(server.take_request_names(), ["login", "subscriptions", "all"]);
    }
}

#[test]
fn long_lists_come_page_by_page_and_contents_in_batches() {
    for dialect in ALL_DIALECTS {
        let articles = ReaderArticle::make_many(5000, 2345);
        let server = ReaderServer::start(dialect, articles.clone());
        let observer = ReaderObserver::default();
        let (keys, stored) =
            fetch_articles(&server.url(), Mode::Full, &StoredFields::new(), &observer).expect("articles");
        assert_eq!(keys, articles.iter().map(ReaderArticle::key).collect::<Vec<_>>(), "{dialect:?}");
        for article in &articles {
            let states =
                (find_field(&stored, article, "read") == "yes", find_field(&stored, article, "starred") == "yes");
            assert_eq!(states, (article.read, article.starred), "{dialect:?}: {}", article.title);
        }
        let request_names = server.take_request_names();
        let count = |what: &str| request_names.iter().filter(|name| *name == what).count();
        assert_eq!(
            (count("login"), count("subscriptions"), count("all"), count("unread")),
            (1, 1, 3, 2),
            "{dialect:?}"
        );
        assert_eq!((count("starred"), count("contents")), (1, 24), "{dialect:?}");
        let reported = observer.progress.lock().expect("progress");
        let messages: Vec<&str> = reported.iter().map(|progress| progress.message.as_str()).collect();
        assert!(messages.contains(&"Updating read states…"), "{messages:?}");
        assert!(messages.contains(&"Fetching articles 1200 of 2345…"), "{messages:?}");
        let at =
            reported.iter().position(|progress| progress.message.starts_with("Fetching articles 1200")).expect("told");
        let counts = reported[at].articles.map(|count| (count.processed, count.total));
        assert_eq!((counts, reported[at].steps.total), (Some((1200, 2345)), 2345));
        assert!(reported.iter().all(|now| now.articles.is_some()));
    }
}

#[test]
fn stored_articles_get_new_states_only() {
    for dialect in ALL_DIALECTS {
        let mut articles = ReaderArticle::make_many(300, 250);
        let server = ReaderServer::start(dialect, articles.clone());
        let observer = ReaderObserver::default();
        let (_, mut stored) =
            fetch_articles(&server.url(), Mode::Full, &StoredFields::new(), &observer).expect("articles");
        server.take_requests();
        let title = |article: &ReaderArticle| article.title.clone();
        // An article that was stored differently is fetched again.
        stored.get_mut(&articles[7].key()).expect("the seventh").remove(0);
        articles[3].read = !articles[3].read;
        articles[3].title = "Another title, which only a full sync sees".to_owned();
        articles[4].starred = !articles[4].starred;
        articles.insert(0, ReaderArticle::new(301, "New"));
        server.change_articles(|all| *all = articles.clone());
        let (_, now) = fetch_articles(&server.url(), Mode::Incremental, &stored, &observer).expect("articles");
        let requests = server.take_requests();
        let words: Vec<&str> = requests.iter().map(|request| request.what.as_str()).collect();
        assert_eq!(words, ["login", "subscriptions", "all", "unread", "starred", "contents"], "{dialect:?}");
        let ids = requests[5].fields.iter().filter(|(name, _)| name == "i");
        let ids: Vec<String> =
            ids.map(|(_, id)| id.trim_start_matches("tag:google.com,2005:reader/item/").to_owned()).collect();
        assert_eq!(ids, [articles[0].key(), articles[8].key()], "{dialect:?}");
        assert_eq!((now.len(), find_field(&now, &articles[0], "title")), (251, "New"));
        assert_eq!(find_field(&now, &articles[4], "title"), "Article 297", "{dialect:?}: {}", title(&articles[4]));
        for article in &articles {
            let states = (find_field(&now, article, "read") == "yes", find_field(&now, article, "starred") == "yes");
            assert_eq!(states, (article.read, article.starred), "{dialect:?}: {}", article.title);
        }
        let (_, full) = fetch_articles(&server.url(), Mode::Full, &now, &observer).expect("articles");
        assert!(find_field(&full, &articles[4], "title").starts_with("Another title"));
        assert_eq!(observer.list_issues(), [""; 0]);
    }
}

#[test]
fn a_probe_reads_a_few_articles_with_few_requests() {
    for dialect in ALL_DIALECTS {
        let server = ReaderServer::start(dialect, ReaderArticle::make_many(5000, 2345));
        let content = FetchSetup::new().fetch_content("reader", &SourceLocation::Url(server.url())).expect("a probe");
        assert_eq!(read_rows(&*content).len(), 20);
        assert_eq!(server.take_request_names(), ["login", "subscriptions", "all", "contents"]);
    }
}
