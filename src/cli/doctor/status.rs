//! Checks the primary status store.

use std::io;
use std::path::Path;
use std::time::Duration;

use super::check_result::CheckResult;
use crate::config::{Settings, StatusStoreSetting};
use crate::status::{FileStatus, RedisAddress, RedisStatus, StatusError, StatusStore};

const CHECK_NAME: &str = "status store";
const STATUS_CONSEQUENCE: &str = "No data is lost: until then status is read from the database, with a short delay.";

/// Checks the status store, unless it is a folder, which is checked with the data folder that contains it.
pub(super) fn check_status_store(settings: &Settings) -> Vec<CheckResult> {
    match &settings.status_store {
        StatusStoreSetting::File => Vec::new(),
        StatusStoreSetting::Redis(address) => vec![check_redis(address, settings.keep_status)],
        StatusStoreSetting::Database => {
            vec![CheckResult::ok(CHECK_NAME, "live status is kept in the database, which is checked below")]
        }
    }
}

/// Checks a folder for status files, which may not exist yet.
pub(super) fn check_status_folder(folder: &Path) -> CheckResult {
    match std::fs::metadata(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let message = format!("live status is kept in files; {} is created when needed", folder.display());
            CheckResult::ok(CHECK_NAME, message)
        }
        _ => to_check_result(FileStatus::new(folder.to_owned()).check(), "files", || {
            format!("Fix the cause that the message names. {STATUS_CONSEQUENCE}")
        }),
    }
}

fn check_redis(address: &RedisAddress, keep_status: Duration) -> CheckResult {
    let checked = RedisStatus::open(address, keep_status).and_then(|redis| {
        // Connecting takes part of the first check's short time limit, so one more try is allowed.
        redis.check().or_else(|_| redis.check())
    });
    to_check_result(checked, &format!("the Redis at {}", address.for_people()), || {
        format!(
            "Check that Redis is running and accepts this machine, and that LOCKSTEP_REDIS_URL is right: password, \
             host, port, database. {STATUS_CONSEQUENCE}"
        )
    })
}

fn to_check_result(checked: Result<(), StatusError>, place: &str, fix: impl FnOnce() -> String) -> CheckResult {
    match checked {
        Ok(()) => CheckResult::ok(CHECK_NAME, format!("live status can be written to {place}")),
        Err(error) => CheckResult::wrong(CHECK_NAME, error.to_string(), fix()),
    }
}
