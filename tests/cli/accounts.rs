//! Users and tokens.

use super::CliFixture;

#[test]
fn adding_a_token_prints_the_token_alone_and_it_can_be_revoked() {
    let house = CliFixture::new();
    let token = house.ok(&["token", "add", "bot", "--role", "viewer"]);
    let token = token.strip_suffix('\n').expect("one line");
    assert!(token.len() == 43 && token.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c)), "{token:?}");

    let again = house.run(&["token", "add", "bot", "--role", "admin"]);
    assert_eq!((again.code, again.out.as_str()), (1, ""), "{}", again.err);
    assert!(!house.ok(&["token", "list"]).contains(token));
    house.ok(&["token", "revoke", "bot"]);
    assert!(house.ok(&["token", "list"]).contains("revoked on"));
    assert_eq!(house.run(&["token", "revoke", "bot"]).code, 2);
    assert_eq!(house.run(&["token", "add", "x", "--role", "king"]).code, 2);
}

#[test]
fn a_user_is_added_listed_and_gets_another_password() {
    let house = CliFixture::new();
    let add = ["user", "add", "ann", "--role", "admin", "--password-stdin"];
    let short = house.run_with_input(&add, "short\n");
    assert_eq!(short.code, 2);
    assert!(short.err.contains("at least 8"), "{}", short.err);
    let added = house.run_with_input(&add, "a long password\r\nignored\n");
    assert_eq!((added.code, added.out.as_str()), (0, ""), "{}", added.err);
    assert_eq!(house.run_with_input(&add, "a long password\n").code, 1, "the name is taken");
    assert_eq!(house.ok(&["user", "list"]), "NAME  ROLE\nann   admin\n");

    assert_eq!(house.run(&["user", "add", "bob", "--role", "admin"]).code, 2, "never on the command line");
    assert_eq!(house.run_with_input(&["user", "passwd", "ann", "--password-stdin"], "another one").code, 0);
    let unknown = house.run_with_input(&["user", "passwd", "bob", "--password-stdin"], "another one");
    assert_eq!(unknown.code, 2);
    assert!(unknown.err.contains("Users: ann"), "{}", unknown.err);
}
