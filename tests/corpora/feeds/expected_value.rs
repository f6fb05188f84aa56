//! Evaluates an expectation over the fields that Lockstep keeps of a feed.

use chrono::{DateTime, Datelike, Timelike, Utc};
use encoding_rs::{Encoding, GB18030, GBK};
use lockstep::domain::text::html;

use super::python_expression::Expression;

/// A value of an expression.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum ExpectedValue {
    /// Python's `None`.
    None,
    /// A truth value.
    Bool(bool),
    /// A number, with or without a fraction.
    Number(f64),
    /// A text that is compared exactly.
    Text(String),
    /// Plain text that may have been HTML in the feed, such as a title.
    Title(String),
    /// Sanitised HTML.
    Html(String),
    /// The name of an encoding, and whether the whole text is ASCII.
    Encoding(&'static str, bool),
    /// Names of people. Other projects add their mail addresses.
    People(String),
    /// A list or a tuple.
    List(Vec<ExpectedValue>),
    /// A dictionary, as pairs of key and value.
    Map(Vec<(ExpectedValue, ExpectedValue)>),
    /// A named object with the fields that Lockstep keeps. Any other field is not kept.
    Record(&'static str, Vec<(&'static str, ExpectedValue)>),
    /// The first of several values, the only one that Lockstep keeps.
    First(&'static str, Box<ExpectedValue>),
}

/// Why an expectation cannot be evaluated.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum EvaluationError {
    /// It asks for a field that is not kept.
    FieldNotKept(String),
    /// It uses more of Python than is supported, or asks for something that does not exist.
    Unsupported(String),
}

/// How exactly the comparisons of an expectation hold. The worst one counts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub(super) enum MatchQuality {
    #[default]
    /// Equal.
    Exact,
    /// Equal after the expected HTML went through the same sanitiser.
    Rewritten,
    /// The text is equal, and the markup is not.
    TextOnly,
    /// There is no text, only elements that are removed: forms, players, drawings.
    NotShown,
}

/// Evaluates an expectation.
pub(super) struct Evaluator<'a> {
    /// The names that expectations use, with their values.
    pub(super) names: &'a [(&'static str, ExpectedValue)],
    /// The worst quality of the comparisons so far.
    pub(super) quality: MatchQuality,
}

