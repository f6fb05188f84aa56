//! Replies of the stub servers, and their faults.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;

/// A reply, with its faults.
#[derive(Clone, Debug)]
pub(crate) struct StubReply {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) raw_headers: Vec<(String, Vec<u8>)>,
    pub(super) body: Vec<u8>,
    pub(super) etag: Option<String>,
    pub(super) modified: Option<String>,
    pub(super) claimed: Option<usize>,
    pub(super) cut_at: Option<usize>,
    pub(super) fault: ReplyFault,
    pub(super) delay: Duration,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum ReplyFault {
    None,
    /// No reply is ever sent.
    Hang,
    /// After this many bytes of the body nothing more is sent.
    HangAt(usize),
    /// A piece of this many bytes and a pause, repeated to the end.
    Drip(usize, Duration),
    /// Pieces of this many bytes and pauses. The last piece is never sent.
    DripWithoutEnd(usize, Duration),
    /// The connection is closed without a reply.
    Close,
    /// After this many bytes of the body the connection is reset.
    Reset(usize),
}

/// Changes a reply before it is sent.
pub(crate) type ReplyTransform = Arc<dyn Fn(StubReply) -> StubReply + Send + Sync>;

impl StubReply {
    /// A reply that consists of a status.
    pub(crate) fn status(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            raw_headers: Vec::new(),
            body: Vec::new(),
            etag: None,
            modified: None,
            claimed: None,
            cut_at: None,
            fault: ReplyFault::None,
            delay: Duration::ZERO,
        }
    }

    /// A CSV file in UTF-8.
    pub(crate) fn csv(text: impl AsRef<[u8]>) -> Self {
        Self::status(200).header("Content-Type", "text/csv; charset=utf-8").body(text)
    }

    /// A web page.
    pub(crate) fn html(text: impl AsRef<[u8]>) -> Self {
        Self::status(200).header("Content-Type", "text/html; charset=utf-8").body(text)
    }

    /// A redirect.
    pub(crate) fn redirect(status: u16, to: &str) -> Self {
        Self::status(status).header("Location", to)
    }

    /// Sets a header, replacing one of the same name.
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sets the status.
    pub(crate) fn with_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// The body.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.body.clone()
    }

    /// Adds a header with these bytes.
    pub(crate) fn raw_header(mut self, name: &str, value: &[u8]) -> Self {
        self.raw_headers.push((name.to_owned(), value.to_vec()));
        self
    }

    /// Sets the body.
    pub(crate) fn body(mut self, body: impl AsRef<[u8]>) -> Self {
        self.body = body.as_ref().to_vec();
        self
    }

    /// Sets an entity tag; a request that names it is answered 304.
    pub(crate) fn etag(mut self, etag: &str) -> Self {
        self.etag = Some(etag.to_owned());
        self.header("ETag", etag)
    }

    /// Sets the date of the last change; a request with exactly this date is answered 304.
    pub(crate) fn modified(mut self, date: &str) -> Self {
        self.modified = Some(date.to_owned());
        self.header("Last-Modified", date)
    }

    /// A feed (RSS) with this title and an article for each guid.
    pub(crate) fn feed(title: &str, guids: &[&str]) -> Self {
        let item = |guid: &&str| {
            format!(
                "<item><guid isPermaLink=\"false\">{guid}</guid><title>Article {guid}</title>\
                 <link>https://news.example/{guid}</link><pubDate>Fri, 20 Nov 2026 08:00:00 GMT</pubDate>\
                 <description>&lt;p&gt;About {guid}&lt;/p&gt;</description></item>"
            )
        };
        let items: String = guids.iter().map(item).collect();
        Self::rss(&format!("<title>{title}</title><link>https://news.example/</link>{items}"))
    }

    /// A feed (RSS) with this content of its channel.
    pub(crate) fn rss(channel: &str) -> Self {
        let text = format!("<?xml version=\"1.0\"?><rss version=\"2.0\"><channel>{channel}</channel></rss>");
        Self::status(200).header("Content-Type", "application/rss+xml; charset=utf-8").body(text)
    }

    /// A list (OPML) of the feeds at these addresses.
    pub(crate) fn opml(addresses: &[String]) -> Self {
        let outline = |address: &String| format!("<outline type=\"rss\" xmlUrl=\"{address}\"/>");
        let outlines: String = addresses.iter().map(outline).collect();
        let text = format!("<?xml version=\"1.0\"?><opml version=\"2.0\"><body>{outlines}</body></opml>");
        Self::status(200).header("Content-Type", "text/x-opml").body(text)
    }

    /// Compresses the body.
    pub(crate) fn gzip(self) -> Self {
        self.packed().header("Content-Encoding", "gzip")
    }

    /// Compresses the body, without a header that declares it.
    pub(crate) fn packed(mut self) -> Self {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(&self.body).expect("memory");
        self.body = encoder.finish().expect("memory");
        self
    }

    /// A compressed body that unpacks to `size` bytes of spaces.
    pub(crate) fn bomb(size: usize) -> Self {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        let piece = [b'x'; 10_000];
        for _ in 0..size / piece.len() {
            encoder.write_all(&piece).expect("memory");
        }
        let body = encoder.finish().expect("memory");
        Self::csv(body).header("Content-Encoding", "gzip")
    }

    /// Declares another length of the body than it has.
    pub(crate) fn claiming(mut self, length: usize) -> Self {
        self.claimed = Some(length);
        self
    }

    /// Sends only this many bytes of the body and declares that length.
    pub(crate) fn cut_at(mut self, length: usize) -> Self {
        self.cut_at = Some(length);
        self
    }

    /// Sends only the first half of the body and declares that length.
    pub(crate) fn halved(self) -> Self {
        let half = self.body.len() / 2;
        self.cut_at(half)
    }

    /// Declares twice the length of the body.
    pub(crate) fn overstated(self) -> Self {
        let twice = self.body.len() * 2;
        self.claiming(twice)
    }

    /// Resets the connection in the middle of the body.
    pub(crate) fn reset(mut self) -> Self {
        self.fault = ReplyFault::Reset(self.body.len() / 2);
        self
    }

    /// Never replies.
    pub(crate) fn hang(mut self) -> Self {
        self.fault = ReplyFault::Hang;
        self
    }

    /// Sends this many bytes of the body and then nothing.
    pub(crate) fn hang_at(mut self, bytes: usize) -> Self {
        self.fault = ReplyFault::HangAt(bytes);
        self
    }

    /// Sends this many bytes of the body at a time, with a pause after each.
    pub(crate) fn drip(mut self, bytes: usize, pause: Duration) -> Self {
        self.fault = ReplyFault::Drip(bytes, pause);
        self
    }

    /// Sends all but the last of such pieces, and then nothing.
    pub(crate) fn drip_without_end(mut self, bytes: usize, pause: Duration) -> Self {
        self.fault = ReplyFault::DripWithoutEnd(bytes, pause);
        self
    }

    /// Closes the connection without a reply.
    pub(crate) fn close(mut self) -> Self {
        self.fault = ReplyFault::Close;
        self
    }

    /// Replies only after this delay.
    pub(crate) fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }
}
