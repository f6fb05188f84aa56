//! `lockstep source add`: adds a source.

use std::path::{Path, PathBuf};

use clap::Args;

use super::output::{CommandError, CommandExit, print_note};
use super::public_page_flags::PublicPageFlags;
use super::user::read_piped_password;
use crate::app::App;
use crate::domain::location::SourceLocation;
use crate::domain::max_age::MaxAge;
use crate::domain::read_options::{ReadOptions, ReadSetting};
use crate::domain::run_text::hidden_columns::hidden_columns_warning;
use crate::domain::schedule::Schedule;
use crate::domain::schedule_zone::ScheduleZone;
use crate::domain::source::{Noun, Slug, SourceDraft};
use crate::domain::source_form_spec::AddressInput;
use crate::domain::text::encoding::encoding_name;
use crate::domain::text::redaction::build_account_address;

/// The arguments of `source add`.
#[derive(Args)]
pub(super) struct SourceAddArgs {
    /// Name of the source in URLs and on the command line: a to z, 0 to 9 and hyphens, such as albums
    slug: Slug,
    /// Kind of source: sheet (Google Sheet), csv, excel (Excel or OpenDocument file), feeds (RSS, Atom, JSON Feed,
    /// or OPML lists of them) or reader (feed reader account)
    #[arg(long)]
    kind: String,
    /// URL of the sheet, the CSV or Excel file, the feed or OPML list, or the reader's server. Repeat it for several
    /// feeds
    #[arg(long, conflicts_with = "file", required_unless_present = "file")]
    url: Vec<String>,
    /// User name of the reader account; the password is read with --password-stdin
    #[arg(long, value_name = "NAME", requires_all = ["password_stdin", "url"])]
    user: Option<String>,
    /// Read the password of the account from the first line of standard input
    #[arg(long, requires = "user")]
    password_stdin: bool,
    /// File on this machine, read again at every sync: CSV, Excel, or an OPML list of feeds
    #[arg(long)]
    file: Option<PathBuf>,
    /// Column that identifies each row, such as id. Not needed for feeds and reader accounts
    #[arg(long, value_name = "COLUMN")]
    key: Option<String>,
    /// Name of the catalog [default: the slug in words]
    #[arg(long)]
    name: Option<String>,
    /// Singular and plural name of an item, such as album/albums [default: item/items, or article/articles]
    #[arg(long)]
    noun: Option<Noun>,
    /// Schedule: a cron expression, such as "0 6 * * *" [default: manual only]
    #[arg(long, value_name = "CRON")]
    schedule: Option<String>,
    /// Time zone of the schedule, such as Europe/Berlin [default: UTC]
    #[arg(long, value_name = "NAME", requires = "schedule")]
    time_zone: Option<ScheduleZone>,
    /// Age at which the catalog counts as stale, such as 24h or 7d [default: with a schedule, after three missed syncs]
    #[arg(long, value_name = "AGE")]
    stale_after: Option<MaxAge>,
    /// Make the catalog public; otherwise only users can read it
    #[arg(long)]
    public: bool,
    /// With --public: also publish columns that are hidden in the source
    #[arg(long, requires = "public")]
    publish_hidden_columns: bool,
    #[command(flatten)]
    page: PublicPageFlags,
    #[command(flatten)]
    reading: ReadFlags,
}

/// Flags for reading the content of the source.
#[derive(Args)]
struct ReadFlags {
    /// Name of the tab in a sheet or workbook [default: the tab of the link, or the first tab]
    #[arg(long, value_name = "NAME")]
    tab: Option<String>,
    /// Text encoding, such as utf-8 or windows-1252 [default: detected]
    #[arg(long, value_name = "NAME", value_parser = encoding_name)]
    encoding: Option<&'static str>,
    /// Number of the header row, which contains the column names [default: the first row that is not blank]
    #[arg(long, value_name = "ROW", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    header_row: Option<u64>,
    /// Sync even if most rows have more or fewer cells than the header
    #[arg(long)]
    accept_header_mismatch: bool,
}

