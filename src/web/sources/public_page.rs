//! `/settings/sources/{slug}/public-page`: how a catalog presents itself. It has its own form, because saving it
//! neither probes the source nor has to wait for a run.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};

use super::pages::find_source;
use super::public_page_view::{PublicPageErrors, PublicPageForm, PublicPageSettings};
use crate::domain::account::Actor;
use crate::domain::frame_hosts::{FrameHostError, FrameHosts};
use crate::domain::public_page::{PublicPage, parse_description, parse_title};
use crate::domain::source::Source;
use crate::web::http::app_context::AppContext;
use crate::web::http::app_state::AppState;
use crate::web::http::error::WebError;
use crate::web::http::form::{FormData, FormValues, trimmed_value};
use crate::web::http::html_response::HtmlResponse;
use crate::web::http::links::with_query;
use crate::web::http::request_origin::request_origin;
use crate::web::layout::page::page_frame;
use crate::web::layout::view::NavSection;

/// The most wrong sites that an error names.
const MAX_NAMED_ERRORS: usize = 3;

/// `GET /settings/sources/{slug}/public-page`.
pub(in crate::web) async fn page(
    app: AppContext,
    slug: web::Path<String>,
    query: web::Query<FormValues>,
    request: HttpRequest,
) -> Result<HtmlResponse, WebError> {
    let origin = request_origin(&request, &app.state.links);
    app.run_blocking(move |state, caller| {
        let actor = caller.admin()?;
        let source = find_source(state, &slug)?;
        let is_saved = trimmed_value(&query, "done") == "saved";
        let form = form_of_page(&source.page);
        render(state, &actor, &source, &origin, PublicPageSettings { form, is_saved, ..PublicPageSettings::default() })
    })
    .await
}

/// `POST /settings/sources/{slug}/public-page`.
pub(in crate::web) async fn save(
    app: AppContext,
    slug: web::Path<String>,
    form: FormData<FormValues>,
    request: HttpRequest,
) -> Result<HtmlResponse, WebError> {
    let origin = request_origin(&request, &app.state.links);
    app.run_blocking(move |state, caller| {
        let actor = caller.admin()?;
        let source = find_source(state, &slug)?;
        let form = parse_form(&form.into_values()?);
        match check_form(&form) {
            Ok(page) => {
                if !state.store.set_public_page(source.id, &page)? {
                    return Err(WebError::not_found("source"));
                }
                log::info!("the public page of {} was changed by {}", source.slug, actor.name);
                let settings = state.links.public_page_settings(source.slug.as_str());
                Ok(HtmlResponse::redirect(with_query(&settings, &[("done", "saved")])))
            }
            Err(errors) => {
                let settings = PublicPageSettings { form, errors, ..PublicPageSettings::default() };
                let response = render(state, &actor, &source, &origin, settings)?;
                Ok(response.with_status(StatusCode::UNPROCESSABLE_ENTITY))
            }
        }
    })
    .await
}

/// Renders the page, with the facts about `source` filled in.
fn render(
    state: &AppState,
    actor: &Actor,
    source: &Source,
    origin: &str,
    settings: PublicPageSettings,
) -> Result<HtmlResponse, WebError> {
    let slug = source.slug.as_str();
    let embedded = state.links.embedded_catalog(slug);
    let title = format!("Public page of {}", source.name);
    HtmlResponse::render(&PublicPageSettings {
        frame: page_frame(state, Some(actor), title, NavSection::Settings)?,
        slug: slug.to_owned(),
        name: source.name.clone(),
        title: source.title().to_owned(),
        public: source.public,
        has_frame_hosts: !source.page.frame_hosts.is_empty(),
        embedded_link: embedded.clone(),
        embedded_url: format!("{origin}{embedded}"),
        ..settings
    })
}

/// The fields as typed.
fn parse_form(values: &FormValues) -> PublicPageForm {
    let typed = |name: &str| values.get(name).cloned().unwrap_or_default();
    PublicPageForm {
        title: typed("title"),
        description: typed("description"),
        is_indexed: trimmed_value(values, "search_engines") == "index",
        frame_hosts: typed("frame_hosts"),
    }
}

fn form_of_page(page: &PublicPage) -> PublicPageForm {
    PublicPageForm {
        title: page.title.clone().unwrap_or_default(),
        description: page.description.clone(),
        is_indexed: page.is_indexed,
        frame_hosts: page.frame_hosts.to_string(),
    }
}

/// The page that a form describes, or the errors field by field.
fn check_form(form: &PublicPageForm) -> Result<PublicPage, PublicPageErrors> {
    let mut errors = PublicPageErrors::default();
    let title = parse_title(&form.title).map_err(|error| errors.title = Some(error.to_string()));
    let description =
        parse_description(&form.description).map_err(|error| errors.description = Some(error.to_string()));
    let frame_hosts =
        FrameHosts::parse_list(&form.frame_hosts).map_err(|wrong| errors.frame_hosts = Some(list_errors(&wrong)));
    match (title, description, frame_hosts) {
        (Ok(title), Ok(description), Ok(frame_hosts)) => {
            Ok(PublicPage { title, description, is_indexed: form.is_indexed, frame_hosts })
        }
        _ => Err(errors),
    }
}

fn list_errors(errors: &[FrameHostError]) -> String {
    // The quotes of code are for terminals.
    let named: Vec<String> =
        errors.iter().take(MAX_NAMED_ERRORS).map(|error| error.to_string().replace('`', "")).collect();
    let more = errors.len().saturating_sub(MAX_NAMED_ERRORS);
    let more = if more > 0 { format!(" {more} more sites are wrong.") } else { String::new() };
    format!("{}{more}", named.join(" "))
}
