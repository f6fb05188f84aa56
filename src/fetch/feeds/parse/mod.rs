//! Parses feeds: bytes in, a [`feed::Feed`] out. Pure: no network, no clock, no database.

pub(super) mod autodiscovery;
pub(super) mod charset;
pub(super) mod dates;
pub(super) mod feed;
pub(super) mod json_feed;
pub(super) mod opml;
pub(super) mod sniff;
pub(super) mod values;
pub(super) mod xml;
pub(super) mod xml_entry;
pub(super) mod xml_names;
