use super::{FilledColumns, KeylessRows, KeylessSplit, MAX_COLUMNS, MAX_LISTED_ROWS, MAX_PATTERNS};
use crate::domain::rows::row::TextRow;

fn row(number: u64, cells: [&str; 3]) -> TextRow {
    TextRow { number, cells: cells.map(str::to_owned).to_vec(), ..TextRow::default() }
}

fn split(keyed: &[[&str; 3]], keyless: &[[&str; 3]]) -> KeylessSplit {
    let mut rows = KeylessRows::new(3);
    keyed.iter().for_each(|cells| rows.add_keyed_row(&row(2, *cells)));
    (10..).zip(keyless).for_each(|(number, cells)| rows.add_row(&row(number, *cells)));
    let patterns = rows.unfilled_patterns();
    let split = rows.split();
    let again = (10..).zip(keyless).filter(|(number, cells)| patterns.contains(&row(*number, **cells)));
    assert_eq!(again.count() as u64, split.unfilled, "both readings agree");
    split
}

#[test]
fn unticked_boxes_and_blank_rows_are_not_entries() {
    let found = split(&[["1", "Ana", "TRUE"]], &[["", "", "FALSE"], ["", "", ""], ["", "Bo", "FALSE"]]);
    assert_eq!((found.filled, found.unfilled, found.first, found.last), (vec![12], 2, 10, 11));
    assert_eq!((found.fillers, found.has_only_boxes), (vec![(2, "FALSE".to_owned())], true));
}

#[test]
fn a_ticked_box_and_the_text_false_are_entries() {
    assert_eq!(split(&[["1", "Ana", "TRUE"], ["2", "Bo", "FALSE"]], &[["", "", "TRUE"]]).filled, [10]);
    assert_eq!(split(&[["1", "Ana", "yes"]], &[["", "", "FALSE"]]).filled, [10]);
}

#[test]
fn a_constant_value_of_a_column_is_not_an_entry_and_a_coincidence_is() {
    let euro = ["1", "", "EUR"];
    let found = split(&[euro; 3], &[["", "", "EUR"]]);
    assert_eq!((found.unfilled, found.has_only_boxes), (1, false));
    assert_eq!(found.fillers, [(2, "EUR".to_owned())]);
    assert_eq!(split(&[euro], &[["", "", "EUR"]]).filled, [10]);
    let not_in_all = [euro, euro, euro, ["2", "", ""]];
    assert_eq!(split(&not_in_all, &[["", "", "EUR"]]).filled, [10]);
}

#[test]
fn a_filled_down_value_is_ignored_only_in_a_row_without_other_values() {
    assert_eq!(split(&[["1", "", "9"]], &[["", "", "0.00"]; 12]).unfilled, 12);
    assert_eq!(split(&[["1", "", "9"]], &[["", "", "0.00"]; 9]).filled.len(), 9);
    let keyed = [["1", "Ana", "no"], ["2", "Bo", "yes"]];
    assert_eq!(split(&keyed, &[["", "Unknown", "yes"]; 12]).filled.len(), 12);
    // A single row without the second value does not differ from these.
    let mut rows = vec![["", "Unknown", "yes"]; 12];
    rows.push(["", "Unknown", ""]);
    assert_eq!(split(&keyed, &rows).filled.len(), 13);
}

#[test]
fn rows_of_countless_shapes_take_no_more_memory_and_are_refused() {
    const COLUMNS: usize = 20;
    let of = |number: u64| {
        let cell = |at: usize| if number >> at & 1 == 1 { "FALSE".to_owned() } else { String::new() };
        TextRow { number, cells: (0..COLUMNS).map(cell).collect(), ..TextRow::default() }
    };
    let mut rows = KeylessRows::new(COLUMNS);
    let all = 3 * MAX_LISTED_ROWS as u64;
    (1..=all).for_each(|number| rows.add_row(&of(number)));
    assert_eq!(rows.patterns.len(), MAX_PATTERNS);
    let listed = |rows: &KeylessRows| -> usize { rows.patterns.values().map(|rows| rows.listed.len()).sum() };
    assert!(listed(&rows) + rows.others.listed.len() <= MAX_LISTED_ROWS);
    let patterns = rows.unfilled_patterns();
    let found = rows.split();
    let again = (1..=all).filter(|number| patterns.contains(&of(*number))).count() as u64;
    assert_eq!((found.unfilled, again), (MAX_PATTERNS as u64, MAX_PATTERNS as u64));
    assert_eq!(found.filled.len() as u64 + found.unlisted, all - MAX_PATTERNS as u64);
    assert!(found.unlisted > 0 && found.filled.is_sorted());
}

#[test]
fn many_rows_of_one_shape_are_counted_and_only_the_first_are_listed() {
    let mut rows = KeylessRows::new(3);
    (1..=50_000).for_each(|number| rows.add_row(&row(number, ["", &number.to_string(), ""])));
    let found = rows.split();
    assert_eq!((found.filled.len() as u64 + found.unlisted, found.filled[..3].to_vec()), (50_000, vec![1, 2, 3]));
    assert!(found.filled.len() <= 10_000);
}

#[test]
fn a_row_with_a_value_beyond_the_last_column_is_refused() {
    let mut cells = vec![String::new(); MAX_COLUMNS + 1];
    cells[MAX_COLUMNS] = "FALSE".to_owned();
    let far = TextRow { number: 7, cells, ..TextRow::default() };
    assert_eq!(FilledColumns::of_row(&far), None);
    let mut rows = KeylessRows::new(MAX_COLUMNS + 1);
    rows.add_row(&far);
    assert!(!rows.unfilled_patterns().contains(&far));
    assert_eq!(rows.split().filled, [7]);
}
