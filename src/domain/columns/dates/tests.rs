use proptest::prelude::*;

use super::{DateEvidence, DateOrder, parse_date};

fn reported(cells: &[&str]) -> Option<DateOrder> {
    let mut dates = DateEvidence::default();
    cells.iter().for_each(|cell| dates.observe_cell(cell));
    dates.date_order()
}

#[test]
fn the_order_of_day_and_month_is_detected_from_the_cells() {
    for (cells, order) in [
        (&["2025-04-03", "2025-12-31T23:59:59Z", "2025-1-2 14:30"][..], DateOrder::YearFirst),
        (&["2025/04/03"], DateOrder::YearFirst),
        (&["3.4.2025", "03.04.2025, 14:30"], DateOrder::DayFirst),
        (&["03/04/2025", "25/04/2025"], DateOrder::DayFirst),
        (&["03/04/2025", "04/25/2025 8:15:00"], DateOrder::MonthFirst),
        (&["25-04-2025"], DateOrder::DayFirst),
    ] {
        assert_eq!(reported(cells), Some(order), "{cells:?}");
    }
}

#[test]
fn an_ambiguous_or_impossible_date_is_text() {
    for cells in [
        &["03/04/2025", "12/12/2025"][..],
        &["25/04/2025", "04/25/2025"],
        &["2025-02-30"],
        &["29.2.2025"],
        &["2025-13-01"],
        &["4.25.2025"],
        &["0000-01-01"],
        &["2025-04-03", "3.4.2025"],
        &["2025-04-03", "2025/04/04"],
        &["2025-04/03"],
        &["2025-04-03T25:00"],
        &["2025-04-03 soon"],
        &["3.4.25"],
        &["20250403"],
        &["2025"],
        &["April 3, 2025"],
        &["123-04-05"],
    ] {
        assert_eq!(reported(cells), None, "{cells:?}");
    }
}

#[test]
fn zones_and_parts_of_seconds_count() {
    let at = |cell| parse_date(cell, DateOrder::YearFirst).expect("a date");
    assert_eq!(at("2025-05-01T00:30:00+02:00"), at("2025-04-30 22:30"));
    assert_eq!(at("2025-04-30T22:30:00.5-0130"), at("2025-05-01T00:00:00.5Z"));
    assert!(at("2025-04-30T22:30:00.25Z") < at("2025-04-30T22:30:00.5Z"));
    assert_eq!(parse_date("03/04/2025", DateOrder::DayFirst), parse_date("2025-04-03", DateOrder::YearFirst));
    assert_eq!(parse_date("03/04/2025", DateOrder::MonthFirst), parse_date("2025-03-04", DateOrder::YearFirst));
    assert_eq!(parse_date("2024-02-29", DateOrder::DayFirst), None);
    assert_eq!(parse_date("", DateOrder::DayFirst), None);
}

proptest! {
    #[test]
    fn days_are_sorted_by_the_calendar(
        days in prop::collection::vec((1..=9999_i32, 1..=12_u32, 1..=28_u32), 2..20),
        order in prop::sample::select(vec![DateOrder::YearFirst, DateOrder::DayFirst, DateOrder::MonthFirst]),
    ) {
        let written = |(year, month, day): &(i32, u32, u32)| match order {
            DateOrder::YearFirst => format!("{year:04}-{month:02}-{day:02}"),
            DateOrder::DayFirst => format!("{day}.{month}.{year:04}"),
            DateOrder::MonthFirst => format!("{month}/{day}/{year:04}"),
        };
        for pair in days.windows(2) {
            let [first, second] = [written(&pair[0]), written(&pair[1])].map(|cell| parse_date(&cell, order));
            prop_assert!(first.is_some() && second.is_some());
            prop_assert_eq!(first.partial_cmp(&second), Some(pair[0].cmp(&pair[1])));
        }
    }

    #[test]
    fn a_column_that_is_read_has_a_value_in_every_cell(
        cells in prop::collection::vec("[0-3]?[0-9][-/.][0-3]?[0-9][-/.]20[0-9]{2}( [0-2]?[0-9]:[0-5][0-9])?", 1..5),
    ) {
        let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
        if let Some(order) = reported(&cells) {
            for cell in cells {
                prop_assert!(parse_date(cell, order).is_some(), "{cell}");
            }
        }
    }

    #[test]
    fn any_cell_is_parsed_without_a_panic(cell: String) {
        let _ = reported(&[&cell]);
        let _ = parse_date(&cell, DateOrder::MonthFirst);
    }
}
