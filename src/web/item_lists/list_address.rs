//! What an address selects from a catalog, and the addresses of other selections.

use url::form_urlencoded;

use crate::domain::catalog_query::CatalogQuery;
use crate::domain::catalog_query::column_filter::{ColumnFilter, FilterOperator};
use crate::domain::catalog_query::search_terms::SearchTerms;
use crate::domain::catalog_query::sort_column::SortColumn;
use crate::domain::filter::Filter;

/// The names and values of an address, in their order.
pub(in crate::web) type AddressParameters = Vec<(String, String)>;

/// The parameter of pages that are for a frame of another site.
pub(in crate::web) const EMBED_PARAMETER: &str = "embed";

/// Splits the query of an address into names and values.
pub(in crate::web) fn split_query(query: &str) -> AddressParameters {
    form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

/// Joins names and values to the query of an address, with its question mark; empty if there are none.
pub(in crate::web) fn join_query(parameters: &[(String, String)]) -> String {
    if parameters.is_empty() {
        return String::new();
    }
    format!("?{}", form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish())
}

/// The search, the filters and the order of a list, as its address has them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::web) struct ListAddress {
    /// The search as written.
    pub search: String,
    /// The filter of a catalog of articles.
    pub article_filter: Option<Filter>,
    /// The filters of columns.
    pub filters: Vec<ColumnFilter>,
    /// The columns to sort by; none for the default order.
    pub sort: Vec<SortColumn>,
    /// Other parameters that links keep: how the items are shown.
    pub view: AddressParameters,
    /// Whether the pages are for a frame of another site, which every link keeps.
    pub is_embedded: bool,
}

impl ListAddress {
    /// Returns what is selected.
    pub(in crate::web) fn to_query(&self) -> CatalogQuery {
        let mut filters = self.filters.clone();
        filters.extend(self.article_filter.map(article_filter));
        CatalogQuery { search: SearchTerms::parse(&self.search), filters, changed_since: None, sort: self.sort.clone() }
    }

    /// Returns whether all items are listed.
    pub(in crate::web) fn selects_all(&self) -> bool {
        self.to_query().selects_all()
    }

    /// Returns the parameters of this selection.
    pub(in crate::web) fn parameters(&self) -> AddressParameters {
        let mut parameters = AddressParameters::new();
        let mut add = |name: &str, value: &str| parameters.push((name.to_owned(), value.to_owned()));
        if !self.search.is_empty() {
            add("q", &self.search);
        }
        if let Some(filter) = self.article_filter {
            add("filter", filter.as_str());
        }
        for filter in &self.filters {
            let name = filter.parameter_name();
            filter.values.iter().for_each(|value| add(&name, value));
        }
        if !self.sort.is_empty() {
            add("sort", &SortColumn::format_list(&self.sort));
        }
        parameters.extend(self.view.iter().cloned());
        if self.is_embedded {
            parameters.push((EMBED_PARAMETER.to_owned(), "1".to_owned()));
        }
        parameters
    }

    /// Returns the link to a page of this selection of the catalog with the link `catalog`.
    pub(in crate::web) fn link(&self, catalog: &str, page: u64) -> String {
        let mut parameters = self.parameters();
        if page > 1 {
            parameters.push(("page".to_owned(), page.to_string()));
        }
        format!("{catalog}{}", join_query(&parameters))
    }

    /// Returns the link that asks the page for a change.
    pub(in crate::web) fn command(&self, catalog: &str, name: &str, value: &str) -> String {
        let mut parameters = self.parameters();
        parameters.push((name.to_owned(), value.to_owned()));
        format!("{catalog}{}", join_query(&parameters))
    }

    /// Returns the same selection in another order.
    pub(in crate::web) fn sorted_by(&self, sort: Vec<SortColumn>) -> Self {
        Self { sort, ..self.clone() }
    }

    /// Returns the values of the filter with this column and operator.
    pub(in crate::web) fn values(&self, column: &str, operator: FilterOperator) -> &[String] {
        let is_same = |filter: &&ColumnFilter| filter.column == column && filter.operator == operator;
        self.filters.iter().find(is_same).map_or(&[], |filter| &filter.values)
    }

