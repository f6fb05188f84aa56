use proptest::prelude::*;

use super::{DecimalSign, GROUP_SPACES, NUMBER_UNITS, NumberEvidence, parse_number};

fn reported(cells: &[&str]) -> Option<DecimalSign> {
    let mut numbers = NumberEvidence::default();
    cells.iter().for_each(|cell| numbers.observe_cell(cell));
    numbers.decimal_sign()
}

#[test]
fn the_number_format_is_detected_from_all_cells() {
    for cells in [
        &["1976", "-3.5", "+4"][..],
        &["1,234.56", "12"],
        &["1,234,567", "12"],
        &["0.123", "12"],
        &["1'234.56", "12'000"],
        &["1 234.5", "1\u{202f}234\u{a0}567"],
        &["$9.99", "-$1,299.00", "$-5", "$ 12"],
        &["45 %", "7%", "-0.5 %"],
        &["1299.00 EUR", "5 EUR"],
        &[".305", "1"],
        &["52.520006599999997"],
        &["1.234", "5.678"],
    ] {
        assert_eq!(reported(cells), Some(DecimalSign::Point), "{cells:?}");
    }
    for cells in [
        &["1.234,56", "12"][..],
        &["1.234.567", "12"],
        &["3,5", "1.234"],
        &["1 299,00", "−4"],
        &["€ 12", "9,99 €"],
        &["0,123", "5"],
        &["1,234", "5,678"],
    ] {
        assert_eq!(reported(cells), Some(DecimalSign::Comma), "{cells:?}");
    }
}

#[test]
fn an_ambiguous_number_is_text() {
    for cells in [
        &["1.234", "12"][..],
        &["1,234", "12"],
        &["1.234", "5,678"],
        &["1,234.5", "1.234,5"],
        &["1,234.5", "1'234.5"],
        &["00123", "12"],
        &["01"],
        &["1e5"],
        &["+49301234567"],
        &["030 1234567"],
        &["+49 30 / 12"],
        &["1234567890123456"],
        &["9780306406157", "9783161484100"],
        &["0306406152", "1593278284"],
        &["4006381333931"],
        &["1976-05-01"],
        &["1.5.2020"],
        &["10.0.0.1"],
        &["12a"],
        &["€"],
        &["."],
        &["5."],
        &["--5"],
        &["$-5 €"],
        &["1,23,456"],
        &["12,3456.0"],
        &["50 %", "0.5"],
        &["$5", "5 €"],
        &["٣"],
        &["1976", "unknown"],
    ] {
        assert_eq!(reported(cells), None, "{cells:?}");
    }
}

#[test]
fn a_cell_is_read_as_the_type_of_its_column() {
    for (cell, decimal, expected) in [
        (" 1,234.56 ", DecimalSign::Point, Some(1234.56)),
        ("1.234,56", DecimalSign::Comma, Some(1234.56)),
        ("−€ 1’234.5", DecimalSign::Point, Some(-1234.5)),
        ("1\u{202f}234\u{a0}%", DecimalSign::Comma, Some(1234.0)),
        (".5", DecimalSign::Point, Some(0.5)),
        ("-0", DecimalSign::Point, Some(0.0)),
        ("1.234,56", DecimalSign::Point, None),
        ("", DecimalSign::Point, None),
    ] {
        assert_eq!(parse_number(cell, decimal), expected, "{cell}");
    }
}

#[test]
fn no_unit_is_a_prefix_or_suffix_of_another() {
    for (at, unit) in NUMBER_UNITS.iter().enumerate() {
        let others = NUMBER_UNITS.iter().enumerate().filter(|(other, _)| *other != at);
        for (_, other) in others {
            assert!(!other.starts_with(unit) && !other.ends_with(unit), "{unit} {other}");
        }
    }
}

/// Formats a number of hundredths as people write it.
fn written(hundredths: i64, decimal: DecimalSign, group: Option<char>, unit: &str) -> String {
    let digits = (hundredths.abs() / 100).to_string();
    let mut whole = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if let Some(group) = group.filter(|_| at > 0 && (digits.len() - at).is_multiple_of(3)) {
            whole.push(group);
        }
        whole.push(digit);
    }
    let sign = if hundredths < 0 { "-" } else { "" };
    format!("{sign}{whole}{}{:02}{unit}", decimal.as_char(), hundredths.abs() % 100)
}

proptest! {
    #[test]
    fn a_column_is_read_as_it_was_written(
        numbers in prop::collection::vec(-100_000_000_000_i64..100_000_000_000, 1..40),
        comma: bool,
        group in prop::option::of(0..3_usize),
        unit in prop::sample::select(vec!["", " €", "%", " CHF"]),
    ) {
        let decimal = if comma { DecimalSign::Comma } else { DecimalSign::Point };
        let group = group.map(|at| [decimal.group_separator(), GROUP_SPACES[1], '\''][at]);
        let cells: Vec<String> = numbers.iter().map(|number| written(*number, decimal, group, unit)).collect();
        let mut reading = NumberEvidence::default();
        cells.iter().for_each(|cell| reading.observe_cell(cell));
        prop_assert_eq!(reading.decimal_sign(), Some(decimal));
        for (number, cell) in numbers.iter().zip(&cells) {
            #[allow(clippy::cast_precision_loss, reason = "far below 2^53")]
            let expected = *number as f64 / 100.0;
            prop_assert_eq!(parse_number(cell, decimal), Some(expected));
        }
    }

    #[test]
    fn a_column_that_is_read_has_a_value_in_every_cell(cells in prop::collection::vec("[-+−$€% 0-9.,']{1,9}", 1..6)) {
        let mut reading = NumberEvidence::default();
        let cells: Vec<&str> = cells.iter().map(|cell| cell.trim()).filter(|cell| !cell.is_empty()).collect();
        cells.iter().for_each(|cell| reading.observe_cell(cell));
        if let Some(decimal) = reading.decimal_sign() {
            for cell in cells {
                prop_assert!(parse_number(cell, decimal).is_some(), "{cell}");
            }
        }
    }

    #[test]
    fn the_order_of_the_cells_does_not_matter(cells in prop::collection::vec("[-]?[0-9.,' ]{1,7}", 1..6)) {
        let mut cells: Vec<&str> = cells.iter().map(|cell| cell.trim()).filter(|cell| !cell.is_empty()).collect();
        let forwards = reported(&cells);
        cells.reverse();
        prop_assert_eq!(reported(&cells), forwards);
    }

    #[test]
    fn any_cell_is_read_without_a_panic(cell: String) {
        let _ = reported(&[&cell]);
        let _ = parse_number(&cell, DecimalSign::Comma);
    }
}
