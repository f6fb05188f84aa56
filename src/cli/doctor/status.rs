//! Where live status is told to pollers first.

use std::io;
use std::path::Path;
use std::time::Duration;

use super::check_result::CheckResult;
use crate::config::{Settings, StatusAt};
use crate::status::{FileStatus, RedisAddress, RedisStatus, StatusError, StatusStore};

const CHECK: &str = "status store";
const MEANWHILE: &str = "Nothing is lost meanwhile: status comes from the database, a little later.";

/// Looks at it, unless it is a folder: that one is looked at with the data folder, in which it is.
pub(super) fn check(settings: &Settings) -> Vec<CheckResult> {
    match &settings.status {
        StatusAt::File => Vec::new(),
        StatusAt::Redis(address) => vec![in_redis(address, settings.keep_status)],
        StatusAt::Database => {
            vec![CheckResult::ok(CHECK, "live status is kept in the database, which is looked at by itself")]
        }
    }
}

/// Looks at a folder for status files, which need not be there.
pub(super) fn in_files(folder: &Path) -> CheckResult {
    match std::fs::metadata(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let message = format!("live status is kept in files; {} is made when it is needed", folder.display());
            CheckResult::ok(CHECK, message)
        }
        _ => said(FileStatus::new(folder.to_owned()).check(), "files", || format!("Mend what is named. {MEANWHILE}")),
    }
}

fn in_redis(address: &RedisAddress, kept: Duration) -> CheckResult {
    let asked = RedisStatus::open(address, kept).and_then(|redis| {
        // The first time connecting is paid for, too, and little is given to either.
        redis.check().or_else(|_| redis.check())
    });
    said(asked, &format!("the Redis at {}", address.for_people()), || {
        format!(
            "See whether Redis runs and lets this machine in, and whether LOCKSTEP_REDIS_URL is right: password, host, \
             port, database. {MEANWHILE}"
        )
    })
}

fn said(checked: Result<(), StatusError>, place: &str, fix: impl FnOnce() -> String) -> CheckResult {
    match checked {
        Ok(()) => CheckResult::ok(CHECK, format!("live status can be kept in {place}")),
        Err(error) => CheckResult::wrong(CHECK, error.to_string(), fix()),
    }
}
