//! `lockstep source check`: fetches a source, writes nothing, and says what is wrong and how to mend it.

use std::collections::HashMap;

use super::output::{Exit, Trouble, answer, complain, one_line};
use crate::app::App;
use crate::domain::row::Row;
use crate::domain::source::Source;

/// Does it.
pub(super) fn run(app: &App, source: &Source) -> Result<Exit, Trouble> {
    let slug = &source.slug;
    let look = app.control.look(&source.kind, &source.location).map_err(|error| {
        Trouble::failed(format!("{slug} ({}) cannot be taken: {error}", source.location.for_people()))
    })?;
    let findings = findings(source, &look.columns, &look.rows, &look.keys);
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

/// What is wrong with what was fetched. `keys` are the columns that could be keys.
fn findings(source: &Source, columns: &[String], rows: &[Row], keys: &[String]) -> Vec<String> {
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
    match columns.iter().position(|name| name == wanted) {
        None => found.push(no_key_column(wanted, columns, keys)),
        Some(_) if keys.contains(wanted) => {}
        Some(position) => found.push(bad_keys(wanted, position, rows, keys)),
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

fn no_key_column(wanted: &str, columns: &[String], keys: &[String]) -> String {
    let alike = columns.iter().find(|name| name.to_lowercase() == wanted.to_lowercase());
    let fix = match alike.or(keys.first()) {
        Some(better) => format!(
            "Rename a column in the source to “{wanted}”, or make “{better}” the key column of this source on the page \
             /settings/sources."
        ),
        None => format!(
            "No column has cells that are all filled and different, so add a column “{wanted}” to the source with a \
             value of its own in every row."
        ),
    };
    format!("There is no column “{wanted}”; the columns are {}. {fix}", quoted(columns))
}

fn bad_keys(wanted: &str, position: usize, rows: &[Row], keys: &[String]) -> String {
    let mut first_seen: HashMap<&str, u64> = HashMap::new();
    let mut examples = Vec::new();
    for row in rows.iter().filter(|row| !row.surplus) {
        let key = row.cells.get(position).map_or("", |cell| cell.trim());
        if key.is_empty() {
            examples.push(format!("row {} has none", row.number));
        } else if let Some(first) = first_seen.get(key) {
            examples.push(format!("row {} repeats “{key}” of row {first}", row.number));
        } else {
            first_seen.insert(key, row.number);
        }
    }
    examples.truncate(5);
    let examples = if examples.is_empty() { "among the first 1000 rows".to_owned() } else { examples.join("; ") };
    let better = keys.first().map_or(String::new(), |better| {
        format!(
            " Or make “{better}” the key column on the page /settings/sources: its cells are all filled and different."
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
