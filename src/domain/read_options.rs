//! Options for reading the content of a source.

use serde::{Deserialize, Serialize};

/// The options of one source for reading its content. Most options that are not set are detected.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ReadOptions {
    /// The name of the tab of a sheet or workbook. `None` selects the tab of the link, or the first tab if the link
    /// selects none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tab: Option<String>,
    /// The text encoding, by a label of the WHATWG Encoding Standard such as `windows-1252`. `None` detects it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoding: Option<String>,
    /// The number of the header row, from 1. `None` selects the first row that is not blank.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header_row: Option<u64>,
    /// Whether a source is synced although most rows have more or fewer cells than the header, instead of failing with
    /// the error code `header_mismatch`.
    #[serde(skip_serializing_if = "is_unset")]
    pub accept_header_mismatch: bool,
    /// The hidden columns of the source that may be in a public catalog. Other hidden columns are excluded.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub published_hidden_columns: Vec<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_unset(flag: &bool) -> bool {
    !flag
}

/// An option of [`ReadOptions`]. Each kind of source lists the options that it supports.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ReadSetting {
    /// The setting [`ReadOptions::tab`].
    Tab,
    /// The setting [`ReadOptions::encoding`].
    Encoding,
    /// The setting [`ReadOptions::header_row`].
    HeaderRow,
    /// The setting [`ReadOptions::accept_header_mismatch`].
    HeaderMismatch,
}

impl ReadOptions {
    /// Returns the number of the header row, for messages; 1 if it is not set.
    #[must_use]
    pub fn header_row_number(&self) -> u64 {
        self.header_row.unwrap_or(1)
    }

    /// Returns the options that are in `supported`; the others are unset.
    #[must_use]
    pub fn keep_supported(&self, supported: &[ReadSetting]) -> Self {
        let has = |setting| supported.contains(&setting);
        Self {
            tab: self.tab.clone().filter(|_| has(ReadSetting::Tab)),
            encoding: self.encoding.clone().filter(|_| has(ReadSetting::Encoding)),
            header_row: self.header_row.filter(|_| has(ReadSetting::HeaderRow)),
            accept_header_mismatch: self.accept_header_mismatch && has(ReadSetting::HeaderMismatch),
            published_hidden_columns: self.published_hidden_columns.clone(),
        }
    }

    /// Returns the first option that is set but not in `supported`.
    #[must_use]
    pub fn first_unsupported(&self, supported: &[ReadSetting]) -> Option<ReadSetting> {
        let settings = [
            (ReadSetting::Tab, self.tab.is_some()),
            (ReadSetting::Encoding, self.encoding.is_some()),
            (ReadSetting::HeaderRow, self.header_row.is_some()),
            (ReadSetting::HeaderMismatch, self.accept_header_mismatch),
        ];
        settings
            .into_iter()
            .find(|(setting, is_set)| *is_set && !supported.contains(setting))
            .map(|(setting, _)| setting)
    }
}

#[cfg(test)]
mod tests {
    use super::{ReadOptions, ReadSetting};

    #[test]
    fn only_changed_read_options_are_stored() {
        let unset = ReadOptions::default();
        assert_eq!(serde_json::to_string(&unset).expect("JSON"), "{}");
        let set = ReadOptions { tab: Some("Artists".to_owned()), header_row: Some(4), ..unset };
        let text = serde_json::to_string(&set).expect("JSON");
        assert_eq!(text, r#"{"tab":"Artists","headerRow":4}"#);
        assert_eq!(serde_json::from_str::<ReadOptions>(&text).expect("options"), set);
    }

    #[test]
    fn an_unsupported_setting_is_reported_by_name() {
        let set = ReadOptions { encoding: Some("utf-8".to_owned()), ..ReadOptions::default() };
        assert_eq!(set.first_unsupported(&[ReadSetting::Tab]), Some(ReadSetting::Encoding));
        assert_eq!(set.first_unsupported(&[ReadSetting::Encoding]), None);
        assert_eq!(set.keep_supported(&[ReadSetting::Tab]), ReadOptions::default());
        assert_eq!(set.keep_supported(&[ReadSetting::Encoding]), set);
    }
}
