//! What is in an exported file.

use serde_json::{Value, json};

use super::{get_bytes, get_file, json_keys, open_site, read_csv, read_json, read_workbook};
use crate::support::{TestDatabase, on_both_databases};

on_both_databases![
    a_catalog_is_exported_whole_and_in_the_order_of_its_columns,
    a_file_has_what_the_page_shows_with_the_same_parameters,
    hostile_cells_come_through_and_no_cell_is_a_formula_in_a_spreadsheet,
    cells_of_columns_that_left_the_catalog_are_left_out_and_missing_ones_are_empty,
];

/// The cells of an item that no format may change.
const HOSTILE_CELLS: [&str; 8] =
    ["=1+1", "a,b;\"c\"", "line\nbreak", " <b>&amp;'", "-5", "+49 30", "@x", "\u{202E}é🎵 _x0041_"];

fn a_catalog_is_exported_whole_and_in_the_order_of_its_columns(db: &TestDatabase) {
    let site = open_site(db);
    site.sync_source(&site.albums);
    let csv = get_file(&site, "/catalog/albums.csv");
    let rows = "year,id,artist,title\r\n1959,a1,Miles Davis,Kind of Blue\r\n1957,a2,John Coltrane,Blue Train\r\n\
                1977,a3,Kraftwerk,Trans-Europa Express\r\n";
    assert_eq!(csv.body, rows);
    let first = r#"{"key":"a1","fields":{"year":"1959","id":"a1","artist":"Miles Davis","title":"Kind of Blue"}}"#;
    let array = get_file(&site, "/catalog/albums.json");
    assert!(array.body.starts_with(&format!("[\n{first},\n")) && array.body.ends_with("}\n]\n"), "{}", array.body);
    assert_eq!(read_json(&array.body).len(), 3);
    let lines = get_file(&site, "/catalog/albums.ndjson");
    assert_eq!(lines.body.lines().next(), Some(first));
    assert_eq!(lines.body.lines().count(), 3);
    assert_eq!(read_workbook(get_bytes(&site, "/catalog/albums.xlsx")), read_csv(rows));
    for (reply, content_type, name) in [
        (csv, "text/csv; charset=utf-8", "albums.csv"),
        (array, "application/json", "albums.json"),
        (lines, "application/x-ndjson", "albums.ndjson"),
    ] {
        assert_eq!(reply.header("content-type"), Some(content_type));
        let disposition = format!("attachment; filename=\"{name}\"");
        assert_eq!(reply.header("content-disposition"), Some(disposition.as_str()));
        assert_eq!(reply.header("accept-ranges"), Some("none"));
    }
    let chosen = get_file(&site, "/catalog/albums.csv?fields=title,year&fields=title").body;
    assert_eq!(chosen.lines().take(2).collect::<Vec<_>>(), ["title,year", "Kind of Blue,1959"]);
    let chosen = read_workbook(get_bytes(&site, "/catalog/albums.xlsx?fields=artist&sort=-year"));
    assert_eq!(chosen, [["artist"], ["Kraftwerk"], ["Miles Davis"], ["John Coltrane"]]);
    let chosen = read_json(&get_file(&site, "/catalog/albums.json?fields=title&q=express").body);
    assert_eq!(chosen, [("a3".to_owned(), json!({"title": "Trans-Europa Express"}))]);
}

fn a_file_has_what_the_page_shows_with_the_same_parameters(db: &TestDatabase) {
    let site = open_site(db);
    let mut csv = "id,title,genre,year,read,starred\n".to_owned();
    for at in 1..=200 {
        let genre = ["Jazz", "Soul", "Ämbient", ""][at % 4];
        let flag = |every: usize| if at % every == 0 { "yes" } else { "no" };
        csv.push_str(&format!("{at:03},Title {},{genre},{},{},{}\n", at % 7, 1950 + at % 50, flag(3), flag(10)));
    }
    site.fill_csv("news", &csv);
    for query in [
        "?sort=-year",
        "?sort=genre,-title",
        "?q=title+3",
        "?filter[genre]=Jazz&filter[genre]=Soul",
        "?filter[year][gte]=1990&sort=year",
        "?filter[genre][empty]=1",
        "?filter[title][contains]=3&filter[year][lt]=1980&q=amb",
        "?filter=unread&sort=-id",
        "?filter=starred",
        "?q=nothing+at+all",
    ] {
        let mut listed = Vec::new();
        for page in 1.. {
            let list = site.visitor().get(&format!("/api/catalog/news/items{query}&per=90&page={page}")).json();
            let items = list["items"].as_array().expect("items").clone();
            if items.is_empty() {
                break;
            }
            listed.extend(items.iter().map(|item| item["key"].as_str().expect("a key").to_owned()));
        }
        assert_eq!(json_keys(&site, &format!("/catalog/news.json{query}")), listed, "{query}");
        let rows = read_csv(&get_file(&site, &format!("/catalog/news.csv{query}")).body);
        assert_eq!(rows[1..].iter().map(|row| &row[0]).collect::<Vec<_>>(), listed.iter().collect::<Vec<_>>());
        assert_eq!(read_workbook(get_bytes(&site, &format!("/catalog/news.xlsx{query}"))), rows, "{query}");
    }
    // The first rows of the page are the first ones of the file.
    let page = site.visitor().get("/catalog/news?filter=unread&sort=-id").body;
    let (_, page) = page.split_once("<tbody").expect("a table");
    let keys = json_keys(&site, "/catalog/news.json?filter=unread&sort=-id");
    let places: Vec<usize> = keys[..50].iter().map(|key| page.find(&format!(">{key}<")).expect("a row")).collect();
    assert!(places.is_sorted() && keys.len() == 134, "{keys:?}");
}

