//! The requests for exported files.

use std::io;
use std::sync::Arc;

use actix_web::body::SizedStream;
use actix_web::http::header::{self, ContentEncoding, HeaderName};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, rt, web};
use futures_util::stream;

use super::export_request::ExportRequest;
use super::item_pages::ItemPages;
use super::text_download::TextDownload;
use super::workbook_download::{WorkbookDraft, wait_for_permit};
use crate::catalog_index::IndexState;
use crate::domain::export::export_format::ExportFormat;
use crate::domain::export::text_file::TextFormat;
use crate::domain::export::workbook_file::check_item_count;
use crate::domain::source::Source;
use crate::web::http::app_context::AppContext;
use crate::web::http::app_state::AppState;
use crate::web::http::authentication::RequestCaller;
use crate::web::http::cross_origin::preflight_response;
use crate::web::http::error::WebError;
use crate::web::http::streamed_body::{ChunkProducer, stream_chunks};
use crate::web::item_lists::catalog_open::{BUILD_POLL_INTERVAL, open_index};
use crate::web::item_lists::list_version::{KnownVersions, list_headers, list_version};

/// A request for a file.
struct FileRequest {
    slug: String,
    format: ExportFormat,
    /// The query of the address.
    query: String,
    known: KnownVersions,
    /// Whether the headers alone are requested.
    is_head: bool,
}

/// What a request for a file leads to.
enum ExportAnswer {
    /// The client has the current file.
    NotModified,
    /// The headers are all that was requested.
    HeadersOnly,
    /// The items can be read.
    Items(Box<(ExportRequest, ItemPages)>),
    /// The index is being built.
    Waiting,
}

type AnswerHeaders = Vec<(HeaderName, String)>;

/// `GET /catalog/{slug}.{extension}`: the items that `q`, `filter[COLUMN]` and `filter` select, in the order of `sort`;
/// all without them. `fields` selects columns; `raw=1` leaves formulas in CSV as they are.
pub(in crate::web) async fn download(
    app: AppContext,
    path: web::Path<(String, String)>,
    request: HttpRequest,
) -> Result<HttpResponse, WebError> {
    let (slug, extension) = path.into_inner();
    let format = extension.parse::<ExportFormat>().map_err(|_| WebError::not_found("page"))?;
    let file = Arc::new(FileRequest {
        slug,
        format,
        query: request.query_string().to_owned(),
        known: KnownVersions::of(&request),
        is_head: request.method() == Method::HEAD,
    });
    loop {
        let asked = Arc::clone(&file);
        let find = move |state: &AppState, _: &RequestCaller, source: &Source| {
            find_answer(state, source, &asked).map(|answer| (source.clone(), answer))
        };
        match app.run_on_catalog(&file.slug, find).await? {
            (_, (_, ExportAnswer::Waiting)) => rt::time::sleep(BUILD_POLL_INTERVAL).await,
            (source, (headers, answer)) => {
                let sent = send_answer(&app, &file, headers, answer).await;
                return sent.map_err(|error| error.reading_catalog(&source));
            }
        }
    }
}

async fn send_answer(
    app: &AppContext,
    file: &FileRequest,
    headers: AnswerHeaders,
    answer: ExportAnswer,
) -> Result<HttpResponse, WebError> {
    let (wanted, pages) = match answer {
        ExportAnswer::Items(items) => *items,
        ExportAnswer::HeadersOnly => {
            // The length is not known, so it must not be given as 0.
            let nothing = stream::empty::<io::Result<web::Bytes>>();
            return Ok(begin_file(file, headers).streaming(nothing));
        }
        ExportAnswer::NotModified | ExportAnswer::Waiting => {
            return Ok(begin_response(StatusCode::NOT_MODIFIED, headers).finish());
        }
    };
    let text_format = match file.format {
        ExportFormat::Csv => TextFormat::Csv { is_raw: wanted.is_raw },
        ExportFormat::Json => TextFormat::Json,
        ExportFormat::Ndjson => TextFormat::Ndjson,
        ExportFormat::Xlsx => return send_workbook(app, file, headers, wanted, pages).await,
    };
    let begin = move |state: &AppState, _: RequestCaller| {
        let mut text = TextDownload::new(text_format, &wanted.columns, pages)?;
        // A failure up to here is still answered as such.
        Ok((text.next_chunk(state)?.unwrap_or_default(), text))
    };
    let (first, text) = app.run_blocking(begin).await?;
    Ok(begin_file(file, headers).streaming(stream_chunks(app.state.clone(), first, text)))
}

