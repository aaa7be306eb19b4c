//! Reads the tree: its files, their Rust tokens without comments and strings, and the paths that the tokens spell out.
//!
//! Understands as much of the language as the checks need and no more. Hazard: taking a word in a string or a comment for code,
//! or losing count of the brackets behind a quotation mark; the innocent texts of the tests above hold it to that.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// One piece of code: a word, a mark, or `::`. A string or character is the single mark `"`.
pub(crate) struct Token {
    pub(crate) line: usize,
    pub(crate) text: String,
}

/// One file of the tree, with its path from the root written with `/`.
pub(crate) struct Source {
    pub(crate) path: String,
    pub(crate) text: String,
    pub(crate) tokens: Vec<Token>,
    /// The tokens without `#[cfg(test)]` items.
    product: Vec<Token>,
    /// Is the whole file inside a `#[cfg(test)]` module?
    only_for_tests: bool,
    /// The files of which that is true because this one declares them, without `.rs`.
    test_modules: Vec<String>,
}

/// A path such as `crate::store::Store`, with the imports' braces resolved.
pub(crate) struct Spelled {
    pub(crate) line: usize,
    words: Vec<String>,
    /// How many inline modules it stands in.
    depth: usize,
}

/// Reads every text file of the tree, what was built and what git keeps aside.
pub(crate) fn tree() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![root.to_path_buf()];
    let mut sources = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            let kind = entry.file_type().unwrap();
            if kind.is_dir() && entry.file_name() != "target" && entry.file_name() != ".git" {
                folders.push(path);
            } else if kind.is_file() && entry.file_name() != ".git" && entry.file_name() != "Cargo.lock" {
                // What is not text (an icon, a picture) has no lines to judge.
                if let Ok(text) = String::from_utf8(std::fs::read(&path).unwrap()) {
                    sources.push(Source::new(&from_root(root, &path), &text));
                }
            }
        }
    }
    sources.sort_by(|one, other| one.path.cmp(&other.path));
    let declared: BTreeSet<String> = sources.iter().flat_map(|source| source.test_modules.iter().cloned()).collect();
    for source in &mut sources {
        let stem = source.path.trim_end_matches(".rs").trim_end_matches("/mod");
        source.only_for_tests = Path::new(stem).ancestors().any(|above| declared.contains(&*above.to_string_lossy()));
    }
    sources
}

fn from_root(root: &Path, path: &Path) -> String {
    let parts: Vec<_> = path.strip_prefix(root).unwrap().iter().map(|part| part.to_string_lossy()).collect();
    parts.join("/")
}

impl Source {
    /// Reads one file from its text; the path decides whether it is Rust.
    pub(crate) fn new(path: &str, text: &str) -> Self {
        let is_rust = Path::new(path).extension().is_some_and(|extension| extension == "rs");
        let tokens = if is_rust { tokenize(text) } else { Vec::new() };
        let (product, declared) = without_tests(tokens.as_slice());
        let mut folder = PathBuf::from(path.trim_end_matches(".rs"));
        if folder.ends_with("mod") || folder.ends_with("lib") || folder.ends_with("main") {
            folder.pop();
        }
        let test_modules = declared.iter().map(|name| from_root(Path::new(""), &folder.join(name))).collect();
        Self { path: path.into(), text: text.into(), tokens, product, only_for_tests: false, test_modules }
    }

    pub(crate) fn is_rust(&self) -> bool {
        Path::new(&self.path).extension().is_some_and(|extension| extension == "rs")
    }

    /// Is it code that people run, not a test?
    pub(crate) fn is_product(&self) -> bool {
        self.is_rust() && self.path.starts_with("src/") && !self.only_for_tests
    }

    pub(crate) fn is_in(&self, rooms: &[&str]) -> bool {
        rooms.iter().any(|room| self.path.starts_with(room))
    }

    /// Returns the tokens that are not for tests alone.
    pub(crate) fn product(&self) -> &[Token] {
        &self.product
    }

    /// Returns the names of its module: `["lease", "claim"]`, empty for `lib.rs` and `main.rs`.
    pub(crate) fn module(&self) -> Vec<String> {
        let inner = self.path.trim_start_matches("src/").trim_end_matches(".rs");
        inner.split('/').filter(|part| !["mod", "lib", "main"].contains(part)).map(String::from).collect()
    }