impl Evaluator<'_> {
    /// The value of `expression`.
    pub(super) fn evaluate(&mut self, expression: &Expression) -> Result<ExpectedValue, EvaluationError> {
        Ok(match expression {
            Expression::Name(name) => match self.names.iter().find(|(known, _)| known == name) {
                Some((_, value)) => value.clone(),
                None => return Err(EvaluationError::FieldNotKept(name.clone())),
            },
            Expression::Text(text) => ExpectedValue::Text(text.clone()),
            Expression::Number(number) => ExpectedValue::Number(*number),
            Expression::None => ExpectedValue::None,
            Expression::Bool(truth) => ExpectedValue::Bool(*truth),
            Expression::List(row) => {
                ExpectedValue::List(row.iter().map(|one| self.evaluate(one)).collect::<Result<_, _>>()?)
            }
            Expression::Map(map) => {
                let pairs = map.iter().map(|(key, value)| Ok((self.evaluate(key)?, self.evaluate(value)?)));
                ExpectedValue::Map(pairs.collect::<Result<_, EvaluationError>>()?)
            }
            Expression::Index(of, at) => {
                let (of, at) = (self.evaluate(of)?, self.evaluate(at)?);
                index_value(&of, &at)?
            }
            Expression::Call(function, arguments) => self.evaluate_call(function, arguments)?,
            Expression::Not(inner) => ExpectedValue::Bool(!is_truthy(&self.evaluate(inner)?)),
            Expression::And(left, right) => {
                let left = self.evaluate(left)?;
                if is_truthy(&left) { self.evaluate(right)? } else { left }
            }
            Expression::Or(left, right) => {
                let left = self.evaluate(left)?;
                if is_truthy(&left) { left } else { self.evaluate(right)? }
            }
            Expression::Compare(first, rest) => {
                let mut left = self.evaluate(first)?;
                for (how, right) in rest {
                    let right = self.evaluate(right)?;
                    let is = match how.as_str() {
                        "==" => self.is_equal(&left, &right)?,
                        "!=" => !self.is_equal(&left, &right)?,
                        "in" => contains_value(&right, &left)?,
                        _ => !contains_value(&right, &left)?,
                    };
                    if !is {
                        return Ok(ExpectedValue::Bool(false));
                    }
                    left = right;
                }
                ExpectedValue::Bool(true)
            }
            Expression::Sum(left, right) => match (self.evaluate(left)?, self.evaluate(right)?) {
                (ExpectedValue::Text(left), ExpectedValue::Text(right)) => ExpectedValue::Text(left + &right),
                other => return Err(EvaluationError::Unsupported(format!("the sum of {other:?}"))),
            },
        })
    }

    fn evaluate_call(
        &mut self,
        function: &Expression,
        arguments: &[Expression],
    ) -> Result<ExpectedValue, EvaluationError> {
        if *function == Expression::Name("locals".to_owned()) {
            return Err(EvaluationError::FieldNotKept("what the server said".to_owned()));
        }
        let arguments: Vec<ExpectedValue> = arguments.iter().map(|one| self.evaluate(one)).collect::<Result<_, _>>()?;
        match (function, &arguments[..]) {
            (Expression::Name(name), [of]) if name == "len" => match of {
                ExpectedValue::List(row) => Ok(ExpectedValue::Number(row.len() as f64)),
                ExpectedValue::Text(text) | ExpectedValue::Title(text) => {
                    Ok(ExpectedValue::Number(text.chars().count() as f64))
                }
                ExpectedValue::Html(html) => Ok(ExpectedValue::Number(html::html_to_text(html).chars().count() as f64)),
                ExpectedValue::First(name, _) | ExpectedValue::Record(name, _) => {
                    Err(EvaluationError::FieldNotKept(format!("how many {name}")))
                }
                other => Err(EvaluationError::Unsupported(format!("len of {other:?}"))),
            },
            (
                Expression::Name(name),
                [ExpectedValue::Text(text) | ExpectedValue::Title(text) | ExpectedValue::Html(text)],
            ) if name == "ord" => {
                Ok(text.chars().next().map_or(ExpectedValue::None, |c| ExpectedValue::Number(f64::from(u32::from(c)))))
            }
            (Expression::Index(of, name), [key, ..]) => {
                let (of, name) = (self.evaluate(of)?, self.evaluate(name)?);
                match name {
                    ExpectedValue::Text(name) if name == "get" => index_value(&of, key),
                    ExpectedValue::Text(name) if name == "has_key" => {
                        Ok(ExpectedValue::Bool(contains_value(&of, key)?))
                    }
                    other => Err(EvaluationError::Unsupported(format!("calls {other:?}"))),
                }
            }
            _ => Err(EvaluationError::Unsupported(format!("calls {function:?}"))),
        }
    }

    fn is_equal(&mut self, left: &ExpectedValue, right: &ExpectedValue) -> Result<bool, EvaluationError> {
        let quality = match (left, right) {
            (ExpectedValue::Html(ours), ExpectedValue::Text(theirs)) => match_html(ours, theirs),
            (ExpectedValue::Encoding(ours, is_ascii), ExpectedValue::Text(theirs)) => {
                match_encoding(ours, theirs, *is_ascii)
            }
            (ExpectedValue::Title(ours), ExpectedValue::Text(theirs)) => match_title(ours, theirs),
            (ExpectedValue::People(ours), ExpectedValue::Text(theirs)) => {
                let name = theirs.split(" (").next().unwrap_or_default();
                (ours == theirs).then_some(MatchQuality::Exact).or((ours == name).then_some(MatchQuality::TextOnly))
            }
            (
                ExpectedValue::Text(_) | ExpectedValue::None,
                ExpectedValue::Html(_) | ExpectedValue::Title(_) | ExpectedValue::People(_),
            ) => {
                return self.is_equal(right, left);
            }
            (
                ExpectedValue::Html(text) | ExpectedValue::Title(text) | ExpectedValue::People(text),
                ExpectedValue::None,
            ) if text.is_empty() => Some(MatchQuality::Exact),
            (ExpectedValue::Bool(truth), ExpectedValue::Number(number))
            | (ExpectedValue::Number(number), ExpectedValue::Bool(truth)) => {
                (*number == f64::from(u8::from(*truth))).then_some(MatchQuality::Exact)
            }
            (ExpectedValue::Record(name, _), ExpectedValue::Map(_)) => {
                return Err(EvaluationError::FieldNotKept(format!("all of {name}")));
            }
            (ExpectedValue::First(name, _), _) => return Err(EvaluationError::FieldNotKept(format!("all {name}"))),
            _ => (left == right).then_some(MatchQuality::Exact),
        };
        self.quality = self.quality.max(quality.unwrap_or_default());
        Ok(quality.is_some())
    }
}

