//! Addresses with secrets in forms: what is secret is typed once and never shown again. Its place is held by an
//! ellipsis, and who leaves that alone keeps what is behind it.

use url::Url;

/// What stands where something secret is.
const VEIL: &str = "…";

/// Parts of the names of values that are secret by their name. Others are what people know their addresses by, such as
/// the number of a channel.
const TELLING: [&str; 9] = ["token", "key", "secret", "pass", "pwd", "auth", "sig", "session", "credential"];

/// `address` as a form shows it: an ellipsis stands for user name and password, and for those values of its query whose
/// names say that they are secret. What is no address is shown as it is.
#[must_use]
pub fn veiled(address: &str) -> String {
    let Ok(url) = Url::parse(address) else { return address.to_owned() };
    let has_user = !url.username().is_empty() || url.password().is_some();
    let mut shown = address.to_owned();
    if has_user && let Some((scheme, rest)) = address.split_once("://") {
        let authority = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let host = rest[..authority].rfind('@').map_or(0, |at| at + 1);
        shown = format!("{scheme}://{VEIL}@{}", &rest[host..]);
    }
    let (bare, fragment) = shown.split_once('#').map_or((shown.as_str(), None), |(bare, rest)| (bare, Some(rest)));
    let Some((path, query)) = bare.split_once('?') else { return shown };
    let value = |pair: &str| match pair.split_once('=') {
        Some((name, value)) if !value.is_empty() && is_telling(name) => format!("{name}={VEIL}"),
        _ => pair.to_owned(),
    };
    let query: Vec<String> = query.split('&').map(value).collect();
    let fragment = fragment.map(|rest| format!("#{rest}")).unwrap_or_default();
    format!("{path}?{}{fragment}", query.join("&"))
}

fn is_telling(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    TELLING.iter().any(|part| name.contains(part))
}

/// What was typed into a form that showed `known`: every line that is still what was shown stands for the address
/// behind it.
///
/// # Errors
/// The sentence for people, when a line was changed and what is secret in it left out.
pub fn unveiled(typed: &[String], known: &[String]) -> Result<Vec<String>, String> {
    let mut left: Vec<(String, &String)> = known.iter().map(|address| (veiled(address), address)).collect();
    let address = |line: &String| {
        if let Some(at) = left.iter().position(|(shown, _)| shown == line) {
            return Ok(left.remove(at).1.clone());
        }
        if line.contains(VEIL) {
            return Err(format!(
                "In {line} the … stands for something secret that is not shown. Leave the line as it was, or type all \
                 of the new address."
            ));
        }
        Ok(line.clone())
    };
    typed.iter().map(address).collect()
}

/// The address of an account: `server` with user name and password in it, percent-encoded where they have to be. Where
/// both are empty they stay what they are in `known`, as long as the server is the same.
///
/// # Errors
/// The sentence for people.
pub fn account(server: &str, user: &str, password: &str, known: Option<&str>) -> Result<String, String> {
    let mut url = Url::parse(server)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.host_str().is_some_and(|host| !host.is_empty()))
        .ok_or("That is not the address of a server. It begins with https:// or http://.")?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("Type user name and password into their own fields, not into the address.".to_owned());
    }
    let known = known.and_then(|known| Url::parse(known).ok());
    let kept = |of: fn(&Url) -> &str, typed: &str| -> Option<String> {
        let same = known.as_ref().filter(|known| known.origin() == url.origin());
        if typed.is_empty() { same.map(|known| of(known).to_owned()) } else { Some(encoded(typed)) }
    };
    let user = kept(Url::username, user).filter(|user| !user.is_empty());
    let password = kept(|url| url.password().unwrap_or_default(), password).filter(|password| !password.is_empty());
    let (Some(user), Some(password)) = (user, password) else {
        let again = if known.is_some_and(|known| known.origin() != url.origin()) {
            " They are not sent to another server than the one they were typed for."
        } else {
            ""
        };
        return Err(format!("Type the user name and the password.{again}"));
    };
    // Both fail only for addresses that cannot carry credentials; these can, and what is encoded stays as it is.
    let _ = url.set_username(&user);
    let _ = url.set_password(Some(&password));
    Ok(url.to_string())
}

fn encoded(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

/// `address` without user name and password: the server of an account.
#[must_use]
pub fn server_of(address: &str) -> String {
    let Ok(mut url) = Url::parse(address) else { return String::new() };
    // As above.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.to_string()
}

#[cfg(test)]
mod tests {
    use super::{account, server_of, unveiled, veiled};

    #[test]
    fn what_is_secret_is_behind_a_veil_and_the_rest_is_as_it_was_typed() {
        let shown = [
            ("https://h.example/feed?channel_id=UC1", "https://h.example/feed?channel_id=UC1"),
            ("https://me:pw@h.example/a.csv", "https://…@h.example/a.csv"),
            ("https://a@b:c@h.example", "https://…@h.example"),
            ("HTTPS://H.example/a?x=1&API_KEY=s&y=#k", "HTTPS://H.example/a?x=1&API_KEY=…&y=#k"),
            ("abc_DEF-123", "abc_DEF-123"),
        ];
        for (address, expected) in shown {
            assert_eq!(veiled(address), expected);
        }
    }

    #[test]
    fn a_line_that_was_left_alone_stands_for_what_is_behind_it() {
        let text = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
        let known = text(&["https://me:one@h.example/a", "https://me:two@h.example/a", "https://h.example/b"]);
        let shown: Vec<String> = known.iter().map(|address| veiled(address)).collect();
        assert_eq!(unveiled(&shown, &known), Ok(known.clone()));
        let added = text(&["https://h.example/b", "https://new.example/", "https://…@h.example/a"]);
        let expected = text(&["https://h.example/b", "https://new.example/", "https://me:one@h.example/a"]);
        assert_eq!(unveiled(&added, &known), Ok(expected));
        let error = unveiled(&text(&["https://…@h.example/other"]), &known).expect_err("not known");
        assert!(error.contains("type all of the new address"), "{error}");
    }

    #[test]
    fn an_account_is_an_address_and_its_secret_stays_with_its_server() {
        let address = account("https://r.example/api", "ada@example.org", "p:@/ ä%", None).expect("an account");
        assert_eq!(address, "https://ada%40example%2Eorg:p%3A%40%2F%20%C3%A4%25@r.example/api");
        let url = url::Url::parse(&address).expect("an address");
        let decoded = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
        assert_eq!(decoded(url.username()), "ada@example.org");
        assert_eq!(decoded(url.password().expect("a password")), "p:@/ ä%");
        assert_eq!(server_of(&address), "https://r.example/api");
        assert_eq!(account("https://r.example/api", "", "", Some(&address)), Ok(address.clone()));
        let changed = account("https://r.example/api", "", "new", Some(&address));
        assert_eq!(changed, Ok("https://ada%40example%2Eorg:new@r.example/api".to_owned()));
        for elsewhere in ["https://evil.example/api", "http://r.example/api", "https://r.example:8443/api"] {
            let error = account(elsewhere, "", "", Some(&address)).expect_err("another server");
            assert!(error.contains("not sent to another server"), "{error}");
        }
        assert!(account("https://r.example", "ada", "", None).is_err());
        assert!(account("https://u:p@r.example", "ada", "pw", None).is_err());
        assert!(account("r.example", "ada", "pw", None).is_err());
    }
}
