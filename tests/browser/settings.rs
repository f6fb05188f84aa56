//! The settings of users, tokens and the own account, on a desktop and a phone.

use lockstep::domain::account::{Role, TokenLimits};
use lockstep::domain::secret::hash_password;

use crate::support::browser::Browser;
use crate::support::server_process::{ADMIN_LOGIN, ServerProcess, ServerSetup};

/// The password of the users that tests add.
const PASSWORD: &str = "a long password";

fn open_server() -> (ServerSetup, ServerProcess) {
    let setup = ServerSetup::new();
    let server = setup.start();
    setup.add_admin_and_token();
    (setup, server)
}

fn add_user(setup: &ServerSetup, name: &str, role: Role) {
    let hash = hash_password(PASSWORD).expect("a hash");
    setup.store().add_user(&name.parse().expect("a name"), role, &hash).expect("a user");
}

/// Logs in through the form, as anybody.
fn log_in(browser: &Browser, server: &ServerProcess, name: &str, password: &str) {
    browser.open_page(&server.url("/login?next=/settings/account"));
    browser.fill_field("#username", name);
    browser.fill_field("#password", password);
    browser.click("main button[type=submit]");
    browser.wait_for_text("h1", "Your account");
}

/// Logs out, wherever the page shows the button.
fn log_out(browser: &Browser) {
    browser.run_script("document.querySelector('.site-logout').requestSubmit()");
    browser.wait_for_condition("logged out", || !browser.has_element(".site-logout"));
}

/// Presses the copy button of a secret, and pastes into the name of a new token.
#[track_caller]
fn copy_and_paste(browser: &Browser, server: &ServerProcess, id: &str) -> String {
    browser.click(&format!("[data-copy={id}]"));
    browser.wait_for_text(&format!("[data-copy={id}]"), "Copied");
    browser.wait_for_text(&format!("[data-copy={id}]"), "Copy");
    browser.open_page(&server.url("/settings/tokens/new"));
    // Control and V.
    browser.fill_field("#name", "\u{e009}v");
    browser.run_script("return document.querySelector('#name').value").as_str().expect("a text").to_owned()
}

fn manage_users(is_phone: bool) {
    let (_setup, server) = open_server();
    let browser = Browser::open();
    browser.set_narrow(is_phone);
    browser.log_in(&server.url("/login?next=/settings/users"));
    browser.wait_for_text(".settings-table", "You");
    browser.click(".page-title-action");
    browser.fill_field("#username", "ada");
    browser.click("#admin");
    browser.click("main button[type=submit]");
    browser.wait_for_text("#username-error", "A user called ada already exists.");
    assert_eq!(browser.run_script("return document.querySelector('#admin').checked"), true, "nothing is lost");
    browser.fill_field("#username", "bob");
    browser.click("#viewer");
    browser.click("main button[type=submit]");
    browser.wait_for_text("h1", "User added");
    let first = browser.element_text("#password");
    assert_eq!(copy_and_paste(&browser, &server, "password"), first);

    browser.open_page(&server.url("/settings/users"));
    browser.click("[aria-label='Edit bob']");
    browser.click("#admin");
    browser.click(".settings-form button[type=submit]");
    browser.wait_for_text(".notice-done", "Role changed.");
    browser.wait_for_text(".page-title", "Admin");
    browser.click("#reset-password");
    browser.wait_for_text("h1", "Password reset");
    let second = browser.element_text("#password");
    assert_ne!(first, second);
    log_out(&browser);

    // Bob logs in with the new password, and takes over.
    log_in(&browser, &server, "bob", &second);
    browser.open_page(&server.url("/settings/users"));
    browser.click("[aria-label='Edit ada']");
    browser.click("main a.form-danger");
    browser.wait_for_text("h1", "Remove ada?");
    browser.click("button.form-danger");
    browser.wait_for_text(".notice-done", "User removed.");
    assert!(!browser.element_text(".settings-table").contains("ada"));
    browser.click("[aria-label='Edit bob']");
    browser.click("main a.form-danger");
    browser.wait_for_text("main", "bob is the last admin and can't be removed.");
    assert!(!browser.has_element("button.form-danger"));
    assert_eq!(browser.console_problems().iter().filter(|problem| !problem.contains("422")).count(), 0);
}

#[test]
fn an_admin_adds_promotes_resets_and_removes_users() {
    manage_users(false);
}

#[test]
fn an_admin_adds_promotes_resets_and_removes_users_on_a_phone() {
    manage_users(true);
}

fn manage_tokens(is_phone: bool) {
    let (_setup, server) = open_server();
    let browser = Browser::open();
    browser.set_narrow(is_phone);
    browser.log_in(&server.url("/login?next=/settings/tokens"));
    browser.click(".page-title-action");
    browser.fill_field("#name", "deploy");
    browser.click("main button[type=submit]");
    browser.wait_for_text("h1", "Token created");
    assert_eq!(browser.page_path(), "/settings/tokens", "the token is in no address");
    let (token, example) = (browser.element_text("#token"), browser.element_text("#example"));
    assert!(example.contains(&token) && example.ends_with(&server.url("/api/sources")), "{example}");
    assert_eq!(copy_and_paste(&browser, &server, "token"), token);
    browser.open_page(&server.url("/settings/tokens"));
    browser.wait_for_text(".settings-table", "deploy");
    browser.click("[aria-label='Revoke deploy']");
    browser.wait_for_text("h1", "Revoke deploy?");
    browser.click("button.form-danger");
    browser.wait_for_text(".notice-done", "Token revoked.");
    browser.wait_for_text(".settings-table tbody tr:last-child", "Revoked");
    assert_eq!(browser.console_problems(), [""; 0]);
}

