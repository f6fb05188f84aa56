//! The forms that add a source: by link, by file, by feeds, by account.

use lockstep::domain::account::Role;
use lockstep::domain::location::SourceLocation;
use lockstep::domain::source::SourceDraft;

use super::custom_kind::{form_fields, open_site};
use super::site::{SiteResponse, TestSite};
use crate::support::stub_server::{StubReply, StubServer};

/// The value of a hidden field.
fn hidden_field<'a>(reply: &'a SiteResponse, name: &str) -> &'a str {
    let field = reply.body.split(&format!("name=\"{name}\" value=\"")).nth(1).expect("the field");
    field.split('"').next().expect("its value")
}

#[test]
fn a_link_of_a_known_form_is_recognised_and_a_typing_error_is_shown() {
    let site = TestSite::new();
    let admin = site.add_person("ada", Role::Admin);
    for (link, shown_text) in [
        ("https://docs.google.com/document/d/abc/edit", "document"),
        ("https://docs.google.com/nothing", "Google Sheet"),
        ("https://drive.google.com/file/d/abc/view", "Drive"),
        ("ftp://example.com/a.csv", "https://"),
        ("file:///etc/passwd", "https://"),
        ("/etc/passwd", "https://"),
        ("albums", "https://"),
        ("", "Paste the link here."),
    ] {
        let reply = admin.post_form("/settings/sources/new", &[("url", link)]);
        assert_eq!(reply.status, 422, "{link}");
        let error = reply.body.split("id=\"url-error\"").nth(1).unwrap_or_else(|| panic!("{link}: {}", reply.body));
        let error = error.split("</small>").next().expect("a sentence");
        assert!(error.contains(shown_text), "{link}: {error}");
    }
}

#[test]
fn every_kind_has_its_form_and_an_unknown_kind_gets_the_general_form() {
    let site = TestSite::new();
    let admin = site.add_person("ada", Role::Admin);
    let any = admin.get("/settings/sources/new").body;
    assert!(any.contains("Google Sheet</a>") && any.contains("CSV file</a>"), "{any}");
    let sheet = admin.get("/settings/sources/new?kind=sheet").body;
    assert!(sheet.contains("Link to the sheet") && !sheet.contains("type=\"file\""), "{sheet}");
    let csv = admin.get("/settings/sources/new?kind=csv").body;
    let accept = "accept=\".csv,.tsv,.txt,text/csv,.xlsx,.xlsm,.xlsb,.xls,.ods\"";
    assert!(csv.contains("Link to the file") && csv.contains(accept), "{csv}");
    assert!(admin.get("/settings/sources/new?kind=toaster").body.contains("Paste a link"));
}

#[test]
fn a_path_without_a_scheme_is_checked_and_proposes_its_name() {
    let site = TestSite::new();
    let stub = StubServer::start();
    stub.serve_csv("/jazz_albums.csv", "id,title\n1,Blue Train\n");
    let admin = site.add_person("ada", Role::Admin);
    let looked = admin.post_form("/settings/sources/new", &[("url", &stub.url("/jazz_albums.csv"))]);
    assert_eq!(looked.status, 200, "{}", looked.body);
    assert!(looked.body.contains("Blue Train") && looked.body.contains("value=\"Jazz albums\""), "{}", looked.body);
    assert!(looked.body.contains("name=\"key\" value=\"id\""));
    assert_eq!(hidden_field(&looked, "kind"), "csv");
}

#[test]
fn a_better_fitting_kind_is_offered_with_the_same_input() {
    let (site, _) = open_site();
    let admin = site.add_person("ada", Role::Admin);
    let pasted = admin.post_form("/settings/sources/new", &[("kind", "csv"), ("url", "ticker:jazz")]);
    assert_eq!(pasted.status, 422);
    assert!(pasted.body.contains("begins with ticker:"), "{}", pasted.body);
    assert!(pasted.body.contains("name=\"as\" value=\"ticker\""), "{}", pasted.body);
    assert!(pasted.body.contains("value=\"ticker:jazz\""), "what was typed is kept");
    let fields = [("kind", "csv"), ("as", "ticker"), ("url", "ticker:jazz")];
    let taken = admin.post_form("/settings/sources/new", &fields);
    assert_eq!((taken.status, hidden_field(&taken, "kind")), (200, "ticker"), "{}", taken.body);

    let stub = StubServer::start();
    stub.set_reply("/feed", StubReply::status(200).body("<?xml version=\"1.0\"?><rss version=\"2.0\"></rss>"));
    let feed = admin.post_form("/settings/sources/new", &[("kind", "csv"), ("url", &stub.url("/feed"))]);
    assert_eq!(feed.status, 422);
    assert!(feed.body.contains("This is a feed, not a CSV file."), "{}", feed.body);
    let sheet = [("kind", "csv"), ("url", "https://docs.google.com/spreadsheets/d/abcdefghijklmnopqrstuvwx/edit")];
    let sheet = admin.post_form("/settings/sources/new", &sheet);
    assert!(sheet.body.contains("name=\"as\" value=\"sheet\""), "{}", sheet.body);
}

