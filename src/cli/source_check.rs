//! `lockstep source check`: fetches a source, writes nothing, and says what is wrong and how to mend it.

use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::output::{Exit, Trouble, answer, complain, one_line};
use crate::app::App;
use crate::domain::feed::Feed;
use crate::domain::key_cell::KeyCell;
use crate::domain::location::without_secrets;
use crate::domain::look::Look;
use crate::domain::sheet_words::is_unfilled;
use crate::domain::source::Source;
use crate::domain::text_form::{comparable_form, position_of};

/// What is said of a feed of which nothing else is known.
const UNREAD: &str = "It could not be read.";

/// Does it.
pub(super) fn run(app: &App, source: &Source) -> Result<Exit, Trouble> {
    let slug = &source.slug;
    let look = app.control.look_again(source).map_err(|error| {
        Trouble::failed(format!("{slug} ({}) cannot be taken: {error}", source.location.for_people()))
    })?;
    if app.control.key_column(&source.kind).is_some() {
        return tell_feeds(source, &look);
    }
    let findings = findings(source, &look);
    for finding in &findings {
        complain(finding);
    }
    if !findings.is_empty() {
        return Ok(Exit::Failed);
    }
    answer(&one_line(&format!(
        "{slug} is fine: {} columns ({}), every key in “{}” is present and different as far as was looked, {} bytes.",
        look.columns.len(),
        quoted(&look.columns),
        source.key_column,
        look.bytes,
    )))?;
    Ok(Exit::Fine)
}

/// What was found at a place that tells its entries apart by itself: its feeds, if it is made of some.
fn tell_feeds(source: &Source, look: &Look) -> Result<Exit, Trouble> {
    // A server that asks to be left alone has not answered either.
    let bad = |feed: &&Feed| feed.has_failed() || (feed.asked_at.is_some() && feed.succeeded_at.is_none());
    let failing: Vec<&Feed> = look.feeds.iter().filter(bad).collect();
    for feed in &failing {
        let busy = if feed.busy_until.is_some() { "Its server asks to be left alone for a while." } else { UNREAD };
        let why = feed.error.as_ref().map_or(busy, |(_, sentence)| sentence.as_str());
        complain(&one_line(&format!("{}: {why}", without_secrets(&feed.address))));
    }
    if !failing.is_empty() {
        return Ok(Exit::Failed);
    }
    let Source { slug, .. } = source;
    let asked = look.feeds.iter().filter(|feed| feed.asked_at.is_some()).count();
    let said = match look.feeds.len() {
        0 => format!("{slug} is fine: {} bytes.", look.bytes),
        1 => format!("{slug} is fine: 1 feed, {} bytes.", look.bytes),
        all if all == asked => format!("{slug} is fine: {all} feeds, {} bytes.", look.bytes),
        // A long list is not asked as a whole for a look.
        all => format!("{slug}: {asked} of {all} feeds were asked and are fine, {} bytes.", look.bytes),
    };
    answer(&one_line(&said))?;
    Ok(Exit::Fine)
}

/// What is wrong with what was fetched.
fn findings(source: &Source, look: &Look) -> Vec<String> {
    let Look { columns, rows, keys, .. } = look;
    let wanted = &source.key_column;
    let place = source.location.for_people();
    if columns.is_empty() {
        return vec![format!(
            "{place} is empty. Its first row must name the columns; one of them has to be “{wanted}”."
        )];
    }
    if rows.is_empty() {
        return vec![format!(
            "{place} has a header and no rows below it, so a sync would be refused. Fill in the first row."
        )];
    }
    let mut found = Vec::new();
    found.extend(look.missing_key(wanted, source.slug.as_str()));
    if let Some(position) = position_of(columns, wanted)
        && !keys.contains(&columns[position])
    {
        found.push(bad_keys(source, position, look));
    }
    let surplus: Vec<String> = rows.iter().filter(|row| row.surplus).map(|row| row.number.to_string()).collect();
    if !surplus.is_empty() {
        found.push(format!(
            "Rows with more cells than the header has columns are refused: row {}. Give the last column a name, or put \
             quotes around cells that hold the separator.",
            surplus.join(", row ")
        ));
    }
    found
}

fn bad_keys(source: &Source, position: usize, look: &Look) -> String {
    let (wanted, slug) = (&source.key_column, &source.slug);
    let mut first_seen: HashMap<Cow<'_, str>, u64> = HashMap::new();
    let mut examples = Vec::new();
    for row in look.rows.iter().filter(|row| !row.surplus) {
        match KeyCell::read(row.cells.get(position).map_or("", String::as_str)) {
            KeyCell::Missing if is_unfilled(&row.cells) => {}
            KeyCell::Missing => examples.push(format!("row {} has none", row.number)),
            KeyCell::TooLong(_) => examples.push(format!("row {} has one that is too long", row.number)),
            KeyCell::SheetWord(word) => examples.push(format!("row {} has “{}”", row.number, word.as_str())),
            KeyCell::Key(key) => match first_seen.entry(comparable_form(key)) {
                Entry::Occupied(first) => {
                    examples.push(format!("row {} repeats “{key}” of row {}", row.number, first.get()));
                }
                Entry::Vacant(place) => drop(place.insert(row.number)),
            },
        }
    }
    examples.truncate(5);
    let examples = if examples.is_empty() { "among the first 1000 rows".to_owned() } else { examples.join("; ") };
    let better = look.keys.first().map_or(String::new(), |better| {
        format!(
            " Or make “{better}” the key column on the page /settings/sources/{slug}: its cells are all filled and different."
        )
    });
    format!(
        "Some keys in “{wanted}” are missing or repeated, and such rows are refused: {examples}. Give every row a key \
         of its own.{better}"
    )
}

fn quoted(columns: &[String]) -> String {
    columns.iter().map(|name| format!("“{name}”")).collect::<Vec<_>>().join(", ")
}
