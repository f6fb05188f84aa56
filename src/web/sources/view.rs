//! The views of the settings of sources: list, add, edit, remove.

use askama::Template;

use super::found_view::FoundColumns;
use super::kind_choice::KindChoice;
use super::read_fields_view::{ReadErrors, ReadForm};
use super::schedule_view::{ScheduleErrors, ScheduleForm, SchedulePreview};
use crate::domain::key_fitness::KeyFitness;
use crate::domain::read_options::ReadOptions;
use crate::domain::source_form_spec::{AddressInput, SourceFormSpec};
use crate::web::layout::freshness_mark::FreshnessMark;
use crate::web::layout::time_label::TimeLabel;
use crate::web::layout::view::{PageFrame, counted};

/// `GET /settings/sources`.
#[derive(Debug, Clone, Template)]
#[template(path = "sources.html")]
pub(in crate::web) struct SourcesPage {
    /// The frame of the page.
    pub frame: PageFrame,
    /// Every source.
    pub sources: Vec<SourceSetting>,
    /// What was just done: "Source removed."
    pub done: Option<String>,
}

/// One source in the list.
#[derive(Debug, Clone)]
pub(in crate::web) struct SourceSetting {
    /// Its slug.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// The label of its kind: "Google Sheet", "CSV by link", "CSV file".
    pub kind: String,
    /// Its address without secrets.
    pub location: String,
    /// The key column.
    pub key: String,
    /// Whether visitors without an account can read it.
    pub public: bool,
    /// The number of items in its catalog.
    pub count: u64,
    /// The name of one item.
    pub noun_one: String,
    /// The name of several items.
    pub noun_many: String,
    /// The end of the last successful sync.
    pub last_success: Option<TimeLabel>,
    /// Its schedule: "Every 15 minutes".
    pub schedule: Option<String>,
    /// The mark of a stale or paused source.
    pub freshness: Option<FreshnessMark>,
}

/// The pages about one source. They share a template because they share fields.
#[derive(Debug, Clone, Template)]
#[template(path = "source_form.html")]
pub(in crate::web) struct SourceFormPage {
    /// The frame of the page.
    pub frame: PageFrame,
    /// Which page it is.
    pub step: SourceStep,
    /// The values of the form.
    pub form: SourceForm,
    /// The errors of the form.
    pub errors: SourceErrors,
    /// The address of the service account that sheets are shared with, if there is one.
    pub service_account: Option<String>,
}

/// The pages of the form.
#[derive(Debug, Clone)]
pub(in crate::web) enum SourceStep {
    /// `GET /settings/sources/new`: where the source is. The fields depend on its kind.
    Connect(SourceChoices),
    /// `POST /settings/sources/new`: what the source contains, its key and its names.
    Review(FoundColumns),
    /// `GET /settings/sources/{slug}`: the same for an existing source.
    Edit(FoundColumns),
    /// `GET /settings/sources/{slug}/remove`: the confirmation.
    Remove(RemoveFacts),
}

/// The kinds of sources to choose from.
#[derive(Debug, Clone, Default)]
pub(in crate::web) struct SourceChoices {
    /// What the selected kind asks for; `None` if the kind is to be detected.
    pub selected: Option<SourceFormSpec>,
    /// All kinds.
    pub kinds: Vec<KindChoice>,
    /// The file types of all kinds, for the attribute `accept`.
    pub accept: String,
    /// The kind that was detected, if another was selected.
    pub offer: Option<KindChoice>,
    /// The feeds that a web page links to, if it was entered instead of a feed.
    pub named_feeds: Vec<String>,
}

/// What is removed with a source.
#[derive(Debug, Clone, Default)]
pub(in crate::web) struct RemoveFacts {
    /// The number of its items.
    pub count: u64,
}

