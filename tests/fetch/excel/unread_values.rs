//! Cells whose value is not in the file, or not as it was entered: formulas that were never calculated, numbers with
//! more digits than spreadsheets keep, and two cells at one place.

use lockstep::domain::rows::row::TextRow;

use super::super::{expect_failure, read_rows};
use super::{WorkbookReading, patient_setup, read_bytes};
use crate::support::load_clock::LoadClock;
use crate::support::workbook_builder::{XlsxBuilder, build_ods, text_row, zip_archive};
use crate::support::xls_builder::{XlsCell, build_xls};

const HEADER: [&str; 4] = ["id", "price", "total", "name"];

/// The rows below the header, and what was noted.
fn read_noted_rows(bytes: &[u8]) -> (Vec<TextRow>, Vec<String>) {
    let WorkbookReading { content, issue_reasons } = read_bytes(&patient_setup(), bytes).expect("a workbook");
    (read_rows(&*content), issue_reasons)
}

fn number_cell(place: &str, value: &str) -> String {
    format!("<c r=\"{place}\"><v>{value}</v></c>")
}

fn book_of(rows: &[String]) -> XlsxBuilder {
    let below: String =
        rows.iter().enumerate().map(|(at, cells)| format!("<row r=\"{}\">{cells}</row>", at + 2)).collect();
    XlsxBuilder::of_rows(&(text_row(1, &HEADER) + &below))
}

/// As openpyxl writes a formula, and as others do.
const UNSAVED: [&str; 5] = [
    "<c r=\"C2\"><f>B2*2</f><v/></c>",
    "<c r=\"C2\"><f>B2*2</f><v></v></c>",
    "<c r=\"C2\"><f>B2*2</f></c>",
    "<c r=\"C2\" t=\"str\"><f>B2&amp;\"x\"</f></c>",
    "<c r=\"C2\" t=\"n\"><f t=\"shared\" si=\"0\"/></c>",
];

#[test]
fn a_formula_without_a_saved_value_is_noted_and_known_to_its_row() {
    for cell in UNSAVED {
        let book = book_of(&[
            number_cell("A2", "1") + &number_cell("B2", "4") + cell,
            number_cell("A3", "2") + &number_cell("C3", "6"),
        ]);
        let (rows, reasons) = read_noted_rows(&book.bytes());
        assert_eq!(rows[0].cells, ["1", "4", "", ""], "{cell}");
        assert_eq!((&rows[0].unsaved_formulas[..], &rows[1].unsaved_formulas[..]), (&[2][..], &[][..]), "{cell}");
        let note = "1 cell in “total” is a formula without a saved value (row 2). The catalog keeps its values. Open \
                    the file in Excel or LibreOffice, save it once, and sync again.";
        assert_eq!(reasons, [note], "{cell}");
    }
}

#[test]
fn a_saved_value_of_a_formula_may_be_empty() {
    let saved = [
        "<c r=\"C2\" t=\"str\"><f>\"\"</f><v></v></c>",
        "<c r=\"C2\"><f>B2-B2</f><v>0</v></c>",
        "<c r=\"C2\" s=\"1\"/>",
    ];
    for cell in saved {
        let (rows, reasons) = read_noted_rows(&book_of(&[number_cell("A2", "1") + cell]).bytes());
        assert!(rows[0].unsaved_formulas.is_empty() && reasons.is_empty(), "{cell}: {reasons:?}");
    }
}

#[test]
fn zero_is_not_a_saved_value_in_a_file_that_is_calculated_on_opening() {
    let cells = number_cell("A2", "1") + "<c r=\"B2\"><f>1*0</f><v>0</v></c><c r=\"C2\"><f>3*2</f><v>6</v></c>";
    let mut parts = book_of(&[cells + &number_cell("D2", "0")]).parts();
    for (name, content) in &mut parts {
        if *name == "xl/workbook.xml" {
            let text =
                String::from_utf8_lossy(content).replace("</workbook>", "<calcPr fullCalcOnLoad=\"1\"/></workbook>");
            *content = text.into_bytes();
        }
    }
    let (rows, reasons) = read_noted_rows(&zip_archive(&parts));
    assert_eq!(
        (&rows[0].cells[..], &rows[0].unsaved_formulas[..]),
        (&["1", "", "6", "0"].map(str::to_owned)[..], &[1][..])
    );
    assert!(reasons[0].starts_with("1 cell in “price” is a formula without a saved value (row 2)."), "{reasons:?}");
}

