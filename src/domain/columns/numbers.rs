//! Parses numbers as people write them, without guessing.
//!
//! A number has a decimal point (`1,234.56`) or a decimal comma (`1.234,56`). Groups of three digits are separated by
//! the other of these two, by a space or by an apostrophe. A minus or plus sign, and a currency or percent sign before
//! or after, are allowed. All cells of a column together determine which of the two notations it uses.

use serde::{Deserialize, Serialize};

/// The decimal separator.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DecimalSign {
    /// A point, as in `1,234.56`.
    Point,
    /// A comma, as in `1.234,56`.
    Comma,
}

impl DecimalSign {
    /// Returns the separator as a character.
    #[must_use]
    pub const fn as_char(self) -> char {
        match self {
            Self::Point => '.',
            Self::Comma => ',',
        }
    }

    /// Returns the other of point and comma, which then separates groups of digits.
    #[must_use]
    pub const fn group_separator(self) -> char {
        match self {
            Self::Point => ',',
            Self::Comma => '.',
        }
    }
}

/// The maximum length of a number, in characters.
const MAX_NUMBER_CHARS: usize = 64;
/// Minus signs; the first is the ASCII one.
const MINUS_SIGNS: [char; 2] = ['-', '−'];
/// Spaces that separate groups of three digits, or a number from its unit.
const GROUP_SPACES: [char; 4] = [' ', '\u{a0}', '\u{202f}', '\u{2009}'];
/// Apostrophes that separate groups of three digits, as in Switzerland.
const GROUP_APOSTROPHES: [char; 2] = ['\'', '’'];
/// Units that may come before or after a number. None is a prefix of another.
const NUMBER_UNITS: [&str; 33] = [
    "%", "$", "€", "£", "¥", "₹", "₽", "₩", "₺", "₴", "₪", "₫", "₱", "฿", "₦", "EUR", "USD", "GBP", "CHF", "JPY",
    "CNY", "INR", "SEK", "NOK", "DKK", "PLN", "CZK", "HUF", "CAD", "AUD", "NZD", "kr", "zł",
];

/// The maximum number of digits before the decimal separator. Longer ones do not fit exactly into the sort key, so they
/// count as codes.
const MAX_DIGITS: usize = 15;
/// The maximum number of digits after a plus sign. Longer ones are phone numbers.
const MAX_DIGITS_AFTER_PLUS: usize = 6;

/// A cell split into digits, sign and unit.
struct BareNumber<'a> {
    digits: &'a str,
    is_negative: bool,
    has_plus: bool,
    /// The index in [`NUMBER_UNITS`].
    unit: Option<u8>,
}

fn strip_sign_and_unit(cell: &str) -> Option<BareNumber<'_>> {
    let cell = cell.trim();
    if cell.len() > MAX_NUMBER_CHARS && cell.chars().nth(MAX_NUMBER_CHARS).is_some() {
        return None;
    }
    let (mut rest, mut negative, mut plus) = split_sign(cell);
    let mut unit = None;
    let begins = |c: char| c.is_ascii_digit() || c == '.' || c == ',';
    // Checked first because most numbers have no unit and the list is long.
    if !rest.starts_with(begins)
        && let Some((at, after)) =
            NUMBER_UNITS.iter().enumerate().find_map(|(at, unit)| Some((at, rest.strip_prefix(unit)?)))
    {
        unit = u8::try_from(at).ok();
        rest = after.strip_prefix(GROUP_SPACES).unwrap_or(after);
        if !negative && !plus {
            (rest, negative, plus) = split_sign(rest);
        }
    }
    if !rest.ends_with(|c: char| c.is_ascii_digit())
        && let Some((at, before)) =
            NUMBER_UNITS.iter().enumerate().find_map(|(at, unit)| Some((at, rest.strip_suffix(unit)?)))
    {
        if unit.is_some() {
            return None;
        }
        unit = u8::try_from(at).ok();
        rest = before.strip_suffix(GROUP_SPACES).unwrap_or(before);
    }
    (rest.starts_with(begins) && rest.ends_with(|c: char| c.is_ascii_digit())).then_some(BareNumber {
        digits: rest,
        is_negative: negative,
        has_plus: plus,
        unit,
    })
}

