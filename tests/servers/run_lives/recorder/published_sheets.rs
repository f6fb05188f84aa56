//! The two sheets that the servers mirror: one from a slow server, one from a file. All rows of a sheet have the number
//! of its edition.

use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Duration;

use super::recording::HistoryRecording;
use crate::servers::run_lives::history::{HistoryEvent, PublishedSheet};
use crate::support::seeded_random::SeededRandom;
use crate::support::stub_server::{StubReply, StubServer};

/// The source that a slow server delivers.
pub(super) const SLOW_SOURCE: &str = "albums";
/// The source in a file.
pub(super) const FILE_SOURCE: &str = "songs";
pub(super) const SOURCES: [&str; 2] = [SLOW_SOURCE, FILE_SOURCE];

/// The number of rows of a sheet, and how many more some editions have.
const BASE_ROWS: u64 = 1200;
const MORE_ROWS: u64 = 25;
/// Into how many pieces the slow server cuts its answer.
const PIECES: usize = 20;
const MAX_PIECE_PAUSE_MS: u64 = 200;

/// The sheets and where they are served.
pub(super) struct PublishedSheets {
    stub: StubServer,
    file: PathBuf,
    edition: Mutex<u64>,
}

impl PublishedSheets {
    pub(super) fn new(file: PathBuf) -> Self {
        Self { stub: StubServer::start(), file, edition: Mutex::new(0) }
    }

    pub(super) fn url(&self) -> String {
        self.stub.url("/albums.csv")
    }

    pub(super) fn file(&self) -> &PathBuf {
        &self.file
    }

    /// Replaces a sheet by a new edition.
    pub(super) fn publish(&self, source: &str, random: &mut SeededRandom, recording: &HistoryRecording) {
        let mut edition = self.edition.lock().expect("the edition");
        *edition += 1;
        let (edition, rows) = (*edition, BASE_ROWS + *edition % 5 * MORE_ROWS);
        let mut text = String::from("id,title,edition\n");
        for row in 1..=rows {
            text.push_str(&format!("{row},Title {row} of edition {edition},{edition}\n"));
        }
        let begin = recording.now();
        if source == SLOW_SOURCE {
            let pause = Duration::from_millis(random.next_below(MAX_PIECE_PAUSE_MS));
            let mut reply = StubReply::csv(&text).drip(text.len() / PIECES, pause);
            if random.next_chance(50) {
                reply = reply.etag(&format!("\"{edition}\""));
            }
            self.stub.set_reply("/albums.csv", reply);
        } else {
            let new = self.file.with_extension("new");
            std::fs::write(&new, &text).expect("a file");
            std::fs::rename(&new, &self.file).expect("a file in its place");
        }
        let (source, end) = (source.to_owned(), recording.now());
        recording.add_event(HistoryEvent::Sheet(PublishedSheet { source, edition, rows, begin, end }));
    }
}
