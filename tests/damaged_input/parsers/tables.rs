//! Tables: CSV files and workbooks, read as a source on this server's disk.

use std::io::{Cursor, Write};
use std::sync::LazyLock;
use std::time::Duration;

use chrono::{DateTime, Utc};
use lockstep::domain::location::SourceLocation;
use lockstep::domain::read_options::ReadOptions;
use lockstep::domain::rows::row::TextRow;
use lockstep::fetch::{
    FetchObserver, FetchedContent, KindSettings, SourceKinds, build_unsaved_source, fetch_everything,
};
use tempfile::TempDir;
use zip::CompressionMethod;
use zip::write::SimpleFileOptions;

/// The most bytes that a source may have after unpacking.
const MAX_SOURCE_BYTES: u64 = 1 << 20;

/// The most bytes of text that become of one byte: a byte that is not valid becomes U+FFFD.
const MAX_GROWTH: usize = 3;

/// Separates the parts of a workbook in an input that is not a workbook itself.
const PART_SEPARATOR: u8 = 0;

/// The parts of an `.xlsx` file that such an input has, in its order.
const PARTS: [&str; 4] =
    ["xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/styles.xml", "xl/_rels/workbook.xml.rels"];

/// The parts that are the same for each such input.
const FIXED_PARTS: [(&str, &str); 3] = [
    (
        "[Content_Types].xml",
        r#"<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="xml" ContentType="application/xml"/></Types>"#,
    ),
    (
        "_rels/.rels",
        r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#,
    ),
    (
        "xl/workbook.xml",
        r#"<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="Albums" sheetId="1" r:id="r1"/></sheets></workbook>"#,
    ),
];

static KINDS: LazyLock<(TempDir, SourceKinds)> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a folder");
    let settings = KindSettings::in_data_dir(folder.path(), b"");
    (folder, SourceKinds::built_in(KindSettings { max_bytes: MAX_SOURCE_BYTES, ..settings }))
});

struct SilentObserver;

impl FetchObserver for SilentObserver {
    fn report_received(&self, _: u64, _: Option<u64>) {}

    fn report_wait(&self, _: &str, _: DateTime<Utc>) {}

    fn should_stop(&self) -> bool {
        false
    }
}

pub(super) fn check_csv(bytes: &[u8]) -> bool {
    let length = read_table("csv", bytes);
    assert!(length.is_none_or(|length| length <= bytes.len() * MAX_GROWTH), "{length:?} bytes of {}", bytes.len());
    length.is_some()
}

/// The bytes are a workbook, or the parts of an `.xlsx` file that are packed here: a damaged archive alone seldom gets
/// past its checksums.
pub(super) fn check_workbook(bytes: &[u8]) -> bool {
    let is_file = bytes.starts_with(b"PK") || bytes.starts_with(&[0xD0, 0xCF]);
    let length = if is_file { read_table("excel", bytes) } else { read_table("excel", &pack_workbook(bytes)) };
    assert!(length.is_none_or(|length| length as u64 <= MAX_SOURCE_BYTES), "{length:?} bytes of text");
    length.is_some()
}

fn pack_workbook(bytes: &[u8]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    let fixed = FIXED_PARTS.iter().map(|(name, content)| (*name, content.as_bytes()));
    for (name, content) in fixed.chain(PARTS.into_iter().zip(bytes.split(|byte| *byte == PART_SEPARATOR))) {
        zip.start_file(name, options).expect("a part");
        zip.write_all(content).expect("written");
    }
    zip.finish().expect("an archive").into_inner()
}

/// Reads the bytes twice as a table of this kind. Returns how long the texts of its rows are together; `None` if it is
/// refused.
fn read_table(kind: &str, bytes: &[u8]) -> Option<usize> {
    let (folder, kinds) = &*KINDS;
    let mut file = tempfile::NamedTempFile::new_in(folder).expect("a file");
    file.write_all(bytes).expect("written");
    let location = SourceLocation::File(file.path().to_owned());
    let source = build_unsaved_source(kind, &location, &ReadOptions::default()).expect("a source");
    let kind = kinds.get(kind).expect("a kind");
    let content = fetch_everything(kind, &source, Duration::from_secs(60), &SilentObserver).ok()?;
    let columns = content.columns();
    for (at, column) in columns.iter().enumerate() {
        assert!(!columns[..at].contains(column), "two columns are named {column:?}");
    }
    let rows = read_rows(content.as_ref());
    assert_eq!(rows, read_rows(content.as_ref()), "the second reading differs");
    let rows = rows?;
    for pair in rows.windows(2) {
        assert!(pair[0].number < pair[1].number, "rows {} and {}", pair[0].number, pair[1].number);
    }
    for row in &rows {
        assert_eq!(row.cells.len(), columns.len(), "row {}", row.number);
        assert!(!row.cells.iter().any(|cell| cell.contains('\0')), "row {} has a NUL character", row.number);
    }
    Some(rows.iter().flat_map(|row| row.cells.iter().chain(&row.extra)).map(String::len).sum())
}

/// All rows; `None` if reading ends with an error.
fn read_rows(content: &dyn FetchedContent) -> Option<Vec<TextRow>> {
    content.rows().ok()?.collect::<Result<_, _>>().ok()
}