#[test]
fn a_formula_that_fills_an_area_leaves_all_of_it_without_a_value() {
    let array = "<c r=\"B2\"><f t=\"array\" ref=\"B2:C3\">A2:A3*2</f><v/></c>";
    let rows =
        [number_cell("A2", "1") + array, number_cell("A3", "2") + &number_cell("C3", "7"), number_cell("A4", "3")];
    let (rows, reasons) = read_noted_rows(&book_of(&rows).bytes());
    let unsaved: Vec<&[usize]> = rows.iter().map(|row| row.unsaved_formulas.as_slice()).collect();
    assert_eq!(unsaved, [&[1, 2][..], &[1], &[]]);
    assert_eq!(rows[1].cells[2], "7");
    assert!(reasons[0].starts_with("3 cells in “price”, “total” are formulas"), "{reasons:?}");
}

#[test]
fn a_header_that_is_a_formula_without_a_saved_value_is_refused_with_its_place() {
    let rows = "<row r=\"1\"><c r=\"A1\" t=\"inlineStr\"><is><t>id</t></is></c><c r=\"B1\"><f>A9</f></c></row>"
        .to_owned()
        + &text_row(2, &["1", "Blue"]);
    let (code, message) = expect_failure(read_bytes(&patient_setup(), &XlsxBuilder::of_rows(&rows).bytes()));
    assert_eq!(code, "unsaved_formula");
    assert!(message.starts_with("Row 1, column B: the name of this column is a formula"), "{message}");
}

#[test]
fn a_formula_above_the_table_or_beside_its_header_names_no_column() {
    let day = "<c r=\"A1\"><f>NOW()</f></c><c r=\"C1\"><f>TODAY()</f><v/></c>";
    let above = format!("<row r=\"1\">{day}</row>") + &text_row(3, &["id", "name"]) + &text_row(4, &["1", "Blue"]);
    let header = text_row(1, &["id", "name"]).replace("</row>", "<c r=\"E1\"><f>TODAY()</f></c></row>");
    for (name, sheet) in [("above", above), ("beside", header.clone() + &text_row(2, &["1", "Blue"]))] {
        let (rows, reasons) = read_noted_rows(&XlsxBuilder::of_rows(&sheet).bytes());
        assert_eq!((&rows[0].cells[..], &reasons[..]), (&["1", "Blue"].map(str::to_owned)[..], &[][..]), "{name}");
    }
    // With cells below it, the formula is a header.
    let sheet = header + &text_row(2, &["1", "Blue", "", "", "x"]);
    let (code, message) = expect_failure(read_bytes(&patient_setup(), &XlsxBuilder::of_rows(&sheet).bytes()));
    assert!(code == "unsaved_formula" && message.starts_with("Row 1, column E"), "{message}");
    assert!(message.contains("set it as the header row (--header-row)"), "{message}");
    // The same holds for a column of formulas without any value.
    let header = text_row(1, &["id", "name"]).replace("</row>", "<c r=\"C1\"><f>Other!C1</f></c></row>");
    let row = text_row(2, &["1", "Blue"]).replace("</row>", "<c r=\"C2\"><f>B2*2</f></c></row>");
    let (code, message) = expect_failure(read_bytes(&patient_setup(), &XlsxBuilder::of_rows(&(header + &row)).bytes()));
    assert!(code == "unsaved_formula" && message.starts_with("Row 1, column C"), "{message}");
}

