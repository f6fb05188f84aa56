//! Which file imports which: `use` lines and paths in code, re-exports followed to the file that defines the name.

use std::collections::{BTreeMap, BTreeSet};

use syn::visit::{self, Visit};

use super::source_tree::SourceFile;
use super::tokens::flatten_tokens;

/// A module as the names from the crate's root to it.
type ModulePath = Vec<String>;

/// The imports between the files of one crate.
#[derive(Debug, Default)]
pub(super) struct ImportGraph {
    /// The path of each file by its module.
    files: BTreeMap<ModulePath, String>,
    /// The modules that each module imports from, itself left out.
    imports: BTreeMap<ModulePath, BTreeSet<ModulePath>>,
}

impl ImportGraph {
    /// Reads the imports of all `files`. Code that is compiled for tests alone does not count.
    pub(super) fn read(files: &[SourceFile]) -> Self {
        let mut graph = Self::default();
        for file in files {
            graph.files.insert(file.module(), file.path.clone());
        }
        let mut readers = Vec::new();
        for file in files {
            let syntax = syn::parse_file(&file.text).unwrap_or_else(|error| panic!("{}: {error}", file.path));
            let mut reader = ImportReader::new(file.module(), &graph.files);
            reader.visit_file(&syntax);
            readers.push(reader);
        }
        let mut exports = BTreeMap::new();
        for reader in &mut readers {
            exports.append(&mut reader.exports);
        }
        for reader in readers {
            let targets = reader.paths.iter().filter_map(|path| graph.defining_module(path, &exports));
            let targets = targets.filter(|target| *target != reader.module).collect();
            graph.imports.insert(reader.module, targets);
        }
        graph
    }

    /// The module whose file defines what `path` names.
    fn defining_module(&self, path: &[String], exports: &BTreeMap<ModulePath, ModulePath>) -> Option<ModulePath> {
        let mut path = path.to_vec();
        for _ in 0..8 {
            let known = (0..=path.len()).rev().find(|length| self.files.contains_key(&path[..*length]))?;
            let exported = path.get(..=known).and_then(|name| exports.get(name));
            let Some(exported) = exported else { return Some(path[..known].to_vec()) };
            path.splice(..=known, exported.iter().cloned());
        }
        None
    }

    /// Groups of files that import each other in a circle, as paths.
    pub(super) fn file_circles(&self) -> Vec<Vec<String>> {
        let named = |circle: Vec<ModulePath>| circle.iter().map(|module| self.files[module].clone()).collect();
        find_circles(&self.imports).into_iter().map(named).collect()
    }

    /// Groups of sibling modules whose files, taken together, import each other in a circle.
    pub(super) fn module_circles(&self) -> Vec<Vec<String>> {
        let parents: BTreeSet<&[String]> =
            self.files.keys().flat_map(|module| (0..module.len()).map(|length| &module[..length])).collect();
        let mut found = Vec::new();
        for parent in parents {
            let sibling = |module: &ModulePath| {
                (module.len() > parent.len() && module.starts_with(parent)).then(|| module[..=parent.len()].to_vec())
            };
            let mut imports: BTreeMap<ModulePath, BTreeSet<ModulePath>> = BTreeMap::new();
            for (module, targets) in &self.imports {
                let Some(from) = sibling(module) else { continue };
                let targets = targets.iter().filter_map(sibling).filter(|target| *target != from);
                imports.entry(from.clone()).or_default().extend(targets);
            }
            let named = |circle: Vec<ModulePath>| circle.iter().map(|module| module.join("::")).collect();
            found.extend(find_circles(&imports).into_iter().map(named));
        }
        found
    }
}

/// The sets of modules that can all be reached from each other.
fn find_circles(imports: &BTreeMap<ModulePath, BTreeSet<ModulePath>>) -> Vec<Vec<ModulePath>> {
    let reachable = |start: &ModulePath| {
        let mut seen: BTreeSet<&ModulePath> = BTreeSet::new();
        let mut open: Vec<&ModulePath> = imports.get(start).into_iter().flatten().collect();
        while let Some(module) = open.pop() {
            if seen.insert(module) {
                open.extend(imports.get(module).into_iter().flatten());
            }
        }
        seen
    };
    let reached: BTreeMap<&ModulePath, BTreeSet<&ModulePath>> =
        imports.keys().map(|module| (module, reachable(module))).collect();
    let mut found: BTreeSet<Vec<ModulePath>> = BTreeSet::new();
    for (module, reaches) in &reached {
        if reaches.contains(module) {
            let back = |other: &&ModulePath| reached.get(*other).is_some_and(|reaches| reaches.contains(module));
            found.insert(reaches.iter().copied().filter(back).cloned().collect());
        }
    }
    found.into_iter().collect()
}

