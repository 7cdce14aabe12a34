//! Foreign texts made harmless: they stay on one line, and are never taken for markup, in whatever is written.

use crate::phase::visible;
use std::fmt::Write;

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

/// A text as Markdown that is read as this very text. `is_first` where it begins a line.
///
/// What many readers make links of by themselves, such as a bare address or `@kim`, becomes a code span, by `code`.
///
/// # Source
///
/// `CommonMark` 0.31.2, section 2.4: a backslash before ASCII punctuation takes its meaning away. GitHub's dialect,
/// section 6.9: bare addresses become links, escaped or not.
pub(super) fn markdown(text: &str, is_first: bool, code: fn(&str) -> String) -> String {
    let line = visible(text);
    let mut safe = String::with_capacity(line.len() + line.len() / 8);
    let mut is_first = is_first;
    let mut after_space = is_first;
    for word in line.split_inclusive(' ') {
        let bare = word.trim_end_matches(' ');
        if bare.is_empty() {
            // Spaces that begin a line would indent it, and those after another one would end it.
            safe.push_str(if after_space { "&#32;" } else { word });
        } else {
            if becomes_a_link(bare) {
                safe.push_str(&code(bare));
            } else {
                escaped(bare, is_first, &mut safe);
            }
            safe.push_str(word.get(bare.len()..).unwrap_or_default());
        }
        after_space = true;
        is_first = false;
    }
    safe
}

fn escaped(word: &str, is_first: bool, safe: &mut String) {
    let is_number = |before: &str| !before.is_empty() && before.bytes().all(|b| b.is_ascii_digit());
    for (place, c) in word.char_indices() {
        let is_markup = match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '&' | '|' | '~' | '$' | '^' | '{'
            | '}' => true,
            // Only before a bracket, which may be the next thing that is written.
            '!' => place + 1 == word.len(),
            // Alone it opens a heading, and closes one.
            '#' => place == 0 && word.bytes().all(|b| b == b'#'),
            '+' | '-' | '=' | ':' => is_first && place == 0 && word.chars().all(|other| other == c),
            '.' | ')' => {
                is_first && place + 1 == word.len() && word.get(..place).is_some_and(is_number)
            }
            _ => false,
        };
        if is_markup {
            safe.push('\\');
        }
        safe.push(c);
    }
}

fn becomes_a_link(word: &str) -> bool {
    let is_address = |(before, after): (&str, &str)| !before.is_empty() && !after.is_empty();
    let is_reference = word
        .split('#')
        .skip(1)
        .any(|after| after.starts_with(|c: char| c.is_ascii_digit()));
    word.contains("://")
        || word.to_ascii_lowercase().contains("www.")
        || word.contains('@')
        || word.split_once("mailto:").is_some_and(is_address)
        || is_reference
}

/// A code span in a cell of a Markdown table, where a bar has to be escaped in code too.
///
/// # Source
///
/// GitHub Flavored Markdown 0.29, section 4.10. A backslash before a bar has no form in such a span: it is no code then.
pub(super) fn code_in_cell(text: &str) -> String {
    if !text.contains("\\|") {
        return code(text).replace('|', "\\|");
    }
    let mut safe = String::new();
    escaped(&visible(text), false, &mut safe);
    safe
}

/// An address that a page may link to; nothing unless it is one of the web.
pub(super) fn address(link: &str) -> Option<String> {
    let is_web = ["https://", "http://"].iter().any(|scheme| {
        let rest = link
            .get(..scheme.len())
            .filter(|begin| begin.eq_ignore_ascii_case(scheme));
        rest.is_some() && link.len() > scheme.len()
    });
    if !is_web {
        return None;
    }
    let mut address = String::with_capacity(link.len());
    for byte in link.bytes() {
        match byte {
            byte if byte.is_ascii_alphanumeric() || b"-._~:/?#@!+,;=%&".contains(&byte) => {
                address.push(char::from(byte));
            }
            // Writing to a `String` cannot fail.
            _ => {
                let _ = write!(address, "%{byte:02X}");
            }
        }
    }
    Some(address)
}

