//! An upload belongs to one source: a form that is sent again neither uses it a second time nor deletes it.

use std::fs;
use std::path::{Path, PathBuf};

use super::field_errors::{FieldErrors, file_error};
use super::uploads;
use crate::data_files::is_upload_id;
use crate::domain::location::SourceLocation;
use crate::web::http::app_state::AppState;
use crate::web::http::error::WebError;

/// The message about an upload that a form names and that is not there any more.
pub(super) const MISSING_UPLOAD_MESSAGE: &str = "The uploaded file is no longer there: this form was sent already, or a \
                                                 day has passed. Check the list of sources, or upload the file again.";

/// An upload that was given a new id, under which no other form can name it. It gets its former id back on drop, unless
/// it is kept. It has the new id then, too: the source may be saved although the database did not answer. The one that
/// nothing uses is deleted after a day.
pub(super) struct ClaimedUpload {
    former: PathBuf,
    claimed: PathBuf,
    is_kept: bool,
}

impl ClaimedUpload {
    /// Keeps the new id: the source is saved.
    pub(super) fn keep(mut self) {
        self.is_kept = true;
    }
}

impl Drop for ClaimedUpload {
    fn drop(&mut self) {
        if !self.is_kept
            && let Err(error) = fs::hard_link(&self.claimed, &self.former)
        {
            log::warn!("an upload could not be given back to its form: {error}");
        }
    }
}

/// Claims the upload at `location`, which gets its new id. `None` if it is no upload, or that of `before`.
///
/// # Errors
/// An error of the file field when another request claimed it, or it was deleted.
pub(super) fn claim_upload(
    folder: &Path,
    location: &mut SourceLocation,
    before: Option<&SourceLocation>,
) -> Result<Option<ClaimedUpload>, FieldErrors> {
    let id = match location {
        SourceLocation::Upload(id) if before != Some(&SourceLocation::Upload(id.clone())) => id,
        _ => return Ok(None),
    };
    let new = uuid::Uuid::new_v4().simple().to_string();
    let (former, claimed) = (folder.join(&*id), folder.join(&new));
    let is_file = fs::symlink_metadata(&former).is_ok_and(|facts| facts.is_file());
    if !is_upload_id(id) || !is_file || fs::rename(&former, &claimed).is_err() {
        return Err(file_error(MISSING_UPLOAD_MESSAGE.to_owned()));
    }
    *id = new;
    Ok(Some(ClaimedUpload { former, claimed, is_kept: false }))
}

/// Deletes the upload with this id, unless a source uses it.
pub(super) fn discard_upload(state: &AppState, id: &str) -> Result<(), WebError> {
    if !id.is_empty() && uploads::is_unused(&state.uploads_dir, id, &state.store.list_sources()?) {
        uploads::delete_upload(&state.uploads_dir, &SourceLocation::Upload(id.to_owned()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::claim_upload;
    use crate::domain::location::SourceLocation;

    const UPLOAD: &str = "0123456789abcdef0123456789abcdef";

    fn location(id: &str) -> SourceLocation {
        SourceLocation::Upload(id.to_owned())
    }

    #[test]
    fn an_upload_is_claimed_once_and_comes_back_if_its_source_is_not_saved() {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = folder.path();
        std::fs::write(folder.join(UPLOAD), "id\n1\n").expect("written");
        let (mut first, mut second) = (location(UPLOAD), location(UPLOAD));
        let claimed = claim_upload(folder, &mut first, None).expect("claimed");
        assert!(claim_upload(folder, &mut second, None).is_err());
        drop(claimed);
        assert!(folder.join(UPLOAD).is_file());
        claim_upload(folder, &mut second, None).expect("claimed").expect("an upload").keep();
        assert!(!folder.join(UPLOAD).exists());
        let SourceLocation::Upload(id) = &second else { panic!("{second:?}") };
        assert!(folder.join(id).is_file() && id != UPLOAD);
        let same = second.clone();
        assert!(claim_upload(folder, &mut second, Some(&same)).expect("no error").is_none());
        assert!(claim_upload(folder, &mut location("../../etc/passwd"), None).is_err());
    }
}
