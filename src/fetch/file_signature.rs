//! Detects the type of binary content by its first bytes: a picture, a PDF, an archive, a workbook.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use super::FetchError;
use super::file_type_names::type_name;
use super::http::body_file::{BodyFile, disk_error};

/// How many bytes of the beginning and of the end are examined.
const INSPECTED_BYTES: u64 = 64 * 1024;
/// How many bytes of the beginning distinguish binary content from text.
const TEXT_SAMPLE_BYTES: usize = 4096;
/// How many control characters the smallest text may have: typing errors produce some.
const MAX_STRAY_CONTROLS: usize = 2;
/// More than one control character in this many characters makes content binary. Git's limit is 1 in 128 (`convert.c`),
/// Perl's 1 in 3 (`-B`). A text that is taken for binary is lost; binary content that is read as text fails later,
/// because it has no key column.
const CHARACTERS_PER_CONTROL: usize = 20;
/// How many bytes at the beginning of a binary format contain a byte that is not text, such as a size or a version.
const MAGIC_BYTES: usize = 8;

/// The detected type of binary content.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct FileSignature {
    /// Its name with an article, such as "a PNG image".
    pub(super) name: &'static str,
    remedy: ContentRemedy,
}

/// What a person can do about content of an unexpected type.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum ContentRemedy {
    /// Choose another file or link.
    ChooseOther,
    /// Add it as a source of kind `excel`.
    ReadAsExcel,
    /// Remove its password.
    RemovePassword,
    /// Save it in a supported format.
    SaveAsXlsx,
}

impl FileSignature {
    /// Whether the kind `excel` may read it.
    pub(super) fn is_workbook(self) -> bool {
        self.remedy == ContentRemedy::ReadAsExcel
    }
}

/// The advice for a file with a password.
pub(super) const REMOVE_PASSWORD: &str = "Save a copy without a password: in Excel choose File → Info → Protect Workbook → \
                                          Encrypt with Password and empty the field.";
/// The advice for a table in a format that only spreadsheet programs read.
pub(super) const SAVE_AS_XLSX: &str = "Open it in Excel or LibreOffice, save it as .xlsx, and use that file.";

const fn other_file(name: &'static str) -> FileSignature {
    FileSignature { name, remedy: ContentRemedy::ChooseOther }
}

const fn workbook_type(name: &'static str) -> FileSignature {
    FileSignature { name, remedy: ContentRemedy::ReadAsExcel }
}

/// Refuses binary content. `wanted` is the expected kind of text, such as "a CSV file".
///
/// # Errors
/// `code` for binary content, with its type and what to do; `disk` when the temporary file cannot be read.
pub(super) fn refuse_binary(content: &BodyFile, code: &'static str, wanted: &str) -> Result<(), FetchError> {
    match detect_file_type(content).map_err(|error| disk_error(&error))? {
        Some(signature) => Err(refusal(signature, code, wanted)),
        None => Ok(()),
    }
}

/// The error for content that is `signature` instead of what is `wanted`.
pub(super) fn refusal(signature: FileSignature, code: &'static str, wanted: &str) -> FetchError {
    let FileSignature { name, remedy } = signature;
    match remedy {
        ContentRemedy::ChooseOther => {
            FetchError::failed(code, format!("This is {name}, not {wanted}. Choose another file or link."))
        }
        ContentRemedy::ReadAsExcel => {
            let fix = "Choose the type Excel instead (--kind excel).";
            FetchError::failed(code, format!("This is {name}, not {wanted}. {fix}"))
        }
        ContentRemedy::RemovePassword => {
            let message = format!("This is {name}, which Lockstep cannot open. {REMOVE_PASSWORD}");
            FetchError::failed("password_protected", message)
        }
        ContentRemedy::SaveAsXlsx => {
            FetchError::failed(code, format!("This is {name}, which Lockstep does not support. {SAVE_AS_XLSX}"))
        }
    }
}

/// The type of `content` if it is binary; `None` for text.
///
/// # Errors
/// When the temporary file cannot be read.
pub(super) fn detect_file_type(content: &BodyFile) -> io::Result<Option<FileSignature>> {
    detect_in_reader(content.bytes, |at| Ok(content.reader(at)))
}

/// Like [`detect_file_type`], for a file on this machine.
///
/// # Errors
/// When the file cannot be read.
pub(super) fn detect_file(file: &File) -> io::Result<Option<FileSignature>> {
    let read_from = |at: u64| {
        let mut reader = file;
        reader.seek(SeekFrom::Start(at)).map(|_| reader)
    };
    detect_in_reader(file.metadata()?.len(), read_from)
}