/// Collects the absolute paths that one file names.
struct ImportReader<'a> {
    module: ModulePath,
    /// The module of the code being read: that of the file, or one written inside of it.
    inner: ModulePath,
    files: &'a BTreeMap<ModulePath, String>,
    paths: Vec<Vec<String>>,
    /// What this file re-exports: the path others may use, and the path it stands for.
    exports: BTreeMap<ModulePath, ModulePath>,
}

impl<'a> ImportReader<'a> {
    fn new(module: ModulePath, files: &'a BTreeMap<ModulePath, String>) -> Self {
        Self { inner: module.clone(), module, files, paths: Vec::new(), exports: BTreeMap::new() }
    }

    /// `path` from the crate's root. `None` for names of other crates and of this file.
    fn absolute(&self, path: &[String]) -> Option<Vec<String>> {
        let (first, rest) = path.split_first()?;
        match first.as_str() {
            "crate" => Some(rest.to_vec()),
            "self" => Some([&self.inner[..], rest].concat()),
            "super" => {
                let ups = path.iter().take_while(|part| *part == "super").count();
                let parent = self.inner.get(..self.inner.len().checked_sub(ups)?)?;
                Some([parent, &path[ups..]].concat())
            }
            child => {
                let child = [&self.inner[..], &[child.to_owned()]].concat();
                self.files.contains_key(&child).then(|| [&child[..], rest].concat())
            }
        }
    }

    fn note(&mut self, path: &[String]) {
        self.paths.extend(self.absolute(path));
    }

    fn read_use(&mut self, tree: &syn::UseTree, prefix: &[String], is_public: bool) {
        let joined = |name: &syn::Ident| [prefix, &[name.to_string()]].concat();
        match tree {
            syn::UseTree::Path(path) => self.read_use(&path.tree, &joined(&path.ident), is_public),
            syn::UseTree::Name(name) if name.ident == "self" => self.read_name(prefix, None, is_public),
            syn::UseTree::Name(name) => self.read_name(&joined(&name.ident), None, is_public),
            syn::UseTree::Rename(name) => {
                self.read_name(&joined(&name.ident), Some(name.rename.to_string()), is_public);
            }
            syn::UseTree::Glob(_) => self.read_name(prefix, None, false),
            syn::UseTree::Group(group) => {
                for tree in &group.items {
                    self.read_use(tree, prefix, is_public);
                }
            }
        }
    }

    fn read_name(&mut self, path: &[String], alias: Option<String>, is_public: bool) {
        let Some(target) = self.absolute(path) else { return };
        let is_own = target.starts_with(&self.module);
        if is_public && let Some(name) = alias.or_else(|| path.last().cloned()) {
            let exported = [&self.inner[..], &[name]].concat();
            // `pub use` of what stands in the same place is no re-export.
            if exported != target {
                self.exports.insert(exported, target.clone());
            }
        }
        // A parent that re-exports what its children define does not import them for itself.
        if !(is_public && is_own) {
            self.paths.push(target);
        }
    }
}

/// Whether code is compiled for tests alone.
pub(super) fn is_test_code(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        syn::Meta::List(list) if list.path.is_ident("cfg") => {
            flatten_tokens(list.tokens.clone()).iter().any(|token| token.text == "test")
        }
        meta => meta.path().is_ident("test"),
    })
}

impl Visit<'_> for ImportReader<'_> {
    fn visit_item_mod(&mut self, item: &syn::ItemMod) {
        if !is_test_code(&item.attrs) && item.content.is_some() {
            self.inner.push(item.ident.to_string());
            visit::visit_item_mod(self, item);
            self.inner.pop();
        }
    }

    fn visit_item_fn(&mut self, item: &syn::ItemFn) {
        if !is_test_code(&item.attrs) {
            visit::visit_item_fn(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &syn::ItemUse) {
        if !is_test_code(&item.attrs) {
            self.read_use(&item.tree, &[], !matches!(item.vis, syn::Visibility::Inherited));
        }
    }

    fn visit_visibility(&mut self, _: &syn::Visibility) {}

    fn visit_path(&mut self, path: &syn::Path) {
        let names: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        if names.len() > 1 {
            self.note(&names);
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &syn::Macro) {
        let tokens = flatten_tokens(call.tokens.clone());
        let mut path: Vec<String> = Vec::new();
        let mut is_joined = false;
        for token in &tokens {
            let is_name = token.text.starts_with(|c: char| c.is_alphabetic() || c == '_');
            if token.text == "::" {
                is_joined = true;
                continue;
            }
            if !(is_name && is_joined) {
                self.note_path(&path);
                path.clear();
            }
            if is_name {
                path.push(token.text.clone());
            }
            is_joined = false;
        }
        self.note_path(&path);
        visit::visit_path(self, &call.path);
    }
}

impl ImportReader<'_> {
    fn note_path(&mut self, path: &[String]) {
        if path.len() > 1 {
            self.note(path);
        }
    }
}
