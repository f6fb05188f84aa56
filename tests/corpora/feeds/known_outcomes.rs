//! The known outcomes of the cases of each set, with the reason for each failure.

mod feedparser;

pub(super) use feedparser::*;

use super::KnownOutcomes;

/// The known outcomes of gofeed's cases of RSS and Atom.
pub(super) const GOFEED_XML_CASES: KnownOutcomes = KnownOutcomes {
    passes: [158, 10, 58, 0],
    fields_not_kept: &[
        ("entry.author.email", 10),
        ("entry.comments", 1),
        ("entry.contributors", 14),
        ("entry.custom", 2),
        ("entry.links", 8),
        ("entry.rights", 5),
        ("entry.source", 51),
        ("feed.author", 14),
        ("feed.authors", 14),
        ("feed.categories", 6),
        ("feed.cloud", 1),
        ("feed.contributors", 13),
        ("feed.copyright", 8),
        ("feed.dcExt", 1),
        ("feed.description", 15),
        ("feed.docs", 1),
        ("feed.extensions", 4),
        ("feed.feedLink", 1),
        ("feed.generator", 15),
        ("feed.icon", 2),
        ("feed.id", 2),
        ("feed.image", 14),
        ("feed.language", 6),
        ("feed.lastBuildDate", 1),
        ("feed.links", 13),
        ("feed.logo", 1),
        ("feed.managingEditor", 5),
        ("feed.pubDate", 1),
        ("feed.published", 1),
        ("feed.rating", 5),
        ("feed.rights", 17),
        ("feed.skipDays", 2),
        ("feed.skipHours", 2),
        ("feed.subtitle", 15),
        ("feed.textInput", 15),
        ("feed.ttl", 1),
        ("feed.updated", 3),
        ("feed.webMaster", 5),
    ],
    fails: &[
        (
            "The first of several links is taken, not the last.",
            &[
                "parser/rss/rdf_channel_links.xml",
                "parser/rss/rdf_item_links.xml",
                "parser/rss/rss_channel_item_links.xml",
                "parser/rss/rss_channel_links.xml",
                "translator/rss/feed_item_links_-_rss_channel_item_links.xml",
                "translator/rss/feed_links_-_rdf_channel_links.xml",
                "translator/rss/feed_links_-_rss_channel_links.xml",
            ],
        ),
        (
            "The first of several enclosures is taken, not the last.",
            &["translator/rss/feed_item_enclosure_-_rss_channel_item_enclosure.xml"],
        ),
        ("All of several authors are kept.", &["extensions/dublincore/dublincore_item_multiple_values.xml"]),
        (
            "IDs are kept as written, because they are compared letter by letter (RFC 4287, 4.2.6).",
            &["parser/atom/entry_id_xml_base.xml"],
        ),
        ("The elements inside a guid are read as text.", &["parser/rss/rss_channel_item_guid_naked_markup.xml"]),
        (
            "The date of a change is not taken for the date of publication.",
            &["translator/atom/feed_item_updated_-_atom03_feed_entry_modified.xml"],
        ),
    ],
};

/// The known outcomes of gofeed's cases of JSON Feed.
pub(super) const GOFEED_JSON_CASES: KnownOutcomes =
    KnownOutcomes { passes: [6, 0, 0, 0], fields_not_kept: &[], fails: &[] };

/// The known outcomes of feed-rs's cases.
pub(super) const FEED_RS_CASES: KnownOutcomes = KnownOutcomes {
    passes: [26, 28, 2, 0],
    fields_not_kept: &[],
    fails: &[
        (
            "Links are resolved; feed-rs has no base address here.",
            &["atom/atom_relative.xml", "atom/atom_xml_base.xml", "rss1/rss_1.0_example_1.xml"],
        ),
        (
            "Absolute addresses are kept as written; feed-rs writes the host in lower case.",
            &["rss0/rss_0.91_encoding_1.xml"],
        ),
        ("Authors are kept in the order of the feed.", &["jsonfeed/jsonfeed_elastic_1.1.json"]),
        ("An author is a name; feed-rs adds the mail address.", &["rss1/rss_1.0_spec_2.xml"]),
        ("feed-rs names an author after its role.", &["rss2/rss_2.0_ilgiornale.xml", "rss2/rss_2.0_relurl_1.xml"]),
    ],
};

/// The known outcomes of listparser's cases of lists of feeds.
pub(super) const LISTPARSER_CASES: KnownOutcomes = KnownOutcomes {
    passes: [26, 0, 0, 0],
    fields_not_kept: &[
        ("feed.categories", 3),
        ("feed.tags", 12),
        ("list.lists", 13),
        ("list.meta", 18),
        ("list.opportunities", 5),
        ("list.version", 5),
        ("other than OPML", 26),
    ],
    fails: &[(
        "The dates of a list are not read, so invalid ones are not reported.",
        &["opml/head_dateCreated-invalid.xml", "opml/head_dateModified-invalid.xml"],
    )],
};
