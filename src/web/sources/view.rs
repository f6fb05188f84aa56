//! The settings of the sources: list, add, edit, remove.

use askama::Template;

use super::read_fields_view::{ReadErrors, ReadFields, ReadForm};
use crate::domain::read_options::ReadOptions;
use crate::domain::source_form_spec::{AddressInput, WayIn};
use crate::web::layout::view::{PageFrame, TimeLabel, counted};

/// `GET /settings/sources`.
#[derive(Debug, Clone, Template)]
#[template(path = "sources.html")]
pub struct SourcesPage {
    /// The frame.
    pub chrome: PageFrame,
    /// Every source.
    pub sources: Vec<SourceSetting>,
    /// What was just done, said once: "Albums was removed."
    pub done: Option<String>,
}

/// One source in the list.
#[derive(Debug, Clone)]
pub struct SourceSetting {
    /// The source, as in the address.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// What it is, in words: "Google Sheet", "CSV by link", "CSV file".
    pub kind: String,
    /// Its address without secrets, or the name of the uploaded file.
    pub place: String,
    /// The key column.
    pub key: String,
    /// Whether visitors without an account may read it.
    pub public: bool,
    /// How many items its catalog has.
    pub count: u64,
    /// One of them.
    pub noun_one: String,
    /// Several of them.
    pub noun_many: String,
    /// The end of the last successful sync.
    pub last_success: Option<TimeLabel>,
    /// When it is synced by itself, in words.
    pub schedule: Option<String>,
}

/// Every page that asks about one source. They share a template, because they share their fields.
#[derive(Debug, Clone, Template)]
#[template(path = "source_form.html")]
pub struct SourceFormPage {
    /// The frame.
    pub chrome: PageFrame,
    /// Which question is asked.
    pub step: SourceStep,
    /// What is typed or chosen so far.
    pub form: SourceForm,
    /// What is wrong with it.
    pub errors: SourceErrors,
    /// The address that Google Sheets are shared with, if there is one.
    pub robot: Option<String>,
}

/// The questions, one page each.
#[derive(Debug, Clone)]
pub enum SourceStep {
    /// `GET /settings/sources/new`: where is it? What is typed or chosen depends on the kind.
    Place(SourceChoices),
    /// `POST /settings/sources/new`: which column is the key, and what is it called?
    Columns(FoundColumns),
    /// `GET /settings/sources/{slug}`: the same, of a source that is there.
    Edit(FoundColumns),
    /// `GET /settings/sources/{slug}/remove`: are you sure?
    Remove(RemoveFacts),
}

/// The ways to say where a source is.
#[derive(Debug, Clone, Default)]
pub struct SourceChoices {
    /// What the chosen kind asks for; none while any link or file will do.
    pub chosen: Option<WayIn>,
    /// All kinds, to choose from.
    pub kinds: Vec<KindChoice>,
    /// What browsers offer to choose where any file will do, as in the attribute `accept`.
    pub files: String,
    /// The kind of place that it turned out to be, where another was chosen.
    pub offer: Option<KindChoice>,
    /// The addresses of the feeds that a web page names which was taken for a feed.
    pub named: Vec<String>,
}

/// A kind of place to choose.
#[derive(Debug, Clone)]
pub struct KindChoice {
    /// Its name in the form.
    pub name: &'static str,
    /// Its name for people.
    pub title: &'static str,
    /// One line about it; may be empty.
    pub about: &'static str,
}

/// A feed that a look found.
#[derive(Debug, Clone, Default)]
pub struct FoundFeed {
    /// Its title, or its address without secrets where it has none.
    pub title: String,
    /// Why it could not be read.
    pub error: Option<String>,
    /// Whether it was read: a look does not come to all feeds of a long list.
    pub read: bool,
}

