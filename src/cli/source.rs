//! `lockstep source list`, `show` and `remove`, and the way to `add` and `check`.

use clap::{Args, Subcommand};
use serde_json::json;

use super::output::{CommandError, CommandExit, answer, confirmed, known_source, note, one_line, table};
use super::{source_add, source_check};
use crate::app::App;
use crate::domain::feed::FeedRecord;
use crate::domain::feed_names::feed_names;
use crate::domain::read_options::ReadOptions;
use crate::domain::rows::row::listed_columns;
use crate::domain::run_text::counted;
use crate::domain::run_text::outcome;
use crate::domain::schedule::Schedule;
use crate::domain::source::{Slug, Source};
use crate::domain::text::counts::grouped;
use crate::store::catalogs::Catalog;
use crate::store::sources::SourceChange;

/// What can be done with sources.
#[derive(Subcommand)]
pub(super) enum SourceCommand {
    /// Add a source.
    Add(Box<source_add::SourceAddArgs>),
    /// List the sources.
    List(SourceListArgs),
    /// Show everything about a source and its last syncs.
    Show(SourceArg),
    /// Fetch a source, write nothing, and say what is wrong and how to mend it.
    Check(SourceArg),
    /// Remove a source with its catalog.
    Remove(SourceRemoveArgs),
}

/// A source by its slug.
#[derive(Args)]
pub(super) struct SourceArg {
    /// The source's slug, such as albums
    slug: Slug,
}

/// How to list.
#[derive(Args)]
pub(super) struct SourceListArgs {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// A source to be removed.
#[derive(Args)]
pub(super) struct SourceRemoveArgs {
    /// The source's slug, such as albums
    slug: Slug,
    /// Do not ask; its catalog goes with it and does not come back
    #[arg(long)]
    yes: bool,
}

/// Does it.
pub(super) fn run(app: &App, command: &SourceCommand) -> Result<CommandExit, CommandError> {
    match command {
        SourceCommand::Add(add) => source_add::run(app, add),
        SourceCommand::List(args) => list(app, args.json),
        SourceCommand::Show(which) => show(app, &known_source(&app.store, &which.slug)?),
        SourceCommand::Check(which) => source_check::run(app, &known_source(&app.store, &which.slug)?),
        SourceCommand::Remove(args) => remove(app, args),
    }
}

fn list(app: &App, as_json: bool) -> Result<CommandExit, CommandError> {
    let mut listed = Vec::new();
    for source in app.store.sources()? {
        // Removed in the meantime.
        let Some(catalog) = app.store.catalog(source.id)? else { continue };
        listed.push((source, catalog));
    }
    if as_json {
        let all: Vec<_> = listed.iter().map(|(source, catalog)| as_object(source, catalog)).collect();
        answer(&serde_json::to_string_pretty(&all)?)?;
    } else if listed.is_empty() {
        note("There are no sources yet; `lockstep source add` adds one.");
    } else {
        let rows: Vec<Vec<String>> = listed.iter().map(|(source, catalog)| row(source, catalog)).collect();
        answer(&table(&["SLUG", "NAME", "KIND", "ITEMS", "LAST SUCCESS", "SCHEDULE", "READERS"], &rows))?;
    }
    Ok(CommandExit::Fine)
}

fn as_object(source: &Source, catalog: &Catalog) -> serde_json::Value {
    let mut object = json!({
        "slug": source.slug,
        "name": source.name,
        "noun": source.noun.to_string(),
        "kind": source.kind,
        "location": source.location.for_people(),
        "key": source.key_column,
        "schedule": source.schedule,
        "public": source.public,
        "items": catalog.item_count,
        "columns": catalog.columns,
        "lastSuccess": catalog.last_success_at.map(|at| at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)),
    });
    if source.read_options != ReadOptions::default() {
        object["readOptions"] = json!(source.read_options);
    }
    object
}

fn readers(source: &Source) -> String {
    if source.public { "everybody" } else { "users" }.to_owned()
}

fn last_success(catalog: &Catalog) -> String {
    catalog.last_success_at.map_or("never".to_owned(), |at| at.format("%Y-%m-%d %H:%M UTC").to_string())
}

fn row(source: &Source, catalog: &Catalog) -> Vec<String> {
    vec![
        source.slug.to_string(),
        source.name.clone(),
        source.kind.clone(),
        catalog.item_count.to_string(),
        last_success(catalog),
        source.schedule.clone().unwrap_or("by hand".to_owned()),
        readers(source),
    ]
}

