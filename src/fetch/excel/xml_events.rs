//! Reads an XML part of a workbook event by event.

use std::io::BufReader;

use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

use super::part_reader::{PartReader, ReadLimit, XmlPart};
use super::workbook_errors::corrupt_workbook;
use crate::fetch::FetchError;

/// Calls `take` with every event of `part` and its position in bytes. Reads to the end of the part, because only there
/// its checksum is compared.
///
/// # Errors
/// `corrupt_workbook` or `too_large` for the part, and any error of `take`.
pub(super) fn for_each_event(
    part: PartReader<'_, '_>,
    limit: &ReadLimit<'_>,
    mut take: impl FnMut(&Event<'_>, u64) -> Result<(), FetchError>,
) -> Result<(), FetchError> {
    let mut xml = Reader::from_reader(BufReader::with_capacity(64 * 1024, XmlPart(part)));
    let config = xml.config_mut();
    config.check_end_names = false;
    config.check_comments = false;
    config.expand_empty_elements = true;
    let mut buffer = Vec::with_capacity(1024);
    loop {
        buffer.clear();
        match xml.read_event_into(&mut buffer) {
            Ok(Event::Eof) => return Ok(()),
            Ok(event) => take(&event, xml.buffer_position())?,
            Err(quick_xml::Error::Io(error)) => return Err(PartReader::explain_io_error(limit, &error)),
            Err(_) => return Err(limit.check().err().unwrap_or_else(corrupt_workbook)),
        }
    }
}

/// The value of the attribute with this name and any prefix.
pub(super) fn attribute(start: &BytesStart<'_>, local_name: &str) -> Option<String> {
    let attribute = start
        .attributes()
        .with_checks(false)
        .flatten()
        .find(|attribute| attribute.key.local_name().as_ref() == local_name)?;
    attribute.normalized_value(XmlVersion::Implicit1_0).ok().map(std::borrow::Cow::into_owned)
}

/// Whether the value of an attribute is true according to XML Schema.
pub(super) fn is_true(value: Option<&str>) -> bool {
    matches!(value, Some("1" | "true"))
}

/// The value of the attribute with this name and prefix, such as `office:value`.
pub(super) fn qualified_attribute(start: &BytesStart<'_>, name: &str) -> Option<String> {
    let found = start.attributes().with_checks(false).flatten().find(|attribute| attribute.key.as_ref() == name)?;
    found.normalized_value(XmlVersion::Implicit1_0).ok().map(std::borrow::Cow::into_owned)
}

/// Appends the text of `event` to `text`: characters, references and CDATA.
pub(super) fn push_text(event: &Event<'_>, text: &mut String) {
    match event {
        Event::Text(piece) => text.push_str(&piece.xml10_content()),
        Event::CData(piece) => text.push_str(&piece.xml10_content()),
        Event::GeneralRef(name) => match name.resolve_char_ref() {
            Ok(Some(character)) => text.push(character),
            _ => text.push_str(quick_xml::escape::resolve_predefined_entity(name).unwrap_or_default()),
        },
        _ => {}
    }
}
