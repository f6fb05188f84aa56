//! Corrected rows in an uploaded CSV file: they are read as given, and all other bytes stay as they are.

use std::collections::BTreeMap;
use std::fs;

use lockstep::domain::location::SourceLocation;
use lockstep::domain::read_options::ReadOptions;
use lockstep::domain::rows::corrected_rows::{CorrectionRefusal, SkippedRows, SkippedRowsHeader};
use lockstep::domain::rows::row::TextRow;
use lockstep::domain::rows::skipped_row::keep_cells;
use lockstep::domain::source::{Source, Validators};
use lockstep::domain::text::formula::escape_formula;
use lockstep::fetch::{FetchOutcome, FetchRequest};

use super::{FetchSetup, RecordingObserver, read_rows, source_of_kind};
use crate::support::seeded_random::SeededRandom;

/// How many random files are corrected.
const FILE_COUNT: u64 = 300;
const SEED: u64 = 0x5EED_0011;
/// The name of the upload that is corrected.
const UPLOAD: &str = "0123456789abcdef0123456789abcdef";
/// The name of the upload with the corrected rows.
const CORRECTED: &str = "fedcba9876543210fedcba9876543210";

/// An uploaded file.
struct UploadedFile {
    setup: FetchSetup,
    source: Source,
}

impl UploadedFile {
    fn new(content: &[u8], encoding: Option<&str>) -> Self {
        let setup = FetchSetup::new();
        fs::create_dir_all(&setup.settings.uploads_dir).expect("a folder");
        let read_options = ReadOptions { encoding: encoding.map(str::to_owned), ..ReadOptions::default() };
        let source = Source { read_options, ..source_of_kind("csv", SourceLocation::Upload(UPLOAD.to_owned())) };
        let file = Self { setup, source };
        file.write(UPLOAD, content);
        file
    }

    fn write(&self, name: &str, content: &[u8]) {
        fs::write(self.setup.settings.uploads_dir.join(name), content).expect("written");
    }

    fn bytes(&self) -> Vec<u8> {
        fs::read(self.setup.settings.uploads_dir.join(UPLOAD)).expect("the file")
    }

    /// Its rows as a run reads them.
    fn read(&self) -> (SkippedRows, Vec<TextRow>) {
        let nothing = Validators::default();
        let request = FetchRequest::for_probe(&nothing, self.setup.timeout);
        let kinds = self.setup.source_kinds();
        let kind = kinds.get("csv").expect("the kind");
        let Ok(FetchOutcome::Content(content)) = kind.fetch(&self.source, &request, &RecordingObserver::default())
        else {
            panic!("the file is readable");
        };
        let rows = read_rows(&*content);
        let cells = |row: &TextRow| keep_cells(row, true).expect("a short row").to_cells();
        let skipped = SkippedRows {
            columns: content.columns().to_vec(),
            content_hash: content.validators().body_hash.clone().expect("a hash"),
            rows: rows.iter().map(|row| (row.number, cells(row))).collect(),
        };
        (skipped, rows)
    }

    /// Uploads these rows, as people do who correct a download.
    fn correct(&self, skipped: &SkippedRows, rows: &BTreeMap<u64, Vec<String>>) -> Result<u64, CorrectionRefusal> {
        let header = SkippedRowsHeader::of_rows(skipped).names;
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(&header).expect("memory");
        for (number, cells) in rows {
            let mut cells: Vec<String> = cells.iter().map(|cell| escape_formula(cell).into_owned()).collect();
            cells.resize(header.len() - 2, String::new());
            cells.extend([number.to_string(), "A reason".to_owned()]);
            writer.write_record(&cells).expect("memory");
        }
        self.upload(skipped, &writer.into_inner().expect("memory"))
    }

    fn upload(&self, skipped: &SkippedRows, corrected: &[u8]) -> Result<u64, CorrectionRefusal> {
        self.write(CORRECTED, corrected);
        let nothing = Validators::default();
        let request = FetchRequest::for_probe(&nothing, self.setup.timeout);
        let kinds = self.setup.source_kinds();
        kinds.get("csv").expect("the kind").correct_rows(&self.source, skipped, CORRECTED, &request)
    }
}

/// How a random file is written.
struct FileForm {
    delimiter: char,
    line_end: &'static str,
    encoding: &'static str,
    has_mark: bool,
}

