//! Writes a feed as Atom (RFC 4287).

use std::io;

use quick_xml::Writer;
use quick_xml::escape::escape;
use quick_xml::events::{BytesDecl, BytesText, Event};

use super::view::{CatalogFeed, CatalogFeedEntry, format_time};

/// The namespace of all elements.
const ATOM_NAMESPACE: &str = "http://www.w3.org/2005/Atom";

type XmlWriter = Writer<Vec<u8>>;

/// Returns the feed as a document.
///
/// # Errors
/// Never in practice: the errors are those of writing to memory.
pub(super) fn write_atom(feed: &CatalogFeed) -> io::Result<Vec<u8>> {
    let mut writer = Writer::new(Vec::new());
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("utf-8"), None)))?;
    writer.create_element("feed").with_attribute(("xmlns", ATOM_NAMESPACE)).write_inner_content(|writer| {
        write_text(writer, "id", &feed.id)?;
        write_title(writer, "title", &feed.title)?;
        write_title(writer, "subtitle", &feed.subtitle)?;
        write_text(writer, "updated", &format_time(feed.updated))?;
        writer.create_element("author").write_inner_content(|writer| write_text(writer, "name", &feed.title))?;
        write_link(writer, "self", "application/atom+xml", &feed.self_link)?;
        write_link(writer, "alternate", "text/html", &feed.catalog_link)?;
        feed.entries.iter().try_for_each(|entry| write_entry(writer, entry))
    })?;
    Ok(writer.into_inner())
}

fn write_entry(writer: &mut XmlWriter, entry: &CatalogFeedEntry) -> io::Result<()> {
    writer.create_element("entry").write_inner_content(|writer| {
        write_text(writer, "id", &entry.id)?;
        write_title(writer, "title", &entry.title)?;
        write_text(writer, "updated", &format_time(entry.updated))?;
        if let Some(link) = &entry.link {
            write_link(writer, "alternate", "text/html", link)?;
        }
        for category in &entry.categories {
            writer.create_element("category").with_attribute(("term", *category)).write_empty()?;
        }
        let content = writer.create_element("content").with_attribute(("type", "html"));
        content.write_text_content(BytesText::new(&entry.html)).map(drop)
    })?;
    Ok(())
}

fn write_text(writer: &mut XmlWriter, name: &str, text: &str) -> io::Result<()> {
    writer.create_element(name).write_text_content(BytesText::new(text)).map(drop)
}

/// Writes a title. One with markup characters is written as HTML, because some readers look for markup in texts, too.
fn write_title(writer: &mut XmlWriter, name: &str, title: &str) -> io::Result<()> {
    if !title.contains(['<', '&']) {
        return write_text(writer, name, title);
    }
    let element = writer.create_element(name).with_attribute(("type", "html"));
    element.write_text_content(BytesText::new(&escape(title))).map(drop)
}

fn write_link(writer: &mut XmlWriter, relation: &str, media_type: &str, address: &str) -> io::Result<()> {
    let attributes = [("rel", relation), ("type", media_type), ("href", address)];
    writer.create_element("link").with_attributes(attributes).write_empty().map(drop)
}
