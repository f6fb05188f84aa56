//! The view of what a probe of a source found.

use super::kind_choice::KindChoice;
use super::read_fields_view::ReadFields;
use crate::domain::key_fitness::KeyFitness;
use crate::domain::source_form_spec::SourceFormSpec;
use crate::domain::source_probe::SourceTabs;

/// A feed that a probe found.
#[derive(Debug, Clone, Default)]
pub(in crate::web) struct FoundFeed {
    /// Its title, or else its address without secrets.
    pub title: String,
    /// Why it could not be fetched.
    pub error: Option<String>,
    /// Whether it was fetched: a probe stops before the end of a long list.
    pub is_fetched: bool,
}

/// What a probe of the source found.
#[derive(Debug, Clone, Default)]
pub(in crate::web) struct FoundColumns {
    /// The label of its kind: "Google Sheet".
    pub kind: String,
    /// Notes about its link and its kind: that a web page was replaced by its feed, that its kind is another than the
    /// selected one.
    pub place_notes: Vec<String>,
    /// The feeds that a web page links to, if it was entered instead of a feed.
    pub named_feeds: Vec<String>,
    /// The kind that can read what was found, if its own cannot.
    pub offer: Option<KindChoice>,
    /// Its address without secrets, or the name of the uploaded file.
    pub location: String,
    /// The columns, with their names in the catalog.
    pub columns: Vec<String>,
    /// Whether each column could be the key; empty if that is unknown.
    pub key_fitness: Vec<KeyFitness>,
    /// Why the proposed key column is proposed.
    pub key_reason: Option<String>,
    /// The number of rows; `None` if it is unknown.
    pub row_count: Option<u64>,
    /// The tabs to choose from; fewer than two if there is no choice.
    pub tabs: SourceTabs,
    /// The first rows, with a cell for each column. May be empty when editing.
    pub rows: Vec<Vec<String>>,
    /// What its kind asks for; `None` if this version does not know the kind.
    pub spec: Option<SourceFormSpec>,
    /// Whether its file can be replaced by an upload.
    pub is_file_replaceable: bool,
    /// Whether it has links that can be changed.
    pub has_links: bool,
    /// Whether the key is selected by people: some kinds have a fixed one.
    pub asks_key: bool,
    /// Its first feeds, failing ones first.
    pub feeds: Vec<FoundFeed>,
    /// How many more feeds it has.
    pub more_feeds: u64,
    /// Problems that a sync would fail with or skip rows for.
    pub problems: Vec<String>,
    /// Notes that a sync would make.
    pub notes: Vec<String>,
    /// The row that is probably the header, if another is used.
    pub likely_header: Option<u64>,
    /// Which read options its kind has.
    pub reading: ReadFields,
    /// The columns that are hidden in the source. Publishing them must be confirmed.
    pub hidden_columns: Vec<String>,
}

impl FoundColumns {
    /// The columns: name, and whether it could be the key, if that is known.
    pub(in crate::web) fn key_choices(&self) -> impl Iterator<Item = (&String, Option<KeyFitness>)> {
        let fitness = self.key_fitness.iter().copied().map(Some).chain(std::iter::repeat(None));
        self.columns.iter().zip(fitness)
    }

    /// The tabs to choose from: name in the form, label, and whether it is selected. `typed` is the tab in the form. A
    /// source without a tab of its own follows its link, or the first tab, also if that is renamed.
    pub(in crate::web) fn tab_choices(&self, typed: &str) -> Vec<(String, String, bool)> {
        let tabs = &self.tabs.tabs;
        let read = self.tabs.chosen.and_then(|position| tabs.get(position));
        let followed = match read.filter(|_| typed.is_empty()) {
            Some(tab) => format!("{} (default)", tab.name),
            None => "Default tab".to_owned(),
        };
        let mut choices = vec![(String::new(), followed, typed.is_empty())];
        for tab in tabs.iter().filter(|tab| !typed.is_empty() || Some(*tab) != read) {
            let label = if tab.is_hidden { format!("{} (hidden)", tab.name) } else { tab.name.clone() };
            // White space around names is ignored, as it is when the tab is chosen.
            choices.push((tab.name.clone(), label, !typed.is_empty() && tab.name.trim() == typed.trim()));
        }
        if !choices.iter().any(|(.., is_selected)| *is_selected) {
            choices.push((typed.to_owned(), format!("{typed} (missing)"), true));
        }
        choices
    }

    /// The hidden columns as a form field: in JSON, because a name can have any character.
    pub(in crate::web) fn hidden_columns_field(&self) -> String {
        serde_json::Value::from(self.hidden_columns.as_slice()).to_string()
    }
}
