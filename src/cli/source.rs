//! `lockstep source list`, `show`, `pause`, `resume` and `remove`. The other commands have files of their own.

use clap::{Args, Subcommand};
use serde_json::json;

use super::output::{
    CommandError, CommandExit, ask_confirmation, find_source, format_table, print_answer, print_note, to_single_line,
};
use super::public_page_flags::{format_page, to_json_page};
use super::{source_add, source_check, source_update};
use crate::app::App;
use crate::data_files::remove_upload;
use crate::domain::feed::FeedRecord;
use crate::domain::feed_names::feed_names;
use crate::domain::freshness::{CatalogFreshness, judge_freshness};
use crate::domain::location::SourceLocation;
use crate::domain::max_age::MaxAge;
use crate::domain::public_page::PublicPage;
use crate::domain::read_options::ReadOptions;
use crate::domain::run_text::requesters::COMMAND_LINE_REQUESTER;
use crate::domain::run_text::schedule_pause::{
    NO_RUNNING_SCHEDULE, SCHEDULE_NOT_PAUSED, SCHEDULE_PAUSED, SCHEDULE_RESUMED,
};
use crate::domain::run_text::{format_count, outcome_label};
use crate::domain::schedule::StoredSchedule;
use crate::domain::source::{Slug, Source};
use crate::domain::text::counts::group_digits;
use crate::domain::text::shortening::list_columns;
use crate::store::catalogs::Catalog;
use crate::store::sources::SourceChange;

/// The commands for sources.
#[derive(Subcommand)]
pub(super) enum SourceCommand {
    /// Add a source
    Add(Box<source_add::SourceAddArgs>),
    /// List the sources
    List(SourceListArgs),
    /// Show a source and its recent syncs
    Show(SourceShowArgs),
    /// Fetch a source and report problems with their fixes, without writing anything
    Check(SourceArg),
    /// Change the title, the description and who may list or embed a catalog
    Update(source_update::SourceUpdateArgs),
    /// Pause the schedule until it is resumed
    Pause(SourceArg),
    /// Resume a paused schedule
    Resume(SourceArg),
    /// Remove a source and its catalog
    Remove(SourceRemoveArgs),
}

/// A command's only argument: the source.
#[derive(Args)]
pub(super) struct SourceArg {
    /// Slug of the source, such as albums
    slug: Slug,
}

