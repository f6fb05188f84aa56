//! A past run as its page shows it, from its record and all that hangs on it.

use std::collections::HashMap;
use std::time::Duration;

use super::view::{AttemptLine, KindTab, PageLinks, RunLine, RunPage, StageLine};
use crate::domain::account::{Actor, Role};
use crate::domain::operation::{Mode, OperationKind, Status};
use crate::domain::progress::RunStats;
use crate::domain::record::{ActiveRun, HistoryRun, RunAttempt, StageTimings, SyncRecord};
use crate::domain::source::{Noun, Slug, Source, SourceId};
use crate::domain::text::measures;
use crate::web::http::app_state::AppState;
use crate::web::http::error::WebError;
use crate::web::http::form::{FormValues, address, value};
use crate::web::layout::page::{chrome, exactly, when};
use crate::web::layout::run_labels::KindWords as _;
use crate::web::layout::view::{NavSection, TimeLabel, counted};
use crate::web::panel::build::{change_line, issue_line, run_of_record, run_view};
use crate::web::panel::view::{ChangeKind, ChangeWords as _, RunView};

/// Changes and issues a page.
const PER: u64 = 25;
/// How wide the bar of stages is.
const BAR: f64 = 1000.0;
/// The narrowest part of it that can be seen.
const HAIR: u64 = 4;

/// The sources there are.
pub(super) type SourceNames<'a> = HashMap<SourceId, &'a Source>;

/// A past run as a line of the list.
pub(super) fn ended(record: &SyncRecord, sources: &SourceNames<'_>) -> RunLine {
    let accepted = when(record.timestamps.created_at);
    line(&record.source, sources.get(&record.source_id).copied(), run_of_record(record), accepted)
}

/// An active run as a line of the list.
pub(super) fn going_on(house: &AppState, run: &ActiveRun, sources: &SourceNames<'_>) -> Result<RunLine, WebError> {
    let accepted = when(run.timestamps.created_at);
    Ok(line(&run.source, sources.get(&run.source_id).copied(), active_view(house, run)?, accepted))
}

fn line(slug: &Slug, source: Option<&Source>, run: RunView, accepted: TimeLabel) -> RunLine {
    RunLine {
        href: format!("/history/{}", run.sync_id),
        slug: source.map_or(slug, |source| &source.slug).to_string(),
        source: source.map_or(slug.as_str(), |source| &source.name).to_owned(),
        removed: source.is_none(),
        what: what(&run),
        run,
        accepted,
    }
}

/// What was done, in words.
fn what(run: &RunView) -> &'static str {
    if run.kind == OperationKind::Sync && run.full { "Full sync" } else { run.kind.noun() }
}

/// An active run, with what the board says of it: never less than a panel showed a moment ago.
fn active_view(house: &AppState, run: &ActiveRun) -> Result<RunView, WebError> {
    let report = house.board.get(run.id)?.filter(|report| report.status.is_active());
    let told = match report {
        Some(report) => run_view(report, 0),
        None => RunView {
            message: run.message.clone(),
            progress: run.progress,
            stats: run.stats,
            attempt: u32::try_from(run.attempt).unwrap_or(1),
            ..RunView::new(run.id.to_string(), run.kind, run.status)
        },
    };
    Ok(RunView { requested_by: Some(run.requested_by.clone()), full: run.mode == Mode::Full, ..told })
}

