//! A real browser: headless Chromium, controlled through chromedriver.

use std::future::Future;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use fantoccini::elements::Element;
use fantoccini::error::CmdError;
use fantoccini::wd::{Capabilities, WebDriverCompatibleCommand, WindowHandle};
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use ureq::http::Method;
use url::{ParseError, Url};

use super::load_clock::LoadClock;
use super::server_process::ADMIN_LOGIN;
use super::waiting::WAIT_LIMIT;

const CHROMIUM_FLAGS: [&str; 10] = [
    "--headless",
    "--no-sandbox",
    "--window-size=1200,900",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
];

const SCRIPT_PREFERENCE: &str = "profile.managed_default_content_settings.javascript";

/// A browser with one open tab. It is closed when this is dropped.
pub(crate) struct Browser {
    runtime: Runtime,
    pub(super) client: Client,
    driver: Child,
    profile: TempDir,
}

/// A tab.
pub(crate) type BrowserTab = WindowHandle;

/// A command of chromedriver that is not part of the WebDriver standard.
#[derive(Debug)]
struct ChromiumCommand {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for ChromiumCommand {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.body.to_string()))
    }
}

impl Browser {
    pub(crate) fn open() -> Self {
        Self::with_preferences(&json!({}))
    }

    /// A browser with JavaScript switched off.
    pub(crate) fn without_javascript() -> Self {
        Self::with_preferences(&json!({ SCRIPT_PREFERENCE: 2 }))
    }

    /// A browser with or without JavaScript that puts downloads into this folder.
    pub(crate) fn with_downloads(folder: &Path, has_script: bool) -> Self {
        let script = if has_script { 1 } else { 2 };
        let folder = folder.display().to_string();
        Self::with_preferences(&json!({ SCRIPT_PREFERENCE: script, "download.default_directory": folder }))
    }

    fn with_preferences(preferences: &Value) -> Self {
        let (driver, port) = start_chromedriver();
        let profile = tempfile::tempdir().expect("a folder");
        let mut flags: Vec<String> = CHROMIUM_FLAGS.iter().map(|&flag| flag.to_owned()).collect();
        flags.push(format!("--user-data-dir={}", profile.path().display()));
        let session_request = json!({
            "goog:chromeOptions": { "args": flags, "prefs": preferences, "binary": find_program("chromium") },
            "goog:loggingPrefs": { "browser": "ALL" },
        });
        let Value::Object(session_request) = session_request else { unreachable!("an object") };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let client = runtime.block_on(async {
            let mut builder = ClientBuilder::new(HttpConnector::new());
            builder.capabilities(Capabilities::from(session_request));
            builder.connect(&format!("http://127.0.0.1:{port}")).await
        });
        Self { client: client.expect("a browser that starts"), runtime, driver, profile }
    }

    pub(super) fn block_on<T>(&self, answer: impl Future<Output = T>) -> T {
        self.runtime.block_on(answer)
    }

    /// Opens an address.
    pub(crate) fn open_page(&self, url: &str) {
        self.block_on(self.client.goto(url)).expect("a page");
    }

    /// Reloads the page.
    pub(crate) fn reload(&self) {
        self.block_on(self.client.refresh()).expect("a page");
    }

    /// Path and query of the page.
    pub(crate) fn page_path(&self) -> String {
        let url = self.block_on(self.client.current_url()).expect("an address");
        url[url::Position::BeforePath..].to_owned()
    }

    /// Logs in as the admin that `ServerSetup::add_admin_and_token` adds.
    pub(crate) fn log_in(&self, login: &str) {
        self.open_page(login);
        let (name, password) = ADMIN_LOGIN;
        self.fill_field("#username", name);
        self.fill_field("#password", password);
        self.click("main button[type=submit]");
        self.wait_for_condition("logged in", || self.has_element(".site-logout"));
    }

    /// Waits until `is_met` answers true; `what` names it in a failure.
    #[track_caller]
    pub(crate) fn wait_for_condition(&self, what: &str, mut is_met: impl FnMut() -> bool) {
        self.poll_until(what, WAIT_LIMIT, &mut is_met, |started| started.elapsed() < WAIT_LIMIT);
    }

    /// Waits until `is_met` answers true, at most for `limit` by a [`LoadClock`].
    #[track_caller]
    pub(crate) fn wait_within(&self, limit: Duration, what: &str, mut is_met: impl FnMut() -> bool) {
        let clock = LoadClock::start();
        self.poll_until(what, limit, &mut is_met, |_| clock.elapsed() < limit);
    }

    #[track_caller]
    fn poll_until(
        &self,
        what: &str,
        limit: Duration,
        is_met: &mut dyn FnMut() -> bool,
        is_in_time: impl Fn(Instant) -> bool,
    ) {
        let started = Instant::now();
        while !is_met() {
            if !is_in_time(started) {
                panic!("{what}: not within {limit:?}. {} shows: {}", self.page_path(), self.element_text("body"));
            }
            std::thread::sleep(Duration::from_millis(30));
        }
    }

    pub(super) fn find_element(&self, css: &str) -> Result<Element, CmdError> {
        self.block_on(self.client.find(Locator::Css(css)))
    }

    pub(crate) fn has_element(&self, css: &str) -> bool {
        self.find_element(css).is_ok()
    }

    pub(crate) fn count_elements(&self, css: &str) -> usize {
        self.block_on(self.client.find_all(Locator::Css(css))).expect("elements").len()
    }

    /// The visible text of an element; empty where there is no such element.
    pub(crate) fn element_text(&self, css: &str) -> String {
        self.find_element(css).and_then(|element| self.block_on(element.text())).unwrap_or_default()
    }

