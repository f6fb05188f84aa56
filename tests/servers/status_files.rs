//! Something that is no status file in the place of one, while a server is polled.

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::{Duration, Instant};

use super::write_albums;
use crate::support::server_process::{ServerProcess, ServerSetup};

/// The most memory, in kB, that the polls of one test may add.
const MAX_ADDED_KB: u64 = 64 * 1024;

fn measure_peak_memory(server: &ServerProcess) -> u64 {
    let facts = fs::read_to_string(format!("/proc/{}/status", server.process_id())).expect("its facts");
    let line = facts.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("its memory");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

/// Polls eight times at once, as JSON and as the panel. All answers must be those of the database, and soon.
fn assert_polls_answer(server: &ServerProcess, id: &str, what: &str) {
    let json = format!("/api/sync/status/{id}");
    let started = Instant::now();
    std::thread::scope(|scope| {
        for path in [json.as_str(), "/catalog/albums/sync-status"].repeat(4) {
            scope.spawn(move || {
                let answer = server.get(path);
                assert_eq!(answer.status, 200, "{what}: {}", answer.body);
                assert!(answer.body.to_lowercase().contains("completed"), "{what}: {}", answer.body);
            });
        }
    });
    println!("{what}: eight polls took {:?}", started.elapsed());
    assert!(started.elapsed() < Duration::from_secs(5), "{what}: {:?}", started.elapsed());
}

fn put_running_report(path: &Path, ended: &str) {
    let now = chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
    let mut report: serde_json::Value = serde_json::from_str(ended).expect("a report");
    (report["status"], report["progress"], report["lastUpdate"]) = ("running".into(), 45.into(), now.into());
    fs::write(path, report.to_string()).expect("written");
}

#[test]
fn whatever_is_in_the_place_of_a_status_file_polls_are_answered_by_the_database() {
    let setup = ServerSetup::new();
    let mut server = setup.start();
    setup.add_admin_and_token();
    let csv = setup.path("albums.csv");
    write_albums(&csv, 20, "Title");
    setup.add_file("albums", &csv);
    let id = server.start_sync("albums");
    server.wait_for_status(&id, "completed");
    let path = setup.path(&format!("data/status/sync-status-{id}.json"));
    let real = fs::read_to_string(&path).expect("a report");
    let before = measure_peak_memory(&server);
    let places: [(&str, &dyn Fn()); 5] = [
        ("a file of 1 GB", &|| File::create(&path).and_then(|file| file.set_len(1 << 30)).expect("a sparse file")),
        ("a pipe", &|| rustix::fs::mkfifoat(rustix::fs::CWD, &path, rustix::fs::Mode::RWXU).expect("a pipe")),
        ("a link to a device", &|| symlink("/dev/zero", &path).expect("a link")),
        ("a link to a file", &|| symlink(&csv, &path).expect("a link")),
        ("a false report", &|| put_running_report(&path, &real)),
    ];
    for (what, make) in places {
        fs::remove_file(&path).expect("removed");
        make();
        assert_polls_answer(&server, &id, what);
    }
    let added = measure_peak_memory(&server) - before;
    println!("{added} kB more memory");
    assert!(added < MAX_ADDED_KB, "{added} kB");

    // A server that has just started has not seen the end of the run.
    server.stop();
    put_running_report(&path, &real);
    assert_polls_answer(&setup.start(), &id, "a false report after a restart");
}