/// The values of the form as typed. Each doc comment begins with the name of the field in the form.
#[derive(Debug, Clone, Default)]
pub(in crate::web) struct SourceForm {
    /// `slug`: cannot be changed once the source exists.
    pub slug: String,
    /// `kind`: the kind of source; empty if it is to be detected.
    pub kind: String,
    /// `url`: the link, links one per line, or the server of an account, without secrets.
    pub url: String,
    /// `user`: the username of an account, until it was accepted.
    pub user: String,
    /// `password`: as sent. It is never rendered.
    pub password: String,
    /// `waits`: the id of the stored addresses whose secrets `url` leaves out.
    pub address_id: String,
    /// `reviewed_url`: the link that was reviewed last. Another link is reviewed again before it is saved.
    pub reviewed_url: String,
    /// `review_digest`: the way that the reviewed source was read.
    pub review_digest: String,
    /// `upload`: the id of the uploaded file; empty for a link.
    pub upload: String,
    /// `called`: the original name of that file.
    pub file_name: String,
    /// `key`: the key column.
    pub key: String,
    /// `name`: the name of the catalog.
    pub name: String,
    /// `noun_one`: "album".
    pub noun_one: String,
    /// `noun_many`: "albums".
    pub noun_many: String,
    /// The schedule as typed.
    pub schedule: ScheduleForm,
    /// What the schedule means; not a field.
    pub schedule_preview: SchedulePreview,
    /// When the schedule was paused, if it is; not a field. A source without a schedule may be paused, too: a schedule
    /// that is set later waits until an admin resumes it.
    pub paused_since: Option<TimeLabel>,
    /// The next sync of a schedule that is not paused; not a field.
    pub next_run: Option<TimeLabel>,
    /// The mark of a stale source; not a field.
    pub stale: Option<FreshnessMark>,
    /// `stale_after`: the age at which the catalog counts as stale; empty if none is set.
    pub stale_after: String,
    /// `public`: whether visitors without an account can read it.
    pub public: bool,
    /// `publish_hidden`: whether its hidden columns may be published too.
    pub publish_hidden: bool,
    /// `hidden_columns`: the columns that the form listed; `None` if it listed none.
    pub hidden_columns: Option<Vec<String>>,
    /// The read options as typed; `None` if the form had none.
    pub reading: Option<ReadForm>,
    /// The read options, parsed. A wrong value counts as not set.
    pub read_options: ReadOptions,
}

impl SourceForm {
    /// The rows of a field for many links.
    pub(in crate::web) fn link_rows(&self) -> usize {
        (self.url.lines().count() + 1).clamp(5, 20)
    }

    /// The rows of a field for one link that grows with its content.
    pub(in crate::web) fn grown_rows(&self) -> usize {
        self.url.lines().count().clamp(1, 20)
    }

    /// The read options as typed.
    pub(in crate::web) fn read_form(&self) -> ReadForm {
        self.reading.clone().unwrap_or_default()
    }

    /// Whether a secret is left out of its links.
    pub(in crate::web) fn has_hidden_secrets(&self) -> bool {
        self.url.contains('…')
    }
}

/// The errors of the form, field by field.
#[derive(Debug, Clone, Default)]
pub(in crate::web) struct SourceErrors {
    /// An error that belongs to no field.
    pub general: Option<String>,
    /// The link.
    pub url: Option<String>,
    /// The file.
    pub file: Option<String>,
    /// The key column.
    pub key: Option<String>,
    /// The name.
    pub name: Option<String>,
    /// The slug.
    pub slug: Option<String>,
    /// Either noun.
    pub noun: Option<String>,
    /// The schedule.
    pub schedule: ScheduleErrors,
    /// The age at which the catalog counts as stale.
    pub stale_after: Option<String>,
    /// The read options.
    pub reading: ReadErrors,
    /// Public, if it would publish hidden columns.
    pub public: Option<String>,
}

impl SourceErrors {
    /// Whether there are no errors.
    pub(in crate::web) fn is_empty(&self) -> bool {
        let fields = [&self.url, &self.file, &self.key, &self.name, &self.slug, &self.noun];
        let mut fields = fields.into_iter().chain([&self.stale_after, &self.public]);
        self.general.is_none() && fields.all(Option::is_none) && self.reading.is_empty() && self.schedule.is_empty()
    }
}
