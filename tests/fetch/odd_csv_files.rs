//! Odd CSV files of other projects: the right text or a clear issue, and never a shifted cell.

use std::path::PathBuf;

use lockstep::domain::location::SourceLocation;
use lockstep::domain::rows::row::TextRow;
use lockstep::domain::rows::row_shape::RowShapes;
use lockstep::fetch::{FetchError, FetchedContent};

use super::{FetchSetup, expect_failure, read_cells, read_rows};
use crate::support::shared_data;

/// A folder of CSV files of another project.
struct CsvFolder(PathBuf);

impl CsvFolder {
    fn folder(name: &str) -> Option<Self> {
        shared_data(&format!("csv/{name}")).map(Self)
    }

    fn read(&self, name: &str) -> Box<dyn FetchedContent> {
        read(self.0.join(name)).expect(name)
    }

    fn paths(&self) -> impl Iterator<Item = PathBuf> {
        std::fs::read_dir(&self.0).expect("the folder").map(|entry| entry.expect("an entry").path())
    }
}

fn read(path: PathBuf) -> Result<Box<dyn FetchedContent>, FetchError> {
    FetchSetup::new().fetch_content("csv", &SourceLocation::File(path))
}

fn find_row(content: &dyn FetchedContent, number: u64) -> TextRow {
    read_rows(content).into_iter().find(|row| row.number == number).expect("the row")
}

#[test]
fn csv_spectrum_files_equal_their_json_counterparts() {
    let Some(spectrum) = CsvFolder::folder("csv-spectrum/csvs") else { return };
    let copies = tempfile::tempdir().expect("a folder");
    let mut seen = 0;
    for path in spectrum.paths() {
        let twin = spectrum.0.join("../json").join(path.with_extension("json").file_name().expect("a name"));
        let twin = std::fs::read_to_string(twin).expect("the twin");
        // The JSON of a single row may have no list around it.
        let mut twin = match serde_json::from_str(&twin).expect("JSON") {
            serde_json::Value::Array(items) => items,
            item => vec![item],
        };
        if path.ends_with("location_coordinates.csv") {
            // The JSON counterpart has another telephone number than the CSV file.
            twin[0]["Contact Phone Number"] = "2095257564".into();
        }
        let mut text = std::fs::read_to_string(&path).expect("text");
        if path.to_string_lossy().ends_with("_crlf.csv") && !text.contains('\r') {
            // The archive does not preserve the property that the file is named after.
            text = text.replace('\n', "\r\n");
        }
        let copy = copies.path().join("copy.csv");
        std::fs::write(&copy, text).expect("written");
        let content = read(copy).expect("content");
        let expected: Vec<Vec<String>> = twin
            .iter()
            .map(|item| content.columns().iter().map(|name| item[name].as_str().expect("text").to_owned()).collect())
            .collect();
        assert!(
            twin.iter().all(|item| item.as_object().is_some_and(|item| item.len() == content.columns().len())),
            "{}",
            path.display()
        );
        assert_eq!(read_cells(&*content), expected, "{}", path.display());
        let is_taken = |row: &TextRow| !row.surplus && row.repairs.iter().all(|mend| mend.is_common);
        assert!(read_rows(&*content).iter().all(is_taken), "{}", path.display());
        seen += 1;
    }
    assert_eq!(seen, 12);
}

#[test]
fn every_file_is_read_completely_or_refused_and_shifted_rows_are_reported() {
    let Some(fixtures) = CsvFolder::folder("csv-parser-fixtures") else { return };
    let Some(horrors) = CsvFolder::folder("messytables/horror") else { return };
    let mut seen = 0;
    for odd in [&fixtures, &horrors] {
        for path in odd.paths() {
            seen += 1;
            match read(path.clone()) {
                Ok(content) => {
                    let width = content.columns().len();
                    assert!(read_rows(&*content).iter().all(|row| row.cells.len() == width), "{}", path.display());
                }
                Err(_) => assert_eq!(path.extension().and_then(|end| end.to_str()), Some("html"), "{}", path.display()),
            }
        }
    }
    assert!(seen > 45, "{seen} files");
    for page in ["badcolspan.html", "complex.html", "html.html", "invisible_text.html", "rowcolspan.html"] {
        assert_eq!(expect_failure(read(horrors.0.join(page))).0, "html_page", "{page}");
    }
}

