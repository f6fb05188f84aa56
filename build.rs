//! Collects the files of the pages, so that `cargo build` is the only step.
//!
//! The libraries come from npm: the lock file is copied to the build's own folder and installed there, so that the
//! source tree stays clean and builds with different settings do not share a `node_modules`. Together with `static/`
//! they land in `$OUT_DIR/assets`, and `$OUT_DIR/assets.rs` lists them for `src/web/http/assets.rs`.

use std::{
    collections::BTreeMap,
    env, fs,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    io,
    path::{Path, PathBuf},
    process::{Command, exit},
};

const HTMX: &str = "htmx.org/dist/htmx.min.js";
const PICO: &str = "@picocss/pico/css/pico.min.css";
const RELATIVE_TIME: &str = "@github/relative-time-element/dist/bundle.js";

fn main() {
    for watched in ["build.rs", "package.json", "package-lock.json", "static"] {
        println!("cargo::rerun-if-changed={watched}");
    }
    if let Err(problem) = build_assets() {
        // The cause is on the machine, not in this file: one paragraph helps more than a panic's backtrace.
        println!("cargo::error={}", problem.replace('\n', " "));
        exit(1);
    }
}

fn build_assets() -> Result<(), String> {
    let root = read_folder_variable("CARGO_MANIFEST_DIR")?;
    let out = read_folder_variable("OUT_DIR")?;
    let npm = out.join("npm");
    install_libraries(&root, &npm)?;

    let libraries = npm.join("node_modules");
    let own = root.join("static");
    let mut assets = BTreeMap::new();
    assets.insert("app.css".to_owned(), bundle_stylesheets(&own.join("css"), &libraries.join(PICO))?.into_bytes());
    for icon in ["favicon.svg", "favicon-running.svg", "favicon-failed.svg"] {
        assets.insert(icon.to_owned(), read(&own.join(icon))?);
    }
    assets.insert("htmx.js".to_owned(), read(&libraries.join(HTMX))?);
    assets.insert("relative-time.js".to_owned(), read(&libraries.join(RELATIVE_TIME))?);
    let scripts = own.join("js");
    for entry in fs::read_dir(&scripts).map_err(|e| describe("read", &scripts, &e))? {
        let path = entry.map_err(|e| describe("read", &scripts, &e))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        assets.insert(format!("js/{name}"), read(&path)?);
    }
    write_assets(&out, &assets)
}

/// Replaces each `@import` of `app.css` with the layer it names and the content of the file, so that a page loads one
/// stylesheet.
fn bundle_stylesheets(folder: &Path, pico: &Path) -> Result<String, String> {
    let manifest = folder.join("app.css");
    let mut bundle = String::new();
    for line in read_text(&manifest)?.lines() {
        let Some(import) = line.strip_prefix("@import url(\"") else {
            bundle.push_str(line);
            bundle.push('\n');
            continue;
        };
        let (name, layer) = import
            .strip_suffix(");")
            .and_then(|rest| rest.split_once("\") layer("))
            .ok_or_else(|| format!("cannot read this line of {}: {line}", manifest.display()))?;
        let text = if name == "pico.css" { read_text(pico)? } else { read_text(&folder.join(name))? };
        // Only valid at the very beginning of a file.
        let text = text.trim_start_matches('\u{feff}').trim_start_matches("@charset \"UTF-8\";");
        bundle.push_str(&format!("@layer {layer} {{\n{text}\n}}\n"));
    }
    Ok(bundle)
}

/// Writes the files, and the Rust table that embeds them: `VERSION`, a hash over all of them, and `ASSETS`.
fn write_assets(out: &Path, assets: &BTreeMap<String, Vec<u8>>) -> Result<(), String> {
    let folder = out.join("assets");
    let mut hasher = DefaultHasher::new();
    assets.hash(&mut hasher);
    let version = format!("{:016x}", hasher.finish());
    let mut table = format!("const VERSION: &str = {version:?};\nconst ASSETS: &[EmbeddedAsset] = &[\n");
    for (name, content) in assets {
        let path = folder.join(name);
        let parent = path.parent().unwrap_or(&folder);
        fs::create_dir_all(parent).map_err(|e| describe("create", parent, &e))?;
        fs::write(&path, content).map_err(|e| describe("write", &path, &e))?;
        let url = format!("/static/{version}/{name}");
        table.push_str(&format!("EmbeddedAsset {{ name: {name:?}, url: {url:?}, body: include_bytes!({path:?}) }},\n"));
    }
    table.push_str("];\n");
    let path = out.join("assets.rs");
    fs::write(&path, table).map_err(|e| describe("write", &path, &e))
}

/// Installs the packages of the lock file, unless exactly these are installed already.
fn install_libraries(root: &Path, npm: &Path) -> Result<(), String> {
    let lock = read(&root.join("package-lock.json"))?;
    let stamp = npm.join("installed-lock.json");
    let is_complete = [HTMX, PICO, RELATIVE_TIME].iter().all(|file| npm.join("node_modules").join(file).is_file());
    if is_complete && fs::read(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    fs::create_dir_all(npm).map_err(|e| describe("create", npm, &e))?;
    for name in ["package.json", "package-lock.json"] {
        let (from, to) = (root.join(name), npm.join(name));
        fs::copy(&from, &to).map_err(|e| format!("cannot copy {} to {}: {e}", from.display(), to.display()))?;
    }
    let program = if cfg!(windows) { "npm.cmd" } else { "npm" };
    let output = Command::new(program)
        .args(["ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund"])
        .current_dir(npm)
        .output()
        .map_err(|e| match e.kind() {
            io::ErrorKind::NotFound => {
                "npm was not found. The build downloads three front-end libraries with it; the finished \
                 binary does not need it. Install Node.js 20 or newer, which includes npm (Debian and Ubuntu: \
                 `apt install npm`; macOS: `brew install node`), and build again."
                    .to_owned()
            }
            _ => format!("npm could not be started: {e}"),
        })?;
    if !output.status.success() {
        return Err(format!(
            "`npm ci` could not install the front-end libraries of package-lock.json. It needs the network once, or npm's \
             own cache. npm's output: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        ));
    }
    // Written last, so that an interrupted installation is repeated.
    fs::write(&stamp, lock).map_err(|e| describe("write", &stamp, &e))
}

fn read_folder_variable(name: &str) -> Result<PathBuf, String> {
    env::var_os(name).map(PathBuf::from).ok_or_else(|| format!("{name} is not set: run this through cargo"))
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|e| describe("read", path, &e))
}

fn read_text(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|e| describe("read", path, &e))
}

fn describe(action: &str, path: &Path, error: &io::Error) -> String {
    format!("cannot {action} {}: {error}", path.display())
}
