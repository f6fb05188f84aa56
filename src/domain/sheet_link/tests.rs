//! Tests every form of link, with the export that it leads to or its exact refusal.

use url::Url;

use super::{DirectLinkError, SheetLink, SheetLinkError, TabSelector, check_direct_link};
use crate::domain::cell_range::{CellPlace, CellRangeError};

const ID: &str = "1BxiMVs0XRA5nFMdKvBdBZjgmUUqptlbs74OgvE2upms";
const DOCS: &str = "https://docs.google.com/spreadsheets";

/// A shortened link: `~` is the host and `/spreadsheets`, `ID` an id.
pub(super) fn whole(link: &str) -> String {
    if link == "ID" {
        return ID.to_owned();
    }
    link.replace('~', DOCS).replace("/ID", &format!("/{ID}")).replace("=ID", &format!("={ID}"))
}

fn path(link: &str) -> String {
    let parsed: Result<SheetLink, _> = whole(link).parse();
    parsed.unwrap_or_else(|error| panic!("{link}: {error}")).export_path()
}

fn refusal(link: &str) -> SheetLinkError {
    whole(link).parse::<SheetLink>().expect_err(link)
}

#[test]
fn every_common_form_of_a_link_leads_to_the_export_of_its_tab() {
    let plain = format!("/spreadsheets/d/{ID}/export?format=csv");
    let tab = format!("{plain}&gid=42");
    for first in [
        "ID",
        "  <~/d/ID/edit?usp=sharing> ",
        "\"~/d/ID\"",
        "docs.google.com/spreadsheets/d/ID/edit",
        "~/u/0/d/ID/edit",
        "https://docs.google.com/a/example.com/spreadsheets/d/ID/edit#",
        "https://drive.google.com/open?id=ID",
        "https://docs.google.com/spreadsheet/ccc?key=ID",
        "https://spreadsheets.google.com/ccc?key=ID&hl=en",
        "~/export?id=ID&exportFormat=xlsx",
        "~/d/ID/export?format=xlsx",
        "~/d/ID/edit?gid=&range=&tq=#gid=",
        "~/d/ID/preview",
        "~/d/ID/copy",
        "~/d/ID/template/preview",
        "~/d/ID/view?usp=drive_web&ouid=117&rtpof=true&sd=true&pli=1&authuser=0&hl=de",
    ] {
        assert_eq!(path(first), plain, "{first}");
    }
    for second in [
        "~/d/ID/edit#gid=42",
        "~/d/ID/edit?gid=42#gid=42",
        "~/d/ID/edit?gid=0#gid=42",
        "~/u/1/d/ID/edit?gid=42",
        "https://docs.google.com/a/shop.example/spreadsheets/d/ID/edit#gid=42",
        "~/d/ID/export?format=csv&gid=42",
        "~/d/ID/export?format=tsv&gid=42&gid=42",
        "~/d/ID/gviz/tq?tqx=out:csv&gid=42",
        "~/d/ID/gviz/tq?tqx=reqId:0;out:html&headers=1&gid=42",
        "https://spreadsheets.google.com/tq?key=ID&gid=42",
        "~/d/ID/htmlview?gid=42",
        "~/d/ID/htmlview/sheet?headers=false&gid=42",
        "~/d/ID/copy#gid=42",
        "~/d/ID/preview?rm=minimal#gid=42",
        "~/d/ID/edit?GID=42",
        "~/d/ID/edit?%67id=4%32",
        "~/d/ID/edit?usp=sharing&amp;gid=42",
        "~/d/ID/edit##gid=42",
    ] {
        assert_eq!(path(second), tab, "{second}");
    }
    assert_eq!(path("~/d/ID/edit?resourcekey=0-aB_c#gid=42"), format!("{tab}&resourcekey=0-aB_c"));
}

