//! Reads a title from the file name that a server sends.

use actix_web::http::header::{Charset, ContentDisposition, DispositionParam, HeaderValue};
use ureq::http::{HeaderMap, header};

/// The file name extensions of text tables.
const TABLE_EXTENSIONS: [&str; 4] = ["csv", "tsv", "tab", "txt"];

/// The title in the file name of `Content-Disposition` (RFC 6266): the name without its extension, with spaces between
/// its words. Google names the file of a tab `Title - Tab.csv`; its title is that of the spreadsheet.
pub(super) fn file_title(headers: &HeaderMap, is_google: bool) -> Option<String> {
    let name = file_name(headers)?;
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let stem = match name.rsplit_once('.') {
        Some((stem, extension)) if TABLE_EXTENSIONS.contains(&extension.to_ascii_lowercase().as_str()) => stem,
        _ => name,
    };
    let title = if is_google {
        // Google names every query result `data.csv`, which is not a title.
        stem.rsplit_once(" - ")?.0.to_owned()
    } else {
        stem.replace(['_', '-', '+', '.'], " ")
    };
    Some(title.split_whitespace().collect::<Vec<_>>().join(" ")).filter(|title| !title.is_empty())
}

/// The file name in the header. `filename*` takes precedence over `filename`.
fn file_name(headers: &HeaderMap) -> Option<String> {
    let value = HeaderValue::from_bytes(headers.get(header::CONTENT_DISPOSITION)?.as_bytes()).ok()?;
    let parameters = ContentDisposition::from_raw(&value).ok()?.parameters;
    let extended = parameters.iter().find_map(|parameter| match parameter {
        DispositionParam::FilenameExt(value) if matches!(&value.charset, Charset::Ext(name) if name == "UTF-8") => {
            String::from_utf8(value.value.clone()).ok()
        }
        _ => None,
    });
    let plain = || parameters.iter().find_map(DispositionParam::as_filename).map(str::to_owned);
    extended.or_else(plain)
}

#[cfg(test)]
mod tests {
    use ureq::http::{HeaderMap, HeaderValue, header};

    use super::file_title;

    fn title(value: &str, is_google: bool) -> Option<String> {
        let value = HeaderValue::from_bytes(value.as_bytes()).expect("a value");
        file_title(&HeaderMap::from_iter([(header::CONTENT_DISPOSITION, value)]), is_google)
    }

    #[test]
    fn the_file_of_a_tab_is_named_after_its_sheet() {
        for (value, expected) in [
            ("attachment; filename=\"Records-Albums.csv\"; filename*=UTF-8''Records%20-%20Albums.csv", Some("Records")),
            ("attachment; filename*=utf-8''Caf%C3%A9%20-%20Men%C3%BC%20-%20Tab.csv", Some("Café - Menü")),
            ("attachment; filename=\"Records 2.0 - Albums.csv\"", Some("Records 2.0")),
            ("attachment; filename=\"data.csv\"", None),
            ("attachment", None),
        ] {
            assert_eq!(title(value, true).as_deref(), expected, "{value}");
        }
    }

    #[test]
    fn the_title_of_a_file_is_its_name_in_words() {
        for (value, expected) in [
            ("attachment; filename=jazz_albums-1959.csv", Some("jazz albums 1959")),
            ("attachment; filename=\"../../etc/pass wd.CSV\"", Some("pass wd")),
            ("inline; filename=\"Käse.tsv\"", Some("Käse")),
            ("attachment; filename=\"report.2026\"", Some("report 2026")),
            ("attachment; filename=\".csv\"", None),
            ("attachment; filename*=ISO-8859-1''%E4.csv; filename=\"a.csv\"", Some("a")),
            ("nonsense; ; =", None),
        ] {
            assert_eq!(title(value, false).as_deref(), expected, "{value}");
        }
    }
}