#[test]
fn a_header_of_nothing_but_formulas_is_not_replaced_by_the_first_row() {
    let header = "<row r=\"1\"><c r=\"A1\"><f>Other!A1</f></c><c r=\"B1\"><f>Other!B1</f></c></row>".to_owned();
    let (code, message) = expect_failure(read_bytes(
        &patient_setup(),
        &XlsxBuilder::of_rows(&(header + &text_row(2, &["1", "Blue"]))).bytes(),
    ));
    assert!(code == "unsaved_formula" && message.starts_with("Row 1, column A"), "{message}");
}

#[test]
fn areas_of_formulas_that_overlap_take_no_more_than_their_columns() {
    let started = LoadClock::start();
    let array = |at: usize| {
        let column = ["B", "C", "D"][at % 3];
        format!("<c r=\"{column}{}\"><f t=\"array\" ref=\"{column}{0}:XFD1048576\">A1</f></c>", at / 3 + 2)
    };
    let row = |at: usize| {
        let cells: String = (at * 3..at * 3 + 3).map(array).collect();
        number_cell(&format!("A{}", at + 2), "1") + &cells
    };
    let rows: Vec<String> = (0..3_000).map(row).collect();
    let (rows, reasons) = read_noted_rows(&book_of(&rows).bytes());
    assert!(rows.iter().all(|row| row.unsaved_formulas == [1, 2, 3]), "{:?}", rows[0]);
    assert!(reasons[0].starts_with("9000 cells in"), "{reasons:?}");
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
}

#[test]
fn a_formula_of_an_opendocument_file_without_a_value_is_noted() {
    let cell = |attributes: &str, text: &str| format!("<table:table-cell {attributes}>{text}</table:table-cell>");
    let text = |text: &str| cell("office:value-type=\"string\"", &format!("<text:p>{text}</text:p>"));
    let row = |cells: &[String]| format!("<table:table-row>{}</table:table-row>", cells.concat());
    let formula = "table:formula=\"of:=[.A2]*2\"";
    let table = row(&HEADER.map(text))
        + &row(&[text("1"), cell(formula, ""), cell(&format!("{formula} office:value-type=\"float\""), "")])
        + &row(&[
            text("2"),
            cell(&format!("{formula} office:value-type=\"string\" office:string-value=\"\""), ""),
            cell(&format!("{formula} office:value-type=\"float\" office:value=\"0\""), "<text:p>0</text:p>"),
            cell(formula, "<text:p>shown</text:p>"),
        ]);
    let (rows, reasons) = read_noted_rows(&build_ods(&table));
    assert_eq!((&rows[0].unsaved_formulas[..], &rows[1].unsaved_formulas[..]), (&[1, 2][..], &[][..]));
    assert_eq!(rows[1].cells, ["2", "", "0", "shown"]);
    assert!(reasons[0].starts_with("2 cells in “price”, “total” are formulas without a saved value, first in row 2."));
}

#[test]
fn a_formula_in_the_old_format_without_a_saved_value_is_noted() {
    use XlsCell::{Formula, Number, Text, TextFormula};
    // As xlwt writes it: the empty text, and no record of a calculation.
    let empty = Formula([3, 0, 0, 0, 0, 0, 0xFF, 0xFF]);
    let text_without_record = Formula([0, 0, 0, 0, 0, 0, 0xFF, 0xFF]);
    let cells = [
        (0, 0, Text("id")),
        (0, 1, Text("price")),
        (0, 2, Text("name")),
        (1, 0, Number(1.0)),
        (1, 1, empty),
        (1, 2, text_without_record),
        (2, 0, Number(2.0)),
        (2, 1, Formula(4.5_f64.to_le_bytes())),
        (2, 2, TextFormula("Blue")),
    ];
    let (rows, reasons) = read_noted_rows(&build_xls(&cells, false));
    assert_eq!((&rows[0].unsaved_formulas[..], &rows[1].unsaved_formulas[..]), (&[1, 2][..], &[][..]));
    assert_eq!(rows[1].cells, ["2", "4.5", "Blue"]);
    assert!(reasons[0].starts_with("2 cells in “price”, “name” are formulas without a saved value"), "{reasons:?}");
    // A program that calculated the formula saved the empty text.
    let (rows, reasons) = read_noted_rows(&build_xls(&cells, true));
    assert!(rows[0].unsaved_formulas.is_empty() && reasons.is_empty(), "{reasons:?}");
}

