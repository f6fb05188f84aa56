//! What an expectation says about a feed, worked out over what Lockstep keeps of it.

use chrono::{DateTime, Datelike, Timelike, Utc};
use encoding_rs::{Encoding, GB18030, GBK};

use super::python::Expression;
use crate::domain::text::html;

/// A value.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Value {
    None,
    Truth(bool),
    Number(f64),
    Text(String),
    /// Plain text made of what may have been HTML: a title.
    Title(String),
    /// HTML that was made safe.
    Html(String),
    /// An encoding, and whether all that it wrote is ASCII.
    Encoding(&'static str, bool),
    /// Names, of people that others also call by their mail.
    People(String),
    Row(Vec<Value>),
    Map(Vec<(Value, Value)>),
    /// What has fields that we keep; any other is not ours. The word names it.
    Kept(&'static str, Vec<(&'static str, Value)>),
    /// Of several, we keep the first.
    First(&'static str, Box<Value>),
}

/// Why an expectation has no answer.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Silent {
    /// It asks for a field that is not kept.
    NotOurs(String),
    /// It is written in more of Python than is known here, or asks for what is not there.
    Odd(String),
}

/// How well the equalities of an expectation held.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub(super) enum Held {
    #[default]
    Exactly,
    /// Our sanitiser writes the expected HTML as ours is written.
    WrittenOtherwise,
    /// The text is the same; markup was left away or kept differently.
    AsText,
    /// There is no text; what there is comes from elements that are not shown: forms, players, drawings.
    Unseen,
}

/// Works out an expectation.
pub(super) struct Answering<'a> {
    pub(super) names: &'a [(&'static str, Value)],
    pub(super) held: Held,
}

