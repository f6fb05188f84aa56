//! `lockstep source add`.

use std::path::{Path, PathBuf};

use clap::Args;

use super::output::{CommandError, CommandExit, note};
use super::user::piped_password;
use crate::app::App;
use crate::domain::location::SourceLocation;
use crate::domain::read_options::{ReadOptions, ReadSetting};
use crate::domain::schedule::Schedule;
use crate::domain::source::{Noun, Slug, SourceDraft};
use crate::domain::source_form_spec::AddressInput;
use crate::domain::source_probe::hidden_columns_warning;
use crate::domain::text::encoding::encoding_name;
use crate::domain::text::redaction::account;

/// A source to be added.
#[derive(Args)]
pub(super) struct SourceAddArgs {
    /// The source's name in addresses and on the command line: a to z, 0 to 9 and hyphens, such as albums
    slug: Slug,
    /// What kind of place it is: sheet (a Google Sheet), csv, excel (an Excel or OpenDocument file), feeds (RSS,
    /// Atom, JSON Feed, or lists of them as OPML) or reader (an account with a feed reader)
    #[arg(long)]
    kind: String,
    /// Its address: a link to the sheet, the address of the CSV, of a feed or of a list of feeds, of the reader's
    /// server. For feeds it may be given several times
    #[arg(long, conflicts_with = "file", required_unless_present = "file")]
    url: Vec<String>,
    /// The user name of the account, where one is mirrored; the password comes with --password-stdin
    #[arg(long, value_name = "NAME", requires_all = ["password_stdin", "url"])]
    user: Option<String>,
    /// Read the password of the account from standard input, up to the end of its first line
    #[arg(long, requires = "user")]
    password_stdin: bool,
    /// A file of this machine, read anew at every sync: a CSV, a workbook, or a list of feeds (OPML)
    #[arg(long)]
    file: Option<PathBuf>,
    /// The column that tells entries apart, such as id; feeds and reader accounts need none
    #[arg(long, value_name = "COLUMN")]
    key: Option<String>,
    /// Its name for people; default the slug in words
    #[arg(long)]
    name: Option<String>,
    /// What one entry and many are called, such as album/albums; default item/items, or article/articles
    #[arg(long)]
    noun: Option<Noun>,
    /// When it is synced by itself: a cron line in UTC, such as "0 6 * * *"; default by hand only
    #[arg(long, value_name = "CRON")]
    schedule: Option<Schedule>,
    /// Let everybody read its catalog, not only users
    #[arg(long)]
    public: bool,
    /// With --public: publish the columns that are hidden in a workbook, too
    #[arg(long, requires = "public")]
    publish_hidden_columns: bool,
    #[command(flatten)]
    reading: ReadFlags,
}

/// How the content is read; what is not given is detected.
#[derive(Args)]
struct ReadFlags {
    /// The tab of a sheet or workbook, by name; default the tab of the link, else the first
    #[arg(long, value_name = "NAME")]
    tab: Option<String>,
    /// The text encoding of a file or of feeds, such as utf-8 or windows-1252; default detected
    #[arg(long, value_name = "NAME", value_parser = encoding_name)]
    encoding: Option<&'static str>,
    /// The row that names the columns, from 1; default the first row that is not blank
    #[arg(long, value_name = "ROW", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    header_row: Option<u64>,
    /// Sync even where most rows have more or fewer cells than the header
    #[arg(long)]
    accept_header_mismatch: bool,
}

/// Does it.
pub(super) fn run(app: &App, add: &SourceAddArgs) -> Result<CommandExit, CommandError> {
    let kinds = app.control.kinds();
    if !kinds.contains(&add.kind.as_str()) {
        let known = kinds.join(", ");
        return Err(CommandError::usage(format!(
            "there is no kind of source called “{}”. There are: {known}.",
            add.kind
        )));
    }
    let stand_in = add.file.as_ref().and_then(|path| app.control.stand_in_for_file(&add.kind, path));
    let kind = stand_in.map_or(add.kind.as_str(), |(kind, _)| kind);
    let own_key = app.control.key_column(kind);
    let given_key = add.key.as_deref().map(str::trim).filter(|key| !key.is_empty());
    if let (Some(own), Some(given)) = (own_key, given_key)
        && own != given
    {
        return Err(CommandError::usage(format!(
            "--key: sources of the kind {kind} tell their entries apart by themselves (by “{own}”). Leave it out."
        )));
    }
    let Some(key) = own_key.or(given_key) else {
        return Err(CommandError::usage(
            "--key is missing: name the column that tells entries apart, such as --key id. Its cells must all be \
             filled and different.",
        ));
    };
    let next_run_at = match &add.schedule {
        Some(schedule) => schedule.next_after(app.store.now()?).map(|time| time.naive_utc()),
        None => None,
    };
    let slug = &add.slug;
    let mut draft = SourceDraft {
        slug: slug.clone(),
        name: name(add)?,
        noun: add.noun.clone().unwrap_or_else(|| app.control.noun(kind)),
        kind: kind.to_owned(),
        location: location(app, add, kind)?,
        key_column: key.to_owned(),
        schedule: add.schedule.as_ref().map(ToString::to_string),
        public: add.public,
        read_options: read_options(app, add, kind)?,
    };
    if draft.public && app.control.can_hide_columns(&draft.kind) {
        draft.read_options.published_hidden_columns = hidden_columns(app, &draft, add.publish_hidden_columns)?;
    }
    app.store.add_source(&draft, next_run_at)?;
    if let Some((_, taken_as)) = stand_in {
        note(taken_as);
    }
    note(&format!("Added {slug}. Next: `lockstep source check {slug}`, then `lockstep sync {slug}`."));
    Ok(CommandExit::Fine)
}

