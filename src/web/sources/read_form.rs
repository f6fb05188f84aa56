//! Parses the read options of a form, and fills in those of an existing source.

use super::read_fields_view::{ReadErrors, ReadFields, ReadForm};
use crate::domain::read_options::{ReadOptions, ReadSetting};
use crate::domain::text::encoding::encoding_name;
use crate::web::http::form::{FormValues, trimmed_value};

/// The largest number of a header row.
const LAST_HEADER_ROW: u64 = 1_000_000;
/// The most characters of the name of a tab.
const MAX_TAB_CHARS: usize = 200;

/// The read options as typed; `None` if the form has none.
pub(super) fn parse_fields(values: &FormValues) -> Option<ReadForm> {
    values.contains_key("reading").then(|| ReadForm {
        tab: trimmed_value(values, "tab"),
        encoding: trimmed_value(values, "encoding"),
        header_row: trimmed_value(values, "header_row"),
        accept_header_mismatch: trimmed_value(values, "accept_header_mismatch") == "1",
    })
}

/// The form of read options.
pub(super) fn form_of_options(options: &ReadOptions) -> ReadForm {
    ReadForm {
        tab: options.tab.clone().unwrap_or_default(),
        encoding: options.encoding.clone().unwrap_or_default(),
        header_row: options.header_row.map(|row| row.to_string()).unwrap_or_default(),
        accept_header_mismatch: options.accept_header_mismatch,
    }
}

/// The read options of a form, and their errors. A wrong field counts as not set.
pub(super) fn parse_options(form: &ReadForm) -> (ReadOptions, ReadErrors) {
    let mut errors = ReadErrors::default();
    let is_set = |text: &String| !text.is_empty();
    let tab = Some(form.tab.clone()).filter(is_set);
    if tab.as_ref().is_some_and(|tab| tab.chars().count() > MAX_TAB_CHARS || tab.contains(char::is_control)) {
        errors.tab =
            Some(format!("The name of a tab must have at most {MAX_TAB_CHARS} characters and no line breaks."));
    }
    let encoding = Some(&form.encoding).filter(|label| is_set(label)).and_then(|label| match encoding_name(label) {
        Ok(name) => Some(name.to_owned()),
        Err(error) => {
            errors.encoding = Some(error.to_string());
            None
        }
    });
    let header_row = Some(&form.header_row).filter(|row| is_set(row)).and_then(|row| {
        let row = row.parse().ok().filter(|row| (1..=LAST_HEADER_ROW).contains(row));
        if row.is_none() {
            errors.header_row =
                Some("Enter the number of the row with the column names. The first row is 1.".to_owned());
        }
        row
    });
    let tab = tab.filter(|_| errors.tab.is_none());
    let accept_header_mismatch = form.accept_header_mismatch;
    (ReadOptions { tab, encoding, header_row, accept_header_mismatch, ..ReadOptions::default() }, errors)
}

/// The read options that these settings stand for.
pub(super) fn read_fields(settings: &[ReadSetting]) -> ReadFields {
    let has = |setting| settings.contains(&setting);
    ReadFields {
        tab: has(ReadSetting::Tab),
        encoding: has(ReadSetting::Encoding),
        header_row: has(ReadSetting::HeaderRow),
        header_mismatch: has(ReadSetting::HeaderMismatch),
    }
}

#[cfg(test)]
mod tests {
    use super::{form_of_options, parse_options};
    use crate::web::sources::read_fields_view::ReadForm;

    #[test]
    fn typed_settings_are_read_and_shown_again() {
        let form = ReadForm {
            tab: "Artists".to_owned(),
            encoding: "latin1".to_owned(),
            header_row: "4".to_owned(),
            accept_header_mismatch: true,
        };
        let (options, errors) = parse_options(&form);
        assert!(errors.is_empty(), "{errors:?}");
        assert_eq!((options.header_row, options.encoding.as_deref()), (Some(4), Some("windows-1252")));
        assert_eq!(form_of_options(&options), ReadForm { encoding: "windows-1252".to_owned(), ..form });
        assert_eq!(parse_options(&ReadForm::default()), (super::ReadOptions::default(), super::ReadErrors::default()));
    }

    #[test]
    fn every_wrong_field_has_its_own_message() {
        let form = |header_row: &str| ReadForm {
            tab: "a\nb".to_owned(),
            encoding: "nonsense".to_owned(),
            header_row: header_row.to_owned(),
            accept_header_mismatch: false,
        };
        for row in ["0", "-1", "four", "1.5", "99999999999999999999"] {
            let (options, errors) = parse_options(&form(row));
            assert_eq!(options, super::ReadOptions::default());
            assert!(errors.tab.is_some() && errors.encoding.is_some() && errors.header_row.is_some(), "{row}");
        }
    }
}