#[test]
fn numbers_of_more_than_fifteen_digits_are_noted_together() {
    let rows = [
        number_cell("A2", "12345678901234567") + &number_cell("B2", "1234567890123450"),
        number_cell("A3", "1.2345678901234568E+16") + &number_cell("B3", "0.30000000000000004"),
        number_cell("A4", "999999999999999") + &number_cell("B4", "1234567890123457"),
    ];
    let (rows, reasons) = read_noted_rows(&book_of(&rows).bytes());
    let rounded: Vec<&[usize]> = rows.iter().map(|row| row.rounded_numbers.as_slice()).collect();
    assert_eq!(rounded, [&[0, 1][..], &[0], &[]]);
    let note = "3 cells in “id”, “price” are numbers of more than 15 digits, which spreadsheets round, first in row 2. \
                Format the column as text, enter the numbers again, and sync again.";
    assert_eq!(reasons, [note]);
    let cell = |value: &str| format!("<table:table-cell office:value-type=\"float\" office:value=\"{value}\"/>");
    let head = "<table:table-row><table:table-cell office:value-type=\"string\"><text:p>id</text:p></table:table-cell>\
                </table:table-row>";
    let table = format!("{head}<table:table-row>{}</table:table-row>", cell("12345678901234567"));
    assert_eq!(read_noted_rows(&build_ods(&table)).0[0].rounded_numbers, [0]);
    let cells = [(0, 0, XlsCell::Text("id")), (1, 0, XlsCell::Number(12_345_678_901_234_567.0))];
    assert_eq!(read_noted_rows(&build_xls(&cells, true)).0[0].rounded_numbers, [0]);
}

#[test]
fn a_row_with_two_different_cells_at_one_place_is_refused_with_the_place() {
    let twice = "<c r=\"A2\"><v>1</v></c><c r=\"B2\"><v>2</v></c><c r=\"B2\"><v>3</v></c>".to_owned();
    let same = "<c r=\"A3\"><v>2</v></c><c r=\"B3\"><v>2</v></c><c r=\"B3\"><v>2</v></c><c r=\"B3\"/>".to_owned();
    let formula = "<c r=\"A4\"><v>3</v></c><c r=\"C4\"><v>2</v></c><c r=\"C4\"><f>B4</f></c>".to_owned();
    let (rows, _) = read_noted_rows(&book_of(&[twice, same, formula]).bytes());
    let refusals: Vec<Option<&str>> = rows.iter().map(|row| row.refusal.as_deref()).collect();
    assert!(refusals[0].is_some_and(|why| why.starts_with("The file has two cells at the same position (B2)")));
    assert!(refusals[1].is_none() && refusals[2].is_some_and(|why| why.contains("(C4)")), "{refusals:?}");
    let header = "<row r=\"1\"><c r=\"A1\"><v>1</v></c><c r=\"A1\"><v>2</v></c></row>";
    let (code, message) = expect_failure(read_bytes(&patient_setup(), &XlsxBuilder::of_rows(header).bytes()));
    assert!(code == "corrupt_workbook" && message.contains("two cells of its header"), "{message}");
    use XlsCell::{Number, Text};
    let cells = [(0, 0, Text("id")), (1, 0, Number(1.0)), (2, 0, Number(2.0)), (1, 0, Number(3.0))];
    let (rows, _) = read_noted_rows(&build_xls(&cells, true));
    assert!(rows[0].refusal.as_deref().is_some_and(|why| why.contains("(A2)")) && rows[1].refusal.is_none());
}