impl FileForm {
    fn random(random: &mut SeededRandom) -> Self {
        let mut one_of = |all: &[&'static str]| all[random.next_below(all.len() as u64) as usize];
        let delimiter = one_of(&[",", ";", "\t", "|"]).chars().next().expect("a character");
        let (line_end, encoding) =
            (one_of(&["\n", "\r\n", "\r"]), one_of(&["utf-8", "windows-1252", "utf-16le", "utf-16be"]));
        Self {
            delimiter,
            line_end,
            encoding,
            has_mark: encoding.starts_with("utf-16") || (encoding == "utf-8" && random.next_chance(50)),
        }
    }

    fn encode(&self, text: &str) -> Vec<u8> {
        match self.encoding {
            "utf-16le" => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            "utf-16be" => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
            "windows-1252" => {
                text.chars().map(|c| if c == '€' { 0x80 } else { u8::try_from(c).expect("Latin-1") }).collect()
            }
            _ => text.as_bytes().to_vec(),
        }
    }

    fn random_cell(&self, random: &mut SeededRandom) -> String {
        let delimiter = self.delimiter.to_string();
        let pieces = ["a", "Bé", "€", " ", "\"", &delimiter, "\n", "\r\n", "=", "-1", "'", "x y"];
        (0..random.next_below(5)).map(|_| pieces[random.next_below(pieces.len() as u64) as usize]).collect()
    }

    /// A cell as programs write it: in quotation marks where needed, and sometimes without a need.
    fn write_cell(&self, cell: &str, random: &mut SeededRandom) -> String {
        let is_plain = !cell.contains([self.delimiter, '\n', '\r']) && !cell.trim_start().starts_with('"');
        let keeps_quotes = !cell.contains('"') || random.next_chance(50);
        if is_plain && keeps_quotes && random.next_chance(80) {
            cell.to_owned()
        } else {
            format!("\"{}\"", cell.replace('"', "\"\""))
        }
    }

    /// A record of random cells, with its line end.
    fn random_record(&self, random: &mut SeededRandom) -> String {
        if random.next_chance(10) {
            return self.line_end.to_owned();
        }
        let width = if random.next_chance(70) { 3 } else { 2 + random.next_below(4) };
        let cells: Vec<String> = (0..width)
            .map(|_| {
                let cell = self.random_cell(random);
                self.write_cell(&cell, random)
            })
            .collect();
        cells.join(&self.delimiter.to_string()) + self.line_end
    }
}

/// The cells of a correction. No original cell has the last letter, so it always differs.
fn random_correction(form: &FileForm, original: &[String], random: &mut SeededRandom) -> Vec<String> {
    let width = if random.next_chance(80) { 3 } else { original.len() };
    let cell = |random: &mut SeededRandom| match random.next_below(10) {
        0 => String::new(),
        _ => form.random_cell(random).replace(['\'', '\r'], "") + "z",
    };
    let mut cells: Vec<String> = (0..width).map(|_| cell(random)).collect();
    while cells.len() > 3 && cells.last().is_some_and(String::is_empty) {
        cells.pop();
    }
    cells
}

#[test]
fn a_corrected_row_is_read_as_given_and_no_other_byte_changes() {
    let mut random = SeededRandom::new(SEED);
    let (mut corrected_rows, mut refused) = (0, 0);
    for round in 0..FILE_COUNT {
        let form = FileForm::random(&mut random);
        let header = ["id", "title", "year"].join(&form.delimiter.to_string()) + form.line_end;
        let mark = if form.has_mark { "\u{FEFF}" } else { "" };
        let mut records: Vec<String> =
            (0..2 + random.next_below(12)).map(|_| form.random_record(&mut random)).collect();
        if random.next_chance(50)
            && let Some(last) = records.last_mut()
        {
            last.truncate(last.len() - form.line_end.len());
        }
        let encoded: Vec<Vec<u8>> = records.iter().map(|record| form.encode(record)).collect();
        let start = form.encode(&format!("{mark}{header}"));
        let mut file_bytes = [start.clone(), encoded.concat()].concat();
        let end_mark = form.encode(if random.next_chance(20) { "\u{1A}" } else { "" });
        file_bytes.extend_from_slice(&end_mark);
        let file = UploadedFile::new(&file_bytes, (form.encoding == "windows-1252").then_some("windows-1252"));
        let (skipped, rows) = file.read();
        if rows.is_empty() {
            continue;
        }
        let changed = &rows[random.next_below(rows.len() as u64) as usize];
        let cells = random_correction(&form, &skipped.rows[&changed.number], &mut random);
        let place =
            format!("round {round}, row {}, {cells:?} in {:?}", changed.number, String::from_utf8_lossy(&file_bytes));
        match file.correct(&skipped, &BTreeMap::from([(changed.number, cells.clone())])) {
            Ok(count) => assert_eq!(count, 1, "{place}"),
            Err(refusal) => {
                assert_eq!((refusal.code, file.bytes()), ("read_differently", file_bytes), "{place}");
                refused += 1;
                continue;
            }
        }
        corrected_rows += 1;
        // The header is row 1.
        let at = usize::try_from(changed.number).expect("few rows") - 2;
        let before = [start, encoded[..at].concat()].concat();
        let line_end = if records[at].ends_with(form.line_end) { form.line_end } else { "" };
        let after = [form.encode(line_end), encoded[at + 1..].concat(), end_mark].concat();
        let bytes = file.bytes();
        assert!(
            bytes.starts_with(&before) && bytes.ends_with(&after),
            "{place}: {:?}",
            String::from_utf8_lossy(&bytes)
        );
        assert!(bytes.len() > before.len() + after.len(), "{place}");
        let (now, _) = file.read();
        let mut expected = skipped.rows.clone();
        expected.insert(changed.number, cells.clone());
        if cells.iter().all(String::is_empty) {
            expected.remove(&changed.number);
        }
        assert_eq!(now.rows, expected, "{place}");
    }
    assert!(corrected_rows > FILE_COUNT * 8 / 10, "{corrected_rows} corrected, {refused} refused");
}

#[test]
fn several_rows_are_corrected_at_once_as_one_after_the_other() {
    let text = "\u{FEFF}id;title;year\r\n;\"Two\r\nlines\";1972\r\n\r\nc;Three;1973\r\n;Four;1974\r\nd;\"F\"\"ive\"";
    let form = FileForm { delimiter: ';', line_end: "\r\n", encoding: "utf-16le", has_mark: true };
    let rows = |cells: &[(u64, [&str; 3])]| -> BTreeMap<u64, Vec<String>> {
        cells.iter().map(|(row, cells)| (*row, cells.map(str::to_owned).to_vec())).collect()
    };
    let all = rows(&[(2, ["b", "Two 𝄞", "1972"]), (5, ["x;", "", "\"4\""]), (6, ["e", "Five", "1975"])]);
    let at_once = UploadedFile::new(&form.encode(text), None);
    assert_eq!(at_once.correct(&at_once.read().0, &all), Ok(3));
    let one_by_one = UploadedFile::new(&form.encode(text), None);
    for (row, cells) in &all {
        assert_eq!(one_by_one.correct(&one_by_one.read().0, &BTreeMap::from([(*row, cells.clone())])), Ok(1));
    }
    let expected = "\u{FEFF}id;title;year\r\nb;Two 𝄞;1972\r\n\r\nc;Three;1973\r\n\"x;\";;\"\"\"4\"\"\"\r\ne;Five;1975";
    assert_eq!(at_once.bytes(), form.encode(expected));
    assert_eq!(one_by_one.bytes(), form.encode(expected));
}

#[test]
fn a_file_that_was_replaced_is_not_changed() {
    let file = UploadedFile::new(b"id,title\n,One\n", None);
    let (skipped, _) = file.read();
    let corrected = BTreeMap::from([(2, ["a", "One"].map(str::to_owned).to_vec())]);
    file.write(UPLOAD, b"id,title\n,One\nb,Two\n");
    assert_eq!(file.correct(&skipped, &corrected).map_err(|refusal| refusal.code), Err("file_changed"));
    assert_eq!(file.bytes(), b"id,title\n,One\nb,Two\n");
    let (skipped, _) = file.read();
    assert_eq!(file.correct(&skipped, &corrected), Ok(1));
    assert_eq!(file.bytes(), b"id,title\na,One\nb,Two\n");
    assert_eq!(
        file.correct(&skipped, &corrected).map_err(|refusal| refusal.code),
        Err("file_changed"),
        "corrected before"
    );
    let left: Vec<_> = fs::read_dir(&file.setup.settings.uploads_dir).expect("a folder").flatten().collect();
    assert_eq!(left.len(), 2, "no temporary file is left: {left:?}");
}

#[test]
fn a_character_that_the_encoding_of_the_file_does_not_have_is_refused_with_its_row() {
    let file = UploadedFile::new(b"id,title\n,Bj\xF6rk\n", Some("windows-1252"));
    let (skipped, _) = file.read();
    let corrected = BTreeMap::from([(2, ["a", "日本"].map(str::to_owned).to_vec())]);
    let refusal = file.correct(&skipped, &corrected).expect_err("a refusal");
    let problem = "Row 2: the file is written in windows-1252, which does not have the character “日”.";
    assert_eq!((refusal.code, &*refusal.problems), ("bad_rows", &[problem.to_owned()][..]));
    assert_eq!(file.bytes(), b"id,title\n,Bj\xF6rk\n");
}

#[test]
fn a_corrected_file_may_have_the_separator_and_encoding_of_another_program() {
    let file = UploadedFile::new("id,title\n,Björk\n=1,x\n=1,y\n".as_bytes(), None);
    let (skipped, _) = file.read();
    let saved = b"id;title;Row;Reason\r\na;Bj\xF6rk;2;\"Missing; key\"\r\n'=1;x;3;\r\n'=2;y;4;\r\n";
    assert_eq!(file.upload(&skipped, saved), Ok(2));
    assert_eq!(file.bytes(), "id,title\na,Björk\n=1,x\n=2,y\n".as_bytes());
}

#[test]
fn a_compressed_file_is_not_changed() {
    let gzip = {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut encoder, b"id,title\n,One\n").expect("memory");
        encoder.finish().expect("memory")
    };
    let file = UploadedFile::new(&gzip, None);
    let (skipped, _) = file.read();
    let corrected = BTreeMap::from([(2, ["a", "One"].map(str::to_owned).to_vec())]);
    assert_eq!(file.correct(&skipped, &corrected).map_err(|refusal| refusal.code), Err("compressed"));
    assert_eq!(file.bytes(), gzip);
}