fn show(app: &App, source: &Source) -> Result<CommandExit, CommandError> {
    let schedule = match source.schedule.as_deref().map(|line| (line, line.parse::<Schedule>())) {
        None => "none, synced by hand".to_owned(),
        Some((line, Ok(schedule))) => format!("{line}, {}", schedule.in_words()),
        Some((line, Err(_))) => line.to_owned(),
    };
    let mut facts = vec![
        ("slug", source.slug.to_string()),
        ("name", source.name.clone()),
        ("noun", source.noun.to_string()),
        ("kind", source.kind.clone()),
        ("location", source.location.for_people()),
        ("key column", source.key_column.clone()),
        ("schedule", schedule),
        ("readers", readers(source)),
    ];
    if let Some(catalog) = app.store.catalog(source.id)? {
        facts.push(("items", catalog.item_count.to_string()));
        facts.push(("columns", catalog.columns.join(", ")));
        facts.push(("last success", last_success(&catalog)));
    }
    facts.extend(read_facts(&source.read_options));
    facts.extend(feed_facts(&app.store.feeds(source.id)?));
    if let Some(active) = app.store.active_run(source.id)? {
        facts.push(("running now", active.to_string()));
    }
    for record in app.store.recent_records(Some(source.id), 5)? {
        let ended = record.finished_at.format("%Y-%m-%d %H:%M UTC");
        let outcome = outcome(record.status, &record.stats).to_lowercase();
        facts.push(("past sync", format!("{ended}  {}  {outcome}  {}", record.id, record.message)));
    }
    let rows: Vec<Vec<String>> = facts.into_iter().map(|(name, value)| vec![name.to_owned(), value]).collect();
    let text = table(&["", ""], &rows);
    answer(text.trim_start())?;
    Ok(CommandExit::Fine)
}

/// How the content of a source is read, as far as that is set.
fn read_facts(options: &ReadOptions) -> Vec<(&'static str, String)> {
    let ReadOptions { tab, encoding, header_row, accept_header_mismatch, published_hidden_columns } = options;
    let published = Some(listed_columns(published_hidden_columns)).filter(|names| !names.is_empty());
    let mismatch = accept_header_mismatch.then(|| "synced all the same".to_owned());
    let facts = [
        ("tab", tab.clone()),
        ("encoding", encoding.clone()),
        ("header row", header_row.map(|row| row.to_string())),
        ("rows that do not fit the header", mismatch),
        ("hidden columns published", published),
    ];
    facts.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

/// How the feeds of a source fare: a line for all, and one for each that failed.
fn feed_facts(feeds: &[FeedRecord]) -> Vec<(&'static str, String)> {
    let names = feed_names(feeds);
    let failing: Vec<(&FeedRecord, String)> = feeds.iter().zip(names).filter(|(feed, _)| feed.has_failed()).collect();
    if feeds.is_empty() {
        return Vec::new();
    }
    let mut facts =
        vec![("feeds", format!("{}, {} failing", grouped(feeds.len() as u64), grouped(failing.len() as u64)))];
    facts.extend(failing.into_iter().map(|(feed, name)| {
        let times = if feed.failures == 1 { "once".to_owned() } else { format!("{} times in a row", feed.failures) };
        let why = feed.error.as_ref().map(|(_, sentence)| format!(": {sentence}")).unwrap_or_default();
        ("failing feed", one_line(&format!("{name}  failed {times}{why}")))
    }));
    facts
}

fn remove(app: &App, args: &SourceRemoveArgs) -> Result<CommandExit, CommandError> {
    let source = known_source(&app.store, &args.slug)?;
    let slug = &source.slug;
    let items = app.store.catalog(source.id)?.map_or(0, |catalog| catalog.item_count);
    let items = counted(&source.noun, items);
    let question = format!("This removes {slug} with its catalog of {items}, for good. Go on?");
    if !args.yes && !confirmed(&question)? {
        note("Nothing was removed.");
        return Ok(CommandExit::Cancelled);
    }
    match app.store.remove_source(source.id)? {
        SourceChange::Done => {
            note(&format!("Removed {slug} with its catalog of {items}."));
            Ok(CommandExit::Fine)
        }
        SourceChange::Busy => {
            let active = app.store.active_run(source.id)?.map_or("a sync".to_owned(), |id| id.to_string());
            Err(CommandError::busy(format!(
                "{slug} is being synced ({active}); nothing was removed. Try again when the sync has ended."
            )))
        }
        SourceChange::Gone => Err(CommandError::usage(format!("{slug} has just been removed by somebody else."))),
    }
}