/// The columns that are hidden in the source and are to be published: what nobody sees there must not become public by
/// accident.
fn hidden_columns(app: &App, draft: &SourceDraft, is_allowed: bool) -> Result<Vec<String>, CommandError> {
    let why = match app.control.look(&draft.kind, &draft.location, &draft.read_options) {
        Ok(look) => match hidden_columns_warning(&look.hidden_columns) {
            Some(warning) if !is_allowed => warning,
            _ => return Ok(look.hidden_columns),
        },
        Err(error) if is_allowed => {
            note(&format!("No hidden column is published yet, because they could not be looked up: {error}"));
            return Ok(Vec::new());
        }
        Err(error) => format!("Whether columns are hidden in the source could not be checked: {error}"),
    };
    Err(CommandError::usage(format!(
        "--public: {why} Add --publish-hidden-columns to publish all columns, or delete the hidden ones in the source."
    )))
}

fn read_options(app: &App, add: &SourceAddArgs, kind: &str) -> Result<ReadOptions, CommandError> {
    let ReadFlags { tab, encoding, header_row, accept_header_mismatch } = &add.reading;
    let options = ReadOptions {
        tab: tab.as_deref().map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned),
        encoding: encoding.map(str::to_owned),
        header_row: *header_row,
        accept_header_mismatch: *accept_header_mismatch,
        ..ReadOptions::default()
    };
    let flag = match options.first_ignored(app.control.read_settings(kind)) {
        None => return Ok(options),
        Some(ReadSetting::Tab) => "--tab",
        Some(ReadSetting::Encoding) => "--encoding",
        Some(ReadSetting::HeaderRow) => "--header-row",
        Some(ReadSetting::HeaderMismatch) => "--accept-header-mismatch",
    };
    let why = match app.control.fixed_encoding(kind) {
        why if flag == "--encoding" && !why.is_empty() => format!(": {why}"),
        _ => String::new(),
    };
    Err(CommandError::usage(format!("{flag}: a source of the kind {kind} has no such setting{why}. Leave it out.")))
}

fn name(add: &SourceAddArgs) -> Result<String, CommandError> {
    let Some(name) = &add.name else {
        let words = add.slug.as_str().replace('-', " ");
        let mut letters = words.trim().chars();
        let first = letters.next().map_or(add.slug.to_string(), |first| first.to_uppercase().to_string());
        return Ok(first + letters.as_str());
    };
    let name = name.trim();
    if !(1..=100).contains(&name.chars().count()) || name.contains(char::is_control) {
        return Err(CommandError::usage(
            "--name has 1 to 100 characters and no line breaks, such as --name \"Our albums\".",
        ));
    }
    Ok(name.to_owned())
}

fn location(app: &App, add: &SourceAddArgs, kind: &str) -> Result<SourceLocation, CommandError> {
    let urls: Vec<String> = add.url.iter().map(|url| url.trim().to_owned()).collect();
    let (flag, location) = match (&add.file, &urls[..]) {
        (None, [only]) if add.user.is_some() => ("--url", SourceLocation::Url(account_at(app, add, only)?)),
        (Some(path), _) => ("--file", SourceLocation::File(file(path)?)),
        (None, [only]) => ("--url", SourceLocation::Url(only.clone())),
        (None, _) => ("--url", SourceLocation::Urls(urls)),
    };
    match app.control.accepts(kind, &location) {
        Ok(()) => Ok(location),
        Err(wrong) => Err(CommandError::usage(format!("{flag}: {wrong}"))),
    }
}

/// The address of an account: its server with user name and password, which stay off the command line.
fn account_at(app: &App, add: &SourceAddArgs, server: &str) -> Result<String, CommandError> {
    if app.control.way_in(&add.kind).is_none_or(|way| way.asked != AddressInput::Account) {
        return Err(CommandError::usage(format!(
            "--user: a source of the kind {} is no account. Leave it out.",
            add.kind
        )));
    }
    let user = add.user.as_deref().unwrap_or_default();
    account(server, user, &piped_password()?, None).map_err(|wrong| CommandError::usage(format!("--url: {wrong}")))
}

fn file(path: &Path) -> Result<PathBuf, CommandError> {
    let wrong = |why: &str| CommandError::usage(format!("--file: {} {why}", path.display()));
    let full = std::path::absolute(path).map_err(|error| wrong(&format!("cannot be found: {error}.")))?;
    match std::fs::metadata(&full) {
        Err(error) => Err(wrong(&format!("cannot be read: {error}."))),
        Ok(data) if !data.is_file() => Err(wrong("is not a file.")),
        Ok(_) if full.to_str().is_none() => Err(wrong("has a name that is not UTF-8 text and cannot be kept.")),
        Ok(_) => Ok(full),
    }
}
