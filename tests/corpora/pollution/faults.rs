//! Faults that files get from manual edits, from programs that join lines, and from wrong encodings.

use lockstep::domain::issue::Issue;

use super::clean::{CleanTable, draw_index};
use crate::support::seeded_random::SeededRandom;

/// A fault that is put into a file.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(in crate::corpora) enum Fault {
    SeparatorLost,
    SeparatorAdded,
    SeparatorChanged,
    HeaderSeparatorLost,
    HeaderSeparatorAdded,
    HeaderSeparatorChanged,
    TrailingSeparators,
    QuoteLost,
    QuoteDoubled,
    QuoteAdded,
    HeaderQuoteAdded,
    RowsJoined,
    RowSplit,
    RowRepeated,
    HeaderRepeated,
    RowWrapped,
    EncodingMixed,
    LineEndsMixed,
    LineEndsChanged,
}

/// A polluted file.
pub(in crate::corpora) struct Polluted {
    pub(in crate::corpora) polluted_bytes: Vec<u8>,
    /// The number of the row that was polluted, the header being row 1.
    row: u64,
}

impl Polluted {
    /// Whether an issue reports the fault: it is about the whole file, the header, the row or the adjacent ones, or it
    /// counts rows.
    pub(in crate::corpora) fn is_reported_by(&self, issue: &Issue) -> bool {
        let is_near = |row: u64| row == 1 || row.abs_diff(self.row) <= 2;
        issue.row.is_none_or(is_near) || issue.reason.contains(" rows (rows ")
    }
}

impl Fault {
    pub(in crate::corpora) const ALL: [Self; 19] = [
        Self::SeparatorLost,
        Self::SeparatorAdded,
        Self::SeparatorChanged,
        Self::HeaderSeparatorLost,
        Self::HeaderSeparatorAdded,
        Self::HeaderSeparatorChanged,
        Self::TrailingSeparators,
        Self::QuoteLost,
        Self::QuoteDoubled,
        Self::QuoteAdded,
        Self::HeaderQuoteAdded,
        Self::RowsJoined,
        Self::RowSplit,
        Self::RowRepeated,
        Self::HeaderRepeated,
        Self::RowWrapped,
        Self::EncodingMixed,
        Self::LineEndsMixed,
        Self::LineEndsChanged,
    ];

    /// The polluted file.
    pub(in crate::corpora) fn pollute(self, clean: &CleanTable, random: &mut SeededRandom) -> Polluted {
        // The header is row 0.
        let mut row = 1 + draw_index(random, clean.rows.len() - 1);
        let bytes = self.polluted_bytes(clean, &mut row, random);
        Polluted { polluted_bytes: bytes, row: if self.is_of_header() { 1 } else { row as u64 + 1 } }
    }

    const fn is_of_header(self) -> bool {
        matches!(
            self,
            Self::HeaderSeparatorLost
                | Self::HeaderSeparatorAdded
                | Self::HeaderSeparatorChanged
                | Self::HeaderQuoteAdded
        )
    }

