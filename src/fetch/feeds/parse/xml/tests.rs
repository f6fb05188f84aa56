//! Tests that any document is read within bounded memory.

use super::{MAX_ATTRIBUTES, MAX_BASE_BYTES, MAX_OPEN, MAX_PARTS, XmlElement, XmlStep, XmlWalker};

fn walker(text: &str) -> XmlWalker<'_> {
    XmlWalker::new(text, &"https://h.example/".parse().expect("an address"))
}

fn root(walker: &mut XmlWalker<'_>) -> XmlElement {
    let Ok(Some(XmlStep::Open(root))) = walker.next_step() else { panic!("an element") };
    walker.read_element(root).expect("a document")
}

#[test]
fn the_memory_for_open_elements_is_bounded() {
    let deep = 3 * MAX_OPEN;
    let text = format!("{}x{}", "<a xmlns:b='c' xml:base='d/'>".repeat(deep), "</a>".repeat(deep));
    let mut walker = walker(&text);
    let (mut opened, mut closed) = (0, 0);
    while let Some(step) = walker.next_step().expect("a document") {
        match step {
            XmlStep::Open(element) => {
                opened += 1;
                assert!(element.base.as_str().len() <= MAX_BASE_BYTES);
            }
            XmlStep::Close => closed += 1,
            XmlStep::Text(text) => {
                assert_eq!((text.as_str(), walker.open.len(), walker.depth()), ("x", MAX_OPEN, deep));
            }
        }
    }
    assert_eq!((opened, closed, walker.depth()), (deep, deep, 0));
}

#[test]
fn an_element_keeps_a_bounded_number_of_parts_and_the_text_of_the_others() {
    let text = format!("<item>{}</item><b/>", "<a/>x".repeat(MAX_PARTS + 10));
    let mut walker = walker(&text);
    let item = root(&mut walker);
    assert_eq!((item.elements().count(), item.text().len()), (MAX_PARTS, MAX_PARTS + 10));
    assert!(
        walker.first_defect.as_deref().is_some_and(|defect| defect.contains("one of more than")),
        "{:?}",
        walker.first_defect
    );
    assert!(matches!(walker.next_step(), Ok(Some(XmlStep::Open(element))) if element.name == "b"));
    let text = format!("<item{}>", " a".repeat(100_000));
    assert_eq!(root(&mut self::walker(&text)).attributes().count(), MAX_ATTRIBUTES);
}

#[test]
fn a_long_name_is_shortened_in_a_defect() {
    let long = "n".repeat(100_000);
    let deep = format!("<a>{}", format!("<{long}>").repeat(201));
    for text in [format!("<a></{long}></a>"), format!("<a><{long}><b></{long}></a>"), deep] {
        let mut walker = walker(&text);
        root(&mut walker);
        assert!(walker.first_defect.is_some_and(|defect| defect.len() < 200));
    }
}
