//! How a catalog is shown: which columns in which order, as a table or as a gallery. The address has it, a cookie
//! remembers what a reader chose, and an admin can save a default.

use actix_web::HttpRequest;
use actix_web::cookie::time::Duration as CookieAge;
use actix_web::cookie::{Cookie, SameSite};

use crate::domain::catalog_query::column_names::split_names;
use crate::store::catalogs::Catalog;
use crate::web::item_lists::list_address::{AddressParameters, join_query, split_query};

/// The name of the cookie.
const COOKIE_NAME: &str = "lockstep_view";
/// The most bytes of the cookie: browsers drop longer ones.
const MAX_COOKIE_BYTES: usize = 3500;
/// How long the cookie is kept.
const COOKIE_DAYS: i64 = 365;

/// How a catalog is shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct ListView {
    /// The columns in their order; none for the usual ones.
    pub(super) fields: Vec<String>,
    /// Whether items are shown as cards with pictures.
    pub(super) is_gallery: bool,
}

impl ListView {
    /// Parses `fields` and `view`, which may be repeated; `None` if there is neither. Names that are not columns of the
    /// catalog are left out.
    pub(super) fn parse(parameters: &[(String, String)], catalog: &Catalog) -> Option<Self> {
        let mut view = None;
        for (name, value) in parameters {
            match name.as_str() {
                "fields" => view.get_or_insert_with(Self::default).add_fields(value, catalog),
                "view" => view.get_or_insert_with(Self::default).is_gallery = value == "gallery",
                _ => {}
            }
        }
        view
    }

    fn add_fields(&mut self, list: &str, catalog: &Catalog) {
        // A list with an unknown name is read name by name, so that the others count.
        let parts: Vec<&str> = match split_names(list, &catalog.columns, |_| None::<((), &str)>) {
            Ok(_) => vec![list],
            Err(_) => list.split(',').collect(),
        };
        for part in parts {
            let found = split_names(part, &catalog.columns, |_| None::<((), &str)>).unwrap_or_default();
            for (at, _) in found {
                if !self.fields.contains(&catalog.columns[at]) {
                    self.fields.push(catalog.columns[at].clone());
                }
            }
        }
    }

    /// Returns the parameters of this view.
    pub(super) fn parameters(&self) -> AddressParameters {
        let mut parameters = AddressParameters::new();
        if !self.fields.is_empty() {
            parameters.push(("fields".to_owned(), self.fields.join(",")));
        }
        if self.is_gallery {
            parameters.push(("view".to_owned(), "gallery".to_owned()));
        }
        parameters
    }

    /// Reads the view that a reader chose before.
    pub(super) fn from_cookie(request: &HttpRequest) -> AddressParameters {
        request.cookie(COOKIE_NAME).map(|cookie| split_query(cookie.value())).unwrap_or_default()
    }

    /// Returns the header that remembers this view for the catalog with the link `path`, or forgets it if it is the
    /// usual one.
    pub(super) fn to_cookie(&self, path: &str) -> String {
        let value = join_query(&self.parameters());
        let value = value.trim_start_matches('?');
        let is_kept = !value.is_empty() && value.len() <= MAX_COOKIE_BYTES;
        Cookie::build(COOKIE_NAME, if is_kept { value } else { "" })
            .path(path.to_owned())
            .http_only(true)
            .same_site(SameSite::Lax)
            .max_age(if is_kept { CookieAge::days(COOKIE_DAYS) } else { CookieAge::ZERO })
            .finish()
            .to_string()
    }