/// `OPTIONS /catalog/{slug}.{extension}`: what scripts of other sites may send to a public catalog.
pub(in crate::web) async fn options(
    app: AppContext,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, WebError> {
    let (slug, _) = path.into_inner();
    app.run_on_catalog(&slug, |_, _, source| Ok(source.clone())).await.map(|source| preflight_response(&source))
}

async fn send_workbook(
    app: &AppContext,
    file: &FileRequest,
    headers: AnswerHeaders,
    wanted: ExportRequest,
    pages: ItemPages,
) -> Result<HttpResponse, WebError> {
    let permit = wait_for_permit().await?;
    let begin = move |state: &AppState, _: RequestCaller| WorkbookDraft::new(state, &wanted.columns, pages, permit);
    let mut workbook = app.run_blocking(begin).await?.write_items(app).await?;
    let length = workbook.length();
    let read =
        move |state: &AppState, _: RequestCaller| Ok((workbook.next_chunk(state)?.unwrap_or_default(), workbook));
    let (first, workbook) = app.run_blocking(read).await?;
    let chunks = stream_chunks(app.state.clone(), first, workbook);
    // A workbook is compressed already.
    let mut response = begin_file(file, headers);
    Ok(response.insert_header(ContentEncoding::Identity).body(SizedStream::new(length, chunks)))
}

fn find_answer(
    state: &AppState,
    source: &Source,
    file: &FileRequest,
) -> Result<(AnswerHeaders, ExportAnswer), WebError> {
    let Some(catalog) = state.store.find_catalog(source.id)? else { return Err(WebError::not_found("catalog")) };
    let wanted = ExportRequest::parse(file.format, &file.query, &catalog)?;
    // Read before the items: if they change meanwhile, the client asks again and gets the later version.
    let version = state.store.catalog_version(source.id)?;
    let version = list_version(version, &catalog, &format!("{} {}", file.format, file.query));
    let headers = |version| list_headers(source, version);
    if file.known.contain(&version) {
        return Ok((headers(Some(version)), ExportAnswer::NotModified));
    }
    if file.is_head {
        return Ok((headers(Some(version)), ExportAnswer::HeadersOnly));
    }
    if wanted.is_plain() {
        check_workbook(file.format, catalog.item_count)?;
        let items = Box::new((wanted, ItemPages::stored(source.id)));
        return Ok((headers(Some(version)), ExportAnswer::Items(items)));
    }
    let IndexState::Ready(reader) = open_index(state, source, &catalog)? else {
        return Ok((Vec::new(), ExportAnswer::Waiting));
    };
    check_workbook(file.format, reader.select(&wanted.query)?.count()?)?;
    // A list that lags behind is not of this version.
    let headers = headers(Some(version).filter(|_| reader.as_of().is_none()));
    let pages = ItemPages::selected(source.id, reader, wanted.query.clone());
    Ok((headers, ExportAnswer::Items(Box::new((wanted, pages)))))
}

fn check_workbook(format: ExportFormat, items: u64) -> Result<(), WebError> {
    if format == ExportFormat::Xlsx { Ok(check_item_count(items)?) } else { Ok(()) }
}

/// The beginning of the response with a file.
fn begin_file(file: &FileRequest, headers: AnswerHeaders) -> HttpResponseBuilder {
    let mut response = begin_response(StatusCode::OK, headers);
    response
        .content_type(file.format.content_type())
        .insert_header((header::CONTENT_DISPOSITION, format!("attachment; filename=\"{}.{}\"", file.slug, file.format)))
        .insert_header((header::ACCEPT_RANGES, "none"));
    response
}

fn begin_response(status: StatusCode, headers: AnswerHeaders) -> HttpResponseBuilder {
    let mut response = HttpResponse::build(status);
    for header in headers {
        response.insert_header(header);
    }
    response
}
