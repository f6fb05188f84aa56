//! Clean tables: well-formed CSV files of various forms.

use proptest::collection::vec;
use proptest::prelude::{Strategy, any};
use proptest::sample::select;

use crate::support::seeded_random::SeededRandom;

const ARTIST_NAMES: [&str; 12] = [
    "Nina Simone",
    "Björk",
    "Sigur Rós",
    "Earth, Wind & Fire",
    "Miles Davis",
    "Café Tacvba",
    "The \"Fab\" Four",
    "Motörhead",
    "Cesária Évora",
    "Kraftwerk",
    "Sun Ra",
    "Mano Negra",
];
const TITLE_WORDS: [&str; 12] =
    ["Blue", "Night", "Homogenic", "Train", "Água", "Kind", "Love", "Über", "Space", "Road", "Señor", "Moon"];

const COLUMN_NAMES: [&str; 6] = ["id", "artist", "title", "year", "price", "country"];
const COUNTRY_NAMES: [&str; 5] = ["", "Iceland", "Brasil", "Deutschland", "US"];
const CELL_SEPARATORS: [char; 4] = [',', ';', '\t', '|'];

/// A clean table: a header, rows, and how it is written.
#[derive(Clone, Debug)]
pub(in crate::corpora) struct CleanTable {
    /// The header is the first.
    pub(in crate::corpora) rows: Vec<Vec<String>>,
    pub(in crate::corpora) separator: char,
    pub(in crate::corpora) line_end: &'static str,
    /// Whether all cells are quoted, or only those that must be.
    pub(in crate::corpora) quotes_all: bool,
}

impl CleanTable {
    /// Draws a random table.
    pub(in crate::corpora) fn draw_table(random: &mut SeededRandom) -> Self {
        let width = 3 + draw_index(random, 4);
        let has_number_keys = random.next_chance(60);
        let has_breaks = random.next_chance(20);
        let mut rows = vec![COLUMN_NAMES[..width].iter().map(ToString::to_string).collect::<Vec<_>>()];
        for number in 1..=12 + random.next_below(30) {
            let key = if has_number_keys {
                number.to_string()
            } else {
                format!("k{}{number}", pick_text(random, &TITLE_WORDS))
            };
            let title = format!("{} {}", pick_text(random, &TITLE_WORDS), pick_text(random, &TITLE_WORDS));
            let title = if has_breaks && random.next_chance(20) { format!("{title}\nlive") } else { title };
            let price = format!("{}.{:02}", 5 + random.next_below(40), random.next_below(100));
            let country = if random.next_chance(80) {
                pick_text(random, &["Iceland", "Brasil", "Deutschland", "US"])
            } else {
                ""
            };
            let cells = [
                key,
                pick_text(random, &ARTIST_NAMES).to_owned(),
                title,
                (1950 + random.next_below(75)).to_string(),
                price,
                country.to_owned(),
            ];
            rows.push(cells[..width].to_vec());
        }
        Self {
            rows,
            separator: CELL_SEPARATORS[draw_index(random, 4)],
            line_end: if random.next_chance(70) { "\n" } else { "\r\n" },
            quotes_all: random.next_chance(30),
        }
    }

    /// Any table; simpler cases have fewer rows and columns.
    pub(super) fn any() -> impl Strategy<Value = Self> {
        let title = (select(&TITLE_WORDS[..]), select(&TITLE_WORDS[..]), select(vec!["", "", "", "\nlive"]));
        let row = (select(&ARTIST_NAMES[..]), title, 1950..2025_u32, 500..4500_u32, select(&COUNTRY_NAMES[..]));
        let written = (select(&CELL_SEPARATORS[..]), select(vec!["\n", "\r\n"]), any::<bool>());
        (3..=COLUMN_NAMES.len(), any::<bool>(), vec(row, 12..42), written).prop_map(
            |(width, has_number_keys, rows, written)| {
                let header = COLUMN_NAMES.map(str::to_owned).to_vec();
                let rows =
                    rows.into_iter().zip(1..).map(|((artist, (first, second, end), year, cents, country), number)| {
                        let key = if has_number_keys { format!("{number}") } else { format!("k{first}{number}") };
                        let price = format!("{}.{:02}", cents / 100, cents % 100);
                        let title = format!("{first} {second}{end}");
                        vec![key, artist.to_owned(), title, year.to_string(), price, country.to_owned()]
                    });
                let rows = std::iter::once(header).chain(rows).map(|row| row[..width].to_vec()).collect();
                let (separator, line_end, quotes_all) = written;
                Self { rows, separator, line_end, quotes_all }
            },
        )
    }

    /// A cell in its written form.
    pub(in crate::corpora) fn write_cell(&self, cell: &str) -> String {
        let must = cell.contains([self.separator, '"', '\n']);
        if must || self.quotes_all { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.to_owned() }
    }

    /// The rows, with each cell in its written form.
    pub(in crate::corpora) fn written_rows(&self) -> Vec<Vec<String>> {
        self.rows.iter().map(|row| row.iter().map(|cell| self.write_cell(cell)).collect()).collect()
    }

    /// Joins rows of written cells to lines.
    pub(in crate::corpora) fn write_lines(&self, rows: &[Vec<String>]) -> Vec<String> {
        rows.iter().map(|row| row.join(&self.separator.to_string())).collect()
    }

    /// Encodes lines as a file.
    pub(in crate::corpora) fn encode_file(&self, lines: &[String]) -> Vec<u8> {
        lines.iter().flat_map(|line| format!("{line}{}", self.line_end).into_bytes()).collect()
    }

    /// The catalog of the clean file: `column=value` joined by `|` for each row, sorted.
    pub(in crate::corpora) fn sorted_lines(&self) -> Vec<String> {
        let line = |row: &Vec<String>| {
            let fields = self.rows[0].iter().zip(row).map(|(name, value)| format!("{name}={value}"));
            fields.collect::<Vec<_>>().join("|")
        };
        let mut lines: Vec<String> = self.rows[1..].iter().map(line).collect();
        lines.sort_unstable();
        lines
    }

    /// The clean file.
    pub(in crate::corpora) fn to_bytes(&self) -> Vec<u8> {
        self.encode_file(&self.write_lines(&self.written_rows()))
    }
}

/// A random index below `limit`.
pub(in crate::corpora) fn draw_index(random: &mut SeededRandom, limit: usize) -> usize {
    usize::try_from(random.next_below(limit as u64)).expect("small")
}

fn pick_text<'a>(random: &mut SeededRandom, all: &[&'a str]) -> &'a str {
    all[draw_index(random, all.len())]
}