impl Answering<'_> {
    /// The value of `expression`.
    pub(super) fn value(&mut self, expression: &Expression) -> Result<Value, Silent> {
        Ok(match expression {
            Expression::Name(name) => match self.names.iter().find(|(known, _)| known == name) {
                Some((_, value)) => value.clone(),
                None => return Err(Silent::NotOurs(name.clone())),
            },
            Expression::Text(text) => Value::Text(text.clone()),
            Expression::Number(number) => Value::Number(*number),
            Expression::None => Value::None,
            Expression::Truth(truth) => Value::Truth(*truth),
            Expression::Row(row) => Value::Row(row.iter().map(|one| self.value(one)).collect::<Result<_, _>>()?),
            Expression::Map(map) => {
                let pairs = map.iter().map(|(key, value)| Ok((self.value(key)?, self.value(value)?)));
                Value::Map(pairs.collect::<Result<_, Silent>>()?)
            }
            Expression::Part(of, at) => {
                let (of, at) = (self.value(of)?, self.value(at)?);
                part(&of, &at)?
            }
            Expression::Call(function, arguments) => self.call(function, arguments)?,
            Expression::Not(inner) => Value::Truth(!truth(&self.value(inner)?)),
            Expression::And(left, right) => {
                let left = self.value(left)?;
                if truth(&left) { self.value(right)? } else { left }
            }
            Expression::Or(left, right) => {
                let left = self.value(left)?;
                if truth(&left) { left } else { self.value(right)? }
            }
            Expression::Compare(first, rest) => {
                let mut left = self.value(first)?;
                for (how, right) in rest {
                    let right = self.value(right)?;
                    let is = match how.as_str() {
                        "==" => self.equal(&left, &right)?,
                        "!=" => !self.equal(&left, &right)?,
                        "in" => contains(&right, &left)?,
                        _ => !contains(&right, &left)?,
                    };
                    if !is {
                        return Ok(Value::Truth(false));
                    }
                    left = right;
                }
                Value::Truth(true)
            }
            Expression::Sum(left, right) => match (self.value(left)?, self.value(right)?) {
                (Value::Text(left), Value::Text(right)) => Value::Text(left + &right),
                other => return Err(Silent::Odd(format!("the sum of {other:?}"))),
            },
        })
    }

    fn call(&mut self, function: &Expression, arguments: &[Expression]) -> Result<Value, Silent> {
        if *function == Expression::Name("locals".to_owned()) {
            return Err(Silent::NotOurs("what the server said".to_owned()));
        }
        let arguments: Vec<Value> = arguments.iter().map(|one| self.value(one)).collect::<Result<_, _>>()?;
        match (function, &arguments[..]) {
            (Expression::Name(name), [of]) if name == "len" => match of {
                Value::Row(row) => Ok(Value::Number(row.len() as f64)),
                Value::Text(text) | Value::Title(text) => Ok(Value::Number(text.chars().count() as f64)),
                Value::Html(html) => Ok(Value::Number(html::text(html).chars().count() as f64)),
                Value::First(name, _) | Value::Kept(name, _) => Err(Silent::NotOurs(format!("how many {name}"))),
                other => Err(Silent::Odd(format!("len of {other:?}"))),
            },
            (Expression::Name(name), [Value::Text(text) | Value::Title(text) | Value::Html(text)]) if name == "ord" => {
                Ok(text.chars().next().map_or(Value::None, |c| Value::Number(f64::from(u32::from(c)))))
            }
            (Expression::Part(of, name), [key, ..]) => {
                let (of, name) = (self.value(of)?, self.value(name)?);
                match name {
                    Value::Text(name) if name == "get" => part(&of, key),
                    Value::Text(name) if name == "has_key" => Ok(Value::Truth(contains(&of, key)?)),
                    other => Err(Silent::Odd(format!("calls {other:?}"))),
                }
            }
            _ => Err(Silent::Odd(format!("calls {function:?}"))),
        }
    }

    fn equal(&mut self, left: &Value, right: &Value) -> Result<bool, Silent> {
        let held = match (left, right) {
            (Value::Html(ours), Value::Text(theirs)) => same_html(ours, theirs),
            (Value::Encoding(ours, is_ascii), Value::Text(theirs)) => same_encoding(ours, theirs, *is_ascii),
            (Value::Title(ours), Value::Text(theirs)) => same_title(ours, theirs),
            (Value::People(ours), Value::Text(theirs)) => {
                let name = theirs.split(" (").next().unwrap_or_default();
                (ours == theirs).then_some(Held::Exactly).or((ours == name).then_some(Held::AsText))
            }
            (Value::Text(_) | Value::None, Value::Html(_) | Value::Title(_) | Value::People(_)) => {
                return self.equal(right, left);
            }
            (Value::Html(text) | Value::Title(text) | Value::People(text), Value::None) if text.is_empty() => {
                Some(Held::Exactly)
            }
            (Value::Truth(truth), Value::Number(number)) | (Value::Number(number), Value::Truth(truth)) => {
                (*number == f64::from(u8::from(*truth))).then_some(Held::Exactly)
            }
            (Value::Kept(name, _), Value::Map(_)) => return Err(Silent::NotOurs(format!("all of {name}"))),
            (Value::First(name, _), _) => return Err(Silent::NotOurs(format!("all {name}"))),
            _ => (left == right).then_some(Held::Exactly),
        };
        self.held = self.held.max(held.unwrap_or_default());
        Ok(held.is_some())
    }
}

fn part(of: &Value, at: &Value) -> Result<Value, Silent> {
    match (of, at) {
        (Value::Kept(what, fields), Value::Text(name)) => {
            let found = fields.iter().find(|(known, _)| known == name);
            found.map(|(_, value)| value.clone()).ok_or_else(|| Silent::NotOurs(format!("{what}.{name}")))
        }
        (Value::First(_, first), Value::Number(0.0)) => Ok((**first).clone()),
        (Value::First(name, _), Value::Number(_)) => Err(Silent::NotOurs(format!("more {name}"))),
        // A truncation is meant: positions are small whole numbers.
        (Value::Row(row), Value::Number(at)) => {
            let place = if *at < 0.0 { row.len() as f64 + at } else { *at };
            row.get(place as usize).cloned().ok_or_else(|| Silent::Odd(format!("there is no number {at}")))
        }
        _ => Err(Silent::Odd(format!("there is no {at:?} in {of:?}"))),
    }
}

