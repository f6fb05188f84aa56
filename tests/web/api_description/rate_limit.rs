//! The answers to too many requests are as described.

use lockstep::domain::account::Role;
use lockstep::domain::sync_id::SyncId;

use super::answer_recorder::{AnswerRecorder, PathValues};
use crate::web::site::{SiteResponse, TestSite};

/// How often an operation is requested until it is refused.
const MAX_TRIES: usize = 100;

#[test]
fn every_operation_but_polls_answers_429_to_too_many_requests() {
    let site = TestSite::with_rate_limit(1);
    let admin = site.add_program("robot", Role::Admin).with_header("Accept", "application/json");
    let mut recorder = AnswerRecorder::new(&site);
    let run = SyncId::new().to_string();
    let values = PathValues { slug: "albums", run: &run, item: "1" };
    for operation in recorder.list_operations() {
        let path = values.fill_in(&operation.path);
        let send = || admin.send_request(&operation.method, &path, None);
        let is_refused = |reply: &SiteResponse| reply.status == 429 && reply.body.contains("rate_limited");
        let is_limited = operation.statuses.contains(&429);
        // On a slow machine a second may pass between two requests.
        let tries = if is_limited { MAX_TRIES } else { 3 };
        let refused = (0..tries).map(|_| send()).find(is_refused);
        assert_eq!(refused.is_some(), is_limited, "{operation:?}");
        if let Some(reply) = refused {
            recorder.keep_answer(&operation.method, &operation.path, &reply);
        }
    }
    assert_eq!(recorder.find_differences(), "");
}
