//! Decodes text of any encoding to UTF-8 while it is read.

use std::io::{self, Read};

use encoding_rs::{Decoder, Encoding};

/// How many bytes are decoded at a time.
const BUFFER_BYTES: usize = 64 * 1024;

/// Reads the text of `inner` as UTF-8. Invalid bytes are replaced by U+FFFD.
pub(super) struct DecodingReader<R> {
    inner: R,
    decoder: Decoder,
    raw: Vec<u8>,
    raw_at: usize,
    raw_end: usize,
    text: Vec<u8>,
    text_at: usize,
    text_end: usize,
    last: bool,
    done: bool,
}

impl<R: Read> DecodingReader<R> {
    /// Decodes `inner`, which begins after any byte order mark, from `encoding`.
    pub(super) fn new(inner: R, encoding: &'static Encoding) -> Self {
        Self {
            inner,
            decoder: encoding.new_decoder_without_bom_handling(),
            raw: vec![0; BUFFER_BYTES],
            raw_at: 0,
            raw_end: 0,
            text: vec![0; BUFFER_BYTES],
            text_at: 0,
            text_end: 0,
            last: false,
            done: false,
        }
    }

    fn refill(&mut self) -> io::Result<()> {
        while self.text_at == self.text_end && !self.done {
            if self.raw_at == self.raw_end && !self.last {
                self.raw_at = 0;
                self.raw_end = self.inner.read(&mut self.raw)?;
                self.last = self.raw_end == 0;
            }
            let raw = &self.raw[self.raw_at..self.raw_end];
            let (result, read, written, _) = self.decoder.decode_to_utf8(raw, &mut self.text, self.last);
            self.raw_at += read;
            (self.text_at, self.text_end) = (0, written);
            self.done = self.last && result == encoding_rs::CoderResult::InputEmpty;
        }
        Ok(())
    }
}

impl<R: Read> Read for DecodingReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.refill()?;
        let count = buffer.len().min(self.text_end - self.text_at);
        buffer[..count].copy_from_slice(&self.text[self.text_at..self.text_at + count]);
        self.text_at += count;
        Ok(count)
    }
}
