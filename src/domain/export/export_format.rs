//! The formats of exported files.

use crate::domain::text::string_enum::string_enum;

string_enum! {
    /// The format of an exported file. The word is the extension of its name.
    ExportFormat {
        /// A table of comma-separated values (RFC 4180).
        Csv = "csv",
        /// A JSON array of items.
        Json = "json",
        /// One JSON object a line.
        Ndjson = "ndjson",
        /// A workbook of Excel 2007 and later.
        Xlsx = "xlsx",
    }
}

impl ExportFormat {
    /// Returns the media type.
    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Json => "application/json",
            Self::Ndjson => "application/x-ndjson",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        }
    }
}
