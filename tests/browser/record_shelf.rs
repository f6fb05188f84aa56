//! A public catalog with columns of all types, long texts and pictures, for tests of what readers see.

use super::public_pages::open_server_with;
use crate::support::server_process::{ServerProcess, ServerSetup};
use crate::support::stub_server::{StubReply, StubServer};

/// The number of records: three pages.
pub(super) const RECORDS: usize = 120;

/// A picture of one pixel.
const PICTURE: &[u8] = b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;";

/// A record of the catalog, as far as tests look for it.
pub(super) struct Record {
    pub(super) title: String,
    pub(super) genre: &'static str,
    pub(super) year: usize,
}

/// A server with the catalog `albums`, titled "The record shelf".
pub(super) struct RecordShelf {
    pub(super) setup: ServerSetup,
    pub(super) server: ServerProcess,
    pub(super) csv: String,
    _pictures: StubServer,
}

impl RecordShelf {
    /// Starts it and syncs the catalog, which these sites may embed.
    pub(super) fn open(sites: &str) -> Self {
        let pictures = StubServer::start();
        let picture = StubReply::status(200).header("content-type", "image/gif").body(PICTURE);
        pictures.set_reply("/cover.gif", picture);
        let csv = format_records(&pictures.url("/cover.gif"));
        let (setup, server) = open_server_with(&csv, sites);
        Self { setup, server, csv, _pictures: pictures }
    }

    /// Syncs this content of the file, and waits for the end; returns the id of the run.
    pub(super) fn sync_content(&self, csv: &str) -> String {
        std::fs::write(self.setup.path("albums.csv"), csv).expect("a file");
        let run = self.server.start_sync("albums");
        self.server.wait_for_status(&run, "completed");
        run
    }
}

/// The records in the order of the source.
pub(super) fn records() -> Vec<Record> {
    let title = |number: usize| match number % 10 {
        0 => format!(
            "Record {number:03}, played again by the whole orchestra of the northern harbour {}",
            "twice ".repeat(25)
        ),
        _ => format!("Record {number:03}"),
    };
    let genre = |number: usize| ["Jazz", "Soul", "Rock", "Folk"][number % 4];
    let record = |number| Record {
        title: title(number).trim_end().to_owned(),
        genre: genre(number),
        year: 1950 + number * 7 % 40,
    };
    (1..=RECORDS).map(record).collect()
}

fn format_records(cover: &str) -> String {
    let mut csv =
        "id,title,artist,year,genre,label,cover,site,available,released,about,condition,note,shelf mark\n".to_owned();
    for (index, Record { title, genre, year }) in records().iter().enumerate() {
        let number = index + 1;
        let label = if number % 3 == 0 { "Island Records of the Northern Harbour" } else { "Verve" };
        let available = if number % 3 == 0 { "no" } else { "yes" };
        let about = "Recorded in one night by the river. ".repeat(number % 12);
        csv.push_str(&format!(
            "r{number},\"{title}\",Artist {number},{year},{genre},{label},{cover},https://www.example.org/records/{number},\
             {available},2024-{:02}-{:02},{about},good,Lent out in the summer of every other year,A{number}\n",
            1 + number % 12,
            1 + number % 28,
        ));
    }
    csv
}
