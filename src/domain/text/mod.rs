//! Text: HTML that others wrote, redaction of secrets, comparable forms of keys, and numbers in messages.

pub mod comparable_form;
pub mod counts;
pub mod encoding;
pub mod encoding_choice;
pub mod enum_names;
pub mod formula;
pub mod html;
pub mod measures;
pub mod redaction;
pub mod shortening;
pub mod visible_text;
pub mod web_page;
