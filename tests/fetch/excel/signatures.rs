//! Content that is not a table is named by its type, for a source of each kind.

use lockstep::domain::location::SourceLocation;

use super::super::{FetchSetup, expect_failure};
use super::archive_of;
use crate::support::stub_server::{StubReply, StubServer};
use crate::support::workbook_builder::sample_path;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01";

fn file_contents() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("a PNG image", PNG.to_vec()),
        ("a PDF document", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n".to_vec()),
        ("a ZIP archive", archive_of(&[("holiday/photo.txt", b"x")])),
        (
            "a Word document",
            archive_of(&[("[Content_Types].xml", b"x"), ("_rels/.rels", b"x"), ("word/document.xml", b"x")]),
        ),
        ("an OpenDocument text", archive_of(&[("mimetype", b"application/vnd.oasis.opendocument.text")])),
        ("a 7-Zip archive", b"7z\xbc\xaf\x27\x1c\0\x04\x01\x02".to_vec()),
        ("an SQLite database", b"SQLite format 3\0\x10\0\x01\x01\0".to_vec()),
    ]
}

#[test]
fn binary_content_is_named_and_refused_for_every_kind() {
    let stub = StubServer::start();
    let mut setup = FetchSetup::new();
    setup.settings.google_url = stub.url("").parse().expect("an address");
    for (name, content) in file_contents() {
        stub.set_reply("/a", StubReply::status(200).body(&content));
        stub.set_reply(
            "/spreadsheets/d/1BxiMVs0XRA5nFMdKvBdBZjgmUUqptlbs74OgvE2upms/export",
            StubReply::status(200).body(&content),
        );
        let path = setup.folder.path().join("a.csv");
        std::fs::write(&path, &content).expect("written");
        let link = SourceLocation::Url(stub.url("/a"));
        let sheet = "https://docs.google.com/spreadsheets/d/1BxiMVs0XRA5nFMdKvBdBZjgmUUqptlbs74OgvE2upms/edit";
        let places = [
            ("csv", link.clone(), "not_csv"),
            ("csv", SourceLocation::File(path.clone()), "not_csv"),
            ("excel", link.clone(), "not_excel"),
            ("excel", SourceLocation::File(path.clone()), "not_excel"),
            ("feeds", link, ""),
            ("sheet", SourceLocation::Url(sheet.to_owned()), "not_csv"),
        ];
        for (kind, place, wanted) in places {
            let (code, message) = expect_failure(setup.fetch_content(kind, &place).map(drop));
            assert!(message.contains(name), "{kind}: {name}: {code}: {message}");
            assert!(wanted.is_empty() || code == wanted, "{kind}: {name}: {code}: {message}");
        }
    }
}

#[test]
fn a_workbook_among_csv_files_names_the_kind_that_reads_it() {
    let setup = FetchSetup::new();
    for (name, what) in [
        ("albums.xlsx", "an Excel workbook"),
        ("albums.xls", "an old Excel workbook"),
        ("albums.ods", "an OpenDocument workbook"),
    ] {
        let (code, message) =
            expect_failure(setup.fetch_content("csv", &SourceLocation::File(sample_path(name))).map(drop));
        assert_eq!(code, "not_csv");
        assert_eq!(message, format!("This is {what}, not a CSV file. Choose the type Excel instead (--kind excel)."));
    }
}

#[test]
fn text_among_workbooks_names_the_kind_that_reads_it() {
    let setup = FetchSetup::new();
    let path = setup.folder.path().join("a.xlsx");
    std::fs::write(&path, "id,title\n1,Blue\n").expect("written");
    let (code, message) = expect_failure(setup.fetch_content("excel", &SourceLocation::File(path)).map(drop));
    assert_eq!(code, "not_excel");
    assert!(message.contains("choose the type CSV (--kind csv)"), "{message}");
}

/// A table as Excel 2003 saves it in XML, and as LibreOffice saves a flat OpenDocument file.
const XML_WORKBOOKS: [(&str, &str); 3] = [
    (
        "an XML spreadsheet (Excel 2003)",
        "<?xml version=\"1.0\"?>\n<?mso-application progid=\"Excel.Sheet\"?>\n<Workbook xmlns=\"urn:schemas-microsoft-com:office:\
         spreadsheet\"><Worksheet/></Workbook>",
    ),
    (
        "an XML spreadsheet (Excel 2003)",
        "\u{feff}<?xml version=\"1.0\"?>\n<ss:Workbook xmlns:ss=\"urn:schemas-microsoft-com:office:spreadsheet\"/>",
    ),
    (
        "a flat OpenDocument workbook (.fods)",
        "<?xml version=\"1.0\"?>\n<office:document xmlns:office=\"urn:oasis:names:tc:opendocument:xmlns:office:1.0\" \
         office:mimetype=\"application/vnd.oasis.opendocument.spreadsheet\"/>",
    ),
];

#[test]
fn a_workbook_that_is_xml_gets_the_same_message_by_every_kind() {
    let (setup, stub) = (FetchSetup::new(), StubServer::start());
    for (name, content) in XML_WORKBOOKS {
        let path = setup.folder.path().join("a.xls");
        std::fs::write(&path, content).expect("written");
        stub.set_reply("/a", StubReply::status(200).body(content));
        let fix =
            "which Lockstep does not support. Open it in Excel or LibreOffice, save it as .xlsx, and use that file.";
        for place in [SourceLocation::File(path), SourceLocation::Url(stub.url("/a"))] {
            for (kind, code) in [("csv", "not_csv"), ("excel", "not_excel")] {
                let (reported, message) = expect_failure(setup.fetch_content(kind, &place).map(drop));
                assert_eq!((reported, message), (code, format!("This is {name}, {fix}")), "{kind}");
            }
        }
    }
}

#[test]
fn other_xml_is_not_sent_from_one_kind_to_another() {
    let setup = FetchSetup::new();
    let path = setup.folder.path().join("a.xml");
    std::fs::write(&path, "<?xml version=\"1.0\"?><albums><album id=\"1\"/></albums>").expect("written");
    let place = SourceLocation::File(path);
    let (code, message) = expect_failure(setup.fetch_content("excel", &place).map(drop));
    assert_eq!(code, "not_excel");
    assert!(message.starts_with("This is an XML document, not") && !message.contains("type CSV"), "{message}");
    let (_, message) = expect_failure(setup.fetch_content("csv", &place).map(drop));
    assert!(message.starts_with("This is an XML document, not a CSV file"), "{message}");
}

#[test]
fn a_password_is_named_with_its_fix_by_every_kind() {
    let setup = FetchSetup::new();
    let mut file = cfb::CompoundFile::create(std::io::Cursor::new(Vec::new())).expect("a file");
    file.create_stream("/EncryptedPackage").expect("a stream");
    file.flush().expect("written");
    let path = setup.folder.path().join("a.xlsx");
    std::fs::write(&path, file.into_inner().into_inner()).expect("written");
    for kind in ["csv", "excel", "feeds"] {
        let (code, message) = expect_failure(setup.fetch_content(kind, &SourceLocation::File(path.clone())).map(drop));
        assert!(code == "password_protected" || kind == "feeds", "{kind}: {code}: {message}");
        let text = ["protected with a password, which Lockstep cannot open", "Save a copy without a password"];
        assert!(text.iter().all(|text| message.contains(text)), "{kind}: {message}");
        assert!(!message.contains("--kind excel"), "{kind}: {message}");
    }
}
