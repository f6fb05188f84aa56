//! `lockstep source check`: fetches a source, writes nothing, and says what is wrong and how to mend it.

use super::output::{CommandError, CommandExit, answer, complain, note, one_line};
use crate::app::App;
use crate::domain::feed::FeedRecord;
use crate::domain::location::without_secrets;
use crate::domain::rows::row::shortened;
use crate::domain::source::Source;
use crate::domain::source_probe::SourceProbe;
use crate::domain::text::counts::grouped;
use crate::domain::text::measures;

/// What is said of a feed of which nothing else is known.
const UNREAD: &str = "It could not be read.";

/// Does it.
pub(super) fn run(app: &App, source: &Source) -> Result<CommandExit, CommandError> {
    let slug = &source.slug;
    let look = app.control.look_again(source).map_err(|error| {
        CommandError::failed(format!("{slug} ({}) cannot be taken: {error}", source.location.for_people()))
    })?;
    if app.control.key_column(&source.kind).is_some() {
        return tell_feeds(source, &look);
    }
    for said in &look.notes {
        note(&one_line(said));
    }
    let mut is_fine = true;
    for problem in look.all_problems() {
        is_fine = false;
        complain(&one_line(&problem));
    }
    if !is_fine {
        return Ok(CommandExit::Failed);
    }
    let bytes = measures::bytes(look.bytes);
    answer(&one_line(&format!(
        "{slug} is fine: {} columns ({}), every key in “{}” is present and different, {}.",
        grouped(look.columns.len() as u64),
        quoted(&look.columns),
        source.key_column,
        bytes,
    )))?;
    Ok(CommandExit::Fine)
}

/// What was found at a place that tells its entries apart by itself: its feeds, if it is made of some.
fn tell_feeds(source: &Source, look: &SourceProbe) -> Result<CommandExit, CommandError> {
    // A server that asks to be left alone has not answered either.
    let bad = |feed: &&FeedRecord| feed.has_failed() || (feed.asked_at.is_some() && feed.succeeded_at.is_none());
    let failing: Vec<&FeedRecord> = look.feeds.iter().filter(bad).collect();
    for feed in &failing {
        let busy = if feed.busy_until.is_some() { "Its server asks to be left alone for a while." } else { UNREAD };
        let why = feed.error.as_ref().map_or(busy, |(_, sentence)| sentence.as_str());
        complain(&one_line(&format!("{}: {why}", without_secrets(&feed.address))));
    }
    if !failing.is_empty() {
        return Ok(CommandExit::Failed);
    }
    let Source { slug, .. } = source;
    let asked = look.feeds.iter().filter(|feed| feed.asked_at.is_some()).count();
    let bytes = measures::bytes(look.bytes);
    let said = match look.feeds.len() {
        0 => format!("{slug} is fine: {bytes}."),
        1 => format!("{slug} is fine: 1 feed, {bytes}."),
        all if all == asked => format!("{slug} is fine: {} feeds, {bytes}.", grouped(all as u64)),
        // A long list is not asked as a whole for a look.
        all => {
            let (asked, all) = (grouped(asked as u64), grouped(all as u64));
            format!("{slug}: {asked} of {all} feeds were asked and are fine, {bytes}.")
        }
    };
    answer(&one_line(&said))?;
    Ok(CommandExit::Fine)
}

fn quoted(columns: &[String]) -> String {
    columns.iter().map(|name| format!("“{}”", shortened(name))).collect::<Vec<_>>().join(", ")
}