/// The page of one run. `query` says which changes and which pages of the lists are wanted.
pub(super) fn run_page(
    house: &AppState,
    actor: &Actor,
    run: &HistoryRun,
    query: &FormValues,
) -> Result<RunPage, WebError> {
    let (slug, source_id, moments) = match run {
        HistoryRun::Active(run) => (&run.source, run.source_id, run.timestamps),
        HistoryRun::Ended(record) => (&record.source, record.source_id, record.timestamps),
    };
    let source = house.store.source_by_id(source_id)?;
    let noun = source.as_ref().map_or_else(Noun::default, |source| source.noun.clone());
    let attempts = house.store.attempts(run)?;
    let view = match run {
        HistoryRun::Active(run) => active_view(house, run)?,
        HistoryRun::Ended(record) => run_of_record(record),
    };
    let line = line(slug, source.as_ref(), view, when(moments.created_at));
    let title = format!("{} of {}", line.run.kind.noun(), line.source);
    let mut page = RunPage {
        chrome: chrome(house, Some(actor), title, NavSection::History)?,
        facts: facts(run, &line, &attempts),
        slug: line.slug,
        source: line.source,
        removed: line.removed,
        accepted: line.accepted,
        stages: Vec::new(),
        attempts: attempt_lines(&attempts, run),
        kinds: Vec::new(),
        changes: PageLinks::default(),
        issues: PageLinks::default(),
        again: None,
        run: line.run,
    };
    if let HistoryRun::Ended(record) = run {
        page.stages = stages(record.stage_timings(), record.status);
        add_lists(house, &mut page, record, &noun, query)?;
        let ended_early = record.status != Status::Completed && record.successor.is_none();
        if ended_early && !page.removed && actor.role == Role::Admin && house.store.active_run(source_id)?.is_none() {
            page.again = page.run.repeat();
        }
        page.run.hint = hint(record).map(str::to_owned);
    }
    Ok(page)
}

/// What to do about a failure, where the panel would offer a step that is not offered here.
fn hint(record: &SyncRecord) -> Option<&'static str> {
    match record.code.as_deref() {
        Some("empty_source") => Some("Is it the right tab or file? Has somebody cleared it? Mend it, then try again."),
        Some("key_changed") => {
            Some("Mend the source, or choose another key column in the settings of this source, then try again.")
        }
        _ => None,
    }
}

/// What is known of a run, by name.
fn facts(run: &HistoryRun, line: &RunLine, attempts: &[RunAttempt]) -> Vec<(&'static str, String)> {
    let view = &line.run;
    let mut facts = vec![("What", line.what.to_owned())];
    facts.extend(view.requested_by.clone().map(|by| ("Started by", by)));
    if attempts.len() > 1 {
        let tries = attempts.iter().map(|one| one.attempt).max().unwrap_or(1);
        facts.push(("Attempt", format!("{} of {tries}", view.attempt)));
    }
    match run {
        HistoryRun::Active(run) => facts.push(("Accepted", exactly(run.timestamps.created_at))),
        HistoryRun::Ended(record) => {
            facts.push(("Accepted", exactly(record.timestamps.created_at)));
            facts.push(("Ended", exactly(record.finished_at)));
            facts.extend(view.duration().map(|duration| ("Took", duration)));
        }
    }
    facts.extend(view.feeds_words().map(|words| ("Asked", words)));
    if view.stats.bytes > 0 {
        let lines = counted(&view.stats.lines, "line", "lines");
        facts.push(("Fetched", format!("{}, {lines}", measures::bytes(view.stats.bytes))));
    }
    facts.push(("Id", view.sync_id.clone()));
    facts
}

/// Where the time went, with what stands in the place of a stage that has no length.
fn stages(timings: StageTimings, status: Status) -> Vec<StageLine> {
    let completed = status == Status::Completed;
    if completed && timings.fetching.is_none() {
        return Vec::new();
    }
    let lengths = [
        ("Waiting", "waiting", timings.waiting),
        ("Fetching", "fetching", timings.fetching),
        ("Processing", "processing", timings.processing),
        ("Finalizing", "finalizing", timings.finalizing),
    ];
    let whole: f64 = lengths.iter().filter_map(|(.., seconds)| *seconds).sum();
    let mut begin = 0;
    let line = |(word, tone, seconds): (&'static str, &'static str, Option<f64>)| {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "times are small and not negative")]
        let rounded = |number: f64| number.round() as u64;
        let part =
            seconds.filter(|seconds| *seconds > 0.0).map_or(0, |seconds| rounded(seconds / whole * BAR).max(HAIR));
        let missing = if completed { "not needed" } else { "not reached" };
        let words = seconds.map_or_else(
            || missing.to_owned(),
            |seconds| measures::length(Duration::from_millis(rounded(seconds * 1000.0))),
        );
        let line = StageLine { word, tone, length: words, absent: seconds.is_none(), begin, width: part };
        begin += part;
        line
    };
    lengths.into_iter().map(line).collect()
}