#[test]
fn a_range_is_kept_in_every_part_of_a_link() {
    let ranged = format!("/spreadsheets/d/{ID}/export?format=csv&gid=7&range=A1%3AB3");
    for link in [
        "~/d/ID/edit?gid=7#gid=7&range=A1:B3",
        "~/d/ID/edit?gid=7&range=a1:b3",
        "~/d/ID/edit#range=$A$1:$B$3&gid=7",
        "~/d/ID/export?format=csv&gid=7&range=A1%3AB3",
        "~/d/ID/export?format=csv&gid=7&range=A1:B3#range=A1:B3",
        "~/d/ID/gviz/tq?tqx=out:csv&gid=7&range=A1:B3",
        "~/u/3/d/ID/htmlview?Range=A1:B3#gid=7",
        "https://docs.google.com/spreadsheet/ccc?key=ID&gid=7&output=csv&range=A1:B3",
    ] {
        assert_eq!(path(link), ranged, "{link}");
    }
    assert_eq!(path("~/d/ID/edit#range=B:D"), format!("/spreadsheets/d/{ID}/export?format=csv&range=B%3AD"));
    let by_name = format!("/spreadsheets/d/{ID}/gviz/tq?tqx=out:csv&sheet=New+Wave&range=A3%3AD&headers=1");
    assert_eq!(path("~/d/ID/edit?sheet=New%20Wave#range=A3:D"), by_name);
}

#[test]
fn a_query_is_kept_and_leads_to_the_query_service() {
    let query = "&tq=select+A%2CB+where+C+%3E+%27x%3D1%27";
    for (link, parameters) in [
        ("~/d/ID/gviz/tq?tqx=out:csv&gid=7&tq=TQ", "&gid=7"),
        ("~/d/ID/gviz/tq?tq=TQ&gid=7&tqx=out:json;reqId:3", "&gid=7"),
        ("~/d/ID/gviz/tq?tq=TQ&sheet=Albums&headers=2", "&sheet=Albums&headers=2"),
        ("~/d/ID/gviz/tq?tq=TQ&range=A1:D9&headers=0", "&range=A1%3AD9&headers=0"),
        ("https://spreadsheets.google.com/tq?key=ID&tq=TQ", ""),
        ("~/d/ID/edit?tq=TQ#gid=7", "&gid=7"),
        ("~/d/ID/edit#gid=7&tq=TQ", "&gid=7"),
        ("~/d/ID/export?format=csv&gid=7&TQ=TQ", "&gid=7"),
    ] {
        let link = link.replace("=TQ", "=select%20A,B%20where%20C%20%3E%20'x%3D1'");
        let expected = format!("/spreadsheets/d/{ID}/gviz/tq?tqx=out:csv{parameters}{query}");
        assert_eq!(path(&link), expected, "{link}");
        assert_eq!(whole(&link).parse::<SheetLink>().expect("a link").api_id(), None, "{link}");
    }
    let joined = format!("/spreadsheets/d/{ID}/gviz/tq?tqx=out:csv&gid=7&headers=3");
    assert_eq!(path("~/d/ID/gviz/tq?tqx=out:csv&gid=7&headers=3"), joined);
}

#[test]
fn a_published_link_leads_to_its_published_csv() {
    for (link, document) in [("~/d/e/2PACX-1vQx_y/", "e/2PACX-1vQx_y"), ("~/u/1/d/ID/", ID), ("~/d/ID/", ID)] {
        let published = format!("/spreadsheets/d/{document}/pub?output=csv");
        let with = |rest: &str| path(&format!("{link}{rest}"));
        for rest in
            ["pub", "pubhtml", "pub?output=csv", "pub?hl=en_US&output=html", "pubhtml?widget=true&headers=false"]
        {
            assert_eq!(with(rest), published, "{link}{rest}");
        }
        for rest in ["pubhtml?gid=7&single=true", "pub?output=csv&gid=7", "pub?gid=7&single=false", "pubhtml#gid=7"] {
            assert_eq!(with(rest), format!("{published}&single=true&gid=7"), "{link}{rest}");
        }
        let ranged = format!("{published}&single=true&gid=7&range=A%3AF");
        assert_eq!(with("pub?gid=7&single=true&output=csv&range=A:F"), ranged);
        assert_eq!(refusal(&format!("{link}pub?output=csv&tq=select%20A")), SheetLinkError::PublishedQuery);
        let parsed: SheetLink = whole(&format!("{link}pub?gid=7")).parse().expect("a link");
        assert!(parsed.is_published() && parsed.api_id().is_none(), "{link}");
    }
    assert_eq!(path("2PACX-1vQx_y0123456789"), "/spreadsheets/d/e/2PACX-1vQx_y0123456789/pub?output=csv");
    let oldest = format!("/spreadsheets/d/{ID}/pub?output=csv&single=true&gid=3");
    assert_eq!(path("https://docs.google.com/spreadsheet/pub?key=ID&single=true&gid=3&output=txt"), oldest);
}

