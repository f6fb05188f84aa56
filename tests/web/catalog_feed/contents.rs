//! What the entries of a feed contain: any cell as text, and only columns of the catalog.

use lockstep::domain::account::Role;
use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::Value;

use super::{FORMATS, open_site, read_feed, titles};
use crate::support::{TestDatabase, on_both_databases};
use crate::web::history::sync_again;

on_both_databases![cells_may_contain_anything, columns_that_left_the_catalog_are_not_in_its_feed,];

/// Reads a document as a strict parser of XML would.
fn check_well_formed(xml: &str) {
    let allowed = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..);
    assert_eq!(xml.chars().find(|c| !allowed(*c)), None, "XML 1.0, section 2.2");
    let mut reader = Reader::from_str(xml);
    let mut depth = 0;
    loop {
        match reader.read_event().expect("well-formed XML") {
            Event::Start(_) => depth += 1,
            Event::End(_) => depth -= 1,
            Event::Eof => break,
            _ => {}
        }
    }
    assert_eq!(depth, 0);
}

fn cells_may_contain_anything(db: &TestDatabase) {
    let site = open_site(db);
    let cells = [
        "]]></content><entry>",
        "<script>alert(1)</script>",
        "&lt;b&gt; &amp; \"quotes\" 'single'",
        "bell\u{7}escape\u{1b}[31m\u{ffff}",
        "👩\u{200d}🚀 日本 \u{200f}שלום\u{200f} \u{202e}txt",
        "javascript:alert(1)",
        "=HYPERLINK(\"http://evil.example\")",
    ];
    let rows = |prefix: &str| -> String {
        let quote = |cell: &str| format!("\"{}\"", format!("{prefix}{cell}").replace('"', "\"\""));
        let line = |(at, cell): (usize, &&str)| format!("{at},{0},{0}\n", quote(cell));
        format!("id,title,\"<i>]]>&\"\n{}", cells.iter().enumerate().map(line).collect::<String>())
    };
    let source = site.fill_csv("books", &rows(""));
    sync_again(&site, &source, &rows("new "));
    let visitor = site.visitor();
    let atom = visitor.get("/catalog/books.atom").body;
    check_well_formed(&atom);
    assert!(!atom.contains("<script") && !atom.contains("]]>"), "{atom}");
    let json: Value = serde_json::from_str(&visitor.get("/catalog/books.feed.json").body).expect("JSON");
    let items = json["items"].as_array().expect("items");
    assert_eq!(items.len(), 2 * cells.len());
    let feed = read_feed(&visitor);
    for (at, cell) in cells.iter().enumerate() {
        let shown = cell.replace(['\u{7}', '\u{1b}', '\u{ffff}'], "\u{fffd}");
        assert_eq!(items[at]["title"], format!("Updated: new {shown}"));
        let change = format!("{shown} → new {shown}");
        assert_eq!(items[at]["content_text"], format!("title: {change}\n<i>]]>&: {change}"));
        assert_eq!(items[cells.len() + at]["title"], shown);
        assert_eq!(feed.entries[at].title, format!("Updated: new {shown}"));
        // The content has the cell as text, of which a reader removes nothing.
        let html = items[at]["content_html"].as_str().expect("HTML");
        assert!(!html.contains("<script") && !html.contains("<i>") && !html.contains("href="), "{html}");
        let text = lockstep::domain::text::html::html_to_text(&feed.entries[at].content);
        assert!(text.contains(&format!("title: {shown} → new {shown}")), "{text}");
    }
}

fn columns_that_left_the_catalog_are_not_in_its_feed(db: &TestDatabase) {
    let site = open_site(db);
    let source = site.fill_csv("books", "id,title,note,mood\nb1,One,secret then,calm\nb2,Two,secret x,loud\n");
    sync_again(&site, &source, "id,title,note,mood\nb1,One,secret now,calm\nb2,Two,secret x,quiet\n");
    assert!(site.visitor().get("/catalog/books.atom").body.contains("secret now"));
    sync_again(&site, &source, "id,title,feeling\nb1,Uno,calm\nb2,Two,quiet\n");
    for client in [site.visitor(), site.add_program("reader", Role::Viewer)] {
        let feed = read_feed(&client);
        assert_eq!(titles(&feed), ["Updated: Uno", "Updated: Two", "One", "Two"], "nothing is left of one update");
        for extension in FORMATS {
            let body = client.get(&format!("/catalog/books.{extension}")).body;
            assert!(!["secret", "note", "mood", "loud"].iter().any(|word| body.contains(word)), "{body}");
        }
    }
}