fn contains(of: &Value, what: &Value) -> Result<bool, Silent> {
    match (of, what) {
        (Value::Kept(..), _) => part(of, what).map(|value| truth(&value)),
        (Value::Row(row), _) => Ok(row.contains(what)),
        (Value::Text(text), Value::Text(part)) => Ok(text.contains(part.as_str())),
        _ => Err(Silent::Odd(format!("{what:?} in {of:?}"))),
    }
}

/// What Python takes for true.
pub(super) fn truth(value: &Value) -> bool {
    match value {
        Value::None => false,
        Value::Truth(truth) => *truth,
        Value::Encoding(..) => true,
        Value::Number(number) => *number != 0.0,
        Value::Text(text) | Value::Title(text) | Value::Html(text) | Value::People(text) => !text.is_empty(),
        Value::Row(row) => !row.is_empty(),
        Value::Map(map) => !map.is_empty(),
        Value::Kept(_, fields) => fields.iter().any(|(_, value)| truth(value)),
        Value::First(_, first) => truth(first),
    }
}

/// Whether our HTML says the same as theirs.
pub(super) fn same_html(ours: &str, theirs: &str) -> Option<Held> {
    let base = "http://127.0.0.1/".parse().ok();
    let (folded, said) = (fold(theirs), html::text(ours));
    if ours == theirs.trim() {
        Some(Held::Exactly)
    } else if ours == html::safe(theirs.trim(), base.as_ref()) {
        Some(Held::WrittenOtherwise)
    } else if said.is_empty() && html::text(theirs).is_empty() {
        let seen = ["<img", "<a ", "<br", "<hr"].iter().any(|tag| theirs.contains(tag));
        (!seen).then_some(Held::Unseen)
    } else if said == folded || squeeze(&said) == squeeze(&html::text(theirs)) {
        Some(Held::AsText)
    } else {
        None
    }
}

/// Whether it is the same encoding, or all that was read is the same in both.
fn same_encoding(ours: &str, theirs: &str, is_ascii: bool) -> Option<Held> {
    let named = |name: &str| Encoding::for_label(name.as_bytes());
    // What decodes GBK decodes GB 18030 and the other way round.
    let canonical = |encoding: &'static Encoding| if encoding == GBK { GB18030 } else { encoding };
    if ours.eq_ignore_ascii_case(theirs) {
        return Some(Held::Exactly);
    }
    let (ours, theirs) = (named(ours)?, named(theirs)?);
    let same = canonical(ours) == canonical(theirs);
    (same || is_ascii && ours.is_ascii_compatible() && theirs.is_ascii_compatible()).then_some(Held::AsText)
}

/// Whether our plain title is what their title says.
pub(super) fn same_title(ours: &str, theirs: &str) -> Option<Held> {
    let same = ours == theirs.trim();
    same.then_some(Held::Exactly).or((ours == fold(theirs) || ours == html::text(theirs)).then_some(Held::AsText))
}

fn fold(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Without white space: an element that one leaves away parts words for the other.
fn squeeze(text: &str) -> String {
    text.split_whitespace().collect()
}

/// A moment as Python's `struct_time`.
pub(super) fn moment(moment: Option<DateTime<Utc>>) -> Value {
    let Some(at) = moment else { return Value::None };
    let year = f64::from(at.year());
    let rest =
        [at.month(), at.day(), at.hour(), at.minute(), at.second(), at.weekday().num_days_from_monday(), at.ordinal()];
    let numbers = [year].into_iter().chain(rest.into_iter().map(f64::from)).chain([0.0]);
    Value::Row(numbers.map(Value::Number).collect())
}
