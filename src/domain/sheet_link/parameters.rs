//! The parameters of a link to a sheet: in its query and its fragment, however they are written.

use url::Url;
use url::form_urlencoded::parse;

use super::error::SheetLinkError;

/// Parameters that decide what a link shows.
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

/// Parameters whose values may hold anything.
const FREE_TEXT: [&str; 2] = ["tq", "sheet"];

/// Formats that hold the cells of a tab and nothing else; whichever is named, the cells are the same.
const TABLE_FORMATS: [&str; 9] = ["csv", "tsv", "txt", "tsv-excel", "html", "json", "xlsx", "xls", "ods"];

/// The parameters of one link by name, without those that have no value.
#[derive(Debug)]
pub(super) struct LinkParameters {
    pub(super) query: Vec<(String, String)>,
    pub(super) fragment: Vec<(String, String)>,
}

impl LinkParameters {
    /// The parameters of `url`.
    ///
    /// # Errors
    /// [`SheetLinkError::Garbled`] when a parameter that decides what is shown stands inside another one.
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
            return Err(SheetLinkError::Garbled);
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

    /// The values of `name`.
    pub(super) fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.all_pairs().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The one value of `name` as `read` understands it.
    ///
    /// # Errors
    /// Those of `read`, and [`SheetLinkError::Contradiction`] when the link gives different values.
    pub(super) fn single_value<T: PartialEq>(
        &self,
        name: &'static str,
        read: impl Fn(&str) -> Result<T, SheetLinkError>,
    ) -> Result<Option<T>, SheetLinkError> {
        agreed_value(name, self.values(name), read)
    }

    /// The value of `name` in the fragment, which is what a page shows in the browser, otherwise that in the query.
    ///
    /// # Errors
    /// As [`LinkParameters::single_value`], for each of the two places by itself.
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

    /// The format that the link asks for, in lower case.
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

    /// Refuses what nobody can obey for a table.
    ///
    /// # Errors
    /// [`SheetLinkError::Unobeyable`] naming the parameter and what to do instead.
    pub(super) fn refuse_unsupported(&self) -> Result<(), SheetLinkError> {
        let refused = self.all_pairs().find_map(|(name, _)| Some((name, unobeyable_advice(name)?)));
        if let Some((name, advice)) = refused {
            return Err(SheetLinkError::Unobeyable { part: format!("{name}="), advice });
        }
        match self.requested_formats().find(|format| !TABLE_FORMATS.contains(&format.as_str())) {
            Some(format) => Err(SheetLinkError::Format(format.chars().take(40).collect())),
            None => Ok(()),
        }
    }

    /// The first parameter that decides what is shown and is not one of `obeyed` in the query. Nothing in the
    /// fragment of an address is sent to a server.
    pub(super) fn first_unsupported(&self, obeyed: &[&str]) -> Option<&str> {
        let in_query = self.query.iter().filter(|(name, _)| !obeyed.contains(&name.as_str()));
        let in_fragment = self.fragment.iter().filter(|pair| !self.query.contains(pair));
        let mut beyond = in_query.chain(in_fragment).map(|(name, _)| name.as_str());
        beyond.find(|name| MEANINGFUL_PARAMETERS.contains(name))
    }
}

/// What to do about a parameter that cannot be obeyed.
fn unobeyable_advice(name: &str) -> Option<&'static str> {
    Some(match name {
        "fvid" => {
            "it opens a filter view, which hides rows, but Google does not export filter views. Close the filter view \
             and copy \
             the link again, or make a tab with =FILTER(…) and use its link"
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

/// The value that all of `values` agree on.
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

/// A parameter's name in lower case, without what copying leaves in front of it (`amp;`, `#`, `?`).
fn plain_name(name: &str) -> String {
    let last = name.rsplit(';').next().unwrap_or_default();
    last.trim_matches(|c: char| !c.is_alphanumeric()).to_ascii_lowercase()
}
