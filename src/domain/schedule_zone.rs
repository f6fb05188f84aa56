//! Time zones of schedules, by their IANA names.

use std::fmt;
use std::str::FromStr;

use chrono_tz::{TZ_VARIANTS, Tz};

/// How many names are suggested for one that is unknown.
const MAX_SUGGESTIONS: usize = 3;

/// A time zone with its rules for daylight saving time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ScheduleZone(pub(super) Tz);

/// A text that names no time zone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no time zone called “{name}”. Use a name such as Europe/Berlin{}", suggest(.suggestions))]
pub struct NotAZone {
    name: String,
    suggestions: Vec<&'static str>,
}

fn suggest(names: &[&str]) -> String {
    if names.is_empty() { String::new() } else { format!(". Did you mean {}?", names.join(" or ")) }
}

impl ScheduleZone {
    /// Universal time, the zone of schedules that have none.
    pub const UTC_ZONE: Self = Self(Tz::UTC);

    /// Returns the name in the IANA database: `Europe/Berlin`, or `UTC`.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.0.name()
    }

    /// Returns the names to choose from, sorted: those of a continent or ocean and a city, and UTC. Other names of the
    /// database, such as `CET` or `US/Pacific`, are accepted too.
    #[must_use]
    pub fn offered_names() -> Vec<&'static str> {
        let areas = [
            "Africa/",
            "America/",
            "Antarctica/",
            "Arctic/",
            "Asia/",
            "Atlantic/",
            "Australia/",
            "Europe/",
            "Indian/",
            "Pacific/",
        ];
        let is_offered = |name: &&str| areas.iter().any(|area| name.starts_with(area));
        let mut names: Vec<_> = TZ_VARIANTS.iter().map(|zone| zone.name()).filter(is_offered).collect();
        names.push("UTC");
        names.sort_unstable();
        names
    }
}

impl FromStr for ScheduleZone {
    type Err = NotAZone;

    /// Parses a name of the IANA database, whatever its case and with spaces for underscores, or its city alone.
    fn from_str(text: &str) -> Result<Self, NotAZone> {
        let text = text.trim();
        let wanted = text.to_lowercase().replace(' ', "_");
        let named = TZ_VARIANTS.iter().find(|zone| zone.name().to_lowercase() == wanted);
        // The sign of `Etc/GMT+5` is the opposite of what people mean by GMT+5.
        let is_city = |zone: &&Tz| {
            let name = zone.name().to_lowercase();
            !name.starts_with("etc/") && name.rsplit('/').next() == Some(&*wanted)
        };
        if let Some(zone) = named.or_else(|| TZ_VARIANTS.iter().find(is_city)) {
            return Ok(Self(*zone));
        }
        let words: Vec<&str> = wanted.split('/').filter(|word| word.len() > 2).collect();
        let is_similar = |name: &&str| {
            let name = name.to_lowercase();
            words.last().is_some_and(|city| name.contains(&city[..city.floor_char_boundary(4)]))
        };
        let suggestions = Self::offered_names().into_iter().filter(is_similar).take(MAX_SUGGESTIONS).collect();
        Err(NotAZone { name: text.chars().take(60).collect(), suggestions })
    }
}

impl fmt::Display for ScheduleZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::ScheduleZone;

    #[test]
    fn a_zone_is_found_by_its_name_in_any_case_or_by_its_city() {
        for text in ["Europe/Berlin", "europe/berlin", " Berlin ", "berlin"] {
            assert_eq!(text.parse::<ScheduleZone>().expect("a zone").name(), "Europe/Berlin", "{text}");
        }
        for (text, name) in [("new york", "America/New_York"), ("UTC", "UTC"), ("utc", "UTC"), ("CET", "CET")] {
            assert_eq!(text.parse::<ScheduleZone>().expect("a zone").name(), name);
        }
    }

    #[test]
    fn an_unknown_zone_gets_suggestions() {
        let message = |text: &str| text.parse::<ScheduleZone>().expect_err("no zone").to_string();
        assert_eq!(
            message("Europe/Berlim"),
            "there is no time zone called “Europe/Berlim”. Use a name such as Europe/Berlin. Did you mean Europe/Berlin?"
        );
        assert_eq!(message(""), "there is no time zone called “”. Use a name such as Europe/Berlin");
        assert!(!message("Ünknöwn/Ört").contains("Did you mean"));
        assert!(message("GMT+5").contains("no time zone called “GMT+5”"));
        assert_eq!("Etc/GMT+5".parse::<ScheduleZone>().expect("a zone").name(), "Etc/GMT+5");
    }

    #[test]
    fn the_offered_names_are_sorted_and_each_can_be_parsed() {
        let names = ScheduleZone::offered_names();
        assert!(names.is_sorted() && names.len() > 400 && names.contains(&"UTC") && !names.contains(&"CET"));
        assert!(names.iter().all(|name| name.parse::<ScheduleZone>().is_ok_and(|zone| zone.name() == *name)));
    }
}
