//! Reading numbers as people write them, without guessing what they may have meant.
//!
//! A cell is a number with a point (`1,234.56`) or with a comma (`1.234,56`). Groups of three are set apart by the
//! other of the two signs, a space or an apostrophe; a sign, and a currency or per cent before or after, may stand
//! with it. Which of the two ways a column is written is told by all its cells together.

use serde::{Deserialize, Serialize};

/// The sign between the whole and its parts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DecimalSign {
    /// `1,234.56`
    Point,
    /// `1.234,56`
    Comma,
}

impl DecimalSign {
    /// The sign itself.
    #[must_use]
    pub const fn sign(self) -> char {
        match self {
            Self::Point => '.',
            Self::Comma => ',',
        }
    }

    /// Of point and comma the one that then sets groups apart.
    #[must_use]
    pub const fn group_sign(self) -> char {
        match self {
            Self::Point => ',',
            Self::Comma => '.',
        }
    }
}

/// Cells with more characters are no numbers.
pub const MAX_NUMBER_CHARS: usize = 64;
/// What a number below nothing begins with; the first is the one computers write.
pub const MINUS_SIGNS: [char; 2] = ['-', '−'];
/// Spaces that set groups of three apart, or a number from its unit.
pub const GROUP_SPACES: [char; 4] = [' ', '\u{a0}', '\u{202f}', '\u{2009}'];
/// Apostrophes that set groups of three apart, as in Switzerland.
pub const GROUP_APOSTROPHES: [char; 2] = ['\'', '’'];
/// What may stand before or behind a number. None is the beginning of another.
pub const NUMBER_UNITS: [&str; 33] = [
    "%", "$", "€", "£", "¥", "₹", "₽", "₩", "₺", "₴", "₪", "₫", "₱", "฿", "₦", "EUR", "USD", "GBP", "CHF", "JPY",
    "CNY", "INR", "SEK", "NOK", "DKK", "PLN", "CZK", "HUF", "CAD", "AUD", "NZD", "kr", "zł",
];

/// More digits than these are not told apart by what numbers are sorted by, so they are a code.
const MAX_DIGITS: usize = 15;
/// More digits than these behind a plus are a telephone.
const MAX_DIGITS_AFTER_PLUS: usize = 6;

/// A cell without its sign and its unit.
struct BareNumber<'a> {
    digits: &'a str,
    negative: bool,
    plus: bool,
    /// The position in [`NUMBER_UNITS`].
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
    // Most have none, and there are many to look for.
    if !rest.starts_with(begins)
        && let Some((at, behind)) =
            NUMBER_UNITS.iter().enumerate().find_map(|(at, unit)| Some((at, rest.strip_prefix(unit)?)))
    {
        unit = u8::try_from(at).ok();
        rest = behind.strip_prefix(GROUP_SPACES).unwrap_or(behind);
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
        negative,
        plus,
        unit,
    })
}

/// The text behind its sign, whether that is a minus, and whether it is a plus.
fn split_sign(text: &str) -> (&str, bool, bool) {
    match (text.strip_prefix(MINUS_SIGNS), text.strip_prefix('+')) {
        (Some(rest), _) => (rest, true, false),
        (None, Some(rest)) => (rest, false, true),
        (None, None) => (text, false, false),
    }
}

/// What sets groups of three apart: bits, so that several cells can be held against each other.
const GROUPED_BY_SIGN: u8 = 1;
const GROUPED_BY_SPACE: u8 = 2;
const GROUPED_BY_APOSTROPHE: u8 = 4;

/// What sets groups apart in `digits`, 0 for nothing; `None` when they are no number of this way of writing.
fn group_separators(digits: &str, decimal: DecimalSign) -> Option<u8> {
    let (whole, part) = digits.split_once(decimal.sign()).map_or((digits, None), |(whole, part)| (whole, Some(part)));
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
    let mut run = 0;
    for c in whole.chars() {
        if c.is_ascii_digit() {
            run += 1;
            continue;
        }
        let fits = if used == 0 { (1..=3).contains(&run) } else { run == 3 };
        used |= match c {
            c if c == decimal.group_sign() => GROUPED_BY_SIGN,
            c if GROUP_SPACES.contains(&c) => GROUPED_BY_SPACE,
            c if GROUP_APOSTROPHES.contains(&c) => GROUPED_BY_APOSTROPHE,
            _ => return None,
        };
        if !fits {
            return None;
        }
        run = 0;
    }
    (run == 3).then_some(used)
}

/// The value of a cell of a column that is written with this decimal sign; `None` when it is no number of that column.
/// This is what such columns are sorted by; `store::dialect::search` says the same in SQL.
#[must_use]
pub fn parse_number(cell: &str, decimal: DecimalSign) -> Option<f64> {
    let bare = strip_sign_and_unit(cell)?;
    group_separators(bare.digits, decimal)?;
    let mut plain = String::with_capacity(bare.digits.len() + 1);
    if bare.negative {
        plain.push('-');
    }
    let kept = bare.digits.chars().filter(|&c| c.is_ascii_digit() || c == decimal.sign());
    plain.extend(kept.map(|c| if c == decimal.sign() { '.' } else { c }));
    // Nothing is the same with and without a minus.
    plain.parse().ok().map(|value: f64| value + 0.0)
}

