//! The bill of materials of the release binary (`make sbom`).

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// What `make sbom` writes, with `name` for the file.
fn write_bill(folder: &Path, name: &str) -> String {
    let file = folder.join(name);
    let output = Command::new("node")
        .args(["scripts/sbom.mjs".as_ref(), file.as_os_str()])
        .current_dir(ROOT)
        .output()
        .expect("node runs: the build needs npm, which comes with it");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    fs::read_to_string(file).expect("the bill was written")
}

/// The components of a bill and of its components: their package URLs, and whether each has a licence.
fn list_components(bill: &Value) -> Vec<(String, bool)> {
    let Some(components) = bill["components"].as_array() else { return Vec::new() };
    let list = components.iter().flat_map(|component| {
        let purl = component["purl"].as_str().expect("a package URL").to_owned();
        let has_license = component["licenses"][0]["expression"].as_str().is_some_and(|text| !text.is_empty());
        [vec![(purl, has_license)], list_components(component)].concat()
    });
    list.collect()
}

/// The names in a table of `Cargo.toml`.
fn read_dependencies(table: &str) -> Vec<String> {
    let manifest = fs::read_to_string(Path::new(ROOT).join("Cargo.toml")).expect("a manifest");
    let (_, rest) = manifest.split_once(&format!("\n[{table}]\n")).expect("the table");
    let lines = rest.lines().take_while(|line| !line.starts_with('['));
    lines.filter_map(|line| Some(line.split_once(" = ")?.0.to_owned())).filter(|name| !name.starts_with('#')).collect()
}

#[test]
fn the_bill_of_materials_has_what_is_in_the_binary_and_nothing_else() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = write_bill(folder.path(), "first.json");
    let components = list_components(&serde_json::from_str(&text).expect("JSON"));
    let has = |prefix: &str| components.iter().any(|(purl, _)| purl.starts_with(prefix));

    for crate_name in ["actix-web", "calamine", "diesel", "libsqlite3-sys", "ring", "rustls", "serde", "ureq"] {
        assert!(has(&format!("pkg:cargo/{crate_name}@")), "{crate_name} is missing");
    }
    for library in ["openssl@3.", "libpq@", "sqlite@3."] {
        assert!(has(&format!("pkg:generic/{library}")), "{library} is missing");
    }
    let embedded: Vec<&String> =
        components.iter().map(|(purl, _)| purl).filter(|p| p.starts_with("pkg:npm/")).collect();
    assert_eq!(embedded.len(), 3, "{embedded:?}");
    for package in ["%40github/relative-time-element", "%40picocss/pico", "htmx.org"] {
        assert!(has(&format!("pkg:npm/{package}@")), "{package} is missing");
    }
    for (purl, has_license) in &components {
        assert!(has_license, "{purl} has no licence");
    }

    // `socket2` and `tokio` are also crates of the server; the others are of the tests only.
    let for_tests = read_dependencies("dev-dependencies");
    assert!(for_tests.contains(&"fantoccini".to_owned()), "{for_tests:?}");
    for name in for_tests.iter().filter(|name| !["socket2", "tokio"].contains(&name.as_str())) {
        assert!(!has(&format!("pkg:cargo/{name}@")), "{name} is of the tests");
    }
    for macro_name in ["syn", "quote", "serde_derive", "cc"] {
        assert!(!has(&format!("pkg:cargo/{macro_name}@")), "{macro_name} runs while building");
    }
    assert!(text == write_bill(folder.path(), "second.json"), "two bills of the same sources differ");
}
