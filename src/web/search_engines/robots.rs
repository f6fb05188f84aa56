//! `GET /robots.txt` (RFC 9309): which pages crawlers may read.

use actix_web::{HttpRequest, HttpResponse};

use crate::domain::source::Source;
use crate::web::http::app_context::AppContext;
use crate::web::http::error::WebError;
use crate::web::http::links::LinkBuilder;
use crate::web::http::request_origin::request_origin;

/// The crawlers that read a page because a person sent its link to another. They show title, description and picture
/// beside the link, and list nothing, so they may read every public catalog.
const PREVIEW_CRAWLERS: [&str; 8] = [
    "facebookexternalhit",
    "Twitterbot",
    "LinkedInBot",
    "Slackbot-LinkExpanding",
    "Discordbot",
    "WhatsApp",
    "TelegramBot",
    "Mastodon",
];

/// `GET /robots.txt`. Crawlers read it at the root of a host only: a proxy that serves Lockstep below a path must map
/// it.
pub(in crate::web) async fn file(app: AppContext, request: HttpRequest) -> Result<HttpResponse, WebError> {
    let origin = request_origin(&request, &app.state.links);
    let text = app
        .run_without_caller(move |state| Ok(write_rules(&state.store.list_sources()?, &state.links, &origin)))
        .await?;
    Ok(HttpResponse::Ok().content_type("text/plain; charset=utf-8").body(text))
}

/// The rules. The longest rule that matches an address applies.
fn write_rules(sources: &[Source], links: &LinkBuilder, origin: &str) -> String {
    let listed: Vec<&Source> = sources.iter().filter(|source| source.is_listed()).collect();
    let mut text = String::from("# Link previews show what visitors see, and list nothing.\n");
    for crawler in PREVIEW_CRAWLERS {
        text.push_str(&format!("User-agent: {crawler}\n"));
    }
    text.push_str(&format!("Allow: {}\nDisallow: {}\n\nUser-agent: *\n", links.route("/catalog/"), links.dashboard()));
    for source in &listed {
        let catalog = links.catalog(source.slug.as_str());
        // The whole list and its pages. Lists in another order, or of fewer items, have nothing new.
        text.push_str(&format!("Allow: {catalog}$\nAllow: {catalog}?page=\nAllow: {catalog}/items/\n"));
    }
    if !listed.is_empty() {
        text.push_str(&format!("Allow: {}\nAllow: {}\n", links.route("/static/"), links.route("/sitemap")));
    }
    text.push_str(&format!("Disallow: {}\n", links.dashboard()));
    if !listed.is_empty() {
        text.push_str(&format!("\nSitemap: {origin}{}\n", links.sitemap()));
    }
    text
}
