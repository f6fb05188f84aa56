//! The output of commands: the result on standard output, everything else on standard error, and the exit code.

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use crate::app::AppError;
use crate::domain::source::{Slug, Source};
use crate::status::StatusError;
use crate::store::{Store, StoreError};

/// How a command ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum CommandExit {
    /// The command did what was asked.
    Success = 0,
    /// The command failed.
    Failed = 1,
    /// The arguments are wrong: a bad value, an unknown source.
    Usage = 2,
    /// Try again later (`EX_TEMPFAIL` in sysexits.h).
    Busy = 75,
    /// The run was cancelled (128 + SIGINT).
    Cancelled = 130,
}

impl From<CommandExit> for ExitCode {
    fn from(exit: CommandExit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command failed: a message, and its exit code.
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

/// Errors whose text is the message.
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
            error if error.is_disk_full() => {
                Self::failed(format!("{error}. Nothing was changed. Free up disk space, then try again"))
            }
            other => Self::failed(other.to_string()),
        }
    }
}

/// Prints the result of a command. A closed pipe (`| head`) is not an error.
pub(super) fn print_answer(text: &str) -> Result<(), CommandError> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.write_all(b"\n")).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(CommandError::failed(format!("cannot write to standard output: {error}")))
        }
        _ => Ok(()),
    }
}

/// Prints a line on standard error.
pub(super) fn print_note(line: &str) {
    // If standard error cannot be written to, the error cannot be reported either.
    let _ = writeln!(io::stderr().lock(), "{}", to_single_line(line));
}

/// Prints an error message on standard error.
pub(super) fn print_error(message: &str) {
    print_note(&format!("error: {message}"));
}

/// Asks for a confirmation at the terminal. Returns true without a terminal.
pub(super) fn ask_confirmation(question: &str) -> Result<bool, CommandError> {
    if !io::stdin().is_terminal() {
        return Ok(true);
    }
    write!(io::stderr().lock(), "{} [y/N] ", to_single_line(question))?;
    let mut line = String::new();
    io::stdin().read_line(&mut line)?;
    Ok(matches!(line.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}

/// Returns `text` as one line without control characters, because text from outside must not control a terminal.
pub(super) fn to_single_line(text: &str) -> String {
    let words: Vec<&str> = text.split(|c: char| c.is_whitespace()).filter(|word| !word.is_empty()).collect();
    words.join(" ").replace(char::is_control, "·")
}

/// Formats a table with aligned columns.
pub(super) fn format_table(head: &[&str], rows: &[Vec<String>]) -> String {
    let head: Vec<String> = head.iter().map(|name| (*name).to_owned()).collect();
    let lines: Vec<Vec<String>> = std::iter::once(&head)
        .chain(rows)
        .map(|cells| cells.iter().map(|cell| to_single_line(cell)).collect())
        .collect();
    let width = |column: usize| {
        lines.iter().filter_map(|cells| cells.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let pad_cells = |cells: &Vec<String>| {
        let cells: Vec<String> = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        cells.join("  ").trim_end().to_owned()
    };
    lines.iter().map(pad_cells).collect::<Vec<_>>().join("\n")
}

/// Finds a source by its slug.
///
/// # Errors
/// A usage error that lists all sources if there is none of that slug; otherwise when the database cannot be read.
pub(super) fn find_source(store: &Store, slug: &Slug) -> Result<Source, CommandError> {
    if let Some(source) = store.find_source(slug.as_str())? {
        return Ok(source);
    }
    let known: Vec<String> = store.list_sources()?.iter().map(|source| source.slug.to_string()).collect();
    let hint = if known.is_empty() {
        "Add one with `lockstep source add`.".to_owned()
    } else {
        format!("Sources: {}.", known.join(", "))
    };
    Err(CommandError::usage(format!("no source named {slug}. {hint}")))
}

#[cfg(test)]
mod tests {
    use super::{format_table, to_single_line};

    #[test]
    fn control_characters_from_outside_are_replaced() {
        assert_eq!(to_single_line("a\u{1b}[31m\n\tb  c"), "a·[31m b c");
    }

    #[test]
    fn table_columns_are_aligned() {
        let rows = vec![vec!["ä".to_owned(), "1".to_owned()], vec!["long".to_owned(), String::new()]];
        assert_eq!(format_table(&["A", "B"], &rows), "A     B\nä     1\nlong");
    }
}
