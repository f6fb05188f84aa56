//! Tests streams that are too large, and the limit that their message names.

use super::{BEGIN_RECORD, END_RECORD, SHARED_TEXT, TAB_RECORD, TEXTS_RECORD, XlsStream};
use crate::fetch::FetchError;

fn record(kind: u16, data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len()).expect("a record");
    [&kind.to_le_bytes(), &length.to_le_bytes(), data].concat()
}

/// A workbook whose only tab has the one shared text of 100 characters in a cell of each of these rows.
fn stream(rows: &[u16]) -> XlsStream {
    let texts = [&[1, 0, 0, 0, 1, 0, 0, 0, 100, 0, 0][..], &[b'x'; 100]].concat();
    let begin = record(BEGIN_RECORD, &[0; 16]);
    let before = begin.len() + record(TAB_RECORD, &[0; 12]).len() + record(TEXTS_RECORD, &texts).len() + 4;
    let place = [&u32::try_from(before).expect("a place").to_le_bytes()[..], &[0; 8]].concat();
    let mut bytes =
        [begin.clone(), record(TAB_RECORD, &place), record(TEXTS_RECORD, &texts), record(END_RECORD, &[]), begin]
            .concat();
    for row in rows {
        bytes.extend(record(SHARED_TEXT, &[&row.to_le_bytes()[..], &[0; 8]].concat()));
    }
    bytes.extend(record(END_RECORD, &[]));
    XlsStream::new(bytes).expect("a workbook")
}

fn refusal(rows: &[u16], columns: &[u8], max_bytes: u64) -> String {
    let mut stream = stream(rows);
    if !columns.is_empty() {
        let end = stream.bytes.len() - 4;
        stream.bytes.splice(end..end, record(SHARED_TEXT, columns));
    }
    match stream.measure(0, max_bytes) {
        Err(FetchError::Failed { code: "too_large", message }) => message,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_message_names_what_is_too_much() {
    let rows: Vec<u16> = (0..11).collect();
    assert!(stream(&rows).measure(0, 1100).is_ok());
    let message = refusal(&rows, &[], 1099);
    assert!(message.contains("The texts of its tab have more than 1 MB.") && !message.contains("cells"), "{message}");
    let far_away = [0xFF, 0xFF, 0xFF, 0, 0, 0, 0, 0, 0, 0];
    let message = refusal(&rows, &far_away, 1_000_000);
    assert!(message.contains("may span at most 2 million cells; save it as .xlsx."), "{message}");
}
