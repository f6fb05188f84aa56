//! Restores the names of columns in what a form submits: browsers send each line break as CR LF
//! (<https://html.spec.whatwg.org/multipage/form-control-infrastructure.html#constructing-the-form-data-set>).

use std::borrow::Cow;

/// Returns the parameters of an address with the names of columns as the catalog has them, in names and in values.
pub(super) fn restore_column_names<'a>(
    parameters: &'a [(String, String)],
    columns: &[String],
) -> Cow<'a, [(String, String)]> {
    let is_broken = |name: &&String| name.contains(['\n', '\r']);
    let submitted: Vec<(String, &String)> = columns.iter().filter(is_broken).map(|name| (submit(name), name)).collect();
    if submitted.is_empty() {
        return Cow::Borrowed(parameters);
    }
    let restore = |text: &String| {
        submitted.iter().fold(text.clone(), |text, (submitted, name)| text.replace(submitted.as_str(), name))
    };
    parameters.iter().map(|(name, value)| (restore(name), restore(value))).collect()
}

/// The text as a form submits it.
fn submit(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n").replace('\n', "\r\n")
}

#[cfg(test)]
mod tests {
    use super::restore_column_names;

    #[test]
    fn columns_with_line_breaks_are_found_again() {
        let columns = ["id", "first\nname", "last\rname", "full\r\nname"].map(str::to_owned);
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let submitted = [
            pair("fields", "id,first\r\nname,-last\r\nname"),
            pair("filter[full\r\nname][not]", "a\r\nb"),
            pair("sort", "first\nname"),
        ];
        let restored = [
            pair("fields", "id,first\nname,-last\rname"),
            pair("filter[full\r\nname][not]", "a\r\nb"),
            pair("sort", "first\nname"),
        ];
        assert_eq!(restore_column_names(&submitted, &columns).as_ref(), restored);
        assert_eq!(restore_column_names(&submitted, &columns[..1]).as_ref(), submitted);
    }
}
