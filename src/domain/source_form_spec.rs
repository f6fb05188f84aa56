//! What a form asks people for who want to say where a source is. Each kind of source has one, so that the pages show a
//! new kind without knowing it.

/// What a form asks for, and the words it does so with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SourceFormSpec {
    /// What the place is, in a word or two: "Feeds".
    pub title: &'static str,
    /// One line for those who choose among the kinds; may be empty.
    pub about: &'static str,
    /// What is typed.
    pub asked: AddressInput,
    /// What the field for it is called.
    pub label: &'static str,
    /// An example inside the empty field.
    pub placeholder: &'static str,
    /// What to know before it is typed; may be empty.
    pub help: &'static str,
    /// Whether the place has to be shared with everybody who has its link, or with the service account where there is
    /// one.
    pub shared: bool,
    /// The file that may be uploaded instead, where one may be.
    pub file: Option<UploadField>,
}

/// What is typed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AddressInput {
    /// One link.
    Link,
    /// Links, one per line.
    Links,
    /// The address of a server, a user name and a password, which become the user part of that address.
    Account,
}

/// A file that may be uploaded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct UploadField {
    /// What the field is called.
    pub label: &'static str,
    /// What browsers offer to choose, as in the attribute `accept`.
    pub accept: &'static str,
    /// What to know before one is chosen; may be empty.
    pub help: &'static str,
}

impl SourceFormSpec {
    /// One link and nothing else, for a place that is called `title`.
    #[must_use]
    pub const fn link(title: &'static str) -> Self {
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

    /// Feeds: their addresses, or a list of them.
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

    /// An account with a server that speaks the Google Reader API.
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
