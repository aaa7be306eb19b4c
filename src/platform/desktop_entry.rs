//! How a desktop entry is quoted (Desktop Entry Specification 1.5).
//!
//! Hazard: three layers of escaping. A value of the key file escapes the backslash; inside `Exec`, an argument in double quotes escapes
//! four characters; and `%` begins a field code everywhere in it.

/// Quotes one argument of `Exec`; the whole is still to become a value.
pub(super) fn argument(word: &str) -> String {
    let mut quoted = String::from("\"");
    for c in word.chars() {
        match c {
            '"' | '`' | '$' | '\\' => quoted.extend(['\\', c]),
            '%' => quoted.push_str("%%"),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// Escapes a value of a key file; it has no control characters.
pub(super) fn value(text: &str) -> String {
    text.replace('\\', "\\\\")
}