#[test]
fn a_tab_by_name_keeps_its_name() {
    let named = format!("/spreadsheets/d/{ID}/gviz/tq?tqx=out:csv&sheet=New+Wave&headers=1");
    for link in ["/edit?sheet=New%20Wave", "/edit#sheet=New%20Wave", "/gviz/tq?tqx=out:csv&sheet=New+Wave"] {
        let link: SheetLink = format!("{DOCS}/d/{ID}{link}").parse().expect(link);
        assert_eq!((link.api_id(), link.selected_tab()), (Some(ID), &TabSelector::Name("New Wave".to_owned())));
        assert_eq!(link.export_path(), named);
    }
    let link: SheetLink = whole("~/d/ID/edit#gid=7&range=A1:B9").parse().expect("a link");
    let ranged = named.replace("&headers=1", "&range=A1%3AB9&headers=1");
    assert_eq!(link.with_tab_name("New Wave").export_path(), ranged);
}

#[test]
fn an_unsupported_part_of_a_link_is_refused_by_name_with_a_fix() {
    for (link, part, advice) in [
        ("~/d/ID/edit#gid=0&fvid=12", "fvid=", "=FILTER(…)"),
        ("~/d/ID/edit?fvid=12#gid=0", "fvid=", "Close the filter view"),
        ("~/d/ID/pubhtml?FVID=12", "fvid=", "Close the filter view"),
        ("~/d/ID/edit#rangeid=267", "rangeid=", "range=A1:D20"),
        ("~/d/ID/export?format=csv&r1=0&c1=0&r2=9&c2=3", "r1=", "range=A1:D20"),
        ("~/d/ID/export?format=csv&revision=42", "revision=", "only the current one"),
        ("~/d/ID/edit?oid=99", "oid=", "chart"),
    ] {
        let error = refusal(link);
        assert!(
            matches!(&error, SheetLinkError::UnsupportedParameter { part: found, .. } if found == part),
            "{link}: {error}"
        );
        assert!(error.to_string().contains(advice), "{error}");
    }
    let range = |text: &str, error| SheetLinkError::Range { text: text.to_owned(), error };
    for (link, expected) in [
        ("~/d/ID/edit?gid=0#gid=42&range=A1", range("A1", CellRangeError::OneRow)),
        ("~/d/ID/edit#gid=42&range=A1:D1", range("A1:D1", CellRangeError::OneRow)),
        ("~/d/ID/export?format=csv&range=Prices", range("Prices", CellRangeError::Malformed)),
        ("~/d/ID/export?format=csv&range=Albums!A1:B3", range("Albums!A1:B3", CellRangeError::Malformed)),
        ("~/d/ID/edit?range=A1:B3#range=A1:C3", SheetLinkError::Contradiction("range")),
        ("~/d/ID/gviz/tq?tq=select%20A&tq=select%20B", SheetLinkError::Contradiction("tq")),
        ("~/d/ID/export?format=csv&gid=1&gid=2", SheetLinkError::Contradiction("gid")),
        ("~/d/ID/export?format=csv&gid=1#gid=2", SheetLinkError::Contradiction("gid")),
        ("~/d/ID/pub?output=csv&gid=1#gid=2", SheetLinkError::Contradiction("gid")),
        ("~/d/ID/edit?gid=1&gid=2", SheetLinkError::Contradiction("gid")),
        ("~/d/ID/edit#gid=1&gid=2", SheetLinkError::Contradiction("gid")),
        ("~/d/ID/edit?sheet=A#sheet=B", SheetLinkError::Contradiction("sheet")),
        ("~/d/ID/edit?sheet=A#gid=0", SheetLinkError::TwoTabs),
        ("~/d/ID/gviz/tq?headers=two", SheetLinkError::Headers),
        ("~/d/ID/edit#gid=x", SheetLinkError::Gid),
        ("~/d/ID/edit#gid=7;range=A1:B3", SheetLinkError::Damaged),
        ("~/d/ID/edit%23gid=7", SheetLinkError::Damaged),
        ("~/d/ID/edit&gid=7", SheetLinkError::Damaged),
        ("~/d/ID/edit?usp=sharing?gid=7", SheetLinkError::Damaged),
        ("~/d/ID/edit?usp=sharing%26range=A1:B3", SheetLinkError::Damaged),
        ("~/d/ID/edit?range%3DA1:B3", SheetLinkError::Damaged),
        ("~/d/ID/edit#range%3DA1:B3;gid=42", SheetLinkError::Damaged),
        ("~/d/ID/edit?sheet=Pay%26range=A1:B3", SheetLinkError::Damaged),
        ("~/d/ID/export?format=pdf&gid=7", SheetLinkError::Format("pdf".to_owned())),
        ("~/d/ID/pub?output=PDF", SheetLinkError::Format("pdf".to_owned())),
        ("~/d/ID/gviz/tq?tqx=out:svg", SheetLinkError::Format("svg".to_owned())),
        ("~/d/ID/pubchart?oid=1", SheetLinkError::Chart),
        ("~/d/ID/gviz/chartiframe", SheetLinkError::Chart),
        ("~/d/ID/viewform", SheetLinkError::Form),
    ] {
        assert_eq!(refusal(link), expected, "{link}");
    }
}

