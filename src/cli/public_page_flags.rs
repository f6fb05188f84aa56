//! The flags of `source add` for what the public sees of a catalog.

use clap::Args;

use super::output::CommandError;
use crate::domain::frame_hosts::{FrameHost, FrameHosts};
use crate::domain::public_page::{PublicPage, parse_description, parse_title};

/// Flags for what the public sees of a catalog.
#[derive(Args)]
pub(super) struct PublicPageFlags {
    /// Title of the catalog on its pages [default: its name]
    #[arg(long)]
    title: Option<String>,
    /// A few sentences about the catalog, in plain text
    #[arg(long)]
    description: Option<String>,
    /// With --public: let search engines list the catalog
    #[arg(long, requires = "public")]
    list_in_search_engines: bool,
    #[arg(
        long,
        value_name = "SITE",
        requires = "public",
        // As a comment, rustdoc would demand angle brackets around the URL.
        help = "With --public: site that may embed the catalog, such as https://example.org or https://*.example.org. \
                Repeat it for several sites"
    )]
    frame_host: Vec<FrameHost>,
}

impl PublicPageFlags {
    /// Returns what the flags set.
    pub(super) fn to_page(&self) -> Result<PublicPage, CommandError> {
        let wrong = |flag: &str, error: &dyn std::fmt::Display| CommandError::usage(format!("{flag}: {error}"));
        let title = parse_title(self.title.as_deref().unwrap_or_default());
        let description = parse_description(self.description.as_deref().unwrap_or_default());
        let hosts: Vec<&str> = self.frame_host.iter().map(FrameHost::as_str).collect();
        let frame_hosts = FrameHosts::parse_list(&hosts.join(" "));
        Ok(PublicPage {
            title: title.map_err(|error| wrong("--title", &error))?,
            description: description.map_err(|error| wrong("--description", &error))?,
            is_indexed: self.list_in_search_engines,
            frame_hosts: frame_hosts.map_err(|errors| match errors.first() {
                Some(error) => wrong("--frame-host", error),
                None => wrong("--frame-host", &"not a site."),
            })?,
        })
    }
}

/// Returns what is set, as names and values for `source show`.
pub(super) fn format_page(page: &PublicPage) -> Vec<(&'static str, String)> {
    let PublicPage { title, description, is_indexed, frame_hosts } = page;
    let hosts = Some(frame_hosts.to_directive()).filter(|hosts| !hosts.is_empty());
    let description = Some(description.replace('\n', " ")).filter(|text| !text.is_empty());
    let listed = is_indexed.then(|| "listed".to_owned());
    let facts =
        [("title", title.clone()), ("description", description), ("search engines", listed), ("embedded by", hosts)];
    facts.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}
