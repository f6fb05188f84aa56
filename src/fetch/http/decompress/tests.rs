//! Tests which bodies are decompressed, and which end early.

use std::io::{Read, Write};
use std::time::Duration;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use ureq::http::{HeaderMap, HeaderValue, header};

use super::{BodyCoding, DecompressedBody, body_coding, is_damage_error, is_over_limit_error};
use crate::fetch::SilentObserver;
use crate::fetch::http::cancel_token::with_cancel_token;
use crate::fetch::http::response_status::ResponseOrigin;

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(text).expect("memory");
    encoder.finish().expect("memory")
}

fn read(body: &[u8], coding: BodyCoding, limit: u64) -> std::io::Result<Vec<u8>> {
    with_cancel_token(&SilentObserver, Duration::from_secs(60), Duration::from_secs(60), |cancel| {
        let mut unpacked = DecompressedBody::gzip(body, limit, cancel)?;
        if coding == BodyCoding::Deflate {
            unpacked = unpacked.deflate(limit, cancel)?;
        }
        let mut text = Vec::new();
        unpacked.read_to_end(&mut text).map(|_| text)
    })
}

#[test]
fn gzip_is_detected_by_content_and_deflate_by_its_header() {
    let text = b"id,title\n1,Kind of Blue\n";
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::fast());
    zlib.write_all(text).expect("memory");
    let mut raw = DeflateEncoder::new(Vec::new(), Compression::fast());
    raw.write_all(text).expect("memory");
    let (zlib, raw) = (zlib.finish().expect("memory"), raw.finish().expect("memory"));
    let two_members = [gzip(&text[..9]), gzip(&text[9..])].concat();
    for (body, coding) in [
        (text.to_vec(), BodyCoding::ByContent),
        (gzip(text), BodyCoding::ByContent),
        (two_members, BodyCoding::ByContent),
        (zlib.clone(), BodyCoding::Deflate),
        (raw, BodyCoding::Deflate),
        (gzip(&zlib), BodyCoding::Deflate),
    ] {
        assert_eq!(read(&body, coding, 1000).expect("the text"), text);
    }
    for tiny in [&b""[..], b"a", b"\x1F\x8B"] {
        assert_eq!(read(tiny, BodyCoding::ByContent, 1000).expect("as it is"), tiny);
    }
    assert_eq!(read(b"", BodyCoding::Deflate, 1000).expect("nothing"), b"");
}

#[test]
fn damaged_data_is_reported() {
    let mut whole = gzip(&(0..200_u8).collect::<Vec<_>>());
    let cut = read(&whole[..whole.len() / 2], BodyCoding::ByContent, 1000).expect_err("it is cut");
    assert!(is_damage_error(&cut) && cut.to_string() == "its gzip data ends in the middle", "{cut}");
    let last = whole.len() - 8;
    whole[last] ^= 1;
    let wrong = read(&whole, BodyCoding::ByContent, 1000).expect_err("its sum is wrong");
    assert_eq!(wrong.to_string(), "its gzip data is damaged");
}

#[test]
fn zeros_after_gzip_are_ignored_and_other_bytes_are_not() {
    let text = b"id,title\n1,Kind of Blue\n";
    // More zeros than the buffer of any reader holds.
    let zeros = vec![0; 20_000];
    let padded_members = [gzip(&text[..9]), vec![0], gzip(&text[9..]), zeros.clone()].concat();
    for body in [[gzip(text), vec![0]].concat(), [gzip(text), zeros.clone()].concat(), padded_members] {
        assert_eq!(read(&body, BodyCoding::ByContent, 1000).expect("the text"), text);
    }
    for (garbage, message) in [
        (&b"id,title\n2,Blue Train\n"[..], "is damaged"),
        (b"\0\0\0x", "is damaged"),
        (b"\x1F other bytes behind", "is damaged"),
        (b"\x1F\x8B\x08\0", "ends in the middle"),
    ] {
        let error = read(&[gzip(text), garbage.to_vec()].concat(), BodyCoding::ByContent, 1000).expect_err("garbage");
        assert_eq!(error.to_string(), format!("its gzip data {message}"), "{garbage:?}");
    }
    let endless = [gzip(text), vec![0; 2_000_000]].concat();
    let error = read(&endless, BodyCoding::ByContent, 1000).expect_err("more than may be read");
    assert!(is_over_limit_error(&error), "{error}");
}

#[test]
fn a_file_of_empty_members_ends_at_the_limit() {
    let nothing = gzip(b"").repeat(100_000);
    let error = read(&nothing, BodyCoding::ByContent, 1000).expect_err("more than may be read");
    assert!(is_over_limit_error(&error), "{error}");
}

#[test]
fn the_content_coding_identity_counts_as_none() {
    let origin = ResponseOrigin {
        host: "h.example".to_owned(),
        url: "https://h.example/".parse().expect("an address"),
        is_google: false,
    };
    let coding = |word: &str| {
        let value = HeaderValue::from_str(word).expect("a value");
        body_coding(&HeaderMap::from_iter([(header::CONTENT_ENCODING, value)]), &origin)
    };
    for none in ["UTF-8", "none", "binary", "identity", "", "x-gzip", "GZIP", "gzip, identity", "8bit", "text/xml"] {
        assert_eq!(coding(none).expect(none), BodyCoding::ByContent, "{none}");
    }
    assert_eq!(coding("gzip, Deflate").expect("deflate"), BodyCoding::Deflate);
    for real in ["br", "ZSTD", "gzip, br", "compress", "x-compress"] {
        let message = coding(real).expect_err(real).to_string();
        assert!(message.starts_with("h.example sent") && message.ends_with("with gzip."), "{message}");
    }
}