fn detect_in_reader<R: Read>(
    bytes: u64,
    read_from: impl Fn(u64) -> io::Result<R>,
) -> io::Result<Option<FileSignature>> {
    let (mut start, mut end) = (Vec::new(), Vec::new());
    read_from(0)?.take(INSPECTED_BYTES).read_to_end(&mut start)?;
    if bytes > INSPECTED_BYTES {
        read_from(bytes - INSPECTED_BYTES)?.take(INSPECTED_BYTES).read_to_end(&mut end)?;
    }
    Ok(detect_parts(&start, &end))
}

/// Like [`detect_file_type`], for the first bytes of some content.
pub(super) fn detect_start(start: &[u8]) -> Option<FileSignature> {
    detect_parts(start, &[])
}

fn detect_parts(start: &[u8], end: &[u8]) -> Option<FileSignature> {
    if let Some(name) = xml_workbook(start) {
        return Some(FileSignature { name, remedy: ContentRemedy::SaveAsXlsx });
    }
    match start {
        [b'P', b'K', 3, 4, ..] => Some(archive_type(start, end)),
        [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1, ..] => Some(compound_file_type(start, end)),
        [b'%', b'P', b'D', b'F', b'-', ..] => Some(other_file("a PDF document")),
        [b'{', b'\\', b'r', b't', b'f', ..] => Some(other_file("an RTF document")),
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => None,
        // Text may begin like a picture: "BMI" as a bitmap, "MZ" as a program.
        _ if !has_binary_bytes(start) => None,
        [b'P', b'A', b'R', b'1', ..] => Some(other_file("a Parquet file")),
        _ => match infer::get(start) {
            Some(kind) => type_name(kind.extension(), kind.matcher_type()).map(other_file),
            None => (is_noise(start) && !is_wide(start)).then(|| other_file("a binary file")),
        },
    }
}

/// The name of a workbook that is a single XML document.
fn xml_workbook(start: &[u8]) -> Option<&'static str> {
    let start = start.strip_prefix("\u{feff}".as_bytes()).unwrap_or(start);
    let start = &start[..start.len().min(TEXT_SAMPLE_BYTES)];
    if start.trim_ascii_start().first() != Some(&b'<') {
        return None;
    }
    let has = |words: &[&str]| words.iter().any(|word| start.windows(word.len()).any(|part| part == word.as_bytes()));
    if has(&["<?mso-application progid=\"Excel.Sheet\"", "<?mso-application progid='Excel.Sheet'"])
        || (has(&["<Workbook", "<ss:Workbook"]) && has(&["urn:schemas-microsoft-com:office:spreadsheet"]))
    {
        return Some("an XML spreadsheet (Excel 2003)");
    }
    let is_flat = has(&["<office:document "]) && has(&["application/vnd.oasis.opendocument.spreadsheet"]);
    is_flat.then_some("a flat OpenDocument workbook (.fods)")
}

/// Whether there are bytes that text does not have. Only then are letters at the beginning the mark of a binary format.
fn has_binary_bytes(start: &[u8]) -> bool {
    let begins = &start[..start.len().min(MAGIC_BYTES)];
    begins.contains(&0) || control_characters(begins) > 0 || is_noise(start) || is_padded(start)
}

/// Whether there are runs of NUL that no encoding of text has.
fn is_padded(start: &[u8]) -> bool {
    start[..start.len().min(TEXT_SAMPLE_BYTES)].windows(4).any(|window| window == [0, 0, 0, 0])
}

/// Whether NUL bytes are at every second position only, as in UTF-16.
fn is_wide(start: &[u8]) -> bool {
    let mut counts = [0_usize; 2];
    for (position, _) in start.iter().take(TEXT_SAMPLE_BYTES).enumerate().filter(|(_, byte)| **byte == 0) {
        counts[position % 2] += 1;
    }
    counts[0] + counts[1] > 0 && counts[0].min(counts[1]) * 20 <= counts[0] + counts[1]
}

fn is_noise(start: &[u8]) -> bool {
    let controls = control_characters(start);
    controls > MAX_STRAY_CONTROLS && controls * CHARACTERS_PER_CONTROL > start.len().min(TEXT_SAMPLE_BYTES)
}

/// How many control characters there are that text does not have. Git counts the same characters (`gather_stats` in
/// `convert.c`: backspace, tab, form feed, escape, and Ctrl-Z at the end are text). Vertical tabs are not counted, nor
/// is NUL, because half of UTF-16 is NUL.
fn control_characters(start: &[u8]) -> usize {
    let is_control = |byte: &&u8| matches!(byte, 1..=7 | 14..=26 | 28..=31 | 127);
    let text = &start[..start.len().min(TEXT_SAMPLE_BYTES)];
    let end = text.iter().rposition(|byte| *byte != 0x1A).map_or(0, |last| last + 1);
    text[..end].iter().filter(is_control).count()
}