/// Returns the text after its sign, whether the sign is a minus, and whether it is a plus.
fn split_sign(text: &str) -> (&str, bool, bool) {
    match (text.strip_prefix(MINUS_SIGNS), text.strip_prefix('+')) {
        (Some(rest), _) => (rest, true, false),
        (None, Some(rest)) => (rest, false, true),
        (None, None) => (text, false, false),
    }
}

/// The kinds of group separators, as bits, so that those of several cells can be combined.
const GROUPED_BY_SIGN: u8 = 1;
const GROUPED_BY_SPACE: u8 = 2;
const GROUPED_BY_APOSTROPHE: u8 = 4;

/// Returns the group separators used in `digits`, 0 if there are none; `None` if `digits` is not a number in this
/// notation.
fn group_separators(digits: &str, decimal: DecimalSign) -> Option<u8> {
    let (whole, part) =
        digits.split_once(decimal.as_char()).map_or((digits, None), |(whole, part)| (whole, Some(part)));
    if part.is_some_and(|part| part.is_empty() || !part.bytes().all(|b| b.is_ascii_digit())) {
        return None;
    }
    if whole.is_empty() {
        return part.map(|_| 0);
    }
    if whole.starts_with('0') {
        return (whole.len() == 1).then_some(0);
    }
    if whole.bytes().all(|b| b.is_ascii_digit()) {
        return Some(0);
    }
    let mut used = 0;
    let mut group_digits = 0;
    for c in whole.chars() {
        if c.is_ascii_digit() {
            group_digits += 1;
            continue;
        }
        let fits = if used == 0 { (1..=3).contains(&group_digits) } else { group_digits == 3 };
        used |= match c {
            c if c == decimal.group_separator() => GROUPED_BY_SIGN,
            c if GROUP_SPACES.contains(&c) => GROUPED_BY_SPACE,
            c if GROUP_APOSTROPHES.contains(&c) => GROUPED_BY_APOSTROPHE,
            _ => return None,
        };
        if !fits {
            return None;
        }
        group_digits = 0;
    }
    (group_digits == 3).then_some(used)
}

/// Returns the value of a cell in a column with this decimal separator; `None` if the cell is not such a number. Number
/// columns are sorted by this value.
#[must_use]
pub fn parse_number(cell: &str, decimal: DecimalSign) -> Option<f64> {
    let bare = strip_sign_and_unit(cell)?;
    group_separators(bare.digits, decimal)?;
    let mut plain = String::with_capacity(bare.digits.len() + 1);
    if bare.is_negative {
        plain.push('-');
    }
    let kept = bare.digits.chars().filter(|&c| c.is_ascii_digit() || c == decimal.as_char());
    plain.extend(kept.map(|c| if c == decimal.as_char() { '.' } else { c }));
    // Adding 0.0 turns -0.0 into 0.0.
    plain.parse().ok().map(|value: f64| value + 0.0)
}

/// The notations that are still possible for the numbers of a column.
#[derive(Clone, Debug)]
pub struct NumberEvidence {
    /// The group separators used if the notation is the decimal point; `None` if it is ruled out.
    point: Option<u8>,
    /// The same for the decimal comma.
    comma: Option<u8>,
    /// The only separator in cells that have a different value in each notation: `1.234`.
    ambiguous_separator: Option<char>,
    /// Whether some cell other than 0 has the same value in both notations: `12`.
    has_plain: bool,
    unit: Option<u8>,
    /// Whether some cell has no unit.
    has_unitless: bool,
    /// Whether all cells so far are ISBNs or product codes.
    all_product_codes: bool,
}

impl Default for NumberEvidence {
    fn default() -> Self {
        Self {
            point: Some(0),
            comma: Some(0),
            ambiguous_separator: None,
            has_plain: false,
            unit: None,
            has_unitless: false,
            all_product_codes: true,
        }
    }
}

impl NumberEvidence {
    /// Rules out the notations that do not fit this cell, which must not be empty.
    pub fn observe_cell(&mut self, cell: &str) {
        if self.is_possible() && self.observe_number(cell).is_none() {
            (self.point, self.comma) = (None, None);
        }
    }

