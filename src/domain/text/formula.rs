//! Escapes cells that spreadsheets would run as formulas, in exported files.

use std::borrow::Cow;

/// Returns the cell for a CSV file: with a leading `'` if a spreadsheet would run it as a formula. Plain numbers with a
/// sign are not changed.
#[must_use]
pub fn escape_formula(cell: &str) -> Cow<'_, str> {
    // Rust parses "inf" and "NaN" as numbers, but spreadsheets treat them as names.
    let number = || cell.parse::<f64>().is_ok_and(f64::is_finite);
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) && !number() {
        Cow::Owned(format!("'{cell}"))
    } else {
        Cow::Borrowed(cell)
    }
}

#[cfg(test)]
mod tests {
    use super::escape_formula;

    #[test]
    fn a_spreadsheet_reads_no_cell_as_a_formula() {
        for cell in ["=1+1", "@x", "-5+1", "+1.5e3+A1", "-inf", "+nan", "-1,5", "- 5", "-", "\ta", "\r5", "\t-5", "=5"]
        {
            assert_eq!(escape_formula(cell), format!("'{cell}"));
        }
    }

    #[test]
    fn text_and_plain_numbers_stay_as_they_are() {
        for cell in ["", "a=1", "5", "-5", "+1.5e3", "-0.25", "+49", " =1", "'=1", "1-2"] {
            assert_eq!(escape_formula(cell), cell);
        }
    }
}
