//! Puts the libraries of the page in place, so that `cargo build` is the only step there is.
//!
//! The lock file is copied to the build's own folder and installed there: the source tree stays clean, and two builds
//! with different settings do not share a `node_modules`. What the page needs lands beside our own files in
//! `$OUT_DIR/assets`, which `src/web/assets.rs` embeds.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
    process::{Command, exit},
};

/// The files of the libraries that a browser loads: where they are in `node_modules`, what they are called in the page.
const LIBRARIES: [(&str, &str); 3] = [
    ("htmx.org/dist/htmx.min.js", "htmx.js"),
    ("@picocss/pico/css/pico.min.css", "pico.css"),
    ("@github/relative-time-element/dist/bundle.js", "relative-time.js"),
];

fn main() {
    for watched in ["build.rs", "package.json", "package-lock.json", "static"] {
        println!("cargo::rerun-if-changed={watched}");
    }
    if let Err(problem) = put_in_place() {
        // One paragraph instead of a panic's backtrace: what is wrong here is on the machine, not in this file.
        println!("cargo::error={}", problem.replace('\n', " "));
        exit(1);
    }
}

fn put_in_place() -> Result<(), String> {
    let root = folder("CARGO_MANIFEST_DIR")?;
    let out = folder("OUT_DIR")?;
    let npm = out.join("npm");
    install(&root, &npm)?;

    // Built anew each time, so that a file that left `static/` leaves the binary too.
    let assets = out.join("assets");
    if assets.exists() {
        fs::remove_dir_all(&assets).map_err(|e| said("clear", &assets, &e))?;
    }
    fs::create_dir_all(&assets).map_err(|e| said("create", &assets, &e))?;
    for (from, name) in LIBRARIES {
        copy(&npm.join("node_modules").join(from), &assets.join(name))?;
    }
    let ours = root.join("static");
    for entry in fs::read_dir(&ours).map_err(|e| said("read", &ours, &e))? {
        let path = entry.map_err(|e| said("read", &ours, &e))?.path();
        if let (true, Some(name)) = (path.is_file(), path.file_name()) {
            copy(&path, &assets.join(name))?;
        }
    }
    Ok(())
}

/// Installs what the lock file names, unless exactly that is installed already.
fn install(root: &Path, npm: &Path) -> Result<(), String> {
    let lock_path = root.join("package-lock.json");
    let lock = fs::read(&lock_path).map_err(|e| said("read", &lock_path, &e))?;
    let stamp = npm.join("installed-lock.json");
    let whole = LIBRARIES.iter().all(|(from, _)| npm.join("node_modules").join(from).is_file());
    if whole && fs::read(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    fs::create_dir_all(npm).map_err(|e| said("create", npm, &e))?;
    for name in ["package.json", "package-lock.json"] {
        copy(&root.join(name), &npm.join(name))?;
    }
    let program = if cfg!(windows) { "npm.cmd" } else { "npm" };
    let done = Command::new(program)
        .args(["ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund"])
        .current_dir(npm)
        .output()
        .map_err(|e| match e.kind() {
            io::ErrorKind::NotFound => "npm was not found. Lockstep takes its three front-end libraries from npm while it is built; \
                 the finished binary does not need it. Install Node.js 20 or newer, which brings npm (Debian and Ubuntu: \
                 `apt install npm`; macOS: `brew install node`), and build again."
                .to_owned(),
            _ => format!("npm could not be started: {e}"),
        })?;
    if !done.status.success() {
        return Err(format!(
            "`npm ci` could not install the front-end libraries of package-lock.json. It needs the network once, or npm's \
             own cache. It said: {}",
            String::from_utf8_lossy(&done.stderr).trim()
        ));
    }
    // Last, so that an interrupted install is done again.
    fs::write(&stamp, lock).map_err(|e| said("write", &stamp, &e))
}

fn folder(variable: &str) -> Result<PathBuf, String> {
    env::var_os(variable).map(PathBuf::from).ok_or_else(|| format!("{variable} is not set: run this through cargo"))
}

fn copy(from: &Path, to: &Path) -> Result<(), String> {
    fs::copy(from, to).map(drop).map_err(|e| format!("cannot copy {} to {}: {e}", from.display(), to.display()))
}

fn said(what: &str, path: &Path, error: &io::Error) -> String {
    format!("cannot {what} {}: {error}", path.display())
}
