//! Rust source as a flat list of tokens with their lines: names, `::` and punctuation, without comments and literals.

use proc_macro2::{Spacing, TokenStream, TokenTree};

/// A token and the line it stands in, counted from 1.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Token {
    pub(super) text: String,
    pub(super) line: usize,
}

/// Splits Rust source into tokens. Source that is no Rust has none.
pub(super) fn tokenize(source: &str) -> Vec<Token> {
    source.parse::<TokenStream>().map(flatten_tokens).unwrap_or_default()
}

/// The tokens of a stream, those inside of brackets included.
pub(super) fn flatten_tokens(stream: TokenStream) -> Vec<Token> {
    let mut tokens = Vec::new();
    append_tokens(stream, &mut tokens);
    tokens
}

fn append_tokens(stream: TokenStream, tokens: &mut Vec<Token>) {
    let mut is_half_colon = false;
    for tree in stream {
        let line = tree.span().start().line;
        let mut push = |text: String, line| tokens.push(Token { text, line });
        match tree {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    proc_macro2::Delimiter::Brace => ("{", "}"),
                    proc_macro2::Delimiter::Parenthesis => ("(", ")"),
                    proc_macro2::Delimiter::Bracket => ("[", "]"),
                    proc_macro2::Delimiter::None => ("", ""),
                };
                push(open.to_owned(), line);
                append_tokens(group.stream(), tokens);
                tokens.push(Token { text: close.to_owned(), line: group.span_close().start().line });
            }
            TokenTree::Ident(name) => push(name.to_string(), line),
            TokenTree::Punct(mark) if mark.as_char() == ':' && is_half_colon => {
                is_half_colon = false;
                push("::".to_owned(), line);
                continue;
            }
            TokenTree::Punct(mark) if mark.as_char() == ':' && mark.spacing() == Spacing::Joint => {
                is_half_colon = true;
                continue;
            }
            TokenTree::Punct(mark) => push(mark.as_char().to_string(), line),
            TokenTree::Literal(_) => {}
        }
        is_half_colon = false;
    }
}
