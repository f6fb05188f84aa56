//! Errors of the source form, each for one field.

use super::read_fields_view::ReadErrors;
use super::view::SourceErrors;

/// The errors of a form, field by field.
pub(super) type FieldErrors = Box<SourceErrors>;

/// An error that belongs to no field.
pub(super) fn general_error(message: &str) -> FieldErrors {
    Box::new(SourceErrors { general: Some(message.to_owned()), ..SourceErrors::default() })
}

/// An error of the link.
pub(super) fn link_error(message: String) -> FieldErrors {
    Box::new(SourceErrors { url: Some(message), ..SourceErrors::default() })
}

/// An error of the file.
pub(super) fn file_error(message: String) -> FieldErrors {
    Box::new(SourceErrors { file: Some(message), ..SourceErrors::default() })
}

/// The content cannot be read with these read options.
pub(super) fn read_error(message: String) -> FieldErrors {
    let reading = ReadErrors { general: Some(message), ..ReadErrors::default() };
    Box::new(SourceErrors { reading, ..SourceErrors::default() })
}
