//! Finds the bytes of a file that hold a part of its decoded text.

use std::io::{self, Read};

use encoding_rs::{Decoder, Encoding, UTF_16BE, UTF_16LE};

/// A byte decodes to at most this many bytes of UTF-8, and may complete a character that was begun before it.
const MAX_TEXT_BYTES_PER_BYTE: u64 = 3;
/// More text than a single byte can complete: a character, its replacement, and bytes that are decoded again.
const NEAR_TEXT_BYTES: u64 = 32;
/// How many bytes are decoded at once.
const MAX_STEP_BYTES: usize = 64 * 1024;

/// Returns the position in `raw`, from 0, of each position in its decoded text. `wanted` must be in ascending order.
/// `raw` begins after the byte order mark. Positions beyond the text become the length of `raw`.
///
/// # Errors
/// When `raw` cannot be read.
pub(super) fn find_raw_positions(raw: impl Read, encoding: &'static Encoding, wanted: &[u64]) -> io::Result<Vec<u64>> {
    let unit = if encoding == UTF_16LE || encoding == UTF_16BE { 2 } else { 1 };
    let mut scan = RawScan {
        raw: io::BufReader::with_capacity(MAX_STEP_BYTES, raw),
        decoder: encoding.new_decoder_without_bom_handling(),
        raw_at: 0,
        text_at: 0,
    };
    let mut found = Vec::with_capacity(wanted.len());
    for &position in wanted {
        let mut before = scan.raw_at;
        while scan.text_at < position {
            before = scan.raw_at;
            // A step is so short that it cannot pass the position, until single bytes are decoded.
            let step = (position - scan.text_at).saturating_sub(NEAR_TEXT_BYTES) / MAX_TEXT_BYTES_PER_BYTE;
            if !scan.decode(usize::try_from(step).unwrap_or(MAX_STEP_BYTES).clamp(1, MAX_STEP_BYTES))? {
                break;
            }
        }
        // A byte that passes the position has shown that the bytes before it are damaged. It is behind the position.
        let passed = scan.text_at > position && scan.raw_at > before;
        found.push(if passed { before - before % unit } else { scan.raw_at });
    }
    Ok(found)
}

/// A file that is decoded step by step.
struct RawScan<R> {
    raw: R,
    decoder: Decoder,
    raw_at: u64,
    text_at: u64,
}

impl<R: Read> RawScan<R> {
    /// Decodes the next `count` bytes, or fewer. Returns `false` at the end.
    fn decode(&mut self, count: usize) -> io::Result<bool> {
        let mut bytes = vec![0; count];
        let count = loop {
            match self.raw.read(&mut bytes) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other?,
            }
        };
        if count == 0 {
            return Ok(false);
        }
        let mut text = vec![0; count * 4 + 64];
        let (_, read, written, _) = self.decoder.decode_to_utf8(&bytes[..count], &mut text, false);
        debug_assert_eq!(read, count, "the text of a step has room");
        self.raw_at += count as u64;
        self.text_at += written as u64;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use encoding_rs::{Encoding, GB18030, ISO_2022_JP, SHIFT_JIS, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

    use super::find_raw_positions;

    /// Decodes `raw` in one piece.
    fn decoded(raw: &[u8], encoding: &'static Encoding) -> String {
        encoding.decode_without_bom_handling(raw).0.into_owned()
    }

    #[test]
    fn every_line_of_text_begins_and_ends_at_its_bytes() {
        let utf_16 = |text: &str, swap: bool| -> Vec<u8> {
            text.encode_utf16().flat_map(|unit| if swap { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
        };
        let long = format!("{}\né\n𝄞x\n", "ä,".repeat(70_000));
        let files: Vec<(Vec<u8>, &'static Encoding)> = vec![
            (long.clone().into_bytes(), UTF_8),
            (utf_16(&long, false), UTF_16LE),
            (utf_16(&long, true), UTF_16BE),
            (b"Bj\xF6rk\n\x80\n\xFF".repeat(40), WINDOWS_1252),
            (b"\x83A\n\x81\n\xB1,x\n\x81".to_vec(), SHIFT_JIS),
            (b"\x81\n\x84\x31\xA4\x37\n\xA4\xA4\n".to_vec(), GB18030),
            (b"a\xC3\nb\xE2\x82\n\xF0\x9F\x8E\n\xC3".to_vec(), UTF_8),
            (b"a\x1B$B$\"\x1B(B\n\x1B$B$$\x1B(Bb\n".to_vec(), ISO_2022_JP),
        ];
        for (raw, encoding) in files {
            let text = decoded(&raw, encoding);
            let breaks: Vec<usize> = text.match_indices('\n').map(|(at, _)| at).collect();
            let wanted: Vec<u64> = breaks.iter().flat_map(|at| [*at as u64, *at as u64 + 1]).collect();
            let found = find_raw_positions(&raw[..], encoding, &wanted).expect("memory");
            let unit = if [UTF_16LE, UTF_16BE].contains(&encoding) { 2 } else { 1 };
            let mut begin = 0;
            for (place, at) in found.chunks_exact(2).zip(&breaks) {
                let [end, next] = [0, 1].map(|side| usize::try_from(place[side]).expect("a position"));
                let line = text[..*at].rsplit('\n').next().unwrap_or_default();
                assert_eq!(decoded(&raw[begin..end], encoding), line, "{} at {at}", encoding.name());
                assert!(next >= end + unit, "{} at {at}", encoding.name());
                assert_eq!(decoded(&raw[next - unit..next], encoding), "\n", "{} at {at}", encoding.name());
                begin = next;
            }
        }
    }

    #[test]
    fn utf_16_is_cut_between_its_units_though_a_surrogate_is_alone() {
        let raw: Vec<u8> = [0xD834, 0x0A, 0x62].iter().flat_map(|unit: &u16| unit.to_le_bytes()).collect();
        assert_eq!(find_raw_positions(&raw[..], UTF_16LE, &[0, 3, 4, 5, 9]).expect("memory"), [0, 2, 4, 6, 6]);
    }
}
