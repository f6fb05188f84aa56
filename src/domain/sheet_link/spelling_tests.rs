//! Tests parts of links in every place, case and encoding: the request has them, or the link is refused.

use proptest::prelude::{Just, Strategy, any, prop_oneof, proptest};
use proptest::sample::{Index, select};
use url::Url;

use super::SheetLink;
use super::tests::whole;

/// A parameter as people and programs write it: in any case, with any of its letters encoded.
fn spelled(name: &'static str) -> impl Strategy<Value = String> {
    proptest::collection::vec((any::<bool>(), any::<bool>()), name.len()).prop_map(move |how| {
        let letter = |(letter, (is_upper, is_encoded)): (char, (bool, bool))| {
            let letter = if is_upper { letter.to_ascii_uppercase() } else { letter };
            if is_encoded { format!("%{:02x}", letter as u32) } else { letter.to_string() }
        };
        name.chars().zip(how).map(letter).collect()
    })
}

fn part() -> impl Strategy<Value = (&'static str, String, &'static str)> {
    let values = [
        ("gid", "42"),
        ("gid", "7"),
        ("range", "A1:B3"),
        ("range", "B2:C9"),
        ("tq", "select A"),
        ("fvid", "5"),
        ("sheet", "S"),
    ];
    select(values.to_vec()).prop_flat_map(|(name, value)| spelled(name).prop_map(move |how| (name, how, value)))
}

/// The separators before a parameter and after its name: mostly the correct ones, sometimes those of a damaged copy.
fn separator() -> impl Strategy<Value = (&'static str, &'static str)> {
    let between = prop_oneof![
        8 => Just("&"), 2 => Just("&amp;"), 2 => Just("&usp=sharing&"),
        1 => Just("%26"), 1 => Just("?"), 1 => Just(";"),
    ];
    (between, prop_oneof![8 => Just("="), 1 => Just("%3D")])
}

fn form() -> impl Strategy<Value = &'static str> {
    select(vec![
        "~/d/ID/edit",
        "~/d/ID",
        "~/u/2/d/ID/view",
        "~/d/ID/htmlview",
        "~/d/ID/preview",
        "~/d/ID/copy",
        "~/d/ID/export",
        "~/d/ID/gviz/tq",
        "~/d/ID/pub",
        "~/d/ID/pubhtml",
        "~/d/e/2PACX-1v/pub",
        "~/d/e/2PACX-1v/pubhtml",
        "https://docs.google.com/a/shop.example/spreadsheets/d/ID/edit",
    ])
}

proptest! {
    #[test]
    fn no_part_of_a_link_that_selects_content_is_dropped(
        form in form(),
        parts in proptest::collection::vec((part(), any::<bool>(), separator()), 0..5),
        harmless in any::<Index>(),
    ) {
        let mut query = vec!["usp=sharing", "hl=de", "output=csv", "tqx=out:csv"][harmless.index(4)].to_owned();
        let mut fragment = String::new();
        for ((_, spelling, value), in_fragment, (between, equals)) in &parts {
            let place = if *in_fragment { &mut fragment } else { &mut query };
            place.push_str(&format!("{between}{spelling}{equals}{value}"));
        }
        let link = whole(&format!("{form}?{query}#{fragment}"));
        if let Ok(parsed) = link.parse::<SheetLink>() {
            let base = Url::parse("https://docs.google.com").expect("a URL");
            let asked = base.join(&parsed.export_path()).expect("a URL");
            let asked: Vec<(String, String)> = asked.query_pairs().into_owned().collect();
            let shows_fragment = !["export", "tq", "pub"].iter().any(|end| form.ends_with(end));
            for ((name, _, value), in_fragment, _) in &parts {
                // A page shows the tab that its fragment names.
                let is_overruled = *name == "gid" && !in_fragment && shows_fragment
                    && parts.iter().any(|((other, ..), in_fragment, _)| *other == "gid" && *in_fragment);
                let is_there = asked.iter().any(|(known, given)| known == name && given == value);
                assert!(is_there || is_overruled, "{link} asks {asked:?} without {name}={value}");
            }
        }
    }
}
