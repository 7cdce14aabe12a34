//! Foreign texts made harmless: they stay on one line, and are never taken for markup.

use crate::phase::visible;

/// A text as a Markdown code span on one line, fenced by more backticks than it has in a row.
///
/// # Source
///
/// `CommonMark` 0.31.2, section 6.1: content that begins or ends with a backtick is set off by a space, which is taken
/// away on reading.
pub(super) fn code(text: &str) -> String {
    let line = visible(text);
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

/// Texts that would be markup, if they were let.
#[cfg(test)]
pub(super) const HOSTILE: [&str; 20] = [
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

    #[test]
    fn a_code_span_gives_back_exactly_what_went_in() {
        for text in HOSTILE {
            assert_eq!(
                read(&code(text)).as_deref(),
                Some(visible(text).as_str()),
                "{text}"
            );
            assert_eq!(visible(text), text, "nothing of it has to be hidden");
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
            for text in texts.iter().filter(|text| !visible(text).trim().is_empty()) {
                assert_eq!(read(&code(text)), Some(visible(text)), "{text:?}");
            }
        }
    }

    #[test]
    fn nothing_is_said_where_there_is_nothing() {
        for blank in ["", " ", "   "] {
            assert_eq!(code(blank), "(nothing)");
        }
    }
}