    /// Returns whether items must have this value in this column.
    pub(in crate::web) fn has_value(&self, column: &str, operator: FilterOperator, value: &str) -> bool {
        self.values(column, operator).iter().any(|known| known == value)
    }

    /// Returns the same selection with one more value of a filter.
    pub(in crate::web) fn with_value(&self, column: &str, operator: FilterOperator, value: &str) -> Self {
        let mut changed = self.clone();
        ColumnFilter::add_value(&mut changed.filters, column, operator, value.to_owned());
        changed
    }

    /// Returns the same selection without a value of a filter.
    pub(in crate::web) fn without_value(&self, column: &str, operator: FilterOperator, value: &str) -> Self {
        let mut changed = self.clone();
        for filter in changed.filters.iter_mut().filter(|filter| filter.column == column && filter.operator == operator)
        {
            filter.values.retain(|known| known != value);
        }
        changed.filters.retain(|filter| !filter.values.is_empty());
        changed
    }

    /// Returns the same selection without the filter with this column and operator.
    pub(in crate::web) fn without_operator(&self, column: &str, operator: FilterOperator) -> Self {
        let mut changed = self.clone();
        changed.filters.retain(|filter| filter.column != column || filter.operator != operator);
        changed
    }

    /// Returns the same selection without its search.
    pub(in crate::web) fn without_search(&self) -> Self {
        Self { search: String::new(), ..self.clone() }
    }

    /// Returns the same selection, shown in another way.
    pub(in crate::web) fn shown_as(&self, view: AddressParameters) -> Self {
        Self { view, ..self.clone() }
    }

    /// Returns the same order without a search and filters.
    pub(in crate::web) fn without_filters(&self) -> Self {
        Self { sort: self.sort.clone(), view: self.view.clone(), is_embedded: self.is_embedded, ..Self::default() }
    }
}

/// The filter of a column that an article filter stands for.
pub(in crate::web) fn article_filter(filter: Filter) -> ColumnFilter {
    let operator = if filter.matches_yes() { FilterOperator::Equals } else { FilterOperator::Not };
    ColumnFilter { column: filter.column().to_owned(), operator, values: vec!["yes".to_owned()] }
}

#[cfg(test)]
mod tests {
    use super::{FilterOperator, ListAddress, SortColumn};

    #[test]
    fn filters_are_added_to_a_link_and_taken_from_it() {
        let all = ListAddress { search: "a&b".to_owned(), ..ListAddress::default() };
        assert_eq!(all.link("/catalog/albums", 1), "/catalog/albums?q=a%26b");
        let one = all.with_value("genre", FilterOperator::Equals, "Jazz");
        let two =
            one.with_value("genre", FilterOperator::Equals, "Soul").with_value("year", FilterOperator::Less, "2000");
        let sort = vec![SortColumn { name: "year".to_owned(), descending: true }];
        assert_eq!(
            two.sorted_by(sort).link("/c", 3),
            "/c?q=a%26b&filter%5Bgenre%5D=Jazz&filter%5Bgenre%5D=Soul&filter%5Byear%5D%5Blt%5D=2000&sort=-year&page=3"
        );
        assert!(
            two.has_value("genre", FilterOperator::Equals, "Soul")
                && !one.has_value("genre", FilterOperator::Not, "Jazz")
        );
        let less = two.without_value("genre", FilterOperator::Equals, "Soul").without_value(
            "year",
            FilterOperator::Less,
            "2000",
        );
        assert_eq!(less, one);
        assert_eq!(one.without_value("genre", FilterOperator::Equals, "Jazz"), all);
        let other = two.without_operator("genre", FilterOperator::Equals);
        assert_eq!(other.without_operator("year", FilterOperator::Equals), other);
        assert_eq!(other.without_operator("year", FilterOperator::Less), all);
        assert_eq!(two.without_filters(), ListAddress::default());
    }
}
