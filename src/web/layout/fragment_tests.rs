//! Tests of the fragments: the attributes that htmx relies on, and what they show.

use std::time::Duration;

use askama::Template as _;

use super::badge_view::{BadgeFragment, SyncBadge};
use super::run_labels::{Kind, LatestRun, RunStats, RunStatus, Stage};
use super::view::{counted, grouped};
use crate::domain::feed_counts::FeedCounts;
use crate::domain::progress::ProgressCount;
use crate::domain::run_activity::RunActivity;
use crate::domain::run_summary::RunSummary;
use crate::domain::status_report::tests::sample_summary;
use crate::domain::sync_id::SyncId;
use crate::store::admission::StartOutcome;
use crate::web::http::links::LinkBuilder;
use crate::web::layout::time_label::TimeLabel;
use crate::web::panel::run_view::RunView;
use crate::web::panel::view::{PanelFragment, PanelView};

const ALL: [RunStatus; 6] = [
    RunStatus::Pending,
    RunStatus::Running,
    RunStatus::Completed,
    RunStatus::Failed,
    RunStatus::Cancelled,
    RunStatus::Interrupted,
];

fn panel(run: Option<RunView>) -> PanelView {
    let noun = |word: &str| word.to_owned();
    PanelView { slug: noun("albums"), noun_many: noun("albums"), may_sync: true, run, ..PanelView::default() }
}

fn run(status: RunStatus) -> RunView {
    let summary = RunSummary { status, progress: 63, message: String::new(), ..sample_summary() };
    RunView { sync_id: "sync_1".to_owned(), ..RunView::new(summary) }
}

fn activity(slug: &str, status: RunStatus) -> RunActivity {
    RunActivity {
        id: SyncId::new(),
        source: slug.parse().expect("a slug"),
        name: slug.to_owned(),
        kind: Kind::Sync,
        status,
        progress: 45,
        stats: RunStats::default(),
        needs_review: false,
    }
}

fn html(panel: PanelView) -> String {
    PanelFragment { panel, badge: None }.render().expect("the panel renders")
}

#[test]
fn only_an_active_run_is_polled() {
    assert!(!html(panel(None)).contains("hx-get"));
    for status in ALL {
        let html = html(panel(Some(run(status))));
        assert_eq!(html.contains("hx-get=\"/catalog/albums/sync-status?sync=sync_1"), status.is_active(), "{status:?}");
        assert_eq!(html.contains("hx-trigger=\"every 2s\""), status.is_active(), "{status:?}");
        assert_eq!(html.contains("Syncing…</span>"), status.is_active(), "{status:?}");
    }
}

#[test]
fn the_panel_follows_the_successor_of_an_interrupted_run() {
    let html = html(panel(Some(RunView { successor: Some("sync_2".to_owned()), ..run(RunStatus::Interrupted) })));
    assert!(html.contains("sync-status?sync=sync_2&#38;seen=0"));
    assert!(html.contains("The server restarted at 63 %. Starting again; nothing is lost."));
}

#[test]
fn feeds_and_articles_are_counted_and_failed_feeds_can_be_retried() {
    let count = |processed, total| Some(ProgressCount { processed, total });
    let mut going = RunView { message: "Fetching feed 5 of 22…".to_owned(), ..run(RunStatus::Running) };
    (going.stats.feeds, going.stats.articles) = (count(5, 22), count(31, 31));
    let feeds = Some(FeedCounts { total: 22, failing: 2, retry_blocked_until: None });
    let shown = html(PanelView { feeds, ..panel(Some(going.clone())) });
    assert!(shown.contains("Fetching feed 5 of 22…") && shown.contains("31 articles so far"), "{shown}");
    assert!(!shown.contains("panel-failed"), "not while it runs");
    let message = "31 added, 0 updated, 0 removed. 2 of 22 feeds failed; others updated.".to_owned();
    let ended = RunView { status: RunStatus::Completed, message, ..going };
    let shown = html(PanelView { feeds, ..panel(Some(ended.clone())) });
    for expected in [
        "2 of 22 feeds failed; others updated.</span>",
        "<a href=\"/catalog/albums/feeds\">View feeds</a>",
        "href=\"/catalog/albums/feeds\">22 feeds, 31 articles</a>",
        "name=\"action\" value=\"failed\"",
    ] {
        assert!(shown.contains(expected), "{expected}: {shown}");
    }
    let visitors = html(PanelView { may_sync: false, ..panel(Some(ended)) });
    assert!(visitors.contains("22 feeds, 31 articles") && !visitors.contains("/feeds\""), "{visitors}");
}

