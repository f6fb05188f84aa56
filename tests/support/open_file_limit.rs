//! Runs a program with a limit of open files.

use std::path::Path;
use std::process::Command;

/// The same command, which may have this many files open: half of them at first, as the soft limit.
pub(crate) fn limit_open_files(command: Command, count: Option<u32>) -> Command {
    let Some(count) = count else { return command };
    let mut limited = Command::new("sh");
    limited.arg("-c").arg(format!("ulimit -Sn {} && ulimit -Hn {count} && exec \"$0\" \"$@\"", count / 2));
    limited.arg(command.get_program()).args(command.get_args()).env_clear();
    limited.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    limited.current_dir(command.get_current_dir().unwrap_or(Path::new(".")));
    limited
}
