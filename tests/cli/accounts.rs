//! Users and tokens.

use super::CliFixture;

#[test]
fn adding_a_token_prints_the_token_alone_and_it_can_be_revoked() {
    let cli = CliFixture::new();
    let token = cli.expect_success(&["token", "add", "bot", "--role", "viewer"]);
    let token = token.strip_suffix('\n').expect("one line");
    assert!(token.len() == 43 && token.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c)), "{token:?}");

    let again = cli.run_command(&["token", "add", "bot", "--role", "admin"]);
    assert_eq!((again.code, again.out.as_str()), (1, ""), "{}", again.err);
    assert!(!cli.expect_success(&["token", "list"]).contains(token));
    cli.expect_success(&["token", "revoke", "bot"]);
    assert!(cli.expect_success(&["token", "list"]).contains("revoked on"));
    assert_eq!(cli.run_command(&["token", "revoke", "bot"]).code, 2);
    assert_eq!(cli.run_command(&["token", "add", "x", "--role", "king"]).code, 2);
}

#[test]
fn a_user_is_added_listed_and_gets_another_password() {
    let cli = CliFixture::new();
    let add = ["user", "add", "ann", "--role", "admin", "--password-stdin"];
    let short = cli.run_with_input(&add, "short\n");
    assert_eq!(short.code, 2);
    assert!(short.err.contains("at least 8"), "{}", short.err);
    let added = cli.run_with_input(&add, "a long password\r\nignored\n");
    assert_eq!((added.code, added.out.as_str()), (0, ""), "{}", added.err);
    assert_eq!(cli.run_with_input(&add, "a long password\n").code, 1, "the name is taken");
    assert_eq!(cli.expect_success(&["user", "list"]), "NAME  ROLE\nann   admin\n");

    assert_eq!(cli.run_command(&["user", "add", "bob", "--role", "admin"]).code, 2, "never on the command line");
    assert_eq!(cli.run_with_input(&["user", "passwd", "ann", "--password-stdin"], "another one").code, 0);
    let unknown = cli.run_with_input(&["user", "passwd", "bob", "--password-stdin"], "another one");
    assert_eq!(unknown.code, 2);
    assert!(unknown.err.contains("Users: ann"), "{}", unknown.err);
}

#[test]
fn a_user_gets_another_role_and_is_removed_but_never_the_last_admin() {
    let cli = CliFixture::new();
    for (name, role) in [("ann", "admin"), ("bob", "viewer")] {
        let add = ["user", "add", name, "--role", role, "--password-stdin"];
        assert_eq!(cli.run_with_input(&add, "a long password").code, 0);
    }
    for refused in [["user", "role", "ann", "viewer"].as_slice(), &["user", "remove", "ann"]] {
        let refused = cli.run_command(refused);
        assert_eq!((refused.code, refused.out.as_str()), (2, ""), "{}", refused.err);
        assert!(refused.err.contains("ann is the last admin"), "{}", refused.err);
    }
    let promoted = cli.run_command(&["user", "role", "bob", "admin"]);
    assert_eq!((promoted.code, promoted.out.as_str()), (0, ""), "{}", promoted.err);
    assert!(promoted.err.contains("bob is now an admin."), "{}", promoted.err);
    let removed = cli.run_command(&["user", "remove", "ann"]);
    assert_eq!((removed.code, removed.out.as_str()), (0, ""), "{}", removed.err);
    assert!(removed.err.contains("Removed ann."), "{}", removed.err);
    assert_eq!(cli.expect_success(&["user", "list"]), "NAME  ROLE\nbob   admin\n");
    for unknown in [["user", "role", "ann", "viewer"].as_slice(), &["user", "remove", "ann"]] {
        let unknown = cli.run_command(unknown);
        assert_eq!(unknown.code, 2);
        assert!(unknown.err.contains("no user named ann. Users: bob."), "{}", unknown.err);
    }
    assert_eq!(cli.run_command(&["user", "role", "bob", "king"]).code, 2);
}