#[test]
fn an_unusable_link_gets_an_example_of_a_usable_one() {
    let cases = [
        ("https://docs.google.com/document/d/ID/edit", SheetLinkError::Document),
        ("https://docs.google.com/presentation/d/ID/edit", SheetLinkError::Presentation),
        ("https://docs.google.com/forms/d/ID/edit", SheetLinkError::Form),
        ("https://drive.google.com/file/d/ID/view", SheetLinkError::Drive),
        ("https://drive.google.com/drive/folders/ID", SheetLinkError::Drive),
        ("https://drive.google.com/open", SheetLinkError::Drive),
        ("https://example.com/spreadsheets/d/ID/edit", SheetLinkError::Other),
        ("https://docs.google.com.evil.example/spreadsheets/d/ID/edit", SheetLinkError::Other),
        ("~/d/a%2Fb/edit", SheetLinkError::Other),
        ("~/u/0/", SheetLinkError::Other),
        ("~/d", SheetLinkError::Other),
        ("~/d/e/?gid=1", SheetLinkError::Other),
        ("albums", SheetLinkError::Other),
        ("", SheetLinkError::Other),
    ];
    for (link, expected) in cases {
        let error = refusal(link);
        assert_eq!(error, expected, "{link}");
        assert!(error.to_string().contains("docs.google.com/spreadsheets/d/"), "{error}");
    }
}