/// The arguments of `source show`.
#[derive(Args)]
pub(super) struct SourceShowArgs {
    /// Slug of the source, such as albums
    slug: Slug,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// The arguments of `source list`.
#[derive(Args)]
pub(super) struct SourceListArgs {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// The arguments of `source remove`.
#[derive(Args)]
pub(super) struct SourceRemoveArgs {
    /// Slug of the source, such as albums
    slug: Slug,
    /// Remove the source and its catalog without asking; this can't be undone
    #[arg(long)]
    yes: bool,
}

/// Runs a command for sources.
pub(super) fn run(app: &App, command: &SourceCommand) -> Result<CommandExit, CommandError> {
    match command {
        SourceCommand::Add(add) => source_add::run(app, add),
        SourceCommand::List(args) => list_sources(app, args.json),
        SourceCommand::Show(args) => show_source(app, &find_source(&app.store, &args.slug)?, args.json),
        SourceCommand::Check(args) => source_check::run(app, &find_source(&app.store, &args.slug)?),
        SourceCommand::Update(args) => source_update::run(app, args),
        SourceCommand::Pause(args) => pause_schedule(app, &find_source(&app.store, &args.slug)?),
        SourceCommand::Resume(args) => resume_schedule(app, &find_source(&app.store, &args.slug)?),
        SourceCommand::Remove(args) => remove_source(app, args),
    }
}

fn list_sources(app: &App, as_json: bool) -> Result<CommandExit, CommandError> {
    let now = app.store.now()?;
    let mut listed = Vec::new();
    for source in app.store.list_sources()? {
        // The source may have been removed in the meantime.
        let Some(catalog) = app.store.find_catalog(source.id)? else { continue };
        let Some(facts) = app.store.freshness_facts(source.id)? else { continue };
        listed.push((source, catalog, judge_freshness(&facts, now)));
    }
    if as_json {
        let all: Vec<_> =
            listed.iter().map(|(source, catalog, freshness)| to_json_object(source, catalog, *freshness)).collect();
        print_answer(&serde_json::to_string_pretty(&all)?)?;
    } else if listed.is_empty() {
        print_note("No sources yet. Add one with `lockstep source add`.");
    } else {
        let rows: Vec<Vec<String>> =
            listed.iter().map(|(source, catalog, freshness)| to_row(source, catalog, *freshness)).collect();
        print_answer(&format_table(
            &["SLUG", "NAME", "KIND", "ITEMS", "LAST SUCCESS", "FRESHNESS", "SCHEDULE", "VISIBILITY"],
            &rows,
        ))?;
    }
    Ok(CommandExit::Success)
}

fn to_json_object(source: &Source, catalog: &Catalog, freshness: CatalogFreshness) -> serde_json::Value {
    let mut object = json!({
        "slug": source.slug,
        "name": source.name,
        "noun": source.noun.to_string(),
        "kind": source.kind,
        "location": source.location.for_people(),
        "key": source.key_column,
        "schedule": source.schedule.as_ref().map(|schedule| &schedule.cron),
        "scheduleZone": source.schedule.as_ref().map(StoredSchedule::zone_name),
        "public": source.public,
        "items": catalog.item_count,
        "columns": catalog.columns,
        "staleAfter": source.stale_after.map(MaxAge::as_seconds),
        "freshness": freshness,
        "lastSuccess": catalog.last_success_at.map(|at| at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)),
    });
    if source.page != PublicPage::default() {
        object["publicPage"] = to_json_page(&source.page);
    }
    if source.read_options != ReadOptions::default() {
        object["readOptions"] = json!(source.read_options);
    }
    object
}

fn format_visibility(source: &Source) -> String {
    if source.public { "public" } else { "private" }.to_owned()
}

fn format_last_success(catalog: &Catalog) -> String {
    catalog.last_success_at.map_or("never".to_owned(), |at| at.format("%Y-%m-%d %H:%M UTC").to_string())
}

fn to_row(source: &Source, catalog: &Catalog, freshness: CatalogFreshness) -> Vec<String> {
    vec![
        source.slug.to_string(),
        source.name.clone(),
        source.kind.clone(),
        catalog.item_count.to_string(),
        format_last_success(catalog),
        freshness.state.to_string(),
        source.schedule.as_ref().map_or("manual".to_owned(), ToString::to_string),
        format_visibility(source),
    ]
}

fn show_source(app: &App, source: &Source, as_json: bool) -> Result<CommandExit, CommandError> {
    let catalog = app.store.find_catalog(source.id)?;
    let now = app.store.now()?;
    let facts = app.store.freshness_facts(source.id)?;
    let freshness = facts.map_or(CatalogFreshness::unknown(), |facts| judge_freshness(&facts, now));
    if as_json {
        let object = to_json_object(source, &catalog.unwrap_or_default(), freshness);
        print_answer(&serde_json::to_string_pretty(&object)?)?;
        return Ok(CommandExit::Success);
    }
    let schedule = match source.schedule.as_ref().map(|schedule| (&schedule.cron, schedule.parse())) {
        None => "manual only".to_owned(),
        Some((line, Ok(schedule))) => format!("{line}, {}", schedule.in_words()),
        Some((line, Err(error))) => format!("{line}, turned off: {error}"),
    };
    let mut facts = vec![
        ("slug", source.slug.to_string()),
        ("name", source.name.clone()),
        ("noun", source.noun.to_string()),
        ("kind", source.kind.clone()),
        ("location", source.location.for_people()),
        ("key column", source.key_column.clone()),
        ("schedule", schedule),
        ("visibility", format_visibility(source)),
    ];
    if let Some(catalog) = catalog {
        facts.push(("items", catalog.item_count.to_string()));
        facts.push(("columns", catalog.columns.join(", ")));
        facts.push(("last success", format_last_success(&catalog)));
    }
    facts.extend(format_page(&source.page));
    facts.push(("freshness", freshness.to_string()));
    facts.extend(source.stale_after.map(|age| ("stale after", age.to_string())));
    facts.extend(format_read_options(&source.read_options));
    facts.extend(format_feed_health(&app.store.feed_records(source.id)?));
    if let Some(active) = app.store.active_run(source.id)? {
        facts.push(("running now", active.to_string()));
    }
    for record in app.store.recent_records(Some(source.id), 5)? {
        let ended = record.finished_at.format("%Y-%m-%d %H:%M UTC");
        let outcome = outcome_label(record.summary.status, &record.summary.stats).to_lowercase();
        facts.push(("past sync", format!("{ended}  {}  {outcome}  {}", record.summary.id, record.summary.message)));
    }
    let rows: Vec<Vec<String>> = facts.into_iter().map(|(name, value)| vec![name.to_owned(), value]).collect();
    let text = format_table(&["", ""], &rows);
    print_answer(text.trim_start())?;
    Ok(CommandExit::Success)
}

/// Formats the read options that are set.
fn format_read_options(options: &ReadOptions) -> Vec<(&'static str, String)> {
    let ReadOptions { tab, encoding, header_row, accept_header_mismatch, published_hidden_columns } = options;
    let published = Some(list_columns(published_hidden_columns)).filter(|names| !names.is_empty());
    let mismatch = accept_header_mismatch.then(|| "accepted".to_owned());
    let facts = [
        ("tab", tab.clone()),
        ("encoding", encoding.clone()),
        ("header row", header_row.map(|row| row.to_string())),
        ("header mismatch", mismatch),
        ("hidden columns published", published),
    ];
    facts.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

/// Formats the health of a source's feeds: a line with the counts, and one for each feed that fails.
fn format_feed_health(feeds: &[FeedRecord]) -> Vec<(&'static str, String)> {
    let names = feed_names(feeds);
    let failing: Vec<(&FeedRecord, String)> = feeds.iter().zip(names).filter(|(feed, _)| feed.has_failed()).collect();
    if feeds.is_empty() {
        return Vec::new();
    }
    let mut facts = vec![(
        "feeds",
        format!("{}, {} failing", group_digits(feeds.len() as u64), group_digits(failing.len() as u64)),
    )];
    facts.extend(failing.into_iter().map(|(feed, name)| {
        let times = if feed.failures == 1 { "once".to_owned() } else { format!("{} times in a row", feed.failures) };
        let why = feed.error.as_ref().map(|(_, message)| format!(": {message}")).unwrap_or_default();
        ("failing feed", to_single_line(&format!("{name}  failed {times}{why}")))
    }));
    facts
}

fn pause_schedule(app: &App, source: &Source) -> Result<CommandExit, CommandError> {
    if app.control.pause_schedule(source, COMMAND_LINE_REQUESTER)? {
        print_note(SCHEDULE_PAUSED);
        Ok(CommandExit::Success)
    } else {
        Err(CommandError::failed(NO_RUNNING_SCHEDULE))
    }
}

fn resume_schedule(app: &App, source: &Source) -> Result<CommandExit, CommandError> {
    if app.control.resume_schedule(source)? {
        print_note(SCHEDULE_RESUMED);
        Ok(CommandExit::Success)
    } else {
        Err(CommandError::failed(SCHEDULE_NOT_PAUSED))
    }
}

fn remove_source(app: &App, args: &SourceRemoveArgs) -> Result<CommandExit, CommandError> {
    let source = find_source(&app.store, &args.slug)?;
    let slug = &source.slug;
    let items = app.store.find_catalog(source.id)?.map_or(0, |catalog| catalog.item_count);
    let items = format_count(&source.noun, items);
    let question = format!("Remove {slug} and its catalog of {items}? This can't be undone.");
    if !args.yes && !ask_confirmation(&question)? {
        print_note("Nothing removed.");
        return Ok(CommandExit::Cancelled);
    }
    match app.store.remove_source(source.id)? {
        SourceChange::Done => {
            print_note(&format!("Removed {slug} and its catalog of {items}."));
            let uploads = app.data_dir().join("uploads");
            if let SourceLocation::Upload(upload) = &source.location
                && let Err(error) = remove_upload(&uploads, upload)
            {
                print_note(&format!("Its file {} could not be deleted: {error}", uploads.join(upload).display()));
            }
            Ok(CommandExit::Success)
        }
        SourceChange::Busy => {
            let active = app.store.active_run(source.id)?.map_or("a sync".to_owned(), |id| id.to_string());
            Err(CommandError::busy(format!(
                "{slug} is syncing ({active}). Nothing removed; try again when the sync has finished."
            )))
        }
        SourceChange::NoSuchSource => {
            Err(CommandError::usage(format!("the source {slug} was removed in the meantime.")))
        }
    }
}
