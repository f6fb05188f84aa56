//! The little of Python that the expectations of feedparser and listparser are written in.

/// An expression.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Expression {
    Name(String),
    Text(String),
    Number(f64),
    None,
    Truth(bool),
    /// Tuples and lists.
    Row(Vec<Expression>),
    Map(Vec<(Expression, Expression)>),
    Part(Box<Expression>, Box<Expression>),
    Call(Box<Expression>, Vec<Expression>),
    Not(Box<Expression>),
    And(Box<Expression>, Box<Expression>),
    Or(Box<Expression>, Box<Expression>),
    /// `a == b == c`, `a is not b`, `a in b`.
    Compare(Box<Expression>, Vec<(String, Expression)>),
    Sum(Box<Expression>, Box<Expression>),
}

#[derive(Clone, PartialEq, Debug)]
enum Token {
    Word(String),
    Text(String),
    Number(f64),
    Sign(String),
}

/// Reads an expression.
///
/// # Errors
/// What is not of the subset.
pub(super) fn read(text: &str) -> Result<Expression, String> {
    let mut reading = Reading { tokens: tokens(text)?, at: 0 };
    let expression = reading.or()?;
    if reading.at == reading.tokens.len() { Ok(expression) } else { Err(format!("{text} goes on")) }
}

struct Reading {
    tokens: Vec<Token>,
    at: usize,
}

impl Reading {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn takes(&mut self, what: &str) -> bool {
        let is = matches!(self.peek(), Some(Token::Word(word) | Token::Sign(word)) if word == what);
        self.at += usize::from(is);
        is
    }

    fn must(&mut self, what: &str) -> Result<(), String> {
        if self.takes(what) { Ok(()) } else { Err(format!("{what} expected, {:?} found", self.peek())) }
    }

    fn or(&mut self) -> Result<Expression, String> {
        let mut left = self.and()?;
        while self.takes("or") {
            left = Expression::Or(left.into(), self.and()?.into());
        }
        Ok(left)
    }

    fn and(&mut self) -> Result<Expression, String> {
        let mut left = self.not()?;
        while self.takes("and") {
            left = Expression::And(left.into(), self.not()?.into());
        }
        Ok(left)
    }

    fn not(&mut self) -> Result<Expression, String> {
        if self.takes("not") { Ok(Expression::Not(self.not()?.into())) } else { self.compare() }
    }

    fn compare(&mut self) -> Result<Expression, String> {
        let first = self.sum()?;
        let mut rest = Vec::new();
        loop {
            let how = if self.takes("not") {
                self.must("in")?;
                "not in"
            } else if self.takes("is") {
                if self.takes("not") { "!=" } else { "==" }
            } else if let Some(how) = ["==", "!=", "in"].into_iter().find(|how| self.takes(how)) {
                how
            } else {
                break;
            };
            rest.push((how.to_owned(), self.sum()?));
        }
        Ok(if rest.is_empty() { first } else { Expression::Compare(first.into(), rest) })
    }

    fn sum(&mut self) -> Result<Expression, String> {
        let mut left = self.part()?;
        while self.takes("+") {
            left = Expression::Sum(left.into(), self.part()?.into());
        }
        Ok(left)
    }

    fn part(&mut self) -> Result<Expression, String> {
        let mut of = self.primary()?;
        loop {
            if self.takes("[") {
                of = Expression::Part(of.into(), self.or()?.into());
                self.must("]")?;
            } else if self.takes(".") {
                let Some(Token::Word(name)) = self.peek().cloned() else { return Err("a name expected".into()) };
                self.at += 1;
                of = Expression::Part(of.into(), Expression::Text(name).into());
            } else if self.takes("(") {
                of = Expression::Call(of.into(), self.row(")")?);
            } else {
                return Ok(of);
            }
        }
    }

    fn row(&mut self, end: &str) -> Result<Vec<Expression>, String> {
        let mut row = Vec::new();
        while !self.takes(end) {
            // The name of an argument says nothing here.
            let named = self.tokens.get(self.at + 1) == Some(&Token::Sign("=".into()));
            self.at += if named { 2 } else { 0 };
            row.push(self.or()?);
            if !self.takes(",") {
                self.must(end)?;
                break;
            }
        }
        Ok(row)
    }

