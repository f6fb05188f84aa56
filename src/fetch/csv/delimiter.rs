//! Detects the delimiter of a CSV file from its first records.

use super::record::CsvRecord;
use super::record_reader::RecordReader;

/// The delimiters that are detected. If several fit equally well, the first one is used.
pub(super) const KNOWN_DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// How many records are examined.
const MAX_SURVEYED_RECORDS: usize = 100;

/// How the cells of a file are separated.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct CsvDialect {
    pub(super) delimiter: u8,
    /// Whether the first record is Excel's line `sep=;`, which is not a row.
    pub(super) has_sep_line: bool,
}

/// Detects the dialect from the beginning of the decoded text. `is_complete` says whether it is the complete text.
///
/// The best delimiter splits most records into as many cells as the first row that is not blank, and that row into at
/// least two. If no delimiter splits the header, as below a title line, the delimiter that splits most records is used.
pub(super) fn detect_dialect(start: &[u8], is_complete: bool) -> CsvDialect {
    if let Some(delimiter) = declared_delimiter(start) {
        return CsvDialect { delimiter, has_sep_line: true };
    }
    let mut best = (DelimiterFit::default(), KNOWN_DELIMITERS[0]);
    for delimiter in KNOWN_DELIMITERS {
        let fit = DelimiterFit::from_widths(&record_widths(start, is_complete, delimiter));
        if fit > best.0 {
            best = (fit, delimiter);
        }
    }
    CsvDialect { delimiter: best.1, has_sep_line: false }
}

fn declared_delimiter(start: &[u8]) -> Option<u8> {
    let rest = start.strip_prefix(b"sep=").or_else(|| start.strip_prefix(b"\"sep="))?;
    let (&delimiter, rest) = rest.split_first()?;
    let rest = rest.strip_prefix(b"\"").unwrap_or(rest);
    let fits = KNOWN_DELIMITERS.contains(&delimiter) && rest.first().is_none_or(|b| matches!(b, b'\r' | b'\n'));
    fits.then_some(delimiter)
}

/// How many cells each of the first records that are not blank has.
fn record_widths(start: &[u8], is_complete: bool, delimiter: u8) -> Vec<usize> {
    let mut records = RecordReader::new(start, delimiter);
    let mut record = CsvRecord::default();
    let mut widths = Vec::new();
    while widths.len() < MAX_SURVEYED_RECORDS && records.next(&mut record).is_ok_and(|more| more) {
        if !record.is_blank() {
            widths.push(record.len());
        }
    }
    // The beginning may end in the middle of a record.
    if !is_complete && widths.len() > 1 && widths.len() < MAX_SURVEYED_RECORDS {
        widths.pop();
    }
    widths
}

/// How well a delimiter fits. A larger value is a better fit.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Debug)]
struct DelimiterFit {
    splits_header: bool,
    /// How many of a thousand records have as many cells as the first. Without a split header: how many are split.
    permille: usize,
    width: usize,
}

impl DelimiterFit {
    fn from_widths(widths: &[usize]) -> Self {
        let Some(&first) = widths.first() else { return Self::default() };
        if first >= 2 {
            let even = widths.iter().filter(|width| **width == first).count();
            return Self { splits_header: true, permille: even * 1000 / widths.len(), width: first };
        }
        let split = widths.iter().filter(|width| **width >= 2).count();
        if split * 2 > widths.len() {
            Self { splits_header: false, permille: split * 1000 / widths.len(), width: 1 }
        } else {
            Self::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::detect_dialect;

    fn found(text: &str) -> char {
        char::from(detect_dialect(text.as_bytes(), true).delimiter)
    }

    #[test]
    fn the_delimiter_gives_all_rows_the_same_number_of_cells() {
        assert_eq!(found("id,title\n1,a\n2,b\n"), ',');
        assert_eq!(found("id;price\n1;3,50\n2;4,20\n"), ';');
        assert_eq!(found("id\ttitle, long\n1\ta, b\n2\tc\n"), '\t');
        assert_eq!(found("Year|New\n1986|44000\n"), '|');
        assert_eq!(found("id;title\n1;\"a,b,c\nd,e\"\n"), ';');
        assert_eq!(found("a,b;c\n1,2;3\n"), ',');
    }

    #[test]
    fn one_column_of_prose_is_one_column() {
        assert_eq!(found("title\nHello; world\nfoo\nbar\n"), ',');
        assert_eq!(found("title"), ',');
        assert_eq!(found(""), ',');
    }

    #[test]
    fn a_title_above_the_table_does_not_hide_the_delimiter() {
        assert_eq!(found("My list\nid;title\n1;a\n2;b\n"), ';');
    }

    #[test]
    fn ragged_rows_do_not_mislead() {
        assert_eq!(found("a,b,c\n1,2\n1,2,3,4\n"), ',');
    }

    #[test]
    fn a_sep_line_of_excel_names_the_delimiter() {
        let reported = detect_dialect(b"sep=;\r\na,b;c,d\r\n", true);
        assert_eq!((reported.delimiter, reported.has_sep_line), (b';', true));
        assert!(!detect_dialect(b"sep=x\n", true).has_sep_line);
    }
}
