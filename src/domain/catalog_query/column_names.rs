//! Splits lists of column names, such as `year,title`. A name may contain a comma itself.

/// Returns the position among `columns` of each name in a list. The longest name that is a column wins, so that a
/// column `size, cm` is found although it contains a comma. `strip_mark` returns what may stand for a column beside its
/// name, with its mark: `-year` for instance.
///
/// # Errors
/// The first part that names no column.
pub fn split_names<M>(
    list: &str,
    columns: &[String],
    strip_mark: impl Fn(&str) -> Option<(M, &str)>,
) -> Result<Vec<(usize, Option<M>)>, String> {
    let position_of = |name: &str| columns.iter().position(|column| column == name);
    let named = |text: &str| {
        let exact = position_of(text).map(|at| (at, None));
        exact.or_else(|| strip_mark(text).and_then(|(mark, name)| Some((position_of(name)?, Some(mark)))))
    };
    let mut found = Vec::new();
    let mut rest = list;
    loop {
        let ends = rest.match_indices(',').map(|(at, _)| at).chain([rest.len()]).rev();
        let longest = ends.into_iter().find_map(|end| {
            let part = &rest[..end];
            named(part).or_else(|| named(part.trim())).map(|column| (column, end))
        });
        let Some((column, end)) = longest else {
            return Err(rest.split(',').next().unwrap_or(rest).trim().to_owned());
        };
        found.push(column);
        match rest.get(end + 1..) {
            Some(after) => rest = after,
            None => return Ok(found),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::split_names;

    #[test]
    fn a_list_names_columns_that_may_contain_commas() {
        let columns = ["year", "size, cm", "cm", "-x"].map(str::to_owned);
        let names = |list: &str| {
            split_names(list, &columns, |text| text.strip_prefix('-').map(|name| ((), name)))
                .map(|found| found.into_iter().map(|(at, mark)| (at, mark.is_some())).collect::<Vec<_>>())
        };
        assert_eq!(names("year"), Ok(vec![(0, false)]));
        assert_eq!(names("-year, cm"), Ok(vec![(0, true), (2, false)]));
        assert_eq!(names("size, cm,-size, cm,-x,--x"), Ok(vec![(1, false), (1, true), (3, false), (3, true)]));
        assert_eq!(names("year,month,cm"), Err("month".to_owned()));
        assert_eq!(names("year,"), Err(String::new()));
    }
}
