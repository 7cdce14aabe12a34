//! Foreign texts made harmless: they stay on one line, and are never taken for markup.

/// One line for a terminal: line breaks and everything that could reorder or hide what stands beside it made visible.
pub(super) fn line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    let mut left = text.chars().peekable();
    while let Some(c) = left.next() {
        match c {
            '\r' if left.peek() == Some(&'\n') => {}
            '\n' | '\r' | '\u{2028}' | '\u{2029}' => line.push('↵'),
            '\t' => line.push(' '),
            c if c.is_control() || is_invisible(c) => {
                line.extend(c.escape_unicode());
            }
            c => line.push(c),
        }
    }
    line
}

/// The same as a Markdown code span: there, nothing is markup but backticks, and of those it has fewer than surround
/// it.
///
/// # Source
///
/// `CommonMark` 0.31.2, section 6.1: content that begins or ends with a backtick is set off by a space, which is taken
/// away on reading.
pub(super) fn code(text: &str) -> String {
    let line = line(text);
    if line.trim().is_empty() {
        return "(nothing)".to_owned();
    }
    let runs = line.split(|c| c != '`').map(str::len);
    let fence = "`".repeat(runs.max().unwrap_or(0) + 1);
    let touches = |c: Option<char>| matches!(c, Some('`' | ' '));
    if touches(line.chars().next()) || touches(line.chars().next_back()) {
        format!("{fence} {line} {fence}")
    } else {
        format!("{fence}{line}{fence}")
    }
}

/// What is not seen itself and changes how its neighbours are: direction marks, and what has no width.
const fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a reader of Markdown gets back from a code span, by the rules of `CommonMark`; nothing if it is not one
    /// span from the first to the last character.
    fn read(markdown: &str) -> Option<String> {
        let fence = markdown.len() - markdown.trim_start_matches('`').len();
        let fence = markdown.get(..fence)?;
        let content = markdown.strip_prefix(fence)?.strip_suffix(fence)?;
        let has_fence = content.split(|c| c != '`').any(|run| run == fence);
        let is_whole = !content.starts_with('`') && !content.ends_with('`') && !has_fence;
        let is_padded = content.starts_with(' ') && content.ends_with(' ');
        let inner = if is_padded && !content.trim().is_empty() {
            content.get(1..content.len() - 1)?
        } else {
            content
        };
        is_whole.then(|| inner.to_owned())
    }

    const HOSTILE: [&str; 20] = [
        "plain",
        "`kim` and ``lee``",
        "```",
        "`",
        " `a` ",
        "  two spaces  ",
        "**bold** _it_ ~~no~~",
        "<script>alert(1)</script>",
        "<a href=\"`\">`</a>",
        "[a](https://example.com \"t\") ![i](j)",
        "https://example.com www.example.com a@example.com",
        "@kim #1 :smile: $x$ [^1]",
        "\\` \\\\` \\",
        "| a | b |",
        "&amp; &#64; &lt;",
        "- [ ] item",
        "# heading",
        "    indented",
        "ends with \\",
        "➡ \u{1f680} ß",
    ];

    #[test]
    fn a_code_span_gives_back_exactly_what_went_in() {
        for text in HOSTILE {
            assert_eq!(
                read(&code(text)).as_deref(),
                Some(line(text).as_str()),
                "{text}"
            );
            assert_eq!(line(text), text, "nothing of it has to be hidden");
        }
    }

    #[test]
    fn every_short_text_of_the_telling_characters_comes_back() {
        let telling = ['`', ' ', 'a', '\\', '\n'];
        let mut texts = vec![String::new()];
        for _ in 0..6 {
            let longer = texts
                .iter()
                .flat_map(|text| telling.map(|c| format!("{text}{c}")));
            texts = longer.chain([String::new()]).collect();
            for text in texts.iter().filter(|text| !line(text).trim().is_empty()) {
                assert_eq!(read(&code(text)), Some(line(text)), "{text:?}");
            }
        }
    }

    #[test]
    fn a_text_stays_on_its_line_and_hides_nothing() {
        let hostile =
            "one\ntwo\r\nthree\rfour\u{2028}five\tsix\u{202e}live\u{200b}\u{1b}[31m\u{feff}";
        let shown = "one↵two↵three↵four↵five six\\u{202e}live\\u{200b}\\u{1b}[31m\\u{feff}";
        assert_eq!(line(hostile), shown);
        assert_eq!(code(hostile), format!("`{shown}`"));
        for c in (0..=0x10_ffff).filter_map(char::from_u32) {
            let is_odd = c.is_control() || is_invisible(c) || c == '\u{2028}' || c == '\u{2029}';
            assert!(!is_odd || !line(&c.to_string()).contains(c), "{c:?}");
        }
    }

    #[test]
    fn nothing_is_said_where_there_is_nothing() {
        for blank in ["", " ", "   "] {
            assert_eq!(code(blank), "(nothing)");
        }
    }
}
