//! What stands around the files of settings, as far as they refer to it: the environment and the home folder. Given, never asked for here.

use crate::i18n::config::Fault;
use crate::i18n::printable;
use std::path::Path;

/// The environment and the home folder.
#[derive(Clone, Copy)]
pub struct Around<'a> {
    /// Returns the value of an environment variable.
    pub variable: &'a dyn Fn(&str) -> Option<String>,
    /// The home folder.
    pub home: Option<&'a Path>,
}

impl Around<'_> {
    /// Replaces `~` in front, `$NAME`, `${NAME}` and `%NAME%`. `$$` and `%%` are the signs themselves; so is a sign that no name follows,
    /// because shares on Windows are called `C$`.
    pub(super) fn expand(&self, text: &str) -> Result<String, Fault> {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        if let Some(after) = text.strip_prefix('~').filter(|after| after.is_empty() || after.starts_with(['/', '\\'])) {
            out.push_str(self.home.and_then(Path::to_str).ok_or(Fault::NoHome)?);
            rest = after;
        }
        while let Some(at) = rest.find(['$', '%']) {
            let (before, sign) = rest.split_at(at);
            out.push_str(before);
            let (mark, after) = sign.split_at(1);
            if let Some(after) = after.strip_prefix(mark) {
                out.push_str(mark);
                rest = after;
            } else if let Some((name, after)) = if mark == "$" { dollar(after) } else { per_cent(after) } {
                let value = (self.variable)(name).ok_or_else(|| Fault::NoVariable(name.to_owned()))?;
                if printable(&value) != value {
                    return Err(Fault::Unprintable(name.to_owned()));
                }
                out.push_str(&value);
                rest = after;
            } else {
                out.push_str(mark);
                rest = after;
            }
        }
        out.push_str(rest);
        Ok(out)
    }
}

/// Writes a path so that nothing in it is replaced.
#[must_use]
pub(super) fn unexpanded(path: &str) -> String {
    path.replace('$', "$$").replace('%', "%%")
}

fn dollar(after: &str) -> Option<(&str, &str)> {
    if let Some(braced) = after.strip_prefix('{') {
        return braced.split_once('}').filter(|(name, _)| is_name(name));
    }
    let end = after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(after.len());
    let (name, after) = after.split_at(end);
    is_name(name).then_some((name, after))
}

fn per_cent(after: &str) -> Option<(&str, &str)> {
    // `%ProgramFiles(x86)%`
    let plain = |name: &str| name.replace(['(', ')'], "_");
    after.split_once('%').filter(|(name, _)| is_name(&plain(name)))
}

fn is_name(name: &str) -> bool {
    let begins = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    begins && name.len() <= 100 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(text: &str) -> Result<String, Fault> {
        let variable = |name: &str| match name {
            "SHARE" => Some("/srv/rh".to_owned()),
            "ProgramFiles(x86)" => Some(r"C:\Apps".to_owned()),
            "EVIL" => Some("a\u{1b}b".to_owned()),
            _ => None,
        };
        Around { variable: &variable, home: Some(Path::new("/home/eva")) }.expand(text)
    }

    #[test]
    fn home_and_variables_are_replaced() {
        for (text, expected) in [
            ("~/a.db", "/home/eva/a.db"),
            ("~", "/home/eva"),
            ("~eva/a.db", "~eva/a.db"),
            ("/x/~", "/x/~"),
            ("$SHARE/a.db", "/srv/rh/a.db"),
            ("${SHARE}x", "/srv/rhx"),
            ("%SHARE%/a.db", "/srv/rh/a.db"),
            (r"%ProgramFiles(x86)%\w.exe", r"C:\Apps\w.exe"),
            (r"\\server\c$\base.db", r"\\server\c$\base.db"),
            ("100%.db", "100%.db"),
            ("50% of 100%", "50% of 100%"),
            ("a$$SHARE", "a$SHARE"),
            ("%%SHARE%%", "%SHARE%"),
            ("${", "${"),
            ("", ""),
        ] {
            assert_eq!(expanded(text).as_deref(), Ok(expected), "{text}");
            if !expected.starts_with('~') {
                assert_eq!(expanded(&unexpanded(expected)).as_deref(), Ok(expected));
            }
        }
    }

    #[test]
    fn what_is_not_set_is_said() {
        assert_eq!(expanded("$NOPE/a"), Err(Fault::NoVariable("NOPE".into())));
        assert_eq!(expanded("%EVIL%"), Err(Fault::Unprintable("EVIL".into())));
        let nothing = |_: &str| None;
        assert_eq!(Around { variable: &nothing, home: None }.expand("~/a"), Err(Fault::NoHome));
    }
}
