//! Tests cells against a filter, by the type of its column.

use super::column_filter::{ColumnFilter, FilterOperator};
use crate::domain::columns::column_type::ColumnType;
use crate::domain::columns::sorting::{SortKey, sort_key};
use crate::domain::columns::spreadsheet_values::parse_flag;
use crate::domain::item::fold_for_search;

/// A filter, prepared for testing many cells.
#[derive(Clone, PartialEq, Debug)]
pub enum CellTest {
    /// The cell is one of the texts, or equal to one of the numbers, dates or flags; or it is none of them.
    AnyOf {
        /// Whether cells match that are none of them.
        is_negated: bool,
        /// The values as written.
        texts: Vec<String>,
        /// Those that are numbers, dates or flags in a column of this type.
        values: Vec<f64>,
        /// The type of the column.
        column_type: ColumnType,
    },
    /// The cell is in the range that one of the bounds begins or ends.
    Range {
        /// The bounds.
        bounds: Vec<f64>,
        /// How a cell is compared with them: not equality.
        operator: FilterOperator,
        /// The type of the column.
        column_type: ColumnType,
    },
    /// The folded cell contains one of these folded texts.
    Contains(Vec<String>),
    /// The folded cell starts with one of these folded texts.
    Starts(Vec<String>),
    /// The cell is blank, or is not.
    Blank {
        /// Whether blank cells match.
        blank: bool,
        /// Whether other cells match.
        filled: bool,
    },
}

/// Why a filter cannot be applied.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum FilterError {
    /// Only numbers and dates have an order.
    #[error("“{column}” is not a column of numbers or dates, so “{operator}” does not apply to it.")]
    NotOrdered {
        /// The name of the column.
        column: String,
        /// The operator.
        operator: FilterOperator,
    },
    /// The value is not a number.
    #[error("“{value}” is not a number, which “{column}” is compared with.")]
    NotNumber {
        /// The name of the column.
        column: String,
        /// The value.
        value: String,
    },
    /// The value is not a date.
    #[error("“{value}” is not a date such as 2026-11-20, which “{column}” is compared with.")]
    NotDate {
        /// The name of the column.
        column: String,
        /// The value.
        value: String,
    },
    /// The value is neither 1 nor 0.
    #[error("“empty” takes 1 for blank cells and 0 for all others, not “{0}”.")]
    NotFlag(String),
}

impl CellTest {
    /// Prepares a filter for a column of this type.
    ///
    /// # Errors
    /// [`FilterError`] when the operator does not apply to the type, or a value does not fit the operator.
    pub fn new(filter: &ColumnFilter, column_type: ColumnType) -> Result<Self, FilterError> {
        let values: Vec<String> = filter.values.iter().flat_map(|value| with_line_breaks(value)).collect();
        let folded = || values.iter().map(|value| fold_for_search(value)).collect();
        Ok(match filter.operator {
            FilterOperator::Equals | FilterOperator::Not => Self::AnyOf {
                is_negated: filter.operator == FilterOperator::Not,
                values: filter.values.iter().filter_map(|value| parse_value(value, column_type)).collect(),
                texts: values,
                column_type,
            },
            FilterOperator::Contains => Self::Contains(folded()),
            FilterOperator::Starts => Self::Starts(folded()),
            FilterOperator::Empty => {
                let is_other = |value: &&String| !["0", "1"].contains(&value.as_str());
                if let Some(other) = filter.values.iter().find(is_other) {
                    return Err(FilterError::NotFlag(other.clone()));
                }
                let has = |wanted: &str| filter.values.iter().any(|value| value == wanted);
                Self::Blank { blank: has("1"), filled: has("0") }
            }
            operator => {
                let parse = |value: &String| {
                    let (column, value) = (filter.column.clone(), value.clone());
                    match column_type {
                        ColumnType::Number(_) => {
                            parse_value(&value, column_type).ok_or(FilterError::NotNumber { column, value })
                        }
                        ColumnType::Date(_) | ColumnType::Moment => {
                            parse_value(&value, column_type).ok_or(FilterError::NotDate { column, value })
                        }
                        _ => Err(FilterError::NotOrdered { column, operator }),
                    }
                };
                let bounds = filter.values.iter().map(parse).collect::<Result<_, _>>()?;
                Self::Range { bounds, operator, column_type }
            }
        })
    }

    /// Returns whether a cell matches.
    #[must_use]
    pub fn match_cell(&self, cell: &str) -> bool {
        match self {
            Self::AnyOf { is_negated, texts, values, column_type } => {
                let is_value = || number_key(cell, *column_type).is_some_and(|key| values.contains(&key));
                *is_negated != (texts.iter().any(|text| text == cell) || (!values.is_empty() && is_value()))
            }
            Self::Range { bounds, operator, column_type } => {
                let Some(key) = number_key(cell, *column_type) else { return false };
                bounds.iter().any(|&bound| match operator {
                    FilterOperator::Greater => key > bound,
                    FilterOperator::GreaterOrEqual => key >= bound,
                    FilterOperator::Less => key < bound,
                    _ => key <= bound,
                })
            }
            Self::Contains(_) | Self::Starts(_) => self.match_folded(&fold_for_search(cell)),
            Self::Blank { blank, filled } => {
                if cell.trim().is_empty() {
                    *blank
                } else {
                    *filled
                }
            }
        }
    }

    /// Returns whether the test looks at folded cells only, so that [`CellTest::match_folded`] decides.
    #[must_use]
    pub const fn is_folded(&self) -> bool {
        matches!(self, Self::Contains(_) | Self::Starts(_))
    }

