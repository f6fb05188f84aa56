//! Looks at a page as other readers would: within its frames, in dark colors, and with axe, which finds what keeps
//! people with disabilities from reading it (<https://github.com/dequelabs/axe-core>).

use std::path::Path;

use serde_json::json;

use super::browser::Browser;

const AXE_PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/node_modules/axe-core/axe.min.js");

/// The widths of a desktop and a phone.
pub(crate) const SCREEN_WIDTHS: [u32; 2] = [1280, 390];
pub(crate) const THEMES: [&str; 2] = ["light", "dark"];

/// Reports what axe finds on the page; `OPTIONS` are those of `axe.run`.
const AXE_REPORT: &str = "return axe.run(OPTIONS).then(found => found.violations.map(violation => \
    `${violation.id}: ${violation.help}: ${violation.nodes.map(node => node.html).join(' ')}`))";

impl Browser {
    /// Shows the page at this width in a theme.
    pub(crate) fn set_screen(&self, width: u32, theme: &str) {
        let size = json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false });
        self.run_chromium_command("Emulation.setDeviceMetricsOverride", &size);
        self.set_dark(theme == "dark");
    }

    fn load_axe(&self) {
        let axe = std::fs::read_to_string(AXE_PATH)
            .unwrap_or_else(|_| panic!("these tests need {AXE_PATH} and it is missing: `make test` installs it"));
        self.run_script(&axe);
    }

    /// What the rules of axe find on the page, also those that are off unless they are asked for, at every width and in
    /// every theme. Left out is the contrast of 7 to 1, which WCAG asks for at its highest level only.
    pub(crate) fn list_axe_problems(&self, name: &str) -> Vec<String> {
        self.load_axe();
        let all = "{ runOnly: { type: 'rule', values: \
            axe.getRules().map(rule => rule.ruleId).filter(rule => rule !== 'color-contrast-enhanced') } }";
        let mut problems = Vec::new();
        for width in SCREEN_WIDTHS {
            for theme in THEMES {
                self.set_screen(width, theme);
                let found = self.run_script(&AXE_REPORT.replace("OPTIONS", all));
                let found = found.as_array().expect("a list").iter().filter_map(|problem| problem.as_str());
                problems.extend(found.map(|problem| format!("{name}, {width}, {theme}: {problem}")));
            }
        }
        self.set_dark(false);
        self.set_narrow(false);
        problems
    }

    /// Sends commands to the page in this frame from now on, until another page is opened.
    pub(crate) fn enter_frame(&self, css: &str) {
        self.wait_for_condition("the frame is there", || self.has_element(css));
        let frame = self.find_element(css).expect("a frame");
        self.block_on(frame.enter_frame()).expect("a page in the frame");
    }

    /// Prefers dark colors, or light ones, and no transitions from one to the other.
    pub(crate) fn set_dark(&self, dark: bool) {
        let colors = json!({ "name": "prefers-color-scheme", "value": if dark { "dark" } else { "light" } });
        let motion = json!({ "name": "prefers-reduced-motion", "value": "reduce" });
        self.run_chromium_command("Emulation.setEmulatedMedia", &json!({ "features": [colors, motion] }));
    }

    /// Writes what is on screen to a PNG file.
    pub(crate) fn save_picture(&self, file: &Path) {
        let picture = self.block_on(self.client.screenshot()).expect("a picture");
        std::fs::write(file, picture).expect("a written file");
    }

    /// Opens a page and asserts that axe finds nothing on it.
    #[track_caller]
    pub(crate) fn assert_accessible(&self, url: &str) {
        self.open_page(url);
        self.assert_page_accessible();
    }

    /// Asserts that axe finds nothing on the page as it is now, in light and dark colors, on a desktop and a phone.
    #[track_caller]
    pub(crate) fn assert_page_accessible(&self) {
        self.load_axe();
        for (dark, narrow) in [(false, false), (false, true), (true, true), (true, false)] {
            self.set_dark(dark);
            self.set_narrow(narrow);
            let found = self.run_script(&AXE_REPORT.replace("OPTIONS", ""));
            assert_eq!(found, json!([]), "{}, dark: {dark}, narrow: {narrow}", self.page_path());
        }
        self.set_dark(false);
    }

    /// Asserts that a menu is open and lies within the screen of a phone, with entries that are large enough for a
    /// finger.
    #[track_caller]
    pub(crate) fn assert_menu_fits(&self, menu: &str) {
        let is_open = format!("return !!document.querySelector('{menu}:popover-open')");
        self.wait_for_condition("the menu is open", || self.run_script(&is_open) == true);
        let script = "const menu = document.querySelector('MENU'); const box = menu.getBoundingClientRect(); \
            const isOutside = box.left < 0 || box.top < 0 || box.right > innerWidth || box.bottom > innerHeight + 1; \
            const controls = [...menu.querySelectorAll('a, button:not([hidden]), select, input:not([type=hidden])')]; \
            const targets = controls.map(control => control.closest('label') ?? control); \
            const small = targets.filter(target => target.getBoundingClientRect().height < 39.5 || \
              target.getBoundingClientRect().width < 39.5).map(target => target.outerHTML.slice(0, 120)); \
            return [isOutside, menu.scrollWidth > menu.clientWidth, small]";
        let found = self.run_script(&script.replace("MENU", menu));
        assert_eq!(found, json!([false, false, []]), "{menu}: outside, scrolls sideways, small targets");
    }

    /// Asserts that at this width no part of the content lies outside the screen, and restores the width.
    #[track_caller]
    pub(crate) fn assert_content_fits(&self, width: u64) {
        let size = json!({ "width": width, "height": 844, "deviceScaleFactor": 1, "mobile": false });
        self.run_chromium_command("Emulation.setDeviceMetricsOverride", &size);
        self.wait_for_condition("the page has the width", || self.run_script("return innerWidth") == width);
        let outside = self.run_script(
            "return [...document.querySelectorAll('main *')].filter(e => e.getBoundingClientRect().right > \
               innerWidth + 0.5).map(e => e.outerHTML.slice(0, 120))",
        );
        assert_eq!(outside, json!([]), "{} at {width}", self.page_path());
        self.set_narrow(false);
    }
}
