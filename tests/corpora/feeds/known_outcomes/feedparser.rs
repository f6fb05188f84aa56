//! The known outcomes of feedparser's cases, with the reason for each failure.

use crate::corpora::feeds::KnownOutcomes;

/// The known outcomes of the folder `entities`.
pub(crate) const ENTITY_CASES: KnownOutcomes = KnownOutcomes {
    passes: [249, 0, 5, 0],
    fields_not_kept: &[],
    fails: &[("HTML 5 defines other angle brackets than HTML 4.", &["entities/lang.xml", "entities/rang.xml"])],
};

/// The known outcomes of the folder `encoding`.
pub(crate) const ENCODING_CASES: KnownOutcomes = KnownOutcomes {
    passes: [37, 2, 37, 0],
    fields_not_kept: &[],
    fails: &[
        (
            "Text that was encoded twice is not repaired: guessing would damage correct text.",
            &["encoding/bozo_double-encoded-html.xml", "encoding/double-encoded-html.xml"],
        ),
        (
            "RFC 7303 withdrew the rule that text/xml is ASCII; media types are checked when a feed is fetched.",
            &[
                "encoding/bozo_http_i18n.xml",
                "encoding/bozo_http_text_plain.xml",
                "encoding/bozo_http_text_plain_charset.xml",
            ],
        ),
        ("UTF-8 with one broken byte is read as UTF-8, not as Windows-1252.", &["encoding/bozo_linenoise.xml"]),
    ],
};

/// The known outcomes of the folder `illformed`.
pub(crate) const ILL_FORMED_CASES: KnownOutcomes = KnownOutcomes {
    passes: [12, 0, 2, 0],
    fields_not_kept: &[("entry.where", 3)],
    fails: &[
        ("The text is correct; the guess is KOI8-U, which extends KOI8-R.", &["illformed/chardet/koi8r.xml"]),
        ("An undeclared prefix has its customary meaning, without a note.", &["illformed/undeclared_namespace.xml"]),
    ],
};

/// The known outcomes of the folder `wellformed/sanitize`.
pub(crate) const SANITIZER_CASES: KnownOutcomes = KnownOutcomes {
    passes: [165, 392, 43, 0],
    fields_not_kept: &[("feed.copyright", 32), ("feed.description", 1), ("feed.info", 32), ("feed.tagline", 64)],
    fails: &[
        (
            "Browsers read this as a comment, and so does Lockstep.",
            &[
                "wellformed/sanitize/entry_content_crazy.xml",
                "wellformed/sanitize/entry_summary_crazy.xml",
                "wellformed/sanitize/entry_title_crazy.xml",
                "wellformed/sanitize/feed_title_crazy.xml",
                "wellformed/sanitize/item_content_encoded_crazy.xml",
                "wellformed/sanitize/item_description_crazy.xml",
                "wellformed/sanitize/item_fullitem_crazy.xml",
                "wellformed/sanitize/item_content_encoded_script_nested_cdata.xml",
                "wellformed/sanitize/xml_declaration_unexpected_character.xml",
                "wellformed/sanitize/xml_malicious_comment.xml",
            ],
        ),
        (
            "Browsers do not show the text inside an iframe.",
            &[
                "wellformed/sanitize/entry_content_iframe.xml",
                "wellformed/sanitize/entry_summary_iframe.xml",
                "wellformed/sanitize/item_content_encoded_iframe.xml",
                "wellformed/sanitize/item_description_iframe.xml",
                "wellformed/sanitize/item_fullitem_iframe.xml",
            ],
        ),
        ("Browsers read `</br>` as a second line break.", &["wellformed/sanitize/acceptable_element_br.xml"]),
    ],
};