    /// Returns whether all cells so far may be numbers.
    #[must_use]
    pub const fn is_possible(&self) -> bool {
        self.point.is_some() || self.comma.is_some()
    }

    fn observe_number(&mut self, cell: &str) -> Option<()> {
        // A fast path for plain digits, which are the most frequent.
        let bytes = cell.as_bytes();
        let is_plain = bytes.len() < 10 && bytes.first().is_some_and(|&first| first != b'0');
        if is_plain && bytes.iter().all(u8::is_ascii_digit) && self.unit != Some(0) {
            (self.has_plain, self.has_unitless, self.all_product_codes) = (true, true, false);
            return Some(());
        }
        let BareNumber { digits, has_plus: plus, unit, .. } = strip_sign_and_unit(cell)?;
        let (point, comma) =
            (group_separators(digits, DecimalSign::Point), group_separators(digits, DecimalSign::Comma));
        let digits_of = |decimal: DecimalSign| {
            let whole = digits.split(decimal.as_char()).next().unwrap_or(digits);
            whole.bytes().filter(u8::is_ascii_digit).count()
        };
        let whole = [(point, DecimalSign::Point), (comma, DecimalSign::Comma)];
        let whole = whole.iter().filter(|(read, _)| read.is_some()).map(|(_, decimal)| digits_of(*decimal)).max()?;
        if whole > MAX_DIGITS || plus && whole > MAX_DIGITS_AFTER_PLUS {
            return None;
        }
        match digits.find(['.', ',']).and_then(|at| digits[at..].chars().next()) {
            Some(sign) if point.is_some() && comma.is_some() => {
                if self.ambiguous_separator.is_some_and(|known| known != sign) {
                    return None;
                }
                self.ambiguous_separator = Some(sign);
            }
            Some(_) => {}
            None => self.has_plain |= digits != "0",
        }
        match unit {
            Some(unit) if self.unit.is_some_and(|known| known != unit) => return None,
            Some(unit) => self.unit = Some(unit),
            None => self.has_unitless = true,
        }
        // 0.5 and 50 % have the same value but would sort differently, so they cannot be mixed.
        if self.has_unitless && self.unit == Some(0) {
            return None;
        }
        self.all_product_codes = self.all_product_codes && is_product_code(digits);
        let one_way = |known: Option<u8>, now: Option<u8>| {
            let both = known? | now?;
            (both.count_ones() < 2).then_some(both)
        };
        self.point = one_way(self.point, point);
        self.comma = one_way(self.comma, comma);
        Some(())
    }

    /// Returns the decimal separator if all cells are numbers in one notation, and no other notation would sort them
    /// differently.
    #[must_use]
    pub fn decimal_sign(&self) -> Option<DecimalSign> {
        if self.all_product_codes {
            return None;
        }
        match (self.point, self.comma) {
            (Some(_), None) => Some(DecimalSign::Point),
            (None, Some(_)) => Some(DecimalSign::Comma),
            (None, None) => None,
            // Alone, `1.234` sorts the same in both notations; beside `12` it does not.
            (Some(_), Some(_)) if self.ambiguous_separator.is_some() && self.has_plain => None,
            (Some(_), Some(_)) if self.ambiguous_separator == Some(',') => Some(DecimalSign::Comma),
            (Some(_), Some(_)) => Some(DecimalSign::Point),
        }
    }
}

/// Returns whether digits are an ISBN-10 or a product code (UPC, EAN and ISBN-13, GTIN-14), by the check digit.
/// <https://www.isbn-international.org/content/isbn-users-manual>,
/// <https://www.gs1.org/services/how-calculate-check-digit-manually>
fn is_product_code(digits: &str) -> bool {
    if !matches!(digits.len(), 10 | 12..=14) || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return false;
    }
    let numbered = digits.bytes().rev().map(|b| u32::from(b - b'0')).zip(1_u32..);
    if digits.len() == 10 {
        return numbered.map(|(digit, place)| digit * place).sum::<u32>() % 11 == 0;
    }
    numbered.map(|(digit, place)| if place % 2 == 0 { digit * 3 } else { digit }).sum::<u32>() % 10 == 0
}

#[cfg(test)]
mod tests;
