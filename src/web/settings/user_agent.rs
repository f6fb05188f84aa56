//! Describes a browser in plain words, from its `User-Agent`.
//!
//! Browsers freeze this header and send a few fixed words (<https://www.chromium.org/updates/ua-reduction/>), so two
//! short tables are enough to tell one's own sessions apart. The crates for it (woothee, user-agent-parser) bring
//! regular expressions for thousands of devices and bots, and a list that someone has to keep up to date.

/// Words of browsers. Most browsers also name the ones they are built on, so those come later.
const BROWSER_NAMES: [(&str, &str); 13] = [
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Vivaldi/", "Vivaldi"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chromium/", "Chromium"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
    ("Wget/", "Wget"),
    ("python", "Python"),
];

/// Words of systems. Android also says Linux, and iPhones also say Mac.
const SYSTEM_NAMES: [(&str, &str); 8] = [
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Macintosh", "macOS"),
    ("Linux", "Linux"),
    ("BSD", "BSD"),
];

/// Browser and system: "Firefox on Windows".
pub(super) fn describe_browser(user_agent: &str) -> String {
    let find = |names: &[(&str, &'static str)]| {
        names.iter().find(|(word, _)| user_agent.contains(word)).map(|(_, name)| *name)
    };
    match (find(&BROWSER_NAMES), find(&SYSTEM_NAMES)) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(name), None) => name.to_owned(),
        (None, Some(system)) => format!("Unknown browser on {system}"),
        (None, None) => "Unknown browser".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::describe_browser;

    #[test]
    fn common_browsers_are_named_with_their_system() {
        let mac = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)";
        let windows = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)";
        let linux = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)";
        for (user_agent, name) in [
            (format!("{mac} Version/18.0 Safari/605.1.15"), "Safari on macOS"),
            (format!("{windows} Chrome/140.0.0.0 Safari/537.36"), "Chrome on Windows"),
            (format!("{windows} Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0"), "Edge on Windows"),
            (format!("{linux} HeadlessChrome/140.0.0.0 Safari/537.36"), "Chrome on Linux"),
            ("Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0".to_owned(), "Firefox on Linux"),
            (
                "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 Chrome/140.0.0.0 Mobile Safari/537.36"
                    .to_owned(),
                "Chrome on Android",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) CriOS/140.0 Mobile Safari/604.1".to_owned(),
                "Chrome on iPhone",
            ),
            ("curl/8.14.1".to_owned(), "curl"),
            (String::new(), "Unknown browser"),
        ] {
            assert_eq!(describe_browser(&user_agent), name, "{user_agent}");
        }
    }
}
