//! Parses JSON within a memory budget. A list of zeros takes sixteen times as much memory as text.

use std::cell::Cell;
use std::fmt;
use std::io::Read;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// The maximum number of values in one document. A feed of 20,000 entries has half as many.
pub const MAX_VALUES: usize = 1_000_000;

/// Parses one JSON document.
///
/// # Errors
/// A syntax or end-of-file error when the text is not JSON; a data error when it has more than [`MAX_VALUES`] values.
pub fn from_reader(from: impl Read) -> serde_json::Result<Value> {
    let mut json = serde_json::Deserializer::from_reader(from);
    let value = BoundedJson::new(&Cell::new(MAX_VALUES)).deserialize(&mut json)?;
    json.end().map(|()| value)
}

/// Deserializes a value and the values inside it, within a budget.
#[derive(Clone, Copy, Debug)]
pub struct BoundedJson<'a> {
    /// The number of values that may still be read.
    budget: &'a Cell<usize>,
    /// The maximum number of values read from a list, and a counter of those skipped after them.
    list_limit: Option<(usize, &'a Cell<u64>)>,
}

impl<'a> BoundedJson<'a> {
    /// Returns a deserializer that subtracts each value it reads from `budget`.
    #[must_use]
    pub const fn new(budget: &'a Cell<usize>) -> Self {
        Self { budget, list_limit: None }
    }

    /// Returns the same deserializer, but if the value is a list, only the first `max_len` values are read; the others
    /// are counted in `skipped`.
    #[must_use]
    pub const fn with_list_limit(self, max_len: usize, skipped: &'a Cell<u64>) -> Self {
        Self { list_limit: Some((max_len, skipped)), ..self }
    }
}

impl<'de> DeserializeSeed<'de> for BoundedJson<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Value, D::Error> {
        let left = self.budget.get().checked_sub(1);
        self.budget.set(left.ok_or_else(|| D::Error::custom(format!("it contains more than {MAX_VALUES} values")))?);
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for BoundedJson<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        let max_len = self.list_limit.map_or(usize::MAX, |(max_len, _)| max_len);
        while values.len() < max_len
            && let Some(value) = list.next_element_seed(Self::new(self.budget))?
        {
            values.push(value);
        }
        if let Some((_, skipped)) = self.list_limit {
            while list.next_element::<IgnoredAny>()?.is_some() {
                skipped.set(skipped.get() + 1);
            }
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Value, A::Error> {
        let mut values = Map::new();
        while let Some(name) = object.next_key()? {
            values.insert(name, object.next_value_seed(Self::new(self.budget))?);
        }
        Ok(Value::Object(values))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{MAX_VALUES, from_reader};

    fn read(text: &str) -> serde_json::Result<Value> {
        from_reader(text.as_bytes())
    }

    #[test]
    fn json_is_parsed_as_serde_json_parses_it() {
        let text = r#"{"a": [1, -2, 3.5, null, true, "\u00e9"], "b": {"c": []}, "b": {}}"#;
        assert_eq!(read(text).expect("JSON"), serde_json::from_str::<Value>(text).expect("JSON"));
        assert_eq!(read(" 18446744073709551615 ").expect("JSON"), json!(u64::MAX));
        for bad in ["", "{", "[1,]", "{} x", "nan"] {
            assert_eq!(
                read(bad).map_err(|error| error.to_string()),
                serde_json::from_reader(bad.as_bytes()).map_err(|error: serde_json::Error| error.to_string()),
                "{bad}"
            );
        }
    }

    #[test]
    fn a_document_with_too_many_values_is_refused() {
        let list = |values: usize| format!("[{}0]", "0,".repeat(values - 2));
        assert!(read(&list(MAX_VALUES)).is_ok());
        let error = read(&list(MAX_VALUES + 1)).expect_err("too many");
        assert!(error.is_data(), "{error}");
        let objects = "{\"a\":{}},".repeat(MAX_VALUES / 2);
        assert!(read(&format!("[{objects}0]")).is_err());
    }
}
