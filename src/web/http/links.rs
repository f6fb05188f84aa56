//! Builds every link of Lockstep: those of pages, forms, redirects and assets, and absolute ones for messages.
//!
//! A reverse proxy may serve Lockstep below a path (`https://intranet.example/lockstep`) and strip that path from what
//! it forwards. Routes therefore never carry it, and links always do.

use std::fmt::Display;
use std::sync::Arc;

use url::{Position, Url, form_urlencoded};

use super::assets;

/// Builds links that begin with the path of `LOCKSTEP_PUBLIC_URL`. Cloning is cheap.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LinkBuilder {
    /// Scheme, host and port: `https://intranet.example`; empty if no public URL is set.
    origin: Arc<str>,
    /// `/lockstep`, without a slash at its end; empty if Lockstep is served at the root.
    base_path: Arc<str>,
}

impl LinkBuilder {
    /// Creates a builder of links below the public URL of this server.
    #[must_use]
    pub fn new(public_url: &Url) -> Self {
        let origin = &public_url[..Position::BeforePath];
        Self { origin: origin.into(), base_path: public_url.path().trim_end_matches('/').into() }
    }

    /// The path that all links begin with: `/lockstep`, or nothing.
    #[must_use]
    pub fn base_path(&self) -> &str {
        &self.base_path
    }

    /// The path that a cookie is sent for.
    #[must_use]
    pub fn cookie_path(&self) -> &str {
        if self.base_path.is_empty() { "/" } else { &self.base_path }
    }

    /// Host and port of the public URL, as browsers send them in `Origin` and `Referer`; `None` without a public URL.
    #[must_use]
    pub fn public_host(&self) -> Option<&str> {
        self.origin.split_once("://").map(|(_, host)| host)
    }

    /// Whether the public URL begins with `https`.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.origin.starts_with("https://")
    }

    /// The link to a route: `/history` becomes `/lockstep/history`.
    #[must_use]
    pub fn route(&self, route: &str) -> String {
        format!("{}{route}", self.base_path)
    }

    /// Whether a path belongs to this server, and not to something else on the same host.
    #[must_use]
    pub fn contains(&self, path: &str) -> bool {
        path.strip_prefix(&*self.base_path).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?', '#']))
    }

    /// A link with scheme and host, for notifications and the command line.
    #[must_use]
    pub fn absolute(&self, link: &str) -> String {
        format!("{}{link}", self.origin)
    }

    /// An embedded asset by its plain name: `app.css` becomes `/lockstep/static/3f9c2a1b7d40e586/app.css`.
    #[must_use]
    pub fn asset(&self, name: &str) -> String {
        self.route(assets::asset_route(name))
    }

    /// The link to the dashboard.
    #[must_use]
    pub fn dashboard(&self) -> String {
        self.route("/")
    }

    /// The fragment of the floating badge. `on_screen` is the catalog on screen, whose runs its panel shows.
    #[must_use]
    pub fn sync_badge(&self, on_screen: Option<&str>) -> String {
        let query: Vec<_> = on_screen.map(|slug| ("on-screen", slug)).into_iter().collect();
        with_query(&self.route("/sync-badge"), &query)
    }

    /// The link that the forms which sync one or all sources are sent to.
    #[must_use]
    pub fn start_syncs(&self) -> String {
        self.route("/syncs")
    }

    /// The feeds of a catalog.
    #[must_use]
    pub fn feeds(&self, slug: &str) -> String {
        self.route(&format!("/catalog/{slug}/feeds"))
    }

    /// The link that the Sync form of a catalog is sent to.
    #[must_use]
    pub fn start_sync(&self, slug: &str) -> String {
        self.route(&format!("/catalog/{slug}/sync"))
    }

    /// The link that the Cancel form of a catalog is sent to.
    #[must_use]
    pub fn cancel_sync(&self, slug: &str) -> String {
        self.route(&format!("/catalog/{slug}/sync/cancel"))
    }

    /// The link that the Dismiss form of a catalog is sent to.
    #[must_use]
    pub fn dismiss_result(&self, slug: &str) -> String {
        self.route(&format!("/catalog/{slug}/sync/dismiss"))
    }

    /// The page that confirms that the changes of a preview are applied.
    #[must_use]
    pub fn apply_preview(&self, slug: &str, preview: &impl Display) -> String {
        self.route(&format!("/catalog/{slug}/sync/apply?preview={preview}"))
    }

    /// The page that lists the removals which a run withheld.
    #[must_use]
    pub fn withheld_removals(&self, slug: &str, sync_id: &impl Display) -> String {
        self.route(&format!("/catalog/{slug}/sync/removals?sync={sync_id}"))
    }

    /// The same list as CSV.
    #[must_use]
    pub fn withheld_removals_csv(&self, slug: &str, sync_id: &impl Display) -> String {
        self.route(&format!("/catalog/{slug}/sync/removals.csv?sync={sync_id}"))
    }

    /// The link that the form which removes or keeps withheld items is sent to.
    #[must_use]
    pub fn decide_removals(&self, slug: &str) -> String {
        self.route(&format!("/catalog/{slug}/sync/removals"))
    }

    /// The link to the panel with one run. `seen` is the percentage that the reader has seen.
    #[must_use]
    pub fn sync_status(&self, slug: &str, sync_id: &str, seen: u8) -> String {
        self.route(&format!("/catalog/{slug}/sync-status?sync={sync_id}&seen={seen}"))
    }

    /// The list of past runs.
    #[must_use]
    pub fn history(&self) -> String {
        self.route("/history")
    }

    /// The past runs of one source.
    #[must_use]
    pub fn source_history(&self, slug: &str) -> String {
        self.route(&format!("/history?source={slug}"))
    }

    /// The link to one run.
    #[must_use]
    pub fn run(&self, sync_id: &impl Display) -> String {
        self.route(&format!("/history/{sync_id}"))
    }

    /// The page that confirms the undo of one run. Its form is sent there too.
    #[must_use]
    pub fn undo_run(&self, sync_id: &impl Display) -> String {
        self.route(&format!("/history/{sync_id}/undo"))
    }

    /// The skipped rows of one run as CSV.
    #[must_use]
    pub fn skipped_rows(&self, sync_id: &impl Display) -> String {
        self.route(&format!("/history/{sync_id}/issues.csv"))
    }

    /// All issues of one run as CSV.
    #[must_use]
    pub fn all_issues(&self, sync_id: &impl Display) -> String {
        with_query(&self.skipped_rows(sync_id), &[("all", "1")])
    }

    /// The link that the form with the corrected rows of one run is sent to.
    #[must_use]
    pub fn correct_rows(&self, sync_id: &impl Display) -> String {
        self.route(&format!("/history/{sync_id}/corrected-rows"))
    }

    /// All changes of one run as a file: `csv` or `json`.
    #[must_use]
    pub fn run_changes(&self, sync_id: &impl Display, extension: &str) -> String {
        self.route(&format!("/history/{sync_id}/changes.{extension}"))
    }

    /// The page with all fields of the change of one item.
    #[must_use]
    pub fn item_change(&self, sync_id: &impl Display, key: &str) -> String {
        with_query(&self.route(&format!("/history/{sync_id}/changes/item")), &[("key", key)])
    }

    /// One whole value of a change, as text. `side` is `before` or `after`.
    #[must_use]
    pub fn change_value(&self, sync_id: &impl Display, key: &str, field: &str, side: &str) -> String {
        let route = self.route(&format!("/history/{sync_id}/changes/value"));
        with_query(&route, &[("key", key), ("field", field), ("side", side)])
    }

    /// The login page.
    #[must_use]
    pub fn login(&self) -> String {
        self.route("/login")
    }

    /// The login page, which leads to the path `next` afterwards.
    #[must_use]
    pub fn login_then(&self, next: &str) -> String {
        with_query(&self.login(), &[("next", next)])
    }

    /// The link that the form that ends a session is sent to.
    #[must_use]
    pub fn logout(&self) -> String {
        self.route("/logout")
    }

    /// The page that creates the first admin.
    #[must_use]
    pub fn setup(&self) -> String {
        self.route("/setup")
    }

    /// The set-up page with its one-time token.
    #[must_use]
    pub fn setup_with_token(&self, token: &str) -> String {
        with_query(&self.setup(), &[("token", token)])
    }

    /// The list of sources in the settings.
    #[must_use]
    pub fn sources(&self) -> String {
        self.route("/settings/sources")
    }

    /// The first step of adding a source.
    #[must_use]
    pub fn new_source(&self) -> String {
        self.route("/settings/sources/new")
    }

    /// The first step of adding a source of one kind.
    #[must_use]
    pub fn new_source_of_kind(&self, kind: &str) -> String {
        with_query(&self.new_source(), &[("kind", kind)])
    }

    /// The settings of one source.
    #[must_use]
    pub fn source(&self, slug: &str) -> String {
        self.route(&format!("/settings/sources/{slug}"))
    }

    /// The page that removes one source.
    #[must_use]
    pub fn remove_source(&self, slug: &str) -> String {
        self.route(&format!("/settings/sources/{slug}/remove"))
    }
}

