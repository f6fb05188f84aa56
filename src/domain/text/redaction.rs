//! Redacts secrets in the addresses that forms show. A secret is replaced by an ellipsis; a line that is submitted
//! unchanged keeps its secret.

use url::Url;

use super::path_secrets::redact_path;
use super::public_parameters::{REDACTION_MARK, is_public_parameter};

/// Returns `address` for a form: user name and password, and the values of query and fragment that may be secrets, are
/// replaced by an ellipsis, and so is what looks like a secret in the path.
#[must_use]
pub fn redact_address(address: &str) -> String {
    let bare = redact_user(address);
    let (rest, fragment) = bare.split_once('#').map_or((&*bare, None), |(rest, fragment)| (rest, Some(fragment)));
    let (path, query) = rest.split_once('?').map_or((rest, None), |(path, query)| (path, Some(query)));
    let path = redact_path_of(path);
    let query = query.map(|query| format!("?{}", redact_pairs(query))).unwrap_or_default();
    let fragment = fragment.map(|fragment| format!("#{}", redact_pairs(fragment))).unwrap_or_default();
    format!("{path}{query}{fragment}")
}

/// Redacts the path of an address without query and fragment. Its host is not a part of the path.
fn redact_path_of(address: &str) -> String {
    let host = address.find("://").map_or(0, |at| at + 3);
    match address[host..].find('/') {
        Some(at) => format!("{}{}", &address[..host + at], redact_path(&address[host + at..])),
        None => address.to_owned(),
    }
}

/// Returns the address of a server for a form: query and fragment are replaced by one ellipsis.
#[must_use]
pub fn redact_server(address: &str) -> String {
    let bare = redact_user(address);
    match bare.find(['?', '#']) {
        Some(at) if at + 1 < bare.len() => format!("{}{}{REDACTION_MARK}", redact_path_of(&bare[..at]), &bare[at..=at]),
        _ => redact_path_of(&bare),
    }
}

/// Returns a web address in the usual spelling, if its own hides where the host begins: `http:/me:pw@host` and
/// `http:///me:pw@host` are fetched like `http://me:pw@host`. `None` for every other text.
fn usual_spelling(address: &str) -> Option<String> {
    let url = Url::parse(address).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    let rest = address.trim_start().get(url.scheme().len()..).unwrap_or_default();
    let is_usual = rest.strip_prefix("://").is_some_and(|host| !host.starts_with(['/', '\\']));
    (!is_usual).then(|| url.to_string())
}

fn redact_user(address: &str) -> String {
    let usual = usual_spelling(address);
    let address = usual.as_deref().unwrap_or(address);
    let (scheme, rest) = address.split_once("://").map_or(("", address), |(scheme, rest)| (scheme, rest));
    // Parsed as it is used if its scheme is missing.
    let url = if scheme.is_empty() { Url::parse(&format!("https://{rest}")) } else { Url::parse(address) };
    let host = match &url {
        Ok(url) if url.username().is_empty() && url.password().is_none() => return address.to_owned(),
        Ok(_) => {
            let authority = rest.find(['/', '?', '#']).unwrap_or(rest.len());
            rest[..authority].rfind('@')
        }
        // If it cannot be parsed, the end of the password is unknown.
        Err(_) => rest.rfind('@'),
    };
    let Some(host) = host.filter(|_| !rest.starts_with(REDACTION_MARK)) else { return address.to_owned() };
    let begin = if scheme.is_empty() { String::new() } else { format!("{scheme}://") };
    format!("{begin}{REDACTION_MARK}{}", &rest[host..])
}

/// Redacts the pairs of a query or fragment. Redacted values stay as they are.
fn redact_pairs(text: &str) -> String {
    let shown = |pair: &str| match pair.split_once('=') {
        _ if pair.is_empty() || pair.starts_with(REDACTION_MARK) => pair.to_owned(),
        Some((name, value)) if !value.is_empty() => {
            let shown = value.starts_with(REDACTION_MARK) || is_public_parameter(name);
            format!("{name}={}", if shown { value } else { REDACTION_MARK })
        }
        // A name without a value may be the secret itself.
        _ => REDACTION_MARK.to_owned(),
    };
    text.split('&').map(shown).collect::<Vec<_>>().join("&")
}