#[test]
fn a_link_that_is_fetched_unchanged_returns_the_requested_table() {
    let check = |link: &str| check_direct_link(&Url::parse(&whole(link)).expect("an address"));
    for link in [
        "~/d/ID/export?format=csv&gid=7&range=Prices",
        "~/d/ID/export?exportFormat=tsv",
        "~/d/ID/export?format=csv&gid=7#gid=7",
        "~/d/ID/gviz/tq?tqx=out:csv&sheet=Albums&tq=select%20A&headers=1",
        "~/d/e/2PACX-1v/pub?gid=0&single=true&output=csv&range=A:F",
        "https://docs.google.com/spreadsheet/ccc?key=ID&output=csv",
        "https://docs.google.com/a/shop.example/spreadsheets/d/ID/export?format=csv",
        "https://docs.google.com/document/d/ID/export?format=txt",
        "https://example.com/albums.csv?range=week#gid=7",
    ] {
        assert_eq!(check(link), Ok(()), "{link}");
    }
    for link in [
        "~/d/ID/edit#gid=7",
        "~/d/ID/edit?output=csv",
        "~/d/ID/export?gid=7",
        "~/d/ID/export?format=xlsx",
        "~/d/ID/gviz/tq?gid=7",
        "~/d/ID/gviz/tq?tqx=out:html",
        "~/d/ID/pubhtml",
        "~/d/ID/pub?output=html",
        "~/d/ID/copy",
    ] {
        assert_eq!(check(link), Err(DirectLinkError::Page), "{link}");
    }
    for (link, part) in [
        ("~/d/ID/export?format=csv#gid=7", "gid"),
        ("~/d/ID/export?format=csv&gid=7#range=A1:B3", "range"),
        ("~/d/ID/export?format=csv&tq=select%20A", "tq"),
        ("~/d/ID/export?format=csv&sheet=Albums", "sheet"),
        ("~/d/ID/export?format=csv&fvid=3", "fvid"),
        ("~/d/ID/pub?output=csv&tq=select%20A", "tq"),
        ("~/d/ID/gviz/tq?tqx=out:csv&fvid=3", "fvid"),
    ] {
        assert_eq!(check(link), Err(DirectLinkError::IgnoredParameter(part.to_owned())), "{link}");
    }
    let twice = check("~/d/ID/export?format=csv&gid=7&gid=8");
    assert_eq!(twice, Err(DirectLinkError::Link(SheetLinkError::Contradiction("gid"))));
    let inside = check("~/d/ID/export?format=csv&usp=sharing?gid=7");
    assert_eq!(inside, Err(DirectLinkError::Link(SheetLinkError::Damaged)));
}

#[test]
fn a_cell_has_a_link_where_the_sheet_can_be_opened_at_it() {
    let cell_in = |tab: Option<u64>, link: &str, column: Option<usize>| {
        let link = link.replace('~', "https://docs.google.com/spreadsheets");
        let place = CellPlace { tab, column, row: 14 };
        link.parse::<SheetLink>().expect("a link").cell_link(place)
    };
    let at = |rest: &str| Some(format!("https://docs.google.com/spreadsheets/d/ID/{rest}"));
    let cell = |link: &str, column| cell_in(None, link, column);
    assert_eq!(cell_in(Some(3), "~/d/ID/edit", Some(2)), at("edit#gid=3&range=C14"));
    assert_eq!(cell_in(Some(3), "~/d/ID/edit?sheet=Tab", Some(2)), at("edit#gid=3&range=C14"));
    assert_eq!(cell_in(Some(3), "~/d/ID/edit#gid=7", Some(2)), at("edit#gid=7&range=C14"));
    assert_eq!(cell("~/d/ID/edit#gid=7", Some(2)), at("edit#gid=7&range=C14"));
    assert_eq!(cell("~/d/ID/edit", Some(27)), at("edit#range=AB14"));
    assert_eq!(cell("~/d/ID/edit#gid=7", None), at("edit#gid=7&range=14:14"));
    assert_eq!(cell("~/d/ID/edit?resourcekey=0-x#gid=7&range=B3:D50", Some(0)), at("edit#gid=7&range=B14"));
    for link in [
        "~/d/e/2PACX-x/pubhtml?gid=7",
        "~/d/ID/gviz/tq?tqx=out:csv&tq=select%20A",
        "~/d/ID/gviz/tq?tqx=out:csv&sheet=Tab",
    ] {
        assert_eq!(cell(link, Some(2)), None, "{link}");
    }
}
