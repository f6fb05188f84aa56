//! The same workbook in every format, and cells that each test one rule.

use lockstep::domain::read_options::ReadOptions;
use lockstep::fetch::{FetchError, FetchOutcome};
use rust_xlsxwriter::{Color, Format, Workbook};

use super::super::{RecordingObserver, expect_failure, read_rows};
use super::{FetchSetup, read_bytes, read_with, read_workbook, select_tab};
use crate::support::workbook_builder::{XlsxBuilder, build_ods, sample_location, sample_path, text_row};

const FORMATS: [&str; 3] = ["albums.xlsx", "albums.xls", "albums.ods"];

#[test]
fn every_format_has_the_same_plain_cells_and_row_numbers() {
    let setup = FetchSetup::new();
    for name in FORMATS {
        let reading = read_workbook(&setup, &sample_location(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        let columns = ["id", "title", "price", "released", "added", "cost", "live", "length", "total", "broken"];
        assert_eq!(reading.content.columns(), columns, "{name}");
        let first = [
            "10000000000",
            "Kind of  Blue & Green\nsecond line",
            "19.99",
            "1959-08-17",
            "2023-01-05 14:30:00",
            "0.1",
            "TRUE",
            "14:30:00",
            "59.97",
            "#DIV/0!",
        ];
        let second = ["2", "Blue Train", "0.5", "2023-01-05", "", "", "", "", "", ""];
        let third = ["3", "Moanin'", "", "soon", "", "", "", "", "", ""];
        assert_eq!(reading.list_cells(), [first, second, third], "{name}");
        assert_eq!(reading.row_numbers(), [2, 4, 5], "{name}: the blank row counts");
    }
}

#[test]
fn hidden_and_merged_cells_are_noted_once_with_their_place() {
    let setup = FetchSetup::new();
    for name in FORMATS {
        let reading = read_workbook(&setup, &sample_location(name)).expect("a workbook");
        assert_eq!(
            reading.issue_reasons,
            [
                "The column is hidden in the workbook.",
                "The row is hidden in the workbook. It was read anyway.",
                "1 area is merged (B5:C5). Only the top left cell of a merged area has its value; the others are empty.",
            ],
            "{name}"
        );
        assert_eq!(reading.content.hidden_columns(), ["cost"], "{name}");
        let hidden = read_with(&setup, &sample_location(name), select_tab(" Draft ")).expect("the hidden tab");
        assert_eq!(hidden.issue_reasons, ["The tab “Draft” is hidden in the workbook. It was read anyway."], "{name}");
        assert_eq!(hidden.list_cells(), [["secret"]], "{name}");
    }
}

#[test]
fn the_error_of_an_unknown_tab_lists_the_existing_tabs() {
    let setup = FetchSetup::new();
    for name in FORMATS {
        let (code, message) = expect_failure(read_with(&setup, &sample_location(name), select_tab("Artists")));
        assert_eq!(code, "no_tab", "{name}");
        let wanted = "This workbook has no tab “Artists”. The tabs are “Draft” (hidden), “Albums”. Change the tab of the \
                      source (--tab).";
        assert_eq!(message, wanted, "{name}");
    }
}

#[test]
fn the_format_follows_from_the_content_and_not_from_the_name() {
    let setup = FetchSetup::new();
    for name in FORMATS {
        let bytes = std::fs::read(sample_path(name)).expect("a file");
        assert_eq!(read_bytes(&setup, &bytes).expect("a workbook").list_cells().len(), 3, "{name}");
    }
}

#[test]
fn the_header_is_the_row_that_was_chosen() {
    let setup = FetchSetup::new();
    let rows = text_row(1, &["Report of 2023"]) + &text_row(4, &["id", "title"]) + &text_row(6, &["1", "Blue"]);
    let path = setup.folder.path().join("a.xlsx");
    std::fs::write(&path, XlsxBuilder::of_rows(&rows).bytes()).expect("written");
    let location = lockstep::domain::location::SourceLocation::File(path);
    let from = |row: u64| ReadOptions { header_row: Some(row), ..ReadOptions::default() };
    let reading = read_with(&setup, &location, from(4)).expect("a workbook");
    assert_eq!(
        (reading.content.columns().to_vec(), reading.row_numbers()),
        (vec!["id".into(), "title".into()], vec![6])
    );
    for row in [3, 9] {
        let (code, message) = expect_failure(read_with(&setup, &location, from(row)));
        assert_eq!(code, "no_header");
        assert!(message.starts_with(&format!("Row {row} is set as the header row but is empty.")), "{message}");
    }
}

#[test]
fn values_are_read_as_a_spreadsheet_program_shows_them() {
    let setup = FetchSetup::new();
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (column, name) in ["id", "n", "day", "moment", "spent", "flag", "rich"].iter().enumerate() {
        sheet.write(0, u16::try_from(column).expect("a column"), *name).expect("written");
    }
    let format = |code: &str| Format::new().set_num_format(code);
    sheet.write(1, 0, 9_007_199_254_740_991_i64).expect("written");
    sheet.write(1, 1, 3.300_000_000_000_000_3).expect("written");
    sheet.write_with_format(1, 2, 44_931, &format("dddd, d. mmmm yyyy")).expect("written");
    sheet.write_with_format(1, 3, 44_931.604_166_666_664, &format("d/m/yy h:mm")).expect("written");
    sheet.write_with_format(1, 4, 1.5, &format("[h]:mm")).expect("written");
    sheet.write(1, 5, true).expect("written");
    let (red, plain) = (Format::new().set_font_color(Color::Red), Format::default());
    sheet.write_rich_string(1, 6, &[(&plain, "So "), (&red, "What")]).expect("written");
    sheet.write_with_format(2, 0, 0.1, &format("#,##0.00 \"days\"")).expect("written");
    sheet.write_formula(2, 1, rust_xlsxwriter::Formula::new("=1+1").set_result("2")).expect("written");
    sheet.set_column_hidden(1).expect("hidden");
    sheet.set_column_hidden(2).expect("hidden");
    let reading = read_bytes(&setup, &book.save_to_buffer().expect("a file")).expect("a workbook");
    let first = ["9007199254740991", "3.3", "2023-01-05", "2023-01-05 14:30:00", "36:00:00", "TRUE", "So What"];
    assert_eq!(reading.list_cells(), [first, ["0.1", "2", "", "", "", "", ""]]);
    assert_eq!(reading.issue_reasons, ["2 columns are hidden in the workbook (“n”, “day”)."]);
}

#[test]
fn days_are_counted_from_1904_if_the_workbook_says_so() {
    let setup = FetchSetup::new();
    let row =
        r#"<row r="2"><c><v>1</v></c><c s="1"><v>43469</v></c><c s="2"><v>0.5</v></c><c s="3"><v>0.5</v></c></row>"#;
    let rows = text_row(1, &["id", "day", "moment", "spent"]) + row;
    let book = XlsxBuilder { properties: "date1904=\"1\"", ..XlsxBuilder::of_rows(&rows) };
    let reading = read_bytes(&setup, &book.bytes()).expect("a workbook");
    assert_eq!(reading.list_cells(), [["1", "2023-01-05", "1904-01-01 12:00:00", "12:00:00"]]);
}

#[test]
fn texts_are_complete_in_every_notation() {
    let setup = FetchSetup::new();
    let shared = "<si><t>id</t></si><si><r><t>So </t></r><r><t xml:space=\"preserve\">What </t></r></si><si/>";
    let cells = [
        r#"<c r="A2" t="s"><v>1</v></c>"#,
        r#"<c r="B2" t="inlineStr"><is><r><t>a</t></r><r><t>&amp;b</t></r></is></c>"#,
        r#"<c r="C2" t="str"><f>X()</f><v>&lt;i&gt; &#233;</v></c>"#,
        r#"<c r="D2" t="e"><v>#REF!</v></c><c r="E2" t="s"><v>2</v></c><c r="F2" t="d"><v>2023-01-05T00:00:00</v></c>"#,
    ];
    let head = r#"<row r="1"><c t="s"><v>0</v></c>"#.to_owned()
        + &["b", "c", "d", "e", "f"].map(|name| format!("<c t=\"inlineStr\"><is><t>{name}</t></is></c>")).concat()
        + "</row>";
    let rows = format!("{head}<row r=\"2\">{}</row>", cells.concat());
    let reading = read_bytes(&setup, &XlsxBuilder::of_rows(&rows).with_shared("", shared).bytes()).expect("a workbook");
    assert_eq!(reading.list_cells(), [["SoWhat ", "a&b", "<i> é", "#REF!", "", "2023-01-05"]]);
}

#[test]
fn an_error_value_is_kept_as_its_name() {
    let setup = FetchSetup::new();
    let cell = |place: &str, word: &str| format!("<c r=\"{place}\" t=\"e\"><f>X()</f><v>{word}</v></c>");
    let second =
        cell("A2", "#SPILL!") + &cell("C2", "#REF!") + &cell("D2", "#GETTING_DATA") + "<c r=\"E2\"><v>5</v></c>";
    let third = "<c r=\"A3\"><v>3</v></c>".to_owned() + &cell("B3", "#CALC!") + &cell("E3", "#Ü &amp; X");
    let rows =
        text_row(1, &["id", "b", "c", "d", "e"]) + &format!("<row r=\"2\">{second}</row><row r=\"3\">{third}</row>");
    let reading = read_bytes(&setup, &XlsxBuilder::of_rows(&rows).bytes()).expect("a workbook");
    assert_eq!(reading.list_cells(), [["#SPILL!", "", "#REF!", "#GETTING_DATA", "5"], ["3", "#CALC!", "", "", "#Ü "]]);
    // A cell without a reference follows the one before it, whose column is unknown here.
    let unplaced = text_row(1, &["id", "b"]) + "<row r=\"2\"><c t=\"e\"><v>#SPILL!</v></c><c><v>1</v></c></row>";
    let (code, message) = expect_failure(read_bytes(&setup, &XlsxBuilder::of_rows(&unplaced).bytes()));
    assert_eq!(code, "corrupt_workbook");
    assert!(message.contains("the unknown error “#SPILL!”"), "{message}");
}

#[test]
fn repeated_rows_and_cells_of_opendocument_are_written_out() {
    let setup = FetchSetup::new();
    let cell = |text: &str, attributes: &str| {
        format!(
            "<table:table-cell office:value-type=\"string\" {attributes}><text:p>{text}</text:p></table:table-cell>"
        )
    };
    let table = format!(
        "<table:table-row>{}{}</table:table-row><table:table-row table:number-rows-repeated=\"3\">{}</table:table-row>\
         <table:table-row table:number-rows-repeated=\"1048570\"><table:table-cell table:number-columns-repeated=\"16384\"/>\
         </table:table-row>",
        cell("id", ""),
        cell("title", ""),
        cell(
            "a<text:line-break/>b<office:annotation><text:p>a note</text:p></office:annotation>",
            "table:number-columns-repeated=\"2\""
        )
    );
    let reading = read_bytes(&setup, &build_ods(&table)).expect("a workbook");
    assert_eq!(reading.list_cells(), [["a\nb", "a\nb"]; 3]);
    assert_eq!(reading.row_numbers(), [2, 3, 4]);
}

#[test]
fn more_cells_than_the_header_has_columns_are_kept_apart() {
    let setup = FetchSetup::new();
    let table =
        text_row(1, &["id", "title"]) + &text_row(2, &["1", "Blue", "stray"]) + &text_row(3, &["2", "Train", "\u{a0}"]);
    let reading = read_bytes(&setup, &XlsxBuilder::of_rows(&table).bytes()).expect("a workbook");
    let rows = read_rows(&*reading.content);
    assert_eq!((rows[0].surplus, rows[0].extra.clone()), (true, vec!["stray".to_owned()]));
    assert_eq!((rows[1].surplus, rows[1].width, rows[1].cells.len()), (false, Some(3), 2));
}

#[test]
fn a_workbook_with_the_same_bytes_is_unchanged() {
    let setup = FetchSetup::new();
    let place = sample_location("albums.xlsx");
    let first = setup.fetch_content("excel", &place).expect("a workbook");
    let again =
        setup.fetch("excel", &place, Some(first.validators()), &RecordingObserver::default()).expect("an answer");
    assert!(matches!(again, FetchOutcome::Unchanged(Some(_))));
}

#[test]
fn an_old_workbook_with_a_padded_sector_table_is_read_unless_sectors_are_missing() {
    let setup = FetchSetup::new();
    let bytes = std::fs::read(sample_path("albums-sheetjs.xls")).expect("a file");
    let path = setup.folder.path().join("a.xls");
    std::fs::write(&path, &bytes).expect("written");
    let place = lockstep::domain::location::SourceLocation::File(path.clone());
    let (reading, other) =
        (read_with(&setup, &place, select_tab("Albums")), read_workbook(&setup, &sample_location("albums.xls")));
    let (reading, other) = (reading.expect("a workbook"), other.expect("a workbook"));
    assert_eq!(reading.content.columns(), other.content.columns());
    assert_eq!((reading.list_cells(), reading.row_numbers()), (other.list_cells(), other.row_numbers()));
    for sectors in 1..bytes.len() / 512 {
        std::fs::write(&path, &bytes[..bytes.len() - sectors * 512]).expect("written");
        match read_with(&setup, &place, select_tab("Albums")) {
            Ok(reading) => assert_eq!(reading.list_cells(), other.list_cells(), "{sectors} sectors less"),
            Err(error) => assert!(matches!(error, FetchError::Failed { .. }), "{sectors}"),
        }
    }
}
