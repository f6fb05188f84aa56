//! `lockstep export`: writes all items of a catalog to standard output.

use std::io::{self, IsTerminal, Seek, SeekFrom, Write};

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser as _};

use super::output::{CommandError, CommandExit, find_source};
use crate::app::App;
use crate::domain::export::export_error::ExportError;
use crate::domain::export::export_format::ExportFormat;
use crate::domain::export::text_file::{TextFile, TextFormat};
use crate::domain::export::workbook_file::{WorkbookFile, check_item_count};
use crate::domain::source::Slug;
use crate::store::catalogs::Catalog;
use crate::store::item_records::RecordPages;

/// What the help says below the options.
pub(super) const AFTER_HELP: &str = "\
Examples:
  lockstep export albums --format csv > albums.csv
  lockstep export albums --format ndjson | jq .fields.title

In CSV, cells that a spreadsheet would run as formulas begin with an apostrophe; --raw leaves them as they are. JSON has
the items as they are stored: an array with --format json, one object a line with --format ndjson.";

/// The arguments of `export`.
#[derive(Args)]
pub(super) struct ExportArgs {
    /// Slug of the source, as `source list` prints it
    slug: Slug,
    /// Format of the file
    #[arg(long, value_parser = PossibleValuesParser::new(ExportFormat::ALL.iter().map(|format| format.as_str()))
        .try_map(|word| word.parse::<ExportFormat>()))]
    format: ExportFormat,
    /// CSV only: leave cells that a spreadsheet would run as formulas as they are
    #[arg(long)]
    raw: bool,
}

/// Writes the items. A reader that closes the pipe ends the command.
pub(super) fn run(app: &App, args: &ExportArgs) -> Result<CommandExit, CommandError> {
    let source = find_source(&app.store, &args.slug)?;
    let text_format = match args.format {
        ExportFormat::Csv => Some(TextFormat::Csv { is_raw: args.raw }),
        _ if args.raw => {
            return Err(CommandError::usage("--raw is for --format csv. All other formats have cells as they are."));
        }
        ExportFormat::Json => Some(TextFormat::Json),
        ExportFormat::Ndjson => Some(TextFormat::Ndjson),
        ExportFormat::Xlsx => None,
    };
    if text_format.is_none() && io::stdout().is_terminal() {
        let hint = format!("lockstep export {slug} --format xlsx > {slug}.xlsx", slug = args.slug);
        return Err(CommandError::usage(format!("an Excel file cannot be shown in a terminal. Use `{hint}`.")));
    }
    let catalog = app.store.find_catalog(source.id)?.unwrap_or_default();
    let pages = RecordPages::new(source.id);
    let written = match text_format {
        Some(format) => write_text(app, format, &catalog, pages),
        None => write_workbook(app, &catalog, pages),
    };
    match written {
        Err(ExportFailure::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(CommandExit::Success),
        Err(ExportFailure::Output(error)) => {
            Err(CommandError::failed(format!("cannot write to standard output: {error}")))
        }
        Err(ExportFailure::Command(error)) => Err(error),
        Ok(()) => Ok(CommandExit::Success),
    }
}

/// Why an export ended early.
enum ExportFailure {
    /// Standard output could not be written to.
    Output(io::Error),
    /// Anything else.
    Command(CommandError),
}

impl<E: Into<CommandError>> From<E> for ExportFailure {
    fn from(error: E) -> Self {
        Self::Command(error.into())
    }
}

impl From<ExportError> for CommandError {
    fn from(error: ExportError) -> Self {
        Self::failed(error.to_string())
    }
}

fn write_text(app: &App, format: TextFormat, catalog: &Catalog, mut pages: RecordPages) -> Result<(), ExportFailure> {
    let mut file = TextFile::new(format, &catalog.columns)?;
    let mut out = io::stdout().lock();
    loop {
        let page = pages.next_page(&app.store)?;
        for item in &page {
            file.add_item(&item.key, &item.parse_fields()?)?;
        }
        if page.is_empty() {
            file.finish();
        }
        out.write_all(&file.take_bytes()?).map_err(ExportFailure::Output)?;
        if page.is_empty() {
            return out.flush().map_err(ExportFailure::Output);
        }
    }
}

/// Writes a workbook into a temporary file first: whether all items fit is known only at the end.
fn write_workbook(app: &App, catalog: &Catalog, mut pages: RecordPages) -> Result<(), ExportFailure> {
    check_item_count(catalog.item_count)?;
    let mut workbook = WorkbookFile::new(tempfile::tempfile_in(app.data_dir())?, &catalog.columns)?;
    loop {
        let page = pages.next_page(&app.store)?;
        if page.is_empty() {
            break;
        }
        for item in &page {
            workbook.add_item(&item.key, &item.parse_fields()?)?;
        }
    }
    let mut file = workbook.finish()?;
    file.seek(SeekFrom::Start(0))?;
    let mut out = io::stdout().lock();
    // A failure to read the file is reported as one of the output; both are rare, and the message has the cause.
    io::copy(&mut file, &mut out).and_then(|_| out.flush()).map_err(ExportFailure::Output)
}
