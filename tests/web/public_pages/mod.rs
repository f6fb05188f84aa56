//! What the public sees of a catalog: its pages without anything about syncs, what search engines and link previews
//! read, and the pages in frames of other sites.

mod descriptions;
mod embedding;
mod search_engines;
mod settings;
mod visitors;

use lockstep::domain::frame_hosts::FrameHosts;
use lockstep::domain::public_page::PublicPage;
use lockstep::domain::source::{Source, SourceDraft};
use lockstep::sync::Timeouts;
use lockstep::web::http::links::LinkBuilder;

use super::site::{SiteFront, TestSite};
use crate::support::TestDatabase;

/// The public URL of the sites.
const PUBLIC_URL: &str = "https://records.example/lockstep";
const MUSIC: &str = "id,title,artist,genre,year,cover,link\n\
                     m1,Kind of Blue,Miles Davis,Jazz,1959,https://covers.example/1.jpg,https://blue.example/\n\
                     m2,Blue,Joni Mitchell,Folk,1971,http://covers.example/2.jpg,https://joni.example/\n\
                     m3,Blue Train,John Coltrane,Jazz,1958,,\n";
/// A site that may embed the catalog.
const FRIEND: &str = "https://friend.example";

/// A site at [`PUBLIC_URL`] with the public catalog `music`.
fn open_site(db: &TestDatabase) -> (TestSite, Source) {
    let data = tempfile::tempdir().expect("a folder");
    let links = LinkBuilder::new(&PUBLIC_URL.parse().expect("a URL"));
    let front = SiteFront { links, ..SiteFront::default() };
    let site = TestSite::start(db.store(), data, Timeouts::default(), |_| {}, |kinds| kinds, front);
    let source = site.fill_csv("music", MUSIC);
    (site, source)
}

fn public_page(title: &str, description: &str, is_indexed: bool, hosts: &str) -> PublicPage {
    PublicPage {
        title: Some(title.to_owned()).filter(|title| !title.is_empty()),
        description: description.to_owned(),
        is_indexed,
        frame_hosts: FrameHosts::parse_list(hosts).expect("sites"),
    }
}

/// Sets how a catalog presents itself.
fn present(site: &TestSite, source: &Source, page: &PublicPage) {
    assert!(site.store.set_public_page(source.id, page).expect("an answer"), "the source exists");
}

/// Makes a source private.
fn hide_source(site: &TestSite, source: &Source) {
    let Source { slug, name, noun, kind, location, key_column, schedule, read_options, stale_after, .. } =
        source.clone();
    let draft = SourceDraft {
        slug,
        name,
        noun,
        kind,
        location,
        key_column,
        schedule,
        public: false,
        read_options,
        stale_after,
    };
    site.store.change_source(source.id, &draft, None).expect("changed");
}

/// The path of the item at `index` of the catalog, without the path of the public URL.
fn item_path(site: &TestSite, slug: &str, index: usize) -> String {
    let items = site.visitor().get(&format!("/api/catalog/{slug}/items")).json();
    format!("/catalog/{slug}/items/{}", items["items"][index]["id"].as_str().expect("an id"))
}

/// The values of all elements of the head that have `name` with this value: of `content` or `href`.
fn head_values(page: &str, name: &str) -> Vec<String> {
    let (head, _) = page.split_once("</head>").expect("a head");
    let tags = head.split('<').filter(|tag| tag.contains(&format!("=\"{name}\"")));
    let value = |tag: &str| {
        let (_, rest) = tag.split_once("content=\"").or_else(|| tag.split_once("href=\"")).expect("a value");
        rest.split('"').next().expect("its end").to_owned()
    };
    tags.map(value).collect()
}

/// The only such value; `None` if there is no such element.
#[track_caller]
fn head_value(page: &str, name: &str) -> Option<String> {
    let values = head_values(page, name);
    assert!(values.len() <= 1, "{name} is there once: {values:?}");
    values.into_iter().next()
}
