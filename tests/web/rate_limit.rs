//! How many requests for data are answered in a second.

use std::time::{Duration, Instant};

use lockstep::domain::account::Role;

use super::site::{SiteResponse, TestSite};

/// Of this many requests in a row, a limit of [`PER_SECOND`] refuses some, however slow the machine is.
const REQUESTS: usize = 400;
const PER_SECOND: u32 = 5;

fn refused(replies: &[SiteResponse]) -> usize {
    replies.iter().filter(|reply| reply.status == 429).count()
}

#[test]
fn too_many_requests_for_data_are_refused_and_the_headers_say_how_many_are_left() {
    let site = TestSite::with_rate_limit(PER_SECOND);
    let first = site.visitor().get("/api/sources");
    assert_eq!((first.status, first.header("ratelimit-limit")), (200, Some("5")));
    assert_eq!(first.header("ratelimit-policy"), Some("\"second\";q=5;w=1"));
    let left: u32 = first.header("ratelimit-remaining").expect("a number").parse().expect("a number");
    assert!(left < PER_SECOND, "{left}");
    let replies: Vec<SiteResponse> = (0..REQUESTS).map(|_| site.visitor().get("/api/sources")).collect();
    let refusal = replies.iter().find(|reply| reply.status == 429).expect("a refusal");
    assert_eq!(refusal.expect_refusal(), (429, "rate_limited".to_owned()));
    assert_eq!((refusal.header("retry-after"), refusal.header("ratelimit-remaining")), (Some("1"), Some("0")));
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(site.visitor().get("/api/sources").status, 200);
}

#[test]
fn polls_panels_and_pages_are_never_limited() {
    let site = TestSite::with_rate_limit(PER_SECOND);
    for path in ["/api/health", "/api/health/sync", "/catalog/albums/sync-status", "/sync-badge", "/login"] {
        let replies: Vec<SiteResponse> = (0..40).map(|_| site.visitor().get(path)).collect();
        assert_eq!(refused(&replies), 0, "{path}");
        assert_eq!(replies[0].header("ratelimit-limit"), None, "{path}");
    }
    let status = "/api/sync/status/sync_01990000-0000-7000-8000-000000000000";
    let replies: Vec<SiteResponse> = (0..40).map(|_| site.visitor().get(status)).collect();
    assert_eq!(refused(&replies), 0);
}

#[test]
fn each_valid_token_has_its_own_limit_and_tokens_that_are_made_up_share_one() {
    let site = TestSite::with_rate_limit(PER_SECOND);
    let programs = ["one", "two"].map(|name| site.add_program(name, Role::Viewer));
    for program in &programs {
        // The first request of a token counts for the address.
        std::thread::sleep(Duration::from_millis(1200));
        assert_eq!(program.get("/api/sources").status, 200);
    }
    let of_first: Vec<SiteResponse> = (0..REQUESTS).map(|_| programs[0].get("/api/sources")).collect();
    assert!(refused(&of_first) > 0);
    assert_eq!(programs[1].get("/api/sources").status, 200, "another token");
    assert_eq!(site.visitor().get("/api/sources").status, 200, "and no token");
    let made_up =
        |number: usize| site.visitor().with_header("Authorization", &format!("Bearer made-up-{}", number % 10));
    let replies: Vec<SiteResponse> = (0..REQUESTS).map(|number| made_up(number).get("/api/sources")).collect();
    assert!(refused(&replies) > 0, "a new token for each request is no way around the limit");
    // These are answered without looking at the token.
    std::thread::sleep(Duration::from_millis(1200));
    for number in 0..10 {
        let answered = made_up(number).send_request("PUT", "/api/history", None).status;
        assert!([405, 429].contains(&answered), "{answered}");
    }
    let started = Instant::now();
    let replies: Vec<SiteResponse> = (0..REQUESTS).map(|number| made_up(number).get("/api/sources")).collect();
    let checked = replies.iter().filter(|reply| reply.status == 401).count() as u64;
    assert!(checked <= (started.elapsed().as_secs() + 2) * u64::from(PER_SECOND), "{checked} of {REQUESTS}");
}

#[test]
fn an_encoded_letter_in_the_path_is_no_way_around_the_limit() {
    let site = TestSite::with_rate_limit(PER_SECOND);
    for path in ["/%61pi/sources", "/api/%73ources", "/catalog/albums.%63sv"] {
        let replies: Vec<SiteResponse> = (0..REQUESTS).map(|_| site.visitor().get(path)).collect();
        assert!(refused(&replies) > 0, "{path}: {}", replies[0].status);
        std::thread::sleep(Duration::from_millis(1200));
    }
    let stranger = site.visitor().with_header("Authorization", "Bearer made-up");
    assert_eq!(stranger.get("/%61pi/history").status, 401);
}
