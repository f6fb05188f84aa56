//! The pages in a real browser, served by the real program.

mod accessibility;
mod badge;
mod catalog_filters;
mod change_grid;
mod concurrent_changes;
mod crash;
mod database_outage;
mod embedding;
mod feeds;
mod first_steps;
mod first_view;
mod freshness;
mod history;
mod new_source;
mod page_choices;
mod page_states;
mod panel;
mod phone;
mod pictures;
mod proxy_errors;
mod public_pages;
mod reader_walk;
mod record_shelf;
mod second_steps;
mod settings;
mod sheet;
mod skipped_rows;
mod slow_run;
mod small_screens;
mod tour;
mod watched_run;
mod wide_table;
mod without_javascript;

use std::time::Duration;

use crate::support::stub_server::{StubReply, StubServer};

/// A CSV file of `count` albums.
fn format_albums(count: usize) -> String {
    let mut text = String::from("id,title,year\n");
    for number in 1..=count {
        text.push_str(&format!("{number},Album {number},{}\n", 1950 + number % 60));
    }
    text
}

/// Serves a CSV file at `path` in pieces: the percentage changes every twelve seconds. The last piece, after two
/// minutes, is never sent, so that a fetch lasts until it is cancelled or its server ends.
fn serve_slowly(stub: &StubServer, path: &str, csv: &str) {
    stub.set_reply(path, StubReply::csv(csv).drip_without_end(csv.len() / 400, Duration::from_millis(300)));
}

/// Serves the first half of a CSV file at `path` and never the second half, so that a fetch lasts until it is cancelled
/// or its server ends.
fn serve_half(stub: &StubServer, path: &str, csv: &str) {
    stub.set_reply(path, StubReply::csv(csv).hang_at(csv.len() / 2));
}
