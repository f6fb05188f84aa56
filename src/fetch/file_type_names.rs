//! Names the file types that the crate `infer` detects.

use infer::MatcherType;

/// The name of a file type with its article, or `None` for text.
pub(super) fn type_name(extension: &str, kind: MatcherType) -> Option<&'static str> {
    Some(match extension {
        "png" => "a PNG image",
        "jpg" | "jp2" | "jxl" | "jxr" => "a JPEG image",
        "gif" => "a GIF image",
        "webp" => "a WebP image",
        "bmp" => "a bitmap image",
        "tif" => "a TIFF image",
        "ico" => "an icon",
        "heif" | "avif" => "a HEIF image",
        "psd" => "a Photoshop image",
        "tar" => "a TAR archive",
        "gz" => "a gzip archive",
        "7z" => "a 7-Zip archive",
        "rar" => "a RAR archive",
        "xz" => "an XZ archive",
        "bz2" => "a bzip2 archive",
        "zst" => "a Zstandard archive",
        "sqlite" => "an SQLite database",
        "mp3" => "an MP3 audio file",
        "wav" => "a WAV audio file",
        "mp4" | "m4v" => "an MP4 video",
        "exe" | "dll" | "elf" | "mach" | "class" | "wasm" | "dex" | "dey" | "der" => "a program",
        _ => match kind {
            MatcherType::Image => "an image",
            MatcherType::Video => "a video",
            MatcherType::Audio => "an audio file",
            MatcherType::Font => "a font",
            MatcherType::Archive => "an archive",
            MatcherType::Book => "an e-book",
            MatcherType::App => "a program",
            MatcherType::Doc => "a document",
            MatcherType::Text | MatcherType::Custom => return None,
        },
    })
}