/// The type of a ZIP archive, by the names of the files inside.
fn archive_type(start: &[u8], end: &[u8]) -> FileSignature {
    let has = |name: &[u8]| [start, end].iter().any(|part| part.windows(name.len()).any(|window| window == name));
    // An OpenDocument file begins with its type, which is not compressed.
    let kind = start.get(30..).and_then(|rest| rest.strip_prefix(b"mimetype")).unwrap_or_default();
    let is = |prefix: &[u8]| kind.starts_with(prefix);
    if is(b"application/vnd.oasis.opendocument.spreadsheet") {
        workbook_type("an OpenDocument workbook")
    } else if is(b"application/vnd.oasis.opendocument.text") {
        other_file("an OpenDocument text")
    } else if is(b"application/vnd.oasis.opendocument.presentation") {
        other_file("an OpenDocument presentation")
    } else if is(b"application/epub") {
        other_file("an EPUB book")
    } else if has(b"xl/workbook") || has(b"xl/worksheets/") {
        workbook_type("an Excel workbook")
    } else if has(b"word/document") {
        other_file("a Word document")
    } else if has(b"ppt/presentation") || has(b"ppt/slides") {
        other_file("a PowerPoint presentation")
    } else if has(b"Index/Tables/") || has(b"Index/CalculationEngine") {
        other_file("a Numbers document (export it as Excel or CSV)")
    } else if has(b"Index/Document.iwa") {
        other_file("a Pages or Keynote document")
    } else if has(b"META-INF/MANIFEST.MF") || has(b"AndroidManifest.xml") {
        other_file("a program")
    } else {
        other_file("a ZIP archive")
    }
}

/// The type of an old Office file, by the names of its streams, which are UTF-16.
fn compound_file_type(start: &[u8], end: &[u8]) -> FileSignature {
    let has = |name: &str| {
        let name: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
        [start, end].iter().any(|part| part.windows(name.len()).any(|window| window == name))
    };
    if has("Workbook") || has("WORKBOOK") {
        workbook_type("an old Excel workbook")
    } else if has("EncryptedPackage") {
        FileSignature { name: "an Office document protected with a password", remedy: ContentRemedy::RemovePassword }
    } else if has("WordDocument") {
        other_file("an old Word document")
    } else if has("PowerPoint Document") {
        other_file("an old PowerPoint presentation")
    } else if has("Book") {
        workbook_type("an old Excel workbook")
    } else {
        other_file("an old Office document")
    }
}

#[cfg(test)]
mod tests {
    use super::detect_start;

    #[test]
    fn text_that_begins_like_a_picture_is_text() {
        let cyrillic: Vec<u8> = "имя;город\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let texts: [&[u8]; 13] = [
            b"BMI,name\n1,A\x07da\n",
            b"id\n1\x1a",
            b"id,a\n1,\x07\n2,\x01\n",
            b"\x0cid,name\n1,a\x08b\n",
            &cyrillic,
            b"BMI,name\n1,Ada\n",
            b"MZ,name\n",
            b"ID3,name\n",
            b"GIF89a,name\n",
            b"II*,name\n",
            b"id,name\n1,Caf\xe9\n",
            b"\xff\xfei\0d\0,\0n\0\n\0",
            b"id,name\n1,a\0b\n",
        ];
        for text in texts {
            assert_eq!(detect_start(text), None, "{}", String::from_utf8_lossy(text));
        }
    }

    #[test]
    fn binary_content_is_named() {
        let elf = [&b"\x7fELF\x02\x01\x01"[..], &[0; 9], b"\x03\0\x3e\0", &[0; 64]].concat();
        let contents: [(&[u8], &str); 9] = [
            (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "a PNG image"),
            (b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01", "a JPEG image"),
            (b"GIF89a\x01\0\x01\0\0\0\0\0", "a GIF image"),
            (b"%PDF-1.7\n", "a PDF document"),
            (b"PK\x03\x04\x14\0\0\0\x08\0", "a ZIP archive"),
            (b"7z\xbc\xaf\x27\x1c\0\x04", "a 7-Zip archive"),
            (b"SQLite format 3\0\x10\0\x01\x01", "an SQLite database"),
            (&elf, "a program"),
            (b"\x01\x02\x03\x04rest\x05\x06", "a binary file"),
        ];
        for (content, name) in contents {
            assert_eq!(detect_start(content).map(|signature| signature.name), Some(name));
        }
    }
}
