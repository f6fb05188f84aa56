//! The different values of a column while a segment is written. Their positions are the codes of cells.

use std::collections::HashMap;

use super::layout::{MAX_DICTIONARY_VALUES, VALUE_OVERHEAD_BYTES};

/// The different values of a column.
pub(super) struct ValueDictionary {
    /// Positions in `values`; `None` after there were too many different values.
    codes: Option<HashMap<String, u16>>,
    values: Vec<String>,
    used_bytes: usize,
    max_bytes: usize,
}

impl ValueDictionary {
    /// Creates an empty dictionary that takes up to `max_bytes` of memory while it grows.
    pub(super) fn new(max_bytes: usize) -> Self {
        Self { codes: Some(HashMap::new()), values: Vec::new(), used_bytes: 0, max_bytes }
    }

    /// Returns the number of values.
    pub(super) const fn len(&self) -> usize {
        self.values.len()
    }

    /// Returns the code of a value, which is new if the value is; `None` if there are too many values for codes, from
    /// then on for all values.
    pub(super) fn find_code(&mut self, value: &str) -> Option<u16> {
        let codes = self.codes.as_mut()?;
        if let Some(&code) = codes.get(value) {
            return Some(code);
        }
        let used_bytes = self.used_bytes + value.len() * 2 + VALUE_OVERHEAD_BYTES;
        let code = u16::try_from(self.values.len()).ok().filter(|_| self.values.len() < MAX_DICTIONARY_VALUES);
        let Some(code) = code.filter(|_| used_bytes <= self.max_bytes) else {
            self.close();
            return None;
        };
        codes.insert(value.to_owned(), code);
        self.values.push(value.to_owned());
        self.used_bytes = used_bytes;
        Some(code)
    }

    /// Returns the value of a code.
    pub(super) fn value(&self, code: u16) -> &str {
        self.values.get(usize::from(code)).map_or("", String::as_str)
    }

    /// Ends the dictionary: it has no codes for further cells.
    pub(super) fn close(&mut self) {
        self.codes = None;
    }

    /// Ends the dictionary and forgets its values, which no stored cell needs.
    pub(super) fn clear(&mut self) {
        self.close();
        self.values = Vec::new();
    }

    /// Returns the values in the order of their codes.
    pub(super) fn into_values(mut self) -> Vec<String> {
        self.values.shrink_to_fit();
        self.values
    }
}
