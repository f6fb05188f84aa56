//! The parameters of a list of items: `q`, `filter[COLUMN]`, `sort`. Pages, JSON and exports have the same.

use crate::domain::catalog_query::cell_test::CellTest;
use crate::domain::catalog_query::column_filter::{ColumnFilter, FilterName, FilterOperator};
use crate::domain::catalog_query::column_names::split_names;
use crate::domain::catalog_query::sort_column::{SortColumn, SortError};
use crate::domain::filter::Filter;
use crate::store::catalogs::Catalog;
use crate::web::http::error::WebError;
use crate::web::item_lists::list_address::{AddressParameters, ListAddress};
use crate::web::item_lists::submitted_names::restore_column_names;

/// The most filters of a list, counted by their values.
const MAX_FILTER_VALUES: usize = 100;

/// The parameters of a list, as far as they select and order items.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::web) struct ListParameters {
    /// What is selected, and in which order.
    pub address: ListAddress,
    /// The parameters that cannot be applied.
    pub problems: Vec<ParameterProblem>,
    /// All other parameters.
    pub others: AddressParameters,
}

/// A parameter that cannot be applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::web) struct ParameterProblem {
    /// The name of the parameter.
    pub name: String,
    /// The error code, for programs.
    pub code: &'static str,
    /// What is wrong, for people.
    pub message: String,
}

impl ParameterProblem {
    /// A parameter, column or operator that is not known.
    pub(in crate::web) fn unknown(name: impl Into<String>, message: impl Into<String>) -> Self {
        Self { name: name.into(), code: "unknown_parameter", message: message.into() }
    }
}

impl ParameterProblem {
    /// A column that the catalog does not have.
    pub(in crate::web) fn unknown_column(name: &str, column: &str) -> Self {
        Self::unknown(name, format!("“{column}” is not a column of this catalog."))
    }
}

/// Returns the columns that a value of `fields` names.
///
/// # Errors
/// [`ParameterProblem`] when a part names no column.
pub(in crate::web) fn parse_fields(value: &str, catalog: &Catalog) -> Result<Vec<String>, ParameterProblem> {
    let found = split_names(value, &catalog.columns, |_| None::<((), &str)>);
    let found = found.map_err(|column| ParameterProblem::unknown_column("fields", &column))?;
    Ok(found.into_iter().map(|(at, _)| catalog.columns[at].clone()).collect())
}

impl From<ParameterProblem> for WebError {
    fn from(problem: ParameterProblem) -> Self {
        Self::bad_request(problem.code, problem.message).on_field(problem.name)
    }
}

impl ListParameters {
    /// Parses parameters for a catalog. If `q` or `sort` is repeated, the last one counts.
    pub(in crate::web) fn parse(parameters: &[(String, String)], catalog: &Catalog) -> Self {
        let mut parsed = Self::default();
        let mut values = 0;
        for (name, value) in restore_column_names(parameters, &catalog.columns).iter() {
            let is_column = |name: &str| catalog.columns.iter().any(|column| column == name);
            match (name.as_str(), FilterName::parse(name, is_column)) {
                ("q", _) => parsed.address.search.clone_from(value),
                ("sort", _) => match SortColumn::parse_list(value, &catalog.columns) {
                    Ok(sort) => parsed.address.sort = sort,
                    Err(error @ SortError::UnknownColumn(_)) => {
                        parsed.problems.push(ParameterProblem::unknown("sort", error.to_string()));
                    }
                    Err(error @ SortError::TooManyColumns) => parsed.problems.push(ParameterProblem {
                        name: "sort".to_owned(),
                        code: "bad_request",
                        message: error.to_string(),
                    }),
                },
                ("filter", _) => parsed.add_article_filter(value, catalog),
                (_, Some(filter)) => {
                    values += 1;
                    if values <= MAX_FILTER_VALUES {
                        parsed.add_filter(name, filter, value, catalog);
                    } else if values == MAX_FILTER_VALUES + 1 {
                        parsed.problems.push(ParameterProblem {
                            name: name.clone(),
                            code: "bad_filter",
                            message: format!("A list has at most {MAX_FILTER_VALUES} values of filters."),
                        });
                    }
                }
                _ => parsed.others.push((name.clone(), value.clone())),
            }
        }
        parsed
    }

    fn add_filter(&mut self, parameter: &str, filter: FilterName<'_>, value: &str, catalog: &Catalog) {
        if !catalog.columns.iter().any(|column| column == filter.column) {
            let message = format!("“{}” is not a column of this catalog.", filter.column);
            return self.problems.push(ParameterProblem::unknown(parameter, message));
        }
        let operator = match filter.operator.map(str::parse::<FilterOperator>) {
            None => FilterOperator::Equals,
            Some(Ok(operator)) => operator,
            Some(Err(_)) => {
                let known: Vec<&str> = FilterOperator::ALL.iter().map(|operator| operator.as_str()).collect();
                let word = filter.operator.unwrap_or_default();
                let message = format!("“{word}” is not an operator. Operators are: {}.", known.join(", "));
                return self.problems.push(ParameterProblem::unknown(parameter, message));
            }
        };
        let column = filter.column.to_owned();
        let single = ColumnFilter { column, operator, values: vec![value.to_owned()] };
        match CellTest::new(&single, catalog.column_type(filter.column)) {
            Ok(_) => ColumnFilter::add_value(&mut self.address.filters, filter.column, operator, value.to_owned()),
            Err(error) => self.problems.push(ParameterProblem {
                name: parameter.to_owned(),
                code: "bad_filter",
                message: error.to_string(),
            }),
        }
    }

    fn add_article_filter(&mut self, value: &str, catalog: &Catalog) {
        let fits = |_: &Filter| Filter::apply_to(&catalog.columns);
        match value.parse::<Filter>().ok().filter(fits) {
            Some(filter) => self.address.article_filter = Some(filter),
            None if value.is_empty() => {}
            None => {
                let message = "“filter” is “unread” or “starred”, for catalogs with the columns “read” and “starred”. \
                               Other columns are filtered as in “filter[year]=1999”.";
                self.problems.push(ParameterProblem {
                    name: "filter".to_owned(),
                    code: "bad_request",
                    message: message.to_owned(),
                });
            }
        }
    }

    /// Returns the first problem as an error.
    pub(in crate::web) fn check(&self) -> Result<(), WebError> {
        self.problems.first().cloned().map_or(Ok(()), |problem| Err(problem.into()))
    }
}
