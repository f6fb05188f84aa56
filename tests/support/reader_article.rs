//! Articles of the stub of a reader server.

use serde_json::{Value, json};

use super::reader_server::ReaderDialect;

/// An article on the server.
#[derive(Clone, Debug)]
pub(crate) struct ReaderArticle {
    pub(crate) id: i64,
    pub(crate) title: String,
    pub(crate) read: bool,
    pub(crate) starred: bool,
    pub(crate) html: String,
}

impl ReaderArticle {
    /// An unread article.
    pub(crate) fn new(id: i64, title: &str) -> Self {
        let html =
            format!("<p>About <a href=\"/more\">{title}</a>.</p><img src=\"https://pictures.example/{id}.jpg\">");
        Self { id, title: title.to_owned(), read: false, starred: false, html }
    }

    /// `count` articles with the ids from `first` down, every second one read, every tenth starred.
    pub(crate) fn make_many(first: i64, count: i64) -> Vec<Self> {
        let article =
            |id: i64| Self { read: id % 2 == 0, starred: id % 10 == 0, ..Self::new(id, &format!("Article {id}")) };
        (0..count).map(|at| article(first - at)).collect()
    }

    pub(super) fn long_id(&self) -> String {
        format!("tag:google.com,2005:reader/item/{:016x}", self.id)
    }

    /// The key in the catalog.
    pub(crate) fn key(&self) -> String {
        format!("{:016x}", self.id)
    }

    pub(super) fn as_sent(&self, dialect: ReaderDialect) -> Value {
        let user = if dialect == ReaderDialect::FreshRss { "user/-" } else { "user/7" };
        let mut categories = vec![format!("{user}/state/com.google/reading-list"), format!("{user}/label/Music")];
        if self.read {
            categories.push(format!("{user}/state/com.google/read"));
        }
        if self.starred {
            categories.push(format!("{user}/state/com.google/starred"));
        }
        let link = format!("https://news.example/{}", self.id);
        let published = 1_780_000_000 + self.id.rem_euclid(100_000_000);
        let mut item = json!({
            "id": self.long_id(),
            "title": self.title,
            "author": "Ada & Bob",
            "crawlTimeMsec": (published * 1000).to_string(),
            "published": published,
            "categories": categories,
            "alternate": [{ "href": link, "type": "text/html" }],
            "summary": { "direction": "ltr", "content": self.html },
            "origin": { "streamId": "feed/1", "title": "the daily record", "htmlUrl": "https://news.example/" },
        });
        let sound = "https://news.example/sound.mp3";
        match dialect {
            ReaderDialect::FreshRss => {
                item["enclosure"] = json!([{ "href": sound, "type": "audio/mpeg", "length": 5 }]);
            }
            ReaderDialect::Miniflux => {
                item["content"] = item["summary"].clone();
                item["enclosure"] = json!([{ "url": sound, "type": "audio/mpeg" }]);
            }
            ReaderDialect::Inoreader => item["canonical"] = json!([{ "href": link }]),
        }
        item
    }
}

/// The value of the first pair of that name, however it is capitalised.
pub(super) fn find_by_name<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}