/// Adds the values that are not empty to `link` as its query. Names and values may contain any characters.
#[must_use]
pub fn with_query(link: &str, values: &[(&str, &str)]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in values.iter().filter(|(_, value)| !value.is_empty()) {
        query.append_pair(name, value);
    }
    let query = query.finish();
    if query.is_empty() { link.to_owned() } else { format!("{link}?{query}") }
}

#[cfg(test)]
mod tests {
    use super::{LinkBuilder, Url, with_query};

    #[test]
    fn links_begin_with_the_path_of_the_public_url() {
        let links = |url: &str| LinkBuilder::new(&url.parse::<Url>().expect("a URL"));
        for url in ["https://intranet.example/lockstep", "https://intranet.example/lockstep/"] {
            let links = links(url);
            assert_eq!(links.dashboard(), "/lockstep/");
            assert_eq!(links.catalog("albums"), "/lockstep/catalog/albums");
            assert_eq!(links.cookie_path(), "/lockstep");
            assert_eq!(links.absolute(&links.run(&"sync_1")), "https://intranet.example/lockstep/history/sync_1");
            assert!(links.asset("app.css").starts_with("/lockstep/static/"));
            assert!(links.contains("/lockstep/history") && links.contains("/lockstep?a=b"));
            assert!(!links.contains("/lockstepper") && !links.contains("/"));
        }
        for links in [links("http://lockstep.example:8080"), LinkBuilder::default()] {
            assert_eq!((links.dashboard().as_str(), links.cookie_path()), ("/", "/"));
            assert!(links.contains("/") && links.contains("/history"));
        }
        assert_eq!(links("http://lockstep.example:8080").public_host(), Some("lockstep.example:8080"));
        assert_eq!(LinkBuilder::default().public_host(), None);
    }

    #[test]
    fn a_query_can_hold_any_characters() {
        assert_eq!(with_query("/catalog/a", &[("q", ""), ("sort", "")]), "/catalog/a");
        let link = with_query("/catalog/a", &[("q", "a&b=c #1"), ("sort", "-Größe %")]);
        assert_eq!(link, "/catalog/a?q=a%26b%3Dc+%231&sort=-Gr%C3%B6%C3%9Fe+%25");
    }
}