    /// Returns whether a folded cell matches a test of folded cells; false for all other tests.
    #[must_use]
    pub fn match_folded(&self, folded: &str) -> bool {
        match self {
            Self::Contains(texts) => texts.iter().any(|text| folded.contains(text.as_str())),
            Self::Starts(texts) => texts.iter().any(|text| folded.starts_with(text.as_str())),
            _ => false,
        }
    }
}

/// A value as it is written, and with the line breaks that cells mostly have: forms submit each as CR LF.
fn with_line_breaks(value: &str) -> Vec<String> {
    let mut forms = vec![value.to_owned()];
    if value.contains("\r\n") {
        forms.push(value.replace("\r\n", "\n"));
    }
    forms
}

/// Returns the value by which cells are equal: a number, a date in seconds, 1 or 0 for a flag; `None` for other types
/// and for cells that do not fit.
pub(crate) fn number_key(cell: &str, column_type: ColumnType) -> Option<f64> {
    match column_type {
        ColumnType::Flag => parse_flag(cell).map(|is_set| if is_set { 1.0 } else { 0.0 }),
        ColumnType::Number(_) | ColumnType::Date(_) | ColumnType::Moment => match sort_key(cell, column_type)? {
            SortKey::Number(value) => Some(value),
            SortKey::Text(_) => None,
        },
        _ => None,
    }
}

/// The value that a reader wrote: in the notation of the column, or in the one that programs use.
fn parse_value(value: &str, column_type: ColumnType) -> Option<f64> {
    let neutral = || match column_type {
        ColumnType::Number(_) => value.trim().parse().ok().filter(|number: &f64| number.is_finite()),
        ColumnType::Date(_) => number_key(value, ColumnType::Moment),
        _ => None,
    };
    number_key(value, column_type).or_else(neutral)
}

#[cfg(test)]
mod tests {
    use super::{CellTest, ColumnFilter, ColumnType, FilterError, FilterOperator};
    use crate::domain::columns::dates::DateOrder;
    use crate::domain::columns::numbers::DecimalSign;

    const COMMA: ColumnType = ColumnType::Number(DecimalSign::Comma);
    const DAY_FIRST: ColumnType = ColumnType::Date(DateOrder::DayFirst);

    fn test(operator: &str, values: &[&str], column_type: ColumnType) -> Result<CellTest, FilterError> {
        let operator: FilterOperator = operator.parse().expect("an operator");
        let values = values.iter().map(|&value| value.to_owned()).collect();
        CellTest::new(&ColumnFilter { column: "c".to_owned(), operator, values }, column_type)
    }

    #[test]
    fn a_cell_is_compared_by_the_type_of_its_column() {
        for (operator, values, column_type, matching, other) in [
            ("eq", &["Jazz", "Soul"][..], ColumnType::Text, &["Jazz", "Soul"][..], &["jazz", "Jazz ", ""][..]),
            ("eq", &["1,5"], COMMA, &["1,5", "1,50 €", " 1,5"], &["15", "", "1.5"]),
            ("eq", &["1.5"], COMMA, &["1,5", "1,50 €", "1.5"], &["1.500"]),
            ("eq", &["unknown"], COMMA, &["unknown"], &["Unknown", "1"]),
            ("eq", &["2025-04-03"], DAY_FIRST, &["03/04/2025", "3.4.2025"], &["04/03/2025", "2025"]),
            ("eq", &[""], ColumnType::Text, &[""], &[" ", "x"]),
            ("eq", &["a\r\nb"], ColumnType::Text, &["a\nb", "a\r\nb"], &["a b", "a\n\nb"]),
            ("contains", &["A\r\nb"], ColumnType::Text, &["xa\nbx"], &["a b"]),
            ("not", &["yes", "1"], ColumnType::Flag, &["no", "", "Yes"], &["yes", "1"]),
            ("eq", &["true"], ColumnType::Flag, &["TRUE", "true", "yes"], &["FALSE", "no", "", "1"]),
            ("not", &["1,5"], COMMA, &["1,6", "", "unknown"], &["1,50"]),
            ("gt", &["1999"], COMMA, &["2000", "1999,5"], &["1999", "", "unknown", "3e9"]),
            ("lte", &["03/04/2025"], DAY_FIRST, &["03/04/2025", "1/1/1900"], &["04/04/2025", ""]),
            ("contains", &["BJÖ", "x"], ColumnType::Text, &["björk", "Bjork", "axe"], &["Bj", ""]),
            ("starts", &["bjo"], ColumnType::Text, &["Björk"], &[" björk", "abjo"]),
            ("empty", &["1"], ColumnType::Text, &["", " \t"], &["0"]),
            ("empty", &["0"], COMMA, &["0", "x"], &["", "\u{a0}"]),
        ] {
            let test = test(operator, values, column_type).expect("a test");
            for cell in matching {
                assert!(test.match_cell(cell), "{cell:?} {operator} {values:?}");
            }
            for cell in other {
                assert!(!test.match_cell(cell), "{cell:?} {operator} {values:?}");
            }
        }
    }

    #[test]
    fn a_filter_that_does_not_fit_its_column_says_why() {
        let refused =
            |operator, value, column_type| test(operator, &[value], column_type).map_err(|error| error.to_string());
        let text = refused("gt", "1", ColumnType::Text).expect_err("a refusal");
        assert_eq!(text, "“c” is not a column of numbers or dates, so “gt” does not apply to it.");
        assert!(refused("lt", "soon", DAY_FIRST).expect_err("a refusal").contains("not a date"));
        assert!(refused("gte", "many", COMMA).expect_err("a refusal").contains("not a number"));
        assert!(refused("gte", "NaN", COMMA).is_err() && refused("empty", "yes", COMMA).is_err());
    }
}
