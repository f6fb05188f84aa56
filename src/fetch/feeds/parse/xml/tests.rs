//! What a document may take, however it is written.

use super::{ADDRESS, ATTRIBUTES, OPEN, PIECES, XmlElement, XmlStep, XmlWalker};

fn walk(text: &str) -> XmlWalker<'_> {
    XmlWalker::new(text, &"https://h.example/".parse().expect("an address"))
}

fn root(walk: &mut XmlWalker<'_>) -> XmlElement {
    let Ok(Some(XmlStep::Open(root))) = walk.step() else { panic!("an element") };
    walk.fill(root).expect("a document")
}

#[test]
fn what_is_open_takes_no_more_room_than_so_much() {
    let deep = 3 * OPEN;
    let text = format!("{}x{}", "<a xmlns:b='c' xml:base='d/'>".repeat(deep), "</a>".repeat(deep));
    let mut walk = walk(&text);
    let (mut opened, mut closed) = (0, 0);
    while let Some(step) = walk.step().expect("a document") {
        match step {
            XmlStep::Open(element) => {
                opened += 1;
                assert!(element.base.as_str().len() <= ADDRESS);
            }
            XmlStep::Close => closed += 1,
            XmlStep::Text(text) => assert_eq!((text.as_str(), walk.open.len(), walk.depth()), ("x", OPEN, deep)),
        }
    }
    assert_eq!((opened, closed, walk.depth()), (deep, deep, 0));
}

#[test]
fn an_element_has_so_many_pieces_and_the_text_of_the_others() {
    let text = format!("<item>{}</item><b/>", "<a/>x".repeat(PIECES + 10));
    let mut walk = walk(&text);
    let item = root(&mut walk);
    assert_eq!((item.elements().count(), item.text().len()), (PIECES, PIECES + 10));
    assert!(walk.broken.as_deref().is_some_and(|why| why.contains("comes after")), "{:?}", walk.broken);
    assert!(matches!(walk.step(), Ok(Some(XmlStep::Open(element))) if element.name == "b"));
    let text = format!("<item{}>", " a".repeat(100_000));
    assert_eq!(root(&mut self::walk(&text)).attributes().count(), ATTRIBUTES);
}

#[test]
fn a_name_of_any_length_is_short_in_what_is_told() {
    let long = "n".repeat(100_000);
    let deep = format!("<a>{}", format!("<{long}>").repeat(201));
    for text in [format!("<a></{long}></a>"), format!("<a><{long}><b></{long}></a>"), deep] {
        let mut walk = walk(&text);
        root(&mut walk);
        assert!(walk.broken.is_some_and(|why| why.len() < 200));
    }
}