    /// The bytes of the polluted file. The fault is in row `at`, unless it chooses another row.
    fn polluted_bytes(self, clean: &CleanTable, at: &mut usize, random: &mut SeededRandom) -> Vec<u8> {
        let rows = clean.written_rows();
        let mut lines = clean.write_lines(&rows);
        let row = *at;
        let cell = 1 + draw_index(random, rows[0].len() - 1);
        let other = if clean.separator == ';' { "," } else { ";" };
        let separator = clean.separator.to_string();
        match self {
            Self::SeparatorLost => lines[row] = join_cells(&rows[row], cell, &separator, ""),
            Self::SeparatorAdded => lines[row] = join_cells(&rows[row], cell, &separator, &separator.repeat(2)),
            Self::SeparatorChanged => lines[row] = join_cells(&rows[row], cell, &separator, other),
            Self::HeaderSeparatorLost => lines[0] = join_cells(&rows[0], cell, &separator, ""),
            Self::HeaderSeparatorAdded => lines[0] = join_cells(&rows[0], cell, &separator, &separator.repeat(2)),
            Self::HeaderSeparatorChanged => lines[0] = join_cells(&rows[0], cell, &separator, other),
            Self::TrailingSeparators => {
                let more = separator.repeat(1 + draw_index(random, 3));
                let from = if random.next_chance(50) { 0 } else { row };
                lines[from..].iter_mut().for_each(|line| line.push_str(&more));
            }
            Self::QuoteLost => {
                let quoted: Vec<usize> = (1..lines.len()).filter(|line| lines[*line].contains('"')).collect();
                if let Some(&row) = quoted.get(draw_index(random, quoted.len().max(1))) {
                    *at = row;
                    remove_quote(&mut lines[row], random);
                }
            }
            Self::QuoteDoubled => {
                lines[row] = lines[row].replace('"', "\"\"");
            }
            Self::QuoteAdded => {
                let mut cells = rows[row].clone();
                add_quote(&mut cells[cell], random);
                lines[row] = cells.join(&separator);
            }
            Self::HeaderQuoteAdded => {
                let mut cells = rows[0].clone();
                add_quote(&mut cells[cell], random);
                lines[0] = cells.join(&separator);
            }
            Self::RowsJoined => {
                let next = lines.remove(row.min(rows.len() - 2) + 1);
                let between = if random.next_chance(50) { "" } else { separator.as_str() };
                lines[row.min(rows.len() - 2)].push_str(&format!("{between}{next}"));
            }
            Self::RowSplit => {
                let at = lines[row]
                    .char_indices()
                    .map(|(at, _)| at)
                    .nth(draw_index(random, lines[row].chars().count().max(2)));
                lines[row].insert_str(at.unwrap_or(1).max(1), clean.line_end);
            }
            Self::RowRepeated => {
                let again = lines[row].clone();
                *at = 1 + draw_index(random, lines.len());
                lines.insert(*at, again);
            }
            Self::HeaderRepeated => {
                let mark = if random.next_chance(50) { "\u{FEFF}" } else { "" };
                lines.insert(row + 1, format!("{mark}{}", lines[0]));
            }
            Self::RowWrapped => {
                lines[row] = format!("\"{}\"", lines[row].replace('"', "\"\""));
            }
            Self::EncodingMixed => return mixed_encodings(clean, &lines, row),
            Self::LineEndsMixed => {
                let ends = ["\n", "\r\n", "\r"];
                return lines
                    .iter()
                    .flat_map(|line| format!("{line}{}", ends[draw_index(random, 3)]).into_bytes())
                    .collect();
            }
            Self::LineEndsChanged => {
                let end = if clean.line_end == "\n" { "\r\n" } else { "\r" };
                return lines.iter().flat_map(|line| format!("{line}{end}").into_bytes()).collect();
            }
        }
        clean.encode_file(&lines)
    }
}

/// Cells joined by the separator, but by `instead` before the cell at `at`.
fn join_cells(cells: &[String], at: usize, separator: &str, instead: &str) -> String {
    format!("{}{instead}{}", cells[..at].join(separator), cells[at..].join(separator))
}

fn remove_quote(line: &mut String, random: &mut SeededRandom) {
    let quotes: Vec<usize> = line.match_indices('"').map(|(at, _)| at).collect();
    line.remove(quotes[draw_index(random, quotes.len())]);
}

fn add_quote(cell: &mut String, random: &mut SeededRandom) {
    let places: Vec<usize> = cell.char_indices().map(|(at, _)| at).chain([cell.len()]).collect();
    cell.insert(places[draw_index(random, places.len())], '"');
}

/// The file in UTF-8 with one row in windows-1252, or the reverse.
fn mixed_encodings(clean: &CleanTable, lines: &[String], row: usize) -> Vec<u8> {
    let western = |line: &str| encoding_rs::WINDOWS_1252.encode(line).0.into_owned();
    let is_western = row.is_multiple_of(2);
    let mut bytes = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        bytes.extend(if (at == row) != is_western { western(line) } else { line.clone().into_bytes() });
        bytes.extend(clean.line_end.as_bytes());
    }
    bytes
}
