//! Parses the subset of Python in which feedparser and listparser write expectations.

/// A parsed expression.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Expression {
    /// A name, such as `feed`.
    Name(String),
    /// A string literal. Adjacent literals are one text.
    Text(String),
    /// A number literal.
    Number(f64),
    /// The literal `None`.
    None,
    /// The literal `True` or `False`.
    Bool(bool),
    /// A tuple or a list.
    List(Vec<Expression>),
    /// A dictionary, as pairs of key and value.
    Map(Vec<(Expression, Expression)>),
    /// `of[at]` and `of.at`.
    Index(Box<Expression>, Box<Expression>),
    /// `of(arguments)`.
    Call(Box<Expression>, Vec<Expression>),
    /// `not a`.
    Not(Box<Expression>),
    /// `a and b`.
    And(Box<Expression>, Box<Expression>),
    /// `a or b`.
    Or(Box<Expression>, Box<Expression>),
    /// `a == b == c`, `a is not b`, `a in b`.
    Compare(Box<Expression>, Vec<(String, Expression)>),
    /// `a + b`.
    Sum(Box<Expression>, Box<Expression>),
}

/// A token of an expression.
#[derive(Clone, PartialEq, Debug)]
enum ExpressionToken {
    /// A name or a keyword.
    Word(String),
    /// The text of a string literal.
    Text(String),
    /// The value of a number literal.
    Number(f64),
    /// An operator or a bracket.
    Sign(String),
}

/// Parses an expression.
///
/// # Errors
/// A description of the first token that is not in the subset.
pub(super) fn parse_expression(text: &str) -> Result<Expression, String> {
    let mut parser = ExpressionParser { tokens: tokenize(text)?, at: 0 };
    let expression = parser.parse_or()?;
    if parser.at == parser.tokens.len() { Ok(expression) } else { Err(format!("{text} has text after its end")) }
}

/// Parses tokens by recursive descent, a method for each level of precedence.
struct ExpressionParser {
    tokens: Vec<ExpressionToken>,
    /// The position of the next token.
    at: usize,
}

impl ExpressionParser {
    fn peek(&self) -> Option<&ExpressionToken> {
        self.tokens.get(self.at)
    }

    fn accept(&mut self, what: &str) -> bool {
        let is = matches!(self.peek(), Some(ExpressionToken::Word(word) | ExpressionToken::Sign(word)) if word == what);
        self.at += usize::from(is);
        is
    }

    fn expect(&mut self, what: &str) -> Result<(), String> {
        if self.accept(what) { Ok(()) } else { Err(format!("{what} expected, {:?} found", self.peek())) }
    }

    fn parse_or(&mut self) -> Result<Expression, String> {
        let mut left = self.parse_and()?;
        while self.accept("or") {
            left = Expression::Or(left.into(), self.parse_and()?.into());
        }
        Ok(left)
    }

    fn parse_and(&mut self) -> Result<Expression, String> {
        let mut left = self.parse_not()?;
        while self.accept("and") {
            left = Expression::And(left.into(), self.parse_not()?.into());
        }
        Ok(left)
    }

    fn parse_not(&mut self) -> Result<Expression, String> {
        if self.accept("not") { Ok(Expression::Not(self.parse_not()?.into())) } else { self.parse_comparison() }
    }

    fn parse_comparison(&mut self) -> Result<Expression, String> {
        let first = self.parse_sum()?;
        let mut rest = Vec::new();
        loop {
            let how = if self.accept("not") {
                self.expect("in")?;
                "not in"
            } else if self.accept("is") {
                if self.accept("not") { "!=" } else { "==" }
            } else if let Some(how) = ["==", "!=", "in"].into_iter().find(|how| self.accept(how)) {
                how
            } else {
                break;
            };
            rest.push((how.to_owned(), self.parse_sum()?));
        }
        Ok(if rest.is_empty() { first } else { Expression::Compare(first.into(), rest) })
    }

    fn parse_sum(&mut self) -> Result<Expression, String> {
        let mut left = self.parse_postfix()?;
        while self.accept("+") {
            left = Expression::Sum(left.into(), self.parse_postfix()?.into());
        }
        Ok(left)
    }

