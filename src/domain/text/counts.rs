//! Formats numbers and rows for messages.

/// Formats `number`, with groups of digits separated by commas from 10,000 on.
#[must_use]
pub fn group_digits(number: u64) -> String {
    let digits = number.to_string();
    if digits.len() < 5 {
        return digits;
    }
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Formats a number of rows: `1 row`, `12,000 rows`.
#[must_use]
pub fn format_row_count(count: u64) -> String {
    format!("{} {}", group_digits(count), if count == 1 { "row" } else { "rows" })
}

/// Lists the numbers of the `first` of `count` rows: `row 5`, `rows 5, 9, …`.
#[must_use]
pub fn format_row_numbers(first: &[u64], count: u64) -> String {
    let mut numbers: Vec<String> = first.iter().map(|row| group_digits(*row)).collect();
    if count > first.len() as u64 {
        numbers.push("…".to_owned());
    }
    format!("{} {}", if count == 1 { "row" } else { "rows" }, numbers.join(", "))
}

#[cfg(test)]
mod tests {
    use super::{format_row_count, format_row_numbers, group_digits};

    #[test]
    fn digits_are_grouped_from_ten_thousand_on() {
        let numbers = [0, 999, 9_999, 10_000, 123_456, 1_234_567];
        assert_eq!(numbers.map(group_digits), ["0", "999", "9999", "10,000", "123,456", "1,234,567"]);
    }

    #[test]
    fn rows_are_counted_and_the_first_are_named() {
        assert_eq!((format_row_count(1), format_row_count(12_000)), ("1 row".to_owned(), "12,000 rows".to_owned()));
        assert_eq!(
            (format_row_numbers(&[5], 1), format_row_numbers(&[5, 9], 3)),
            ("row 5".to_owned(), "rows 5, 9, …".to_owned())
        );
    }
}
