//! Takes corrected rows into an uploaded CSV file: reads them, replaces the rows in a new file, and checks it before it
//! takes the place of the old one.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use super::end_mark;
use super::row_replacement::{
    check_new_table, is_compressed, is_current_file, refusal_of, replaced_file_refusal, write_with_corrections,
};
use super::table::CsvTable;
use crate::domain::location::SourceLocation;
use crate::domain::read_options::ReadOptions;
use crate::domain::rows::corrected_rows::{CorrectionRefusal, SkippedRows, find_corrections};
use crate::domain::rows::row::TextRow;
use crate::domain::source::{Source, Validators};
use crate::fetch::file_signature::refuse_binary;
use crate::fetch::http::body_file::{BodyFile, disk_error};
use crate::fetch::local_file::{LocalFileReader, open_upload};
use crate::fetch::{FetchError, FetchObserver, FetchedContent as _, SilentObserver};

/// The most rows of a corrected file. A run keeps fewer issues.
const MAX_CORRECTED_ROWS: usize = 20_000;

/// One correction of an uploaded file.
pub(super) struct FileCorrection<'a> {
    /// Reads the files.
    pub(super) reader: LocalFileReader<'a>,
    /// The source whose file is corrected.
    pub(super) source: &'a Source,
    /// The rows as the run read them.
    pub(super) skipped: &'a SkippedRows,
}

impl FileCorrection<'_> {
    /// Replaces rows of the file of the source by those in the upload `corrected`. Returns how many rows differ.
    ///
    /// # Errors
    /// [`CorrectionRefusal`] when the rows do not fit, or the file is not the one that the run read. The file is
    /// unchanged then.
    pub(super) fn apply(&self, corrected: &str) -> Result<u64, CorrectionRefusal> {
        let SourceLocation::Upload(name) = &self.source.location else {
            let message = "Only the rows of an uploaded file can be corrected here.";
            return Err(CorrectionRefusal::new("not_uploaded", message));
        };
        let corrections = self.read_corrections(corrected)?;
        let (file, path) = open_upload(self.reader.uploads_dir, name, "CSV file").map_err(refusal_of)?;
        self.replace_rows(&file, &path, &corrections)?;
        Ok(corrections.len() as u64)
    }

    /// Reads the rows of the upload that differ from the skipped rows. The upload may have any separator and encoding,
    /// because people save it with other programs.
    fn read_corrections(&self, upload: &str) -> Result<BTreeMap<u64, Vec<String>>, CorrectionRefusal> {
        let read = || -> Result<(CsvTable, Vec<TextRow>), FetchError> {
            let table = self.open_table(self.reader.copy_upload(upload)?, &ReadOptions::default())?;
            let rows = table.rows()?.take(MAX_CORRECTED_ROWS).collect::<Result<_, _>>()?;
            Ok((table, rows))
        };
        let (table, rows) = read().map_err(refusal_of)?;
        find_corrections(self.skipped, table.columns(), &rows)
    }

    fn open_table(&self, mut content: BodyFile, options: &ReadOptions) -> Result<CsvTable, FetchError> {
        let observer: &dyn FetchObserver = &SilentObserver;
        refuse_binary(&content, "not_csv", "a CSV file")?;
        end_mark::remove_end_marks(&mut content, observer)?;
        CsvTable::open(content, None, Validators::default(), options, 0, observer)
    }

    /// Replaces the rows of the file at `path`.
    fn replace_rows(
        &self,
        file: &File,
        path: &Path,
        corrections: &BTreeMap<u64, Vec<String>>,
    ) -> Result<(), CorrectionRefusal> {
        let on_disk = |error: std::io::Error| refusal_of(disk_error(&error));
        // Two corrections at once would lose one of them. The lock ends with the file.
        file.lock().map_err(on_disk)?;
        if is_compressed(file).map_err(on_disk)? {
            let message = "Nothing was changed: the uploaded file of this source is compressed. Correct it on your \
                           computer, and replace the file in the settings of the source.";
            return Err(CorrectionRefusal::new("compressed", message));
        }
        let length = file.metadata().map_err(on_disk)?.len();
        let content = self.reader.copy_content(file, length, "The uploaded file").map_err(refusal_of)?;
        if content.hash != self.skipped.content_hash {
            return Err(replaced_file_refusal());
        }
        let options = &self.source.read_options;
        let old = self.open_table(content, options).map_err(refusal_of)?;
        let folder = path.parent().unwrap_or(Path::new("."));
        let new_file = write_with_corrections(file, folder, &old, self.skipped, corrections)?;
        let reopened = new_file.reopen().map_err(on_disk)?;
        let length = reopened.metadata().map_err(on_disk)?.len();
        let content = self.reader.copy_content(reopened, length, "The corrected file").map_err(refusal_of)?;
        let new = self.open_table(content, options).map_err(refusal_of)?;
        check_new_table(&old, &new, corrections)?;
        if !is_current_file(file, path) {
            return Err(replaced_file_refusal());
        }
        new_file.persist(path).map_err(|error| on_disk(error.error))?;
        Ok(())
    }
}