/// Adds a source, after checking that its kind accepts all flags.
pub(super) fn run(app: &App, add: &SourceAddArgs) -> Result<CommandExit, CommandError> {
    check_kind(app, &add.kind)?;
    let replacement = add.file.as_ref().and_then(|path| app.control.replacement_for_file(&add.kind, path));
    let kind = replacement.map_or(add.kind.as_str(), |(kind, _)| kind);
    let schedule = parse_schedule(add)?;
    let next_run_at = match &schedule {
        Some(schedule) => schedule.next_after(app.store.now()?).map(|time| time.naive_utc()),
        None => None,
    };
    let page = add.page.to_page()?;
    let slug = &add.slug;
    let mut draft = SourceDraft {
        slug: slug.clone(),
        name: choose_name(add)?,
        noun: add.noun.clone().unwrap_or_else(|| app.control.default_noun(kind)),
        kind: kind.to_owned(),
        location: find_location(app, add, kind)?,
        key_column: choose_key_column(app, add, kind)?,
        schedule: schedule.as_ref().map(Schedule::to_stored),
        public: add.public,
        read_options: choose_read_options(app, add, kind)?,
        stale_after: add.stale_after,
    };
    if draft.public && app.control.can_hide_columns(&draft.kind) {
        draft.read_options.published_hidden_columns = find_published_columns(app, &draft, add.publish_hidden_columns)?;
    }
    let source = app.store.add_source(&draft, next_run_at)?;
    if page != source.page {
        app.store.set_public_page(source.id, &page)?;
    }
    if let Some((_, explanation)) = replacement {
        print_note(explanation);
    }
    print_note(&format!("Added {slug}. Next: `lockstep source check {slug}`, then `lockstep sync {slug}`."));
    Ok(CommandExit::Success)
}

fn parse_schedule(add: &SourceAddArgs) -> Result<Option<Schedule>, CommandError> {
    let Some(line) = &add.schedule else { return Ok(None) };
    let schedule = Schedule::in_zone(line, add.time_zone.unwrap_or(ScheduleZone::UTC_ZONE));
    schedule.map(Some).map_err(|error| CommandError::usage(format!("--schedule: {error}")))
}

fn check_kind(app: &App, kind: &str) -> Result<(), CommandError> {
    let kinds = app.control.kind_names();
    if kinds.contains(&kind) {
        return Ok(());
    }
    Err(CommandError::usage(format!("“{kind}” is not a kind of source. Kinds: {}.", kinds.join(", "))))
}

/// Returns the key column of the kind, or the one from `--key` if the kind has none.
fn choose_key_column(app: &App, add: &SourceAddArgs, kind: &str) -> Result<String, CommandError> {
    let flag = add.key.as_deref().map(str::trim).filter(|key| !key.is_empty());
    match (app.control.key_column(kind), flag) {
        (Some(fixed), Some(other)) if fixed != other => Err(CommandError::usage(format!(
            "--key: sources of the kind {kind} always use the key “{fixed}”. Leave it out."
        ))),
        (Some(fixed), _) => Ok(fixed.to_owned()),
        (None, Some(key)) => Ok(key.to_owned()),
        (None, None) => Err(CommandError::usage(
            "--key is missing. Name the column that identifies each row, such as --key id. Its values must be present \
             and unique.",
        )),
    }
}

/// Finds the hidden columns of the source that will be published. A hidden column is an error unless `is_allowed`, so
/// that it is not published by accident.
fn find_published_columns(app: &App, draft: &SourceDraft, is_allowed: bool) -> Result<Vec<String>, CommandError> {
    let reason = match app.control.probe_location(&draft.kind, &draft.location, &draft.read_options) {
        Ok(probe) => match hidden_columns_warning(&probe.hidden_columns) {
            Some(warning) if !is_allowed => warning,
            _ => return Ok(probe.hidden_columns),
        },
        Err(error) if is_allowed => {
            print_note(&format!("No hidden column is published yet, because the source could not be read: {error}"));
            return Ok(Vec::new());
        }
        Err(error) => format!("The source could not be checked for hidden columns: {error}"),
    };
    Err(CommandError::usage(format!(
        "--public: {reason} Add --publish-hidden-columns to publish all columns, or delete the hidden ones in the \
         source."
    )))
}

