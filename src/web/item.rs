//! `GET /catalog/{slug}/items/{id}`: one item.

use actix_web::web;

use super::error::WebError;
use super::forms::clipped;
use super::guard::Caller;
use super::page::{Html, chrome, when};
use super::state::{self, Rooms};
use super::table::title_at;
use super::views::base::Section;
use super::views::item::{Field, ItemPage};
use crate::store::items::Item;

/// The most characters of a heading.
const HEADING: usize = 200;

/// `GET /catalog/{slug}/items/{id}`, by the opaque id of the item.
pub(super) async fn page(rooms: Rooms, caller: Caller, path: web::Path<(String, String)>) -> Result<Html, WebError> {
    state::run(&rooms, move |house| {
        let (slug, id) = path.into_inner();
        let (source, actor) = caller.source(house, &slug)?;
        let Some(item) = house.store.item(source.id, &id)? else { return Err(WebError::not_found("item")) };
        let heading = heading(&item, &source.noun.one);
        let page = ItemPage {
            chrome: chrome(house, actor.as_ref(), format!("{heading} · {}", source.name), Section::Catalogs)?,
            slug,
            catalog: source.name,
            heading,
            fields: item.fields.into_iter().map(field).collect(),
            key: item.key,
            added_at: Some(when(item.added_at)),
            changed_at: (item.changed_at != item.added_at).then(|| when(item.changed_at)),
        };
        Html::draw(&page)
    })
    .await
}

/// What readers know the item by: its title if it has one, else its key.
fn heading(item: &Item, noun: &str) -> String {
    let names: Vec<&str> = item.fields.iter().map(|(name, _)| name.as_str()).collect();
    let title = title_at(&names, noun).map(|at| item.fields[at].1.trim()).filter(|title| !title.is_empty());
    clipped(title.unwrap_or(&item.key), HEADING)
}

fn field((name, value): (String, String)) -> Field {
    let link = web_address(&value);
    Field { name, value, link }
}

/// The text, if it is an `http` or `https` address and nothing else. Whoever edits the source may type anything, and
/// `javascript:` must not become a link.
fn web_address(text: &str) -> Option<String> {
    let text = text.trim();
    let begins = |scheme: &str| text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    if !(begins("http://") || begins("https://")) || text.contains(char::is_whitespace) || text.len() > 2000 {
        return None;
    }
    url::Url::parse(text).ok().filter(|url| url.host_str().is_some()).map(|url| url.to_string())
}

#[cfg(test)]
mod tests {
    use super::web_address;

    #[test]
    fn only_web_addresses_become_links() {
        assert_eq!(web_address(" https://example.com/ä?q=1 ").as_deref(), Some("https://example.com/%C3%A4?q=1"));
        for text in ["javascript:alert(1)", "https://", "http:/x", "see https://example.com", "https://a b", "data:,x"]
        {
            assert_eq!(web_address(text), None, "{text}");
        }
    }
}