/// What the cells of a column say about how its numbers are written.
#[derive(Clone, Debug)]
pub struct NumberEvidence {
    /// What sets groups apart where the column is written with a point; `None` when it is not.
    point: Option<u8>,
    /// The same for a comma.
    comma: Option<u8>,
    /// The one sign in cells that either way can be read, and differently: `1.234`.
    unclear: Option<char>,
    /// Whether some cell other than nothing is the same in both ways: `12`.
    plain: bool,
    unit: Option<u8>,
    /// Whether some cell has no unit.
    unitless: bool,
    /// Whether all cells until now are the number of a book or of a thing in a shop.
    articles: bool,
}

impl Default for NumberEvidence {
    fn default() -> Self {
        Self {
            point: Some(0),
            comma: Some(0),
            unclear: None,
            plain: false,
            unit: None,
            unitless: false,
            articles: true,
        }
    }
}

impl NumberEvidence {
    /// Looks at a cell that is not empty.
    pub fn observe(&mut self, cell: &str) {
        if self.is_open() && self.observe_number(cell).is_none() {
            (self.point, self.comma) = (None, None);
        }
    }

    /// Whether all cells until now may be numbers.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.point.is_some() || self.comma.is_some()
    }

    fn observe_number(&mut self, cell: &str) -> Option<()> {
        // Most numbers are nothing but digits, and say the least.
        let bytes = cell.as_bytes();
        let is_plain = bytes.len() < 10 && bytes.first().is_some_and(|&first| first != b'0');
        if is_plain && bytes.iter().all(u8::is_ascii_digit) && self.unit != Some(0) {
            (self.plain, self.unitless, self.articles) = (true, true, false);
            return Some(());
        }
        let BareNumber { digits, plus, unit, .. } = strip_sign_and_unit(cell)?;
        let (point, comma) =
            (group_separators(digits, DecimalSign::Point), group_separators(digits, DecimalSign::Comma));
        let digits_of = |decimal: DecimalSign| {
            let whole = digits.split(decimal.sign()).next().unwrap_or(digits);
            whole.bytes().filter(u8::is_ascii_digit).count()
        };
        let whole = [(point, DecimalSign::Point), (comma, DecimalSign::Comma)];
        let whole = whole.iter().filter(|(read, _)| read.is_some()).map(|(_, decimal)| digits_of(*decimal)).max()?;
        if whole > MAX_DIGITS || plus && whole > MAX_DIGITS_AFTER_PLUS {
            return None;
        }
        match digits.find(['.', ',']).and_then(|at| digits[at..].chars().next()) {
            Some(sign) if point.is_some() && comma.is_some() => {
                if self.unclear.is_some_and(|known| known != sign) {
                    return None;
                }
                self.unclear = Some(sign);
            }
            Some(_) => {}
            None => self.plain |= digits != "0",
        }
        match unit {
            Some(unit) if self.unit.is_some_and(|known| known != unit) => return None,
            Some(unit) => self.unit = Some(unit),
            None => self.unitless = true,
        }
        // 0.5 and 50 % are the same, and would not be sorted so.
        if self.unitless && self.unit == Some(0) {
            return None;
        }
        self.articles = self.articles && is_article(digits);
        let one_way = |known: Option<u8>, now: Option<u8>| {
            let both = known? | now?;
            (both.count_ones() < 2).then_some(both)
        };
        self.point = one_way(self.point, point);
        self.comma = one_way(self.comma, comma);
        Some(())
    }

    /// How the column is written, if it is one of numbers: all its cells are, in one way, and no other way would sort
    /// them differently.
    #[must_use]
    pub fn decimal_sign(&self) -> Option<DecimalSign> {
        if self.articles {
            return None;
        }
        match (self.point, self.comma) {
            (Some(_), None) => Some(DecimalSign::Point),
            (None, Some(_)) => Some(DecimalSign::Comma),
            (None, None) => None,
            // `1.234` alone is sorted alike whether it is one or a thousand; beside `12` it is not.
            (Some(_), Some(_)) if self.unclear.is_some() && self.plain => None,
            (Some(_), Some(_)) if self.unclear == Some(',') => Some(DecimalSign::Comma),
            (Some(_), Some(_)) => Some(DecimalSign::Point),
        }
    }
}

/// Whether digits are the number of a book (ISBN-10) or of an article (UPC, EAN and ISBN-13, GTIN-14): their last one
/// proves the others. <https://www.isbn-international.org/content/isbn-users-manual>,
/// <https://www.gs1.org/services/how-calculate-check-digit-manually>
fn is_article(digits: &str) -> bool {
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