#[test]
fn every_fragment_is_one_element_that_the_page_recognises() {
    // The page replaces its panel with the whole response, so space around the panel would accumulate with every poll.
    for status in ALL {
        let html = html(panel(Some(run(status))));
        assert!(html.starts_with("<section id=\"panel\"") && html.ends_with("</section>"), "{status:?}");
    }
    let badge = BadgeFragment::new(LinkBuilder::default(), SyncBadge::default()).render().expect("the badge renders");
    assert!(badge.starts_with("<section id=\"sync-badge\"") && badge.ends_with("</section>"), "{badge}");
}

#[test]
fn text_of_a_source_is_escaped() {
    let html =
        html(panel(Some(RunView { error: Some("<img src=x onerror=alert(1)>".to_owned()), ..run(RunStatus::Failed) })));
    assert!(!html.contains("<img"));
}

#[test]
fn a_user_without_permission_to_sync_gets_no_buttons() {
    let shown = html(PanelView { may_sync: false, ..panel(Some(run(RunStatus::Running))) });
    assert!(!shown.contains("method=\"post\""));
}

#[test]
fn a_refused_start_shows_the_reason() {
    let with = |outcome| html(PanelView { start_outcome: Some(outcome), ..panel(Some(run(RunStatus::Running))) });
    let id = SyncId::new();
    assert!(with(StartOutcome::AlreadyRunning(id)).contains("Sync already in progress"));
    assert!(with(StartOutcome::CoolingDown(Duration::from_millis(1500))).contains("Just synced. Try again in 2 s."));
}

#[test]
fn the_badge_polls_often_only_while_a_run_is_active() {
    let run = |status| activity("albums", status);
    let html = |runs| {
        let badge = SyncBadge { runs, ..SyncBadge::default() };
        BadgeFragment::new(LinkBuilder::default(), badge).render().expect("the badge renders")
    };
    let preview = |status| html(vec![RunActivity { kind: Kind::Preview, ..run(status) }]);
    assert!(preview(RunStatus::Running).contains(">Previewing, 45 %<"));
    assert!(preview(RunStatus::Pending).contains(">Queued<"));
    assert!(html(vec![run(RunStatus::Running)]).contains("every 2s"));
    assert!(html(vec![run(RunStatus::Completed)]).contains("every 30s"));
}

#[test]
fn the_badge_is_one_line_without_the_catalog_on_screen() {
    let run = activity;
    let runs =
        vec![run("albums", RunStatus::Running), run("books", RunStatus::Running), run("cars", RunStatus::Failed)];
    let badge = SyncBadge { runs, ..SyncBadge::default() };
    let html = |badge| BadgeFragment::new(LinkBuilder::default(), badge).render().expect("the badge renders");
    let everywhere = html(badge.clone());
    assert!(everywhere.contains(">2 syncing<") && everywhere.contains("href=\"/catalog/albums\""), "{everywhere}");
    let beside = html(badge.clone().beside_panel("albums"));
    for expected in [">books<", ">· 45 %<", "on-screen=albums", "data-run-on-screen=\"sync_"] {
        assert!(beside.contains(expected), "{expected}: {beside}");
    }
    assert!(!beside.contains("href=\"/catalog/albums\"") && !beside.contains(" hidden"), "{beside}");
    let only_own = SyncBadge { runs: vec![run("albums", RunStatus::Running)], ..SyncBadge::default() };
    let html = html(only_own.beside_panel("albums"));
    assert!(html.contains(" hidden") && !html.contains("badge-pill") && html.contains("every 30s"), "{html}");
}

