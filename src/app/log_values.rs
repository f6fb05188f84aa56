//! Converts values of log records to JSON, and text to single lines.

use log::kv::{Error, Key, Value as LogValue, VisitSource, VisitValue};
use serde_json::Value;

use crate::domain::log_fields::DETAIL_FIELD;

/// The maximum number of characters of a logged text.
const MAX_TEXT_CHARS: usize = 2000;

/// Returns `text` as one line without control characters, cut to the maximum length.
pub(super) fn to_single_line(text: &str) -> String {
    let end = text.char_indices().nth(MAX_TEXT_CHARS).map(|(at, _)| at);
    let mut line = text[..end.unwrap_or(text.len())].replace(char::is_control, " ");
    if end.is_some() {
        line.push('…');
    }
    line
}

/// Returns a value as JSON; `None` for null.
pub(super) fn to_json(value: &LogValue<'_>) -> Option<Value> {
    let mut json = JsonValue(Value::Null);
    value.visit(&mut json).ok()?;
    Some(json.0).filter(|value| !value.is_null())
}

/// The fields of a JSON line in their order.
pub(super) struct LineFields(pub(super) Vec<(String, Value)>);

impl<'kvs> VisitSource<'kvs> for LineFields {
    fn visit_pair(&mut self, key: Key<'kvs>, value: LogValue<'kvs>) -> Result<(), Error> {
        if key.as_str() != DETAIL_FIELD
            && let Some(value) = to_json(&value)
        {
            self.0.push((key.to_string(), value));
        }
        Ok(())
    }
}

struct JsonValue(Value);

impl<'v> VisitValue<'v> for JsonValue {
    fn visit_any(&mut self, value: LogValue<'_>) -> Result<(), Error> {
        self.0 = to_single_line(&value.to_string()).into();
        Ok(())
    }

    fn visit_null(&mut self) -> Result<(), Error> {
        self.0 = Value::Null;
        Ok(())
    }

    fn visit_u64(&mut self, value: u64) -> Result<(), Error> {
        self.0 = value.into();
        Ok(())
    }

    fn visit_i64(&mut self, value: i64) -> Result<(), Error> {
        self.0 = value.into();
        Ok(())
    }

    fn visit_f64(&mut self, value: f64) -> Result<(), Error> {
        self.0 = value.into();
        Ok(())
    }

    fn visit_bool(&mut self, value: bool) -> Result<(), Error> {
        self.0 = value.into();
        Ok(())
    }
}
