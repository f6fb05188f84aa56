//! `/catalog/{slug}/sync/removals`: lists the removals that a run withheld, and removes or keeps the listed items.

use actix_web::web;

use super::removal_list::{RemovalList, find_list, parse_run_of};
use super::view::{ListedItem, RemovalChoice, RemovalsPage};
use crate::domain::account::Actor;
use crate::domain::change_set::Change;
use crate::domain::item::parse_fields;
use crate::domain::removal_review::{RemovalReview, ReviewReason};
use crate::domain::run_text::start_and_cancel::already_running_message;
use crate::domain::run_text::withheld_items::{
    NEEDS_REVIEW, previewed_list_message, removal_notice, removals_download_label, remove_items_label,
    review_reason_message, review_title, sync_anyway_label,
};
use crate::domain::source::Source;
use crate::domain::sync_id::SyncId;
use crate::sync::follow_up::FollowUp;
use crate::web::http::app_context::AppContext;
use crate::web::http::app_state::AppState;
use crate::web::http::error::WebError;
use crate::web::http::form::{FormData, FormValues, clip_text, trimmed_value};
use crate::web::http::html_response::HtmlResponse;
use crate::web::http::links::with_query;
use crate::web::http::response_format::ResponseFormat;
use crate::web::layout::freshness_mark::find_mark;
use crate::web::layout::item_title::find_title_column;
use crate::web::layout::page::page_frame;
use crate::web::layout::page_links::{PageLinks, load_page};
use crate::web::layout::time_label::time_label;
use crate::web::layout::view::NavSection;
use crate::web::panel::build::PanelContext;
use crate::web::panel::dismissed_runs::DismissedRuns;
use crate::web::panel::responses::{respond_to_start, respond_with_panel, respond_with_refusal};

/// The number of items on a page.
const ITEMS_PER_PAGE: u64 = 50;
/// The most characters of a title or key in the list.
const MAX_NAME_CHARS: usize = 200;
/// The most characters of a search that count.
const MAX_SEARCH_CHARS: usize = 200;

/// `GET /catalog/{slug}/sync/removals`: the list of the run `sync`. `q` searches, `page` selects a page.
pub(in crate::web) async fn page(
    app: AppContext,
    slug: web::Path<String>,
    query: web::Query<FormValues>,
) -> Result<HtmlResponse, WebError> {
    app.run_blocking(move |state, caller| {
        let actor = caller.admin()?;
        let source = caller.source(state, &slug)?;
        let list = find_list(state, &source, &trimmed_value(&query, "sync"))?;
        HtmlResponse::render(&build_page(state, &actor, &source, &list, &query)?)
    })
    .await
}

fn build_page(
    state: &AppState,
    actor: &Actor,
    source: &Source,
    list: &RemovalList,
    query: &FormValues,
) -> Result<RemovalsPage, WebError> {
    let slug = source.slug.as_str();
    let mut page = RemovalsPage {
        frame: page_frame(state, Some(actor), NEEDS_REVIEW, NavSection::Catalogs)?,
        slug: slug.to_owned(),
        source: source.name.clone(),
        freshness: find_mark(state, source.id, Some(actor))?,
        noun_many: source.noun.many.clone(),
        title: NEEDS_REVIEW.to_owned(),
        message: String::new(),
        sync_id: String::new(),
        kept: None,
        choice: None,
        busy: None,
        search: trimmed_value(query, "q").chars().take(MAX_SEARCH_CHARS).collect(),
        items: Vec::new(),
        download_label: removals_download_label(&source.noun, None),
        pager: PageLinks::default(),
    };
    if let RemovalList::None(refusal) = list {
        refusal.message().clone_into(&mut page.message);
        return Ok(page);
    }
    let Some(id) = list.id() else { return Ok(page) };
    page.sync_id = id.to_string();
    let found = add_items(state, &mut page, source, id, trimmed_value(query, "page").parse().unwrap_or(1))?;
    let count = if page.search.is_empty() { found } else { state.store.withheld_items(id, "", 1, 1)?.total };
    match list {
        RemovalList::Review(review) => {
            // Some of the listed items may have left the catalog since.
            let review = RemovalReview { item_count: count, ..review.clone() };
            page.title = review_title(&review, &source.noun);
            page.message = review_reason_message(&review, &source.noun);
            page.kept = review.kept.as_ref().map(|(time, by)| (time_label(*time), by.clone()));
            page.choice = Some(build_choice(&review, source));
            let is_active = state.store.active_run(source.id)?.is_some();
            page.busy = is_active.then(|| already_running_message(&source.name));
        }
        RemovalList::Previewed { counted, .. } => {
            let listed = list.kept_part();
            page.message =
                previewed_list_message(&source.noun, if listed.is_some() { *counted } else { count }, listed);
            page.download_label = removals_download_label(&source.noun, listed);
        }
        RemovalList::None(_) => {}
    }
    page.frame.title = format!("{} of {}", page.title, source.name);
    Ok(page)
}