/// A text of HTML or SVG, or the value of an attribute in quotes, in which nothing is markup; on one line.
///
/// # Source
///
/// The HTML Standard, 13.1.2: text has no `<` and no ambiguous `&`; and quotes, so that it may stand in an attribute too.
pub(super) fn html(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in visible(text).chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            // No characters of XML, and an image is XML.
            '\u{fffe}' | '\u{ffff}' => safe.push(char::REPLACEMENT_CHARACTER),
            c => safe.push(c),
        }
    }
    safe
}

/// A field of a CSV file, on one line, which no spreadsheet takes for a formula.
///
/// # Source
///
/// RFC 4180, section 2: a field with a comma or a quote stands in quotes, a quote in it twice. OWASP, CSV Injection: a
/// cell that begins like a formula gets an apostrophe before it.
pub(super) fn csv(text: &str) -> String {
    let line = visible(text);
    let is_formula = line
        .trim_start()
        .starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']);
    // A tab or a carriage return is one too; `visible` has made it a space or a mark.
    let is_formula = is_formula || text.starts_with(['\t', '\r', '\n']);
    let apostrophe = if is_formula { "'" } else { "" };
    if is_formula || line.contains(['"', ',', ';']) || line.trim() != line {
        format!("\"{apostrophe}{}\"", line.replace('"', "\"\""))
    } else {
        line
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
    fn what_readers_make_links_of_is_code() {
        let cases = [
            ("plain - text + 1. more", "plain - text + 1. more"),
            ("- item", "\\- item"),
            ("12. day", "12\\. day"),
            ("12.5 days", "12.5 days"),
            ("# a #", "\\# a \\#"),
            ("#12 by @kim", "`#12` by `@kim`"),
            ("see https://example.com!", "see `https://example.com!`"),
            (
                "a_b *c* [d](e) <f> &amp; `g` h!",
                "a\\_b \\*c\\* \\[d\\](e) \\<f\\> \\&amp; \\`g\\` h\\!",
            ),
            ("  two  spaces", "&#32;&#32;two &#32;spaces"),
        ];
        for (text, expected) in cases {
            assert_eq!(markdown(text, true, code), expected, "{text}");
        }
    }

    #[test]
    fn only_addresses_of_the_web_are_linked_to() {
        let cases = [
            (
                "https://example.com/a?b=c&d#e",
                Some("https://example.com/a?b=c&d#e"),
            ),
            ("HTTP://example.com", Some("HTTP://example.com")),
            (
                "https://example.com/(a) <b> \"c\"",
                Some("https://example.com/%28a%29%20%3Cb%3E%20%22c%22"),
            ),
            ("https://ß", Some("https://%C3%9F")),
            ("javascript:alert(1)", None),
            ("data:text/html,x", None),
            ("//example.com", None),
            ("https://", None),
            (" https://example.com", None),
        ];
        for (link, expected) in cases {
            assert_eq!(address(link).as_deref(), expected, "{link}");
        }
    }

    #[test]
    fn a_field_of_a_table_is_no_formula_and_comes_back() {
        let cases = [
            ("plain", "plain"),
            ("a,b", "\"a,b\""),
            ("a \"b\"", "\"a \"\"b\"\"\""),
            ("=1+1", "\"'=1+1\""),
            ("+1", "\"'+1\""),
            ("-1", "\"'-1\""),
            ("@SUM(A1)", "\"'@SUM(A1)\""),
            ("\t=1", "\"' =1\""),
            ("\r=1", "\"'↵=1\""),
            (" =1", "\"' =1\""),
            ("＝1", "\"'＝1\""),
            ("a\nb", "a↵b"),
        ];
        for (text, expected) in cases {
            assert_eq!(csv(text), expected, "{text}");
        }
    }

    #[test]
    fn nothing_is_said_where_there_is_nothing() {
        for blank in ["", " ", "   "] {
            assert_eq!(code(blank), "(nothing)");
        }
    }
}