/// What a look into the source found.
#[derive(Debug, Clone, Default)]
pub struct FoundColumns {
    /// What it is, in words: "Google Sheet".
    pub kind: String,
    /// That it is read as another kind than the one that was chosen.
    pub taken_as: Option<&'static str>,
    /// The kind that reads what was given in its place.
    pub offer: Option<KindChoice>,
    /// Its address without secrets, or the name of the uploaded file.
    pub place: String,
    /// The columns, named as they will be in the catalog.
    pub columns: Vec<String>,
    /// The first rows, one cell per column. May be empty when editing.
    pub rows: Vec<Vec<String>>,
    /// What its kind asks for; none for a kind that this version does not know.
    pub way: Option<WayIn>,
    /// Whether a new file may be uploaded in its place.
    pub replaceable: bool,
    /// Whether it has addresses that can be changed here.
    pub linked: bool,
    /// Whether people choose the key: some kinds know it by themselves.
    pub asks_key: bool,
    /// The first feeds it is made of, those that could not be read before the others.
    pub feeds: Vec<FoundFeed>,
    /// How many more there are.
    pub more_feeds: u64,
    /// What is wrong with what was found, a message each.
    pub problems: Vec<String>,
    /// What a sync of it would note, a message each.
    pub notes: Vec<String>,
    /// The row that is probably the header, where another was taken for it.
    pub likely_header: Option<u64>,
    /// Which fields say how it is read.
    pub reading: ReadFields,
    /// The columns that are hidden where people open the source: publishing them has to be confirmed.
    pub hidden_columns: Vec<String>,
}

impl FoundColumns {
    /// The hidden columns as the form sends them back: as JSON, since a name may have any character.
    pub fn hidden_columns_field(&self) -> String {
        serde_json::Value::from(self.hidden_columns.as_slice()).to_string()
    }
}

/// What goes with a source.
#[derive(Debug, Clone, Default)]
pub struct RemoveFacts {
    /// How many items go with it.
    pub count: u64,
}

/// The fields of a source as typed. The names are those of the form.
#[derive(Debug, Clone, Default)]
pub struct SourceForm {
    /// `slug`: as in the address; fixed once the source is there.
    pub slug: String,
    /// `kind`: the kind of place; empty where it is to be found out.
    pub kind: String,
    /// `url`: the link, links one per line, or the server of an account, without what is secret in them.
    pub url: String,
    /// `user`: the user name of an account, while it could not be used yet.
    pub user: String,
    /// `password`: as it was sent. No page has it.
    pub password: String,
    /// `waits`: under which id the addresses wait whose secrets `url` leaves out.
    pub waits: String,
    /// `upload`: names the uploaded file between the two steps; empty for a link.
    pub upload: String,
    /// `called`: what the browser calls that file.
    pub called: String,
    /// `key`: the key column.
    pub key: String,
    /// `name`.
    pub name: String,
    /// `noun_one`: "album".
    pub noun_one: String,
    /// `noun_many`: "albums".
    pub noun_many: String,
    /// `schedule`: a cron line; empty to be synced by hand alone.
    pub schedule: String,
    /// The same in words, where it can be followed; not a field.
    pub schedule_words: Option<String>,
    /// `public`: whether visitors without an account may read it.
    pub public: bool,
    /// `publish_hidden`: whether its hidden columns may be published, too.
    pub publish_hidden: bool,
    /// `hidden_columns`: those that the form named when it asked that; none where it did not ask.
    pub hidden_columns: Option<Vec<String>>,
    /// How its content is read, as typed; none where the form did not ask.
    pub reading: Option<ReadForm>,
    /// The same as options, without what is wrong.
    pub read_options: ReadOptions,
}

impl SourceForm {
    /// How many lines its addresses have room for.
    pub fn lines(&self) -> usize {
        (self.url.lines().count() + 1).clamp(5, 20)
    }

    /// How many lines there are to be seen in a field that begins with one and grows.
    pub fn few_lines(&self) -> usize {
        self.url.lines().count().clamp(1, 20)
    }

    /// The fields that say how it is read.
    pub fn read_form(&self) -> ReadForm {
        self.reading.clone().unwrap_or_default()
    }

    /// Whether something secret is left out of its addresses.
    pub fn is_veiled(&self) -> bool {
        self.url.contains('…')
    }
}

/// What is wrong, field by field.
#[derive(Debug, Clone, Default)]
pub struct SourceErrors {
    /// Something that belongs to no field.
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
    pub schedule: Option<String>,
    /// How its content is read.
    pub reading: ReadErrors,
    /// That it would be public with its hidden columns.
    pub public: Option<String>,
}

impl SourceErrors {
    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        let fields =
            [&self.url, &self.file, &self.key, &self.name, &self.slug, &self.noun, &self.schedule, &self.public];
        self.general.is_none() && fields.into_iter().all(Option::is_none) && self.reading.is_empty()
    }
}
