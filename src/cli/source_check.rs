//! `lockstep source check`: fetches a source without writing anything, and reports problems with their fixes.

use super::output::{CommandError, CommandExit, print_answer, print_error, print_note, to_single_line};
use crate::app::App;
use crate::domain::feed::FeedRecord;
use crate::domain::location::without_secrets;
use crate::domain::run_text::check::{FEED_FAILED, FEED_RATE_LIMITED};
use crate::domain::source::Source;
use crate::domain::source_probe::SourceProbe;
use crate::domain::text::counts::group_digits;
use crate::domain::text::measures;
use crate::domain::text::shortening::shorten_text;

/// Checks a source and prints what was found. Exits with failure if there is a problem.
pub(super) fn run(app: &App, source: &Source) -> Result<CommandExit, CommandError> {
    let slug = &source.slug;
    let probe = app.control.probe_source(source).map_err(|error| {
        CommandError::failed(format!("cannot fetch {slug} ({}): {error}", source.location.for_people()))
    })?;
    if app.control.key_column(&source.kind).is_some() {
        return report_feeds(source, &probe);
    }
    for note in &probe.notes {
        print_note(&to_single_line(note));
    }
    let mut has_problems = false;
    for problem in probe.all_problems() {
        has_problems = true;
        print_error(&to_single_line(&problem));
    }
    if has_problems {
        return Ok(CommandExit::Failed);
    }
    let bytes = measures::format_bytes(probe.bytes);
    print_answer(&to_single_line(&format!(
        "{slug} is OK: {} columns ({}), a unique key in every row of “{}”, {}.",
        group_digits(probe.columns.len() as u64),
        quote_columns(&probe.columns),
        source.key_column,
        bytes,
    )))?;
    Ok(CommandExit::Success)
}

/// Reports on a source whose kind knows its key column: on its feeds, if it has any.
fn report_feeds(source: &Source, probe: &SourceProbe) -> Result<CommandExit, CommandError> {
    // A feed whose server refused the request for now has not succeeded either.
    let is_failing =
        |feed: &&FeedRecord| feed.has_failed() || (feed.requested_at.is_some() && feed.succeeded_at.is_none());
    let failing: Vec<&FeedRecord> = probe.feeds.iter().filter(is_failing).collect();
    for feed in &failing {
        let default = if feed.rate_limited_until.is_some() { FEED_RATE_LIMITED } else { FEED_FAILED };
        let reason = feed.error.as_ref().map_or(default, |(_, message)| message.as_str());
        print_error(&to_single_line(&format!("{}: {reason}", without_secrets(&feed.address))));
    }
    if !failing.is_empty() {
        return Ok(CommandExit::Failed);
    }
    let Source { slug, .. } = source;
    let checked = probe.feeds.iter().filter(|feed| feed.requested_at.is_some()).count();
    let bytes = measures::format_bytes(probe.bytes);
    let message = match probe.feeds.len() {
        0 => format!("{slug} is OK: {bytes}."),
        1 => format!("{slug} is OK: 1 feed, {bytes}."),
        all if all == checked => format!("{slug} is OK: {} feeds, {bytes}.", group_digits(all as u64)),
        // Only some feeds of a long list are fetched for a check.
        all => {
            let (checked, all) = (group_digits(checked as u64), group_digits(all as u64));
            format!("{slug} is OK: {checked} of {all} feeds checked, {bytes}.")
        }
    };
    print_answer(&to_single_line(&message))?;
    Ok(CommandExit::Success)
}

fn quote_columns(columns: &[String]) -> String {
    columns.iter().map(|name| format!("“{}”", shorten_text(name))).collect::<Vec<_>>().join(", ")
}