fn choose_read_options(app: &App, add: &SourceAddArgs, kind: &str) -> Result<ReadOptions, CommandError> {
    let ReadFlags { tab, encoding, header_row, accept_header_mismatch } = &add.reading;
    let options = ReadOptions {
        tab: tab.as_deref().map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned),
        encoding: encoding.map(str::to_owned),
        header_row: *header_row,
        accept_header_mismatch: *accept_header_mismatch,
        ..ReadOptions::default()
    };
    let flag = match options.first_unsupported(app.control.read_settings(kind)) {
        None => return Ok(options),
        Some(ReadSetting::Tab) => "--tab",
        Some(ReadSetting::Encoding) => "--encoding",
        Some(ReadSetting::HeaderRow) => "--header-row",
        Some(ReadSetting::HeaderMismatch) => "--accept-header-mismatch",
    };
    let reason = match app.control.fixed_encoding_reason(kind) {
        reason if flag == "--encoding" && !reason.is_empty() => format!(": {reason}"),
        _ => String::new(),
    };
    Err(CommandError::usage(format!("{flag}: a source of the kind {kind} has no such setting{reason}. Leave it out.")))
}

fn choose_name(add: &SourceAddArgs) -> Result<String, CommandError> {
    let Some(name) = &add.name else {
        let words = add.slug.as_str().replace('-', " ");
        let mut letters = words.trim().chars();
        let first = letters.next().map_or(add.slug.to_string(), |first| first.to_uppercase().to_string());
        return Ok(first + letters.as_str());
    };
    let name = name.trim();
    if !(1..=100).contains(&name.chars().count()) || name.contains(char::is_control) {
        return Err(CommandError::usage(
            "--name must have 1 to 100 characters and no line breaks, such as --name \"Our albums\".",
        ));
    }
    Ok(name.to_owned())
}

fn find_location(app: &App, add: &SourceAddArgs, kind: &str) -> Result<SourceLocation, CommandError> {
    let urls: Vec<String> = add.url.iter().map(|url| url.trim().to_owned()).collect();
    let (flag, location) = match (&add.file, &urls[..]) {
        (None, [only]) if add.user.is_some() => ("--url", SourceLocation::Url(build_account_url(app, add, only)?)),
        (Some(path), _) => ("--file", SourceLocation::File(find_file(path)?)),
        (None, [only]) => ("--url", SourceLocation::Url(only.clone())),
        (None, _) => ("--url", SourceLocation::Urls(urls)),
    };
    match app.control.check_location(kind, &location) {
        Ok(()) => Ok(location),
        Err(problem) => Err(CommandError::usage(format!("{flag}: {problem}"))),
    }
}

/// Builds the URL of an account with its user name and password. The password is not a command-line argument.
fn build_account_url(app: &App, add: &SourceAddArgs, server: &str) -> Result<String, CommandError> {
    if app.control.form_spec(&add.kind).is_none_or(|spec| spec.asked != AddressInput::Account) {
        return Err(CommandError::usage(format!(
            "--user: a source of the kind {} has no account. Leave it out.",
            add.kind
        )));
    }
    let user = add.user.as_deref().unwrap_or_default();
    build_account_address(server, user, &read_piped_password()?, None)
        .map_err(|problem| CommandError::usage(format!("--url: {problem}")))
}

fn find_file(path: &Path) -> Result<PathBuf, CommandError> {
    let to_error = |reason: &str| CommandError::usage(format!("--file: {} {reason}", path.display()));
    let full = std::path::absolute(path).map_err(|error| to_error(&format!("cannot be found: {error}.")))?;
    match std::fs::metadata(&full) {
        Err(error) => Err(to_error(&format!("cannot be read: {error}."))),
        Ok(data) if !data.is_file() => Err(to_error("is not a file.")),
        Ok(_) if full.to_str().is_none() => Err(to_error("has a path that is not UTF-8 text.")),
        Ok(_) => Ok(full),
    }
}
