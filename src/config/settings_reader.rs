//! Reads single settings and collects the mistakes in them.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::time::Duration;

use super::credentials::{GoogleCredentials, read_credentials};
use super::status_store::StatusStoreSetting;
use super::values::{self, StatusStoreName};
use crate::domain::defaults;
use crate::domain::session_lifetimes::SessionLifetimes;

/// A longer name of the user of the operating system is cut.
const MAX_OPERATOR_CHARS: usize = 64;

/// Reads settings from flags and from `env`, and collects what is wrong with them.
pub(super) struct SettingsReader<'a> {
    env: &'a dyn Fn(&str) -> Option<OsString>,
    mistakes: Vec<String>,
}

impl<'a> SettingsReader<'a> {
    pub(super) fn new(env: &'a dyn Fn(&str) -> Option<OsString>) -> Self {
        Self { env, mistakes: Vec::new() }
    }

    /// The mistakes found so far, one line each.
    pub(super) fn into_mistakes(self) -> Vec<String> {
        self.mistakes
    }

    /// Finds the value of a setting, and the name of the flag or variable that it comes from.
    fn find_value(&mut self, name: &'static str, flag: Option<&OsStr>) -> Option<(String, OsString)> {
        if let Some(value) = flag {
            let flag = format!("--{}", name.trim_start_matches("LOCKSTEP_").to_lowercase().replace('_', "-"));
            if value.is_empty() {
                self.mistakes.push(format!("{flag}: the value is empty. Leave the flag out to use the default."));
                return None;
            }
            return Some((flag, value.to_owned()));
        }
        (self.env)(name).filter(|value| !value.is_empty()).map(|value| (name.to_owned(), value))
    }

    /// Reads a setting with `parse`, whose error is the rest of the line after the setting's name.
    pub(super) fn read_setting<T>(
        &mut self,
        name: &'static str,
        flag: Option<&OsStr>,
        parse: impl FnOnce(&str) -> Result<T, String>,
        default: impl FnOnce() -> T,
    ) -> T {
        let Some((name, value)) = self.find_value(name, flag) else { return default() };
        let parsed = value.to_str().ok_or_else(|| "the value is not UTF-8 text.".to_owned()).and_then(parse);
        parsed.unwrap_or_else(|problem| {
            self.mistakes.push(format!("{name}: {problem}"));
            default()
        })
    }

    /// Reads the path of the data folder, which need not be UTF-8.
    pub(super) fn read_data_dir(&mut self, flag: Option<&OsStr>) -> PathBuf {
        self.find_value("LOCKSTEP_DATA_DIR", flag)
            .map_or_else(|| PathBuf::from(defaults::DATA_DIR), |(_, value)| value.into())
    }

    pub(super) fn read_google_credentials(&mut self, flag: Option<&OsStr>) -> Option<GoogleCredentials> {
        let (name, value) = self.find_value("LOCKSTEP_GOOGLE_CREDENTIALS", flag)?;
        read_credentials(&value).map_err(|problem| self.mistakes.push(format!("{name}: {problem}"))).ok()
    }

    pub(super) fn read_time_limit(&mut self, name: &'static str, flag: Option<&OsStr>, default: Duration) -> Duration {
        self.read_setting(name, flag, values::parse_time_limit, || default)
    }

    pub(super) fn read_retention(&mut self, name: &'static str, flag: Option<&OsStr>, default: Duration) -> Duration {
        self.read_setting(name, flag, values::parse_retention, || default)
    }

    /// Reads `LOCKSTEP_SESSION_IDLE` and `LOCKSTEP_SESSION_LIFETIME`.
    pub(super) fn read_session_lifetimes(
        &mut self,
        idle_flag: Option<&OsStr>,
        total_flag: Option<&OsStr>,
    ) -> SessionLifetimes {
        let mut read = |name, flag, default| self.read_setting(name, flag, values::parse_session_time, || default);
        SessionLifetimes {
            idle: read("LOCKSTEP_SESSION_IDLE", idle_flag, defaults::SESSION_IDLE),
            total: read("LOCKSTEP_SESSION_LIFETIME", total_flag, defaults::SESSION_LIFETIME),
        }
    }

    /// Reads `LOCKSTEP_STATUS_STORE` and `LOCKSTEP_REDIS_URL`, which depend on each other.
    pub(super) fn read_status_store(
        &mut self,
        store_flag: Option<&OsStr>,
        redis_flag: Option<&OsStr>,
    ) -> StatusStoreSetting {
        let mistakes_before = self.mistakes.len();
        let parse_redis = |text: &str| values::parse_redis_address(text).map(Some);
        let redis = self.read_setting("LOCKSTEP_REDIS_URL", redis_flag, parse_redis, || None);
        let is_redis_url_valid = self.mistakes.len() == mistakes_before;
        let default = if redis.is_some() { StatusStoreName::Redis } else { StatusStoreName::File };
        let name = self.read_setting("LOCKSTEP_STATUS_STORE", store_flag, values::parse_status_store, || default);
        match (name, redis) {
            (StatusStoreName::File, _) => StatusStoreSetting::File,
            (StatusStoreName::Database, _) => StatusStoreSetting::Database,
            (StatusStoreName::Redis, Some(address)) => StatusStoreSetting::Redis(address),
            (StatusStoreName::Redis, None) => {
                if is_redis_url_valid {
                    let line = "LOCKSTEP_STATUS_STORE: redis needs LOCKSTEP_REDIS_URL. Set it to a value like \
                                redis://127.0.0.1:6379.";
                    self.mistakes.push(line.to_owned());
                }
                StatusStoreSetting::File
            }
        }
    }

    /// Returns the name of the user of the operating system, which a service may not have.
    pub(super) fn read_operator(&self) -> String {
        let names = ["USER", "LOGNAME"].into_iter().filter_map(|name| (self.env)(name)?.into_string().ok());
        let name = names
            .map(|name| name.trim().replace(char::is_control, "·").chars().take(MAX_OPERATOR_CHARS).collect::<String>())
            .find(|name| !name.is_empty());
        name.unwrap_or_else(|| "command line".to_owned())
    }

    /// Returns those of `names` that are set.
    pub(super) fn keep_set(&mut self, names: &[&'static str]) -> Vec<&'static str> {
        names.iter().copied().filter(|name| self.find_value(name, None).is_some()).collect()
    }
}
