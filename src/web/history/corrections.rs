//! `POST /history/{id}/corrected-rows`: takes corrected rows into the uploaded file of a source.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};

use super::build::build_run_page;
use super::handlers::find_run;
use super::issue_view::CorrectionResult;
use super::issues::load_skipped_rows;
use crate::domain::location::SourceLocation;
use crate::domain::record::HistoryRun;
use crate::domain::rows::corrected_rows::CorrectionRefusal;
use crate::web::http::app_context::AppContext;
use crate::web::http::app_state::AppState;
use crate::web::http::error::WebError;
use crate::web::http::form::FormValues;
use crate::web::http::html_response::HtmlResponse;
use crate::web::http::links::with_query;
use crate::web::sources::handlers::receive_form;
use crate::web::sources::uploads::{MAX_BYTES, SentFile, delete_upload};

/// `POST /history/{id}/corrected-rows`: the form field `file` is the download of the skipped rows with corrected cells.
pub(in crate::web) async fn upload(
    app: AppContext,
    id: web::Path<String>,
    request: HttpRequest,
    body: web::Payload,
) -> Result<HtmlResponse, WebError> {
    let sent = receive_form(&app, &request, body).await?;
    app.run_slow_blocking(move |state, caller| {
        let result = caller.admin().and_then(|actor| Ok((actor, find_run(state, &id)?)));
        let corrected = match (&result, &sent.file) {
            (Ok((_, run)), SentFile::Stored { id: upload, .. }) => correct_rows(state, run, upload),
            (_, SentFile::TooLarge) => {
                let message = format!("Nothing was changed: the file is larger than {} MB.", MAX_BYTES / 1_000_000);
                Ok(Err(CorrectionRefusal::new("too_large", message)))
            }
            _ => Ok(Err(CorrectionRefusal::new("no_file", "Choose the file with the corrected rows."))),
        };
        // The upload is not needed any more, whatever became of its rows.
        if let SentFile::Stored { id: upload, .. } = sent.file {
            delete_upload(&state.uploads_dir, &SourceLocation::Upload(upload));
        }
        let (actor, run) = result?;
        match corrected? {
            Ok(count) => {
                let summary = run.run_summary();
                log::info!("{} corrected {count} rows of {} after {}", actor.name, summary.source, summary.id);
                let there = with_query(&state.links.run(&summary.id), &[("corrected", &count.to_string())]);
                Ok(HtmlResponse::redirect(format!("{there}#issues")))
            }
            Err(CorrectionRefusal { code, message, problems }) => {
                let is_conflict = ["already_running", "file_changed"].contains(&code);
                let status = if is_conflict { StatusCode::CONFLICT } else { StatusCode::UNPROCESSABLE_ENTITY };
                let refused = CorrectionResult::Refused { message, problems };
                let page = build_run_page(state, &actor, &run, &FormValues::default(), Some(refused))?;
                Ok(HtmlResponse::render(&page)?.with_status(status))
            }
        }
    })
    .await
}

/// Takes the rows of the upload into the file of the run's source. Returns how many differ, or why nothing was changed.
fn correct_rows(state: &AppState, run: &HistoryRun, upload: &str) -> Result<Result<u64, CorrectionRefusal>, WebError> {
    let HistoryRun::Ended(record) = run else {
        let message = "This sync is running, so nothing was changed. Upload the rows again when it has finished.";
        return Ok(Err(CorrectionRefusal::new("already_running", message)));
    };
    let source = state.store.source_by_id(record.source_id)?.ok_or_else(|| WebError::not_found("source"))?;
    let issues = state.store.list_skipped_rows(record.summary.id)?;
    let skipped = load_skipped_rows(state, record.summary.id, &issues)?;
    let corrected = state.control.correct_rows(&source, &skipped, upload);
    if matches!(corrected, Ok(count) if count > 0)
        && let Err(error) = state.store.record_corrected_rows(source.id, record.summary.id)
    {
        // The file is changed. To say that nothing was changed would be wrong.
        log::error!("the corrected rows of {} could not be recorded in the audit log: {error}", source.slug);
    }
    Ok(corrected)
}
