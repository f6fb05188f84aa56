//! Looks at a page as other readers would: within its frames, in dark colors, and with axe, which finds what keeps
//! people with disabilities from reading it (<https://github.com/dequelabs/axe-core>).

use serde_json::json;

use super::browser::Browser;

const AXE_PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/node_modules/axe-core/axe.min.js");

impl Browser {
    /// Sends commands to the page in this frame from now on, until another page is opened.
    pub(crate) fn enter_frame(&self, css: &str) {
        self.wait_for_condition("the frame is there", || self.has_element(css));
        let frame = self.find_element(css).expect("a frame");
        self.block_on(frame.enter_frame()).expect("a page in the frame");
    }

    /// Prefers dark colors, or light ones.
    pub(crate) fn set_dark(&self, dark: bool) {
        let value = if dark { "dark" } else { "light" };
        let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": value }] });
        self.run_chromium_command("Emulation.setEmulatedMedia", &features);
    }

    /// Asserts that axe finds nothing on the page, in light and dark colors, on a desktop and a phone.
    #[track_caller]
    pub(crate) fn assert_accessible(&self, url: &str) {
        let axe = std::fs::read_to_string(AXE_PATH)
            .unwrap_or_else(|_| panic!("these tests need {AXE_PATH} and it is missing: `make test` installs it"));
        for (dark, narrow) in [(false, false), (false, true), (true, false), (true, true)] {
            self.set_dark(dark);
            self.set_narrow(narrow);
            self.open_page(url);
            self.run_script(&axe);
            let found = self.run_script(
                "return axe.run().then(found => found.violations.map(violation => \
                   `${violation.id}: ${violation.help}: ${violation.nodes.map(node => node.html).join(' ')}`))",
            );
            assert_eq!(found, json!([]), "{url}, dark: {dark}, narrow: {narrow}");
        }
        self.set_dark(false);
        self.set_narrow(false);
    }
}