#[test]
fn secrets_in_an_address_are_entered_once_and_never_shown() {
    let (site, ticker) = open_site();
    ticker.set_headlines("ticker://h/jazz", Ok(&["Miles Davis plays"]));
    let admin = site.add_person("ada", Role::Admin);
    let secret = "ticker://ada:s3cret@h/jazz";
    ticker.set_headlines(secret, Ok(&["Miles Davis plays"]));
    let typed = format!("{secret}\nticker:radio?api_key=s3cret&lang=en");
    let looked = admin.post_form("/settings/sources/new", &[("kind", "ticker"), ("url", &typed)]);
    assert_eq!(looked.status, 200, "{}", looked.body);
    assert!(!looked.body.contains("s3cret") && !looked.body.contains("ada:"), "{}", looked.body);
    let (url, waits) = (hidden_field(&looked, "reviewed_url"), hidden_field(&looked, "waits"));
    let shown = "ticker://…@h/jazz\nticker:radio?api_key=…&lang=en";
    assert_eq!(url.replace("&amp;", "&").replace("&#38;", "&"), shown);
    let added = admin.post_form("/settings/sources", &form_fields(shown, waits));
    assert_eq!(added.status, 303, "{}", added.body);
    let stored = || site.store.find_source("news").expect("an answer").expect("a source").location;
    let both = vec![secret.to_owned(), "ticker:radio?api_key=s3cret&lang=en".to_owned()];
    assert_eq!(stored(), SourceLocation::Urls(both.clone()));
    let left: Vec<_> = std::fs::read_dir(site.data_dir().join("uploads")).expect("a folder").flatten().collect();
    assert!(left.is_empty(), "nothing waits any more: {left:?}");

    let pages = ["/settings/sources", "/settings/sources/news", "/api/sources", "/catalog/news/feeds"];
    for page in pages {
        let reply = admin.get(page);
        assert_eq!(reply.status, 200, "{page}");
        assert!(!reply.body.contains("s3cret"), "{page}: {}", reply.body);
    }
    let edit = admin.get("/settings/sources/news").body;
    assert!(edit.contains("ticker://…@h/jazz") && edit.contains("Secrets are shown as “…”"), "{edit}");
    let saved = admin.post_form("/settings/sources/news", &form_fields(&format!("{shown}\nticker:jazz"), ""));
    assert_eq!(saved.status, 303, "{}", saved.body);
    assert_eq!(
        stored(),
        SourceLocation::Urls([&both[..], &["ticker:jazz".to_owned()]].concat()),
        "an unchanged field keeps its value"
    );
    let cut = admin.post_form("/settings/sources/news", &form_fields("ticker://…@elsewhere/jazz", ""));
    assert_eq!(cut.status, 422);
    assert!(cut.body.contains("enter the whole new URL"), "{}", cut.body);
    assert_eq!(site.store.list_sources().expect("sources").len(), 3);
}

#[test]
fn an_account_keeps_its_password_and_never_shows_it() {
    let site = TestSite::new();
    let stub = StubServer::start();
    let admin = site.add_person("ada", Role::Admin);
    let form = admin.get("/settings/sources/new?kind=reader").body;
    for field in ["id=\"url\"", "id=\"user\"", "id=\"password\" name=\"password\" type=\"password\" required"] {
        assert!(form.contains(field), "{field}: {form}");
    }
    let server = stub.url("/api/greader.php");
    let typed = [("kind", "reader"), ("url", &*server), ("user", "me@h"), ("password", "s3:cr@et")];
    let refused = admin.post_form("/settings/sources/new", &typed);
    assert_eq!(refused.status, 422);
    assert!(refused.body.contains(&server), "what was typed is kept: {}", refused.body);
    assert!(refused.body.contains("Leave username and password empty to keep them."), "{}", refused.body);
    assert!(!refused.body.contains("s3") && !refused.body.contains("me@h"), "{}", refused.body);
    let count_before = stub.requests("/api/greader.php/accounts/ClientLogin").len();
    let waits = hidden_field(&refused, "waits");
    assert_ne!(waits, "");
    let again = [("kind", "reader"), ("url", &*server), ("user", ""), ("password", ""), ("waits", waits)];
    let again = admin.post_form("/settings/sources/new", &again);
    assert_eq!(again.status, 422);
    assert!(
        stub.requests("/api/greader.php/accounts/ClientLogin").len() > count_before,
        "it was tried: {}",
        again.body
    );

    let noun = "article/articles".parse().expect("a noun");
    let draft = SourceDraft {
        slug: "mine".parse().expect("a slug"),
        name: "Mine".to_owned(),
        noun,
        kind: "reader".to_owned(),
        location: SourceLocation::Url("https://me%40h:s3cret@reader.example.org/".to_owned()),
        key_column: "id".to_owned(),
        schedule: None,
        public: false,
        read_options: lockstep::domain::read_options::ReadOptions::default(),
        stale_after: None,
    };
    let source = site.store.add_source(&draft, None).expect("a source");
    let edit = admin.get("/settings/sources/mine").body;
    assert!(edit.contains("value=\"https://reader.example.org/\""), "{edit}");
    assert!(!edit.contains("s3cret") && !edit.contains("me%40h") && !edit.contains("me@h"), "{edit}");
    let save = |url: &str| {
        let fields = [("name", "Ours"), ("url", url), ("noun_one", "article"), ("noun_many", "articles")];
        admin.post_form("/settings/sources/mine", &fields)
    };
    let saved = save("https://reader.example.org/");
    assert_eq!(saved.status, 303, "{}", saved.body);
    let stored = site.store.source_by_id(source.id).expect("an answer").expect("a source");
    assert_eq!((stored.location, stored.name.as_str()), (draft.location, "Ours"), "left empty, it stays");
    let elsewhere = save("https://evil.example.org/");
    assert_eq!(elsewhere.status, 422);
    assert!(elsewhere.body.contains("not sent to a different server"), "{}", elsewhere.body);
}

