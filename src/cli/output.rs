//! How commands speak: the answer on standard output, everything else on standard error, and the exit code.

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use crate::app::AppError;
use crate::domain::source::{Slug, Source};
use crate::status::StatusError;
use crate::store::{Store, StoreError};

/// How a command ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum CommandExit {
    /// It did what was asked.
    Fine = 0,
    /// It could not.
    Failed = 1,
    /// What was asked makes no sense: a bad value, an unknown source.
    Usage = 2,
    /// Not now; try again later (`EX_TEMPFAIL`).
    Busy = 75,
    /// It was cancelled.
    Cancelled = 130,
}

impl From<CommandExit> for ExitCode {
    fn from(exit: CommandExit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command did not do what was asked: a sentence, and the exit code that goes with it.
#[derive(Debug)]
pub(super) struct CommandError {
    pub(super) exit: CommandExit,
    pub(super) message: String,
}

impl CommandError {
    pub(super) fn failed(message: impl Into<String>) -> Self {
        Self { exit: CommandExit::Failed, message: message.into() }
    }

    pub(super) fn usage(message: impl Into<String>) -> Self {
        Self { exit: CommandExit::Usage, message: message.into() }
    }

    pub(super) fn busy(message: impl Into<String>) -> Self {
        Self { exit: CommandExit::Busy, message: message.into() }
    }
}

/// These say what went wrong in a sentence of their own.
macro_rules! failed_by {
    ($($error:ty),+) => {
        $(impl From<$error> for CommandError {
            fn from(error: $error) -> Self {
                Self::failed(error.to_string())
            }
        })+
    };
}

failed_by!(AppError, StatusError, io::Error, serde_json::Error, getrandom::Error);

impl From<StoreError> for CommandError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Busy => Self::busy(format!("{error}; try again in a moment")),
            other => Self::failed(other.to_string()),
        }
    }
}

/// Writes the answer. A reader that has seen enough (`| head`) is no trouble.
pub(super) fn answer(text: &str) -> Result<(), CommandError> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.write_all(b"\n")).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(CommandError::failed(format!("the answer could not be written: {error}")))
        }
        _ => Ok(()),
    }
}

/// Says a line beside the answer.
pub(super) fn note(line: &str) {
    // Where nobody can read it, nothing can be said.
    let _ = writeln!(io::stderr().lock(), "{}", one_line(line));
}

/// Says what went wrong.
pub(super) fn complain(sentence: &str) {
    note(&format!("error: {sentence}"));
}

/// Asks a person at a terminal to confirm something; a script has said what it means by calling.
pub(super) fn confirmed(question: &str) -> Result<bool, CommandError> {
    if !io::stdin().is_terminal() {
        return Ok(true);
    }
    write!(io::stderr().lock(), "{} [y/N] ", one_line(question))?;
    let mut line = String::new();
    io::stdin().read_line(&mut line)?;
    Ok(matches!(line.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}

/// `text` as one line without control characters: some of it comes from outside and must not steer a terminal.
pub(super) fn one_line(text: &str) -> String {
    let words: Vec<&str> = text.split(|c: char| c.is_whitespace()).filter(|word| !word.is_empty()).collect();
    words.join(" ").replace(char::is_control, "·")
}

/// A table with aligned columns.
pub(super) fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let head: Vec<String> = head.iter().map(|name| (*name).to_owned()).collect();
    let lines: Vec<Vec<String>> =
        std::iter::once(&head).chain(rows).map(|cells| cells.iter().map(|cell| one_line(cell)).collect()).collect();
    let width = |column: usize| {
        lines.iter().filter_map(|cells| cells.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let padded = |cells: &Vec<String>| {
        let cells: Vec<String> = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        cells.join("  ").trim_end().to_owned()
    };
    lines.iter().map(padded).collect::<Vec<_>>().join("\n")
}

/// The source of that slug, or a sentence with the known ones.
pub(super) fn known_source(store: &Store, slug: &Slug) -> Result<Source, CommandError> {
    if let Some(source) = store.source(slug)? {
        return Ok(source);
    }
    let known: Vec<String> = store.sources()?.iter().map(|source| source.slug.to_string()).collect();
    let hint = if known.is_empty() {
        "There are none yet; `lockstep source add` adds one.".to_owned()
    } else {
        format!("Known are: {}.", known.join(", "))
    };
    Err(CommandError::usage(format!("there is no source called {slug}. {hint}")))
}

#[cfg(test)]
mod tests {
    use super::{one_line, table};

    #[test]
    fn what_comes_from_outside_cannot_steer_a_terminal() {
        assert_eq!(one_line("a\u{1b}[31m\n\tb  c"), "a·[31m b c");
    }

    #[test]
    fn columns_of_a_table_are_aligned() {
        let rows = vec![vec!["ä".to_owned(), "1".to_owned()], vec!["long".to_owned(), String::new()]];
        assert_eq!(table(&["A", "B"], &rows), "A     B\nä     1\nlong");
    }
}