    /// Returns the view after a change that a reader asked for; `None` if there is none. `shown` are the columns that
    /// the reader sees now.
    pub(super) fn change(&self, parameters: &[(String, String)], shown: &[String], catalog: &Catalog) -> Option<Self> {
        let value = |wanted: &str| parameters.iter().rfind(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
        let position = |name: &str| shown.iter().position(|known| known == name);
        let mut fields = shown.to_vec();
        if let Some(at) = value("hide-column").and_then(position) {
            if fields.len() > 1 {
                fields.remove(at);
            }
        } else if let Some(at) = value("move-left").and_then(position) {
            fields.swap(at, at.saturating_sub(1));
        } else if let Some(at) = value("move-right").and_then(position) {
            fields.swap(at, (at + 1).min(shown.len() - 1));
        } else if value("choose").is_some() {
            // The form of columns: those that were shown keep their order, and new ones follow.
            let chosen = Self::parse(parameters, catalog).unwrap_or_default();
            fields.retain(|name| chosen.fields.contains(name));
            fields.extend(chosen.fields.iter().filter(|name| !shown.contains(name)).cloned());
            return Some(Self { fields, is_gallery: chosen.is_gallery });
        } else if let Some(layout) = value("layout") {
            return Some(Self { is_gallery: layout == "gallery", ..self.clone() });
        } else if value("usual-columns").is_some() {
            fields.clear();
        } else {
            return None;
        }
        Some(Self { fields, ..self.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::{Catalog, ListView};

    fn catalog() -> Catalog {
        Catalog { columns: ["a", "b", "c, d", "e"].map(str::to_owned).to_vec(), ..Catalog::default() }
    }

    fn parameters(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_view_names_columns_that_exist() {
        let fields = |pairs: &[(&str, &str)]| ListView::parse(&parameters(pairs), &catalog()).map(|view| view.fields);
        assert_eq!(fields(&[("q", "a")]), None);
        assert_eq!(fields(&[("fields", "c, d,a"), ("fields", "a")]), Some(vec!["c, d".to_owned(), "a".to_owned()]));
        assert_eq!(fields(&[("fields", "gone,b")]), Some(vec!["b".to_owned()]));
        assert_eq!(fields(&[("fields", "")]), Some(vec![]));
        let gallery = ListView::parse(&parameters(&[("view", "gallery")]), &catalog()).expect("a view");
        assert!(gallery.is_gallery && gallery.fields.is_empty());
    }

    #[test]
    fn columns_are_hidden_moved_and_chosen() {
        let shown = ["a", "b", "e"].map(str::to_owned);
        let changed = |pairs: &[(&str, &str)]| {
            let view = ListView { fields: Vec::new(), is_gallery: true };
            let changed = view.change(&parameters(pairs), &shown, &catalog());
            changed.map(|view| (view.fields.join("|"), view.is_gallery))
        };
        assert_eq!(changed(&[("hide-column", "b")]), Some(("a|e".to_owned(), true)));
        assert_eq!(changed(&[("move-left", "b")]), Some(("b|a|e".to_owned(), true)));
        assert_eq!(changed(&[("move-left", "a")]), Some(("a|b|e".to_owned(), true)));
        assert_eq!(changed(&[("move-right", "e")]), Some(("a|b|e".to_owned(), true)));
        let chosen = [("choose", "1"), ("fields", "c, d"), ("fields", "e"), ("fields", "a")];
        assert_eq!(changed(&chosen), Some(("a|e|c, d".to_owned(), false)));
        assert_eq!(changed(&[("usual-columns", "1")]), Some((String::new(), true)));
        assert_eq!(changed(&[("layout", "table")]), Some((String::new(), false)));
        assert_eq!(changed(&[("hide-column", "gone")]), None);
        assert_eq!(changed(&[]), None);
    }

    #[test]
    fn the_cookie_remembers_a_view_and_forgets_the_usual_one() {
        let view = ListView { fields: vec!["c, d".to_owned()], is_gallery: true };
        let cookie = view.to_cookie("/catalog/albums");
        assert!(cookie.starts_with("lockstep_view=fields=c%2C+d&view=gallery; "), "{cookie}");
        assert!(ListView::default().to_cookie("/catalog/albums").contains("Max-Age=0"));
        let long = ListView { fields: vec!["x".repeat(5000)], is_gallery: false };
        assert!(long.to_cookie("/").contains("Max-Age=0"));
    }
}
