//! Builds the views of the history: the lines of the list, and the page of one run from its record and lists.

use std::collections::HashMap;

use chrono::Utc;

use super::attempt_list::{attempt_lines, retry_lines};
use super::change_section::build_change_section;
use super::issue_view::{CorrectionResult, IssueSection};
use super::issues::issue_section;
use super::list_query::RunListQuery;
use super::lists::add_issues;
use super::run_steps::{add_steps, find_followers, find_target};
use super::timeline::{elapsed_label, stage_lines};
use super::view::{FactValue, RunLine, RunPage};
use crate::domain::account::{Actor, Role};
use crate::domain::operation::{Mode, OperationKind};
use crate::domain::record::{ActiveRun, HistoryRun, RunAttempt, SyncRecord};
use crate::domain::removal_review::RemovalReview;
use crate::domain::run_text::run_outcome_label;
use crate::domain::run_text::run_state::AdvicePlace;
use crate::domain::source::{Noun, Slug, Source, SourceId};
use crate::domain::text::measures;
use crate::web::http::app_state::AppState;
use crate::web::http::error::WebError;
use crate::web::http::form::{FormValues, trimmed_value};
use crate::web::layout::freshness_mark::find_mark;
use crate::web::layout::page::page_frame;
use crate::web::layout::time_label::{TimeLabel, exact_time_label, time_label};
use crate::web::layout::view::{NavSection, counted};
use crate::web::panel::run_view::RunView;
use crate::web::panel::second_steps::{RunSteps, SourceSteps};

/// The sources by their ids.
pub(super) type SourceNames<'a> = HashMap<SourceId, &'a Source>;

/// A finished run as a line of the list.
pub(super) fn finished_line(
    state: &AppState,
    record: &SyncRecord,
    sources: &SourceNames<'_>,
    open_reviews: &[RemovalReview],
) -> RunLine {
    let queued_at = time_label(record.timestamps.created_at);
    let mut run = RunView::of_record(record);
    run.has_open_review = open_reviews.iter().any(|review| record.review == Some(review.id));
    line(state, &record.summary.source, sources.get(&record.source_id).copied(), run, queued_at)
}

/// An active run as a line of the list.
pub(super) fn active_line(state: &AppState, run: &ActiveRun, sources: &SourceNames<'_>) -> Result<RunLine, WebError> {
    let queued_at = time_label(run.timestamps.created_at);
    Ok(line(state, &run.summary.source, sources.get(&run.source_id).copied(), active_view(state, run)?, queued_at))
}

fn line(state: &AppState, slug: &Slug, source: Option<&Source>, run: RunView, queued_at: TimeLabel) -> RunLine {
    RunLine {
        href: state.links.run(&run.sync_id),
        slug: source.map_or(slug, |source| &source.slug).to_string(),
        source: source.map_or(slug.as_str(), |source| &source.name).to_owned(),
        is_source_removed: source.is_none(),
        kind_label: kind_and_mode_label(&run),
        run,
        queued_at,
        freshness: None,
    }
}

/// The kind of a run: "Full sync".
fn kind_and_mode_label(run: &RunView) -> &'static str {
    if run.kind == OperationKind::Sync && run.is_full { "Full sync" } else { run.kind_label() }
}

/// An active run with its live status, so that its progress is never less than the panel showed a moment ago.
fn active_view(state: &AppState, run: &ActiveRun) -> Result<RunView, WebError> {
    let report = state.board.get(run.summary.id)?.filter(|report| report.summary.status.is_active());
    let view = match report {
        Some(report) => RunView::of_report(report, 0),
        None => RunView::new(run.summary.clone()),
    };
    Ok(RunView { requested_by: Some(run.requested_by.clone()), is_full: run.mode == Mode::Full, ..view })
}

