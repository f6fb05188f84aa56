//! Serializes the fields of an item as a JSON object in their order.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

/// Names and values, serialized as a JSON object in their order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OrderedFields(pub Vec<(String, String)>);

impl Serialize for OrderedFields {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            object.serialize_entry(name, value)?;
        }
        object.end()
    }
}
