//! The id of an article: a 64-bit number. Lists have it in decimal, signed or unsigned; contents have it in hexadecimal
//! after a prefix.

use std::fmt;

use serde_json::Value;

/// The prefix of the long form.
const LONG_FORM_PREFIX: &str = "tag:google.com,2005:reader/item/";

/// The id of an article. Its text, which is also the key in the catalog, has 16 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub(super) struct ItemId(u64);

impl ItemId {
    /// The id in any of its forms; `None` for anything else.
    pub(super) fn from_json(value: &Value) -> Option<Self> {
        match value {
            Value::Number(number) => number.as_u64().or_else(|| number.as_i64().map(i64::cast_unsigned)).map(Self),
            Value::String(text) => Self::parse(text.trim()),
            _ => None,
        }
    }

    fn parse(text: &str) -> Option<Self> {
        if let Some(digits) = text.strip_prefix(LONG_FORM_PREFIX) {
            let plain = (1..=16).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_hexdigit());
            return u64::from_str_radix(digits, 16).ok().filter(|_| plain).map(Self);
        }
        text.parse().ok().or_else(|| text.parse().ok().map(i64::cast_unsigned)).map(Self)
    }

    /// The long form, which all servers accept. Some versions of Miniflux do not accept the short form.
    pub(super) fn long_form(self) -> String {
        format!("{LONG_FORM_PREFIX}{self}")
    }
}

impl fmt::Display for ItemId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::ItemId;
    use serde_json::json;

    #[test]
    fn all_forms_of_an_id_are_equal() {
        let all = [json!("-2"), json!(-2), json!("18446744073709551614"), json!(18_446_744_073_709_551_614_u64)];
        let long = json!("tag:google.com,2005:reader/item/fffffffffffffffe");
        for form in all.iter().chain([&long]) {
            assert_eq!(ItemId::from_json(form).map(|id| id.to_string()).as_deref(), Some("fffffffffffffffe"), "{form}");
        }
        let small = ItemId::from_json(&json!("5678")).expect("an id");
        assert_eq!(
            (small.to_string().as_str(), Some(small)),
            ("000000000000162e", ItemId::from_json(&json!(small.long_form())))
        );
        for none in [json!(""), json!(null), json!("abc"), json!(1.5), json!("tag:google.com,2005:reader/item/+1")] {
            assert_eq!(ItemId::from_json(&none), None, "{none}");
        }
    }
}
