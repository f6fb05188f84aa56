//! What the source files of a program define: types, functions, constants, fields, and how each is documented.

use proc_macro2::TokenTree;
use syn::visit::{self, Visit};

use super::import_graph::is_test_code;
use super::source_tree::SourceFile;

/// What sort of thing a name stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum DefinitionKind {
    /// A struct, an enum, a union, a trait or an alias at the level of a module.
    Type,
    /// A function, or a method that no trait asks for.
    Function,
    /// A constant or a static.
    Constant,
    /// A field of a struct or of a variant.
    Field,
    /// A variant of an enum.
    Variant,
}

/// One defined name.
#[derive(Clone, Debug)]
pub(super) struct Definition {
    pub(super) kind: DefinitionKind,
    pub(super) name: String,
    pub(super) path: String,
    pub(super) line: usize,
    /// Its documentation, line by line. Empty without one.
    pub(super) docs: Vec<String>,
    /// Whether it says `pub`, at least for some other module.
    pub(super) is_public: bool,
}

/// Reads what `files` define. Code for tests alone does not count.
pub(super) fn read_definitions(files: &[SourceFile]) -> Vec<Definition> {
    let mut reader = DefinitionReader { path: String::new(), found: Vec::new(), is_in_trait: false };
    for file in files {
        reader.path.clone_from(&file.path);
        let syntax = syn::parse_file(&file.text).unwrap_or_else(|error| panic!("{}: {error}", file.path));
        reader.visit_file(&syntax);
    }
    reader.found
}

/// How many words a name has: `SourceFile` and `read_files` have two.
pub(super) fn count_words(name: &str) -> usize {
    split_words(name).len()
}

/// The words of a name in small letters. A run of capitals is one word: `HTTPClient` has two.
pub(super) fn split_words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let chars: Vec<char> = name.chars().collect();
    for (at, &c) in chars.iter().enumerate() {
        if c == '_' {
            words.push(String::new());
            continue;
        }
        let before = at.checked_sub(1).map(|at| chars[at]);
        let follows_small = before.is_some_and(|b| b.is_lowercase() || b.is_ascii_digit());
        let begins_small =
            before.is_some_and(char::is_uppercase) && chars.get(at + 1).is_some_and(|c| c.is_lowercase());
        let begins = words.is_empty() || c.is_uppercase() && (follows_small || begins_small);
        if begins {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut() {
            word.extend(c.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

struct DefinitionReader {
    path: String,
    found: Vec<Definition>,
    is_in_trait: bool,
}

impl DefinitionReader {
    fn add(&mut self, kind: DefinitionKind, name: &syn::Ident, attributes: &[syn::Attribute], is_public: bool) {
        let (path, line) = (self.path.clone(), name.span().start().line);
        let docs = attributes.iter().filter_map(read_doc_line).collect();
        self.found.push(Definition { kind, name: name.to_string(), path, line, docs, is_public });
    }

    fn add_method(&mut self, method: &syn::ImplItemFn) {
        self.add(DefinitionKind::Function, &method.sig.ident, &method.attrs, is_public(&method.vis));
    }
}

fn is_public(visibility: &syn::Visibility) -> bool {
    !matches!(visibility, syn::Visibility::Inherited)
}

/// The text of a `///` line.
fn read_doc_line(attribute: &syn::Attribute) -> Option<String> {
    let syn::Meta::NameValue(pair) = &attribute.meta else { return None };
    let syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) = &pair.value else { return None };
    pair.path.is_ident("doc").then(|| text.value().trim().to_owned())
}

impl Visit<'_> for DefinitionReader {
    fn visit_item(&mut self, item: &syn::Item) {
        use DefinitionKind::{Constant, Function, Type};
        match item {
            syn::Item::Struct(item) => self.add(Type, &item.ident, &item.attrs, is_public(&item.vis)),
            syn::Item::Enum(item) => self.add(Type, &item.ident, &item.attrs, is_public(&item.vis)),
            syn::Item::Union(item) => self.add(Type, &item.ident, &item.attrs, is_public(&item.vis)),
            syn::Item::Trait(item) => self.add(Type, &item.ident, &item.attrs, is_public(&item.vis)),
            syn::Item::Type(item) => self.add(Type, &item.ident, &item.attrs, is_public(&item.vis)),
            syn::Item::Const(item) => self.add(Constant, &item.ident, &item.attrs, is_public(&item.vis)),
            syn::Item::Static(item) => self.add(Constant, &item.ident, &item.attrs, is_public(&item.vis)),
            syn::Item::Fn(item) if !is_test_code(&item.attrs) => {
                self.add(Function, &item.sig.ident, &item.attrs, is_public(&item.vis));
            }
            syn::Item::Mod(item) if is_test_code(&item.attrs) => return,
            syn::Item::Macro(item) => self.read_macro(item),
            _ => {}
        }
        visit::visit_item(self, item);
    }

    fn visit_item_impl(&mut self, item: &syn::ItemImpl) {
        let was_in_trait = std::mem::replace(&mut self.is_in_trait, item.trait_.is_some());
        visit::visit_item_impl(self, item);
        self.is_in_trait = was_in_trait;
    }

    fn visit_impl_item_fn(&mut self, method: &syn::ImplItemFn) {
        if !self.is_in_trait && !is_test_code(&method.attrs) {
            self.add_method(method);
        }
        visit::visit_impl_item_fn(self, method);
    }

    fn visit_impl_item_const(&mut self, item: &syn::ImplItemConst) {
        if !self.is_in_trait {
            self.add(DefinitionKind::Constant, &item.ident, &item.attrs, is_public(&item.vis));
        }
    }

    /// What a function defines for itself is no business of other readers.
    fn visit_block(&mut self, _: &syn::Block) {}

    fn visit_field(&mut self, field: &syn::Field) {
        if let Some(name) = &field.ident {
            self.add(DefinitionKind::Field, name, &field.attrs, is_public(&field.vis));
        }
    }

    fn visit_variant(&mut self, variant: &syn::Variant) {
        self.add(DefinitionKind::Variant, &variant.ident, &variant.attrs, true);
        visit::visit_variant(self, variant);
    }
}

impl DefinitionReader {
    /// The type that a macro such as `string_enum! { Status { … } }` defines: a name in front of braces.
    fn read_macro(&mut self, item: &syn::ItemMacro) {
        let trees: Vec<TokenTree> = item.mac.tokens.clone().into_iter().collect();
        for pair in trees.windows(2) {
            if let [TokenTree::Ident(name), TokenTree::Group(group)] = pair
                && group.delimiter() == proc_macro2::Delimiter::Brace
                && name.to_string().starts_with(char::is_uppercase)
            {
                let line = name.span().start().line;
                let (path, name) = (self.path.clone(), name.to_string());
                let kind = DefinitionKind::Type;
                self.found.push(Definition { kind, name, path, line, docs: Vec::new(), is_public: false });
            }
        }
    }
}
