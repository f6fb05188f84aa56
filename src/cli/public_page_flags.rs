//! The flags of `source add` and `source update` for how a catalog presents itself.

use clap::Args;

use super::output::CommandError;
use crate::domain::frame_hosts::{FrameHost, FrameHosts};
use crate::domain::public_page::{PublicPage, parse_description, parse_title};

/// Flags for how a new catalog presents itself.
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

/// Flags that change how an existing catalog presents itself; what is not given stays.
#[derive(Args)]
#[group(required = true, multiple = true)]
pub(super) struct PublicPageChanges {
    /// Title of the catalog on its pages; an empty one means the name of the source
    #[arg(long)]
    title: Option<String>,
    /// A few sentences about the catalog, in plain text; empty for none
    #[arg(long)]
    description: Option<String>,
    /// Whether search engines may list the catalog while it is public
    #[arg(long, value_name = "yes|no", value_parser = parse_yes_or_no)]
    list_in_search_engines: Option<bool>,
    #[arg(
        long,
        value_name = "SITE",
        help = "Site that may embed the catalog while it is public, such as https://example.org. Repeat it for several \
                sites; sites from before that are not repeated are removed"
    )]
    frame_host: Vec<FrameHost>,
    /// Let no site embed the catalog
    #[arg(long, conflicts_with = "frame_host")]
    no_frame_hosts: bool,
}

impl PublicPageFlags {
    /// Returns what the flags set.
    ///
    /// # Errors
    /// A usage error that names the flag whose value is too long or not a site.
    pub(super) fn to_page(&self) -> Result<PublicPage, CommandError> {
        let mut page = PublicPage { is_indexed: self.list_in_search_engines, ..PublicPage::default() };
        set_texts(&mut page, self.title.as_deref(), self.description.as_deref())?;
        page.frame_hosts = parse_frame_hosts(&self.frame_host)?;
        Ok(page)
    }
}

impl PublicPageChanges {
    /// Returns the page with the changes.
    ///
    /// # Errors
    /// A usage error that names the flag whose value is too long or not a site.
    pub(super) fn apply(&self, mut page: PublicPage) -> Result<PublicPage, CommandError> {
        set_texts(&mut page, self.title.as_deref(), self.description.as_deref())?;
        if let Some(is_indexed) = self.list_in_search_engines {
            page.is_indexed = is_indexed;
        }
        if self.no_frame_hosts || !self.frame_host.is_empty() {
            page.frame_hosts = parse_frame_hosts(&self.frame_host)?;
        }
        Ok(page)
    }

    /// Whether a flag is given that only concerns public catalogs.
    pub(super) fn needs_public_catalog(&self) -> bool {
        self.list_in_search_engines == Some(true) || !self.frame_host.is_empty()
    }
}

fn set_texts(page: &mut PublicPage, title: Option<&str>, description: Option<&str>) -> Result<(), CommandError> {
    if let Some(title) = title {
        page.title = parse_title(title).map_err(|error| reject_value("--title", &error))?;
    }
    if let Some(description) = description {
        page.description = parse_description(description).map_err(|error| reject_value("--description", &error))?;
    }
    Ok(())
}

fn parse_frame_hosts(hosts: &[FrameHost]) -> Result<FrameHosts, CommandError> {
    let hosts: Vec<&str> = hosts.iter().map(FrameHost::as_str).collect();
    FrameHosts::parse_list(&hosts.join(" ")).map_err(|errors| match errors.first() {
        Some(error) => reject_value("--frame-host", error),
        None => reject_value("--frame-host", &"not a site."),
    })
}

fn reject_value(flag: &str, error: &dyn std::fmt::Display) -> CommandError {
    CommandError::usage(format!("{flag}: {error}"))
}

fn parse_yes_or_no(text: &str) -> Result<bool, &'static str> {
    match text {
        "yes" => Ok(true),
        "no" => Ok(false),
        _ => Err("say yes or no"),
    }
}

/// Returns how a catalog presents itself, for JSON.
pub(super) fn to_json_page(page: &PublicPage) -> serde_json::Value {
    let PublicPage { title, description, is_indexed, frame_hosts } = page;
    serde_json::json!({
        "title": title,
        "description": description,
        "listedInSearchEngines": is_indexed,
        "frameHosts": frame_hosts.iter().collect::<Vec<_>>(),
    })
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