    /// Writes one complaint.
    pub(crate) fn at(&self, line: usize, what: &str) -> String {
        format!("{}:{line}: {what}", self.path)
    }

    /// Returns every path that its code spells out, tests left out.
    pub(crate) fn paths(&self) -> Vec<Spelled> {
        let tokens = self.product();
        let mut found = Vec::new();
        let mut braces = Vec::new();
        let mut at = 0;
        while at < tokens.len() {
            match tokens[at].text.as_str() {
                "{" => braces.push(at >= 2 && tokens[at - 2].text == "mod"),
                "}" => drop(braces.pop()),
                _ => {}
            }
            // `use ::std` begins a path at `std`; `Vec::<u8>::new` goes on with `new`.
            let continues = at > 1 && tokens[at - 1].text == "::" && tokens[at - 2].text == ">";
            if is_word(&tokens[at]) && tokens[at].text != "use" && !continues {
                let depth = braces.iter().filter(|is_module| **is_module).count();
                at = spell(tokens, at, &[], depth, &mut found);
            } else {
                at += 1;
            }
        }
        found
    }
}

impl Spelled {
    pub(crate) fn starts_with(&self, words: &[&str]) -> bool {
        self.words.len() >= words.len() && self.words.iter().zip(words).all(|(own, word)| own == word)
    }

    pub(crate) fn ends_with(&self, words: &[&str]) -> bool {
        self.words.len() >= words.len() && self.words.iter().rev().zip(words.iter().rev()).all(|(own, word)| own == word)
    }

    /// Returns the top-level module that it leads to from a module `deep` below the root: `crate::store`, `super::super::store`.
    pub(crate) fn top_module(&self, deep: usize) -> Option<&str> {
        let steps = match self.words.first()?.as_str() {
            "crate" => 1,
            "super" => {
                let ups = self.words.iter().take_while(|word| *word == "super").count();
                if ups != deep + self.depth {
                    return None;
                }
                ups
            }
            _ => return None,
        };
        self.words.get(steps).map(String::as_str)
    }
}

/// Reads the path that begins at `at`, following the braces of an import; returns where the code goes on.
fn spell(tokens: &[Token], mut at: usize, before: &[String], depth: usize, found: &mut Vec<Spelled>) -> usize {
    let mut words = before.to_vec();
    loop {
        words.push(tokens[at].text.clone());
        let line = tokens[at].line;
        at += 1;
        let text = |at: usize| tokens.get(at).map_or("", |token| token.text.as_str());
        if text(at) != "::" {
            found.push(Spelled { line, words, depth });
            return at;
        }
        match text(at + 1) {
            "{" => {
                let end = closing(tokens, at + 1);
                at += 2;
                while at < end {
                    at = if is_word(&tokens[at]) { spell(tokens, at, &words, depth, found) } else { at + 1 };
                }
                return end + 1;
            }
            _ if tokens.get(at + 1).is_some_and(is_word) => at += 1,
            // `::*`, or `::<T>`.
            _ => {
                found.push(Spelled { line, words, depth });
                return at + 1;
            }
        }
    }
}

