//! Google's query service (`gviz/tq`) for public sheets: how it treats tab names, headers and column types.

use std::collections::HashMap;

use url::Url;

use super::google_responder::cells_in_range;
use super::stub_reply::StubReply;
use super::stub_server::RecordedRequest;

/// A tab: its name and its rows.
pub(crate) type NamedTab = (&'static str, &'static [&'static [&'static str]]);

/// Answers queries without `tq=` for these tabs. An unknown name is answered with the first tab. Where `headers=` is
/// missing it guesses: rows of words above numbers are one header, and with words alone there is no header. Each column
/// has the type of most of its cells; other cells are left out.
pub(crate) fn answer_queries(tabs: Vec<NamedTab>) -> impl Fn(&RecordedRequest) -> StubReply + Send + Sync {
    move |seen| {
        let url = Url::parse(&format!("http://google.example{}", seen.target)).expect("an address");
        let query: HashMap<String, String> = url.query_pairs().into_owned().collect();
        assert_eq!((query.get("tqx").map(String::as_str), query.get("tq")), (Some("out:csv"), None), "{url}");
        let named = query.get("sheet").and_then(|name| tabs.iter().find(|(tab, _)| tab == name));
        let (_, rows) = named.unwrap_or(&tabs[0]);
        let rows: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(ToString::to_string).collect()).collect();
        let rows = query.get("range").map_or_else(|| rows.clone(), |range| cells_in_range(&rows, range));
        let headers =
            query.get("headers").map_or_else(|| guess_header_rows(&rows), |rows| rows.parse().expect("a number"));
        StubReply::csv(render_csv(&rows, headers.min(rows.len())))
    }
}

fn is_number(cell: &str) -> bool {
    cell.parse::<f64>().is_ok()
}

fn guess_header_rows(rows: &[Vec<String>]) -> usize {
    rows.iter().position(|row| row.iter().any(|cell| is_number(cell))).unwrap_or(0)
}

fn render_csv(rows: &[Vec<String>], headers: usize) -> String {
    let width = rows.iter().map(Vec::len).max().unwrap_or(0);
    let (head, body) = rows.split_at(headers);
    let cell = |row: &Vec<String>, at: usize| row.get(at).cloned().unwrap_or_default();
    let has_numbers = |at: &usize| {
        let filled: Vec<String> = body.iter().map(|row| cell(row, *at)).filter(|cell| !cell.is_empty()).collect();
        filled.iter().filter(|cell| is_number(cell)).count() * 2 > filled.len()
    };
    let types: Vec<bool> = (0..width).map(|at| has_numbers(&at)).collect();
    let label = |at: usize| {
        let words: Vec<String> = head.iter().map(|row| cell(row, at)).filter(|cell| !cell.is_empty()).collect();
        words.join(" ")
    };
    let value = |row: &Vec<String>, at: usize| Some(cell(row, at)).filter(|cell| is_number(cell) == types[at]);
    let line = |cells: Vec<String>| {
        let quoted: Vec<String> = cells.iter().map(|cell| format!("\"{}\"", cell.replace('"', "\"\""))).collect();
        quoted.join(",") + "\n"
    };
    let lines = body.iter().map(|row| line((0..width).map(|at| value(row, at).unwrap_or_default()).collect()));
    std::iter::once(line((0..width).map(label).collect())).chain(lines).collect()
}
