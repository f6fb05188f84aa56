//! Builds the link with which an admin opens the place of a source in a browser.

use url::Url;

use super::location::{SourceLocation, web_address};
use super::sheet_link::SheetLink;
use super::source_form_spec::AddressInput;
use super::text::redaction::redact_address;

/// Returns the link to the sheet, the file or the feed at `location`, without secrets. `None` if there is no single web
/// page to open: for files, for several URLs, for the server of an account, and for a URL that needs a secret in its
/// query. User name and password are left out; browsers ask for them.
#[must_use]
pub fn openable_link(location: &SourceLocation, asked: Option<AddressInput>) -> Option<String> {
    let [address] = location.addresses() else { return None };
    if asked == Some(AddressInput::Account) {
        return None;
    }
    if let Ok(sheet) = address.parse::<SheetLink>() {
        return Some(sheet.page_link());
    }
    let mut url = Url::parse(web_address(address).trim()).ok()?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
        return None;
    }
    // Both fail only for addresses that cannot have credentials.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    let link = url.to_string();
    (redact_address(&link) == link).then_some(link)
}

#[cfg(test)]
mod tests {
    use super::{AddressInput, SourceLocation, openable_link};

    fn opened(address: &str) -> Option<String> {
        openable_link(&SourceLocation::Url(address.to_owned()), Some(AddressInput::Link))
    }

    #[test]
    fn a_place_is_opened_without_its_secrets() {
        for (address, link) in [
            ("https://h.example/albums.csv", "https://h.example/albums.csv"),
            ("https://me:pw@h.example/albums.csv?page=2", "https://h.example/albums.csv?page=2"),
            ("feed://h.example/rss", "http://h.example/rss"),
        ] {
            assert_eq!(opened(address).as_deref(), Some(link), "{address}");
        }
        for address in [
            "https://h.example/albums.csv?token=s3cret",
            "https://h.example/albums.csv#s3cret",
            "https://h.example/albums.csv?s3cret",
            "javascript:alert(1)",
            "file:///etc/passwd",
            "",
        ] {
            assert_eq!(opened(address), None, "{address}");
        }
    }

    #[test]
    fn a_sheet_is_opened_at_its_tab() {
        let id = "1AbCdEfGhIjKlMnOpQrStUvWxYz0123456789";
        let page = format!("https://docs.google.com/spreadsheets/d/{id}/edit");
        assert_eq!(opened(id).as_deref(), Some(page.as_str()));
        for link in [
            format!("{page}?resourcekey=0-s3cret#gid=7"),
            format!("https://docs.google.com/spreadsheets/d/{id}/export?format=csv&gid=7"),
        ] {
            assert_eq!(opened(&link), Some(format!("{page}#gid=7")), "{link}");
        }
        let published = "https://docs.google.com/spreadsheets/d/e/2PACX-1vAbCdEf/pub?output=csv&gid=7&single=true";
        let page = "https://docs.google.com/spreadsheets/d/e/2PACX-1vAbCdEf/pubhtml?gid=7&single=true";
        assert_eq!(opened(published).as_deref(), Some(page));
    }

    #[test]
    fn a_file_several_feeds_and_an_account_have_no_page() {
        let url = || "https://h.example/a".to_owned();
        assert_eq!(openable_link(&SourceLocation::Urls(vec![url(), url()]), Some(AddressInput::Links)), None);
        assert_eq!(openable_link(&SourceLocation::Urls(vec![url()]), Some(AddressInput::Links)), Some(url()));
        assert_eq!(openable_link(&SourceLocation::Url(url()), Some(AddressInput::Account)), None);
        for location in
            [SourceLocation::Sample, SourceLocation::Upload("a".to_owned()), SourceLocation::File("a".into())]
        {
            assert_eq!(openable_link(&location, None), None);
        }
    }
}