#[test]
fn only_the_start_each_stage_and_the_outcome_are_announced() {
    let announced = |run: RunView| {
        let html = html(panel(Some(run)));
        assert!(!html.contains("aria-live"), "{html}");
        let (_, rest) = html.split_once("role=\"status\">").expect("a live region");
        rest.split_once("</p>").expect("its end").0.to_owned()
    };
    let going =
        |progress, stage| RunView { progress, stage, message: format!("Item {progress}"), ..run(RunStatus::Running) };
    assert_eq!(announced(run(RunStatus::Pending)), "Sync started.");
    assert_eq!(announced(going(3, Stage::Fetching)), "Fetching…");
    assert_eq!(announced(going(20, Stage::Processing)), announced(going(60, Stage::Processing)));
    assert_eq!(announced(RunView { is_waiting: true, ..run(RunStatus::Pending) }), "Sync queued.");
    let message = "5 added, 0 updated, 0 removed.".to_owned();
    assert_eq!(
        announced(RunView { message: message.clone(), ..run(RunStatus::Completed) }),
        format!("Sync completed. {message}")
    );
}

#[test]
fn a_file_that_is_fetched_shows_how_much_of_it_and_its_rate() {
    let mut fetching = RunView { stage: Stage::Fetching, ..run(RunStatus::Running) };
    let shown = |run: &RunView| html(panel(Some(run.clone())));
    assert!(!shown(&fetching).contains("<b>0</b> added"), "nothing is counted yet");
    fetching.stats.bytes = 12_400_000;
    assert!(shown(&fetching).contains(">12.4 MB</span>"), "{}", shown(&fetching));
    (fetching.stats.bytes_total, fetching.stats.bytes_per_second) = (Some(31_000_000), Some(1_200_000));
    for expected in [">12.4 of 31.0 MB</span>", ">1.2 MB/s</span>"] {
        assert!(shown(&fetching).contains(expected), "{expected}: {}", shown(&fetching));
    }
}

#[test]
fn numbers_are_grouped() {
    assert_eq!((grouped(&999), grouped(&9_999)), ("999".to_owned(), "9999".to_owned()), "from 10,000 on");
    assert_eq!(grouped(&12_480), "12,480");
    assert_eq!(grouped(&1_000_000), "1,000,000");
    assert_eq!(counted(&1, "album", "albums"), "1 album");
    assert_eq!(counted(&0, "album", "albums"), "0 albums");
}

#[test]
fn a_preview_shows_that_a_sync_would_be_refused() {
    let message = "A sync would fail: The source is empty. Nothing was written.".to_owned();
    let refused = RunView { kind: Kind::Preview, message: message.clone(), ..run(RunStatus::Completed) };
    let html = html(panel(Some(refused)));
    assert!(html.contains(&message) && !html.contains("Up to date"), "{html}");
}

#[test]
fn an_empty_source_has_its_own_advice() {
    let html = html(panel(Some(RunView { code: Some("empty_source".to_owned()), ..run(RunStatus::Failed) })));
    assert!(html.contains("An empty source never empties the catalog"), "{html}");
}

#[test]
fn skipped_rows_are_shown_wherever_the_end_of_a_run_is() {
    let stats = RunStats { added: 5, rejected: 3, ..RunStats::default() };
    let message = "5 added, 0 updated, 0 removed. 3 rows skipped.".to_owned();
    let shown = html(panel(Some(RunView { stats, message, ..run(RunStatus::Completed) })));
    for expected in ["<span>Sync completed, 3 rows skipped</span>", "0 removed. 3 rows skipped.", "<b>3</b> skipped"] {
        assert!(shown.contains(expected), "{expected}: {shown}");
    }
    let latest = Some(LatestRun { kind: Kind::Sync, status: RunStatus::Completed, stats, to_review: 0 });
    let resting = html(PanelView { latest, last_success: Some(TimeLabel::default()), ..panel(None) });
    assert!(resting.contains("#i-warning\"></use></svg><span>Completed, 3 rows skipped</span>"), "{resting}");
    let fine =
        Some(LatestRun { kind: Kind::Sync, status: RunStatus::Completed, stats: RunStats::default(), to_review: 0 });
    let resting = html(PanelView { latest: fine, last_success: Some(TimeLabel::default()), ..panel(None) });
    assert!(resting.contains("<span>Up to date</span>"), "{resting}");
    let undone = fine.map(|latest| LatestRun { kind: Kind::Undo, ..latest });
    let resting = html(PanelView { latest: undone, last_success: Some(TimeLabel::default()), ..panel(None) });
    assert!(resting.contains("<span>Changes undone</span>") && !resting.contains("Up to date"), "{resting}");
}
