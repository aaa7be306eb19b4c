//! The table of docs/PROTOCOL.md, read as a program reads it.

/// The heading under which the table stands.
const HEADING: &str = "## Bad input and bad days";
const COLUMNS: [&str; 5] = ["input", "state", "`status`", "`run -n`", "sentence"];

/// One row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) input: String,
    pub(crate) state: String,
    pub(crate) status: i32,
    pub(crate) run: i32,
    /// What `status` says, and what `run` says where that is something else.
    pub(crate) sentences: Vec<String>,
}

/// Reads the table. Whatever does not look like one fails here, so that no row is passed over.
pub(crate) fn read(document: &str) -> Vec<Row> {
    let (_, section) = document.split_once(HEADING).expect("the section");
    let section = section.split("\n## ").next().unwrap_or_default();
    let mut lines = section.lines().filter(|line| line.starts_with('|'));
    let cells = |line: &str| -> Vec<String> { line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect() };
    assert_eq!(lines.next().map(cells).unwrap_or_default(), COLUMNS);
    assert!(lines.next().is_some_and(|line| line.chars().all(|c| matches!(c, '|' | '-'))));
    let row = |line: &str| {
        let cells = cells(line);
        let [input, state, status, run, sentences] = &cells[..] else { panic!("not five cells: {line}") };
        let sentences =
            sentences.split("<br>").map(|sentence| sentence.trim().to_owned()).filter(|text| !text.is_empty()).collect();
        let code = |cell: &str| cell.parse().unwrap_or_else(|_| panic!("no exit code: {line}"));
        Row { input: input.clone(), state: state.clone(), status: code(status), run: code(run), sentences }
    };
    lines.map(row).collect()
}

/// Returns whether a text says a sentence in which an ellipsis stands for anything.
pub(crate) fn says(text: &str, sentence: &str) -> bool {
    let mut rest = text;
    sentence.split('…').all(|part| match rest.split_once(part.trim()) {
        Some((_, after)) => {
            rest = after;
            true
        }
        None => false,
    })
}

#[test]
fn an_ellipsis_stands_for_anything_but_order_counts() {
    assert!(says("wems.db: eva has it (PC-7, 3 s ago).", "eva … (PC-7, … ago)"));
    assert!(!says("wems.db: eva has it (PC-7, 3 s ago).", "PC-7 … eva"));
    assert!(!says("wems.db is free.", "eva"));
}