#[test]
fn an_admin_creates_copies_and_revokes_a_token() {
    manage_tokens(false);
}

#[test]
fn an_admin_creates_copies_and_revokes_a_token_on_a_phone() {
    manage_tokens(true);
}

fn manage_own_account(is_phone: bool) {
    let (setup, server) = open_server();
    add_user(&setup, "bob", Role::Viewer);
    let (browser, other) = (Browser::open(), Browser::open());
    browser.set_narrow(is_phone);
    log_in(&other, &server, "bob", PASSWORD);
    log_in(&browser, &server, "bob", PASSWORD);
    assert_eq!(browser.element_text(".settings-tabs"), "Your account", "a viewer has one tab");
    browser.wait_for_text(".settings-table", "This session");
    assert!(browser.element_text(".settings-table").contains("Chrome on Linux"));
    browser.click(".settings-action button");
    browser.wait_for_text(".notice-done", "Session ended.");
    other.reload();
    other.wait_for_text("h1", "Log in");
    log_in(&other, &server, "bob", PASSWORD);
    browser.reload();
    browser.click("#end-others");
    browser.wait_for_text(".notice-done", "Logged out everywhere else.");
    assert!(!browser.has_element("#end-others"));

    let change = |current: &str, new: &str, repeated: &str| {
        browser.fill_field("#current_password", current);
        browser.fill_field("#new_password", new);
        browser.fill_field("#repeated_password", repeated);
        browser.click("#change-password");
    };
    change("not the password", "another long password", "another one");
    browser.wait_for_text("#current-error", "Incorrect password.");
    browser.wait_for_text("#repeated-error", "The passwords do not match.");
    change(PASSWORD, "another long password", "another long password");
    browser.wait_for_text(".notice-done", "Password changed.");
    log_in(&other, &server, "bob", "another long password");
}

#[test]
fn a_viewer_changes_the_password_and_ends_other_sessions() {
    manage_own_account(false);
}

#[test]
fn a_viewer_changes_the_password_and_ends_other_sessions_on_a_phone() {
    manage_own_account(true);
}

#[test]
fn settings_work_without_javascript() {
    let (_setup, server) = open_server();
    let browser = Browser::without_javascript();
    browser.log_in(&server.url("/login?next=/settings/users/new"));
    browser.fill_field("#username", "bob");
    browser.click("main button[type=submit]");
    browser.wait_for_text("h1", "User added");
    assert_eq!(browser.element_text("[data-copy]"), "", "a button that does nothing is hidden");
    browser.click(".form-actions a");
    browser.click("[aria-label='Edit bob']");
    browser.click("main a.form-danger");
    browser.click("button.form-danger");
    browser.wait_for_text(".notice-done", "User removed.");
    browser.click(".settings-tabs a[href$='/account']");
    browser.fill_field("#current_password", ADMIN_LOGIN.1);
    browser.fill_field("#new_password", PASSWORD);
    browser.fill_field("#repeated_password", PASSWORD);
    browser.click("#change-password");
    browser.wait_for_text(".notice-done", "Password changed.");
    browser.click(".settings-tabs a[href$='/about']");
    browser.wait_for_text("main", "All 2");
}

#[test]
fn the_settings_of_users_tokens_and_accounts_are_accessible() {
    let (setup, server) = open_server();
    add_user(&setup, "bob", Role::Viewer);
    add_user(&setup, &"long name ".repeat(6), Role::Admin);
    setup.store().revoke_token("robot").expect("revoked");
    setup
        .store()
        .add_token(&"w".repeat(64).parse().expect("a name"), Role::Viewer, TokenLimits::default(), "hash")
        .expect("a token");
    let browser = Browser::open();
    browser.log_in(&server.url("/login?next=/settings/account"));
    let other = Browser::open();
    log_in(&other, &server, "ada", ADMIN_LOGIN.1);
    let check = || {
        browser.assert_page_accessible();
        browser.assert_fits_phone();
        browser.assert_content_fits(320);
    };
    for path in [
        "/settings",
        "/settings/users",
        "/settings/users/new",
        "/settings/users/1",
        "/settings/users/2",
        "/settings/users/1/remove",
        "/settings/users/2/remove",
        "/settings/tokens",
        "/settings/tokens/new",
        "/settings/tokens/1/revoke",
        "/settings/tokens/2/revoke",
        "/settings/account",
        "/settings/about",
    ] {
        browser.open_page(&server.url(path));
        check();
    }
    // What forms answer.
    for (form, field, button) in [
        ("/settings/users/new", "#username", "main button[type=submit]"),
        ("/settings/tokens/new", "#name", "main button[type=submit]"),
    ] {
        for name in ["ada", &"x".repeat(64), "ada"] {
            browser.open_page(&server.url(form));
            browser.fill_field(field, name);
            browser.click(button);
            check();
        }
    }
    browser.open_page(&server.url("/settings/users/2"));
    browser.click("#reset-password");
    check();
    browser.open_page(&server.url("/settings/account"));
    browser.fill_field("#current_password", "wrong password");
    browser.fill_field("#new_password", "a new password");
    browser.fill_field("#repeated_password", "another password");
    browser.click("#change-password");
    browser.wait_for_text("#current-error", "Incorrect password.");
    check();
}
