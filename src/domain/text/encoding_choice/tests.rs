use std::convert::Infallible;

use encoding_rs::{GBK, MACINTOSH, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::{EncodingBasis, EncodingChoice, EncodingSurvey, detect_legacy};

fn choose(bytes: &[u8], set: Option<&str>, declared: &[&str]) -> EncodingChoice {
    let Ok(choice) =
        EncodingSurvey::from_bytes(bytes).choose_encoding::<Infallible>(set, declared, || Ok(detect_legacy(bytes)));
    choice
}

fn found(bytes: &[u8]) -> (&'static str, EncodingBasis) {
    let choice = choose(bytes, None, &[]);
    (choice.encoding.name(), choice.basis)
}

#[test]
fn one_wrong_byte_does_not_change_how_the_other_letters_are_read() {
    for clean in ["ä", "Björk", "日本", "🎵", "Žižek; Dvořák"] {
        let text = format!("id,artist\n1,{clean}\n2,Plain\n");
        for wrong in [&b"\xF6"[..], b"\xFF", b"\x80", b"\x97\xA5"] {
            let bytes = [text.as_bytes(), b"3,B", wrong, b"rk\n"].concat();
            assert_eq!(found(&bytes), ("UTF-8", EncodingBasis::MostlyUtf8), "{clean} {wrong:?}");
        }
    }
}

#[test]
fn text_with_only_invalid_high_bytes_is_read_as_a_single_byte_encoding_and_noted() {
    let choice = choose(b"Artist;Titel\nBj\xF6rk;D\xE9but\n", None, &[]);
    assert_eq!((choice.encoding, choice.basis), (WINDOWS_1252, EncodingBasis::Guess));
    let doubt = choice.describe_doubt().expect("a doubt");
    assert!(doubt.contains("windows-1252"), "{doubt}");
}

#[test]
fn text_with_few_high_bytes_is_western_and_keeps_the_letters_beside_them() {
    for (bytes, text) in
        [(&b"id,a\n1,\xE9X\n"[..], "éX"), (b"id,a\n1,\xA35\n", "£5"), (b"1,Ch\xE2teau\n2,na\xEFve\n", "Château")]
    {
        let choice = choose(bytes, None, &[]);
        assert_eq!(choice.encoding, WINDOWS_1252, "{text}");
        assert!(choice.encoding.decode(bytes).0.contains(text), "{text}");
    }
    let (bytes, ..) = encoding_rs::WINDOWS_1251.encode("номер,название\n1,Война и мир\n2,Анна Каренина\n");
    assert_eq!(choose(&bytes, None, &[]).encoding, encoding_rs::WINDOWS_1251);
}

#[test]
fn carriage_returns_alone_with_high_bytes_are_mac_roman() {
    assert_eq!(found(b"id,name\r1,Caf\x8E\r2,\x86ber\r"), ("macintosh", EncodingBasis::MacLineEnds));
    assert_eq!(found("id,name\r1,Café\r".as_bytes()).0, "UTF-8");
    assert_ne!(choose(b"id,name\r\n1,Caf\x8E\r\n", None, &[]).encoding, MACINTOSH);
}

#[test]
fn east_asian_text_with_a_few_valid_utf_8_bytes_is_not_read_as_utf_8() {
    for label in ["euc-jp", "shift_jis", "gb18030", "euc-kr", "big5"] {
        let encoding = super::find_encoding(label).expect("an encoding");
        let text = match label {
            "euc-jp" | "shift_jis" => "作品番号,題名\n1,雪国とその人々の物語\n2,千羽鶴が飛ぶ空のかなた\n",
            "euc-kr" => "번호,제목\n1,바람과 함께 사라지다\n2,토지와 사람들의 이야기\n",
            "big5" => "編號,書名\n1,紅樓夢與其他的故事\n2,三國演義的英雄人物\n",
            _ => "编号,书名\n1,红楼梦与其他的故事\n2,三国演义的英雄人物\n",
        };
        let (bytes, _, unmappable) = encoding.encode(text);
        assert!(!unmappable, "{label}");
        let choice = choose(&bytes, None, &[]);
        assert_ne!(choice.encoding, UTF_8, "{label}");
        assert!(choice.describe_doubt().is_some(), "{label}");
    }
}

#[test]
fn utf_16_is_detected_without_a_byte_order_mark_in_any_script() {
    for text in
        ["id,title\n1,Blå\n", "номер,название\n1,Война и мир\n2,Анна Каренина\n", "番号,題名\n1,雪国\n2,千羽鶴\n"]
    {
        let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(choose(&little, None, &[]).encoding, UTF_16LE, "{text}");
        assert_eq!(choose(&big, None, &["utf-16le"]).encoding, UTF_16BE, "{text}");
    }
    assert_eq!(choose("a\0b,ü\n".as_bytes(), None, &[]).encoding, UTF_8);
}

#[test]
fn a_byte_order_mark_beats_the_setting_and_the_setting_beats_the_declaration() {
    let marked = choose("\u{FEFF}ä".as_bytes(), Some("windows-1252"), &["gbk"]);
    assert_eq!((marked.encoding, marked.mark_bytes, marked.basis), (UTF_8, 3, EncodingBasis::ByteOrderMark));
    let set = choose(b"\x8E", Some("macintosh"), &["windows-1252"]);
    assert_eq!((set.encoding, set.basis, set.describe_doubt()), (MACINTOSH, EncodingBasis::Setting, None));
    assert_eq!(choose(b"\x8E", Some("nonsense"), &["windows-1252"]).encoding, WINDOWS_1252);
}

#[test]
fn a_declared_encoding_is_used_unless_the_bytes_contradict_it() {
    assert_eq!(choose(b"\xB4\xBA\xBD\xDA", None, &["gb2312"]).encoding, GBK);
    assert_eq!(choose(b"caf\xE9", None, &["ISO-8859-1"]).basis, EncodingBasis::Declaration);
    for declared in ["iso-8859-1", "windows-1251", "us-ascii", "shift_jis", "gb18030", "euc-kr"] {
        let choice = choose("Björk".as_bytes(), None, &[declared]);
        assert_eq!(choice.encoding, UTF_8, "{declared}");
        assert!(choice.describe_doubt().is_some_and(|doubt| doubt.contains(declared)), "{declared}");
    }
    let choice = choose(b"Bj\xF6rk", None, &["utf-8", "windows-1252"]);
    assert_eq!((choice.encoding, choice.basis), (WINDOWS_1252, EncodingBasis::Declaration));
    assert_eq!(choose(b"plain", None, &["iso-8859-1"]).describe_doubt(), None);
    assert!(choose(b"plain", None, &["utf8mb4"]).describe_doubt().is_some_and(|doubt| doubt.contains("unknown")));
}

#[test]
fn the_encoding_of_a_file_read_in_pieces_is_chosen_from_all_of_it() {
    let bytes = ["ä日🎵".as_bytes(), b"\xFF\xFFb\xFE"].concat();
    let whole = EncodingSurvey::from_bytes(&bytes);
    for cut in 0..bytes.len() {
        let mut pieces = EncodingSurvey::default();
        pieces.add_chunk(&bytes[..cut], false);
        pieces.add_chunk(&bytes[cut..], false);
        pieces.add_chunk(&[], true);
        let counts = |survey: &EncodingSurvey| (survey.sequences, survey.invalid_bytes, survey.invalid_runs);
        assert_eq!(counts(&pieces), counts(&whole), "cut at {cut}");
        assert_eq!(pieces.longest_run, whole.longest_run, "cut at {cut}");
    }
    assert_eq!((whole.sequences, whole.invalid_bytes, whole.invalid_runs, whole.longest_run), (3, 3, 2, 2));
}
