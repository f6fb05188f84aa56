//! The number of an article. Lists say it in decimal, contents in hexadecimal behind a prefix, and where it is decimal
//! it may be signed; all of it is one number of 64 bits.

use std::fmt;

use serde_json::Value;

/// What the long form begins with.
const PREFIX: &str = "tag:google.com,2005:reader/item/";

/// The number of an article. It is shown, and told apart by, its 16 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub(super) struct ItemId(u64);

impl ItemId {
    /// Reads an id in any of its forms; `None` for something else.
    pub(super) fn read(value: &Value) -> Option<Self> {
        match value {
            Value::Number(number) => number.as_u64().or_else(|| number.as_i64().map(i64::cast_unsigned)).map(Self),
            Value::String(text) => Self::parse(text.trim()),
            _ => None,
        }
    }

    fn parse(text: &str) -> Option<Self> {
        if let Some(digits) = text.strip_prefix(PREFIX) {
            let plain = (1..=16).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_hexdigit());
            return u64::from_str_radix(digits, 16).ok().filter(|_| plain).map(Self);
        }
        text.parse().ok().or_else(|| text.parse().ok().map(i64::cast_unsigned)).map(Self)
    }

    /// The long form. All servers take it back; of the short form Miniflux has thought differently over time.
    pub(super) fn long(self) -> String {
        format!("{PREFIX}{self}")
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
    fn one_article_has_one_id_in_whatever_form_it_comes() {
        let all = [json!("-2"), json!(-2), json!("18446744073709551614"), json!(18_446_744_073_709_551_614_u64)];
        let long = json!("tag:google.com,2005:reader/item/fffffffffffffffe");
        for form in all.iter().chain([&long]) {
            assert_eq!(ItemId::read(form).map(|id| id.to_string()).as_deref(), Some("fffffffffffffffe"), "{form}");
        }
        let small = ItemId::read(&json!("5678")).expect("an id");
        assert_eq!((small.to_string().as_str(), Some(small)), ("000000000000162e", ItemId::read(&json!(small.long()))));
        for none in [json!(""), json!(null), json!("abc"), json!(1.5), json!("tag:google.com,2005:reader/item/+1")] {
            assert_eq!(ItemId::read(&none), None, "{none}");
        }
    }
}