/// Returns all `addresses` for a form, each redacted by `show`. Addresses that differ only in their secrets are
/// numbered, so that each can be kept or removed.
#[must_use]
pub fn redact_all(addresses: &[String], show: fn(&str) -> String) -> Vec<String> {
    let shown: Vec<String> = addresses.iter().map(|address| show(address)).collect();
    let numbered = |(at, text): (usize, &String)| {
        let mut alike: Vec<&String> = Vec::new();
        for (address, _) in addresses.iter().zip(&shown).filter(|(_, other)| *other == text) {
            if !alike.contains(&address) {
                alike.push(address);
            }
        }
        let number = alike.iter().position(|address| **address == addresses[at]).map_or(0, |at| at + 1);
        match text.rfind(REDACTION_MARK).map(|at| at + REDACTION_MARK.len()) {
            Some(end) if alike.len() > 1 => format!("{}{number}{}", &text[..end], &text[end..]),
            _ => text.clone(),
        }
    };
    shown.iter().enumerate().map(numbered).collect()
}

/// Returns the addresses that were entered in a form which showed `known`: each line that equals a redacted address is
/// replaced by the original. `known` lists the addresses shown last first.
///
/// # Errors
/// A message for people when a line with a redacted secret was changed.
pub fn restore_redacted(
    typed: &[String],
    known: &[&[String]],
    show: fn(&str) -> String,
) -> Result<Vec<String>, String> {
    let originals = known.iter().flat_map(|list| redact_all(list, show).into_iter().zip(*list));
    let originals: Vec<(String, &String)> = originals.collect();
    let address = |line: &String| {
        if let Some((_, address)) = originals.iter().find(|(shown, _)| shown == line) {
            return Ok((*address).clone());
        }
        if line.contains(REDACTION_MARK) {
            return Err(format!("{line}: the … hides a secret. Leave the line unchanged, or enter the whole new URL."));
        }
        Ok(line.clone())
    };
    typed.iter().map(address).collect()
}

/// Builds the address of an account: `server` with user name and password, percent-encoded where necessary. If both are
/// empty, those of `known` are kept, provided that the server is the same.
///
/// # Errors
/// A message for people when the server is not a URL, or user name or password is missing.
pub fn build_account_address(server: &str, user: &str, password: &str, known: Option<&str>) -> Result<String, String> {
    let mut url = Url::parse(server)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.host_str().is_some_and(|host| !host.is_empty()))
        .ok_or("This is not the URL of a server. It must begin with https:// or http://.")?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("Enter the username and password in their own fields, not in the URL.".to_owned());
    }
    let known = known.and_then(|known| Url::parse(known).ok());
    let kept = |of: fn(&Url) -> &str, typed: &str| -> Option<String> {
        let same = known.as_ref().filter(|known| known.origin() == url.origin());
        if typed.is_empty() { same.map(|known| of(known).to_owned()) } else { Some(percent_encode(typed)) }
    };
    let user = kept(Url::username, user).filter(|user| !user.is_empty());
    let password = kept(|url| url.password().unwrap_or_default(), password).filter(|password| !password.is_empty());
    let (Some(user), Some(password)) = (user, password) else {
        let again = if known.is_some_and(|known| known.origin() != url.origin()) {
            " The saved ones are not sent to a different server."
        } else {
            ""
        };
        return Err(format!("Enter the username and password.{again}"));
    };
    // Both fail only for addresses that cannot have credentials, which this one can; encoded text is not changed.
    let _ = url.set_username(&user);
    let _ = url.set_password(Some(&password));
    Ok(url.to_string())
}

