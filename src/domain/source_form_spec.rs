//! Describes the form for the location of a source. Each kind of source provides a description, so that the pages need
//! no code for a kind.

/// The form for the location of a source: its input, and the texts for people.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SourceFormSpec {
    /// The title of the kind, in one or two words: "Feeds".
    pub title: &'static str,
    /// A line that describes the kind in the list of kinds; may be empty.
    pub about: &'static str,
    /// What people enter.
    pub asked: AddressInput,
    /// The label of the field.
    pub label: &'static str,
    /// The placeholder of the field.
    pub placeholder: &'static str,
    /// The help text below the field; may be empty.
    pub help: &'static str,
    /// Whether the source must be shared with everyone who has its link, or with the service account if there is one.
    pub shared: bool,
    /// The field for a file that can be uploaded instead; `None` if the kind has no files.
    pub file: Option<UploadField>,
}

/// What people enter as the location of a source.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AddressInput {
    /// One link.
    Link,
    /// Links, one per line.
    Links,
    /// The URL of a server, a user name and a password. User name and password are stored in the URL.
    Account,
}

/// A field for a file that can be uploaded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct UploadField {
    /// The label of the field.
    pub label: &'static str,
    /// The file types that browsers offer, as in the HTML attribute `accept`.
    pub accept: &'static str,
    /// The help text below the field; may be empty.
    pub help: &'static str,
}

impl SourceFormSpec {
    /// Returns a form with a field for one link, for the kind called `title`.
    #[must_use]
    pub const fn with_link(title: &'static str) -> Self {
        Self {
            title,
            about: "",
            asked: AddressInput::Link,
            label: "Link",
            placeholder: "https://…",
            help: "",
            shared: false,
            file: None,
        }
    }

    /// The form for feeds: their URLs, or an OPML file.
    pub const FEEDS_FORM: Self = Self {
        title: "Feeds",
        about: "RSS, Atom and JSON feeds, or an OPML list of feeds",
        asked: AddressInput::Links,
        label: "Feed URLs, one per line",
        placeholder: "https://example.org/feed.xml",
        help: "You can also enter the URL of an OPML list. It is read again at every sync.",
        shared: false,
        file: Some(UploadField {
            label: "Or upload an OPML file",
            accept: ".opml,.xml,text/x-opml,text/xml,application/xml",
            help: "Most feed readers can export one.",
        }),
    };

    /// The form for an account on a server with the Google Reader API.
    pub const READER_FORM: Self = Self {
        title: "Reader account",
        about: "All subscriptions of a feed reader, with read and starred articles: FreshRSS, Miniflux, Inoreader, …",
        asked: AddressInput::Account,
        label: "Server URL",
        placeholder: "https://reader.example.org",
        help: "The server must support the Google Reader API. In FreshRSS and Miniflux, set a separate API password \
               in the settings first.",
        shared: false,
        file: None,
    };
}
