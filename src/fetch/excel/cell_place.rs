//! Parses and writes the places of cells and columns: `B5`, `A2:B5` and `AA`.

/// The first and the last cell of an area: row and column of each, from 0.
pub(super) type CellArea = ((u32, u32), (u32, u32));

/// `A2:B5` as rows and columns from 0.
pub(super) fn parse_area(area: &str) -> Option<CellArea> {
    let (first, last) = area.split_once(':')?;
    Some((parse_place(first)?, parse_place(last)?))
}

/// `B5` as its row and its column, from 0.
pub(super) fn parse_place(place: &str) -> Option<(u32, u32)> {
    let letters = place.bytes().take_while(u8::is_ascii_alphabetic).count();
    let (letters, digits) = place.split_at(letters);
    if !(1..=3).contains(&letters.len()) {
        return None;
    }
    let column =
        letters.bytes().fold(0, |column, letter| column * 26 + u32::from(letter.to_ascii_uppercase() - b'A') + 1);
    Some((digits.parse::<u32>().ok()?.checked_sub(1)?, column - 1))
}

/// The letters of the column at `position`, from 0: `A`, `AA`.
pub(super) fn column_letters(position: u32) -> String {
    let mut letters = Vec::new();
    let mut left = u64::from(position) + 1;
    while left > 0 {
        left -= 1;
        letters.push(char::from(b'A' + u8::try_from(left % 26).unwrap_or(0)));
        left /= 26;
    }
    letters.iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::{column_letters, parse_area};

    #[test]
    fn areas_are_read_as_rows_and_columns() {
        assert_eq!(parse_area("A2:B5"), Some(((1, 0), (4, 1))));
        assert_eq!(parse_area("XFD1048576:XFD1048576"), Some(((1_048_575, 16_383), (1_048_575, 16_383))));
        for bad in ["A2", "A0:B1", "2:5", "AAAA1:B2", ":"] {
            assert_eq!(parse_area(bad), None, "{bad}");
        }
    }

    #[test]
    fn columns_are_named_by_letters_as_in_spreadsheets() {
        let letters: Vec<String> = [0, 25, 26, 701, 702, 16_383].into_iter().map(column_letters).collect();
        assert_eq!(letters, ["A", "Z", "AA", "ZZ", "AAA", "XFD"]);
    }
}
