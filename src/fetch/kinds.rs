//! Lists all kinds of sources and builds them from plain settings.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use url::Url;

use super::SourceKind;
use super::csv::CsvKind;
use super::excel::ExcelKind;
use super::feeds::FeedsKind;
use super::file_signature::detect_file;
use super::http::address_guard::AllowHosts;
use super::http::{HttpClient, HttpSettings};
use super::reader::ReaderKind;
use super::sheet::SheetKind;
use super::sheet::credentials::ServiceAccount;
use super::sheet::service_account_client::ServiceAccountClient;
use super::{FetchError, FetchRequest, SilentObserver};
use crate::domain::defaults;
use crate::domain::source::Validators;

/// The settings that the kinds are built from.
#[derive(Clone, Debug)]
pub struct KindSettings {
    /// The most bytes one source may have, after decompression.
    pub max_bytes: u64,
    /// Which hosts may be fetched from although their addresses are not public.
    pub allow_hosts: AllowHosts,
    /// The base of Google's addresses. A host that replaces Google may be the target of redirects like Google's own;
    /// whether it may be fetched from is still decided by [`KindSettings::allow_hosts`].
    pub google_url: Url,
    /// The service account that reads private sheets, if there is one.
    pub service_account: Option<ServiceAccount>,
    /// The folder of uploaded files.
    pub uploads_dir: PathBuf,
    /// The folder for temporary files. It is created if it is missing, accessible only to this user.
    pub work_dir: PathBuf,
    /// The sample catalog, a CSV file.
    pub sample_csv: &'static [u8],
}

impl KindSettings {
    /// The defaults for the data folder `data_dir`: 200 MB, no private hosts, Google itself.
    #[must_use]
    #[expect(clippy::missing_panics_doc, reason = "the address is a constant")]
    pub fn in_data_dir(data_dir: &Path, sample: &'static [u8]) -> Self {
        Self {
            max_bytes: defaults::MAX_SOURCE_BYTES,
            allow_hosts: AllowHosts::default(),
            google_url: Url::parse("https://docs.google.com").expect("an address"),
            service_account: None,
            uploads_dir: data_dir.join("uploads"),
            work_dir: data_dir.join("tmp"),
            sample_csv: sample,
        }
    }
}

impl KindSettings {
    fn build_client(self) -> HttpClient {
        let Self { max_bytes, allow_hosts: allow, work_dir, google_url, .. } = self;
        HttpClient { settings: HttpSettings { max_bytes, allow, work_dir, google_url } }
    }
}

/// Signs in to Google with the service account, within `timeout`. Returns how far this machine's clock is ahead of
/// Google's; `None` if there is no service account or Google's response has no date.
///
/// # Errors
/// [`FetchError::Failed`] when Google rejects the sign-in or cannot be reached, with a message about the cause and
/// what to do.
pub fn check_credentials(mut settings: KindSettings, timeout: Duration) -> Result<Option<TimeDelta>, FetchError> {
    let Some(account) = settings.service_account.take() else { return Ok(None) };
    let nothing_known = Validators::default();
    ServiceAccountClient::new(account).measure_clock_lead(
        &settings.build_client(),
        &FetchRequest::for_probe(&nothing_known, timeout),
        &SilentObserver,
    )
}

/// All kinds of sources.
pub struct SourceKinds {
    all: Vec<Box<dyn SourceKind>>,
    account: Option<Arc<ServiceAccountClient>>,
}

impl SourceKinds {
    /// Creates all built-in kinds of sources. A new kind needs a line here. A place whose kind is not chosen is probed
    /// in this order.
    #[must_use]
    pub fn built_in(mut settings: KindSettings) -> Self {
        let account = settings.service_account.take().map(|account| Arc::new(ServiceAccountClient::new(account)));
        let (uploads_dir, sample) = (settings.uploads_dir.clone(), settings.sample_csv);
        let client = Arc::new(settings.build_client());
        Self {
            all: vec![
                Box::new(SheetKind { client: Arc::clone(&client), account: account.clone() }),
                Box::new(CsvKind { client: Arc::clone(&client), uploads_dir: uploads_dir.clone(), sample }),
                Box::new(ExcelKind { client: Arc::clone(&client), uploads_dir: uploads_dir.clone() }),
                Box::new(FeedsKind::new(&client, uploads_dir)),
                Box::new(ReaderKind { client }),
            ],
            account,
        }
    }

    /// The e-mail address that private sheets are shared with, if there is a service account.
    #[must_use]
    pub fn service_account_email(&self) -> Option<&str> {
        self.account.as_deref().map(ServiceAccountClient::email)
    }

    /// Adds a kind after the others.
    #[must_use]
    pub fn with_kind(mut self, kind: Box<dyn SourceKind>) -> Self {
        self.all.push(kind);
        self
    }

    /// The kind of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&dyn SourceKind> {
        self.all.iter().map(AsRef::as_ref).find(|kind| kind.name() == name)
    }

    /// The kind that `link` can only belong to, judged by its form alone. `None` if several kinds could read it.
    #[must_use]
    pub fn recognize_link(&self, link: &str) -> Option<&dyn SourceKind> {
        self.all.iter().map(AsRef::as_ref).find(|kind| kind.recognizes_link(link))
    }

    /// The kind that reads the workbook at `path` instead of `kind`, with the notice for the admin. `None` if no kind
    /// replaces `kind`, the file is not a workbook, or it cannot be read.
    #[must_use]
    pub fn find_replacement_for_file(&self, kind: &str, path: &Path) -> Option<(&dyn SourceKind, &'static str)> {
        let found = self.all.iter().find_map(|other| Some((other.as_ref(), other.replacement_notice(kind)?)))?;
        // Checked before opening, because opening a named pipe waits for its writer.
        if !path.metadata().ok()?.is_file() {
            return None;
        }
        let signature = File::open(path).and_then(|file| detect_file(&file)).ok().flatten()?;
        signature.is_workbook().then_some(found)
    }

    /// The names of all kinds.
    #[must_use]
    pub fn names(&self) -> Vec<&'static str> {
        self.all.iter().map(|kind| kind.name()).collect()
    }
}
