//! `GET /catalog/{slug}/sync/apply`: says what applying a preview will do. The form is sent to the Sync form's route.

use actix_web::web;

use super::removal_list::parse_run_of;
use super::view::DecisionPage;
use crate::domain::progress::RunStats;
use crate::domain::run_text::preview::{APPLY_NOTICE, apply_label, apply_message};
use crate::sync::follow_up::FollowUp;
use crate::web::history::handlers::find_run;
use crate::web::http::app_context::AppContext;
use crate::web::http::error::WebError;
use crate::web::http::form::{FormValues, trimmed_value};
use crate::web::http::html_response::HtmlResponse;
use crate::web::layout::view::NavSection;

/// `GET /catalog/{slug}/sync/apply`: the preview `preview`.
pub(in crate::web) async fn page(
    app: AppContext,
    slug: web::Path<String>,
    query: web::Query<FormValues>,
) -> Result<HtmlResponse, WebError> {
    app.run_blocking(move |state, caller| {
        let actor = caller.admin()?;
        let source = caller.source(state, &slug)?;
        let id = parse_run_of(state, &source, &trimmed_value(&query, "preview"))?;
        let run = find_run(state, &id.to_string())?;
        let mut page = DecisionPage::about_run(state, &actor, &run, Some(&source), NavSection::Catalogs)?;
        page.link = state.links.start_sync(source.slug.as_str());
        page.fields = vec![("action", "apply".to_owned()), ("preview", id.to_string())];
        match state.control.appliable_preview(&source, id)? {
            FollowUp::Possible(_, record) => {
                let RunStats { added, updated, removed, .. } = record.summary.stats;
                let label = apply_label(added + updated + removed);
                page.title = format!("{label}?");
                page.message = apply_message(&source.noun, &record.summary.stats);
                page.notices = vec![APPLY_NOTICE];
                page.button = Some(label);
                page.is_dangerous = removed > 0;
                page.find_active_run(state, &source)?;
            }
            FollowUp::NoSuchRun => return Err(WebError::not_found("sync")),
            FollowUp::Refused(refusal) => {
                "Nothing to apply".clone_into(&mut page.title);
                refusal.message().clone_into(&mut page.message);
            }
        }
        page.frame.title = format!("{} · {}", page.title, source.name);
        HtmlResponse::render(&page)
    })
    .await
}
