//! Filters of columns: `filter[year][gte]=1990`.

use crate::domain::text::string_enum::string_enum;

string_enum! {
    /// How a filter compares the cells of its column.
    FilterOperator {
        /// The cell is this value: exactly as shown, or equal as a number or a date.
        Equals = "eq",
        /// The cell is none of the values.
        Not = "not",
        /// The cell is a larger number or a later date.
        Greater = "gt",
        /// The cell is at least this number or date.
        GreaterOrEqual = "gte",
        /// The cell is a smaller number or an earlier date.
        Less = "lt",
        /// The cell is at most this number or date.
        LessOrEqual = "lte",
        /// The cell contains this text, ignoring case and accents.
        Contains = "contains",
        /// The cell starts with this text, ignoring case and accents.
        Starts = "starts",
        /// The cell is blank (`1`) or not (`0`).
        Empty = "empty",
    }
}

/// A filter of one column. A cell matches if it matches one of the values; with [`FilterOperator::Not`], if it is none
/// of them.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct ColumnFilter {
    /// The name of the column.
    pub column: String,
    /// How cells are compared.
    pub operator: FilterOperator,
    /// The values, at least one.
    pub values: Vec<String>,
}

/// The name of a parameter of a filter, taken apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FilterName<'a> {
    /// The name of the column.
    pub column: &'a str,
    /// The word of the operator; `None` for equality.
    pub operator: Option<&'a str>,
}

impl<'a> FilterName<'a> {
    /// Takes the name of a parameter apart: `filter[COLUMN]` or `filter[COLUMN][OPERATOR]`. `None` if it is not the
    /// name of a filter. A column may have brackets in its name: `is_column` decides.
    #[must_use]
    pub fn parse(name: &'a str, is_column: impl Fn(&str) -> bool) -> Option<Self> {
        let inner = name.strip_prefix("filter[")?.strip_suffix(']')?;
        match inner.rsplit_once("][") {
            Some((column, operator)) if !is_column(inner) => Some(Self { column, operator: Some(operator) }),
            _ => Some(Self { column: inner, operator: None }),
        }
    }
}

impl ColumnFilter {
    /// Adds a value to a list of filters: to the filter with the same column and operator, if there is one, since a
    /// cell matches any value of a filter.
    pub fn add_value(filters: &mut Vec<Self>, column: &str, operator: FilterOperator, value: String) {
        let same = filters.iter_mut().find(|filter| filter.column == column && filter.operator == operator);
        match same {
            Some(filter) if filter.values.contains(&value) => {}
            Some(filter) => filter.values.push(value),
            None => filters.push(Self { column: column.to_owned(), operator, values: vec![value] }),
        }
    }

    /// Returns the name of the parameter of this filter.
    #[must_use]
    pub fn parameter_name(&self) -> String {
        match self.operator {
            FilterOperator::Equals => format!("filter[{}]", self.column),
            operator => format!("filter[{}][{operator}]", self.column),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::FilterName;

    #[test]
    fn the_name_of_a_filter_has_a_column_and_an_operator() {
        let columns = ["year", "size [cm]", "a][gt"];
        let parsed = |name| FilterName::parse(name, |column| columns.contains(&column));
        let filter = |column, operator| Some(FilterName { column, operator });
        assert_eq!(parsed("filter[year]"), filter("year", None));
        assert_eq!(parsed("filter[year][gte]"), filter("year", Some("gte")));
        assert_eq!(parsed("filter[size [cm]]"), filter("size [cm]", None));
        assert_eq!(parsed("filter[size [cm]][lt]"), filter("size [cm]", Some("lt")));
        assert_eq!(parsed("filter[a][gt]"), filter("a][gt", None));
        assert_eq!(parsed("filter[]"), filter("", None));
        assert_eq!((parsed("filter"), parsed("year"), parsed("filter[year")), (None, None, None));
    }
}
