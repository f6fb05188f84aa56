//! Builds workbooks part by part, so that each part can be broken.

use std::io::{Cursor, Write};
use std::path::PathBuf;

use lockstep::domain::location::SourceLocation;
use zip::CompressionMethod;
use zip::write::SimpleFileOptions;

const XML_DECLARATION: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>"#;
const SPREADSHEET_NAMESPACE: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const RELATIONSHIP_NAMESPACE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const PACKAGE_NAMESPACE: &str = "http://schemas.openxmlformats.org/package/2006/relationships";

/// A workbook of the folder `tests/corpora/workbooks`.
pub(crate) fn sample_path(name: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpora/workbooks")).join(name)
}

/// The location of a workbook of that folder.
pub(crate) fn sample_location(name: &str) -> SourceLocation {
    SourceLocation::File(sample_path(name))
}

/// A ZIP archive of these parts.
pub(crate) fn zip_archive(parts: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default();
    for (name, content) in parts {
        // As the standard requires, so that the type of the file is recognised by its first bytes.
        let method = if *name == "mimetype" { CompressionMethod::Stored } else { CompressionMethod::Deflated };
        zip.start_file(*name, options.compression_method(method)).expect("a part");
        zip.write_all(content).expect("written");
    }
    zip.finish().expect("an archive").into_inner()
}

/// An `.xlsx` file under construction.
pub(crate) struct XlsxBuilder {
    /// The part with the cells of the only tab.
    pub(crate) sheet: String,
    /// The texts that cells share.
    pub(crate) shared: String,
    /// Attributes of `workbookPr`.
    pub(crate) properties: &'static str,
}

impl XlsxBuilder {
    /// A workbook with these rows of its tab, as XML between the tags of `sheetData`.
    pub(crate) fn of_rows(rows: &str) -> Self {
        Self::of_sheet(&format!("<sheetData>{rows}</sheetData>"))
    }

    /// A workbook with this content of its tab.
    pub(crate) fn of_sheet(content: &str) -> Self {
        let sheet = format!("{XML_DECLARATION}<worksheet xmlns=\"{SPREADSHEET_NAMESPACE}\">{content}</worksheet>");
        Self {
            sheet,
            shared: format!("{XML_DECLARATION}<sst xmlns=\"{SPREADSHEET_NAMESPACE}\"></sst>"),
            properties: "",
        }
    }

    /// Sets the shared texts and the attributes of `sst`, as XML between the tags of `sst`.
    pub(crate) fn with_shared(self, attributes: &str, texts: &str) -> Self {
        Self {
            shared: format!("{XML_DECLARATION}<sst xmlns=\"{SPREADSHEET_NAMESPACE}\" {attributes}>{texts}</sst>"),
            ..self
        }
    }

    /// The name and the content of each of its parts.
    pub(crate) fn parts(&self) -> Vec<(&'static str, Vec<u8>)> {
        let relation = |id: u32, kind: &str, target: &str| {
            format!("<Relationship Id=\"rId{id}\" Type=\"{RELATIONSHIP_NAMESPACE}/{kind}\" Target=\"{target}\"/>")
        };
        let relations = |all: &str| {
            format!("{XML_DECLARATION}<Relationships xmlns=\"{PACKAGE_NAMESPACE}\">{all}</Relationships>").into_bytes()
        };
        let book = format!(
            "{XML_DECLARATION}<workbook xmlns=\"{SPREADSHEET_NAMESPACE}\" xmlns:r=\"{RELATIONSHIP_NAMESPACE}\"><workbookPr {}/><sheets><sheet name=\"Albums\" \
             sheetId=\"1\" r:id=\"rId1\"/></sheets></workbook>",
            self.properties
        );
        // Styles 1 to 3: a date, a date with a time, a duration.
        let formats = [0, 14, 22, 46, 10].map(|id| format!("<xf numFmtId=\"{id}\"/>")).concat();
        let styles = format!(
            "{XML_DECLARATION}<styleSheet xmlns=\"{SPREADSHEET_NAMESPACE}\"><cellXfs>{formats}</cellXfs></styleSheet>"
        );
        let in_book = [
            relation(1, "worksheet", "worksheets/sheet1.xml"),
            relation(2, "styles", "styles.xml"),
            relation(3, "sharedStrings", "sharedStrings.xml"),
        ];
        vec![
            ("[Content_Types].xml", format!("{XML_DECLARATION}<Types/>").into_bytes()),
            ("_rels/.rels", relations(&relation(1, "officeDocument", "xl/workbook.xml"))),
            ("xl/workbook.xml", book.into_bytes()),
            ("xl/_rels/workbook.xml.rels", relations(&in_book.concat())),
            ("xl/styles.xml", styles.into_bytes()),
            ("xl/sharedStrings.xml", self.shared.clone().into_bytes()),
            ("xl/worksheets/sheet1.xml", self.sheet.clone().into_bytes()),
        ]
    }

    /// The bytes of the file.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        zip_archive(&self.parts())
    }
}

/// A row of cells with texts of their own.
pub(crate) fn text_row(number: usize, cells: &[&str]) -> String {
    let cell = |text: &&str| format!("<c t=\"inlineStr\"><is><t>{text}</t></is></c>");
    format!("<row r=\"{number}\">{}</row>", cells.iter().map(cell).collect::<String>())
}

/// An OpenDocument workbook with this content of its only tab.
pub(crate) fn build_ods(table: &str) -> Vec<u8> {
    let spaces = ["office", "table", "text", "style"]
        .map(|name| format!("xmlns:{name}=\"urn:oasis:names:tc:opendocument:xmlns:{name}:1.0\""))
        .join(" ");
    let content = format!(
        "{XML_DECLARATION}<office:document-content {spaces}><office:body><office:spreadsheet><table:table table:name=\"Albums\">{table}\
         </table:table></office:spreadsheet></office:body></office:document-content>"
    );
    build_ods_from_content(content.into_bytes(), "")
}

/// An OpenDocument workbook with this whole content, and more in its manifest.
pub(crate) fn build_ods_from_content(content: Vec<u8>, in_manifest: &str) -> Vec<u8> {
    let manifest =
        format!("{XML_DECLARATION}<manifest:manifest xmlns:manifest=\"m\">{in_manifest}</manifest:manifest>");
    zip_archive(&[
        ("mimetype", b"application/vnd.oasis.opendocument.spreadsheet".to_vec()),
        ("content.xml", content),
        ("META-INF/manifest.xml", manifest.into_bytes()),
    ])
}