/// Adds the requested page of the list, or else the last one. Returns the number of items on all pages.
fn add_items(
    state: &AppState,
    page: &mut RemovalsPage,
    source: &Source,
    list: SyncId,
    requested: u64,
) -> Result<u64, WebError> {
    let load = |number| {
        let found = state.store.withheld_items(list, &page.search, number, ITEMS_PER_PAGE)?;
        Ok((found.removals, found.total))
    };
    let (removals, total, number) = load_page(requested.max(1), ITEMS_PER_PAGE, load)?;
    let columns = state.store.find_catalog(source.id)?.unwrap_or_default().columns;
    let keys: Vec<&str> = removals.iter().map(|change| change.key.as_str()).collect();
    let ids = state.store.live_item_ids(source.id, &keys)?;
    let item = |change: &Change| {
        let href = ids.get(&change.key).map(|id| state.links.item(source.slug.as_str(), id));
        ListedItem { href, ..listed_item(change, &columns, &source.noun.one) }
    };
    page.items = removals.iter().map(item).collect();
    let link = |number: u64| {
        let number = if number > 1 { number.to_string() } else { String::new() };
        let link = state.links.decide_removals(source.slug.as_str());
        with_query(&link, &[("sync", &page.sync_id), ("q", &page.search), ("page", &number)])
    };
    page.pager = PageLinks::new(number, ITEMS_PER_PAGE, page.items.len() as u64, total, link);
    Ok(total)
}

/// An item by its title and key. Fields that are not columns of the catalog are not shown.
fn listed_item(change: &Change, columns: &[String], noun: &str) -> ListedItem {
    let fields = change.before.as_deref().and_then(|json| parse_fields(json).ok()).unwrap_or_default();
    let shown: Vec<_> = fields.iter().filter(|(name, _)| columns.contains(name)).collect();
    let names: Vec<&str> = shown.iter().map(|(name, _)| name.as_str()).collect();
    let title = find_title_column(&names, noun).map(|at| shown[at].1.trim()).unwrap_or_default();
    ListedItem { title: clip_text(title, MAX_NAME_CHARS), key: clip_text(&change.key, MAX_NAME_CHARS), href: None }
}

fn build_choice(review: &RemovalReview, source: &Source) -> RemovalChoice {
    let is_rekey = review.reason == ReviewReason::KeyChanged;
    let remove = if is_rekey {
        Some(sync_anyway_label(&source.noun, review.item_count, review.additions))
    } else {
        (review.item_count > 0).then(|| remove_items_label(&source.noun, review.item_count))
    };
    RemovalChoice {
        remove,
        notice: removal_notice(review.reason),
        may_keep: review.is_open() && review.reason.may_be_kept(),
    }
}

/// `POST /catalog/{slug}/sync/removals`: field `sync`; `action` is `remove` (default) or `keep`; `kept`, yes or no, is
/// whether the page showed that the items are kept.
pub(in crate::web) async fn decide(
    app: AppContext,
    slug: web::Path<String>,
    form: FormData<FormValues>,
    dismissed: DismissedRuns,
) -> Result<HtmlResponse, WebError> {
    let is_htmx = app.format == ResponseFormat::Fragment;
    app.run_blocking(move |state, caller| {
        let actor = caller.admin()?;
        let source = caller.source(state, &slug)?;
        let form = form.into_values()?;
        let run = parse_run_of(state, &source, &trimmed_value(&form, "sync"))?;
        let context = PanelContext { state, source: &source, actor: Some(&actor) };
        let page = state.links.withheld_removals(source.slug.as_str(), &run);
        let was_kept = match trimmed_value(&form, "kept").as_str() {
            "yes" => Some(true),
            "no" => Some(false),
            _ => None,
        };
        match trimmed_value(&form, "action").as_str() {
            "remove" | "" => match state.control.apply_removals(run, was_kept, &actor.name)? {
                FollowUp::Possible(_, (_, outcome)) => respond_to_start(&context, outcome, is_htmx),
                FollowUp::NoSuchRun => Err(WebError::not_found("sync")),
                FollowUp::Refused(refusal) => respond_with_refusal(&context, refusal, is_htmx, page),
            },
            "keep" => match state.control.keep_withheld(run, &actor.name)? {
                FollowUp::Possible(..) => respond_with_panel(&context, &dismissed, is_htmx),
                FollowUp::NoSuchRun => Err(WebError::not_found("sync")),
                FollowUp::Refused(refusal) => respond_with_refusal(&context, refusal, is_htmx, page),
            },
            _ => Err(WebError::bad_field("action", "“action” must be remove or keep.")),
        }
    })
    .await
}