fn hostile_cells_come_through_and_no_cell_is_a_formula_in_a_spreadsheet(db: &TestDatabase) {
    let site = open_site(db);
    let mut text = csv::Writer::from_writer(Vec::new());
    let names = (0..HOSTILE_CELLS.len()).map(|at| if at == 1 { "=SUM(A1)".to_owned() } else { format!("c{at}") });
    text.write_record(["id".to_owned()].into_iter().chain(names.clone())).expect("a row");
    text.write_record(["-a".to_owned()].into_iter().chain(HOSTILE_CELLS.map(str::to_owned))).expect("a row");
    site.fill_csv("hostile", &String::from_utf8(text.into_inner().expect("bytes")).expect("text"));
    let cells: Vec<String> = ["-a"].into_iter().chain(HOSTILE_CELLS).map(str::to_owned).collect();
    let columns: Vec<String> = ["id".to_owned()].into_iter().chain(names).collect();
    // JSON, the workbook and raw CSV have the cells as they are.
    let stored = read_json(&get_file(&site, "/catalog/hostile.json").body);
    let fields = columns.iter().cloned().zip(cells.iter().map(|cell| Value::from(cell.as_str()))).collect();
    assert_eq!(stored, [("-a".to_owned(), Value::Object(fields))]);
    assert_eq!(read_csv(&get_file(&site, "/catalog/hostile.csv?raw=1").body), [columns.clone(), cells.clone()]);
    assert_eq!(read_workbook(get_bytes(&site, "/catalog/hostile.xlsx")), [columns.clone(), cells.clone()]);
    // Other CSV has a mark before each formula, also among the names of columns.
    let escaped = |cells: &[String]| {
        let is_formula = |cell: &String| cell.starts_with(['=', '+', '-', '@']) && cell != "-5";
        cells.iter().map(|cell| format!("{}{cell}", if is_formula(cell) { "'" } else { "" })).collect::<Vec<_>>()
    };
    let rows = read_csv(&get_file(&site, "/catalog/hostile.csv").body);
    assert_eq!(rows, [escaped(&columns), escaped(&cells)]);
    assert_eq!((rows[0][2].as_str(), rows[1][0].as_str()), ("'=SUM(A1)", "'-a"));
    assert_eq!(read_csv(&get_file(&site, "/catalog/hostile.csv?raw=0").body), rows);
}

fn cells_of_columns_that_left_the_catalog_are_left_out_and_missing_ones_are_empty(db: &TestDatabase) {
    let site = open_site(db);
    let source = site.fill_csv("albums2", "id,secret,title\n1,hush,A\n2,hush,B\n");
    // The row of the second item is skipped from now on, so the item keeps its old fields.
    let path = site.data_dir().join("albums2.csv");
    std::fs::write(&path, "id,title,year\n1,A,1999\n2,B,1,2,3\n").expect("a file");
    site.sync_source(&source);
    assert_eq!(get_file(&site, "/catalog/albums2.csv").body, "id,title,year\r\n1,A,1999\r\n2,B,\r\n");
    for path in ["/catalog/albums2.json", "/catalog/albums2.json?sort=id", "/catalog/albums2.json?q=b&sort=title"] {
        let last = read_json(&get_file(&site, path).body).pop();
        assert_eq!(last, Some(("2".to_owned(), json!({"id": "2", "title": "B"}))), "{path}");
    }
    let rows = read_workbook(get_bytes(&site, "/catalog/albums2.xlsx"));
    assert_eq!(rows[2], ["2", "B", ""]);
    let reply = site.visitor().get("/catalog/albums2.csv?fields=secret");
    assert_eq!(reply.expect_refusal(), (400, "unknown_parameter".to_owned()));
}