    fn parse_postfix(&mut self) -> Result<Expression, String> {
        let mut of = self.parse_primary()?;
        loop {
            if self.accept("[") {
                of = Expression::Index(of.into(), self.parse_or()?.into());
                self.expect("]")?;
            } else if self.accept(".") {
                let Some(ExpressionToken::Word(name)) = self.peek().cloned() else {
                    return Err("a name expected".into());
                };
                self.at += 1;
                of = Expression::Index(of.into(), Expression::Text(name).into());
            } else if self.accept("(") {
                of = Expression::Call(of.into(), self.parse_list(")")?);
            } else {
                return Ok(of);
            }
        }
    }

    fn parse_list(&mut self, end: &str) -> Result<Vec<Expression>, String> {
        let mut list = Vec::new();
        while !self.accept(end) {
            // The name of a keyword argument is skipped.
            let is_keyword = self.tokens.get(self.at + 1) == Some(&ExpressionToken::Sign("=".into()));
            self.at += if is_keyword { 2 } else { 0 };
            list.push(self.parse_or()?);
            if !self.accept(",") {
                self.expect(end)?;
                break;
            }
        }
        Ok(list)
    }

    fn parse_primary(&mut self) -> Result<Expression, String> {
        let token = self.peek().cloned().ok_or("the end")?;
        self.at += 1;
        match token {
            ExpressionToken::Text(mut text) => {
                // Adjacent strings are one string.
                while let Some(ExpressionToken::Text(more)) = self.peek() {
                    text.push_str(more);
                    self.at += 1;
                }
                Ok(Expression::Text(text))
            }
            ExpressionToken::Number(number) => Ok(Expression::Number(number)),
            ExpressionToken::Word(word) => Ok(match word.as_str() {
                "None" => Expression::None,
                "True" => Expression::Bool(true),
                "False" => Expression::Bool(false),
                _ => Expression::Name(word),
            }),
            ExpressionToken::Sign(sign) => match sign.as_str() {
                "-" => match self.parse_primary()? {
                    Expression::Number(number) => Ok(Expression::Number(-number)),
                    other => Err(format!("minus {other:?}")),
                },
                "(" => {
                    let mut list = self.parse_list(")")?;
                    let is_parenthesised = list.len() == 1
                        && self.tokens.get(self.at.saturating_sub(2)) != Some(&ExpressionToken::Sign(",".into()));
                    Ok(if is_parenthesised { list.remove(0) } else { Expression::List(list) })
                }
                "[" => Ok(Expression::List(self.parse_list("]")?)),
                "{" => {
                    let mut map = Vec::new();
                    while !self.accept("}") {
                        let key = self.parse_or()?;
                        self.expect(":")?;
                        map.push((key, self.parse_or()?));
                        if !self.accept(",") {
                            self.expect("}")?;
                            break;
                        }
                    }
                    Ok(Expression::Map(map))
                }
                _ => Err(format!("{sign} is not in the subset")),
            },
        }
    }
}

fn tokenize(text: &str) -> Result<Vec<ExpressionToken>, String> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let quoted = rest.strip_prefix(['u', 'r', 'b']).unwrap_or(rest);
        if let Some(quote) = quoted.chars().next().filter(|c| matches!(c, '\'' | '"')) {
            let is_raw = rest.starts_with('r');
            let triple = quote.to_string().repeat(3);
            let end = if quoted.starts_with(&triple) { triple } else { quote.to_string() };
            let (text, after) = parse_string(&quoted[end.len()..], &end, is_raw)?;
            tokens.push(ExpressionToken::Text(text));
            rest = after;
        } else if first.is_alphabetic() || first == '_' {
            let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            tokens.push(ExpressionToken::Word(rest[..end].to_owned()));
            rest = &rest[end..];
        } else if first.is_ascii_digit() {
            let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
            tokens.push(ExpressionToken::Number(rest[..end].parse().map_err(|_| rest.to_owned())?));
            rest = &rest[end..];
        } else {
            let long = if rest.starts_with("==") || rest.starts_with("!=") { 2 } else { first.len_utf8() };
            tokens.push(ExpressionToken::Sign(rest[..long].to_owned()));
            rest = &rest[long..];
        }
        rest = rest.trim_start();
    }
    Ok(tokens)
}

/// Parses the string at the beginning of `text`, up to `end`; returns the string and the rest.
fn parse_string<'a>(text: &'a str, end: &str, is_raw: bool) -> Result<(String, &'a str), String> {
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