/// The page of one run. `query` selects the changes and the pages of the lists; `correction` is the result of an upload
/// of corrected rows.
pub(super) fn build_run_page(
    state: &AppState,
    actor: &Actor,
    run: &HistoryRun,
    query: &FormValues,
    correction: Option<CorrectionResult>,
) -> Result<RunPage, WebError> {
    let (source_id, timestamps, now) = (run.source_id(), run.timestamps(), Utc::now());
    let source = state.store.source_by_id(source_id)?;
    let noun = source.as_ref().map_or_else(Noun::default, |source| source.noun.clone());
    let attempts = state.store.list_attempts(run)?;
    let view = match run {
        HistoryRun::Active(run) => active_view(state, run)?,
        HistoryRun::Ended(record) => ended_view(state, record)?,
    };
    let line = line(state, &run.run_summary().source, source.as_ref(), view, time_label(timestamps.created_at));
    let title = page_title(&line);
    let mut page = RunPage {
        frame: page_frame(state, Some(actor), title, NavSection::History)?,
        facts: run_facts(run, &line, &attempts),
        slug: line.slug,
        source: line.source,
        is_source_removed: line.is_source_removed,
        queued_at: line.queued_at,
        freshness: find_mark(state, source_id, Some(actor))?,
        stages: stage_lines(run, now),
        attempts: retry_lines(state, attempt_lines(state, &attempts, run), run)?,
        changes: None,
        issues: IssueSection::default(),
        target: None,
        followers: Vec::new(),
        run_steps: RunSteps::default(),
        source_steps: SourceSteps::default(),
        elapsed: elapsed_label(run, now),
        ended_at: run.finished_at().map(exact_time_label),
        may_read_log: actor.role == Role::Admin,
        may_retry_feeds: false,
        run: line.run,
    };
    if let HistoryRun::Ended(record) = run {
        // The changes of a run are deleted with its source.
        if !page.is_source_removed {
            page.changes = build_change_section(state, record, &noun.one, &RunListQuery::parse(query))?;
        }
        if record.issues > 0 {
            let counts = state.store.count_kept_issues(record.summary.id)?;
            let corrected = || trimmed_value(query, "corrected").parse().ok().map(CorrectionResult::Corrected);
            let correction = correction.or_else(corrected);
            page.issues = issue_section(state, actor, record, source.as_ref(), counts, correction);
            // The link to a cell names the spreadsheet, which only admins may know.
            let linked = source.as_ref().filter(|_| actor.role == Role::Admin);
            add_issues(state, &mut page, record, linked, counts.total(), query)?;
        }
        page.target = find_target(state, record)?;
        page.followers = find_followers(state, record)?;
        if let Some(source) = &source {
            add_steps(state, &mut page, actor, record, source)?;
        }
        page.run.advice_place = AdvicePlace::History;
    }
    Ok(page)
}

/// The title of the page: "Albums: sync completed, 3 rows skipped". An active run has its state in the heading.
fn page_title(line: &RunLine) -> String {
    let run = &line.run;
    let label = match run.status.is_active() {
        true => run_outcome_label(run.kind, run.status, &run.stats),
        false => run.title(),
    };
    format!("{}: {}", line.source, lower_first(&label))
}

/// A text that begins with a small letter.
pub(super) fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

/// A finished run with the retry that waits for its time, if there is one.
fn ended_view(state: &AppState, record: &SyncRecord) -> Result<RunView, WebError> {
    let mut view = RunView::of_record(record);
    if record.retry_at.is_some() {
        view.add_waiting_retry(state.store.waiting_retry(record.source_id)?);
    }
    Ok(view)
}

/// Facts about a run: name and value.
fn run_facts(run: &HistoryRun, line: &RunLine, attempts: &[RunAttempt]) -> Vec<(&'static str, FactValue)> {
    let view = &line.run;
    let text = FactValue::Text;
    let mut facts = vec![("Type", text(line.kind_label.to_owned()))];
    facts.extend(view.requested_by.clone().map(|by| ("Started by", text(by))));
    if attempts.len() > 1 {
        let total = attempts.iter().map(|one| one.attempt).max().unwrap_or(1);
        facts.push(("Attempt", text(format!("{} of {total}", view.attempt))));
    }
    match run {
        HistoryRun::Active(run) => facts.push(("Queued", FactValue::Time(exact_time_label(run.timestamps.created_at)))),
        HistoryRun::Ended(record) => {
            facts.push(("Queued", FactValue::Time(exact_time_label(record.timestamps.created_at))));
            facts.push(("Finished", FactValue::Time(exact_time_label(record.finished_at))));
            facts.extend(view.duration_label().map(|duration| ("Duration", text(duration))));
        }
    }
    facts.extend(view.retry_label.clone().map(|label| ("Automatic retry", text(label))));
    facts.extend(view.feeds_label().map(|words| ("Feeds", text(words))));
    if view.stats.bytes > 0 {
        let lines = counted(&view.stats.lines, "line", "lines");
        facts.push(("Fetched", text(format!("{}, {lines}", measures::format_bytes(view.stats.bytes)))));
    }
    facts.push(("Sync ID", text(view.sync_id.clone())));
    facts
}