fn percent_encode(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

/// Returns `address` without user name and password: the server of an account.
#[must_use]
pub fn server_address(address: &str) -> String {
    let Ok(mut url) = Url::parse(address) else { return String::new() };
    // Both fail only for addresses that cannot have credentials.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.to_string()
}

#[cfg(test)]
mod tests {
    use super::{build_account_address, redact_address, redact_all, redact_server, restore_redacted, server_address};

    fn text(lines: &[&str]) -> Vec<String> {
        lines.iter().map(|line| (*line).to_owned()).collect()
    }

    #[test]
    fn secrets_are_redacted_and_the_rest_is_unchanged() {
        let shown = [
            ("https://h.example/feed?channel_id=UC1", "https://h.example/feed?channel_id=UC1"),
            ("https://me:pw@h.example/a.csv", "https://…@h.example/a.csv"),
            ("https://a@b:c@h.example", "https://…@h.example"),
            ("HTTPS://H.example/a?page=1&API_KEY=s&y=", "HTTPS://H.example/a?page=1&API_KEY=…&…"),
            (
                "https://h.example/a?jwt=S3CR&sid=S3CR&k=S3CR&code=S3CR&Format=csv",
                "https://h.example/a?jwt=…&sid=…&k=…&code=…&Format=csv",
            ),
            ("https://h.example/a?S3CR", "https://h.example/a?…"),
            ("https://h.example/a?S3CR=", "https://h.example/a?…"),
            ("https://h.example/a#S3CR", "https://h.example/a#…"),
            ("https://h.example/a?#", "https://h.example/a?#"),
            (
                "https://docs.google.com/d/x/edit?usp=sharing#gid=7",
                "https://docs.google.com/d/x/edit?usp=sharing#gid=7",
            ),
            ("me:S3CR@h.example/a?jwt=S3CR", "…@h.example/a?jwt=…"),
            ("https://me:S3#CR@h.example:x/a?t=S3CR", "https://…@h.example:x/a?t=…"),
            ("http:/me:S3CR@h.example/a", "http://…@h.example/a"),
            ("https:///me:S3CR@h.example/a", "https://…@h.example/a"),
            ("http:\\\\me:S3CR@h.example", "http://…@h.example/"),
            ("medium.example/@ada/feed", "medium.example/@ada/feed"),
            ("abc_DEF-123", "abc_DEF-123"),
        ];
        for (address, expected) in shown {
            assert_eq!(redact_address(address), expected);
            assert_eq!(redact_address(expected), expected, "what is veiled stays so");
        }
        assert_eq!(redact_server("https://h.example/api?AppId=7&AppKey=S3CR#S3CR"), "https://h.example/api?…");
        assert_eq!(redact_server("https://h.example/api"), "https://h.example/api");
        assert_eq!(redact_server("https://h.example/api;token=S3CR?a=b"), "https://h.example/api;token=…?…");
        assert_eq!(redact_server("https://h.example/api#S3CR"), "https://h.example/api#…");
    }

    #[test]
    fn an_unchanged_redacted_line_is_restored() {
        let known = text(&["https://me:one@h.example/a", "https://me:two@h.example/a", "https://h.example/b"]);
        let shown = redact_all(&known, redact_address);
        assert_eq!(shown, ["https://…1@h.example/a", "https://…2@h.example/a", "https://h.example/b"]);
        assert_eq!(restore_redacted(&shown, &[&known], redact_address), Ok(known.clone()));
        let added = text(&["https://h.example/b", "https://new.example/", "https://…2@h.example/a"]);
        let expected = text(&["https://h.example/b", "https://new.example/", "https://me:two@h.example/a"]);
        assert_eq!(restore_redacted(&added, &[&known], redact_address), Ok(expected));
        let error =
            restore_redacted(&text(&["https://…@h.example/other"]), &[&known], redact_address).expect_err("not known");
        assert!(error.contains("enter the whole new URL"), "{error}");
    }

    #[test]
    fn lines_that_differ_only_in_a_secret_are_distinguished() {
        let known = text(&["https://h.example/rss?token=one", "https://h.example/rss?token=two"]);
        let shown = redact_all(&known, redact_address);
        assert_eq!(shown, ["https://h.example/rss?token=…1", "https://h.example/rss?token=…2"]);
        assert_eq!(restore_redacted(&shown[1..], &[&known], redact_address), Ok(known[1..].to_vec()));
        // The list of addresses that were shown last has a single entry, and it comes before the stored ones.
        let last = &known[1..];
        assert_eq!(redact_all(last, redact_address), ["https://h.example/rss?token=…"]);
        let typed = text(&["https://h.example/rss?token=…"]);
        assert_eq!(restore_redacted(&typed, &[last, &known], redact_address), Ok(last.to_vec()));
        let same = text(&["https://h.example/rss?token=one", "https://h.example/rss?token=one"]);
        assert_eq!(redact_all(&same, redact_address), ["https://h.example/rss?token=…"; 2]);
    }

    #[test]
    fn an_account_is_an_address_and_its_secret_stays_with_its_server() {
        let address =
            build_account_address("https://r.example/api", "ada@example.org", "p:@/ ä%", None).expect("an account");
        assert_eq!(address, "https://ada%40example%2Eorg:p%3A%40%2F%20%C3%A4%25@r.example/api");
        let url = url::Url::parse(&address).expect("an address");
        let decoded = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
        assert_eq!(decoded(url.username()), "ada@example.org");
        assert_eq!(decoded(url.password().expect("a password")), "p:@/ ä%");
        assert_eq!(server_address(&address), "https://r.example/api");
        assert_eq!(build_account_address("https://r.example/api", "", "", Some(&address)), Ok(address.clone()));
        let changed = build_account_address("https://r.example/api", "", "new", Some(&address));
        assert_eq!(changed, Ok("https://ada%40example%2Eorg:new@r.example/api".to_owned()));
        for elsewhere in ["https://evil.example/api", "http://r.example/api", "https://r.example:8443/api"] {
            let error = build_account_address(elsewhere, "", "", Some(&address)).expect_err("another server");
            assert!(error.contains("not sent to a different server"), "{error}");
        }
        assert!(build_account_address("https://r.example", "ada", "", None).is_err());
        assert!(build_account_address("https://u:p@r.example", "ada", "pw", None).is_err());
        assert!(build_account_address("r.example", "ada", "pw", None).is_err());
    }
}