/// The known outcomes of the folder `wellformed/rss`.
pub(crate) const RSS_CASES: KnownOutcomes = KnownOutcomes {
    passes: [56, 3, 1, 0],
    fields_not_kept: &[
        ("author.email", 5),
        ("detail.type", 3),
        ("enclosure.length", 1),
        ("enclosure.type", 1),
        ("entry.comments", 1),
        ("entry.contributors", 1),
        ("entry.copyright", 1),
        ("entry.created", 1),
        ("entry.created_parsed", 1),
        ("entry.expired", 1),
        ("entry.expired_parsed", 2),
        ("entry.guidislink", 5),
        ("entry.license", 2),
        ("entry.links", 2),
        ("entry.published", 2),
        ("entry.publisher", 1),
        ("entry.publisher_detail", 2),
        ("entry.source", 2),
        ("entry.updated", 2),
        ("feed.author", 4),
        ("feed.author_detail", 11),
        ("feed.category", 2),
        ("feed.cloud", 5),
        ("feed.contributors", 1),
        ("feed.copyright", 2),
        ("feed.created", 1),
        ("feed.created_parsed", 1),
        ("feed.description", 9),
        ("feed.docs", 1),
        ("feed.generator", 1),
        ("feed.image", 6),
        ("feed.links", 2),
        ("feed.newlocation", 1),
        ("feed.published", 2),
        ("feed.published_parsed", 2),
        ("feed.publisher", 2),
        ("feed.publisher_detail", 4),
        ("feed.tagline", 1),
        ("feed.tags", 5),
        ("feed.textinput", 4),
        ("feed.ttl", 1),
        ("feed.updated", 3),
        ("feed.updated_parsed", 3),
        ("feed.validity_end", 2),
        ("feed.validity_end_parsed", 2),
        ("feed.validity_start", 1),
        ("feed.validity_start_parsed", 1),
        ("more enclosures", 1),
        ("tag.scheme", 2),
        ("version", 10),
    ],
    fails: &[
        ("A DOCTYPE that declares entities is always refused.", &["wellformed/rss/entity_in_doctype.xml"]),
        (
            "Browsers read this as a comment, and so does Lockstep.",
            &["wellformed/rss/item_description_not_a_doctype.xml"],
        ),
    ],
};

/// The known outcomes of the folder `wellformed/atom`.
pub(crate) const ATOM_03_CASES: KnownOutcomes = KnownOutcomes {
    passes: [52, 0, 16, 0],
    fields_not_kept: &[
        ("author.email", 1),
        ("author.url", 3),
        ("detail.type", 8),
        ("entry.contributors", 6),
        ("entry.created", 1),
        ("entry.created_parsed", 2),
        ("entry.links", 6),
        ("entry.published", 1),
        ("entry.source", 1),
        ("entry.updated", 1),
        ("feed.author", 2),
        ("feed.author_detail", 5),
        ("feed.contributors", 6),
        ("feed.copyright", 8),
        ("feed.copyright_detail", 3),
        ("feed.generator", 1),
        ("feed.generator_detail", 3),
        ("feed.guid", 1),
        ("feed.id", 1),
        ("feed.info", 8),
        ("feed.info_detail", 3),
        ("feed.links", 5),
        ("feed.tagline", 8),
        ("feed.tagline_detail", 3),
        ("feed.updated", 1),
        ("feed.updated_parsed", 2),
    ],
    fails: &[],
};

/// The known outcomes of the folder `wellformed/atom10`.
pub(crate) const ATOM_10_CASES: KnownOutcomes = KnownOutcomes {
    passes: [43, 0, 26, 0],
    fields_not_kept: &[
        ("author.email", 2),
        ("author.url", 4),
        ("detail.src", 1),
        ("detail.type", 8),
        ("enclosure.length", 1),
        ("enclosure.type", 1),
        ("entry.contributors", 5),
        ("entry.links", 15),
        ("entry.rights", 6),
        ("entry.rights_detail", 3),
        ("entry.source", 68),
        ("feed.author", 2),
        ("feed.author_detail", 4),
        ("feed.authors", 4),
        ("feed.contributors", 5),
        ("feed.generator", 1),
        ("feed.generator_detail", 3),
        ("feed.guid", 1),
        ("feed.icon", 1),
        ("feed.id", 1),
        ("feed.links", 13),
        ("feed.logo", 1),
        ("feed.rights", 7),
        ("feed.rights_detail", 3),
        ("feed.subtitle", 7),
        ("feed.subtitle_detail", 3),
        ("tag.scheme", 1),
        ("version", 1),
    ],
    fails: &[(
        "The label of a category is preferred to its term.",
        &["wellformed/atom10/entry_category_term.xml", "wellformed/atom10/entry_category_term_non_ascii.xml"],
    )],
};