/// The runs that continue each other, if there are several.
fn attempt_lines(attempts: &[RunAttempt], run: &HistoryRun) -> Vec<AttemptLine> {
    if attempts.len() < 2 {
        return Vec::new();
    }
    let here = run.as_attempt().id;
    let mut before = 0;
    let line = |one: &RunAttempt| {
        let resumed = if one.attempt == before { ", resumed" } else { "" };
        before = one.attempt;
        AttemptLine {
            href: (one.id != here).then(|| format!("/history/{}", one.id)),
            status: one.status,
            name: format!("Attempt {}{resumed}", one.attempt),
            relation: match Some(one.id) {
                id if id == run.summary().retry_of => "continued by this run",
                id if id == run.summary().successor => "continues this run",
                id if id == Some(here) => "this run",
                _ => "",
            },
            progress: one.progress,
            finished_at: one.finished_at.map(when),
        }
    };
    attempts.iter().map(line).collect()
}

/// The chosen pages of what it changed and of what could not be taken.
fn add_lists(
    house: &AppState,
    page: &mut RunPage,
    record: &SyncRecord,
    noun: &Noun,
    query: &FormValues,
) -> Result<(), WebError> {
    let number = |name| value(query, name).parse().unwrap_or(1).max(1);
    let (changes_at, issues_at): (u64, u64) = (number("changes"), number("issues"));
    let RunStats { added, updated, removed, .. } = record.stats;
    let mut counts = vec![(ChangeKind::Added, added), (ChangeKind::Updated, updated), (ChangeKind::Removed, removed)];
    // What a run changed went with its source.
    counts.retain(|(_, count)| *count > 0 && !page.removed);
    let asked = value(query, "kind").parse().ok().filter(|kind| counts.iter().any(|(known, _)| known == kind));
    let chosen: Option<ChangeKind> = asked.or_else(|| counts.first().map(|(kind, _)| *kind));
    let there = |kind: Option<ChangeKind>, changes: u64, issues: u64, part: &str| {
        let text = |page: u64| if page > 1 { page.to_string() } else { String::new() };
        let (changes, issues) = (text(changes), text(issues));
        let kind = kind.map_or("", ChangeKind::as_str);
        let path = format!("/history/{}", record.id);
        format!("{}#{part}", address(&path, &[("kind", kind), ("changes", &changes), ("issues", &issues)]))
    };
    if let Some(chosen) = chosen {
        let (found, at) = within(changes_at, |at| {
            let found = house.store.change_page(record.id, chosen, at, PER)?;
            Ok((found.changes, found.total))
        })?;
        page.run.changes = found.0.iter().map(|change| change_line(change, &noun.one)).collect();
        page.changes =
            pager(at, PER, found.0.len() as u64, found.1, |at| there(Some(chosen), at, issues_at, "changes"));
    }
    page.kinds = counts
        .iter()
        .map(|&(kind, count)| KindTab {
            href: there(Some(kind), 1, issues_at, "changes"),
            word: kind.word(),
            icon: kind.icon(),
            count,
            chosen: chosen == Some(kind),
        })
        .collect();
    if record.issues > 0 {
        let total = house.store.kept_issues(record.id)?;
        let (found, at) = within(issues_at, |at| Ok((house.store.issues(record.id, at, PER)?, total)))?;
        let shown = found.0.len() as u64;
        let of_feeds = record.stats.feeds.is_some();
        page.run.issues = found.0.into_iter().map(|issue| issue_line(issue, of_feeds)).collect();
        page.issues = pager(at, PER, shown, total, |at| there(asked, changes_at, at, "issues"));
    }
    Ok(())
}

/// What is on the page that was asked for, or on the last one there is; with the number of that page.
fn within<T>(
    asked: u64,
    look: impl Fn(u64) -> Result<(Vec<T>, u64), WebError>,
) -> Result<((Vec<T>, u64), u64), WebError> {
    let found = look(asked)?;
    let last = found.1.div_ceil(PER).max(1);
    if asked <= last { Ok((found, asked)) } else { Ok((look(last)?, last)) }
}

/// Where page `at` of `per` entries each is, which shows so many of all that were found.
pub(super) fn pager(at: u64, per: u64, shown: u64, found: u64, there: impl Fn(u64) -> String) -> PageLinks {
    let before = (at - 1) * per;
    PageLinks {
        first: if shown > 0 { before + 1 } else { 0 },
        last: before + shown,
        found,
        previous: (at > 1).then(|| there(at - 1)),
        next: (at < found.div_ceil(per)).then(|| there(at + 1)),
    }
}