    /// Waits until the element shows this text.
    #[track_caller]
    pub(crate) fn wait_for_text(&self, css: &str, text: &str) {
        self.wait_for_condition(&format!("{css} says {text:?}"), || self.element_text(css).contains(text));
    }

    /// An attribute of an element, if it has both.
    pub(crate) fn find_attribute(&self, css: &str, name: &str) -> Option<String> {
        self.find_element(css).and_then(|element| self.block_on(element.attr(name))).ok().flatten()
    }

    /// Clicks an element as soon as there is one to click.
    #[track_caller]
    pub(crate) fn click(&self, css: &str) {
        self.wait_for_condition(&format!("{css} can be clicked"), || {
            self.find_element(css).and_then(|element| self.block_on(element.click())).is_ok()
        });
    }

    /// Fills a field with this text, or a file field with this file.
    #[track_caller]
    pub(crate) fn fill_field(&self, css: &str, text: &str) {
        self.wait_for_condition(&format!("{css} can be filled"), || self.has_element(css));
        let field = self.find_element(css).expect("a field");
        if self.find_attribute(css, "type").as_deref() != Some("file") {
            self.block_on(field.clear()).expect("a cleared field");
        }
        self.block_on(field.send_keys(text)).expect("a filled field");
    }

    /// Presses Enter in the focused element.
    pub(crate) fn press_enter(&self) {
        let focused = self.block_on(self.client.active_element()).expect("an element with the focus");
        self.block_on(focused.send_keys("\u{e007}")).expect("a key pressed");
    }

    /// Runs a script in the page; returns its result.
    pub(crate) fn run_script(&self, script: &str) -> Value {
        self.block_on(self.client.execute(script, Vec::new())).expect("a script that runs")
    }

    /// The tab that commands go to.
    pub(crate) fn current_tab(&self) -> BrowserTab {
        self.block_on(self.client.window()).expect("a tab")
    }

    /// Opens a tab in front and sends commands to it from now on.
    pub(crate) fn open_tab(&self) -> BrowserTab {
        let opened = self.block_on(self.client.new_window(true)).expect("a tab").handle;
        self.switch_to_tab(&opened);
        opened
    }

    /// Sends commands to another tab from now on, without bringing it to the front.
    pub(crate) fn switch_to_tab(&self, tab: &BrowserTab) {
        self.block_on(self.client.switch_to_window(tab.clone())).expect("a tab");
    }

    /// Closes the current tab and sends commands to another one.
    pub(crate) fn close_tab(&self, next: &BrowserTab) {
        self.block_on(self.client.close_window()).expect("a closed tab");
        self.switch_to_tab(next);
    }

    /// Makes the page as wide as a phone, or restores its width.
    pub(crate) fn set_narrow(&self, narrow: bool) {
        let phone = json!({ "width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": false });
        match narrow {
            true => self.run_chromium_command("Emulation.setDeviceMetricsOverride", &phone),
            false => self.run_chromium_command("Emulation.clearDeviceMetricsOverride", &json!({})),
        }
    }

    /// Asserts that at the width of a phone nothing scrolls sideways.
    #[track_caller]
    pub(crate) fn assert_fits_phone(&self) {
        self.set_narrow(true);
        self.wait_for_condition("the page is narrow", || self.run_script("return innerWidth") == 390);
        let wide = self.run_script(
            "const wide = [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > 390.5 \
               && !e.closest('.scroll')); return [document.documentElement.scrollWidth, wide.map(e => e.outerHTML)]",
        );
        self.set_narrow(false);
        assert!(wide[0].as_u64() <= Some(390), "{} scrolls sideways: {wide}", self.page_path());
    }

    /// The warnings and errors in the console since it was last read.
    pub(crate) fn console_problems(&self) -> Vec<String> {
        self.console_messages(&["WARNING", "SEVERE"])
    }

    /// What is in the console with one of these levels since it was last read.
    pub(crate) fn console_messages(&self, levels: &[&str]) -> Vec<String> {
        let log = self.send_command("se/log", json!({ "type": "browser" }));
        let wanted = log.as_array().expect("a log").iter().filter(|entry| levels.iter().any(|l| entry["level"] == **l));
        wanted.map(|entry| entry["message"].to_string()).collect()
    }

    pub(crate) fn run_chromium_command(&self, command: &str, parameters: &Value) {
        self.send_command("goog/cdp/execute", json!({ "cmd": command, "params": parameters }));
    }

    fn send_command(&self, path: &'static str, body: Value) -> Value {
        self.block_on(self.client.issue_cmd(ChromiumCommand { path, body })).expect("a command of Chromium")
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // This ends Chromium; the driver is ended below.
        let closed = self.runtime.block_on(async {
            tokio::time::timeout(Duration::from_secs(10), self.client.clone().close()).await.is_ok()
        });
        let _ = self.driver.kill();
        let _ = self.driver.wait();
        if !closed {
            eprintln!("the browser with the profile {} did not close", self.profile.path().display());
        }
    }
}

/// Finds a program in the `PATH`.
fn find_program(program: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|folder| folder.join(program)).find(|path| path.exists());
    found.unwrap_or_else(|| panic!("these tests need {program} and there is none in the PATH: `make test` installs it"))
}

/// Starts chromedriver; returns the process and its port.
fn start_chromedriver() -> (Child, u16) {
    let mut command = Command::new(find_program("chromedriver"));
    command.arg("--port=0").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut driver = command.spawn().expect("chromedriver starts");
    let lines = BufReader::new(driver.stdout.as_mut().expect("an output")).lines();
    let reported = lines.map_while(Result::ok).find_map(|line| {
        let (_, port) = line.split_once("started successfully on port ")?;
        port.trim_end_matches('.').parse().ok()
    });
    let port = reported.expect("the port of chromedriver");
    (driver, port)
}
