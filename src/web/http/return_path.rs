//! Determines where a login redirects to: always a path of this server.

use actix_web::HttpRequest;
use actix_web::http::{Method, header};
use url::{Position, Url};

use super::links::LinkBuilder;

/// Returns `next` if it is a path of this server, and otherwise the dashboard: a login never redirects to another site.
pub(in crate::web) fn checked_return_path(next: &str, links: &LinkBuilder) -> String {
    normalized_path(next).filter(|path| links.contains(path)).unwrap_or_else(|| links.dashboard())
}

/// `path` as a browser resolves it, if that stays on the same host.
pub(in crate::web) fn normalized_path(path: &str) -> Option<String> {
    /// Stands for this server while the path is resolved.
    const PLACEHOLDER_ORIGIN: &str = "http://here.invalid";
    let is_path =
        |text: &str| text.starts_with('/') && !text[1..].starts_with(['/', '\\']) && !text.contains(char::is_control);
    if !is_path(path) {
        return None;
    }
    let origin = Url::parse(PLACEHOLDER_ORIGIN).ok()?;
    let resolved = origin.join(path).ok()?;
    let path = &resolved[Position::BeforePath..];
    // Checked again: `/.//elsewhere` resolves to `//elsewhere`.
    (resolved.origin() == origin.origin() && is_path(path)).then(|| path.to_owned())
}

/// The path that a login redirects to after `request` required it: the requested page or, if a form was sent, the page
/// with the form.
pub(in crate::web) fn return_path_of(request: &HttpRequest, links: &LinkBuilder) -> String {
    if matches!(*request.method(), Method::GET | Method::HEAD) {
        return links.route(request.uri().path_and_query().map_or("/", |path| path.as_str()));
    }
    let header = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
    let page = header(header::REFERER).and_then(|page| page.split_once("://")).map_or("", |(_, page)| page);
    let hosts = [header(header::HOST), links.public_host()];
    let path = hosts.into_iter().flatten().find_map(|host| page.strip_prefix(host));
    checked_return_path(path.unwrap_or_default(), links)
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::{LinkBuilder, Url, checked_return_path, return_path_of};

    fn below_a_path() -> LinkBuilder {
        LinkBuilder::new(&"https://intranet.example/lockstep".parse::<Url>().expect("a URL"))
    }

    #[test]
    fn a_login_leads_back_to_the_page_with_the_form() {
        let links = LinkBuilder::default();
        let page = TestRequest::get().uri("/catalog/albums?q=a%20b&page=2").to_http_request();
        assert_eq!(return_path_of(&page, &links), "/catalog/albums?q=a%20b&page=2");
        assert_eq!(return_path_of(&page, &below_a_path()), "/lockstep/catalog/albums?q=a%20b&page=2");
        let sent_from = |page: &str, links: &LinkBuilder| {
            let request = TestRequest::post().uri("/catalog/albums/sync");
            let request = request.insert_header(("host", "here:8080")).insert_header(("referer", page));
            return_path_of(&request.to_http_request(), links)
        };
        assert_eq!(sent_from("http://here:8080/catalog/albums?page=2", &links), "/catalog/albums?page=2");
        let page = "https://intranet.example/lockstep/catalog/albums";
        assert_eq!(sent_from(page, &below_a_path()), "/lockstep/catalog/albums");
        for elsewhere in
            ["http://evil.example/catalog", "http://here:8080.evil.example/", "http://here:8080//evil.example", ""]
        {
            assert_eq!(sent_from(elsewhere, &links), "/", "{elsewhere}");
        }
    }

    #[test]
    fn a_login_leads_to_a_path_of_this_server_only() {
        let links = LinkBuilder::default();
        for good in ["/", "/catalog/albums?sort=-year&q=a%20b", "/settings/sources"] {
            assert_eq!(checked_return_path(good, &links), good);
        }
        assert_eq!(checked_return_path("/catalog/ä", &links), "/catalog/%C3%A4");
        assert_eq!(checked_return_path("/lockstep/history", &below_a_path()), "/lockstep/history");
        assert_eq!(checked_return_path("/wiki/", &below_a_path()), "/lockstep/");
        let elsewhere = [
            "",
            "catalog",
            "https://evil.example/",
            "//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/\t/evil.example",
            "/.//evil.example",
            "/a/..//evil.example",
            "/./\\evil.example",
            "javascript:alert(1)",
            "/\r\nSet-Cookie: a=b",
        ];
        for next in elsewhere {
            assert_eq!(checked_return_path(next, &links), "/", "{next:?}");
        }
    }
}
