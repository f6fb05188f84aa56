//! A tab of a Google Sheet that everyone with the link may read, through its CSV export; what Google refuses there, it says
//! with pages for people.

use ureq::http::{HeaderMap, StatusCode};

use crate::domain::read_options::ReadOptions;
use crate::domain::row::shortened;
use crate::domain::sheet_link::{SheetLink, Tab};
use crate::fetch::csv::table_at;
use crate::fetch::http::address::Reach;
use crate::fetch::http::reply::{self, Place, Trouble};
use crate::fetch::http::request::Request;
use crate::fetch::http::{Answer, Client};
use crate::fetch::{FetchError, Fetched, Order, Watch};

/// A name that no tab has.
const NO_NAME: &str = "no tab is called 0199c0de-7a1b-7c3d-8e5f-2f6a4b8c9d10";

/// Brings the tab that the link names.
pub(in crate::fetch) fn fetch(
    client: &Client,
    link: &SheetLink,
    options: &ReadOptions,
    order: &Order<'_>,
    watch: &dyn Watch,
) -> Result<Fetched, FetchError> {
    let address = |path: &str| {
        client.google_base.join(path).map_err(|error| {
            FetchError::failed("bad_address", format!("The base of Google's addresses cannot be used ({error})."))
        })
    };
    let published = link.id().is_none();
    let tab = address(&link.export_path())?;
    let request = Request { judge: &judge, ..Request::table(tab.as_str(), Reach::Google) };
    let said = |error| if published { of_a_published_sheet(error) } else { error };
    if let (Tab::Name(name), true) = (link.tab(), published) {
        return Err(which_tab(name));
    }
    let fetched = table_at(client, request, options, order, watch).map_err(said)?;
    if let (Tab::Name(name), Fetched::Content(content)) = (link.tab(), &fetched) {
        // Google answers for a name that no tab has with the first tab, and says nothing
        // (<https://github.com/mit-cml/appinventor-sources/pull/3000>). So what comes for such a name must be another table.
        let other = address(&link.named(NO_NAME).export_path())?;
        let request = Request { judge: &judge, ..Request::table(other.as_str(), Reach::Google) };
        match client.ask(&request, order, watch) {
            Ok(Answer::Body(first)) if content.validators().body_hash.as_deref() != Some(&first.content.hash) => {}
            // Who refuses a name that no tab has does not take one tab for another.
            Err(FetchError::Failed { code: "not_found", .. }) => {}
            Ok(_) => return Err(which_tab(name)),
            Err(error) => return Err(error),
        }
    }
    Ok(fetched)
}

/// That a tab cannot be told by its name.
fn which_tab(name: &str) -> FetchError {
    FetchError::failed(
        "no_tab",
        format!(
            "Whether there is a tab “{}” Google does not say without credentials; it may have given its first tab \
             instead. Open the tab that is meant and copy its link from the address bar, which ends in gid=….",
            shortened(name)
        ),
    )
}

/// Explains what Google says of an export in a page.
fn judge(status: StatusCode, headers: &HeaderMap, start: &[u8], place: &Place) -> Result<(), Trouble> {
    let page = String::from_utf8_lossy(start).to_lowercase();
    // "Sorry, the owner hasn't given you permission to download this file. Only the owner and editors can download this
    // file.", also under the title "Google Drive: Access Denied", which the page that asks for access has as well. The
    // setting: <https://support.google.com/docs/answer/2494893>.
    let asks_for_access = ["need access", "need permission", "request access"].iter().any(|words| page.contains(words));
    if page.contains("permission to download") || page.contains("access denied") && !asks_for_access {
        return Err(Trouble::Final(FetchError::failed(
            "downloads_disabled",
            "Downloads are disabled by the owner of this sheet. The owner can allow them: Share → the cog → “Viewers and \
             commenters can see the option to download, print, and copy”. Then try again.",
        )));
    }
    reply::judge(status, headers, start, place)
}

/// What is published is not shared: it has a link of its own, and its own way to be taken back.
fn of_a_published_sheet(error: FetchError) -> FetchError {
    match error {
        FetchError::Failed { code: code @ ("sign_in_page" | "not_found"), .. } => FetchError::failed(
            code,
            "This published link leads to no sheet that everybody may read: it is not published any more, or only within \
             an organisation. In Google Sheets choose File → Share → Publish to web, or use the sheet's own link from the \
             address bar.",
        ),
        other => other,
    }
}