/// The known outcomes of the folder `wellformed/base`.
pub(crate) const RELATIVE_LINK_CASES: KnownOutcomes = KnownOutcomes {
    passes: [4, 23, 13, 0],
    fields_not_kept: &[
        ("author.url", 2),
        ("detail.base", 27),
        ("entry.comments", 2),
        ("entry.contributors", 2),
        ("entry.links", 2),
        ("entry.wfw_comment", 2),
        ("entry.wfw_commentrss", 2),
        ("feed.author_detail", 2),
        ("feed.contributors", 2),
        ("feed.copyright", 6),
        ("feed.copyright_detail", 5),
        ("feed.docs", 2),
        ("feed.generator_detail", 2),
        ("feed.id", 2),
        ("feed.info", 6),
        ("feed.info_detail", 5),
        ("feed.links", 3),
        ("feed.tagline", 6),
        ("feed.tagline_detail", 5),
    ],
    fails: &[(
        "IDs are kept as written, because they are compared letter by letter (RFC 4287, 4.2.6).",
        &["wellformed/base/http_entry_id_base_content_location.xml", "wellformed/base/http_entry_id_base_docuri.xml"],
    )],
};

/// The known outcomes of the other folders in `wellformed`.
pub(crate) const OTHER_CASES: KnownOutcomes = KnownOutcomes {
    passes: [49, 6, 67, 2],
    fields_not_kept: &[
        ("detail.language", 35),
        ("detail.type", 1),
        ("entry.abcdefg", 1),
        ("entry.itunes_block", 6),
        ("entry.itunes_duration", 1),
        ("entry.itunes_explicit", 7),
        ("entry.language", 1),
        ("entry.links", 2),
        ("entry.madeup_element", 1),
        ("entry.media_credit", 1),
        ("entry.media_player", 1),
        ("entry.psc_chapters", 5),
        ("entry.subtitle", 1),
        ("entry.thr_in-reply-to", 1),
        ("entry.updated", 1),
        ("entry.where", 10),
        ("etag", 1),
        ("feed.copyright_detail", 6),
        ("feed.description", 3),
        ("feed.image", 4),
        ("feed.info", 1),
        ("feed.info_detail", 6),
        ("feed.itunes_block", 10),
        ("feed.itunes_explicit", 7),
        ("feed.language", 11),
        ("feed.links", 1),
        ("feed.publisher_detail", 2),
        ("feed.subtitle", 1),
        ("feed.tagline_detail", 7),
        ("feed.tags", 7),
        ("feed.thr_in-reply-to", 1),
        ("feed.updated", 1),
        ("feed.updated_parsed", 1),
        ("headers", 1),
        ("modified", 1),
        ("modified_parsed", 1),
        ("tag.scheme", 3),
        ("version", 3),
        ("what the server said", 3),
    ],
    fails: &[
        ("A DOCTYPE that declares entities is always refused.", &["wellformed/rdf/doctype_contains_entity_decl.xml"]),
        (
            "Drawings and formulas are removed.",
            &[
                "wellformed/namespace/atommathml.xml",
                "wellformed/namespace/atomsvgdesc.xml",
                "wellformed/namespace/atomxlink.xml",
            ],
        ),
    ],
};