#[test]
fn the_file_names_match_the_issues() {
    let Some(fixtures) = CsvFolder::folder("csv-parser-fixtures") else { return };
    let fixture = |name: &str| fixtures.read(name);
    assert_eq!(read_cells(&*fixture("comma-in-quote.csv")), [["John", "Doe", "120 any st.", "Anytown, WW", "08123"]]);
    assert_eq!(read_cells(&*fixture("escape-quotes.csv")), [["1", "ha \"ha\" ha"], ["2", "\"\""], ["3", "4"]]);
    assert_eq!(read_cells(&*fixture("newlines.csv"))[1], ["Once upon \na time", "5", "6"]);
    assert_eq!(read_cells(&*fixture("quotes+newlines.csv"))[1], ["2", " \n\"\" \n"]);
    assert_eq!(fixture("bad-data.csv").columns(), ["column 1", "somejunk", "<! />"]);
    assert_eq!(fixture("empty-columns.csv").columns(), ["2007-01-01", "column 2", "column 3"]);
    // There is one column, because a backtick is no delimiter, and other quotation marks are text.
    assert_eq!(fixture("backtick.csv").columns().len(), 1);
    assert_eq!(read_cells(&*fixture("option-quote.csv"))[0], ["1", "'some value'", "2"]);
    // Too many cells cannot be placed; too few are padded.
    assert!(find_row(&*fixture("strict.csv"), 4).surplus);
    assert!(find_row(&*fixture("no-headers.csv"), 4).surplus);
    assert!(find_row(&*fixture("strict-false-more-columns.csv"), 3).surplus);
    assert_eq!(find_row(&*fixture("strict-false-less-columns.csv"), 3).cells, ["4", "5", ""]);
    assert!(
        read_rows(&*fixture("comment.csv")).iter().all(|row| row.surplus),
        "the table under a comment has no header"
    );
    // Quotation marks with an escape that CSV does not have are reported.
    for row in read_rows(&*fixture("option-escape.csv")).iter().take(2) {
        assert!(row.cells[2] == "2" || row.cells[2] == "4");
        assert_eq!(row.repairs[0].column, Some(1));
    }
    assert_eq!(read_rows(&*fixture("large-dataset.csv")).len(), 7268);
    assert!(
        read_rows(&*fixture("large-dataset.csv"))
            .iter()
            .all(|row| !row.surplus && row.cells[14] == "earthquake" || row.cells[14].len() < 20)
    );
}

#[test]
fn odd_files_are_read_in_their_own_encodings_and_delimiters() {
    let Some(horrors) = CsvFolder::folder("messytables/horror") else { return };
    let horror = |name: &str| horrors.read(name);
    let wide = horror("utf-16le_encoded.csv");
    assert_eq!(wide.columns()[0], "Organisation_code");
    assert!(read_rows(&*wide).iter().all(|row| !row.surplus && row.repairs.is_empty()));
    assert_eq!(horror("utf8bom.csv").columns(), ["kitten", "win"]);
    assert_eq!(horror("characters.csv").columns()[1], "景點編號");
    assert_eq!(horror("spanish_chars.csv").columns()[7], "Descripción");
    assert!(read_cells(&*horror("sparse_with_column_errors.csv"))[0][1].starts_with("Trägerorganisationen"));
    assert_eq!(horror("simple.psv").columns().len(), 6);
    assert_eq!(read_cells(&*horror("simple.ssv"))[0], ["2011-01-01", "1", "Galway"]);
    assert_eq!(horror("example.tsv").columns().len(), 17);
    assert_eq!(horror("mixedGLB.csv").columns().len(), 19);
    assert!(read_cells(&*horror("mixedGLB.csv")).len() > 100, "carriage returns end rows, too");
    assert_eq!((horror("small.csv").columns(), horror("small.csv").line_count()), (&["a".to_owned()][..], 1));
    assert!(horror("simple.unknown").columns().is_empty());
    // A space before a quotation mark makes the mark text: the row is too long, and the issue names the reason.
    let row = find_row(&*horror("complex.csv"), 4);
    assert!(row.surplus && row.repairs.iter().any(|repair| repair.message.contains("space")), "{row:?}");
    assert_eq!(find_row(&*horror("weird_head_padding.csv"), 5).number, 5);
}

#[test]
fn no_shifted_cells_are_reported_in_files_without_any() {
    let Some(data) = shared_data("csv") else { return };
    let mut folders = vec![data.clone(), data.with_file_name("catalog")];
    let mut read_files = 0;
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(&folder).expect("the folder").map(|entry| entry.expect("an entry").path()) {
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let Ok(content) = read(path.clone()) else { continue };
            let mut shapes = RowShapes::new(content.columns(), |_| None);
            content.rows().expect("rows").map_while(Result::ok).for_each(|row| shapes.observe_row(&row));
            let notes = shapes.into_findings().notes;
            let swapped: Vec<_> = notes.iter().filter(|note| note.reason.contains("swapped")).collect();
            assert!(swapped.is_empty(), "{}: {swapped:?}", path.display());
            read_files += 1;
        }
    }
    assert!(read_files > 40, "{read_files}");
}
