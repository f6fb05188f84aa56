//! Long files on their way: pages of items, changes meanwhile, failures.

use std::io::{Read, Write};
use std::net::TcpStream;

use lockstep::domain::source::Source;

use super::{TestSite, get_file, open_site};
use crate::support::waiting::WAIT_LIMIT;
use crate::support::{TestDatabase, on_both_databases};

on_both_databases![
    many_items_come_once_each_in_any_order,
    a_broken_download_is_seen_as_broken,
    an_old_client_gets_the_file_without_chunks,
];

/// A catalog of so many items that an export takes several pages and, in another order, several reads of ids, and does
/// not fit the buffers of a connection.
fn fill_many(site: &TestSite, count: usize) -> Source {
    let mut csv = "id,number,notes\n".to_owned();
    for at in 0..count {
        csv.push_str(&format!("k{at:05},{},{}\n", at * 7919 % count, "x".repeat(400)));
    }
    site.fill_csv("many", &csv)
}

fn many_items_come_once_each_in_any_order(db: &TestDatabase) {
    const ITEM_COUNT: usize = 25_000;
    let site = open_site(db);
    let source = fill_many(&site, ITEM_COUNT);
    let keys = |text: &str| text.lines().skip(1).map(|line| line[..6].to_owned()).collect::<Vec<_>>();
    let in_order: Vec<String> = (0..ITEM_COUNT).map(|at| format!("k{at:05}")).collect();
    assert_eq!(keys(&get_file(&site, "/catalog/many.csv").body), in_order);
    let mut by_number: Vec<usize> = (0..ITEM_COUNT).collect();
    by_number.sort_unstable_by_key(|at| at * 7919 % ITEM_COUNT);
    let by_number: Vec<String> = by_number.into_iter().map(|at| format!("k{at:05}")).collect();
    assert_eq!(keys(&get_file(&site, "/catalog/many.csv?sort=number").body), by_number);

    // The catalog changes while a sorted file is on its way: what was selected stays selected.
    let mut download = begin_download(&site, "/catalog/many.csv?sort=number");
    let mut received = vec![0; 4096];
    download.read_exact(&mut received).expect("the first bytes");
    let path = site.data_dir().join("many.csv");
    let text = std::fs::read_to_string(&path).expect("the file").replace("\nk00001,", "\nk99999,");
    std::fs::write(&path, text).expect("a file");
    site.sync_source(&source);
    download.read_to_end(&mut received).expect("the rest");
    let rows = keys(&decode_chunks(&received));
    assert!(rows.iter().all(|key| key != "k99999"), "an item that came later");
    let expected: Vec<String> = by_number.iter().filter(|key| *key != "k00001").cloned().collect();
    assert_eq!(rows.iter().filter(|key| *key != "k00001").cloned().collect::<Vec<_>>(), expected);
}

/// Requests a file without compression, and leaves its body to be read.
fn begin_download(site: &TestSite, path: &str) -> TcpStream {
    let mut stream = TcpStream::connect(site.address).expect("a connection");
    stream.set_read_timeout(Some(WAIT_LIMIT)).expect("a timeout");
    write!(stream, "GET {path} HTTP/1.1\r\nHost: lockstep\r\nConnection: close\r\n\r\n").expect("a request");
    stream
}

/// The body of a response that came in chunks, up to its end; whether it ended as it must.
fn split_chunks(response: &[u8]) -> (Vec<u8>, bool) {
    let start = response.windows(4).position(|bytes| bytes == b"\r\n\r\n").expect("headers") + 4;
    let (mut rest, mut body) = (&response[start..], Vec::new());
    while let Some(line) = rest.windows(2).position(|bytes| bytes == b"\r\n") {
        let size = usize::from_str_radix(std::str::from_utf8(&rest[..line]).expect("text"), 16).expect("a size");
        if size == 0 {
            return (body, true);
        }
        let chunk = rest.get(line + 2..line + 2 + size).unwrap_or(&rest[line + 2..]);
        body.extend_from_slice(chunk);
        rest = rest.get(line + size + 4..).unwrap_or_default();
    }
    (body, false)
}

fn decode_chunks(response: &[u8]) -> String {
    let (body, is_whole) = split_chunks(response);
    assert!(is_whole, "the response has no end");
    String::from_utf8(body).expect("text")
}

fn a_broken_download_is_seen_as_broken(db: &TestDatabase) {
    let site = open_site(db);
    fill_many(&site, 5000);
    db.run_sql("UPDATE items SET fields = 'no JSON' WHERE key = 'k04900'");
    for path in ["/catalog/many.csv", "/catalog/many.ndjson", "/catalog/many.json"] {
        let mut response = Vec::new();
        // The connection may end with an error too.
        let _ = begin_download(&site, path).read_to_end(&mut response);
        assert!(response.starts_with(b"HTTP/1.1 200 OK"), "{path}");
        let (body, is_whole) = split_chunks(&response);
        assert!(!is_whole && body.len() > 1000, "{path}: {} bytes", body.len());
    }
    // A workbook is sent when it is whole, so its failure is an answer.
    let reply = site.visitor().get("/catalog/many.xlsx");
    assert_eq!(reply.expect_refusal(), (500, "internal".to_owned()));
}

fn an_old_client_gets_the_file_without_chunks(db: &TestDatabase) {
    let site = open_site(db);
    site.fill_csv("few", "id,title\n1,Debut\n2,Post\n");
    let mut connection = TcpStream::connect(site.address).expect("a connection");
    connection.set_read_timeout(Some(WAIT_LIMIT)).expect("a limit");
    connection.write_all(b"GET /catalog/few.csv HTTP/1.0\r\nHost: localhost\r\n\r\n").expect("a request");
    let mut received = String::new();
    connection.read_to_string(&mut received).expect("a response that ends with the connection");
    let (head, body) = received.split_once("\r\n\r\n").expect("a head");
    assert!(head.contains("200 OK") && !head.to_lowercase().contains("transfer-encoding"), "{head}");
    assert_eq!(body.replace("\r\n", "\n"), "id,title\n1,Debut\n2,Post\n");
}