fn is_word(token: &Token) -> bool {
    token.text.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// Returns where the bracket that opens at `open` is closed (the end of the text if it never is).
pub(crate) fn closing(tokens: &[Token], open: usize) -> usize {
    let mut depth = 0;
    for (at, token) in tokens.iter().enumerate().skip(open) {
        match token.text.as_str() {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at;
        }
    }
    tokens.len()
}

/// Returns the tokens without `#[cfg(test)]` items, and the names of the modules in other files among these.
fn without_tests(tokens: &[Token]) -> (Vec<Token>, Vec<String>) {
    let text = |at: usize| tokens.get(at).map_or("", |token| token.text.as_str());
    let (mut kept, mut modules, mut at) = (Vec::new(), Vec::new(), 0);
    while at < tokens.len() {
        let is_test = text(at) == "#" && text(at + 1) == "[" && {
            let attribute = &tokens[at + 1..closing(tokens, at + 1)];
            let has = |word: &str| attribute.iter().any(|token| token.text == word);
            text(at + 2) == "cfg" && has("test") && !has("not") && !has("any")
        };
        if !is_test {
            kept.push(Token { line: tokens[at].line, text: tokens[at].text.clone() });
            at += 1;
            continue;
        }
        while text(at) == "#" {
            at = closing(tokens, at + 1) + 1;
        }
        let item = at;
        while at < tokens.len() && text(at) != ";" && text(at) != "{" {
            at = if matches!(text(at), "(" | "[") { closing(tokens, at) + 1 } else { at + 1 };
        }
        if text(at) == ";" && text(at - 2) == "mod" && at >= item + 2 {
            modules.push(text(at - 1).to_owned());
        }
        at = if text(at) == "{" { closing(tokens, at) + 1 } else { at + 1 };
    }
    (kept, modules)
}

fn tokenize(text: &str) -> Vec<Token> {
    let all: Vec<char> = text.chars().collect();
    let mut tokens = Vec::new();
    let (mut at, mut line) = (0, 1);
    while at < all.len() {
        let rest = &all[at..];
        let (length, token) = match rest[0] {
            c if c.is_whitespace() => (1, None),
            '/' if rest.get(1) == Some(&'/') => (rest.iter().position(|c| *c == '\n').unwrap_or(rest.len()), None),
            '/' if rest.get(1) == Some(&'*') => (comment(rest), None),
            '"' => (quoted(rest, '"'), Some("\"".into())),
            '\'' if rest.get(1) == Some(&'\\') || rest.get(2) == Some(&'\'') => (quoted(rest, '\''), Some("\"".into())),
            // A lifetime or a label: its name is no path.
            '\'' => (1 + word(&rest[1..]), None),
            ':' if rest.get(1) == Some(&':') => (2, Some("::".into())),
            c if c.is_alphanumeric() || c == '_' => match word(rest) {
                length if prefix(&rest[..length]) && matches!(rest.get(length), Some('"' | '#')) => raw(rest, length),
                length if length == 1 && c == 'b' && rest.get(1) == Some(&'\'') => (1, None),
                length => (length, Some(rest[..length].iter().collect())),
            },
            c => (1, Some(c.to_string())),
        };
        if let Some(text) = token {
            tokens.push(Token { line, text });
        }
        line += rest[..length].iter().filter(|c| **c == '\n').count();
        at += length;
    }
    tokens
}

fn word(rest: &[char]) -> usize {
    rest.iter().position(|c| !c.is_alphanumeric() && *c != '_').unwrap_or(rest.len())
}

fn prefix(word: &[char]) -> bool {
    matches!(word, ['r' | 'b' | 'c'] | ['b' | 'c', 'r'])
}

/// Reads a string with a prefix, raw or not, or a raw name such as `r#match`.
fn raw(rest: &[char], prefix: usize) -> (usize, Option<String>) {
    if rest[prefix] == '"' && rest[prefix - 1] != 'r' {
        return (prefix + quoted(&rest[prefix..], '"'), Some("\"".into()));
    }
    let hashes = rest[prefix..].iter().take_while(|c| **c == '#').count();
    if rest.get(prefix + hashes) != Some(&'"') {
        let name = prefix + hashes;
        let length = name + word(&rest[name..]);
        return (length, Some(rest[name..length].iter().collect()));
    }
    let begin = prefix + hashes + 1;
    let ends = |at: &usize| rest[*at] == '"' && rest[at + 1..].iter().take_while(|c| **c == '#').count() >= hashes;
    let end = (begin..rest.len()).find(ends).map_or(rest.len(), |end| end + 1 + hashes);
    (end, Some("\"".into()))
}

fn quoted(rest: &[char], mark: char) -> usize {
    let mut at = 1;
    while at < rest.len() && rest[at] != mark {
        at += if rest[at] == '\\' { 2 } else { 1 };
    }
    rest.len().min(at + 1)
}

fn comment(rest: &[char]) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        match (rest[at], rest.get(at + 1)) {
            ('/', Some('*')) => (depth, at) = (depth + 1, at + 2),
            ('*', Some('/')) => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at.min(rest.len())
}
