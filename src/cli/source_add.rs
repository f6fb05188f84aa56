//! `lockstep source add`.

use std::path::{Path, PathBuf};

use clap::Args;
use url::Url;

use super::output::{Exit, Trouble, note};
use crate::app::App;
use crate::domain::schedule::Schedule;
use crate::domain::sheet_link::SheetLink;
use crate::domain::source::{Location, Noun, Slug, SourceDraft};

/// A source to be added.
#[derive(Args)]
pub(super) struct Add {
    /// The source's name in addresses and on the command line: a to z, 0 to 9 and hyphens, such as albums
    slug: Slug,
    /// What kind of place it is: sheet (a Google Sheet) or csv
    #[arg(long)]
    kind: String,
    /// Its address: a link to the sheet, or the address of the CSV
    #[arg(long, conflicts_with = "file", required_unless_present = "file")]
    url: Option<String>,
    /// A CSV file of this machine, read anew at every sync
    #[arg(long)]
    file: Option<PathBuf>,
    /// The column that tells entries apart, such as id
    #[arg(long, value_name = "COLUMN")]
    key: Option<String>,
    /// Its name for people; default the slug in words
    #[arg(long)]
    name: Option<String>,
    /// What one entry and many are called, such as album/albums
    #[arg(long, default_value_t = Noun::default())]
    noun: Noun,
    /// When it is synced by itself: a cron line in UTC, such as "0 6 * * *"; default by hand only
    #[arg(long, value_name = "CRON")]
    schedule: Option<Schedule>,
    /// Let everybody read its catalog, not only users
    #[arg(long)]
    public: bool,
}

/// Kinds that the design has and this version has not.
const LATER: [&str; 2] = ["feeds", "reader"];

/// Does it.
pub(super) fn run(app: &App, add: &Add) -> Result<Exit, Trouble> {
    let kinds = app.control.kinds();
    if !kinds.contains(&add.kind.as_str()) {
        let known = kinds.join(", ");
        return Err(Trouble::usage(if LATER.contains(&add.kind.as_str()) {
            format!("this version has no sources of the kind {} yet. It has: {known}.", add.kind)
        } else {
            format!("there is no kind of source called “{}”. There are: {known}.", add.kind)
        }));
    }
    let Some(key) = add.key.as_deref().map(str::trim).filter(|key| !key.is_empty()) else {
        return Err(Trouble::usage(
            "--key is missing: name the column that tells entries apart, such as --key id. Its cells must all be \
             filled and different.",
        ));
    };
    let next_run_at = match &add.schedule {
        Some(schedule) => schedule.next_after(app.store.now()?).map(|time| time.naive_utc()),
        None => None,
    };
    let slug = &add.slug;
    let draft = SourceDraft {
        slug: slug.clone(),
        name: name(add)?,
        noun: add.noun.clone(),
        kind: add.kind.clone(),
        location: location(add)?,
        key_column: key.to_owned(),
        schedule: add.schedule.as_ref().map(ToString::to_string),
        public: add.public,
    };
    app.store.add_source(&draft, next_run_at)?;
    note(&format!("Added {slug}. Next: `lockstep source check {slug}`, then `lockstep sync {slug}`."));
    Ok(Exit::Fine)
}

fn name(add: &Add) -> Result<String, Trouble> {
    let Some(name) = &add.name else {
        let words = add.slug.as_str().replace('-', " ");
        let mut letters = words.trim().chars();
        let first = letters.next().map_or(add.slug.to_string(), |first| first.to_uppercase().to_string());
        return Ok(first + letters.as_str());
    };
    let name = name.trim();
    if !(1..=100).contains(&name.chars().count()) || name.contains(char::is_control) {
        return Err(Trouble::usage(
            "--name has 1 to 100 characters and no line breaks, such as --name \"Our albums\".",
        ));
    }
    Ok(name.to_owned())
}

fn location(add: &Add) -> Result<Location, Trouble> {
    match (&add.file, &add.url) {
        (Some(_), _) if add.kind != "csv" => {
            Err(Trouble::usage("--file is for CSV files: use --kind csv, or give the link to the sheet with --url."))
        }
        (Some(path), _) => file(path).map(Location::File),
        (None, Some(url)) if add.kind == "sheet" => match url.parse::<SheetLink>() {
            Ok(_) => Ok(Location::Url(url.trim().to_owned())),
            Err(error) => Err(Trouble::usage(format!("--url: {error}"))),
        },
        (None, Some(url)) => web_address(url).map(Location::Url),
        // The parser of arguments asks for one of them.
        (None, None) => Err(Trouble::usage("--url or --file is missing.")),
    }
}

fn file(path: &Path) -> Result<PathBuf, Trouble> {
    let wrong = |why: &str| Trouble::usage(format!("--file: {} {why}", path.display()));
    let full = std::path::absolute(path).map_err(|error| wrong(&format!("cannot be found: {error}.")))?;
    match std::fs::metadata(&full) {
        Err(error) => Err(wrong(&format!("cannot be read: {error}."))),
        Ok(data) if !data.is_file() => Err(wrong("is not a file.")),
        Ok(_) if full.to_str().is_none() => Err(wrong("has a name that is not UTF-8 text and cannot be kept.")),
        Ok(_) => Ok(full),
    }
}

fn web_address(text: &str) -> Result<String, Trouble> {
    let text = text.trim();
    let fits = Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    if fits {
        return Ok(text.to_owned());
    }
    Err(Trouble::usage(
        "--url: that is not an address. It begins with https:// or http://, such as https://example.com/albums.csv; \
         for a file of this machine use --file.",
    ))
}
