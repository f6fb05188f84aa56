//! JSON from outside, as far as it takes no more room than so much: `[0,0,0…]` is sixteen times as large in memory as
//! in a text.

use std::cell::Cell;
use std::fmt;
use std::io::Read;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// How many values are read of one document: a feed of 20,000 entries has half of them.
pub(super) const MOST: usize = 1_000_000;

/// Reads one document.
///
/// # Errors
/// When it is not JSON, or of data where it has more than [`MOST`] values.
pub(super) fn from_reader(from: impl Read) -> serde_json::Result<Value> {
    let mut json = serde_json::Deserializer::from_reader(from);
    let value = BoundedJson::new(&Cell::new(MOST)).deserialize(&mut json)?;
    json.end().map(|()| value)
}

/// A value with what is in it.
#[derive(Clone, Copy)]
pub(super) struct BoundedJson<'a> {
    /// How many values may still be read.
    left: &'a Cell<usize>,
    /// How long a list may be, and what counts those that come after.
    list: Option<(usize, &'a Cell<u64>)>,
}

impl<'a> BoundedJson<'a> {
    /// A value out of as many as `left`.
    pub(super) const fn new(left: &'a Cell<usize>) -> Self {
        Self { left, list: None }
    }

    /// As this, and where it is a list of more than `most` values the others are not read but counted.
    pub(super) const fn first(self, most: usize, others: &'a Cell<u64>) -> Self {
        Self { list: Some((most, others)), ..self }
    }
}

impl<'de> DeserializeSeed<'de> for BoundedJson<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Value, D::Error> {
        let left = self.left.get().checked_sub(1);
        self.left.set(left.ok_or_else(|| D::Error::custom(format!("it holds more than {MOST} values")))?);
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
        let most = self.list.map_or(usize::MAX, |(most, _)| most);
        while values.len() < most
            && let Some(value) = list.next_element_seed(Self::new(self.left))?
        {
            values.push(value);
        }
        if let Some((_, others)) = self.list {
            while list.next_element::<IgnoredAny>()?.is_some() {
                others.set(others.get() + 1);
            }
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Value, A::Error> {
        let mut values = Map::new();
        while let Some(name) = object.next_key()? {
            values.insert(name, object.next_value_seed(Self::new(self.left))?);
        }
        Ok(Value::Object(values))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{MOST, from_reader};

    fn read(text: &str) -> serde_json::Result<Value> {
        from_reader(text.as_bytes())
    }

    #[test]
    fn json_is_read_as_it_is() {
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
    fn there_are_no_more_than_so_many_values() {
        let list = |values: usize| format!("[{}0]", "0,".repeat(values - 2));
        assert!(read(&list(MOST)).is_ok());
        let error = read(&list(MOST + 1)).expect_err("too many");
        assert!(error.is_data(), "{error}");
        let objects = "{\"a\":{}},".repeat(MOST / 2);
        assert!(read(&format!("[{objects}0]")).is_err());
    }
}
