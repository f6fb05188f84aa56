//! Every page in every state fits a desktop and a phone. On the way it is photographed for people to look at, light and
//! dark: the pictures are in `target/pictures`.

use std::path::{Path, PathBuf};

use super::page_states::visit_page_states;
use crate::support::browser::Browser;
use crate::support::page_checks::{SCREEN_WIDTHS, THEMES};

/// Takes the pictures of the page on screen in its state.
fn take_pictures(browser: &Browser, folder: &Path, name: &str) {
    for width in SCREEN_WIDTHS {
        for theme in THEMES {
            browser.set_screen(width, theme);
            let overflow = "return document.documentElement.scrollWidth > innerWidth";
            assert_eq!(browser.run_script(overflow), false, "{name} scrolls sideways at {width} pixels");
            browser.save_picture(&folder.join(format!("{name}-{width}-{theme}.png")));
        }
    }
    browser.set_narrow(false);
}

#[test]
fn every_page_in_every_state_fits_a_desktop_and_a_phone() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/pictures");
    std::fs::create_dir_all(&folder).expect("a folder");
    visit_page_states(|browser, name| take_pictures(browser, &folder, name));
}
