//! Text: sanitizing of HTML, redaction of secrets, comparable forms of keys, and formatting of numbers.

pub mod comparable_form;
pub mod counts;
pub mod encoding;
pub mod encoding_choice;
pub mod formula;
pub mod hex;
pub mod html;
pub mod measures;
pub mod path_secrets;
mod public_parameters;
pub mod redaction;
pub mod shortening;
pub mod string_enum;
pub mod visible_text;
pub mod web_page;
