//! Parses the parameters of a link to a sheet, from its query and its fragment.

use url::Url;
use url::form_urlencoded::parse;

use super::error::SheetLinkError;

/// Parameters that select what a link shows.
const MEANINGFUL_PARAMETERS: [&str; 18] = [
    "gid",
    "sheet",
    "range",
    "rangeid",
    "tq",
    "tqx",
    "headers",
    "fvid",
    "format",
    "exportformat",
    "output",
    "revision",
    "rev",
    "oid",
    "r1",
    "c1",
    "r2",
    "c2",
];

/// Parameters whose values are free text.
const FREE_TEXT: [&str; 2] = ["tq", "sheet"];

/// Formats that contain the cells of a tab. All of them contain the same cells.
const TABLE_FORMATS: [&str; 9] = ["csv", "tsv", "txt", "tsv-excel", "html", "json", "xlsx", "xls", "ods"];

/// The parameters of a link, without those that are empty.
#[derive(Debug)]
pub(super) struct LinkParameters {
    pub(super) query: Vec<(String, String)>,
    pub(super) fragment: Vec<(String, String)>,
}

impl LinkParameters {
    /// Parses the parameters of `url`.
    ///
    /// # Errors
    /// [`SheetLinkError::Damaged`] when a parameter that selects what is shown is inside another one.
    pub(super) fn parse(url: &Url) -> Result<Self, SheetLinkError> {
        let read = |text: Option<&str>| -> Vec<(String, String)> {
            let pairs = parse(text.unwrap_or_default().as_bytes());
            pairs.map(|(name, value)| (name.into_owned(), value.trim().to_owned())).collect()
        };
        let mut parameters = Self { query: read(url.query()), fragment: read(url.fragment()) };
        let holds_another = |text: &str, before: &[&str]| {
            let text = text.to_ascii_lowercase();
            MEANINGFUL_PARAMETERS
                .iter()
                .any(|inner| before.iter().any(|before| text.contains(&format!("{before}{inner}="))))
        };
        let is_garbled = |(name, value): &(String, String)| {
            let before: &[&str] =
                if FREE_TEXT.contains(&plain_name(name).as_str()) { &["&", "?", "#", ";"] } else { &[""] };
            holds_another(name, &[""]) || holds_another(value, before)
        };
        if parameters.all_pairs().any(is_garbled) {
            return Err(SheetLinkError::Damaged);
        }
        for pairs in [&mut parameters.query, &mut parameters.fragment] {
            pairs.retain(|(_, value)| !value.is_empty());
            pairs.iter_mut().for_each(|(name, _)| *name = plain_name(name));
        }
        Ok(parameters)
    }

    fn all_pairs(&self) -> impl Iterator<Item = &(String, String)> {
        self.query.iter().chain(&self.fragment)
    }

    /// Returns the values of the parameter `name`.
    pub(super) fn values_of<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.all_pairs().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Returns the value of the parameter `name`, parsed by `read`.
    ///
    /// # Errors
    /// The errors of `read`, and [`SheetLinkError::Contradiction`] when the link has different values.
    pub(super) fn single_value<T: PartialEq>(
        &self,
        name: &'static str,
        read: impl Fn(&str) -> Result<T, SheetLinkError>,
    ) -> Result<Option<T>, SheetLinkError> {
        agreed_value(name, self.values_of(name), read)
    }

    /// Returns the value of the parameter `name` in the fragment, which a page in the browser shows, otherwise the
    /// value in the query.
    ///
    /// # Errors
    /// As [`LinkParameters::single_value`], separately for query and fragment.
    pub(super) fn shown_value<T: PartialEq>(
        &self,
        name: &'static str,
        read: impl Fn(&str) -> Result<T, SheetLinkError>,
    ) -> Result<Option<T>, SheetLinkError> {
        let of = |pairs: &[(String, String)]| {
            agreed_value(name, pairs.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str()), &read)
        };
        let (in_query, in_fragment) = (of(&self.query)?, of(&self.fragment)?);
        Ok(in_fragment.or(in_query))
    }

    /// Returns the formats that the link requests, in lower case.
    pub(super) fn requested_formats(&self) -> impl Iterator<Item = String> {
        let out = |(name, value): &(String, String)| match name.as_str() {
            "format" | "exportformat" | "output" => Some(value.to_ascii_lowercase()),
            // `reqId:0;out:csv;…`
            "tqx" => value
                .to_ascii_lowercase()
                .split(';')
                .find_map(|part| Some(part.trim().strip_prefix("out:")?.to_owned())),
            _ => None,
        };
        self.all_pairs().filter_map(out).collect::<Vec<_>>().into_iter()
    }

    /// Refuses parameters that cannot be obeyed for a table.
    ///
    /// # Errors
    /// [`SheetLinkError::UnsupportedParameter`] for a parameter that has an effect only in the browser, or
    /// [`SheetLinkError::Format`] for a format without a table.
    pub(super) fn refuse_unsupported(&self) -> Result<(), SheetLinkError> {
        let refused = self.all_pairs().find_map(|(name, _)| Some((name, unsupported_advice(name)?)));
        if let Some((name, advice)) = refused {
            return Err(SheetLinkError::UnsupportedParameter { part: format!("{name}="), advice });
        }
        match self.requested_formats().find(|format| !TABLE_FORMATS.contains(&format.as_str())) {
            Some(format) => Err(SheetLinkError::Format(format.chars().take(40).collect())),
            None => Ok(()),
        }
    }

    /// Returns the first parameter that selects what is shown and is not among `obeyed` in the query. The fragment of a
    /// URL is never sent to the server.
    pub(super) fn first_unsupported(&self, obeyed: &[&str]) -> Option<&str> {
        let in_query = self.query.iter().filter(|(name, _)| !obeyed.contains(&name.as_str()));
        let in_fragment = self.fragment.iter().filter(|pair| !self.query.contains(pair));
        let mut beyond = in_query.chain(in_fragment).map(|(name, _)| name.as_str());
        beyond.find(|name| MEANINGFUL_PARAMETERS.contains(name))
    }
}

/// Returns what to do about a parameter that cannot be obeyed.
fn unsupported_advice(name: &str) -> Option<&'static str> {
    Some(match name {
        "fvid" => {
            "it opens a filter view, which hides rows, but Google does not export filter views. Close the filter view \
             and copy the link again, or make a tab with =FILTER(…) and use its link"
        }
        "rangeid" => "it refers to a named range. Enter its cells instead, as in range=A1:D20",
        "r1" | "c1" | "r2" | "c2" => "it selects cells by number. Enter them as in range=A1:D20",
        "revision" | "rev" => {
            "it refers to an older version, but only the current one can be read. Remove it from the link"
        }
        "oid" => "it refers to a chart. Open the tab with its data and copy the link from the address bar",
        _ => return None,
    })
}

/// Returns the value that all of `values` agree on.
fn agreed_value<'a, T: PartialEq>(
    name: &'static str,
    values: impl Iterator<Item = &'a str>,
    read: impl Fn(&str) -> Result<T, SheetLinkError>,
) -> Result<Option<T>, SheetLinkError> {
    let mut found = None;
    for value in values {
        let value = read(value)?;
        match &found {
            Some(first) if *first != value => return Err(SheetLinkError::Contradiction(name)),
            _ => found = Some(value),
        }
    }
    Ok(found)
}

/// Returns the name of a parameter in lower case, without remains of copying before it (`amp;`, `#`, `?`).
fn plain_name(name: &str) -> String {
    let last = name.rsplit(';').next().unwrap_or_default();
    last.trim_matches(|c: char| !c.is_alphanumeric()).to_ascii_lowercase()
}
