//! The list of all kinds, and the plain values they are built from.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use url::Url;

use super::Kind;
use super::csv::Csv;
use super::feeds::Feeds;
use super::guard::AllowHosts;
use super::http::Client;
use super::sheet_export::SheetExport;

/// What the kinds need to know of the house.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The most bytes one source may have, after decompression.
    pub max_bytes: u64,
    /// Which hosts may be fetched from although their addresses are not public.
    pub allow_hosts: AllowHosts,
    /// The base of Google's addresses. A stand-in's host may be redirected to like Google's own; that it is allowed to
    /// be fetched from is still for [`Settings::allow_hosts`] to say.
    pub google_base: Url,
    /// Where uploaded files lie.
    pub uploads_dir: PathBuf,
    /// Where temporary files go. It is made if it is missing, for this user alone.
    pub work_dir: PathBuf,
    /// The sample catalog, a CSV file.
    pub sample: &'static [u8],
}

impl Settings {
    /// The settings of a house whose data folder is `data_dir`: 200 MB, no private hosts, Google itself.
    #[must_use]
    #[expect(clippy::missing_panics_doc, reason = "the address is a constant")]
    pub fn in_data_dir(data_dir: &Path, sample: &'static [u8]) -> Self {
        Self {
            max_bytes: 200_000_000,
            allow_hosts: AllowHosts::default(),
            google_base: Url::parse("https://docs.google.com").expect("an address"),
            uploads_dir: data_dir.join("uploads"),
            work_dir: data_dir.join("tmp"),
            sample,
        }
    }
}

/// All kinds of sources.
pub struct Kinds {
    all: Vec<Box<dyn Kind>>,
}

impl Kinds {
    /// The kinds this house knows. A new one is a line here.
    #[must_use]
    pub fn built_in(settings: Settings) -> Self {
        let client = Arc::new(Client {
            max_bytes: settings.max_bytes,
            allow: settings.allow_hosts,
            work_dir: settings.work_dir,
            google_base: settings.google_base,
        });
        Self {
            all: vec![
                Box::new(SheetExport { client: Arc::clone(&client) }),
                Box::new(Feeds::new(&client, settings.uploads_dir.clone())),
                Box::new(Csv { client, uploads_dir: settings.uploads_dir, sample: settings.sample }),
            ],
        }
    }

    /// These kinds and one more, which is found after them.
    #[must_use]
    pub fn and(mut self, kind: Box<dyn Kind>) -> Self {
        self.all.push(kind);
        self
    }

    /// The kind of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&dyn Kind> {
        self.all.iter().map(AsRef::as_ref).find(|kind| kind.name() == name)
    }

    /// The names of all kinds.
    #[must_use]
    pub fn names(&self) -> Vec<&'static str> {
        self.all.iter().map(|kind| kind.name()).collect()
    }
}