    fn primary(&mut self) -> Result<Expression, String> {
        let token = self.peek().cloned().ok_or("the end")?;
        self.at += 1;
        match token {
            Token::Text(mut text) => {
                // Strings beside one another are one.
                while let Some(Token::Text(more)) = self.peek() {
                    text.push_str(more);
                    self.at += 1;
                }
                Ok(Expression::Text(text))
            }
            Token::Number(number) => Ok(Expression::Number(number)),
            Token::Word(word) => Ok(match word.as_str() {
                "None" => Expression::None,
                "True" => Expression::Truth(true),
                "False" => Expression::Truth(false),
                _ => Expression::Name(word),
            }),
            Token::Sign(sign) => match sign.as_str() {
                "-" => match self.primary()? {
                    Expression::Number(number) => Ok(Expression::Number(-number)),
                    other => Err(format!("minus {other:?}")),
                },
                "(" => {
                    let mut row = self.row(")")?;
                    let alone =
                        row.len() == 1 && self.tokens.get(self.at.saturating_sub(2)) != Some(&Token::Sign(",".into()));
                    Ok(if alone { row.remove(0) } else { Expression::Row(row) })
                }
                "[" => Ok(Expression::Row(self.row("]")?)),
                "{" => {
                    let mut map = Vec::new();
                    while !self.takes("}") {
                        let key = self.or()?;
                        self.must(":")?;
                        map.push((key, self.or()?));
                        if !self.takes(",") {
                            self.must("}")?;
                            break;
                        }
                    }
                    Ok(Expression::Map(map))
                }
                _ => Err(format!("{sign} is not of the subset")),
            },
        }
    }
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let quoted = rest.strip_prefix(['u', 'r', 'b']).unwrap_or(rest);
        if let Some(quote) = quoted.chars().next().filter(|c| matches!(c, '\'' | '"')) {
            let is_raw = rest.starts_with('r');
            let triple = quote.to_string().repeat(3);
            let end = if quoted.starts_with(&triple) { triple } else { quote.to_string() };
            let (text, after) = string(&quoted[end.len()..], &end, is_raw)?;
            tokens.push(Token::Text(text));
            rest = after;
        } else if first.is_alphabetic() || first == '_' {
            let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            tokens.push(Token::Word(rest[..end].to_owned()));
            rest = &rest[end..];
        } else if first.is_ascii_digit() {
            let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
            tokens.push(Token::Number(rest[..end].parse().map_err(|_| rest.to_owned())?));
            rest = &rest[end..];
        } else {
            let long = if rest.starts_with("==") || rest.starts_with("!=") { 2 } else { first.len_utf8() };
            tokens.push(Token::Sign(rest[..long].to_owned()));
            rest = &rest[long..];
        }
        rest = rest.trim_start();
    }
    Ok(tokens)
}

/// The string that begins `text`, up to `end`, and what comes after it.
fn string<'a>(text: &'a str, end: &str, is_raw: bool) -> Result<(String, &'a str), String> {
    let (mut done, mut rest) = (String::new(), text);
    loop {
        if let Some(after) = rest.strip_prefix(end) {
            return Ok((done, after));
        }
        let mut characters = rest.chars();
        let Some(c) = characters.next() else { return Err(format!("no end of {text}")) };
        rest = characters.as_str();
        if c != '\\' || is_raw {
            done.push(c);
            continue;
        }
        let Some(escape) = characters.next() else { return Err("a backslash at the end".into()) };
        rest = characters.as_str();
        let digits = match escape {
            'x' => 2,
            'u' => 4,
            'U' => 8,
            _ => 0,
        };
        if digits > 0 {
            let number = rest.get(..digits).and_then(|hex| u32::from_str_radix(hex, 16).ok()).ok_or("no number")?;
            done.push(char::from_u32(number).unwrap_or(char::REPLACEMENT_CHARACTER));
            rest = &rest[digits..];
            continue;
        }
        match escape {
            'n' => done.push('\n'),
            't' => done.push('\t'),
            'r' => done.push('\r'),
            '\n' => {}
            '\\' | '\'' | '"' => done.push(escape),
            other => done.extend(['\\', other]),
        }
    }
}
