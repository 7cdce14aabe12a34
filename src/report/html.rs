//! An outline as one page: no script, no style from elsewhere, and foreign texts are only ever text.

use super::outline::{Outline, Word};
use crate::phase::visible;

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}\
                     ul{padding-left:1.25rem}code{background:#8882;border-radius:3px;padding:0 .2em}";

impl Outline {
    /// The same lines as one HTML page that needs nothing else: the first as a paragraph, the others as nested lists.
    #[must_use]
    pub fn html(&self, title: &str) -> String {
        let title = text(title);
        let mut page = format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>{title}</title>\n\
             <style>{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n<p>{}</p>\n",
            self.marked()
        );
        self.listed(&mut page);
        page.push_str("</body>\n</html>\n");
        page
    }

    fn listed(&self, page: &mut String) {
        if self.below().is_empty() {
            return;
        }
        page.push_str("<ul>\n");
        for line in self.below() {
            page.push_str("<li>");
            page.push_str(&line.marked());
            if !line.is_bare() {
                page.push('\n');
                line.listed(page);
            }
            page.push_str("</li>\n");
        }
        page.push_str("</ul>\n");
    }

    fn marked(&self) -> String {
        let words = self.words().iter().map(|word| match word {
            Word::Own(words) => text(words),
            Word::Name(name) => format!("<code>{}</code>", text(name)),
            Word::Prose(prose) if prose.trim().is_empty() => "(nothing)".to_owned(),
            Word::Prose(prose) => format!("<q>{}</q>", text(prose)),
        });
        words.collect()
    }
}

/// A text in which nothing is markup, on one line.
///
/// # Source
///
/// The HTML Standard, 13.1.2: text has no `<` and no ambiguous `&`; and quotes, so that it may stand in an attribute too.
fn text(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in visible(text).chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::super::escape::HOSTILE;
    use super::*;

    /// What a reader of HTML gets back.
    fn read(html: &str) -> String {
        let plain = html.replace("&lt;", "<").replace("&gt;", ">");
        let plain = plain.replace("&quot;", "\"").replace("&#39;", "'");
        plain.replace("&amp;", "&")
    }

    const MORE: [&str; 6] = [
        "</code></li></ul><script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "' onmouseover='alert(1)",
        "&lt;b&gt; &#x3c;",
        "<!-- --> <![CDATA[ ]]>",
        "</title><style>*{display:none}</style>",
    ];

    #[test]
    fn a_foreign_text_comes_back_as_text_and_is_never_markup() {
        for hostile in HOSTILE.iter().chain(&MORE) {
            let safe = text(hostile);
            assert_eq!(read(&safe), visible(hostile), "{hostile}");
            assert!(!safe.contains(['<', '>', '"', '\'']), "{safe}");

            let line = || Outline::new().name(hostile).prose(hostile);
            let page = line().under(line().under(line())).html(hostile);
            let harmless = Outline::new().name("x").prose("x");
            let harmless = harmless.clone().under(harmless.clone().under(harmless));
            let tags = |page: &str| page.matches('<').count();
            assert_eq!(tags(&page), tags(&harmless.html("x")), "{page}");
        }
    }

    #[test]
    fn a_foreign_text_stays_on_its_line() {
        let page = Outline::new().name("a\nb\u{202e}c").html("d\r\ne");
        assert!(page.contains("<code>a↵b\\u{202e}c</code>"), "{page}");
        assert!(page.contains("<title>d↵e</title>"), "{page}");
    }

    #[test]
    fn lines_are_nested_as_they_stand() {
        let inner = Outline::new()
            .own("inner")
            .under(Outline::new().name("leaf"));
        let page = Outline::new().own("head").under(inner).html("Title");
        let body = page.split("<h1>").nth(1).unwrap();
        assert_eq!(
            body,
            "Title</h1>\n<p>head</p>\n<ul>\n<li>inner\n<ul>\n<li><code>leaf</code></li>\n</ul>\n</li>\n</ul>\n\
             </body>\n</html>\n"
        );
    }
}
