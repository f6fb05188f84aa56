//! Writes bytes in hexadecimal.

/// Returns `bytes` in lower-case hexadecimal, two digits a byte.
#[must_use]
pub fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::to_hex;

    #[test]
    fn every_byte_has_two_digits() {
        assert_eq!(to_hex(&[0, 1, 0xab, 0xff]), "0001abff");
    }
}