#[test]
fn lines_that_differ_only_in_a_secret_can_be_edited_separately() {
    let (site, ticker) = open_site();
    let admin = site.add_person("ada", Role::Admin);
    let stored = || site.store.find_source("news").expect("an answer").expect("a source").location;
    let lines = ["one", "two", "three"].map(|secret| format!("ticker:jazz?jwt={secret}S3CR&lang=en"));
    for line in &lines {
        ticker.set_headlines(line, Ok(&["Miles Davis plays"]));
    }
    let looked = admin.post_form("/settings/sources/new", &[("kind", "ticker"), ("url", &lines.join("\n"))]);
    assert!(looked.status == 200 && !looked.body.contains("S3CR"), "{}", looked.body);
    let shown = [1, 2, 3].map(|number| format!("ticker:jazz?jwt=…{number}&lang=en"));
    let added = admin.post_form("/settings/sources", &form_fields(&shown.join("\n"), hidden_field(&looked, "waits")));
    assert_eq!(added.status, 303, "{}", added.body);
    let edit = admin.get("/settings/sources/news").body.replace("&amp;", "&").replace("&#38;", "&");
    assert!(shown.iter().all(|line| edit.contains(line)) && !edit.contains("S3CR"), "{edit}");
    let fewer = admin.post_form("/settings/sources/news", &form_fields(&shown[1..].join("\n"), ""));
    assert_eq!(fewer.status, 303, "{}", fewer.body);
    assert_eq!(stored(), SourceLocation::Urls(lines[1..].to_vec()));
    // An invalid step in between loses nothing and swaps nothing.
    let slip = format!("{}\nno ticker", shown[1]);
    let failed = admin.post_form("/settings/sources/news", &form_fields(&slip, ""));
    assert!(failed.status == 422 && !failed.body.contains("S3CR"), "{}", failed.body);
    let waits = hidden_field(&failed, "waits");
    let last = admin.post_form("/settings/sources/news", &form_fields("ticker:jazz?jwt=…&lang=en", waits));
    assert_eq!(last.status, 303, "{}", last.body);
    assert_eq!(stored(), SourceLocation::Url(lines[2].clone()));
}

#[test]
fn only_the_server_of_an_account_address_is_shown() {
    let site = TestSite::new();
    let admin = site.add_person("ada", Role::Admin);
    let address = "https://me:pw@www.inoreader.com/?AppId=10001&AppKey=S3CR&lang=S3CR#S3CR";
    let draft = SourceDraft {
        slug: "mine".parse().expect("a slug"),
        name: "Mine".to_owned(),
        noun: "article/articles".parse().expect("a noun"),
        kind: "reader".to_owned(),
        location: SourceLocation::Url(address.to_owned()),
        key_column: "id".to_owned(),
        schedule: None,
        public: false,
        read_options: lockstep::domain::read_options::ReadOptions::default(),
        stale_after: None,
    };
    let source = site.store.add_source(&draft, None).expect("a source");
    let edit = admin.get("/settings/sources/mine").body;
    assert!(edit.contains("value=\"https://www.inoreader.com/?…\""), "{edit}");
    assert!(!edit.contains("S3CR") && !edit.contains("10001"), "{edit}");
    let url = "https://www.inoreader.com/?…";
    let fields = [("name", "Ours"), ("url", url), ("noun_one", "article"), ("noun_many", "articles")];
    let saved = admin.post_form("/settings/sources/mine", &fields);
    assert_eq!(saved.status, 303, "{}", saved.body);
    let stored = site.store.source_by_id(source.id).expect("an answer").expect("a source");
    assert_eq!((stored.location, stored.name.as_str()), (draft.location, "Ours"), "an unchanged field keeps its value");
}