fn index_value(of: &ExpectedValue, at: &ExpectedValue) -> Result<ExpectedValue, EvaluationError> {
    match (of, at) {
        (ExpectedValue::Record(what, fields), ExpectedValue::Text(name)) => {
            let found = fields.iter().find(|(known, _)| known == name);
            found.map(|(_, value)| value.clone()).ok_or_else(|| EvaluationError::FieldNotKept(format!("{what}.{name}")))
        }
        (ExpectedValue::First(_, first), ExpectedValue::Number(0.0)) => Ok((**first).clone()),
        (ExpectedValue::First(name, _), ExpectedValue::Number(_)) => {
            Err(EvaluationError::FieldNotKept(format!("more {name}")))
        }
        // The cast truncates nothing: positions are small whole numbers.
        (ExpectedValue::List(row), ExpectedValue::Number(at)) => {
            let place = if *at < 0.0 { row.len() as f64 + at } else { *at };
            row.get(place as usize)
                .cloned()
                .ok_or_else(|| EvaluationError::Unsupported(format!("there is no number {at}")))
        }
        _ => Err(EvaluationError::Unsupported(format!("there is no {at:?} in {of:?}"))),
    }
}

fn contains_value(of: &ExpectedValue, what: &ExpectedValue) -> Result<bool, EvaluationError> {
    match (of, what) {
        (ExpectedValue::Record(..), _) => index_value(of, what).map(|value| is_truthy(&value)),
        (ExpectedValue::List(row), _) => Ok(row.contains(what)),
        (ExpectedValue::Text(text), ExpectedValue::Text(part)) => Ok(text.contains(part.as_str())),
        _ => Err(EvaluationError::Unsupported(format!("{what:?} in {of:?}"))),
    }
}

/// Whether Python treats the value as true.
pub(super) fn is_truthy(value: &ExpectedValue) -> bool {
    match value {
        ExpectedValue::None => false,
        ExpectedValue::Bool(truth) => *truth,
        ExpectedValue::Encoding(..) => true,
        ExpectedValue::Number(number) => *number != 0.0,
        ExpectedValue::Text(text)
        | ExpectedValue::Title(text)
        | ExpectedValue::Html(text)
        | ExpectedValue::People(text) => !text.is_empty(),
        ExpectedValue::List(row) => !row.is_empty(),
        ExpectedValue::Map(map) => !map.is_empty(),
        ExpectedValue::Record(_, fields) => fields.iter().any(|(_, value)| is_truthy(value)),
        ExpectedValue::First(_, first) => is_truthy(first),
    }
}

/// How exactly our HTML matches the expected HTML.
pub(super) fn match_html(ours: &str, theirs: &str) -> Option<MatchQuality> {
    let base = "http://127.0.0.1/".parse().ok();
    let (folded, text) = (fold_case(theirs), html::html_to_text(ours));
    if ours == theirs.trim() {
        Some(MatchQuality::Exact)
    } else if ours == html::sanitize_html(theirs.trim(), base.as_ref()) {
        Some(MatchQuality::Rewritten)
    } else if text.is_empty() && html::html_to_text(theirs).is_empty() {
        let is_shown = ["<img", "<a ", "<br", "<hr"].iter().any(|tag| theirs.contains(tag));
        (!is_shown).then_some(MatchQuality::NotShown)
    } else if text == folded || squeeze_spaces(&text) == squeeze_spaces(&html::html_to_text(theirs)) {
        Some(MatchQuality::TextOnly)
    } else {
        None
    }
}

/// Whether the encodings are the same, or decode the text to the same.
fn match_encoding(ours: &str, theirs: &str, is_ascii: bool) -> Option<MatchQuality> {
    let named = |name: &str| Encoding::for_label(name.as_bytes());
    // GBK and GB 18030 decode each other's text.
    let canonical = |encoding: &'static Encoding| if encoding == GBK { GB18030 } else { encoding };
    if ours.eq_ignore_ascii_case(theirs) {
        return Some(MatchQuality::Exact);
    }
    let (ours, theirs) = (named(ours)?, named(theirs)?);
    let same = canonical(ours) == canonical(theirs);
    (same || is_ascii && ours.is_ascii_compatible() && theirs.is_ascii_compatible()).then_some(MatchQuality::TextOnly)
}

/// How exactly our plain title matches the expected title.
pub(super) fn match_title(ours: &str, theirs: &str) -> Option<MatchQuality> {
    let same = ours == theirs.trim();
    same.then_some(MatchQuality::Exact)
        .or((ours == fold_case(theirs) || ours == html::html_to_text(theirs)).then_some(MatchQuality::TextOnly))
}

fn fold_case(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// `text` without white space, because a removed element may have separated words.
fn squeeze_spaces(text: &str) -> String {
    text.split_whitespace().collect()
}

/// A date as Python's `struct_time`.
pub(super) fn struct_time(date: Option<DateTime<Utc>>) -> ExpectedValue {
    let Some(at) = date else { return ExpectedValue::None };
    let year = f64::from(at.year());
    let rest =
        [at.month(), at.day(), at.hour(), at.minute(), at.second(), at.weekday().num_days_from_monday(), at.ordinal()];
    let numbers = [year].into_iter().chain(rest.into_iter().map(f64::from)).chain([0.0]);
    ExpectedValue::List(numbers.map(ExpectedValue::Number).collect())
}