#[test]
fn too_many_addresses_are_kept_and_an_opml_file_is_suggested() {
    let site = TestSite::new();
    let admin = site.add_person("ada", Role::Admin);
    let lines: Vec<String> = (0..5000).map(|n| format!("https://feeds.example.org/{n}/rss.xml")).collect();
    let send = |path: &str, text: &str| {
        let part = |name: &str, value: &str| {
            format!("--frontier\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
        };
        let body = format!("{}{}--frontier--\r\n", part("kind", "feeds"), part("url", text));
        admin.send_request("POST", path, Some(("multipart/form-data; boundary=frontier", body)))
    };
    let refused = send("/settings/sources/new", &lines.join("\r\n"));
    assert_eq!(refused.status, 422, "{}", &refused.body[..500.min(refused.body.len())]);
    for shown_text in
        ["64 KiB", "OPML", "https://feeds.example.org/0/rss.xml", "https://feeds.example.org/4999/rss.xml"]
    {
        assert!(refused.body.contains(shown_text), "{shown_text}");
    }
    let far_more = send("/settings/sources/new", &"https://feeds.example.org/\n".repeat(200_000));
    assert!(far_more.status == 400 && far_more.body.contains("64 KiB") && far_more.body.contains("OPML"));
}

#[test]
fn the_link_field_takes_several_feeds_or_one_link_of_any_kind() {
    let site = TestSite::new();
    let stub = StubServer::start();
    stub.set_reply("/jazz", StubReply::feed("Jazz", &["1"]));
    stub.set_reply("/soul", StubReply::feed("Soul", &["1"]));
    stub.serve_csv("/a.csv", "id,title\n1,Blue Train\n");
    let admin = site.add_person("ada", Role::Admin);
    let page = admin.get("/settings/sources/new").body;
    assert!(page.contains("<textarea id=\"url\" class=\"source-form-links\" name=\"url\" rows=\"1\""), "{page}");
    let feeds = format!("{}\r\n  {} \r\n\r\n", stub.url("/jazz"), stub.url("/soul").replace("http:", "feed:"));
    for (typed, kind) in [(feeds, "feeds"), (stub.url("/a.csv").replace("http://", "\n http://") + "\n", "csv")] {
        let looked = admin.post_form("/settings/sources/new", &[("url", &typed)]);
        assert_eq!(looked.status, 200, "{typed}: {}", looked.body);
        assert_eq!(hidden_field(&looked, "kind"), kind);
    }
    let feed = stub.url("/jazz").replace("http:", "feed:");
    assert_eq!(hidden_field(&admin.post_form("/settings/sources/new", &[("url", &feed)]), "kind"), "feeds");
    let wrong = admin.post_form("/settings/sources/new", &[("url", &format!("{}\nmy feeds", stub.url("/jazz")))]);
    assert!(wrong.status == 422 && wrong.body.contains("my feeds"), "{}", wrong.body);
}

#[test]
fn feeds_that_a_page_links_to_can_be_chosen_with_one_click() {
    let site = TestSite::new();
    let stub = StubServer::start();
    let link = |href: &str| format!("<link rel=alternate type='application/rss+xml' href='{href}'>");
    let page = format!("<!doctype html><base href='/blog/'>{}{}", link("feed?a=1&amp;b=2"), link("/soul"));
    stub.set_reply("/", StubReply::html(page));
    stub.set_reply("/blog/feed", StubReply::feed("Blog", &["1"]));
    let admin = site.add_person("ada", Role::Admin);
    for kind in ["", "feeds"] {
        let form = [("kind", kind), ("url", &stub.url("/"))];
        let looked = admin.post_form("/settings/sources/new", &form);
        assert!(looked.status == 422 && looked.body.contains("2 feeds. Choose one:"), "{}", looked.body);
        let feed = stub.url("/blog/feed?a=1&b=2");
        for address in [feed.replace('&', "&#38;"), stub.url("/soul")] {
            assert!(looked.body.contains(&format!("name=\"use\" value=\"{address}\"")), "{address}: {}", looked.body);
        }
        let chosen = admin.post_form("/settings/sources/new", &[form[0], form[1], ("use", &feed)]);
        assert!(chosen.status == 200 && chosen.body.contains("value=\"Blog\""), "{}", chosen.body);
        assert_eq!(hidden_field(&chosen, "kind"), "feeds");
    }
}
